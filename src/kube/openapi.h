// openapi: the structure of the built-in Kubernetes kinds: fields, types, list keys. Read from a compact table that
// tools/gen_openapi.py writes from the API's own OpenAPI document.
// Neighbours: policy/ checks expressions against it; app/ reports fields that the API server would drop or refuse.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "doc/node.h"

namespace ameia::kube {

enum class ScalarType : uint8_t {
  kAny,
  kString,
  kBytes,
  kTime,
  kInt32,
  kInt64,
  kDouble,
  kBool,
  kQuantity,
  kIntOrString
};
inline constexpr uint16_t kScalarTypes = 10;

// Whether a field holds one value of its type, a list of them, a map of them, or a map of lists.
enum class Shape : uint8_t { kOne, kList, kMap, kMapOfLists };
enum class ListType : uint8_t { kUnset, kAtomic, kSet, kKeyed };

class StructType;

// One field. A small handle into the table; copy it freely.
struct Field {
  std::string_view name;
  Shape shape;
  ListType list_type;
  bool required;
  std::string_view map_keys;         // list_type kKeyed: "port,protocol"
  std::string_view merge_key;        // of strategic merge patches
  std::optional<ScalarType> scalar;  // empty: the type is an object, see StructType::of
  uint16_t type;
};

class StructType {
 public:
  // A served kind ("apps/v1", "Deployment"), or nothing when it is not built in.
  static std::optional<StructType> of_kind(std::string_view api_version, std::string_view kind);
  // The object type of a field that has no scalar type.
  static StructType of(const Field& field) { return StructType(static_cast<uint16_t>(field.type - kScalarTypes)); }
  [[nodiscard]] std::string_view name() const;
  [[nodiscard]] std::optional<Field> field(std::string_view name) const;
  [[nodiscard]] std::vector<Field> fields() const;
  [[nodiscard]] std::vector<Field> required_fields() const;
  [[nodiscard]] bool atomic() const;  // replaced whole by server-side apply

 private:
  explicit StructType(uint16_t index) : index_(index) {}
  uint16_t index_;
};

// What the API server's strict decoding would refuse or its lenient one drop.
struct FieldProblem {
  enum class Kind : uint8_t { kUnknownField, kWrongType, kMissingRequired } kind;
  const doc::Node* node;  // the value, or for a missing field the object that lacks it
  uint32_t begin;         // byte offset to point at: the key of an unknown field, else the value
  std::string pointer;    // JSON Pointer
  std::string field;      // the field's name
  std::string expected;   // kWrongType: "integer"; kUnknownField: the nearest known name or empty
};
// "unknown field \"spec.replica\"; did you mean \"replicas\"?", "spec.replicas: must be an integer, is a string".
std::string to_string(const FieldProblem& problem);
struct FieldLimits {
  size_t problems_max = 100;  // of one object
};

// Problems of an object of a built-in kind, in source order; empty for kinds that are not built in.
// `required` is only asked of fields the API server demands on create.
std::vector<FieldProblem> field_problems(const doc::Node& object, const FieldLimits& limits = {});
// The same of the metadata that every object has, custom ones too; `pointer` is where it stands.
std::vector<FieldProblem> metadata_problems(const doc::Node& metadata, const std::string& pointer,
                                            const FieldLimits& limits = {});
// The one of some names that a misspelt one is nearest to, or empty.
std::string nearest_name(std::span<const std::string_view> names, std::string_view written);

}  // namespace ameia::kube
