#include "rbac/rbac.h"

#include <algorithm>

namespace ameia::rbac {
namespace {

std::vector<std::string> strings(const doc::Node& list) {
  std::vector<std::string> result;
  for (const doc::Node& item : list.list()) {
    if (item.is_string()) result.emplace_back(item.str());
  }
  return result;
}

Rule rule_of(const doc::Node& node) {
  return {strings(node["verbs"]), strings(node["apiGroups"]), strings(node["resources"]),
          strings(node["resourceNames"]), strings(node["nonResourceURLs"])};
}

bool has(const std::vector<std::string>& list, std::string_view wanted) {
  return std::find(list.begin(), list.end(), wanted) != list.end();
}

bool has_or_all(const std::vector<std::string>& list, std::string_view wanted) {
  return has(list, wanted) || has(list, "*");
}

bool resource_matches(const Rule& rule, std::string_view resource, std::string_view subresource) {
  std::string combined(resource);
  if (!subresource.empty()) combined.append("/").append(subresource);
  for (const std::string& pattern : rule.resources) {
    if (pattern == "*" || pattern == combined) return true;
    if (!subresource.empty() && pattern.starts_with("*/") && std::string_view(pattern).substr(2) == subresource)
      return true;
  }
  return false;
}

bool path_matches(const std::vector<std::string>& patterns, std::string_view path) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    if (pattern == "*" || pattern == path) return true;
    return pattern.ends_with('*') &&
           path.starts_with(std::string_view(pattern).substr(0, pattern.find_last_not_of('*') + 1));
  });
}

// Whether one held rule covers a request reduced to single values ("*" stands for itself).
bool covers_single(const Rule& held, const Rule& single) {
  if (!single.non_resource_urls.empty()) {
    return has_or_all(held.verbs, single.verbs[0]) && path_matches(held.non_resource_urls, single.non_resource_urls[0]);
  }
  if (!has_or_all(held.verbs, single.verbs[0]) || !has_or_all(held.groups, single.groups[0])) return false;
  std::string_view resource = single.resources[0];
  bool resource_held = has_or_all(held.resources, resource);
  if (size_t slash = resource.find('/'); !resource_held && slash != std::string_view::npos) {
    resource_held = has(held.resources, "*" + std::string(resource.substr(slash)));
  }
  if (!resource_held) return false;
  if (held.resource_names.empty()) return true;
  return !single.resource_names.empty() && has(held.resource_names, single.resource_names[0]);
}

template <typename Visit>
void each_single(const Rule& rule, Visit visit) {
  for (const std::string& verb : rule.verbs) {
    for (const std::string& url : rule.non_resource_urls) visit(Rule{{verb}, {}, {}, {}, {url}});
    for (const std::string& group : rule.groups) {
      for (const std::string& resource : rule.resources) {
        if (rule.resource_names.empty()) visit(Rule{{verb}, {group}, {resource}, {}, {}});
        for (const std::string& name : rule.resource_names) visit(Rule{{verb}, {group}, {resource}, {name}, {}});
      }
    }
  }
}

std::string subject_key(SubjectKind kind, std::string_view ns, std::string_view name) {
  constexpr std::string_view kAccount = "u:system:serviceaccount:";
  std::string key;
  key.reserve(kAccount.size() + ns.size() + 1 + name.size());
  switch (kind) {
    case SubjectKind::kUser: return key.append("u:").append(name);
    case SubjectKind::kGroup: return key.append("g:").append(name);
    case SubjectKind::kServiceAccount: break;
  }
  return key.append(kAccount).append(ns).append(":").append(name);
}

// A name has no slash.
std::string role_key(std::string_view ns, std::string_view name) {
  return std::string(ns).append("/").append(name);
}

std::string describe(const Subject& subject) {
  switch (subject.kind) {
    case SubjectKind::kUser: return "User \"" + subject.name + "\"";
    case SubjectKind::kGroup: return "Group \"" + subject.name + "\"";
    case SubjectKind::kServiceAccount: break;
  }
  return "ServiceAccount \"" + subject.name + "/" + subject.ns + "\"";
}

