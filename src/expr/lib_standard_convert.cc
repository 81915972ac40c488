#include <charconv>

#include "expr/internal/number.h"
#include "expr/internal/ops.h"
#include "expr/internal/static_types.h"
#include "expr/internal/time.h"

namespace ameia::expr::internal {
namespace {

Value cannot(CallContext& context, const Value& from, std::string_view to) {
  return context.errorf("type conversion error from '%.*s' to '%.*s'", static_cast<int>(type_name(from).size()),
                        type_name(from).data(), static_cast<int>(to.size()), to.data());
}

template <typename Int>
bool parse_integer(std::string_view text, Int& out) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) return false;
  }
  if (std::is_unsigned_v<Int> && text.starts_with('-')) return false;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return !text.empty() && error == std::errc() && end == text.data() + text.size();
}

// Go's strconv.ParseFloat: decimal and hexadecimal forms, inf, infinity, nan in any case, a leading sign.
bool parse_float(std::string_view text, double& out) {
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text[0] == '-' || text[0] == '+') return false;
  std::chars_format format = std::chars_format::general;
  if (text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == 'x') {
    if (text.find_first_of("pP") == std::string_view::npos) return false;
    format = std::chars_format::hex;
    text.remove_prefix(2);
  }
  if ((text[0] | 0x20) == 'n' && (negative || text.size() != 3)) return false;
  if (text.find('(') != std::string_view::npos) return false;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, format);
  if (end != text.data() + text.size()) return false;
  if (error == std::errc::result_out_of_range) {
    // Too large is an error; too small is zero. The exponent's sign tells them apart unless the digits are absurd.
    size_t e = text.find_first_of(format == std::chars_format::hex ? "pP" : "eE");
    bool small = e != std::string_view::npos && e + 1 < text.size() && text[e + 1] == '-';
    if (e == std::string_view::npos) small = text.starts_with("0.") || text.starts_with(".");
    if (!small) return false;
    out = 0;
  } else if (error != std::errc()) {
    return false;
  }
  if (negative) out = -out;
  return true;
}

}  // namespace

Value to_bool(CallContext& context, const Value* args, uint32_t) {
  const Value& v = args[0];
  if (v.kind == ValueKind::kBool) return v;
  if (v.kind != ValueKind::kString) return context.error("no such overload");
  for (std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"}) {
    if (v.str() == yes) return Value::of(true);
  }
  for (std::string_view no : {"0", "f", "F", "false", "FALSE", "False"}) {
    if (v.str() == no) return Value::of(false);
  }
  return cannot(context, v, "bool");
}

Value to_bytes(CallContext& context, const Value* args, uint32_t) {
  if (args[0].kind == ValueKind::kBytes) return args[0];
  return args[0].kind == ValueKind::kString ? Value::of_bytes(args[0].str()) : context.error("no such overload");
}

Value to_double(CallContext& context, const Value* args, uint32_t) {
  const Value& v = args[0];
  double d = 0;
  switch (v.kind) {
    case ValueKind::kDouble: return v;
    case ValueKind::kInt: return Value::of_double(static_cast<double>(v.integer));
    case ValueKind::kUint: return Value::of_double(static_cast<double>(v.uinteger));
    case ValueKind::kString: return parse_float(v.str(), d) ? Value::of_double(d) : cannot(context, v, "double");
    default: return context.error("no such overload");
  }
}

Value to_duration(CallContext& context, const Value* args, uint32_t) {
  const Value& v = args[0];
  int64_t nanos = 0;
  switch (v.kind) {
    case ValueKind::kDuration: return v;
    case ValueKind::kInt: return Value::of_duration(v.integer);
    case ValueKind::kString:
      return parse_duration(v.str(), nanos) ? Value::of_duration(nanos)
                                            : cannot(context, v, "google.protobuf.Duration");
    default: return context.error("no such overload");
  }
}

Value to_dyn(CallContext&, const Value* args, uint32_t) {
  return args[0];
}

Value to_int(CallContext& context, const Value* args, uint32_t) {
  const Value& v = args[0];
  int64_t i = 0;
  switch (v.kind) {
    case ValueKind::kInt: return v;
    case ValueKind::kUint:
      return v.uinteger > INT64_MAX ? context.error("integer overflow")
                                    : Value::of_int(static_cast<int64_t>(v.uinteger));
    case ValueKind::kDouble:
      if (!(v.number > -9223372036854775808.0 && v.number < 9223372036854775808.0))
        return context.error("integer overflow");
      return Value::of_int(static_cast<int64_t>(v.number));
    case ValueKind::kDuration:
    case ValueKind::kTimestamp: return Value::of_int(v.integer);
    case ValueKind::kString: return parse_integer(v.str(), i) ? Value::of_int(i) : cannot(context, v, "int");
    default: return context.error("no such overload");
  }
}

Value to_uint(CallContext& context, const Value* args, uint32_t) {
  const Value& v = args[0];
  uint64_t u = 0;
  switch (v.kind) {
    case ValueKind::kUint: return v;
    case ValueKind::kInt:
      return v.integer < 0 ? context.error("unsigned integer overflow")
                           : Value::of_uint(static_cast<uint64_t>(v.integer));
    case ValueKind::kDouble:
      if (!(v.number >= 0 && v.number < 18446744073709551616.0)) return context.error("unsigned integer overflow");
      return Value::of_uint(static_cast<uint64_t>(v.number));
    case ValueKind::kString: return parse_integer(v.str(), u) ? Value::of_uint(u) : cannot(context, v, "uint");
    default: return context.error("no such overload");
  }
}

Value to_string_value(CallContext& context, const Value* args, uint32_t) {
  const Value& v = args[0];
  char text[32];
  switch (v.kind) {
    case ValueKind::kString: return v;
    case ValueKind::kBool: return Value::of_string(v.boolean ? "true" : "false", true);
    case ValueKind::kInt: return context.string({text, std::to_chars(text, text + sizeof text, v.integer).ptr});
    case ValueKind::kUint: return context.string({text, std::to_chars(text, text + sizeof text, v.uinteger).ptr});
    case ValueKind::kDouble: return context.string(go_double(v.number));
    case ValueKind::kBytes:
      if (!is_utf8(v.str())) return context.error("invalid UTF-8 in bytes, cannot convert to string");
      return Value::of_string(v.str(), is_ascii(v.str()));
    case ValueKind::kDuration: return context.string(format_duration(v.integer));
    case ValueKind::kTimestamp: return context.string(format_rfc3339(v.integer, v.size, v.east));
    default: return context.error("no such overload");
  }
}

Value to_timestamp(CallContext& context, const Value* args, uint32_t) {
  const Value& v = args[0];
  int64_t seconds = 0;
  uint32_t nanos = 0;
  int16_t east = 0;
  switch (v.kind) {
    case ValueKind::kTimestamp: return v;
    case ValueKind::kInt: seconds = v.integer; break;
    case ValueKind::kString:
      if (!parse_rfc3339(v.str(), seconds, nanos, east)) return cannot(context, v, "google.protobuf.Timestamp");
      break;
    default: return context.error("no such overload");
  }
  if (seconds < kSecondsMin || seconds > kSecondsMax) return context.error("timestamp overflow");
  return Value::of_timestamp(seconds, nanos, east);
}

Value to_type(CallContext& context, const Value* args, uint32_t) {
  if (args[0].kind != ValueKind::kOpaque) return Value::of_type(type_of(args[0]));
  return Value::of_type(context.arena.make<Type>(Type{TypeKind::kOpaque, args[0].opaque->type_name(), {}, 0}));
}

}  // namespace ameia::expr::internal
