// Observed: flows as an estate's own workloads see them. Neighbours: flows.h (where they come from), reachability.h
// (whether policies let them pass), policy_writer.h (policies that do).
#pragma once

#include <string>
#include <vector>

#include "graph/flows.h"
#include "graph/reachability.h"

namespace ameia::graph {

struct ObservedEnd {
  Id workload = kNone;  // or an address outside the cluster
  Id pod = kNone;       // the one, where the flow tells it
  Address address;
  auto operator<=>(const ObservedEnd&) const = default;
};
// "shop/front[Deployment]" or "203.0.113.7"
std::string to_string(const Network& network, const ObservedEnd& end);

struct ObservedFlow {
  ObservedEnd from, to;
  Protocol protocol = Protocol::kTcp;
  uint16_t port = 0;
  uint64_t count = 1;
  uint32_t line = 0;
};

struct Observed {
  std::vector<ObservedFlow> flows;
  // Ends that are named and that no object of the estate is, each once, in order; those flows are not in `flows`.
  std::vector<std::string> unknown;
  size_t unknown_flows = 0;
};

// An address is the pod that has it (not of the host's network), the pods behind the Service that has it, or outside.
Observed observe(const Network& network, const FlowFile& file);

// Whether every pod that the flow may have been of can still open it, and if not, why.
struct FlowAnswer {
  bool allowed = true;
  Direction direction = Direction::kIngress;  // that denies
  Reason reason;
};
FlowAnswer answer(const Reachability& reachability, const ObservedFlow& flow);

}  // namespace ameia::graph
