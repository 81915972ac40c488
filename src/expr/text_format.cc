#include "expr/text_format.h"

#include <re2/re2.h>

#include <algorithm>
#include <string>

#include "expr/internal/ip_address.h"
#include "expr/internal/lib_util.h"
#include "expr/internal/names.h"
#include "expr/internal/time.h"
#include "expr/internal/url.h"

namespace ameia::expr {
namespace {

bool digit(char c) {
  return c >= '0' && c <= '9';
}
bool digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), digit);
}
bool hexadecimal(char c) {
  return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// A program for a pattern that is written here.
bool matches(const re2::RE2& pattern, std::string_view text) {
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), pattern);
}

// hh:mm:ss, an optional fraction after any character, then z or an offset; the hour below 24, the rest below 60.
bool is_time(std::string_view text) {
  if (text.size() < 9 || text[2] != ':' || text[5] != ':') return false;
  const std::string_view hour = text.substr(0, 2), minute = text.substr(3, 2), second = text.substr(6, 2);
  if (!digits(hour) || !digits(minute) || !digits(second)) return false;
  std::string_view rest = text.substr(8);
  const auto is_zone = [](std::string_view zone) {
    return zone == "z" || (zone.size() == 6 && (zone[0] == '+' || zone[0] == '-') && digits(zone.substr(1, 2)) &&
                           zone[3] == ':' && digits(zone.substr(4)));
  };
  bool valid = is_zone(rest);
  if (!valid) {
    size_t at = internal::code_point_bytes(rest, 0);
    const size_t first = at;
    if (rest[0] == '\n') return false;
    while (at < rest.size() && digit(rest[at])) ++at;
    valid = at > first && is_zone(rest.substr(at));
  }
  return valid && hour <= "23" && minute <= "59" && second <= "59";
}

bool is_uri(std::string_view text) {
  internal::Url url;
  return internal::parse_request_uri(text, url).empty();
}

// Go's net.ParseIP: no zone.
bool is_ip(std::string_view text) {
  internal::IpAddress address;
  return internal::parse_ip(text, address).empty() && address.zone.empty();
}
bool is_ipv4(std::string_view text) {
  return is_ip(text) && text.find('.') != std::string_view::npos;
}
bool is_ipv6(std::string_view text) {
  return is_ip(text) && text.find(':') != std::string_view::npos;
}
bool is_cidr(std::string_view text) {
  internal::IpNetwork network;
  return internal::parse_network(text, network).empty();
}

// 6, 8 or 20 bytes: pairs of digits after : or -, or fours after a dot.
bool is_mac(std::string_view text) {
  const char separator = text.size() > 4 ? (text[2] == ':' || text[2] == '-' ? text[2] : text[4]) : '\0';
  if (separator != ':' && separator != '-' && separator != '.') return false;
  const size_t group = separator == '.' ? 4 : 2;
  size_t bytes = 0;
  for (size_t at = 0; at < text.size(); at += group + 1) {
    if (at + group > text.size()) return false;
    for (size_t i = at; i < at + group; ++i) {
      if (!hexadecimal(text[i])) return false;
    }
    if (at + group < text.size() && (text[at + group] != separator || at + group + 1 == text.size())) return false;
    bytes += group / 2;
  }
  return bytes == 6 || bytes == 8 || bytes == 20;
}

bool is_uuid_version(std::string_view text, char version, bool rfc_variant) {
  if (!is_uuid(text)) return false;
  std::string bare;
  std::copy_if(text.begin(), text.end(), std::back_inserter(bare), [](char c) { return c != '-'; });
  constexpr size_t kDigits = 32;
  return bare.size() == kDigits && bare[12] == version &&
         (!rfc_variant || std::string_view("89abAB").find(bare[16]) != std::string_view::npos);
}
bool is_uuid3(std::string_view text) {
  return is_uuid_version(text, '3', false);
}
bool is_uuid4(std::string_view text) {
  return is_uuid_version(text, '4', true);
}
bool is_uuid5(std::string_view text) {
  return is_uuid_version(text, '5', true);
}

