// cel-go's encoders extension: base64.
#include "expr/internal/lib_util.h"
#include "expr/libraries.h"

namespace ameia::expr {
namespace internal {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int value_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// Whether `text` is base64 with its padding, which Go accepts with line breaks anywhere; `end` is where the padding
// begins.
bool well_padded(std::string_view text, size_t& end) {
  size_t letters = 0, padding = 0;
  end = text.size();
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' || text[i] == '\r') continue;
    if (text[i] == '=') {
      if (padding++ == 0) end = i;
    } else if (padding != 0 || value_of(text[i]) < 0) {
      return false;
    } else {
      ++letters;
    }
  }
  return (padding == 0 && letters % 4 == 0) || (padding == 1 && letters % 4 == 3) || (padding == 2 && letters % 4 == 2);
}

// Padded first; what is not is read as unpadded, whose errors count.
Value decode(CallContext& context, const Value* args, uint32_t) {
  std::string_view text = args[0].str();
  size_t end = 0;
  if (well_padded(text, end)) text = text.substr(0, end);
  if (!context.room_for(text.size())) return context.no_room();
  char* out = context.arena.array<char>(text.size() / 4 * 3 + 3);
  size_t size = 0, letters = 0;
  uint32_t bits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' || text[i] == '\r') continue;
    const int value = value_of(text[i]);
    if (value < 0) return context.errorf("illegal base64 data at input byte %zu", i);
    bits = bits << 6 | static_cast<uint32_t>(value);
    if (++letters % 4 == 0) {
      for (int shift = 16; shift >= 0; shift -= 8) out[size++] = static_cast<char>(bits >> shift);
      bits = 0;
    }
  }
  switch (letters % 4) {
    case 1: return context.errorf("illegal base64 data at input byte %zu", text.size() - 1);
    case 2: out[size++] = static_cast<char>(bits >> 4); break;
    case 3:
      out[size++] = static_cast<char>(bits >> 10);
      out[size++] = static_cast<char>(bits >> 2);
      break;
    default: break;
  }
  return Value::of_bytes({out, size});
}

Value encode(CallContext& context, const Value* args, uint32_t) {
  return base64_value(context, args[0].str());
}

constexpr Overload kOverloads[] = {
    {"base64_decode_string", "base64.decode(string) -> bytes", decode, nullptr, true},
    {"base64_encode_bytes", "base64.encode(bytes) -> string", encode, nullptr, true},
};

}  // namespace

Value base64_value(CallContext& context, std::string_view bytes) {
  const size_t size = (bytes.size() + 2) / 3 * 4;
  if (size > UINT32_MAX || !context.room_for(size)) return context.no_room();
  char* out = context.arena.array<char>(size);
  char* to = out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = bytes.size() - i;
    uint32_t bits = 0;
    for (size_t j = 0; j < 3; ++j) bits = bits << 8 | (j < left ? static_cast<unsigned char>(bytes[i + j]) : 0);
    for (size_t j = 0; j < 4; ++j) *to++ = j <= left ? kAlphabet[bits >> (18 - 6 * j) & 63] : '=';
  }
  return Value::of_string({out, size}, true);
}

}  // namespace internal

Library encoders_library() {
  return {"encoders", 0, internal::kOverloads};
}

}  // namespace ameia::expr
