// MutatingAdmissionPolicies, as the API server's plug-in runs them (KEP-3962). What matches and with which params is
// found first, on the object as it came; then every invocation's mutations run in order, each on what the last one
// left. When anything was changed, the plug-in runs once more, for the policies that ask for it.
#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "doc/build.h"
#include "kube/object.h"
#include "policy/evaluator.h"

namespace ameia::policy {
namespace {

using doc::Node;

// One policy with one binding and one param that match the request.
struct Invocation {
  const Policy* policy;
  const Binding* binding;
  const Param* param;
  Match match;
  [[nodiscard]] std::string param_id() const { return param == nullptr ? std::string() : param->id(); }
};
using InvocationKey = std::tuple<std::string, std::string, std::string>;

class MutationRun {
 public:
  MutationRun(Evaluator::State& state, const kube::AdmissionRequest& request, const AdmissionFacts& facts,
              MutationOutcome& out)
      : s_(state),
        request_(request),
        facts_(facts),
        equivalents_(facts.resources == nullptr ? state.set().resources : *facts.resources),
        out_(out) {}

  void run() {
    s_.begin(request_, facts_);
    pass(1);
    if (ran_ && out_.allowed) pass(2);
    out_.object = request_.object;
    if (!out_.causes.empty() && out_.allowed) refuse(out_.causes.front(), first_reason_, 403);
  }

 private:
  void pass(uint32_t number) {
    for (const Invocation& invocation : invocations()) {
      const Policy& policy = *invocation.policy;
      s_.begin_policy(request_, invocation.match);
      if (policy.uses_params) s_.runner->bind_params(invocation.param == nullptr ? nullptr : invocation.param->node);
      s_.verdict.clear();
      switch (s_.match_conditions(policy, s_.verdict)) {
        case Evaluator::State::Conditions::kHold: break;
        case Evaluator::State::Conditions::kFalse: continue;
        case Evaluator::State::Conditions::kError:
          note(policy, invocation.binding, s_.verdict.decisions.front().message, "Invalid");
          continue;
      }
      InvocationKey key{policy.name, invocation.binding->name, invocation.param_id()};
      if (number == 2 && !reinvoked_.contains(key)) continue;
      if (!mutate(invocation, number)) return;
      if (number == 1 && policy.reinvoke_if_needed) reinvoked_.insert(key);
    }
  }

  // What matches the object as it is now, in order of names. What cannot be configured is noted.
  std::vector<Invocation> invocations() {
    MatchFacts match_facts{facts_.namespace_object, &equivalents_};
    std::vector<uint32_t> candidates;
    s_.set().mutating_index.find(request_.resource.resource, request_.operation, candidates);
    std::sort(candidates.begin(), candidates.end(),
              [&](uint32_t a, uint32_t b) { return s_.set().policies[a].name < s_.set().policies[b].name; });
    std::vector<Invocation> found;
    for (uint32_t candidate : candidates) {
      const Policy& policy = s_.set().policies[candidate];
      if (!policy.passes_over(request_).empty() || (policy.kyverno && !policy.kyverno->admission)) continue;
      Match match;
      if (policy.match) {
        match = policy.match->matches(request_, match_facts);
      } else {
        match.error = "policy contained no match constraints, a required field";
      }
      if (!match.error.empty()) note(policy, nullptr, "failed to configure policy: " + match.error, "Forbidden");
      if (!match.matches) continue;
      for (const Binding& binding : policy.bindings) {
        std::string error;
        const ParamList* params = nullptr;
        if (binding.match) {
          Match bound = binding.match->matches(request_, match_facts);
          error = bound.error;
          if (error.empty() && !bound.matches) continue;
        }
        if (error.empty()) s_.params_of(policy, binding, request_.ns, params, error);
        if (!error.empty()) {
          note(policy, &binding, "failed to configure binding: " + error, "Forbidden");
          continue;
        }
        for (const Param* param : *params) found.push_back({&policy, &binding, param, match});
      }
    }
    return found;
  }

