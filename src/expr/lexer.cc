#include "expr/internal/lexer.h"

#include <array>

namespace ameia::expr {

namespace {

enum : uint8_t { kSpace = 1, kLetter = 2, kDigit = 4, kHex = 8, kQuotable = 16 };

constexpr std::array<uint8_t, 256> kClass = [] {
  std::array<uint8_t, 256> table{};
  for (unsigned char c : {' ', '\t', '\r', '\n', '\f'}) table[c] |= kSpace;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<size_t>(c)] |= kLetter | kQuotable;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<size_t>(c)] |= kLetter | kQuotable;
  for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] |= kDigit | kHex | kQuotable;
  for (int c = 'a'; c <= 'f'; ++c) table[static_cast<size_t>(c)] |= kHex;
  for (int c = 'A'; c <= 'F'; ++c) table[static_cast<size_t>(c)] |= kHex;
  table['_'] |= kLetter | kQuotable;
  for (unsigned char c : {'.', '-', '/', ' '}) table[c] |= kQuotable;
  return table;
}();

bool is(char c, uint8_t mask) {
  return (kClass[static_cast<unsigned char>(c)] & mask) != 0;
}

// The length of the escape sequence at `at` (which holds a backslash), or 0 when there is none such.
size_t escape_length(std::string_view s, size_t at) {
  auto c = [&](size_t i) { return at + i < s.size() ? s[at + i] : '\0'; };
  size_t hex_digits = 0;
  switch (c(1)) {
    case 'a':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
    case 'v':
    case '"':
    case '\'':
    case '\\':
    case '?':
    case '`': return 2;
    case 'x':
    case 'X': hex_digits = 2; break;
    case 'u': hex_digits = 4; break;
    case 'U': hex_digits = 8; break;
    case '0':
    case '1':
    case '2':
    case '3': {
      auto octal = [&](char d) { return d >= '0' && d <= '7'; };
      return octal(c(2)) && octal(c(3)) ? 4 : 0;
    }
    default: return 0;
  }
  for (size_t i = 0; i < hex_digits; ++i) {
    if (!is(c(2 + i), kHex)) return 0;
  }
  return 2 + hex_digits;
}

}  // namespace

Token Lexer::next() {
  for (;;) {
    while (position_ < source_.size() && is(source_[position_], kSpace)) ++position_;
    if (at(position_) == '/' && at(position_ + 1) == '/') {
      const size_t line_end = source_.find('\n', position_);
      position_ = static_cast<uint32_t>(line_end == std::string_view::npos ? source_.size() : line_end);
      continue;
    }
    break;
  }
  const uint32_t begin = position_;
  if (begin >= source_.size()) return {Tok::kEnd, begin, begin};
  const char c = source_[begin];
  if (is(c, kLetter)) return word(begin);
  if (is(c, kDigit)) return number(begin);
  auto one = [&](Tok kind) { return make(kind, begin, begin + 1); };
  auto code_point_end = [&](size_t end) {
    while (end < source_.size() && (static_cast<unsigned char>(source_[end]) & 0xC0) == 0x80) ++end;
    return end;
  };
  auto pair = [&](char second, Tok both, Tok single) {
    if (at(begin + 1) == second) return make(both, begin, begin + 2);
    // A half operator takes the character that disappointed it along.
    if (single == Tok::kBad && begin + 1 < source_.size()) return make(Tok::kBad, begin, code_point_end(begin + 2));
    return one(single);
  };
  switch (c) {
    case '"':
    case '\'': return quoted(begin, begin, false, Tok::kString);
    case '.': return is(at(begin + 1), kDigit) ? number(begin) : one(Tok::kDot);
    case '(': return one(Tok::kLParen);
    case ')': return one(Tok::kRParen);
    case '[': return one(Tok::kLBracket);
    case ']': return one(Tok::kRBracket);
    case '{': return one(Tok::kLBrace);
    case '}': return one(Tok::kRBrace);
    case ',': return one(Tok::kComma);
    case '-': return one(Tok::kMinus);
    case '+': return one(Tok::kPlus);
    case '*': return one(Tok::kStar);
    case '/': return one(Tok::kSlash);
    case '%': return one(Tok::kPercent);
    case '?': return one(Tok::kQuestion);
    case ':': return one(Tok::kColon);
    case '!': return pair('=', Tok::kNe, Tok::kBang);
    case '<': return pair('=', Tok::kLe, Tok::kLt);
    case '>': return pair('=', Tok::kGe, Tok::kGt);
    case '=': return pair('=', Tok::kEq, Tok::kBad);
    case '&': return pair('&', Tok::kAnd, Tok::kBad);
    case '|': return pair('|', Tok::kOr, Tok::kBad);
    case '`': {
      size_t end = begin + 1;
      while (is(at(end), kQuotable)) ++end;
      if (at(end) != '`' || end == begin + 1) return make(Tok::kBad, begin, end > begin + 1 ? end : begin + 1);
      return make(Tok::kQuotedIdent, begin, end + 1);
    }
    default: return make(Tok::kBad, begin, code_point_end(begin + 1));
  }
}

