// string.format: the clauses %s %d %f %e %b %x %X %o, with a precision for %f and %e.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <expected>
#include <vector>

#include "expr/internal/lib_strings.h"
#include "expr/internal/lib_util.h"
#include "expr/internal/number.h"
#include "expr/internal/ops.h"
#include "expr/internal/static_types.h"
#include "expr/internal/time.h"
#include "expr/limits.h"

namespace ameia::expr::internal {
namespace {

using Text = std::expected<std::string, std::string>;

std::unexpected<std::string> wrong(std::string_view what, const Value& given) {
  return std::unexpected(std::string(what) + ", was given " + std::string(type_name(given)));
}
constexpr std::string_view kStringOnly =
    "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and "
    "timestamps";
constexpr std::string_view kDecimalOnly = "decimal clause can only be used on integers";
constexpr std::string_view kFixedOnly = "fixed-point clause can only be used on doubles";
constexpr std::string_view kScientificOnly = "scientific clause can only be used on doubles";
constexpr std::string_view kBinaryOnly = "only integers and bools can be formatted as binary";
constexpr std::string_view kHexOnly = "only integers, byte buffers, and strings can be formatted as hex";
constexpr std::string_view kOctalOnly = "octal clause can only be used on integers";
std::unexpected<std::string> wrong_string(const Value& given) {
  return wrong(kStringOnly, given);
}

template <typename Int>
std::string digits(Int value, int base) {
  char text[72];
  return {text, std::to_chars(text, text + sizeof text, value, base).ptr};
}

std::string printed(const char* form, uint32_t precision, double value) {
  std::string text(352 + precision, '\0');
  const int size = std::snprintf(text.data(), text.size(), form, static_cast<int>(precision), value);
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return text;
}

// What a number is that is none, in CEL's words.
const char* special(double d) {
  return std::isnan(d) ? "NaN" : std::isinf(d) ? (d > 0 ? "Infinity" : "-Infinity") : nullptr;
}

// ---- version 4

class PlainWriter {
 public:
  Text string(const Value& v) {
    std::string out;
    if (auto done = write(v, out, 0); !done) return std::unexpected(done.error());
    return out;
  }
  Text decimal(const Value& v) {
    if (v.kind != ValueKind::kInt && v.kind != ValueKind::kUint && v.kind != ValueKind::kDouble) {
      return wrong(kDecimalOnly, v);
    }
    return string(v);
  }
  Text fixed(const Value& v, uint32_t precision) { return number(v, precision, "%.*f", kFixedOnly); }
  Text scientific(const Value& v, uint32_t precision) { return number(v, precision, "%.*e", kScientificOnly); }

 private:
  static Text number(const Value& v, uint32_t precision, const char* form, std::string_view what) {
    double d = 0;
    switch (v.kind) {
      case ValueKind::kInt: d = static_cast<double>(v.integer); break;
      case ValueKind::kUint: d = static_cast<double>(v.uinteger); break;
      case ValueKind::kDouble: d = v.number; break;
      default: return wrong(what, v);
    }
    if (const char* name = special(d)) return name;
    return printed(form, precision, d);
  }

