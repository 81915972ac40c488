// ProgramSet: checked expressions planned together into one immutable plan; Machine: one thread's evaluator of it.
// Sub-expressions that appear in several programs share a memo slot and are evaluated once per binding of the inputs;
// the charged cost, errors and short-circuiting stay exactly those of evaluating each program alone.
// Neighbours: expr/check.h gives the input, policy/ evaluates, tests/expr/naive.h is the second implementation.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "expr/check.h"
#include "expr/host.h"
#include "expr/value.h"

namespace ameia::expr {

class Schemas;  // expr/schema.h

using ProgramId = uint32_t;

struct RunLimits {
  uint64_t cost_max = 1'000'000;  // Kubernetes PerCallLimit; crossing it: Outcome::over_budget
  size_t arena_bytes_max = size_t{64} << 20;
  uint32_t interrupt_every = 100;  // comprehension iterations between looks at `*stop`
  const bool* stop = nullptr;      // set by another party when the deadline has passed
};

struct Outcome {
  Value value;        // lives until the Machine is bound again; may be an error value
  uint64_t cost = 0;  // Kubernetes cost units
  bool over_budget = false;
  bool interrupted = false;
};

// Immutable after build. Threads: free to share.
class ProgramSet {
 public:
  ~ProgramSet();
  [[nodiscard]] size_t size() const;
  [[nodiscard]] const Checked& checked(ProgramId id) const;
  // The slot of a declared variable, or -1 when no program mentions it.
  [[nodiscard]] int variable_slot(std::string_view name) const;

  struct Impl;  // internal/program_impl.h

 private:
  friend class ProgramSetBuilder;
  friend class Machine;
  ProgramSet();
  std::unique_ptr<Impl> impl_;
};

class ProgramSetBuilder {
 public:
  explicit ProgramSetBuilder(std::shared_ptr<const Env> env);
  ~ProgramSetBuilder();
  // Plans one expression; constants are folded, literal regexes compiled.
  // `scope` names a set of composite fields (one policy's `variables`); programs of one scope see that scope's fields.
  // Fails: kLimit; a program that can never run.
  base::Result<ProgramId> add(Checked checked, uint32_t scope = 0);
  // variables.<field> of `scope` is this program's value, evaluated at most once per binding, when first read.
  // `steady`: it depends on nothing that changes between bindings but Machine::set_steady_key's key.
  void composite_field(uint32_t scope, std::string_view composite, std::string_view field, ProgramId program,
                       bool steady = false);
  base::Result<std::shared_ptr<const ProgramSet>> build();

 private:
  std::unique_ptr<ProgramSet::Impl> impl_;
};

// One node's value in an explained run, in evaluation order.
struct TraceStep {
  uint32_t expr_id;
  Value value;
  bool decisive =
      false;  // this sub-expression decided the result (the false arm of &&, the element that failed all(), …)
  std::string bindings;             // loop variables in force, "c = {name: main, …}"
  const doc::Node* node = nullptr;  // where the value stands in a document (scalars included), or nullptr
  std::string missing;  // the field that a select or has() did not find; `node` is then the map that lacks it
};

// A place in a document that is responsible for a false or failed result.
struct Blame {
  const doc::Node* node = nullptr;
  std::string missing;   // not empty: the field that `node` lacks
  std::string beyond;    // with `missing`: what the program reads below that field, as a JSON Pointer, or empty
  uint32_t expr_id = 0;  // the sub-expression that judged it
};

// Threads: none; one per thread. Owns: scratch memory, reused; after warm-up a run allocates nothing.
class Machine {
 public:
  explicit Machine(std::shared_ptr<const ProgramSet> programs);
  ~Machine();
  // Starts a new binding: forgets memoised values and all variables.
  void reset();
  // Binds a variable by slot or name. Variables that are not bound evaluate to "no such attribute".
  void set(int slot, const Value& value);
  void set(std::string_view name, const Value& value);
  void set(std::string_view name, const doc::Node& node, uint16_t schema = 0);
  // Rebinds one variable and forgets only what depends on it (a policy's params: the residue is re-evaluated).
  void rebind(int slot, const Value& value);
  void set_schemas(const Schemas* schemas);
  void set_host(const Host* host);  // CallContext::host
  Outcome run(ProgramId program, const RunLimits& limits = {});
  // Cost of composite fields evaluated since the last call, to be charged by the caller as Kubernetes does.
  uint64_t take_composite_cost();
  // Forgets which composite fields were charged, not their values: each is charged once more when next read. Kubernetes
  // gives match conditions, validations, messages, audit annotations and every param variables of their own to pay for.
  void recharge_composites();
  // From now on the values of steady composite fields are kept from binding to binding, under this key. What their
  // expressions read through the host must not change any more.
  void set_steady_key(std::string_view key);
  // Re-runs without sharing and records every sub-expression's value.
  Outcome explain(ProgramId program, std::vector<TraceStep>& steps, const RunLimits& limits = {});
  // Which places of the bound documents make a boolean program false (or make it fail): the false arms of &&, every arm
  // of a false ||, every element that fails all() or that !exists() matches. Each place once, in evaluation order.
  std::vector<Blame> blame(ProgramId program, const RunLimits& limits = {});
  base::Arena& arena();

  struct Impl;  // internal/machine_impl.h

 private:
  std::unique_ptr<Impl> impl_;
};

// A value as CEL source text would write it, cut to `size_max` bytes; for traces and messages.
std::string to_text(const Value& value, size_t size_max = 4096);
// A value as JSON, for `ameia cel -o json`: bytes as base64, timestamps and durations as strings.
std::string to_json(const Value& value);

}  // namespace ameia::expr
