// Rows: what every class may reach and be reached from, by port.
#include <algorithm>

#include "graph/internal/reachability_state.h"

namespace ameia::graph {

using internal::Cell;

namespace {

bool same_name(const PortTerm& term, const NamedPort& port) {
  return term.name == port.name && (!term.protocol || *term.protocol == port.protocol);
}

bool decides(const Policy& policy, Direction direction) {
  return direction == Direction::kIngress ? policy.ingress : policy.egress;
}

}  // namespace

void Reachability::State::make_rows(Direction direction) {
  std::vector<std::vector<Id>> selecting(class_count);
  for (const Id id : order) {
    if (!decides(network.policies[id], direction)) continue;
    compiled[id].subjects.visit([&](Peer peer) { selecting[peer].push_back(id); });
  }
  row_of_class[static_cast<size_t>(direction)].assign(class_count, kNone);
  for (Peer peer = 0; peer < class_count; ++peer) set_row(direction, peer, std::move(selecting[peer]));
}

void Reachability::State::set_row(Direction direction, Peer peer, std::vector<Id> policies) {
  leave_row(direction, peer);
  std::vector<uint32_t> key;
  key.reserve(policies.size() + 1);
  bool named = false;
  for (const Id id : policies) {
    key.push_back(compiled[id].serial);
    named |= direction == Direction::kIngress && compiled[id].ingress_names_ports;
  }
  key.push_back(kNone - static_cast<uint32_t>(direction));
  if (named) {
    for (const NamedPort& port : ports_of_class[peer]) {
      key.insert(key.end(), {port.name, static_cast<uint32_t>(port.protocol) << 16 | port.port});
    }
  }
  const auto [at, added] = row_ids.try_emplace(std::move(key), kNone);
  if (added) {
    if (free_rows.empty()) {
      at->second = static_cast<Id>(rows.size());
      rows.emplace_back();
    } else {
      at->second = free_rows.back();
      free_rows.pop_back();
    }
    rows[at->second] = make_row(direction, peer, policies);
    rows[at->second].key = &at->first;
  }
  ++rows[at->second].users;
  row_of_class[static_cast<size_t>(direction)][peer] = at->second;
}

void Reachability::State::leave_row(Direction direction, Peer peer) {
  Id& id = row_of_class[static_cast<size_t>(direction)][peer];
  if (id == kNone) return;
  Row& row = rows[id];
  if (--row.users == 0) {
    row_ids.erase(row_ids.find(*row.key));
    row = Row();
    free_rows.push_back(id);
  }
  id = kNone;
}

void Reachability::State::refresh(const PeerSet& classes, const std::vector<Id>& changed) {
  std::vector<bool> is_changed(network.policies.size());
  for (const Id id : changed) is_changed[id] = true;
  for (const Direction direction : {Direction::kIngress, Direction::kEgress}) {
    std::unordered_map<Peer, std::vector<Id>> selecting;
    for (const Id id : changed) {
      if (!decides(network.policies[id], direction)) continue;
      compiled[id].subjects.visit([&](Peer peer) { selecting[peer].push_back(id); });
    }
    classes.visit([&](Peer peer) {
      std::vector<Id> policies = row(direction, peer).policies;
      std::erase_if(policies, [&](Id id) { return is_changed[id]; });
      if (const auto found = selecting.find(peer); found != selecting.end()) {
        policies.insert(policies.end(), found->second.begin(), found->second.end());
        std::sort(policies.begin(), policies.end(), [this](Id a, Id b) { return rank[a] < rank[b]; });
      }
      set_row(direction, peer, std::move(policies));
    });
  }
}

// The rule as it applies to this class: its ports with the peers for which they mean the same.
void Reachability::State::entries_of(Direction direction, Peer peer, const Rule& rule, const PeerSet& peers,
                                     std::vector<Entry>& out, std::vector<std::unique_ptr<PeerSet>>& owned) const {
  if (rule.any_port) {
    out.push_back({rule.verdict, PortSet::all(), &peers});
    return;
  }
  PortSet fixed;
  std::map<NamedPort, PeerSet> by_port;
  for (const PortTerm& term : rule.ports) {
    if (term.name == kNone) {
      if (term.protocol) fixed.add(*term.protocol, term.range);
    } else if (direction == Direction::kIngress) {
      for (const NamedPort& port : ports_of_class[peer]) {
        if (same_name(term, port)) fixed.add(port.protocol, {port.port, port.port});
      }
    } else {
      peers.within(0, class_count).visit([&](Peer other) {
        for (const NamedPort& port : ports_of_class[other]) {
          if (same_name(term, port)) by_port[port].append(other);
        }
      });
    }
  }
  if (!fixed.empty()) out.push_back({rule.verdict, std::move(fixed), &peers});
  for (auto& [port, those] : by_port) {
    owned.push_back(std::make_unique<PeerSet>(std::move(those)));
    PortSet one;
    one.add(port.protocol, {port.port, port.port});
    out.push_back({rule.verdict, std::move(one), owned.back().get()});
  }
}

internal::Row Reachability::State::make_row(Direction direction, Peer peer, const std::vector<Id>& policies) const {
  Row row;
  row.policies = policies;
  row.everything = policies.empty();
  if (row.everything) return row;
  std::array<std::vector<Entry>, 3> tiers;
  std::vector<std::unique_ptr<PeerSet>> owned;
  bool isolated = false;  // some NetworkPolicy selects the pod
  for (const Id id : policies) {
    const Policy& policy = network.policies[id];
    isolated |= policy.tier == Tier::kNetworkPolicy;
    const bool in = direction == Direction::kIngress;
    const auto& rules = in ? policy.ingress_rules : policy.egress_rules;
    const auto& peers = in ? compiled[id].ingress_peers : compiled[id].egress_peers;
    for (size_t i = 0; i < rules.size(); ++i) {
      entries_of(direction, peer, rules[i], peers[i], tiers[static_cast<size_t>(policy.tier)], owned);
    }
  }
  for (const Protocol protocol : kProtocols) {
    std::vector<uint32_t> starts = {1};
    for (const auto& tier : tiers) {
      for (const Entry& entry : tier) {
        for (const PortRange range : entry.ports.of(protocol)) {
          starts.push_back(range.first);
          starts.push_back(uint32_t{range.last} + 1);
        }
      }
    }
    std::sort(starts.begin(), starts.end());
    starts.erase(std::unique(starts.begin(), starts.end()), starts.end());
    std::vector<Cell>& cells = row.cells[static_cast<size_t>(protocol)];
    for (size_t i = 0; i < starts.size() && starts[i] <= 65535; ++i) {
      const auto first = static_cast<uint16_t>(starts[i]);
      const auto last = static_cast<uint16_t>(i + 1 < starts.size() ? starts[i + 1] - 1 : 65535);
      PeerSet peers = peers_at(tiers, isolated, protocol, first);
      if (peers.empty()) continue;
      if (!cells.empty() && cells.back().ports.last + 1 == first && cells.back().peers == peers) {
        cells.back().ports.last = last;
      } else {
        cells.push_back({{first, last}, std::move(peers)});
      }
    }
  }
  return row;
}

// Admin rules in order, then the union of the NetworkPolicies that select the pod or, where there is none, the
// baseline rules in order; what nothing decides is allowed.
PeerSet Reachability::State::peers_at(const std::array<std::vector<Entry>, 3>& tiers, bool isolated, Protocol protocol,
                                      uint16_t port) const {
  PeerSet allowed;
  const auto covers = [&](const Entry& entry) { return entry.ports.contains(protocol, port); };
  if (tiers[0].empty() && isolated) {  // the common case needs no sets of everything
    for (const Entry& entry : tiers[1]) {
      if (covers(entry)) allowed.unite(*entry.peers);
    }
    return allowed;
  }
  PeerSet undecided = all, passed;
  const auto decide = [&](const std::vector<Entry>& tier) {
    for (const Entry& entry : tier) {
      if (!covers(entry)) continue;
      PeerSet hit = *entry.peers;
      hit.intersect(undecided);
      undecided.subtract(hit);
      if (entry.verdict == Verdict::kAllow) allowed.unite(hit);
      if (entry.verdict == Verdict::kPass) passed.unite(hit);
    }
    undecided.unite(passed);
  };
  decide(tiers[0]);
  if (isolated) {
    PeerSet by_policies;
    for (const Entry& entry : tiers[1]) {
      if (covers(entry)) by_policies.unite(*entry.peers);
    }
    by_policies.intersect(undecided);
    allowed.unite(by_policies);
    return allowed;
  }
  passed = {};
  decide(tiers[2]);
  allowed.unite(undecided);
  return allowed;
}

}  // namespace ameia::graph
