#include <algorithm>
#include <cstdio>

#include "doc/internal/write_yaml.h"
#include "doc/internal/yaml_scalar.h"
#include "doc/json.h"
#include "doc/yaml.h"

namespace ameia::doc {
namespace internal {
namespace {

constexpr size_t kSimpleKeyBytesMax =
    128;  // a longer key is written "? key"; readers stop looking for its ':' at 1,024

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Whether the text, written without quotes, is read back as this string. Anything unusual says no.
bool plain_is_safe(std::string_view text, bool in_flow) {
  if (in_flow && text.find_first_of(",:") != std::string_view::npos) return false;
  if (text.empty() || !(is_alnum(text[0]) || text[0] == '/' || text[0] == '_' || text[0] == '.')) return false;
  if (text.back() == ' ' || text.back() == ':' || text.starts_with("...")) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    bool ok = is_alnum(c) || std::string_view("_./-@+=%,").find(c) != std::string_view::npos ||
              (c == ' ' && text[i - 1] != ' ') || (c == ':' && text[i + 1] != ' ');
    if (!ok) return false;
  }
  base::Arena arena(64);
  Node read;
  return internal::resolve_scalar(text, "", true, arena, read).empty() && read.is_string();
}

// A double-quoted scalar; what YAML does not hold printable, or a reader could fold, is escaped.
void append_quoted(std::string& out, std::string_view text) {
  std::string json;
  append_json_string(json, text);
  for (size_t i = 0; i < json.size();) {
    auto c = static_cast<unsigned char>(json[i]);
    size_t n = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;  // append_json_string leaves well-formed UTF-8 only
    uint32_t cp = n == 1 ? c : c & (0xFFu >> (n + 1));
    for (size_t k = 1; k < n; ++k) cp = cp << 6 | (static_cast<unsigned char>(json[i + k]) & 0x3F);
    bool escape = cp == 0x7F || (cp >= 0x80 && cp < 0xA0) || cp == 0x2028 || cp == 0x2029 || cp == 0xFEFF ||
                  cp == 0xFFFE || cp == 0xFFFF;
    if (escape) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", cp);
      out += buffer;
    } else {
      out.append(json, i, n);
    }
    i += n;
  }
}

void append_text(std::string& out, std::string_view text, bool in_flow, Style style) {
  bool printable =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && static_cast<unsigned char>(c) < 0x7F; });
  if (style == Style::kSingleQuoted && printable) {
    out += '\'';
    for (char c : text) out.append(c == '\'' ? 2 : 1, c);
    out += '\'';
  } else if (style != Style::kDoubleQuoted && style != Style::kSingleQuoted && plain_is_safe(text, in_flow)) {
    out += text;
  } else {
    append_quoted(out, text);
  }
}

bool is_block(const Node& node) {
  return (node.is_list() || node.is_map()) && node.size > 0;
}

}  // namespace

void append_yaml_scalar(std::string& out, const Node& node, bool in_flow, Style style) {
  if (node.is_string()) {
    append_text(out, node.str(), in_flow, style);
  } else {
    out += to_json(node);
  }
}

void append_yaml_key(std::string& out, std::string_view key, bool in_flow, Style style) {
  append_text(out, key, in_flow, style);
}

void append_yaml_block(std::string& out, const Node& node, size_t indent, const YamlLayout& layout) {
  bool first = true;
  auto next_line = [&] {
    if (!first) out.append(indent, ' ');
    first = false;
  };
  for (const Node& item : node.list()) {
    next_line();
    out += "- ";
    if (is_block(item)) {
      append_yaml_block(out, item, indent + 2, layout);
    } else {
      append_yaml_scalar(out, item, false, Style::kPlain);
      out += layout.line_end;
    }
  }
  for (const Member& member : node.map()) {
    next_line();
    std::string key;
    append_yaml_key(key, member.key->view(), false, Style::kPlain);
    bool explicit_key = key.size() > kSimpleKeyBytesMax;
    if (explicit_key)
      out.append("? ").append(key).append(layout.line_end).append(indent, ' ').append(":");
    else
      out.append(key).append(":");
    if (!is_block(member.value)) {
      out += ' ';
      append_yaml_scalar(out, member.value, false, Style::kPlain);
      out += layout.line_end;
      continue;
    }
    size_t inner = indent + (member.value.is_list() && !explicit_key ? layout.list_step : layout.step);
    out.append(layout.line_end).append(inner, ' ');
    append_yaml_block(out, member.value, inner, layout);
  }
}

}  // namespace internal

std::string to_yaml(const Node& node) {
  std::string out;
  if (internal::is_block(node)) {
    internal::append_yaml_block(out, node, 0, {});
  } else {
    internal::append_yaml_scalar(out, node, false, Style::kPlain);
    out += '\n';
  }
  return out;
}

}  // namespace ameia::doc
