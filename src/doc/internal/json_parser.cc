#include "doc/internal/json_parser.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "doc/internal/number.h"
#include "doc/internal/text.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ameia::doc::internal {
namespace {

// The first byte in [p, end) that is a quote, a backslash, a control character or not ASCII.
[[gnu::always_inline]] inline const char* plain_end(const char* p, const char* end) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i space = _mm_set1_epi8(0x20);
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    // Signed: bytes from 0x80 are below the space too.
    const __m128i stop = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                                      _mm_cmplt_epi8(bytes, space));
    const auto mask = static_cast<uint32_t>(_mm_movemask_epi8(stop));
    if (mask != 0) return p + std::countr_zero(mask);
  }
#endif
  while (p != end && *p != '"' && *p != '\\' && static_cast<signed char>(*p) >= 0x20) ++p;
  return p;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string quoted_char(const char* p, const char* end) {
  uint32_t code_point = 0;
  const size_t length = utf8_length(p, end, code_point);
  if (length == 0 || code_point < 0x20 || code_point == 0x7F) {
    constexpr char kHex[] = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(*p);
    return std::string("byte 0x") + kHex[byte >> 4] + kHex[byte & 15];
  }
  return "'" + std::string(p, length) + "'";
}

}  // namespace

[[gnu::cold]] std::nullptr_t JsonParser::fail_at(const char* p, std::string_view message, base::Code code) {
  code_ = code;
  message_ = message;
  offset_ = at(p);
  return nullptr;
}

[[gnu::cold]] std::nullptr_t JsonParser::unexpected(const char* p, std::string_view wanted) {
  if (p == end_) return fail_at(p, "the JSON ends where " + std::string(wanted) + " should follow");
  return fail_at(p, "unexpected " + quoted_char(p, end_) + ", expected " + std::string(wanted));
}

const Node* JsonParser::parse(std::string_view text, base::Arena& arena, Keys& keys,
                              std::vector<DuplicateKey>& duplicates, const Limits& limits) {
  text_begin_ = text.data();
  end_ = text.data() + text.size();
  arena_ = &arena;
  keys_ = &keys;
  limits_ = &limits;
  nodes_ = 0;
  Node* root = arena.make<Node>();
  maker_.start(arena, duplicates, root);
  const size_t bytes_max = std::min<size_t>(limits.bytes_max, UINT32_MAX);
  if (text.size() > bytes_max) {
    return fail_at(text_begin_, "more than " + std::to_string(bytes_max) + " bytes", base::Code::kLimit);
  }
  const char* p = text_begin_ + (text.starts_with(kUtf8Bom) ? kUtf8Bom.size() : 0);
  p = parse_document(skip_space(p), root);
  if (p == nullptr) return nullptr;
  p = skip_space(p);
  return p == end_ ? root : unexpected(p, "the end of the document");
}

const char* JsonParser::parse_document(const char* p, Node* root) {
  Node* slot = root;
  while (true) {
    // A value is due at `p`, and goes to `slot`.
    if (p == end_) return unexpected(p, "a value");
    if (++nodes_ > limits_->nodes_max) {
      return fail_at(p, "more than " + std::to_string(limits_->nodes_max) + " values", base::Code::kLimit);
    }
    if (*p == '{' || *p == '[') {
      const bool is_map = *p == '{';
      if (maker_.depth() == limits_->depth_max) {
        return fail_at(p, "nested deeper than " + std::to_string(limits_->depth_max), base::Code::kLimit);
      }
      maker_.open(is_map, at(p));
      p = skip_gap(p + 1);
      if (p == end_ || *p != (is_map ? '}' : ']')) {
        if (is_map) {
          if ((p = parse_key(p, slot)) == nullptr) return nullptr;
        } else {
          slot = maker_.add_item();
        }
        continue;
      }
      ++p;
      maker_.close(at(p), Style::kFlow);
    } else if ((p = parse_scalar(p, *slot)) == nullptr) {
      return nullptr;
    }
    // A value is complete; the containers that end after it are too.
    while (true) {
      if (maker_.depth() == 0) return p;
      if (p != end_ && static_cast<unsigned char>(*p) <= ' ') p = skip_space(p);
      const bool is_map = maker_.in_map();
      if (p != end_ && *p == ',') {
        p = skip_gap(p + 1);
        if (is_map) {
          if ((p = parse_key(p, slot)) == nullptr) return nullptr;
        } else {
          slot = maker_.add_item();
        }
        break;
      }
      if (p == end_ || *p != (is_map ? '}' : ']')) return unexpected(p, is_map ? "',' or '}'" : "',' or ']'");
      ++p;
      maker_.close(at(p), Style::kFlow);
    }
  }
}

