// What reading an estate's network may cost. Crossing one is an ordinary problem text, never a wrong answer.
#pragma once

#include <cstddef>

namespace ameia::graph {

inline constexpr size_t kPodsMax = 1'000'000;
inline constexpr size_t kPoliciesMax = 200'000;
inline constexpr size_t kRulePeersMax = 10'000;  // of one rule
inline constexpr size_t kAddressAtomsMax =
    65'536;  // disjoint address ranges that all CIDRs together cut the world into

}  // namespace ameia::graph
