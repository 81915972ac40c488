#include <algorithm>
#include <numeric>

#include "doc/json.h"
#include "expr/lib_kyverno.h"
#include "policy/evaluator.h"

namespace ameia::policy {
namespace {

constexpr std::string_view kNotFound = "no params found for policy binding with `Deny` parameterNotFoundAction";
constexpr std::string_view kFailureKey = "validation.policy.admission.k8s.io/validation_failure";

const ParamList& no_params() {
  static const ParamList kOneNull{nullptr};
  return kOneNull;
}

// Go's encoding/json also escapes what HTML would read.
std::string go_json_string(std::string_view text) {
  std::string plain, out;
  doc::append_json_string(plain, text);
  for (char c : plain) {
    switch (c) {
      case '<': out += "\\u003c"; break;
      case '>': out += "\\u003e"; break;
      case '&': out += "\\u0026"; break;
      default: out += c;
    }
  }
  return out;
}

std::string failure_annotation(const Policy& policy, const Binding& binding, const Decision& decision) {
  std::string out = "[{\"message\":" + go_json_string(decision.message) + ",\"policy\":" + go_json_string(policy.name) +
                    ",\"binding\":" + go_json_string(binding.name) +
                    ",\"expressionIndex\":" + std::to_string(decision.expression_index) + ",\"validationActions\":[";
  for (size_t i = 0; i < binding.actions.size(); ++i) out += (i == 0 ? "" : ",") + go_json_string(binding.actions[i]);
  return out + "]}]";
}

void annotate(AdmissionOutcome& out, std::string key, std::string value) {
  for (const auto& [known, _] : out.audit_annotations) {
    if (known == key) return;  // an annotation is never overwritten
  }
  out.audit_annotations.emplace_back(std::move(key), std::move(value));
}

void deny(AdmissionOutcome& out, const Policy& policy, const BoundDecision& decision) {
  if (!out.allowed) return;
  out.allowed = false;
  out.message = std::string(policy.kind_name()) + " '" + decision.policy + "'" +
                (decision.binding.empty() ? "" : " with binding '" + decision.binding + "'") +
                " denied request: " + decision.decision.message;
  out.reason = decision.decision.reason.empty() ? "Invalid" : decision.decision.reason;
  out.code = status_code(out.reason);
}

void config_error(AdmissionOutcome& out, const Policy& policy, const Binding* binding, const std::string& error) {
  if (policy.failure_policy == FailurePolicy::kIgnore) return;
  BoundDecision bound;
  bound.policy = policy.name;
  if (binding != nullptr) bound.binding = binding->name;
  bound.decision =
      decide_error((binding == nullptr ? "failed to configure policy: " : "failed to configure binding: ") + error,
                   policy.failure_policy);
  bound.actions.emplace_back("Deny");
  deny(out, policy, bound);
  out.decisions.push_back(std::move(bound));
}

// The published audit annotations of one policy: equal values once, different ones joined.
class AnnotationCollector {
 public:
  void add(const std::string& key, std::string_view value) {
    value = value.substr(0, kAuditAnnotationBytesMax);
    for (auto& [known, values] : list_) {
      if (known != key) continue;
      if (std::find(values.begin(), values.end(), value) == values.end()) values.emplace_back(value);
      return;
    }
    list_.push_back({key, {std::string(value)}});
  }
  void publish(const std::string& policy, AdmissionOutcome& out) {
    for (const auto& [key, values] : list_) {
      std::string joined;
      for (const std::string& value : values) joined += (joined.empty() ? "" : ", ") + value;
      annotate(out, policy + "/" + key, std::move(joined));
    }
  }

