#include "graph/reachability.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <unordered_map>

#include "graph/limits.h"

namespace ameia::graph {
namespace {

using Operator = kube::LabelSelector::Operator;

struct Cell {
  PortRange ports;
  PeerSet peers;
};
struct Row {
  bool everything = false;
  std::array<std::vector<Cell>, 3> cells;  // by protocol; sorted and disjoint, ports outside have no peer
};

// A rule's part for one set of ports.
struct Entry {
  Verdict verdict;
  PortSet ports;
  const PeerSet* peers;
};

struct VectorHash {
  size_t operator()(const std::vector<uint32_t>& values) const {
    uint64_t h = values.size();
    for (const uint32_t value : values) {
      h = (h ^ value) * 0x9E3779B97F4A7C15u;
      h ^= h >> 29;
    }
    return static_cast<size_t>(h);
  }
};

bool has_named_ports(const std::vector<Rule>& rules) {
  return std::any_of(rules.begin(), rules.end(), [](const Rule& rule) {
    return std::any_of(rule.ports.begin(), rule.ports.end(), [](const PortTerm& t) { return t.name != kNone; });
  });
}

bool same_name(const PortTerm& term, const NamedPort& port) {
  return term.name == port.name && (!term.protocol || *term.protocol == port.protocol);
}

}  // namespace

struct Reachability::State {
  const Network& network;
  ReachabilityOptions options;

  std::vector<AddressRange> atoms;
  std::array<std::set<Address>, 2> cuts;  // by direction: where ranges of its rules begin, or have just ended
  Peer class_count = 0;                   // the ingress controller is peer class_count, the atoms follow
  PeerSet all;
  std::vector<Peer> class_of_pod;
  std::vector<Id> pod_of_class;                        // one of its pods
  std::vector<std::vector<NamedPort>> ports_of_class;  // those that policies name
  std::vector<std::pair<Peer, Peer>> classes_of_ns;    // [first, last)
  std::vector<std::vector<Peer>> peers_of_workload;

  std::unordered_map<uint64_t, PeerSet> by_label;
  std::unordered_map<Id, PeerSet> by_key;
  std::map<uint32_t, PeerSet> by_atom;  // classes whose pods have an address in the atom
  std::map<Selector, PeerSet> pod_selectors;
  std::map<Selector, std::vector<Id>> namespace_selectors;

  struct Compiled {
    PeerSet subjects;
    std::vector<PeerSet> ingress_peers, egress_peers;  // by rule
    bool ingress_names_ports = false;
  };
  std::vector<Compiled> compiled;  // by policy
  std::vector<Id> order;           // policies, as tiers and priorities order them
  std::array<std::vector<Id>, 2> row_of_class;
  std::vector<Row> rows;
  std::unordered_map<std::vector<uint32_t>, Id, VectorHash> row_ids;

  State(const Network& n, const ReachabilityOptions& o) : network(n), options(o) {
    cut_addresses();
    make_classes();
    compile_policies();
    make_rows(Direction::kIngress);
    make_rows(Direction::kEgress);
  }

  [[nodiscard]] Peer first_atom() const { return class_count + 1; }
  [[nodiscard]] Peer peer_count() const { return first_atom() + static_cast<Peer>(atoms.size()); }

  template <typename Visit>
  void visit_rules(Visit visit) const {
    for (const Policy& policy : network.policies) {
      for (const Rule& rule : policy.ingress_rules) visit(rule);
      for (const Rule& rule : policy.egress_rules) visit(rule);
    }
  }

  // ---- addresses

  void cut_addresses() {
    bool v6 = false;
    const auto note = [&](const std::vector<Rule>& rules, std::set<Address>& starts) {
      for (const Rule& rule : rules) {
        for (const AddressRange& range : rule.addresses) {
          if (starts.size() >= kAddressAtomsMax) return;
          starts.insert(range.first);
          starts.insert(next(range.last));
          v6 |= !range.first.is_v4();
        }
      }
    };
    for (const Policy& policy : network.policies) {
      note(policy.ingress_rules, cuts[static_cast<size_t>(Direction::kIngress)]);
      note(policy.egress_rules, cuts[static_cast<size_t>(Direction::kEgress)]);
    }
    std::set<Address> starts = cuts[0];
    starts.insert(cuts[1].begin(), cuts[1].end());
    const auto cut = [&](const AddressRange& world) {
      Address first = world.first;
      for (auto start = starts.upper_bound(first); start != starts.end() && *start <= world.last; ++start) {
        atoms.push_back({first, previous(*start)});
        first = *start;
      }
      atoms.push_back({first, world.last});
    };
    if (v6) cut({{0, 0}, previous(kAllV4.first)});
    cut(kAllV4);
    if (v6) cut(kAllV6);
  }

