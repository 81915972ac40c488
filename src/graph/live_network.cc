#include "graph/live_network.h"

#include <algorithm>

#include "graph/internal/policy_reader.h"
#include "graph/internal/reachability_state.h"
#include "graph/limits.h"
#include "kube/object.h"

namespace ameia::graph {

LiveNetwork::LiveNetwork(Network network, const ReachabilityOptions& options)
    : network_(std::make_unique<Network>(std::move(network))), options_(options), reachability_(*network_, options) {}
LiveNetwork::~LiveNetwork() = default;

void LiveNetwork::rebuild() {
  reachability_ = Reachability(*network_, options_);
  ++rebuilds_;
}

Id LiveNetwork::find_policy(std::string_view kind, std::string_view ns, std::string_view name) const {
  for (Id id = 0; id < network_->policies.size(); ++id) {
    const Policy& policy = network_->policies[id];
    if (policy.name == name && policy.ns == ns && policy.kind == kind) return id;
  }
  return kNone;
}

base::Status LiveNetwork::put(const doc::Node& root) {
  const kube::ObjectView object(root);
  if (object.kind() == "Namespace" && object.group_version().group.empty()) {
    const Id ns = internal::namespace_id(*network_, object.name());
    set_labels(ns, internal::namespace_labels(object.labels(), object.name(), network_->texts), true);
    return {};
  }
  std::optional<Policy> policy = TRY(read_policy(root, network_->texts, *network_));
  if (!policy) {
    return base::fail(base::Code::kInvalidInput, std::string(object.kind()) + " " + std::string(object.name()) +
                                                     " is neither a network policy nor a namespace");
  }
  if (network_->policies.size() >= kPoliciesMax && find_policy(policy->kind, policy->ns, policy->name) == kNone) {
    return base::fail(base::Code::kLimit, "more than " + std::to_string(kPoliciesMax) + " policies");
  }
  put_policy(std::move(*policy));
  return {};
}

void LiveNetwork::put_policy(Policy policy) {
  Reachability::State& state = *reachability_.state_;
  // A namespace that only the policy names has no class yet.
  state.classes_of_ns.resize(network_->namespaces.size(), {0, 0});
  Id id = find_policy(policy.kind, policy.ns, policy.name);
  bool order_changed = id == kNone;
  if (id == kNone) {
    id = static_cast<Id>(network_->policies.size());
    network_->policies.emplace_back();
    state.compiled.emplace_back();
  } else {
    const Policy& old = network_->policies[id];
    order_changed = old.priority != policy.priority || old.tier != policy.tier;
    state.count_cuts(old, -1);
  }
  network_->policies[id] = std::move(policy);
  if (!state.refine_for(network_->policies[id])) return rebuild();
  PeerSet touched = state.compiled[id].subjects;
  state.compile(id);
  touched.unite(state.compiled[id].subjects);
  if (order_changed) state.sort_policies();
  state.refresh(touched, {id});
}

bool LiveNetwork::remove(std::string_view kind, std::string_view ns, std::string_view name) {
  if (kind == "Namespace") {
    const Id id = network_->find_namespace(name);
    if (id == kNone || !network_->namespaces[id].declared) return false;
    remove_namespace(id);
    return true;
  }
  const Id id = find_policy(kind, ns, name);
  if (id == kNone) return false;
  remove_policy(id);
  return true;
}

void LiveNetwork::remove_policy(Id id) {
  Reachability::State& state = *reachability_.state_;
  Policy& policy = network_->policies[id];
  state.count_cuts(policy, -1);
  if (state.too_many_cuts) {
    network_->policies.erase(network_->policies.begin() + id);
    return rebuild();
  }
  policy.ingress = policy.egress = false;
  state.refresh(state.compiled[id].subjects, {id});
  network_->policies.erase(network_->policies.begin() + id);
  state.forget_policy(id);
  state.sort_policies();
}

void LiveNetwork::set_labels(Id ns, std::vector<Label> labels, bool declared) {
  Reachability::State& state = *reachability_.state_;
  state.classes_of_ns.resize(network_->namespaces.size(), {0, 0});
  Namespace& space = network_->namespaces[ns];
  space.declared = declared;
  if (space.labels == labels) return;
  std::swap(space.labels, labels);
  const auto tells = [&](const Selector& selector) {
    return selector.matches(labels) != selector.matches(space.labels);
  };
  for (auto& [selector, namespaces] : state.namespace_selectors) {
    const auto at = std::lower_bound(namespaces.begin(), namespaces.end(), ns);
    const bool is_in = at != namespaces.end() && *at == ns;
    if (selector.matches(space.labels) == is_in) continue;
    if (is_in) {
      namespaces.erase(at);
    } else {
      namespaces.insert(at, ns);
    }
  }
  const auto peer_tells = [&](const PodPeer& peer) { return peer.ns == kNone && tells(peer.namespaces); };
  const auto rules_tell = [&](const std::vector<Rule>& rules) {
    return std::any_of(rules.begin(), rules.end(), [&](const Rule& rule) {
      return !rule.any_peer && std::any_of(rule.pods.begin(), rule.pods.end(), peer_tells);
    });
  };
  std::vector<Id> changed;
  PeerSet touched;
  for (Id id = 0; id < network_->policies.size(); ++id) {
    const Policy& policy = network_->policies[id];
    if (!peer_tells(policy.subject) && !rules_tell(policy.ingress_rules) && !rules_tell(policy.egress_rules)) continue;
    changed.push_back(id);
    touched.unite(state.compiled[id].subjects);
    state.compile(id);
    touched.unite(state.compiled[id].subjects);
  }
  state.refresh(touched, changed);
}

void LiveNetwork::remove_namespace(Id ns) {
  Network& network = *network_;
  const std::string name = network.namespaces[ns].name;
  for (Id id = static_cast<Id>(network.policies.size()); id-- > 0;) {
    if (network.policies[id].ns == name) remove_policy(id);
  }
  std::vector<bool> gone_pods(network.pods.size()), gone_workloads(network.workloads.size());
  std::vector<Id> new_workload(network.workloads.size());
  Id kept = 0;
  for (Id id = 0; id < network.workloads.size(); ++id) {
    gone_workloads[id] = network.workloads[id].ns == ns;
    new_workload[id] = gone_workloads[id] ? kNone : kept++;
  }
  for (Id id = 0; id < network.pods.size(); ++id) {
    gone_pods[id] = network.pods[id].ns == ns;
    network.pods[id].workload = new_workload[network.pods[id].workload];
  }
  std::erase_if(network.pods, [ns](const Pod& pod) { return pod.ns == ns; });
  std::erase_if(network.workloads, [ns](const Workload& workload) { return workload.ns == ns; });
  std::erase_if(network.services, [ns](const Service& service) { return service.ns == ns; });
  std::erase_if(network.exposed, [&name](const ExposedBackend& backend) { return backend.ns == name; });
  std::erase_if(network.unsupported, [ns](const Unsupported& object) { return object.ns == ns; });
  reachability_.state_->forget_pods(ns, gone_pods, gone_workloads);
  set_labels(ns, internal::namespace_labels(doc::kNullNode, name, network.texts), false);
}

}  // namespace ameia::graph
