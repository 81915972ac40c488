// Policies from what was observed: in every namespace that had traffic, default deny, DNS, and for each workload what
// it was seen to do and nothing else. Neighbours: observed.h, pod_sets.h (the selectors).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "graph/observed.h"

namespace ameia::graph {

struct WrittenPolicy {
  std::string ns, name;
  std::string yaml;  // a document without its "---"
};

struct WrittenPolicies {
  std::vector<WrittenPolicy> policies;  // by namespace; default deny and DNS first
  // What a reader has to know: pods that no selector tells from others, ranges wider than what was seen, guesses.
  std::vector<std::string> notes;
};

// Names that the Network's own policies have are not taken. Fails: kLimit.
base::Result<WrittenPolicies> write_policies(const Network& network, const std::vector<ObservedFlow>& flows);

}  // namespace ameia::graph
