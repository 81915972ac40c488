#include "expr/internal/quantity.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "expr/limits.h"

namespace ameia::expr::internal {
namespace {

constexpr std::string_view kFormatWrong =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
constexpr std::string_view kNumericWrong = "unable to parse numeric part of quantity";
constexpr std::string_view kSuffixWrong = "unable to parse quantity's suffix";
constexpr int32_t kNano = -9;

// ---- decimal digits

void strip(std::string& digits) {
  const size_t first = digits.find_first_not_of('0');
  digits.erase(0, first == std::string::npos ? digits.size() - 1 : first);
}
bool is_zero(const Decimal& d) {
  return d.digits == "0";
}

std::string shifted(const std::string& digits, int32_t zeros) {
  return digits == "0" ? digits : digits + std::string(static_cast<size_t>(zeros), '0');
}

int compare_digits(const std::string& a, const std::string& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a == b ? 0 : a < b ? -1 : 1;
}

std::string add_digits(const std::string& a, const std::string& b) {
  std::string out(std::max(a.size(), b.size()) + 1, '0');
  int carry = 0;
  for (size_t i = 0; i < out.size(); ++i) {
    int sum = carry + (i < a.size() ? a[a.size() - 1 - i] - '0' : 0) + (i < b.size() ? b[b.size() - 1 - i] - '0' : 0);
    out[out.size() - 1 - i] = static_cast<char>('0' + sum % 10);
    carry = sum / 10;
  }
  strip(out);
  return out;
}

std::string subtract_digits(const std::string& a, const std::string& b) {  // a >= b
  std::string out(a.size(), '0');
  int borrow = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    int rest = a[a.size() - 1 - i] - '0' - borrow - (i < b.size() ? b[b.size() - 1 - i] - '0' : 0);
    borrow = rest < 0;
    out[out.size() - 1 - i] = static_cast<char>('0' + (rest < 0 ? rest + 10 : rest));
  }
  strip(out);
  return out;
}

void multiply_by_power_of_two(std::string& digits, int32_t power) {
  for (; power > 0; power -= 20) {
    const uint64_t factor = uint64_t{1} << std::min(power, 20);
    uint64_t carry = 0;
    std::string out;
    for (size_t i = digits.size(); i-- > 0;) {
      carry += static_cast<uint64_t>(digits[i] - '0') * factor;
      out += static_cast<char>('0' + carry % 10);
      carry /= 10;
    }
    for (; carry != 0; carry /= 10) out += static_cast<char>('0' + carry % 10);
    digits.assign(out.rbegin(), out.rend());
    strip(digits);
  }
}

int compare_decimals(const Decimal& a, const Decimal& b) {
  const int sign_a = is_zero(a) ? 0 : a.negative ? -1 : 1, sign_b = is_zero(b) ? 0 : b.negative ? -1 : 1;
  if (sign_a != sign_b) return sign_a < sign_b ? -1 : 1;
  if (sign_a == 0) return 0;
  const int32_t scale = std::max(a.scale, b.scale);
  return sign_a * compare_digits(shifted(a.digits, scale - a.scale), shifted(b.digits, scale - b.scale));
}

Decimal add_decimals(const Decimal& a, const Decimal& b) {
  Decimal out;
  out.scale = std::max(a.scale, b.scale);
  const std::string left = shifted(a.digits, out.scale - a.scale), right = shifted(b.digits, out.scale - b.scale);
  if (a.negative == b.negative) {
    out.digits = add_digits(left, right);
    out.negative = a.negative;
  } else if (compare_digits(left, right) >= 0) {
    out.digits = subtract_digits(left, right);
    out.negative = a.negative;
  } else {
    out.digits = subtract_digits(right, left);
    out.negative = b.negative;
  }
  if (is_zero(out)) out.negative = false;
  return out;
}

// To `scale` digits after the point; what is lost rounds away from zero. True when nothing was lost.
bool round_up(Decimal& d, int32_t scale) {
  if (d.scale <= scale) {
    d.digits = shifted(d.digits, scale - d.scale);
    d.scale = scale;
    return true;
  }
  const auto lost = static_cast<size_t>(d.scale - scale);
  const bool exact = lost < d.digits.size()
                         ? d.digits.find_first_not_of('0', d.digits.size() - lost) == std::string::npos
                         : is_zero(d);
  d.digits = lost < d.digits.size() ? d.digits.substr(0, d.digits.size() - lost) : "0";
  if (!exact) d.digits = add_digits(d.digits, "1");
  d.scale = scale;
  return exact;
}

Decimal decimal_of(int64_t value, int32_t scale) {
  Decimal out;
  out.negative = value < 0;
  out.digits = std::to_string(value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value));
  out.scale = -scale;
  return out;
}
Decimal decimal_of(const Quantity& q) {
  return q.is_decimal ? q.decimal : decimal_of(q.value, q.scale);
}

