#include "graph/exposure.h"

#include <algorithm>

#include "graph/connlist.h"

namespace ameia::graph {
namespace {

PortSet from_outside(const Reachability& reachability, Reachability::Peer pod) {
  PortSet out;
  for (const auto& outside : reachability.outside(Direction::kIngress)) {
    out.unite(reachability.connections(Direction::kIngress, pod, outside.peer));
  }
  return out;
}

void open_door(std::vector<Door>& doors, std::string name, const PortSet& ports, const PortSet& let_in) {
  PortSet through = ports;
  through.intersect(let_in);
  for (Door& door : doors) {
    if (door.name != name) continue;
    if (door.blocked != through.empty()) {
      if (door.blocked) door.ports = through;
      door.blocked = false;
    } else {
      door.ports.unite(through.empty() ? ports : through);
    }
    return;
  }
  const bool blocked = through.empty();
  doors.push_back({std::move(name), blocked ? ports : through, blocked});
}

}  // namespace

std::vector<Exposure> exposures(const Network& network, const Reachability& reachability) {
  std::vector<Exposure> out(network.workloads.size());
  for (Id id = 0; id < out.size(); ++id) {
    Exposure& exposure = out[id];
    exposure.workload = id;
    exposure.not_evaluated = reachability.not_evaluated(network.workloads[id].ns);
    exposure.ingress_isolated = exposure.egress_isolated = true;
    for (const Reachability::Peer pod : reachability.workload_peers(id)) {
      exposure.from_any_pod.unite(
          reachability.connections(Direction::kIngress, pod, reachability.ingress_controller()));
      exposure.from_outside.unite(from_outside(reachability, pod));
      for (const auto& outside : reachability.outside(Direction::kEgress)) {
        exposure.to_outside.unite(reachability.connections(Direction::kEgress, pod, outside.peer));
      }
      exposure.ingress_isolated &= reachability.isolated(Direction::kIngress, pod);
      exposure.egress_isolated &= reachability.isolated(Direction::kEgress, pod);
    }
  }
  for (const ExposedBackend& backend : network.exposed) {
    const std::string name = backend.kind + " " + backend.ns + "/" + backend.name;
    for (const ExposedPods& pods : exposed_pods(network, reachability, backend)) {
      open_door(out[pods.workload].doors, name, pods.ports,
                reachability.connections(Direction::kIngress, pods.peer, reachability.ingress_controller()));
    }
  }
  for (const Service& service : network.services) {
    if (service.type != "LoadBalancer" && service.type != "NodePort") continue;
    const ExposedBackend all_ports{
        service.type, network.namespaces[service.ns].name, service.name, service.ns, service.name, {}, 0};
    for (const ExposedPods& pods : exposed_pods(network, reachability, all_ports)) {
      open_door(out[pods.workload].doors, service.type + " " + all_ports.ns + "/" + service.name, pods.ports,
                from_outside(reachability, pods.peer));
    }
  }
  return out;
}

}  // namespace ameia::graph
