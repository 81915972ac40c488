// Evaluation of everything but paths and loops. Costs: what cel-go's tracker charges under Kubernetes' options.
#include <algorithm>

#include "expr/internal/cost.h"
#include "expr/internal/number.h"
#include "expr/internal/ops.h"
#include "expr/internal/plan.h"
#include "expr/internal/program_impl.h"
#include "expr/internal/steady.h"
#include "expr/mutation_types.h"

namespace ameia::expr::internal {
namespace {

template <typename T>
const T& as(const Node& node) {
  return static_cast<const T&>(node);
}

Value plain_error(Frame& frame, std::string_view message, uint32_t expr_id) {
  Value v = frame.context->error(message);
  const_cast<ErrorValue*>(v.error)->expr_id = expr_id;
  return v;
}

}  // namespace

bool look_around(Frame& frame) {
  frame.ticks = 0;
  if (frame.limits->stop != nullptr && *static_cast<const volatile bool*>(frame.limits->stop)) frame.interrupted = true;
  if (frame.context->arena.reserved_bytes() > frame.limits->arena_bytes_max) frame.out_of_memory = true;
  frame.halted = frame.halted || frame.interrupted || frame.out_of_memory;
  return !frame.halted;
}

Value located(CallContext& context, const Value& value, uint32_t expr_id) {
  if (!value.is_error() || value.error->expr_id != 0) return value;
  return error_value(context.arena.make<ErrorValue>(ErrorValue{value.error->message, expr_id}));
}

Value eval_const(const Node& node, Frame& frame) {
  const auto& n = as<ConstNode>(node);
  frame.cost += n.cost;
  return n.value;
}

Value eval_load_global(const Node& node, Frame& frame) {
  const auto& n = as<LoadNode>(node);
  frame.cost += n.cost;
  return frame.globals[n.slot];
}

Value eval_load_local(const Node& node, Frame& frame) {
  const auto& n = as<LoadNode>(node);
  frame.cost += n.cost;
  return frame.locals[n.slot];
}

Value eval_lazy(const Node& node, Frame& frame) {
  const auto& n = as<LazyNode>(node);
  frame.cost += n.cost;
  if (!frame.lazy_done[n.slot]) {
    frame.lazy_done[n.slot] = true;  // first: an error is kept, too
    frame.locals[n.slot] = run_node(n.init, frame);
  }
  return frame.locals[n.slot];
}

Value eval_bind(const Node& node, Frame& frame) {
  const auto& n = as<BindNode>(node);
  for (uint32_t i = 0; i < n.count; ++i) frame.lazy_done[n.slot + i] = false;
  return run_node(n.body, frame);
}

// ---- sharing

static void charge(Shared& shared, uint32_t index) {
  CompositeState& state = shared.composites[index];
  if (state.charged == shared.round) return;
  state.charged = shared.round;
  shared.composite_cost += state.cost;
  const ProgramSet::Impl::Composite& field = shared.set->composites[index];
  const uint64_t* reads = shared.reads + field.reads_at;
  for (uint32_t i = 0; i < field.scope_size; ++i) {
    if ((reads[i / 64] >> (i % 64) & 1) != 0) charge(shared, field.scope_first + i);
  }
}

static void evaluate_composite(Frame& frame, uint32_t index) {
  Shared& shared = *frame.shared;
  CompositeState& state = shared.composites[index];
  const ProgramSet::Impl::Composite& field = shared.set->composites[index];
  std::fill_n(shared.reads + field.reads_at, (field.scope_size + 63) / 64, 0);
  const bool steady = field.steady && shared.steady != nullptr;
  if (steady && shared.steady->at(index).known) {
    const SteadyValue& kept = shared.steady->at(index);
    state.value = kept.value;
    state.cost = kept.cost;
    state.epoch = shared.epoch;
    state.charged = 0;
    return;
  }
  Frame inner;
  inner.globals = frame.globals;
  inner.locals = frame.locals;
  inner.lazy_done = frame.lazy_done;
  inner.cost_max = frame.limits->cost_max;
  inner.context = frame.context;
  inner.shared = frame.shared;
  inner.limits = frame.limits;
  inner.reader = static_cast<int32_t>(index);
  state.running = true;
  ++shared.depth;
  Value value = run_node(shared.set->programs[field.program].root, inner);
  --shared.depth;
  state.running = false;
  frame.interrupted = frame.interrupted || inner.interrupted;
  frame.out_of_memory = frame.out_of_memory || inner.out_of_memory;
  frame.halted = frame.halted || inner.interrupted || inner.out_of_memory;
  std::string_view why;
  if (inner.cost > inner.cost_max) {
    why = "operation cancelled: actual cost limit exceeded";
  } else if (value.is_error()) {
    why = value.error->message;
  }
  if (!why.empty()) {
    value = frame.context->error("composited variable \"" + std::string(field.name) +
                                 "\" fails to evaluate: " + std::string(why));
  }
  state.value = value;
  state.cost = inner.cost;
  state.epoch = shared.epoch;
  state.charged = 0;
  if (steady && why.empty() && !frame.halted) shared.steady->keep(index, value, inner.cost);
}

Value eval_composite(const Node& node, Frame& frame) {
  const auto& n = as<CompositeNode>(node);
  Shared& shared = *frame.shared;
  CompositeState& state = shared.composites[n.index];
  if (frame.reader >= 0) {
    const ProgramSet::Impl::Composite& reader = shared.set->composites[static_cast<uint32_t>(frame.reader)];
    uint32_t bit = n.index - reader.scope_first;
    shared.reads[reader.reads_at + bit / 64] |= uint64_t{1} << (bit % 64);
  }
  if (state.epoch != shared.epoch) {
    if (state.running) return plain_error(frame, "a composited variable depends on itself", node.expr_id);
    if (shared.depth >= kCompositeDepthMax)
      return plain_error(frame, "composited variables are nested too deeply", node.expr_id);
    evaluate_composite(frame, n.index);
  }
  charge(shared, n.index);
  return located(*frame.context, state.value, node.expr_id);
}

Value eval_memo(const Node& node, Frame& frame) {
  const auto& n = as<MemoNode>(node);
  Shared& shared = *frame.shared;
  MemoState& memo = shared.memos[n.index];
  if (memo.epoch == shared.epoch && (!n.per_round || memo.round == shared.round)) {
    frame.cost += memo.cost;
    return n.relocate && memo.value.is_error() ? plain_error(frame, memo.value.error->message, node.expr_id)
                                               : memo.value;
  }
  uint64_t before = frame.cost;
  Value value = run_node(n.inner, frame);
  if (n.relocate && value.is_error()) value = plain_error(frame, value.error->message, node.expr_id);
  if (frame.halted || frame.cost > frame.cost_max) return value;  // not a whole result
  memo.value = value;
  memo.cost = frame.cost - before;
  memo.epoch = shared.epoch;
  memo.round = shared.round;
  return value;
}

// ---- logic: an error is absorbed when another term decides, whatever the order

Value eval_and(const Node& node, Frame& frame) {
  const auto& n = as<LogicNode>(node);
  Value failed;
  bool has_failed = false;
  for (uint32_t i = 0; i < n.count; ++i) {
    Value v = run_node(n.terms[i], frame);
    if (v.kind == ValueKind::kBool) {
      if (!v.boolean) return v;
    } else if (!has_failed) {
      has_failed = true;
      failed = v.is_error() ? v : plain_error(frame, "no such overload", node.expr_id);
    }
  }
  return has_failed ? failed : Value::of(true);
}

Value eval_or(const Node& node, Frame& frame) {
  const auto& n = as<LogicNode>(node);
  Value failed;
  bool has_failed = false;
  for (uint32_t i = 0; i < n.count; ++i) {
    Value v = run_node(n.terms[i], frame);
    if (v.kind == ValueKind::kBool) {
      if (v.boolean) return v;
    } else if (!has_failed) {
      has_failed = true;
      failed = v.is_error() ? v : plain_error(frame, "no such overload", node.expr_id);
    }
  }
  return has_failed ? failed : Value::of(false);
}

Value eval_ternary(const Node& node, Frame& frame) {
  const auto& n = as<TernaryNode>(node);
  Value condition = run_node(n.condition, frame);
  if (condition.kind == ValueKind::kBool) return run_node(condition.boolean ? n.yes : n.no, frame);
  return condition.is_error() ? condition : plain_error(frame, "no such overload", node.expr_id);
}

Value eval_not(const Node& node, Frame& frame) {
  Value v = run_node(as<NotNode>(node).inner, frame);
  ++frame.cost;
  if (v.kind == ValueKind::kBool) return Value::of(!v.boolean);
  return v.is_error() ? v : plain_error(frame, "no such overload", node.expr_id);
}

Value eval_not_strictly_false(const Node& node, Frame& frame) {
  Value v = run_node(as<NotNode>(node).inner, frame);
  ++frame.cost;
  return Value::of(!(v.kind == ValueKind::kBool && !v.boolean));
}

Value eval_equal(const Node& node, Frame& frame) {
  const auto& n = as<PairNode>(node);
  Value a = run_node(n.left, frame);
  Value b = run_node(n.right, frame);
  if (a.kind == b.kind && (a.kind == ValueKind::kBool || a.kind == ValueKind::kInt)) {
    ++frame.cost;
    return Value::of((a.kind == ValueKind::kBool ? a.boolean == b.boolean : a.integer == b.integer) != n.negate);
  }
  uint64_t size_a = cost_size(a), size_b = cost_size(b);
  // Kubernetes' own types are equal at a unit, but unlike at their size.
  frame.cost += a.kind == ValueKind::kOpaque && !n.negate ? 1 : tenths(size_a < size_b ? size_a : size_b);
  if (a.is_error()) return a;
  if (b.is_error()) return b;
  return Value::of(values_equal(a, b) != n.negate);
}

Value eval_compare(const Node& node, Frame& frame) {
  const auto& n = as<CompareNode>(node);
  Value args[2] = {run_node(n.left, frame), run_node(n.right, frame)};
  if (args[0].kind == ValueKind::kInt && args[1].kind == ValueKind::kInt) {
    ++frame.cost;
    return Value::of(n.answer[args[0].integer < args[1].integer ? 0 : args[0].integer == args[1].integer ? 1 : 2]);
  }
  frame.cost += n.cost == nullptr ? 1 : n.cost(args, 2, Value());
  if (args[0].is_error()) return args[0];
  if (args[1].is_error()) return args[1];
  return located(*frame.context, n.body(*frame.context, args, 2), node.expr_id);
}

Value eval_binary(const Node& node, Frame& frame) {
  const auto& n = as<BinaryNode>(node);
  Value args[2] = {run_node(n.left, frame), n.right == nullptr ? Value() : run_node(n.right, frame)};
  uint32_t count = n.right == nullptr ? 1 : 2;
  frame.cost += n.cost == nullptr ? 1 : n.cost(args, count, Value());
  if (args[0].is_error()) return args[0];
  if (args[1].is_error()) return args[1];
  Value result = n.body(*frame.context, args, count);
  return result.is_error() ? located(*frame.context, result, node.expr_id) : result;
}

bool in_constants(const Value* constants, uint32_t count, bool strings, const Value& item) {
  if (strings && item.kind != ValueKind::kString) return false;
  for (uint32_t i = 0; i < count; ++i) {
    if (strings ? constants[i].str() == item.str() : values_equal(constants[i], item)) return true;
  }
  return false;
}

Value eval_in_set(const Node& node, Frame& frame) {
  const auto& n = as<InSetNode>(node);
  Value item = run_node(n.item, frame);
  return item.is_error() ? item : Value::of(in_constants(n.constants, n.count, n.strings, item));
}

Value eval_in(const Node& node, Frame& frame) {
  const auto& n = as<InNode>(node);
  Value args[2] = {run_node(n.item, frame), run_node(n.range, frame)};
  frame.cost += n.list_cost ? cost_size(args[1]) : 1;
  if (args[0].is_error()) return args[0];
  if (args[1].is_error()) return args[1];
  if (args[1].kind == ValueKind::kDocList && args[0].kind == ValueKind::kString) {
    for (const doc::Node *item = args[1].node->items, *last = item + args[1].node->size; item != last; ++item) {
      if (item->kind == doc::Kind::kString && item->str() == args[0].str()) return Value::of(true);
    }
    return Value::of(false);
  }
  if (args[1].kind == ValueKind::kDocMap && args[0].kind == ValueKind::kString) {
    return Value::of(find_member(frame, *args[1].node, args[0].str()) != nullptr);
  }
  return located(*frame.context, op_in(*frame.context, args, 2), node.expr_id);
}

// ---- optionals

Value eval_or_value(const Node& node, Frame& frame) {
  const auto& n = as<PairNode>(node);
  Value v = run_node(n.left, frame);
  if (v.kind != ValueKind::kOptional) return v;
  return v.optional != nullptr ? *v.optional : run_node(n.right, frame);
}

Value eval_optional_or(const Node& node, Frame& frame) {
  const auto& n = as<PairNode>(node);
  Value v = run_node(n.left, frame);
  if (v.kind != ValueKind::kOptional || v.optional != nullptr) return v;
  return run_node(n.right, frame);
}

// ---- calls

const Candidate* dispatch(const Candidate* candidates, uint32_t count, const Value* args, uint32_t arg_count) {
  for (uint32_t c = 0; c < count; ++c) {
    const Candidate& candidate = candidates[c];
    if (candidate.count != arg_count) continue;
    bool fits = true;
    for (uint32_t i = 0; i < arg_count && fits; ++i) {
      fits = (candidate.kinds[i] >> static_cast<uint32_t>(args[i].kind) & 1) != 0 &&
             (candidate.opaques[i].empty() || args[i].opaque->type_name() == candidate.opaques[i]);
    }
    if (fits) return &candidate;
  }
  return nullptr;
}

Value no_such_overload(CallContext& context, std::string_view name, const Value* args, uint32_t count) {
  std::string text = "no such overload: ";
  text += name;
  text += '(';
  for (uint32_t i = 0; i < count; ++i) {
    if (i != 0) text += ", ";
    text += type_name(args[i]);
  }
  text += ')';
  return context.error(text);
}

Value eval_call(const Node& node, Frame& frame) {
  const auto& n = as<CallNode>(node);
  constexpr uint32_t kInline = 6;
  Value inline_args[kInline];
  Value* args = n.arg_count <= kInline ? inline_args : frame.context->arena.array<Value>(n.arg_count);
  const Value* failed = nullptr;
  for (uint32_t i = 0; i < n.arg_count; ++i) {
    args[i] = run_node(n.args[i], frame);
    if (args[i].is_error() && failed == nullptr) {
      failed = &args[i];
      // cel-go's variadic calls stop here; they are charged only when no argument is left.
      if (n.is_variadic && i + 1 < n.arg_count) return *failed;
    }
  }
  // A call that cannot be made costs what its function costs with these arguments.
  const auto charge_unmade = [&](const Value& result) {
    Cost cost = n.cost_by_overload && n.candidate_count > 0 ? n.candidates[0].overload->cost : nullptr;
    frame.cost += cost == nullptr ? 1 : cost(args, n.arg_count, result);
    return result;
  };
  if (failed != nullptr) return charge_unmade(*failed);
  const Candidate* found = dispatch(n.candidates, n.candidate_count, args, n.arg_count);
  if (found == nullptr) {
    return charge_unmade(
        located(*frame.context, no_such_overload(*frame.context, n.name, args, n.arg_count), node.expr_id));
  }
  Value result = found->overload->body(*frame.context, args, n.arg_count);
  Cost cost = n.cost_by_overload ? found->overload->cost : nullptr;
  frame.cost += cost == nullptr ? 1 : cost(args, n.arg_count, result);
  if (frame.context->arena.reserved_bytes() > frame.limits->arena_bytes_max) {
    frame.halted = frame.out_of_memory = true;
  }
  return result.is_error() ? located(*frame.context, result, node.expr_id) : result;
}

// ---- lists and maps

Value make_list(CallContext& context, const Value* items, uint32_t count) {
  if (!context.room_for(size_t{count} * sizeof(Value))) return context.no_room();
  auto* list = context.arena.make<ListValue>();
  list->size = count;
  list->items = context.arena.copy(std::span<const Value>(items, count)).data();
  return Value::of_list(list);
}

Value eval_list(const Node& node, Frame& frame) {
  const auto& n = as<ListNode>(node);
  auto* items = frame.context->arena.array<Value>(n.count);
  uint32_t size = 0;
  for (uint32_t i = 0; i < n.count; ++i) {
    Value v = run_node(n.items[i], frame);
    if (v.is_error()) {
      frame.cost += 10;
      return v;
    }
    if (n.has_optionals && n.optionals[i]) {
      if (v.kind != ValueKind::kOptional) {
        frame.cost += 10;
        return plain_error(frame, "cannot initialize optional list element from non-optional value " + to_text(v, 200),
                           node.expr_id);
      }
      if (v.optional == nullptr) continue;
      v = *v.optional;
    }
    items[size++] = v;
  }
  frame.cost += 10;
  auto* list = frame.context->arena.make<ListValue>();
  list->size = size;
  list->items = items;
  return Value::of_list(list);
}

Value check_key(CallContext& context, const MapEntryValue* entries, uint32_t count, const Value& key) {
  switch (key.kind) {
    case ValueKind::kBool:
    case ValueKind::kInt:
    case ValueKind::kUint:
    case ValueKind::kString: break;
    default: return context.error("unsupported key type: " + std::string(type_name(key)));
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (values_equal(entries[i].key, key)) return context.error("Failed with repeated key: " + to_text(key, 200));
  }
  return Value::null();
}

Value eval_map(const Node& node, Frame& frame) {
  const auto& n = as<MapNode>(node);
  auto* entries = frame.context->arena.array<MapEntryValue>(n.count);
  uint32_t size = 0;
  for (uint32_t i = 0; i < n.count; ++i) {
    Value key = run_node(n.keys[i], frame);
    Value value = key.is_error() ? key : run_node(n.values[i], frame);
    if (value.is_error()) {
      frame.cost += 30;
      return value;
    }
    if (n.has_optionals && n.optionals[i]) {
      if (value.kind != ValueKind::kOptional) {
        frame.cost += 30;
        return plain_error(frame,
                           "cannot initialize optional entry '" + to_text(key, 100) + "' from non-optional value " +
                               to_text(value, 200),
                           node.expr_id);
      }
      if (value.optional == nullptr) continue;
      value = *value.optional;
    }
    Value problem = check_key(*frame.context, entries, size, key);
    if (problem.is_error()) {
      frame.cost += 30;
      return located(*frame.context, problem, node.expr_id);
    }
    entries[size++] = {key, value};
  }
  frame.cost += 30;
  return Value::of_map(make_map(frame.context->arena, entries, size));
}

Value eval_struct(const Node& node, Frame& frame) {
  const auto& n = as<StructNode>(node);
  auto* fields = frame.context->arena.array<MapEntryValue>(n.count);
  uint32_t size = 0;
  for (uint32_t i = 0; i < n.count; ++i) {
    Value value = run_node(n.values[i], frame);
    if (value.is_error()) {
      frame.cost += kStructCost;
      return value;
    }
    if (n.optionals[i]) {
      if (value.kind != ValueKind::kOptional) {
        frame.cost += kStructCost;
        return plain_error(frame,
                           "cannot initialize optional entry '" + std::string(n.names[i].str()) +
                               "' from non-optional value " + to_text(value, 200),
                           node.expr_id);
      }
      if (value.optional == nullptr) continue;
      value = *value.optional;
    }
    fields[size++] = {n.names[i], value};
  }
  frame.cost += kStructCost;
  return located(*frame.context, construct(*frame.context, n.type, {fields, size}), node.expr_id);
}

}  // namespace ameia::expr::internal
