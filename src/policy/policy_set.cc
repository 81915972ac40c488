#include <algorithm>
#include <map>
#include <set>

#include "kube/object.h"
#include "policy/diagnostics.h"
#include "policy/kyverno_load.h"
#include "policy/lint.h"
#include "policy/type_check.h"
#include "policy/vap.h"
#include "policy/vap_load.h"

namespace ameia::policy {
namespace {

constexpr std::string_view kApiGroup = "admissionregistration.k8s.io";

enum class Role : uint8_t {
  kPolicy,
  kKyvernoPolicy,
  kKyvernoException,
  kBinding,
  kCustomResource,
  kParam,
  kExample,
  kUnsupported,
  kNothing
};

Role role_of(const doc::Node& object, Origin origin) {
  kube::ObjectView view(object);
  if (!view.is_object()) return Role::kNothing;
  if (view.group_version().group == kApiGroup) {
    if (view.kind() == kValidatingPolicyKind || view.kind() == kMutatingPolicyKind) return Role::kPolicy;
    if (view.kind() == "ValidatingAdmissionPolicyBinding" || view.kind() == "MutatingAdmissionPolicyBinding")
      return Role::kBinding;
  }
  if (view.group_version().group == kKyvernoGroup && view.kind() == "PolicyException") return Role::kKyvernoException;
  if (view.group_version().group == kKyvernoGroup)
    return is_kyverno_policy(view.kind()) ? Role::kKyvernoPolicy : Role::kUnsupported;
  if (origin == Origin::kBuiltIn && !view.annotation("ameia.io/example").empty()) return Role::kExample;
  if (view.kind() == "CustomResourceDefinition") return Role::kCustomResource;
  return Role::kParam;
}

// No two policies of a set have the same.
std::string identity_of(const doc::Node& policy) {
  kube::ObjectView view(policy);
  return std::string(view.kind()) + "/" + std::string(view.ns()) + "/" + std::string(view.name());
}

// A binding that exists without a document: a built-in check is audited everywhere, with its own default params.
Binding implicit_binding(const Policy& policy, const ParamStore& params) {
  Binding binding;
  binding.audit = true;
  binding.actions.emplace_back("Audit");
  if (!policy.param_kind || policy.default_params.empty()) return binding;
  binding.params.kind = ResolvedParams::Kind::kFixed;
  // The default, or the user's object that took its place.
  for (const Param* param : params.list(policy.param_kind->group, policy.param_kind->kind)) {
    for (const doc::Node* by_default : policy.default_params) {
      kube::ObjectView view(*by_default);
      if (param->name == view.name() && param->ns == view.ns()) binding.params.fixed.push_back(param);
    }
  }
  return binding;
}

}  // namespace

PolicySet::PolicySet() : impl_(std::make_unique<Impl>()) {}
PolicySet::~PolicySet() = default;
size_t PolicySet::policies() const {
  return static_cast<size_t>(std::count_if(impl_->policies.begin(), impl_->policies.end(), [](const Policy& policy) {
    return !policy.kyverno || policy.kyverno->variant.empty();
  }));
}
size_t PolicySet::bindings() const {
  return impl_->bindings;
}
bool PolicySet::mutates() const {
  return std::any_of(impl_->policies.begin(), impl_->policies.end(),
                     [](const Policy& policy) { return policy.kind == PolicyKind::kMutating; });
}
bool PolicySet::asks_about_others() const {
  return impl_->wanted != nullptr && impl_->wanted->asked.any();
}
const std::vector<report::Rule>& PolicySet::rules() const {
  return impl_->rules;
}
const FixList* PolicySet::fixes(std::string_view rule_id) const {
  auto found = std::find_if(impl_->policies.begin(), impl_->policies.end(), [&](const Policy& policy) {
    return impl_->rules[policy.rule].id == rule_id && !policy.fixes.fixes.empty();
  });
  return found == impl_->policies.end() ? nullptr : &found->fixes;
}

struct PolicySetBuilder::State {
  struct Object {
    std::shared_ptr<const doc::Document> document;
    const doc::Node* root;
    Origin origin;
    Role role;
  };
  expr::Version version;
  std::vector<Object> objects;
  std::function<bool(const report::Rule&)> wanted;
  Diagnostics diagnostics;