 private:
  std::vector<std::pair<std::string, std::vector<std::string>>> list_;
};

void apply(const Policy& policy, const Binding& binding, const Param* param, const Decision& decision,
           AdmissionOutcome& out) {
  BoundDecision bound{policy.name, binding.name, param == nullptr ? std::string() : param->id(), decision,
                      binding.actions};
  if (decision.action == Action::kDeny) {
    for (const std::string& action : binding.actions) {
      if (action == "Deny") {
        deny(out, policy, bound);
      } else if (action == "Warn") {
        out.warnings.push_back("Validation failed for " + std::string(policy.kind_name()) + " '" + policy.name + "'" +
                               (policy.kyverno ? "" : " with binding '" + binding.name + "'") + ": " +
                               decision.message);
      } else if (action == "Audit" && !policy.kyverno) {  // Kyverno writes a report instead
        annotate(out, std::string(kFailureKey), failure_annotation(policy, binding, decision));
      }
    }
  }
  out.decisions.push_back(std::move(bound));
}

}  // namespace

void Verdict::clear() {
  applies = true;
  why_not.clear();
  decisions.clear();
  audit_annotations.clear();
}

void AdmissionOutcome::clear() {
  allowed = true;
  message.clear();
  reason.clear();
  code = 0;
  decisions.clear();
  warnings.clear();
  not_evaluated.clear();
  audit_annotations.clear();
  evaluated = 0;
}

Evaluator::State::State(std::shared_ptr<const PolicySet> given)
    : policies(std::move(given)), built_in_equivalents(policies->impl().resources) {
  if (set().programs != nullptr) runner = std::make_unique<ConditionRunner>(set().programs);
  tallies.resize(set().rules.size());
}

void Evaluator::State::begin(const kube::AdmissionRequest& request, const AdmissionFacts& facts) {
  const bool is_namespace = request.kind == kube::Gvk{"", "v1", "Namespace"};
  random_.reset();
  if (facts.random_seed) random_.emplace(*facts.random_seed);
  expr::Host host;
  host.resources = facts.objects;
  host.images = facts.images;
  host.now = facts.now;
  host.random = random_ ? &*random_ : nullptr;
  begin(request, is_namespace || request.ns.empty() ? nullptr : facts.namespace_object, host, facts.authorizer);
  if (runner && facts.is_payload) runner->bind_request(nullptr);
}

bool Evaluator::State::is_unanswered(const Decision& decision) const {
  return decision.evaluation == Evaluation::kError &&
         (authorizer.unanswered() || decision.message.find(expr::kNotKnownOffline) != std::string::npos);
}

void Evaluator::State::begin(const kube::AdmissionRequest& request, const doc::Node* namespace_object,
                             const expr::Host& host, const rbac::Authorizer* roles) {
  request_ = &request;
  request_as_ = request.resource;
  request_as_kind_ = request.kind;
  namespace_object_ = namespace_object;
  if (!runner) return;
  host_ = host;
  host_.authorizer = &authorizer;
  some_are_allowed_ = false;
  runner->machine().set_host(&host_);
  request_node_ = runner->reads_request() ? request_node(request, request.resource, request.kind, arena) : nullptr;
  authorizer.bind(roles, request.user_info);
  runner->bind({.object = request.object,
                .old_object = request.old_object,
                .request = request_node_,
                .namespace_object = namespace_object_,
                .params = nullptr,
                .exceptions = runner->reads_exceptions() ? exceptions_node({}, {}) : nullptr,
                .authorizer = true,
                .group = request.resource.group,
                .resource = request.resource.resource,
                .subresource = request.subresource,
                .ns = request.ns,
                .name = request.name});
}

void Evaluator::State::begin_policy(const kube::AdmissionRequest& request, const Match& match) {
  known_.clear();
  if (!runner || !runner->reads_request()) return;
  if (match.resource == request_as_ && match.kind == request_as_kind_) return;
  request_as_ = match.resource;
  request_as_kind_ = match.kind;
  request_node_ = request_node(request, match.resource, match.kind, arena);
  runner->bind_request(request_node_);
}

bool Evaluator::State::params_of(const Policy& policy, const Binding& binding, std::string_view ns,
                                 const ParamList*& out, std::string& error) const {
  const ResolvedParams& params = binding.params;
  bool deny_when_missing = binding.param_ref && binding.param_ref->deny_when_missing;
  switch (params.kind) {
    case ResolvedParams::Kind::kNone: out = &no_params(); return true;
    case ResolvedParams::Kind::kError: error = params.error; return false;
    case ResolvedParams::Kind::kFixed: out = &params.fixed; break;
    case ResolvedParams::Kind::kByNamespace: {
      if (ns.empty()) {
        error = "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources";
        return false;
      }
      static const ParamList kNone;
      auto it = params.by_namespace.find(ns);
      out = it == params.by_namespace.end() ? &kNone : &it->second;
      break;
    }
  }
  if (out->empty() && deny_when_missing) {
    error = kNotFound;
    return false;
  }
  (void)policy;
  return true;
}

// namespaceObject is null in match conditions, as the API server passes none.
Evaluator::State::Conditions Evaluator::State::match_conditions(const Policy& policy, Verdict& out) {
  runner->set_per_call_cost(policy.kyverno ? kKyvernoCallCostMax : kPerCallCostMax);
  if (policy.match_conditions.empty() && !policy.kyverno) return Conditions::kHold;
  if (policy.kyverno) {
    runner->begin_list(UINT64_MAX);
    if (const Conditions exceptions = kyverno_exceptions(policy, out); exceptions != Conditions::kHold)
      return exceptions;
  } else {
    runner->bind_namespace(nullptr);
    runner->begin_list(kMatchConditionsCostMax);
  }
  std::vector<std::string> errors;
  Conditions result = Conditions::kHold;
  for (const NamedCondition& condition : policy.match_conditions) {
    Evaluated evaluated;
    if (!runner->run(condition.condition, evaluated)) {
      errors = {runner->budget_error()};
      break;
    }
    if (evaluated.kind == Evaluated::Kind::kFalse) {
      out.why_not = condition.name;
      result = Conditions::kFalse;
      errors.clear();
      break;
    }
    if (evaluated.kind == Evaluated::Kind::kError &&
        std::find(errors.begin(), errors.end(), evaluated.text) == errors.end()) {
      errors.push_back(std::move(evaluated.text));
    }
  }
  runner->bind_namespace(namespace_object_);
  if (errors.empty()) return result;
  if (policy.failure_policy == FailurePolicy::kIgnore) {
    out.why_not = "error ignored: " + errors.front();
    return Conditions::kFalse;
  }
  std::string message = errors.front();
  if (errors.size() > 1) {
    message = "[";
    for (size_t i = 0; i < errors.size(); ++i) message += (i == 0 ? "" : ", ") + errors[i];
    message += "]";
  }
  out.decisions.push_back(decide_error(message, policy.failure_policy));
  return Conditions::kError;
}

// False when the budget ran out. `use_known`: validations that read no params and held before are only charged.
bool Evaluator::State::run_validations(const Policy& policy, bool use_known, Verdict& out) {
  runner->begin_list(kRuntimeCostMax);
  out.decisions.clear();
  known_.resize(policy.validations.size());
  results_.assign(policy.validations.size(), {});
  bool denied = false;
  for (size_t i = 0; i < policy.validations.size(); ++i) {
    const ValidationRule& rule = policy.validations[i];
    if (use_known && known_[i].known) {
      if (!runner->charge(known_[i].cost)) return false;
      continue;
    }
    uint64_t before = runner->remaining();
    switch (runner->run_quick(rule.condition)) {
      case ConditionRunner::Quick::kOverBudget: return false;
      case ConditionRunner::Quick::kTrue:
        if (!rule.condition.uses_params) known_[i] = {true, before - runner->remaining()};
        break;
      default: results_[i] = runner->evaluated(rule.condition); denied = true;
    }
  }
  if (denied || !message_budget_is_ample(policy)) run_messages(policy, out);
  return true;
}

// Message expressions spend what the validations left. Each may cost the per-call limit and so may each variable: while
// that fits, a policy that admits need not run them at all.
bool Evaluator::State::message_budget_is_ample(const Policy& policy) const {
  size_t messages = 0;
  for (const ValidationRule& rule : policy.validations) messages += rule.message_expression ? 1 : 0;
  return messages == 0 || (messages + policy.variables.size()) * 2 * kPerCallCostMax <= runner->remaining();
}

void Evaluator::State::run_messages(const Policy& policy, Verdict& out) {
  bool only_needed = message_budget_is_ample(policy);
  std::vector<Evaluated> messages(policy.validations.size());
  std::string error;
  runner->begin_list(runner->remaining());
  for (size_t i = 0; i < policy.validations.size() && error.empty(); ++i) {
    const ValidationRule& rule = policy.validations[i];
    if (!rule.message_expression || (only_needed && results_[i].kind == Evaluated::Kind::kNone)) continue;
    if (!runner->run(*rule.message_expression, messages[i])) error = runner->budget_error();
  }
  for (size_t i = 0; i < policy.validations.size(); ++i) {
    if (results_[i].kind == Evaluated::Kind::kNone) results_[i].kind = Evaluated::Kind::kTrue;
    Decision decision = decide(policy.validations[i].text(), results_[i], messages[i], policy.failure_policy, error);
    decision.expression_index = static_cast<uint32_t>(i);
    if (decision.evaluation != Evaluation::kAdmit) out.decisions.push_back(std::move(decision));
  }
}

void Evaluator::State::run_audit_annotations(const Policy& policy, Verdict& out) {
  if (policy.audit_annotations.empty()) return;
  runner->begin_list(kRuntimeCostMax);
  for (const NamedCondition& annotation : policy.audit_annotations) {
    Evaluated evaluated;
    if (!runner->run(annotation.condition, evaluated)) {
      out.decisions = {decide_error(runner->budget_error(), policy.failure_policy)};
      out.audit_annotations.clear();
      return;
    }
    out.audit_annotations.push_back(
        decide_audit(annotation.name, annotation.condition.text, evaluated, policy.failure_policy));
  }
}

void Evaluator::State::validate(const Policy& policy, const doc::Node* params, Verdict& out) {
  out.clear();
  authorizer.forget();
  if (!runner) {
    out.decisions.push_back(decide_error("the policy's programs could not be planned", policy.failure_policy));
    return;
  }
  if (policy.kyverno) return validate_kyverno(policy, out);
  if (policy.uses_params) runner->bind_params(params);
  Conditions conditions = match_conditions(policy, out);
  if (conditions == Conditions::kFalse) out.applies = false;
  if (conditions != Conditions::kHold) return;
  // Known answers may charge a variable twice; when that empties the budget, the exact way decides.
  if (!run_validations(policy, true, out) && !run_validations(policy, false, out)) {
    out.decisions = {decide_error(runner->budget_error(), policy.failure_policy)};
    return;
  }
  run_audit_annotations(policy, out);
}

Evaluator::Evaluator(std::shared_ptr<const PolicySet> set) : state_(std::make_unique<State>(std::move(set))) {}
Evaluator::~Evaluator() = default;
Evaluator::Evaluator(Evaluator&&) noexcept = default;
Evaluator& Evaluator::operator=(Evaluator&&) noexcept = default;

void Evaluator::admit(const kube::AdmissionRequest& request, const AdmissionFacts& facts, AdmissionOutcome& out) {
  out.clear();
  State& s = *state_;
  s.arena.reset();
  TableEquivalents own(facts.resources == nullptr ? s.set().resources : *facts.resources);
  MatchFacts match_facts{facts.namespace_object, &own};
  s.begin(request, facts);
  const Mode mode = facts.is_payload ? Mode::kJson : Mode::kKubernetes;
  if (facts.is_payload) {
    s.candidates.resize(s.set().policies.size());
    std::iota(s.candidates.begin(), s.candidates.end(), 0U);
  } else {
    s.set().index.find(request.resource.resource, request.operation, s.candidates);
  }
  for (uint32_t candidate : s.candidates) {
    const Policy& policy = s.set().policies[candidate];
    if (policy.kind == PolicyKind::kMutating || !policy.passes_over(request, mode).empty()) continue;
    if (policy.kyverno && !policy.kyverno->admission) continue;
    if (!policy.match && !facts.is_payload) {
      config_error(out, policy, nullptr, "policy contained no match constraints, a required field");
      continue;
    }
    // A payload is judged by every policy about payloads, whatever its constraints say.
    Match match = facts.is_payload ? Match{true, {}, request.resource, request.kind}
                                   : policy.match->matches(request, match_facts);
    if (!match.error.empty()) config_error(out, policy, nullptr, match.error);
    if (!match.matches) continue;
    s.begin_policy(request, match);
    AnnotationCollector annotations;
    for (const Binding& binding : policy.bindings) {
      if (binding.match) {
        Match bound = binding.match->matches(request, match_facts);
        if (!bound.error.empty()) config_error(out, policy, &binding, bound.error);
        if (!bound.matches) continue;
      }
      const ParamList* params = nullptr;
      std::string error;
      if (!s.params_of(policy, binding, request.ns, params, error)) {
        config_error(out, policy, &binding, error);
        continue;
      }
      for (const Param* param : *params) {
        s.validate(policy, param == nullptr ? nullptr : param->node, s.verdict);
        ++out.evaluated;
        for (const Decision& decision : s.verdict.decisions) {
          if (s.is_unanswered(decision))
            out.not_evaluated.push_back(policy.name + ": " + decision.message);
          else
            apply(policy, binding, param, decision, out);
        }
        for (const AuditAnnotation& annotation : s.verdict.audit_annotations) {
          if (annotation.action == AuditAnnotation::Action::kPublish) annotations.add(annotation.key, annotation.value);
          if (annotation.action != AuditAnnotation::Action::kError) continue;
          BoundDecision bound{policy.name,
                              binding.name,
                              param == nullptr ? std::string() : param->id(),
                              decide_error(annotation.error, FailurePolicy::kFail),
                              {"Deny"}};
          deny(out, policy, bound);
          out.decisions.push_back(std::move(bound));
        }
      }
    }
    annotations.publish(policy.name, out);
  }
}

}  // namespace ameia::policy
