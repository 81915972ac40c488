// CRD rules: the x-kubernetes-validations of a structural schema, compiled once, then run over custom resources as the
// API server runs them: transition rules, ratcheting, cost budget, messages, reasons and field paths.
// Neighbours: expr/schema.h (types and values), policy/crd_lint.h (what a CRD itself is refused for),
// policy/crd_scan.cc (findings of a scan).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "doc/node.h"
#include "expr/env.h"
#include "expr/program.h"
#include "policy/crd_path.h"
#include "policy/limits.h"

namespace ameia::policy {

struct CrdRule {
  const doc::Node* source = nullptr;  // {rule, message, messageExpression, reason, fieldPath, optionalOldSelf}
  std::string error;                  // it does not compile; empty: it does, or there is no rule
  std::string message_error;          // the messageExpression does not
  expr::ProgramId program = 0, message_program = 0;
  bool has_program = false, has_message = false;
  bool uses_old_self = false, optional_old_self = false;
  uint64_t cost_max = 0, message_cost_max = 0;  // estimated, of one evaluation
  std::vector<PathStep> field_path;             // empty also when the schema does not have it
};

// One place of a schema with the rules that stand there and below. Only places that have rules are kept.
struct CrdNode {
  const doc::Node* holder = nullptr;  // has the rules
  const doc::Node* schema = nullptr;  // has the types: another node only inside allOf
  uint16_t index = 0;                 // in the Schemas; 0: CEL cannot see it
  std::string init_error;             // why no rule here compiles
  std::vector<CrdRule> rules;
  std::shared_ptr<const expr::ProgramSet> programs[2];  // of rules whose oldSelf is plain, optional
  std::unique_ptr<CrdNode> items, values;
  std::map<std::string, std::unique_ptr<CrdNode>, std::less<>> properties;
  std::vector<std::unique_ptr<CrdNode>> all_of;
};

struct CrdError {
  std::string type;   // "Invalid value", "Forbidden", "Required value", "Duplicate value"
  std::string field;  // "spec.f[0]"
  std::string value;  // what is wrong, as JSON; empty: not shown
  std::string detail;
  const doc::Node* node = nullptr;  // the value the error is about, or what lacks it; never nullptr
  const doc::Node* rule = nullptr;  // its source
  bool could_not_run = false;       // an error of the rule or a crossed limit, not a verdict
  [[nodiscard]] std::string text() const;
};

struct CrdOutcome {
  std::vector<CrdError> errors;
  std::vector<CrdError> ratcheted;  // errors of values that did not change: the API server only warns of them
  int64_t remaining = 0;            // of the budget; -1 when it was crossed
  std::vector<std::string> log;     // why a message expression was not used
};

struct CrdRunOptions {
  int64_t budget = kRuntimeCostMax;
  uint64_t per_call_max = kPerCallCostMax;
  const bool* stop = nullptr;
  bool ratcheting = false;    // judge an update of `old_object` as CRDValidationRatcheting does
  std::string root = "root";  // how errors name the object; empty: fields stand alone
};

// Threads: immutable after compile. Owns: its programs and types; borrows the schema. Fails: never; a broken rule says
// so. Limits: kCrdDepthMax levels.
class CrdRules {
 public:
  struct Options {
    bool is_root = true;  // apiVersion, kind and metadata are there
    expr::Version version = expr::Version::latest();
    std::vector<expr::Library> libraries;  // beyond the version's
  };
  CrdRules(const doc::Node& schema, const Options& options);
  ~CrdRules();
  // nullptr: the schema has no rules.
  [[nodiscard]] const CrdNode* root() const { return root_.get(); }
  [[nodiscard]] const expr::Schemas& schemas() const { return *schemas_; }

  // `old_object` nullptr: there is none, the object is created.
  [[nodiscard]] CrdOutcome run(const doc::Node& object, const doc::Node* old_object,
                               const CrdRunOptions& options) const;

 private:
  std::shared_ptr<expr::Schemas> schemas_;
  std::unique_ptr<CrdNode> root_;
};

}  // namespace ameia::policy
