#include <algorithm>

#include "expr/internal/number.h"
#include "expr/internal/planner.h"

namespace ameia::expr::internal {

bool Planner::is_attribute(const Expr* expr) const {
  switch (expr->kind) {
    case ExprKind::kIdent: return reference(expr).type_value == nullptr;
    case ExprKind::kSelect: return !expr->test_only && reference(expr).type_value == nullptr;
    case ExprKind::kCall:
      return expr->args.size() == 2 && (expr->name == "_[_]" || expr->name == "_?._" || expr->name == "_[?_]");
    default: return false;
  }
}

// The step that `expr` takes from its operand; false when `expr` is not a step but a whole name.
bool Planner::add_step(const Expr* expr, Step& step, const Expr*& operand) {
  step = Step{};
  step.expr_id = expr->id;
  auto field = [&](std::string_view name) {
    step.kind = Step::Kind::kField;
    name = keep(name);
    step.key = doc::KeyRef(name);
    step.value = Value::of_string(name, is_ascii(name));
    step.missing = set_.arena.make<ErrorValue>(ErrorValue{keep("no such key: " + std::string(name)), expr->id});
  };
  if (expr->kind == ExprKind::kSelect) {
    const Reference& r = reference(expr);
    if (!r.variable.empty() || r.type_value != nullptr) return false;
    operand = expr->operand;
    field(expr->name);
    return true;
  }
  if (!is_attribute(expr) || expr->kind != ExprKind::kCall) return false;
  operand = expr->args[0];
  const Expr* key = expr->args[1];
  step.optional = expr->name != "_[_]";
  Planned planned = plan_branch(key);
  if (planned.constant && planned.value.kind == ValueKind::kString) {
    field(planned.value.str());
  } else if (planned.constant) {
    step.kind = Step::Kind::kConstant;
    step.value = planned.value;
  } else {
    step.kind = Step::Kind::kComputed;
    step.computed = planned.node;
  }
  return true;
}

Planned Planner::plan_ident(const Expr* expr, bool resolve_only) {
  const Reference& r = reference(expr);
  if (r.type_value != nullptr) return known(expr, Value::of_type(r.type_value), 0, true);
  std::string_view name = r.variable.empty() ? expr->name : r.variable;
  const Local* var = expr->kind == ExprKind::kIdent && !expr->leading_dot ? local(name) : nullptr;
  if (var != nullptr && var->init != nullptr) {
    auto* node = make<LazyNode>(eval_lazy, expr);
    node->slot = var->slot;
    node->init = var->init;
    node->cost = resolve_only ? 0 : 1;
    return {node};
  }
  auto* node = make<LoadNode>(var != nullptr ? eval_load_local : eval_load_global, expr);
  node->slot = var != nullptr ? var->slot : set_.slot_of(name);
  node->cost = resolve_only ? 0 : 1;
  return {node};
}

Planned Planner::plan_path(const Expr* expr, bool resolve_only) {
  std::vector<Step> steps;  // from the last
  const Expr* base = expr;
  Step step;
  bool has = expr->kind == ExprKind::kSelect && expr->test_only;
  while ((base == expr || !(base->kind == ExprKind::kSelect && base->test_only)) &&
         (base->kind == ExprKind::kSelect || base->kind == ExprKind::kCall)) {
    const Expr* operand = nullptr;
    if (!add_step(base, step, operand)) break;
    steps.push_back(step);
    base = operand;
  }
  if (steps.empty()) return plan_ident(expr, resolve_only);
  std::reverse(steps.begin(), steps.end());

  auto* node = make<PathNode>(nullptr, expr);
  node->has = has;
  node->base_cost = (resolve_only ? 0 : 1) - (has ? 1 : 0);
  bool whole_name = base->kind == ExprKind::kIdent || (base->kind == ExprKind::kSelect && !base->test_only);
  const Reference& r = reference(base);
  const Local* var = nullptr;
  size_t first = 0;
  if (whole_name && r.type_value == nullptr) {
    std::string_view name = r.variable.empty() ? base->name : r.variable;
    if (base->kind == ExprKind::kIdent && !base->leading_dot) var = local(name);
    if (var == nullptr && set_.is_composite(name)) {
      // Kubernetes' variables.x: the name and the field cost 1 each, the field's program is charged apart.
      if (steps[0].kind != Step::Kind::kField)
        return fail(expr, "the fields of '" + std::string(name) + "' are chosen by literal names only", 1);
      int index = set_.composite_index(set_.programs[program_].scope, name, steps[0].value.str());
      if (index < 0) return fail(expr, steps[0].missing->message, 2);
      auto* composite = make<CompositeNode>(eval_composite, base);
      composite->index = static_cast<uint32_t>(index);
      composite->expr_id = steps[0].expr_id;
      node->base = composite;
      node->base_cost += 1;
      node->optional_base = steps[0].optional;
      first = 1;
    } else if (var != nullptr && var->init == nullptr) {
      node->slot = var->slot;
      node->eval = has ? eval_has_local : eval_path_local;
    } else if (var == nullptr) {
      node->slot = set_.slot_of(name);
      node->eval = has ? eval_has_global : eval_path_global;
    }
  }
  if (node->eval == nullptr) node->eval = eval_path;
  if (node->eval == eval_path && node->base == nullptr) {
    if (var != nullptr) {
      node->base = plan_ident(base, true).node;
    } else {
      bool conditional = base->kind == ExprKind::kCall && base->name == "_?_:_";
      if (conditional && !resolve_only) node->base_cost -= 1;
      node->base = plan(base).node;
    }
  }
  node->count = static_cast<uint32_t>(steps.size() - first);
  node->steps = set_.arena.copy(std::span<const Step>(steps.data() + first, steps.size() - first)).data();
  return {node};
}

}  // namespace ameia::expr::internal
