// What the builder and the policy reader share.
#pragma once

#include "graph/network.h"

namespace ameia::graph::internal {

// The namespace of that name ("" is "default"), made when it is new.
Id namespace_id(Network& network, std::string_view name);
// Sorted by key.
std::vector<Label> read_labels(const doc::Node& labels, Interner& texts);
// What a namespace's labels are, the one with its name included, which the API server sets itself.
std::vector<Label> namespace_labels(const doc::Node& labels, std::string_view name, Interner& texts);

}  // namespace ameia::graph::internal
