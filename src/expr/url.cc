#include "expr/internal/url.h"

#include <algorithm>

#include "expr/internal/ip_address.h"
#include "expr/internal/lib_util.h"
#include "expr/limits.h"

namespace ameia::expr::internal {
namespace {

enum class Mode : uint8_t { kPath, kHost, kZone, kUser, kQuery, kFragment };

int hex_digit(char c) {
  return c >= '0' && c <= '9'   ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

// Whether a byte must be written as %XX there (RFC 3986, with Go's leniency in hosts).
bool should_escape(char c, Mode mode) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return false;
  const auto in = [c](std::string_view set) { return set.find(c) != std::string_view::npos; };
  if (in("-_.~")) return false;
  switch (mode) {
    case Mode::kPath: return !in("$&+,/:;=@");
    case Mode::kHost:
    case Mode::kZone: return !in("!$&'()*+,;=:[]<>\"");
    case Mode::kUser: return !in("$&+,;=");
    case Mode::kFragment: return !in("$&+,/:;=?@!()*");
    case Mode::kQuery: break;
  }
  return true;
}

std::string escape(std::string_view text, Mode mode) {
  std::string out;
  for (const char c : text) {
    if (!should_escape(c, mode)) {
      out += c;
    } else if (c == ' ' && mode == Mode::kQuery) {
      out += '+';
    } else {
      out += '%';
      out += "0123456789ABCDEF"[static_cast<unsigned char>(c) >> 4];
      out += "0123456789ABCDEF"[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

std::string unescape(std::string_view text, Mode mode, std::string& out) {
  out.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '%') {
      const bool whole = i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
      const std::string bad = "invalid URL escape " + go_quote(text.substr(i, 3));
      if (!whole) return bad;
      const int high = hex_digit(text[i + 1]);
      const char byte = static_cast<char>(high << 4 | hex_digit(text[i + 2]));
      const bool is_percent = text.substr(i, 3) == "%25";
      if (mode == Mode::kHost && high < 8 && !is_percent) return bad;
      if (mode == Mode::kZone && !is_percent && byte != ' ' && should_escape(byte, Mode::kHost)) return bad;
      out += byte;
      i += 2;
    } else if (c == '+' && mode == Mode::kQuery) {
      out += ' ';
    } else {
      if ((mode == Mode::kHost || mode == Mode::kZone) && static_cast<unsigned char>(c) < 0x80 &&
          should_escape(c, mode)) {
        return "invalid character " + go_quote(text.substr(i, 1)) + " in host name";
      }
      out += c;
    }
  }
  return {};
}

bool optional_port(std::string_view port) {
  return port.empty() || (port[0] == ':' && port.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

std::string bracketed_host(std::string_view host, std::string& out) {
  const size_t close = host.rfind(']');
  if (close == std::string_view::npos) return "missing ']' in host";
  const std::string_view port = host.substr(close + 1);
  if (!optional_port(port)) return "invalid port " + go_quote(port) + " after host";
  const std::string_view name = host.substr(1, close - 1);
  const size_t zone = name.find("%25");
  std::string first, second, colon_port;
  if (std::string why = unescape(port, Mode::kHost, colon_port); !why.empty()) return why;
  if (std::string why = unescape(name.substr(0, zone), Mode::kHost, first); !why.empty()) return why;
  if (zone != std::string_view::npos) {
    if (std::string why = unescape(name.substr(zone), Mode::kZone, second); !why.empty()) return why;
  }
  first += second;
  IpAddress address;
  if (const std::string why = parse_ip(first, address); !why.empty()) return "invalid host: " + why;
  if (address.is_v4) return "invalid IP-literal";
  out = "[" + first + "]" + colon_port;
  return {};
}

std::string parse_host(std::string_view scheme, std::string_view host, std::string& out) {
  const size_t open = host.rfind('[');
  if (open == 0) return bracketed_host(host, out);
  if (open != std::string_view::npos) return "invalid IP-literal";
  size_t colon = host.find(':');
  if (colon != std::string_view::npos) {
    if (scheme != "http" && scheme != "https") colon = host.rfind(':');
    if (!optional_port(host.substr(colon))) return "invalid port " + go_quote(host.substr(colon)) + " after host";
  }
  return unescape(host, Mode::kHost, out);
}

bool valid_userinfo(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("-._:~!$&'()*+,;=%@").find(c) != std::string_view::npos;
  });
}

std::string parse_authority(std::string_view authority, Url& out) {
  const size_t at = authority.rfind('@');
  const std::string_view host = at == std::string_view::npos ? authority : authority.substr(at + 1);
  if (std::string why = parse_host(out.scheme, host, out.host); !why.empty()) return why;
  if (at == std::string_view::npos) return {};
  const std::string_view info = authority.substr(0, at);
  if (!valid_userinfo(info)) return "net/url: invalid userinfo";
  const size_t colon = info.find(':');
  out.has_user = true;
  out.has_password = colon != std::string_view::npos;
  if (std::string why = unescape(info.substr(0, colon), Mode::kUser, out.user); !why.empty()) return why;
  return out.has_password ? unescape(info.substr(colon + 1), Mode::kUser, out.password) : std::string();
}

// Splits "scheme:rest"; no scheme is fine.
std::string parse_scheme(std::string_view text, std::string& scheme, std::string_view& rest) {
  rest = text;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) continue;
    if ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.') {
      if (i == 0) return {};
      continue;
    }
    if (c != ':') return {};
    if (i == 0) return "missing protocol scheme";
    scheme = text.substr(0, i);
    for (char& letter : scheme) letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter + 32) : letter;
    rest = text.substr(i + 1);
    return {};
  }
  return {};
}

