// Condition: one CEL expression of an admission policy, compiled as the API server compiles it, and how a list of them
// is evaluated under a cost budget. Neighbours: policy/vap.h holds the policies made of them, expr/program.h runs them.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "expr/env.h"
#include "expr/lib_authz.h"
#include "expr/program.h"
#include "policy/admission_types.h"
#include "policy/asked.h"
#include "policy/decision.h"
#include "policy/limits.h"

namespace ameia::policy {

// kObject, kPatches: of a mutation, in whose environment the types Object and JSONPatch can be made.
enum class Returns : uint8_t { kBool, kString, kStringOrNull, kAny, kObject, kPatches };

struct Condition {
  std::string text;
  // Empty when it compiled: "compilation failed: ERROR: <input>:1:1: …", "must evaluate to bool but got dyn".
  std::string error;
  std::vector<expr::Issue> issues;  // the same with byte offsets, for carets
  expr::ProgramId program = 0;
  bool uses_params = false;  // itself or through a variable
  bool steady = false;       // of Kyverno's: made of other objects and the request's namespace alone
  const expr::Type* type = nullptr;
  [[nodiscard]] bool ok() const { return error.empty(); }
};

// Threads: none. Fails: a bad expression is a Condition with an error; build() fails only on a defect.
class ConditionCompiler {
 public:
  // Which variables an expression may name. `kyverno`: those of Kyverno's environment, and no others.
  struct Declared {
    bool params = false, authorizer = false;
    bool kyverno = false;
  };
  // `more`: libraries beyond the version's.
  explicit ConditionCompiler(expr::Version version, std::span<const expr::Library> more = {});
  ~ConditionCompiler();
  // A new policy: its variables form a scope of their own.
  void begin_policy();
  // Declares `variables.<name>`; later expressions of this policy may read it.
  Condition variable(std::string_view name, std::string_view text, Declared declared);
  Condition compile(std::string_view text, Declared declared, Returns returns);
  // What the expressions since begin_policy() ask of other objects.
  [[nodiscard]] const Asked& asked() const;
  base::Result<std::shared_ptr<const expr::ProgramSet>> build();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The variables of admission expressions, bound to one request. Null values where nothing is.
struct Activation {
  const doc::Node* object = nullptr;
  const doc::Node* old_object = nullptr;
  const doc::Node* request = nullptr;
  const doc::Node* namespace_object = nullptr;
  const doc::Node* params = nullptr;
  const doc::Node* exceptions = nullptr;
  // Whether `authorizer` is bound; the machine's host answers it. What authorizer.requestResource asks about.
  bool authorizer = false;
  std::string_view group, resource, subresource, ns, name;
};

// Threads: one each. Owns: its machine.
class ConditionRunner {
 public:
  explicit ConditionRunner(std::shared_ptr<const expr::ProgramSet> programs);

  // Binds everything anew; forgets what the last request computed.
  void bind(const Activation& activation);
  // Change one variable: only what depends on it is computed again.
  void bind_params(const doc::Node* params);
  void bind_exceptions(const doc::Node* exceptions);
  void bind_namespace(const doc::Node* namespace_object);
  void bind_request(const doc::Node* request);
  void bind_object(const doc::Node* object);

  // Begins one list of expressions: variables are charged anew, `budget` is what all of them together may cost.
  void begin_list(uint64_t budget);
  // Runs one. False when the budget is spent: `budget_error()` says so and the list ends.
  bool run(const Condition& condition, Evaluated& out);
  // The same without making text: for conditions that mostly hold.
  enum class Quick : uint8_t { kTrue, kFalse, kError, kOverBudget };
  Quick run_quick(const Condition& condition);
  // The last run_quick() as text.
  [[nodiscard]] Evaluated evaluated(const Condition& condition) const;
  // Spends what an earlier, equal run cost. False when the budget is spent.
  bool charge(uint64_t cost) {
    if (cost > remaining_) return false;
    remaining_ -= cost;
    return true;
  }
  // Whether any program reads the variable `request`: else nobody needs to make it.
  [[nodiscard]] bool reads_request() const { return request_ >= 0; }
  [[nodiscard]] bool reads_exceptions() const { return exceptions_ >= 0; }
  [[nodiscard]] uint64_t remaining() const { return remaining_; }
  [[nodiscard]] const std::string& budget_error() const;
  // The outcome of the last run, valid until the next bind.
  [[nodiscard]] const expr::Outcome& last() const { return last_; }
  expr::Machine& machine() { return machine_; }
  // Of one expression; Kubernetes' limit until set.
  void set_per_call_cost(uint64_t cost_max) { per_call_cost_ = cost_max; }

 private:
  bool spend();
  void set(int slot, const doc::Node* node);
  void rebind(int slot, const doc::Node* node);

  expr::Machine machine_;
  int object_, old_object_, request_, namespace_, params_, exceptions_, authorizer_, request_resource_;
  std::vector<std::pair<int, expr::Value>> doors_;  // slots of the variables that never change
  expr::Outcome last_;
  uint64_t remaining_ = 0;
  uint64_t per_call_cost_ = kPerCallCostMax;
};

}  // namespace ameia::policy
