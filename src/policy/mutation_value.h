// What a patch expression evaluated to, as document nodes. Neighbours: policy/mutate.h.
#pragma once

#include <string>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "doc/node.h"
#include "expr/mutation_types.h"

namespace ameia::policy {

// kJson: as protobuf's JSON has it (integers that a double cannot hold, bytes, times and durations become strings).
// kNative: as structured merge reads it; nulls stay and are refused there.
enum class ValueForm : uint8_t { kJson, kNative };

// Fails: kUnsupported (a value that JSON has no form for, a map key that is no string), kLimit.
base::Result<doc::Node> to_node(const expr::Value& value, ValueForm form, base::Arena& arena);

// Objects whose type is not the path they stand at: "unexpected type name …", a line each; empty when all are right.
std::string misplaced_types(const expr::ConstructedObject& object);

}  // namespace ameia::policy
