// Digests, by OpenSSL. Neighbours: report fingerprints, CEL's hash library (expr/lib_kyverno_bytes.cc).
#pragma once

#include <string>
#include <string_view>

namespace ameia::crypt {

// Lower-case hexadecimal digests of `bytes`. SHA-1 and MD5 are for what others made with them, not for trust.
std::string sha256_hex(std::string_view bytes);  // 64 characters
std::string sha1_hex(std::string_view bytes);    // 40
std::string md5_hex(std::string_view bytes);     // 32

}  // namespace ameia::crypt
