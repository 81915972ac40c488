// What reading an estate's network may cost. Crossing one is an ordinary problem text, never a wrong answer.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ameia::graph {

inline constexpr size_t kPodsMax = 1'000'000;
inline constexpr size_t kPoliciesMax = 200'000;
inline constexpr size_t kRulePeersMax = 10'000;  // of one rule
inline constexpr size_t kAddressAtomsMax =
    65'536;  // disjoint address ranges that all CIDRs together cut the world into
// What the permissions of an estate may cost.
inline constexpr size_t kPermissionAtomsMax = size_t{1} << 22;  // verbs times resources that roles tell apart
inline constexpr size_t kPermissionBytesMax = size_t{1} << 30;  // of the bitsets of all roles and sets of roles
inline constexpr size_t kUrlPatternsMax = 2'000;                // of nonResourceURLs
inline constexpr size_t kAwsAuthBytesMax = size_t{1} << 20;     // of one list of cloud identities
// What reading an audit log may cost.
inline constexpr size_t kAuditLineBytesMax = size_t{16} << 20;  // of one event
inline constexpr size_t kAuditTextBytesMax = 4'096;             // of what one request names, and of a cached user
inline constexpr size_t kAuditUsesMax = 2'000'000;              // different uses: subject, namespace, what, name
inline constexpr size_t kAuditNamesMax = 1'000'000;             // of users and groups that are remembered
inline constexpr size_t kFlowLineBytesMax = 65'536;
inline constexpr uint32_t kFlowJsonDepthMax = 32;
inline constexpr size_t kFlowsMax = 250'000;       // different ones, of one file
inline constexpr size_t kLabelShapesMax = 2'000;   // different label sets among the pods of one namespace
inline constexpr size_t kSingleAddressesMax = 16;  // of one rule, before they are taken for "anyone outside"
inline constexpr size_t kPictureEdgesMax = 120;    // arrows of one drawing; more would be a ball of wool

}  // namespace ameia::graph
