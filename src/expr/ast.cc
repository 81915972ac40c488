#include "expr/ast.h"

#include <algorithm>

#include "expr/internal/builder.h"

namespace ameia::expr {

namespace {

size_t code_point_bytes(std::string_view text) {
  size_t n = 1;
  while (n < text.size() && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) ++n;
  return n;
}

// Wide dots and a wide caret stand under characters of more than one byte, as cel-go prints them.
void add_caret_line(std::string_view line, size_t column_bytes, std::string& out) {
  size_t at = 0;
  while (at < column_bytes && at < line.size()) {
    const size_t n = code_point_bytes(line.substr(at));
    out += n > 1 ? "．" : ".";
    at += n;
  }
  out += at < line.size() && code_point_bytes(line.substr(at)) > 1 ? "＾" : "^";
}

}  // namespace

std::string format_issues(std::string_view source, const std::vector<Issue>& issues, std::string_view name) {
  std::vector<const Issue*> sorted;
  for (const Issue& issue : issues) sorted.push_back(&issue);
  // An issue without a place comes first.
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Issue* a, const Issue* b) { return a->offset + 1 < b->offset + 1; });

  std::string out;
  size_t line_begin = 0;
  size_t line_number = 1;
  for (const Issue* issue : sorted) {
    if (!out.empty()) out += '\n';
    out += "ERROR: ";
    out += name;
    if (issue->offset == kNoOffset) {
      out += ":-1:0: " + issue->message;
      continue;
    }
    const size_t offset = std::min<size_t>(issue->offset, source.size());
    for (size_t next; (next = source.find('\n', line_begin)) != std::string_view::npos && next < offset;) {
      line_begin = next + 1;
      ++line_number;
    }
    const size_t line_end = std::min(source.find('\n', line_begin), source.size());
    std::string line(source.substr(line_begin, line_end - line_begin));
    std::replace(line.begin(), line.end(), '\t', ' ');
    const size_t column_bytes = offset - line_begin;
    size_t column = 1;
    for (size_t i = 0; i < column_bytes; ++i)
      column += (static_cast<unsigned char>(source[line_begin + i]) & 0xC0) != 0x80 ? 1 : 0;
    out += ':' + std::to_string(line_number) + ':' + std::to_string(column) + ": " + issue->message;
    if (line.size() > kSnippetCodePointsMax) continue;
    out += "\n | " + line + "\n | ";
    add_caret_line(line, column_bytes, out);
  }
  return out;
}

}  // namespace ameia::expr