// ---- int64 × 10^scale

bool scale_up(int64_t value, int32_t by, int64_t& out) {
  out = value;
  for (int32_t i = 0; i < by && out != 0; ++i) {
    if (__builtin_mul_overflow(out, int64_t{10}, &out)) return false;
  }
  return true;
}

// a += b; false when it does not fit.
bool add_small(Quantity& a, int64_t value, int32_t scale) {
  if (value == 0) return true;
  if (a.value == 0) {
    a.value = value;
    a.scale = scale;
    return true;
  }
  int64_t left = a.value, right = value;
  if (a.scale > scale && !scale_up(a.value, a.scale - scale, left)) return false;
  if (a.scale < scale && !scale_up(value, scale - a.scale, right)) return false;
  int64_t sum = 0;
  if (__builtin_add_overflow(left, right, &sum)) return false;
  a.value = sum;
  a.scale = std::min(a.scale, scale);
  return true;
}

// Go's math.Pow10, with its two tables.
double power_of_ten(int32_t n) {
  if (n < -323) return 0;
  if (n > 308) return HUGE_VAL;
  const auto literal = [](int32_t e) {
    const std::string text = "1e" + std::to_string(e);
    double d = 0;
    std::from_chars(text.data(), text.data() + text.size(), d);
    return d;
  };
  return n >= 0 ? literal(n / 32 * 32) * literal(n % 32) : literal(-(-n / 32 * 32)) / literal(-n % 32);
}

// ---- reading

struct Suffix {
  std::string_view name;
  int32_t base, exponent;
};
constexpr Suffix kSuffixes[] = {{"", 10, 0},   {"n", 10, -9}, {"u", 10, -6}, {"m", 10, -3},
                                {"k", 10, 3},  {"M", 10, 6},  {"G", 10, 9},  {"T", 10, 12},
                                {"P", 10, 15}, {"E", 10, 18}, {"Ki", 2, 10}, {"Mi", 2, 20},
                                {"Gi", 2, 30}, {"Ti", 2, 40}, {"Pi", 2, 50}, {"Ei", 2, 60}};

bool digit(char c) {
  return c >= '0' && c <= '9';
}

struct Parts {
  bool negative = false;
  std::string_view whole = "0", fraction, suffix;
};

bool split(std::string_view text, Parts& out) {
  size_t at = 0;
  if (text[0] == '-' || text[0] == '+') {
    out.negative = text[0] == '-';
    ++at;
  }
  while (at < text.size() && text[at] == '0') ++at;
  if (at == text.size()) return true;  // only zeros, or only a sign
  const size_t begin = at;
  while (at < text.size() && digit(text[at])) ++at;
  if (at > begin) out.whole = text.substr(begin, at - begin);
  if (at < text.size() && text[at] == '.') {
    const size_t point = ++at;
    while (at < text.size() && digit(text[at])) ++at;
    out.fraction = text.substr(point, at - point);
  }
  const size_t suffix = at;
  while (at < text.size() && std::string_view("eEinumkKMGTP").find(text[at]) != std::string_view::npos) ++at;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) ++at;
  while (at < text.size() && digit(text[at])) ++at;
  out.suffix = text.substr(suffix);
  return at == text.size();
}

bool read_suffix(std::string_view suffix, int32_t& base, int64_t& exponent, Quantity::Format& format) {
  for (const Suffix& known : kSuffixes) {
    if (known.name != suffix) continue;
    base = known.base;
    exponent = known.exponent;
    format = known.base == 2 ? Quantity::Format::kBinarySi : Quantity::Format::kDecimalSi;
    return true;
  }
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E')) return false;
  std::string_view number = suffix.substr(1);
  if (number[0] == '+') number.remove_prefix(1);
  if (number.empty() || number == "-" || (suffix[1] == '+' && number[0] == '-')) return false;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), exponent);
  base = 10;
  format = Quantity::Format::kDecimalExponent;
  return error == std::errc() && end == number.data() + number.size();
}

}  // namespace

