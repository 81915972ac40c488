#include "expr/internal/number.h"

#include <bit>
#include <charconv>

#include "doc/node.h"

namespace ameia::expr::internal {
namespace {

int order(auto a, auto b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

// As cel-go: beyond the integers by range, within them as doubles, so that 2^63 - 1 and 2^63 are equal here.
int compare_int_double(int64_t i, double d) {
  if (std::isnan(d)) return 2;
  if (d < -9223372036854775808.0) return 1;
  if (d > 9223372036854775808.0) return -1;
  return order(static_cast<double>(i), d);
}

int compare_uint_double(uint64_t u, double d) {
  if (std::isnan(d)) return 2;
  if (d < 0) return 1;
  if (d > 18446744073709551616.0) return -1;
  return order(static_cast<double>(u), d);
}

int flip(int comparison) {
  return comparison == 2 ? 2 : -comparison;
}

}  // namespace

int compare_numbers(const Value& a, const Value& b) {
  switch (a.kind) {
    case ValueKind::kInt:
      if (b.kind == ValueKind::kInt) return order(a.integer, b.integer);
      if (b.kind == ValueKind::kUint) return a.integer < 0 ? -1 : order(static_cast<uint64_t>(a.integer), b.uinteger);
      return compare_int_double(a.integer, b.number);
    case ValueKind::kUint:
      if (b.kind == ValueKind::kUint) return order(a.uinteger, b.uinteger);
      if (b.kind == ValueKind::kInt) return b.integer < 0 ? 1 : order(a.uinteger, static_cast<uint64_t>(b.integer));
      return compare_uint_double(a.uinteger, b.number);
    default:
      if (b.kind == ValueKind::kInt) return flip(compare_int_double(b.integer, a.number));
      if (b.kind == ValueKind::kUint) return flip(compare_uint_double(b.uinteger, a.number));
      return std::isnan(a.number) || std::isnan(b.number) ? 2 : order(a.number, b.number);
  }
}

std::string go_double(double d) {
  if (std::isnan(d)) return "NaN";
  if (std::isinf(d)) return d > 0 ? "+Inf" : "-Inf";
  char text[64];
  auto scientific = std::to_chars(text, text + sizeof text, d, std::chars_format::scientific);
  std::string_view written(text, static_cast<size_t>(scientific.ptr - text));
  size_t e = written.find('e');
  int exponent = 0;
  size_t digits_at = e + 1 + (written[e + 1] == '+' ? 1 : 0);
  std::from_chars(written.data() + digits_at, written.data() + written.size(), exponent);
  if (exponent < -4 || exponent >= 6) return std::string(written);
  return go_double_fixed(d);
}

std::string go_double_fixed(double d) {
  if (std::isnan(d)) return "NaN";
  if (std::isinf(d)) return d > 0 ? "+Inf" : "-Inf";
  char text[512];
  auto fixed = std::to_chars(text, text + sizeof text, d, std::chars_format::fixed);
  return std::string(text, fixed.ptr);
}

uint32_t hash_key(const Value& key) {
  auto mix = [](uint64_t x) {
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdULL;
    x ^= x >> 33;
    return static_cast<uint32_t>(x);
  };
  switch (key.kind) {
    case ValueKind::kString: return doc::key_hash(key.str());
    case ValueKind::kBool: return key.boolean ? 3 : 5;
    case ValueKind::kInt: return mix(static_cast<uint64_t>(key.integer));
    case ValueKind::kUint: return mix(key.uinteger);
    case ValueKind::kDouble: {
      int64_t i = 0;
      uint64_t u = 0;
      if (exact_int(key.number, i)) return mix(static_cast<uint64_t>(i));
      if (exact_uint(key.number, u)) return mix(u);
      return mix(std::bit_cast<uint64_t>(key.number));
    }
    default: return 7;
  }
}

size_t count_code_points(std::string_view text) {
  size_t n = 0;
  for (char c : text) n += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return n;
}

bool is_ascii(std::string_view text) {
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    if ((word & 0x8080808080808080ULL) != 0) return false;
  }
  for (; i < text.size(); ++i) {
    if (static_cast<unsigned char>(text[i]) >= 0x80) return false;
  }
  return true;
}

bool is_utf8(std::string_view text) {
  size_t i = 0;
  while (i < text.size()) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      ++i;
      continue;
    }
    size_t length = c >= 0xF0 && c <= 0xF4 ? 4 : c >= 0xE0 && c < 0xF0 ? 3 : c >= 0xC2 && c < 0xE0 ? 2 : 0;
    if (length == 0 || i + length > text.size()) return false;
    uint32_t point = c & (0xFFu >> (length + 1));
    for (size_t k = 1; k < length; ++k) {
      auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0) != 0x80) return false;
      point = (point << 6) | (next & 0x3F);
    }
    constexpr uint32_t kFirstOf[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kFirstOf[length] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return false;
    i += length;
  }
  return true;
}

}  // namespace ameia::expr::internal
