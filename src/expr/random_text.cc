#include "expr/random_text.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <charconv>
#include <memory>
#include <vector>

#include "expr/limits.h"

namespace ameia::expr {
namespace {

using Letters = std::bitset<128>;
constexpr char kFirstPrintable = ' ', kLastPrintable = '~';

Letters range(char first, char last) {
  Letters out;
  for (int c = first; c <= last; ++c) out.set(static_cast<size_t>(c));
  return out;
}
Letters one(char c) {
  return range(c, c);
}
// The printable letters that are not among these.
Letters others(const Letters& letters) {
  return range(kFirstPrintable, kLastPrintable) & ~letters;
}
Letters digits() {
  return range('0', '9');
}
Letters words() {
  return digits() | range('a', 'z') | range('A', 'Z') | one('_');
}
Letters spaces() {
  return one('\t') | one('\n') | one('\f') | one('\r') | one(' ');
}

bool named_class(std::string_view name, Letters& out) {
  const Letters alpha = range('a', 'z') | range('A', 'Z');
  const Letters graph = range('!', '~');
  const std::array<std::pair<std::string_view, Letters>, 14> classes{{
      {"alnum", alpha | digits()},
      {"alpha", alpha},
      {"ascii", range('\0', '\x7f')},
      {"blank", one('\t') | one(' ')},
      {"cntrl", range('\0', '\x1f') | one('\x7f')},
      {"digit", digits()},
      {"graph", graph},
      {"lower", range('a', 'z')},
      {"print", graph | one(' ')},
      {"punct", graph & ~(alpha | digits())},
      {"space", spaces() | one('\v')},
      {"upper", range('A', 'Z')},
      {"word", words()},
      {"xdigit", digits() | range('a', 'f') | range('A', 'F')},
  }};
  const auto* found = std::ranges::find(classes, name, &std::pair<std::string_view, Letters>::first);
  if (found == classes.end()) return false;
  out = found->second;
  return true;
}

// A piece of a pattern. Exactly one of text, letters and branches says what it is.
struct Piece {
  std::string text;                          // one code point that is not ASCII
  Letters letters;                           // one of these
  std::vector<std::vector<Piece>> branches;  // a group: one of these sequences
  uint32_t least = 1, most = 1;
};
using Sequence = std::vector<Piece>;

class Reader {
 public:
  explicit Reader(std::string_view pattern) : rest_(pattern) {}

  base::Result<std::vector<Sequence>> read() {
    auto branches = TRY(alternatives(0));
    if (!rest_.empty()) return broken("unexpected )");
    return branches;
  }

 private:
  static std::unexpected<base::Error> broken(std::string_view what) {
    return base::fail(base::Code::kInvalidInput, "error parsing regexp: " + std::string(what));
  }
  static std::unexpected<base::Error> unsupported(std::string_view what) {
    return base::fail(base::Code::kUnsupported, "random: " + std::string(what) + " is not supported in a pattern");
  }
  bool take(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }
  char next() {
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  base::Result<std::vector<Sequence>> alternatives(uint32_t depth) {
    if (depth > kRandomDepthMax) return base::fail(base::Code::kLimit, "random: groups are nested too deep");
    std::vector<Sequence> branches(1);
    while (!rest_.empty() && rest_.front() != ')') {
      if (take("|")) {
        branches.emplace_back();
        continue;
      }
      if (is_anchor()) continue;
      Piece piece = TRY(atom(depth));
      TRY_STATUS(repetition(piece));
      branches.back().push_back(std::move(piece));
    }
    return branches;
  }

  // What matches a place and no letter.
  bool is_anchor() { return take("^") || take("$") || take("\\b") || take("\\B") || take("\\A") || take("\\z"); }

  base::Result<Piece> atom(uint32_t depth) {
    Piece piece;
    const char c = next();
    if (c == '(') {
      TRY_STATUS(group_head());
      piece.branches = TRY(alternatives(depth + 1));
      if (!take(")")) return broken("missing closing )");
    } else if (c == '[') {
      piece.letters = TRY(letter_class());
    } else if (c == '.') {
      piece.letters = others({});
    } else if (c == '\\') {
      piece.letters = TRY(escape());
    } else if (c == '*' || c == '+' || c == '?') {
      return broken("missing argument to repetition operator: `" + std::string(1, c) + "`");
    } else if (static_cast<unsigned char>(c) < 0x80) {
      piece.letters = one(c);
    } else {
      piece.text = c;
      while (!rest_.empty() && (static_cast<unsigned char>(rest_.front()) & 0xc0) == 0x80) piece.text += next();
    }
    return piece;
  }

  base::Status group_head() {
    if (!take("?")) return {};
    if (take(":")) return {};
    if (!take("P<") && !take("<")) return unsupported("(?…)");
    const size_t end = rest_.find('>');
    if (end == std::string_view::npos) return broken("invalid named capture");
    rest_.remove_prefix(end + 1);
    return {};
  }

  base::Result<Letters> escape() {
    if (rest_.empty()) return broken("trailing backslash at end of expression");
    const char c = next();
    switch (c) {
      case 'd': return digits();
      case 'D': return others(digits());
      case 'w': return words();
      case 'W': return others(words());
      case 's': return spaces();
      case 'S': return others(spaces());
      case 'a': return one('\a');
      case 'f': return one('\f');
      case 'n': return one('\n');
      case 'r': return one('\r');
      case 't': return one('\t');
      case 'v': return one('\v');
      case 'x': return hexadecimal();
      default: break;
    }
    if (words().test(static_cast<unsigned char>(c) & 0x7f) && c != '_') return unsupported("\\" + std::string(1, c));
    if (static_cast<unsigned char>(c) >= 0x80) return unsupported("an escaped letter beyond ASCII");
    return one(c);
  }

  base::Result<Letters> hexadecimal() {
    const bool braces = take("{");
    const size_t size = braces ? rest_.find('}') : 2;
    if (size == std::string_view::npos || size > rest_.size()) return broken("invalid escape sequence: `\\x`");
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + size, value, 16);
    if (error != std::errc() || end != rest_.data() + size) return broken("invalid escape sequence: `\\x`");
    if (value >= 0x80) return unsupported("a letter beyond ASCII in \\x");
    rest_.remove_prefix(size + (braces ? 1 : 0));
    return one(static_cast<char>(value));
  }

