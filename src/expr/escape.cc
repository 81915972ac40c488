#include "expr/escape.h"

namespace ameia::expr {

bool is_keyword(std::string_view word) {
  static constexpr std::string_view kWords[] = {
      "true", "false",  "null", "in",   "as",      "break",     "const",  "continue", "else", "for",  "function",
      "if",   "import", "let",  "loop", "package", "namespace", "return", "var",      "void", "while"};
  for (std::string_view keyword : kWords) {
    if (word == keyword) return true;
  }
  return false;
}

namespace {

constexpr std::pair<std::string_view, std::string_view> kEscapes[] = {
    {"__", "underscores"}, {".", "dot"}, {"-", "dash"}, {"/", "slash"}};

}  // namespace

std::optional<std::string> escape_field(std::string_view field) {
  if (field.empty() || (field[0] >= '0' && field[0] <= '9')) return std::nullopt;
  if (is_keyword(field)) return "__" + std::string(field) + "__";
  std::string out;
  for (size_t i = 0; i < field.size();) {
    bool escaped = false;
    for (const auto& [text, name] : kEscapes) {
      if (!field.substr(i).starts_with(text)) continue;
      out.append("__").append(name).append("__");
      i += text.size();
      escaped = true;
      break;
    }
    if (escaped) continue;
    const char c = field[i++];
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!plain) return std::nullopt;
    out += c;
  }
  return out;
}

std::optional<std::string> unescape_field(std::string_view identifier) {
  std::string out;
  for (size_t i = 0; i < identifier.size();) {
    // "__name__", where name holds no underscore.
    const bool opens = identifier.substr(i).starts_with("__") && i + 2 < identifier.size() && identifier[i + 2] != '_';
    const size_t close = opens ? identifier.find('_', i + 2) : std::string_view::npos;
    if (close == std::string_view::npos || close + 1 >= identifier.size() || identifier[close + 1] != '_') {
      out += identifier[i++];
      continue;
    }
    const std::string_view name = identifier.substr(i + 2, close - i - 2);
    bool known = false;
    for (const auto& [text, escape] : kEscapes) {
      if (name != escape) continue;
      out += text;
      known = true;
    }
    if (!known) {
      if (!is_keyword(name) || i != 0 || close + 2 != identifier.size()) return std::nullopt;
      out += name;
    }
    i = close + 2;
  }
  return out;
}

}  // namespace ameia::expr
