// Limits of what is read with OpenSSL.
#pragma once

#include <cstddef>

namespace ameia::crypt {

inline constexpr size_t kPemBytesMax = size_t{1} << 20;  // of a text that a certificate is looked for in

}  // namespace ameia::crypt
