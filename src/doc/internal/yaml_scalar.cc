#include "doc/internal/yaml_scalar.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>

#include "doc/internal/number.h"
#include "doc/internal/text.h"

namespace ameia::doc::internal {
namespace {

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (std::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

void set_string(Node& out, std::string_view text) {
  out.kind = Kind::kString;
  out.size = static_cast<uint32_t>(text.size());
  out.chars = text.data();
  out.ascii = all_ascii(text);
}

enum class Meaning { kString, kNull, kBool, kInt, kUint, kFloat, kNotJson };

// Go's ParseInt, then ParseUint, with base 0 and the underscores already gone: 0x, 0o, 0b, a leading 0 is octal.
// kString when it is no integer. A kUint is past int64; its nearest double is in `out`.
Meaning parse_integer(std::string_view text, Node& out) {
  const bool sign = !text.empty() && (text[0] == '+' || text[0] == '-');
  const bool negative = sign && text[0] == '-';
  if (sign) text.remove_prefix(1);
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    const char c = static_cast<char>(text[1] | 0x20);
    base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
    text.remove_prefix(c == 'x' || c == 'b' || c == 'o' ? 2 : 1);
  }
  uint64_t magnitude = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return Meaning::kString;
  constexpr uint64_t kMin = uint64_t{1} << 63;
  if (magnitude < kMin || (negative && magnitude == kMin)) {
    out.kind = Kind::kInt;
    out.integer = negative ? static_cast<int64_t>(~magnitude + 1) : static_cast<int64_t>(magnitude);
    return Meaning::kInt;
  }
  if (sign) return Meaning::kString;  // ParseUint takes no sign
  out.kind = Kind::kDouble;
  out.number = static_cast<double>(magnitude);
  return Meaning::kUint;
}

bool looks_like_float(std::string_view t) {
  size_t i = 0;
  auto digits = [&] {
    size_t first = i;
    while (i < t.size() && t[i] >= '0' && t[i] <= '9') ++i;
    return i - first;
  };
  if (i < t.size() && (t[i] == '+' || t[i] == '-')) ++i;
  size_t whole = digits(), fraction = 0;
  if (i < t.size() && t[i] == '.') {
    ++i;
    fraction = digits();
  }
  if (whole + fraction == 0) return false;
  if (i < t.size() && (t[i] == 'e' || t[i] == 'E')) {
    ++i;
    if (i < t.size() && (t[i] == '+' || t[i] == '-')) ++i;
    if (digits() == 0) return false;
  }
  return i == t.size();
}

Meaning parse_float(std::string_view text, Node& out) {
  double number = 0;
  if (!looks_like_float(text) || !decimal_to_double(text, number)) return Meaning::kString;
  out.kind = Kind::kDouble;
  out.number = number;
  return Meaning::kFloat;
}

// A float goes through JSON text on its way to Kubernetes, so one that is written as an integer that fits becomes one.
void as_json_number(Node& out) {
  if (std::trunc(out.number) != out.number || std::fabs(out.number) >= 0x1p63) return;
  std::string json;
  append_double(json, out.number);
  int64_t integer = 0;
  const auto [last, problem] = std::from_chars(json.data(), json.data() + json.size(), integer);
  if (problem != std::errc() || last != json.data() + json.size()) return;
  out.kind = Kind::kInt;
  out.integer = integer;
}

std::string without_underscores(std::string_view text) {
  std::string out;
  std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char c) { return c != '_'; });
  return out;
}

// Go's ParseFloat takes an underscore between two digits.
bool underscores_separate_digits(std::string_view text) {
  const auto digit = [text](size_t i) { return i < text.size() && text[i] >= '0' && text[i] <= '9'; };
  for (size_t i = text.find('_'); i != std::string_view::npos; i = text.find('_', i + 1)) {
    if (i == 0 || !digit(i - 1) || !digit(i + 1)) return false;
  }
  return true;
}

