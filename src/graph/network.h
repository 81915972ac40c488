// Network: what of an estate decides who can reach whom: namespaces, pods, policies of every kind, Services, Ingress.
// Sources: networking.k8s.io/v1 NetworkPolicy; policy.networking.k8s.io/v1alpha1 AdminNetworkPolicy and
// BaselineAdminNetworkPolicy; v1alpha2 ClusterNetworkPolicy (KEP network-policy-api NPEP-285).
// Neighbours: reachability.h compiles it to answers.
//
//   objects ─ NetworkBuilder ─ Network (pods with interned labels, rules of one shape) ─ Reachability
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "doc/node.h"
#include "graph/address.h"
#include "graph/ports.h"
#include "kube/selector.h"

namespace ameia::graph {

using Id = uint32_t;  // of an interned text, a namespace, a pod, …
inline constexpr Id kNone = ~Id{0};

// Texts as small numbers. Owns: copies of the texts.
class Interner {
 public:
  Id intern(std::string_view text);
  [[nodiscard]] Id find(std::string_view text) const;  // kNone when never interned
  [[nodiscard]] const std::string& text(Id id) const { return *texts_[id]; }
  [[nodiscard]] size_t size() const { return texts_.size(); }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, Id, Hash, std::equal_to<>> ids_;
  std::vector<const std::string*> texts_;
};

struct Label {
  Id key;
  Id value;
  auto operator<=>(const Label&) const = default;
};

struct NamedPort {
  Id name;
  Protocol protocol;
  uint16_t port;
  auto operator<=>(const NamedPort&) const = default;
};

struct Namespace {
  std::string name;
  std::vector<Label> labels;  // sorted; with kubernetes.io/metadata.name
  bool declared = false;      // its object was among the objects
};

// Pods that one owner makes, or a pod on its own.
struct Workload {
  Id ns;
  std::string name;
  std::string kind;
};

struct Pod {
  Id ns;
  Id workload;
  std::string name;
  std::vector<Label> labels;     // sorted by key
  std::vector<NamedPort> ports;  // sorted, of all containers
  std::vector<Address> addresses;
  bool host_network = false;
  const doc::Node* source = nullptr;  // its object, or its workload's, as long as the document lives
};

// A selector over interned labels. No requirement: everything.
struct Selector {
  struct Requirement {
    Id key;
    kube::LabelSelector::Operator op;
    std::vector<Id> values;  // sorted
    auto operator<=>(const Requirement&) const = default;
  };
  std::vector<Requirement> requirements;  // sorted
  auto operator<=>(const Selector&) const = default;
  [[nodiscard]] bool matches(const std::vector<Label>& labels) const;
};

// Pods by namespace and labels: those of one namespace, or of every namespace that the selector takes.
struct PodPeer {
  Id ns = kNone;
  Selector namespaces;  // when ns is kNone
  Selector pods;
};

// One entry of a rule's ports. A named port means what the destination pod calls so.
struct PortTerm {
  std::optional<Protocol> protocol;  // nullopt: a named port of any protocol
  PortRange range;
  Id name = kNone;
};

enum class Verdict : uint8_t { kAllow, kDeny, kPass };

struct Rule {
  Verdict verdict = Verdict::kAllow;
  std::string name;
  bool any_peer = false;  // every pod and every address
  std::vector<PodPeer> pods;
  std::vector<AddressRange> addresses;
  bool any_port = false;
  std::vector<PortTerm> ports;
  std::string unknown;  // a peer that files cannot resolve ("nodes", "domainNames"): the rule's effect is not known
};

enum class Tier : uint8_t { kAdmin, kNetworkPolicy, kBaseline };

struct Policy {
  Tier tier = Tier::kNetworkPolicy;
  std::string kind;
  std::string ns;  // empty: cluster-wide
  std::string name;
  int priority = 0;  // lower goes first, within a tier other than kNetworkPolicy
  PodPeer subject;
  bool ingress = false, egress = false;  // which directions of its subjects it decides
  std::vector<Rule> ingress_rules, egress_rules;
  const doc::Node* source = nullptr;  // the object, as long as its document lives
};
// "NetworkPolicy payments/allow-api", "AdminNetworkPolicy default-deny"
std::string to_string(const Policy& policy);

struct ServicePort {
  std::string name;
  uint16_t port = 0;
  Protocol protocol = Protocol::kTcp;
  Id target_name = kNone;
  uint16_t target = 0;  // when target_name is kNone
};
struct Service {
  Id ns;
  std::string name;
  std::string type;
  std::optional<Selector> selector;
  std::vector<ServicePort> ports;
  std::vector<Address> addresses;  // clusterIPs
};

// A door from outside: an Ingress, Route or Gateway route that leads to a port of a Service.
struct ExposedBackend {
  std::string kind, ns, name;  // of the object that opens the door
  Id service_ns;
  std::string service;
  std::string port_name;     // or
  uint16_t port_number = 0;  // neither: all ports
};

// A kind that changes reachability in ways this engine does not know: what it touches cannot be answered.
struct Unsupported {
  std::string kind, name;
  Id ns = kNone;  // kNone: the whole cluster
};

// Threads: immutable after build. Owns: everything but Policy::source and Pod::source.
struct Network {
  Interner texts;
  std::vector<Namespace> namespaces;
  std::vector<Workload> workloads;
  std::vector<Pod> pods;
  std::vector<Policy> policies;
  std::vector<Service> services;
  std::vector<ExposedBackend> exposed;
  std::vector<Unsupported> unsupported;
  std::vector<std::string> problems;  // objects that the API server would refuse, left out, each with the reason

  std::unique_ptr<base::Arena> arena = std::make_unique<base::Arena>();  // of objects completed by their list's kind

  [[nodiscard]] Id find_namespace(std::string_view name) const;
  std::unordered_map<std::string, Id> namespace_ids;
};

// "payments/api[Deployment]"
std::string to_string(const Network& network, const Workload& workload);

// Threads: none. Fails: never; what cannot be read is one of Network::problems.
class NetworkBuilder {
 public:
  NetworkBuilder();
  ~NetworkBuilder();
  // Any object or list of objects; kinds that say nothing about the network are passed over.
  void add(const doc::Node& object);
  Network build();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One policy object on its own, against the names of `network`; nullopt: another kind. Fails: the reason why an API
// server would refuse it.
base::Result<std::optional<Policy>> read_policy(const doc::Node& object, Interner& texts, Network& network);

}  // namespace ameia::graph
