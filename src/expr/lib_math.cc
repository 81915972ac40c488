// cel-go's math extension. greatest() and least() are macros for math.@max and math.@min (expr/macros.cc).
#include "expr/internal/lib_util.h"
#include "expr/internal/number.h"
#include "expr/libraries.h"

namespace ameia::expr {
namespace internal {
namespace {

Value identity(CallContext&, const Value* args, uint32_t) {
  return args[0];
}

// The greater (sign 1) or the lesser (sign -1); the first where both are equal.
template <int sign>
Value choose(CallContext& context, const Value& a, const Value& b) {
  const char* const name = sign > 0 ? "math.@max" : "math.@min";
  if (!is_number(a) || !is_number(b)) return context.errorf("no such overload: %s", name);
  const int order = compare_numbers(a, b);
  if (order == 2) return context.errorf("NaN values cannot be ordered: %s", name);
  return order * sign < 0 ? b : a;
}

template <int sign>
Value choose_pair(CallContext& context, const Value* args, uint32_t) {
  return choose<sign>(context, args[0], args[1]);
}

template <int sign>
Value choose_list(CallContext& context, const Value* args, uint32_t) {
  const uint32_t size = list_size(args[0]);
  const char* const name = sign > 0 ? "math.@max" : "math.@min";
  if (size == 0) return context.errorf("%s(list) argument must not be empty", name);
  Value chosen = list_at(args[0], 0);
  if (!is_number(chosen)) return context.errorf("no such overload: %s", name);
  for (uint32_t i = 1; i < size; ++i) {
    chosen = choose<sign>(context, chosen, list_at(args[0], i));
    if (chosen.is_error()) return chosen;
  }
  return chosen;
}

using Function = double (*)(double);
double ceil_of(double d) {
  return std::ceil(d);
}
double floor_of(double d) {
  return std::floor(d);
}
double round_of(double d) {
  return std::round(d);
}  // halves away from zero
double trunc_of(double d) {
  return std::trunc(d);
}
double abs_of(double d) {
  return std::fabs(d);
}
double sign_of(double d) {
  return std::isnan(d) ? d : d > 0 ? 1 : d < 0 ? -1 : 0;
}

template <Function function>
Value on_double(CallContext&, const Value* args, uint32_t) {
  return Value::of_double(function(args[0].number));
}
Value is_inf(CallContext&, const Value* args, uint32_t) {
  return Value::of(std::isinf(args[0].number));
}
Value is_nan(CallContext&, const Value* args, uint32_t) {
  return Value::of(std::isnan(args[0].number));
}
Value is_finite(CallContext&, const Value* args, uint32_t) {
  return Value::of(std::isfinite(args[0].number));
}

Value abs_int(CallContext& context, const Value* args, uint32_t) {
  if (args[0].integer == INT64_MIN) return context.error("integer overflow");
  return Value::of_int(args[0].integer < 0 ? -args[0].integer : args[0].integer);
}
Value sign_int(CallContext&, const Value* args, uint32_t) {
  return Value::of_int((args[0].integer > 0) - (args[0].integer < 0));
}
Value sign_uint(CallContext&, const Value* args, uint32_t) {
  return Value::of_uint(args[0].uinteger != 0);
}

Value sqrt_of(CallContext&, const Value* args, uint32_t) {
  const Value& v = args[0];
  const double d = v.kind == ValueKind::kInt    ? static_cast<double>(v.integer)
                   : v.kind == ValueKind::kUint ? static_cast<double>(v.uinteger)
                                                : v.number;
  return Value::of_double(std::sqrt(d));
}

// Bits of an int are those of its two's complement. The result has the first argument's kind.
Value of_bits(const Value& like, uint64_t bits) {
  return like.kind == ValueKind::kUint ? Value::of_uint(bits) : Value::of_int(static_cast<int64_t>(bits));
}
uint64_t bits_of(const Value& v) {
  return v.kind == ValueKind::kUint ? v.uinteger : static_cast<uint64_t>(v.integer);
}

Value bit_and(CallContext&, const Value* args, uint32_t) {
  return of_bits(args[0], bits_of(args[0]) & bits_of(args[1]));
}
Value bit_or(CallContext&, const Value* args, uint32_t) {
  return of_bits(args[0], bits_of(args[0]) | bits_of(args[1]));
}
Value bit_xor(CallContext&, const Value* args, uint32_t) {
  return of_bits(args[0], bits_of(args[0]) ^ bits_of(args[1]));
}
Value bit_not(CallContext&, const Value* args, uint32_t) {
  return of_bits(args[0], ~bits_of(args[0]));
}

template <bool left>
Value shift(CallContext& context, const Value* args, uint32_t) {
  const int64_t by = args[1].integer;
  if (by < 0) {
    return context.errorf("math.bitShift%s() negative offset: %lld", left ? "Left" : "Right",
                          static_cast<long long>(by));
  }
  const uint64_t bits = bits_of(args[0]);
  return of_bits(args[0], by > 63 ? 0 : left ? bits << by : bits >> by);
}

#define AMEIA_CHOOSE(name, sign)                                                                                      \
  {"math_@" name "_double", "math.@" name "(double) -> double", identity, nullptr, true},                             \
      {"math_@" name "_int", "math.@" name "(int) -> int", identity, nullptr, true},                                  \
      {"math_@" name "_uint", "math.@" name "(uint) -> uint", identity, nullptr, true},                               \
      {"math_@" name "_double_double", "math.@" name "(double, double) -> double", choose_pair<sign>, nullptr, true}, \
      {"math_@" name "_int_int", "math.@" name "(int, int) -> int", choose_pair<sign>, nullptr, true},                \
      {"math_@" name "_uint_uint", "math.@" name "(uint, uint) -> uint", choose_pair<sign>, nullptr, true},           \
      {"math_@" name "_int_uint", "math.@" name "(int, uint) -> dyn", choose_pair<sign>, nullptr, true},              \
      {"math_@" name "_int_double", "math.@" name "(int, double) -> dyn", choose_pair<sign>, nullptr, true},          \
      {"math_@" name "_double_int", "math.@" name "(double, int) -> dyn", choose_pair<sign>, nullptr, true},          \
      {"math_@" name "_double_uint", "math.@" name "(double, uint) -> dyn", choose_pair<sign>, nullptr, true},        \
      {"math_@" name "_uint_int", "math.@" name "(uint, int) -> dyn", choose_pair<sign>, nullptr, true},              \
      {"math_@" name "_uint_double", "math.@" name "(uint, double) -> dyn", choose_pair<sign>, nullptr, true},        \
      {"math_@" name "_list_double", "math.@" name "(list(double)) -> double", choose_list<sign>, nullptr, true},     \
      {"math_@" name "_list_int", "math.@" name "(list(int)) -> int", choose_list<sign>, nullptr, true}, {            \
    "math_@" name "_list_uint", "math.@" name "(list(uint)) -> uint", choose_list<sign>, nullptr, true                \
  }

constexpr Overload kOverloads[] = {
    AMEIA_CHOOSE("min", -1),
    AMEIA_CHOOSE("max", 1),
    // version 1
    {"math_ceil_double", "math.ceil(double) -> double", on_double<ceil_of>, nullptr, true},
    {"math_floor_double", "math.floor(double) -> double", on_double<floor_of>, nullptr, true},
    {"math_round_double", "math.round(double) -> double", on_double<round_of>, nullptr, true},
    {"math_trunc_double", "math.trunc(double) -> double", on_double<trunc_of>, nullptr, true},
    {"math_isInf_double", "math.isInf(double) -> bool", is_inf, nullptr, true},
    {"math_isNaN_double", "math.isNaN(double) -> bool", is_nan, nullptr, true},
    {"math_isFinite_double", "math.isFinite(double) -> bool", is_finite, nullptr, true},
    {"math_abs_double", "math.abs(double) -> double", on_double<abs_of>, nullptr, true},
    {"math_abs_int", "math.abs(int) -> int", abs_int, nullptr, true},
    {"math_abs_uint", "math.abs(uint) -> uint", identity, nullptr, true},
    {"math_sign_double", "math.sign(double) -> double", on_double<sign_of>, nullptr, true},
    {"math_sign_int", "math.sign(int) -> int", sign_int, nullptr, true},
    {"math_sign_uint", "math.sign(uint) -> uint", sign_uint, nullptr, true},
    {"math_bitAnd_int_int", "math.bitAnd(int, int) -> int", bit_and, nullptr, true},
    {"math_bitAnd_uint_uint", "math.bitAnd(uint, uint) -> uint", bit_and, nullptr, true},
    {"math_bitOr_int_int", "math.bitOr(int, int) -> int", bit_or, nullptr, true},
    {"math_bitOr_uint_uint", "math.bitOr(uint, uint) -> uint", bit_or, nullptr, true},
    {"math_bitXor_int_int", "math.bitXor(int, int) -> int", bit_xor, nullptr, true},
    {"math_bitXor_uint_uint", "math.bitXor(uint, uint) -> uint", bit_xor, nullptr, true},
    {"math_bitNot_int_int", "math.bitNot(int) -> int", bit_not, nullptr, true},
    {"math_bitNot_uint_uint", "math.bitNot(uint) -> uint", bit_not, nullptr, true},
    {"math_bitShiftLeft_int_int", "math.bitShiftLeft(int, int) -> int", shift<true>, nullptr, true},
    {"math_bitShiftLeft_uint_int", "math.bitShiftLeft(uint, int) -> uint", shift<true>, nullptr, true},
    {"math_bitShiftRight_int_int", "math.bitShiftRight(int, int) -> int", shift<false>, nullptr, true},
    {"math_bitShiftRight_uint_int", "math.bitShiftRight(uint, int) -> uint", shift<false>, nullptr, true},
    // version 2
    {"math_sqrt_double", "math.sqrt(double) -> double", sqrt_of, nullptr, true},
    {"math_sqrt_int", "math.sqrt(int) -> double", sqrt_of, nullptr, true},
    {"math_sqrt_uint", "math.sqrt(uint) -> double", sqrt_of, nullptr, true},
};
#undef AMEIA_CHOOSE
constexpr size_t kVersion0 = 30, kVersion2 = std::size(kOverloads), kVersion1 = kVersion2 - 3;

}  // namespace
}  // namespace internal

Library math_library(uint32_t version) {
  using namespace internal;
  const size_t size = version >= 2 ? kVersion2 : version == 1 ? kVersion1 : kVersion0;
  return {"math", version, std::span<const Overload>(kOverloads).first(size)};
}

}  // namespace ameia::expr
