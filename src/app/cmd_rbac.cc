// ameia rbac can | who-can | subject | diff.
#include <algorithm>
#include <map>

#include "app/cmd.h"
#include "app/exit.h"
#include "app/rbac_estate.h"
#include "graph/access_diff.h"
#include "report/text.h"

namespace ameia::app {
namespace {

using graph::Access;
using graph::AccessSubject;
using rbac::SubjectKind;

constexpr std::string_view kMasters = "system:masters";

std::vector<std::string> resources_of(const Words& words) {
  std::vector<std::string> paths = words.all("--resources");
  if (paths.empty()) paths.emplace_back(".");
  return paths;
}

bool is_json(const Words& words) {
  return words.get("--output") == "json";
}

std::string scope_text(const std::string& ns) {
  return ns.empty() ? "in the whole cluster" : "in namespace " + ns;
}

// The subject as the API server would see a request of it.
rbac::User user_of(const AccessSubject& subject, const std::vector<std::string>& more_groups) {
  rbac::User user;
  if (subject.kind == SubjectKind::kServiceAccount) {
    user = rbac::User::service_account(subject.ns, subject.name);
  } else {
    if (subject.kind == SubjectKind::kUser) user.name = subject.name;
    user.groups = graph::implied_groups(subject);
    if (subject.kind == SubjectKind::kGroup) user.groups.push_back(subject.name);
  }
  user.groups.insert(user.groups.end(), more_groups.begin(), more_groups.end());
  return user;
}

std::string subject_text(const rbac::Subject& subject) {
  return to_string(AccessSubject{subject.kind, subject.ns, subject.name});
}

// ---- can

struct Asked {
  std::string subject, verb, resource, ns, name;
  std::vector<std::string> groups;
};

// One way in which a request is allowed.
struct Chain {
  const rbac::Binding* binding;
  const rbac::Role* role;
  const rbac::Subject* subject;
  size_t rule;  // index in the role
};

std::vector<Chain> chains_of(const rbac::Authorizer& authorizer, const rbac::User& user, const rbac::Request& request) {
  std::vector<Chain> chains;
  for (const rbac::Authorizer::Grant& grant :
       authorizer.grants(user, request.resource_request ? std::string_view(request.ns) : std::string_view())) {
    if (grant.role == nullptr) continue;
    for (size_t i = 0; i < grant.role->rules.size(); ++i) {
      if (!rbac::rule_allows(grant.role->rules[i], request)) continue;
      chains.push_back({grant.binding, grant.role, grant.subject, i});
      break;
    }
  }
  return chains;
}

// Namespaces in which a request is allowed that is not allowed in the whole cluster.
std::vector<std::string> namespaces_of(const RbacEstate& estate, const rbac::User& user, rbac::Request request) {
  const std::vector<graph::Id> subjects = estate.access->subjects_of(user);
  std::vector<std::string> out;
  for (graph::Id scope = 1; scope < estate.access->scopes(); ++scope) {
    request.ns = estate.access->scope_name(scope);
    if (estate.access->allowed(subjects, estate.access->query(request))) out.push_back(request.ns);
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string rule_text(const rbac::Rule& rule) {
  const auto join = [](const std::vector<std::string>& texts) {
    std::string out;
    for (const std::string& text : texts) out += (out.empty() ? "" : ",") + (text.empty() ? "\"\"" : text);
    return out;
  };
  std::string out = join(rule.verbs);
  if (!rule.non_resource_urls.empty()) return out + " " + join(rule.non_resource_urls);
  out += " " + join(rule.resources) + " of " + join(rule.groups);
  return rule.resource_names.empty() ? out : out + " named " + join(rule.resource_names);
}

base::Result<int> run_can(const std::vector<std::string>& paths, const Asked& asked, bool json, Console& console) {
  const RbacEstate estate = TRY(RbacEstate::load(paths, console));
  const AccessSubject subject = parse_subject(asked.subject, *estate.access);
  const rbac::User user = user_of(subject, asked.groups);
  rbac::Request request = parse_request(asked.verb, asked.resource, estate);
  request.ns = asked.ns;
  request.name = asked.name;
  const bool master = std::find(user.groups.begin(), user.groups.end(), kMasters) != user.groups.end();
  const std::vector<Chain> chains = chains_of(*estate.authorizer, user, request);
  std::vector<std::string> only_in;
  if (chains.empty() && !master && request.ns.empty() && request.resource_request)
    only_in = namespaces_of(estate, user, request);
  // A binding whose role is unknown might allow it.
  std::vector<std::string> unknown;
  for (const rbac::Authorizer::Grant& grant : estate.authorizer->grants(user, request.ns)) {
    if (grant.role == nullptr) unknown.push_back(to_string(*grant.binding) + " refers to " + role_text(*grant.binding));
  }
  const bool yes = master || !chains.empty();
  const std::string answer = yes ? "yes" : unknown.empty() ? "no" : "not_evaluated";
  if (json) {
    console.out("{\"subject\":" + quoted(to_string(subject)) + ",\"verb\":" + quoted(request.verb) +
                ",\"group\":" + quoted(request.group) + ",\"resource\":" + quoted(asked.resource) +
                ",\"namespace\":" + quoted(request.ns) + ",\"name\":" + quoted(request.name) + ",\"answer\":\"" +
                answer + "\",\"grants\":[");
    for (size_t i = 0; i < chains.size(); ++i) {
      const Chain& chain = chains[i];
      console.out(std::string(i == 0 ? "" : ",") + "{\"binding\":" + quoted(to_string(*chain.binding)) +
                  ",\"role\":" + quoted(role_text(*chain.binding)) + ",\"to\":" + quoted(subject_text(*chain.subject)) +
                  ",\"rule\":" + std::to_string(chain.rule) +
                  ",\"binding_at\":" + quoted(estate.where(chain.binding->source)) +
                  ",\"role_at\":" + quoted(estate.where(chain.role->source)) + "}");
    }
    console.out("],\"only_in\":" + quoted_list(only_in) + ",\"not_evaluated\":" + quoted_list(unknown) + "}\n");
    return estate.exit_code();
  }
  console.out(answer + ": " + report::clean(to_string(subject)) + (yes ? " can " : " cannot ") +
              report::clean(to_string(request)) +
              (request.resource_request ? " " + scope_text(report::clean(request.ns)) : "") + "\n");
  if (master) console.out("  every member of system:masters may do everything; no role is asked\n");
  for (const Chain& chain : chains) {
    console.out("  " + report::clean(to_string(*chain.binding)) + " binds " +
                report::clean(subject_text(*chain.subject)) + " to " + report::clean(role_text(*chain.binding)) + " (" +
                report::clean(estate.where(chain.binding->source)) + ")\n    rule " + std::to_string(chain.rule + 1) +
                ": " + report::clean(rule_text(chain.role->rules[chain.rule])) + " (" +
                report::clean(estate.where(chain.role->source)) + ")\n");
  }
  if (!only_in.empty()) {
    console.out("  but it can in:");
    for (const std::string& ns : only_in) console.out(" " + report::clean(ns));
    console.out("\n");
  }
  for (const std::string& text : unknown) console.out("  not known: " + report::clean(text) + ", which is not there\n");
  return estate.exit_code();
}

// ---- who-can

base::Result<int> run_who_can(const std::vector<std::string>& paths, const Asked& asked, bool json, Console& console) {
  const RbacEstate estate = TRY(RbacEstate::load(paths, console));
  rbac::Request request = parse_request(asked.verb, asked.resource, estate);
  request.ns = asked.ns;
  request.name = asked.name;
  Access::Query query = estate.access->query(request);
  query.anywhere = asked.ns.empty() && request.resource_request;
  const auto& bindings = estate.authorizer->bindings();
  std::string json_text = "[";
  std::map<std::string, size_t> subjects;
  for (const Access::Grant& grant : estate.access->who_can(query)) {
    const rbac::Binding& binding = bindings[grant.binding];
    const std::string subject = to_string(estate.access->subjects()[grant.subject]);
    ++subjects[subject];
    if (json) {
      json_text += std::string(json_text.size() > 1 ? "," : "") + "\n{\"subject\":" + quoted(subject) +
                   ",\"namespace\":" + quoted(binding.ns) + ",\"binding\":" + quoted(to_string(binding)) +
                   ",\"role\":" + quoted(role_text(binding)) + ",\"at\":" + quoted(estate.where(binding.source)) + "}";
    } else {
      console.out(report::clean(subject) + " " + scope_text(report::clean(binding.ns)) + "\n  " +
                  report::clean(to_string(binding)) + " to " + report::clean(role_text(binding)) + " (" +
                  report::clean(estate.where(binding.source)) + ")\n");
    }
  }
  if (json) console.out(json_text + "\n]\n");
  console.err(report::count(subjects.size(), "subject", "subjects") + " can " + report::clean(to_string(request)) +
              (asked.ns.empty() ? "" : " " + scope_text(asked.ns)) + "; so can every member of system:masters\n");
  return estate.exit_code();
}

// ---- subject

// Phrases with the same verbs on things of the same group on one line: "get,list pods, services".
std::vector<std::string> lines_of(const std::vector<graph::PermissionPhrase>& phrases) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < phrases.size();) {
    std::string line = to_string(phrases[i]);
    size_t next = i + 1;
    for (; next < phrases.size(); ++next) {
      const graph::PermissionPhrase &a = phrases[i], &b = phrases[next];
      if (std::tie(a.verbs, a.group, a.name) != std::tie(b.verbs, b.group, b.name) || a.path.empty() != b.path.empty())
        break;
      line += ", " + to_string(graph::PermissionPhrase{{}, b.group, b.resource, b.path, b.name}).substr(1);
    }
    lines.push_back(std::move(line));
    i = next;
  }
  return lines;
}

base::Result<int> run_subject(const std::vector<std::string>& paths, const std::string& text, bool json,
                              Console& console) {
  const RbacEstate estate = TRY(RbacEstate::load(paths, console));
  const Access& access = *estate.access;
  const AccessSubject subject = parse_subject(text, access);
  const auto& bindings = estate.authorizer->bindings();
  std::vector<AccessSubject> all = {subject};
  for (const std::string& group : graph::implied_groups(subject)) all.push_back({SubjectKind::kGroup, "", group});
  std::string json_text = "{\"subject\":" + quoted(to_string(subject)) +
                          ",\"groups\":" + quoted_list(graph::implied_groups(subject)) + ",\"permissions\":[";
  if (!json) console.out(report::clean(to_string(subject)) + "\n");
  size_t scopes = 0;
  for (const AccessSubject& one : all) {
    const graph::Id id = access.find(one);
    if (id == graph::kNone) continue;
    const auto grants = access.grants_of(id);
    for (size_t i = 0; i < grants.size();) {
      const graph::Id scope = grants[i].scope;
      std::vector<std::string> by;
      for (; i < grants.size() && grants[i].scope == scope; ++i) {
        const rbac::Binding& binding = bindings[grants[i].binding];
        by.push_back(to_string(binding) + " to " + role_text(binding));
      }
      // What holds in the whole cluster is not told again for each namespace.
      graph::Permissions permissions = access.permissions(id, scope);
      if (scope != 0) {
        const graph::Permissions everywhere = access.permissions(id, 0);
        for (size_t w = 0; w < permissions.bits.size(); ++w) permissions.bits[w] &= ~everywhere.bits[w];
      }
      const std::vector<std::string> phrases = lines_of(access.phrases(permissions));
      if (json) {
        json_text += std::string(scopes == 0 ? "" : ",") + "\n{\"through\":" + quoted(to_string(one)) +
                     ",\"namespace\":" + quoted(access.scope_name(scope)) + ",\"bindings\":" + quoted_list(by) +
                     ",\"can\":" + quoted_list(phrases) + "}";
      } else {
        console.out("  " + scope_text(report::clean(access.scope_name(scope))) +
                    (one == subject ? "" : ", through " + report::clean(to_string(one))) + "\n");
        for (const std::string& binding : by) console.out("    by " + report::clean(binding) + "\n");
        for (const std::string& phrase : phrases) console.out("      " + report::clean(phrase) + "\n");
      }
      ++scopes;
    }
  }
  if (json) {
    console.out(json_text + "\n]}\n");
  } else if (subject.kind == SubjectKind::kGroup && subject.name == kMasters) {
    console.out("  every member may do everything; no role is asked\n");
  } else if (scopes == 0) {
    console.out("  nothing is bound to it\n");
  }
  return estate.exit_code();
}

// ---- diff

base::Result<int> run_diff(const std::string& before_path, const std::string& after_path, bool json, Console& console) {
  const RbacEstate before = TRY(RbacEstate::load_roles({before_path}, console));
  const RbacEstate after = TRY(RbacEstate::load_roles({after_path}, console));
  const rbac::Authorizer* both[] = {before.authorizer.get(), after.authorizer.get()};
  const auto universe = std::make_shared<const graph::PermissionUniverse>(TRY(graph::PermissionUniverse::of(both)));
  const Access old_access = TRY(Access::of(*before.authorizer, universe));
  const Access new_access = TRY(Access::of(*after.authorizer, universe));
  size_t added = 0, removed = 0;
  std::string json_text = "[";
  for (const graph::AccessChange& change : graph::diff(old_access, new_access)) {
    const auto tell = [&](const std::vector<graph::PermissionPhrase>& phrases, bool is_new) {
      for (const graph::PermissionPhrase& phrase : phrases) {
        (is_new ? added : removed) += 1;
        if (json) {
          json_text += std::string(json_text.size() > 1 ? "," : "") + "\n{\"change\":\"" +
                       (is_new ? "added" : "removed") + "\",\"subject\":" + quoted(to_string(change.subject)) +
                       ",\"namespace\":" + quoted(change.scope) + ",\"can\":" + quoted(to_string(phrase)) + "}";
        } else {
          console.out((is_new ? "+ " : "- ") + report::clean(to_string(change.subject)) + " " +
                      scope_text(report::clean(change.scope)) + ": " + report::clean(to_string(phrase)) + "\n");
        }
      }
    };
    tell(change.added, true);
    tell(change.removed, false);
  }
  if (json) console.out(json_text + "\n]\n");
  console.err(report::count(added, "permission", "permissions") + " added, " + std::to_string(removed) + " removed\n");
  return worse(before.exit_code(), after.exit_code());
}

}  // namespace

base::Result<Action> parse_rbac_can(const Words& words) {
  TRY_STATUS(check_operands(words, 3, 3, "who, the verb, and the resource or path"));
  const auto& operands = words.operands();
  Asked asked{
      operands[0], operands[1], operands[2], words.get("--namespace"), words.get("--name"), words.all("--as-group")};
  return Action([paths = resources_of(words), asked = std::move(asked), json = is_json(words)](Console& console) {
    return finish(run_can(paths, asked, json, console), console);
  });
}

base::Result<Action> parse_rbac_who_can(const Words& words) {
  TRY_STATUS(check_operands(words, 2, 2, "the verb, and the resource or path"));
  const auto& operands = words.operands();
  Asked asked{"", operands[0], operands[1], words.get("--namespace"), words.get("--name"), {}};
  return Action([paths = resources_of(words), asked = std::move(asked), json = is_json(words)](Console& console) {
    return finish(run_who_can(paths, asked, json, console), console);
  });
}

base::Result<Action> parse_rbac_subject(const Words& words) {
  TRY_STATUS(check_operands(words, 1, 1, "a subject"));
  return Action([paths = resources_of(words), subject = words.operands()[0], json = is_json(words)](Console& console) {
    return finish(run_subject(paths, subject, json, console), console);
  });
}

base::Result<Action> parse_rbac_diff(const Words& words) {
  TRY_STATUS(check_operands(words, 2, 2, "the old and the new state"));
  return Action([before = words.operands()[0], after = words.operands()[1], json = is_json(words)](Console& console) {
    return finish(run_diff(before, after, json, console), console);
  });
}

}  // namespace ameia::app
