// Building: addresses to atoms, pods to classes, selectors to sets, policies to what they select.
#include <algorithm>

#include "graph/internal/reachability_state.h"
#include "graph/limits.h"

namespace ameia::graph {
namespace {

using Operator = kube::LabelSelector::Operator;

bool has_named_ports(const std::vector<Rule>& rules) {
  return std::any_of(rules.begin(), rules.end(), [](const Rule& rule) {
    return std::any_of(rule.ports.begin(), rule.ports.end(), [](const PortTerm& t) { return t.name != kNone; });
  });
}

void mark(std::vector<bool>& used, Id id) {
  if (id >= used.size()) used.resize(size_t{id} + 1);
  used[id] = true;
}

}  // namespace

Reachability::State::State(const Network& n, const ReachabilityOptions& o) : network(n), options(o) {
  for (const Policy& policy : network.policies) count_cuts(policy, 1);
  make_atoms();
  make_classes();
  compiled.resize(network.policies.size());
  for (Id i = 0; i < network.policies.size(); ++i) compile(i);
  sort_policies();
  make_rows(Direction::kIngress);
  make_rows(Direction::kEgress);
}

// ---- addresses

void Reachability::State::count_cuts(const Policy& policy, int by) {
  const auto count = [&](const std::vector<Rule>& rules, std::map<Address, uint32_t>& starts) {
    const auto at = [&](Address start) {
      const auto [place, added] = starts.try_emplace(start, 0);
      place->second += static_cast<uint32_t>(by);
      if (place->second == 0) starts.erase(place);
    };
    for (const Rule& rule : rules) {
      for (const AddressRange& range : rule.addresses) {
        if (starts.size() >= kAddressAtomsMax) too_many_cuts = true;
        if (too_many_cuts) return;
        at(range.first);
        at(next(range.last));
        if (!range.first.is_v4()) v6_ranges += static_cast<size_t>(by);
      }
    }
  };
  count(policy.ingress_rules, cuts[static_cast<size_t>(Direction::kIngress)]);
  count(policy.egress_rules, cuts[static_cast<size_t>(Direction::kEgress)]);
}

void Reachability::State::make_atoms() {
  std::vector<Address> starts;
  for (const auto& direction : cuts) {
    for (const auto& [start, count] : direction) starts.push_back(start);
  }
  std::sort(starts.begin(), starts.end());
  const auto cut = [&](const AddressRange& world) {
    Address first = world.first;
    for (auto start = std::upper_bound(starts.begin(), starts.end(), first); start != starts.end(); ++start) {
      if (*start > world.last) break;
      if (*start == first) continue;
      atoms.push_back({{first, previous(*start)}, 0});
      first = *start;
    }
    atoms.push_back({{first, world.last}, 0});
  };
  cut({{0, 0}, previous(kAllV4.first)});
  cut(kAllV4);
  cut(kAllV6);
}

size_t Reachability::State::atom_of(Address address) const {
  const auto after = std::upper_bound(atoms.begin(), atoms.end(), address,
                                      [](Address a, const Atom& atom) { return a < atom.range.first; });
  return static_cast<size_t>((after == atoms.begin() ? after : std::prev(after)) - atoms.begin());
}

// ---- classes

void Reachability::State::make_classes() {
  bool by_address = false;
  const auto use = [&](const std::vector<Rule>& rules) {
    for (const Rule& rule : rules) {
      for (const PodPeer& peer : rule.pods) {
        for (const auto& requirement : peer.pods.requirements) mark(key_is_used, requirement.key);
      }
      for (const PortTerm& term : rule.ports) {
        if (term.name != kNone) mark(port_name_is_used, term.name);
      }
      by_address |= !rule.addresses.empty();
    }
  };
  for (const Policy& policy : network.policies) {
    for (const auto& requirement : policy.subject.pods.requirements) mark(key_is_used, requirement.key);
    use(policy.ingress_rules);
    use(policy.egress_rules);
  }
  by_address &= options.addresses_match_pods;

  std::vector<Id> pods(network.pods.size());
  for (Id i = 0; i < pods.size(); ++i) pods[i] = i;
  std::stable_sort(pods.begin(), pods.end(), [this](Id a, Id b) { return network.pods[a].ns < network.pods[b].ns; });

  class_of_pod.resize(pods.size());
  classes_of_ns.assign(network.namespaces.size(), {0, 0});
  peers_of_workload.resize(network.workloads.size());
  std::unordered_map<std::vector<uint32_t>, Peer, internal::VectorHash> in_ns;
  std::vector<uint32_t> signature;
  Id ns = kNone;
  for (const Id id : pods) {
    const Pod& pod = network.pods[id];
    if (pod.ns != ns) {
      ns = pod.ns;
      in_ns.clear();
      classes_of_ns[ns] = {class_count, class_count};
    }
    signature.clear();
    for (const Label label : pod.labels) {
      if (is_used(key_is_used, label.key)) signature.insert(signature.end(), {label.key, label.value});
    }
    signature.push_back(kNone);
    std::vector<NamedPort> ports;
    for (const NamedPort& port : pod.ports) {
      if (!is_used(port_name_is_used, port.name)) continue;
      ports.push_back(port);
      signature.insert(signature.end(), {port.name, static_cast<uint32_t>(port.protocol) << 16 | port.port});
    }
    signature.push_back(kNone);
    if (by_address) {
      for (const Address address : pod.addresses) signature.push_back(static_cast<uint32_t>(atom_of(address)));
    }
    const auto [at, added] = in_ns.emplace(signature, class_count);
    if (added) {
      ++class_count;
      classes_of_ns[ns].second = class_count;
      pods_of_class.push_back(0);
      ns_of_class.push_back(ns);
      ports_of_class.push_back(std::move(ports));
      for (const Label label : pod.labels) {
        if (!is_used(key_is_used, label.key)) continue;
        by_label[uint64_t{label.key} << 32 | label.value].append(at->second);
        by_key[label.key].append(at->second);
      }
      if (by_address) {
        std::set<uint32_t> own;
        for (const Address address : pod.addresses) own.insert(static_cast<uint32_t>(atom_of(address)));
        for (const uint32_t atom : own) by_atom[atom].append(at->second);
      }
    }
    class_of_pod[id] = at->second;
    ++pods_of_class[at->second];
    std::vector<Peer>& peers = peers_of_workload[pod.workload];
    if (std::find(peers.begin(), peers.end(), at->second) == peers.end()) peers.push_back(at->second);
  }
  constexpr Peer kSpareClasses = 1024;
  controller = class_count + class_count / 4 + kSpareClasses;
  peer_end = controller + 1;
  for (Atom& atom : atoms) atom.peer = peer_end++;
  all = PeerSet::range(0, class_count);  // not the spare numbers: a new class is in what its old one was in
  all.unite(PeerSet::range(controller, peer_end));
}

// ---- selectors

const PeerSet& Reachability::State::select_pods(const Selector& selector) {
  const auto [at, added] = pod_selectors.try_emplace(selector);
  if (!added) return at->second;
  PeerSet out;
  bool started = false;
  const auto narrow = [&](const PeerSet& by) {
    if (started) {
      out.intersect(by);
    } else {
      out = by;
      started = true;
    }
  };
  const auto of_values = [this](const Selector::Requirement& requirement) {
    PeerSet set;
    for (const Id value : requirement.values) {
      const auto found = by_label.find(uint64_t{requirement.key} << 32 | value);
      if (found != by_label.end()) set.unite(found->second);
    }
    return set;
  };
  const auto of_key = [this](Id key) {
    const auto found = by_key.find(key);
    return found == by_key.end() ? PeerSet() : found->second;
  };
  for (const auto& requirement : selector.requirements) {
    if (requirement.op == Operator::kIn) narrow(of_values(requirement));
    if (requirement.op == Operator::kExists) narrow(of_key(requirement.key));
  }
  if (!started) {
    out = PeerSet::range(0, class_count);
    out.subtract(gone);
    out.append(controller);  // has no labels
  }
  for (const auto& requirement : selector.requirements) {
    if (requirement.op == Operator::kNotIn) out.subtract(of_values(requirement));
    if (requirement.op == Operator::kDoesNotExist) out.subtract(of_key(requirement.key));
  }
  return at->second = std::move(out);
}

const std::vector<Id>& Reachability::State::select_namespaces(const Selector& selector) {
  const auto [at, added] = namespace_selectors.try_emplace(selector);
  if (!added) return at->second;
  for (Id ns = 0; ns < network.namespaces.size(); ++ns) {
    if (selector.matches(network.namespaces[ns].labels)) at->second.push_back(ns);
  }
  return at->second;
}

PeerSet Reachability::State::select(const PodPeer& peer) {
  const PeerSet& pods = select_pods(peer.pods);
  if (peer.ns != kNone) {
    PeerSet out;
    if (peer.ns < classes_of_ns.size()) out = pods.within(classes_of_ns[peer.ns].first, classes_of_ns[peer.ns].second);
    for (const Peer late : late_classes) {
      if (ns_of_class[late] == peer.ns && pods.contains(late)) out.append(late);
    }
    return out;
  }
  // A namespace that nobody knows, with no label: what negative requirements take too.
  const bool takes_unknown = peer.namespaces.matches({});
  const std::vector<Id>& namespaces = select_namespaces(peer.namespaces);
  if (namespaces.size() == network.namespaces.size() && takes_unknown) return pods;
  PeerSet allowed;
  std::vector<std::pair<Peer, Peer>> ranges;
  for (const Id ns : namespaces) {
    if (ns < classes_of_ns.size()) ranges.push_back(classes_of_ns[ns]);
  }
  std::sort(ranges.begin(), ranges.end());
  for (const auto& [first, last] : ranges) {
    for (Peer peer_of_ns = first; peer_of_ns < last; ++peer_of_ns) allowed.append(peer_of_ns);
  }
  for (const Peer late : late_classes) {
    if (std::binary_search(namespaces.begin(), namespaces.end(), ns_of_class[late])) allowed.append(late);
  }
  if (takes_unknown) allowed.append(controller);
  PeerSet out = pods;
  out.intersect(allowed);
  return out;
}

PeerSet Reachability::State::peers_of(const Rule& rule) {
  if (rule.any_peer) return all;
  PeerSet out;
  for (const PodPeer& peer : rule.pods) out.unite(select(peer));
  for (const AddressRange& range : rule.addresses) {
    const size_t first = atom_of(range.first), last = atom_of(range.last) + 1;
    if (atoms_in_order) {
      out.unite(PeerSet::range(atoms[first].peer, atoms[last - 1].peer + 1));
    } else {
      std::vector<Peer> peers;
      for (size_t i = first; i < last; ++i) peers.push_back(atoms[i].peer);
      std::sort(peers.begin(), peers.end());
      PeerSet pieces;
      for (const Peer peer : peers) pieces.append(peer);
      out.unite(pieces);
    }
    for (auto at = by_atom.lower_bound(static_cast<uint32_t>(first)); at != by_atom.end() && at->first < last; ++at) {
      out.unite(at->second);
    }
  }
  return out;
}

// ---- policies

void Reachability::State::compile(Id id) {
  const Policy& policy = network.policies[id];
  Compiled out;
  out.subjects = select(policy.subject).within(0, controller);
  for (const Rule& rule : policy.ingress_rules) out.ingress_peers.push_back(peers_of(rule));
  for (const Rule& rule : policy.egress_rules) out.egress_peers.push_back(peers_of(rule));
  out.ingress_names_ports = has_named_ports(policy.ingress_rules);
  out.serial = next_serial++;
  compiled[id] = std::move(out);
}

void Reachability::State::sort_policies() {
  order.resize(network.policies.size());
  for (Id i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [this](Id a, Id b) {
    const Policy &x = network.policies[a], &y = network.policies[b];
    if (x.tier != y.tier) return x.tier < y.tier;
    if (x.tier == Tier::kNetworkPolicy) return false;
    if (x.priority != y.priority) return x.priority < y.priority;
    return x.name < y.name;
  });
  rank.resize(order.size());
  for (uint32_t i = 0; i < order.size(); ++i) rank[order[i]] = i;
}

}  // namespace ameia::graph
