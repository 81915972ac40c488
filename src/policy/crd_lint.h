// What the API server refuses in the rules of a CustomResourceDefinition: rules that do not compile, cost more than
// their budget, name fields that are not there, or compare what cannot be compared.
// Neighbours: policy/crd_rules.h compiles, expr/estimate.h prices, app/ shows the problems.
#pragma once

#include <string>
#include <vector>

#include "doc/node.h"
#include "expr/env.h"

namespace ameia::policy {

struct CrdProblem {
  const doc::Node* node = nullptr;  // what is wrong, in the CRD
  std::string field;    // "spec.versions[0].schema.openAPIV3Schema.properties[spec].x-kubernetes-validations[0].rule"
  std::string message;  // in the API server's words: "Forbidden: estimated rule cost exceeds budget by factor of …"
};

// All versions of the CRD, in source order. Anything that is no CustomResourceDefinition has no problems.
std::vector<CrdProblem> lint_crd(const doc::Node& crd, expr::Version version = expr::Version::latest());

}  // namespace ameia::policy
