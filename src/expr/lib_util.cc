#include "expr/internal/lib_util.h"

#include "expr/internal/number.h"
#include "expr/limits.h"

namespace ameia::expr::internal {

uint32_t code_point(std::string_view text, size_t at, size_t& bytes) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  bytes = 1;
  if (lead < 0x80) return lead;
  const size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + size > text.size()) return 0xfffd;
  uint32_t value = lead & (0xffu >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return 0xfffd;
    value = value << 6 | (byte(at + i) & 0x3f);
  }
  const bool overlong = (size == 3 && value < 0x800) || (size == 4 && value < 0x10000);
  if (overlong || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return 0xfffd;
  bytes = size;
  return value;
}

size_t code_point_bytes(std::string_view text, size_t at) {
  size_t bytes = 1;
  code_point(text, at, bytes);
  return bytes;
}

void append_utf8(std::string& out, uint32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    out += static_cast<char>(0x80 | (c >> 12 & 0x3f));
    out += static_cast<char>(0x80 | (c >> 6 & 0x3f));
    out += static_cast<char>(0x80 | (c & 0x3f));
  }
}

size_t offset_of(std::string_view text, bool ascii, uint64_t n) {
  if (ascii) return n <= text.size() ? static_cast<size_t>(n) : std::string_view::npos;
  size_t at = 0;
  for (; n != 0; --n) {
    if (at >= text.size()) return std::string_view::npos;
    at += code_point_bytes(text, at);
  }
  return at;
}

namespace {

// Go's unicode.IsPrint beyond ASCII, by the blocks that hold no printable character. Unassigned code points count as
// printable.
bool is_printable(uint32_t c) {
  struct Range {
    uint32_t first, last;
  };
  static constexpr Range kHidden[] = {
      {0x7f, 0xa0},     {0xad, 0xad},     {0x600, 0x605},   {0x61c, 0x61c},   {0x6dd, 0x6dd},     {0x70f, 0x70f},
      {0x1680, 0x1680}, {0x180e, 0x180e}, {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f},   {0x3000, 0x3000},
      {0xd800, 0xf8ff}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0xe0000, 0x10ffff}};
  if (c < 0x20) return false;
  for (const Range& range : kHidden) {
    if (c >= range.first && c <= range.last) return c >= 0xe0100 && c <= 0xe01ef;  // variation selectors are printable
  }
  return true;
}

}  // namespace

std::string go_quote(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (size_t at = 0; at < text.size();) {
    size_t bytes = 1;
    const uint32_t c = code_point(text, at, bytes);
    if (c == 0xfffd && bytes == 1) {
      const auto stray = static_cast<unsigned char>(text[at]);
      out += "\\x";
      out += kHex[stray >> 4];
      out += kHex[stray & 15];
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (is_printable(c)) {
      out.append(text, at, bytes);
    } else if (c >= 7 && c <= 13) {
      out += '\\';
      out += "abtnvfr"[c - 7];
    } else {
      const int digits = c < 0x80 ? 2 : c < 0x10000 ? 4 : 8;
      out += '\\';
      out += digits == 2 ? 'x' : digits == 4 ? 'u' : 'U';
      for (int i = digits - 1; i >= 0; --i) out += kHex[c >> (4 * i) & 15];
    }
    at += bytes;
  }
  return out + '"';
}

Value part_of(const Value& whole, size_t begin, size_t end) {
  const std::string_view part = whole.str().substr(begin, end - begin);
  return Value::of_string(part, whole.ascii || is_ascii(part));
}

namespace {

uint64_t traverse(const Value& value, uint32_t depth) {
  if (depth > kTraversalDepthMax) return 1;
  switch (value.kind) {
    case ValueKind::kString:
    case ValueKind::kBytes: return cost_of_double(static_cast<double>(value.size) * 0.1);
    case ValueKind::kList:
    case ValueKind::kDocList: {
      uint64_t cost = 0;
      for (uint32_t i = 0, n = list_size(value); i < n; ++i)
        cost = add_sat(cost, traverse(list_at(value, i), depth + 1));
      return cost;
    }
    case ValueKind::kMap:
    case ValueKind::kDocMap: {
      uint64_t cost = 0;
      for (uint32_t i = 0, n = map_size(value); i < n; ++i) {
        const MapEntryValue entry = map_at(value, i);
        cost = add_sat(cost, add_sat(traverse(entry.key, depth + 1), traverse(entry.value, depth + 1)));
      }
      return cost;
    }
    default: return 1;
  }
}

}  // namespace

uint64_t traversal_cost(const Value& value) {
  return traverse(value, 0);
}

bool is_ordered(const Value& v) {
  switch (v.kind) {
    case ValueKind::kBool:
    case ValueKind::kInt:
    case ValueKind::kUint:
    case ValueKind::kDouble:
    case ValueKind::kString:
    case ValueKind::kBytes:
    case ValueKind::kDuration:
    case ValueKind::kTimestamp: return true;
    default: return false;
  }
}

}  // namespace ameia::expr::internal
