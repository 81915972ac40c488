// Text as bytes: UTF-8 one code point at a time, positions, and the snippets of error messages.
// Neighbours: document.cc (Source), json.cc, yaml.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "doc/document.h"

namespace ameia::doc::internal {

inline constexpr std::string_view kUtf8Bom = "\xEF\xBB\xBF";
inline constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// The bytes of the well-formed code point at `p` (RFC 3629: no surrogates, nothing overlong), or 0.
size_t utf8_length(const char* p, const char* end, uint32_t& code_point);

// Writes at most four bytes; returns how many. `code_point` is a Unicode scalar value.
size_t utf8_encode(uint32_t code_point, char* to);

[[nodiscard]] bool all_ascii(std::string_view text);

// `text` with every byte that is no UTF-8 replaced, as Go's encoding/json does (one U+FFFD a byte).
std::string replace_invalid_utf8(std::string_view text);

Position position_of(std::string_view text, size_t offset);
// Where `line_begin` is the offset of the line's first byte.
uint32_t column_of(std::string_view text, size_t line_begin, size_t offset);
std::string snippet_of(std::string_view text, size_t offset);
std::string where_of(std::string_view name, std::string_view text, size_t offset);

// An error at `offset` of `text`, its snippet under the message.
base::Error error_at(base::Code code, std::string_view message, std::string_view name, std::string_view text,
                     size_t offset);

}  // namespace ameia::doc::internal
