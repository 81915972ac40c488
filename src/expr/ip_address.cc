#include "expr/internal/ip_address.h"

#include <algorithm>
#include <cstdio>

#include "expr/internal/lib_util.h"

namespace ameia::expr::internal {
namespace {

std::string addr_error(std::string_view in, std::string_view what, std::string_view at = {}) {
  std::string out = "ParseAddr(" + go_quote(in) + "): " + std::string(what);
  if (!at.empty()) out += " (at " + go_quote(at) + ")";
  return out;
}

std::string parse_v4_fields(std::string_view in, std::string_view s, uint8_t* fields) {
  int value = 0, count = 0, digits = 0;
  for (size_t i = 0; i < s.size(); ++i) {
    if (s[i] >= '0' && s[i] <= '9') {
      if (digits == 1 && value == 0) return addr_error(in, "IPv4 field has octet with leading zero");
      value = value * 10 + (s[i] - '0');
      ++digits;
      if (value > 255) return addr_error(in, "IPv4 field has value >255");
    } else if (s[i] == '.') {
      if (i == 0 || i + 1 == s.size() || s[i - 1] == '.')
        return addr_error(in, "IPv4 field must have at least one digit", s.substr(i));
      if (count == 3) return addr_error(in, "IPv4 address too long");
      fields[count++] = static_cast<uint8_t>(value);
      value = digits = 0;
    } else {
      return addr_error(in, "unexpected character", s.substr(i));
    }
  }
  if (count < 3) return addr_error(in, "IPv4 address too short");
  fields[3] = static_cast<uint8_t>(value);
  return {};
}

int hex_digit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

std::string parse_v6(std::string_view in, IpAddress& out) {
  std::string_view s = in;
  const size_t percent = s.find('%');
  if (percent != std::string_view::npos) {
    out.zone = s.substr(percent + 1);
    s = s.substr(0, percent);
    if (out.zone.empty()) return addr_error(in, "zone must be a non-empty string");
  }
  int ellipsis = -1, i = 0;
  if (s.starts_with("::")) {
    ellipsis = 0;
    s.remove_prefix(2);
    if (s.empty()) return {};
  }
  while (i < 16) {
    size_t off = 0;
    uint32_t value = 0;
    for (; off < s.size() && hex_digit(s[off]) >= 0; ++off) {
      if (off > 3) return addr_error(in, "each group must have 4 or less digits", s);
      value = value << 4 | static_cast<uint32_t>(hex_digit(s[off]));
    }
    if (off == 0) return addr_error(in, "each colon-separated field must have at least one digit", s);
    if (off < s.size() && s[off] == '.') {
      if (ellipsis < 0 && i != 12)
        return addr_error(in, "embedded IPv4 address must replace the final 2 fields of the address", s);
      if (i + 4 > 16) return addr_error(in, "too many hex fields to fit an embedded IPv4 at the end of the address", s);
      if (std::string wrong = parse_v4_fields(in, s, out.bytes.data() + i); !wrong.empty()) return wrong;
      s = {};
      i += 4;
      break;
    }
    out.bytes[static_cast<size_t>(i)] = static_cast<uint8_t>(value >> 8);
    out.bytes[static_cast<size_t>(i) + 1] = static_cast<uint8_t>(value);
    i += 2;
    s.remove_prefix(off);
    if (s.empty()) break;
    if (s[0] != ':') return addr_error(in, "unexpected character, want colon", s);
    if (s.size() == 1) return addr_error(in, "colon must be followed by more characters", s);
    s.remove_prefix(1);
    if (s[0] == ':') {
      if (ellipsis >= 0) return addr_error(in, "multiple :: in address", s);
      ellipsis = i;
      s.remove_prefix(1);
      if (s.empty()) break;
    }
  }
  if (!s.empty()) return addr_error(in, "trailing garbage after address", s);
  if (i < 16) {
    if (ellipsis < 0) return addr_error(in, "address string too short");
    const auto gap = out.bytes.begin() + ellipsis;
    const auto tail = std::copy_backward(gap, out.bytes.begin() + i, out.bytes.end());
    std::fill(gap, tail, uint8_t{0});
  } else if (ellipsis >= 0) {
    return addr_error(in, "the :: must expand to at least one field of zeros");
  }
  return {};
}

}  // namespace

std::string parse_ip(std::string_view text, IpAddress& out) {
  out = {};
  for (const char c : text) {
    if (c == '.') {
      out.is_v4 = true;
      return parse_v4_fields(text, text, out.bytes.data());
    }
    if (c == ':') return parse_v6(text, out);
    if (c == '%') return addr_error(text, "missing IPv6 address");
  }
  return addr_error(text, "unable to parse IP");
}

std::string parse_network(std::string_view text, IpNetwork& out) {
  const auto wrong = [&](const std::string& what) { return "netip.ParsePrefix(" + go_quote(text) + "): " + what; };
  const size_t slash = text.rfind('/');
  if (slash == std::string_view::npos) return wrong("no '/'");
  if (std::string why = parse_ip(text.substr(0, slash), out.address); !why.empty()) return wrong(why);
  if (!out.address.zone.empty()) return wrong("IPv6 zones cannot be present in a prefix");
  const std::string_view bits = text.substr(slash + 1);
  const std::string bad = "bad bits after slash: " + go_quote(bits);
  if (bits.size() > 1 && (bits[0] < '1' || bits[0] > '9')) return wrong(bad);
  if (bits.empty() || bits.find_first_not_of("0123456789") != std::string_view::npos) return wrong(bad);
  if (bits.size() > 18) return wrong(bits.size() > 19 ? bad : "prefix length out of range");
  int64_t number = 0;
  for (const char c : bits) number = number * 10 + (c - '0');
  if (number > out.address.bits()) return wrong("prefix length out of range");
  out.prefix = static_cast<int>(number);
  return {};
}

bool IpAddress::is_mapped_v4() const {
  if (is_v4) return false;
  for (size_t i = 0; i < 10; ++i) {
    if (bytes[i] != 0) return false;
  }
  return bytes[10] == 0xff && bytes[11] == 0xff;
}
bool IpAddress::is_unspecified() const {
  return bytes == std::array<uint8_t, 16>{};
}
bool IpAddress::is_loopback() const {
  if (is_v4) return bytes[0] == 127;
  std::array<uint8_t, 16> one{};
  one[15] = 1;
  return bytes == one;
}
bool IpAddress::is_multicast() const {
  return is_v4 ? (bytes[0] & 0xf0) == 0xe0 : bytes[0] == 0xff;
}
bool IpAddress::is_link_local_multicast() const {
  return is_v4 ? bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0 : bytes[0] == 0xff && (bytes[1] & 0x0f) == 0x02;
}
bool IpAddress::is_link_local_unicast() const {
  return is_v4 ? bytes[0] == 169 && bytes[1] == 254 : bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}
bool IpAddress::is_global_unicast() const {
  const bool broadcast = is_v4 && bytes[0] == 255 && bytes[1] == 255 && bytes[2] == 255 && bytes[3] == 255;
  return !broadcast && !is_unspecified() && !is_loopback() && !is_multicast() && !is_link_local_unicast();
}

std::string IpAddress::text() const {
  char number[8];
  std::string out;
  if (is_v4) {
    for (size_t i = 0; i < 4; ++i) {
      std::snprintf(number, sizeof number, i == 0 ? "%d" : ".%d", bytes[i]);
      out += number;
    }
    return out;
  }
  const auto group = [&](size_t i) { return bytes[2 * i] << 8 | bytes[2 * i + 1]; };
  size_t zeros_begin = 8, zeros_end = 8;  // the first longest run of two zero groups or more
  for (size_t i = 0; i < 8; ++i) {
    size_t j = i;
    while (j < 8 && group(j) == 0) ++j;
    if (j - i >= 2 && j - i > zeros_end - zeros_begin) zeros_begin = i, zeros_end = j;
  }
  for (size_t i = 0; i < 8; ++i) {
    if (i == zeros_begin) {
      out += "::";
      i = zeros_end;
      if (i >= 8) break;
    } else if (i > 0) {
      out += ':';
    }
    std::snprintf(number, sizeof number, "%x", static_cast<unsigned>(group(i)));
    out += number;
  }
  return out;
}

IpAddress IpAddress::masked(int kept) const {
  IpAddress out = *this;
  for (int i = 0; i < 16; ++i) {
    const int left = kept - 8 * i;
    const uint8_t mask = left >= 8 ? 0xff : left <= 0 ? 0 : static_cast<uint8_t>(0xff << (8 - left));
    out.bytes[static_cast<size_t>(i)] &= mask;
  }
  return out;
}

bool IpNetwork::contains(const IpAddress& other) const {
  return address.is_v4 == other.is_v4 && address.masked(prefix) == other.masked(prefix);
}
bool IpNetwork::overlaps(const IpNetwork& other) const {
  const int common = std::min(prefix, other.prefix);
  return address.is_v4 == other.address.is_v4 && address.masked(common) == other.address.masked(common);
}
std::string IpNetwork::text() const {
  return address.text() + "/" + std::to_string(prefix);
}

}  // namespace ameia::expr::internal
