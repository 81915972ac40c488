// The compiled form of admission policies, validating and mutating, and of their bindings; what PolicySet holds. Inside
// the room only. Neighbours: policy/vap_load.h reads documents into these, policy/vap_evaluate.cc and map_evaluate.cc
// run them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "doc/document.h"
#include "kube/resource.h"
#include "kube/selector.h"
#include "policy/condition.h"
#include "policy/crd_table.h"
#include "policy/decision.h"
#include "policy/fix.h"
#include "policy/index.h"
#include "policy/match.h"
#include "policy/mutate.h"
#include "policy/object_store.h"
#include "policy/params.h"
#include "policy/policy.h"

namespace ameia::policy {

inline constexpr std::string_view kValidatingPolicyKind = "ValidatingAdmissionPolicy";
inline constexpr std::string_view kMutatingPolicyKind = "MutatingAdmissionPolicy";
inline std::string_view to_string(PolicyKind kind) {
  return kind == PolicyKind::kMutating ? kMutatingPolicyKind : kValidatingPolicyKind;
}

struct NamedCondition {
  std::string name;
  Condition condition;
};

struct ValidationRule {
  Condition condition;
  std::optional<Condition> message_expression;
  std::string message, reason;
  [[nodiscard]] ValidationText text() const { return {condition.text, message, reason}; }
};

struct ParamKind {
  std::string group, version, kind;
};

struct ParamRef {
  std::string name, ns;
  std::optional<kube::LabelSelector> selector;
  bool deny_when_missing = false;
  std::string error;  // "paramRef.name and paramRef.selector are mutually exclusive", a bad selector
};

struct StringHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

using ParamList = std::vector<const Param*>;

// The params of one binding, looked up when the set was built.
struct ResolvedParams {
  enum class Kind : uint8_t { kNone, kFixed, kByNamespace, kError } kind = Kind::kNone;
  ParamList fixed;                                                                       // kFixed
  std::unordered_map<std::string, ParamList, StringHash, std::equal_to<>> by_namespace;  // kByNamespace: the request's
  std::string error;                                                                     // kError
};

struct Binding {
  std::string name;                     // empty: implicit
  std::optional<MatchResources> match;  // absent: everything the policy matches
  std::optional<ParamRef> param_ref;
  std::vector<std::string> actions;
  bool deny = false, warn = false, audit = false;
  ResolvedParams params;
};

// One thing a scanned set must hold before a policy's failure is believed: any of these.
using Need = std::vector<ResourceName>;

// A PolicyException that names the policy: where all of its conditions hold, the policy does not apply; or it does, and
// reads in `exceptions` which images and values are allowed.
struct Exception {
  std::string name;
  std::vector<NamedCondition> conditions;
  std::vector<std::string> images, values;
};

// What a policy of Kyverno's is about. kOther: requests to Envoy or an HTTP service, which nobody here has.
enum class Mode : uint8_t { kKubernetes, kJson, kOther };

// What Kyverno's ValidatingPolicy and MutatingPolicy add.
struct KyvernoPolicy {
  std::vector<Exception> exceptions;
  std::string variant;            // "autogen-defaults": derived for pod controllers; empty: as written
  std::string only_ns;            // of a NamespacedValidatingPolicy: it sees no other namespace
  bool admission = true;          // spec.evaluation.admission.enabled
  bool background = true;         // spec.evaluation.background.enabled
  Mode mode = Mode::kKubernetes;  // spec.evaluation.mode
};

struct Policy {
  const doc::Document* document = nullptr;  // where it stands, kept by the set
  const doc::Node* root = nullptr;
  std::string name;
  PolicyKind kind = PolicyKind::kValidating;
  Origin origin = Origin::kUser;
  FailurePolicy failure_policy = FailurePolicy::kFail;
  std::optional<MatchResources> match;  // absent: a configuration error
  std::optional<ParamKind> param_kind;
  std::vector<NamedCondition> match_conditions;
  std::vector<NamedCondition> variables;
  std::vector<ValidationRule> validations;
  std::vector<NamedCondition> audit_annotations;
  std::vector<Mutation> mutations;  // of a mutating policy
  bool reinvoke_if_needed = false;  // again, when something was changed after its turn
  std::vector<Binding> bindings;
  bool autogen = false;                  // also judges the pod of every pod template
  bool uses_params = false;              // some expression reads params
  uint32_t rule = 0;                     // in rules(); a mutating policy has none
  std::optional<KyvernoPolicy> kyverno;  // a ValidatingPolicy of policies.kyverno.io
  [[nodiscard]] std::string_view kind_name() const {
    if (!kyverno) return to_string(kind);
    return kind == PolicyKind::kMutating ? "MutatingPolicy" : "ValidatingPolicy";
  }
  // Why it does not concern itself with the request, whatever its constraints say; empty when it does.
  // `mode`: whether it is a request of Kubernetes or a document of any other kind.
  [[nodiscard]] std::string_view passes_over(const kube::AdmissionRequest& request,
                                             Mode mode = Mode::kKubernetes) const;
  Asked asked;                                   // other objects it asks for
  std::vector<Need> needs;                       // of the scanned set
  std::vector<const doc::Node*> default_params;  // of a built-in check
  FixList fixes;                                 // what it proposes to write
};

// kube::ResourceTable as the matcher asks for it.
class TableEquivalents final : public Equivalents {
 public:
  explicit TableEquivalents(const kube::ResourceTable& table) : table_(&table) {}
  [[nodiscard]] std::vector<kube::Gvr> of(const kube::Gvr& resource, std::string_view) const override {
    return table_->equivalents(resource);
  }
  [[nodiscard]] kube::Gvk kind_of(const kube::Gvr& resource, std::string_view subresource) const override {
    if (subresource == "scale") return {"autoscaling", "v1", "Scale"};
    return {resource.group, resource.version, table_->kind_of(resource)};
  }

 private:
  const kube::ResourceTable* table_;
};

struct PolicySet::Impl {
  std::vector<std::shared_ptr<const doc::Document>> documents;  // own every node below
  ParamStore params;
  kube::ResourceTable resources;
  CrdTable crds;  // of the definitions among the documents
  expr::Version version;
  std::vector<Policy> policies;
  std::vector<report::Rule> rules;
  kube::MergeTypes types;
  MatchIndex index, mutating_index;                                   // of validating and of mutating policies
  std::shared_ptr<const Wanted> wanted = std::make_shared<Wanted>();  // by all policies together
  std::shared_ptr<const expr::ProgramSet> programs;
  size_t bindings = 0;
};

}  // namespace ameia::policy
