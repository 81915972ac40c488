// Kyverno's x509.decode: a certificate or certificate request as Go's encoding/json writes its structure, every number
// a double. Of a request, the fields Attributes and URIs are not given.
#include <initializer_list>

#include "crypt/x509.h"
#include "expr/internal/ip_address.h"
#include "expr/internal/lib_util.h"
#include "expr/internal/time.h"
#include "expr/lib_kyverno.h"

namespace ameia::expr {
namespace internal {
namespace {

using crypt::ObjectId;
using Texts = std::vector<std::string>;

// Go's numbers of extended key usages, by object id.
constexpr struct {
  std::string_view id;
  int number;
} kKeyUsages[] = {{"2.5.29.37.0", 0},
                  {"1.3.6.1.5.5.7.3.1", 1},
                  {"1.3.6.1.5.5.7.3.2", 2},
                  {"1.3.6.1.5.5.7.3.3", 3},
                  {"1.3.6.1.5.5.7.3.4", 4},
                  {"1.3.6.1.5.5.7.3.5", 5},
                  {"1.3.6.1.5.5.7.3.6", 6},
                  {"1.3.6.1.5.5.7.3.7", 7},
                  {"1.3.6.1.5.5.7.3.8", 8},
                  {"1.3.6.1.5.5.7.3.9", 9},
                  {"1.3.6.1.4.1.311.10.3.3", 10},
                  {"2.16.840.1.113730.4.1", 11},
                  {"1.3.6.1.4.1.311.2.1.22", 12},
                  {"1.3.6.1.4.1.311.61.1.1", 13}};
// Go's numbers of signature algorithms, by OpenSSL's names.
constexpr struct {
  std::string_view name;
  int number;
} kSignatures[] = {{"md2WithRSAEncryption", 1},    {"md5WithRSAEncryption", 2},    {"sha1WithRSAEncryption", 3},
                   {"sha256WithRSAEncryption", 4}, {"sha384WithRSAEncryption", 5}, {"sha512WithRSAEncryption", 6}};
constexpr int kRsa = 1;  // Go's number of the key algorithm

std::string dotted(const ObjectId& id) {
  std::string out;
  for (const uint64_t arc : id) out += (out.empty() ? "" : ".") + std::to_string(arc);
  return out;
}

std::string address_text(std::string_view bytes) {
  IpAddress address;
  address.is_v4 = bytes.size() == 4;
  std::copy_n(bytes.begin(), std::min(bytes.size(), address.bytes.size()), address.bytes.begin());
  if (!address.is_v4 && address.is_mapped_v4()) {
    std::copy_n(bytes.begin() + 12, 4, address.bytes.begin());
    std::fill(address.bytes.begin() + 4, address.bytes.end(), uint8_t{0});
    address.is_v4 = true;
  }
  return address.text();
}

// Makes the values. A nil slice of Go's is null.
class Maker {
 public:
  explicit Maker(CallContext& context) : context_(context) {}
  using Entries = std::initializer_list<std::pair<std::string_view, Value>>;

  Value map(Entries entries) {
    std::vector<MapEntryValue> list;
    for (const auto& [key, value] : entries) list.push_back({context_.string(key), value});
    return context_.map(list);
  }
  Value text(std::string_view text) { return context_.string(text); }
  static Value number(double value) { return Value::of_double(value); }
  Value base64(std::string_view bytes) { return base64_value(context_, bytes); }
  Value bytes_or_null(std::string_view bytes) { return bytes.empty() ? Value::null() : base64(bytes); }
  Value time(int64_t seconds) { return text(format_rfc3339(seconds, 0)); }
  template <typename T, typename Make>
  Value list(const std::vector<T>& items, Make make) {
    if (items.empty()) return Value::null();
    std::vector<Value> values;
    for (const T& item : items) values.push_back(make(item));
    return context_.list(values);
  }
  Value texts(const Texts& items) {
    return list(items, [this](const std::string& item) { return text(item); });
  }
  Value id(const ObjectId& id) {
    return list(id, [](uint64_t arc) { return number(static_cast<double>(arc)); });
  }
  Value addresses(const Texts& items) {
    return list(items, [this](const std::string& bytes) { return text(address_text(bytes)); });
  }
  Value ranges(const Texts& items) {
    return list(items, [this](const std::string& range) {
      const std::string_view bytes = range;
      return map({{"IP", text(address_text(bytes.substr(0, bytes.size() / 2)))},
                  {"Mask", base64(bytes.substr(bytes.size() / 2))}});
    });
  }
  Value extensions(const std::vector<crypt::X509Extension>& items) {
    return list(items, [this](const crypt::X509Extension& one) {
      return map({{"Id", id(one.id)}, {"Critical", Value::of(one.critical)}, {"Value", base64(one.value)}});
    });
  }
  Value key(const crypt::RsaPublicKey& key) {
    return map({{"N", text(key.modulus)}, {"E", number(static_cast<double>(key.exponent))}});
  }
  Value name(const crypt::DistinguishedName& name) {
    return map({{"Country", texts(name.country)},
                {"Organization", texts(name.organization)},
                {"OrganizationalUnit", texts(name.organizational_unit)},
                {"Locality", texts(name.locality)},
                {"Province", texts(name.province)},
                {"StreetAddress", texts(name.street)},
                {"PostalCode", texts(name.postal_code)},
                {"SerialNumber", text(name.serial_number)},
                {"CommonName", text(name.common_name)},
                {"Names", list(name.attributes,
                               [this](const crypt::DistinguishedName::Attribute& one) {
                                 return map({{"Type", id(one.type)}, {"Value", text(one.value)}});
                               })},
                {"ExtraNames", Value::null()}});
  }
  // Usages that Go has no number for are left out, as Go does.
  Value usages(const std::vector<ObjectId>& ids) {
    std::vector<int> numbers;
    for (const ObjectId& one : ids) {
      for (const auto& known : kKeyUsages) {
        if (known.id == dotted(one)) numbers.push_back(known.number);
      }
    }
    return list(numbers, [](int n) { return number(n); });
  }

