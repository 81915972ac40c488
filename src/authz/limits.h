// What reading a mesh's policies may cost. Crossing one is a problem text.
#pragma once

#include <cstddef>

namespace ameia::authz {

inline constexpr size_t kPoliciesMax = 100'000;
inline constexpr size_t kRulesMax = 512;  // of one policy, as in Istio's schema
inline constexpr size_t kTermsMax = 512;  // of one rule's from, to or when

}  // namespace ameia::authz
