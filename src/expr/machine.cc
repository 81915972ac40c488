#include <algorithm>
#include <functional>

#include "expr/internal/env_impl.h"
#include "expr/internal/machine_impl.h"
#include "expr/internal/plan.h"
#include "expr/internal/program_impl.h"
#include "expr/program.h"
#include "expr/schema.h"

namespace ameia::expr {

// ---- ProgramSet and its builder

ProgramSet::ProgramSet() : impl_(std::make_unique<Impl>()) {}
ProgramSet::~ProgramSet() = default;
size_t ProgramSet::size() const {
  return impl_->programs.size();
}
const Checked& ProgramSet::checked(ProgramId id) const {
  return impl_->programs[id].checked;
}

int ProgramSet::variable_slot(std::string_view name) const {
  auto it = impl_->slots.find(name);
  return it == impl_->slots.end() ? -1 : static_cast<int>(it->second);
}

uint32_t ProgramSet::Impl::slot_of(std::string_view name) {
  if (auto it = slots.find(name); it != slots.end()) return it->second;
  auto slot = static_cast<uint32_t>(variables.size());
  Variable variable;
  variable.name = name;
  variable.missing = arena.make<ErrorValue>(ErrorValue{arena.copy("no such attribute(s): " + std::string(name)), 0});
  variables.push_back(std::move(variable));
  slots.emplace(std::string(name), slot);
  return slot;
}

int ProgramSet::Impl::composite_index(uint32_t scope, std::string_view composite, std::string_view field) const {
  auto first = std::lower_bound(composites.begin(), composites.end(), scope,
                                [](const Composite& c, uint32_t wanted) { return c.scope < wanted; });
  for (auto it = first; it != composites.end() && it->scope == scope; ++it) {
    if (it->name == field && it->composite == composite) return static_cast<int>(it - composites.begin());
  }
  return -1;
}

bool ProgramSet::Impl::is_composite(std::string_view variable) const {
  return composite_names.find(variable) != composite_names.end();
}

ProgramSetBuilder::ProgramSetBuilder(std::shared_ptr<const Env> env) : impl_(std::make_unique<ProgramSet::Impl>()) {
  impl_->env = std::move(env);
}
ProgramSetBuilder::~ProgramSetBuilder() = default;

namespace {

// The literal patterns of Kubernetes' find() and findAll() are compiled with the program, which cannot be without them.
std::string bad_pattern(const Expr* root, RegexCache& regexes) {
  std::vector<const Expr*> open{root};
  while (!open.empty()) {
    const Expr* e = open.back();
    open.pop_back();
    if (e == nullptr) continue;
    if (e->kind == ExprKind::kCall && e->receiver && (e->name == "find" || e->name == "findAll") &&
        e->args.size() > 1 && e->args[1]->kind == ExprKind::kLiteral &&
        e->args[1]->literal.kind == Literal::Kind::kString) {
      std::string why;
      if (!regexes.add(e->args[1]->literal.text)) {
        regexes.get(e->args[1]->literal.text, &why);
        return why;
      }
    }
    open.push_back(e->operand);
    open.insert(open.end(), e->args.begin(), e->args.end());
    for (const MapEntry& entry : e->entries) {
      open.push_back(entry.key);
      open.push_back(entry.value);
    }
    if (e->loop != nullptr) {
      for (const Expr* part :
           {e->loop->iter_range, e->loop->accu_init, e->loop->loop_condition, e->loop->loop_step, e->loop->result}) {
        open.push_back(part);
      }
    }
  }
  return {};
}

}  // namespace

base::Result<ProgramId> ProgramSetBuilder::add(Checked checked, uint32_t scope) {
  constexpr size_t kProgramsMax = 1'000'000;
  if (impl_->programs.size() >= kProgramsMax)
    return base::fail(base::Code::kLimit, "too many expressions in one program set");
  if (checked.ast == nullptr || checked.ast->root == nullptr)
    return base::fail(base::Code::kInvalidInput, "an expression without a tree");
  if (std::string why = bad_pattern(checked.ast->root, impl_->regexes); !why.empty())
    return base::fail(base::Code::kInvalidInput, why);
  if (checked.references.size() <= checked.ast->ids) checked.references.resize(checked.ast->ids + 1);
  if (checked.types.size() <= checked.ast->ids) checked.types.resize(checked.ast->ids + 1);
  auto id = static_cast<ProgramId>(impl_->programs.size());
  impl_->programs.push_back({std::move(checked), scope, nullptr, false});
  return id;
}

void ProgramSetBuilder::composite_field(uint32_t scope, std::string_view composite, std::string_view field,
                                        ProgramId program, bool steady) {
  impl_->composite_names.emplace(composite);
  impl_->composites.push_back({std::string(composite), std::string(field), scope, program, 0, 0, 0, steady});
  impl_->programs[program].is_composite = true;
}

namespace {

// Every variable that each memo and composite field depends on, so that rebind() forgets no more than it must.
class Dependencies {
 public:
  explicit Dependencies(ProgramSet::Impl& set)
      : set_(set), fields_(set.composites.size()), known_(set.composites.size()) {}

