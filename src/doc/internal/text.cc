#include "doc/internal/text.h"

#include <algorithm>
#include <cstring>

namespace ameia::doc::internal {

size_t utf8_length(const char* p, const char* end, uint32_t& code_point) {
  const auto byte = [p](size_t i) { return static_cast<unsigned char>(p[i]); };
  const auto left = static_cast<size_t>(end - p);
  if (left == 0) return 0;
  const uint32_t first = byte(0);
  if (first < 0x80) {
    code_point = first;
    return 1;
  }
  if (first < 0xC2 || first > 0xF4) return 0;
  const size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (left < length) return 0;
  // The second byte's range excludes overlong forms, surrogates and what lies past U+10FFFF.
  const uint32_t low = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const uint32_t high = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < low || byte(1) > high) return 0;
  uint32_t value = first & (0xFFu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    value = value << 6 | (byte(i) & 0x3F);
  }
  code_point = value;
  return length;
}

size_t utf8_encode(uint32_t code_point, char* to) {
  const auto put = [to](size_t i, uint32_t byte) { to[i] = static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(0, code_point);
    return 1;
  }
  if (code_point < 0x800) {
    put(0, 0xC0 | code_point >> 6);
    put(1, 0x80 | (code_point & 0x3F));
    return 2;
  }
  if (code_point < 0x10000) {
    put(0, 0xE0 | code_point >> 12);
    put(1, 0x80 | (code_point >> 6 & 0x3F));
    put(2, 0x80 | (code_point & 0x3F));
    return 3;
  }
  put(0, 0xF0 | code_point >> 18);
  put(1, 0x80 | (code_point >> 12 & 0x3F));
  put(2, 0x80 | (code_point >> 6 & 0x3F));
  put(3, 0x80 | (code_point & 0x3F));
  return 4;
}

bool all_ascii(std::string_view text) {
  constexpr uint64_t kHighBits = 0x8080808080808080u;
  const char* p = text.data();
  const char* end = p + text.size();
  for (; end - p >= 32; p += 32) {
    uint64_t words[4];
    std::memcpy(words, p, 32);
    if (((words[0] | words[1] | words[2] | words[3]) & kHighBits) != 0) return false;
  }
  return std::all_of(p, end, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  const char* end = text.data() + text.size();
  for (const char* p = text.data(); p != end;) {
    uint32_t code_point = 0;
    const size_t length = utf8_length(p, end, code_point);
    if (length == 0) {
      out += kReplacement;
      ++p;
    } else {
      out.append(p, length);
      p += length;
    }
  }
  return out;
}

uint32_t column_of(std::string_view text, size_t line_begin, size_t offset) {
  if (line_begin == 0 && text.starts_with(kUtf8Bom)) line_begin = std::min(kUtf8Bom.size(), offset);
  uint32_t column = 1;
  for (size_t i = line_begin; i < offset; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) ++column;
  }
  return column;
}

Position position_of(std::string_view text, size_t offset) {
  offset = std::min(offset, text.size());
  Position at;
  size_t line_begin = 0;
  for (size_t i = text.find('\n'); i < offset; i = text.find('\n', i + 1)) {
    ++at.line;
    line_begin = i + 1;
  }
  at.column = column_of(text, line_begin, offset);
  return at;
}

std::string where_of(std::string_view name, std::string_view text, size_t offset) {
  const Position at = position_of(text, offset);
  return std::string(name) + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::string snippet_of(std::string_view text, size_t offset) {
  offset = std::min(offset, text.size());
  // Both searches are bounded, so that a snippet of one huge line costs nothing.
  constexpr size_t kBytesMax = kSnippetColumnsMax * 4;
  const size_t window_begin = offset > kBytesMax ? offset - kBytesMax : 0;
  size_t begin = window_begin;
  if (offset > 0) {
    const size_t line_break = text.rfind('\n', offset - 1);
    if (line_break != std::string_view::npos && line_break + 1 > window_begin) begin = line_break + 1;
  }
  if (begin == 0 && text.starts_with(kUtf8Bom)) begin = std::min(kUtf8Bom.size(), offset);
  size_t end = std::min(text.size(), offset + kBytesMax);
  if (const size_t line_break = text.substr(0, end).find('\n', offset); line_break != std::string_view::npos) {
    end = line_break;
  }
  if (end > begin && text[end - 1] == '\r' && end > offset) --end;

  // One shown column for each code point; what would move the caret or the terminal is replaced.
  std::string line;
  size_t columns = 0;
  size_t caret = 0;
  const size_t back = column_of(text, begin, offset) - 1;  // columns before the caret
  const size_t skip = back > kSnippetColumnsMax / 2 ? back - kSnippetColumnsMax / 2 : 0;
  size_t seen = 0;
  for (size_t i = begin; i < end && columns < kSnippetColumnsMax;) {
    if (i == offset) caret = columns;
    uint32_t code_point = 0;
    size_t length = utf8_length(text.data() + i, text.data() + end, code_point);
    const bool broken = length == 0;
    if (broken) length = 1;
    if (seen++ >= skip) {
      if (broken) {
        line += kReplacement;
      } else if (code_point == '\t') {
        line += ' ';
      } else if (code_point < 0x20 || code_point == 0x7F || (code_point >= 0x80 && code_point < 0xA0) ||
                 code_point == 0xFEFF || (code_point >= 0x202A && code_point <= 0x202E)) {
        line += '?';
      } else {
        line.append(text.substr(i, length));
      }
      ++columns;
    }
    i += length;
  }
  if (offset >= end) caret = columns;
  return line + "\n" + std::string(caret, ' ') + "^";
}

base::Error error_at(base::Code code, std::string_view message, std::string_view name, std::string_view text,
                     size_t offset) {
  return {code, std::string(message) + "\n" + snippet_of(text, offset), where_of(name, text, offset)};
}

}  // namespace ameia::doc::internal
