// Types of CEL, as the checker sees them. Interned: two equal types of one Types table are one pointer.
// Neighbours: expr/check.h assigns them, expr/function.h writes signatures in them, expr/schema.h maps OpenAPI to them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace ameia::expr {

enum class TypeKind : uint8_t {
  kError,
  kDyn,
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kDuration,
  kTimestamp,
  kList,       // params: element
  kMap,        // params: key, value
  kOptional,   // params: value
  kType,       // params: the type named, or none
  kOpaque,     // a library's type: name = kubernetes.Quantity, net.IP, …
  kObject,     // a type with declared fields: name is looked up in the TypeProvider
  kTypeParam,  // a signature's T, or a checker's type variable
};

struct Type {
  TypeKind kind;
  std::string_view name;  // kOpaque, kObject, kTypeParam
  std::span<const Type* const> params;
  uint32_t id = 0;  // kTypeParam: a signature's letter from 1, or the checker's variable
};

// Interns types. Threads: none while it grows; immutable use is free. Owns: every Type it returns.
class Types {
 public:
  Types();
  ~Types();
  const Type* simple(TypeKind kind);
  const Type* list(const Type* element);
  const Type* map(const Type* key, const Type* value);
  const Type* optional(const Type* value);
  const Type* type_of(const Type* named);
  const Type* opaque(std::string_view name, std::span<const Type* const> params = {});
  const Type* object(std::string_view name);
  const Type* param(std::string_view name);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The one Type of a kind that has neither name nor parameters (kError … kTimestamp, and kType without a parameter).
const Type* simple_type(TypeKind kind);
// Structural equality, for types of unlike tables. Type parameters are equal by id and name.
bool same_type(const Type* a, const Type* b);

// As cel-go's FormatCELType writes it in error messages: "list(int)", "map(string, dyn)", "optional_type(string)".
std::string to_string(const Type* type);

// Fields of kObject types. Implemented by expr/schema.h for OpenAPI and by tests.
class TypeProvider {
 public:
  virtual ~TypeProvider() = default;
  // The declared type of a field, or nullptr when the object has no such field (a check error).
  [[nodiscard]] virtual const Type* field(std::string_view object, std::string_view field) const = 0;
  // Whether `name` may be constructed: Name{field: …}.
  [[nodiscard]] virtual bool constructible(std::string_view object) const = 0;
};

}  // namespace ameia::expr
