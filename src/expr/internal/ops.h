// Bodies of CEL's operators and standard functions, shared by the library table and the planned machine.
// Every body takes arguments that are not errors and answers any kinds: "no such overload" where none fits.
#pragma once

#include "expr/function.h"

namespace ameia::expr::internal {

Value op_add(CallContext& context, const Value* args, uint32_t count);
Value op_subtract(CallContext& context, const Value* args, uint32_t count);
Value op_multiply(CallContext& context, const Value* args, uint32_t count);
Value op_divide(CallContext& context, const Value* args, uint32_t count);
Value op_modulo(CallContext& context, const Value* args, uint32_t count);
Value op_negate(CallContext& context, const Value* args, uint32_t count);
Value op_not(CallContext& context, const Value* args, uint32_t count);
Value op_less(CallContext& context, const Value* args, uint32_t count);
Value op_less_equal(CallContext& context, const Value* args, uint32_t count);
Value op_greater(CallContext& context, const Value* args, uint32_t count);
Value op_greater_equal(CallContext& context, const Value* args, uint32_t count);
Value op_equal(CallContext& context, const Value* args, uint32_t count);
Value op_not_equal(CallContext& context, const Value* args, uint32_t count);
Value op_in(CallContext& context, const Value* args, uint32_t count);
Value op_index(CallContext& context, const Value* args, uint32_t count);
// Strict forms for callers that walk trees; the machine has its own short-circuiting ones.
Value op_and(CallContext& context, const Value* args, uint32_t count);
Value op_or(CallContext& context, const Value* args, uint32_t count);
Value op_conditional(CallContext& context, const Value* args, uint32_t count);
Value op_not_strictly_false(CallContext& context, const Value* args, uint32_t count);

Value to_bool(CallContext& context, const Value* args, uint32_t count);
Value to_bytes(CallContext& context, const Value* args, uint32_t count);
Value to_double(CallContext& context, const Value* args, uint32_t count);
Value to_duration(CallContext& context, const Value* args, uint32_t count);
Value to_dyn(CallContext& context, const Value* args, uint32_t count);
Value to_int(CallContext& context, const Value* args, uint32_t count);
Value to_string_value(CallContext& context, const Value* args, uint32_t count);
Value to_timestamp(CallContext& context, const Value* args, uint32_t count);
Value to_uint(CallContext& context, const Value* args, uint32_t count);
Value to_type(CallContext& context, const Value* args, uint32_t count);

// What container[key] is: the value; an error in cel-go's words; or nothing, when `optional` and it is not there.
enum class Found : uint8_t { kYes, kNo, kError };
Found qualify(CallContext& context, const Value& container, const Value& key, bool optional, Value& out);
// Whether has() looks into it; of anything else no field is present.
bool has_fields(const Value& value);

}  // namespace ameia::expr::internal
