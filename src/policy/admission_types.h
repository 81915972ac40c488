// AdmissionTypes: the types of `request`, `namespaceObject` and `variables` in admission policies, for the checker.
// Field lists are those of k8s.io/apiserver's admission/plugin/cel: an undeclared field is a compile error there and
// here.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "expr/type.h"

namespace ameia::policy {

inline constexpr std::string_view kRequestType = "kubernetes.AdmissionRequest";
inline constexpr std::string_view kNamespaceType = "kubernetes.Namespace";
inline constexpr std::string_view kExceptionType = "libs.Exception";  // Kyverno's: what exceptions allow
inline constexpr std::string_view kVariables = "variables";

// Threads: none while policies compile (the variables of the policy in hand change); not used at run time.
class AdmissionTypes final : public expr::TypeProvider {
 public:
  AdmissionTypes();
  [[nodiscard]] const expr::Type* field(std::string_view object, std::string_view field) const override;
  [[nodiscard]] bool constructible(std::string_view object) const override;

  // A new policy begins: it has no variables yet.
  void clear_variables() { variables_.clear(); }
  // Declares a variable; nullptr (it does not compile) makes it dyn, as Kubernetes does.
  void declare_variable(std::string_view name, const expr::Type* type);

 private:
  expr::Types types_;
  std::map<std::string, std::map<std::string, const expr::Type*, std::less<>>, std::less<>> objects_;
  std::map<std::string, const expr::Type*, std::less<>> variables_;
};

}  // namespace ameia::policy
