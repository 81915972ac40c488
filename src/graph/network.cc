#include "graph/network.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

#include "doc/build.h"
#include "graph/internal/policy_reader.h"
#include "graph/limits.h"
#include "kube/object.h"
#include "kube/pod.h"

namespace ameia::graph {

Id Interner::intern(std::string_view text) {
  if (const auto found = ids_.find(text); found != ids_.end()) return found->second;
  const auto id = static_cast<Id>(texts_.size());
  const auto added = ids_.emplace(std::string(text), id).first;
  texts_.push_back(&added->first);
  return id;
}

Id Interner::find(std::string_view text) const {
  const auto found = ids_.find(text);
  return found == ids_.end() ? kNone : found->second;
}

bool Selector::matches(const std::vector<Label>& labels) const {
  using Operator = kube::LabelSelector::Operator;
  return std::all_of(requirements.begin(), requirements.end(), [&labels](const Requirement& wanted) {
    const auto at = std::lower_bound(labels.begin(), labels.end(), Label{wanted.key, 0});
    const bool has = at != labels.end() && at->key == wanted.key;
    const bool among = has && std::binary_search(wanted.values.begin(), wanted.values.end(), at->value);
    switch (wanted.op) {
      case Operator::kIn: return among;
      case Operator::kNotIn: return !among;
      case Operator::kExists: return has;
      case Operator::kDoesNotExist: return !has;
    }
    return false;
  });
}

std::string to_string(const Policy& policy) {
  return policy.kind + " " + (policy.ns.empty() ? "" : policy.ns + "/") + policy.name;
}

std::string to_string(const Network& network, const Workload& workload) {
  return network.namespaces[workload.ns].name + "/" + workload.name + "[" + workload.kind + "]";
}

Id Network::find_namespace(std::string_view name) const {
  const auto found = namespace_ids.find(std::string(name));
  return found == namespace_ids.end() ? kNone : found->second;
}

namespace internal {

constexpr std::string_view kNamespaceNameLabel = "kubernetes.io/metadata.name";

Id namespace_id(Network& network, std::string_view name) {
  if (name.empty()) name = "default";
  const auto [at, added] = network.namespace_ids.emplace(name, static_cast<Id>(network.namespaces.size()));
  if (added) {
    Namespace ns;
    ns.name = name;
    ns.labels = namespace_labels(doc::kNullNode, name, network.texts);
    network.namespaces.push_back(std::move(ns));
  }
  return at->second;
}

std::vector<Label> read_labels(const doc::Node& labels, Interner& texts) {
  std::vector<Label> out;
  out.reserve(labels.is_map() ? labels.size : 0);
  for (const doc::Member& member : labels.map()) {
    out.push_back({texts.intern(member.key->view()), texts.intern(member.value.str())});
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<Label> namespace_labels(const doc::Node& labels, std::string_view name, Interner& texts) {
  std::vector<Label> out = read_labels(labels, texts);
  const Label own{texts.intern(kNamespaceNameLabel), texts.intern(name)};
  std::erase_if(out, [&own](const Label& label) { return label.key == own.key; });
  out.insert(std::lower_bound(out.begin(), out.end(), own), own);
  return out;
}

}  // namespace internal

namespace {

using internal::namespace_id;
using internal::read_labels;

// Kinds of other projects that decide about traffic, or give pods other networks.
bool is_unsupported(std::string_view group, std::string_view kind) {
  const auto ends_with = [kind](std::string_view end) { return kind.ends_with(end); };
  if (group == "cilium.io" || group.ends_with("projectcalico.org") || group == "crd.antrea.io") {
    return ends_with("NetworkPolicy");
  }
  if (group == "k8s.cni.cncf.io") return kind == "NetworkAttachmentDefinition" || kind == "MultiNetworkPolicy";
  if (group == "k8s.ovn.org") return ends_with("UserDefinedNetwork") || kind == "EgressFirewall";
  if (group == "kubevirt.io") return kind == "VirtualMachine" || kind == "VirtualMachineInstance";
  return false;
}

uint16_t as_port(const doc::Node& node) {
  const int64_t port = node.integer_or(0);
  return port >= 1 && port <= 65535 ? static_cast<uint16_t>(port) : 0;
}

}  // namespace

struct NetworkBuilder::State {
  Network network;
  std::map<std::tuple<Id, std::string, std::string>, Id> workloads;

  Id workload(Id ns, std::string_view kind, std::string_view name) {
    const auto [at, added] = workloads.emplace(std::make_tuple(ns, std::string(kind), std::string(name)),
                                               static_cast<Id>(network.workloads.size()));
    if (added) network.workloads.push_back({ns, std::string(name), std::string(kind)});
    return at->second;
  }

  void add_namespace(const kube::ObjectView& object) {
    Namespace& ns = network.namespaces[namespace_id(network, object.name())];
    ns.declared = true;
    ns.labels = internal::namespace_labels(object.labels(), ns.name, network.texts);
  }

  void add_pod(const kube::ObjectView& object, const kube::PodView& view) {
    if (network.pods.size() >= kPodsMax) {
      if (network.pods.size() == kPodsMax)
        network.problems.push_back("more than " + std::to_string(kPodsMax) + " pods");
      return;
    }
    Pod pod;
    pod.ns = namespace_id(network, object.ns());
    pod.source = &object.root();
    pod.name = object.name().empty() ? object.generate_name() : object.name();
    pod.labels = read_labels((*view.metadata)["labels"], network.texts);
    for (const char* field : {"initContainers", "containers"}) {
      for (const doc::Node& container : (*view.spec)[field].list()) {
        for (const doc::Node& port : container["ports"].list()) {
          const auto protocol = protocol_of(port["protocol"].str("TCP"));
          const uint16_t number = as_port(port["containerPort"]);
          if (port["name"].str().empty() || number == 0 || !protocol) continue;
          pod.ports.push_back({network.texts.intern(port["name"].str()), *protocol, number});
        }
      }
    }
    std::sort(pod.ports.begin(), pod.ports.end());
    pod.host_network = (*view.spec)["hostNetwork"].boolean_or(false);
    const doc::Node& status = object.root()["status"];
    for (const doc::Node& entry : status["podIPs"].list()) {
      if (const auto address = parse_address(entry["ip"].str())) pod.addresses.push_back(*address);
    }
    if (pod.addresses.empty()) {
      if (const auto address = parse_address(status["podIP"].str())) pod.addresses.push_back(*address);
    }
    std::string_view kind = object.kind().empty() ? "Pod" : object.kind();
    std::string_view name = pod.name;
    if (!view.is_template) {
      const doc::Node* owner = object.controller();
      const auto owners = object.metadata()["ownerReferences"].list();
      if (owner == nullptr && !owners.empty()) owner = &owners.front();
      if (owner != nullptr && !(*owner)["name"].str().empty()) {
        name = (*owner)["name"].str();
        kind = (*owner)["kind"].str(kind);
      }
    }
    pod.workload = workload(pod.ns, kind, name);
    network.pods.push_back(std::move(pod));
  }

  void add_service(const kube::ObjectView& object) {
    const doc::Node& spec = object.root()["spec"];
    Service service;
    service.ns = namespace_id(network, object.ns());
    service.name = object.name();
    service.type = spec["type"].str("ClusterIP");
    if (spec["selector"].is_map() && spec["selector"].size > 0) {
      Selector selector;
      for (const Label& label : read_labels(spec["selector"], network.texts)) {
        selector.requirements.push_back({label.key, kube::LabelSelector::Operator::kIn, {label.value}});
      }
      service.selector = std::move(selector);
    }
    for (const doc::Node& entry : spec["ports"].list()) {
      ServicePort port;
      port.name = entry["name"].str();
      port.port = as_port(entry["port"]);
      port.protocol = protocol_of(entry["protocol"].str("TCP")).value_or(Protocol::kTcp);
      const doc::Node& target = entry["targetPort"];
      if (target.is_string()) {
        port.target_name = network.texts.intern(target.str());
      } else {
        port.target = as_port(target) != 0 ? as_port(target) : port.port;
      }
      service.ports.push_back(std::move(port));
    }
    for (const doc::Node& entry : spec["clusterIPs"].list()) {
      if (const auto address = parse_address(entry.str())) service.addresses.push_back(*address);
    }
    if (service.addresses.empty()) {
      if (const auto address = parse_address(spec["clusterIP"].str())) service.addresses.push_back(*address);
    }
    network.services.push_back(std::move(service));
  }

  void expose(const kube::ObjectView& object, std::string_view ns, std::string_view service, const doc::Node& port) {
    if (service.empty()) return;
    ExposedBackend backend;
    backend.kind = object.kind();
    backend.ns = object.ns().empty() ? "default" : object.ns();
    backend.name = object.name();
    backend.service_ns = namespace_id(network, ns.empty() ? backend.ns : ns);
    backend.service = service;
    if (port.is_string()) {
      backend.port_name = port.str();
    } else {
      backend.port_number = as_port(port);
    }
    network.exposed.push_back(std::move(backend));
  }

  void add_ingress(const kube::ObjectView& object) {
    const auto backend = [&](const doc::Node& node) {
      const doc::Node& service = node["service"];
      const doc::Node& port = service["port"];
      expose(object, {}, service["name"].str(), port["name"].is_string() ? port["name"] : port["number"]);
      expose(object, {}, node["serviceName"].str(), node["servicePort"]);  // v1beta1
    };
    const doc::Node& spec = object.root()["spec"];
    backend(spec["defaultBackend"]);
    backend(spec["backend"]);
    for (const doc::Node& rule : spec["rules"].list()) {
      for (const doc::Node& path : rule["http"]["paths"].list()) backend(path["backend"]);
    }
  }

  void add_route(const kube::ObjectView& object) {  // route.openshift.io
    const doc::Node& spec = object.root()["spec"];
    const doc::Node& port = spec["port"]["targetPort"];
    expose(object, {}, spec["to"]["name"].str(), port);
    for (const doc::Node& other : spec["alternateBackends"].list()) expose(object, {}, other["name"].str(), port);
  }

  void add_gateway_route(const kube::ObjectView& object) {
    for (const doc::Node& rule : object.root()["spec"]["rules"].list()) {
      for (const doc::Node& backend : rule["backendRefs"].list()) {
        if (backend["kind"].str("Service") != "Service") continue;
        expose(object, backend["namespace"].str(), backend["name"].str(), backend["port"]);
      }
    }
  }
};

NetworkBuilder::NetworkBuilder() : state_(std::make_unique<State>()) {}
NetworkBuilder::~NetworkBuilder() = default;

void NetworkBuilder::add(const doc::Node& root) {
  const kube::ObjectView object(root);
  Network& network = state_->network;
  if (object.kind().ends_with("List") && root["items"].is_list()) {
    // The items of a typed list (PodList) may leave out what they are.
    const std::string_view item_kind = object.kind().substr(0, object.kind().size() - std::string_view("List").size());
    for (const doc::Node& item : root["items"].list()) {
      if (!item["kind"].is_null() || item_kind.empty()) {
        add(item);
        continue;
      }
      doc::Builder builder(*network.arena);
      const doc::Node with_kind = builder.with_member(item, "kind", builder.string(item_kind));
      add(*network.arena->make<doc::Node>(builder.with_member(with_kind, "apiVersion", root["apiVersion"])));
    }
    return;
  }
  const std::string_view kind = object.kind();
  const std::string_view group = object.group_version().group;
  if (is_unsupported(group, kind)) {
    const Id ns = object.ns().empty() && kind.starts_with("Cluster") ? kNone : namespace_id(network, object.ns());
    network.unsupported.push_back({std::string(kind), std::string(object.name()), ns});
    return;
  }
  if (kind == "Namespace" && group.empty()) return state_->add_namespace(object);
  if (kind == "Service" && group.empty()) return state_->add_service(object);
  if (kind == "Ingress" && (group == "networking.k8s.io" || group == "extensions")) return state_->add_ingress(object);
  if (kind == "Route" && group == "route.openshift.io") return state_->add_route(object);
  if (group == "gateway.networking.k8s.io" && kind.ends_with("Route")) return state_->add_gateway_route(object);
  auto policy = read_policy(root, network.texts, network);
  if (!policy) {
    network.problems.push_back(policy.error().text());
    return;
  }
  if (policy->has_value()) {
    if (network.policies.size() < kPoliciesMax) {
      network.policies.push_back(std::move(**policy));
    } else {
      network.problems.push_back("more than " + std::to_string(kPoliciesMax) + " policies");
    }
    return;
  }
  if (kind == "PodTemplate") return;  // nothing runs from it by itself
  if (const auto pod = kube::find_pod(root)) state_->add_pod(object, *pod);
}

Network NetworkBuilder::build() {
  return std::move(state_->network);
}

}  // namespace ameia::graph
