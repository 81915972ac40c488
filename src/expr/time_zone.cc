#include <algorithm>
#include <iterator>

#include "expr/internal/time.h"

namespace ameia::expr::internal {
namespace {

struct ZoneRow {
  uint32_t first;  // in kTransitionTimes
  uint32_t count;
  int32_t initial;  // offset before the first transition
  int32_t rule;     // of the years after the last transition, or -1
};
struct ZoneRule {
  int32_t standard, daylight;                 // seconds east
  int8_t start_month, start_week, start_day;  // POSIX Mm.w.d: week 5 is the last
  int32_t start_time;
  int8_t end_month, end_week, end_day;
  int32_t end_time;
};
struct ZoneName {
  std::string_view name;
  uint16_t zone;
};

#include "expr/gen/time_zones.inc"

// The instant, in that wall clock's seconds, when "the w-th weekday d of month m" begins.
int64_t rule_day(int64_t year, int month, int week, int weekday) {
  int64_t first = seconds_of(year, month, 1);
  int64_t day = (weekday - civil_of(first).weekday + 7) % 7 + (week - 1) * 7;
  int64_t next = month == 12 ? seconds_of(year + 1, 1, 1) : seconds_of(year, month + 1, 1);
  while (first + day * 86400 >= next) day -= 7;
  return first + day * 86400;
}

int64_t by_rule(const ZoneRule& rule, int64_t at) {
  int64_t year = civil_of(at + rule.standard).year;
  int64_t start = rule_day(year, rule.start_month, rule.start_week, rule.start_day) + rule.start_time - rule.standard;
  int64_t end = rule_day(year, rule.end_month, rule.end_week, rule.end_day) + rule.end_time - rule.daylight;
  bool daylight = start < end ? at >= start && at < end : at >= start || at < end;
  return daylight ? rule.daylight : rule.standard;
}

}  // namespace

bool zone_offset(std::string_view zone, int64_t at_seconds, int64_t& offset) {
  offset = 0;
  if (zone.empty() || zone == "UTC" || zone == "Local") return true;
  const auto* name = std::lower_bound(std::begin(kNames), std::end(kNames), zone,
                                      [](const ZoneName& row, std::string_view text) { return row.name < text; });
  if (name == std::end(kNames) || name->name != zone) return false;
  const ZoneRow& row = kZones[name->zone];
  const int64_t* first = kTransitionTimes + row.first;
  const int64_t* last = first + row.count;
  const int64_t* after = std::upper_bound(first, last, at_seconds);
  if (after == last && row.rule >= 0) {
    offset = by_rule(kRules[row.rule], at_seconds);
  } else {
    offset = after == first ? row.initial : kTransitionOffsets[after - kTransitionTimes - 1];
  }
  return true;
}

}  // namespace ameia::expr::internal
