// apply_patch: a JSON Patch applied as the API server's mutating policies apply it: in evanphx/json-patch's words, with
// its negative indices, and with the structs that the API server writes even when empty.
// Neighbours: doc/patch.h changes the tree, policy/mutate.h makes the operations.
#pragma once

#include <optional>
#include <string>

#include "base/arena.h"
#include "doc/node.h"
#include "kube/merge_type.h"

namespace ameia::policy {

struct PatchedObject {
  doc::Node object;
  bool test_failed = false;  // a test operation did not hold: the object is as it was
  std::string error;         // not empty: "replace operation does not apply: doc is missing key: /a/-: missing value"
};

// `operations` is a list of maps with op, path, from, value. `type` is the object's, where it is known. The result
// shares nodes with both; new ones are in `arena`. Limits: kPatchOperationsMax, kPatchNodesCopiedMax.
PatchedObject apply_patch(const doc::Node& object, const doc::Node& operations,
                          const std::optional<kube::MergeType>& type, base::Arena& arena);

}  // namespace ameia::policy
