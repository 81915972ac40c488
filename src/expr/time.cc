#include "expr/internal/time.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "expr/host.h"
#include "expr/internal/number.h"

namespace ameia::expr::internal {
namespace {

constexpr int64_t kDay = 86400;

// Days since 1970-01-01 of a proleptic Gregorian date (the era method: 400 years are 146,097 days).
int64_t days_of(int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  int64_t era = (year >= 0 ? year : year - 399) / 400;
  int64_t of_era = year - era * 400;
  int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool leap(int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int days_in(int64_t year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && leap(year) ? 29 : kDays[month - 1];
}

// Exactly `width` digits at `at`.
bool digits(std::string_view text, size_t at, size_t width, int& out) {
  if (at + width > text.size()) return false;
  out = 0;
  for (size_t i = at; i < at + width; ++i) {
    if (text[i] < '0' || text[i] > '9') return false;
    out = out * 10 + (text[i] - '0');
  }
  return true;
}

}  // namespace

int64_t seconds_of(int64_t year, int month, int day) {
  return days_of(year, month, day) * kDay;
}

Civil civil_of(int64_t seconds) {
  int64_t days = seconds / kDay, rest = seconds % kDay;
  if (rest < 0) {
    rest += kDay;
    --days;
  }
  Civil c{};
  c.hour = static_cast<int>(rest / 3600);
  c.minute = static_cast<int>(rest / 60 % 60);
  c.second = static_cast<int>(rest % 60);
  int64_t weekday = (days + 4) % 7;
  c.weekday = static_cast<int>(weekday < 0 ? weekday + 7 : weekday);
  int64_t shifted = days + 719468;
  int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  int64_t of_era = shifted - era * 146097;
  int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int64_t month = (5 * of_year + 2) / 153;
  c.day = static_cast<int>(of_year - (153 * month + 2) / 5 + 1);
  c.month = static_cast<int>(month < 10 ? month + 3 : month - 9);
  c.year = year_of_era + era * 400 + (c.month <= 2 ? 1 : 0);
  c.year_day = static_cast<int>(days - days_of(c.year, 1, 1));
  return c;
}

bool parse_date(std::string_view text, int64_t& seconds) {
  int year = 0, month = 0, day = 0;
  if (text.size() != 10 || !digits(text, 0, 4, year) || text[4] != '-' || !digits(text, 5, 2, month) ||
      text[7] != '-' || !digits(text, 8, 2, day) || month < 1 || month > 12 || day < 1 || day > days_in(year, month)) {
    return false;
  }
  seconds = seconds_of(year, month, day);
  return true;
}

bool parse_rfc3339(std::string_view text, int64_t& seconds, uint32_t& nanos, int16_t& minutes_east) {
  minutes_east = 0;
  int hour = 0, minute = 0, second = 0;
  if (text.size() < 20 || text[10] != 'T' || !parse_date(text.substr(0, 10), seconds) || !digits(text, 11, 2, hour) ||
      text[13] != ':' || !digits(text, 14, 2, minute) || text[16] != ':' || !digits(text, 17, 2, second) || hour > 23 ||
      minute > 59 || second > 59) {
    return false;
  }
  seconds += hour * 3600 + minute * 60 + second;
  size_t at = 19;
  nanos = 0;
  if (text[at] == '.' || text[at] == ',') {
    size_t first = ++at;
    uint32_t scale = 100'000'000;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      nanos += static_cast<uint32_t>(text[at] - '0') * scale;  // digits past the ninth are cut
      scale /= 10;
    }
    if (at == first) return false;
  }
  if (at >= text.size()) return false;
  if (text[at] == 'Z') return at + 1 == text.size();
  int zone_hours = 0, zone_minutes = 0;
  if ((text[at] != '+' && text[at] != '-') || text.size() != at + 6 || !digits(text, at + 1, 2, zone_hours) ||
      text[at + 3] != ':' || !digits(text, at + 4, 2, zone_minutes) || zone_hours > 24 || zone_minutes > 59) {
    return false;
  }
  int east = zone_hours * 60 + zone_minutes;
  if (text[at] == '-') east = -east;
  minutes_east = static_cast<int16_t>(east);
  seconds -= int64_t{east} * 60;
  return true;
}

std::string format_rfc3339(int64_t seconds, uint32_t nanos, int16_t east) {
  Civil c = civil_of(seconds + int64_t{east} * 60);
  char text[64];
  int n = std::snprintf(text, sizeof text, "%04lld-%02d-%02dT%02d:%02d:%02d", static_cast<long long>(c.year), c.month,
                        c.day, c.hour, c.minute, c.second);
  std::string out(text, static_cast<size_t>(n));
  if (nanos != 0) {
    std::snprintf(text, sizeof text, ".%09u", nanos);
    std::string_view fraction(text);
    while (fraction.ends_with('0')) fraction.remove_suffix(1);
    out += fraction;
  }
  if (east == 0) return out + "Z";
  int minutes = east < 0 ? -east : east;
  std::snprintf(text, sizeof text, "%c%02d:%02d", east < 0 ? '-' : '+', minutes / 60, minutes % 60);
  return out + text;
}

bool parse_duration(std::string_view text, int64_t& nanos) {
  bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  nanos = 0;
  if (text == "0") return true;
  if (text.empty()) return false;
  struct Unit {
    std::string_view name;
    uint64_t nanos;
  };
  constexpr Unit kUnits[] = {{"ns", 1},
                             {"us", 1'000},
                             {"\xC2\xB5s", 1'000},  // U+00B5 micro sign
                             {"\xCE\xBCs", 1'000},  // U+03BC Greek mu
                             {"ms", 1'000'000},
                             {"s", 1'000'000'000},
                             {"m", 60'000'000'000},
                             {"h", 3'600'000'000'000}};
  constexpr uint64_t kMax = uint64_t{1} << 63;
  uint64_t total = 0;
  while (!text.empty()) {
    uint64_t whole = 0;
    size_t at = 0;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
      if (whole > kMax / 10) return false;
      whole = whole * 10 + static_cast<uint64_t>(text[at++] - '0');
      if (whole > kMax) return false;
    }
    bool any = at > 0;
    uint64_t fraction = 0;
    double scale = 1;
    if (at < text.size() && text[at] == '.') {
      size_t first = ++at;
      bool full = false;
      while (at < text.size() && text[at] >= '0' && text[at] <= '9') {
        uint64_t digit = static_cast<uint64_t>(text[at++] - '0');
        if (full || fraction > (kMax - 1) / 10) {
          full = true;
          continue;
        }
        fraction = fraction * 10 + digit;
        scale *= 10;
      }
      any = any || at > first;
    }
    if (!any) return false;
    size_t unit_at = at;
    while (at < text.size() && text[at] != '.' && (text[at] < '0' || text[at] > '9')) ++at;
    std::string_view name = text.substr(unit_at, at - unit_at);
    const Unit* unit =
        std::find_if(std::begin(kUnits), std::end(kUnits), [&](const Unit& u) { return u.name == name; });
    if (unit == std::end(kUnits) || whole > kMax / unit->nanos) return false;
    whole *= unit->nanos;
    if (fraction > 0)
      whole += static_cast<uint64_t>(static_cast<double>(fraction) * (static_cast<double>(unit->nanos) / scale));
    if (whole > kMax) return false;
    total += whole;
    if (total > kMax) return false;
    text.remove_prefix(at);
  }
  if (negative) {
    nanos = static_cast<int64_t>(~total + 1);
    return true;
  }
  if (total > kMax - 1) return false;
  nanos = static_cast<int64_t>(total);
  return true;
}

std::string format_duration(int64_t nanos) {
  // As Go prints Duration.Seconds(), a float64.
  const int64_t seconds = nanos / kNanos, rest = nanos % kNanos;
  return go_double_fixed(static_cast<double>(seconds) + static_cast<double>(rest) / 1e9) + "s";
}

}  // namespace ameia::expr::internal

namespace ameia::expr {

std::optional<Instant> parse_instant(std::string_view text) {
  Instant out;
  int16_t east = 0;
  if (!internal::parse_rfc3339(text, out.seconds, out.nanos, east)) return std::nullopt;
  return out;
}

}  // namespace ameia::expr
