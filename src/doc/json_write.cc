#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "doc/internal/utf8.h"
#include "doc/json.h"

namespace ameia::doc {
namespace {

// As Go's encoding/json: the shortest digits that read back equal; an exponent only below 1e-6 and from 1e21 on. (Negative
// zero is -0.0, which reads back as itself.)
void append_number(std::string& out, double number) {
  if (!std::isfinite(number)) {
    out += "null";  // JSON has no such number; no reader of ours makes one
    return;
  }
  if (number == 0) {
    out += std::signbit(number) ? "-0.0" : "0";
    return;
  }
  char buffer[32];
  char* end = std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific).ptr;
  std::string_view text(buffer, static_cast<size_t>(end - buffer));
  if (text[0] == '-') {
    out += '-';
    text.remove_prefix(1);
  }
  size_t e = text.find('e');
  int exponent = 0;
  std::from_chars(text.data() + e + (text[e + 1] == '+' ? 2 : 1), text.data() + text.size(), exponent);
  std::string digits(1, text[0]);
  if (e > 2) digits += text.substr(2, e - 2);
  auto count = static_cast<int>(digits.size());
  if (exponent < -6 || exponent >= 21) {
    out += digits[0];
    if (count > 1) out.append(".").append(digits, 1);
    out.append(exponent < 0 ? "e-" : "e+").append(std::to_string(std::abs(exponent)));
  } else if (exponent < 0) {
    out.append("0.").append(static_cast<size_t>(-exponent - 1), '0').append(digits);
  } else if (count <= exponent + 1) {
    out.append(digits).append(static_cast<size_t>(exponent + 1 - count), '0');
  } else {
    out.append(digits, 0, static_cast<size_t>(exponent) + 1).append(".").append(digits, static_cast<size_t>(exponent) + 1);
  }
}

class Writer {
 public:
  Writer(std::string& out, KeyOrder order, bool pretty) : out_(out), order_(order), pretty_(pretty) {}

  void node(const Node& n, uint32_t depth) {
    switch (n.kind) {
      case Kind::kNull: out_ += "null"; break;
      case Kind::kBool: out_ += n.boolean ? "true" : "false"; break;
      case Kind::kInt: out_ += std::to_string(n.integer); break;
      case Kind::kDouble: append_number(out_, n.number); break;
      case Kind::kString: append_json_string(out_, n.str()); break;
      case Kind::kList: list(n, depth); break;
      case Kind::kMap: map(n, depth); break;
    }
  }

 private:
  void line(uint32_t depth) {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(size_t{2} * depth, ' ');
  }
  void list(const Node& n, uint32_t depth) {
    if (n.size == 0) {
      out_ += "[]";
      return;
    }
    char separator = '[';
    for (const Node& item : n.list()) {
      out_ += separator;
      separator = ',';
      line(depth + 1);
      node(item, depth + 1);
    }
    line(depth);
    out_ += ']';
  }
  void map(const Node& n, uint32_t depth) {
    if (n.size == 0) {
      out_ += "{}";
      return;
    }
    char separator = '{';
    auto member = [&](const Member& m) {
      out_ += separator;
      separator = ',';
      line(depth + 1);
      append_json_string(out_, m.key->view());
      out_ += pretty_ ? ": " : ":";
      node(m.value, depth + 1);
    };
    if (order_ == KeyOrder::kSorted) {
      std::vector<const Member*> sorted;
      for (const Member& m : n.map()) sorted.push_back(&m);
      std::sort(sorted.begin(), sorted.end(), [](const Member* a, const Member* b) { return a->key->view() < b->key->view(); });
      for (const Member* m : sorted) member(*m);
    } else {
      for (const Member& m : n.map()) member(m);
    }
    line(depth);
    out_ += '}';
  }

  std::string& out_;
  KeyOrder order_;
  bool pretty_;
};

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (size_t i = 0; i < text.size();) {
    auto c = static_cast<unsigned char>(text[i]);
    size_t n = internal::utf8_sequence(text, i);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c < 0x20 || c == 0x7F) {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else if (n == 0) {
      out += "\xEF\xBF\xBD";
    } else {
      out.append(text.substr(i, n));
    }
    i += n == 0 ? 1 : n;
  }
  out += '"';
}

std::string to_json(const Node& node, KeyOrder order) {
  std::string out;
  Writer(out, order, false).node(node, 0);
  return out;
}

std::string to_pretty_json(const Node& node) {
  std::string out;
  Writer(out, KeyOrder::kSource, true).node(node, 0);
  return out;
}

}  // namespace ameia::doc
