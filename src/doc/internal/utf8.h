// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing past U+10FFFF.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ameia::doc::internal {

// The length of the well-formed sequence at text[i], or 0.
size_t utf8_sequence(std::string_view text, size_t i);
bool utf8_valid(std::string_view text);
// `text` with U+FFFD for each byte that belongs to no sequence, as Go's decoder reads it. Appends to `out`.
void utf8_repair(std::string_view text, std::string& out);

}  // namespace ameia::doc::internal
