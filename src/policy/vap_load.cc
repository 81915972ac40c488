#include "policy/vap_load.h"

#include <algorithm>

#include "kube/object.h"
#include "policy/lint.h"

namespace ameia::policy {
namespace {

using doc::Node;

std::string index(std::string_view at, size_t i) {
  return "spec." + std::string(at) + "[" + std::to_string(i) + "]";
}

void report_issues(const Subject& subject, const Node& node, const std::string& field, const Condition& condition,
                   Diagnostics& out) {
  for (const expr::Issue& issue : condition.issues) out.expression(subject, node, field, issue);
  if (!condition.ok() && condition.issues.empty()) out.error(subject, node, field, condition.error);
}

// Words of a list written with commas, or with white space for URLs.
std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> out;
  while (!text.empty()) {
    size_t end = text.find_first_of(separators);
    std::string_view word = trim(text.substr(0, end));
    if (!word.empty()) out.emplace_back(word);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

// The params of `all` that a reference names or selects.
ParamList pick(const ParamRef& ref, const ParamList& all) {
  ParamList out;
  for (const Param* param : all) {
    bool picked = ref.selector ? ref.selector->matches((*param->node)["metadata"]["labels"]) : param->name == ref.name;
    if (picked) out.push_back(param);
  }
  return out;
}

}  // namespace

Policy load_policy(const Subject& subject, Origin origin, ConditionCompiler& compiler, Diagnostics& out) {
  lint_policy(subject, out);
  const Node& root = *subject.root;
  const Node& spec = root["spec"];
  Policy policy;
  const Node& fix = root["metadata"]["annotations"]["ameia.io/fix"];
  if (!fix.str().empty()) {
    base::Result<FixList> fixes = parse_fixes(fix.str());
    if (fixes) {
      policy.fixes = std::move(*fixes);
    } else {
      out.error(subject, fix, "metadata.annotations[ameia.io/fix]", fixes.error().what);
    }
  }
  policy.document = subject.document;
  policy.root = &root;
  policy.name = root["metadata"]["name"].str();
  policy.origin = origin;
  if (root["kind"].str() == kMutatingPolicyKind) policy.kind = PolicyKind::kMutating;
  policy.failure_policy = spec["failurePolicy"].str() == "Ignore" ? FailurePolicy::kIgnore : FailurePolicy::kFail;
  policy.autogen = root["metadata"]["annotations"]["ameia.io/autogen"].str() == "pod-controllers";
  if (spec["matchConstraints"].is_map()) policy.match = MatchResources::parse(spec["matchConstraints"], true);
  if (const Node& kind = spec["paramKind"]; kind.is_map()) {
    kube::GroupVersion gv = kube::split_api_version(kind["apiVersion"].str());
    policy.param_kind = ParamKind{std::string(gv.group), std::string(gv.version), std::string(kind["kind"].str())};
  }
  ConditionCompiler::Declared declared{policy.param_kind.has_value(), true};
  ConditionCompiler::Declared for_messages{policy.param_kind.has_value(), false};
  compiler.begin_policy();
  auto compile = [&](const Node& node, const std::string& field, ConditionCompiler::Declared with, Returns returns) {
    Condition condition = compiler.compile(node.str(), with, returns);
    report_issues(subject, node, field, condition, out);
    policy.uses_params = policy.uses_params || condition.uses_params;
    return condition;
  };
  size_t i = 0;
  for (const Node& item : spec["variables"].list()) {
    Condition condition = compiler.variable(item["name"].str(), item["expression"].str(), declared);
    report_issues(subject, item["expression"], index("variables", i++) + ".expression", condition, out);
    policy.variables.push_back({std::string(item["name"].str()), std::move(condition)});
  }
  i = 0;
  for (const Node& item : spec["matchConditions"].list()) {
    std::string field = index("matchConditions", i++) + ".expression";
    policy.match_conditions.push_back(
        {std::string(item["name"].str()), compile(item["expression"], field, declared, Returns::kBool)});
  }
  i = 0;
  for (const Node& item : spec["validations"].list()) {
    std::string at = index("validations", i++);
    ValidationRule rule;
    rule.condition = compile(item["expression"], at + ".expression", declared, Returns::kBool);
    rule.message = item["message"].str();
    rule.reason = item["reason"].str();
    if (const Node& message = item["messageExpression"]; !message.str().empty()) {
      rule.message_expression = compile(message, at + ".messageExpression", for_messages, Returns::kString);
    }
    policy.validations.push_back(std::move(rule));
  }
  i = 0;
  for (const Node& item : spec["auditAnnotations"].list()) {
    std::string field = index("auditAnnotations", i++) + ".valueExpression";
    policy.audit_annotations.push_back(
        {std::string(item["key"].str()), compile(item["valueExpression"], field, declared, Returns::kStringOrNull)});
  }
  if (policy.kind == PolicyKind::kMutating) {
    policy.reinvoke_if_needed = spec["reinvocationPolicy"].str() == "IfNeeded";
    i = 0;
    for (const Node& item : spec["mutations"].list()) {
      if (i >= kMutationsMax) break;
      bool is_patch = item["patchType"].str() == "JSONPatch";
      std::string_view key = is_patch ? "jsonPatch" : "applyConfiguration";
      PatchType type = is_patch ? PatchType::kJsonPatch : PatchType::kApplyConfiguration;
      const Node* expression = item.find(key, "expression");
      std::string field = index("mutations", i++) + "." + std::string(key) + ".expression";
      if (expression == nullptr) continue;  // the API server has no patch for it either; lint says so
      policy.mutations.push_back({type, compile(*expression, field, declared, returned_by(type))});
    }
  }
  return policy;
}

LoadedBinding load_binding(const Subject& subject) {
  const Node& root = *subject.root;
  const Node& spec = root["spec"];
  LoadedBinding loaded;
  if (root["kind"].str().starts_with(kMutatingPolicyKind)) loaded.kind = PolicyKind::kMutating;
  loaded.policy = spec["policyName"].str();
  Binding& binding = loaded.binding;
  binding.name = root["metadata"]["name"].str();
  if (spec["matchResources"].is_map()) binding.match = MatchResources::parse(spec["matchResources"], true);
  for (const Node& action : spec["validationActions"].list()) {
    binding.actions.emplace_back(action.str());
    binding.deny = binding.deny || action.str() == "Deny";
    binding.warn = binding.warn || action.str() == "Warn";
    binding.audit = binding.audit || action.str() == "Audit";
  }
  const Node& ref = spec["paramRef"];
  if (!ref.is_map()) return loaded;
  binding.param_ref.emplace();
  binding.param_ref->name = ref["name"].str();
  binding.param_ref->ns = ref["namespace"].str();
  binding.param_ref->deny_when_missing = ref["parameterNotFoundAction"].str() == "Deny";
  if (ref["selector"].is_map()) {
    base::Result<kube::LabelSelector> selector = kube::LabelSelector::parse(ref["selector"]);
    if (selector) {
      binding.param_ref->selector = std::move(*selector);
    } else {
      binding.param_ref->error = selector.error().what;
    }
  }
  if (binding.param_ref->error.empty() && !binding.param_ref->name.empty() && ref["selector"].is_map()) {
    binding.param_ref->error = "paramRef.name and paramRef.selector are mutually exclusive";
  }
  if (binding.param_ref->error.empty() && binding.param_ref->name.empty() && !ref["selector"].is_map()) {
    binding.param_ref->error = "one of name or selector must be provided";
  }
  return loaded;
}

report::Rule load_rule(const Node& policy, Origin origin) {
  const Node& metadata = policy["metadata"];
  const Node& annotations = metadata["annotations"];
  report::Rule rule;
  rule.id = origin == Origin::kBuiltIn ? upper(metadata["name"].str()) : std::string(metadata["name"].str());
  rule.title = trim(annotations["ameia.io/title"].str(metadata["name"].str()));
  rule.why = trim(annotations["ameia.io/why"].str());
  rule.remediation = trim(annotations["ameia.io/remediation"].str());
  rule.portuguese = {std::string(trim(annotations["ameia.io/title.pt"].str())),
                     std::string(trim(annotations["ameia.io/why.pt"].str())),
                     std::string(trim(annotations["ameia.io/remediation.pt"].str()))};
  rule.severity = report::parse_severity(annotations["ameia.io/severity"].str()).value_or(report::Severity::kMedium);
  rule.tags = split(annotations["ameia.io/tags"].str(), ",\n");
  rule.references = split(annotations["ameia.io/references"].str(), " \t\r\n,");
  return rule;
}

ResolvedParams resolve_params(const Policy& policy, const Binding& binding, const ParamStore& store,
                              const kube::ResourceTable& resources) {
  ResolvedParams resolved;
  if (!policy.param_kind || !binding.param_ref) return resolved;  // evaluated once, with params null
  const ParamRef& ref = *binding.param_ref;
  const ParamKind& kind = *policy.param_kind;
  ParamList all = store.list(kind.group, kind.kind);
  kube::ResourceInfo info = resources.find(kind.group, kind.kind);
  bool namespaced = info.scope == kube::Scope::kNamespaced;
  if (info.guessed && !all.empty()) {
    namespaced = std::any_of(all.begin(), all.end(), [](const Param* param) { return !param->ns.empty(); });
  }
  auto fail = [&](std::string_view error) {
    resolved.kind = ResolvedParams::Kind::kError;
    resolved.error = error;
    return resolved;
  };
  if (!ref.ns.empty() && !namespaced)
    return fail("paramRef.namespace must not be provided for a cluster-scoped `paramKind`");
  if (!ref.error.empty()) return fail(ref.error);
  ParamList picked = pick(ref, all);
  if (!namespaced) {
    resolved.kind = ResolvedParams::Kind::kFixed;
    resolved.fixed = std::move(picked);
    return resolved;
  }
  auto ns_of = [](const Param* param) { return param->ns.empty() ? std::string("default") : param->ns; };
  resolved.kind = ref.ns.empty() ? ResolvedParams::Kind::kByNamespace : ResolvedParams::Kind::kFixed;
  for (const Param* param : picked) {
    if (ref.ns.empty()) {
      resolved.by_namespace[ns_of(param)].push_back(param);
    } else if (ns_of(param) == ref.ns) {
      resolved.fixed.push_back(param);
    }
  }
  return resolved;
}

}  // namespace ameia::policy
