#include "policy/kind_types.h"

#include <optional>

#include "expr/escape.h"

namespace ameia::policy {

using expr::Type;
using expr::TypeKind;

std::string KindTypes::declare(std::string_view api_version, std::string_view kind) {
  if (std::optional<kube::StructType> known = kube::StructType::of_kind(api_version, kind)) {
    std::string name(kind);
    structs_.insert_or_assign(name, *known);
    return name;
  }
  for (const CrdTable* crds : crds_) {
    const CrdVersion* version = crds == nullptr ? nullptr : crds->find(api_version, kind);
    if (version == nullptr) continue;
    const uint16_t schema = schemas_.add(*version->schema, true);
    return schema != 0 && schemas_.is_object(schema) ? schemas_.type_text(schema) : std::string();
  }
  return {};
}

const Type* KindTypes::one(const kube::Field& field, const std::string& place) const {
  if (!field.scalar) {
    structs_.insert_or_assign(place, kube::StructType::of(field));
    return types_.object(place);
  }
  switch (*field.scalar) {
    case kube::ScalarType::kString: return types_.simple(TypeKind::kString);
    case kube::ScalarType::kBytes: return types_.simple(TypeKind::kBytes);
    case kube::ScalarType::kTime: return types_.simple(TypeKind::kTimestamp);
    case kube::ScalarType::kInt32:
    case kube::ScalarType::kInt64: return types_.simple(TypeKind::kInt);
    case kube::ScalarType::kDouble: return types_.simple(TypeKind::kDouble);
    case kube::ScalarType::kBool: return types_.simple(TypeKind::kBool);
    case kube::ScalarType::kAny:
    case kube::ScalarType::kQuantity:  // a text or a number, as it was written
    case kube::ScalarType::kIntOrString: break;
  }
  return types_.simple(TypeKind::kDyn);
}

const Type* KindTypes::type_of(const kube::Field& field, const std::string& place) const {
  const Type* text = types_.simple(TypeKind::kString);
  switch (field.shape) {
    case kube::Shape::kOne: return one(field, place);
    case kube::Shape::kList: return types_.list(one(field, place + ".@idx"));
    case kube::Shape::kMap: return types_.map(text, one(field, place + ".@elem"));
    case kube::Shape::kMapOfLists: return types_.map(text, types_.list(one(field, place + ".@elem.@idx")));
  }
  return types_.simple(TypeKind::kDyn);
}

const Type* KindTypes::field(std::string_view object, std::string_view field) const {
  if (const Type* known = admission_.field(object, field)) return known;
  if (const Type* known = schemas_.field(object, field)) return known;
  auto of = structs_.find(object);
  if (of == structs_.end()) return nullptr;
  const std::optional<std::string> name = expr::unescape_field(field);
  const std::optional<kube::Field> found = name ? of->second.field(*name) : std::nullopt;
  if (!found || expr::escape_field(*name) != field) return nullptr;
  return type_of(*found, std::string(object) + "." + std::string(field));
}

}  // namespace ameia::policy
