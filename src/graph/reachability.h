// Reachability: who can reach whom on which ports, for a whole estate at once.
// Pods that no policy can tell apart are one class; the addresses that no CIDR can tell apart are one atom. For every
// class and direction there is one row (port interval → set of peers), shared by all classes that the same policies
// select. A question is two look-ups: the source's egress row and the destination's ingress row.
// Assumes a network plug-in that enforces these policies, and says so wherever it answers.
// Neighbours: network.h (its input), connlist.h (its answers as text), live_network.h (changes it in place).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "graph/network.h"
#include "graph/peer_set.h"

namespace ameia::graph {

struct ReachabilityOptions {
  // Whether an ipBlock also matches pods by their addresses (status.podIPs). Plug-ins differ; Kubernetes leaves it
  // open.
  bool addresses_match_pods = false;
};

enum class Direction : uint8_t { kIngress, kEgress };

// Which rule settled a connection in one direction.
struct Reason {
  bool allowed = false;
  const Policy* policy = nullptr;  // nullptr: no policy selects the pod in this direction, or (denied) none of those
                                   // that select it allows the peer
  const Rule* rule = nullptr;
  std::vector<const Policy*> selecting;  // the NetworkPolicies that isolate the pod, when they decided
};

// A peer is a class of pods, the ingress controller (a pod of an unknown namespace), or an address atom.
// Threads: immutable after construction, but for LiveNetwork. Owns: its rows; borrows the Network.
class Reachability {
 public:
  Reachability(const Network& network, const ReachabilityOptions& options);
  ~Reachability();
  Reachability(Reachability&&) noexcept;
  Reachability& operator=(Reachability&&) noexcept;

  using Peer = uint32_t;
  [[nodiscard]] Peer pod_peer(Id pod) const;
  [[nodiscard]] Peer ingress_controller() const;
  [[nodiscard]] size_t classes() const;
  // The addresses as the CIDRs of one direction's rules cut them, ascending; each with a peer that stands for all of
  // it.
  struct Outside {
    AddressRange addresses;
    Peer peer;
  };
  [[nodiscard]] std::vector<Outside> outside(Direction direction) const;
  // The peer that an address outside the cluster is.
  [[nodiscard]] Peer address_peer(Address address) const;
  // The classes of a workload's pods; one unless its pods differ in labels that policies look at.
  [[nodiscard]] std::span<const Peer> workload_peers(Id workload) const;

  // One direction's verdict alone: `pod` is a class of pods.
  [[nodiscard]] bool allowed(Direction direction, Peer pod, Peer other, Protocol protocol, uint16_t port) const;
  // Both directions.
  [[nodiscard]] bool allowed(Peer from, Peer to, Protocol protocol, uint16_t port) const;
  [[nodiscard]] PortSet connections(Direction direction, Peer pod, Peer other) const;
  [[nodiscard]] PortSet connections(Peer from, Peer to) const;
  [[nodiscard]] Reason explain(Direction direction, Peer pod, Peer other, Protocol protocol, uint16_t port) const;

  // Whether some policy decides this direction of the pod; if none does, everything is allowed.
  [[nodiscard]] bool isolated(Direction direction, Peer pod) const;
  // For a policy of the Network (by index): the classes that it selects, and the peers and ports of each of its rules.
  [[nodiscard]] const PeerSet& subjects(size_t policy) const;
  [[nodiscard]] const PeerSet& rule_peers(size_t policy, Direction direction, size_t rule) const;
  [[nodiscard]] const PeerSet& everyone() const;

  // Whether answers about pods of this namespace rest on objects of kinds this engine does not know; the reason.
  [[nodiscard]] std::string not_evaluated(Id ns) const;

  struct Stats {
    size_t classes = 0, atoms = 0, rows = 0, cells = 0, bytes = 0;
  };
  [[nodiscard]] Stats stats() const;

  struct State;

 private:
  friend class LiveNetwork;  // changes the state in step with its Network
  std::unique_ptr<State> state_;
};

}  // namespace ameia::graph