  static Subject subject(const Object& object) {
    kube::ObjectView view(*object.root);
    std::string name(view.name().empty() ? std::string_view("(no name)") : view.name());
    return {object.document.get(), object.root, std::string(view.kind()) + "/" + name};
  }
  void load_params(PolicySet::Impl& set);
  void load_policies(PolicySet::Impl& set);
  void load_bindings(PolicySet::Impl& set);
  void bind_the_unbound(PolicySet::Impl& set);
};

PolicySetBuilder::PolicySetBuilder(expr::Version version) : state_(std::make_unique<State>()) {
  state_->version = version;
}
PolicySetBuilder::~PolicySetBuilder() = default;

void PolicySetBuilder::keep(std::function<bool(const report::Rule&)> wanted) {
  state_->wanted = std::move(wanted);
}

void PolicySetBuilder::add(std::shared_ptr<const doc::Document> document, Origin origin) {
  std::vector<const doc::Node*> roots;
  kube::expand_list(document->root(), roots);
  for (const doc::Node* root : roots) {
    Role role = role_of(*root, origin);
    State::Object object{document, root, origin, role};
    if (role == Role::kNothing) {
      state_->diagnostics.warning({document.get(), root, {}}, *root, {},
                                  "not a Kubernetes object (apiVersion or kind is missing); ignored");
    } else if (role == Role::kUnsupported) {
      state_->diagnostics.warning(
          State::subject(object), *root, {},
          "policies of the kind " + std::string((*root)["kind"].str()) + " are not evaluated yet; ignored");
    } else if (role != Role::kExample) {
      state_->objects.push_back(std::move(object));
    }
  }
}

void PolicySetBuilder::State::load_params(PolicySet::Impl& set) {
  for (const Object& object : objects) {
    if (object.role == Role::kCustomResource) {
      set.resources.learn(*object.root);
      set.types.learn(*object.root);
      set.crds.learn(*object.root);
    }
    if (object.role != Role::kParam) continue;
    bool is_default = object.origin == Origin::kBuiltIn;
    if (!set.params.add(*object.root, is_default) && !is_default) {
      diagnostics.warning(subject(object), *object.root, "metadata.name", "given twice; the first one is used");
    }
  }
}

namespace {

void add_type_warnings(const Policy& policy, const std::vector<ExpressionWarning>& warnings, Diagnostics& out) {
  const Subject about{policy.document, policy.root, "ValidatingAdmissionPolicy/" + policy.name};
  for (const ExpressionWarning& warning : warnings) {
    const ValidationRule& rule = policy.validations[warning.validation];
    const Condition& condition =
        warning.is_message && rule.message_expression ? *rule.message_expression : rule.condition;
    if (!condition.ok()) continue;  // it compiles for no kind, which has been said
    for (const TypeIssues& kind : warning.kinds) {
      for (expr::Issue issue : kind.issues) {
        issue.message = kind.kind + ": " + issue.message;
        out.expression(about, *warning.node, warning.field_ref, issue, Diagnostic::Level::kWarning);
      }
    }
  }
}

}  // namespace

void PolicySetBuilder::State::load_policies(PolicySet::Impl& set) {
  ConditionCompiler compiler(version);
  std::vector<Subject> exceptions;
  for (const Object& object : objects) {
    if (object.role == Role::kKyvernoException) exceptions.push_back(subject(object));
  }
  TypeChecker types({&set.resources, &set.crds, nullptr, nullptr}, version);
  std::map<std::string, size_t, std::less<>> by_name;
  for (const Object& object : objects) {
    bool is_kyverno = object.role == Role::kKyvernoPolicy;
    if (object.role != Role::kPolicy && !is_kyverno) continue;
    report::Rule rule =
        is_kyverno ? load_kyverno_rule(*object.root, object.origin) : load_rule(*object.root, object.origin);
    if (object.origin == Origin::kBuiltIn && wanted && !wanted(rule)) continue;
    Subject about = subject(object);
    if (set.policies.size() >= kPoliciesMax) {
      diagnostics.error(about, *object.root, {},
                        "more than " + std::to_string(kPoliciesMax) + " policies in one set; ignored");
      continue;
    }
    if (!by_name.try_emplace(identity_of(*object.root), set.policies.size()).second) {
      diagnostics.error(about, (*object.root)["metadata"]["name"], "metadata.name",
                        "a policy of this name was already given; this one is ignored");
      continue;
    }
    std::vector<Policy> loaded;
    if (is_kyverno) {
      loaded = load_kyverno_policy(about, object.origin, exceptions, compiler, diagnostics);
    } else {
      loaded.push_back(load_policy(about, object.origin, compiler, diagnostics));
    }
    if (loaded.front().kind == PolicyKind::kMutating) {
      std::move(loaded.begin(), loaded.end(), std::back_inserter(set.policies));
      continue;
    }
    for (Policy& policy : loaded) policy.rule = static_cast<uint32_t>(set.rules.size());
    Policy& policy = loaded.front();
    if (object.origin == Origin::kUser && !is_kyverno)
      add_type_warnings(policy, types.check(*policy.root), diagnostics);
    if (object.origin == Origin::kBuiltIn) {
      for (const Object& other : objects) {
        if (other.role == Role::kParam && other.document->shared_source() == object.document->shared_source()) {
          policy.default_params.push_back(other.root);
        }
      }
    }
    for (const Fix& fix : policy.fixes.fixes) rule.fixes.push_back({fix.describe(), fix.decision});
    set.rules.push_back(std::move(rule));
    std::move(loaded.begin(), loaded.end(), std::back_inserter(set.policies));
  }
  auto wanted_objects = std::make_shared<Wanted>();
  for (const Policy& policy : set.policies) {
    if (!policy.asked.any()) continue;
    wanted_objects->asked.add(policy.asked);
    wanted_objects->whole_objects = wanted_objects->whole_objects || policy.origin == Origin::kUser;
  }
  set.wanted = std::move(wanted_objects);
  base::Result<std::shared_ptr<const expr::ProgramSet>> programs = compiler.build();
  if (programs) {
    set.programs = std::move(*programs);
  } else if (!objects.empty()) {
    diagnostics.error(subject(objects.front()), *objects.front().root, {},
                      "the programs could not be planned: " + programs.error().text());
  }
}

std::vector<Diagnostic> type_warnings(const PolicySet& set, const ScanFacts& facts) {
  Diagnostics diagnostics;
  const PolicySet::Impl& impl = set.impl();
  TypeChecker checker({&impl.resources, &impl.crds, &facts.resources(), &facts.definitions()}, impl.version);
  for (const Policy& policy : impl.policies) {
    if (policy.origin == Origin::kUser) add_type_warnings(policy, checker.check(*policy.root, true), diagnostics);
  }
  LoadResult result;
  diagnostics.finish(result);
  return std::move(result.diagnostics);
}

void PolicySetBuilder::State::load_bindings(PolicySet::Impl& set) {
  using Named = std::pair<PolicyKind, std::string>;
  std::map<Named, size_t> by_name;
  for (size_t i = 0; i < set.policies.size(); ++i) {
    if (set.policies[i].kyverno) continue;  // binds itself
    by_name.emplace(Named(set.policies[i].kind, set.policies[i].name), i);
  }
  std::set<Named> seen;
  for (const Object& object : objects) {
    if (object.role != Role::kBinding) continue;
    Subject about = subject(object);
    lint_binding(about, diagnostics);
    LoadedBinding loaded = load_binding(about);
    if (!seen.emplace(loaded.kind, loaded.binding.name).second) {
      diagnostics.error(about, (*object.root)["metadata"]["name"], "metadata.name",
                        "a binding of this name was already given; this one is ignored");
      continue;
    }
    auto policy = by_name.find(Named(loaded.kind, loaded.policy));
    if (policy == by_name.end()) {
      if (!loaded.policy.empty()) {
        diagnostics.warning(about, (*object.root)["spec"]["policyName"], "spec.policyName",
                            "no " + std::string(to_string(loaded.kind)) + " \"" + loaded.policy + "\" was given");
      }
      continue;
    }
    if (set.bindings >= kBindingsMax) {
      diagnostics.error(about, *object.root, {},
                        "more than " + std::to_string(kBindingsMax) + " bindings in one set; ignored");
      continue;
    }
    Policy& bound = set.policies[policy->second];
    loaded.binding.params = resolve_params(bound, loaded.binding, set.params, set.resources);
    if (bound.param_kind && !loaded.binding.param_ref) {
      diagnostics.warning(about, (*object.root)["spec"], "spec.paramRef",
                          "the policy has a paramKind and this binding names no param: params is null");
    } else if (!bound.param_kind && loaded.binding.param_ref) {
      diagnostics.warning(about, (*object.root)["spec"]["paramRef"], "spec.paramRef",
                          "the policy has no paramKind: this is ignored");
    } else if (loaded.binding.params.kind == ResolvedParams::Kind::kError) {
      diagnostics.error(about, (*object.root)["spec"]["paramRef"], "spec.paramRef", loaded.binding.params.error);
    } else if (bound.param_kind && loaded.binding.params.fixed.empty() && loaded.binding.params.by_namespace.empty()) {
      diagnostics.warning(about, (*object.root)["spec"]["paramRef"], "spec.paramRef",
                          "no such " + bound.param_kind->kind + " was given");
    }
    bound.bindings.push_back(std::move(loaded.binding));
    ++set.bindings;
  }
  for (Policy& policy : set.policies) {
    if (policy.kind != PolicyKind::kMutating) continue;
    std::stable_sort(policy.bindings.begin(), policy.bindings.end(),
                     [](const Binding& a, const Binding& b) { return a.name < b.name; });
  }
}

void PolicySetBuilder::State::bind_the_unbound(PolicySet::Impl& set) {
  for (Policy& policy : set.policies) {
    if (policy.kyverno || !policy.bindings.empty()) continue;  // a ValidatingPolicy binds itself
    policy.bindings.push_back(implicit_binding(policy, set.params));
    if (policy.origin == Origin::kBuiltIn) continue;
    for (const Object& object : objects) {
      kube::ObjectView view(*object.root);
      if (object.role != Role::kPolicy || view.name() != policy.name || view.kind() != to_string(policy.kind)) continue;
      diagnostics.warning(subject(object), *object.root, {},
                          "no binding was given: evaluated as if bound to everything" +
                              std::string(policy.param_kind ? ", with params null" : ""));
      break;
    }
  }
}

LoadResult PolicySetBuilder::build() {
  std::shared_ptr<PolicySet> set(new PolicySet());
  PolicySet::Impl& impl = *set->impl_;
  impl.version = state_->version;
  state_->load_params(impl);
  state_->load_policies(impl);
  state_->load_bindings(impl);
  state_->bind_the_unbound(impl);
  for (size_t i = 0; i < impl.policies.size(); ++i) {
    const Policy& policy = impl.policies[i];
    // A policy without constraints is a configuration error of every request.
    MatchIndex& index = policy.kind == PolicyKind::kMutating ? impl.mutating_index : impl.index;
    index.add(static_cast<uint32_t>(i), policy.match ? *policy.match : MatchResources::parse(doc::kNullNode, true));
  }
  for (const State::Object& object : state_->objects) {
    if (impl.documents.empty() || impl.documents.back() != object.document) impl.documents.push_back(object.document);
  }
  LoadResult result;
  result.set = std::move(set);
  state_->diagnostics.finish(result);
  return result;
}

}  // namespace ameia::policy
