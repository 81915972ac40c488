// Planner: one checked program to nodes. Neighbours: plan.cc (calls, literals), plan_path.cc (attributes),
// plan_loop.cc (comprehensions), plan_share.cc (what is worth a memo).
#pragma once

#include <string_view>
#include <unordered_map>
#include <vector>

#include "expr/ast.h"
#include "expr/check.h"
#include "expr/internal/plan.h"
#include "expr/internal/program_impl.h"

namespace ameia::expr::internal {

// A sub-expression that needs no loop variable from outside itself, and everything equal to it in the set.
struct ShareGroup {
  const Expr* expr = nullptr;  // the first one found
  ProgramId program = 0;       // whose Checked explains it
  uint32_t count = 0;
  bool reads_composites = false;
  const MemoNode* memo = nullptr;
};

// Finds equal sub-expressions over all programs that are heavy enough to be remembered.
class Sharing {
 public:
  explicit Sharing(const ProgramSet::Impl& set);
  // The group of an expression worth a memo, or nullptr.
  [[nodiscard]] ShareGroup* group_of(const Expr* expr) const;

 private:
  struct Facts {
    uint64_t hash = 0;
    uint32_t weight = 0;
    uint32_t lowest_local = UINT32_MAX;  // the outermost loop variable it reads, by scope depth
    bool reads_composites = false;
    bool varies = false;  // two equal ones need not have equal values
  };
  Facts look(const Expr* expr);
  bool same(const Expr* a, ProgramId program_a, const Expr* b, ProgramId program_b) const;
  bool same_all(std::span<Expr* const> a, ProgramId program_a, std::span<Expr* const> b, ProgramId program_b) const;

  const ProgramSet::Impl& set_;
  ProgramId program_ = 0;
  std::vector<std::string_view> scope_;
  std::vector<std::unique_ptr<ShareGroup>> groups_;
  std::unordered_multimap<uint64_t, ShareGroup*> by_hash_;
  std::unordered_map<const Expr*, ShareGroup*> by_expr_;
};

// A planned expression. `known`: its value and cost do not depend on a run. `constant`: known, and a constant to
// cel-go's optimiser as well (it decides what enclosing literals cost).
struct Planned {
  const Node* node = nullptr;
  bool known = false;
  bool constant = false;
  Value value;
  uint64_t cost = 0;
};

class Planner {
 public:
  Planner(ProgramSet::Impl& set, Sharing& sharing) : set_(set), sharing_(sharing) {}
  const Node* plan_program(ProgramId program);

 private:
  struct Local {
    std::string_view name;
    uint32_t slot;
    const Node* init;  // lazily evaluated (cel.bind), or nullptr
  };

  Planned plan(const Expr* expr);
  Planned plan_now(const Expr* expr);
  [[nodiscard]] ShareGroup* worth_a_memo(const Expr* expr) const;
  Planned plan_memo(const Expr* expr, ShareGroup& group);
  Planned plan_literal(const Expr* expr);
  Planned plan_list(const Expr* expr);
  Planned plan_map(const Expr* expr);
  Planned plan_struct(const Expr* expr);
  // plan.cc: calls
  Planned plan_call(const Expr* expr);
  Planned plan_logic(const Expr* expr, bool conjunction);
  Planned plan_ternary(const Expr* expr);
  Planned plan_binary(const Expr* expr, Body body);
  Planned plan_in(const Expr* expr);
  Planned plan_library_call(const Expr* expr);
  void collect_terms(const Expr* expr, std::string_view name, std::vector<const Node*>& terms);
  // plan_path.cc
  [[nodiscard]] bool is_attribute(const Expr* expr) const;
  Planned plan_path(const Expr* expr, bool resolve_only);
  Planned plan_ident(const Expr* expr, bool resolve_only);
  Planned plan_branch(
      const Expr* expr);  // of ?: or an index: cel-go resolves attributes there without charging the read
  bool add_step(const Expr* expr, Step& step, const Expr*& operand);
  // plan_loop.cc
  Planned plan_loop(const Expr* expr);
  bool plan_gather(const Expr* expr, LoopNode& loop, Eval& eval);
  Planned plan_bind(const Expr* expr);
  Planned plan_fold(const Expr* expr);
  void open_loop(const Comprehension& c, LoopNode& loop);
  void close_loop(const Comprehension& c);

  template <typename T>
  T* make(Eval eval, const Expr* expr) {
    T* node = set_.arena.make<T>();
    node->eval = eval;
    node->expr_id = expr->id;
    return node;
  }
  Planned known(const Expr* expr, const Value& value, uint64_t cost, bool constant);
  Planned fail(const Expr* expr, std::string_view message, uint64_t cost);
  // Evaluates a node whose parts are all known.
  Planned fold(const Expr* expr, const Node* node);
  std::string_view keep(std::string_view text) { return set_.arena.copy(text); }
  const Reference& reference(const Expr* expr) const { return checked().references[expr->id]; }
  const Checked& checked() const { return set_.programs[program_].checked; }
  // The overload that the checker settled on, or nullptr.
  const Overload* only_overload(const Expr* expr) const;
  uint32_t new_slot(uint32_t count = 1) {
    uint32_t slot = set_.local_count;
    set_.local_count += count;
    return slot;
  }
  const Local* local(std::string_view name) const;

  ProgramSet::Impl& set_;
  Sharing& sharing_;
  ProgramId program_ = 0;
  std::vector<Local> locals_;
  uint32_t outer_count_ = 0;  // of the memo being planned inside of
  bool in_loop_ = false;      // since that memo began
};

}  // namespace ameia::expr::internal
