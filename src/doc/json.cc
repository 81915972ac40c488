#include "doc/json.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "doc/internal/tree_stack.h"
#include "doc/internal/utf8.h"

namespace ameia::doc {
namespace {

using internal::TreeStack;

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

void append_utf8(std::string& out, uint32_t cp) {
  if (cp < 0x80) {
    out += static_cast<char>(cp);
  } else if (cp < 0x800) {
    out += static_cast<char>(0xC0 | (cp >> 6));
    out += static_cast<char>(0x80 | (cp & 0x3F));
  } else if (cp < 0x10000) {
    out += static_cast<char>(0xE0 | (cp >> 12));
    out += static_cast<char>(0x80 | ((cp >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (cp & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (cp >> 18));
    out += static_cast<char>(0x80 | ((cp >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((cp >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (cp & 0x3F));
  }
}

class Parser {
 public:
  Parser(std::string_view bytes, base::Arena& arena, Keys& keys, const Limits& limits, std::vector<DuplicateKey>& duplicates,
         TreeStack& stack, std::string& scratch)
      : begin_(bytes.data()), p_(bytes.data()), end_(bytes.data() + bytes.size()), arena_(arena), keys_(keys), limits_(limits),
        duplicates_(duplicates), stack_(stack), scratch_(scratch) {}

  bool document(Node& root) {
    if (end_ - p_ >= 3 && std::memcmp(p_, "\xEF\xBB\xBF", 3) == 0) p_ += 3;
    skip_space();
    if (p_ == end_) return fail("empty input: a JSON value is expected");
    if (!value(root, 0)) return false;
    skip_space();
    return p_ == end_ || fail("something follows the JSON value; one document is expected");
  }

  base::Code code = base::Code::kInvalidInput;
  std::string what;
  uint32_t error_offset = 0;

 private:
  bool fail(std::string text, base::Code c = base::Code::kInvalidInput) {
    what = std::move(text);
    code = c;
    error_offset = at();
    return false;
  }
  [[nodiscard]] uint32_t at() const { return static_cast<uint32_t>(p_ - begin_); }
  void skip_space() {
    while (p_ != end_ && is_space(*p_)) ++p_;
  }

  bool value(Node& out, uint32_t depth) {
    if (++count_ > limits_.nodes_max) return fail("more than " + std::to_string(limits_.nodes_max) + " values in one document", base::Code::kLimit);
    out = Node();
    out.begin = at();
    if (p_ == end_) return fail("unexpected end of input: a value is expected");
    bool ok = false;
    switch (*p_) {
      case '{': ok = object(out, depth); break;
      case '[': ok = array(out, depth); break;
      case '"': ok = string(out); break;
      case 't': ok = word("true"); out.kind = Kind::kBool; out.boolean = true; break;
      case 'f': ok = word("false"); out.kind = Kind::kBool; out.boolean = false; break;
      case 'n': ok = word("null"); break;
      default: ok = number(out);
    }
    out.end = at();
    return ok;
  }

  bool word(std::string_view text) {
    if (static_cast<size_t>(end_ - p_) < text.size() || std::string_view(p_, text.size()) != text) {
      return fail("a JSON value is expected: object, list, string, number, true, false or null");
    }
    p_ += text.size();
    return true;
  }

  bool number(Node& out) {
    const char* start = p_;
    bool integral = true;
    if (p_ != end_ && *p_ == '-') ++p_;
    auto digits = [&] {
      const char* first = p_;
      while (p_ != end_ && *p_ >= '0' && *p_ <= '9') ++p_;
      return p_ != first;
    };
    const char* whole = p_;
    if (!digits()) {
      p_ = start;
      return fail("a JSON value is expected: object, list, string, number, true, false or null");
    }
    if (*whole == '0' && p_ - whole > 1) return fail("a number may not start with 0");
    if (p_ != end_ && *p_ == '.') {
      integral = false;
      ++p_;
      if (!digits()) return fail("a digit is expected after the decimal point");
    }
    if (p_ != end_ && (*p_ == 'e' || *p_ == 'E')) {
      integral = false;
      ++p_;
      if (p_ != end_ && (*p_ == '+' || *p_ == '-')) ++p_;
      if (!digits()) return fail("a digit is expected in the exponent");
    }
    if (integral && p_ - start <= 18) {  // cannot overflow
      int64_t integer = 0;
      for (const char* d = whole; d != p_; ++d) integer = integer * 10 + (*d - '0');
      out.kind = Kind::kInt;
      out.integer = *start == '-' ? -integer : integer;
      return true;
    }
    if (integral) {
      int64_t integer = 0;
      if (auto [end, error] = std::from_chars(start, p_, integer); error == std::errc()) {
        out.kind = Kind::kInt;
        out.integer = integer;
        return true;
      }
    }
    double number = 0;
    auto [end, error] = std::from_chars(start, p_, number);
    if (error == std::errc::result_out_of_range) {
      // from_chars reports underflow the same way; Go reads a tiny number as 0 and refuses a huge one.
      number = std::strtod(std::string(start, p_).c_str(), nullptr);
      if (std::isinf(number)) return fail("a number is too large for a 64-bit float");
    }
    out.kind = Kind::kDouble;
    out.number = number;
    return true;
  }

  // The string at p_ (a quote). `text` points into the source, or into the arena when it had escapes.
  bool raw_string(std::string_view& text, bool& ascii) {
    const char* first = ++p_;
    bool high = skip_ordinary();
    if (p_ == end_) return fail("unexpected end of input inside a string");
    if (*p_ == '"') {
      text = {first, static_cast<size_t>(p_ - first)};
      ascii = !high;
      if (high && !internal::utf8_valid(text)) text = repaired(text);
      ++p_;
      return true;
    }
    if (*p_ == '\\') return escaped_string(first, text, ascii);
    return fail("a control character inside a string must be escaped");
  }

  // Moves to the first quote, backslash or control character; says whether a byte >= 0x80 was passed.
  bool skip_ordinary() {
    bool high = false;
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1F);
    while (end_ - p_ >= 16) {
      __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p_));
      __m128i stop = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)),
                                  _mm_cmpeq_epi8(_mm_min_epu8(bytes, control), bytes));
      auto stops = static_cast<unsigned>(_mm_movemask_epi8(stop));
      auto highs = static_cast<unsigned>(_mm_movemask_epi8(bytes));
      if (stops != 0) {
        unsigned at = static_cast<unsigned>(__builtin_ctz(stops));
        p_ += at;
        return high || (highs & ((1u << at) - 1)) != 0;
      }
      high |= highs != 0;
      p_ += 16;
    }
#endif
    for (; p_ != end_; ++p_) {
      auto c = static_cast<unsigned char>(*p_);
      if (c == '"' || c == '\\' || c < 0x20) break;
      high |= c >= 0x80;
    }
    return high;
  }

  std::string_view repaired(std::string_view text) {
    std::string out;
    internal::utf8_repair(text, out);
    return arena_.copy(out);
  }

  bool hex4(uint32_t& unit) {
    if (end_ - p_ < 4) return fail("four hexadecimal digits are expected after \\u");
    unit = 0;
    for (int i = 0; i < 4; ++i, ++p_) {
      char c = *p_;
      uint32_t digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
      if (digit == 16) return fail("four hexadecimal digits are expected after \\u");
      unit = unit * 16 + digit;
    }
    return true;
  }

  bool escaped_string(const char* first, std::string_view& text, bool& ascii) {
    scratch_.assign(first, static_cast<size_t>(p_ - first));
    while (p_ != end_) {
      auto c = static_cast<unsigned char>(*p_);
      if (c == '"') {
        ascii = true;
        for (char s : scratch_) ascii &= static_cast<unsigned char>(s) < 0x80;
        text = ascii || internal::utf8_valid(scratch_) ? arena_.copy(scratch_) : repaired(scratch_);
        ++p_;
        return true;
      }
      if (c < 0x20) return fail("a control character inside a string must be escaped");
      ++p_;
      if (c != '\\') {
        scratch_ += static_cast<char>(c);
        continue;
      }
      if (p_ == end_) break;
      char e = *p_++;
      switch (e) {
        case '"': case '\\': case '/': scratch_ += e; break;
        case 'b': scratch_ += '\b'; break;
        case 'f': scratch_ += '\f'; break;
        case 'n': scratch_ += '\n'; break;
        case 'r': scratch_ += '\r'; break;
        case 't': scratch_ += '\t'; break;
        case 'u': {
          uint32_t unit = 0;
          if (!hex4(unit)) return false;
          if (unit >= 0xD800 && unit < 0xDC00 && end_ - p_ >= 6 && p_[0] == '\\' && p_[1] == 'u') {
            const char* before = p_;
            p_ += 2;
            uint32_t low = 0;
            if (!hex4(low)) return false;
            if (low >= 0xDC00 && low < 0xE000) unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            else p_ = before;
          }
          if (unit >= 0xD800 && unit < 0xE000) unit = 0xFFFD;  // a lone surrogate, as Go reads it
          append_utf8(scratch_, unit);
          break;
        }
        default: --p_; return fail("unknown escape in a string; known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
      }
    }
    return fail("unexpected end of input inside a string");
  }

  bool string(Node& out) {
    std::string_view text;
    bool ascii = false;
    if (!raw_string(text, ascii)) return false;
    out.kind = Kind::kString;
    out.style = Style::kDoubleQuoted;
    out.ascii = ascii;
    out.size = static_cast<uint32_t>(text.size());
    out.chars = text.data();
    return true;
  }

  bool deeper(uint32_t depth) {
    return depth < limits_.depth_max || fail("nested deeper than " + std::to_string(limits_.depth_max) + " levels", base::Code::kLimit);
  }

  bool array(Node& out, uint32_t depth) {
    if (!deeper(depth)) return false;
    out.kind = Kind::kList;
    out.style = Style::kFlow;
    out.items = nullptr;
    ++p_;
    skip_space();
    size_t first = stack_.open_list();
    if (p_ != end_ && *p_ == ']') {
      ++p_;
      return true;
    }
    while (true) {
      Node item;
      skip_space();
      if (!value(item, depth + 1)) return false;
      stack_.push(item);
      skip_space();
      if (p_ == end_) return fail("unexpected end of input inside a list");
      if (*p_ == ',') {
        ++p_;
        continue;
      }
      if (*p_ == ']') break;
      return fail("',' or ']' is expected in a list");
    }
    ++p_;
    stack_.close_list(first, out, arena_);
    return true;
  }

  bool object(Node& out, uint32_t depth) {
    if (!deeper(depth)) return false;
    out.kind = Kind::kMap;
    out.style = Style::kFlow;
    out.members = nullptr;
    ++p_;
    skip_space();
    size_t first = stack_.open_map();
    if (p_ != end_ && *p_ == '}') {
      ++p_;
      return true;
    }
    while (true) {
      skip_space();
      if (p_ == end_) return fail("unexpected end of input inside an object");
      if (*p_ != '"') return fail("a quoted key is expected in an object");
      uint32_t key_begin = at();
      std::string_view text;
      bool ascii = false;
      if (!raw_string(text, ascii)) return false;
      uint32_t hash = key_hash(text);
      const Key* key = keys_.intern(text, hash);
      skip_space();
      if (p_ == end_ || *p_ != ':') return fail("':' is expected after a key");
      ++p_;
      skip_space();
      stack_.enter(key);
      Node item;
      if (!value(item, depth + 1)) return false;
      stack_.leave();
      stack_.push(Member{key, hash, key_begin, item});
      skip_space();
      if (p_ == end_) return fail("unexpected end of input inside an object");
      if (*p_ == ',') {
        ++p_;
        continue;
      }
      if (*p_ == '}') break;
      return fail("',' or '}' is expected in an object");
    }
    ++p_;
    stack_.close_map(first, out, arena_, duplicates_);
    return true;
  }

  const char* begin_;
  const char* p_;
  const char* end_;
  base::Arena& arena_;
  Keys& keys_;
  const Limits& limits_;
  std::vector<DuplicateKey>& duplicates_;
  TreeStack& stack_;
  std::string& scratch_;
  size_t count_ = 0;
};

base::Error error_of(const Parser& parser, const Source& source) {
  return {parser.code, parser.what + "\n" + source.snippet(parser.error_offset), source.where(parser.error_offset)};
}

}  // namespace

base::Result<std::shared_ptr<Document>> parse_json(std::shared_ptr<const Source> source, std::shared_ptr<Keys> keys, const Limits& limits) {
  if (source->bytes().size() > limits.bytes_max) {
    return base::fail(base::Code::kLimit, "larger than " + std::to_string(limits.bytes_max) + " bytes", source->name());
  }
  auto document = std::make_shared<Document>(source, keys);
  TreeStack stack;
  std::string scratch;
  Parser parser(source->bytes(), document->arena(), *keys, limits, document->mutable_duplicates(), stack, scratch);
  Node* root = document->arena().make<Node>();
  if (!parser.document(*root)) return std::unexpected(error_of(parser, *source));
  document->set_root(root);
  return document;
}

struct JsonReader::State {
  Limits limits;
  base::Arena arena;
  Keys keys;
  std::vector<DuplicateKey> duplicates;
  TreeStack stack;
  std::string scratch;
  Node root;
};

JsonReader::JsonReader(Limits limits) : state_(std::make_unique<State>()) { state_->limits = limits; }
JsonReader::~JsonReader() = default;

base::Result<const Node*> JsonReader::read(std::string_view bytes, std::string_view name) {
  State& s = *state_;
  s.arena.reset();
  s.duplicates.clear();
  s.stack.clear();
  if (bytes.size() > s.limits.bytes_max) {
    return base::fail(base::Code::kLimit, "larger than " + std::to_string(s.limits.bytes_max) + " bytes", std::string(name));
  }
  Parser parser(bytes, s.arena, s.keys, s.limits, s.duplicates, s.stack, s.scratch);
  if (!parser.document(s.root)) return std::unexpected(error_of(parser, Source(std::string(name), std::string(bytes))));
  return &s.root;
}

const std::vector<DuplicateKey>& JsonReader::duplicates() const { return state_->duplicates; }

}  // namespace ameia::doc
