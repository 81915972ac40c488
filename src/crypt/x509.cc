#include "crypt/x509.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <charconv>
#include <ctime>
#include <memory>

#include "crypt/limits.h"

namespace ameia::crypt {
namespace {

template <auto kFree>
struct Free {
  template <typename T>
  void operator()(T* thing) const {
    kFree(thing);
  }
};
void free_bytes(unsigned char* bytes) {
  OPENSSL_free(bytes);
}
void free_text(char* text) {
  OPENSSL_free(text);
}
void free_extensions(STACK_OF(X509_EXTENSION) * stack) {
  sk_X509_EXTENSION_pop_free(stack, X509_EXTENSION_free);
}
template <typename T, auto kFree>
using Owned = std::unique_ptr<T, Free<kFree>>;

base::Error broken(std::string_view what) {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return {base::Code::kInvalidInput,
          "x509: malformed " + std::string(what) + (reason == nullptr ? "" : ": " + std::string(reason)),
          {}};
}

std::string bytes_of(const ASN1_STRING* text) {
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<size_t>(ASN1_STRING_length(text))};
}

// What an i2d function writes.
template <typename Encode>
std::string der(Encode encode) {
  unsigned char* bytes = nullptr;
  const int size = encode(&bytes);
  const Owned<unsigned char, free_bytes> owner(bytes);
  return size <= 0 ? std::string() : std::string(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

ObjectId id_of(const ASN1_OBJECT* object) {
  std::array<char, 256> text{};
  const int size = OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object, 1);
  ObjectId out;
  if (size <= 0 || static_cast<size_t>(size) >= text.size()) return out;
  const char* end = text.data() + size;
  for (const char* at = text.data(); at < end; ++at) {
    uint64_t arc = 0;
    at = std::from_chars(at, end, arc).ptr;
    out.push_back(arc);
  }
  return out;
}

DistinguishedName name_of(const X509_NAME* name) {
  DistinguishedName out;
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    unsigned char* utf8 = nullptr;
    const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
    const Owned<unsigned char, free_bytes> owner(utf8);
    std::string value;
    if (size > 0) value.assign(reinterpret_cast<const char*>(utf8), static_cast<size_t>(size));
    const ASN1_OBJECT* type = X509_NAME_ENTRY_get_object(entry);
    switch (OBJ_obj2nid(type)) {
      case NID_commonName: out.common_name = value; break;
      case NID_serialNumber: out.serial_number = value; break;
      case NID_countryName: out.country.push_back(value); break;
      case NID_localityName: out.locality.push_back(value); break;
      case NID_stateOrProvinceName: out.province.push_back(value); break;
      case NID_streetAddress: out.street.push_back(value); break;
      case NID_organizationName: out.organization.push_back(value); break;
      case NID_organizationalUnitName: out.organizational_unit.push_back(value); break;
      case NID_postalCode: out.postal_code.push_back(value); break;
      default: break;
    }
    out.attributes.push_back({id_of(type), std::move(value)});
  }
  return out;
}

base::Result<RsaPublicKey> key_of(X509_PUBKEY* encoded) {
  ASN1_OBJECT* algorithm = nullptr;
  if (X509_PUBKEY_get0_param(&algorithm, nullptr, nullptr, nullptr, encoded) != 1 ||
      OBJ_obj2nid(algorithm) != NID_rsaEncryption) {
    return base::fail(base::Code::kUnsupported, "certificate should use rsa algorithm");
  }
  const EVP_PKEY* key = X509_PUBKEY_get0(encoded);
  BIGNUM *modulus = nullptr, *exponent = nullptr;
  if (key == nullptr || EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &modulus) != 1)
    return std::unexpected(broken("public key"));
  const Owned<BIGNUM, BN_free> modulus_owner(modulus);
  if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) != 1) return std::unexpected(broken("public key"));
  const Owned<BIGNUM, BN_free> exponent_owner(exponent);
  const Owned<char, free_text> decimal(BN_bn2dec(modulus));
  if (decimal == nullptr) return std::unexpected(broken("public key"));
  return RsaPublicKey{decimal.get(), BN_get_word(exponent)};
}