const char* JsonParser::parse_key(const char* p, Node*& slot) {
  if (p == end_ || *p != '"') return unexpected(p, "a key in double quotes");
  const uint32_t key_begin = at(p);
  Text text;
  if ((p = parse_string(p, text)) == nullptr) return nullptr;
  slot = maker_.add_member(keys_->intern({text.chars, text.size}), key_begin);
  if (p == end_ || *p != ':') {
    p = skip_space(p);
    if (p == end_ || *p != ':') return unexpected(p, "':'");
  }
  return skip_gap(p + 1);
}

const char* JsonParser::parse_scalar(const char* p, Node& value) {
  const char* begin = p;
  value.style = Style::kPlain;
  value.ascii = false;
  value.from_alias = false;
  value.size = 0;
  value.integer = 0;
  value.begin = at(p);
  switch (*p) {
    case '"': {
      Text text;
      if ((p = parse_string(p, text)) == nullptr) return nullptr;
      value.kind = Kind::kString;
      value.style = Style::kDoubleQuoted;
      value.ascii = text.ascii;
      value.size = text.size;
      value.chars = text.chars;
      break;
    }
    case 't':
      p = parse_literal(p, "true");
      value.kind = Kind::kBool;
      value.boolean = true;
      break;
    case 'f':
      p = parse_literal(p, "false");
      value.kind = Kind::kBool;
      value.boolean = false;
      break;
    case 'n':
      p = parse_literal(p, "null");
      value.kind = Kind::kNull;
      break;
    default:
      if (*p != '-' && !is_digit(*p)) return unexpected(begin, "a value");
      p = parse_number(p, value);
  }
  if (p == nullptr) return nullptr;
  value.end = at(p);
  return p;
}

const char* JsonParser::parse_literal(const char* p, std::string_view word) {
  if (!std::string_view(p, static_cast<size_t>(end_ - p)).starts_with(word)) {
    return fail_at(p, "expected '" + std::string(word) + "'");
  }
  return p + word.size();
}

const char* JsonParser::parse_number(const char* p, Node& value) {
  const char* begin = p;
  const bool negative = *p == '-';
  if (negative) ++p;
  const char* digits = p;
  if (p == end_ || !is_digit(*p)) return fail_at(begin, "a number needs a digit after '-'");
  uint64_t magnitude = 0;
  for (; p != end_ && is_digit(*p); ++p) magnitude = magnitude * 10 + static_cast<uint64_t>(*p - '0');
  const auto digit_count = p - digits;
  if (digit_count > 1 && *digits == '0') return fail_at(begin, "a number may not start with 0");
  bool whole = true;
  if (p != end_ && *p == '.') {
    whole = false;
    ++p;
    if (p == end_ || !is_digit(*p)) return fail_at(begin, "a number needs a digit after '.'");
    while (p != end_ && is_digit(*p)) ++p;
  }
  if (p != end_ && (*p == 'e' || *p == 'E')) {
    whole = false;
    ++p;
    if (p != end_ && (*p == '+' || *p == '-')) ++p;
    if (p == end_ || !is_digit(*p)) return fail_at(begin, "a number needs a digit in its exponent");
    while (p != end_ && is_digit(*p)) ++p;
  }
  if (!whole) return parse_double(begin, p, value);
  constexpr auto kSafeDigits = 18;  // cannot overflow 63 bits
  if (digit_count <= kSafeDigits) {
    value.integer = negative ? -static_cast<int64_t>(magnitude) : static_cast<int64_t>(magnitude);
  } else if (std::from_chars(begin, p, value.integer).ec != std::errc()) {
    return parse_double(begin, p, value);
  }
  value.kind = Kind::kInt;
  return p;
}

