#include "policy/kyverno_load.h"

#include <algorithm>
#include <array>
#include <functional>

#include "doc/build.h"
#include "kube/object.h"
#include "policy/vap_load.h"

namespace ameia::policy {
namespace {

using doc::Node;

// Pod controllers whose template is at the same place.
struct Controller {
  std::string_view resource, group;
};
struct Family {
  std::string_view name, spec, metadata;
  std::span<const Controller> controllers;
};
constexpr Controller kDefaults[] = {{"daemonsets", "apps"},
                                    {"deployments", "apps"},
                                    {"replicasets", "apps"},
                                    {"statefulsets", "apps"},
                                    {"jobs", "batch"}};
constexpr Controller kCronJobs[] = {{"cronjobs", "batch"}};
constexpr Family kFamilies[] = {
    {"autogen-defaults", "spec.template.spec", "spec.template.metadata", kDefaults},
    {"autogen-cronjobs", "spec.jobTemplate.spec.template.spec", "spec.jobTemplate.spec.template.metadata", kCronJobs}};

using Rewrite = std::function<std::string(std::string_view)>;
// What autogen makes of the texts of a policy.
struct Rewrites {
  Rewrite expression, condition, configuration;
};

std::string index(std::string_view at, size_t i) {
  return "spec." + std::string(at) + "[" + std::to_string(i) + "]";
}

bool is_mutating(const Node& policy) {
  return policy["kind"].str().ends_with("MutatingPolicy");
}

bool is_identifier_part(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// Whether what follows a path is .name or .namespace, as a whole word.
bool stays(std::string_view rest) {
  return std::ranges::any_of(std::array<std::string_view, 2>{".namespace", ".name"}, [&](std::string_view suffix) {
    return rest.starts_with(suffix) && (rest.size() == suffix.size() || !is_identifier_part(rest[suffix.size()]));
  });
}

std::string replace_path(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (size_t at = text.find(from); at != std::string_view::npos; at = text.find(from)) {
    out += text.substr(0, at);
    text.remove_prefix(at + from.size());
    out += stays(text) ? from : to;
  }
  return out += text;
}

bool selects_something(const Node& selector) {
  return !selector["matchLabels"].map().empty() || !selector["matchExpressions"].list().empty();
}

bool is_only(const Node& list, std::string_view word) {
  return list.list().size() == 1 && list.list()[0].is_string() && list.list()[0].str() == word;
}

// Kyverno derives rules for controllers only from a policy that is about pods, all of them and nothing else.
bool is_about_all_pods(const Node& match) {
  if (selects_something(match["namespaceSelector"]) || selects_something(match["objectSelector"])) return false;
  if (!match["excludeResourceRules"].list().empty() || match["resourceRules"].list().size() != 1) return false;
  const Node& rule = match["resourceRules"].list()[0];
  return rule["resourceNames"].list().empty() && is_only(rule["apiGroups"], "") && is_only(rule["apiVersions"], "v1") &&
         is_only(rule["resources"], "pods");
}

MatchResources match_controllers(const std::vector<Controller>& controllers, const Node& operations) {
  base::Arena arena;
  doc::Builder build(arena);
  std::vector<Node> rules;
  for (const Controller& controller : controllers) {
    rules.push_back(build.map({{"apiGroups", build.list({build.string(controller.group)})},
                               {"apiVersions", build.list({build.string("v1")})},
                               {"resources", build.list({build.string(controller.resource)})},
                               {"operations", operations}}));
  }
  return MatchResources::parse(build.map({{"resourceRules", build.list(rules)}}), true);
}

bool enabled(const Node& evaluation, std::string_view what) {
  return evaluation[what]["enabled"].boolean_or(true);
}

Mode mode_of(const Node& spec) {
  const std::string_view mode = spec["evaluation"]["mode"].str("Kubernetes");
  return mode == "Kubernetes" ? Mode::kKubernetes : mode == "JSON" ? Mode::kJson : Mode::kOther;
}

std::vector<std::string> texts_of(const Node& list) {
  std::vector<std::string> out;
  for (const Node& item : list.list()) out.emplace_back(item.str());
  return out;
}

// "v1/services | apps/v1/deployments, v1/pods": each part of the comma list is one need.
std::vector<Need> parse_needs(std::string_view text) {
  std::vector<Need> out;
  while (!text.empty()) {
    std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    Need need;
    while (!part.empty()) {
      std::string_view word = part.substr(0, part.find('|'));
      part.remove_prefix(std::min(part.size(), word.size() + 1));
      if (std::string_view name = trim(word); !name.empty()) need.push_back(parse_resource_name(name));
    }
    if (!need.empty()) out.push_back(std::move(need));
  }
  return out;
}

// Reads one policy; with rewrites, what autogen makes of it.
class Loader {
 public:
  Loader(const Subject& subject, Origin origin, std::span<const Subject> exceptions, ConditionCompiler& compiler,
         Diagnostics& out)
      : subject_(subject),
        spec_((*subject.root)["spec"]),
        origin_(origin),
        exceptions_(exceptions),
        compiler_(compiler),
        out_(out) {}

  Policy load(const Rewrites& rewrites, bool silent) {
    rewrites_ = rewrites;
    silent_ = silent;
    const Node& root = *subject_.root;
    Policy policy;
    policy.name = root["metadata"]["name"].str();
    policy.origin = origin_;
    if (is_mutating(root)) policy.kind = PolicyKind::kMutating;
    policy.reinvoke_if_needed = spec_["reinvocationPolicy"].str() == "IfNeeded";
    policy.failure_policy = spec_["failurePolicy"].str() == "Ignore" ? FailurePolicy::kIgnore : FailurePolicy::kFail;
    policy.autogen = root["metadata"]["annotations"]["ameia.io/autogen"].str() == "pod-controllers";
    if (spec_["matchConstraints"].is_map()) policy.match = MatchResources::parse(spec_["matchConstraints"], true);
    KyvernoPolicy& kyverno = policy.kyverno.emplace();
    const Node& evaluation = spec_["evaluation"];
    kyverno.admission = enabled(evaluation, "admission");
    kyverno.background = enabled(evaluation, "background");
    kyverno.mode = mode_of(spec_);
    if (root["kind"].str().starts_with("Namespaced")) {
      std::string_view ns = root["metadata"]["namespace"].str();
      kyverno.only_ns = ns.empty() ? std::string_view("default") : ns;
    }
    compiler_.begin_policy();
    load_expressions(policy);
    load_mutations(policy);
    load_exceptions(policy);
    policy.asked = compiler_.asked();
    load_needs(policy);
    policy.bindings.push_back(load_actions());
    return policy;
  }

 private:
  static constexpr ConditionCompiler::Declared kDeclared{.kyverno = true};

  void report(const Node& node, const std::string& field, const Condition& condition) {
    if (silent_) return;
    for (const expr::Issue& issue : condition.issues) out_.expression(subject_, node, field, issue);
    if (!condition.ok() && condition.issues.empty()) out_.error(subject_, node, field, condition.error);
  }
  Condition compile(const Node& node, const std::string& field, Returns returns) {
    return compile(node, field, returns, rewrites_.expression);
  }
  Condition compile(const Node& node, const std::string& field, Returns returns, const Rewrite& rewrite) {
    Condition condition = compiler_.compile(rewrite(node.str()), kDeclared, returns);
    report(node, field, condition);
    return condition;
  }

  void load_variables(Policy& policy) {
    size_t i = 0;
    for (const Node& item : spec_["variables"].list()) {
      Condition condition =
          compiler_.variable(item["name"].str(), rewrites_.expression(item["expression"].str()), kDeclared);
      report(item["expression"], index("variables", i++) + ".expression", condition);
      policy.variables.push_back({std::string(item["name"].str()), std::move(condition)});
    }
  }

  void load_expressions(Policy& policy) {
    // A mutating policy's match conditions may read its variables, a validating one's may not.
    if (policy.kind == PolicyKind::kMutating) load_variables(policy);
    size_t i = 0;
    for (const Node& item : spec_["matchConditions"].list()) {
      std::string field = index("matchConditions", i++) + ".expression";
      policy.match_conditions.push_back(
          {std::string(item["name"].str()), compile(item["expression"], field, Returns::kBool, rewrites_.condition)});
    }
    if (policy.kind != PolicyKind::kMutating) load_variables(policy);
    i = 0;
    for (const Node& item : spec_["validations"].list()) {
      std::string at = index("validations", i++);
      ValidationRule rule;
      rule.condition = compile(item["expression"], at + ".expression", Returns::kBool);
      rule.message = rewrites_.expression(item["message"].str());
      rule.reason = item["reason"].str();
      if (const Node& message = item["messageExpression"]; !message.str().empty())
        rule.message_expression = compile(message, at + ".messageExpression", Returns::kString);
      policy.validations.push_back(std::move(rule));
    }
    i = 0;
    for (const Node& item : spec_["auditAnnotations"].list()) {
      std::string field = index("auditAnnotations", i++) + ".valueExpression";
      policy.audit_annotations.push_back(
          {std::string(item["key"].str()), compile(item["valueExpression"], field, Returns::kStringOrNull)});
    }
  }

  void load_mutations(Policy& policy) {
    size_t i = 0;
    for (const Node& item : spec_["mutations"].list()) {
      bool is_patch = item["patchType"].str() == "JSONPatch";
      std::string_view key = is_patch ? "jsonPatch" : "applyConfiguration";
      PatchType type = is_patch ? PatchType::kJsonPatch : PatchType::kApplyConfiguration;
      std::string field = index("mutations", i++) + "." + std::string(key) + ".expression";
      const Node* expression = item.find(key, "expression");
      if (expression == nullptr) continue;  // lint says so
      Condition condition =
          compile(*expression, field, returned_by(type), is_patch ? rewrites_.expression : rewrites_.configuration);
      policy.mutations.push_back({type, std::move(condition)});
    }
  }

  void load_exceptions(Policy& policy) {
    std::string_view kind = (*subject_.root)["kind"].str();
    for (const Subject& subject : exceptions_) {
      const Node& spec = (*subject.root)["spec"];
      bool is_meant = std::ranges::any_of(spec["policyRefs"].list(), [&](const Node& ref) {
        return ref["name"].str() == policy.name && ref["kind"].str() == kind;
      });
      if (!is_meant) continue;
      Exception exception{std::string((*subject.root)["metadata"]["name"].str()),
                          {},
                          texts_of(spec["images"]),
                          texts_of(spec["allowedValues"])};
      size_t i = 0;
      for (const Node& item : spec["matchConditions"].list()) {
        std::string field = index("matchConditions", i++) + ".expression";
        Condition condition = compiler_.compile(item["expression"].str(), kDeclared, Returns::kBool);
        for (const expr::Issue& issue : condition.issues) {
          if (!silent_) out_.expression(subject, item["expression"], field, issue);
        }
        exception.conditions.push_back({std::string(item["name"].str()), std::move(condition)});
      }
      policy.kyverno->exceptions.push_back(std::move(exception));
    }
  }

  void load_needs(Policy& policy) {
    const Node* given = (*subject_.root)["metadata"]["annotations"].find("ameia.io/needs");
    if (given != nullptr) {
      policy.needs = parse_needs(given->str() == "none" ? std::string_view() : given->str());
      // What is needed must be kept, or nobody could tell that it is there.
      for (const Need& need : policy.needs) policy.asked.resources.insert(need.begin(), need.end());
      return;
    }
    for (const ResourceName& name : policy.asked.resources) policy.needs.push_back({name});
  }

  // A ValidatingPolicy is its own binding.
  Binding load_actions() {
    Binding binding;
    for (const Node& action : spec_["validationActions"].list()) binding.actions.emplace_back(action.str());
    if (binding.actions.empty()) binding.actions.emplace_back("Deny");
    auto has = [&](std::string_view word) {
      return std::find(binding.actions.begin(), binding.actions.end(), word) != binding.actions.end();
    };
    binding.deny = has("Deny");
    binding.warn = has("Warn");
    binding.audit = has("Audit");
    return binding;
  }

  const Subject& subject_;
  const Node& spec_;
  Origin origin_;
  std::span<const Subject> exceptions_;
  ConditionCompiler& compiler_;
  Diagnostics& out_;
  Rewrites rewrites_;
  bool silent_ = false;
};

void check_fields(const Subject& subject, const Node& map, const std::string& at,
                  std::initializer_list<std::string_view> known, Diagnostics& out) {
  for (const doc::Member& member : map.map()) {
    if (std::find(known.begin(), known.end(), member.key->view()) != known.end()) continue;
    Node place = member.value;
    place.begin = member.key_begin;
    out.warning(subject, place, at + "." + std::string(member.key->view()), "unknown field; Kubernetes drops it");
  }
}

// Kyverno passes over a name that it does not know.
void lint_controllers(const Subject& subject, const Node& names, Diagnostics& out) {
  for (const Node& name : names.list()) {
    const bool is_known = std::ranges::any_of(kFamilies, [&](const Family& family) {
      return std::ranges::any_of(family.controllers,
                                 [&](const Controller& controller) { return name.str() == controller.resource; });
    });
    if (is_known) continue;
    out.warning(
        subject, name, "spec.autogen.podControllers.controllers",
        "no pod controller \"" + std::string(name.str()) +
            "\" is known: daemonsets, deployments, replicasets, statefulsets, jobs, cronjobs; Kyverno ignores it");
  }
}

void lint(const Subject& subject, Diagnostics& out) {
  const Node& spec = (*subject.root)["spec"];
  if (!spec.is_map()) return out.error(subject, *subject.root, "spec", "Required value");
  check_fields(subject, spec, "spec",
               {"matchConstraints", "matchConditions", "validations", "variables", "auditAnnotations", "failurePolicy",
                "validationActions", "webhookConfiguration", "evaluation", "autogen", "mutations", "reinvocationPolicy",
                "targetMatchConstraints"},
               out);
  const Mode mode = mode_of(spec);
  if (mode == Mode::kOther || (mode == Mode::kJson && is_mutating(*subject.root))) {
    out.warning(subject, spec["evaluation"]["mode"], "spec.evaluation.mode",
                "a " + std::string((*subject.root)["kind"].str()) + " of this mode is not evaluated");
  }
  if (mode == Mode::kKubernetes && spec["matchConstraints"]["resourceRules"].list().empty())
    out.error(subject, spec, "spec.matchConstraints.resourceRules", "Required value");
  if (is_mutating(*subject.root)) {
    if (spec["mutations"].list().empty()) out.error(subject, spec, "spec.mutations", "Required value");
    if (spec["targetMatchConstraints"].is_map()) {
      out.warning(subject, spec["targetMatchConstraints"], "spec.targetMatchConstraints",
                  "objects that exist already are not mutated here; only the request's own object is");
    }
  } else if (spec["validations"].list().empty()) {
    out.error(subject, spec, "spec.validations", "Required value");
  }
  lint_controllers(subject, spec["autogen"]["podControllers"]["controllers"], out);
  size_t i = 0;
  for (const Node& item : spec["validations"].list()) {
    if (item["expression"].str().empty())
      out.error(subject, item, index("validations", i) + ".expression", "Required value");
    ++i;
  }
  for (const Node& action : spec["validationActions"].list()) {
    if (action.str() != "Deny" && action.str() != "Audit" && action.str() != "Warn") {
      out.error(
          subject, action, "spec.validationActions",
          "Unsupported value: \"" + std::string(action.str()) + "\": supported values: \"Deny\", \"Audit\", \"Warn\"");
    }
  }
}

}  // namespace

std::string rewrite_for_controller(std::string_view expression, std::string_view spec, std::string_view metadata) {
  std::string out(expression);
  for (std::string_view root : {"object.", "oldObject."})
    out = replace_path(out, std::string(root) + "spec", std::string(root) + std::string(spec));
  for (std::string_view root : {"object.", "oldObject."})
    out = replace_path(out, std::string(root) + "metadata", std::string(root) + std::string(metadata));
  return out;
}

bool is_kyverno_policy(std::string_view kind) {
  return kind == "ValidatingPolicy" || kind == "NamespacedValidatingPolicy" || kind == "MutatingPolicy" ||
         kind == "NamespacedMutatingPolicy";
}

std::string wrap_for_controller(std::string_view expression, std::string_view spec) {
  std::string out;
  for (size_t at = expression.find("bject.spec"); at != std::string_view::npos; at = expression.find("bject.spec")) {
    bool is_root = at > 0 && (expression[at - 1] == 'o' || expression[at - 1] == 'O');
    out += expression.substr(0, at + 6);
    out += is_root ? spec : std::string_view("spec");
    expression.remove_prefix(at + 10);
  }
  out += expression;
  const std::string metadata = std::string(spec.substr(0, spec.rfind('.'))) + ".metadata";
  for (const std::string root : {"object.", "Object."}) {
    for (const std::string field : {".labels", ".annotations"}) {
      const std::string from = root + "metadata" + field, to = root + metadata + field;
      for (size_t at = out.find(from); at != std::string::npos; at = out.find(from, at + to.size()))
        out.replace(at, from.size(), to);
    }
  }
  std::string_view text = trim(out);
  if (!text.starts_with("Object{")) return out;
  size_t end = 6, open = 0;  // the brace that closes the object, as far as braces in texts do not confuse
  for (; end < text.size(); ++end) {
    if (text[end] == '{') ++open;
    if (text[end] == '}' && --open == 0) break;
  }
  if (end >= text.size()) return out;
  // "spec.template.spec": the configuration goes into spec.template.
  std::string wrapped = "Object", closing, type = "Object";
  std::string_view path = spec.substr(0, spec.rfind('.'));
  while (!path.empty()) {
    std::string step(path.substr(0, path.find('.')));
    path.remove_prefix(std::min(path.size(), step.size() + 1));
    type += "." + step;
    wrapped += "{" + step + ": " + type;
    closing += "}";
  }
  return wrapped + std::string(text.substr(6, end + 1 - 6)) + closing + std::string(text.substr(end + 1));
}

std::vector<Policy> load_kyverno_policy(const Subject& subject, Origin origin, std::span<const Subject> exceptions,
                                        ConditionCompiler& compiler, Diagnostics& out) {
  lint(subject, out);
  Loader loader(subject, origin, exceptions, compiler, out);
  const Rewrite as_written = [](std::string_view text) { return std::string(text); };
  std::vector<Policy> policies;
  policies.push_back(loader.load({as_written, as_written, as_written}, false));
  const Node& spec = (*subject.root)["spec"];
  // A built-in check is judged on templates as they are, and says so in an annotation.
  if (origin == Origin::kBuiltIn || policies.front().kyverno->mode != Mode::kKubernetes) return policies;
  if (!is_about_all_pods(spec["matchConstraints"])) return policies;
  const Node& generation = spec["autogen"]["podControllers"];
  if (!generation["enabled"].boolean_or(true)) return policies;
  const Node* wanted = generation.find("controllers");
  for (const Family& family : kFamilies) {
    std::vector<Controller> controllers;
    for (const Controller& controller : family.controllers) {
      bool is_wanted = wanted == nullptr || wanted->is_null() ||
                       std::any_of(wanted->list().begin(), wanted->list().end(),
                                   [&](const Node& name) { return name.str() == controller.resource; });
      if (is_wanted) controllers.push_back(controller);
    }
    if (controllers.empty()) continue;
    // What does not compile was reported on the policy as written.
    const Rewrite rewrite = [&](std::string_view text) {
      return rewrite_for_controller(text, family.spec, family.metadata);
    };
    const Rewrite wrap = [&](std::string_view text) { return wrap_for_controller(text, family.spec); };
    // Of a mutating policy Kyverno rewrites the match conditions and the apply configurations, and nothing else.
    const bool mutating = is_mutating(*subject.root);
    Policy derived =
        loader.load(mutating ? Rewrites{as_written, wrap, wrap} : Rewrites{rewrite, rewrite, rewrite}, true);
    derived.kyverno->variant = family.name;
    derived.match = match_controllers(controllers, spec["matchConstraints"]["resourceRules"].list()[0]["operations"]);
    policies.push_back(std::move(derived));
  }
  return policies;
}

report::Rule load_kyverno_rule(const Node& policy, Origin origin) {
  report::Rule rule = load_rule(policy, origin);
  const Node& annotations = policy["metadata"]["annotations"];
  if (annotations.find("ameia.io/title") == nullptr)
    rule.title = trim(annotations["policies.kyverno.io/title"].str(rule.title));
  if (rule.why.empty()) rule.why = trim(annotations["policies.kyverno.io/description"].str());
  if (annotations.find("ameia.io/severity") == nullptr) {
    rule.severity = report::parse_severity(annotations["policies.kyverno.io/severity"].str()).value_or(rule.severity);
  }
  return rule;
}

}  // namespace ameia::policy
