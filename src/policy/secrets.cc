#include "policy/secrets.h"

#include <algorithm>
#include <array>

namespace ameia::policy {
namespace {

// Lower case, without the separators that styles of naming differ in.
std::string folded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    if (c == '_' || c == '-' || c == '.' || c == ' ') continue;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return out;
}

constexpr std::array<std::string_view, 19> kNames = {
    "password",   "passwd",     "passphrase",       "pwd",     "secret",   "token",     "apikey",
    "accesskey",  "privatekey", "credential",       "authkey", "cryptkey", "masterkey", "signingkey",
    "encryptkey", "connstring", "connectionstring", "bearer",  "saslkey"};

// Prefixes of tokens as their issuers print them.
constexpr std::array<std::string_view, 13> kTokens = {"AKIA",        "ASIA",     "ghp_",  "gho_",  "ghs_",
                                                      "github_pat_", "glpat-",   "xoxb-", "xoxp-", "sk_live_",
                                                      "rk_live_",    "eyJhbGci", "AIza"};

// scheme://user:password@host
bool has_url_password(std::string_view text) {
  size_t scheme = text.find("://");
  if (scheme == std::string_view::npos) return false;
  std::string_view rest = text.substr(scheme + 3);
  rest = rest.substr(0, rest.find_first_of("/? \t\n"));
  size_t at = rest.find('@');
  size_t colon = rest.find(':');
  return at != std::string_view::npos && colon != std::string_view::npos && colon < at && colon + 1 < at;
}

}  // namespace

bool is_secret_name(std::string_view name) {
  std::string text = folded(name);
  return std::any_of(kNames.begin(), kNames.end(),
                     [&](std::string_view word) { return text.find(word) != std::string::npos; });
}

bool is_secret_text(std::string_view text) {
  if (text.find("-----BEGIN") != std::string_view::npos || has_url_password(text)) return true;
  if (std::any_of(kTokens.begin(), kTokens.end(),
                  [&](std::string_view token) { return text.find(token) != std::string_view::npos; }))
    return true;
  // name=value or name: value, inside an argument, a script or a configuration file
  for (size_t i = text.find_first_of("=:"); i != std::string_view::npos; i = text.find_first_of("=:", i + 1)) {
    size_t begin = text.find_last_of(" \t\n,;&?\"'", i == 0 ? 0 : i - 1);
    std::string_view name =
        text.substr(begin == std::string_view::npos ? 0 : begin, i - (begin == std::string_view::npos ? 0 : begin));
    if (i + 1 < text.size() && name.size() < 100 && is_secret_name(name)) return true;
  }
  return false;
}

}  // namespace ameia::policy
