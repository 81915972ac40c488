// The second implementation: one pod pair, one port, straight from the objects, as the API documents word it. Slow and
// plain on purpose; shares with the engine only the label selector.
#pragma once

#include <string>
#include <vector>

#include "doc/node.h"
#include "graph/ports.h"

namespace ameia::graph::naive {

struct Cluster {
  std::vector<const doc::Node*> namespaces, pods, policies;
};

// `from` and `to` are pods of the cluster, or nullptr with an address outside.
struct End {
  const doc::Node* pod = nullptr;
  std::string address;
};

bool egress_allowed(const Cluster& cluster, const End& from, const End& to, Protocol protocol, int port);
bool ingress_allowed(const Cluster& cluster, const End& from, const End& to, Protocol protocol, int port);

}  // namespace ameia::graph::naive
