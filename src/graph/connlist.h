// The connections of an estate, workload by workload, in the layout that netpol-analyzer's users know.
// Neighbours: reachability.h.
#pragma once

#include <string>
#include <vector>

#include "graph/reachability.h"

namespace ameia::graph {

struct Connection {
  std::string from, to;  // "ns/name[Kind]", "10.0.0.0-10.0.0.255[External]", "{ingress-controller}"
  PortSet ports;
};

// Every pair with at least one allowed port, a workload with itself left out; pods of one workload are united.
// Sorted by from, then to.
std::vector<Connection> connections(const Network& network, const Reachability& reachability);

// "a => b : TCP 80" a line.
std::string to_text(const std::vector<Connection>& connections);

// The pods behind a backend of an Ingress, Route or Gateway route, with the ports that it leads to. Empty: the Service
// or its pods are not among the objects.
struct ExposedPods {
  Id workload;
  Reachability::Peer peer;
  PortSet ports;
};
std::vector<ExposedPods> exposed_pods(const Network& network, const Reachability& reachability,
                                      const ExposedBackend& backend);

}  // namespace ameia::graph