  std::expected<void, std::string> write(const Value& v, std::string& out, uint32_t depth) {
    if (depth > kNestingMax) return std::unexpected("value is nested too deeply");
    switch (v.kind) {
      case ValueKind::kBool: out += v.boolean ? "true" : "false"; return {};
      case ValueKind::kInt: out += digits(v.integer, 10); return {};
      case ValueKind::kUint: out += digits(v.uinteger, 10); return {};
      case ValueKind::kDouble: {
        const char* name = special(v.number);
        out += name != nullptr ? name : go_double_fixed(v.number);
        return {};
      }
      case ValueKind::kString:
      case ValueKind::kBytes: out += v.str(); return {};
      case ValueKind::kDuration: out += format_duration(v.integer); return {};
      case ValueKind::kTimestamp: out += format_rfc3339(v.integer, v.size); return {};
      case ValueKind::kNull: out += "null"; return {};
      case ValueKind::kType: out += runtime_name(*v.type); return {};
      case ValueKind::kList:
      case ValueKind::kDocList: return write_list(v, out, depth);
      case ValueKind::kMap:
      case ValueKind::kDocMap: return write_map(v, out, depth);
      default: return wrong_string(v);
    }
  }
  std::expected<void, std::string> write_list(const Value& v, std::string& out, uint32_t depth) {
    out += '[';
    for (uint32_t i = 0, n = list_size(v); i < n; ++i) {
      if (i != 0) out += ", ";
      if (auto done = write(list_at(v, i), out, depth + 1); !done) return done;
    }
    out += ']';
    return {};
  }
  std::expected<void, std::string> write_map(const Value& v, std::string& out, uint32_t depth) {
    std::vector<std::pair<std::string, std::string>> entries(map_size(v));
    for (uint32_t i = 0; i < entries.size(); ++i) {
      const MapEntryValue entry = map_at(v, i);
      if (auto done = write(entry.key, entries[i].first, depth + 1); !done) return done;
      if (auto done = write(entry.value, entries[i].second, depth + 1); !done) return done;
    }
    std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    out += '{';
    for (size_t i = 0; i < entries.size(); ++i) {
      if (i != 0) out += ", ";
      out += entries[i].first + ": " + entries[i].second;
    }
    out += '}';
    return {};
  }
};

// ---- versions 1 to 3

std::string with_commas(std::string text) {
  size_t end = std::min(text.find('.'), text.size());
  const size_t begin = text[0] == '-' ? 1 : 0;
  for (; end > begin + 3; end -= 3) text.insert(end - 3, ",");
  return text;
}

std::string padded(const std::string& text, size_t code_points, uint32_t width) {
  return code_points < width ? std::string(width - code_points, ' ') + text : text;
}

class EnglishWriter {
 public:
  explicit EnglishWriter(CallContext& context) : context_(context) {}

