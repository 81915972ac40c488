// Who is open to what no object of the estate describes: the world outside, and pods that may come tomorrow.
// Neighbours: reachability.h, connlist.h (the doors of Ingress and Routes).
#pragma once

#include <string>
#include <vector>

#include "graph/reachability.h"

namespace ameia::graph {

// A way in from outside the cluster, and what of it the policies let through.
struct Door {
  std::string name;      // "Ingress shop/front", "LoadBalancer shop/front", "NodePort shop/front"
  PortSet ports;         // pod ports
  bool blocked = false;  // the door is there, but no policy lets its traffic in
};

struct Exposure {
  Id workload = kNone;
  std::vector<Door> doors;
  PortSet from_any_pod;  // what a pod of a new namespace without labels could reach
  PortSet from_outside;  // what policies let in from some address, whether or not there is a door
  PortSet to_outside;    // what it can reach outside
  bool ingress_isolated = false, egress_isolated = false;
  std::string not_evaluated;  // why the answer is not known; then the rest says only what the known policies say
};

// One a workload, in the order of the Network.
std::vector<Exposure> exposures(const Network& network, const Reachability& reachability);

}  // namespace ameia::graph
