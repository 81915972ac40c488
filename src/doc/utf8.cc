#include "doc/internal/utf8.h"

namespace ameia::doc::internal {

size_t utf8_sequence(std::string_view text, size_t i) {
  auto b = [&](size_t k) { return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0u; };
  auto tail = [&](size_t k) { return (b(k) & 0xC0) == 0x80; };
  unsigned c = b(0);
  if (c < 0xC2) return c < 0x80 ? 1 : 0;
  if (c < 0xE0) return tail(1) ? 2 : 0;
  if (c < 0xF0) return tail(1) && tail(2) && !(c == 0xE0 && b(1) < 0xA0) && !(c == 0xED && b(1) > 0x9F) ? 3 : 0;
  return c < 0xF5 && tail(1) && tail(2) && tail(3) && !(c == 0xF0 && b(1) < 0x90) && !(c == 0xF4 && b(1) > 0x8F) ? 4 : 0;
}

bool utf8_valid(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    size_t n = utf8_sequence(text, i);
    if (n == 0) return false;
    i += n;
  }
  return true;
}

void utf8_repair(std::string_view text, std::string& out) {
  for (size_t i = 0; i < text.size();) {
    size_t n = utf8_sequence(text, i);
    if (n == 0) out += "\xEF\xBF\xBD";
    else out.append(text.substr(i, n));
    i += n == 0 ? 1 : n;
  }
}

}  // namespace ameia::doc::internal
