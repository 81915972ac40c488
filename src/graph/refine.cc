// Changing what is built: classes and atoms cut finer for a policy that tells more apart, policies and pods taken out.
// Nothing is ever made coarser: a class that no policy distinguishes any more is only one more of the same.
#include <algorithm>

#include "graph/internal/reachability_state.h"

namespace ameia::graph {

bool Reachability::State::refine_for(const Policy& policy) {
  std::vector<Id> keys, names;
  const auto note_keys = [&](const Selector& selector) {
    for (const auto& requirement : selector.requirements) {
      if (!is_used(key_is_used, requirement.key)) keys.push_back(requirement.key);
    }
  };
  bool by_address = false;
  note_keys(policy.subject.pods);
  for (const auto* rules : {&policy.ingress_rules, &policy.egress_rules}) {
    for (const Rule& rule : *rules) {
      for (const PodPeer& peer : rule.pods) note_keys(peer.pods);
      for (const PortTerm& term : rule.ports) {
        if (term.name != kNone && !is_used(port_name_is_used, term.name)) names.push_back(term.name);
      }
      by_address |= !rule.addresses.empty();
    }
  }
  if (too_many_cuts || (by_address && options.addresses_match_pods)) return false;
  constexpr size_t kStaleAtomsMax = 4096;  // that no rule cuts any more
  if (atoms.size() > cuts[0].size() + cuts[1].size() + kStaleAtomsMax) return false;
  count_cuts(policy, 1);
  if (too_many_cuts) return false;
  std::vector<Split> cut;
  for (const auto* rules : {&policy.ingress_rules, &policy.egress_rules}) {
    for (const Rule& rule : *rules) {
      for (const AddressRange& range : rule.addresses) {
        cut_atom(range.first, cut);
        cut_atom(next(range.last), cut);
      }
    }
  }
  extend_sets(std::move(cut));
  if (keys.empty() && names.empty()) return true;
  for (auto* ids : {&keys, &names}) {
    std::sort(ids->begin(), ids->end());
    ids->erase(std::unique(ids->begin(), ids->end()), ids->end());
  }
  return split_classes(keys, names);
}

void Reachability::State::cut_atom(Address start, std::vector<Split>& splits) {
  const size_t at = atom_of(start);
  const Atom old = atoms[at];
  if (old.range.first == start || start > old.range.last) return;  // cut already, or past the last address
  const Peer made = peer_end++;
  atoms[at].range.last = previous(start);
  atoms.insert(atoms.begin() + static_cast<ptrdiff_t>(at) + 1, {{start, old.range.last}, made});
  atoms_in_order = false;
  // A piece of a piece is in what the whole was in.
  const auto piece =
      std::find_if(splits.begin(), splits.end(), [&old](const Split& split) { return split.second == old.peer; });
  splits.emplace_back(piece == splits.end() ? old.peer : piece->first, made);
}

void Reachability::State::extend_sets(std::vector<Split> splits) {
  if (splits.empty()) return;
  std::sort(splits.begin(), splits.end());
  visit_sets([&splits](PeerSet& set) { set.follow(splits); });
  pod_selectors.clear();
}

bool Reachability::State::split_classes(const std::vector<Id>& keys, const std::vector<Id>& names) {
  // The pods that have something of what is new, with what they have of it. The others of their class stay.
  struct Told {
    Id pod;
    std::vector<uint32_t> what;
  };
  std::vector<Told> told;
  std::vector<uint32_t> told_of_class(class_count);
  const auto among = [](const std::vector<Id>& ids, Id id) { return std::binary_search(ids.begin(), ids.end(), id); };
  for (Id id = 0; id < network.pods.size(); ++id) {
    const Pod& pod = network.pods[id];
    std::vector<uint32_t> what;
    for (const Label label : pod.labels) {
      if (among(keys, label.key)) what.insert(what.end(), {label.key, label.value});
    }
    what.push_back(kNone);
    for (const NamedPort& port : pod.ports) {
      if (!among(names, port.name)) continue;
      what.insert(what.end(), {port.name, static_cast<uint32_t>(port.protocol) << 16 | port.port});
    }
    if (what.size() == 1) continue;
    what.push_back(class_of_pod[id]);
    ++told_of_class[class_of_pod[id]];
    told.push_back({id, std::move(what)});
  }
  std::unordered_map<std::vector<uint32_t>, Peer, internal::VectorHash> groups;
  std::vector<bool> class_is_kept(class_count);  // by one of its groups, when no pod of it stays
  std::vector<bool> workload_moved(network.workloads.size());
  std::vector<Split> splits;
  std::map<uint64_t, std::vector<Peer>> new_labels;
  std::map<Id, std::vector<Peer>> new_keys;
  for (Told& one : told) {
    const Pod& pod = network.pods[one.pod];
    const Peer old = class_of_pod[one.pod];
    const auto [at, added] = groups.try_emplace(std::move(one.what), old);
    if (added) {
      if (told_of_class[old] == pods_of_class[old] && !class_is_kept[old]) {
        class_is_kept[old] = true;
      } else {
        if (class_count == controller) return false;
        const Peer made = at->second = class_count++;
        splits.emplace_back(old, made);
        late_classes.push_back(made);
        pods_of_class.push_back(0);
        ns_of_class.push_back(pod.ns);
        ports_of_class.emplace_back();
        for (const NamedPort& port : pod.ports) {
          if (is_used(port_name_is_used, port.name)) ports_of_class.back().push_back(port);
        }
        for (auto& row_of : row_of_class) {
          row_of.push_back(row_of[old]);
          ++rows[row_of[old]].users;
        }
        for (const Label label : pod.labels) {
          if (!is_used(key_is_used, label.key)) continue;
          by_label[uint64_t{label.key} << 32 | label.value].append(made);
          by_key[label.key].append(made);
        }
        for (auto& [atom, classes] : by_atom) {
          if (classes.contains(old)) classes.append(made);
        }
      }
      const Peer group = at->second;
      for (const Label label : pod.labels) {
        if (!among(keys, label.key)) continue;
        new_labels[uint64_t{label.key} << 32 | label.value].push_back(group);
        if (std::vector<Peer>& classes = new_keys[label.key]; classes.empty() || classes.back() != group) {
          classes.push_back(group);
        }
      }
      for (const NamedPort& port : pod.ports) {
        if (among(names, port.name)) ports_of_class[group].push_back(port);
      }
      std::sort(ports_of_class[group].begin(), ports_of_class[group].end());
    }
    if (at->second != old) {
      class_of_pod[one.pod] = at->second;
      ++pods_of_class[at->second];
      workload_moved[pod.workload] = true;
      // told_of_class and pods_of_class of the old class keep saying how it was until all are sorted.
    }
  }
  for (const auto& [old, made] : splits) pods_of_class[old] -= pods_of_class[made];
  const auto post = [](std::vector<Peer>& classes) {
    std::sort(classes.begin(), classes.end());
    PeerSet set;
    for (const Peer peer : classes) set.append(peer);
    return set;
  };
  for (auto& [label, classes] : new_labels) by_label[label] = post(classes);
  for (auto& [key, classes] : new_keys) by_key[key] = post(classes);
  for (const Id key : keys) {
    if (key >= key_is_used.size()) key_is_used.resize(size_t{key} + 1);
    key_is_used[key] = true;
  }
  for (const Id name : names) {
    if (name >= port_name_is_used.size()) port_name_is_used.resize(size_t{name} + 1);
    port_name_is_used[name] = true;
  }
  if (!splits.empty()) {
    for (Id workload = 0; workload < workload_moved.size(); ++workload) {
      if (workload_moved[workload]) peers_of_workload[workload].clear();
    }
    for (Id id = 0; id < network.pods.size(); ++id) {
      const Id workload = network.pods[id].workload;
      if (!workload_moved[workload]) continue;
      std::vector<Peer>& peers = peers_of_workload[workload];
      if (std::find(peers.begin(), peers.end(), class_of_pod[id]) == peers.end()) peers.push_back(class_of_pod[id]);
    }
  }
  extend_sets(std::move(splits));
  pod_selectors.clear();  // those over the new keys found no class before
  return true;
}

void Reachability::State::forget_policy(Id policy) {
  compiled.erase(compiled.begin() + policy);
  for (Row& row : rows) {
    for (Id& id : row.policies) {
      if (id > policy) --id;
    }
  }
}

void Reachability::State::forget_pods(Id ns, const std::vector<bool>& gone_pods,
                                      const std::vector<bool>& gone_workloads) {
  std::vector<Peer> gone_peers;
  for (Peer peer = classes_of_ns[ns].first; peer < classes_of_ns[ns].second; ++peer) gone_peers.push_back(peer);
  for (const Peer late : late_classes) {
    if (ns_of_class[late] == ns) gone_peers.push_back(late);
  }
  PeerSet these;
  for (const Peer peer : gone_peers) {
    these.append(peer);
    leave_row(Direction::kIngress, peer);
    leave_row(Direction::kEgress, peer);
    ns_of_class[peer] = kNone;
  }
  gone.unite(these);
  classes_of_ns[ns] = {0, 0};
  std::erase_if(late_classes, [this](Peer late) { return ns_of_class[late] == kNone; });
  const auto subtract = [&these](PeerSet& set) { set.subtract(these); };
  visit_sets(subtract);
  for (auto& [label, classes] : by_label) subtract(classes);
  for (auto& [key, classes] : by_key) subtract(classes);
  for (auto& [atom, classes] : by_atom) subtract(classes);
  pod_selectors.clear();
  size_t at = 0;
  std::erase_if(class_of_pod, [&](Peer) { return gone_pods[at++]; });
  at = 0;
  std::erase_if(peers_of_workload, [&](const std::vector<Peer>&) { return gone_workloads[at++]; });
}

}  // namespace ameia::graph
