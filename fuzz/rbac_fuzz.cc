// Objects as YAML: roles, bindings, workloads. Whatever they hold, nothing crashes, the bitsets answer as the
// authorizer does, an estate does not differ from itself, and every path is joined and ends where it says.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

#include "doc/yaml.h"
#include "graph/access.h"
#include "graph/access_diff.h"
#include "graph/escalation.h"
#include "graph/escalation_paths.h"
#include "kube/object.h"
#include "rbac/rbac.h"

namespace {

using namespace ameia;

constexpr size_t kInputBytesMax = 16'384;
constexpr size_t kSubjectsMax = 20;  // asked about

void demand(bool holds) {
  if (!holds) std::abort();
}

rbac::User user_of(const graph::AccessSubject& subject) {
  if (subject.kind == rbac::SubjectKind::kServiceAccount) return rbac::User::service_account(subject.ns, subject.name);
  rbac::User user;
  user.groups = graph::implied_groups(subject);
  (subject.kind == rbac::SubjectKind::kUser ? user.name : user.groups.emplace_back()) = subject.name;
  return user;
}

void ask(const rbac::Authorizer& authorizer, const graph::Access& access) {
  for (size_t i = 0; i < access.subjects().size() && i < kSubjectsMax; ++i) {
    const graph::AccessSubject& subject = access.subjects()[i];
    const rbac::User user = user_of(subject);
    bool master = false;
    for (const std::string& group : user.groups) master |= group == "system:masters";
    if (master || subject.ns.find(':') != std::string::npos) continue;
    for (const char* verb : {"get", "create", "impersonate", "other"}) {
      for (const char* resource : {"pods", "secrets", "deployments"}) {
        for (graph::Id scope = 0; scope < access.scopes() && scope < 4; ++scope) {
          rbac::Request request;
          request.verb = verb;
          request.resource = resource;
          request.ns = access.scope_name(scope);
          if (resource[0] == 'd') request.group = "apps";
          if (resource[0] == 's') request.name = "a";
          if (resource[0] == 'p') request.subresource = "exec";
          demand(access.allowed(access.subjects_of(user), access.query(request)) ==
                 authorizer.authorize(user, request).allowed);
        }
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > kInputBytesMax) return 0;
  const std::string text(reinterpret_cast<const char*>(data), size);
  doc::YamlStream stream =
      doc::parse_yaml(std::make_shared<doc::Source>("estate.yaml", text), std::make_shared<doc::Keys>());
  std::vector<const doc::Node*> objects;
  for (const auto& document : stream.documents) kube::expand_list(document->root(), objects);
  rbac::Authorizer::Builder roles;
  for (const doc::Node* object : objects) roles.add(*object);
  const rbac::Authorizer authorizer = std::move(roles).build();
  const auto access = graph::Access::of(authorizer);
  if (!access) return 0;  // beyond a limit
  ask(authorizer, *access);
  demand(graph::diff(*access, *access).empty());

  graph::EscalationBuilder builder(*access);
  for (const doc::Node* object : objects) builder.add(*object);
  const graph::Escalation escalation = std::move(builder).build();
  const graph::Reach reach(escalation);
  for (const graph::Id source : escalation.sources()) {
    for (size_t s = 0; s < static_cast<size_t>(graph::Sink::kSinks); ++s) {
      const auto sink = static_cast<graph::Sink>(s);
      const auto path = reach.path(source, sink);
      if (!path) continue;
      graph::Id at = source;
      for (const graph::EscalationEdge& edge : path->edges) {
        demand(edge.from == at);
        at = edge.to;
      }
      demand(escalation.is_sink(at, sink));
      demand(!escalation.name(at).empty());
    }
  }
  for (size_t s = 0; s < static_cast<size_t>(graph::Sink::kSinks); ++s)
    (void)graph::cuts(escalation, static_cast<graph::Sink>(s));
  return 0;
}
