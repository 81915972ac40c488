#include "expr/internal/names.h"

#include <algorithm>

namespace ameia::expr::internal {
namespace {

#define LABEL_1123 "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define LABEL_1035 "[a-z]([-a-z0-9]*[a-z0-9])?"
#define QUALIFIED "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
constexpr std::string_view kLabelError =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric "
    "character (e.g. 'my-name',  or '123-abc', regex used for validation is '" LABEL_1123 "')";
constexpr std::string_view kSubdomainError =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an "
    "alphanumeric character (e.g. 'example.com', regex used for validation is '" LABEL_1123 "(\\." LABEL_1123 ")*')";
constexpr std::string_view kLabel1035Error =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an "
    "alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '" LABEL_1035 "')";
constexpr std::string_view kQualifiedError =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
    "(e.g. 'MyName',  or "
    "'my.name',  or '123-abc', regex used for validation is '" QUALIFIED "')";
constexpr std::string_view kLabelValueError =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an "
    "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(" QUALIFIED
    ")?')";
#undef LABEL_1123
#undef LABEL_1035
#undef QUALIFIED
constexpr size_t kLabelMax = 63, kSubdomainMax = 253;

bool lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool digit(char c) {
  return c >= '0' && c <= '9';
}
bool upper(char c) {
  return c >= 'A' && c <= 'Z';
}

bool is_label(std::string_view text) {
  const auto edge = [](char c) { return lower(c) || digit(c); };
  return !text.empty() && edge(text.front()) && edge(text.back()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return edge(c) || c == '-'; });
}
bool is_subdomain(std::string_view text) {
  for (size_t dot = 0; dot != std::string_view::npos;) {
    dot = text.find('.');
    if (!is_label(text.substr(0, dot))) return false;
    if (dot != std::string_view::npos) text.remove_prefix(dot + 1);
  }
  return true;
}
bool is_qualified(std::string_view text) {
  const auto edge = [](char c) { return lower(c) || upper(c) || digit(c); };
  return !text.empty() && edge(text.front()) && edge(text.back()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return edge(c) || c == '-' || c == '_' || c == '.'; });
}

std::string too_long(size_t limit, std::string_view unit) {
  return "must be no more than " + std::to_string(limit) + " " + std::string(unit);
}

// A name that ends in '-' is judged as if a letter stood for its end.
std::string masked(std::string_view text, bool prefix) {
  if (!prefix || text.size() < 2 || !text.ends_with('-')) return std::string(text);
  return std::string(text.substr(0, text.size() - 2)) + "a";
}

}  // namespace

std::vector<std::string> dns1123_label_errors(std::string_view text, bool prefix) {
  const std::string name = masked(text, prefix);
  std::vector<std::string> out;
  if (name.size() > kLabelMax) out.push_back(too_long(kLabelMax, "characters"));
  if (!is_label(name)) out.emplace_back(is_subdomain(name) ? "must not contain dots" : kLabelError);
  return out;
}

std::vector<std::string> dns1123_subdomain_errors(std::string_view text, bool prefix) {
  const std::string name = masked(text, prefix);
  std::vector<std::string> out;
  if (name.size() > kSubdomainMax) out.push_back(too_long(kSubdomainMax, "characters"));
  if (!is_subdomain(name)) out.emplace_back(kSubdomainError);
  return out;
}

std::vector<std::string> dns1035_label_errors(std::string_view text, bool prefix) {
  const std::string name = masked(text, prefix);
  std::vector<std::string> out;
  if (name.size() > kLabelMax) out.push_back(too_long(kLabelMax, "characters"));
  if (!is_label(name) || !lower(name.front())) out.emplace_back(kLabel1035Error);
  return out;
}

std::vector<std::string> qualified_name_errors(std::string_view text) {
  std::vector<std::string> out;
  const size_t slash = text.find('/');
  if (slash != text.rfind('/')) {
    out.push_back("a valid label key " + std::string(kQualifiedError) +
                  " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
    return out;
  }
  std::string_view name = text;
  if (slash != std::string_view::npos) {
    const std::string_view prefix = text.substr(0, slash);
    name = text.substr(slash + 1);
    if (prefix.empty()) {
      out.emplace_back("prefix part must be non-empty");
    } else {
      if (prefix.size() > kSubdomainMax) out.push_back("prefix part " + too_long(kSubdomainMax, "bytes"));
      if (!is_subdomain(prefix)) out.push_back("prefix part " + std::string(kSubdomainError));
    }
  }
  if (name.empty()) out.emplace_back("name part must be non-empty");
  if (name.size() > kLabelMax) out.push_back("name part " + too_long(kLabelMax, "bytes"));
  if (!is_qualified(name)) out.push_back("name part " + std::string(kQualifiedError));
  return out;
}

std::vector<std::string> label_value_errors(std::string_view text) {
  std::vector<std::string> out;
  if (text.size() > kLabelMax) out.push_back(too_long(kLabelMax, "bytes"));
  if (!text.empty() && !is_qualified(text)) out.emplace_back(kLabelValueError);
  return out;
}

}  // namespace ameia::expr::internal
