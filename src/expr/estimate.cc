#include "expr/estimate.h"

#include <cmath>
#include <vector>

#include "expr/function.h"
#include "expr/internal/estimate.h"
#include "expr/schema.h"

namespace ameia::expr {
namespace internal {

uint64_t add_capped(uint64_t x, uint64_t y) {
  return x > kUnbounded - y ? kUnbounded : x + y;
}
uint64_t multiply_capped(uint64_t x, uint64_t y) {
  return y != 0 && x > kUnbounded / y ? kUnbounded : x * y;
}
Range operator+(Range a, Range b) {
  return {add_capped(a.min, b.min), add_capped(a.max, b.max)};
}
Range operator*(Range a, Range b) {
  return {multiply_capped(a.min, b.min), multiply_capped(a.max, b.max)};
}
Range scaled(Range range, double factor) {
  auto scale = [&](uint64_t n) {
    constexpr double kLimit = 18446744073709551616.0;  // 2^64
    const double product = std::ceil(static_cast<double>(n) * factor);
    return product >= kLimit ? kUnbounded : static_cast<uint64_t>(product);
  };
  return {scale(range.min), scale(range.max)};
}
Range united(Range a, Range b) {
  return {a.min < b.min ? a.min : b.min, a.max > b.max ? a.max : b.max};
}

namespace {

using Size = std::optional<Range>;

// Where a value stands below the variables: nowhere, at a schema, or beyond what the schema knows.
struct Place {
  enum class Kind : uint8_t { kNone, kAt, kBeyond } kind = Kind::kNone;
  uint16_t schema = 0;
};

// Sizes of the keys (or indices) and values of a list or map made by the expression itself.
struct Entries {
  bool is_map = false;
  Range key, value;
};
using EntrySizes = std::optional<Entries>;

EntrySizes united(const EntrySizes& a, const EntrySizes& b) {
  if (!a || !b) return std::nullopt;
  return Entries{a->is_map, internal::united(a->key, b->key), internal::united(a->value, b->value)};
}

bool is_scalar(const Type* type) {
  switch (type->kind) {
    case TypeKind::kBool:
    case TypeKind::kDouble:
    case TypeKind::kDuration:
    case TypeKind::kInt:
    case TypeKind::kTimestamp:
    case TypeKind::kUint: return true;
    case TypeKind::kOptional: return is_scalar(type->params[0]);
    default: return false;
  }
}

uint64_t code_points(std::string_view text) {
  uint64_t n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xC0u) != 0x80u;
  return n;
}

Size written_size(const Expr* e) {
  switch (e->kind) {
    case ExprKind::kLiteral:
      if (e->literal.kind == Literal::Kind::kString) return exactly(code_points(e->literal.text));
      if (e->literal.kind == Literal::Kind::kBytes) return exactly(e->literal.text.size());
      return exactly(1);
    case ExprKind::kList: return exactly(e->args.size());
    case ExprKind::kMap: return exactly(e->entries.size());
    default: return std::nullopt;
  }
}

class Estimator {
 public:
  Estimator(const Checked& checked, const Schemas* schemas, uint16_t root)
      : checked_(checked), schemas_(schemas), root_(root) {
    const size_t count = checked.types.size();
    places_.resize(count);
    sizes_.resize(count);
    entries_.resize(count);
  }

  Range cost(const Expr* e) {
    switch (e->kind) {
      case ExprKind::kLiteral: return {};
      case ExprKind::kIdent: return ident(e, e->name);
      case ExprKind::kSelect: return select(e);
      case ExprKind::kCall: return call(e);
      case ExprKind::kList: return list(e);
      case ExprKind::kMap: return map(e);
      case ExprKind::kStruct: {
        Range sum = exactly(kStructBase);
        for (const MapEntry& entry : e->entries) sum = sum + cost(entry.value);
        return sum;
      }
      case ExprKind::kComprehension: return is_bind(*e->loop) ? bind(e) : loop(e);
    }
    return {};
  }

 private:
  struct Local {
    std::string_view name;
    Place place;
    Size size;
    EntrySizes entries;
  };

  const Local* find_local(std::string_view name) const {
    for (size_t i = locals_.size(); i-- > 0;) {
      if (locals_[i].name == name) return &locals_[i];
    }
    return nullptr;
  }
  const Type* type(const Expr* e) const {
    const Type* t = checked_.types[e->id];
    return t == nullptr ? simple_type(TypeKind::kDyn) : t;
  }

