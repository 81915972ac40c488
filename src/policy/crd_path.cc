#include "policy/crd_path.h"

#include <optional>

namespace ameia::policy {
namespace {

using doc::Node;

std::unexpected<base::Error> invalid(std::string what) {
  return base::fail(base::Code::kInvalidInput, std::move(what));
}

// Cuts a path into '.', '[', ']', quoted strings and the words between them.
class Tokens {
 public:
  explicit Tokens(std::string_view text) : rest_(text) {}

  std::optional<std::string_view> next() {
    if (rest_.empty()) return std::nullopt;
    if (rest_[0] == '\'') {
      for (size_t i = 1; i < rest_.size(); ++i) {
        if (rest_[i] == '\'' && rest_[i - 1] != '\\') return take(i + 1);
      }
      return take(rest_.size());
    }
    const size_t end = rest_.find_first_of(".[]");
    if (end == 0) return take(1);
    return take(end == std::string_view::npos ? rest_.size() : end);
  }

 private:
  std::string_view take(size_t size) {
    std::string_view token = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return token;
  }
  std::string_view rest_;
};

base::Result<std::string> unescape(std::string_view text) {
  constexpr std::string_view kLetters = "abfnrtv'\\", kMeant = "\a\b\f\n\r\t\v'\\";
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    const size_t letter = kLetters.find(text[++i]);
    if (letter == std::string_view::npos)
      return invalid("invalid string literal: invalid escape char \\" + std::string(1, text[i]));
    out += kMeant[letter];
  }
  return out;
}

}  // namespace

base::Result<std::vector<PathStep>> parse_field_path(std::string_view path, const Node& schema) {
  std::vector<PathStep> out;
  const Node* at = &schema;
  auto step = [&](std::string name) -> base::Status {
    const Node &properties = (*at)["properties"], &additional = (*at)["additionalProperties"];
    const Node* next = properties.is_map()   ? properties.find(std::string_view(name))
                       : additional.is_map() ? &additional
                                             : nullptr;
    if (next == nullptr) return invalid("does not refer to a valid field");
    out.push_back({std::move(name), !properties.is_map()});
    at = next;
    return {};
  };
  constexpr const char* kEnd = "unexpected end of JSON path";
  Tokens tokens(path);
  while (std::optional<std::string_view> token = tokens.next()) {
    if (*token != "." && *token != "[") return invalid("expected [ or . but got: " + std::string(*token));
    std::optional<std::string_view> name = tokens.next();
    if (!name) return invalid(kEnd);
    if (*token == ".") {
      TRY_STATUS(step(std::string(*name)));
      continue;
    }
    if (name->size() < 2 || name->front() != '\'' || name->back() != '\'')
      return invalid("expected single quoted string but got " + std::string(*name));
    TRY_STATUS(step(TRY(unescape(name->substr(1, name->size() - 2)))));
    std::optional<std::string_view> end = tokens.next();
    if (!end) return invalid(kEnd);
    if (*end != "]") return invalid("expected ] but got " + std::string(*end));
  }
  return out;
}

std::string to_string(const std::vector<PathStep>& path) {
  std::string out;
  for (const PathStep& step : path) {
    if (step.is_key)
      out += '[' + step.name + ']';
    else
      out += (out.empty() ? "" : ".") + step.name;
  }
  return out;
}

}  // namespace ameia::policy
