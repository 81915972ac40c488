// Nulls: a field written as null is no field. The API server decodes a built-in kind into typed objects, where null and
// absent are one thing, before any policy sees it; files are read into trees, where they are two.
// Neighbour: app/load.h.
#pragma once

#include "base/arena.h"
#include "doc/node.h"

namespace ameia::app {

// Whether `root` has a null field; then `out` is a copy without them, new lists and maps in `arena`. Everything else is
// shared with `root`, spans included.
bool drop_nulls(const doc::Node& root, base::Arena& arena, doc::Node& out);

}  // namespace ameia::app
