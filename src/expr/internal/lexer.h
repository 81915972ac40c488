// Lexer: CEL tokens of a source text, one at a time. The text is valid UTF-8 (the parser has looked).
// Neighbours: expr/parse.cc pulls tokens; expr/unescape.cc decodes the literals.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "base/arena.h"

namespace ameia::expr {

enum class Tok : uint8_t {
  kEnd,
  kBad,
  kIdent,
  kQuotedIdent,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kTrue,
  kFalse,
  kNull,
  kIn,
  kLParen,
  kRParen,
  kLBracket,
  kRBracket,
  kLBrace,
  kRBrace,
  kDot,
  kComma,
  kMinus,
  kBang,
  kQuestion,
  kColon,
  kPlus,
  kStar,
  kSlash,
  kPercent,
  kEq,
  kNe,
  kLt,
  kLe,
  kGt,
  kGe,
  kAnd,
  kOr,
};

struct Token {
  Tok kind = Tok::kEnd;
  uint32_t begin = 0, end = 0;
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}
  // kBad covers the bytes that no token begins with or ends properly.
  Token next();
  [[nodiscard]] std::string_view text(const Token& token) const {
    return source_.substr(token.begin, token.end - token.begin);
  }

 private:
  Token number(uint32_t begin);
  Token word(uint32_t begin);
  Token quoted(uint32_t begin, uint32_t quote_at, bool raw, Tok kind);
  [[nodiscard]] char at(size_t i) const { return i < source_.size() ? source_[i] : '\0'; }
  Token make(Tok kind, uint32_t begin, size_t end) {
    position_ = static_cast<uint32_t>(end);
    return {kind, begin, position_};
  }

  std::string_view source_;
  uint32_t position_ = 0;
};

// The value of a string or bytes literal as written, prefixes and quotes included. Allocates only where something
// changes.
std::expected<std::string_view, std::string> unescape(std::string_view literal, bool is_bytes, base::Arena& arena);

}  // namespace ameia::expr