std::string parse(std::string_view text, bool request, Url& out) {
  out = {};
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) return "net/url: invalid control character in URL";
  }
  if (text.empty() && request) return "empty url";
  if (text == "*") {
    out.path = "*";
    return {};
  }
  std::string_view rest;
  if (std::string why = parse_scheme(text, out.scheme, rest); !why.empty()) return why;
  const size_t question = rest.find('?');
  if (question != std::string_view::npos) {
    out.force_query = question + 1 == rest.size();
    out.query = rest.substr(question + 1);
    rest = rest.substr(0, question);
  }
  if (!rest.starts_with('/')) {
    if (!out.scheme.empty()) {
      out.opaque = rest;
      return {};
    }
    if (request) return "invalid URI for request";
    if (rest.substr(0, rest.find('/')).find(':') != std::string_view::npos)
      return "first path segment in URL cannot contain colon";
  }
  if ((!out.scheme.empty() || (!request && !rest.starts_with("///"))) && rest.starts_with("//")) {
    std::string_view authority = rest.substr(2);
    const size_t slash = authority.find('/');
    rest = slash == std::string_view::npos ? std::string_view() : authority.substr(slash);
    authority = authority.substr(0, slash);
    if (std::string why = parse_authority(authority, out); !why.empty()) return why;
  } else if (!out.scheme.empty() && rest.starts_with('/')) {
    out.omit_host = true;
  }
  if (std::string why = unescape(rest, Mode::kPath, out.path); !why.empty()) return why;
  if (escape(out.path, Mode::kPath) != rest) out.raw_path = rest;
  return {};
}

bool valid_encoded(std::string_view text, Mode mode) {
  return std::none_of(text.begin(), text.end(), [mode](char c) {
    return std::string_view("!$&'()*+,;=:@[]%").find(c) == std::string_view::npos && should_escape(c, mode);
  });
}

std::string escaped(const std::string& raw, const std::string& plain, Mode mode) {
  std::string decoded;
  if (!raw.empty() && valid_encoded(raw, mode) && unescape(raw, mode, decoded).empty() && decoded == plain) return raw;
  return plain == "*" ? "*" : escape(plain, mode);
}

void split_host_port(std::string_view host, std::string& name, std::string& port) {
  const size_t colon = host.rfind(':');
  if (colon != std::string_view::npos && optional_port(host.substr(colon))) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']') && host.size() >= 2) host = host.substr(1, host.size() - 2);
  name = host;
}

}  // namespace

std::string parse_request_uri(std::string_view text, Url& out) {
  const std::string why = parse(text, true, out);
  return why.empty() ? why : "parse " + go_quote(text) + ": " + why;
}

std::string parse_url(std::string_view text, Url& out) {
  const size_t hash = text.find('#');
  if (const std::string why = parse(text.substr(0, hash), false, out); !why.empty())
    return "parse " + go_quote(text.substr(0, hash)) + ": " + why;
  if (hash == std::string_view::npos || hash + 1 == text.size()) return {};
  const std::string_view fragment = text.substr(hash + 1);
  if (const std::string why = unescape(fragment, Mode::kFragment, out.fragment); !why.empty())
    return "parse " + go_quote(text) + ": " + why;
  if (escape(out.fragment, Mode::kFragment) != fragment) out.raw_fragment = fragment;
  return {};
}

std::string Url::hostname() const {
  std::string name, port;
  split_host_port(host, name, port);
  return name;
}
std::string Url::port() const {
  std::string name, port;
  split_host_port(host, name, port);
  return port;
}
std::string Url::escaped_path() const {
  return escaped(raw_path, path, Mode::kPath);
}

std::vector<std::pair<std::string, std::string>> Url::parameters() const {
  std::vector<std::pair<std::string, std::string>> out;
  if (static_cast<size_t>(std::count(query.begin(), query.end(), '&')) >= kUrlQueryMax) return out;
  for (std::string_view rest = query; !rest.empty();) {
    const size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (pair.empty() || pair.find(';') != std::string_view::npos) continue;
    const size_t equals = pair.find('=');
    std::string key, value;
    if (!unescape(pair.substr(0, equals), Mode::kQuery, key).empty()) continue;
    if (equals != std::string_view::npos && !unescape(pair.substr(equals + 1), Mode::kQuery, value).empty()) continue;
    out.emplace_back(std::move(key), std::move(value));
  }
  return out;
}

std::string Url::text() const {
  std::string out = scheme.empty() ? "" : scheme + ":";
  if (!opaque.empty()) {
    out += opaque;
  } else {
    if ((!scheme.empty() || !host.empty() || has_user) && !(omit_host && host.empty() && !has_user)) {
      if (!host.empty() || !path.empty() || has_user) out += "//";
      if (has_user) out += escape(user, Mode::kUser) + (has_password ? ":" + escape(password, Mode::kUser) : "") + "@";
      out += escape(host, Mode::kHost);
    }
    const std::string written = escaped_path();
    if (!written.empty() && written[0] != '/' && !host.empty()) out += '/';
    if (out.empty() && written.substr(0, written.find('/')).find(':') != std::string::npos) out += "./";
    out += written;
  }
  if (force_query || !query.empty()) out += "?" + query;
  if (!fragment.empty()) out += "#" + escaped(raw_fragment, fragment, Mode::kFragment);
  return out;
}

}  // namespace ameia::expr::internal
