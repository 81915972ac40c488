// Mesh: Istio's AuthorizationPolicy and PeerAuthentication as a pure function: may this client open that connection, as
// far as objects can say. What only a request knows (method, path, host, headers, claims) is "some requests".
// Sources: istio.io/latest/docs/reference/config/security, istio/api security/v1.
// Neighbours: kube/selector.h below; app/cmd_netpol.cc asks beside the network policies. graph stands above.
//
//   objects ─ Mesh ─ on(workload): its policies by action, once ─ decide(connection): CUSTOM, DENY, ALLOW; AUDIT never
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "doc/node.h"
#include "kube/selector.h"

namespace ameia::authz {

enum class Action : uint8_t { kCustom, kDeny, kAllow, kAudit };

// Values of one field: one of `values` must match where there are any, and none of `not_values`.
// "abc", "abc*", "*abc"; "*" is any that is there and not empty.
struct Strings {
  std::vector<std::string> values, not_values;
  [[nodiscard]] bool empty() const { return values.empty() && not_values.empty(); }
};
struct SourceTerm {
  Strings principals, namespaces, service_accounts, trust_domains;
  bool by_address = false;  // ipBlocks, remoteIpBlocks: what the proxy sees, which objects do not say
  bool by_request = false;  // requestPrincipals
};
struct OperationTerm {
  Strings ports;
  bool by_request = false;  // hosts, methods, paths
};
struct Condition {
  std::string key;
  Strings values;
};
struct Rule {
  std::vector<SourceTerm> from;   // any; none: everyone
  std::vector<OperationTerm> to;  // any
  std::vector<Condition> when;    // all
  const doc::Node* place = nullptr;
};
struct Policy {
  Action action = Action::kAllow;
  std::string ns, name, provider;
  kube::LabelSelector selector;
  bool for_targets = false;  // targetRefs: for a gateway or waypoint, not for workloads
  bool dry_run = false;
  std::vector<Rule> rules;
  const doc::Node* source = nullptr;
};
std::string to_string(const Policy& policy);

enum class Mode : uint8_t { kNone, kSidecar, kAmbient };
enum class Mtls : uint8_t { kDisable, kPermissive, kStrict };

// Borrows its nodes.
struct Workload {
  std::string ns;
  const doc::Node* metadata = nullptr;  // of the pod or its template
  const doc::Node* spec = nullptr;
};

enum class Answer : uint8_t { kAllowed, kDenied, kSomeRequests, kProviderDecides, kNotEnforced, kNotEvaluated };
std::string_view to_string(Answer answer);  // "allowed", "denied", "some requests", …
struct Decision {
  Answer answer = Answer::kAllowed;
  std::string reason;
};

struct Problem {
  std::string_view id;  // "AM-NET-201"
  std::string_view title;
  const Policy* policy = nullptr;
  std::string message;
  const doc::Node* place = nullptr;
};

// Threads: const after the last add. Owns: copies of texts; borrows the objects. Limits: kPoliciesMax, kRulesMax.
class Mesh {
 public:
  // Kinds that say nothing about the mesh are passed over.
  void add(const doc::Node& object);
  [[nodiscard]] bool empty() const { return policies_.empty() && authentications_.empty(); }
  // Policies that Istio would refuse, left out, each with the reason.
  [[nodiscard]] const std::vector<std::string>& problems() const { return problems_; }

  [[nodiscard]] Mode mode(const Workload& workload) const;
  [[nodiscard]] Mtls mtls(const Workload& workload, uint16_t port) const;

  // The policies of one workload, found once.
  struct Compiled {
    Workload workload;
    Mode mode = Mode::kNone;
    std::vector<const Policy*> custom, deny, allow;
    bool targets_unknown = false;  // a waypoint's policies decide too
  };
  [[nodiscard]] Compiled on(const Workload& workload) const;
  // `client` nullopt: from outside the cluster, without an identity.
  [[nodiscard]] Decision decide(const Compiled& server, const std::optional<Workload>& client, uint16_t port) const;

  // The known traps. `workloads`: all of the estate.
  [[nodiscard]] std::vector<Problem> lint(const std::vector<Workload>& workloads) const;

 private:
  enum class Hit : uint8_t { kNo, kMaybe, kYes };
  enum class PortKind : uint8_t { kUnknown, kHttp, kTcp };
  struct Facts;
  struct Authentication {
    std::string ns;
    kube::LabelSelector selector;
    bool selects = false;
    std::optional<Mtls> mode;
    std::vector<std::pair<uint16_t, std::optional<Mtls>>> ports;
  };
  struct Service {
    std::string ns;
    const doc::Node* spec;
  };
  void add_policy(const doc::Node& object);
  void add_authentication(const doc::Node& object);
  [[nodiscard]] bool applies(const Policy& policy, const Workload& workload) const;
  [[nodiscard]] PortKind port_kind(const Workload& workload, uint16_t port) const;
  [[nodiscard]] static Hit hit(const Policy& policy, const Rule& rule, const Facts& facts);
  [[nodiscard]] static Hit hit(const Policy& policy, const Facts& facts);
  void lint_rule(const Policy& policy, const Rule& rule, const std::vector<const Workload*>& selected,
                 std::vector<Problem>& out) const;

  std::vector<Policy> policies_;
  std::vector<Authentication> authentications_;
  std::vector<Service> services_;
  std::vector<std::pair<std::string, const doc::Node*>> namespace_labels_;
  std::vector<std::string> problems_;
};

}  // namespace ameia::authz
