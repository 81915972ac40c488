// The standard functions of CEL: operators, size, conversions, string tests, parts of times and durations.
// Ids and costs as in cel-go, whose tables Kubernetes charges by.
#include <re2/re2.h>

#include <charconv>

#include "expr/function.h"
#include "expr/internal/cost.h"
#include "expr/internal/number.h"
#include "expr/internal/ops.h"
#include "expr/internal/time.h"
#include "expr/libraries.h"
#include "expr/regex_cache.h"

namespace ameia::expr {
namespace internal {
namespace {

Value no_overload(CallContext& context) {
  return context.error("no such overload");
}

Value size_of(CallContext& context, const Value* args, uint32_t) {
  switch (args[0].kind) {
    case ValueKind::kString:
    case ValueKind::kBytes:
    case ValueKind::kDocList:
    case ValueKind::kList:
    case ValueKind::kDocMap:
    case ValueKind::kMap: return Value::of_int(static_cast<int64_t>(cost_size(args[0])));
    default: return no_overload(context);
  }
}

bool two_strings(const Value* args) {
  return args[0].kind == ValueKind::kString && args[1].kind == ValueKind::kString;
}

Value contains(CallContext& context, const Value* args, uint32_t) {
  if (!two_strings(args)) return no_overload(context);
  return Value::of(args[0].str().find(args[1].str()) != std::string_view::npos);
}
Value starts_with(CallContext& context, const Value* args, uint32_t) {
  return two_strings(args) ? Value::of(args[0].str().starts_with(args[1].str())) : no_overload(context);
}
Value ends_with(CallContext& context, const Value* args, uint32_t) {
  return two_strings(args) ? Value::of(args[0].str().ends_with(args[1].str())) : no_overload(context);
}

Value matches(CallContext& context, const Value* args, uint32_t) {
  if (!two_strings(args)) return no_overload(context);
  std::string why;
  const re2::RE2* program = context.regexes == nullptr ? nullptr : context.regexes->get(args[1].str(), &why);
  if (program == nullptr) return context.error(why);
  std::string_view text = args[0].str();
  return Value::of(re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *program));
}

// ---- parts of a timestamp (in a time zone) and of a duration

enum class Part : uint8_t {
  kFullYear,
  kMonth,
  kDayOfYear,
  kDayOfMonth,
  kDate,
  kDayOfWeek,
  kHours,
  kMinutes,
  kSeconds,
  kMilliseconds
};

// "+01:00", "-09:30", "02:00": minutes east.
bool numeric_zone(std::string_view zone, int64_t& offset) {
  size_t colon = zone.find(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  auto number = [](std::string_view text, int64_t& out) {
    if (text.starts_with('+')) text.remove_prefix(1);
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size() && out > -100 && out < 100;
  };
  int64_t hours = 0, minutes = 0;
  if (!number(zone.substr(0, colon), hours) || !number(zone.substr(colon + 1), minutes)) return false;
  offset = (zone[0] == '-' ? hours * 60 - minutes : hours * 60 + minutes) * 60;
  return true;
}

Value part_of_duration(CallContext& context, Part part, int64_t nanos) {
  switch (part) {
    case Part::kHours: return Value::of_int(nanos / (kNanos * 3600));
    case Part::kMinutes: return Value::of_int(nanos / (kNanos * 60));
    case Part::kSeconds: return Value::of_int(nanos / kNanos);
    case Part::kMilliseconds: return Value::of_int(nanos / 1'000'000);
    default: return no_overload(context);
  }
}

constexpr size_t kZoneShownMax = 200;  // bytes of a zone's name in an error

Value part_of(CallContext& context, Part part, const Value* args, uint32_t count) {
  if (args[0].kind == ValueKind::kDuration && count == 1) return part_of_duration(context, part, args[0].integer);
  if (args[0].kind != ValueKind::kTimestamp) return no_overload(context);
  int64_t offset = 0;
  if (count == 2) {
    if (args[1].kind != ValueKind::kString) return no_overload(context);
    std::string_view zone = args[1].str();
    bool known = zone.find(':') != std::string_view::npos ? numeric_zone(zone, offset)
                                                          : zone_offset(zone, args[0].integer, offset);
    if (!known) return context.errorf("unknown time zone %s", std::string(zone.substr(0, kZoneShownMax)).c_str());
  }
  Civil civil = civil_of(args[0].integer + offset);
  switch (part) {
    case Part::kFullYear: return Value::of_int(civil.year);
    case Part::kMonth: return Value::of_int(civil.month - 1);
    case Part::kDayOfYear: return Value::of_int(civil.year_day);
    case Part::kDayOfMonth: return Value::of_int(civil.day - 1);
    case Part::kDate: return Value::of_int(civil.day);
    case Part::kDayOfWeek: return Value::of_int(civil.weekday);
    case Part::kHours: return Value::of_int(civil.hour);
    case Part::kMinutes: return Value::of_int(civil.minute);
    case Part::kSeconds: return Value::of_int(civil.second);
    case Part::kMilliseconds: return Value::of_int(args[0].size / 1'000'000);
  }
  return no_overload(context);
}

template <Part part>
Value get_part(CallContext& context, const Value* args, uint32_t count) {
  return part_of(context, part, args, count);
}

constexpr Overload kOverloads[] = {
    {"conditional", "_?_:_(bool, A, A) -> A", op_conditional},
    {"logical_and", "_&&_(bool, bool) -> bool", op_and},
    {"logical_or", "_||_(bool, bool) -> bool", op_or},
    {"logical_not", "!_(bool) -> bool", op_not},
    {"not_strictly_false", "@not_strictly_false(bool) -> bool", op_not_strictly_false},
    {"equals", "_==_(A, A) -> bool", op_equal, cost_of_smaller},
    {"not_equals", "_!=_(A, A) -> bool", op_not_equal, cost_of_smaller},
    {"add_bytes", "_+_(bytes, bytes) -> bytes", op_add, cost_of_both},
    {"add_double", "_+_(double, double) -> double", op_add},
    {"add_duration_duration", "_+_(duration, duration) -> duration", op_add},
    {"add_duration_timestamp", "_+_(duration, timestamp) -> timestamp", op_add},
    {"add_timestamp_duration", "_+_(timestamp, duration) -> timestamp", op_add},
    {"add_int64", "_+_(int, int) -> int", op_add},
    {"add_list", "_+_(list(A), list(A)) -> list(A)", op_add},
    {"add_string", "_+_(string, string) -> string", op_add, cost_of_both},
    {"add_uint64", "_+_(uint, uint) -> uint", op_add},
    {"divide_double", "_/_(double, double) -> double", op_divide},
    {"divide_int64", "_/_(int, int) -> int", op_divide},
    {"divide_uint64", "_/_(uint, uint) -> uint", op_divide},
    {"modulo_int64", "_%_(int, int) -> int", op_modulo},
    {"modulo_uint64", "_%_(uint, uint) -> uint", op_modulo},
    {"multiply_double", "_*_(double, double) -> double", op_multiply},
    {"multiply_int64", "_*_(int, int) -> int", op_multiply},
    {"multiply_uint64", "_*_(uint, uint) -> uint", op_multiply},
    {"negate_double", "-_(double) -> double", op_negate},
    {"negate_int64", "-_(int) -> int", op_negate},
    {"subtract_double", "_-_(double, double) -> double", op_subtract},
    {"subtract_duration_duration", "_-_(duration, duration) -> duration", op_subtract},
    {"subtract_int64", "_-_(int, int) -> int", op_subtract},
    {"subtract_timestamp_duration", "_-_(timestamp, duration) -> timestamp", op_subtract},
    {"subtract_timestamp_timestamp", "_-_(timestamp, timestamp) -> duration", op_subtract},
    {"subtract_uint64", "_-_(uint, uint) -> uint", op_subtract},
    {"less_bool", "_<_(bool, bool) -> bool", op_less},
    {"less_int64", "_<_(int, int) -> bool", op_less},
    {"less_int64_double", "_<_(int, double) -> bool", op_less},
    {"less_int64_uint64", "_<_(int, uint) -> bool", op_less},
    {"less_uint64", "_<_(uint, uint) -> bool", op_less},
    {"less_uint64_double", "_<_(uint, double) -> bool", op_less},
    {"less_uint64_int64", "_<_(uint, int) -> bool", op_less},
    {"less_double", "_<_(double, double) -> bool", op_less},
    {"less_double_int64", "_<_(double, int) -> bool", op_less},
    {"less_double_uint64", "_<_(double, uint) -> bool", op_less},
    {"less_string", "_<_(string, string) -> bool", op_less, cost_of_smaller},
    {"less_bytes", "_<_(bytes, bytes) -> bool", op_less, cost_of_smaller},
    {"less_timestamp", "_<_(timestamp, timestamp) -> bool", op_less},
    {"less_duration", "_<_(duration, duration) -> bool", op_less},
    {"less_equals_bool", "_<=_(bool, bool) -> bool", op_less_equal},
    {"less_equals_int64", "_<=_(int, int) -> bool", op_less_equal},
    {"less_equals_int64_double", "_<=_(int, double) -> bool", op_less_equal},
    {"less_equals_int64_uint64", "_<=_(int, uint) -> bool", op_less_equal},
    {"less_equals_uint64", "_<=_(uint, uint) -> bool", op_less_equal},
    {"less_equals_uint64_double", "_<=_(uint, double) -> bool", op_less_equal},
    {"less_equals_uint64_int64", "_<=_(uint, int) -> bool", op_less_equal},
    {"less_equals_double", "_<=_(double, double) -> bool", op_less_equal},
    {"less_equals_double_int64", "_<=_(double, int) -> bool", op_less_equal},
    {"less_equals_double_uint64", "_<=_(double, uint) -> bool", op_less_equal},
    {"less_equals_string", "_<=_(string, string) -> bool", op_less_equal, cost_of_smaller},
    {"less_equals_bytes", "_<=_(bytes, bytes) -> bool", op_less_equal, cost_of_smaller},
    {"less_equals_timestamp", "_<=_(timestamp, timestamp) -> bool", op_less_equal},
    {"less_equals_duration", "_<=_(duration, duration) -> bool", op_less_equal},
    {"greater_bool", "_>_(bool, bool) -> bool", op_greater},
    {"greater_int64", "_>_(int, int) -> bool", op_greater},
    {"greater_int64_double", "_>_(int, double) -> bool", op_greater},
    {"greater_int64_uint64", "_>_(int, uint) -> bool", op_greater},
    {"greater_uint64", "_>_(uint, uint) -> bool", op_greater},
    {"greater_uint64_double", "_>_(uint, double) -> bool", op_greater},
    {"greater_uint64_int64", "_>_(uint, int) -> bool", op_greater},
    {"greater_double", "_>_(double, double) -> bool", op_greater},
    {"greater_double_int64", "_>_(double, int) -> bool", op_greater},
    {"greater_double_uint64", "_>_(double, uint) -> bool", op_greater},
    {"greater_string", "_>_(string, string) -> bool", op_greater, cost_of_smaller},
    {"greater_bytes", "_>_(bytes, bytes) -> bool", op_greater, cost_of_smaller},
    {"greater_timestamp", "_>_(timestamp, timestamp) -> bool", op_greater},
    {"greater_duration", "_>_(duration, duration) -> bool", op_greater},
    {"greater_equals_bool", "_>=_(bool, bool) -> bool", op_greater_equal},
    {"greater_equals_int64", "_>=_(int, int) -> bool", op_greater_equal},
    {"greater_equals_int64_double", "_>=_(int, double) -> bool", op_greater_equal},
    {"greater_equals_int64_uint64", "_>=_(int, uint) -> bool", op_greater_equal},
    {"greater_equals_uint64", "_>=_(uint, uint) -> bool", op_greater_equal},
    {"greater_equals_uint64_double", "_>=_(uint, double) -> bool", op_greater_equal},
    {"greater_equals_uint64_int64", "_>=_(uint, int) -> bool", op_greater_equal},
    {"greater_equals_double", "_>=_(double, double) -> bool", op_greater_equal},
    {"greater_equals_double_int64", "_>=_(double, int) -> bool", op_greater_equal},
    {"greater_equals_double_uint64", "_>=_(double, uint) -> bool", op_greater_equal},
    {"greater_equals_string", "_>=_(string, string) -> bool", op_greater_equal, cost_of_smaller},
    {"greater_equals_bytes", "_>=_(bytes, bytes) -> bool", op_greater_equal, cost_of_smaller},
    {"greater_equals_timestamp", "_>=_(timestamp, timestamp) -> bool", op_greater_equal},
    {"greater_equals_duration", "_>=_(duration, duration) -> bool", op_greater_equal},
    {"index_list", "_[_](list(A), int) -> A", op_index},
    {"index_map", "_[_](map(A, B), A) -> B", op_index},
    {"in_list", "@in(A, list(A)) -> bool", op_in, cost_in_list},
    {"in_map", "@in(A, map(A, B)) -> bool", op_in},
    {"size_bytes", "size(bytes) -> int", size_of},
    {"bytes_size", "bytes.size() -> int", size_of},
    {"size_list", "size(list(A)) -> int", size_of},
    {"list_size", "list(A).size() -> int", size_of},
    {"size_map", "size(map(A, B)) -> int", size_of},
    {"map_size", "map(A, B).size() -> int", size_of},
    {"size_string", "size(string) -> int", size_of},
    {"string_size", "string.size() -> int", size_of},
    {"type", "type(A) -> type(A)", to_type},
    {"bool_to_bool", "bool(bool) -> bool", to_bool},
    {"string_to_bool", "bool(string) -> bool", to_bool},
    {"bytes_to_bytes", "bytes(bytes) -> bytes", to_bytes},
    {"string_to_bytes", "bytes(string) -> bytes", to_bytes, cost_of_first},
    {"double_to_double", "double(double) -> double", to_double},
    {"int64_to_double", "double(int) -> double", to_double},
    {"string_to_double", "double(string) -> double", to_double},
    {"uint64_to_double", "double(uint) -> double", to_double},
    {"duration_to_duration", "duration(duration) -> duration", to_duration},
    {"int64_to_duration", "duration(int) -> duration", to_duration},
    {"string_to_duration", "duration(string) -> duration", to_duration},
    {"to_dyn", "dyn(A) -> dyn", to_dyn},
    {"int64_to_int64", "int(int) -> int", to_int},
    {"double_to_int64", "int(double) -> int", to_int},
    {"duration_to_int64", "int(duration) -> int", to_int},
    {"string_to_int64", "int(string) -> int", to_int},
    {"timestamp_to_int64", "int(timestamp) -> int", to_int},
    {"uint64_to_int64", "int(uint) -> int", to_int},
    {"string_to_string", "string(string) -> string", to_string_value},
    {"bool_to_string", "string(bool) -> string", to_string_value},
    {"bytes_to_string", "string(bytes) -> string", to_string_value, cost_of_first},
    {"double_to_string", "string(double) -> string", to_string_value},
    {"duration_to_string", "string(duration) -> string", to_string_value},
    {"int64_to_string", "string(int) -> string", to_string_value},
    {"timestamp_to_string", "string(timestamp) -> string", to_string_value},
    {"uint64_to_string", "string(uint) -> string", to_string_value},
    {"timestamp_to_timestamp", "timestamp(timestamp) -> timestamp", to_timestamp},
    {"int64_to_timestamp", "timestamp(int) -> timestamp", to_timestamp},
    {"string_to_timestamp", "timestamp(string) -> timestamp", to_timestamp},
    {"uint64_to_uint64", "uint(uint) -> uint", to_uint},
    {"double_to_uint64", "uint(double) -> uint", to_uint},
    {"int64_to_uint64", "uint(int) -> uint", to_uint},
    {"string_to_uint64", "uint(string) -> uint", to_uint},
    {"contains_string", "string.contains(string) -> bool", contains, cost_contains},
    {"ends_with_string", "string.endsWith(string) -> bool", ends_with, cost_of_second},
    {"starts_with_string", "string.startsWith(string) -> bool", starts_with, cost_of_second},
    {"matches", "matches(string, string) -> bool", matches, cost_matches},
    {"matches_string", "string.matches(string) -> bool", matches, cost_matches},
    {"timestamp_to_year", "timestamp.getFullYear() -> int", get_part<Part::kFullYear>},
    {"timestamp_to_year_with_tz", "timestamp.getFullYear(string) -> int", get_part<Part::kFullYear>},
    {"timestamp_to_month", "timestamp.getMonth() -> int", get_part<Part::kMonth>},
    {"timestamp_to_month_with_tz", "timestamp.getMonth(string) -> int", get_part<Part::kMonth>},
    {"timestamp_to_day_of_year", "timestamp.getDayOfYear() -> int", get_part<Part::kDayOfYear>},
    {"timestamp_to_day_of_year_with_tz", "timestamp.getDayOfYear(string) -> int", get_part<Part::kDayOfYear>},
    {"timestamp_to_day_of_month", "timestamp.getDayOfMonth() -> int", get_part<Part::kDayOfMonth>},
    {"timestamp_to_day_of_month_with_tz", "timestamp.getDayOfMonth(string) -> int", get_part<Part::kDayOfMonth>},
    {"timestamp_to_day_of_month_1_based", "timestamp.getDate() -> int", get_part<Part::kDate>},
    {"timestamp_to_day_of_month_1_based_with_tz", "timestamp.getDate(string) -> int", get_part<Part::kDate>},
    {"timestamp_to_day_of_week", "timestamp.getDayOfWeek() -> int", get_part<Part::kDayOfWeek>},
    {"timestamp_to_day_of_week_with_tz", "timestamp.getDayOfWeek(string) -> int", get_part<Part::kDayOfWeek>},
    {"timestamp_to_hours", "timestamp.getHours() -> int", get_part<Part::kHours>},
    {"timestamp_to_hours_with_tz", "timestamp.getHours(string) -> int", get_part<Part::kHours>},
    {"duration_to_hours", "duration.getHours() -> int", get_part<Part::kHours>},
    {"timestamp_to_minutes", "timestamp.getMinutes() -> int", get_part<Part::kMinutes>},
    {"timestamp_to_minutes_with_tz", "timestamp.getMinutes(string) -> int", get_part<Part::kMinutes>},
    {"duration_to_minutes", "duration.getMinutes() -> int", get_part<Part::kMinutes>},
    {"timestamp_to_seconds", "timestamp.getSeconds() -> int", get_part<Part::kSeconds>},
    {"timestamp_to_seconds_tz", "timestamp.getSeconds(string) -> int", get_part<Part::kSeconds>},
    {"duration_to_seconds", "duration.getSeconds() -> int", get_part<Part::kSeconds>},
    {"timestamp_to_milliseconds", "timestamp.getMilliseconds() -> int", get_part<Part::kMilliseconds>},
    {"timestamp_to_milliseconds_with_tz", "timestamp.getMilliseconds(string) -> int", get_part<Part::kMilliseconds>},
    {"duration_to_milliseconds", "duration.getMilliseconds() -> int", get_part<Part::kMilliseconds>},
};

}  // namespace
}  // namespace internal

Library standard_library(bool cross_type_comparison) {
  if (cross_type_comparison) return {"standard", 0, internal::kOverloads};
  static const std::vector<Overload> kSameTypes = [] {
    std::vector<Overload> kept;
    for (const Overload& overload : internal::kOverloads) {
      bool order = overload.id.starts_with("less_") || overload.id.starts_with("greater_");
      size_t numbers = 0;  // "less_int64_double": two number types in one id
      for (std::string_view name : {"_int64", "_uint64", "_double"}) {
        for (size_t at = overload.id.find(name); at != std::string_view::npos; at = overload.id.find(name, at + 1))
          ++numbers;
      }
      if (!order || numbers < 2) kept.push_back(overload);
    }
    return kept;
  }();
  return {"standard", 0, kSameTypes};
}

}  // namespace ameia::expr
