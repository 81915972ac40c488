// IP addresses and networks as Go's net/netip reads, compares and writes them.
// Neighbours: lib_net.cc makes CEL values of them; url.cc asks whether a bracketed host is an address.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace ameia::expr::internal {

struct IpAddress {
  bool is_v4 = false;
  std::array<uint8_t, 16> bytes{};  // of IPv4 the first four
  std::string_view zone;            // borrowed from what was parsed

  [[nodiscard]] int bits() const { return is_v4 ? 32 : 128; }
  [[nodiscard]] bool is_mapped_v4() const;  // ::ffff:a.b.c.d
  [[nodiscard]] bool is_unspecified() const;
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] bool is_multicast() const;
  [[nodiscard]] bool is_link_local_multicast() const;
  [[nodiscard]] bool is_link_local_unicast() const;
  [[nodiscard]] bool is_global_unicast() const;
  [[nodiscard]] std::string text() const;
  // With every bit after the first `kept` cleared.
  [[nodiscard]] IpAddress masked(int kept) const;
  bool operator==(const IpAddress& other) const { return is_v4 == other.is_v4 && bytes == other.bytes; }
};

struct IpNetwork {
  IpAddress address;
  int prefix = 0;
  [[nodiscard]] bool contains(const IpAddress& other) const;
  [[nodiscard]] bool overlaps(const IpNetwork& other) const;
  [[nodiscard]] std::string text() const;
};

// "" and `out`, or what is wrong in netip's words: ParseAddr("1.2"): IPv4 address too short.
std::string parse_ip(std::string_view text, IpAddress& out);
// The same for "address/bits": netip.ParsePrefix("1.2.3.4"): no '/'.
std::string parse_network(std::string_view text, IpNetwork& out);

}  // namespace ameia::expr::internal