  Text string(const Value& v, uint32_t depth = 0) {
    if (depth > kNestingMax) return std::unexpected("value is nested too deeply");
    switch (v.kind) {
      case ValueKind::kNull: return "null";
      case ValueKind::kType: return std::string(runtime_name(*v.type));
      case ValueKind::kList:
      case ValueKind::kDocList: return list(v, depth);
      case ValueKind::kMap:
      case ValueKind::kDocMap: return map(v, depth);
      case ValueKind::kOptional:
      case ValueKind::kOpaque: return wrong_string(v);
      default: break;
    }
    const Value text = to_string_value(context_, &v, 1);
    if (text.is_error())
      return std::unexpected("could not convert argument " + go_quote(text.error->message) + " to string");
    return std::string(text.str());
  }
  Text decimal(const Value& v) {
    if (v.kind == ValueKind::kInt) return digits(v.integer, 10);
    if (v.kind == ValueKind::kUint) return digits(v.uinteger, 10);
    return wrong(kDecimalOnly, v);
  }
  Text fixed(const Value& v, uint32_t precision) {
    double d = 0;
    if (!number(v, d)) return wrong(kFixedOnly, v);
    if (std::isnan(d)) return "NaN";
    if (std::isinf(d)) return d > 0 ? "∞" : "-∞";
    return with_commas(printed("%.*f", precision, d));
  }
  // cel-go passes the precision as a width here: always six digits.
  Text scientific(const Value& v, uint32_t width) {
    double d = 0;
    if (!number(v, d)) return wrong(kScientificOnly, v);
    if (std::isnan(d)) return padded("NaN", 3, width);
    if (std::isinf(d)) return d > 0 ? padded("∞", 1, width) : padded("-∞", 2, width);
    static constexpr const char* kRaised[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    const std::string plain = printed("%.*e", 6, d);
    const size_t e = plain.find('e');
    std::string out = plain.substr(0, e) + "×10";
    size_t code_points = e + 3;
    for (size_t i = e + 1; i < plain.size(); ++i) {
      if (plain[i] == '+') continue;
      out += plain[i] == '-' ? "⁻" : kRaised[plain[i] - '0'];
      ++code_points;
    }
    return padded(out, code_points, width);
  }

 private:
  static bool number(const Value& v, double& d) {
    if (v.kind == ValueKind::kDouble) {
      d = v.number;
      return true;
    }
    if (v.kind != ValueKind::kString) return false;
    if (v.str() == "NaN")
      d = std::nan("");
    else if (v.str() == "Infinity")
      d = HUGE_VAL;
    else if (v.str() == "-Infinity")
      d = -HUGE_VAL;
    else
      return false;
    return true;
  }

  // An element or a map's value, quoted as CEL would write it.
  Text inner(const Value& v, uint32_t depth) {
    switch (v.kind) {
      case ValueKind::kString: return go_quote(v.str());
      case ValueKind::kBytes: {
        Text text = string(v, depth);
        return text ? Text("b" + go_quote(*text)) : text;
      }
      case ValueKind::kDouble:
        if (std::isnan(v.number)) return "\"NaN\"";
        if (std::isinf(v.number)) return v.number > 0 ? "\"+Inf\"" : "\"-Inf\"";
        return printed("%.*f", 6, v.number);
      case ValueKind::kTimestamp: return "timestamp(" + go_quote(format_rfc3339(v.integer, v.size)) + ")";
      case ValueKind::kDuration: return "duration(" + go_quote(format_duration(v.integer)) + ")";
      case ValueKind::kOptional:
      case ValueKind::kOpaque: return std::unexpected("no formatting function for " + std::string(type_name(v)));
      default: return string(v, depth + 1);
    }
  }
  Text list(const Value& v, uint32_t depth) {
    std::string out = "[";
    for (uint32_t i = 0, n = list_size(v); i < n; ++i) {
      if (i != 0) out += ", ";
      Text text = inner(list_at(v, i), depth);
      if (!text) return text;
      out += *text;
    }
    return out + "]";
  }
  Text map(const Value& v, uint32_t depth) {
    std::vector<std::pair<std::string, std::string>> entries;
    for (uint32_t i = 0, n = map_size(v); i < n; ++i) {
      const MapEntryValue entry = map_at(v, i);
      const ValueKind kind = entry.key.kind;
      if (kind != ValueKind::kString && kind != ValueKind::kBool && kind != ValueKind::kInt &&
          kind != ValueKind::kUint) {
        return std::unexpected("no formatting function for map key of type " + std::string(type_name(entry.key)));
      }
      Text key = inner(entry.key, depth), value = inner(entry.value, depth);
      if (!key) return key;
      if (!value) return value;
      entries.emplace_back(std::move(*key), std::move(*value));
    }
    std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    std::string out = "{";
    for (size_t i = 0; i < entries.size(); ++i)
      out += (i != 0 ? ", " : "") + entries[i].first + ":" + entries[i].second;
    return out + "}";
  }

  CallContext& context_;
};

// ---- what both share

Text in_base(const Value& v, int base, std::string_view what) {
  if (v.kind == ValueKind::kInt) return digits(v.integer, base);
  if (v.kind == ValueKind::kUint) return digits(v.uinteger, base);
  return wrong(what, v);
}

Text binary(const Value& v) {
  if (v.kind == ValueKind::kBool) return v.boolean ? "1" : "0";
  return in_base(v, 2, kBinaryOnly);
}

Text hex(const Value& v, bool upper) {
  std::string out;
  if (v.kind == ValueKind::kString || v.kind == ValueKind::kBytes) {
    for (const char c : v.str()) {
      const auto byte = static_cast<unsigned char>(c);
      out += "0123456789abcdef"[byte >> 4];
      out += "0123456789abcdef"[byte & 15];
    }
  } else {
    Text text = in_base(v, 16, kHexOnly);
    if (!text) return text;
    out = std::move(*text);
  }
  if (upper) {
    for (char& c : out) c = c >= 'a' && c <= 'f' ? static_cast<char>(c - 32) : c;
  }
  return out;
}

template <typename Writer>
Text clause(Writer& writer, char letter, const Value& v, uint32_t precision) {
  switch (letter) {
    case 's': return writer.string(v);
    case 'd': return writer.decimal(v);
    case 'f': return writer.fixed(v, precision);
    case 'e': return writer.scientific(v, precision);
    case 'b': return binary(v);
    case 'x': return hex(v, false);
    case 'X': return hex(v, true);
    default: return in_base(v, 8, kOctalOnly);
  }
}

// ".123": the digits after the point; `at` moves to the clause's letter.
std::expected<uint32_t, std::string> read_precision(std::string_view form, size_t& at) {
  constexpr uint32_t kDefault = 6;
  if (form[at] != '.') return kDefault;
  const size_t begin = ++at;
  while (at < form.size() && form[at] >= '0' && form[at] <= '9') ++at;
  if (at == form.size()) return std::unexpected("could not find end of precision specifier");
  const std::string_view text = form.substr(begin, at - begin);
  if (text.empty())
    return std::unexpected("error while converting precision to integer: strconv.Atoi: parsing \"\": invalid syntax");
  uint32_t precision = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), precision);
  if (error != std::errc() || precision > kFormatPrecisionMax) {
    return std::unexpected("precision " + std::string(text.substr(0, 20)) + " exceeds maximum allowed precision " +
                           std::to_string(kFormatPrecisionMax));
  }
  return precision;
}

}  // namespace

