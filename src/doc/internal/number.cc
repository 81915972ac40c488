#include "doc/internal/number.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>

namespace ameia::doc::internal {
namespace {

// Of a number that from_chars calls out of range: is it too large, rather than too small?
bool overflows(std::string_view text) {
  // The decimal exponent of the first digit that is not zero.
  int64_t exponent = 0;
  size_t i = text.starts_with('-') ? 1 : 0;
  bool significant = false;
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
    if (significant) ++exponent;
    if (text[i] != '0') significant = true;
  }
  if (i < text.size() && text[i] == '.') {
    for (++i; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
      if (!significant) {
        --exponent;
        if (text[i] != '0') significant = true;
      }
    }
  }
  if (i < text.size()) {  // at 'e'
    ++i;
    const bool negative = i < text.size() && text[i] == '-';
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) ++i;
    int64_t written = 0;
    for (; i < text.size() && written < 1'000'000'000'000; ++i) written = written * 10 + (text[i] - '0');
    exponent += negative ? -written : written;
  }
  return exponent > 0;
}

struct Digits {
  std::string text;  // without a point
  int exponent = 0;  // of the first digit
  bool negative = false;
};

template <typename Float>
Digits shortest(Float value) {
  char buffer[64];
  char* const end = std::to_chars(buffer, buffer + sizeof(buffer), value, std::chars_format::scientific).ptr;
  const std::string_view text(buffer, static_cast<size_t>(end - buffer));
  const size_t e = text.find('e');
  Digits out;
  out.negative = text[0] == '-';
  for (const char c : text.substr(0, e)) {
    if (c >= '0' && c <= '9') out.text += c;
  }
  const char* exponent = buffer + e + 1;
  if (*exponent == '+') ++exponent;
  std::from_chars(exponent, end, out.exponent);
  return out;
}

void append_plain(std::string& out, const Digits& digits) {
  if (digits.negative) out += '-';
  const int point = digits.exponent + 1;  // digits before the point
  const int count = static_cast<int>(digits.text.size());
  if (point <= 0) {
    out += "0.";
    out.append(static_cast<size_t>(-point), '0');
    out += digits.text;
  } else if (point >= count) {
    out += digits.text;
    out.append(static_cast<size_t>(point - count), '0');
  } else {
    out.append(digits.text, 0, static_cast<size_t>(point));
    out += '.';
    out.append(digits.text, static_cast<size_t>(point));
  }
}

// `exponent_digits`: the least number of digits of the exponent.
void append_scientific(std::string& out, const Digits& digits, size_t exponent_digits) {
  if (digits.negative) out += '-';
  out += digits.text[0];
  if (digits.text.size() > 1) {
    out += '.';
    out.append(digits.text, 1);
  }
  out += 'e';
  out += digits.exponent < 0 ? '-' : '+';
  const std::string exponent = std::to_string(std::abs(digits.exponent));
  if (exponent.size() < exponent_digits) out.append(exponent_digits - exponent.size(), '0');
  out += exponent;
}

}  // namespace

bool decimal_to_double(std::string_view text, double& value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc()) return std::isfinite(value);
  if (error != std::errc::result_out_of_range || overflows(text)) return false;
  value = text.starts_with('-') ? -0.0 : 0.0;
  return true;
}

void append_double(std::string& out, double value) {
  if (value == 0) {
    out += std::signbit(value) ? "-0" : "0";
    return;
  }
  const Digits digits = shortest(value);
  const double magnitude = std::fabs(value);
  if (magnitude < 1e-6 || magnitude >= 1e21) {
    append_scientific(out, digits, 1);
  } else {
    append_plain(out, digits);
  }
}

std::string float_key(double value) {
  if (std::isnan(value)) return ".nan";
  const auto narrow =
      static_cast<float>(std::fabs(value) > 3.4028235677973366e38 ? std::copysign(HUGE_VAL, value) : value);
  if (std::isinf(narrow)) return narrow > 0 ? ".inf" : "-.inf";
  std::string out;
  if (narrow == 0) return std::signbit(narrow) ? "-0" : "0";
  const Digits digits = shortest(narrow);
  if (digits.exponent < -4 || digits.exponent >= 6) {
    append_scientific(out, digits, 2);
  } else {
    append_plain(out, digits);
  }
  return out;
}

}  // namespace ameia::doc::internal
