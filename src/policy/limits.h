// Limits of the room policy, most of them Kubernetes' own (apiserver pkg/apis/cel/config.go). Crossing one is an
// ordinary decision or diagnostic.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ameia::policy {

inline constexpr uint64_t kPerCallCostMax = 1'000'000;          // of one expression
inline constexpr uint64_t kRuntimeCostMax = 10'000'000;         // of one binding with one param
inline constexpr uint64_t kMatchConditionsCostMax = 2'500'000;  // of a policy's matchConditions
inline constexpr size_t kMessageExpressionBytesMax = 5 * 1024;  // longer results fall back to `message`
inline constexpr size_t kAuditAnnotationBytesMax = 10 * 1024;   // longer values are cut
inline constexpr size_t kMatchConditionsMax = 64;               // of one policy
inline constexpr size_t kPoliciesMax = 100'000;                 // of one set
inline constexpr size_t kBindingsMax = 1'000'000;               // of one set
inline constexpr size_t kExpressionsMax = 2'000'000;            // of one set
inline constexpr size_t kMutationsMax = 1'000;                  // of one policy
inline constexpr size_t kPatchOperationsMax = 10'000;           // of one JSON Patch (Kubernetes' of a request)
inline constexpr size_t kPatchNodesCopiedMax = 5'000'000;       // siblings and copies that one JSON Patch copies
inline constexpr uint32_t kMutationDepthMax = 256;              // lists and maps in what a mutation makes
inline constexpr size_t kMutationNodesMax = 1'000'000;          // values that one mutation makes
inline constexpr size_t kDiagnosticsMax = 1'000;                // listed by one load; the rest is counted
inline constexpr size_t kTypesCheckedMax = 10;                  // kinds one rule of a policy is type-checked against
inline constexpr uint32_t kCrdDepthMax = 64;                    // levels of a schema whose rules are run
inline constexpr uint64_t kRuleCostMax = 10'000'000;            // estimated, of one CRD rule, times its cardinality
inline constexpr uint64_t kCrdRulesCostMax = 100'000'000;       // estimated, of all rules of a CRD version
inline constexpr size_t kBlamesMax = 200;                       // findings one validation makes of one object
inline constexpr size_t kValueBytesMax = 120;                   // of an offending value that a finding shows
inline constexpr size_t kFixesMax = 16;                         // alternatives of one check
inline constexpr size_t kFixStepsMax = 32;                      // of one fix
inline constexpr size_t kFixPathMax = 32;                       // steps of one path
inline constexpr size_t kKeptObjectsBytesMax = 268'435'456;     // 256 MiB of objects that one thread of a scan keeps
inline constexpr size_t kKeptObjectsDepthMax = 512;             // levels of such an object; what is deeper is null
inline constexpr uint64_t kKyvernoCallCostMax =
    100'000'000;  // of one expression of Kyverno's, which has no limit there

}  // namespace ameia::policy
