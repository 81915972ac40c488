// The wording that Pod Security messages share: joins, quotes, plurals.
#include <cstdio>

#include "policy/internal/pss_checks.h"

namespace ameia::policy::pss {
namespace {

// Decodes one code point; size 0 when the bytes are not UTF-8.
struct Rune {
  uint32_t value = 0;
  size_t size = 0;
};
Rune decode(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char lead = byte(0);
  size_t size = lead < 0x80                   ? 1
                : lead >= 0xC2 && lead < 0xE0 ? 2
                : lead >= 0xE0 && lead < 0xF0 ? 3
                : lead >= 0xF0 && lead < 0xF5 ? 4
                                              : 0;
  if (size == 0 || size > text.size()) return {};
  uint32_t value = size == 1 ? lead : lead & (0xFFu >> (size + 1));
  for (size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3Fu);
  }
  if ((size == 3 && value < 0x800) || (size == 4 && (value < 0x10000 || value > 0x10FFFF))) return {};
  if (value >= 0xD800 && value < 0xE000) return {};
  return {value, size};
}

template <typename Items>
std::string quote_all(const Items& items) {
  std::string out;
  for (const std::string& item : items) {
    if (!out.empty()) out += ", ";
    out += '"' + item + '"';
  }
  return out;
}

void append_escape(std::string& out, const char* format, unsigned value) {
  char buffer[16];
  int size = std::snprintf(buffer, sizeof buffer, format, value);
  out.append(buffer, static_cast<size_t>(size));
}

}  // namespace

std::string join(const Names& items, std::string_view separator) {
  std::string out;
  for (size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += separator;
    out += items[i];
  }
  return out;
}

std::string quoted(const Names& items) {
  return quote_all(items);
}
std::string quoted(const SortedSet& items) {
  return quote_all(items);
}

std::string_view plural(std::string_view one, std::string_view many, size_t count) {
  return count == 1 ? one : many;
}

std::string containers(const Names& names) {
  return std::string(plural("container", "containers", names.size())) + ' ' + quoted(names);
}

// Printable beyond ASCII is taken to be any code point but the C1 controls and the marks that take no space of their
// own.
std::string go_quote(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    Rune rune = decode(text);
    if (rune.size == 0) {
      append_escape(out, "\\x%02x", static_cast<unsigned char>(text[0]));
      text.remove_prefix(1);
      continue;
    }
    switch (rune.value) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\a': out += "\\a"; break;
      case '\b': out += "\\b"; break;
      case '\f': out += "\\f"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\v': out += "\\v"; break;
      default:
        if (rune.value < 0x20 || rune.value == 0x7F)
          append_escape(out, "\\x%02x", rune.value);
        else if ((rune.value >= 0x80 && rune.value <= 0xA0) || rune.value == 0xAD || rune.value == 0xFEFF ||
                 (rune.value >= 0x2000 && rune.value <= 0x200F) || (rune.value >= 0x2028 && rune.value <= 0x202F))
          append_escape(out, "\\u%04x", rune.value);
        else
          out += text.substr(0, rune.size);
    }
    text.remove_prefix(rune.size);
  }
  return out + '"';
}

}  // namespace ameia::policy::pss
