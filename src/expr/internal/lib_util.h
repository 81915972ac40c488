// What the bodies of library functions share: code points, Go's quoting, saturating sums of cost.
// Neighbours: lib_*.cc; cost.h holds the costs of the standard functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "expr/function.h"
#include "expr/internal/cost.h"

namespace ameia::expr::internal {

inline Value no_such_overload(CallContext& context) {
  return context.error("no such overload");
}

// Bytes of the code point at `at`; a stray byte is one of its own.
size_t code_point_bytes(std::string_view text, size_t at);
// The code point at `at`, U+FFFD for a stray byte; `bytes` is how many it takes.
uint32_t code_point(std::string_view text, size_t at, size_t& bytes);
void append_utf8(std::string& out, uint32_t code_point);
// Where the n-th code point begins (text.size() for the one after the last); npos beyond.
size_t offset_of(std::string_view text, bool ascii, uint64_t n);
// Whether values of this kind have an order: what sort, min and max take.
bool is_ordered(const Value& v);
// The bytes in base64, padded.
Value base64_value(CallContext& context, std::string_view bytes);
// Go's strconv.Quote.
std::string go_quote(std::string_view text);

inline std::string_view text_of(const Value& v) {
  return v.str();
}
// A string that is part of one that is known: ASCII parts of ASCII are ASCII.
Value part_of(const Value& whole, size_t begin, size_t end);

inline uint64_t add_sat(uint64_t a, uint64_t b) {
  return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}
inline uint64_t mul_sat(uint64_t a, uint64_t b) {
  return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}
// Go's uint64(f) for a cost, without what is undefined.
inline uint64_t cost_of_double(double f) {
  return !(f > 0) ? 0 : f >= 18446744073709551615.0 ? UINT64_MAX : static_cast<uint64_t>(f);
}

inline uint64_t cost_twice_first(const Value* args, uint32_t, const Value&) {
  return tenths(cost_size(args[0]) * 2);
}
inline uint64_t cost_twice_result(const Value*, uint32_t, const Value& result) {
  return tenths(cost_size(result) * 2);
}
// Kubernetes' traversalCost: every scalar below the value, texts by the byte.
uint64_t traversal_cost(const Value& value);
inline uint64_t cost_traverse_first(const Value* args, uint32_t, const Value&) {
  return traversal_cost(args[0]);
}
// A list made by a call of cel-go's list library: its elements, the call and the list.
inline uint64_t cost_new_list(double factor, uint64_t size) {
  return add_sat(cost_of_double(static_cast<double>(size) * factor), 11);
}

}  // namespace ameia::expr::internal