  // --- places
  [[nodiscard]] Place root() const { return {Place::Kind::kAt, root_}; }
  // A step from nowhere arrives at the root: cel-go's estimator drops the first name of a path, whatever it is.
  template <typename Next>
  Place step(Place from, const Next& next) const {
    if (from.kind == Place::Kind::kNone) return root();
    if (from.kind == Place::Kind::kBeyond || schemas_ == nullptr) return {Place::Kind::kBeyond, 0};
    const uint16_t to = next(from.schema);
    return to == 0 ? Place{Place::Kind::kBeyond, 0} : Place{Place::Kind::kAt, to};
  }
  Place to_field(Place from, std::string_view name) const {
    return step(from, [&](uint16_t schema) { return schemas_->field_schema(schema, name); });
  }
  Place to_value(Place from) const {
    return step(from, [&](uint16_t schema) { return schemas_->element_schema(schema); });
  }
  Place to_key(Place from) const {
    return step(from, [&](uint16_t schema) { return schemas_->key_schema(schema); });
  }
  Place to_index(Place from) const {
    return step(from, [](uint16_t) { return uint16_t{0}; });
  }
  Place place(const Expr* e) const {
    if (e->kind == ExprKind::kIdent) {
      if (const Local* local = find_local(e->name)) return local->place;
    }
    return places_[e->id];
  }
  Size size_at(Place at) const {
    if (schemas_ == nullptr || at.kind != Place::Kind::kAt) return std::nullopt;
    return Range{0, schemas_->elements_max(at.schema)};
  }

  // --- sizes
  Size size(const Expr* e) {
    if (sizes_[e->id]) return sizes_[e->id];
    if (const Size written = written_size(e)) return written;
    if (const Size declared = size_at(place(e))) {
      sizes_[e->id] = declared;
      return declared;
    }
    if (is_scalar(type(e))) return exactly(1);
    if (e->kind == ExprKind::kIdent) {
      if (const Local* local = find_local(e->name)) return local->size;
    }
    return std::nullopt;
  }
  Range size_or_unknown(const Expr* e) { return size(e).value_or(kUnknownSize); }
  EntrySizes entries(const Expr* e) const {
    if (entries_[e->id]) return entries_[e->id];
    if (e->kind == ExprKind::kIdent) {
      if (const Local* local = find_local(e->name)) return local->entries;
    }
    return std::nullopt;
  }
  void set_size(const Expr* e, const Size& size) {
    if (size) sizes_[e->id] = size;
  }
  void set_entries(const Expr* e, const EntrySizes& entries) {
    if (entries) entries_[e->id] = entries;
  }
  Operand operand(const Expr* e) {
    Operand out{e, type(e), size(e), std::nullopt};
    if (!out.type->params.empty() && place(e).kind != Place::Kind::kNone) out.items = size_at(to_value(place(e)));
    return out;
  }

  // --- expressions
  Range ident(const Expr* e, std::string_view name) {
    const Local* local = find_local(name);
    places_[e->id] = local != nullptr ? local->place : root();
    return exactly(1);
  }

  Range select(const Expr* e) {
    if (!checked_.references[e->id].variable.empty()) return ident(e, checked_.references[e->id].variable);
    const Range sum = cost(e->operand);
    if (e->test_only) return sum;  // Kubernetes charges nothing for has()
    places_[e->id] = to_field(place(e->operand), e->name);
    switch (type(e->operand)->kind) {
      case TypeKind::kMap:
      case TypeKind::kObject:
      case TypeKind::kTypeParam: return sum + exactly(1);
      default: return sum;
    }
  }

  Range list(const Expr* e) {
    Range sum = exactly(kListBase);
    Range item{e->args.empty() ? 0 : kUnbounded, 0};
    for (const Expr* arg : e->args) {
      sum = sum + cost(arg);
      item = internal::united(item, size_or_unknown(arg));
    }
    set_entries(e, Entries{false, exactly(1), item});
    return sum;
  }

  Range map(const Expr* e) {
    Range sum = exactly(kMapBase);
    Range key{e->entries.empty() ? 0 : kUnbounded, 0}, value = key;
    for (const MapEntry& entry : e->entries) {
      sum = sum + cost(entry.key) + cost(entry.value);
      key = internal::united(key, size_or_unknown(entry.key));
      value = internal::united(value, size_or_unknown(entry.value));
    }
    set_entries(e, Entries{true, key, value});
    return sum;
  }

  Range call(const Expr* e) {
    if (e->name == "dyn" && !e->receiver && e->args.size() == 1) {
      const Range sum = cost(e->args[0]) + exactly(1);
      set_size(e, size(e->args[0]));
      set_entries(e, entries(e->args[0]));
      return sum;
    }
    const std::span<Expr* const> args = e->receiver ? e->args.subspan(1) : e->args;
    std::vector<Range> costs;
    std::vector<Operand> operands;
    Range sum;
    for (const Expr* arg : args) {
      costs.push_back(cost(arg));
      operands.push_back(operand(arg));
      sum = sum + costs.back();
    }
    const std::vector<const Overload*>& candidates = checked_.references[e->id].overloads;
    if (candidates.empty()) return {};
    std::optional<Operand> target;
    Range target_cost;
    if (e->receiver) {
      target_cost = cost(e->args[0]);
      target = operand(e->args[0]);
    }
    Range all{kUnbounded, 0};
    Size result;
    for (const Overload* overload : candidates) {
      const CallEstimate one = overload_cost(e, overload->id, target ? &*target : nullptr, operands, costs, sum);
      all = internal::united(all, one.cost);
      if (one.result) result = result ? internal::united(*result, *one.result) : *one.result;
      if ((overload->id == "index_list" || overload->id == "index_map") && !args.empty()) {
        const EntrySizes known = entries(args[0]);
        result = known ? Size(known->value) : std::nullopt;
        places_[e->id] = to_value(place(args[0]));
      }
      if (!result) result = size(e);
    }
    set_size(e, result);
    return target_cost + all;
  }

