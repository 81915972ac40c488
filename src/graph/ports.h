// PortSet: protocols and ports of a connection as canonical intervals.
// Neighbours: network.h (rules), reachability.h (answers).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ameia::graph {

enum class Protocol : uint8_t { kTcp, kUdp, kSctp };
inline constexpr std::array<Protocol, 3> kProtocols = {Protocol::kTcp, Protocol::kUdp, Protocol::kSctp};
std::string_view name_of(Protocol protocol);
// "TCP", "UDP", "SCTP" as the API writes them; nullopt: another word.
std::optional<Protocol> protocol_of(std::string_view name);

// Both ends belong to it; 1 to 65535.
struct PortRange {
  uint16_t first = 1;
  uint16_t last = 65535;
  bool operator==(const PortRange&) const = default;
};

// Threads: a value. Limits: 32,768 intervals a protocol, by nature.
class PortSet {
 public:
  static const PortSet& all();
  void add(Protocol protocol, PortRange range);
  void unite(const PortSet& other);
  void intersect(const PortSet& other);
  void subtract(const PortSet& other);
  [[nodiscard]] bool empty() const;
  [[nodiscard]] bool is_all() const { return *this == all(); }
  [[nodiscard]] bool contains(Protocol protocol, uint16_t port) const;
  // Sorted, disjoint, not touching.
  [[nodiscard]] const std::vector<PortRange>& of(Protocol protocol) const {
    return ranges_[static_cast<size_t>(protocol)];
  }
  bool operator==(const PortSet&) const = default;

 private:
  std::array<std::vector<PortRange>, 3> ranges_;
};

// "All Connections", "No Connections", or "SCTP 1-9002,9004-65535,TCP 80": protocols by name, ports ascending.
std::string to_string(const PortSet& ports);

}  // namespace ameia::graph
