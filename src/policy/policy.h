// Policy: the room's front door. ValidatingAdmissionPolicy, MutatingAdmissionPolicy and Kyverno's ValidatingPolicy
// documents are compiled once into a PolicySet; an Evaluator (one a thread) then decides requests as the API server (or
// Kyverno) does, and judges files with the same compiled programs.
//
//   documents ─ PolicySetBuilder ─ PolicySet (immutable) ─ Evaluator ─┬─ mutate(request) → MutationOutcome
//                                                                      ├─ admit(request)  → AdmissionOutcome
//                    └ diagnostics (lint)                              ├─ scan(object)    → findings, coverage
//                                                                      └─ trace(request)  → what every expression said
// Neighbours: policy/decision.h (wording), policy/match.h (matching), policy/builtin.h (checks in the binary),
// policy/pss.h (Pod Security, native).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "doc/document.h"
#include "expr/env.h"
#include "expr/host.h"
#include "kube/admission.h"
#include "kube/merge_type.h"
#include "kube/resource.h"
#include "policy/decision.h"
#include "rbac/rbac.h"
#include "report/finding.h"

namespace ameia::policy {

// One problem of a policy document, placed in its file.
struct Diagnostic {
  enum class Level : uint8_t { kError, kWarning } level = Level::kError;
  std::string file;
  uint32_t line = 0, column = 0;  // 1-based, code points
  std::string object;             // "ValidatingAdmissionPolicy/no-latest"
  std::string field;              // "spec.validations[0].expression"
  std::string message;            // CEL errors in cel-go's words
  std::string snippet;            // the source line and a caret
};
// "file:line:column: error: ValidatingAdmissionPolicy/x: spec.…: message\n  snippet"
std::string to_string(const Diagnostic& diagnostic);

enum class PolicyKind : uint8_t { kValidating, kMutating };
struct FixList;

// kBuiltIn documents follow the format of policies/: metadata in annotations, no binding needed, examples skipped.
enum class Origin : uint8_t { kBuiltIn, kUser };

// Threads: immutable, free to share. Owns: the documents and everything compiled from them.
class PolicySet {
 public:
  ~PolicySet();
  [[nodiscard]] size_t policies() const;
  [[nodiscard]] size_t bindings() const;
  [[nodiscard]] bool mutates() const;  // whether a mutating policy is among them
  // Whether some policy asks for other objects of the scanned set, or may.
  [[nodiscard]] bool asks_about_others() const;
  // One Rule a validating policy, in load order, for reports.
  [[nodiscard]] const std::vector<report::Rule>& rules() const;
  // What the check with this id proposes to write (policy/fix.h); nullptr without.
  [[nodiscard]] const FixList* fixes(std::string_view rule_id) const;

