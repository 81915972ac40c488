// KindTypes: the types of whole kinds, for checking expressions about them: built-in kinds from the table of
// kube/openapi.h, custom ones from their definitions; `request`, `namespaceObject` and `variables` as everywhere.
// Neighbours: policy/type_check.h.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "expr/schema.h"
#include "expr/type.h"
#include "kube/openapi.h"
#include "policy/admission_types.h"
#include "policy/crd_table.h"

namespace ameia::policy {

// Object types are named by their place: "Deployment.spec.template". Threads: none. Owns: its types.
class KindTypes final : public expr::TypeProvider {
 public:
  explicit KindTypes(const CrdTable* crds, const CrdTable* more_crds = nullptr) : crds_{crds, more_crds} {}
  // The name of the kind's type, empty when its structure is not known.
  std::string declare(std::string_view api_version, std::string_view kind);

  [[nodiscard]] const expr::Type* field(std::string_view object, std::string_view field) const override;
  [[nodiscard]] bool constructible(std::string_view) const override { return false; }
  AdmissionTypes& admission() { return admission_; }

 private:
  const expr::Type* type_of(const kube::Field& field, const std::string& place) const;
  const expr::Type* one(const kube::Field& field, const std::string& place) const;

  const CrdTable* crds_[2];
  AdmissionTypes admission_;
  expr::Schemas schemas_;
  mutable expr::Types types_;
  mutable std::map<std::string, kube::StructType, std::less<>> structs_;  // by place; grows as fields are asked for
};

}  // namespace ameia::policy
