#include "policy/yaml_position.h"

namespace ameia::policy {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// The bytes of an escape sequence in double quotes, from the backslash on; 0 when it is cut short.
size_t escape_bytes(std::string_view text) {
  if (text.size() < 2) return 0;
  switch (text[1]) {
    case 'x': return 4;
    case 'u': return 6;
    case 'U': return 10;
    default: return 2;
  }
}

// The bytes that one character of the value occupies in UTF-8, from its first byte.
size_t utf8_bytes(char first) {
  auto c = static_cast<unsigned char>(first);
  return c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

// Walks a value and its source text side by side.
class Aligner {
 public:
  Aligner(std::string_view source, const doc::Node& node) : source_(source), value_(node.str()), node_(node) {
    at_ = node.begin;
    end_ = node.end < source.size() ? node.end : source.size();
    char first = at_ < end_ ? source_[at_] : '\0';
    double_quoted_ = first == '"';
    single_quoted_ = first == '\'';
    if (double_quoted_ || single_quoted_) ++at_;
    if (first == '|' || first == '>') skip_header();
  }

  uint32_t find(size_t offset) {
    size_t i = 0;
    while (i < value_.size() && i < offset) {
      if (double_quoted_ && at_ < end_ && source_[at_] == '\\') {
        if (!step_escape(i)) return node_.begin;
      } else if (is_space(value_[i])) {
        step_spaces(i, offset);
      } else if (!step_character(i)) {
        return node_.begin;
      }
    }
    // The position of a character, not of the white space that folding put before it.
    if (i < value_.size() && !is_space(value_[i])) skip_layout();
    return at_ < end_ ? static_cast<uint32_t>(at_)
                      : (end_ > node_.begin ? static_cast<uint32_t>(end_ - 1) : node_.begin);
  }

 private:
  void skip_header() {
    while (at_ < end_ && source_[at_] != '\n') ++at_;
    skip_layout();
  }
  void skip_layout() {
    while (at_ < end_ && is_space(source_[at_])) ++at_;
    while (double_quoted_ && at_ + 1 < end_ && source_[at_] == '\\' &&
           (source_[at_ + 1] == '\n' || source_[at_ + 1] == '\r')) {
      at_ += 1;
      while (at_ < end_ && is_space(source_[at_])) ++at_;
    }
  }
  bool step_escape(size_t& i) {
    if (at_ + 1 < end_ && (source_[at_ + 1] == '\n' || source_[at_ + 1] == '\r')) {
      skip_layout();  // an escaped line break stands for nothing
      return true;
    }
    size_t bytes = escape_bytes(source_.substr(at_, end_ - at_));
    if (bytes == 0) return false;
    at_ += bytes;
    i += utf8_bytes(value_[i]);
    return true;
  }
  // A run of white space in the value matches a run in the source; inside it, as far as both agree.
  void step_spaces(size_t& i, size_t offset) {
    size_t run_end = i;
    while (run_end < value_.size() && is_space(value_[run_end])) ++run_end;
    if (offset >= run_end) {
      i = run_end;
      skip_layout();
      return;
    }
    while (i < offset && at_ < end_ && source_[at_] == value_[i]) ++i, ++at_;
    i = offset;
  }
  bool step_character(size_t& i) {
    if (at_ < end_ && is_space(source_[at_])) skip_layout();
    if (at_ >= end_ || source_[at_] != value_[i]) return false;
    at_ += single_quoted_ && value_[i] == '\'' ? 2 : 1;
    ++i;
    return true;
  }

  std::string_view source_, value_;
  const doc::Node& node_;
  size_t at_ = 0, end_ = 0;
  bool double_quoted_ = false, single_quoted_ = false;
};

}  // namespace

uint32_t source_offset(std::string_view source, const doc::Node& node, size_t offset) {
  if (node.from_alias || node.begin >= source.size()) return node.begin;
  return Aligner(source, node).find(offset);
}

}  // namespace ameia::policy
