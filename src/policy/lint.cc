#include "policy/lint.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>

#include "kube/selector.h"
#include "policy/limits.h"

namespace ameia::policy {
namespace {

using doc::Node;
using Words = std::initializer_list<std::string_view>;

constexpr size_t kAuditAnnotationsMax = 20;            // of one policy (Kubernetes)
constexpr size_t kValueExpressionBytesMax = 5 * 1024;  // (Kubernetes)

// [A-Za-z_][A-Za-z0-9_]*
bool is_identifier(std::string_view text) {
  if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  });
}

bool one_of(std::string_view value, Words words) {
  return std::find(words.begin(), words.end(), value) != words.end();
}

std::string list_words(Words words) {
  std::string out;
  for (std::string_view word : words) out += (out.empty() ? "\"" : ", \"") + std::string(word) + "\"";
  return out;
}

// Checks one map of a policy: its known fields, each with its own rule.
class Checker {
 public:
  Checker(const Subject& subject, Diagnostics& out) : subject_(subject), out_(out) {}

  void error(const Node& node, const std::string& field, const std::string& message) {
    out_.error(subject_, node, field, message);
  }

  // False when it is not a map (which is reported unless it is absent).
  bool fields(const Node& map, const std::string& at, Words known) {
    if (!map.is_map()) {
      if (!map.is_null()) error(map, at, "must be a map");
      return false;
    }
    for (const doc::Member& member : map.map()) {
      if (one_of(member.key->view(), known)) continue;
      Node place = member.value;
      place.begin = member.key_begin;
      error(place, join(at, member.key->view()), "unknown field");
    }
    return true;
  }

  std::string_view required_string(const Node& map, const std::string& at, std::string_view key) {
    const Node* found = map.find(key);
    if (found == nullptr || found->is_null()) {
      error(map, join(at, key), "Required value");
      return {};
    }
    if (!found->is_string()) {
      error(*found, join(at, key), "must be a string");
      return {};
    }
    if (found->str().find_first_not_of(" \t\r\n") == std::string_view::npos)
      error(*found, join(at, key), "Required value");
    return found->str();
  }

  void word(const Node& map, const std::string& at, std::string_view key, Words allowed) {
    const Node* found = map.find(key);
    if (found == nullptr || found->is_null()) return;
    if (!found->is_string() || !one_of(found->str(), allowed)) {
      error(*found, join(at, key),
            "Unsupported value: \"" + std::string(found->str()) + "\": supported values: " + list_words(allowed));
    }
  }

  std::span<const Node> list(const Node& map, const std::string& at, std::string_view key) {
    const Node* found = map.find(key);
    if (found == nullptr || found->is_null()) return {};
    if (!found->is_list()) error(*found, join(at, key), "must be a list");
    return found->list();
  }

  void strings(const Node& map, const std::string& at, std::string_view key, bool required) {
    std::span<const Node> items = list(map, at, key);
    if (required && items.empty()) error(map, join(at, key), "Required value");
    for (const Node& item : items) {
      if (!item.is_string()) error(item, join(at, key), "must be a list of strings");
    }
  }

  void selector(const Node& map, const std::string& at, std::string_view key) {
    const Node* found = map.find(key);
    if (found == nullptr || found->is_null()) return;
    std::string field = join(at, key);
    if (!fields(*found, field, {"matchLabels", "matchExpressions"})) return;
    if (base::Result<kube::LabelSelector> parsed = kube::LabelSelector::parse(*found); !parsed)
      error(*found, field, parsed.error().what);
  }

