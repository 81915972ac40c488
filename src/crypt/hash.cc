#include "crypt/hash.h"

#include <openssl/evp.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace ameia::crypt {

std::string sha256_hex(std::string_view bytes) {
  // Fetched once: an implicit fetch per call costs twice the digest of a short input.
  static EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  if (kSha256 == nullptr || EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, kSha256, nullptr) != 1) {
    std::fputs("ameia: OpenSSL cannot compute SHA-256; check the OpenSSL configuration of this machine\n", stderr);
    std::abort();
  }
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(64);
  for (unsigned char byte : digest) {
    text.push_back(kHex[byte >> 4]);
    text.push_back(kHex[byte & 15]);
  }
  return text;
}

}  // namespace ameia::crypt
