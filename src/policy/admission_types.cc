#include "policy/admission_types.h"

namespace ameia::policy {

using expr::Type;
using expr::TypeKind;

AdmissionTypes::AdmissionTypes() {
  const Type* string = types_.simple(TypeKind::kString);
  const Type* integer = types_.simple(TypeKind::kInt);
  const Type* timestamp = types_.simple(TypeKind::kTimestamp);
  const Type* strings = types_.list(string);
  const Type* labels = types_.map(string, string);
  const Type* gvk = types_.object("kubernetes.GroupVersionKind");
  const Type* gvr = types_.object("kubernetes.GroupVersionResource");
  objects_["kubernetes.GroupVersionKind"] = {{"group", string}, {"version", string}, {"kind", string}};
  objects_["kubernetes.GroupVersionResource"] = {{"group", string}, {"version", string}, {"resource", string}};
  objects_["kubernetes.UserInfo"] = {
      {"username", string}, {"uid", string}, {"groups", strings}, {"extra", types_.map(string, strings)}};
  objects_[std::string(kRequestType)] = {
      {"kind", gvk},
      {"resource", gvr},
      {"subResource", string},
      {"requestKind", gvk},
      {"requestResource", gvr},
      {"requestSubResource", string},
      {"name", string},
      {"namespace", string},
      {"operation", string},
      {"userInfo", types_.object("kubernetes.UserInfo")},
      {"dryRun", types_.simple(TypeKind::kBool)},
      {"options", types_.simple(TypeKind::kDyn)},
  };
  objects_[std::string(kExceptionType)] = {{"allowedImages", strings}, {"allowedValues", strings}};
  objects_["kubernetes.NamespaceSpec"] = {{"finalizers", strings}};
  objects_["kubernetes.NamespaceCondition"] = {
      {"status", string}, {"type", string}, {"lastTransitionTime", timestamp}, {"message", string}, {"reason", string}};
  objects_["kubernetes.NamespaceStatus"] = {{"conditions", types_.list(types_.object("kubernetes.NamespaceCondition"))},
                                            {"phase", string}};
  objects_["kubernetes.NamespaceMetadata"] = {
      {"name", string},
      {"generateName", string},
      {"namespace", string},
      {"labels", labels},
      {"annotations", labels},
      {"UID", string},  // spelt so upstream: metadata.uid does not compile there either
      {"creationTimestamp", timestamp},
      {"deletionGracePeriodSeconds", integer},
      {"deletionTimestamp", timestamp},
      {"generation", integer},
      {"resourceVersion", string},
      {"finalizers", strings},
  };
  objects_[std::string(kNamespaceType)] = {{"metadata", types_.object("kubernetes.NamespaceMetadata")},
                                           {"spec", types_.object("kubernetes.NamespaceSpec")},
                                           {"status", types_.object("kubernetes.NamespaceStatus")}};
}

const Type* AdmissionTypes::field(std::string_view object, std::string_view field) const {
  if (object == kVariables) {
    auto variable = variables_.find(field);
    return variable == variables_.end() ? nullptr : variable->second;
  }
  auto type = objects_.find(object);
  if (type == objects_.end()) return nullptr;
  auto found = type->second.find(field);
  return found == type->second.end() ? nullptr : found->second;
}

bool AdmissionTypes::constructible(std::string_view) const {
  return false;
}

void AdmissionTypes::declare_variable(std::string_view name, const expr::Type* type) {
  variables_[std::string(name)] = type == nullptr ? types_.simple(TypeKind::kDyn) : type;
}

}  // namespace ameia::policy
