// Digests, by OpenSSL. Neighbours: report fingerprints and verdict cache keys use it.
#pragma once

#include <string>
#include <string_view>

namespace ameia::crypt {

// Lower-case hexadecimal SHA-256 of `bytes`, 64 characters.
std::string sha256_hex(std::string_view bytes);

}  // namespace ameia::crypt