  // Runs the mutations of one invocation. False: the request is refused at once.
  bool mutate(const Invocation& invocation, uint32_t pass_number) {
    const Policy& policy = *invocation.policy;
    for (size_t i = 0; i < policy.mutations.size(); ++i) {
      kube::ObjectView view(*request_.object);
      MutationStep step;
      step.policy = policy.name;
      step.binding = invocation.binding->name;
      step.param = invocation.param_id();
      step.mutation = static_cast<uint32_t>(i);
      step.pass = pass_number;
      step.before = step.after = *request_.object;
      Mutated mutated = run_mutation(*s_.runner, policy.mutations[i], *request_.object,
                                     type_of(view.api_version(), view.kind()), s_.arena);
      step.error = mutated.error;
      step.test_failed = mutated.test_failed;
      step.cost = kRuntimeCostMax - s_.runner->remaining();
      if (mutated.error.empty()) {
        ran_ = true;
        step.after = mutated.object;
        if (!mutated.test_failed && !doc::equal(step.before, step.after)) set_object(mutated.object);
      } else if (!mutated.refuses) {
        note(policy, invocation.binding, mutated.error, "Invalid");
      }
      out_.steps.push_back(std::move(step));
      if (mutated.refuses) {
        out_.causes.push_back(mutated.error);
        refuse(mutated.error, "InternalError", 500);
        return false;
      }
    }
    return true;
  }

  std::optional<kube::MergeType> type_of(std::string_view api_version, std::string_view kind) const {
    std::optional<kube::MergeType> type;
    if (facts_.types != nullptr) type = facts_.types->find(api_version, kind);
    return type ? type : s_.set().types.find(api_version, kind);
  }

  void set_object(const Node& object) {
    request_.object = s_.arena.make<Node>(object);
    s_.runner->bind_object(request_.object);
    out_.changed = true;
  }

  // A failure that failurePolicy decides.
  void note(const Policy& policy, const Binding* binding, const std::string& error, std::string_view reason) {
    if (policy.failure_policy == FailurePolicy::kIgnore) return;
    if (out_.causes.empty()) first_reason_ = reason;
    out_.causes.push_back(binding == nullptr || binding->name.empty()
                              ? "policy \"" + policy.name + "\" denied request: " + error
                              : "policy '" + policy.name + "' with binding '" + binding->name +
                                    "' denied request: " + error);
  }

  void refuse(const std::string& message, std::string_view reason, int code) {
    out_.allowed = false;
    out_.message = message;
    out_.reason = reason;
    out_.code = code;
  }

  Evaluator::State& s_;
  kube::AdmissionRequest request_;  // its object is the one that goes on
  const AdmissionFacts& facts_;
  TableEquivalents equivalents_;
  MutationOutcome& out_;
  std::set<InvocationKey> reinvoked_;
  std::string first_reason_;
  bool ran_ = false;  // a mutation was applied, even if it changed nothing
};

}  // namespace

void MutationOutcome::clear() {
  object = nullptr;
  changed = false;
  allowed = true;
  message.clear();
  reason.clear();
  code = 0;
  causes.clear();
  steps.clear();
}

void Evaluator::mutate(const kube::AdmissionRequest& request, const AdmissionFacts& facts, MutationOutcome& out) {
  out.clear();
  State& s = *state_;
  out.object = request.object;
  // There is nothing to change in a deletion, and the plug-in does not look at it.
  if (request.operation == kube::Operation::kDelete || request.object == nullptr || !s.runner) return;
  // Parts of `request` may end up in the object: both stay until the next mutate().
  s.mutation_arena.reset();
  std::swap(s.arena, s.mutation_arena);
  MutationRun(s, request, facts, out).run();
  std::swap(s.arena, s.mutation_arena);
}

}  // namespace ameia::policy
