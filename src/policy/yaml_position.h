// Where a byte of a YAML or JSON string's value stands in the file: so that an error inside a CEL expression points at
// the right line and column, block scalars, quotes and folded lines included.
#pragma once

#include <cstdint>
#include <string_view>

#include "doc/node.h"

namespace ameia::policy {

// The offset in `source` (the whole file) of byte `offset` of the string `node`. Falls back to the node's beginning
// when the two cannot be aligned (an alias, an unusual escape).
uint32_t source_offset(std::string_view source, const doc::Node& node, size_t offset);

}  // namespace ameia::policy
