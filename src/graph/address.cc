#include "graph/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace ameia::graph {
namespace {

constexpr uint64_t kMappedV4 = uint64_t{0xFFFF} << 32;
constexpr unsigned kBits = 128;
constexpr unsigned kMappedPrefixBits = 96;

// The bits of a network's host part.
Address host_mask(unsigned prefix_bits) {
  if (prefix_bits == 0) return {~uint64_t{0}, ~uint64_t{0}};
  if (prefix_bits < 64) return {~uint64_t{0} >> prefix_bits, ~uint64_t{0}};
  if (prefix_bits == kBits) return {0, 0};
  return {0, ~uint64_t{0} >> (prefix_bits - 64)};
}

}  // namespace

const AddressRange kAllV4 = {{0, kMappedV4}, {0, kMappedV4 | 0xFFFFFFFF}};
const AddressRange kAllV6 = {{0, (uint64_t{0x10000} << 32)}, {~uint64_t{0}, ~uint64_t{0}}};

Address next(Address address) {
  if (++address.low == 0) ++address.high;
  return address;
}

Address previous(Address address) {
  if (address.low-- == 0) --address.high;
  return address;
}

std::optional<Address> parse_address(std::string_view text) {
  const std::string copy(text);
  unsigned char bytes[16];
  if (inet_pton(AF_INET, copy.c_str(), bytes) == 1) {
    uint64_t low = 0;
    for (size_t i = 0; i < 4; ++i) low = low << 8 | bytes[i];
    return Address{0, kMappedV4 | low};
  }
  if (inet_pton(AF_INET6, copy.c_str(), bytes) != 1) return std::nullopt;
  Address address;
  for (size_t i = 0; i < 8; ++i) address.high = address.high << 8 | bytes[i];
  for (size_t i = 8; i < 16; ++i) address.low = address.low << 8 | bytes[i];
  return address;
}

std::optional<AddressRange> parse_cidr(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse_address(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  if (!address || problem != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  const bool v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  if (bits > (v4 ? kBits - kMappedPrefixBits : kBits)) return std::nullopt;
  const Address mask = host_mask(v4 ? bits + kMappedPrefixBits : bits);
  return AddressRange{{address->high & ~mask.high, address->low & ~mask.low},
                      {address->high | mask.high, address->low | mask.low}};
}

std::vector<AddressRange> without(std::vector<AddressRange> a, const std::vector<AddressRange>& b) {
  for (const AddressRange& hole : b) {
    std::vector<AddressRange> rest;
    for (const AddressRange& range : a) {
      if (hole.last < range.first || range.last < hole.first) {
        rest.push_back(range);
        continue;
      }
      if (range.first < hole.first) rest.push_back({range.first, previous(hole.first)});
      if (hole.last < range.last) rest.push_back({next(hole.last), range.last});
    }
    a = std::move(rest);
  }
  std::sort(a.begin(), a.end());
  return a;
}

bool contains(const std::vector<AddressRange>& ranges, Address address) {
  return std::any_of(ranges.begin(), ranges.end(),
                     [address](const AddressRange& range) { return range.first <= address && address <= range.last; });
}

std::string to_string(Address address) {
  char text[INET6_ADDRSTRLEN] = {};
  unsigned char bytes[16];
  for (size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<unsigned char>(address.high >> (56 - 8 * i));
    bytes[8 + i] = static_cast<unsigned char>(address.low >> (56 - 8 * i));
  }
  inet_ntop(address.is_v4() ? AF_INET : AF_INET6, address.is_v4() ? bytes + 12 : bytes, text, sizeof text);
  return text;
}

std::string to_string(const AddressRange& range) {
  return to_string(range.first) + "-" + to_string(range.last);
}

}  // namespace ameia::graph