  void fill() {
    for (uint32_t i = 0; i < set_.composites.size(); ++i) {
      for (uint32_t slot : of_field(i)) set_.variables[slot].composites.push_back(i);
    }
    for (const internal::MemoSource& source : set_.memo_sources) {
      std::set<uint32_t> slots;
      walk(source.expr, source.program, slots);
      for (uint32_t slot : slots) set_.variables[slot].memos.push_back(source.index);
    }
  }

 private:
  const std::set<uint32_t>& of_field(uint32_t index) {
    if (!known_[index]) {
      known_[index] = true;  // before walking: a cycle adds nothing
      std::set<uint32_t> slots;
      walk(set_.programs[set_.composites[index].program].checked.ast->root, set_.composites[index].program, slots);
      fields_[index] = std::move(slots);
    }
    return fields_[index];
  }

  void name(std::string_view text, ProgramId, std::set<uint32_t>& slots) {
    auto it = set_.slots.find(text);
    if (it != set_.slots.end()) slots.insert(it->second);
  }

  void walk(const Expr* expr, ProgramId program, std::set<uint32_t>& slots) {
    if (expr == nullptr) return;
    const Reference& reference = set_.programs[program].checked.references[expr->id];
    if (expr->kind == ExprKind::kIdent || (expr->kind == ExprKind::kSelect && !reference.variable.empty())) {
      std::string_view text = reference.variable.empty() ? expr->name : reference.variable;
      name(text, program, slots);
      if (set_.is_composite(text)) {  // which field is not looked at: all of the scope's may be meant
        uint32_t scope = set_.programs[program].scope;
        for (uint32_t i = 0; i < set_.composites.size(); ++i) {
          if (set_.composites[i].scope != scope || set_.composites[i].composite != text) continue;
          const std::set<uint32_t>& more = of_field(i);
          slots.insert(more.begin(), more.end());
        }
      }
    }
    walk(expr->operand, program, slots);
    for (const Expr* arg : expr->args) walk(arg, program, slots);
    for (const MapEntry& entry : expr->entries) {
      walk(entry.key, program, slots);
      walk(entry.value, program, slots);
    }
    if (expr->loop != nullptr) {
      for (const Expr* part : {expr->loop->iter_range, expr->loop->accu_init, expr->loop->loop_condition,
                               expr->loop->loop_step, expr->loop->result}) {
        walk(part, program, slots);
      }
    }
  }

