// google.protobuf's wrappers of scalars: constructing one gives the scalar itself, as CEL unwraps them at once.
// The checker turns Name{value: e} into a call of "Name@new"; its result is dyn, because a wrapper also compares with
// null.
#include <cmath>

#include "expr/function.h"
#include "expr/internal/cost.h"
#include "expr/libraries.h"

namespace ameia::expr {

namespace {

uint64_t cost_of_making(const Value*, uint32_t, const Value&) {
  return internal::kStructCost;
}

Value same(CallContext&, const Value* args, uint32_t) {
  return args[0];
}

Value int32(CallContext& context, const Value* args, uint32_t) {
  if (args[0].integer < INT32_MIN || args[0].integer > INT32_MAX) return context.error("integer overflow");
  return args[0];
}
Value uint32(CallContext& context, const Value* args, uint32_t) {
  if (args[0].uinteger > UINT32_MAX) return context.error("unsigned integer overflow");
  return args[0];
}
Value float32(CallContext&, const Value* args, uint32_t) {
  const double number = args[0].number;
  // Beyond the largest float lies infinity; the cast alone would be undefined there.
  if (std::abs(number) > 3.4028235677973366e38) return Value::of_double(std::copysign(INFINITY, number));
  return Value::of_double(static_cast<double>(static_cast<float>(number)));
}

Value no_bool(CallContext&, const Value*, uint32_t) {
  return Value::of(false);
}
Value no_int(CallContext&, const Value*, uint32_t) {
  return Value::of_int(0);
}
Value no_uint(CallContext&, const Value*, uint32_t) {
  return Value::of_uint(0);
}
Value no_double(CallContext&, const Value*, uint32_t) {
  return Value::of_double(0);
}
Value no_string(CallContext&, const Value*, uint32_t) {
  return Value::of_string({}, true);
}
Value no_bytes(CallContext&, const Value*, uint32_t) {
  return Value::of_bytes({});
}

constexpr Overload kOverloads[] = {
    {"make_bool_value", "google.protobuf.BoolValue@new(bool) -> dyn", same, cost_of_making, true},
    {"make_bool_value_empty", "google.protobuf.BoolValue@new() -> dyn", no_bool, cost_of_making, true},
    {"make_bytes_value", "google.protobuf.BytesValue@new(bytes) -> dyn", same, cost_of_making, true},
    {"make_bytes_value_empty", "google.protobuf.BytesValue@new() -> dyn", no_bytes, cost_of_making, true},
    {"make_double_value", "google.protobuf.DoubleValue@new(double) -> dyn", same, cost_of_making, true},
    {"make_double_value_empty", "google.protobuf.DoubleValue@new() -> dyn", no_double, cost_of_making, true},
    {"make_float_value", "google.protobuf.FloatValue@new(double) -> dyn", float32, cost_of_making, true},
    {"make_float_value_empty", "google.protobuf.FloatValue@new() -> dyn", no_double, cost_of_making, true},
    {"make_int32_value", "google.protobuf.Int32Value@new(int) -> dyn", int32, cost_of_making, true},
    {"make_int32_value_empty", "google.protobuf.Int32Value@new() -> dyn", no_int, cost_of_making, true},
    {"make_int64_value", "google.protobuf.Int64Value@new(int) -> dyn", same, cost_of_making, true},
    {"make_int64_value_empty", "google.protobuf.Int64Value@new() -> dyn", no_int, cost_of_making, true},
    {"make_string_value", "google.protobuf.StringValue@new(string) -> dyn", same, cost_of_making, true},
    {"make_string_value_empty", "google.protobuf.StringValue@new() -> dyn", no_string, cost_of_making, true},
    {"make_uint32_value", "google.protobuf.UInt32Value@new(uint) -> dyn", uint32, cost_of_making, true},
    {"make_uint32_value_empty", "google.protobuf.UInt32Value@new() -> dyn", no_uint, cost_of_making, true},
    {"make_uint64_value", "google.protobuf.UInt64Value@new(uint) -> dyn", same, cost_of_making, true},
    {"make_uint64_value_empty", "google.protobuf.UInt64Value@new() -> dyn", no_uint, cost_of_making, true},
};

}  // namespace

Library wrappers_library() {
  return {"wrappers", 0, kOverloads};
}

}  // namespace ameia::expr