int64_t seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<int64_t>(::timegm(&parts)) : 0;
}

int64_t low_bits(const ASN1_INTEGER* serial) {
  const Owned<BIGNUM, BN_free> number(ASN1_INTEGER_to_BN(serial, nullptr));
  if (number == nullptr) return 0;
  const bool negative = BN_is_negative(number.get()) != 0;
  BN_set_negative(number.get(), 0);
  BN_mask_bits(number.get(), 64);  // fails when there are fewer: then all of them count
  const auto low = static_cast<uint64_t>(BN_get_word(number.get()));
  ERR_clear_error();
  return static_cast<int64_t>(negative ? uint64_t{0} - low : low);
}

std::vector<X509Extension> extensions_of(const STACK_OF(X509_EXTENSION) * stack) {
  std::vector<X509Extension> out;
  for (int i = 0; i < sk_X509_EXTENSION_num(stack); ++i) {
    X509_EXTENSION* extension = sk_X509_EXTENSION_value(stack, i);
    out.push_back({id_of(X509_EXTENSION_get_object(extension)), X509_EXTENSION_get_critical(extension) != 0,
                   bytes_of(X509_EXTENSION_get_data(extension))});
  }
  return out;
}

template <typename T, auto kFree>
Owned<T, kFree> extension(const STACK_OF(X509_EXTENSION) * stack, int nid, int* critical = nullptr) {
  return Owned<T, kFree>(static_cast<T*>(X509V3_get_d2i(stack, nid, critical, nullptr)));
}

void add_name(const GENERAL_NAME& name, std::vector<std::string>& dns, std::vector<std::string>& emails,
              std::vector<std::string>& uris, std::vector<std::string>& addresses) {
  switch (name.type) {
    case GEN_DNS: dns.push_back(bytes_of(name.d.dNSName)); break;
    case GEN_EMAIL: emails.push_back(bytes_of(name.d.rfc822Name)); break;
    case GEN_URI: uris.push_back(bytes_of(name.d.uniformResourceIdentifier)); break;
    case GEN_IPADD: addresses.push_back(bytes_of(name.d.iPAddress)); break;
    default: break;
  }
}

AlternativeNames names_of(const STACK_OF(X509_EXTENSION) * stack) {
  AlternativeNames out;
  const auto names = extension<GENERAL_NAMES, GENERAL_NAMES_free>(stack, NID_subject_alt_name);
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i)
    add_name(*sk_GENERAL_NAME_value(names.get(), i), out.dns, out.emails, out.uris, out.addresses);
  return out;
}

void add_subtrees(const STACK_OF(GENERAL_SUBTREE) * trees, NameSubtrees& out) {
  for (int i = 0; i < sk_GENERAL_SUBTREE_num(trees); ++i)
    add_name(*sk_GENERAL_SUBTREE_value(trees, i)->base, out.dns, out.emails, out.uris, out.ranges);
}

void read_access(const STACK_OF(X509_EXTENSION) * stack, Certificate& out) {
  const auto access = extension<AUTHORITY_INFO_ACCESS, AUTHORITY_INFO_ACCESS_free>(stack, NID_info_access);
  for (int i = 0; i < sk_ACCESS_DESCRIPTION_num(access.get()); ++i) {
    const ACCESS_DESCRIPTION* one = sk_ACCESS_DESCRIPTION_value(access.get(), i);
    if (one->location->type != GEN_URI) continue;
    const int method = OBJ_obj2nid(one->method);
    std::string url = bytes_of(one->location->d.uniformResourceIdentifier);
    if (method == NID_ad_OCSP) out.ocsp_servers.push_back(std::move(url));
    if (method == NID_ad_ca_issuers) out.issuer_urls.push_back(std::move(url));
  }
  const auto lists = extension<CRL_DIST_POINTS, CRL_DIST_POINTS_free>(stack, NID_crl_distribution_points);
  for (int i = 0; i < sk_DIST_POINT_num(lists.get()); ++i) {
    const DIST_POINT_NAME* point = sk_DIST_POINT_value(lists.get(), i)->distpoint;
    if (point == nullptr || point->type != 0) continue;
    for (int k = 0; k < sk_GENERAL_NAME_num(point->name.fullname); ++k) {
      const GENERAL_NAME* name = sk_GENERAL_NAME_value(point->name.fullname, k);
      if (name->type == GEN_URI) out.revocation_lists.push_back(bytes_of(name->d.uniformResourceIdentifier));
    }
  }
}