  base::Result<Letters> letter_class() {
    const bool negated = take("^");
    Letters letters;
    bool first = true;
    while (first || !take("]")) {
      if (rest_.empty()) return broken("missing closing ]");
      first = false;
      if (take("[:")) {
        const size_t end = rest_.find(":]");
        if (end == std::string_view::npos) return broken("invalid character class range: `[:`");
        std::string_view name = rest_.substr(0, end);
        rest_.remove_prefix(end + 2);
        const bool inverse = name.starts_with('^');
        Letters found;
        if (!named_class(name.substr(inverse ? 1 : 0), found)) return broken("invalid character class range");
        letters |= inverse ? others(found) : found;
        continue;
      }
      Letters from = TRY(class_letter());
      if (from.count() == 1 && rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']') {
        rest_.remove_prefix(1);
        const Letters to = TRY(class_letter());
        const size_t low = from._Find_first(), high = to._Find_first();
        if (to.count() != 1 || low > high) return broken("invalid character class range");
        from = range(static_cast<char>(low), static_cast<char>(high));
      }
      letters |= from;
    }
    if (negated) letters = others(letters);
    if (letters.none()) return unsupported("a class without a printable ASCII letter");
    return letters;
  }

  base::Result<Letters> class_letter() {
    if (rest_.empty()) return broken("missing closing ]");
    const char c = next();
    if (c == '\\') return escape();
    if (static_cast<unsigned char>(c) >= 0x80) return unsupported("a letter beyond ASCII in a class");
    return one(c);
  }

  base::Status repetition(Piece& piece) {
    if (take("*")) {
      piece.least = 0;
      piece.most = kRandomRepeatMax;
    } else if (take("+")) {
      piece.most = 1 + kRandomRepeatMax;
    } else if (take("?")) {
      piece.least = 0;
    } else if (!TRY(counted(piece))) {
      return {};
    }
    take("?");  // lazy: the same texts
    return {};
  }

  // {n}, {n,} and {n,m}; anything else is a brace.
  base::Result<bool> counted(Piece& piece) {
    if (!rest_.starts_with('{')) return false;
    std::string_view rest = rest_.substr(1);
    const auto number = [&rest](uint32_t& value) {
      const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
      if (error != std::errc()) return false;
      rest.remove_prefix(static_cast<size_t>(end - rest.data()));
      return true;
    };
    uint32_t least = 0, most = 0;
    if (!number(least)) return false;
    most = least;
    if (rest.starts_with(',')) {
      rest.remove_prefix(1);
      most = least + kRandomRepeatMax;
      if (!rest.starts_with('}') && !number(most)) return false;
    }
    if (!rest.starts_with('}')) return false;
    constexpr uint32_t kGoRepeatMax = 1000;
    if (least > kGoRepeatMax || (most > kGoRepeatMax && most != least + kRandomRepeatMax) || most < least)
      return broken("invalid repeat count: `" + std::string(rest_.substr(0, rest_.size() - rest.size() + 1)) + "`");
    rest_ = rest.substr(1);
    piece.least = least;
    piece.most = most;
    return true;
  }

  std::string_view rest_;
};

class Writer {
 public:
  explicit Writer(RandomNumbers& numbers) : numbers_(numbers) {}

  base::Status write(const std::vector<Sequence>& branches) {
    if (++steps_ > kRandomBytesMax) return too_long();
    for (const Piece& piece : branches[numbers_.below(branches.size())]) {
      for (uint64_t turns = piece.least + numbers_.below(piece.most - piece.least + 1); turns > 0; --turns)
        TRY_STATUS(write(piece));
    }
    return {};
  }
  std::string take() { return std::move(out_); }

 private:
  static base::Status too_long() {
    return base::fail(base::Code::kLimit,
                      "random: the text would be longer than " + std::to_string(kRandomBytesMax) + " bytes");
  }
  base::Status write(const Piece& piece) {
    if (!piece.branches.empty()) return write(piece.branches);
    if (out_.size() >= kRandomBytesMax) return too_long();
    if (!piece.text.empty()) {
      out_ += piece.text;
      return {};
    }
    size_t letter = piece.letters._Find_first();
    for (uint64_t skip = numbers_.below(piece.letters.count()); skip > 0; --skip)
      letter = piece.letters._Find_next(letter);
    out_ += static_cast<char>(letter);
    return {};
  }

  RandomNumbers& numbers_;
  std::string out_;
  size_t steps_ = 0;
};

}  // namespace

base::Result<std::string> random_text(std::string_view pattern, RandomNumbers& numbers) {
  if (pattern.size() > kRandomPatternBytesMax) {
    return base::fail(base::Code::kLimit,
                      "random: a pattern has at most " + std::to_string(kRandomPatternBytesMax) + " bytes");
  }
  const auto branches = TRY(Reader(pattern).read());
  Writer writer(numbers);
  TRY_STATUS(writer.write(branches));
  return writer.take();
}

}  // namespace ameia::expr
