// Time as CEL has it: RFC 3339 timestamps, Go durations, civil fields in a named or numeric time zone.
// Neighbours: lib_standard_time.cc, schema.cc, gen/time_zones.inc (the IANA zones, compiled in: engines read no files).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ameia::expr::internal {

inline constexpr int64_t kSecondsMin = -62135596800;  // 0001-01-01T00:00:00Z
inline constexpr int64_t kSecondsMax = 253402300799;  // 9999-12-31T23:59:59Z
inline constexpr int64_t kNanos = 1'000'000'000;

struct Civil {
  int64_t year;
  int month, day;  // from 1
  int hour, minute, second;
  int weekday;   // Sunday is 0
  int year_day;  // from 0
};
Civil civil_of(int64_t seconds);
int64_t seconds_of(int64_t year, int month, int day);  // of that midnight UTC

// `east`: minutes east of UTC that the text names.
bool parse_rfc3339(std::string_view text, int64_t& seconds, uint32_t& nanos, int16_t& east);
std::string format_rfc3339(int64_t seconds, uint32_t nanos, int16_t east = 0);  // shortest fraction, "Z" or "+01:00"
bool parse_date(std::string_view text, int64_t& seconds);                       // "2006-01-02"

// Go's time.ParseDuration: "1h30m", "-1.5s", "100ms".
bool parse_duration(std::string_view text, int64_t& nanos);
std::string format_duration(int64_t nanos);  // "90.5s"

// Seconds east of UTC at that instant, for "America/Sao_Paulo", "UTC", "Local" (UTC here) or "" (UTC).
bool zone_offset(std::string_view zone, int64_t at_seconds, int64_t& offset);

}  // namespace ameia::expr::internal