Token Lexer::word(uint32_t begin) {
  // A literal's prefix: r"", b"", br"" in either case.
  size_t quote = begin;
  bool raw = false;
  Tok kind = Tok::kString;
  if (at(quote) == 'b' || at(quote) == 'B') {
    kind = Tok::kBytes;
    ++quote;
  }
  if (at(quote) == 'r' || at(quote) == 'R') {
    raw = true;
    ++quote;
  }
  if (quote > begin && (at(quote) == '"' || at(quote) == '\''))
    return quoted(begin, static_cast<uint32_t>(quote), raw, kind);

  size_t end = begin + 1;
  while (is(at(end), kLetter | kDigit)) ++end;
  const std::string_view text = source_.substr(begin, end - begin);
  Tok word_kind = Tok::kIdent;
  if (text == "in") word_kind = Tok::kIn;
  if (text == "true") word_kind = Tok::kTrue;
  if (text == "false") word_kind = Tok::kFalse;
  if (text == "null") word_kind = Tok::kNull;
  return make(word_kind, begin, end);
}

Token Lexer::number(uint32_t begin) {
  size_t end = begin;
  if (at(end) == '0' && at(end + 1) == 'x' && is(at(end + 2), kHex)) {
    end += 2;
    while (is(at(end), kHex)) ++end;
    if (at(end) == 'u' || at(end) == 'U') return make(Tok::kUint, begin, end + 1);
    return make(Tok::kInt, begin, end);
  }
  while (is(at(end), kDigit)) ++end;
  bool is_double = false;
  if (at(end) == '.' && is(at(end + 1), kDigit)) {
    is_double = true;
    ++end;
    while (is(at(end), kDigit)) ++end;
  }
  if (at(end) == 'e' || at(end) == 'E') {
    const size_t sign = at(end + 1) == '+' || at(end + 1) == '-' ? 1 : 0;
    if (is(at(end + 1 + sign), kDigit)) {
      is_double = true;
      end += 1 + sign;
      while (is(at(end), kDigit)) ++end;
    }
  }
  if (is_double) return make(Tok::kDouble, begin, end);
  if (at(end) == 'u' || at(end) == 'U') return make(Tok::kUint, begin, end + 1);
  return make(Tok::kInt, begin, end);
}

Token Lexer::quoted(uint32_t begin, uint32_t quote_at, bool raw, Tok kind) {
  const char quote = source_[quote_at];
  const bool triple = at(quote_at + 1) == quote && at(quote_at + 2) == quote;
  size_t i = quote_at + (triple ? 3 : 1);
  while (i < source_.size()) {
    const char c = source_[i];
    if (c == quote && (!triple || (at(i + 1) == quote && at(i + 2) == quote)))
      return make(kind, begin, i + (triple ? 3 : 1));
    if (!triple && (c == '\n' || c == '\r')) break;
    if (c == '\\' && !raw) {
      const size_t length = escape_length(source_, i);
      if (length == 0) return make(Tok::kBad, begin, i + 1 < source_.size() ? i + 2 : i + 1);
      i += length;
      continue;
    }
    ++i;
  }
  // `"" "` and the like: three quotes that open nothing are an empty string and a quote.
  if (triple) return make(kind, begin, quote_at + 2);
  return make(Tok::kBad, begin, i);
}

