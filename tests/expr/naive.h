// The second implementation of CEL: a tree walk over a checked expression, for clarity, not speed. It follows the tree
// that macros expand to and charges every node by itself, so that what the planned machine folds, fuses and shares can
// be compared with it. It borrows the bodies of functions, nothing of the plan or the machine.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "expr/check.h"
#include "expr/function.h"
#include "expr/regex_cache.h"

namespace ameia::expr::test {

struct NaiveOutcome {
  Value value;
  uint64_t cost = 0;
};

// Threads: none. Owns: its values. Limits: none; for tests.
class Naive {
 public:
  // `everything`: checked in the environment of Version::all(), where an optional step into a scalar is an error.
  explicit Naive(const Checked& checked, bool everything = true) : checked_(checked) {
    context_.strict_presence = everything;
  }
  void set(std::string_view variable, const Value& value) { globals_[std::string(variable)] = value; }
  NaiveOutcome run();

 private:
  // A name in force: a loop's variable, or an accumulator that is computed when first read.
  struct Local {
    std::string_view name;
    Value value;
    const Expr* lazy = nullptr;  // not yet computed: this is how
    size_t scope = 0;            // the locals that `lazy` may see
  };
  struct Step {
    const Expr* expr;
    const Expr* key;  // nullptr: `field`
    std::string_view field;
    bool optional;
  };

  Value eval(const Expr* e);
  Value eval_attribute(const Expr* e, bool as_branch);
  Value eval_ident(const Expr* e);
  Value eval_branch(const Expr* e);
  Value eval_call(const Expr* e);
  Value eval_logic(const Expr* e, bool decisive);
  Value eval_operator(const Expr* e);
  Value eval_in(const Expr* e);
  Value eval_function(const Expr* e);
  Value eval_list(const Expr* e);
  Value eval_map(const Expr* e);
  Value eval_struct(const Expr* e);
  Value eval_loop(const Expr* e);
  Value follow(Value base, const std::vector<Step>& steps, bool has, bool optional);
  Value read(Local& local);
  Local* find(std::string_view name);

  [[nodiscard]] bool is_attribute(const Expr* e) const;
  // A literal, or built from literals without fail: made once when planned, and free.
  bool is_constant(const Expr* e);
  bool fails(const Expr* e);
  [[nodiscard]] const Reference& reference(const Expr* e) const { return checked_.references[e->id]; }
  Value error(std::string_view message) { return context_.error(message); }

  const Checked& checked_;
  std::map<std::string, Value> globals_;
  std::vector<Local> locals_;
  base::Arena arena_;
  RegexCache regexes_;
  CallContext context_{arena_, &regexes_, nullptr};
  uint64_t cost_ = 0;
};

}  // namespace ameia::expr::test