Meaning resolve_word(std::string_view text, Node& out) {
  constexpr size_t kWordMax = 5;  // "false"
  if (text.size() > kWordMax) return Meaning::kString;
  if (one_of(text, {"~", "null", "Null", "NULL"})) return Meaning::kNull;
  const bool yes = one_of(text, {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"});
  if (!yes && !one_of(text, {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})) {
    return Meaning::kString;
  }
  out.kind = Kind::kBool;
  out.boolean = yes;
  return Meaning::kBool;
}

// What the first byte of a plain scalar lets it be.
enum class Hint : uint8_t { kString, kWord, kDot, kNumber };

constexpr Hint hint_of(char c) {
  if ((c >= '0' && c <= '9') || c == '+' || c == '-') return Hint::kNumber;
  if (c == '.') return Hint::kDot;
  return std::string_view("yYnNtTfFoO~").find(c) != std::string_view::npos ? Hint::kWord : Hint::kString;
}

struct Hints {
  Hint of[256]{};
  constexpr Hints() {
    for (int c = 0; c < 256; ++c) of[c] = hint_of(static_cast<char>(c));
  }
};
constexpr Hints kHints;

Meaning resolve_plain(std::string_view text, Node& out) {
  if (text.empty()) return Meaning::kNull;
  const Hint hint = kHints.of[static_cast<unsigned char>(text[0])];
  if (hint == Hint::kString) return Meaning::kString;
  if (hint == Hint::kWord) return resolve_word(text, out);
  const std::string_view unsigned_text = text[0] == '+' || text[0] == '-' ? text.substr(1) : text;
  if (one_of(unsigned_text, {".inf", ".Inf", ".INF"})) {
    out.number = text[0] == '-' ? -HUGE_VAL : HUGE_VAL;
    return Meaning::kNotJson;
  }
  if (one_of(text, {".nan", ".NaN", ".NAN"})) {
    out.number = NAN;
    return Meaning::kNotJson;
  }
  const bool underscores = text.find('_') != std::string_view::npos;
  if (hint == Hint::kDot) {
    if (underscores && !underscores_separate_digits(text)) return Meaning::kString;
    return underscores ? parse_float(without_underscores(text), out) : parse_float(text, out);
  }
  std::string without;
  if (underscores) text = without = without_underscores(text);
  const Meaning integer = parse_integer(text, out);
  return integer != Meaning::kString ? integer : parse_float(text, out);
}

// The forms yaml.v2 takes for !!timestamp: a date, and a time after 'T', 't' or a space; the fields' ranges are not
// checked.
bool looks_like_timestamp(std::string_view text) {
  size_t i = 0;
  const auto digits = [&](size_t min, size_t max) {
    size_t count = 0;
    for (; count < max && i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) ++count;
    return count >= min;
  };
  const auto take = [&](std::string_view any) {
    if (i == text.size() || any.find(text[i]) == std::string_view::npos) return false;
    ++i;
    return true;
  };
  if (!digits(4, 4) || !take("-") || !digits(1, 2) || !take("-") || !digits(1, 2)) return false;
  if (i == text.size()) return true;
  const bool zoned = text[i] != ' ';
  if (!take("Tt ") || !digits(1, 2) || !take(":") || !digits(1, 2) || !take(":") || !digits(1, 2)) return false;
  if (take(".") && !digits(1, 9)) return false;
  if (!zoned) return i == text.size();
  if (take("Z")) return i == text.size();
  return take("+-") && digits(2, 2) && take(":") && digits(2, 2) && i == text.size();
}

std::string decode_base64(std::string_view text, base::Arena& arena, Node& out) {
  std::string bytes;
  uint32_t group = 0;
  int have = 0, padding = 0;
  for (char c : text) {
    if (c == '\n' || c == '\r') continue;
    int digit = c >= 'A' && c <= 'Z'   ? c - 'A'
                : c >= 'a' && c <= 'z' ? c - 'a' + 26
                : c >= '0' && c <= '9' ? c - '0' + 52
                : c == '+'             ? 62
                : c == '/'             ? 63
                                       : -1;
    if (c == '=') {
      ++padding;
      digit = 0;
    } else if (padding > 0) {
      digit = -1;
    }
    if (digit < 0) return "a !!binary value must be base64";
    group = group << 6 | static_cast<uint32_t>(digit);
    if (++have == 4) {
      bytes += static_cast<char>(group >> 16);
      if (padding < 2) bytes += static_cast<char>(group >> 8 & 0xFF);
      if (padding < 1) bytes += static_cast<char>(group & 0xFF);
      group = 0;
      have = 0;
    }
  }
  if (have != 0 || padding > 2) return "a !!binary value must be base64";
  // JSON strings are text: bytes that are none become U+FFFD, as in the Go conversion.
  set_string(out, arena.copy(replace_invalid_utf8(bytes)));
  return {};
}

std::string_view own_name(std::string_view tag) {
  return tag.starts_with(kTagPrefix) ? tag.substr(kTagPrefix.size()) : std::string_view();
}

// Resolves by value and tag; `problem` says why they do not fit each other.
Meaning resolve(std::string_view text, std::string_view tag, bool plain, Node& out, std::string& problem) {
  if (tag.empty()) return plain ? resolve_plain(text, out) : Meaning::kString;
  const std::string_view name = own_name(tag);
  if (!one_of(name, {"null", "bool", "int", "float", "timestamp"})) return Meaning::kString;
  const Meaning meaning = resolve_plain(text, out);
  const bool fits =
      (name == "null" && meaning == Meaning::kNull) || (name == "bool" && meaning == Meaning::kBool) ||
      (name == "int" && (meaning == Meaning::kInt || meaning == Meaning::kUint)) ||
      (name == "float" && (meaning == Meaning::kInt || meaning == Meaning::kFloat || meaning == Meaning::kNotJson)) ||
      (name == "timestamp" && meaning == Meaning::kString && looks_like_timestamp(text));
  if (!fits) problem = "the value is no !!" + std::string(name);
  return meaning;
}

}  // namespace

std::string resolve_scalar(std::string_view text, std::string_view tag, bool plain, base::Arena& arena, Node& out) {
  if (own_name(tag) == "binary") return decode_base64(text, arena, out);
  std::string problem;
  switch (resolve(text, tag, plain, out, problem)) {
    case Meaning::kString: set_string(out, text); break;
    case Meaning::kNull: out.kind = Kind::kNull; break;
    case Meaning::kFloat: as_json_number(out); break;
    case Meaning::kNotJson: return "JSON has no infinity and no NaN; quote the value if it is a word";
    default: break;
  }
  return problem;
}

bool is_plain_word(std::string_view text) {
  return !text.empty() && kHints.of[static_cast<unsigned char>(text[0])] == Hint::kString;
}

bool resolve_key(std::string_view text, std::string_view tag, bool plain, std::string& out) {
  Node value;
  base::Arena arena(64);
  if (own_name(tag) == "binary") {
    if (!decode_base64(text, arena, value).empty()) return false;
    out = value.str();
    return true;
  }
  std::string problem;
  switch (resolve(text, tag, plain, value, problem)) {
    case Meaning::kString: out = text; break;
    case Meaning::kBool: out = value.boolean ? "true" : "false"; break;
    case Meaning::kInt:
      // !!float makes a float of it first.
      out = own_name(tag) == "float" ? float_key(static_cast<double>(value.integer)) : std::to_string(value.integer);
      break;
    case Meaning::kFloat:
    case Meaning::kNotJson: out = float_key(value.number); break;
    case Meaning::kNull:
    case Meaning::kUint: return false;  // sigs.k8s.io/yaml: unsupported map key
  }
  return problem.empty();
}

}  // namespace ameia::doc::internal