// The digits of an ISBN, white space and dashes left out.
std::string isbn_digits(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '-' && c != ' ' && c != '\t' && c != '\n' && c != '\f' && c != '\r') out += c;
  }
  return out;
}
bool is_isbn10(std::string_view text) {
  const std::string isbn = isbn_digits(text);
  if (isbn.size() != 10 || !digits(std::string_view(isbn).substr(0, 9)) || !(digit(isbn[9]) || isbn[9] == 'X'))
    return false;
  int sum = 0;
  for (int i = 0; i < 10; ++i)
    sum += (i + 1) * (isbn[static_cast<size_t>(i)] == 'X' ? 10 : isbn[static_cast<size_t>(i)] - '0');
  return sum % 11 == 0;
}
bool is_isbn13(std::string_view text) {
  const std::string isbn = isbn_digits(text);
  if (isbn.size() != 13 || !digits(isbn)) return false;
  int sum = 0;
  for (size_t i = 0; i < 13; ++i) sum += (i % 2 == 0 ? 1 : 3) * (isbn[i] - '0');
  return sum % 10 == 0;
}
bool is_isbn(std::string_view text) {
  return is_isbn10(text) || is_isbn13(text);
}

bool is_ssn(std::string_view text) {
  static const re2::RE2 kPattern(R"([0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4})");
  return text.size() == 11 && matches(kPattern, text);
}
bool is_hex_color(std::string_view text) {
  static const re2::RE2 kPattern("#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})");
  return matches(kPattern, text);
}
bool is_rgb_color(std::string_view text) {
  static const re2::RE2 kPattern([] {
    const std::string part = R"(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*)";
    return R"(rgb\()" + part + "," + part + "," + part + R"(\))";
  }());
  return matches(kPattern, text);
}
bool is_object_id(std::string_view text) {
  return text.size() == 24 && std::all_of(text.begin(), text.end(), hexadecimal);
}
bool is_password(std::string_view) {
  return true;
}

// One letter, digit or symbol, of any script.
bool is_host_letter(std::string_view letter) {
  static const re2::RE2 kPattern(R"([a-zA-Z0-9\p{S}\p{L}])");
  return matches(kPattern, letter);
}

// Whether a label of a host name is one. The last of several takes no two dashes in a row and has two letters at least;
// one that is alone takes a dash behind its first letter only.
enum class HostLabel : uint8_t { kAlone, kInner, kLast };
bool is_host_label(std::string_view label, HostLabel which) {
  constexpr size_t kLettersMax = 63;
  size_t count = 0, letters = 0;
  bool was_dash = true;  // a dash may not be the first
  for (size_t at = 0; at < label.size(); ++count) {
    const std::string_view one = label.substr(at, internal::code_point_bytes(label, at));
    at += one.size();
    const bool is_dash = one == "-";
    if (is_dash ? count == 0 : !is_host_letter(one)) return false;
    if (is_dash && which == HostLabel::kAlone && count != 1) return false;
    if (is_dash && which == HostLabel::kLast && was_dash) return false;
    letters += is_dash ? 0 : 1;
    was_dash = is_dash;
  }
  if (which == HostLabel::kAlone) return letters >= 1 && letters <= kLettersMax;
  if (was_dash) return false;
  return which == HostLabel::kInner ? count <= kLettersMax : letters >= 2 && letters <= kLettersMax;
}

bool is_hostname(std::string_view text) {
  constexpr size_t kHostBytesMax = 255, kLabelBytesMax = 63;
  if (text.empty() || text.size() > kHostBytesMax) return false;
  const bool is_alone = text.find('.') == std::string_view::npos;
  while (true) {
    const std::string_view label = text.substr(0, text.find('.'));
    const bool is_last = label.size() == text.size();
    const HostLabel which = is_alone ? HostLabel::kAlone : is_last ? HostLabel::kLast : HostLabel::kInner;
    if (label.size() > kLabelBytesMax || !is_host_label(label, which)) return false;
    if (is_last) return true;
    text.remove_prefix(label.size() + 1);
  }
}

// Go's time.ParseDuration, or numbers with units of Scala: "2 days", "1h 30 min".
bool is_duration(std::string_view text) {
  int64_t nanos = 0;
  if (internal::parse_duration(text, nanos)) return true;
  static const re2::RE2 kWhole(R"(\s*(?:\d+\s*[A-Za-zµ]+\s*)+)"), kPart(R"((\d+)\s*([A-Za-zµ]+))");
  static const re2::RE2 kUnit("(?i)ns|nano.*|us|µs|micro.*|ms|milli.*|s|sec.*|m|min.*|h|hr|hour.*|d|day.*|w|wk|week.*");
  if (!matches(kWhole, text)) return false;
  re2::StringPiece rest(text.data(), text.size());
  std::string number, unit;
  bool any = false;
  while (re2::RE2::FindAndConsume(&rest, kPart, &number, &unit)) {
    constexpr size_t kDigitsMax = 18;  // that fit any int
    if (number.size() > kDigitsMax) return false;
    any = any || matches(kUnit, unit);
  }
  return any;
}

