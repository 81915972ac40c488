// How many elements, and how few bytes, a value of a schema has: the estimates Kubernetes prices rules with
// (k8s.io/apiserver pkg/cel/common/schemas.go and pkg/cel/limits.go). Neighbours: schema.cc, estimate.h.
#pragma once

#include <cstdint>

#include "doc/node.h"

namespace ameia::expr::internal {

inline constexpr uint64_t kRequestBytesMax = uint64_t{3} << 20;       // the largest request the API server takes
inline constexpr uint64_t kRequestTextMax = kRequestBytesMax - 2;     // of one text, in its quotes
inline constexpr uint64_t kBytesPerCharacterMax = 4;                  // UTF-8
inline constexpr uint64_t kNameLengthMax = 253;                       // of metadata.name: a DNS subdomain
inline constexpr uint64_t kTextBytesMin = 2, kContainerBytesMin = 2;  // "", [], {}
inline constexpr uint64_t kMemberBytes = 4;                           // quotes, colon and comma of a member

// Of strings and int-or-strings; 0 for other scalars.
uint64_t text_elements_max(const doc::Node& schema);
uint64_t scalar_bytes_min(const doc::Node& schema);
uint64_t list_elements_max(const doc::Node& schema, uint64_t item_bytes_min);
uint64_t map_elements_max(const doc::Node& schema, uint64_t value_bytes_min);

}  // namespace ameia::expr::internal