  struct Impl;
  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  friend class PolicySetBuilder;
  PolicySet();
  std::unique_ptr<Impl> impl_;
};

struct LoadResult {
  std::shared_ptr<const PolicySet> set;  // never null: what could be compiled is in it
  std::vector<Diagnostic> diagnostics;   // in order of file and line
  size_t errors = 0, warnings = 0;       // all, also those beyond kDiagnosticsMax
};

// Threads: none. Fails: never; what is wrong is a Diagnostic, and a policy with a broken expression still exists, as
// one stored in a cluster would (its evaluation is an error that failurePolicy decides).
class PolicySetBuilder {
 public:
  explicit PolicySetBuilder(expr::Version version = expr::Version::latest());
  ~PolicySetBuilder();
  // Policies, bindings and param objects (any other kind). `kind: List` is expanded.
  void add(std::shared_ptr<const doc::Document> document, Origin origin);
  // Only built-in checks for which `wanted` is true are kept (a framework, an id). User policies are always kept.
  void keep(std::function<bool(const report::Rule&)> wanted);
  LoadResult build();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class CrdTable;     // policy/crd_table.h
class ObjectStore;  // policy/object_store.h
struct KeptMemory;

// What a scan knows beside the object in hand: gathered in a first pass over all objects, copied small, then read by
// all threads. Threads: learn(), absorb() and seal() by one, reading by many. Limits: kube::kCustomResourcesMax,
// kKeptObjectsBytesMax.
class ScanFacts {
 public:
  ScanFacts();
  // Keeps the objects that the policies ask for with resource.List and resource.Get, too. Several ScanFacts that one
  // thread fills may share a memory.
  explicit ScanFacts(const PolicySet& policies, std::shared_ptr<KeptMemory> memory = make_memory());
  static std::shared_ptr<KeptMemory> make_memory();
  ~ScanFacts();
  ScanFacts(ScanFacts&&) noexcept;
  ScanFacts& operator=(ScanFacts&&) noexcept;
  // Namespaces (labels), CustomResourceDefinitions (scope, plural, schemas), controllers (so that what they own is
  // reported once), RBAC objects (so that `authorizer` has an answer).
  void learn(const doc::Node& object);
  // Takes over what another thread learnt.
  void absorb(ScanFacts&& other);
  // After the last learn() and absorb(): the kept objects and the authorizer can be asked from here on.
  void seal();
  [[nodiscard]] const ObjectStore& objects() const;
  [[nodiscard]] const kube::ResourceTable& resources() const;
  // The schemas of the definitions among the objects, as copies without descriptions.
  [[nodiscard]] const CrdTable& definitions() const;
  // Who may do what; nullptr before seal(), and when no RBAC object was among the objects.
  [[nodiscard]] const rbac::Authorizer* authorizer() const;
  // The Namespace object, with the label kubernetes.io/metadata.name; nullptr when it was not among the objects.
  [[nodiscard]] const doc::Node* find_namespace(std::string_view name) const;
  // Whether the object's controller is among the objects: then the controller carries the findings.
  [[nodiscard]] bool is_owned(const doc::Node& object) const;

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

// Type-check warnings of the user's policies about kinds that only the scanned set defines; those about other kinds are
// among a LoadResult's diagnostics.
std::vector<Diagnostic> type_warnings(const PolicySet& set, const ScanFacts& facts);

struct ScanResult {
  std::vector<report::Finding> findings;  // fail, and error or not_evaluated where a check could not be answered
  report::Coverage coverage;
  report::Tally tally;   // object × check pairs by severity, for the score
  uint64_t objects = 0;  // judged (not owned by another object of the scan)
};

// A denial, or a decision that only warns or is only audited.
struct BoundDecision {
  std::string policy, binding;  // binding empty: bound implicitly, or the policy itself is broken
  std::string param;            // "namespace/name" of the param, empty without
  Decision decision;
  std::vector<std::string> actions;  // Deny, Warn, Audit
};

struct AdmissionOutcome {
  bool allowed = true;
  std::string message,
      reason;  // of the first denial: "ValidatingAdmissionPolicy 'x' with binding 'y' denied request: …"
  int code = 0;
  std::vector<BoundDecision> decisions;  // every one that is not a plain admission
  std::vector<std::string> warnings;
  // Decisions that hang on an authorizer nobody here can ask: neither allowed nor denied by them.
  std::vector<std::string> not_evaluated;
  std::vector<std::pair<std::string, std::string>> audit_annotations;
  uint64_t evaluated = 0;  // (binding, param) pairs
  void clear();
};

struct AdmissionFacts {
  const doc::Node* namespace_object = nullptr;     // nullptr: not found
  const kube::ResourceTable* resources = nullptr;  // for matchPolicy Equivalent; nullptr: the built-in table
  const expr::ResourceReader* objects = nullptr;   // answers resource.List and Get; nullptr: they are errors
  const expr::ImageReader* images = nullptr;       // answers image.GetMetadata
  const rbac::Authorizer* authorizer = nullptr;    // answers `authorizer`; nullptr: nobody does
  const kube::MergeTypes* types = nullptr;         // of custom resources; nullptr: those beside the policies
  const expr::Instant* now = nullptr;              // answers time.now()
  std::optional<uint64_t> random_seed;             // answers random(), each request from the beginning
  // The request's object is a document of any kind: only Kyverno's policies with evaluation.mode JSON judge it.
  bool is_payload = false;
};

// One mutation of one policy with one binding and param, as it went.
struct MutationStep {
  std::string policy, binding, param;
  uint32_t mutation = 0;     // index in spec.mutations
  uint32_t pass = 1;         // 2: reinvoked
  doc::Node before, after;   // live as long as MutationOutcome::object
  bool test_failed = false;  // the JSON Patch's own test did not hold
  std::string error;         // not empty: nothing was applied
  uint64_t cost = 0;
};

struct MutationOutcome {
  const doc::Node* object = nullptr;  // what goes on: the request's own, or a changed one (until the next mutate())
  bool changed = false;
  bool allowed = true;
  std::string message, reason;  // of the first refusal: "policy 'x' with binding 'y' denied request: …"
  int code = 0;
  std::vector<std::string> causes;  // every refusal
  std::vector<MutationStep> steps;  // in the order they ran
  void clear();
};

// What one expression said, for `ameia policy eval --trace`.
struct TracedStep {
  std::string source, value, bindings;
  bool decisive = false;
};
struct TracedExpression {
  std::string role;  // "matchCondition", "variable", "validation", "messageExpression", "auditAnnotation", "mutation"
  std::string name;  // of a condition, variable or annotation; the index of a validation
  std::string expression;
  std::string value;  // the result as CEL text, or the error
  bool is_error = false;
  uint64_t cost = 0;
  std::vector<TracedStep> steps;  // only when asked
};
struct TracedPolicy {
  PolicyKind kind = PolicyKind::kValidating;
  std::string policy, binding, param;
  bool matched = false;
  std::string why_not;  // "matchConstraints", "matchCondition exclude-system", …
  std::vector<TracedExpression> expressions;
  std::vector<Decision> decisions;
  std::vector<AuditAnnotation> audit_annotations;
};

// Threads: one thread each. Owns: its machine and scratch memory. Fails: never; what cannot be evaluated is a decision
// or a finding that says so. Limits: Kubernetes' cost budgets (policy/limits.h).
class Evaluator {
 public:
  explicit Evaluator(std::shared_ptr<const PolicySet> set);
  ~Evaluator();
  Evaluator(Evaluator&&) noexcept;
  Evaluator& operator=(Evaluator&&) noexcept;

