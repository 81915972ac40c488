#include "naive.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "kube/selector.h"

namespace ameia::graph::naive {
namespace {

using doc::Node;

bool selects(const Node& selector, const Node& labels) {
  const auto parsed = kube::LabelSelector::parse(selector);
  return parsed && parsed->matches(labels);
}

std::string_view ns_of(const Node& object) {
  return object["metadata"]["namespace"].str("default");
}

bool namespace_selected(const Cluster& cluster, const Node& selector, std::string_view name) {
  const auto parsed = kube::LabelSelector::parse(selector);
  if (!parsed) return false;
  for (const Node* ns : cluster.namespaces) {
    if ((*ns)["metadata"]["name"].str() == name) {
      return parsed->matches((*ns)["metadata"]["labels"], "kubernetes.io/metadata.name", name);
    }
  }
  return parsed->matches(doc::kNullNode, "kubernetes.io/metadata.name", name);
}

uint32_t v4(const std::string& text) {
  in_addr address{};
  inet_pton(AF_INET, text.c_str(), &address);
  return ntohl(address.s_addr);
}

bool in_cidr(const std::string& address, std::string_view cidr) {
  const size_t slash = cidr.find('/');
  const int bits = std::stoi(std::string(cidr.substr(slash + 1)));
  const uint32_t mask = bits == 0 ? 0 : ~uint32_t{0} << (32 - bits);
  return (v4(address) & mask) == (v4(std::string(cidr.substr(0, slash))) & mask);
}

// Whether the named port of the destination pod is this port.
bool named_port_is(const Node* pod, std::string_view name, Protocol protocol, int port) {
  if (pod == nullptr) return false;
  for (const Node& container : (*pod)["spec"]["containers"].list()) {
    for (const Node& entry : container["ports"].list()) {
      if (entry["name"].str() == name && entry["protocol"].str("TCP") == name_of(protocol) &&
          entry["containerPort"].integer_or(0) == port) {
        return true;
      }
    }
  }
  return false;
}

bool plain_ports(const Node& ports, const End& to, Protocol protocol, int port) {
  if (ports.size == 0) return true;
  return std::any_of(ports.list().begin(), ports.list().end(), [&](const Node& entry) {
    if (entry["port"].is_string()) {
      return entry["protocol"].str("TCP") == name_of(protocol) &&
             named_port_is(to.pod, entry["port"].str(), protocol, port);
    }
    if (entry["protocol"].str("TCP") != name_of(protocol)) return false;
    if (entry["port"].is_null()) return true;
    const int64_t first = entry["port"].integer_or(0);
    return first <= port && port <= entry["endPort"].integer_or(first);
  });
}

bool plain_peer(const Cluster& cluster, const Node& peers, std::string_view own_ns, const End& other) {
  if (peers.size == 0) return true;
  return std::any_of(peers.list().begin(), peers.list().end(), [&](const Node& peer) {
    if (peer["ipBlock"].is_map()) {
      if (other.pod != nullptr || !in_cidr(other.address, peer["ipBlock"]["cidr"].str())) return false;
      const auto except = peer["ipBlock"]["except"].list();
      return std::none_of(except.begin(), except.end(),
                          [&](const Node& hole) { return in_cidr(other.address, hole.str()); });
    }
    if (other.pod == nullptr) return false;
    if (peer["namespaceSelector"].is_null()
            ? ns_of(*other.pod) != own_ns
            : !namespace_selected(cluster, peer["namespaceSelector"], ns_of(*other.pod))) {
      return false;
    }
    return selects(peer["podSelector"], (*other.pod)["metadata"]["labels"]);
  });
}

bool tiered_pods(const Cluster& cluster, const Node& node, const Node& pod) {
  if (!node["namespaces"].is_null()) return namespace_selected(cluster, node["namespaces"], ns_of(pod));
  return node["pods"].is_map() && namespace_selected(cluster, node["pods"]["namespaceSelector"], ns_of(pod)) &&
         selects(node["pods"]["podSelector"], pod["metadata"]["labels"]);
}

bool tiered_ports(const Node& ports, const End& to, Protocol protocol, int port) {
  if (ports.size == 0) return true;
  return std::any_of(ports.list().begin(), ports.list().end(), [&](const Node& entry) {
    if (entry["namedPort"].is_string()) return named_port_is(to.pod, entry["namedPort"].str(), protocol, port);
    const Node& range = entry["portRange"];
    const Node& one = entry["portNumber"];
    if (range.is_map()) {
      return range["protocol"].str("TCP") == name_of(protocol) && range["start"].integer_or(0) <= port &&
             port <= range["end"].integer_or(0);
    }
    return one["protocol"].str("TCP") == name_of(protocol) && one["port"].integer_or(0) == port;
  });
}

// The action of the first rule of these policies that matches; empty: none does.
std::string_view first_action(const Cluster& cluster, std::string_view kind, bool ingress, const Node& pod,
                              const End& other, const End& to, Protocol protocol, int port) {
  std::vector<const Node*> policies;
  for (const Node* policy : cluster.policies) {
    if ((*policy)["kind"].str() == kind) policies.push_back(policy);
  }
  std::stable_sort(policies.begin(), policies.end(), [](const Node* a, const Node* b) {
    const int64_t x = (*a)["spec"]["priority"].integer_or(0), y = (*b)["spec"]["priority"].integer_or(0);
    return x != y ? x < y : (*a)["metadata"]["name"].str() < (*b)["metadata"]["name"].str();
  });
  for (const Node* policy : policies) {
    const Node& spec = (*policy)["spec"];
    if (!tiered_pods(cluster, spec["subject"], pod)) continue;
    for (const Node& rule : spec[ingress ? "ingress" : "egress"].list()) {
      const auto peers = rule[ingress ? "from" : "to"].list();
      const bool hit = std::any_of(peers.begin(), peers.end(), [&](const Node& peer) {
        if (peer["networks"].is_list()) {
          const auto networks = peer["networks"].list();
          return other.pod == nullptr && std::any_of(networks.begin(), networks.end(), [&](const Node& network) {
                   return in_cidr(other.address, network.str());
                 });
        }
        return other.pod != nullptr && tiered_pods(cluster, peer, *other.pod);
      });
      if (hit && tiered_ports(rule["ports"], to, protocol, port)) return rule["action"].str();
    }
  }
  return {};
}

bool allowed(const Cluster& cluster, bool ingress, const Node& pod, const End& other, const End& to, Protocol protocol,
             int port) {
  const std::string_view admin = first_action(cluster, "AdminNetworkPolicy", ingress, pod, other, to, protocol, port);
  if (admin == "Allow") return true;
  if (admin == "Deny") return false;
  bool isolated = false;
  for (const Node* policy : cluster.policies) {
    const Node& spec = (*policy)["spec"];
    if ((*policy)["kind"].str() != "NetworkPolicy" || ns_of(*policy) != ns_of(pod)) continue;
    if (!selects(spec["podSelector"], pod["metadata"]["labels"])) continue;
    bool applies = ingress || spec["egress"].size > 0;
    if (spec["policyTypes"].size > 0) {
      const auto types = spec["policyTypes"].list();
      applies = std::any_of(types.begin(), types.end(),
                            [&](const Node& type) { return type.str() == (ingress ? "Ingress" : "Egress"); });
    }
    if (!applies) continue;
    isolated = true;
    for (const Node& rule : spec[ingress ? "ingress" : "egress"].list()) {
      if (plain_peer(cluster, rule[ingress ? "from" : "to"], ns_of(*policy), other) &&
          plain_ports(rule["ports"], to, protocol, port)) {
        return true;
      }
    }
  }
  if (isolated) return false;
  return first_action(cluster, "BaselineAdminNetworkPolicy", ingress, pod, other, to, protocol, port) != "Deny";
}

}  // namespace

bool egress_allowed(const Cluster& cluster, const End& from, const End& to, Protocol protocol, int port) {
  return from.pod == nullptr || allowed(cluster, false, *from.pod, to, to, protocol, port);
}

bool ingress_allowed(const Cluster& cluster, const End& from, const End& to, Protocol protocol, int port) {
  return to.pod == nullptr || allowed(cluster, true, *to.pod, from, to, protocol, port);
}

}  // namespace ameia::graph::naive
