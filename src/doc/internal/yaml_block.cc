#include "doc/internal/yaml_block.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "doc/internal/text.h"

namespace ameia::doc::internal {
namespace {

constexpr uint32_t kKeyBytesMax = 1000;  // libyaml gives up a key after 1,024 characters

constexpr std::array<bool, 256> table_of(std::string_view bytes) {
  std::array<bool, 256> table{};
  for (const char c : bytes) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr bool in(const std::array<bool, 256>& table, char c) {
  return table[static_cast<unsigned char>(c)];
}

constexpr auto kEndsPlainRun = table_of(":#\n\t");
constexpr auto kStartsNoPlain = table_of(" \t\n-?:,[]{}#&*!|>'\"%@`");  // '-' is looked at again
constexpr auto kEndsFlowPlain = table_of(",[]{}?:#\n\t\"");

// No control characters but line feed and tab, which libyaml refuses or reads as line breaks.
bool only_text_bytes(const char* p, size_t size) {
  constexpr size_t kStride = 32;  // a fixed count lets the compiler use vectors
  const auto odd = [](char c) {
    return static_cast<unsigned char>(static_cast<unsigned char>(c < ' ') & static_cast<unsigned char>(c >= 0) &
                                      static_cast<unsigned char>(c != '\n') & static_cast<unsigned char>(c != '\t')) |
           static_cast<unsigned char>(c == 0x7F);
  };
  size_t i = 0;
  for (; i + kStride <= size; i += kStride) {
    unsigned char any = 0;
    for (size_t j = 0; j < kStride; ++j) any = static_cast<unsigned char>(any | odd(p[i + j]));
    if (any != 0) return false;
  }
  for (; i < size; ++i) {
    if (odd(p[i]) != 0) return false;
  }
  return true;
}

// Well-formed UTF-8 of the characters YAML prints; its other line breaks and the byte order mark are left to libyaml.
bool only_printable_unicode(std::string_view text) {
  const char* end = text.data() + text.size();
  for (const char* p = text.data(); p < end;) {
    if (static_cast<unsigned char>(*p) < 0x80) {
      ++p;
      continue;
    }
    uint32_t c = 0;
    const size_t length = utf8_length(p, end, c);
    const bool odd = c < 0xA0 || c == 0x2028 || c == 0x2029 || c == 0xFEFF || c == 0xFFFE || c == 0xFFFF;
    if (length == 0 || odd) return false;
    p += length;
  }
  return true;
}

}  // namespace

bool YamlBlockReader::blank_at(uint32_t i) const {
  const char c = at(i);
  return c == ' ' || c == '\n' || c == '\t';
}

void YamlBlockReader::skip_spaces() {
  while (p_ < end_ && text_[p_] == ' ') ++p_;
}

bool YamlBlockReader::read(std::string_view source, uint32_t begin, uint32_t end) {
  const std::string_view segment = source.substr(begin, end - begin);
  if (!only_text_bytes(segment.data(), segment.size())) return false;
  if (!all_ascii(segment) && !only_printable_unicode(segment)) return false;
  text_ = source.data();
  p_ = line_begin_ = begin;
  end_ = end;
  levels_.shrink(0);
  pending_ = true;
  pending_at_ = begin;
  if (segment.starts_with("---") && !skip_marker()) return false;
  uint32_t column = 0;
  while (next_line(column)) {
    if (!line(column)) return false;
  }
  if (p_ < end_) return false;
  if (pending_ && !levels_.empty() && !absent_value()) return false;
  while (!levels_.empty()) {
    if (!close()) return false;
  }
  return true;
}

// The line "---" that begins the document, with nothing but a comment behind it.
bool YamlBlockReader::skip_marker() {
  p_ += 3;
  return end_line();
}

// The rest of the line is blank or a comment.
bool YamlBlockReader::end_line() {
  skip_spaces();
  if (p_ < end_ && text_[p_] == '#' && text_[p_ - 1] == ' ') {
    const void* found = std::memchr(text_ + p_, '\n', end_ - p_);
    p_ = found == nullptr ? end_ : static_cast<uint32_t>(static_cast<const char*>(found) - text_);
  }
  if (at(p_) != '\n') return false;
  p_ = std::min(p_ + 1, end_);
  return true;
}

// Goes to the first token of the next line that has one. False: there is none, or (p_ before end_) a gap is too long.
bool YamlBlockReader::next_line(uint32_t& column) {
  const uint32_t first = p_;
  while (p_ < end_) {
    if (p_ - first > gap_max_) return false;
    line_begin_ = p_;
    skip_spaces();
    if (p_ == end_) break;
    if (text_[p_] == '\n') {
      ++p_;
    } else if (text_[p_] == '#') {
      const void* found = std::memchr(text_ + p_, '\n', end_ - p_);
      p_ = found == nullptr ? end_ : static_cast<uint32_t>(static_cast<const char*>(found) - text_) + 1;
    } else {
      column = p_ - line_begin_;
      return true;
    }
  }
  return false;
}

bool YamlBlockReader::line(uint32_t column) {
  if (column == 0 && std::string_view(text_ + p_, end_ - p_).starts_with("...")) return false;
  const bool dash = at_dash();
  if (pending_ && !levels_.empty()) {
    const Level& parent = levels_.back();
    // The list that is a key's value may stand under the key without indentation.
    const bool deeper = column > parent.indent || (column == parent.indent && parent.is_map && dash);
    if (!deeper && !absent_value()) return false;
  }
  if (!pending_) {
    while (!levels_.empty() &&
           (levels_.back().indent > column || (levels_.back().indent == column && !levels_.back().is_map && !dash))) {
      if (!close()) return false;
    }
    if (levels_.empty() || levels_.back().indent != column || levels_.back().is_map == dash) return false;
  }
  while (at_dash()) {
    if (pending_ && !open(column, false)) return false;
    ++p_;
    pending_ = true;
    pending_at_ = p_;
    skip_spaces();
    if (at(p_) == '\n' || text_[p_] == '#') return end_line();
    column = p_ - line_begin_;
  }
  return node(column, true);
}

// What begins at p_: a key, or a value on its own.
bool YamlBlockReader::node(uint32_t column, bool may_be_key) {
  YamlScalar scalar;
  switch (text_[p_]) {
    case '{':
    case '[':
      if (levels_.empty() || !pending_ || !flow_value()) return false;
      pending_ = false;
      return end_line();
    case '|':
    case '>': return block_scalar();
    case '\'':
      if (!single_quoted(scalar)) return false;
      break;
    case '"':
      if (!double_quoted(scalar)) return false;
      break;
    default:
      if (!plain(scalar)) return false;
  }
  if (at(p_) == ':') return may_be_key && key(column, scalar);
  return value(scalar);
}

// The scalar before the ':' at p_ is a key.
bool YamlBlockReader::key(uint32_t column, const YamlScalar& scalar) {
  if (!blank_at(p_ + 1) || p_ - scalar.begin > kKeyBytesMax) return false;
  if (scalar.plain && scalar.text == "<<") return false;
  if (pending_ && !open(column, true)) return false;
  if (!tree_.scalar(scalar)) return false;
  ++p_;
  pending_ = true;
  pending_at_ = p_;
  skip_spaces();
  if (at(p_) == '\n' || text_[p_] == '#') return end_line();
  return node(0, false);
}

bool YamlBlockReader::value(YamlScalar& scalar) {
  if (!pending_ || levels_.empty()) return false;
  if (scalar.plain && at(p_) == '\n' && !more_plain_lines(scalar)) return false;
  if (scalar.end - scalar.begin > gap_max_ || !tree_.scalar(scalar)) return false;
  pending_ = false;
  return end_line();
}

bool YamlBlockReader::open(uint32_t column, bool is_map) {
  levels_.push({column, is_map});
  pending_ = false;
  return tree_.open(is_map, Style::kBlock, p_, {});
}

bool YamlBlockReader::close() {
  levels_.pop();
  return tree_.close(p_);
}

bool YamlBlockReader::absent_value() {
  YamlScalar scalar;
  scalar.permanent = true;
  scalar.begin = scalar.end = pending_at_;
  pending_ = false;
  return tree_.scalar(scalar);
}

// One line of a plain scalar; p_ is left at the ':' of a key, a comment's '#', or the end of the line.
bool YamlBlockReader::plain(YamlScalar& scalar) {
  const char first = text_[p_];
  if (in(kStartsNoPlain, first) && (first != '-' || blank_at(p_ + 1))) return false;
  scalar.begin = p_;
  scalar.end = plain_end();
  if (at(p_) == '\t') return false;
  scalar.text = {text_ + scalar.begin, scalar.end - scalar.begin};
  scalar.permanent = true;
  return true;
}

// Walks to what ends a run of plain text; returns the end of the text, spaces trimmed.
uint32_t YamlBlockReader::plain_end() {
  const uint32_t begin = p_;
  while (p_ < end_) {
    const char c = text_[p_];
    if (in(kEndsPlainRun, c) && (c == '\n' || c == '\t' || (c == ':' ? blank_at(p_ + 1) : text_[p_ - 1] == ' '))) break;
    ++p_;
  }
  uint32_t end = p_;
  while (end > begin && text_[end - 1] == ' ') --end;
  return end;
}

// Lines that are indented deeper than the collection go on with the scalar: a line break is a space, an empty line a
// line break.
bool YamlBlockReader::more_plain_lines(YamlScalar& scalar) {
  const uint32_t indent = levels_.back().indent;
  bool folded = false;
  while (at(p_) == '\n') {
    size_t breaks = 0;
    uint32_t next = p_, begin_of_line = p_;
    while (next < end_ && text_[next] == '\n') {
      ++breaks;
      begin_of_line = ++next;
      while (next < end_ && text_[next] == ' ') ++next;
    }
    if (next >= end_) return true;
    if (text_[next] == '\t') return false;
    if (next - begin_of_line <= indent || text_[next] == '#') return true;
    if (!folded) scratch_.assign(scalar.text);
    folded = true;
    if (breaks == 1) {
      scratch_ += ' ';
    } else {
      scratch_.append(breaks - 1, '\n');
    }
    p_ = next;
    const uint32_t end = plain_end();
    if (at(p_) == ':' || at(p_) == '\t') return false;
    scratch_.append(text_ + next, end - next);
    scalar.text = scratch_;
    scalar.permanent = false;
    scalar.end = end;
    if (scalar.end - scalar.begin > gap_max_) return false;
  }
  return true;
}

bool YamlBlockReader::single_quoted(YamlScalar& scalar) {
  scalar.begin = p_++;
  scalar.plain = false;
  scalar.style = Style::kSingleQuoted;
  scratch_.clear();
  uint32_t run = p_;
  for (;; ++p_) {
    if (at(p_) == '\n') return false;
    if (text_[p_] != '\'') continue;
    if (at(p_ + 1) != '\'') break;
    scratch_.append(text_ + run, ++p_ - run);
    run = p_ + 1;
  }
  scalar.permanent = run == scalar.begin + 1;
  if (!scalar.permanent) scratch_.append(text_ + run, p_ - run);
  scalar.text = scalar.permanent ? std::string_view(text_ + run, p_ - run) : std::string_view(scratch_);
  scalar.end = ++p_;
  const uint32_t end = p_;
  skip_spaces();
  return at(p_) != '#' || p_ > end;
}

bool YamlBlockReader::double_quoted(YamlScalar& scalar) {
  scalar.begin = p_++;
  scalar.plain = false;
  scalar.style = Style::kDoubleQuoted;
  scratch_.clear();
  uint32_t run = p_;
  for (;; ++p_) {
    if (at(p_) == '\n') return false;
    if (text_[p_] == '"') break;
    if (text_[p_] != '\\') continue;
    scratch_.append(text_ + run, p_ - run);
    switch (at(++p_)) {
      case 'n': scratch_ += '\n'; break;
      case 't': scratch_ += '\t'; break;
      case 'r': scratch_ += '\r'; break;
      case '"':
      case '\\':
      case '/': scratch_ += text_[p_]; break;
      default: return false;
    }
    run = p_ + 1;
  }
  scalar.permanent = run == scalar.begin + 1;
  if (!scalar.permanent) scratch_.append(text_ + run, p_ - run);
  scalar.text = scalar.permanent ? std::string_view(text_ + run, p_ - run) : std::string_view(scratch_);
  scalar.end = ++p_;
  const uint32_t end = p_;
  skip_spaces();
  return at(p_) != '#' || p_ > end;
}

// A literal or folded scalar whose indentation its first line of text gives.
bool YamlBlockReader::block_scalar() {
  if (!pending_ || levels_.empty()) return false;
  YamlScalar scalar;
  scalar.begin = p_;
  scalar.plain = false;
  const bool folded = text_[p_++] == '>';
  scalar.style = folded ? Style::kFolded : Style::kLiteral;
  const char chomping = at(p_) == '-' || at(p_) == '+' ? text_[p_++] : ' ';
  if (!end_line()) return false;
  uint32_t leading_breaks = 0, widest = 0, indent = 0;
  while (true) {
    uint32_t first = p_;
    while (first < end_ && text_[first] == ' ') ++first;
    if (first >= end_) return false;
    indent = first - p_;
    if (text_[first] != '\n') {
      if (text_[first] == '\t') return false;
      break;
    }
    widest = std::max(widest, indent);
    ++leading_breaks;
    p_ = first + 1;
  }
  if (indent <= levels_.back().indent || widest > indent) return false;
  if (!block_text(folded, chomping, indent, leading_breaks)) return false;
  scalar.text = scratch_;
  scalar.end = p_;
  if (scalar.end - scalar.begin > gap_max_ || !tree_.scalar(scalar)) return false;
  pending_ = false;
  return true;
}

// YAML 1.1 section 9.3 and libyaml's order of breaks; p_ is at the first line of text and is left at the line after the
// scalar's last.
bool YamlBlockReader::block_text(bool folded, char chomping, uint32_t indent, uint32_t leading_breaks) {
  scratch_.clear();
  size_t breaks = leading_breaks;
  bool after_line = false, after_blank = false;
  bool more = true;
  while (more) {
    const uint32_t begin = p_ + indent;
    const bool blank = text_[begin] == ' ' || text_[begin] == '\t';
    const bool folds = folded && after_line && !after_blank && !blank;
    if (folds && breaks == 0) scratch_ += ' ';
    if (!folds && after_line) scratch_ += '\n';
    scratch_.append(breaks, '\n');
    breaks = 0;
    after_blank = blank;
    const void* found = std::memchr(text_ + begin, '\n', end_ - begin);
    const uint32_t line_end = found == nullptr ? end_ : static_cast<uint32_t>(static_cast<const char*>(found) - text_);
    scratch_.append(text_ + begin, line_end - begin);
    after_line = found != nullptr;
    p_ = after_line ? line_end + 1 : end_;
    more = false;
    while (p_ < end_) {
      uint32_t first = p_;
      while (first < end_ && first - p_ < indent && text_[first] == ' ') ++first;
      if (first >= end_ || (text_[first] == '\t' && first - p_ < indent)) return false;
      if (text_[first] != '\n') {
        more = first - p_ == indent;
        break;
      }
      ++breaks;
      p_ = first + 1;
    }
  }
  if (chomping != '-' && after_line) scratch_ += '\n';
  if (chomping == '+') scratch_.append(breaks, '\n');
  return true;
}

// A flow collection or a scalar in one, all on one line.
bool YamlBlockReader::flow_value() {
  const bool is_map = text_[p_] == '{';
  if (!is_map && text_[p_] != '[') {
    YamlScalar scalar;
    return flow_scalar(scalar) && tree_.scalar(scalar);
  }
  const char closing = is_map ? '}' : ']';
  if (!tree_.open(is_map, Style::kFlow, p_, {})) return false;
  ++p_;
  skip_spaces();
  while (at(p_) != closing) {
    if (at(p_) == '\n') return false;
    if (is_map) {
      YamlScalar name;
      if (!flow_scalar(name) || (name.plain && name.text == "<<")) return false;
      if (at(p_) != ':' || at(p_ + 1) != ' ' || p_ - name.begin > kKeyBytesMax || !tree_.scalar(name)) return false;
      ++p_;
      skip_spaces();
      if (at(p_) == '\n') return false;
    }
    if (!flow_value()) return false;
    skip_spaces();
    if (at(p_) == closing) break;
    if (at(p_) != ',') return false;
    ++p_;
    skip_spaces();
    if (at(p_) == closing) return false;
  }
  ++p_;
  return tree_.close(p_);
}

bool YamlBlockReader::flow_scalar(YamlScalar& scalar) {
  if (text_[p_] == '\'') return single_quoted(scalar);
  if (text_[p_] == '"') return double_quoted(scalar);
  const auto word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/';
  };
  const char first = text_[p_];
  if (in(kStartsNoPlain, first) && (first != '-' || (!word(at(p_ + 1)) && at(p_ + 1) != '-'))) return false;
  scalar.begin = p_;
  while (p_ < end_ && (!in(kEndsFlowPlain, text_[p_]) || (text_[p_] == ':' && word(at(p_ + 1))))) ++p_;
  scalar.end = p_;
  while (scalar.end > scalar.begin && text_[scalar.end - 1] == ' ') --scalar.end;
  scalar.text = {text_ + scalar.begin, scalar.end - scalar.begin};
  scalar.permanent = true;
  return true;
}

}  // namespace ameia::doc::internal