void read_uses(const STACK_OF(X509_EXTENSION) * stack, Certificate& out) {
  const auto usage = extension<ASN1_BIT_STRING, ASN1_BIT_STRING_free>(stack, NID_key_usage);
  for (int bit = 0; usage != nullptr && bit < 9; ++bit) {
    if (ASN1_BIT_STRING_get_bit(usage.get(), bit) != 0) out.key_usage |= 1U << bit;
  }
  const auto extended = extension<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>(stack, NID_ext_key_usage);
  for (int i = 0; i < sk_ASN1_OBJECT_num(extended.get()); ++i)
    out.extended_key_usages.push_back(id_of(sk_ASN1_OBJECT_value(extended.get(), i)));
  const auto policies = extension<CERTIFICATEPOLICIES, CERTIFICATEPOLICIES_free>(stack, NID_certificate_policies);
  for (int i = 0; i < sk_POLICYINFO_num(policies.get()); ++i)
    out.policies.push_back(id_of(sk_POLICYINFO_value(policies.get(), i)->policyid));
}

void read_authority(const STACK_OF(X509_EXTENSION) * stack, Certificate& out) {
  const auto basic = extension<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>(stack, NID_basic_constraints);
  if (basic != nullptr) {
    out.has_basic_constraints = true;
    out.is_authority = basic->ca != 0;
    if (basic->pathlen != nullptr) out.path_length_max = ASN1_INTEGER_get(basic->pathlen);
  }
  const auto key = extension<AUTHORITY_KEYID, AUTHORITY_KEYID_free>(stack, NID_authority_key_identifier);
  if (key != nullptr) out.authority_key_id = bytes_of(key->keyid);
  int critical = 0;
  const auto constraints = extension<NAME_CONSTRAINTS, NAME_CONSTRAINTS_free>(stack, NID_name_constraints, &critical);
  if (constraints == nullptr) return;
  out.has_critical_constraints = critical > 0;
  add_subtrees(constraints->permittedSubtrees, out.permitted);
  add_subtrees(constraints->excludedSubtrees, out.excluded);
}

base::Result<Certificate> parse_certificate(std::string_view bytes) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const Owned<X509, X509_free> x509(d2i_X509(nullptr, &at, static_cast<long>(bytes.size())));
  if (x509 == nullptr) return std::unexpected(broken("certificate"));
  if (at != reinterpret_cast<const unsigned char*>(bytes.data()) + bytes.size())
    return base::fail(base::Code::kInvalidInput, "x509: trailing data");
  X509* cert = x509.get();
  X509_PUBKEY* key = X509_get_X509_PUBKEY(cert);
  Certificate out;
  out.public_key = TRY(key_of(key));
  out.raw = bytes;
  out.raw_tbs = der([&](unsigned char** to) { return i2d_re_X509_tbs(cert, to); });
  out.raw_public_key = der([&](unsigned char** to) { return i2d_X509_PUBKEY(key, to); });
  out.raw_subject = der([&](unsigned char** to) { return i2d_X509_NAME(X509_get_subject_name(cert), to); });
  out.raw_issuer = der([&](unsigned char** to) { return i2d_X509_NAME(X509_get_issuer_name(cert), to); });
  const ASN1_BIT_STRING* signature = nullptr;
  X509_get0_signature(&signature, nullptr, cert);
  out.signature = bytes_of(signature);
  out.serial_number = low_bits(X509_get0_serialNumber(cert));
  out.issuer = name_of(X509_get_issuer_name(cert));
  out.not_before = seconds_of(X509_get0_notBefore(cert));
  out.not_after = seconds_of(X509_get0_notAfter(cert));
  const STACK_OF(X509_EXTENSION)* stack = X509_get0_extensions(cert);
  out.extensions = extensions_of(stack);
  out.names = names_of(stack);
  read_uses(stack, out);
  read_authority(stack, out);
  read_access(stack, out);
  ERR_clear_error();
  return out;
}

