// MutationTypes: the types that Kubernetes' mutating policies construct in CEL, and their values.
//   Object{…}, Object.spec.containers{…}   an apply configuration: any field, each dyn; names mirror the field path
//   JSONPatch{op: …, path: …, from: …, value: …}   one operation of a JSON Patch: strings, and a dyn value
// Neighbours: expr/check.h asks the provider, expr/program.h makes the values, policy/mutate.h turns them into patches.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "expr/function.h"
#include "expr/type.h"

namespace ameia::expr {

inline constexpr std::string_view kObjectTypeName = "Object";
inline constexpr std::string_view kPatchTypeName = "JSONPatch";

// JSONPatch, Object, or Object.<field>…
bool is_mutation_type(std::string_view name);

// Adds the mutation types to what another provider knows.
// Threads: as the other provider. Owns: its share of the other.
class MutationTypes final : public TypeProvider {
 public:
  explicit MutationTypes(std::shared_ptr<const TypeProvider> others) : others_(std::move(others)) {}
  [[nodiscard]] const Type* field(std::string_view object, std::string_view field) const override;
  [[nodiscard]] bool constructible(std::string_view object) const override;

 private:
  std::shared_ptr<const TypeProvider> others_;
};

// A value of a mutation type: its type's name and the fields that were set.
class ConstructedObject final : public Opaque {
 public:
  ConstructedObject(std::string_view type, const MapValue* fields) : type_(type), fields_(fields) {}
  [[nodiscard]] std::string_view type_name() const override { return type_; }
  [[nodiscard]] bool equals(const Opaque& other) const override;
  [[nodiscard]] std::string_view text() const override { return type_; }
  [[nodiscard]] const MapValue& fields() const { return *fields_; }
  [[nodiscard]] bool is_patch() const { return type_ == kPatchTypeName; }
  // The field as it was set, or nullptr.
  [[nodiscard]] const Value* find(std::string_view field) const;
  // What reading it gives: unset fields of an Object are null, unset strings of a JSONPatch are empty. nullptr: an
  // error.
  [[nodiscard]] const Value* read(std::string_view field) const;
  // has(): a JSONPatch's empty string is not set.
  [[nodiscard]] bool has(std::string_view field) const;

 private:
  std::string_view type_;
  const MapValue* fields_;
};

// The object that `value` is, or nullptr when it is anything else.
const ConstructedObject* constructed(const Value& value);

// Name{fields}: keys are strings, the last of equal names stays. An error when a JSONPatch's string is none.
Value construct(CallContext& context, std::string_view type, std::span<const MapEntryValue> fields);

}  // namespace ameia::expr
