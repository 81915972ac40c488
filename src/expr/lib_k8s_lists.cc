// Kubernetes' lists library (isSorted sum min max indexOf lastIndexOf; 1.37 includes) and jsonpatch.escapeKey.
#include "expr/internal/lib_util.h"
#include "expr/internal/ops.h"
#include "expr/libraries.h"

namespace ameia::expr {
namespace internal {
namespace {

// 1, 0, -1, or 0 where they cannot be compared: those never count as out of order.
int order_of(const Value& a, const Value& b) {
  bool comparable = true;
  const int order = compare_values(a, b, comparable);
  return comparable ? order : 0;
}

Value is_sorted(CallContext& context, const Value* args, uint32_t) {
  Value before;
  for (uint32_t i = 0, n = list_size(args[0]); i < n; ++i) {
    const Value item = list_at(args[0], i);
    if (!is_ordered(item)) return no_such_overload(context);
    if (i != 0 && order_of(before, item) > 0) return Value::of(false);
    before = item;
  }
  return Value::of(true);
}

template <ValueKind kind>
Value sum(CallContext& context, const Value* args, uint32_t) {
  const uint32_t size = list_size(args[0]);
  // A list of unknown element type picks its overload by the list alone: the first element says which sum is meant.
  const ValueKind of = size == 0 ? kind : list_at(args[0], 0).kind;
  Value total;
  switch (of) {
    case ValueKind::kInt: total = Value::of_int(0); break;
    case ValueKind::kUint: total = Value::of_uint(0); break;
    case ValueKind::kDouble: total = Value::of_double(0); break;
    case ValueKind::kDuration: total = Value::of_duration(0); break;
    default: return no_such_overload(context);
  }
  for (uint32_t i = 0; i < size && !total.is_error(); ++i) {
    const Value pair[] = {total, list_at(args[0], i)};
    total = op_add(context, pair, 2);
  }
  return total;
}

template <int sign>
Value extreme(CallContext& context, const Value* args, uint32_t) {
  const uint32_t size = list_size(args[0]);
  if (size == 0) return context.errorf("%s called on empty list", sign > 0 ? "max" : "min");
  Value best;
  for (uint32_t i = 0; i < size; ++i) {
    const Value item = list_at(args[0], i);
    if (!is_ordered(item)) return no_such_overload(context);
    if (i == 0 || order_of(best, item) * sign < 0) best = item;
  }
  return best;
}

Value index_of(CallContext&, const Value* args, uint32_t) {
  for (uint32_t i = 0, n = list_size(args[0]); i < n; ++i) {
    if (values_equal(list_at(args[0], i), args[1])) return Value::of_int(i);
  }
  return Value::of_int(-1);
}
Value last_index_of(CallContext&, const Value* args, uint32_t) {
  for (uint32_t i = list_size(args[0]); i != 0; --i) {
    if (values_equal(list_at(args[0], i - 1), args[1])) return Value::of_int(i - 1);
  }
  return Value::of_int(-1);
}

Value includes(CallContext& context, const Value* args, uint32_t count) {
  if (!args[0].is_list()) return Value::of(values_equal(args[0], args[1]));
  return Value::of(index_of(context, args, count).integer >= 0);
}

#define AMEIA_ORDERED(T)                                                                           \
  {"list_" T "_is_sorted_bool", "list(" T ").isSorted() -> bool", is_sorted, cost_traverse_first}, \
      {"list_" T "_max_" T, "list(" T ").max() -> " T, extreme<1>, cost_traverse_first}, {         \
    "list_" T "_min_" T, "list(" T ").min() -> " T, extreme<-1>, cost_traverse_first               \
  }

constexpr Overload kLists[] = {
    AMEIA_ORDERED("int"),
    AMEIA_ORDERED("uint"),
    AMEIA_ORDERED("double"),
    AMEIA_ORDERED("bool"),
    AMEIA_ORDERED("duration"),
    AMEIA_ORDERED("timestamp"),
    AMEIA_ORDERED("string"),
    AMEIA_ORDERED("bytes"),
    {"list_int_sum_int", "list(int).sum() -> int", sum<ValueKind::kInt>, cost_traverse_first},
    {"list_uint_sum_uint", "list(uint).sum() -> uint", sum<ValueKind::kUint>, cost_traverse_first},
    {"list_double_sum_double", "list(double).sum() -> double", sum<ValueKind::kDouble>, cost_traverse_first},
    {"list_duration_sum_duration", "list(duration).sum() -> duration", sum<ValueKind::kDuration>, cost_traverse_first},
    {"list_a_index_of_int", "list(A).indexOf(A) -> int", index_of, cost_traverse_first},
    {"list_a_last_index_of_int", "list(A).lastIndexOf(A) -> int", last_index_of, cost_traverse_first},
    // version 1
    {"list_includes_dyn_dyn", "dyn.includes(dyn) -> bool", includes, cost_traverse_first},
};
#undef AMEIA_ORDERED

// "~" and "/" as RFC 6901 escapes them.
Value escape_key(CallContext& context, const Value* args, uint32_t) {
  const std::string_view text = args[0].str();
  if (text.find_first_of("~/") == std::string_view::npos) return args[0];
  std::string out;
  for (const char c : text) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return context.string(out);
}

constexpr Overload kJsonPatch[] = {
    {"string_jsonpatch_escapeKey_string", "jsonpatch.escapeKey(string) -> string", escape_key, cost_of_first, true},
};

}  // namespace
}  // namespace internal

Library k8s_lists(uint32_t version) {
  const std::span<const Overload> all = internal::kLists;
  return {"kubernetes.lists", version, version >= 1 ? all : all.first(all.size() - 1)};
}
Library k8s_jsonpatch() {
  return {"kubernetes.jsonpatch", 0, internal::kJsonPatch};
}

}  // namespace ameia::expr
