#include "expr/naive.h"

#include <algorithm>

#include "expr/internal/number.h"
#include "expr/internal/ops.h"
#include "expr/libraries.h"
#include "expr/mutation_types.h"
#include "expr/program.h"

namespace ameia::expr::test {

using internal::Found;

namespace {

constexpr uint64_t kListCost = 10, kMapCost = 30;

uint64_t tenths(uint64_t size) {
  return (size + 9) / 10;
}

struct Operator {
  std::string_view name;
  Body body;
};
constexpr Operator kOperators[] = {{"_+_", internal::op_add},      {"_-_", internal::op_subtract},
                                   {"_*_", internal::op_multiply}, {"_/_", internal::op_divide},
                                   {"_%_", internal::op_modulo},   {"-_", internal::op_negate},
                                   {"_<_", internal::op_less},     {"_<=_", internal::op_less_equal},
                                   {"_>_", internal::op_greater},  {"_>=_", internal::op_greater_equal}};

bool is_conversion(std::string_view name) {
  for (std::string_view known :
       {"bool", "bytes", "double", "duration", "dyn", "int", "string", "timestamp", "type", "uint"}) {
    if (name == known) return true;
  }
  return false;
}

// Kubernetes charges these by their names; all else is charged by overload, which a call of unknown kinds does not
// have.
bool is_charged_by_name(std::string_view name) {
  for (std::string_view known : {"check",      "fieldSelector", "labelSelector", "isSorted",    "sum",
                                 "max",        "min",           "indexOf",       "lastIndexOf", "url",
                                 "lowerAscii", "upperAscii",    "substring",     "trim",        "jsonpatch.escapeKey",
                                 "replace",    "split",         "join",          "find",        "findAll",
                                 "cidr",       "isIP",          "isCIDR",        "ip",          "ip.isCanonical",
                                 "containsIP", "containsCIDR",  "quantity",      "isQuantity",  "semver",
                                 "isSemver",   "validate"}) {
    if (name == known) return true;
  }
  return false;
}

// Whether a value is of a signature's type, judged by its outermost part.
bool is_of(const Value& v, std::string_view type) {
  const std::string_view head = type.substr(0, type.find('('));
  if (head == "dyn" || head == "any" || head.size() == 1) return true;
  switch (v.kind) {
    case ValueKind::kBool: return head == "bool";
    case ValueKind::kInt: return head == "int";
    case ValueKind::kUint: return head == "uint";
    case ValueKind::kDouble: return head == "double";
    case ValueKind::kString: return head == "string";
    case ValueKind::kBytes: return head == "bytes";
    case ValueKind::kDuration: return head == "duration";
    case ValueKind::kTimestamp: return head == "timestamp";
    case ValueKind::kNull: return head == "null" || head == "null_type";
    case ValueKind::kList:
    case ValueKind::kDocList: return head == "list";
    case ValueKind::kMap:
    case ValueKind::kDocMap: return head == "map";
    case ValueKind::kOptional: return head == "optional" || head == "optional_type";
    case ValueKind::kType: return head == "type";
    case ValueKind::kOpaque: return head == v.opaque->type_name();
    default: return false;
  }
}

// The argument types of "A.f(B, C) -> R", the receiver first.
std::vector<std::string> argument_types(const Overload& overload) {
  std::string_view text = overload.signature.substr(0, overload.signature.rfind(" -> "));
  size_t open = text.size();
  int depth = 0;
  while (open-- > 0) {
    depth += text[open] == ')' ? 1 : text[open] == '(' ? -1 : 0;
    if (depth == 0) break;
  }
  std::vector<std::string> out;
  const std::string_view head = text.substr(0, open);
  if (!overload.is_namespaced && head.find('.') != std::string_view::npos && head[0] != '_')
    out.emplace_back(head.substr(0, head.rfind('.')));
  std::string one;
  for (const char c : text.substr(open + 1)) {
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if ((c == ',' && depth == 0) || depth < 0) {
      if (!one.empty()) out.push_back(one);
      one.clear();
    } else if (c != ' ') {
      one += c;
    }
  }
  return out;
}

}  // namespace

NaiveOutcome Naive::run() {
  cost_ = 0;
  locals_.clear();
  NaiveOutcome out;
  out.value = eval(checked_.ast->root);
  out.cost = cost_;
  return out;
}

Value Naive::eval(const Expr* e) {
  switch (e->kind) {
    case ExprKind::kLiteral: {
      const Literal& literal = e->literal;
      switch (literal.kind) {
        case Literal::Kind::kNull: return Value::null();
        case Literal::Kind::kBool: return Value::of(literal.boolean);
        case Literal::Kind::kInt: return Value::of_int(literal.integer);
        case Literal::Kind::kUint: return Value::of_uint(literal.unsigned_integer);
        case Literal::Kind::kDouble: return Value::of_double(literal.number);
        case Literal::Kind::kString: return context_.string(literal.text);
        case Literal::Kind::kBytes: return Value::of_bytes(literal.text);
      }
      break;
    }
    case ExprKind::kIdent:
    case ExprKind::kSelect: return eval_attribute(e, false);
    case ExprKind::kCall: return eval_call(e);
    case ExprKind::kList: return eval_list(e);
    case ExprKind::kMap: return eval_map(e);
    case ExprKind::kStruct: return eval_struct(e);
    case ExprKind::kComprehension: return eval_loop(e);
  }
  return error("unsupported expression");
}

bool Naive::is_attribute(const Expr* e) const {
  if (e->kind == ExprKind::kIdent) return reference(e).type_value == nullptr;
  if (e->kind == ExprKind::kSelect) return !e->test_only && reference(e).type_value == nullptr;
  return e->kind == ExprKind::kCall && e->args.size() == 2 &&
         (e->name == "_[_]" || e->name == "_?._" || e->name == "_[?_]");
}

bool Naive::fails(const Expr* e) {
  const uint64_t before = cost_;
  const bool failed = eval(e).is_error();
  cost_ = before;
  return failed;
}

bool Naive::is_constant(const Expr* e) {
  switch (e->kind) {
    case ExprKind::kLiteral: return true;
    case ExprKind::kIdent:
    case ExprKind::kSelect: return reference(e).type_value != nullptr;
    case ExprKind::kList:
      if (!e->optional_args.empty()) return false;
      for (const Expr* item : e->args) {
        if (!is_constant(item)) return false;
      }
      return true;
    case ExprKind::kMap: {
      for (const MapEntry& entry : e->entries) {
        if (entry.optional || !is_constant(entry.key) || !is_constant(entry.value)) return false;
      }
      return !fails(e);
    }
    case ExprKind::kCall:
      if (e->name == "@in" && e->args.size() == 2) {
        const auto& overloads = reference(e).overloads;
        return overloads.size() == 1 && overloads[0]->id == "in_list" && e->args[1]->kind == ExprKind::kList &&
               e->args[1]->args.empty();
      }
      return e->args.size() == 1 && is_conversion(e->name) && is_constant(e->args[0]) && !fails(e);
    default: return false;
  }
}

// ---- names, fields and indices

Naive::Local* Naive::find(std::string_view name) {
  for (size_t i = locals_.size(); i-- > 0;) {
    if (locals_[i].name == name) return &locals_[i];
  }
  return nullptr;
}

Value Naive::read(Local& local) {
  if (local.lazy == nullptr) return local.value;
  const Expr* how = std::exchange(local.lazy, nullptr);
  const size_t at = static_cast<size_t>(&local - locals_.data());
  // The initial value sees only what was in force where it was written.
  std::vector<Local> inner(locals_.begin() + static_cast<std::ptrdiff_t>(local.scope), locals_.end());
  const size_t scope = local.scope;
  locals_.resize(scope);
  const Value value = eval(how);
  locals_.resize(scope);
  locals_.insert(locals_.end(), inner.begin(), inner.end());
  locals_[at].value = value;
  return value;
}

Value Naive::eval_ident(const Expr* e) {
  const Reference& r = reference(e);
  if (r.type_value != nullptr) return Value::of_type(r.type_value);
  const std::string_view name = r.variable.empty() ? e->name : r.variable;
  if (e->kind == ExprKind::kIdent && !e->leading_dot) {
    if (Local* local = find(name)) return read(*local);
  }
  const auto global = globals_.find(std::string(name));
  return global != globals_.end() ? global->second : error("no such attribute(s): " + std::string(name));
}

Value Naive::eval_branch(const Expr* e) {
  return is_attribute(e) ? eval_attribute(e, true) : eval(e);
}

// A variable or any value, and the fields and indices applied to it: an attribute costs 1 and each step 1. A branch of
// ?: and an index are attributes of a larger attribute, which has paid already.
Value Naive::eval_attribute(const Expr* e, bool as_branch) {
  const bool has = e->kind == ExprKind::kSelect && e->test_only;
  std::vector<Step> steps;
  const Expr* base = e;
  for (bool first = true; base->kind == ExprKind::kSelect || base->kind == ExprKind::kCall; first = false) {
    if (base->kind == ExprKind::kSelect) {
      const bool is_whole_name = !reference(base).variable.empty() || reference(base).type_value != nullptr;
      if (is_whole_name || (base->test_only && !first)) break;
      steps.insert(steps.begin(), {base, nullptr, base->name, false});
      base = base->operand;
    } else {
      if (!is_attribute(base)) break;
      steps.insert(steps.begin(), {base, base->args[1], {}, base->name != "_[_]"});
      base = base->args[0];
    }
  }
  const bool is_type =
      (base->kind == ExprKind::kIdent || base->kind == ExprKind::kSelect) && reference(base).type_value != nullptr;
  if (steps.empty()) {
    if (!is_type && !as_branch) ++cost_;
    return eval_ident(base);
  }
  const bool is_name =
      !is_type && (base->kind == ExprKind::kIdent || (base->kind == ExprKind::kSelect && !base->test_only));
  const bool is_choice = base->kind == ExprKind::kCall && base->name == "_?_:_";
  const Value value = is_name || is_type ? eval_ident(base) : eval(base);
  if (!as_branch && !(is_choice && !is_name)) ++cost_;
  if (has) --cost_;
  return value.is_error() ? value : follow(value, steps, has, false);
}

Value Naive::follow(Value value, const std::vector<Step>& steps, bool has, bool optional) {
  if (value.kind == ValueKind::kOptional) {
    if (value.optional == nullptr) return has ? Value::of(false) : value;
    value = *value.optional;
    optional = true;
  }
  for (const Step& step : steps) {
    optional = optional || step.optional;
    const bool presence = has && &step == &steps.back();
    const Value key = step.key == nullptr ? context_.string(step.field) : eval_branch(step.key);
    if (key.is_error()) {
      if (!optional) ++cost_;
      return key;
    }
    Value next;
    const bool is_scalar = !value.is_map() && !value.is_list() && constructed(value) == nullptr;
    const Found found =
        presence && is_scalar ? Found::kNo : internal::qualify(context_, value, key, optional || presence, next);
    if (presence) {
      ++cost_;
      return found == Found::kError ? next : Value::of(found == Found::kYes);
    }
    if (found == Found::kNo) return has ? Value::of(false) : CallContext::none();
    if (found == Found::kError) {
      if (!optional) ++cost_;
      return next;
    }
    ++cost_;
    value = next;
  }
  return optional ? context_.some(value) : value;
}

// ---- calls

Value Naive::eval_call(const Expr* e) {
  const std::string_view name = e->name;
  const size_t count = e->args.size();
  if (name == "_&&_" && count == 2) return eval_logic(e, false);
  if (name == "_||_" && count == 2) return eval_logic(e, true);
  if (name == "_?_:_" && count == 3) {
    const Value condition = eval(e->args[0]);
    if (condition.is_error()) return condition;
    if (condition.kind != ValueKind::kBool) return error("no such overload");
    return eval_branch(e->args[condition.boolean ? 1 : 2]);
  }
  if (is_attribute(e)) return eval_attribute(e, false);
  if (name == "!_" || name == "@not_strictly_false") {
    const Value v = eval(e->args[0]);
    ++cost_;
    if (name != "!_") return Value::of(!(v.kind == ValueKind::kBool && !v.boolean));
    if (v.is_error()) return v;
    return v.kind == ValueKind::kBool ? Value::of(!v.boolean) : error("no such overload");
  }
  if (name == "@in" && count == 2) return eval_in(e);
  if (e->receiver && count == 2 && (name == "or" || name == "orValue")) {
    const auto& overloads = reference(e).overloads;
    if (overloads.size() != 1 || overloads[0]->id.starts_with("optional_or")) {
      const Value left = eval(e->args[0]);
      if (left.kind != ValueKind::kOptional) return left;
      if (left.optional == nullptr) return eval(e->args[1]);
      return name == "or" ? left : *left.optional;
    }
  }
  return eval_operator(e);
}

// && (decided by false) and || (decided by true): an error counts only when nothing decides.
Value Naive::eval_logic(const Expr* e, bool decisive) {
  Value failed;
  bool has_failed = false;
  for (const Expr* arg : e->args) {
    const Value v = eval(arg);
    if (v.kind == ValueKind::kBool) {
      if (v.boolean == decisive) return v;
    } else if (!has_failed) {
      has_failed = true;
      failed = v.is_error() ? v : error("no such overload");
    }
  }
  return has_failed ? failed : Value::of(!decisive);
}

Value Naive::eval_in(const Expr* e) {
  const auto& overloads = reference(e).overloads;
  const bool in_list = overloads.size() == 1 && overloads[0]->id == "in_list";
  if (is_constant(e)) return Value::of(false);
  Value args[2] = {eval(e->args[0])};
  // Membership in a constant list of scalars is a look-up in a set made beforehand, and free.
  if (in_list && is_constant(e->args[1]) && e->args[1]->kind == ExprKind::kList) {
    const uint64_t before = cost_;
    args[1] = eval(e->args[1]);
    cost_ = before;
    bool scalars = true;
    for (uint32_t i = 0; i < list_size(args[1]); ++i) {
      const Value item = list_at(args[1], i);
      scalars =
          scalars && (item.kind == ValueKind::kString || item.kind == ValueKind::kBool || internal::is_number(item));
    }
    if (scalars) return args[0].is_error() ? args[0] : internal::op_in(context_, args, 2);
  }
  args[1] = eval(e->args[1]);
  cost_ += in_list ? cost_size(args[1]) : 1;
  if (args[0].is_error()) return args[0];
  return args[1].is_error() ? args[1] : internal::op_in(context_, args, 2);
}

Value Naive::eval_operator(const Expr* e) {
  const bool is_equality = e->name == "_==_" || e->name == "_!=_";
  Body body = is_equality ? e->name == "_==_" ? internal::op_equal : internal::op_not_equal : nullptr;
  for (const Operator& op : kOperators) {
    if (e->name == op.name && e->args.size() == (op.name == "-_" ? 1 : 2)) body = op.body;
  }
  if (body == nullptr) return eval_function(e);
  Value args[2];
  for (size_t i = 0; i < e->args.size(); ++i) args[i] = eval(e->args[i]);
  const auto count = static_cast<uint32_t>(e->args.size());
  const auto& overloads = reference(e).overloads;
  if (is_equality) {
    cost_ += args[0].kind == ValueKind::kOpaque && e->name == "_==_"
                 ? 1
                 : tenths(std::min(cost_size(args[0]), cost_size(args[1])));
  } else {
    const Cost cost = overloads.size() == 1 ? overloads[0]->cost : nullptr;
    cost_ += cost == nullptr ? 1 : cost(args, count, Value());
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (args[i].is_error()) return args[i];
  }
  return body(context_, args, count);
}

Value Naive::eval_function(const Expr* e) {
  const uint64_t before = cost_;
  std::vector<Value> args;
  const Value* failed = nullptr;
  const bool has_pattern = (e->name == "matches" || e->name == "find" || e->name == "findAll") && e->args.size() > 1 &&
                           e->args[1]->kind == ExprKind::kLiteral;
  const bool is_variadic = e->args.size() > 2 || has_pattern;  // cel-go stops such a call at its first error
  args.reserve(e->args.size());
  for (const Expr* arg : e->args) {
    args.push_back(eval(arg));
    if (!args.back().is_error() || failed != nullptr) continue;
    failed = &args.back();
    if (is_variadic && args.size() < e->args.size()) return *failed;
  }
  const auto& overloads = reference(e).overloads;
  const auto count = static_cast<uint32_t>(args.size());
  const bool by_overload = overloads.size() == 1 || is_charged_by_name(e->name);
  const auto charge = [&](const Overload* overload, const Value& result) {
    cost_ += by_overload && overload != nullptr && overload->cost != nullptr
                 ? overload->cost(args.data(), count, result)
                 : 1;
    // A conversion of a constant is made when planned.
    if (failed == nullptr && count == 1 && is_conversion(e->name) && is_constant(e->args[0])) cost_ = before;
    return result;
  };
  const Overload* any = overloads.empty() ? nullptr : overloads[0];
  if (failed != nullptr) return charge(any, *failed);
  for (const Overload* overload : overloads) {
    const std::vector<std::string> types = argument_types(*overload);
    bool fits = types.size() == args.size();
    for (size_t i = 0; i < args.size() && fits; ++i) fits = is_of(args[i], types[i]);
    if (!fits) continue;
    return charge(overload, overload->body(context_, args.data(), count));
  }
  std::string text = "no such overload: " + std::string(e->name) + "(";
  for (size_t i = 0; i < args.size(); ++i) text += (i == 0 ? "" : ", ") + std::string(type_name(args[i]));
  return charge(any, error(text + ")"));
}

// ---- lists and maps

Value Naive::eval_list(const Expr* e) {
  const bool is_free = is_constant(e);
  std::vector<Value> items;
  for (size_t i = 0; i < e->args.size(); ++i) {
    const Value v = eval(e->args[i]);
    const bool optional = std::find(e->optional_args.begin(), e->optional_args.end(), i) != e->optional_args.end();
    if (v.is_error() || (optional && v.kind != ValueKind::kOptional)) {
      cost_ += kListCost;
      return v.is_error() ? v
                          : error("cannot initialize optional list element from non-optional value " + to_text(v, 200));
    }
    if (!optional)
      items.push_back(v);
    else if (v.optional != nullptr)
      items.push_back(*v.optional);
  }
  cost_ += is_free ? 0 : kListCost;
  return context_.list(items);
}

// Never constant: its cost is paid each time.
Value Naive::eval_struct(const Expr* e) {
  constexpr uint64_t kStructCost = 40;
  std::vector<MapEntryValue> fields;
  const auto made = [&](const Value& v) {
    cost_ += kStructCost;
    return v;
  };
  for (const MapEntry& entry : e->entries) {
    Value value = eval(entry.value);
    if (value.is_error()) return made(value);
    if (entry.optional) {
      if (value.kind != ValueKind::kOptional) {
        return made(error("cannot initialize optional entry '" + std::string(entry.field) +
                          "' from non-optional value " + to_text(value, 200)));
      }
      if (value.optional == nullptr) continue;
      value = *value.optional;
    }
    fields.push_back({context_.string(entry.field), value});
  }
  return made(construct(context_, e->name, fields));
}

Value Naive::eval_map(const Expr* e) {
  std::vector<MapEntryValue> entries;
  const uint64_t before = cost_;
  bool constant = true;
  for (const MapEntry& entry : e->entries)
    constant = constant && !entry.optional && is_constant(entry.key) && is_constant(entry.value);
  const auto made = [&](const Value& v) {
    cost_ += kMapCost;
    if (constant && !v.is_error()) cost_ = before;
    return v;
  };
  for (const MapEntry& entry : e->entries) {
    const Value key = eval(entry.key);
    if (key.is_error()) return made(key);
    Value value = eval(entry.value);
    if (value.is_error()) return made(value);
    if (entry.optional) {
      if (value.kind != ValueKind::kOptional) {
        return made(error("cannot initialize optional entry '" + to_text(key, 100) + "' from non-optional value " +
                          to_text(value, 200)));
      }
      if (value.optional == nullptr) continue;
      value = *value.optional;
    }
    if (key.kind != ValueKind::kBool && key.kind != ValueKind::kInt && key.kind != ValueKind::kUint &&
        key.kind != ValueKind::kString) {
      return made(error("unsupported key type: " + std::string(type_name(key))));
    }
    for (const MapEntryValue& other : entries) {
      if (values_equal(other.key, key)) return made(error("Failed with repeated key: " + to_text(key, 200)));
    }
    entries.push_back({key, value});
  }
  return made(context_.map(entries));
}

// ---- loops

Value Naive::eval_loop(const Expr* e) {
  const Comprehension& c = *e->loop;
  const size_t outer = locals_.size();
  const Value range = eval(c.iter_range);
  if (range.is_error()) return range;
  if (!range.is_list() && !range.is_map())
    return error("got '" + std::string(type_name(range)) + "', expected iterable type");
  locals_.push_back({c.accu_var, {}, c.accu_init, outer});
  const uint32_t size = range.is_list() ? list_size(range) : map_size(range);
  const bool two = !c.iter_var2.empty();
  for (uint32_t i = 0; i < size; ++i) {
    Value first, second;
    if (range.is_list()) {
      first = two ? Value::of_int(i) : list_at(range, i);
      if (two) second = list_at(range, i);
    } else {
      first = map_at(range, i).key;
      second = map_at(range, i).value;
    }
    locals_.push_back({c.iter_var, first});
    if (two) locals_.push_back({c.iter_var2, second});
    const Value condition = eval(c.loop_condition);
    const bool stop = condition.kind == ValueKind::kBool && !condition.boolean;
    const Value next = stop ? Value() : eval(c.loop_step);
    locals_.resize(outer + 1);
    if (stop) break;
    locals_[outer].value = next;
    locals_[outer].lazy = nullptr;
  }
  const Value result = eval(c.result);
  locals_.resize(outer);
  return result;
}

}  // namespace ameia::expr::test
