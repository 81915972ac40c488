#include <limits>

#include "expr/internal/number.h"
#include "expr/internal/ops.h"
#include "expr/internal/time.h"
#include "expr/mutation_types.h"

namespace ameia::expr::internal {
namespace {

Value no_overload(CallContext& context) {
  return context.error("no such overload");
}

Value timestamp_or_error(CallContext& context, int64_t seconds, int64_t nanos, int16_t east) {
  seconds += nanos / kNanos;
  nanos %= kNanos;
  if (nanos < 0) {
    nanos += kNanos;
    --seconds;
  }
  if (seconds < kSecondsMin || seconds > kSecondsMax) return context.error("timestamp overflow");
  return Value::of_timestamp(seconds, static_cast<uint32_t>(nanos), east);
}

Value shift(CallContext& context, const Value& timestamp, int64_t nanos) {
  return timestamp_or_error(context, timestamp.integer + nanos / kNanos, int64_t{timestamp.size} + nanos % kNanos,
                            timestamp.east);
}

Value concat(CallContext& context, const Value& a, const Value& b) {
  if (b.size == 0) return a;
  if (a.size == 0) return b;
  size_t size = size_t{a.size} + b.size;
  if (size > UINT32_MAX || !context.room_for(size)) return context.no_room();
  char* text = context.arena.array<char>(size);
  std::memcpy(text, a.chars, a.size);
  std::memcpy(text + a.size, b.chars, b.size);
  return a.kind == ValueKind::kString ? Value::of_string({text, size}, a.ascii && b.ascii)
                                      : Value::of_bytes({text, size});
}

bool holds_text(const ListValue& list, std::string_view text) {
  const TextIndex& texts = *list.texts;
  for (uint32_t at = doc::key_hash(text) & texts.mask; texts.slots[at] != 0; at = (at + 1) & texts.mask) {
    if (list.items[texts.slots[at] - 1].str() == text) return true;
  }
  return false;
}

bool contains(const Value& list, const Value& item) {
  if (list.kind == ValueKind::kList && list.list->texts != nullptr) {
    return item.kind == ValueKind::kString && holds_text(*list.list, item.str());
  }
  for (uint32_t i = 0, n = list_size(list); i < n; ++i) {
    if (values_equal(list_at(list, i), item)) return true;
  }
  return false;
}

bool same_keys(const Value& a, const Value& b, std::span<const std::string_view> keys) {
  for (std::string_view key : keys) {
    Value va, vb;
    Value name = Value::of_string(key, true);
    bool has_a = map_find(a, name, va), has_b = map_find(b, name, vb);
    if (has_a != has_b || (has_a && !values_equal(va, vb))) return false;
  }
  return true;
}

// Lists that a schema describes: a set adds what is not there, a map list replaces elements of the same key.
Value merge_lists(CallContext& context, const Value& a, const Value& b) {
  const ListSemantics* semantics = a.list->semantics;
  uint32_t size = list_size(a), more = list_size(b);
  if (!context.room_for((size_t{size} + more) * sizeof(Value))) return context.no_room();
  auto* items = context.arena.array<Value>(size_t{size} + more);
  for (uint32_t i = 0; i < size; ++i) items[i] = list_at(a, i);
  for (uint32_t i = 0; i < more; ++i) {
    Value item = list_at(b, i);
    bool placed = false;
    for (uint32_t j = 0; j < size && !placed; ++j) {
      if (semantics->is_set) {
        placed = values_equal(items[j], item);
      } else if (same_keys(items[j], item, semantics->map_keys)) {
        items[j] = item;
        placed = true;
      }
    }
    if (!placed) items[size++] = item;
  }
  auto* list = context.arena.make<ListValue>();
  list->size = size;
  list->items = items;
  list->semantics = semantics;
  return Value::of_list(list);
}

Value add_lists(CallContext& context, const Value& a, const Value& b) {
  if (a.kind == ValueKind::kList && a.list->semantics != nullptr) return merge_lists(context, a, b);
  uint32_t size = list_size(a), more = list_size(b);
  if (more == 0) return a;
  if (size == 0) return b;
  if (!context.room_for((size_t{size} + more) * sizeof(Value))) return context.no_room();
  auto* items = context.arena.array<Value>(size_t{size} + more);
  for (uint32_t i = 0; i < size; ++i) items[i] = list_at(a, i);
  for (uint32_t i = 0; i < more; ++i) items[size + i] = list_at(b, i);
  auto* list = context.arena.make<ListValue>();
  list->size = size + more;
  list->items = items;
  return Value::of_list(list);
}

template <typename Test>
Value ordered(CallContext& context, const Value* args, Test test) {
  bool comparable = false;
  int order = compare_values(args[0], args[1], comparable);
  if (comparable) return Value::of(test(order));
  if (is_number(args[0]) && is_number(args[1])) return context.error("NaN values cannot be ordered");
  return no_overload(context);
}

}  // namespace

Value op_add(CallContext& context, const Value* args, uint32_t) {
  const Value &a = args[0], &b = args[1];
  if (a.kind == ValueKind::kTimestamp && b.kind == ValueKind::kDuration) return shift(context, a, b.integer);
  if (a.kind == ValueKind::kDuration && b.kind == ValueKind::kTimestamp) return shift(context, b, a.integer);
  if (a.is_list() && b.is_list()) return add_lists(context, a, b);
  if (a.kind != b.kind) return no_overload(context);
  int64_t i = 0;
  uint64_t u = 0;
  switch (a.kind) {
    case ValueKind::kInt:
      return __builtin_add_overflow(a.integer, b.integer, &i) ? context.error("integer overflow") : Value::of_int(i);
    case ValueKind::kUint:
      return __builtin_add_overflow(a.uinteger, b.uinteger, &u) ? context.error("unsigned integer overflow")
                                                                : Value::of_uint(u);
    case ValueKind::kDouble: return Value::of_double(a.number + b.number);
    case ValueKind::kString:
    case ValueKind::kBytes: return concat(context, a, b);
    case ValueKind::kDuration:
      return __builtin_add_overflow(a.integer, b.integer, &i) ? context.error("duration overflow")
                                                              : Value::of_duration(i);
    default: return no_overload(context);
  }
}

Value op_subtract(CallContext& context, const Value* args, uint32_t) {
  const Value &a = args[0], &b = args[1];
  int64_t i = 0;
  uint64_t u = 0;
  if (a.kind == ValueKind::kTimestamp && b.kind == ValueKind::kDuration) {
    if (b.integer == INT64_MIN) return context.error("integer overflow");
    return shift(context, a, -b.integer);
  }
  if (a.kind != b.kind) return no_overload(context);
  switch (a.kind) {
    case ValueKind::kInt:
      return __builtin_sub_overflow(a.integer, b.integer, &i) ? context.error("integer overflow") : Value::of_int(i);
    case ValueKind::kUint:
      return __builtin_sub_overflow(a.uinteger, b.uinteger, &u) ? context.error("unsigned integer overflow")
                                                                : Value::of_uint(u);
    case ValueKind::kDouble: return Value::of_double(a.number - b.number);
    case ValueKind::kDuration:
      return __builtin_sub_overflow(a.integer, b.integer, &i) ? context.error("duration overflow")
                                                              : Value::of_duration(i);
    case ValueKind::kTimestamp:
      if (__builtin_mul_overflow(a.integer - b.integer, kNanos, &i) ||
          __builtin_add_overflow(i, int64_t{a.size} - int64_t{b.size}, &i)) {
        return context.error("integer overflow");
      }
      return Value::of_duration(i);
    default: return no_overload(context);
  }
}

Value op_multiply(CallContext& context, const Value* args, uint32_t) {
  const Value &a = args[0], &b = args[1];
  int64_t i = 0;
  uint64_t u = 0;
  if (a.kind != b.kind) return no_overload(context);
  switch (a.kind) {
    case ValueKind::kInt:
      return __builtin_mul_overflow(a.integer, b.integer, &i) ? context.error("integer overflow") : Value::of_int(i);
    case ValueKind::kUint:
      return __builtin_mul_overflow(a.uinteger, b.uinteger, &u) ? context.error("unsigned integer overflow")
                                                                : Value::of_uint(u);
    case ValueKind::kDouble: return Value::of_double(a.number * b.number);
    default: return no_overload(context);
  }
}

// IEEE 754: x / 0 is an infinity or NaN; written out because dividing a double by zero is undefined to the compiler.
static double divide_doubles(double a, double b) {
  if (b != 0) return a / b;
  if (a == 0 || std::isnan(a)) return std::numeric_limits<double>::quiet_NaN();
  return std::signbit(a) == std::signbit(b) ? std::numeric_limits<double>::infinity()
                                            : -std::numeric_limits<double>::infinity();
}

Value op_divide(CallContext& context, const Value* args, uint32_t) {
  const Value &a = args[0], &b = args[1];
  if (a.kind != b.kind) return no_overload(context);
  switch (a.kind) {
    case ValueKind::kInt:
      if (b.integer == 0) return context.error("division by zero");
      if (a.integer == INT64_MIN && b.integer == -1) return context.error("integer overflow");
      return Value::of_int(a.integer / b.integer);
    case ValueKind::kUint:
      return b.uinteger == 0 ? context.error("division by zero") : Value::of_uint(a.uinteger / b.uinteger);
    case ValueKind::kDouble: return Value::of_double(divide_doubles(a.number, b.number));
    default: return no_overload(context);
  }
}

Value op_modulo(CallContext& context, const Value* args, uint32_t) {
  const Value &a = args[0], &b = args[1];
  if (a.kind != b.kind) return no_overload(context);
  switch (a.kind) {
    case ValueKind::kInt:
      if (b.integer == 0) return context.error("modulus by zero");
      if (a.integer == INT64_MIN && b.integer == -1) return context.error("integer overflow");
      return Value::of_int(a.integer % b.integer);
    case ValueKind::kUint:
      return b.uinteger == 0 ? context.error("modulus by zero") : Value::of_uint(a.uinteger % b.uinteger);
    default: return no_overload(context);
  }
}

Value op_negate(CallContext& context, const Value* args, uint32_t) {
  const Value& a = args[0];
  switch (a.kind) {
    case ValueKind::kInt: return a.integer == INT64_MIN ? context.error("integer overflow") : Value::of_int(-a.integer);
    case ValueKind::kDouble: return Value::of_double(-a.number);
    case ValueKind::kDuration:
      return a.integer == INT64_MIN ? context.error("integer overflow") : Value::of_duration(-a.integer);
    default: return no_overload(context);
  }
}

Value op_not(CallContext& context, const Value* args, uint32_t) {
  return args[0].kind == ValueKind::kBool ? Value::of(!args[0].boolean) : no_overload(context);
}

Value op_less(CallContext& context, const Value* args, uint32_t) {
  return ordered(context, args, [](int order) { return order < 0; });
}
Value op_less_equal(CallContext& context, const Value* args, uint32_t) {
  return ordered(context, args, [](int order) { return order <= 0; });
}
Value op_greater(CallContext& context, const Value* args, uint32_t) {
  return ordered(context, args, [](int order) { return order > 0; });
}
Value op_greater_equal(CallContext& context, const Value* args, uint32_t) {
  return ordered(context, args, [](int order) { return order >= 0; });
}

Value op_equal(CallContext&, const Value* args, uint32_t) {
  return Value::of(values_equal(args[0], args[1]));
}
Value op_not_equal(CallContext&, const Value* args, uint32_t) {
  return Value::of(!values_equal(args[0], args[1]));
}

Value op_in(CallContext& context, const Value* args, uint32_t) {
  if (args[1].is_list()) return Value::of(contains(args[1], args[0]));
  Value ignored;
  if (args[1].is_map()) return Value::of(map_find(args[1], args[0], ignored));
  return no_overload(context);
}

Value op_and(CallContext& context, const Value* args, uint32_t) {
  for (int i = 0; i < 2; ++i) {
    if (args[i].kind == ValueKind::kBool && !args[i].boolean) return args[i];
  }
  for (int i = 0; i < 2; ++i) {
    if (args[i].is_error()) return args[i];
    if (args[i].kind != ValueKind::kBool) return no_overload(context);
  }
  return Value::of(true);
}

Value op_or(CallContext& context, const Value* args, uint32_t) {
  for (int i = 0; i < 2; ++i) {
    if (args[i].is_true()) return args[i];
  }
  for (int i = 0; i < 2; ++i) {
    if (args[i].is_error()) return args[i];
    if (args[i].kind != ValueKind::kBool) return no_overload(context);
  }
  return Value::of(false);
}

Value op_conditional(CallContext& context, const Value* args, uint32_t) {
  if (args[0].is_error()) return args[0];
  if (args[0].kind != ValueKind::kBool) return no_overload(context);
  return args[0].boolean ? args[1] : args[2];
}

Value op_not_strictly_false(CallContext&, const Value* args, uint32_t) {
  return Value::of(!(args[0].kind == ValueKind::kBool && !args[0].boolean));
}

namespace {

Value key_error(CallContext& context, const char* what, const Value& key) {
  switch (key.kind) {
    case ValueKind::kString:
      return context.errorf("%s: %.*s", what, static_cast<int>(std::min<uint32_t>(key.size, 800)), key.chars);
    case ValueKind::kInt: return context.errorf("%s: %lld", what, static_cast<long long>(key.integer));
    case ValueKind::kUint: return context.errorf("%s: %llu", what, static_cast<unsigned long long>(key.uinteger));
    case ValueKind::kDouble: return context.errorf("%s: %s", what, go_double(key.number).c_str());
    case ValueKind::kBool: return context.errorf("%s: %s", what, key.boolean ? "true" : "false");
    default: return context.errorf("%s: %.*s", what, static_cast<int>(type_name(key).size()), type_name(key).data());
  }
}

}  // namespace

Found qualify(CallContext& context, const Value& container, const Value& key, bool optional, Value& out) {
  if (container.is_map()) {
    if (map_find(container, key, out)) return out.is_error() ? Found::kError : Found::kYes;
    if (optional) return Found::kNo;
    out = key_error(context, "no such key", key);
    return Found::kError;
  }
  if (container.is_list()) {
    int64_t index = -1;
    bool usable = true;
    switch (key.kind) {
      case ValueKind::kInt: index = key.integer; break;
      case ValueKind::kUint:
        usable = key.uinteger <= INT64_MAX;
        if (usable) index = static_cast<int64_t>(key.uinteger);
        break;
      case ValueKind::kDouble: usable = exact_int(key.number, index); break;
      default:
        out = context.errorf("unsupported index type '%.*s' in list", static_cast<int>(type_name(key).size()),
                             type_name(key).data());
        return Found::kError;
    }
    if (!usable) {
      out = key_error(context, "unsupported index value in list", key);
      return Found::kError;
    }
    if (index >= 0 && index < list_size(container)) {
      out = list_at(container, static_cast<uint32_t>(index));
      return out.is_error() ? Found::kError : Found::kYes;
    }
    if (optional) return Found::kNo;
    out = key_error(context, "index out of bounds", key);
    return Found::kError;
  }
  if (const ConstructedObject* object = constructed(container); object != nullptr && key.kind == ValueKind::kString) {
    if (optional && !object->has(key.str())) return Found::kNo;
    if (const Value* field = object->read(key.str())) {
      out = *field;
      return Found::kYes;
    }
  }
  if (optional && !context.strict_presence) return Found::kNo;
  out = key_error(context, "no such key", key);
  return Found::kError;
}

bool has_fields(const Value& value) {
  return value.is_map() || value.is_list() || constructed(value) != nullptr;
}

Value op_index(CallContext& context, const Value* args, uint32_t) {
  Value out;
  if (args[0].kind == ValueKind::kOptional) {
    if (args[0].optional == nullptr) return args[0];
    Found found = qualify(context, *args[0].optional, args[1], true, out);
    return found == Found::kYes ? context.some(out) : found == Found::kNo ? CallContext::none() : out;
  }
  qualify(context, args[0], args[1], false, out);
  return out;
}

}  // namespace ameia::expr::internal
