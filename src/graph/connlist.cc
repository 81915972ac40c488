#include "graph/connlist.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace ameia::graph {
namespace {

constexpr std::string_view kIngressController = "{ingress-controller}";

// Services by (namespace, name) are few; a scan of them a backend is what a map would cost to build.
const Service* find_service(const Network& network, Id ns, std::string_view name) {
  for (const Service& service : network.services) {
    if (service.ns == ns && service.name == name) return &service;
  }
  return nullptr;
}

bool leads_to(const ExposedBackend& backend, const ServicePort& port) {
  if (!backend.port_name.empty()) return port.name == backend.port_name;
  return backend.port_number == 0 || port.port == backend.port_number;
}

// A Route names the pods' port, or the Service port's name.
bool targets(const Network& network, const ExposedBackend& backend, const ServicePort& port) {
  if (backend.kind != "Route") return leads_to(backend, port);
  if (!backend.port_name.empty()) {
    return port.name == backend.port_name ||
           (port.target_name != kNone && network.texts.text(port.target_name) == backend.port_name);
  }
  return backend.port_number == 0 || port.target == backend.port_number || port.port == backend.port_number;
}

}  // namespace

std::vector<ExposedPods> exposed_pods(const Network& network, const Reachability& reachability,
                                      const ExposedBackend& backend) {
  std::vector<ExposedPods> out;
  const Service* service = find_service(network, backend.service_ns, backend.service);
  if (service == nullptr || !service->selector) return out;
  for (Id id = 0; id < network.pods.size(); ++id) {
    const Pod& pod = network.pods[id];
    if (pod.ns != service->ns || !service->selector->matches(pod.labels)) continue;
    ExposedPods exposed{pod.workload, reachability.pod_peer(id), {}};
    for (const ServicePort& port : service->ports) {
      if (!targets(network, backend, port)) continue;
      if (port.target_name == kNone) {
        exposed.ports.add(port.protocol, {port.target, port.target});
        continue;
      }
      for (const NamedPort& named : pod.ports) {
        if (named.name == port.target_name && named.protocol == port.protocol) {
          exposed.ports.add(named.protocol, {named.port, named.port});
        }
      }
    }
    if (!exposed.ports.empty()) out.push_back(std::move(exposed));
  }
  return out;
}

std::vector<Connection> connections(const Network& network, const Reachability& reachability) {
  std::vector<Connection> out;
  const auto add = [&out](std::string_view from, std::string_view to, PortSet ports) {
    if (!ports.empty()) out.push_back({std::string(from), std::string(to), std::move(ports)});
  };
  std::vector<std::string> names;
  for (const Workload& workload : network.workloads) names.push_back(to_string(network, workload));
  const auto united = [](std::span<const Reachability::Peer> from, std::span<const Reachability::Peer> to,
                         const Reachability& by) {
    PortSet ports;
    for (const Reachability::Peer a : from) {
      for (const Reachability::Peer b : to) ports.unite(by.connections(a, b));
    }
    return ports;
  };
  const auto external = [](const AddressRange& range) { return to_string(range) + "[External]"; };
  const auto sources = reachability.outside(Direction::kIngress);
  const auto destinations = reachability.outside(Direction::kEgress);
  for (Id a = 0; a < names.size(); ++a) {
    const auto from = reachability.workload_peers(a);
    for (Id b = 0; b < names.size(); ++b) {
      if (a != b) add(names[a], names[b], united(from, reachability.workload_peers(b), reachability));
    }
    for (const auto& outside : sources) {
      add(external(outside.addresses), names[a], united({&outside.peer, 1}, from, reachability));
    }
    for (const auto& outside : destinations) {
      add(names[a], external(outside.addresses), united(from, {&outside.peer, 1}, reachability));
    }
  }
  std::map<Id, PortSet> exposed;
  for (const ExposedBackend& backend : network.exposed) {
    for (ExposedPods& pods : exposed_pods(network, reachability, backend)) {
      pods.ports.intersect(reachability.connections(Direction::kIngress, pods.peer, reachability.ingress_controller()));
      exposed[pods.workload].unite(pods.ports);
    }
  }
  for (auto& [workload, ports] : exposed) add(kIngressController, names[workload], std::move(ports));
  std::sort(out.begin(), out.end(),
            [](const Connection& x, const Connection& y) { return std::tie(x.from, x.to) < std::tie(y.from, y.to); });
  return out;
}

std::string to_text(const std::vector<Connection>& connections) {
  std::string out;
  for (const Connection& connection : connections) {
    out += connection.from + " => " + connection.to + " : " + to_string(connection.ports) + "\n";
  }
  return out;
}

}  // namespace ameia::graph
