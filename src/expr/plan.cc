#include <algorithm>

#include "expr/internal/cost.h"
#include "expr/internal/env_impl.h"
#include "expr/internal/number.h"
#include "expr/internal/ops.h"
#include "expr/internal/planner.h"
#include "expr/mutation_types.h"

namespace ameia::expr::internal {
namespace {

// Where each operator's overloads lead when kinds are not known before: one body answers all kinds.
struct Operator {
  std::string_view name;
  Body body;
};
constexpr Operator kOperators[] = {
    {"_+_", op_add},   {"_-_", op_subtract}, {"_*_", op_multiply},    {"_/_", op_divide},  {"_%_", op_modulo},
    {"-_", op_negate}, {"_<_", op_less},     {"_<=_", op_less_equal}, {"_>_", op_greater}, {"_>=_", op_greater_equal},
};

bool is_conversion(std::string_view name) {
  for (std::string_view conversion :
       {"bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"}) {
    if (name == conversion) return true;
  }
  return false;
}

// cel-go charges by overload id, which a call of unknown kinds does not have; these Kubernetes charges by function
// name.
bool is_charged_by_name(std::string_view name) {
  static constexpr std::string_view kNames[] = {
      "check",      "fieldSelector", "labelSelector", "isSorted",    "sum",
      "max",        "min",           "indexOf",       "lastIndexOf", "url",
      "lowerAscii", "upperAscii",    "substring",     "trim",        "jsonpatch.escapeKey",
      "replace",    "split",         "join",          "find",        "findAll",
      "cidr",       "isIP",          "isCIDR",        "ip",          "ip.isCanonical",
      "containsIP", "containsCIDR",  "quantity",      "isQuantity",  "semver",
      "isSemver",   "validate"};
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

constexpr uint32_t bit(ValueKind kind) {
  return 1u << static_cast<uint32_t>(kind);
}
constexpr uint32_t kAnyKind = ~bit(ValueKind::kError);

// The kinds of value that a signature's parameter accepts, and the opaque type it names, if any.
void parameter(std::string_view text, uint32_t& kinds, std::string_view& opaque) {
  std::string_view head = text.substr(0, text.find('('));
  struct Row {
    std::string_view name;
    uint32_t kinds;
  };
  static constexpr Row kRows[] = {
      {"dyn", kAnyKind},
      {"any", kAnyKind},
      {"bool", bit(ValueKind::kBool)},
      {"int", bit(ValueKind::kInt)},
      {"uint", bit(ValueKind::kUint)},
      {"double", bit(ValueKind::kDouble)},
      {"string", bit(ValueKind::kString)},
      {"bytes", bit(ValueKind::kBytes)},
      {"duration", bit(ValueKind::kDuration)},
      {"timestamp", bit(ValueKind::kTimestamp)},
      {"null", bit(ValueKind::kNull)},
      {"null_type", bit(ValueKind::kNull)},
      {"list", bit(ValueKind::kList) | bit(ValueKind::kDocList)},
      {"map", bit(ValueKind::kMap) | bit(ValueKind::kDocMap)},
      {"optional", bit(ValueKind::kOptional)},
      {"optional_type", bit(ValueKind::kOptional)},
      {"type", bit(ValueKind::kType)},
  };
  opaque = {};
  for (const Row& row : kRows) {
    if (row.name == head) {
      kinds = row.kinds;
      return;
    }
  }
  if (head.size() == 1) {  // T
    kinds = kAnyKind;
    return;
  }
  kinds = bit(ValueKind::kOpaque);
  opaque = head;
}

// Where the last character of the bracket that opens at `at` is.
size_t closing(std::string_view text, size_t at) {
  int depth = 0;
  for (size_t i = at; i < text.size(); ++i) {
    depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
    if (depth == 0) return i;
  }
  return text.size();
}

// The parameters of "f(A, B) -> R" or "A.f(B) -> R", the receiver first.
std::vector<std::string_view> parameters(const Overload& overload) {
  std::string_view text = overload.signature.substr(0, overload.signature.rfind(" -> "));
  size_t open = text.size();
  for (size_t i = 0; i < text.size(); ++i) {  // the bracket that closes the text opens the parameters
    if (text[i] == '(') {
      size_t end = closing(text, i);
      if (end + 1 == text.size()) {
        open = i;
        break;
      }
      i = end;
    }
  }
  std::vector<std::string_view> out;
  if (!overload.is_namespaced) {
    std::string_view head = text.substr(0, open);
    size_t dot = head.rfind('.');
    if (dot != std::string_view::npos && dot > 0) out.push_back(head.substr(0, dot));
  }
  std::string_view inside = open < text.size() ? text.substr(open + 1, text.size() - open - 2) : std::string_view();
  size_t from = 0;
  int depth = 0;
  for (size_t i = 0; i <= inside.size(); ++i) {
    if (i < inside.size()) {
      depth += inside[i] == '(' ? 1 : inside[i] == ')' ? -1 : 0;
      if (inside[i] != ',' || depth != 0) continue;
    }
    std::string_view one = inside.substr(from, i - from);
    while (one.starts_with(' ')) one.remove_prefix(1);
    if (!one.empty()) out.push_back(one);
    from = i + 1;
  }
  return out;
}

}  // namespace

const Node* Planner::plan_program(ProgramId program) {
  program_ = program;
  locals_.clear();
  outer_count_ = 0;
  in_loop_ = false;
  return plan(checked().ast->root).node;
}

Planned Planner::known(const Expr* expr, const Value& value, uint64_t cost, bool constant) {
  auto* node = make<ConstNode>(eval_const, expr);
  node->value = value;
  node->cost = cost;
  return {node, true, constant, value, cost};
}

Planned Planner::fail(const Expr* expr, std::string_view message, uint64_t cost) {
  return known(expr, error_value(set_.arena.make<ErrorValue>(ErrorValue{keep(message), expr->id})), cost, false);
}

Planned Planner::fold(const Expr* expr, const Node* node) {
  CallContext context{set_.arena};
  context.strict_presence = set_.env->impl().version.everything;
  context.regexes = &set_.regexes;
  RunLimits limits;
  Shared shared;
  Frame frame;
  frame.context = &context;
  frame.limits = &limits;
  frame.shared = &shared;
  frame.cost_max = limits.cost_max;
  Value value = run_node(node, frame);
  if (frame.halted) return {node};
  return known(expr, value, frame.cost, false);
}

const Overload* Planner::only_overload(const Expr* expr) const {
  const auto& overloads = reference(expr).overloads;
  return overloads.size() == 1 ? overloads[0] : nullptr;
}

const Planner::Local* Planner::local(std::string_view name) const {
  for (size_t i = locals_.size(); i-- > 0;) {
    if (locals_[i].name == name) return &locals_[i];
  }
  return nullptr;
}

Planned Planner::plan(const Expr* expr) {
  ShareGroup* group = worth_a_memo(expr);
  return group != nullptr ? plan_memo(expr, *group) : plan_now(expr);
}

ShareGroup* Planner::worth_a_memo(const Expr* expr) const {
  ShareGroup* group = sharing_.group_of(expr);
  if (group == nullptr || is_attribute(expr)) return nullptr;
  // A composite field that reads others must be seen reading them, every time.
  if (set_.programs[program_].is_composite && group->reads_composites) return nullptr;
  return in_loop_ || (group->count > outer_count_ && group->count >= 2) ? group : nullptr;
}

Planned Planner::plan_memo(const Expr* expr, ShareGroup& group) {
  if (group.memo == nullptr) {
    std::vector<Local> outer_locals;
    std::swap(outer_locals, locals_);
    uint32_t outer_count = std::exchange(outer_count_, group.count);
    bool outer_in_loop = std::exchange(in_loop_, false);
    Planned inner = plan_now(expr);
    std::swap(outer_locals, locals_);
    outer_count_ = outer_count;
    in_loop_ = outer_in_loop;
    if (inner.known) return inner;
    auto* memo = make<MemoNode>(eval_memo, expr);
    memo->index = set_.memo_count++;
    memo->per_round = group.reads_composites;
    memo->inner = inner.node;
    group.memo = memo;
    set_.memo_sources.push_back({expr, program_, memo->index});
    return {memo};
  }
  auto* memo = make<MemoNode>(eval_memo, expr);
  memo->index = group.memo->index;
  memo->per_round = group.memo->per_round;
  memo->inner = group.memo->inner;
  memo->relocate = true;
  return {memo};
}

Planned Planner::plan_now(const Expr* expr) {
  switch (expr->kind) {
    case ExprKind::kLiteral: return plan_literal(expr);
    case ExprKind::kIdent:
    case ExprKind::kSelect: return plan_path(expr, false);
    case ExprKind::kCall: return plan_call(expr);
    case ExprKind::kList: return plan_list(expr);
    case ExprKind::kMap: return plan_map(expr);
    case ExprKind::kStruct: return plan_struct(expr);
    case ExprKind::kComprehension: return plan_loop(expr);
  }
  return fail(expr, "unsupported expression", 0);
}

Planned Planner::plan_literal(const Expr* expr) {
  const Literal& literal = expr->literal;
  Value v;
  switch (literal.kind) {
    case Literal::Kind::kNull: break;
    case Literal::Kind::kBool: v = Value::of(literal.boolean); break;
    case Literal::Kind::kInt: v = Value::of_int(literal.integer); break;
    case Literal::Kind::kUint: v = Value::of_uint(literal.unsigned_integer); break;
    case Literal::Kind::kDouble: v = Value::of_double(literal.number); break;
    case Literal::Kind::kString: v = Value::of_string(keep(literal.text), is_ascii(literal.text)); break;
    case Literal::Kind::kBytes: v = Value::of_bytes(keep(literal.text)); break;
  }
  return known(expr, v, 0, true);
}

Planned Planner::plan_list(const Expr* expr) {
  auto* node = make<ListNode>(eval_list, expr);
  auto* items = set_.arena.array<const Node*>(expr->args.size());
  auto* optionals = set_.arena.array<bool>(expr->args.size());
  bool constant = expr->optional_args.empty(), all_known = constant;
  for (size_t i = 0; i < expr->args.size(); ++i) {
    Planned item = plan(expr->args[i]);
    items[i] = item.node;
    optionals[i] = false;
    constant = constant && item.constant;
    all_known = all_known && item.known;
  }
  for (uint32_t i : expr->optional_args) optionals[i] = true;
  node->count = static_cast<uint32_t>(expr->args.size());
  node->items = items;
  node->optionals = optionals;
  node->has_optionals = !expr->optional_args.empty();
  if (!all_known) return {node};
  Planned folded = fold(expr, node);
  return constant && folded.known && !folded.value.is_error() ? known(expr, folded.value, 0, true) : folded;
}

Planned Planner::plan_map(const Expr* expr) {
  auto* node = make<MapNode>(eval_map, expr);
  size_t count = expr->entries.size();
  auto* keys = set_.arena.array<const Node*>(count);
  auto* values = set_.arena.array<const Node*>(count);
  auto* optionals = set_.arena.array<bool>(count);
  bool constant = true, all_known = true;
  for (size_t i = 0; i < count; ++i) {
    const MapEntry& entry = expr->entries[i];
    Planned key = plan(entry.key), value = plan(entry.value);
    keys[i] = key.node;
    values[i] = value.node;
    optionals[i] = entry.optional;
    node->has_optionals = node->has_optionals || entry.optional;
    constant = constant && key.constant && value.constant && !entry.optional;
    all_known = all_known && key.known && value.known;
  }
  node->count = static_cast<uint32_t>(count);
  node->keys = keys;
  node->values = values;
  node->optionals = optionals;
  if (!all_known) return {node};
  Planned folded = fold(expr, node);
  return constant && folded.known && !folded.value.is_error() ? known(expr, folded.value, 0, true) : folded;
}

Planned Planner::plan_struct(const Expr* expr) {
  if (!is_mutation_type(expr->name)) return fail(expr, "unknown type: " + std::string(expr->name), kStructCost);
  auto* node = make<StructNode>(eval_struct, expr);
  size_t count = expr->entries.size();
  auto* names = set_.arena.array<Value>(count);
  auto* values = set_.arena.array<const Node*>(count);
  auto* optionals = set_.arena.array<bool>(count);
  bool all_known = true;
  for (size_t i = 0; i < count; ++i) {
    const MapEntry& entry = expr->entries[i];
    Planned value = plan(entry.value);
    std::string_view name = keep(entry.field);
    names[i] = Value::of_string(name, is_ascii(name));
    values[i] = value.node;
    optionals[i] = entry.optional;
    all_known = all_known && value.known;
  }
  node->type = keep(expr->name);
  node->count = static_cast<uint32_t>(count);
  node->names = names;
  node->values = values;
  node->optionals = optionals;
  return all_known ? fold(expr, node) : Planned{node};
}

// ---- calls

void Planner::collect_terms(const Expr* expr, std::string_view name, std::vector<const Node*>& terms) {
  for (const Expr* arg : expr->args) {
    if (arg->kind == ExprKind::kCall && arg->name == name && worth_a_memo(arg) == nullptr) {
      collect_terms(arg, name, terms);
    } else {
      terms.push_back(plan(arg).node);
    }
  }
}

Planned Planner::plan_logic(const Expr* expr, bool conjunction) {
  std::vector<const Node*> terms;
  collect_terms(expr, expr->name, terms);
  auto* node = make<LogicNode>(conjunction ? eval_and : eval_or, expr);
  node->count = static_cast<uint32_t>(terms.size());
  node->terms = set_.arena.copy(std::span<const Node* const>(terms)).data();
  return {node};
}

Planned Planner::plan_branch(const Expr* expr) {
  return is_attribute(expr) ? plan_path(expr, true) : plan(expr);
}

Planned Planner::plan_ternary(const Expr* expr) {
  auto* node = make<TernaryNode>(eval_ternary, expr);
  node->condition = plan(expr->args[0]).node;
  node->yes = plan_branch(expr->args[1]).node;
  node->no = plan_branch(expr->args[2]).node;
  return {node};
}

Planned Planner::plan_binary(const Expr* expr, Body body) {
  Planned left = plan(expr->args[0]);
  Planned right = expr->args.size() > 1 ? plan(expr->args[1]) : Planned{nullptr, true};
  const Overload* overload = only_overload(expr);
  Cost cost = overload == nullptr ? nullptr : overload->cost;
  const Node* made = nullptr;
  if (expr->name == "_<_" || expr->name == "_<=_" || expr->name == "_>_" || expr->name == "_>=_") {
    auto* node = make<CompareNode>(eval_compare, expr);
    node->left = left.node;
    node->right = right.node;
    node->body = body;
    node->cost = cost;
    node->answer[0] = expr->name[1] == '<';
    node->answer[1] = expr->name.size() == 4;
    node->answer[2] = expr->name[1] == '>';
    made = node;
  } else {
    auto* node = make<BinaryNode>(eval_binary, expr);
    node->left = left.node;
    node->right = right.node;
    node->body = body;
    node->cost = cost;
    made = node;
  }
  return left.known && right.known ? fold(expr, made) : Planned{made};
}

Planned Planner::plan_in(const Expr* expr) {
  Planned item = plan(expr->args[0]), range = plan(expr->args[1]);
  const Overload* overload = only_overload(expr);
  bool in_list = overload != nullptr && overload->id == "in_list";
  if (in_list && range.constant && range.value.kind == ValueKind::kList) {
    const ListValue& list = *range.value.list;
    if (list.size == 0) return known(expr, Value::of(false), 0, true);
    bool scalars = true, strings = true;
    for (uint32_t i = 0; i < list.size; ++i) {
      ValueKind kind = list.items[i].kind;
      strings = strings && kind == ValueKind::kString;
      scalars = scalars && (kind == ValueKind::kString || kind == ValueKind::kBool || is_number(list.items[i]));
    }
    if (scalars) {
      auto* node = make<InSetNode>(eval_in_set, expr);
      node->item = item.node;
      node->count = list.size;
      node->constants = list.items;
      node->strings = strings;
      return {node};
    }
  }
  auto* node = make<InNode>(eval_in, expr);
  node->item = item.node;
  node->range = range.node;
  node->list_cost = in_list;
  return {node};
}

Planned Planner::plan_call(const Expr* expr) {
  std::string_view name = expr->name;
  size_t count = expr->args.size();
  if (name == "_&&_" && count == 2) return plan_logic(expr, true);
  if (name == "_||_" && count == 2) return plan_logic(expr, false);
  if (name == "_?_:_" && count == 3) return plan_ternary(expr);
  if (is_attribute(expr)) return plan_path(expr, false);
  if ((name == "_==_" || name == "_!=_") && count == 2) {
    auto* node = make<PairNode>(eval_equal, expr);
    Planned left = plan(expr->args[0]), right = plan(expr->args[1]);
    node->left = left.node;
    node->right = right.node;
    node->negate = name == "_!=_";
    return left.known && right.known ? fold(expr, node) : Planned{node};
  }
  if ((name == "!_" || name == "@not_strictly_false") && count == 1) {
    auto* node = make<NotNode>(name == "!_" ? eval_not : eval_not_strictly_false, expr);
    Planned inner = plan(expr->args[0]);
    node->inner = inner.node;
    return inner.known ? fold(expr, node) : Planned{node};
  }
  if (name == "@in" && count == 2) return plan_in(expr);
  for (const Operator& op : kOperators) {
    if (name == op.name && count == (name == "-_" ? 1 : 2)) return plan_binary(expr, op.body);
  }
  if (expr->receiver && count == 2 && (name == "orValue" || name == "or")) {
    const Overload* overload = only_overload(expr);
    if (overload == nullptr || overload->id.starts_with("optional_or")) {
      auto* node = make<PairNode>(name == "or" ? eval_optional_or : eval_or_value, expr);
      node->left = plan(expr->args[0]).node;
      node->right = plan(expr->args[1]).node;
      return {node};
    }
  }
  return plan_library_call(expr);
}

const Candidate* make_candidates(base::Arena& arena, const std::vector<const Overload*>& overloads) {
  auto* out = arena.array<Candidate>(overloads.size());
  for (size_t i = 0; i < overloads.size(); ++i) {
    std::vector<std::string_view> params = parameters(*overloads[i]);
    auto* kinds = arena.array<uint32_t>(params.size());
    auto* opaques = arena.array<std::string_view>(params.size());
    for (size_t p = 0; p < params.size(); ++p) parameter(params[p], kinds[p], opaques[p]);
    out[i] = {overloads[i], static_cast<uint32_t>(params.size()), kinds, opaques};
  }
  return out;
}

Planned Planner::plan_library_call(const Expr* expr) {
  auto* node = make<CallNode>(eval_call, expr);
  std::vector<const Node*> args;
  bool all_known = true, all_constant = true;
  for (const Expr* arg : expr->args) {
    Planned planned = plan(arg);
    args.push_back(planned.node);
    all_known = all_known && planned.known;
    all_constant = all_constant && planned.constant;
    // Patterns are literal strings after the text they are applied to; what is no pattern costs one failed compilation.
    if (args.size() > 1 && planned.known && planned.value.kind == ValueKind::kString &&
        (expr->name == "matches" || expr->name.starts_with("find") || expr->name.starts_with("regex."))) {
      set_.regexes.add(planned.value.str());
    }
  }
  node->name = expr->name;
  node->arg_count = static_cast<uint32_t>(args.size());
  node->args = set_.arena.copy(std::span<const Node* const>(args)).data();
  node->candidates = make_candidates(set_.arena, reference(expr).overloads);
  node->candidate_count = static_cast<uint32_t>(reference(expr).overloads.size());
  node->cost_by_overload = node->candidate_count == 1 || is_charged_by_name(expr->name);
  // Calls with a literal pattern are rewritten by cel-go, into variadic ones.
  const bool has_pattern = (expr->name == "matches" || expr->name == "find" || expr->name == "findAll") &&
                           args.size() > 1 && expr->args[1]->kind == ExprKind::kLiteral;
  node->is_variadic = args.size() > 2 || has_pattern;
  const bool foldable = std::ranges::all_of(reference(expr).overloads,
                                            [](const Overload* o) { return o->answer == Answer::kOfArguments; });
  if (!all_known || !foldable) return {node};
  Planned folded = fold(expr, node);
  if (folded.known && all_constant && args.size() == 1 && is_conversion(expr->name)) {
    return known(expr, folded.value, 0, !folded.value.is_error());
  }
  return folded;
}

void plan_all(ProgramSet::Impl& set) {
  Sharing sharing(set);
  Planner planner(set, sharing);
  for (ProgramId id = 0; id < set.programs.size(); ++id) set.programs[id].root = planner.plan_program(id);
}

}  // namespace ameia::expr::internal