// An addr-spec of RFC 5322, alone or in <> after a name. Comments are not judged.
std::optional<bool> is_email(std::string_view text) {
  if (text.find_first_of("(\\") != std::string_view::npos) return std::nullopt;
  static const re2::RE2 kPattern([] {
    const std::string atom = R"([A-Za-z0-9!#$%&'*+/=?^_`{|}~\x{80}-\x{10FFFF}-]+)";
    const std::string quoted = R"("[^"\x00-\x1f]*")";
    const std::string local = "(?:" + atom + R"((?:\.)" + atom + ")*|" + quoted + ")";
    const std::string address = local + "@(?:" + atom + R"((?:\.)" + atom + R"()*|\[[^\[\]\s]+\]))";
    const std::string name = "(?:(?:" + atom + "|" + quoted + R"()(?:[ \t]+(?:)" + atom + "|" + quoted + "))*)";
    return R"([ \t]*(?:)" + address + "|" + name + R"(?[ \t]*<[ \t]*)" + address + R"([ \t]*>)[ \t]*)";
  }());
  return matches(kPattern, text);
}

bool is_short_name(std::string_view text) {
  return internal::dns1123_label_errors(text).empty();
}
bool is_long_name(std::string_view text) {
  return internal::dns1123_subdomain_errors(text).empty();
}

struct TextFormat {
  std::string_view name;
  bool (*holds)(std::string_view);
};
constexpr TextFormat kFormats[] = {{"bsonobjectid", is_object_id},
                                   {"uri", is_uri},
                                   {"hostname", is_hostname},
                                   {"ipv4", is_ipv4},
                                   {"ipv6", is_ipv6},
                                   {"cidr", is_cidr},
                                   {"mac", is_mac},
                                   {"uuid", is_uuid},
                                   {"uuid3", is_uuid3},
                                   {"uuid4", is_uuid4},
                                   {"uuid5", is_uuid5},
                                   {"isbn", is_isbn},
                                   {"isbn10", is_isbn10},
                                   {"isbn13", is_isbn13},
                                   {"ssn", is_ssn},
                                   {"hexcolor", is_hex_color},
                                   {"rgbcolor", is_rgb_color},
                                   {"byte", is_base64},
                                   {"password", is_password},
                                   {"date", is_date},
                                   {"duration", is_duration},
                                   {"datetime", is_date_time},
                                   {"k8sshortname", is_short_name},
                                   {"k8slongname", is_long_name}};

}  // namespace

bool is_uuid(std::string_view text) {
  size_t at = 0;
  bool valid = true;
  for (const size_t group : {8, 4, 4, 4, 12}) {
    if (group != 8 && at < text.size() && text[at] == '-') ++at;
    for (size_t i = 0; i < group; ++i, ++at) valid = valid && at < text.size() && hexadecimal(text[at]);
  }
  return valid && at == text.size();
}

bool is_base64(std::string_view text) {
  const size_t letters = text.find_last_not_of('=') + 1;
  return !text.empty() && letters != 0 && text.size() % 4 == 0 && text.size() - letters <= 2 &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(letters), [](char c) {
           return digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '/';
         });
}

bool is_date(std::string_view text) {
  int64_t seconds = 0;
  return internal::parse_date(text, seconds);
}

bool is_date_time(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  const size_t t = lower.find('t');
  if (lower.size() < 4 || t == std::string::npos || !is_date(std::string_view(lower).substr(0, t))) return false;
  const std::string_view rest = std::string_view(lower).substr(t + 1);
  return is_time(rest.substr(0, rest.find('t')));
}

std::optional<bool> has_format(std::string_view format, std::string_view text) {
  std::string name;
  std::copy_if(format.begin(), format.end(), std::back_inserter(name), [](char c) { return c != '-'; });
  if (name == "email") return is_email(text);
  const auto* found = std::ranges::find(kFormats, name, &TextFormat::name);
  if (found == std::end(kFormats)) return std::nullopt;
  return found->holds(text);
}

}  // namespace ameia::expr
