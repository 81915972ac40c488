#include "crypt/hash.h"

#include <openssl/evp.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace ameia::crypt {
namespace {

std::string hex_digest(const char* name, const EVP_MD* digest, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  if (digest == nullptr || EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, digest, nullptr) != 1) {
    std::fprintf(stderr, "ameia: OpenSSL cannot compute %s; check the OpenSSL configuration of this machine\n", name);
    std::abort();
  }
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text;
  text.reserve(size_t{2} * size);
  for (unsigned i = 0; i < size; ++i) {
    text.push_back(kHex[out[i] >> 4]);
    text.push_back(kHex[out[i] & 15]);
  }
  return text;
}

}  // namespace

// Fetched once: an implicit fetch per call costs twice the digest of a short input.
std::string sha256_hex(std::string_view bytes) {
  static EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return hex_digest("SHA-256", kSha256, bytes);
}

std::string sha1_hex(std::string_view bytes) {
  static EVP_MD* const kSha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  return hex_digest("SHA-1", kSha1, bytes);
}

std::string md5_hex(std::string_view bytes) {
  static EVP_MD* const kMd5 = EVP_MD_fetch(nullptr, "MD5", nullptr);
  return hex_digest("MD5", kMd5, bytes);
}

}  // namespace ameia::crypt
