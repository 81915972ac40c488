// cel-go's lists extension (0 slice, 1 flatten, 2 range, reverse, distinct and sorting) and sets extension.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "expr/internal/lib_util.h"
#include "expr/libraries.h"
#include "expr/limits.h"

namespace ameia::expr {
namespace internal {
namespace {

Value new_list(CallContext& context, const Value* items, size_t size) {
  auto* list = context.arena.make<ListValue>();
  list->size = static_cast<uint32_t>(size);
  list->items = items;
  return Value::of_list(list);
}

Value slice(CallContext& context, const Value* args, uint32_t) {
  const auto start = static_cast<long long>(args[1].integer), end = static_cast<long long>(args[2].integer);
  const uint32_t size = list_size(args[0]);
  if (start < 0 || end < 0)
    return context.errorf("cannot slice(%lld, %lld), negative indexes not supported", start, end);
  if (start > end)
    return context.errorf("cannot slice(%lld, %lld), start index must be less than or equal to end index", start, end);
  if (end > size) return context.errorf("cannot slice(%lld, %lld), list is length %u", start, end, size);
  const auto count = static_cast<size_t>(end - start);
  if (!context.room_for(count * sizeof(Value))) return context.no_room();
  auto* items = context.arena.array<Value>(count);
  for (size_t i = 0; i < count; ++i)
    items[i] = list_at(args[0], static_cast<uint32_t>(start) + static_cast<uint32_t>(i));
  return new_list(context, items, count);
}

// False when there is no room for the elements, or the lists are nested too deeply.
bool flatten_into(CallContext& context, const Value& list, int64_t depth, uint32_t nesting, std::vector<Value>& out) {
  if (nesting > kNestingMax) return false;
  for (uint32_t i = 0, n = list_size(list); i < n; ++i) {
    const Value item = list_at(list, i);
    if (item.is_list() && depth > 0) {
      if (!flatten_into(context, item, depth - 1, nesting + 1, out)) return false;
      continue;
    }
    out.push_back(item);
    if ((out.size() & 0xfff) == 0 && !context.room_for(out.size() * sizeof(Value) * 2)) return false;
  }
  return true;
}

Value flatten(CallContext& context, const Value* args, uint32_t count) {
  const int64_t depth = count == 2 ? args[1].integer : 1;
  if (depth < 0) return context.error("level must be non-negative");
  std::vector<Value> out;
  return flatten_into(context, args[0], depth, 0, out) ? context.list(out) : context.no_room();
}

Value range(CallContext& context, const Value* args, uint32_t) {
  const auto size = static_cast<long long>(args[0].integer);
  if (size < 0) return context.errorf("lists.range: size must be non-negative, got %lld", size);
  if (static_cast<uint64_t>(size) > kRangeMax) {
    return context.errorf("lists.range: size %lld exceeds maximum allowed (%llu)", size,
                          static_cast<unsigned long long>(kRangeMax));
  }
  const auto count = static_cast<size_t>(size);
  if (!context.room_for(count * sizeof(Value))) return context.no_room();
  auto* items = context.arena.array<Value>(count);
  for (size_t i = 0; i < count; ++i) items[i] = Value::of_int(static_cast<int64_t>(i));
  return new_list(context, items, count);
}

Value reverse(CallContext& context, const Value* args, uint32_t) {
  const uint32_t size = list_size(args[0]);
  if (!context.room_for(size * sizeof(Value))) return context.no_room();
  auto* items = context.arena.array<Value>(size);
  for (uint32_t i = 0; i < size; ++i) items[i] = list_at(args[0], size - 1 - i);
  return new_list(context, items, size);
}

Value too_many(CallContext& context) {
  return context.errorf("more than %llu comparisons", static_cast<unsigned long long>(kComparisonsMax));
}

Value distinct(CallContext& context, const Value* args, uint32_t) {
  const uint32_t size = list_size(args[0]);
  if (!context.room_for(size * sizeof(Value))) return context.no_room();
  auto* items = context.arena.array<Value>(size);
  uint32_t kept = 0;
  uint64_t compared = 0;
  for (uint32_t i = 0; i < size; ++i) {
    const Value item = list_at(args[0], i);
    bool seen = false;
    for (uint32_t j = 0; j < kept && !seen; ++j) seen = values_equal(item, items[j]);
    compared += kept;
    if (compared > kComparisonsMax) return too_many(context);
    if (!seen) items[kept++] = item;
  }
  return new_list(context, items, kept);
}

// Elements of args[0] in the order of the keys args[1]; equal keys keep their order.
Value sort_by_keys(CallContext& context, const Value* args, uint32_t) {
  const uint32_t size = list_size(args[0]), keys = list_size(args[1]);
  if (size != keys) {
    return context.errorf(
        "@sortByAssociatedKeys() expected a list of the same size as the associated keys list, but got %u and %u "
        "elements "
        "respectively",
        size, keys);
  }
  if (size == 0) return args[0];
  const ValueKind kind = list_at(args[1], 0).kind;
  if (!is_ordered(list_at(args[1], 0))) return context.error("list elements must be comparable");
  bool has_nan = false;
  for (uint32_t i = 0; i < size; ++i) {
    const Value key = list_at(args[1], i);
    if (key.kind != kind) return context.error("list elements must have the same type");
    has_nan = has_nan || (key.kind == ValueKind::kDouble && std::isnan(key.number));
  }
  if (!context.room_for(size * (sizeof(Value) + 2 * sizeof(uint32_t)))) return context.no_room();
  std::vector<uint32_t> order(size);
  std::iota(order.begin(), order.end(), 0);
  // NaN is below every number here: an order that a sort can rely on.
  const auto below = [&](uint32_t a, uint32_t b) {
    const Value left = list_at(args[1], a), right = list_at(args[1], b);
    if (has_nan && (std::isnan(left.number) || std::isnan(right.number)))
      return std::isnan(left.number) && !std::isnan(right.number);
    bool comparable = true;
    return compare_values(left, right, comparable) < 0;
  };
  std::stable_sort(order.begin(), order.end(), below);
  auto* items = context.arena.array<Value>(size);
  for (uint32_t i = 0; i < size; ++i) items[i] = list_at(args[0], order[i]);
  return new_list(context, items, size);
}

Value sort(CallContext& context, const Value* args, uint32_t) {
  const Value both[] = {args[0], args[0]};
  return sort_by_keys(context, both, 2);
}

uint64_t cost_output(const Value*, uint32_t, const Value& result) {
  return cost_new_list(1, cost_size(result));
}
uint64_t cost_flatten(const Value* args, uint32_t count, const Value&) {
  const double depth = count == 2 && args[1].kind == ValueKind::kInt ? static_cast<double>(args[1].integer) : 1;
  return cost_new_list(depth < 0 ? 1 : depth, cost_size(args[0]));
}
uint64_t cost_self_compare(const Value& list) {
  const uint64_t size = cost_size(list);
  double factor = 2;
  if (size != 0 && list.is_list()) {
    const ValueKind kind = list_at(list, 0).kind;
    if (kind == ValueKind::kString || kind == ValueKind::kBytes) factor += 0.1;
  }
  return cost_new_list(factor, mul_sat(size, size));
}
uint64_t cost_self_compare_first(const Value* args, uint32_t, const Value&) {
  return cost_self_compare(args[0]);
}
uint64_t cost_self_compare_keys(const Value* args, uint32_t, const Value&) {
  return cost_self_compare(args[1]);
}

#define AMEIA_SORTS(T, name)                                                                                     \
  {"list_" name "_sort", "list(" T ").sort() -> list(" T ")", sort, cost_self_compare_first}, {                  \
    "list_" name "_sortByAssociatedKeys", "list(T).@sortByAssociatedKeys(list(" T ")) -> list(T)", sort_by_keys, \
        cost_self_compare_keys                                                                                   \
  }

constexpr Overload kLists[] = {
    {"list_slice", "list(T).slice(int, int) -> list(T)", slice, cost_output},
    {"list_flatten", "list(list(T)).flatten() -> list(T)", flatten, cost_flatten},
    {"list_flatten_int", "list(dyn).flatten(int) -> list(dyn)", flatten, cost_flatten},
    AMEIA_SORTS("int", "int"),
    AMEIA_SORTS("uint", "uint"),
    AMEIA_SORTS("double", "double"),
    AMEIA_SORTS("bool", "bool"),
    AMEIA_SORTS("duration", "google.protobuf.Duration"),
    AMEIA_SORTS("timestamp", "google.protobuf.Timestamp"),
    AMEIA_SORTS("string", "string"),
    AMEIA_SORTS("bytes", "bytes"),
    {"lists_range", "lists.range(int) -> list(int)", range, cost_output, true},
    {"list_reverse", "list(T).reverse() -> list(T)", reverse, cost_output},
    {"list_distinct", "list(T).distinct() -> list(T)", distinct, cost_self_compare_first},
};
#undef AMEIA_SORTS

// ---- sets

bool holds(const Value& list, const Value& item) {
  for (uint32_t i = 0, n = list_size(list); i < n; ++i) {
    if (values_equal(list_at(list, i), item)) return true;
  }
  return false;
}

bool holds_all(const Value& list, const Value& part) {
  for (uint32_t i = 0, n = list_size(part); i < n; ++i) {
    if (!holds(list, list_at(part, i))) return false;
  }
  return true;
}

bool within_limit(const Value* args) {
  return uint64_t{list_size(args[0])} * list_size(args[1]) <= kComparisonsMax;
}

Value sets_contains(CallContext& context, const Value* args, uint32_t) {
  return within_limit(args) ? Value::of(holds_all(args[0], args[1])) : too_many(context);
}
Value sets_equivalent(CallContext& context, const Value* args, uint32_t) {
  return within_limit(args) ? Value::of(holds_all(args[0], args[1]) && holds_all(args[1], args[0])) : too_many(context);
}
Value sets_intersects(CallContext& context, const Value* args, uint32_t) {
  if (!within_limit(args)) return too_many(context);
  for (uint32_t i = 0, n = list_size(args[0]); i < n; ++i) {
    if (holds(args[1], list_at(args[0], i))) return Value::of(true);
  }
  return Value::of(false);
}

uint64_t pairs(const Value* args) {
  return mul_sat(cost_size(args[0]), cost_size(args[1]));
}
uint64_t cost_pairs(const Value* args, uint32_t, const Value&) {
  return add_sat(1, pairs(args));
}
uint64_t cost_pairs_twice(const Value* args, uint32_t, const Value&) {
  return add_sat(1, mul_sat(pairs(args), 2));
}

constexpr Overload kSets[] = {
    {"list_sets_contains_list", "sets.contains(list(T), list(T)) -> bool", sets_contains, cost_pairs, true},
    {"list_sets_equivalent_list", "sets.equivalent(list(T), list(T)) -> bool", sets_equivalent, cost_pairs_twice, true},
    {"list_sets_intersects_list", "sets.intersects(list(T), list(T)) -> bool", sets_intersects, cost_pairs, true},
};

}  // namespace
}  // namespace internal

Library lists_library(uint32_t version) {
  const size_t size = version >= 2 ? std::size(internal::kLists) : version == 1 ? 3 : 1;
  return {"lists", version, std::span<const Overload>(internal::kLists).first(size)};
}
Library sets_library() {
  return {"sets", 0, internal::kSets};
}

}  // namespace ameia::expr