std::string_view parse_quantity(std::string_view text, Quantity& out, bool& too_large) {
  too_large = false;
  out = {};
  if (text.empty()) return kFormatWrong;
  if (text == "0") return {};
  Parts parts;
  if (!split(text, parts)) return kFormatWrong;
  int32_t base = 10;
  int64_t exponent = 0;
  if (!read_suffix(parts.suffix, base, exponent, out.format)) return kSuffixWrong;
  const size_t length = parts.whole.size() + parts.fraction.size();
  if (exponent > kQuantityExponentMax || exponent < -kQuantityExponentMax ||
      length > static_cast<size_t>(kQuantityExponentMax)) {
    too_large = true;
    return "quantity has too many digits";
  }

  const auto places = static_cast<int32_t>(parts.fraction.size());
  int32_t precision = 18 - static_cast<int32_t>(length), scale = static_cast<int32_t>(exponent);
  int64_t factor = 1;
  if (base == 2) {
    scale = 0;
    precision = -1;
    if (places == 0) {
      factor <<= exponent;
      precision = 15 - static_cast<int32_t>(parts.whole.size()) -
                  static_cast<int32_t>(static_cast<float>(exponent) * 3 / 10) - 1;
    }
  }
  std::string digits = std::string(parts.whole) + std::string(parts.fraction);
  if (precision >= 0 && scale - places >= kNano) {
    int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc()) return kNumericWrong;
    if (!__builtin_mul_overflow(value, factor, &value)) {
      out.value = parts.negative ? -value : value;
      out.scale = scale - places;
      return {};
    }
  }

  Decimal& d = out.decimal;
  out.is_decimal = true;
  strip(digits);
  d.digits = digits;
  d.scale = places - (base == 10 ? static_cast<int32_t>(exponent) : 0);
  if (base == 2) multiply_by_power_of_two(d.digits, static_cast<int32_t>(exponent));
  if (!is_zero(d)) round_up(d, -kNano);
  const Decimal most = decimal_of(INT64_MAX, 0);
  if (out.format == Quantity::Format::kBinarySi) {
    if (compare_decimals(d, most) > 0) d = most;
    if (!is_zero(d) && compare_decimals(d, decimal_of(1, 0)) < 0) out.format = Quantity::Format::kDecimalSi;
  }
  d.negative = parts.negative && !is_zero(d);
  return {};
}

int Quantity::sign() const {
  if (is_decimal) return is_zero(decimal) ? 0 : decimal.negative ? -1 : 1;
  return (value > 0) - (value < 0);
}

int Quantity::compare(const Quantity& other) const {
  if (!is_decimal && !other.is_decimal && scale == other.scale) return (value > other.value) - (value < other.value);
  return compare_decimals(decimal_of(*this), decimal_of(other));
}

void Quantity::add(const Quantity& other) {
  if (sign() == 0) format = other.format;
  if (!is_decimal && !other.is_decimal && add_small(*this, other.value, other.scale)) return;
  decimal = add_decimals(decimal_of(*this), decimal_of(other));
  is_decimal = true;
}

void Quantity::subtract(const Quantity& other) {
  if (sign() == 0) format = other.format;
  if (!is_decimal && !other.is_decimal && other.value != INT64_MIN && add_small(*this, -other.value, other.scale))
    return;
  Decimal minus = decimal_of(other);
  minus.negative = !minus.negative && !is_zero(minus);
  decimal = add_decimals(decimal_of(*this), minus);
  is_decimal = true;
}

bool Quantity::as_integer(int64_t& out) const {
  if (is_decimal || scale < 0) return false;
  return scale_up(value, scale, out);
}

double Quantity::as_double() const {
  double d = static_cast<double>(value);
  int32_t exponent = scale;
  if (is_decimal) {
    std::from_chars(decimal.digits.data(), decimal.digits.data() + decimal.digits.size(), d);
    if (decimal.digits.size() > 309) d = HUGE_VAL;
    if (decimal.negative) d = -d;
    exponent = -decimal.scale;
  }
  return exponent == 0 ? d : d * power_of_ten(exponent);
}

std::string Quantity::text() const {
  if (sign() == 0) return "0";
  Decimal d = decimal_of(*this);
  const std::string minus = d.negative ? "-" : "";
  Format form = format;
  if (form == Format::kBinarySi) {
    const Decimal magnitude{false, d.digits, d.scale};
    Decimal whole = magnitude;
    if (compare_decimals(magnitude, decimal_of(1024, 0)) < 0 || !round_up(whole, 0)) {
      form = Format::kDecimalSi;
    } else {
      uint64_t number = 0;
      const auto [end, error] = std::from_chars(whole.digits.data(), whole.digits.data() + whole.digits.size(), number);
      if (error != std::errc()) return minus + whole.digits;
      size_t power = 0;
      for (; number % 1024 == 0 && power < 6; number /= 1024) ++power;
      return minus + std::to_string(number) + (power == 0 ? "" : std::string(kSuffixes[9 + power].name));
    }
  }
  int32_t exponent = -d.scale;
  while (d.digits.back() == '0') {
    d.digits.pop_back();
    ++exponent;
  }
  while (exponent % 3 != 0) {
    d.digits += '0';
    --exponent;
  }
  if (form == Format::kDecimalSi) {
    for (const Suffix& known : kSuffixes) {
      if (known.base == 10 && known.exponent == exponent) return minus + d.digits + std::string(known.name);
    }
  }
  return minus + d.digits + (exponent == 0 ? "" : "e" + std::to_string(exponent));
}

}  // namespace ameia::expr::internal
