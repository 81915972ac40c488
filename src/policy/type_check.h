// Type checking of ValidatingAdmissionPolicies as the API server does it for status.typeChecking: every validation and
// message expression against the type of every kind the policy names.
// Neighbours: policy/kind_types.h has the types; policy/policy_set.cc and app/ show the warnings.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "doc/node.h"
#include "expr/ast.h"
#include "expr/env.h"
#include "kube/resource.h"
#include "policy/crd_table.h"

namespace ameia::policy {

// What one expression says wrong of one kind.
struct TypeIssues {
  std::string kind;  // "apps/v1, Kind=Deployment"
  std::vector<expr::Issue> issues;
};
struct ExpressionWarning {
  std::string field_ref;  // "spec.validations[0].expression"
  size_t validation = 0;  // its index
  bool is_message = false;
  const doc::Node* node = nullptr;            // the expression
  std::vector<TypeIssues> kinds;              // in order of group, version, kind
  [[nodiscard]] std::string warning() const;  // status.typeChecking.expressionWarnings[].warning, to the letter
};

// Where kinds come from. Borrowed.
struct TypeSources {
  const kube::ResourceTable* resources = nullptr;
  const CrdTable* crds = nullptr;
  // A second source, asked for what the first does not know: the custom resources of a scanned set.
  const kube::ResourceTable* more_resources = nullptr;
  const CrdTable* more_crds = nullptr;
};

// No warnings for kinds whose structure is not known, and none where the policy matches by wildcard: the API server has
// none either. Threads: one. Owns: an environment a kind, made once for all policies. Limits: kTypesCheckedMax kinds a
// rule.
class TypeChecker {
 public:
  TypeChecker(const TypeSources& sources, expr::Version version);
  ~TypeChecker();
  // `only_more`: about kinds that the second source alone knows.
  std::vector<ExpressionWarning> check(const doc::Node& policy, bool only_more = false);

 private:
  struct Kind;
  struct Typed;
  std::vector<Kind> kinds_of(const doc::Node& policy, bool only_more) const;
  Typed& typed(const Kind& kind, const doc::Node& param_kind);

  TypeSources sources_;
  expr::Version version_;
  std::map<std::string, Typed, std::less<>> typed_;  // by kind and param kind
};

}  // namespace ameia::policy
