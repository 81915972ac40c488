// Quantities as k8s.io/apimachinery's resource.Quantity reads, adds, compares and writes them ("100m", "1.5Gi", "3e6").
// Neighbours: lib_quantity.cc makes CEL values of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ameia::expr::internal {

// digits × 10^-scale, of any length.
struct Decimal {
  bool negative = false;
  std::string digits = "0";  // without leading zeros
  int32_t scale = 0;
};

// Kubernetes keeps what fits as value × 10^scale, and everything else as a decimal; which of the two it is shows in
// asInteger(), so both are kept here as well.
struct Quantity {
  enum class Format : uint8_t { kDecimalSi, kBinarySi, kDecimalExponent };
  bool is_decimal = false;
  int64_t value = 0;
  int32_t scale = 0;
  Decimal decimal;
  Format format = Format::kDecimalSi;

  [[nodiscard]] int sign() const;
  [[nodiscard]] int compare(const Quantity& other) const;
  void add(const Quantity& other);
  void subtract(const Quantity& other);
  [[nodiscard]] bool as_integer(int64_t& out) const;
  [[nodiscard]] double as_double() const;
  [[nodiscard]] std::string text() const;  // canonical
};

// "" and `out`, or what is wrong in Kubernetes' words. Limits: kQuantityExponentMax; `too_large` tells that it was
// crossed.
std::string_view parse_quantity(std::string_view text, Quantity& out, bool& too_large);

}  // namespace ameia::expr::internal
