// The traps of AuthorizationPolicy: rules that never match, or match everything.
#include <algorithm>

#include "authz/mesh.h"

namespace ameia::authz {
namespace {

constexpr std::string_view kNeverFires = "AM-NET-201";
constexpr std::string_view kSpiffe = "AM-NET-202";
constexpr std::string_view kHttpOnTcp = "AM-NET-203";
constexpr std::string_view kHostWithoutPort = "AM-NET-204";
constexpr std::string_view kNotAtWaypoint = "AM-NET-205";
constexpr std::string_view kAllowsAll = "AM-NET-206";
constexpr std::string_view kDoesNothing = "AM-NET-207";
constexpr std::string_view kSelectsNothing = "AM-NET-208";

bool by_request(const Rule& rule) {
  return std::any_of(rule.from.begin(), rule.from.end(), [](const SourceTerm& t) { return t.by_request; }) ||
         std::any_of(rule.to.begin(), rule.to.end(), [](const OperationTerm& t) { return t.by_request; }) ||
         std::any_of(rule.when.begin(), rule.when.end(),
                     [](const Condition& c) { return c.key.starts_with("request."); });
}
bool by_connection(const Rule& rule) {
  return std::any_of(rule.from.begin(), rule.from.end(),
                     [](const SourceTerm& t) {
                       return t.by_address || !t.principals.empty() || !t.namespaces.empty() ||
                              !t.service_accounts.empty() || !t.trust_domains.empty();
                     }) ||
         std::any_of(rule.to.begin(), rule.to.end(), [](const OperationTerm& t) { return !t.ports.empty(); }) ||
         std::any_of(rule.when.begin(), rule.when.end(),
                     [](const Condition& c) { return !c.key.starts_with("request."); });
}

}  // namespace

std::vector<Problem> Mesh::lint(const std::vector<Workload>& workloads) const {
  std::vector<Problem> out;
  for (const Policy& policy : policies_) {
    std::vector<const Workload*> selected;
    for (const Workload& workload : workloads) {
      if (applies(policy, workload)) selected.push_back(&workload);
    }
    if (!policy.for_targets && selected.empty()) {
      out.push_back({kSelectsNothing, "The authorization policy selects no workload", &policy,
                     "no pod of the objects read, in its namespace, has the labels it asks for",
                     policy.source->find("spec", "selector")});
    }
    if (policy.rules.empty() && policy.action != Action::kAllow) {
      out.push_back({kDoesNothing, "The authorization policy never matches", &policy,
                     "it has no rules; one that is to match everything has an empty one: rules: [{}]",
                     policy.source->find("spec")});
    }
    for (const Rule& rule : policy.rules) lint_rule(policy, rule, selected, out);
  }
  return out;
}

void Mesh::lint_rule(const Policy& policy, const Rule& rule, const std::vector<const Workload*>& selected,
                     std::vector<Problem>& out) const {
  const bool ambient = std::any_of(selected.begin(), selected.end(),
                                   [&](const Workload* workload) { return mode(*workload) == Mode::kAmbient; });
  if (policy.action == Action::kAllow && rule.from.empty() && rule.to.empty() && rule.when.empty()) {
    out.push_back({kAllowsAll, "A rule allows every request", &policy, "it has neither from, to nor when", rule.place});
  }
  if (policy.action == Action::kDeny && ambient && by_request(rule) && !by_connection(rule)) {
    out.push_back({kNeverFires, "A rule that denies never fires", &policy,
                   "it looks only at requests, and its workloads are in ambient mode, where ztunnel sees connections: "
                   "bind the policy to a waypoint with targetRefs",
                   rule.place});
  } else if (ambient && by_request(rule)) {
    out.push_back({kNotAtWaypoint, "A rule about requests is not asked at the waypoint", &policy,
                   "policies with a selector are enforced by ztunnel, which sees connections only; targetRefs bind a "
                   "policy to the waypoint",
                   rule.place});
  }
  for (const SourceTerm& term : rule.from) {
    for (const auto* values : {&term.principals.values, &term.principals.not_values}) {
      for (const std::string& value : *values) {
        if (!value.starts_with("spiffe://")) continue;
        out.push_back({kSpiffe, "A principal never matches", &policy,
                       value + ": principals are written without spiffe://, as in cluster.local/ns/shop/sa/front",
                       rule.place});
      }
    }
  }
  if (policy.action == Action::kAllow) {
    for (const OperationTerm& term : rule.to) {
      if (!term.by_request) continue;
      for (const std::string& port : term.ports.values) {
        const auto number = static_cast<uint16_t>(std::atoi(port.c_str()));
        const bool tcp = std::any_of(selected.begin(), selected.end(), [&](const Workload* workload) {
          return port_kind(*workload, number) == PortKind::kTcp;
        });
        if (!tcp) continue;
        out.push_back(
            {kHttpOnTcp, "A rule about requests is for a port without requests", &policy,
             "port " + port + " is TCP by its Service's port name: hosts, methods and paths never match there",
             rule.place});
      }
    }
  }
  for (const doc::Node& to : (*rule.place)["to"].list()) {
    for (const doc::Node& host : to["operation"]["hosts"].list()) {
      if (host.str().find(':') != std::string_view::npos || host.str().ends_with('*') || host.str().empty()) continue;
      out.push_back({kHostWithoutPort, "A host matches only without its port", &policy,
                     std::string(host.str()) + ": clients may send " + std::string(host.str()) +
                         ":PORT, which is another host; add " + std::string(host.str()) + ":*",
                     &host});
    }
  }
}

}  // namespace ameia::authz
