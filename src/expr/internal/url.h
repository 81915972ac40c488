// URLs as Go's net/url parses and writes them. Neighbours: lib_url.cc (the url library), lib_format.cc (format.uri()).
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ameia::expr::internal {

struct Url {
  std::string scheme, opaque, user, password, host, path, raw_path, query, fragment, raw_fragment;
  bool has_user = false, has_password = false, force_query = false, omit_host = false;

  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string hostname() const;
  [[nodiscard]] std::string port() const;
  [[nodiscard]] std::string escaped_path() const;
  // Decoded parameters in order; what cannot be decoded is left out. Limits: kUrlQueryMax parameters.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> parameters() const;
};

// "" and `out`, or what is wrong in Go's words: parse "x": invalid URI for request.
std::string parse_request_uri(std::string_view text, Url& out);  // absolute or a path; no fragment
std::string parse_url(std::string_view text, Url& out);

}  // namespace ameia::expr::internal
