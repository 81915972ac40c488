#include "expr/program.h"
#include "policy/evaluator.h"

namespace ameia::policy {
namespace {

// Runs every expression of one policy with one param, for people to read.
class Tracer {
 public:
  Tracer(ConditionRunner& runner, bool steps, TracedPolicy& out) : runner_(runner), steps_(steps), out_(out) {}

  void add(std::string role, std::string name, const Condition& condition, const expr::ProgramSet& programs) {
    TracedExpression traced;
    traced.role = std::move(role);
    traced.name = std::move(name);
    traced.expression = condition.text;
    if (!condition.ok()) {
      traced.is_error = true;
      traced.value = condition.error;
      out_.expressions.push_back(std::move(traced));
      return;
    }
    std::vector<expr::TraceStep> steps;
    expr::RunLimits limits;
    limits.cost_max = kPerCallCostMax;
    expr::Outcome outcome = steps_ ? runner_.machine().explain(condition.program, steps, limits)
                                   : runner_.machine().run(condition.program, limits);
    traced.cost = outcome.cost;
    traced.is_error = outcome.value.is_error() || outcome.over_budget;
    traced.value = outcome.over_budget        ? "operation cancelled: actual cost limit exceeded"
                   : outcome.value.is_error() ? std::string(outcome.value.error->message)
                                              : expr::to_text(outcome.value);
    const expr::Checked& checked = programs.checked(condition.program);
    for (const expr::TraceStep& step : steps) {
      traced.steps.push_back({source_of(checked, condition.text, step.expr_id),
                              expr::to_text(step.value, kValueBytesMax), step.bindings, step.decisive});
    }
    out_.expressions.push_back(std::move(traced));
  }

 private:
  // The text of a sub-expression.
  static std::string source_of(const expr::Checked& checked, const std::string& text, uint32_t id) {
    std::string source;
    expr::for_each(checked.ast->root, [&](const expr::Expr& e) {
      if (e.id == id && e.begin < e.end && e.end <= text.size()) source = text.substr(e.begin, e.end - e.begin);
    });
    return source;
  }

  ConditionRunner& runner_;
  bool steps_;
  TracedPolicy& out_;
};

}  // namespace

std::vector<TracedPolicy> Evaluator::trace(const kube::AdmissionRequest& request, const AdmissionFacts& facts,
                                           bool steps, PolicyKind kind) {
  State& s = *state_;
  s.arena.reset();
  TableEquivalents equivalents(facts.resources == nullptr ? s.set().resources : *facts.resources);
  MatchFacts match_facts{facts.namespace_object, &equivalents};
  s.begin(request, facts);
  std::vector<TracedPolicy> out;
  for (const Policy& policy : s.set().policies) {
    if (policy.kind != kind) continue;
    TracedPolicy traced;
    traced.kind = policy.kind;
    traced.policy = policy.name;
    if (policy.kyverno && !policy.kyverno->variant.empty()) traced.policy += " (" + policy.kyverno->variant + ")";
    const Mode mode = facts.is_payload ? Mode::kJson : Mode::kKubernetes;
    if (std::string_view why = policy.passes_over(request, mode); !why.empty()) {
      traced.why_not = why;
      out.push_back(std::move(traced));
      continue;
    }
    Match match;
    if (facts.is_payload) {
      match = {true, {}, request.resource, request.kind};
    } else if (policy.match) {
      match = policy.match->matches(request, match_facts);
    } else {
      match.error = "policy contained no match constraints, a required field";
    }
    if (!match.matches) {
      traced.why_not = match.error.empty() ? "matchConstraints" : match.error;
      out.push_back(std::move(traced));
      continue;
    }
    s.begin_policy(request, match);
    for (const Binding& binding : policy.bindings) {
      TracedPolicy one = traced;
      one.binding = binding.name;
      Match bound{true, {}, {}, {}};
      if (binding.match) bound = binding.match->matches(request, match_facts);
      const ParamList* params = nullptr;
      std::string error = bound.error;
      if (!bound.matches || !s.params_of(policy, binding, request.ns, params, error)) {
        one.why_not = error.empty() ? "the binding's matchResources" : error;
        out.push_back(std::move(one));
        continue;
      }
      if (params->empty()) {
        one.why_not = "no param was found (parameterNotFoundAction: Allow)";
        out.push_back(std::move(one));
        continue;
      }
      for (const Param* param : *params) {
        TracedPolicy with = one;
        if (param != nullptr) with.param = param->id();
        s.validate(policy, param == nullptr ? nullptr : param->node, s.verdict);
        with.matched = s.verdict.applies;
        if (!with.matched)
          with.why_not =
              (s.verdict.why_not.starts_with("PolicyException ") ? "" : "matchCondition ") + s.verdict.why_not;
        with.decisions = s.verdict.decisions;
        with.audit_annotations = s.verdict.audit_annotations;
        if (s.runner) {
          Tracer tracer(*s.runner, steps, with);
          const expr::ProgramSet& programs = *s.set().programs;
          for (const NamedCondition& condition : policy.match_conditions)
            tracer.add("matchCondition", condition.name, condition.condition, programs);
          if (with.matched) {
            for (const NamedCondition& variable : policy.variables)
              tracer.add("variable", variable.name, variable.condition, programs);
            for (size_t i = 0; i < policy.mutations.size(); ++i)
              tracer.add("mutation", std::to_string(i), policy.mutations[i].condition, programs);
            for (size_t i = 0; i < policy.validations.size(); ++i) {
              tracer.add("validation", std::to_string(i), policy.validations[i].condition, programs);
              if (policy.validations[i].message_expression)
                tracer.add("messageExpression", std::to_string(i), *policy.validations[i].message_expression, programs);
            }
            for (const NamedCondition& annotation : policy.audit_annotations)
              tracer.add("auditAnnotation", annotation.name, annotation.condition, programs);
          }
        }
        out.push_back(std::move(with));
      }
    }
  }
  return out;
}

}  // namespace ameia::policy