const char* JsonParser::parse_double(const char* begin, const char* end, Node& value) {
  if (!decimal_to_double({begin, static_cast<size_t>(end - begin)}, value.number)) {
    return fail_at(begin, "the number does not fit a double");
  }
  value.kind = Kind::kDouble;
  return end;
}

inline const char* JsonParser::parse_string(const char* p, Text& out) {
  const char* begin = p + 1;
  const char* stop = plain_end(begin, end_);
  if (stop == end_ || *stop != '"') return parse_string_slow(begin, stop, out);
  out = {begin, static_cast<uint32_t>(stop - begin), true};
  return stop + 1;
}

bool JsonParser::parse_hex4(const char* p, uint32_t& value) const {
  if (end_ - p < 4) return false;
  value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = p[i];
    const char lower = static_cast<char>(c | 0x20);
    if (is_digit(c)) {
      value = value << 4 | static_cast<uint32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      value = value << 4 | static_cast<uint32_t>(lower - 'a' + 10);
    } else {
      return false;
    }
  }
  return true;
}

// `p` is at a backslash; writes what the escape stands for.
const char* JsonParser::parse_escape(const char* p, char*& to) {
  if (end_ - p < 2) return fail_at(p, "the string does not end");
  const char c = p[1];
  if (c != 'u') {
    constexpr std::string_view kFrom = "\"\\/bfnrt";
    constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    const size_t i = kFrom.find(c);
    if (i == std::string_view::npos) return fail_at(p, "unknown escape in a string");
    *to++ = kTo[i];
    return p + 2;
  }
  uint32_t code_point = 0;
  if (!parse_hex4(p + 2, code_point)) return fail_at(p, "\\u needs four hexadecimal digits");
  p += 6;
  if (code_point >= 0xD800 && code_point < 0xE000) {
    // A pair is one code point; half of a pair is read as U+FFFD, as Go does.
    uint32_t low = 0;
    const bool high = code_point < 0xDC00;
    if (high && end_ - p >= 6 && p[0] == '\\' && p[1] == 'u' && parse_hex4(p + 2, low) && low >= 0xDC00 &&
        low < 0xE000) {
      code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
      p += 6;
    } else {
      code_point = 0xFFFD;
    }
  }
  to += utf8_encode(code_point, to);
  return p;
}

// A string with escapes or bytes past ASCII; `stop` is the first of them.
const char* JsonParser::parse_string_slow(const char* begin, const char* stop, Text& out) {
  // Well-formed UTF-8 without escapes still stays in place.
  const char* p = stop;
  while (p != end_ && static_cast<unsigned char>(*p) >= 0x80) {
    uint32_t code_point = 0;
    const size_t length = utf8_length(p, end_, code_point);
    if (length == 0) break;
    p = plain_end(p + length, end_);
  }
  if (p != end_ && *p == '"') {
    out = {begin, static_cast<uint32_t>(p - begin), false};
    return p + 1;
  }
  // Find the closing quote to size the copy: an escape never grows, an invalid byte becomes three.
  const char* close = p;
  size_t grown = 0;
  while (close != end_ && *close != '"') {
    const auto byte = static_cast<unsigned char>(*close);
    if (byte < 0x20) return fail_at(close, "a control character in a string must be escaped");
    if (byte >= 0x80) ++grown;
    close += byte == '\\' && end_ - close > 1 ? 2 : 1;
    if (byte != '\\') close = plain_end(close, end_);
  }
  if (close == end_) return fail_at(begin - 1, "the string does not end");
  char* const text = arena_->array<char>(static_cast<size_t>(close - begin) + grown * 2);
  char* to = text;
  std::memcpy(to, begin, static_cast<size_t>(p - begin));
  to += p - begin;
  while (p != close) {
    if (*p == '\\') {
      if ((p = parse_escape(p, to)) == nullptr) return nullptr;
      continue;
    }
    uint32_t code_point = 0;
    const size_t length = utf8_length(p, close, code_point);
    const std::string_view from = length == 0 ? kReplacement : std::string_view(p, length);
    std::memcpy(to, from.data(), from.size());
    to += from.size();
    p += std::max<size_t>(length, 1);
  }
  const std::string_view made(text, static_cast<size_t>(to - text));
  out = {text, static_cast<uint32_t>(made.size()), all_ascii(made)};
  return close + 1;
}

}  // namespace ameia::doc::internal
