// A validator of the part of JSON Schema draft-07 that the SARIF schema uses, so that the printer is held to the
// standard and not to our memory of it. Test code: simple, not fast. An unknown keyword that would restrict is an error
// itself.
#pragma once

#include <string>
#include <vector>

#include "doc/node.h"

namespace ameia::test {

// What is wrong, each with its JSON Pointer; empty = valid. `schema` is the root that "#/definitions/…" points into.
std::vector<std::string> validate(const doc::Node& instance, const doc::Node& schema);

}  // namespace ameia::test
