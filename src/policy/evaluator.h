// The inside of Evaluator: one thread's machine and the steps that mutate(), admit(), scan() and trace() share.
// Neighbours: policy/vap_evaluate.cc, map_evaluate.cc, scan.cc, trace.cc. Inside the room only.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "policy/authorizer.h"
#include "policy/condition.h"
#include "policy/policy.h"
#include "policy/vap.h"

namespace ameia::policy {

// What one policy with one param said about the request.
struct Verdict {
  bool applies = true;  // false: a match condition was false
  std::string why_not;  // its name
  // Everything that is not a plain admission; `expression_index` tells the validation.
  std::vector<Decision> decisions;
  std::vector<AuditAnnotation> audit_annotations;
  void clear();
};

struct Evaluator::State {
  explicit State(std::shared_ptr<const PolicySet> policies);

  // A request is about to be judged by several policies.
  // `host` answers what expressions ask; its authorizer is made here, of `roles` (nullptr: nobody answers).
  void begin(const kube::AdmissionRequest& request, const doc::Node* namespace_object, const expr::Host& host,
             const rbac::Authorizer* roles);
  // The same for a request and what is known beside it.
  void begin(const kube::AdmissionRequest& request, const AdmissionFacts& facts);
  // Whether the policy's decision hangs on something that nobody here could answer.
  [[nodiscard]] bool is_unanswered(const Decision& decision) const;
  // A policy is about to be run with several params; `match` is how it matched.
  void begin_policy(const kube::AdmissionRequest& request, const Match& match);
  enum class Conditions : uint8_t { kHold, kFalse, kError };
  // Whether the policy's matchConditions hold for the params that are bound; what is wrong goes to `out`.
  Conditions match_conditions(const Policy& policy, Verdict& out);
  // Runs the policy with one param as the API server's Validate does.
  void validate(const Policy& policy, const doc::Node* params, Verdict& out);
  // The params of a binding for this request; false with `error` set when the binding cannot be configured.
  bool params_of(const Policy& policy, const Binding& binding, std::string_view ns, const ParamList*& out,
                 std::string& error) const;

  const PolicySet::Impl& set() const { return policies->impl(); }

  std::shared_ptr<const PolicySet> policies;
  TableEquivalents built_in_equivalents;
  bool one_estate = false;                  // Evaluator::assume_one_estate
  std::unique_ptr<ConditionRunner> runner;  // none when the set has no programs
  RequestAuthorizer authorizer;             // of the request in hand
  base::Arena arena;                        // the request's own nodes
  base::Arena mutation_arena;               // changed objects and what they share, until the next mutate()
  std::vector<uint32_t> candidates;
  Verdict verdict;
  std::vector<report::CheckTally> tallies;  // of scans, by rule

 private:
  // What a validation that reads no params answered before: evaluated once a request, charged every time.
  struct Known {
    bool known = false;
    uint64_t cost = 0;
  };
  // Whether the policy applies as far as its PolicyExceptions go; then `exceptions` is what they allow.
  Conditions kyverno_exceptions(const Policy& policy, Verdict& out);
  const doc::Node* exceptions_node(std::span<const std::string> images, std::span<const std::string> values);
  // As Kyverno does; not at all like the API server.
  void validate_kyverno(const Policy& policy, Verdict& out);
  Conditions kyverno_conditions(const Policy& policy, std::span<const NamedCondition> conditions, Verdict& out);
  bool run_validations(const Policy& policy, bool use_known, Verdict& out);
  void run_messages(const Policy& policy, Verdict& out);
  void run_audit_annotations(const Policy& policy, Verdict& out);
  bool message_budget_is_ample(const Policy& policy) const;

  expr::Host host_;
  std::optional<expr::RandomNumbers> random_;  // of the request in hand
  bool some_are_allowed_ = false;              // `exceptions`, as it is bound, allows something
  const doc::Node* namespace_object_ = nullptr;
  const doc::Node* request_node_ = nullptr;
  kube::Gvr request_as_;  // what request_node_ says the request is
  kube::Gvk request_as_kind_;
  const kube::AdmissionRequest* request_ = nullptr;
  std::vector<Known> known_;        // by validation of the policy in hand
  std::vector<Evaluated> results_;  // by validation
};

// The CEL variable `request` (admission.k8s.io AdmissionRequest without uid, object and oldObject), in `arena`.
const doc::Node* request_node(const kube::AdmissionRequest& request, const kube::Gvr& as, const kube::Gvk& kind,
                              base::Arena& arena);

}  // namespace ameia::policy
