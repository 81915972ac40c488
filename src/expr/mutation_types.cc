#include "expr/mutation_types.h"

#include <vector>

namespace ameia::expr {
namespace {

bool is_patch_string(std::string_view field) {
  return field == "op" || field == "path" || field == "from";
}

// As Go names the type of a CEL value's content.
std::string_view go_type(const Value& value) {
  switch (value.kind) {
    case ValueKind::kBool: return "bool";
    case ValueKind::kInt: return "int64";
    case ValueKind::kUint: return "uint64";
    case ValueKind::kDouble: return "float64";
    case ValueKind::kBytes: return "[]uint8";
    case ValueKind::kNull: return "structpb.NullValue";
    case ValueKind::kDuration: return "time.Duration";
    case ValueKind::kTimestamp: return "time.Time";
    default: return type_name(value);
  }
}

// Whether both are of one Go type: 1 and 1.0 are equal in CEL and unlike in an Object.
bool same_kind(const Value& a, const Value& b) {
  return a.kind == b.kind || (a.is_list() && b.is_list()) || (a.is_map() && b.is_map());
}

}  // namespace

bool is_mutation_type(std::string_view name) {
  return name == kPatchTypeName || name == kObjectTypeName ||
         (name.starts_with(kObjectTypeName) && name.substr(kObjectTypeName.size()).starts_with('.'));
}

const Type* MutationTypes::field(std::string_view object, std::string_view field) const {
  if (!is_mutation_type(object)) return others_ == nullptr ? nullptr : others_->field(object, field);
  if (object != kPatchTypeName || field == "value") return simple_type(TypeKind::kDyn);
  return is_patch_string(field) ? simple_type(TypeKind::kString) : nullptr;
}

bool MutationTypes::constructible(std::string_view object) const {
  return is_mutation_type(object) || (others_ != nullptr && others_->constructible(object));
}

const Value* ConstructedObject::find(std::string_view field) const {
  for (uint32_t i = 0; i < fields_->size; ++i) {
    if (fields_->entries[i].key.str() == field) return &fields_->entries[i].value;
  }
  return nullptr;
}

const Value* ConstructedObject::read(std::string_view field) const {
  static const Value kNull;
  static const Value kEmpty = Value::of_string({}, true);
  const Value* set = find(field);
  if (set != nullptr) return set;
  if (!is_patch()) return &kNull;
  return is_patch_string(field) ? &kEmpty : nullptr;
}

bool ConstructedObject::has(std::string_view field) const {
  const Value* set = find(field);
  return set != nullptr && !(is_patch() && is_patch_string(field) && set->size == 0);
}

bool ConstructedObject::equals(const Opaque& other) const {
  const auto& that = static_cast<const ConstructedObject&>(other);
  if (is_patch()) {
    for (std::string_view field : {"op", "path", "from"}) {
      if (read(field)->str() != that.read(field)->str()) return false;
    }
    const Value *mine = find("value"), *its = that.find("value");
    return (mine == nullptr) == (its == nullptr) && (mine == nullptr || values_equal(*mine, *its));
  }
  if (fields_->size != that.fields_->size) return false;
  for (uint32_t i = 0; i < fields_->size; ++i) {
    const Value* its = that.find(fields_->entries[i].key.str());
    const Value& mine = fields_->entries[i].value;
    if (its == nullptr || !same_kind(mine, *its) || !values_equal(mine, *its)) return false;
  }
  return true;
}

const ConstructedObject* constructed(const Value& value) {
  if (value.kind != ValueKind::kOpaque || !is_mutation_type(value.opaque->type_name())) return nullptr;
  return static_cast<const ConstructedObject*>(value.opaque);
}

Value construct(CallContext& context, std::string_view type, std::span<const MapEntryValue> fields) {
  std::vector<MapEntryValue> kept;
  kept.reserve(fields.size());
  for (const MapEntryValue& field : fields) {
    if (type == kPatchTypeName && is_patch_string(field.key.str()) && field.value.kind != ValueKind::kString) {
      return context.error("unexpected type " + std::string(go_type(field.value)) + " for JSONPatchType '" +
                           std::string(field.key.str()) + "' field");
    }
    bool replaced = false;
    for (MapEntryValue& known : kept) {
      if (known.key.str() != field.key.str()) continue;
      known.value = field.value;
      replaced = true;
    }
    if (!replaced) kept.push_back(field);
  }
  const auto stored = context.arena.copy(std::span<const MapEntryValue>(kept));
  const MapValue* map = make_map(context.arena, stored.data(), static_cast<uint32_t>(stored.size()));
  return Value::of_opaque(context.arena.make<ConstructedObject>(type, map));
}

}  // namespace ameia::expr
