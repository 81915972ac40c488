#include "graph/ports.h"

#include <algorithm>

namespace ameia::graph {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"TCP", "UDP", "SCTP"};
constexpr std::array<Protocol, 3> kByName = {Protocol::kSctp, Protocol::kTcp, Protocol::kUdp};

using Ranges = std::vector<PortRange>;

Ranges united(const Ranges& a, const Ranges& b) {
  Ranges sorted;
  sorted.reserve(a.size() + b.size());
  std::merge(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(sorted),
             [](PortRange x, PortRange y) { return x.first < y.first; });
  Ranges out;
  for (const PortRange range : sorted) {
    if (!out.empty() && uint32_t{range.first} <= uint32_t{out.back().last} + 1) {
      out.back().last = std::max(out.back().last, range.last);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

Ranges intersected(const Ranges& a, const Ranges& b) {
  Ranges out;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const PortRange both{std::max(a[i].first, b[j].first), std::min(a[i].last, b[j].last)};
    if (both.first <= both.last) out.push_back(both);
    a[i].last < b[j].last ? ++i : ++j;
  }
  return out;
}

Ranges complement(const Ranges& a) {
  Ranges out;
  uint32_t next = 1;
  for (const PortRange range : a) {
    if (range.first > next) out.push_back({static_cast<uint16_t>(next), static_cast<uint16_t>(range.first - 1)});
    next = uint32_t{range.last} + 1;
  }
  if (next <= 65535) out.push_back({static_cast<uint16_t>(next), 65535});
  return out;
}

}  // namespace

std::string_view name_of(Protocol protocol) {
  return kNames[static_cast<size_t>(protocol)];
}

std::optional<Protocol> protocol_of(std::string_view name) {
  for (const Protocol protocol : kProtocols) {
    if (name_of(protocol) == name) return protocol;
  }
  return std::nullopt;
}

const PortSet& PortSet::all() {
  static const PortSet kEverything = [] {
    PortSet set;
    for (const Protocol protocol : kProtocols) set.add(protocol, {});
    return set;
  }();
  return kEverything;
}

void PortSet::add(Protocol protocol, PortRange range) {
  Ranges& ranges = ranges_[static_cast<size_t>(protocol)];
  ranges = united(ranges, {range});
}

void PortSet::unite(const PortSet& other) {
  for (size_t i = 0; i < ranges_.size(); ++i) ranges_[i] = united(ranges_[i], other.ranges_[i]);
}

void PortSet::intersect(const PortSet& other) {
  for (size_t i = 0; i < ranges_.size(); ++i) ranges_[i] = intersected(ranges_[i], other.ranges_[i]);
}

void PortSet::subtract(const PortSet& other) {
  for (size_t i = 0; i < ranges_.size(); ++i) ranges_[i] = intersected(ranges_[i], complement(other.ranges_[i]));
}

bool PortSet::empty() const {
  return std::all_of(ranges_.begin(), ranges_.end(), [](const Ranges& r) { return r.empty(); });
}

bool PortSet::contains(Protocol protocol, uint16_t port) const {
  const Ranges& ranges = of(protocol);
  const auto after = std::upper_bound(ranges.begin(), ranges.end(), port,
                                      [](uint16_t value, const PortRange& range) { return value < range.first; });
  return after != ranges.begin() && port <= std::prev(after)->last;
}

std::string to_string(const PortSet& ports) {
  if (ports.is_all()) return "All Connections";
  std::string out;
  for (const Protocol protocol : kByName) {
    if (ports.of(protocol).empty()) continue;
    if (!out.empty()) out += ',';
    out += name_of(protocol);
    char separator = ' ';
    for (const PortRange range : ports.of(protocol)) {
      out += separator + std::to_string(range.first);
      if (range.last != range.first) out += '-' + std::to_string(range.last);
      separator = ',';
    }
  }
  return out.empty() ? "No Connections" : out;
}

}  // namespace ameia::graph