  void rules(const Node& map, const std::string& at, std::string_view key) {
    size_t i = 0;
    for (const Node& rule : list(map, at, key)) {
      std::string field = index(join(at, key), i++);
      if (!fields(rule, field, {"apiGroups", "apiVersions", "operations", "resources", "resourceNames", "scope"}))
        continue;
      strings(rule, field, "apiGroups", true);
      strings(rule, field, "apiVersions", true);
      strings(rule, field, "resources", true);
      strings(rule, field, "resourceNames", false);
      strings(rule, field, "operations", true);
      for (const Node& operation : rule["operations"].list()) {
        if (operation.is_string() && !one_of(operation.str(), {"*", "CREATE", "UPDATE", "DELETE", "CONNECT"})) {
          error(operation, field + ".operations",
                "Unsupported value: \"" + std::string(operation.str()) +
                    "\": supported values: \"*\", \"CONNECT\", \"CREATE\", \"DELETE\", \"UPDATE\"");
        }
      }
      word(rule, field, "scope", {"*", "Namespaced", "Cluster"});
    }
  }

  void match_resources(const Node& map, const std::string& at) {
    if (!fields(map, at,
                {"resourceRules", "excludeResourceRules", "namespaceSelector", "objectSelector", "matchPolicy"}))
      return;
    rules(map, at, "resourceRules");
    rules(map, at, "excludeResourceRules");
    selector(map, at, "namespaceSelector");
    selector(map, at, "objectSelector");
    word(map, at, "matchPolicy", {"Exact", "Equivalent"});
  }

  // A list of named expressions; names are unique.
  template <typename NameRule>
  void named(const Node& map, const std::string& at, std::string_view key, std::string_view name_key,
             std::string_view expression_key, NameRule&& name_rule) {
    std::set<std::string_view> seen;
    size_t i = 0;
    for (const Node& item : list(map, at, key)) {
      std::string field = index(join(at, key), i++);
      if (!fields(item, field, {name_key, expression_key})) continue;
      std::string_view name = required_string(item, field, name_key);
      required_string(item, field, expression_key);
      if (name.empty()) continue;
      if (std::string wrong = name_rule(name); !wrong.empty()) error(item[name_key], join(field, name_key), wrong);
      if (!seen.insert(name).second)
        error(item[name_key], join(field, name_key), "Duplicate value: \"" + std::string(name) + "\"");
    }
  }

  static std::string join(const std::string& at, std::string_view key) {
    return at.empty() ? std::string(key) : at + "." + std::string(key);
  }
  static std::string index(const std::string& at, size_t i) { return at + "[" + std::to_string(i) + "]"; }

 private:
  const Subject& subject_;
  Diagnostics& out_;
};

void lint_validations(Checker& check, const Node& spec) {
  size_t i = 0;
  for (const Node& item : check.list(spec, "spec", "validations")) {
    std::string field = Checker::index("spec.validations", i++);
    if (!check.fields(item, field, {"expression", "message", "messageExpression", "reason"})) continue;
    std::string_view expression = check.required_string(item, field, "expression");
    check.word(item, field, "reason", {"Unauthorized", "Forbidden", "Invalid", "RequestEntityTooLarge"});
    const Node& message = item["message"];
    if (!message.is_null() && !message.is_string()) check.error(message, field + ".message", "must be a string");
    std::string_view text = trim(message.str());
    if (message.is_string() && text.empty()) {
      check.error(message, field + ".message", "message must be non-empty if specified");
    } else if (text.find('\n') != std::string_view::npos) {
      check.error(message, field + ".message", "message must not contain line breaks");
    } else if (text.empty() && trim(expression).find('\n') != std::string_view::npos) {
      check.error(item, field + ".message", "message must be specified if expression contains line breaks");
    }
    if (const Node* own = item.find("messageExpression");
        own != nullptr && !own->is_null() && trim(own->str()).empty()) {
      check.error(*own, field + ".messageExpression", "must be non-empty if specified");
    }
  }
}

