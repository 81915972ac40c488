// Cost functions of the standard overloads, in Kubernetes' units: a tenth of a unit for each code point passed over.
#pragma once

#include <cstdint>

#include "expr/function.h"

namespace ameia::expr::internal {

inline constexpr uint64_t kStructCost = 40;  // cel-go's base cost of making an object

inline uint64_t tenths(uint64_t size) {
  return (size + 9) / 10;
}  // ceil(size * 0.1)
inline uint64_t quarters(uint64_t size) {
  return (size + 3) / 4;
}  // ceil(size * 0.25)

inline uint64_t cost_of_first(const Value* args, uint32_t, const Value&) {
  return tenths(cost_size(args[0]));
}
inline uint64_t cost_of_second(const Value* args, uint32_t, const Value&) {
  return tenths(cost_size(args[1]));
}
inline uint64_t cost_of_both(const Value* args, uint32_t, const Value&) {
  return tenths(cost_size(args[0]) + cost_size(args[1]));
}
inline uint64_t cost_of_smaller(const Value* args, uint32_t, const Value&) {
  uint64_t a = cost_size(args[0]), b = cost_size(args[1]);
  return tenths(a < b ? a : b);
}
inline uint64_t cost_in_list(const Value* args, uint32_t, const Value&) {
  return cost_size(args[1]);
}
inline uint64_t cost_matches(const Value* args, uint32_t, const Value&) {
  return tenths(cost_size(args[0]) + 1) * quarters(cost_size(args[1]));
}
inline uint64_t cost_contains(const Value* args, uint32_t, const Value&) {
  return tenths(cost_size(args[0])) * tenths(cost_size(args[1]));
}

}  // namespace ameia::expr::internal