std::expected<std::string, std::string> write_format(std::string_view form, uint32_t given, bool literal,
                                                     FormatClause clause, uint32_t& used) {
  used = 0;
  std::string out;
  for (size_t at = 0; at < form.size();) {
    const size_t percent = std::min(form.find('%', at), form.size());
    out.append(form, at, percent - at);
    at = percent;
    if (at == form.size()) break;
    ++at;
    if (at < form.size() && form[at] == '%') {
      out += '%';
      ++at;
      continue;
    }
    const uint32_t index = used++;
    const bool missing = index >= given;
    if (at == form.size() && (literal || !missing)) return std::unexpected("unexpected end of string");
    if (missing) return std::unexpected("index " + std::to_string(index) + " out of range");
    auto precision = read_precision(form, at);
    if (!precision)
      return std::unexpected("could not parse formatting clause: error while parsing precision: " + precision.error());
    const char letter = form[at++];
    if (std::string_view("sdfebxXo").find(letter) == std::string_view::npos) {
      std::string shown;
      append_utf8(shown, static_cast<unsigned char>(letter));
      return std::unexpected("could not parse formatting clause: unrecognized formatting clause \"" + shown + "\"");
    }
    Text text = clause(letter, *precision, index);
    if (!text) return std::unexpected("error during formatting: " + text.error());
    out += *text;
    if (out.size() > kFormatBytesMax) return std::unexpected("error during formatting: text is too long");
  }
  return out;
}

std::string_view format_complaint(char letter) {
  switch (letter) {
    case 's': return kStringOnly;
    case 'd': return kDecimalOnly;
    case 'f': return kFixedOnly;
    case 'e': return kScientificOnly;
    case 'b': return kBinaryOnly;
    case 'x':
    case 'X': return kHexOnly;
    default: return kOctalOnly;
  }
}

namespace {

template <typename Writer>
Value format(CallContext& context, Writer writer, const Value* args) {
  uint32_t used = 0;
  const auto one = [&](char letter, uint32_t precision, uint32_t index) {
    return clause(writer, letter, list_at(args[1], index), precision);
  };
  const Text text = write_format(args[0].str(), list_size(args[1]), false, one, used);
  return text ? context.string(*text) : context.error(text.error());
}

}  // namespace

Value format_string(CallContext& context, const Value* args, uint32_t) {
  return format(context, EnglishWriter(context), args);
}
Value format_string_v4(CallContext& context, const Value* args, uint32_t) {
  return format(context, PlainWriter(), args);
}

}  // namespace ameia::expr::internal
