// Explainer: a program evaluated over its tree, every sub-expression's value kept with the place in the document that
// it came from. Slow on purpose and sharing nothing, so that it can say why; the Machine says what. Neighbours:
// explain.cc evaluates, explain_blame.cc finds who is responsible, machine.cc has the state.
#pragma once

#include <deque>
#include <memory_resource>
#include <string>
#include <string_view>
#include <vector>

#include "expr/internal/machine_impl.h"
#include "expr/internal/plan.h"

namespace ameia::expr::internal {

// One evaluation of one sub-expression.
struct Seen {
  explicit Seen(std::pmr::memory_resource* memory) : parts(memory), items(memory), made(memory) {}
  const Expr* expr = nullptr;
  ProgramId program = 0;
  Value value;
  const doc::Node* node = nullptr;    // where the value stands
  const doc::Node* parent = nullptr;  // with `missing`: the map that lacks the field
  std::string_view missing;
  std::pmr::vector<const Seen*> parts;       // operands in order; for loops: the range, then turns
  std::pmr::vector<const doc::Node*> items;  // of a list that was computed: where each element stands, or nullptr
  std::pmr::vector<const Seen*> made;        // and the evaluation that made it, or nullptr
  const Seen* origin = nullptr;              // of a variable: what gave it its value
  bool turn_kept = false;                    // a filter's turn that passed
  size_t step = SIZE_MAX;                    // in the trace
};

// Limits: `seen_max` evaluations; past them the rest is evaluated as an error and `cut` is set.
class Explainer {
 public:
  static constexpr size_t kSeenMax = 200'000;     // of a trace, which a person asked for
  static constexpr size_t kFirstBytes = 32'768;   // of memory
  static constexpr size_t kBlameSeenMax = 4'000;  // of a blame, of which a scan asks thousands

  // `exhaustive`: look at every arm and every element, also those that no longer matter.
  Explainer(Machine::Impl& machine, bool exhaustive, std::vector<TraceStep>* steps, size_t seen_max = kSeenMax)
      : machine_(machine), context_(machine.context), exhaustive_(exhaustive), steps_(steps), seen_max_(seen_max) {}
  const Seen* program(ProgramId id);
  [[nodiscard]] bool cut() const { return cut_; }

 private:
  struct Local {
    std::string_view name;
    const Seen* seen;  // nullptr until a cel.bind variable is read
    const Expr* init;  // of a cel.bind variable
    size_t scope = 0;  // how many locals its init may see
    bool loop = false;
  };

  const Seen* see(const Expr* expr);
  void evaluate(const Expr* expr, Seen& out);
  void ident(const Expr* expr, Seen& out);
  void select(const Expr* expr, Seen& out);
  void step_into(Seen& out, const Seen& base, const Value& key, bool optional, bool presence);
  void composite(const Expr* expr, std::string_view name, const Value& key, bool presence, Seen& out);
  void call(const Expr* expr, Seen& out);
  void logic(const Expr* expr, Seen& out, bool conjunction);
  void literal(const Expr* expr, Seen& out);
  void list(const Expr* expr, Seen& out);
  void map(const Expr* expr, Seen& out);
  void object(const Expr* expr, Seen& out);
  void loop(const Expr* expr, Seen& out);
  static void turn_of(const Comprehension& c, const Seen& range, uint32_t index, Seen& first, Seen& second);
  Value error(const Expr* expr, std::string_view message);
  const Reference& reference(const Expr* expr) const;
  Seen* make(const Expr* expr);
  void record(Seen& seen);
  std::string bindings() const;
  // What `to` is, it is because of `from`: the same value at the same place.
  static void inherit(Seen& to, const Seen& from);
  static void add_items(Seen& to, const Seen& from);

  Machine::Impl& machine_;
  CallContext& context_;
  bool exhaustive_;
  std::vector<TraceStep>* steps_;
  // Thousands of small pieces that die together: one allocation for most of them.
  std::pmr::monotonic_buffer_resource memory_{kFirstBytes};
  std::pmr::deque<Seen> seen_{&memory_};
  std::vector<Local> locals_;
  std::vector<const Seen*> composites_ = std::vector<const Seen*>(machine_.set.composites.size());
  ProgramId program_ = 0;
  uint32_t depth_ = 0;
  size_t seen_max_;
  bool cut_ = false;
};

// The evaluations that made `root` what it is, outermost last. Marks each place once.
void find_blame(const Seen& root, Beyond& beyond, std::vector<Blame>& out);
// Marks the trace steps on the way from the result to what decided it.
void mark_decisive(const Seen& root, std::vector<TraceStep>& steps);

}  // namespace ameia::expr::internal