  // Runs the mutating policies on the request's object, as the API server does before it validates: in order of policy
  // and binding name, then those with reinvocationPolicy IfNeeded once more when anything was changed. `out` is cleared
  // first. What is changed stands in memory of this Evaluator until the next mutate().
  void mutate(const kube::AdmissionRequest& request, const AdmissionFacts& facts, MutationOutcome& out);
  // Decides a request by the validating policies. `out` is cleared first; reused, it keeps its memory.
  void admit(const kube::AdmissionRequest& request, const AdmissionFacts& facts, AdmissionOutcome& out);
  // Judges one object of a document as if it were created now: the object itself and, for checks that ask for it, the
  // pod inside its template. Appends to `out`.
  void scan(const doc::Document& document, const doc::Node& object, const ScanFacts& facts, ScanResult& out);
  // How often each check ended how, over everything this Evaluator scanned; indexed like PolicySet::rules().
  [[nodiscard]] const std::vector<report::CheckTally>& tallies() const;
  // Promises that from now on every scan() gets the same ScanFacts, complete: what a policy makes of other objects and
  // the namespace alone is then computed once a namespace.
  void assume_one_estate();
  // Everything that would be evaluated for the request by policies of a kind, those that do not match included.
  // `steps`: with every sub-expression's value. For a pod template, ask about the pod that template_pod() makes.
  std::vector<TracedPolicy> trace(const kube::AdmissionRequest& request, const AdmissionFacts& facts, bool steps,
                                  PolicyKind kind = PolicyKind::kValidating);

  struct State;

 private:
  std::unique_ptr<State> state_;
};

// The Pod that the template of `object` would make: apiVersion, kind, the template's metadata with the object's name
// and namespace, the template's spec. Nodes are shared, so positions stay those of the file. nullptr: not a template
// carrier.
const doc::Node* template_pod(const doc::Node& object, base::Arena& arena);

}  // namespace ameia::policy