  // Of one candidate, arguments included.
  CallEstimate overload_cost(const Expr* e, std::string_view id, const Operand* target, std::span<const Operand> args,
                             std::span<const Range> costs, Range sum) {
    if ((id == "logical_or" || id == "logical_and") && costs.size() == 2) {
      return {{costs[0].min, add_capped(costs[0].max, costs[1].max)}, std::nullopt};
    }
    if (id == "conditional" && args.size() == 3) {
      const Range size = internal::united(args[1].size_or_unknown(), args[2].size_or_unknown());
      set_entries(e, united(entries(args[1].expr), entries(args[2].expr)));
      return {costs[0] + internal::united(costs[1], costs[2]), size};
    }
    if ((id == "add_string" || id == "add_bytes" || id == "add_list") && args.size() == 2) {
      const Range size = args[0].size_or_unknown() + args[1].size_or_unknown();
      set_entries(e, united(entries(args[0].expr), entries(args[1].expr)));
      return {(id == "add_list" ? exactly(1) : scaled(size, kPerCharacter)) + sum, size};
    }
    CallEstimate one = estimate_call(e->name, id, target, args);
    one.cost = one.cost + sum;
    return one;
  }

  // --- loops
  static bool is_bind(const Comprehension& c) {
    return c.iter_range->kind == ExprKind::kList && c.iter_range->args.empty() &&
           c.loop_condition->kind == ExprKind::kLiteral && c.loop_condition->literal.kind == Literal::Kind::kBool &&
           !c.loop_condition->literal.boolean;
  }

  Range bind(const Expr* e) {
    const Comprehension& c = *e->loop;
    Range sum = cost(c.iter_range) + cost(c.accu_init);
    locals_.push_back({c.accu_var, place(c.accu_init), size(c.accu_init), entries(c.accu_init)});
    sum = sum + cost(c.result);
    const Size bound_size = size(c.result);
    const EntrySizes bound_entries = entries(c.result);
    locals_.pop_back();
    set_size(e, bound_size);
    set_entries(e, bound_entries);
    return sum;
  }

  // Loop variables of a range, by what kind of container it is.
  void push_variables(const Comprehension& c) {
    const EntrySizes known = entries(c.iter_range);
    const Place range = place(c.iter_range);
    const bool is_list = known ? !known->is_map : type(c.iter_range)->kind == TypeKind::kList;
    const Size key = known ? Size(known->key) : std::nullopt, value = known ? Size(known->value) : std::nullopt;
    const Local values{c.iter_var, to_value(range), value, std::nullopt};
    if (c.iter_var2.empty()) {
      locals_.push_back(is_list ? values : Local{c.iter_var, to_key(range), key, std::nullopt});
      return;
    }
    locals_.push_back({c.iter_var, is_list ? to_index(range) : to_key(range), key, std::nullopt});
    locals_.push_back({c.iter_var2, values.place, values.size, std::nullopt});
  }

  Range loop(const Expr* e) {
    const Comprehension& c = *e->loop;
    Range sum = cost(c.iter_range) + cost(c.accu_init);
    const size_t outer = locals_.size();
    locals_.push_back({c.accu_var, place(c.accu_init), size(c.accu_init), entries(c.accu_init)});
    const size_t inner = locals_.size();
    push_variables(c);
    const Range each = cost(c.loop_condition) + cost(c.loop_step);
    const EntrySizes made = entries(c.loop_step);
    locals_.resize(inner);
    sum = sum + cost(c.result);
    locals_.resize(outer);
    const Range count = size_or_unknown(c.iter_range);
    if (c.accu_init->kind == ExprKind::kLiteral) {
      set_size(e, size(c.accu_init));
    } else if (c.accu_init->kind == ExprKind::kList || c.accu_init->kind == ExprKind::kMap) {
      set_size(e, count);
      set_entries(e, made);
    }
    return sum + count * each;
  }

  const Checked& checked_;
  const Schemas* schemas_;
  const uint16_t root_;
  std::vector<Local> locals_;
  std::vector<Place> places_;  // the rest by Expr::id
  std::vector<Size> sizes_;
  std::vector<EntrySizes> entries_;
};

}  // namespace
}  // namespace internal

Range estimate_cost(const Checked& checked, const Schemas* schemas, uint16_t root) {
  return internal::Estimator(checked, schemas, root).cost(checked.ast->root);
}

}  // namespace ameia::expr
