// Numbers compared and written as Go and CEL do: across kinds without loss, doubles in Go's %g form.
// Neighbours: value.cc, text.cc, lib_standard*.cc.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

#include "expr/value.h"

namespace ameia::expr::internal {

// The int64 that a double is exactly, if any (cel-go's lossless conversions).
inline bool exact_int(double d, int64_t& out) {
  if (!(d >= -9223372036854775808.0 && d < 9223372036854775808.0) || d != std::trunc(d)) return false;
  out = static_cast<int64_t>(d);
  return true;
}
inline bool exact_uint(double d, uint64_t& out) {
  if (!(d >= 0 && d < 18446744073709551616.0) || d != std::trunc(d)) return false;
  out = static_cast<uint64_t>(d);
  return true;
}

inline bool is_number(const Value& v) {
  return v.kind == ValueKind::kInt || v.kind == ValueKind::kUint || v.kind == ValueKind::kDouble;
}

// -1, 0, 1; 2 when a NaN is in it.
int compare_numbers(const Value& a, const Value& b);

// Go's strconv.FormatFloat(d, 'g', -1, 64): "1e+06", "0.1", "NaN", "+Inf".
std::string go_double(double d);
// FormatFloat(d, 'f', -1, 64): no exponent.
std::string go_double_fixed(double d);

// Hash of a map key: equal keys of different number kinds hash alike.
uint32_t hash_key(const Value& key);

// Code points of UTF-8 text; each stray byte counts as one.
size_t count_code_points(std::string_view text);
bool is_ascii(std::string_view text);
// True when `text` is well-formed UTF-8 (no surrogates, no overlong forms).
bool is_utf8(std::string_view text);

}  // namespace ameia::expr::internal