// One mutation: its patchType, and the one expression that goes with it.
void lint_mutations(Checker& check, const Node& spec) {
  std::span<const Node> mutations = check.list(spec, "spec", "mutations");
  if (mutations.empty()) check.error(spec, "spec.mutations", "mutations must contain at least one item");
  if (mutations.size() > kMutationsMax) {
    check.error(spec["mutations"], "spec.mutations", "must have at most " + std::to_string(kMutationsMax) + " items");
  }
  size_t i = 0;
  for (const Node& item : mutations) {
    std::string field = Checker::index("spec.mutations", i++);
    if (!check.fields(item, field, {"patchType", "applyConfiguration", "jsonPatch"})) continue;
    if (item["patchType"].is_null()) check.error(item, field + ".patchType", "Required value");
    check.word(item, field, "patchType", {"ApplyConfiguration", "JSONPatch"});
    std::string_view type = item["patchType"].str();
    for (std::string_view key : {std::string_view("applyConfiguration"), std::string_view("jsonPatch")}) {
      bool wanted = type == (key == "jsonPatch" ? "JSONPatch" : "ApplyConfiguration");
      const Node& patch = item[key];
      std::string at = Checker::join(field, key);
      if (patch.is_null()) {
        if (wanted) check.error(item, at, "Required value: must be specified when patchType is " + std::string(type));
      } else if (!wanted && !type.empty()) {
        check.error(patch, at, "must not be specified when patchType is " + std::string(type));
      } else if (check.fields(patch, at, {"expression"})) {
        check.required_string(patch, at, "expression");
      }
    }
  }
  if (spec["reinvocationPolicy"].is_null()) check.error(spec, "spec.reinvocationPolicy", "Required value");
  check.word(spec, "spec", "reinvocationPolicy", {"IfNeeded", "Never"});
  // There is nothing to change in what is deleted.
  for (const Node& rule : spec["matchConstraints"]["resourceRules"].list()) {
    for (const Node& operation : rule["operations"].list()) {
      if (operation.str() != "DELETE") continue;
      check.error(operation, "spec.matchConstraints.resourceRules.operations",
                  "Unsupported value: \"DELETE\": supported values: \"*\", \"CONNECT\", \"CREATE\", \"UPDATE\"");
    }
  }
}

void lint_api_version(Checker& check, const Node& root) {
  if (!one_of(root["apiVersion"].str(), {"admissionregistration.k8s.io/v1", "admissionregistration.k8s.io/v1beta1",
                                         "admissionregistration.k8s.io/v1alpha1"})) {
    check.error(root["apiVersion"], "apiVersion", "must be admissionregistration.k8s.io/v1");
  }
  check.fields(root, "", {"apiVersion", "kind", "metadata", "spec", "status"});
  if (root["metadata"]["name"].str().empty()) check.error(root["metadata"], "metadata.name", "Required value");
}

void lint_actions(Checker& check, const Node& spec) {
  std::set<std::string_view> actions;
  for (const Node& action : check.list(spec, "spec", "validationActions")) {
    if (!one_of(action.str(), {"Deny", "Warn", "Audit"})) {
      check.error(
          action, "spec.validationActions",
          "Unsupported value: \"" + std::string(action.str()) + "\": supported values: \"Audit\", \"Deny\", \"Warn\"");
    } else if (!actions.insert(action.str()).second) {
      check.error(action, "spec.validationActions", "Duplicate value: \"" + std::string(action.str()) + "\"");
    }
  }
  if (spec["validationActions"].list().empty()) check.error(spec, "spec.validationActions", "Required value");
  if (actions.contains("Deny") && actions.contains("Warn")) {
    check.error(spec["validationActions"], "spec.validationActions",
                "must not contain both Deny and Warn (repeating the same validation failure information in the API "
                "response and headers serves no purpose)");
  }
}

}  // namespace

