// What is wrong with a set of network policies as written: rules that do nothing, and rules that do more than meant.
// Neighbours: reachability.h (compiled policies).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "graph/reachability.h"

namespace ameia::graph {

struct NetpolProblem {
  std::string_view id;  // "AM-NET-101"
  std::string_view title;
  const Policy* policy = nullptr;  // or
  Id workload = kNone;
  std::string message;
  const doc::Node* place = nullptr;  // in the policy's document, or nullptr
};

// In the order of the policies, then of the workloads.
std::vector<NetpolProblem> lint(const Network& network, const Reachability& reachability);

}  // namespace ameia::graph
