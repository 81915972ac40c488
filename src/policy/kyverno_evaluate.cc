// How Kyverno runs a ValidatingPolicy: match conditions that see everything, validations in order until one fails or
// cannot be answered, and no budget but ours.
#include <algorithm>

#include "doc/build.h"
#include "policy/evaluator.h"

namespace ameia::policy {

std::string_view Policy::passes_over(const kube::AdmissionRequest& request, Mode mode) const {
  if (!kyverno) return mode == Mode::kKubernetes ? "" : "it is about requests of Kubernetes";
  if (kyverno->mode != mode)
    return mode == Mode::kKubernetes ? "spec.evaluation.mode is not Kubernetes" : "spec.evaluation.mode is not JSON";
  if (!kyverno->admission && !kyverno->background) return "spec.evaluation is disabled";
  if (mode == Mode::kKubernetes && !kyverno->only_ns.empty() && kyverno->only_ns != request.ns)
    return "another namespace";
  return {};
}

Evaluator::State::Conditions Evaluator::State::kyverno_conditions(const Policy& policy,
                                                                  std::span<const NamedCondition> conditions,
                                                                  Verdict& out) {
  std::string error;
  for (const NamedCondition& condition : conditions) {
    Evaluated evaluated;
    if (!runner->run(condition.condition, evaluated)) evaluated = {Evaluated::Kind::kError, runner->budget_error()};
    if (evaluated.kind == Evaluated::Kind::kFalse) {
      out.why_not = condition.name;
      return Conditions::kFalse;
    }
    if (evaluated.kind == Evaluated::Kind::kError) error += (error.empty() ? "" : "; ") + evaluated.text;
  }
  if (error.empty()) return Conditions::kHold;
  if (policy.failure_policy == FailurePolicy::kIgnore) {
    out.why_not = "error ignored: " + error;
    return Conditions::kFalse;
  }
  out.decisions.push_back(decide_error(error, policy.failure_policy));
  return Conditions::kError;
}

const doc::Node* Evaluator::State::exceptions_node(std::span<const std::string> images,
                                                   std::span<const std::string> values) {
  doc::Builder build(arena);
  const auto texts = [&build](std::span<const std::string> all) {
    std::vector<doc::Node> nodes;
    for (const std::string& text : all) nodes.push_back(build.string(text));
    return build.list(nodes);
  };
  return arena.make<doc::Node>(build.map({{"allowedImages", texts(images)}, {"allowedValues", texts(values)}}));
}

// An exception that allows some images or values leaves the policy in force; it is the policy that asks for them.
Evaluator::State::Conditions Evaluator::State::kyverno_exceptions(const Policy& policy, Verdict& out) {
  std::string names;
  std::vector<std::string> images, values;
  for (const Exception& exception : policy.kyverno->exceptions) {
    const Conditions conditions = kyverno_conditions(policy, exception.conditions, out);
    if (conditions == Conditions::kError) return conditions;
    if (conditions == Conditions::kFalse) continue;
    names += (names.empty() ? "" : ", ") + exception.name;
    images.insert(images.end(), exception.images.begin(), exception.images.end());
    values.insert(values.end(), exception.values.begin(), exception.values.end());
  }
  out.why_not.clear();
  const bool allows_some = !images.empty() || !values.empty();
  if (!names.empty() && !allows_some) {
    out.why_not = "PolicyException " + names;
    return Conditions::kFalse;
  }
  if (runner->reads_exceptions() && (allows_some || some_are_allowed_)) {
    runner->bind_exceptions(exceptions_node(images, values));
    some_are_allowed_ = allows_some;
  }
  return Conditions::kHold;
}

void Evaluator::State::validate_kyverno(const Policy& policy, Verdict& out) {
  runner->set_per_call_cost(kKyvernoCallCostMax);
  runner->begin_list(UINT64_MAX);
  Conditions conditions = kyverno_exceptions(policy, out);
  if (conditions == Conditions::kHold) conditions = kyverno_conditions(policy, policy.match_conditions, out);
  if (conditions != Conditions::kHold) {
    out.applies = conditions == Conditions::kError;
    return;
  }
  for (size_t i = 0; i < policy.validations.size(); ++i) {
    const ValidationRule& rule = policy.validations[i];
    ConditionRunner::Quick result = runner->run_quick(rule.condition);
    if (result == ConditionRunner::Quick::kTrue) continue;
    Evaluated evaluated = runner->evaluated(rule.condition);
    Evaluated message;
    if (result == ConditionRunner::Quick::kFalse && rule.message_expression) {
      if (!runner->run(*rule.message_expression, message) || message.kind == Evaluated::Kind::kError)
        message = {Evaluated::Kind::kString, "failed to evaluate message expression: " + message.text};
    }
    Decision decision = decide(rule.text(), evaluated, message, policy.failure_policy);
    decision.expression_index = static_cast<uint32_t>(i);
    out.decisions.push_back(std::move(decision));
    if (result == ConditionRunner::Quick::kFalse) run_audit_annotations(policy, out);
    return;
  }
}

}  // namespace ameia::policy
