#include <algorithm>
#include <charconv>
#include <cmath>

#include "doc/json.h"

namespace ameia::doc {
namespace {

void append_number(std::string& out, double number) {
  // Go's encoding/json: shortest form, exponent only below 1e-6 and from 1e21 on.
  char buffer[400];
  double size = std::fabs(number);
  bool exponent = size != 0 && (size < 1e-6 || size >= 1e21);
  auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, number, exponent ? std::chars_format::scientific : std::chars_format::fixed);
  if (!std::isfinite(number) || error != std::errc()) {
    out += "null";  // JSON has no such number; no reader of ours makes one
    return;
  }
  out.append(buffer, end);
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

// The length of the well-formed UTF-8 sequence at text[i], or 0.
size_t sequence_at(std::string_view text, size_t i) {
  auto b = [&](size_t k) { return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u; };
  auto tail = [&](size_t k) { return (b(k) & 0xC0) == 0x80; };
  unsigned c = b(0);
  if (c < 0xC2) return c < 0x80 ? 1 : 0;
  if (c < 0xE0) return tail(1) ? 2 : 0;
  if (c < 0xF0) return tail(1) && tail(2) && !(c == 0xE0 && b(1) < 0xA0) && !(c == 0xED && b(1) > 0x9F) ? 3 : 0;
  return c < 0xF5 && tail(1) && tail(2) && tail(3) && !(c == 0xF0 && b(1) < 0x90) && !(c == 0xF4 && b(1) > 0x8F) ? 4 : 0;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (size_t i = 0; i < text.size();) {
    auto c = static_cast<unsigned char>(text[i]);
    size_t n = sequence_at(text, i);
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
