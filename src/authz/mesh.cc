#include "authz/mesh.h"

#include <algorithm>

#include "authz/limits.h"
#include "kube/object.h"

namespace ameia::authz {
namespace {

constexpr std::string_view kRootNamespace = "istio-system";
constexpr std::string_view kDomain = "cluster.local";

void read_strings(const doc::Node& list, std::vector<std::string>& out) {
  for (const doc::Node& value : list.list()) out.emplace_back(value.str());
}
Strings read_strings(const doc::Node& node, doc::KeyRef key, doc::KeyRef not_key) {
  Strings out;
  read_strings(node[key], out.values);
  read_strings(node[not_key], out.not_values);
  return out;
}

bool matches(std::string_view pattern, std::string_view value) {
  if (pattern == "*") return !value.empty();
  if (pattern.ends_with('*')) return value.starts_with(pattern.substr(0, pattern.size() - 1));
  if (pattern.starts_with('*')) return value.ends_with(pattern.substr(1));
  return pattern == value;
}
bool matches(const Strings& wanted, std::string_view value) {
  const auto one = [value](const std::string& pattern) { return matches(pattern, value); };
  return (wanted.values.empty() || std::any_of(wanted.values.begin(), wanted.values.end(), one)) &&
         std::none_of(wanted.not_values.begin(), wanted.not_values.end(), one);
}

std::optional<Mtls> mtls_of(std::string_view mode) {
  if (mode == "STRICT") return Mtls::kStrict;
  if (mode == "PERMISSIVE") return Mtls::kPermissive;
  if (mode == "DISABLE") return Mtls::kDisable;
  return std::nullopt;  // UNSET: from the level above
}

}  // namespace

std::string to_string(const Policy& policy) {
  return "AuthorizationPolicy " + policy.ns + "/" + policy.name;
}

std::string_view to_string(Answer answer) {
  switch (answer) {
    case Answer::kAllowed: return "allowed";
    case Answer::kDenied: return "denied";
    case Answer::kSomeRequests: return "some requests";
    case Answer::kProviderDecides: return "a provider decides";
    case Answer::kNotEnforced: return "not enforced";
    case Answer::kNotEvaluated: return "not_evaluated";
  }
  return {};
}

// ---- reading

void Mesh::add(const doc::Node& root) {
  std::vector<const doc::Node*> objects;
  kube::expand_list(root, objects);
  for (const doc::Node* node : objects) {
    const kube::ObjectView object(*node);
    const std::string_view group = object.group_version().group;
    const std::string ns(object.ns().empty() ? "default" : object.ns());
    if (object.kind() == "AuthorizationPolicy" && group == "security.istio.io") {
      add_policy(*node);
    } else if (object.kind() == "PeerAuthentication" && group == "security.istio.io") {
      add_authentication(*node);
    } else if (object.kind() == "Service" && group.empty()) {
      services_.push_back({ns, &(*node)["spec"]});
    } else if (object.kind() == "Namespace" && group.empty()) {
      namespace_labels_.emplace_back(object.name(), &object.labels());
    }
  }
}

void Mesh::add_policy(const doc::Node& root) {
  const kube::ObjectView object(root);
  Policy policy;
  policy.ns = object.ns().empty() ? "default" : object.ns();
  policy.name = object.name();
  policy.source = &root;
  policy.dry_run = object.annotation("istio.io/dry-run") == "true";
  const auto refuse = [&](std::string_view what) { problems_.push_back(to_string(policy) + ": " + std::string(what)); };
  if (policies_.size() >= kPoliciesMax) return refuse("more than 100,000 policies");
  const doc::Node& spec = root["spec"];
  const std::string_view action = spec["action"].str("ALLOW");
  if (action == "CUSTOM") {
    policy.action = Action::kCustom;
  } else if (action == "DENY") {
    policy.action = Action::kDeny;
  } else if (action == "AUDIT") {
    policy.action = Action::kAudit;
  } else if (action != "ALLOW") {
    return refuse("spec.action is ALLOW, DENY, AUDIT or CUSTOM");
  }
  policy.provider = spec["provider"]["name"].str();
  if (policy.action == Action::kCustom && policy.provider.empty()) return refuse("a CUSTOM policy names its provider");
  policy.for_targets = spec["targetRefs"].size > 0 || spec["targetRef"].is_map();
  if (policy.for_targets && spec["selector"].is_map()) return refuse("has either selector or targetRefs, not both");
  auto selector = kube::LabelSelector::parse(spec["selector"]);
  if (!selector) return refuse(selector.error().what);
  policy.selector = std::move(*selector);
  if (spec["rules"].is_list() && spec["rules"].size > kRulesMax) return refuse("has more than 512 rules");
  for (const doc::Node& node : spec["rules"].list()) {
    Rule rule;
    rule.place = &node;
    for (const char* field : {"from", "to", "when"}) {
      if (node[field].is_list() && node[field].size > kTermsMax) return refuse("has a rule with more than 512 terms");
    }
    for (const doc::Node& from : node["from"].list()) {
      const doc::Node& source = from["source"];
      SourceTerm term;
      term.principals = read_strings(source, "principals", "notPrincipals");
      term.namespaces = read_strings(source, "namespaces", "notNamespaces");
      term.service_accounts = read_strings(source, "serviceAccounts", "notServiceAccounts");
      term.trust_domains = read_strings(source, "trustDomains", "notTrustDomains");
      for (const char* field : {"ipBlocks", "notIpBlocks", "remoteIpBlocks", "notRemoteIpBlocks"}) {
        term.by_address |= source[field].is_list();
      }
      term.by_request = source["requestPrincipals"].is_list() || source["notRequestPrincipals"].is_list();
      rule.from.push_back(std::move(term));
    }
    for (const doc::Node& to : node["to"].list()) {
      const doc::Node& operation = to["operation"];
      OperationTerm term;
      term.ports = read_strings(operation, "ports", "notPorts");
      for (const char* field : {"hosts", "notHosts", "methods", "notMethods", "paths", "notPaths"}) {
        term.by_request |= operation[field].is_list();
      }
      rule.to.push_back(std::move(term));
    }
    for (const doc::Node& when : node["when"].list()) {
      rule.when.push_back({std::string(when["key"].str()), read_strings(when, "values", "notValues")});
    }
    policy.rules.push_back(std::move(rule));
  }
  policies_.push_back(std::move(policy));
}

void Mesh::add_authentication(const doc::Node& root) {
  const kube::ObjectView object(root);
  Authentication out;
  out.ns = object.ns().empty() ? "default" : object.ns();
  const doc::Node& spec = root["spec"];
  auto selector = kube::LabelSelector::parse(spec["selector"]);
  if (!selector) {
    problems_.push_back("PeerAuthentication " + out.ns + "/" + std::string(object.name()) + ": " +
                        selector.error().what);
    return;
  }
  out.selects = spec["selector"].is_map() && !selector->empty();
  out.selector = std::move(*selector);
  out.mode = mtls_of(spec["mtls"]["mode"].str());
  for (const doc::Member& member : spec["portLevelMtls"].map()) {
    const std::string text(member.key->view());
    const int port = std::atoi(text.c_str());
    if (port > 0 && port < 65536)
      out.ports.emplace_back(static_cast<uint16_t>(port), mtls_of(member.value["mode"].str()));
  }
  authentications_.push_back(std::move(out));
}

// ---- what holds for a workload

Mode Mesh::mode(const Workload& workload) const {
  const doc::Node& labels = (*workload.metadata)["labels"];
  const doc::Node* space = &doc::kNullNode;
  for (const auto& [name, node] : namespace_labels_) {
    if (name == workload.ns) space = node;
  }
  const std::string_view own = labels["istio.io/dataplane-mode"].str();
  if (own == "ambient" || (own.empty() && (*space)["istio.io/dataplane-mode"].str() == "ambient"))
    return Mode::kAmbient;
  for (const char* list : {"containers", "initContainers"}) {
    for (const doc::Node& container : (*workload.spec)[list].list()) {
      if (container["name"].str() == "istio-proxy") return Mode::kSidecar;
    }
  }
  std::string_view inject = labels["sidecar.istio.io/inject"].str();
  if (inject.empty()) inject = (*workload.metadata)["annotations"]["sidecar.istio.io/inject"].str();
  if (inject == "false" || (*workload.spec)["hostNetwork"].boolean_or(false)) return Mode::kNone;
  if (inject == "true" || !labels["istio.io/rev"].str().empty()) return Mode::kSidecar;
  const std::string_view space_inject = (*space)["istio-injection"].str();
  if (space_inject == "enabled") return Mode::kSidecar;
  return space_inject != "disabled" && !(*space)["istio.io/rev"].str().empty() ? Mode::kSidecar : Mode::kNone;
}

// The port's level, then the workload's, the namespace's and the mesh's.
Mtls Mesh::mtls(const Workload& workload, uint16_t port) const {
  const doc::Node& labels = (*workload.metadata)["labels"];
  std::optional<Mtls> by_port, by_workload, by_namespace, by_mesh;
  for (const Authentication& one : authentications_) {
    if (one.selects) {
      if (one.ns != workload.ns || !one.selector.matches(labels)) continue;
      for (const auto& [number, mode] : one.ports) {
        if (number == port && mode) by_port = mode;
      }
      if (one.mode) by_workload = one.mode;
    } else if (one.ns == workload.ns && one.mode) {
      by_namespace = one.mode;
    } else if (one.ns == kRootNamespace && one.mode) {
      by_mesh = one.mode;
    }
  }
  for (const auto& level : {by_port, by_workload, by_namespace, by_mesh}) {
    if (level) return *level;
  }
  return Mtls::kPermissive;
}

bool Mesh::applies(const Policy& policy, const Workload& workload) const {
  return !policy.for_targets && (policy.ns == workload.ns || policy.ns == kRootNamespace) &&
         policy.selector.matches((*workload.metadata)["labels"]);
}

Mesh::Compiled Mesh::on(const Workload& workload) const {
  Compiled out;
  out.workload = workload;
  out.mode = mode(workload);
  for (const Policy& policy : policies_) {
    out.targets_unknown |= policy.for_targets && out.mode == Mode::kAmbient && policy.ns == workload.ns;
    if (policy.dry_run || policy.action == Action::kAudit || !applies(policy, workload)) continue;
    (policy.action == Action::kCustom ? out.custom
     : policy.action == Action::kDeny ? out.deny
                                      : out.allow)
        .push_back(&policy);
  }
  return out;
}

// What the Service in front says of the port: its appProtocol or the beginning of its name.
Mesh::PortKind Mesh::port_kind(const Workload& workload, uint16_t port) const {
  for (const Service& service : services_) {
    const doc::Node& wanted = (*service.spec)["selector"];
    if (service.ns != workload.ns || !wanted.is_map() || wanted.size == 0) continue;
    const doc::Node& labels = (*workload.metadata)["labels"];
    const auto members = wanted.map();
    if (!std::all_of(members.begin(), members.end(), [&](const doc::Member& member) {
          return labels[member.key->view()].str() == member.value.str();
        })) {
      continue;
    }
    for (const doc::Node& entry : (*service.spec)["ports"].list()) {
      const doc::Node& target = entry["targetPort"];
      bool same = target.integer_or(entry["port"].integer_or(0)) == port;
      if (target.is_string()) {
        same = false;
        for (const doc::Node& container : (*workload.spec)["containers"].list()) {
          for (const doc::Node& named : container["ports"].list()) {
            same |= named["name"].str() == target.str() && named["containerPort"].integer_or(0) == port;
          }
        }
      }
      if (!same) continue;
      std::string_view protocol = entry["appProtocol"].str();
      if (protocol.empty()) protocol = entry["name"].str();
      protocol = protocol.substr(0, protocol.find('-'));
      if (protocol == "http" || protocol == "http2" || protocol == "grpc" || protocol == "kubernetes.io/h2c") {
        return PortKind::kHttp;
      }
      for (const std::string_view tcp : {"tcp", "tls", "https", "mongo", "mysql", "redis", "udp"}) {
        if (protocol == tcp) return PortKind::kTcp;
      }
    }
  }
  return PortKind::kUnknown;
}

// ---- deciding

struct Mesh::Facts {
  bool has_identity = false;  // mutual TLS, so that the client is known
  std::string principal, ns, service_account;
  std::string port;
  PortKind kind = PortKind::kUnknown;
  bool only_l4 = false;  // ztunnel
};

Mesh::Hit Mesh::hit(const Policy& policy, const Rule& rule, const Facts& facts) {
  const bool deny = policy.action == Action::kDeny;
  bool is_empty = true;  // nothing of the rule is left that layer 4 can see
  // A field of requests on a connection that carries none Istio can see: an ALLOW never matches, a DENY goes without.
  const auto request = [&]() {
    if (facts.kind != PortKind::kTcp && !facts.only_l4) return Hit::kMaybe;
    return deny ? Hit::kYes : Hit::kNo;
  };
  const auto known = [&](const Strings& wanted, std::string_view value) {
    if (wanted.empty()) return Hit::kYes;
    is_empty = false;
    return matches(wanted, value) ? Hit::kYes : Hit::kNo;
  };
  const auto account = [&](const Strings& wanted) {
    Strings full = wanted;
    for (auto* values : {&full.values, &full.not_values}) {
      for (std::string& value : *values) {
        if (value.find('/') == std::string::npos) value = policy.ns + "/" + value;
      }
    }
    return known(full, facts.has_identity ? facts.ns + "/" + facts.service_account : "");
  };
  const auto any = [](const auto& terms, const auto& one) {
    Hit out = terms.empty() ? Hit::kYes : Hit::kNo;
    for (const auto& term : terms) out = std::max(out, one(term));
    return out;
  };
  const Hit from = any(rule.from, [&](const SourceTerm& term) {
    Hit out = std::min({known(term.principals, facts.principal), known(term.namespaces, facts.ns),
                        account(term.service_accounts),
                        known(term.trust_domains, facts.has_identity ? kDomain : std::string_view())});
    if (term.by_address) {
      is_empty = false;
      out = std::min(out, Hit::kMaybe);
    }
    return term.by_request ? std::min(out, request()) : out;
  });
  const Hit to = any(rule.to, [&](const OperationTerm& term) {
    const Hit out = known(term.ports, facts.port);
    return term.by_request ? std::min(out, request()) : out;
  });
  Hit when = Hit::kYes;
  bool by_request = std::any_of(rule.from.begin(), rule.from.end(), [](const SourceTerm& t) { return t.by_request; }) ||
                    std::any_of(rule.to.begin(), rule.to.end(), [](const OperationTerm& t) { return t.by_request; });
  for (const Condition& condition : rule.when) {
    Hit one = Hit::kMaybe;  // addresses, SNI, filters' own keys
    if (condition.key == "source.principal") {
      one = known(condition.values, facts.principal);
    } else if (condition.key == "source.namespace") {
      one = known(condition.values, facts.ns);
    } else if (condition.key == "source.serviceAccount") {
      one = account(condition.values);
    } else if (condition.key == "destination.port") {
      one = known(condition.values, facts.port);
    } else if (condition.key.starts_with("request.")) {
      one = request();
      by_request = true;
    } else {
      is_empty = false;
    }
    when = std::min(when, one);
  }
  // What ztunnel makes of a DENY rule that is all about requests: an empty match, which never fires.
  if (facts.only_l4 && deny && by_request && is_empty) return Hit::kNo;
  return std::min({from, to, when});
}

Mesh::Hit Mesh::hit(const Policy& policy, const Facts& facts) {
  Hit out = Hit::kNo;
  for (const Rule& rule : policy.rules) out = std::max(out, hit(policy, rule, facts));
  return out;
}

Decision Mesh::decide(const Compiled& server, const std::optional<Workload>& client, uint16_t port) const {
  if (server.mode == Mode::kNone) {
    return {Answer::kNotEnforced, "the destination is not in the mesh, as far as its labels and its namespace say"};
  }
  if (server.targets_unknown) {
    return {Answer::kNotEvaluated, "policies with targetRefs decide at a waypoint, which is not evaluated"};
  }
  const bool client_in_mesh = client && mode(*client) != Mode::kNone;
  const Mtls wanted = mtls(server.workload, port);
  if (!client_in_mesh && wanted == Mtls::kStrict) {
    return {Answer::kDenied, "PeerAuthentication is STRICT there, and the source is not in the mesh"};
  }
  Facts facts;
  facts.has_identity = client_in_mesh && wanted != Mtls::kDisable;
  if (facts.has_identity) {
    facts.ns = client->ns;
    facts.service_account = (*client->spec)["serviceAccountName"].str("default");
    facts.principal = std::string(kDomain) + "/ns/" + facts.ns + "/sa/" + facts.service_account;
  }
  facts.port = std::to_string(port);
  facts.kind = port_kind(server.workload, port);
  facts.only_l4 = server.mode == Mode::kAmbient;
  const Policy* unsure = nullptr;
  for (const Policy* policy : server.custom) {
    if (hit(*policy, facts) != Hit::kNo) {
      return {Answer::kProviderDecides, to_string(*policy) + " asks " + policy->provider};
    }
  }
  for (const Policy* policy : server.deny) {
    const Hit one = hit(*policy, facts);
    if (one == Hit::kYes) return {Answer::kDenied, "denied by " + to_string(*policy)};
    if (one == Hit::kMaybe && unsure == nullptr) unsure = policy;
  }
  const Policy* allows = nullptr;
  const Policy* may_allow = nullptr;
  for (const Policy* policy : server.allow) {
    const Hit one = hit(*policy, facts);
    if (one == Hit::kYes && allows == nullptr) allows = policy;
    if (one == Hit::kMaybe && may_allow == nullptr) may_allow = policy;
  }
  if (!server.allow.empty() && allows == nullptr && may_allow == nullptr) {
    std::string names;
    for (const Policy* policy : server.allow) names += (names.empty() ? " " : ", ") + to_string(*policy);
    return {Answer::kDenied, "no rule allows it of" + names};
  }
  if (unsure != nullptr) return {Answer::kSomeRequests, to_string(*unsure) + " denies some requests"};
  if (server.allow.empty()) return {Answer::kAllowed, "no ALLOW policy selects the destination"};
  if (allows == nullptr) return {Answer::kSomeRequests, to_string(*may_allow) + " allows some requests"};
  return {Answer::kAllowed, "allowed by " + to_string(*allows)};
}

}  // namespace ameia::authz