 private:
  CallContext& context_;
};

Value value_of(Maker make, const crypt::Certificate& c) {
  return make.map({
      {"Raw", make.base64(c.raw)},
      {"RawTBSCertificate", make.base64(c.raw_tbs)},
      {"RawSubjectPublicKeyInfo", make.base64(c.raw_public_key)},
      {"RawSubject", make.base64(c.raw_subject)},
      {"RawIssuer", make.base64(c.raw_issuer)},
      {"Signature", make.base64(c.signature)},
      {"PublicKeyAlgorithm", Maker::number(kRsa)},
      {"PublicKey", make.key(c.public_key)},
      {"SerialNumber", Maker::number(static_cast<double>(c.serial_number))},
      {"Issuer", make.name(c.issuer)},
      {"NotBefore", make.time(c.not_before)},
      {"NotAfter", make.time(c.not_after)},
      {"KeyUsage", Maker::number(c.key_usage)},
      {"Extensions", make.extensions(c.extensions)},
      {"ExtraExtensions", Value::null()},
      {"ExtKeyUsage", make.usages(c.extended_key_usages)},
      {"BasicConstraintsValid", Value::of(c.has_basic_constraints)},
      {"IsCA", Value::of(c.is_authority)},
      {"MaxPathLen", Maker::number(c.has_basic_constraints ? static_cast<double>(c.path_length_max) : 0)},
      {"MaxPathLenZero", Value::of(c.has_basic_constraints && c.path_length_max == 0)},
      {"AuthorityKeyId", make.bytes_or_null(c.authority_key_id)},
      {"OCSPServer", make.texts(c.ocsp_servers)},
      {"IssuingCertificateURL", make.texts(c.issuer_urls)},
      {"DNSNames", make.texts(c.names.dns)},
      {"EmailAddresses", make.texts(c.names.emails)},
      {"IPAddresses", make.addresses(c.names.addresses)},
      {"PermittedDNSDomainsCritical", Value::of(c.has_critical_constraints)},
      {"PermittedDNSDomains", make.texts(c.permitted.dns)},
      {"ExcludedDNSDomains", make.texts(c.excluded.dns)},
      {"PermittedIPRanges", make.ranges(c.permitted.ranges)},
      {"ExcludedIPRanges", make.ranges(c.excluded.ranges)},
      {"PermittedEmailAddresses", make.texts(c.permitted.emails)},
      {"ExcludedEmailAddresses", make.texts(c.excluded.emails)},
      {"PermittedURIDomains", make.texts(c.permitted.uris)},
      {"ExcludedURIDomains", make.texts(c.excluded.uris)},
      {"CRLDistributionPoints", make.texts(c.revocation_lists)},
      {"PolicyIdentifiers", make.list(c.policies, [&make](const ObjectId& one) { return make.id(one); })},
  });
}

Value value_of(Maker make, const crypt::CertificateRequest& r) {
  int algorithm = 0;
  for (const auto& known : kSignatures) {
    if (known.name == r.signature_algorithm) algorithm = known.number;
  }
  return make.map({
      {"Raw", make.base64(r.raw)},
      {"RawTBSCertificateRequest", make.base64(r.raw_info)},
      {"RawSubjectPublicKeyInfo", make.base64(r.raw_public_key)},
      {"RawSubject", make.base64(r.raw_subject)},
      {"Version", Maker::number(static_cast<double>(r.version))},
      {"Signature", make.base64(r.signature)},
      {"SignatureAlgorithm", Maker::number(algorithm)},
      {"PublicKeyAlgorithm", Maker::number(kRsa)},
      {"PublicKey", make.key(r.public_key)},
      {"Subject", make.name(r.subject)},
      {"Extensions", make.extensions(r.extensions)},
      {"ExtraExtensions", Value::null()},
      {"DNSNames", make.texts(r.names.dns)},
      {"EmailAddresses", make.texts(r.names.emails)},
      {"IPAddresses", make.addresses(r.names.addresses)},
  });
}

Value decode(CallContext& context, const Value* args, uint32_t) {
  constexpr size_t kValueBytesPerText = 16;  // several encodings of the same bytes, and the maps around them
  if (!context.room_for(args[0].str().size() * kValueBytesPerText)) return context.no_room();
  const auto parsed = crypt::parse_pem(args[0].str());
  if (!parsed) return context.error(parsed.error().what);
  return std::visit([&context](const auto& one) { return value_of(Maker(context), one); }, *parsed);
}

constexpr Overload kX509[] = {
    {"x509_decode_string", "x509.decode(string) -> dyn", decode, nullptr, true},
};

}  // namespace
}  // namespace internal

Library kyverno_x509_library() {
  return {"kyverno.x509", 0, internal::kX509};
}

}  // namespace ameia::expr
