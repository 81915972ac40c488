// What the estimator of an expression and the tables of its functions share. Neighbours: estimate.cc walks,
// estimate_calls.cc knows what each function costs.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>

#include "expr/estimate.h"

namespace ameia::expr::internal {

inline constexpr uint64_t kUnbounded = std::numeric_limits<uint64_t>::max();
inline constexpr Range kUnknownSize{0, kUnbounded};

uint64_t add_capped(uint64_t x, uint64_t y);
uint64_t multiply_capped(uint64_t x, uint64_t y);
Range operator+(Range a, Range b);
Range operator*(Range a, Range b);
// Each bound times a factor, rounded up.
Range scaled(Range range, double factor);
Range united(Range a, Range b);
constexpr Range exactly(uint64_t n) {
  return {n, n};
}

// Kubernetes' and cel-go's constants.
inline constexpr double kPerCharacter = 0.1;
inline constexpr double kPerPatternCharacter = 0.25;
inline constexpr uint64_t kListBase = 10;
inline constexpr uint64_t kMapBase = 30;
inline constexpr uint64_t kStructBase = 40;

// One argument of a call, as the tables see it.
struct Operand {
  const Expr* expr;
  const Type* type;
  std::optional<Range> size;   // nothing: not known
  std::optional<Range> items;  // of a list's elements, where the schema says
  [[nodiscard]] Range size_or_unknown() const { return size.value_or(kUnknownSize); }
  [[nodiscard]] Range item_size() const { return items.value_or(kUnknownSize); }
};

struct CallEstimate {
  Range cost;                   // of the call alone
  std::optional<Range> result;  // the size of its result
};

// The cost of one overload, without its arguments'. Logical operators, ?: and + are the estimator's own.
CallEstimate estimate_call(std::string_view function, std::string_view overload, const Operand* target,
                           std::span<const Operand> args);

}  // namespace ameia::expr::internal
