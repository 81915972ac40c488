#include "graph/reachability.h"

#include <algorithm>

#include "graph/internal/reachability_state.h"
#include "graph/limits.h"

namespace ameia::graph {

Reachability::Reachability(const Network& network, const ReachabilityOptions& options)
    : state_(std::make_unique<State>(network, options)) {}
Reachability::~Reachability() = default;
Reachability::Reachability(Reachability&&) noexcept = default;
Reachability& Reachability::operator=(Reachability&&) noexcept = default;

Reachability::Peer Reachability::pod_peer(Id pod) const {
  return state_->class_of_pod[pod];
}
Reachability::Peer Reachability::ingress_controller() const {
  return state_->controller;
}
size_t Reachability::classes() const {
  return state_->class_count - state_->gone.count();
}
std::vector<Reachability::Outside> Reachability::outside(Direction direction) const {
  const std::map<Address, uint32_t>& cuts = state_->cuts[static_cast<size_t>(direction)];
  std::vector<Outside> out;
  for (const State::Atom& atom : state_->atoms) {
    const Address first = atom.range.first;
    if (state_->v6_ranges == 0 && !first.is_v4()) continue;  // no rule tells IPv6 addresses from others
    if (!out.empty() && out.back().addresses.first.is_v4() == first.is_v4() && !cuts.contains(first) &&
        next(out.back().addresses.last) == first) {
      out.back().addresses.last = atom.range.last;
    } else {
      out.push_back({atom.range, atom.peer});
    }
  }
  return out;
}
Reachability::Peer Reachability::address_peer(Address address) const {
  return state_->atoms[state_->atom_of(address)].peer;
}
std::span<const Reachability::Peer> Reachability::workload_peers(Id workload) const {
  return state_->peers_of_workload[workload];
}

bool Reachability::allowed(Direction direction, Peer pod, Peer other, Protocol protocol, uint16_t port) const {
  const internal::Row& row = state_->row(direction, pod);
  if (row.everything) return true;
  const std::vector<internal::Cell>& cells = row.cells[static_cast<size_t>(protocol)];
  const auto after = std::upper_bound(cells.begin(), cells.end(), port, [](uint16_t value, const internal::Cell& cell) {
    return value < cell.ports.first;
  });
  return after != cells.begin() && port <= std::prev(after)->ports.last && std::prev(after)->peers.contains(other);
}

bool Reachability::allowed(Peer from, Peer to, Protocol protocol, uint16_t port) const {
  return (!state_->is_class(from) || allowed(Direction::kEgress, from, to, protocol, port)) &&
         (!state_->is_class(to) || allowed(Direction::kIngress, to, from, protocol, port));
}

PortSet Reachability::connections(Direction direction, Peer pod, Peer other) const {
  const internal::Row& row = state_->row(direction, pod);
  if (row.everything) return PortSet::all();
  PortSet out;
  for (const Protocol protocol : kProtocols) {
    for (const internal::Cell& cell : row.cells[static_cast<size_t>(protocol)]) {
      if (cell.peers.contains(other)) out.add(protocol, cell.ports);
    }
  }
  return out;
}

PortSet Reachability::connections(Peer from, Peer to) const {
  PortSet out = state_->is_class(from) ? connections(Direction::kEgress, from, to) : PortSet::all();
  if (state_->is_class(to) && !out.empty()) out.intersect(connections(Direction::kIngress, to, from));
  return out;
}

Reason Reachability::explain(Direction direction, Peer pod, Peer other, Protocol protocol, uint16_t port) const {
  const State& state = *state_;
  Reason reason;
  bool passed = false;
  for (const Id id : state.order) {
    const Policy& policy = state.network.policies[id];
    const bool in = direction == Direction::kIngress;
    if (!(in ? policy.ingress : policy.egress) || !state.compiled[id].subjects.contains(pod)) continue;
    if (policy.tier == Tier::kAdmin && passed) continue;
    if (policy.tier == Tier::kBaseline && !reason.selecting.empty()) break;
    if (policy.tier == Tier::kNetworkPolicy) reason.selecting.push_back(&policy);
    const auto& rules = in ? policy.ingress_rules : policy.egress_rules;
    const auto& peers = in ? state.compiled[id].ingress_peers : state.compiled[id].egress_peers;
    for (size_t i = 0; i < rules.size(); ++i) {
      std::vector<internal::Entry> entries;
      std::vector<std::unique_ptr<PeerSet>> owned;
      state.entries_of(direction, pod, rules[i], peers[i], entries, owned);
      const bool hit = std::any_of(entries.begin(), entries.end(), [&](const internal::Entry& entry) {
        return entry.ports.contains(protocol, port) && entry.peers->contains(other);
      });
      if (!hit) continue;
      if (rules[i].verdict == Verdict::kPass) {
        passed = true;
        break;
      }
      reason.allowed = rules[i].verdict == Verdict::kAllow;
      reason.policy = &policy;
      reason.rule = &rules[i];
      return reason;
    }
  }
  reason.allowed = reason.selecting.empty();
  return reason;
}

bool Reachability::isolated(Direction direction, Peer pod) const {
  return !state_->row(direction, pod).everything;
}
const PeerSet& Reachability::subjects(size_t policy) const {
  return state_->compiled[policy].subjects;
}
const PeerSet& Reachability::rule_peers(size_t policy, Direction direction, size_t rule) const {
  const State::Compiled& compiled = state_->compiled[policy];
  return (direction == Direction::kIngress ? compiled.ingress_peers : compiled.egress_peers)[rule];
}
const PeerSet& Reachability::everyone() const {
  return state_->all;
}

std::string Reachability::not_evaluated(Id ns) const {
  if (state_->too_many_cuts) {
    return "the policies' CIDRs cut the addresses into more than " + std::to_string(kAddressAtomsMax) + " ranges";
  }
  for (const Unsupported& object : state_->network.unsupported) {
    if (object.ns == kNone || object.ns == ns) {
      return object.kind + " " + object.name + " is of a kind whose effect on traffic is not evaluated";
    }
  }
  return {};
}

Reachability::Stats Reachability::stats() const {
  Stats out;
  out.classes = classes();
  out.atoms = state_->atoms.size();
  out.rows = state_->rows.size() - state_->free_rows.size();
  for (const internal::Row& row : state_->rows) {
    for (const auto& cells : row.cells) {
      out.cells += cells.size();
      for (const internal::Cell& cell : cells)
        out.bytes += sizeof(internal::Cell) + cell.peers.words().size() * sizeof(PeerSet::Word);
    }
  }
  return out;
}

}  // namespace ameia::graph