namespace {

uint32_t hex_value(std::string_view digits) {
  uint32_t value = 0;
  for (char c : digits) {
    const uint32_t digit = c <= '9' ? static_cast<uint32_t>(c - '0') : static_cast<uint32_t>((c | 0x20) - 'a') + 10;
    value = value << 4 | digit;
  }
  return value;
}

size_t encode_utf8(uint32_t code_point, char* to) {
  if (code_point < 0x80) {
    to[0] = static_cast<char>(code_point);
    return 1;
  }
  if (code_point < 0x800) {
    to[0] = static_cast<char>(0xC0 | code_point >> 6);
    to[1] = static_cast<char>(0x80 | (code_point & 0x3F));
    return 2;
  }
  if (code_point < 0x10000) {
    to[0] = static_cast<char>(0xE0 | code_point >> 12);
    to[1] = static_cast<char>(0x80 | (code_point >> 6 & 0x3F));
    to[2] = static_cast<char>(0x80 | (code_point & 0x3F));
    return 3;
  }
  to[0] = static_cast<char>(0xF0 | code_point >> 18);
  to[1] = static_cast<char>(0x80 | (code_point >> 12 & 0x3F));
  to[2] = static_cast<char>(0x80 | (code_point >> 6 & 0x3F));
  to[3] = static_cast<char>(0x80 | (code_point & 0x3F));
  return 4;
}

}  // namespace

std::expected<std::string_view, std::string> unescape(std::string_view literal, bool is_bytes, base::Arena& arena) {
  size_t from = is_bytes ? 1 : 0;
  const bool raw = literal[from] == 'r' || literal[from] == 'R';
  if (raw) ++from;
  std::string_view body = literal.substr(from);
  const size_t quotes = body.size() >= 6 && body[0] == body[1] && body[1] == body[2] ? 3 : 1;
  body = body.substr(quotes, body.size() - 2 * quotes);

  const bool has_escape = !raw && body.find('\\') != std::string_view::npos;
  if (!has_escape && body.find('\r') == std::string_view::npos) return body;

  char* out = arena.array<char>(body.size() + 4);  // no escape is shorter than what it stands for
  size_t size = 0;
  for (size_t i = 0; i < body.size();) {
    const char c = body[i];
    if (c == '\r') {  // a line end is \n however it was written
      out[size++] = '\n';
      i += i + 1 < body.size() && body[i + 1] == '\n' ? 2 : 1;
      continue;
    }
    if (c != '\\' || raw) {
      out[size++] = c;
      ++i;
      continue;
    }
    const size_t length = escape_length(body, i);
    const char kind = body[i + 1];
    uint32_t value = 0;
    switch (kind) {
      case 'a': value = '\a'; break;
      case 'b': value = '\b'; break;
      case 'f': value = '\f'; break;
      case 'n': value = '\n'; break;
      case 'r': value = '\r'; break;
      case 't': value = '\t'; break;
      case 'v': value = '\v'; break;
      case 'x':
      case 'X':
      case 'u':
      case 'U': value = hex_value(body.substr(i + 2, length - 2)); break;
      case '0':
      case '1':
      case '2':
      case '3':
        value = static_cast<uint32_t>(kind - '0') << 6 | static_cast<uint32_t>(body[i + 2] - '0') << 3 |
                static_cast<uint32_t>(body[i + 3] - '0');
        break;
      default: value = static_cast<unsigned char>(kind); break;
    }
    i += length;
    if (is_bytes) {
      if (kind == 'u' || kind == 'U') return std::unexpected(std::string("unable to unescape string"));
      out[size++] = static_cast<char>(value);
      continue;
    }
    if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
      return std::unexpected(std::string("invalid unicode code point"));
    size += encode_utf8(value, out + size);
  }
  return std::string_view(out, size);
}

}  // namespace ameia::expr
