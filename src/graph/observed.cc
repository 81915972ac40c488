#include "graph/observed.h"

#include <algorithm>
#include <map>
#include <set>

namespace ameia::graph {
namespace {

class Observer {
 public:
  explicit Observer(const Network& network) : network_(network) {
    for (Id id = 0; id < network.pods.size(); ++id) {
      const Pod& pod = network.pods[id];
      pods_.emplace(std::make_pair(pod.ns, std::string_view(pod.name)), id);
      if (pod.host_network) continue;  // its address is the node's
      for (const Address address : pod.addresses) by_address_.emplace(address, id);
    }
    for (Id id = 0; id < network.workloads.size(); ++id) {
      workloads_.emplace(std::make_pair(network.workloads[id].ns, std::string_view(network.workloads[id].name)), id);
    }
    for (const Service& service : network.services) {
      for (const Address address : service.addresses) services_.emplace(address, &service);
    }
  }

  Observed observe(const FlowFile& file) {
    for (const Flow& flow : file.flows) {
      const std::vector<Found> from = find(flow.from, nullptr), to = find(flow.to, &flow);
      if (from.empty() || to.empty()) {
        ++out_.unknown_flows;
        continue;
      }
      for (const Found& a : from) {
        for (const Found& b : to) {
          out_.flows.push_back({a.end, b.end, flow.protocol, b.port != 0 ? b.port : flow.port, flow.count, flow.line});
        }
      }
    }
    return std::move(out_);
  }

 private:
  struct Found {
    ObservedEnd end;
    uint16_t port = 0;  // of the pod, where the flow has a Service's
  };

  // `flow`: the one that goes to this end, for what a Service makes of its port.
  std::vector<Found> find(const FlowEnd& end, const Flow* flow) {
    if (!end.name.empty()) {
      const Id ns = network_.find_namespace(end.ns);
      if (const auto pod = pods_.find({ns, end.name}); pod != pods_.end() && end.kind.empty()) {
        return {of_pod(pod->second)};
      }
      const auto [first, last] = workloads_.equal_range({ns, end.name});
      for (auto at = first; at != last; ++at) {
        if (end.kind.empty() || network_.workloads[at->second].kind == end.kind) {
          return {{ObservedEnd{at->second, kNone, {}}, 0}};
        }
      }
    }
    if (!end.address) {
      unknown(end.ns + "/" + end.name + (end.kind.empty() ? "" : "[" + end.kind + "]"));
      return {};
    }
    if (const auto pod = by_address_.find(*end.address); pod != by_address_.end()) return {of_pod(pod->second)};
    if (const auto service = services_.find(*end.address); service != services_.end() && flow != nullptr) {
      return behind(*service->second, *flow);
    }
    return {{ObservedEnd{kNone, kNone, *end.address}, 0}};
  }

  [[nodiscard]] Found of_pod(Id id) const { return {ObservedEnd{network_.pods[id].workload, id, {}}, 0}; }

  std::vector<Found> behind(const Service& service, const Flow& flow) {
    std::set<std::pair<Id, uint16_t>> found;
    for (const ServicePort& port : service.ports) {
      if (port.port != flow.port || port.protocol != flow.protocol || !service.selector) continue;
      for (const Pod& pod : network_.pods) {
        if (pod.ns != service.ns || !service.selector->matches(pod.labels)) continue;
        uint16_t target = port.target;
        for (const NamedPort& named : pod.ports) {
          if (named.name == port.target_name && named.protocol == port.protocol) target = named.port;
        }
        if (target != 0) found.emplace(pod.workload, target);
      }
    }
    if (found.empty())
      unknown("Service " + network_.namespaces[service.ns].name + "/" + service.name + " at that port");
    std::vector<Found> out;
    for (const auto& [workload, port] : found) out.push_back({ObservedEnd{workload, kNone, {}}, port});
    return out;
  }

  void unknown(std::string name) {
    if (told_.insert(name).second) out_.unknown.push_back(std::move(name));
  }

  const Network& network_;
  std::map<std::pair<Id, std::string_view>, Id> pods_;
  std::multimap<std::pair<Id, std::string_view>, Id> workloads_;
  std::map<Address, Id> by_address_;
  std::map<Address, const Service*> services_;
  std::set<std::string> told_;
  Observed out_;
};

}  // namespace

std::string to_string(const Network& network, const ObservedEnd& end) {
  return end.workload == kNone ? to_string(end.address) : to_string(network, network.workloads[end.workload]);
}

Observed observe(const Network& network, const FlowFile& file) {
  return Observer(network).observe(file);
}

FlowAnswer answer(const Reachability& reachability, const ObservedFlow& flow) {
  const auto peers_of = [&](const ObservedEnd& end) -> std::vector<Reachability::Peer> {
    if (end.workload == kNone) return {reachability.address_peer(end.address)};
    if (end.pod != kNone) return {reachability.pod_peer(end.pod)};
    const auto peers = reachability.workload_peers(end.workload);
    return {peers.begin(), peers.end()};
  };
  FlowAnswer out;
  for (const Reachability::Peer from : peers_of(flow.from)) {
    for (const Reachability::Peer to : peers_of(flow.to)) {
      if (reachability.allowed(from, to, flow.protocol, flow.port)) continue;
      out.allowed = false;
      const bool by_egress =
          flow.from.workload != kNone && !reachability.allowed(Direction::kEgress, from, to, flow.protocol, flow.port);
      out.direction = by_egress ? Direction::kEgress : Direction::kIngress;
      out.reason = by_egress ? reachability.explain(Direction::kEgress, from, to, flow.protocol, flow.port)
                             : reachability.explain(Direction::kIngress, to, from, flow.protocol, flow.port);
      return out;
    }
  }
  return out;
}

}  // namespace ameia::graph