  ProgramSet::Impl& set_;
  std::vector<std::set<uint32_t>> fields_;
  std::vector<bool> known_;
};

}  // namespace

base::Result<std::shared_ptr<const ProgramSet>> ProgramSetBuilder::build() {
  ProgramSet::Impl& set = *impl_;
  std::stable_sort(set.composites.begin(), set.composites.end(),
                   [](const auto& a, const auto& b) { return a.scope < b.scope; });
  for (uint32_t first = 0; first < set.composites.size();) {
    uint32_t last = first;
    while (last < set.composites.size() && set.composites[last].scope == set.composites[first].scope) ++last;
    for (uint32_t i = first; i < last; ++i) {
      set.composites[i].scope_first = first;
      set.composites[i].scope_size = last - first;
      set.composites[i].reads_at = set.reads_words;
      set.reads_words += (last - first + 63) / 64;
    }
    first = last;
  }
  internal::plan_all(set);
  Dependencies(set).fill();
  std::shared_ptr<ProgramSet> made(new ProgramSet());
  made->impl_ = std::move(impl_);
  impl_ = std::make_unique<ProgramSet::Impl>();
  return std::shared_ptr<const ProgramSet>(std::move(made));
}

// ---- Machine

Machine::Impl::Impl(std::shared_ptr<const ProgramSet> programs, const ProgramSet::Impl& set)
    : programs(std::move(programs)), set(set), regexes(&set.regexes) {
  globals.resize(set.variables.size());
  locals.resize(set.local_count + 1);
  lazy_done = std::make_unique<bool[]>(set.local_count + 1);
  composites.resize(set.composites.size());
  memos.resize(set.memo_count);
  reads.resize(set.reads_words);
  context.regexes = &regexes;
  shared.composites = composites.data();
  shared.memos = memos.data();
  shared.reads = reads.data();
  shared.set = &set;
  for (size_t i = 0; i < globals.size(); ++i) globals[i] = internal::error_value(set.variables[i].missing);
}

internal::Frame Machine::Impl::frame(const RunLimits& limits) {
  context.bytes_max = limits.arena_bytes_max;
  internal::Frame f;
  f.globals = globals.data();
  f.locals = locals.data();
  f.lazy_done = lazy_done.get();
  f.cost_max = limits.cost_max;
  f.context = &context;
  f.shared = &shared;
  f.limits = &limits;
  return f;
}

Machine::Machine(std::shared_ptr<const ProgramSet> programs) {
  const ProgramSet::Impl& set = *programs->impl_;
  impl_ = std::make_unique<Impl>(std::move(programs), set);
  impl_->context.strict_presence = set.env->impl().version.everything;
}
Machine::~Machine() = default;

void Machine::reset() {
  impl_->arena.reset();
  ++impl_->shared.epoch;
  ++impl_->shared.round;
  impl_->shared.composite_cost = 0;
  for (uint32_t slot : impl_->bound) impl_->globals[slot] = internal::error_value(impl_->set.variables[slot].missing);
  impl_->bound.clear();
  impl_->ran = false;
}

void Machine::set_steady_key(std::string_view key) {
  if (impl_->steady == nullptr) impl_->steady = std::make_unique<internal::SteadyValues>(impl_->composites.size());
  impl_->steady->use(key);
  impl_->shared.steady = impl_->steady.get();
}

void Machine::set(int slot, const Value& value) {
  if (slot < 0 || static_cast<size_t>(slot) >= impl_->globals.size()) return;
  if (impl_->ran) return rebind(slot, value);
  impl_->globals[static_cast<size_t>(slot)] = value;
  impl_->bound.push_back(static_cast<uint32_t>(slot));
}
void Machine::set(std::string_view name, const Value& value) {
  set(impl_->programs->variable_slot(name), value);
}
void Machine::set(std::string_view name, const doc::Node& node, uint16_t schema) {
  bool typed = schema != 0 && impl_->schemas != nullptr;
  set(name, typed ? impl_->schemas->value(node, schema, impl_->arena) : Value::of_node(node));
}

void Machine::rebind(int slot, const Value& value) {
  if (slot < 0 || static_cast<size_t>(slot) >= impl_->globals.size()) return;
  const ProgramSet::Impl::Variable& variable = impl_->set.variables[static_cast<size_t>(slot)];
  for (uint32_t memo : variable.memos) impl_->memos[memo].epoch = 0;
  for (uint32_t field : variable.composites) impl_->composites[field].epoch = 0;
  if (impl_->bound.size() < impl_->globals.size() * 2) impl_->bound.push_back(static_cast<uint32_t>(slot));
  impl_->globals[static_cast<size_t>(slot)] = value;
  recharge_composites();
}

void Machine::set_schemas(const Schemas* schemas) {
  impl_->schemas = schemas;
}
void Machine::set_host(const Host* host) {
  impl_->context.host = host;
}
base::Arena& Machine::arena() {
  return impl_->arena;
}

Outcome Machine::run(ProgramId program, const RunLimits& limits) {
  internal::Frame frame = impl_->frame(limits);
  Outcome outcome;
  impl_->ran = true;
  outcome.value = internal::run_node(impl_->set.programs[program].root, frame);
  outcome.cost = frame.cost;
  outcome.interrupted = frame.interrupted;
  outcome.over_budget = frame.cost > limits.cost_max;
  if (outcome.over_budget) {
    outcome.value = impl_->context.error("operation cancelled: actual cost limit exceeded");
  } else if (frame.interrupted) {
    outcome.value = impl_->context.error("operation interrupted");
  } else if (frame.out_of_memory) {
    outcome.value = impl_->context.no_room();
  }
  return outcome;
}

uint64_t Machine::take_composite_cost() {
  return std::exchange(impl_->shared.composite_cost, 0);
}
void Machine::recharge_composites() {
  ++impl_->shared.round;
}

}  // namespace ameia::expr
