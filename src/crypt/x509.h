// X.509 certificates and certificate requests read from PEM, as plain data. Nothing is verified: no signature, no
// chain. Neighbours: expr/lib_kyverno_x509.cc makes CEL values of them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace ameia::crypt {

using ObjectId = std::vector<uint64_t>;  // {2, 5, 29, 15}

// A distinguished name: the attributes of RFC 5280 by kind, and all of them in order.
struct DistinguishedName {
  std::vector<std::string> country, organization, organizational_unit, locality, province, street, postal_code;
  std::string serial_number, common_name;
  struct Attribute {
    ObjectId type;
    std::string value;  // UTF-8
  };
  std::vector<Attribute> attributes;
};

struct X509Extension {
  ObjectId id;
  bool critical = false;
  std::string value;  // DER
};

struct RsaPublicKey {
  std::string modulus;  // decimal
  uint64_t exponent = 0;
};

// subjectAltName. Addresses are 4 or 16 bytes.
struct AlternativeNames {
  std::vector<std::string> dns, emails, uris, addresses;
};

// One side of nameConstraints. A range is an address and a mask of the same length, one behind the other.
struct NameSubtrees {
  std::vector<std::string> dns, emails, uris, ranges;
};

struct Certificate {
  std::string raw, raw_tbs, raw_public_key, raw_subject, raw_issuer, signature;  // DER; the signature's bits
  RsaPublicKey public_key;
  int64_t serial_number = 0;  // its low 64 bits, as Go's big.Int gives them
  DistinguishedName issuer;
  int64_t not_before = 0, not_after = 0;  // seconds since 1970
  uint32_t key_usage = 0;                 // bit 0: digitalSignature … bit 8: decipherOnly
  std::vector<X509Extension> extensions;
  std::vector<ObjectId> extended_key_usages;
  bool has_basic_constraints = false, is_authority = false;
  int64_t path_length_max = -1;  // -1: none is set
  std::string authority_key_id;
  std::vector<std::string> ocsp_servers, issuer_urls, revocation_lists;
  AlternativeNames names;
  bool has_critical_constraints = false;
  NameSubtrees permitted, excluded;
  std::vector<ObjectId> policies;
};

struct CertificateRequest {
  std::string raw, raw_info, raw_public_key, raw_subject, signature;
  int64_t version = 0;
  std::string signature_algorithm;  // OpenSSL's long name: "sha256WithRSAEncryption"
  RsaPublicKey public_key;
  DistinguishedName subject;
  std::vector<X509Extension> extensions;
  AlternativeNames names;
};

// The first PEM block of the text. Fails: kInvalidInput (no block, another kind of block, broken DER), kUnsupported
// (a key that is not RSA), kLimit (longer than kPemBytesMax).
base::Result<std::variant<Certificate, CertificateRequest>> parse_pem(std::string_view text);

}  // namespace ameia::crypt
