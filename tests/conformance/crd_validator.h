// CrdValidator: x-kubernetes-validations of a structural schema, run over an object as the API server runs them.
// Why here: the CRD tables test expressions on schemas through it; the product has no custom resource server.
// Neighbours: expr/schema.h (types and values), kubernetes_cel_crd.cc (the tables).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/arena.h"
#include "doc/node.h"
#include "expr/env.h"

namespace ameia::conformance {

struct CrdError {
  std::string type;   // "Invalid value", "Forbidden", "Required value", "Duplicate value"
  std::string field;  // "root.f[0]"
  std::string value;  // what is wrong, as JSON; empty: not shown
  std::string detail;
  [[nodiscard]] std::string text() const {
    return field + ": " + type + ": " + (value.empty() ? "" : value + ": ") + detail;
  }
};

struct CrdResult {
  std::vector<CrdError> errors;
  int64_t remaining = 0;         // of the budget; -1 when it was crossed
  std::vector<std::string> log;  // why a message expression was not used
};

struct CrdOptions {
  bool is_root = false;               // apiVersion, kind and metadata are there
  int64_t budget = 10'000'000;        // RuntimeCELCostBudget
  uint64_t per_call_max = 1'000'000;  // PerCallLimit
  bool cancelled = false;             // the caller's context has ended
};

// `old_object` nullptr: there is none. `schema` is a structural schema as JSON.
CrdResult validate_crd(const doc::Node& schema, const doc::Node& object, const doc::Node* old_object,
                       const CrdOptions& options);

}  // namespace ameia::conformance
