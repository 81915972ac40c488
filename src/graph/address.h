// Addresses and CIDRs as 128-bit intervals: IPv4 as ::ffff:a.b.c.d, so that one order holds both families.
// Neighbours: network.h (ipBlock, networks), reachability.h (the address atoms that policies cut the world into).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ameia::graph {

struct Address {
  uint64_t high = 0;
  uint64_t low = 0;
  auto operator<=>(const Address&) const = default;
  [[nodiscard]] bool is_v4() const { return high == 0 && low >> 32 == 0xFFFF; }
};
Address next(Address address);
Address previous(Address address);

// Both ends belong to it, and are of one family.
struct AddressRange {
  Address first;
  Address last;
  auto operator<=>(const AddressRange&) const = default;
};

extern const AddressRange kAllV4;  // 0.0.0.0 to 255.255.255.255
extern const AddressRange kAllV6;  // all of IPv6 but the mapped IPv4 block, which stands for IPv4 here; two pieces

// Fails (nullopt) on what is no address or no CIDR; host bits of a CIDR are ignored, as Kubernetes does.
std::optional<Address> parse_address(std::string_view text);
std::optional<AddressRange> parse_cidr(std::string_view text);

// `a` without `b`, canonical (sorted, disjoint, not touching).
std::vector<AddressRange> without(std::vector<AddressRange> a, const std::vector<AddressRange>& b);
bool contains(const std::vector<AddressRange>& ranges, Address address);

std::string to_string(Address address);
// "10.0.0.0-10.0.0.255"
std::string to_string(const AddressRange& range);

}  // namespace ameia::graph
