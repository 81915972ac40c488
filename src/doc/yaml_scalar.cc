#include "doc/yaml_scalar.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "doc/internal/utf8.h"
#include "doc/json.h"

namespace ameia::doc::internal {
namespace {

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

bool one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (std::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

bool all_ascii(std::string_view text) {
  unsigned char seen = 0;
  for (char c : text) seen |= static_cast<unsigned char>(c);
  return seen < 0x80;
}

void set_string(Node& out, std::string_view text) {
  out.kind = Kind::kString;
  out.size = static_cast<uint32_t>(text.size());
  out.chars = text.data();
  out.ascii = all_ascii(text);
}

// Go's ParseInt/ParseUint with base 0, underscores already gone: 0x, 0o, 0b, a leading 0 is octal.
bool parse_integer(std::string_view text, Node& out) {
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  int base = 10;
  if (text.size() > 1 && text[0] == '0') {
    char c = static_cast<char>(text[1] | 0x20);
    base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
    text.remove_prefix(c == 'x' || c == 'b' || c == 'o' ? 2 : 1);
  }
  uint64_t magnitude = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return false;
  constexpr uint64_t kMin = uint64_t{1} << 63;
  if (magnitude < kMin || (negative && magnitude == kMin)) {
    out.kind = Kind::kInt;
    out.integer = negative ? static_cast<int64_t>(~magnitude + 1) : static_cast<int64_t>(magnitude);
    return true;
  }
  if (negative) return false;
  out.kind = Kind::kDouble;  // a uint64 that no int64 holds: JSON's reader makes it a float
  out.number = static_cast<double>(magnitude);
  return true;
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

// A float goes through JSON text on its way to Kubernetes, so a whole number that fits becomes an integer.
bool parse_float(std::string_view text, Node& out) {
  if (!looks_like_float(text)) return false;
  if (text[0] == '+') text.remove_prefix(1);
  double number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc::result_out_of_range) {
    number = std::strtod(std::string(text).c_str(), nullptr);
    if (std::isinf(number)) return false;
  }
  if (number == 0) number = 0;  // Go's JSON text of -0.0 is -0, the integer
  out.kind = Kind::kDouble;
  out.number = number;
  if (std::trunc(number) == number && std::fabs(number) < 1e21) {
    std::string json = to_json(out);
    int64_t integer = 0;
    auto [last, problem] = std::from_chars(json.data(), json.data() + json.size(), integer);
    if (problem == std::errc() && last == json.data() + json.size()) {
      out.kind = Kind::kInt;
      out.integer = integer;
    }
  }
  return true;
}

enum class Meaning { kString, kNull, kBool, kNumber, kMerge, kNotJson };

Meaning resolve_plain(std::string_view text, Node& out) {
  if (text.empty()) return Meaning::kNull;
  char c = text[0];
  bool word = std::string_view("yYnNtTfFoO~").find(c) != std::string_view::npos;
  if (word) {
    if (one_of(text, {"~", "null", "Null", "NULL"})) return Meaning::kNull;
    if (one_of(text, {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"})) {
      out.kind = Kind::kBool;
      out.boolean = true;
      return Meaning::kBool;
    }
    if (one_of(text, {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"})) {
      out.kind = Kind::kBool;
      out.boolean = false;
      return Meaning::kBool;
    }
    return Meaning::kString;
  }
  if (c == '.' || c == '+' || c == '-') {
    std::string_view unsigned_text = c == '.' ? text : text.substr(1);
    if (one_of(unsigned_text, {".inf", ".Inf", ".INF"}) || one_of(text, {".nan", ".NaN", ".NAN"})) return Meaning::kNotJson;
  }
  if (c == '.') return parse_float(text, out) ? Meaning::kNumber : Meaning::kString;
  if (c != '+' && c != '-' && (c < '0' || c > '9')) return Meaning::kString;
  std::string without;
  if (text.find('_') != std::string_view::npos) {
    for (char digit : text) {
      if (digit != '_') without += digit;
    }
    text = without;
  }
  return parse_integer(text, out) || parse_float(text, out) ? Meaning::kNumber : Meaning::kString;
}

std::string decode_base64(std::string_view text, base::Arena& arena, Node& out) {
  std::string bytes;
  uint32_t group = 0;
  int have = 0, padding = 0;
  for (char c : text) {
    if (c == '\n' || c == '\r') continue;
    int digit = c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ? c - 'a' + 26 : c >= '0' && c <= '9' ? c - '0' + 52 : c == '+' ? 62 : c == '/' ? 63 : -1;
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
  std::string text_bytes;  // JSON strings are text: bytes that are none become U+FFFD, as in the Go conversion
  utf8_repair(bytes, text_bytes);
  set_string(out, arena.copy(text_bytes));
  return {};
}

}  // namespace

std::string resolve_scalar(std::string_view text, std::string_view tag, bool plain, base::Arena& arena, Node& out) {
  std::string_view name = tag.starts_with(kTagPrefix) ? tag.substr(kTagPrefix.size()) : std::string_view();
  bool typed = one_of(name, {"null", "bool", "int", "float", "timestamp"});
  if (name == "binary") return decode_base64(text, arena, out);
  if (!typed && (!tag.empty() || !plain)) {  // quoted, !!str, or a tag of somebody's own
    set_string(out, text);
    return {};
  }
  Meaning meaning = resolve_plain(text, out);
  if (meaning == Meaning::kNotJson) return "JSON has no infinity and no NaN; quote the value if it is a word";
  if (typed) {
    bool fits = (name == "null" && meaning == Meaning::kNull) || (name == "bool" && meaning == Meaning::kBool) ||
                (name == "int" && meaning == Meaning::kNumber && out.kind == Kind::kInt) || (name == "float" && meaning == Meaning::kNumber) ||
                (name == "timestamp" && meaning == Meaning::kString);
    if (!fits) return "the value is no !!" + std::string(name);
  }
  if (meaning == Meaning::kString) set_string(out, text);
  if (meaning == Meaning::kNull) out.kind = Kind::kNull;
  return {};
}

bool key_text(const Node& scalar, std::string& out) {
  char buffer[32];
  switch (scalar.kind) {
    case Kind::kString: out.assign(scalar.str()); return true;
    case Kind::kBool: out = scalar.boolean ? "true" : "false"; return true;
    case Kind::kInt: out = std::to_string(scalar.integer); return true;
    case Kind::kDouble: {
      auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, scalar.number);
      out.assign(buffer, end);
      return error == std::errc();
    }
    default: return false;
  }
}

}  // namespace ameia::doc::internal
