// JsonParser: RFC 8259 in one pass to a tree. Strings without escapes stay where they are in the source.
// Neighbours: json.cc wraps it for whole documents and for request after request; tree_maker.h holds open containers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "doc/document.h"
#include "doc/internal/tree_maker.h"

namespace ameia::doc::internal {

// Threads: none. Owns: scratch that it keeps between documents. Fails: parse() is nullptr, message() and offset() say
// what and where. Limits: doc::Limits.
class JsonParser {
 public:
  // The root is nullptr on failure. Everything is made in `arena`; keys are interned in `keys`.
  const Node* parse(std::string_view text, base::Arena& arena, Keys& keys, std::vector<DuplicateKey>& duplicates,
                    const Limits& limits);
  [[nodiscard]] base::Code code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }
  [[nodiscard]] size_t offset() const { return offset_; }

 private:
  struct Text {
    const char* chars;
    uint32_t size;
    bool ascii;
  };
  // Each takes the place it reads at and returns the place after it, or nullptr after fail_at.
  const char* parse_document(const char* p, Node* root);
  const char* parse_key(const char* p, Node*& slot);
  const char* parse_scalar(const char* p, Node& value);
  const char* parse_string(const char* p, Text& out);
  const char* parse_string_slow(const char* begin, const char* stop, Text& out);
  const char* parse_escape(const char* p, char*& to);
  bool parse_hex4(const char* p, uint32_t& value) const;
  const char* parse_number(const char* p, Node& value);
  const char* parse_double(const char* begin, const char* end, Node& value);
  const char* parse_literal(const char* p, std::string_view word);
  const char* skip_space(const char* p) const {
    while (p != end_ && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) ++p;
    return p;
  }
  // Over what usually separates tokens: nothing, or one space.
  const char* skip_gap(const char* p) const {
    if (p != end_ && *p == ' ') ++p;
    return p != end_ && static_cast<unsigned char>(*p) <= ' ' ? skip_space(p) : p;
  }
  [[nodiscard]] uint32_t at(const char* p) const { return static_cast<uint32_t>(p - text_begin_); }
  std::nullptr_t fail_at(const char* p, std::string_view message, base::Code code = base::Code::kInvalidInput);
  std::nullptr_t unexpected(const char* p, std::string_view wanted);

  const char* text_begin_ = nullptr;
  const char* end_ = nullptr;
  base::Arena* arena_ = nullptr;
  Keys* keys_ = nullptr;
  const Limits* limits_ = nullptr;
  size_t nodes_ = 0;
  TreeMaker maker_;
  base::Code code_ = base::Code::kInvalidInput;
  std::string message_;
  size_t offset_ = 0;
};

}  // namespace ameia::doc::internal
