// How Kyverno runs a ValidatingPolicy: match conditions that see everything, validations in order until one fails or
// cannot be answered, and no budget but ours.
#include <algorithm>

#include "policy/evaluator.h"

namespace ameia::policy {

std::string_view Policy::passes_over(const kube::AdmissionRequest& request) const {
  if (!kyverno) return {};
  if (!kyverno->about_kubernetes) return "spec.evaluation.mode is not Kubernetes";
  if (!kyverno->admission && !kyverno->background) return "spec.evaluation is disabled";
  if (!kyverno->only_ns.empty() && kyverno->only_ns != request.ns) return "another namespace";
  return {};
}

bool Evaluator::State::kyverno_conditions_hold(const Policy& policy, Verdict& out) {
  std::string error;
  for (const NamedCondition& condition : policy.match_conditions) {
    Evaluated evaluated;
    if (!runner->run(condition.condition, evaluated)) evaluated = {Evaluated::Kind::kError, runner->budget_error()};
    if (evaluated.kind == Evaluated::Kind::kFalse) {
      out.why_not = condition.name;
      return false;
    }
    if (evaluated.kind == Evaluated::Kind::kError) error += (error.empty() ? "" : "; ") + evaluated.text;
  }
  if (error.empty()) return true;
  if (policy.failure_policy == FailurePolicy::kIgnore) {
    out.why_not = "error ignored: " + error;
  } else {
    out.decisions.push_back(decide_error(error, policy.failure_policy));
  }
  return false;
}

const Exception* Evaluator::State::exception_for(const Policy& policy) {
  if (!policy.kyverno) return nullptr;
  for (const Exception& exception : policy.kyverno->exceptions) {
    bool holds = std::ranges::all_of(exception.conditions, [&](const NamedCondition& condition) {
      return runner->run_quick(condition.condition) == ConditionRunner::Quick::kTrue;
    });
    if (holds) return &exception;
  }
  return nullptr;
}

void Evaluator::State::validate_kyverno(const Policy& policy, Verdict& out) {
  runner->set_per_call_cost(kKyvernoCallCostMax);
  runner->begin_list(UINT64_MAX);
  if (const Exception* exception = exception_for(policy); exception != nullptr) {
    out.applies = false;
    out.why_not = "PolicyException " + exception->name;
    return;
  }
  if (!kyverno_conditions_hold(policy, out)) {
    out.applies = !out.decisions.empty();
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
