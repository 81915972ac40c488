#include "expr/internal/explain.h"

#include <algorithm>

#include "expr/internal/number.h"
#include "expr/internal/ops.h"
#include "expr/mutation_types.h"

namespace ameia::expr::internal {
namespace {

bool is_false(const Value& v) {
  return v.kind == ValueKind::kBool && !v.boolean;
}

Body operator_body(std::string_view name) {
  struct Row {
    std::string_view name;
    Body body;
  };
  static constexpr Row kRows[] = {{"_+_", op_add},      {"_-_", op_subtract},
                                  {"_*_", op_multiply}, {"_/_", op_divide},
                                  {"_%_", op_modulo},   {"-_", op_negate},
                                  {"_<_", op_less},     {"_<=_", op_less_equal},
                                  {"_>_", op_greater},  {"_>=_", op_greater_equal},
                                  {"_==_", op_equal},   {"_!=_", op_not_equal},
                                  {"@in", op_in},       {"!_", op_not}};
  for (const Row& row : kRows) {
    if (row.name == name) return row.body;
  }
  return nullptr;
}

const doc::Node* child_node(const Value& container, const Value& key) {
  if (container.kind == ValueKind::kDocMap && key.kind == ValueKind::kString) return container.node->find(key.str());
  if (container.kind == ValueKind::kDocList && key.kind == ValueKind::kInt && key.integer >= 0 &&
      key.integer < container.node->size) {
    return &container.node->items[key.integer];
  }
  return nullptr;
}

}  // namespace

const Reference& Explainer::reference(const Expr* expr) const {
  return machine_.set.programs[program_].checked.references[expr->id];
}

Seen* Explainer::make(const Expr* expr) {
  seen_.emplace_back(&memory_);
  seen_.back().expr = expr;
  seen_.back().program = program_;
  return &seen_.back();
}

void Explainer::inherit(Seen& to, const Seen& from) {
  to.value = from.value;
  to.node = from.node;
  to.items = from.items;
  to.made = from.made;
  to.parent = from.parent;
  to.missing = from.missing;
}

void Explainer::add_items(Seen& to, const Seen& from) {
  for (uint32_t i = 0, n = list_size(from.value); i < n; ++i) {
    to.items.push_back(from.value.kind == ValueKind::kDocList ? &from.value.node->items[i]
                       : i < from.items.size()                ? from.items[i]
                                                              : nullptr);
    to.made.push_back(i < from.made.size() ? from.made[i] : nullptr);
  }
}

Value Explainer::error(const Expr* expr, std::string_view message) {
  return located(context_, context_.error(message), expr->id);
}

std::string Explainer::bindings() const {
  std::string out;
  for (const Local& local : locals_) {
    if (!local.loop || local.seen == nullptr) continue;
    if (!out.empty()) out += ", ";
    out += local.name;
    out += " = ";
    out += to_text(local.seen->value, 80);
  }
  return out;
}

void Explainer::record(Seen& seen) {
  if (steps_ == nullptr || seen.expr->kind == ExprKind::kLiteral) return;
  seen.step = steps_->size();
  TraceStep step;
  step.expr_id = seen.expr->id;
  step.value = seen.value;
  step.bindings = bindings();
  step.node = seen.missing.empty() ? seen.node : seen.parent;
  step.missing = seen.missing;
  steps_->push_back(std::move(step));
}

const Seen* Explainer::program(ProgramId id) {
  ProgramId outer = std::exchange(program_, id);
  std::vector<Local> outer_locals;
  std::swap(outer_locals, locals_);
  // A variable's own steps are not steps of the program that reads it.
  std::vector<TraceStep>* outer_steps = depth_ == 0 ? steps_ : std::exchange(steps_, nullptr);
  ++depth_;
  const Seen* root = see(machine_.set.programs[id].checked.ast->root);
  --depth_;
  if (depth_ != 0) steps_ = outer_steps;
  std::swap(outer_locals, locals_);
  program_ = outer;
  return root;
}

const Seen* Explainer::see(const Expr* expr) {
  Seen* seen = make(expr);
  if (seen_.size() > seen_max_) {
    cut_ = true;
    seen->value = error(expr, "the explanation was cut short");
    return seen;
  }
  evaluate(expr, *seen);
  record(*seen);
  return seen;
}

void Explainer::evaluate(const Expr* expr, Seen& out) {
  switch (expr->kind) {
    case ExprKind::kLiteral: return literal(expr, out);
    case ExprKind::kIdent: return ident(expr, out);
    case ExprKind::kSelect: return select(expr, out);
    case ExprKind::kCall: return call(expr, out);
    case ExprKind::kList: return list(expr, out);
    case ExprKind::kMap: return map(expr, out);
    case ExprKind::kStruct: return object(expr, out);
    case ExprKind::kComprehension: return loop(expr, out);
  }
}

void Explainer::literal(const Expr* expr, Seen& out) {
  const Literal& l = expr->literal;
  switch (l.kind) {
    case Literal::Kind::kNull: break;
    case Literal::Kind::kBool: out.value = Value::of(l.boolean); break;
    case Literal::Kind::kInt: out.value = Value::of_int(l.integer); break;
    case Literal::Kind::kUint: out.value = Value::of_uint(l.unsigned_integer); break;
    case Literal::Kind::kDouble: out.value = Value::of_double(l.number); break;
    case Literal::Kind::kString: out.value = Value::of_string(l.text, is_ascii(l.text)); break;
    case Literal::Kind::kBytes: out.value = Value::of_bytes(l.text); break;
  }
}

// ---- names and fields

void Explainer::ident(const Expr* expr, Seen& out) {
  const Reference& r = reference(expr);
  if (r.type_value != nullptr) {
    out.value = Value::of_type(r.type_value);
    return;
  }
  std::string_view name = r.variable.empty() ? expr->name : r.variable;
  if (expr->kind == ExprKind::kIdent && !expr->leading_dot) {
    for (size_t i = locals_.size(); i-- > 0;) {
      if (locals_[i].name != name) continue;
      if (locals_[i].seen == nullptr) {
        // The variable of a cel.bind: its value is looked up where the bind stands.
        std::vector<Local> outer = locals_;
        locals_.resize(locals_[i].scope);
        const Seen* value = see(outer[i].init);
        locals_ = std::move(outer);
        locals_[i].seen = value;
      }
      inherit(out, *locals_[i].seen);
      out.origin = locals_[i].loop && locals_[i].seen->origin != nullptr ? locals_[i].seen->origin : locals_[i].seen;
      return;
    }
  }
  auto it = machine_.set.slots.find(name);
  if (it == machine_.set.slots.end()) {
    out.value = error(expr, "no such attribute(s): " + std::string(name));
    return;
  }
  out.value = located(context_, machine_.globals[it->second], expr->id);
  if (out.value.kind == ValueKind::kDocMap || out.value.kind == ValueKind::kDocList) out.node = out.value.node;
}

void Explainer::composite(const Expr* expr, std::string_view name, const Value& key, bool presence, Seen& out) {
  int index = key.kind == ValueKind::kString
                  ? machine_.set.composite_index(machine_.set.programs[program_].scope, name, key.str())
                  : -1;
  if (index < 0) {
    out.value = error(expr, "no such key: " + (key.kind == ValueKind::kString ? std::string(key.str()) : to_text(key)));
    return;
  }
  const Seen*& kept = composites_[static_cast<size_t>(index)];
  if (kept == nullptr) {
    if (depth_ > kCompositeDepthMax) {
      out.value = error(expr, "composited variables are nested too deeply");
      return;
    }
    const CompositeState& state = machine_.composites[static_cast<size_t>(index)];
    if (machine_.set.composites[static_cast<size_t>(index)].steady && state.epoch == machine_.shared.epoch) {
      // Made of other objects alone: nothing in it is a place of the object in hand.
      Seen* leaf = make(expr);
      leaf->value = state.value;
      kept = leaf;
    } else {
      kept = program(machine_.set.composites[static_cast<size_t>(index)].program);
    }
  }
  out.origin = kept;
  if (kept->value.is_error()) {
    out.value = error(expr, "composited variable \"" + machine_.set.composites[static_cast<size_t>(index)].name +
                                "\" fails to evaluate: " + std::string(kept->value.error->message));
    return;
  }
  if (presence) {
    out.value = Value::of(true);
    return;
  }
  inherit(out, *kept);
}

void Explainer::step_into(Seen& out, const Seen& base, const Value& key, bool optional, bool presence) {
  Value container = base.value;
  const doc::Node* container_node = base.node;
  if (container.kind == ValueKind::kOptional) {
    if (container.optional == nullptr) {
      out.value = presence ? Value::of(false) : container;
      out.parent = base.parent;
      out.missing = base.missing;
      return;
    }
    container = *container.optional;
    optional = true;
  }
  Value found_value;
  Found found = presence && !has_fields(container)
                    ? Found::kNo
                    : qualify(context_, container, key, optional || presence, found_value);
  if (found == Found::kYes) {
    out.node = child_node(container, key);
    if (out.node == nullptr && container.kind == ValueKind::kList && key.kind == ValueKind::kInt &&
        static_cast<size_t>(key.integer) < base.items.size()) {
      out.node = base.items[static_cast<size_t>(key.integer)];
    }
    out.value = presence ? Value::of(true) : optional ? context_.some(found_value) : found_value;
    return;
  }
  if (container_node != nullptr && key.kind == ValueKind::kString) {
    out.parent = container_node;
    out.missing = key.str();
  } else {
    out.node = container_node;
  }
  if (found == Found::kError) {
    out.value = located(context_, found_value, out.expr->id);
  } else {
    out.value = presence ? Value::of(false) : CallContext::none();
  }
}

void Explainer::select(const Expr* expr, Seen& out) {
  const Reference& r = reference(expr);
  if (!r.variable.empty() || r.type_value != nullptr) return ident(expr, out);
  Value key = Value::of_string(expr->name, is_ascii(expr->name));
  const Expr* operand = expr->operand;
  if (operand->kind == ExprKind::kIdent) {
    const Reference& base = reference(operand);
    std::string_view name = base.variable.empty() ? operand->name : base.variable;
    if (!base.local && machine_.set.is_composite(name)) return composite(expr, name, key, expr->test_only, out);
  }
  const Seen* base = see(operand);
  out.parts.push_back(base);
  if (base->value.is_error()) {
    out.value = base->value;
    return;
  }
  step_into(out, *base, key, false, expr->test_only);
}

// ---- calls

void Explainer::logic(const Expr* expr, Seen& out, bool conjunction) {
  Value failed;
  bool has_failed = false, decided = false;
  for (const Expr* arg : expr->args) {
    if (decided && !(exhaustive_ && conjunction)) break;
    const Seen* part = see(arg);
    out.parts.push_back(part);
    if (part->value.kind == ValueKind::kBool) {
      decided = decided || part->value.boolean != conjunction;
    } else if (!has_failed) {
      has_failed = true;
      failed = part->value.is_error() ? part->value : error(expr, "no such overload");
    }
  }
  out.value = decided ? Value::of(!conjunction) : has_failed ? failed : Value::of(conjunction);
}

void Explainer::call(const Expr* expr, Seen& out) {
  std::string_view name = expr->name;
  size_t count = expr->args.size();
  if (count == 2 && (name == "_&&_" || name == "_||_")) return logic(expr, out, name == "_&&_");
  if (name == "_?_:_" && count == 3) {
    const Seen* condition = see(expr->args[0]);
    out.parts.push_back(condition);
    if (condition->value.kind != ValueKind::kBool) {
      out.value = condition->value.is_error() ? condition->value : error(expr, "no such overload");
      return;
    }
    const Seen* branch = see(expr->args[condition->value.boolean ? 1 : 2]);
    out.parts.push_back(branch);
    inherit(out, *branch);
    return;
  }
  if (name == "@not_strictly_false" && count == 1) {
    out.parts.push_back(see(expr->args[0]));
    out.value = Value::of(!is_false(out.parts[0]->value));
    return;
  }
  if (count == 2 && (name == "_[_]" || name == "_?._" || name == "_[?_]")) {
    if (expr->args[0]->kind == ExprKind::kIdent) {
      const Reference& base = reference(expr->args[0]);
      std::string_view variable = base.variable.empty() ? expr->args[0]->name : base.variable;
      if (!base.local && machine_.set.is_composite(variable)) {
        const Seen* key = see(expr->args[1]);
        composite(expr, variable, key->value, false, out);
        if (name != "_[_]" && !out.value.is_error()) out.value = context_.some(out.value);
        return;
      }
    }
    const Seen* base = see(expr->args[0]);
    out.parts.push_back(base);
    if (base->value.is_error()) {
      out.value = base->value;
      return;
    }
    const Seen* key = see(expr->args[1]);
    out.parts.push_back(key);
    if (key->value.is_error()) {
      out.value = key->value;
      return;
    }
    return step_into(out, *base, key->value, name != "_[_]", false);
  }
  if (expr->receiver && count == 2 && (name == "orValue" || name == "or")) {
    const Seen* left = see(expr->args[0]);
    out.parts.push_back(left);
    if (left->value.kind == ValueKind::kOptional && left->value.optional == nullptr) {
      const Seen* right = see(expr->args[1]);
      out.parts.push_back(right);
      inherit(out, *right);
      if (right->node == nullptr) {
        out.parent = left->parent;
        out.missing = left->missing;
      }
      return;
    }
    inherit(out, *left);
    if (name == "orValue" && left->value.kind == ValueKind::kOptional) out.value = *left->value.optional;
    return;
  }
  std::vector<Value> args;
  for (const Expr* arg : expr->args) {
    const Seen* part = see(arg);
    out.parts.push_back(part);
    args.push_back(part->value);
  }
  for (const Value& arg : args) {
    if (arg.is_error()) {
      out.value = arg;
      return;
    }
  }
  auto arg_count = static_cast<uint32_t>(count);
  if (Body body = operator_body(name)) {
    out.value = located(context_, body(context_, args.data(), arg_count), expr->id);
    if (name == "_+_" && out.value.is_list()) {
      for (const Seen* part : out.parts) add_items(out, *part);
    }
    return;
  }
  const auto& overloads = reference(expr).overloads;
  const Candidate* candidates = make_candidates(context_.arena, overloads);
  const Candidate* found = dispatch(candidates, static_cast<uint32_t>(overloads.size()), args.data(), arg_count);
  out.value = located(context_,
                      found == nullptr ? no_such_overload(context_, name, args.data(), arg_count)
                                       : found->overload->body(context_, args.data(), arg_count),
                      expr->id);
  if (name == "dyn" && count == 1) out.node = out.parts[0]->node;
}

// ---- lists, maps, loops

void Explainer::list(const Expr* expr, Seen& out) {
  std::vector<Value> items;
  for (size_t i = 0; i < expr->args.size(); ++i) {
    const Seen* part = see(expr->args[i]);
    out.parts.push_back(part);
    Value v = part->value;
    if (v.is_error()) {
      out.value = v;
      return;
    }
    if (std::find(expr->optional_args.begin(), expr->optional_args.end(), i) != expr->optional_args.end()) {
      if (v.kind != ValueKind::kOptional) {
        out.value = error(expr, "cannot initialize optional list element from non-optional value " + to_text(v, 200));
        return;
      }
      if (v.optional == nullptr) continue;
      v = *v.optional;
    }
    items.push_back(v);
    out.items.push_back(part->node);
    out.made.push_back(part);
  }
  out.value = make_list(context_, items.data(), static_cast<uint32_t>(items.size()));
}

void Explainer::map(const Expr* expr, Seen& out) {
  std::vector<MapEntryValue> entries;
  for (const MapEntry& entry : expr->entries) {
    const Seen* key = see(entry.key);
    const Seen* value = key->value.is_error() ? key : see(entry.value);
    out.parts.push_back(key);
    out.parts.push_back(value);
    Value v = value->value;
    if (v.is_error()) {
      out.value = v;
      return;
    }
    if (entry.optional) {
      if (v.kind != ValueKind::kOptional) {
        out.value = error(expr, "cannot initialize optional entry '" + to_text(key->value, 100) +
                                    "' from non-optional value " + to_text(v, 200));
        return;
      }
      if (v.optional == nullptr) continue;
      v = *v.optional;
    }
    Value problem = check_key(context_, entries.data(), static_cast<uint32_t>(entries.size()), key->value);
    if (problem.is_error()) {
      out.value = located(context_, problem, expr->id);
      return;
    }
    entries.push_back({key->value, v});
  }
  out.value = context_.map(entries);
}

void Explainer::object(const Expr* expr, Seen& out) {
  if (!is_mutation_type(expr->name)) {
    out.value = error(expr, "unknown type: " + std::string(expr->name));
    return;
  }
  std::vector<MapEntryValue> fields;
  for (const MapEntry& entry : expr->entries) {
    const Seen* part = see(entry.value);
    out.parts.push_back(part);
    Value v = part->value;
    if (v.is_error()) {
      out.value = v;
      return;
    }
    if (entry.optional) {
      if (v.kind != ValueKind::kOptional) {
        out.value = error(expr, "cannot initialize optional entry '" + std::string(entry.field) +
                                    "' from non-optional value " + to_text(v, 200));
        return;
      }
      if (v.optional == nullptr) continue;
      v = *v.optional;
    }
    fields.push_back({Value::of_string(entry.field, is_ascii(entry.field)), v});
  }
  out.value = located(context_, construct(context_, expr->name, fields), expr->id);
}

// The loop variables of one turn.
void Explainer::turn_of(const Comprehension& c, const Seen& range, uint32_t index, Seen& first, Seen& second) {
  if (range.value.is_list()) {
    if (!c.iter_var2.empty()) first.value = Value::of_int(index);
    Seen& element = c.iter_var2.empty() ? first : second;
    if (index < range.made.size() && range.made[index] != nullptr) {
      inherit(element, *range.made[index]);
      element.origin = range.made[index];
    }
    element.value = list_at(range.value, index);
    if (range.value.kind == ValueKind::kDocList) {
      element.node = &range.value.node->items[index];
    } else if (index < range.items.size() && range.items[index] != nullptr) {
      element.node = range.items[index];
    }
    return;
  }
  MapEntryValue entry = map_at(range.value, index);
  first.value = entry.key;
  first.node = range.value.kind == ValueKind::kDocMap ? &range.value.node->members[index].value : nullptr;
  second.value = entry.value;
  second.node = first.node;
}

void Explainer::loop(const Expr* expr, Seen& out) {
  const Comprehension& c = *expr->loop;
  auto literal_is = [](const Expr* e, bool wanted) {
    return e->kind == ExprKind::kLiteral && e->literal.kind == Literal::Kind::kBool && e->literal.boolean == wanted;
  };
  size_t depth = locals_.size();
  if (literal_is(c.loop_condition, false) && c.iter_range->kind == ExprKind::kList && c.iter_range->args.empty()) {
    locals_.push_back({c.accu_var, nullptr, c.accu_init, depth, false});
    const Seen* body = see(c.result);
    locals_.resize(depth);
    out.parts.push_back(body);
    inherit(out, *body);
    return;
  }
  const Seen* range = see(c.iter_range);
  out.parts.push_back(range);
  if (!range->value.is_list() && !range->value.is_map()) {
    out.value = range->value.is_error()
                    ? range->value
                    : error(expr, "got '" + std::string(type_name(range->value)) + "', expected iterable type");
    return;
  }
  // The accumulator's own steps would drown the trace: its nodes are evaluated without being recorded.
  std::vector<TraceStep>* steps = std::exchange(steps_, nullptr);
  const Seen* accu = see(c.accu_init);
  uint32_t size = range->value.is_list() ? list_size(range->value) : map_size(range->value);
  bool quantifier = c.loop_step->kind == ExprKind::kCall &&
                    (c.loop_step->name == "_&&_" || c.loop_step->name == "_||_") && c.loop_step->args.size() == 2;
  bool filtered = c.loop_step->kind == ExprKind::kCall && c.loop_step->name == "_?_:_" && c.loop_step->args.size() == 3;
  // Elements that stand nowhere in a document cannot be to blame: nobody looks past the one that decided.
  const bool is_nowhere = range->value.kind == ValueKind::kList && range->items.empty() && range->made.empty();
  for (uint32_t i = 0; i < size && !cut_; ++i) {
    Seen* first = make(expr);
    Seen* second = make(expr);
    turn_of(c, *range, i, *first, *second);
    locals_.resize(depth);
    locals_.push_back({c.accu_var, accu, nullptr, depth, false});
    locals_.push_back({c.iter_var, first, nullptr, depth, true});
    if (!c.iter_var2.empty()) locals_.push_back({c.iter_var2, second, nullptr, depth, true});
    const Seen* condition = see(c.loop_condition);
    bool stop = is_false(condition->value);
    if (stop && (!exhaustive_ || is_nowhere)) break;
    Seen* turn = make(expr);
    turn->node = c.iter_var2.empty() ? first->node : second->node;
    if (quantifier) {
      // Only the predicate is evaluated here, once; the accumulator follows from it.
      steps_ = steps;
      const Seen* body = see(c.loop_step->args[1]);
      steps_ = nullptr;
      turn->parts.push_back(body);
      turn->value = body->value;
      Value both[2] = {accu->value, body->value};
      Seen* next = make(c.loop_step);
      next->value = c.loop_step->name == "_&&_" ? op_and(context_, both, 2) : op_or(context_, both, 2);
      accu = next;
    } else {
      // Steps of the accumulating expression are recorded where they are the user's: predicate and transformation.
      steps_ = steps;
      const Seen* step = see(c.loop_step);
      steps_ = nullptr;
      const Seen* predicate = filtered ? step->parts[0] : step;
      turn->parts.push_back(predicate);
      turn->value = predicate->value;
      turn->turn_kept = !filtered || predicate->value.is_true();
      if (turn->turn_kept && step->value.is_list() && !stop) {
        const Seen* appended = filtered && step->parts.size() > 1 ? step->parts[1] : step;
        if (appended->parts.size() == 2 && appended->parts[1]->items.size() == 1) add_items(out, *appended->parts[1]);
      }
      accu = step;
    }
    out.parts.push_back(turn);
  }
  locals_.resize(depth);
  locals_.push_back({c.accu_var, accu, nullptr, depth, false});
  const Seen* result = see(c.result);
  locals_.resize(depth);
  steps_ = steps;
  out.value = result->value;
  if (!out.value.is_list()) {
    out.items.clear();
    out.made.clear();
  }
}

}  // namespace ameia::expr::internal

namespace ameia::expr {

Outcome Machine::explain(ProgramId program, std::vector<TraceStep>& steps, const RunLimits& limits) {
  steps.clear();
  Outcome outcome = run(program, limits);
  if (outcome.interrupted || outcome.over_budget) return outcome;
  internal::Explainer explainer(*impl_, false, &steps);
  const internal::Seen* root = explainer.program(program);
  internal::mark_decisive(*root, steps);
  return outcome;
}

std::vector<Blame> Machine::blame(ProgramId program, const RunLimits& limits) {
  std::vector<Blame> out;
  Outcome outcome = run(program, limits);
  if (outcome.interrupted || outcome.over_budget || outcome.value.is_true()) return out;
  internal::Explainer explainer(*impl_, true, nullptr, internal::Explainer::kBlameSeenMax);
  internal::find_blame(*explainer.program(program), impl_->beyond, out);
  return out;
}

}  // namespace ameia::expr
