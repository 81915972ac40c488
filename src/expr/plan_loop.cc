// Comprehensions: macros are known by their shape, so that hand-made trees of the same shape cost and mean the same.
#include "expr/internal/planner.h"

namespace ameia::expr::internal {
namespace {

bool is_name(const Expr* e, std::string_view name) {
  return e->kind == ExprKind::kIdent && !e->leading_dot && e->name == name;
}
bool is_call(const Expr* e, std::string_view name, size_t count) {
  return e->kind == ExprKind::kCall && e->name == name && e->args.size() == count;
}
bool is_bool(const Expr* e, bool value) {
  return e->kind == ExprKind::kLiteral && e->literal.kind == Literal::Kind::kBool && e->literal.boolean == value;
}
bool is_int(const Expr* e, int64_t value) {
  return e->kind == ExprKind::kLiteral && e->literal.kind == Literal::Kind::kInt && e->literal.integer == value;
}

}  // namespace

void Planner::open_loop(const Comprehension& c, LoopNode& loop) {
  loop.two = !c.iter_var2.empty();
  loop.slot = new_slot();
  loop.slot2 = loop.two ? new_slot() : loop.slot;
  locals_.push_back({c.iter_var, loop.slot, nullptr});
  if (loop.two) locals_.push_back({c.iter_var2, loop.slot2, nullptr});
}

void Planner::close_loop(const Comprehension& c) {
  locals_.pop_back();
  if (!c.iter_var2.empty()) locals_.pop_back();
}

// map, filter, transformList, transformMap, transformMapEntry: an accumulator that only grows.
bool Planner::plan_gather(const Expr* expr, LoopNode& loop, Eval& eval) {
  const Comprehension& c = *expr->loop;
  if (!is_bool(c.loop_condition, true) || !is_name(c.result, c.accu_var)) return false;
  const Expr* filter = nullptr;
  const Expr* step = c.loop_step;
  if (is_call(step, "_?_:_", 3) && is_name(step->args[2], c.accu_var)) {
    filter = step->args[0];
    step = step->args[1];
  }
  const Expr* body = nullptr;
  if (c.accu_init->kind == ExprKind::kList && c.accu_init->args.empty() && is_call(step, "_+_", 2) &&
      is_name(step->args[0], c.accu_var) && step->args[1]->kind == ExprKind::kList && step->args[1]->args.size() == 1 &&
      step->args[1]->optional_args.empty()) {
    body = step->args[1]->args[0];
    eval = eval_map_list;
  } else if (c.accu_init->kind == ExprKind::kMap && c.accu_init->entries.empty() &&
             is_call(step, "cel.@mapInsert", 3) && is_name(step->args[0], c.accu_var) &&
             is_name(step->args[1], c.iter_var)) {
    body = step->args[2];
    eval = eval_transform_map;
  } else if (c.accu_init->kind == ExprKind::kMap && c.accu_init->entries.empty() &&
             is_call(step, "cel.@mapInsert", 2) && is_name(step->args[0], c.accu_var)) {
    body = step->args[1];
    eval = eval_transform_entry;
  } else {
    return false;
  }
  open_loop(c, loop);
  bool outer = std::exchange(in_loop_, true);
  if (filter != nullptr) loop.filter = plan(filter).node;
  Planned planned = plan(body);
  loop.body = planned.node;
  loop.item_cost = planned.constant ? 0 : 10;
  in_loop_ = outer;
  close_loop(c);
  return true;
}

Planned Planner::plan_bind(const Expr* expr) {
  const Comprehension& c = *expr->loop;
  auto* node = make<BindNode>(eval_bind, expr);
  node->slot = new_slot();
  const Node* init = plan(c.accu_init).node;
  locals_.push_back({c.accu_var, node->slot, init});
  node->body = plan(c.result).node;
  locals_.pop_back();
  return {node};
}

Planned Planner::plan_fold(const Expr* expr) {
  const Comprehension& c = *expr->loop;
  auto* node = make<FoldNode>(eval_fold, expr);
  LoopNode loop;
  node->range = plan(c.iter_range).node;
  node->accu = new_slot();
  const Node* init = plan(c.accu_init).node;
  open_loop(c, loop);
  locals_.push_back({c.accu_var, node->accu, init});
  bool outer = std::exchange(in_loop_, true);
  node->condition = plan(c.loop_condition).node;
  node->step = plan(c.loop_step).node;
  in_loop_ = outer;
  locals_.pop_back();
  close_loop(c);
  locals_.push_back({c.accu_var, node->accu, init});
  node->result = plan(c.result).node;
  locals_.pop_back();
  node->slot = loop.slot;
  node->slot2 = loop.slot2;
  node->two = loop.two;
  return {node};
}

Planned Planner::plan_loop(const Expr* expr) {
  const Comprehension& c = *expr->loop;
  if (is_bool(c.loop_condition, false) && c.iter_range->kind == ExprKind::kList && c.iter_range->args.empty())
    return plan_bind(expr);

  auto* loop = make<LoopNode>(nullptr, expr);
  const Expr* body = nullptr;
  if (is_bool(c.accu_init, true) && is_call(c.loop_condition, "@not_strictly_false", 1) &&
      is_name(c.loop_condition->args[0], c.accu_var) && is_call(c.loop_step, "_&&_", 2) &&
      is_name(c.loop_step->args[0], c.accu_var) && is_name(c.result, c.accu_var)) {
    loop->eval = eval_all;
    body = c.loop_step->args[1];
  } else if (is_bool(c.accu_init, false) && is_call(c.loop_condition, "@not_strictly_false", 1) &&
             is_call(c.loop_condition->args[0], "!_", 1) && is_name(c.loop_condition->args[0]->args[0], c.accu_var) &&
             is_call(c.loop_step, "_||_", 2) && is_name(c.loop_step->args[0], c.accu_var) &&
             is_name(c.result, c.accu_var)) {
    loop->eval = eval_exists;
    body = c.loop_step->args[1];
  } else if (is_int(c.accu_init, 0) && is_bool(c.loop_condition, true) && is_call(c.loop_step, "_?_:_", 3) &&
             is_call(c.loop_step->args[1], "_+_", 2) && is_name(c.loop_step->args[1]->args[0], c.accu_var) &&
             is_int(c.loop_step->args[1]->args[1], 1) && is_name(c.loop_step->args[2], c.accu_var) &&
             is_call(c.result, "_==_", 2) && is_name(c.result->args[0], c.accu_var) && is_int(c.result->args[1], 1)) {
    loop->eval = eval_exists_one;
    body = c.loop_step->args[0];
  }
  loop->range = plan(c.iter_range).node;
  if (body != nullptr) {
    open_loop(c, *loop);
    bool outer = std::exchange(in_loop_, true);
    loop->body = plan(body).node;
    in_loop_ = outer;
    close_loop(c);
    return {loop};
  }
  if (plan_gather(expr, *loop, loop->eval)) return {loop};
  return plan_fold(expr);
}

}  // namespace ameia::expr::internal
