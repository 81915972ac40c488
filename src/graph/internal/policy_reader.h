// What the builder and the policy reader share.
#pragma once

#include "graph/network.h"

namespace ameia::graph::internal {

// The namespace of that name ("" is "default"), made when it is new.
Id namespace_id(Network& network, std::string_view name);
// Sorted by key.
std::vector<Label> read_labels(const doc::Node& labels, Interner& texts);

}  // namespace ameia::graph::internal