void lint_policy(const Subject& subject, Diagnostics& out) {
  Checker check(subject, out);
  const Node& root = *subject.root;
  lint_api_version(check, root);
  const Node& spec = root["spec"];
  if (!spec.is_map()) {
    check.error(root, "spec", "Required value");
    return;
  }
  bool mutating = root["kind"].str() == "MutatingAdmissionPolicy";
  if (mutating) {
    check.fields(spec, "spec",
                 {"failurePolicy", "paramKind", "matchConstraints", "matchConditions", "variables", "mutations",
                  "reinvocationPolicy"});
  } else {
    check.fields(spec, "spec",
                 {"failurePolicy", "paramKind", "matchConstraints", "matchConditions", "variables", "validations",
                  "auditAnnotations"});
  }
  check.word(spec, "spec", "failurePolicy", {"Fail", "Ignore"});
  if (const Node* kind = spec.find("paramKind");
      kind != nullptr && check.fields(*kind, "spec.paramKind", {"apiVersion", "kind"})) {
    check.required_string(*kind, "spec.paramKind", "apiVersion");
    check.required_string(*kind, "spec.paramKind", "kind");
  }
  const Node* constraints = spec.find("matchConstraints");
  if (constraints == nullptr || constraints->is_null()) {
    check.error(spec, "spec.matchConstraints", "Required value");
  } else {
    check.match_resources(*constraints, "spec.matchConstraints");
    if ((*constraints)["resourceRules"].list().empty())
      check.error(*constraints, "spec.matchConstraints.resourceRules", "Required value");
  }
  check.named(spec, "spec", "matchConditions", "name", "expression",
              [](std::string_view name) { return kube::check_label_key(name); });
  if (spec["matchConditions"].list().size() > kMatchConditionsMax) {
    check.error(spec["matchConditions"], "spec.matchConditions",
                "must have at most " + std::to_string(kMatchConditionsMax) + " items");
  }
  check.named(spec, "spec", "variables", "name", "expression", [](std::string_view name) {
    return is_identifier(name) ? std::string() : "name is not a valid CEL identifier";
  });
  if (mutating) {
    lint_mutations(check, spec);
    return;
  }
  lint_validations(check, spec);
  check.named(spec, "spec", "auditAnnotations", "key", "valueExpression",
              [](std::string_view name) { return kube::check_label_key(name); });
  if (spec["auditAnnotations"].list().size() > kAuditAnnotationsMax) {
    check.error(spec["auditAnnotations"], "spec.auditAnnotations",
                "must have at most " + std::to_string(kAuditAnnotationsMax) + " items");
  }
  for (const Node& annotation : spec["auditAnnotations"].list()) {
    if (annotation["valueExpression"].str().size() > kValueExpressionBytesMax) {
      check.error(annotation["valueExpression"], "spec.auditAnnotations.valueExpression", "must be at most 5 KiB");
    }
  }
  if (spec["validations"].list().empty() && spec["auditAnnotations"].list().empty()) {
    check.error(spec, "spec.validations", "validations or auditAnnotations must contain at least one item");
  }
}

void lint_binding(const Subject& subject, Diagnostics& out) {
  Checker check(subject, out);
  const Node& root = *subject.root;
  lint_api_version(check, root);
  const Node& spec = root["spec"];
  bool mutating = root["kind"].str() == "MutatingAdmissionPolicyBinding";
  bool is_map = mutating
                    ? check.fields(spec, "spec", {"policyName", "paramRef", "matchResources"})
                    : check.fields(spec, "spec", {"policyName", "paramRef", "matchResources", "validationActions"});
  if (!is_map) {
    if (spec.is_null()) check.error(root, "spec", "Required value");
    return;
  }
  check.required_string(spec, "spec", "policyName");
  if (const Node* resources = spec.find("matchResources")) check.match_resources(*resources, "spec.matchResources");
  if (!mutating) lint_actions(check, spec);
  const Node* ref = spec.find("paramRef");
  if (ref == nullptr ||
      !check.fields(*ref, "spec.paramRef", {"name", "namespace", "selector", "parameterNotFoundAction"}))
    return;
  bool has_name = !(*ref)["name"].str().empty();
  bool has_selector = (*ref)["selector"].is_map();
  if (has_name == has_selector) {
    check.error(*ref, "spec.paramRef",
                has_name ? "name and selector are mutually exclusive" : "one of name or selector must be specified");
  }
  check.selector(*ref, "spec.paramRef", "selector");
  if ((*ref)["parameterNotFoundAction"].is_null())
    check.error(*ref, "spec.paramRef.parameterNotFoundAction", "Required value");
  check.word(*ref, "spec.paramRef", "parameterNotFoundAction", {"Allow", "Deny"});
}

}  // namespace ameia::policy
