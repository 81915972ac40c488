#include "policy/match.h"

#include <algorithm>

namespace ameia::policy {
namespace {

constexpr std::string_view kNameLabel = "kubernetes.io/metadata.name";

bool listed(const std::vector<std::string>& items, std::string_view wanted) {
  return std::any_of(items.begin(), items.end(),
                     [&](const std::string& item) { return item == "*" || item == wanted; });
}

std::vector<std::string> strings(const doc::Node& list) {
  std::vector<std::string> out;
  out.reserve(list.list().size());
  for (const doc::Node& item : list.list()) out.emplace_back(item.str());
  return out;
}

uint8_t bit(kube::Operation operation) {
  return static_cast<uint8_t>(1u << static_cast<unsigned>(operation));
}

NamedRule parse_rule(const doc::Node& node) {
  NamedRule rule;
  rule.groups = strings(node["apiGroups"]);
  rule.versions = strings(node["apiVersions"]);
  rule.names = strings(node["resourceNames"]);
  for (const doc::Node& item : node["resources"].list()) {
    std::string_view text = item.str();
    size_t slash = text.find('/');
    NamedRule::Resource resource;
    resource.resource = text.substr(0, slash);
    if (slash != std::string_view::npos) resource.subresource = text.substr(slash + 1);
    rule.resources.push_back(std::move(resource));
  }
  for (const doc::Node& item : node["operations"].list()) {
    if (item.str() == "*") rule.operations = 0xff;
    for (kube::Operation operation :
         {kube::Operation::kCreate, kube::Operation::kUpdate, kube::Operation::kDelete, kube::Operation::kConnect}) {
      if (item.str() == kube::to_string(operation)) rule.operations |= bit(operation);
    }
  }
  std::string_view scope = node["scope"].str("*");
  rule.scope = scope == "*"            ? NamedRule::Scope::kAll
               : scope == "Namespaced" ? NamedRule::Scope::kNamespaced
               : scope == "Cluster"    ? NamedRule::Scope::kCluster
                                       : NamedRule::Scope::kUnknown;
  return rule;
}

std::vector<NamedRule> parse_rules(const doc::Node& list) {
  std::vector<NamedRule> rules;
  for (const doc::Node& item : list.list()) rules.push_back(parse_rule(item));
  return rules;
}

kube::LabelSelector parse_selector(const doc::Node& parent, doc::KeyRef key, bool defaulted, std::string& error) {
  const doc::Node* node = parent.find(key);
  if (node == nullptr || node->is_null()) return defaulted ? kube::LabelSelector() : kube::LabelSelector::nothing();
  base::Result<kube::LabelSelector> selector = kube::LabelSelector::parse(*node);
  if (selector) return std::move(*selector);
  error = selector.error().what;
  return kube::LabelSelector::nothing();
}

const doc::Node& labels_of(const doc::Node& object) {
  return object["metadata"]["labels"];
}

}  // namespace

bool NamedRule::matches(const kube::AdmissionRequest& request, const kube::Gvr& resource) const {
  if ((operations & bit(request.operation)) == 0) return false;
  bool is_namespace = resource == kube::Gvr{"", "v1", "namespaces"};
  switch (scope) {
    case Scope::kAll: break;
    case Scope::kNamespaced:
      if (is_namespace || request.ns.empty()) return false;
      break;
    case Scope::kCluster:
      if (!is_namespace && !request.ns.empty()) return false;
      break;
    case Scope::kUnknown: return false;
  }
  if (!listed(groups, resource.group) || !listed(versions, resource.version)) return false;
  return std::any_of(resources.begin(), resources.end(), [&](const Resource& r) {
    return (r.resource == "*" || r.resource == resource.resource) &&
           (r.subresource == "*" || r.subresource == request.subresource);
  });
}

MatchResources MatchResources::parse(const doc::Node& node, bool defaulted) {
  MatchResources parsed;
  parsed.rules_ = parse_rules(node["resourceRules"]);
  parsed.excludes_ = parse_rules(node["excludeResourceRules"]);
  parsed.namespace_selector_ = parse_selector(node, "namespaceSelector", defaulted, parsed.namespace_error_);
  parsed.object_selector_ = parse_selector(node, "objectSelector", defaulted, parsed.object_error_);
  std::string_view policy = node["matchPolicy"].str(defaulted ? "Equivalent" : "Exact");
  parsed.policy_ = policy == "Exact" ? MatchPolicy::kExact : MatchPolicy::kEquivalent;
  return parsed;
}

Match MatchResources::match_rules(const std::vector<NamedRule>& rules, const kube::AdmissionRequest& request,
                                  const MatchFacts& facts) const {
  auto named = [&](const NamedRule& rule) {
    return rule.names.empty() || std::find(rule.names.begin(), rule.names.end(), request.name) != rule.names.end();
  };
  for (const NamedRule& rule : rules) {
    if (rule.matches(request, request.resource) && named(rule)) return {true, {}, request.resource, request.kind};
  }
  if (policy_ == MatchPolicy::kExact || facts.equivalents == nullptr || rules.empty()) return {};
  std::vector<kube::Gvr> equivalents = facts.equivalents->of(request.resource, request.subresource);
  for (const NamedRule& rule : rules) {
    for (const kube::Gvr& equivalent : equivalents) {
      if (equivalent == request.resource || !rule.matches(request, equivalent)) continue;
      kube::Gvk kind = facts.equivalents->kind_of(equivalent, request.subresource);
      if (kind.kind.empty()) {
        Match match;
        match.error = "unable to convert to " + std::string(equivalent.group) + "/" + std::string(equivalent.version) +
                      ", Resource=" + std::string(equivalent.resource) + ": unknown kind";
        return match;
      }
      if (named(rule)) return {true, {}, equivalent, kind};
    }
  }
  return {};
}

Match MatchResources::matches(const kube::AdmissionRequest& request, const MatchFacts& facts) const {
  // A selector's error counts only once everything else says that the policy applies.
  std::string selector_error;
  bool is_namespaces = request.resource.resource == "namespaces";
  if (!request.ns.empty() || is_namespaces) {
    if (!namespace_error_.empty()) {
      selector_error = "Internal error occurred: " + namespace_error_;
    } else if (!namespace_selector_.empty()) {
      bool own = is_namespaces && request.subresource.empty() &&
                 (request.operation == kube::Operation::kCreate || request.operation == kube::Operation::kUpdate);
      const doc::Node* ns = own ? request.object : facts.namespace_object;
      if (ns == nullptr) {
        selector_error = "namespaces \"" + std::string(request.ns) + "\" not found";
      } else if (!namespace_selector_.matches(labels_of(*ns), kNameLabel, request.ns)) {
        return {};
      }
    }
  }
  if (!object_error_.empty()) {
    if (selector_error.empty()) selector_error = "Internal error occurred: " + object_error_;
  } else if (!object_selector_.empty()) {
    bool either = (request.object != nullptr && object_selector_.matches(labels_of(*request.object))) ||
                  (request.old_object != nullptr && object_selector_.matches(labels_of(*request.old_object)));
    if (!either) return {};
  }
  Match excluded = match_rules(excludes_, request, facts);
  if (excluded.matches) return {};
  if (!excluded.error.empty()) return excluded;
  Match match{true, {}, request.resource, request.kind};
  if (!rules_.empty()) match = match_rules(rules_, request, facts);
  if (!match.matches) return match;
  if (!selector_error.empty()) return {false, selector_error, {}, {}};
  return match;
}

}  // namespace ameia::policy