  [[nodiscard]] uint32_t atom_of(Address address) const {
    const auto after = std::upper_bound(atoms.begin(), atoms.end(), address,
                                        [](Address a, const AddressRange& range) { return a < range.first; });
    const auto at = after == atoms.begin() ? atoms.begin() : std::prev(after);
    return static_cast<uint32_t>(at - atoms.begin());
  }

  // ---- classes

  void make_classes() {
    std::set<Id> keys, names;
    const auto note = [&keys](const Selector& selector) {
      for (const auto& requirement : selector.requirements) keys.insert(requirement.key);
    };
    for (const Policy& policy : network.policies) note(policy.subject.pods);
    bool by_address = false;
    visit_rules([&](const Rule& rule) {
      for (const PodPeer& peer : rule.pods) note(peer.pods);
      for (const PortTerm& term : rule.ports) {
        if (term.name != kNone) names.insert(term.name);
      }
      by_address |= !rule.addresses.empty();
    });
    by_address &= options.addresses_match_pods;

    std::vector<Id> pods(network.pods.size());
    for (Id i = 0; i < pods.size(); ++i) pods[i] = i;
    std::stable_sort(pods.begin(), pods.end(), [this](Id a, Id b) { return network.pods[a].ns < network.pods[b].ns; });
    std::vector<bool> relevant_key(network.texts.size()), relevant_name(network.texts.size());
    for (const Id key : keys) relevant_key[key] = true;
    for (const Id name : names) relevant_name[name] = true;

    class_of_pod.resize(pods.size());
    classes_of_ns.assign(network.namespaces.size(), {0, 0});
    peers_of_workload.resize(network.workloads.size());
    std::unordered_map<std::vector<uint32_t>, Peer, VectorHash> in_ns;
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
        if (relevant_key[label.key]) signature.insert(signature.end(), {label.key, label.value});
      }
      signature.push_back(kNone);
      std::vector<NamedPort> ports;
      for (const NamedPort& port : pod.ports) {
        if (!relevant_name[port.name]) continue;
        ports.push_back(port);
        signature.insert(signature.end(), {port.name, static_cast<uint32_t>(port.protocol) << 16 | port.port});
      }
      signature.push_back(kNone);
      if (by_address) {
        for (const Address address : pod.addresses) signature.push_back(atom_of(address));
      }
      const auto [at, added] = in_ns.emplace(signature, class_count);
      if (added) {
        ++class_count;
        classes_of_ns[ns].second = class_count;
        pod_of_class.push_back(id);
        ports_of_class.push_back(std::move(ports));
        for (const Label label : pod.labels) {
          if (!relevant_key[label.key]) continue;
          by_label[uint64_t{label.key} << 32 | label.value].append(at->second);
          by_key[label.key].append(at->second);
        }
        if (by_address) {
          std::set<uint32_t> own;
          for (const Address address : pod.addresses) own.insert(atom_of(address));
          for (const uint32_t atom : own) by_atom[atom].append(at->second);
        }
      }
      class_of_pod[id] = at->second;
      std::vector<Peer>& peers = peers_of_workload[pod.workload];
      if (std::find(peers.begin(), peers.end(), at->second) == peers.end()) peers.push_back(at->second);
    }
    all = PeerSet::range(0, peer_count());
  }

  // ---- selectors

  const PeerSet& select_pods(const Selector& selector) {
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
    if (!started) out = PeerSet::range(0, class_count + 1);  // the ingress controller has no labels
    for (const auto& requirement : selector.requirements) {
      if (requirement.op == Operator::kNotIn) out.subtract(of_values(requirement));
      if (requirement.op == Operator::kDoesNotExist) out.subtract(of_key(requirement.key));
    }
    return at->second = std::move(out);
  }

  const std::vector<Id>& select_namespaces(const Selector& selector) {
    const auto [at, added] = namespace_selectors.try_emplace(selector);
    if (!added) return at->second;
    for (Id ns = 0; ns < network.namespaces.size(); ++ns) {
      if (selector.matches(network.namespaces[ns].labels)) at->second.push_back(ns);
    }
    return at->second;
  }

  PeerSet select(const PodPeer& peer) {
    const PeerSet& pods = select_pods(peer.pods);
    const auto in_namespace = [&](Id ns) {
      return ns < classes_of_ns.size() ? pods.within(classes_of_ns[ns].first, classes_of_ns[ns].second) : PeerSet();
    };
    if (peer.ns != kNone) return in_namespace(peer.ns);
    // A namespace that nobody knows, with no label: what negative requirements take too.
    const bool takes_unknown = peer.namespaces.matches({});
    const std::vector<Id>& namespaces = select_namespaces(peer.namespaces);
    if (namespaces.size() == network.namespaces.size() && takes_unknown) return pods;
    PeerSet out;
    std::vector<std::pair<Peer, Peer>> ranges;
    for (const Id ns : namespaces) ranges.push_back(classes_of_ns[ns]);
    std::sort(ranges.begin(), ranges.end());
    PeerSet allowed;
    for (const auto& [first, last] : ranges) {
      for (Peer peer_of_ns = first; peer_of_ns < last; ++peer_of_ns) allowed.append(peer_of_ns);
    }
    if (takes_unknown) allowed.append(class_count);
    out = pods;
    out.intersect(allowed);
    return out;
  }

  PeerSet peers_of(const Rule& rule) {
    if (rule.any_peer) return all;
    PeerSet out;
    for (const PodPeer& peer : rule.pods) out.unite(select(peer));
    for (const AddressRange& range : rule.addresses) {
      const Peer first = atom_of(range.first), last = atom_of(range.last) + 1;
      out.unite(PeerSet::range(first_atom() + first, first_atom() + last));
      for (auto at = by_atom.lower_bound(first); at != by_atom.end() && at->first < last; ++at) out.unite(at->second);
    }
    return out;
  }

  // ---- policies and rows

  void compile_policies() {
    compiled.resize(network.policies.size());
    for (Id i = 0; i < network.policies.size(); ++i) {
      const Policy& policy = network.policies[i];
      Compiled& out = compiled[i];
      out.subjects = select(policy.subject).within(0, class_count);
      for (const Rule& rule : policy.ingress_rules) out.ingress_peers.push_back(peers_of(rule));
      for (const Rule& rule : policy.egress_rules) out.egress_peers.push_back(peers_of(rule));
      out.ingress_names_ports = has_named_ports(policy.ingress_rules);
      order.push_back(i);
    }
    std::stable_sort(order.begin(), order.end(), [this](Id a, Id b) {
      const Policy &x = network.policies[a], &y = network.policies[b];
      if (x.tier != y.tier) return x.tier < y.tier;
      if (x.tier == Tier::kNetworkPolicy) return false;
      if (x.priority != y.priority) return x.priority < y.priority;
      return x.name < y.name;
    });
  }

  void make_rows(Direction direction) {
    std::vector<std::vector<uint32_t>> selecting(class_count);
    for (const Id id : order) {
      const Policy& policy = network.policies[id];
      if (!(direction == Direction::kIngress ? policy.ingress : policy.egress)) continue;
      compiled[id].subjects.visit([&](Peer peer) { selecting[peer].push_back(id); });
    }
    std::vector<Id>& row_of = row_of_class[static_cast<size_t>(direction)];
    row_of.resize(class_count);
    for (Peer peer = 0; peer < class_count; ++peer) {
      std::vector<uint32_t>& key = selecting[peer];
      const std::vector<uint32_t> policies = key;
      const bool named = direction == Direction::kIngress && std::any_of(key.begin(), key.end(), [this](Id id) {
                           return compiled[id].ingress_names_ports;
                         });
      key.push_back(kNone - static_cast<uint32_t>(direction));
      if (named) {
        for (const NamedPort& port : ports_of_class[peer]) {
          key.insert(key.end(), {port.name, static_cast<uint32_t>(port.protocol) << 16 | port.port});
        }
      }
      const auto [at, added] = row_ids.emplace(std::move(key), static_cast<Id>(rows.size()));
      if (added) rows.push_back(make_row(direction, peer, policies));
      row_of[peer] = at->second;
    }
  }

  // The rule as it applies to this class: its ports with the peers for which they mean the same.
  void entries_of(Direction direction, Peer peer, const Rule& rule, const PeerSet& peers, std::vector<Entry>& out,
                  std::vector<std::unique_ptr<PeerSet>>& owned) const {
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

  Row make_row(Direction direction, Peer peer, const std::vector<uint32_t>& policies) const {
    Row row;
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
  [[nodiscard]] PeerSet peers_at(const std::array<std::vector<Entry>, 3>& tiers, bool isolated, Protocol protocol,
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

  [[nodiscard]] const Row& row(Direction direction, Peer peer) const {
    return rows[row_of_class[static_cast<size_t>(direction)][peer]];
  }
};

Reachability::Reachability(const Network& network, const ReachabilityOptions& options)
    : state_(std::make_unique<State>(network, options)) {}
Reachability::~Reachability() = default;
Reachability::Reachability(Reachability&&) noexcept = default;

Reachability::Peer Reachability::pod_peer(Id pod) const {
  return state_->class_of_pod[pod];
}
Reachability::Peer Reachability::ingress_controller() const {
  return state_->class_count;
}
size_t Reachability::classes() const {
  return state_->class_count;
}
std::vector<Reachability::Outside> Reachability::outside(Direction direction) const {
  const std::set<Address>& cuts = state_->cuts[static_cast<size_t>(direction)];
  std::vector<Outside> out;
  for (Peer i = 0; i < state_->atoms.size(); ++i) {
    const AddressRange& atom = state_->atoms[i];
    if (!out.empty() && out.back().addresses.first.is_v4() == atom.first.is_v4() && !cuts.contains(atom.first) &&
        next(out.back().addresses.last) == atom.first) {
      out.back().addresses.last = atom.last;
    } else {
      out.push_back({atom, state_->first_atom() + i});
    }
  }
  return out;
}
Reachability::Peer Reachability::address_peer(Address address) const {
  return state_->first_atom() + state_->atom_of(address);
}
std::span<const Reachability::Peer> Reachability::workload_peers(Id workload) const {
  return state_->peers_of_workload[workload];
}

bool Reachability::allowed(Direction direction, Peer pod, Peer other, Protocol protocol, uint16_t port) const {
  const Row& row = state_->row(direction, pod);
  if (row.everything) return true;
  const std::vector<Cell>& cells = row.cells[static_cast<size_t>(protocol)];
  const auto after = std::upper_bound(cells.begin(), cells.end(), port,
                                      [](uint16_t value, const Cell& cell) { return value < cell.ports.first; });
  return after != cells.begin() && port <= std::prev(after)->ports.last && std::prev(after)->peers.contains(other);
}

bool Reachability::allowed(Peer from, Peer to, Protocol protocol, uint16_t port) const {
  return (from >= state_->class_count || allowed(Direction::kEgress, from, to, protocol, port)) &&
         (to >= state_->class_count || allowed(Direction::kIngress, to, from, protocol, port));
}

PortSet Reachability::connections(Direction direction, Peer pod, Peer other) const {
  const Row& row = state_->row(direction, pod);
  if (row.everything) return PortSet::all();
  PortSet out;
  for (const Protocol protocol : kProtocols) {
    for (const Cell& cell : row.cells[static_cast<size_t>(protocol)]) {
      if (cell.peers.contains(other)) out.add(protocol, cell.ports);
    }
  }
  return out;
}

PortSet Reachability::connections(Peer from, Peer to) const {
  PortSet out = from < state_->class_count ? connections(Direction::kEgress, from, to) : PortSet::all();
  if (to < state_->class_count && !out.empty()) out.intersect(connections(Direction::kIngress, to, from));
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
      std::vector<Entry> entries;
      std::vector<std::unique_ptr<PeerSet>> owned;
      state.entries_of(direction, pod, rules[i], peers[i], entries, owned);
      const bool hit = std::any_of(entries.begin(), entries.end(), [&](const Entry& entry) {
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
  for (const Unsupported& object : state_->network.unsupported) {
    if (object.ns == kNone || object.ns == ns) {
      return object.kind + " " + object.name + " is of a kind whose effect on traffic is not evaluated";
    }
  }
  return {};
}

Reachability::Stats Reachability::stats() const {
  Stats out;
  out.classes = state_->class_count;
  out.atoms = state_->atoms.size();
  out.rows = state_->rows.size();
  for (const Row& row : state_->rows) {
    for (const auto& cells : row.cells) {
      out.cells += cells.size();
      for (const Cell& cell : cells) out.bytes += sizeof(Cell) + cell.peers.words().size() * sizeof(PeerSet::Word);
    }
  }
  return out;
}

}  // namespace ameia::graph