std::string describe(const Authorizer::Grant& grant) {
  const Binding& binding = *grant.binding;
  std::string text = "RBAC: allowed by ";
  text += binding.ns.empty() ? "ClusterRoleBinding \"" + binding.name + "\""
                             : "RoleBinding \"" + binding.name + "/" + binding.ns + "\"";
  text += std::string(" of ") + (binding.to_cluster_role ? "ClusterRole" : "Role") + " \"" + binding.role + "\" to ";
  return text + describe(*grant.subject);
}

constexpr std::string_view kMasters = "system:masters";

}  // namespace

User User::service_account(std::string_view ns, std::string_view name) {
  std::string account = "system:serviceaccount:" + std::string(ns) + ":" + std::string(name);
  return {account, {"system:serviceaccounts", "system:serviceaccounts:" + std::string(ns), "system:authenticated"}};
}

bool rule_allows(const Rule& rule, const Request& request) {
  if (!has_or_all(rule.verbs, request.verb)) return false;
  if (!request.resource_request) return path_matches(rule.non_resource_urls, request.path);
  return has_or_all(rule.groups, request.group) && resource_matches(rule, request.resource, request.subresource) &&
         (rule.resource_names.empty() || has(rule.resource_names, request.name));
}

std::vector<Rule> uncovered(std::span<const Rule> held, std::span<const Rule> wanted) {
  std::vector<Rule> missing;
  for (const Rule& rule : wanted) {
    each_single(rule, [&](Rule single) {
      bool covered = std::any_of(held.begin(), held.end(), [&](const Rule& h) { return covers_single(h, single); });
      if (!covered) missing.push_back(std::move(single));
    });
  }
  return missing;
}

void Authorizer::Builder::add(const doc::Node& object) {
  if (!object["apiVersion"].str().starts_with("rbac.authorization.k8s.io/")) return;
  std::string_view kind = object["kind"].str();
  const doc::Node& metadata = object["metadata"];
  std::string name(metadata["name"].str());
  bool cluster_wide = kind.starts_with("Cluster");
  std::string ns(cluster_wide ? std::string_view() : metadata["namespace"].str("default"));
  if (kind == "Role" || kind == "ClusterRole") {
    Role role{ns, name, {}, &object};
    for (const doc::Node& rule : object["rules"].list()) role.rules.push_back(rule_of(rule));
    if (const doc::Node* aggregation = object.find("aggregationRule"); aggregation != nullptr && cluster_wide) {
      role.rules.clear();  // the controller overwrites what is written there
      for (const doc::Node& selector : (*aggregation)["clusterRoleSelectors"].list()) {
        // A malformed selector chooses nothing: the API server would refuse the role.
        auto parsed = kube::LabelSelector::parse(selector);
        if (parsed) aggregates_[roles_.size()].push_back(std::move(*parsed));
      }
    }
    role_labels_.push_back(&metadata["labels"]);
    roles_.push_back(std::move(role));
  } else if (kind == "RoleBinding" || kind == "ClusterRoleBinding") {
    const doc::Node& ref = object["roleRef"];
    Binding binding{
        ns, std::move(name), cluster_wide || ref["kind"].str() == "ClusterRole", std::string(ref["name"].str()),
        {}, &object};
    for (const doc::Node& node : object["subjects"].list()) {
      std::string_view subject = node["kind"].str();
      std::string subject_name(node["name"].str());
      if (subject == "User") binding.subjects.push_back({SubjectKind::kUser, subject_name, {}});
      if (subject == "Group") binding.subjects.push_back({SubjectKind::kGroup, subject_name, {}});
      if (subject == "ServiceAccount") {
        binding.subjects.push_back(
            {SubjectKind::kServiceAccount, subject_name, std::string(node["namespace"].str(ns))});
      }
    }
    bindings_.push_back(std::move(binding));
  }
}