base::Result<CertificateRequest> parse_request(std::string_view bytes) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const Owned<X509_REQ, X509_REQ_free> owner(d2i_X509_REQ(nullptr, &at, static_cast<long>(bytes.size())));
  if (owner == nullptr) return std::unexpected(broken("certificate request"));
  if (at != reinterpret_cast<const unsigned char*>(bytes.data()) + bytes.size())
    return base::fail(base::Code::kInvalidInput, "x509: trailing data");
  X509_REQ* request = owner.get();
  X509_PUBKEY* key = X509_REQ_get_X509_PUBKEY(request);
  CertificateRequest out;
  out.public_key = TRY(key_of(key));
  out.raw = bytes;
  out.raw_info = der([&](unsigned char** to) { return i2d_re_X509_REQ_tbs(request, to); });
  out.raw_public_key = der([&](unsigned char** to) { return i2d_X509_PUBKEY(key, to); });
  out.raw_subject = der([&](unsigned char** to) { return i2d_X509_NAME(X509_REQ_get_subject_name(request), to); });
  const ASN1_BIT_STRING* signature = nullptr;
  const X509_ALGOR* algorithm = nullptr;
  X509_REQ_get0_signature(request, &signature, &algorithm);
  out.signature = bytes_of(signature);
  const ASN1_OBJECT* algorithm_id = nullptr;
  X509_ALGOR_get0(&algorithm_id, nullptr, nullptr, algorithm);
  if (const int nid = OBJ_obj2nid(algorithm_id); nid != NID_undef) out.signature_algorithm = OBJ_nid2ln(nid);
  out.version = X509_REQ_get_version(request);
  out.subject = name_of(X509_REQ_get_subject_name(request));
  const Owned<STACK_OF(X509_EXTENSION), free_extensions> stack(X509_REQ_get_extensions(request));
  out.extensions = extensions_of(stack.get());
  out.names = names_of(stack.get());
  ERR_clear_error();
  return out;
}

}  // namespace

base::Result<std::variant<Certificate, CertificateRequest>> parse_pem(std::string_view text) {
  if (text.size() > kPemBytesMax) {
    return base::fail(base::Code::kLimit, "a text of more than " + std::to_string(kPemBytesMax) +
                                              " bytes is not searched for certificates");
  }
  const Owned<BIO, BIO_free> bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  char *name = nullptr, *header = nullptr;
  unsigned char* data = nullptr;
  long size = 0;
  const int read = bio == nullptr ? 0 : PEM_read_bio(bio.get(), &name, &header, &data, &size);
  const Owned<char, free_text> name_owner(name), header_owner(header);
  const Owned<unsigned char, free_bytes> data_owner(data);
  ERR_clear_error();
  if (read != 1) return base::fail(base::Code::kInvalidInput, "failed to decode PEM block");
  const std::string_view kind = name, bytes(reinterpret_cast<const char*>(data), static_cast<size_t>(size));
  if (kind == "CERTIFICATE") return TRY(parse_certificate(bytes));
  if (kind == "CERTIFICATE REQUEST") return TRY(parse_request(bytes));
  return base::fail(base::Code::kInvalidInput, "PEM block neither contains a CERTIFICATE or CERTIFICATE REQUEST");
}

}  // namespace ameia::crypt