Authorizer Authorizer::Builder::build() && {
  // Aggregates may select aggregates: repeat until nothing is added. Each round adds at least one edge, so it ends.
  std::map<size_t, std::set<size_t>> parts;
  for (const auto& [index, selectors] : aggregates_) {
    for (size_t other = 0; other < roles_.size(); ++other) {
      if (other == index || !roles_[other].ns.empty()) continue;
      bool chosen = std::any_of(selectors.begin(), selectors.end(), [&](const kube::LabelSelector& selector) {
        return selector.matches(*role_labels_[other]);
      });
      if (chosen) parts[index].insert(other);
    }
  }
  for (bool grew = true; grew;) {
    grew = false;
    for (auto& [index, members] : parts) {
      std::set<size_t> more;
      for (size_t member : members) {
        if (auto nested = parts.find(member); nested != parts.end())
          more.insert(nested->second.begin(), nested->second.end());
      }
      more.erase(index);
      for (size_t member : more) grew |= members.insert(member).second;
    }
  }
  for (const auto& [index, members] : parts) {
    for (size_t member : members) {
      if (aggregates_.contains(member)) continue;  // its own members are in the set already
      const std::vector<Rule>& rules = roles_[member].rules;
      roles_[index].rules.insert(roles_[index].rules.end(), rules.begin(), rules.end());
    }
  }

  Authorizer authorizer;
  authorizer.roles_ = std::move(roles_);
  authorizer.bindings_ = std::move(bindings_);
  authorizer.role_index_.reserve(authorizer.roles_.size());
  authorizer.by_subject_.reserve(authorizer.bindings_.size());
  for (size_t i = 0; i < authorizer.roles_.size(); ++i) {
    authorizer.role_index_[role_key(authorizer.roles_[i].ns, authorizer.roles_[i].name)] = i;
  }
  for (uint32_t b = 0; b < authorizer.bindings_.size(); ++b) {
    const std::vector<Subject>& subjects = authorizer.bindings_[b].subjects;
    for (uint32_t s = 0; s < subjects.size(); ++s) {
      authorizer.by_subject_[subject_key(subjects[s].kind, subjects[s].ns, subjects[s].name)].emplace_back(b, s);
    }
  }
  return authorizer;
}

const Role* Authorizer::role_of(const Binding& binding) const {
  auto found = role_index_.find(role_key(binding.to_cluster_role ? std::string_view() : binding.ns, binding.role));
  return found == role_index_.end() ? nullptr : &roles_[found->second];
}

std::vector<Authorizer::Grant> Authorizer::grants(const User& user, std::string_view ns) const {
  std::vector<Grant> result;
  auto collect = [&](const std::string& key) {
    auto found = by_subject_.find(key);
    if (found == by_subject_.end()) return;
    for (auto [b, s] : found->second) {
      const Binding& binding = bindings_[b];
      if (binding.ns.empty() || (!ns.empty() && binding.ns == ns))
        result.push_back({&binding, role_of(binding), &binding.subjects[s]});
    }
  };
  collect("u:" + user.name);
  for (const std::string& group : user.groups) collect("g:" + group);
  // Cluster-wide bindings first, then by position: the order in which the API server asks.
  std::stable_sort(result.begin(), result.end(), [](const Grant& a, const Grant& b) {
    return std::pair(!a.binding->ns.empty(), a.binding) < std::pair(!b.binding->ns.empty(), b.binding);
  });
  return result;
}

Decision Authorizer::authorize(const User& user, const Request& request) const {
  if (has(user.groups, kMasters)) return {true, "", {}};
  Decision decision;
  for (const Grant& grant :
       grants(user, request.resource_request ? std::string_view(request.ns) : std::string_view())) {
    if (grant.role == nullptr) {
      decision.errors.push_back(std::string(grant.binding->to_cluster_role ? "clusterrole" : "role") +
                                ".rbac.authorization.k8s.io \"" + grant.binding->role + "\" not found");
      continue;
    }
    for (const Rule& rule : grant.role->rules) {
      if (rule_allows(rule, request)) return {true, describe(grant), {}};
    }
  }
  for (const std::string& error : decision.errors)
    decision.reason += (decision.reason.empty() ? "RBAC: " : ", ") + error;
  return decision;
}

}  // namespace ameia::rbac
