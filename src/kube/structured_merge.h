// structured_merge: an apply configuration merged into an object, as server-side apply merges (structured-merge-diff):
// maps by field, keyed lists by key, sets by value, atomic values whole. Nobody owns fields here, so nothing is
// removed. Neighbours: kube/merge_type.h (types), policy/mutate.h (ApplyConfiguration).
#pragma once

#include <string>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "doc/node.h"
#include "kube/merge_type.h"

namespace ameia::kube {

// What a value may be beside what its type says.
struct TypeRules {
  bool duplicates = false;      // equal keys or equal members of a set
  bool unknown_fields = false;  // the API server has dropped or refused them before
  bool nulls = false;           // null is "not set"
};
inline constexpr TypeRules kLiveRules{true, true, true};
inline constexpr TypeRules kPatchRules{};

// Why `value` is not of `type`, in structured-merge-diff's words; empty when it is. "…" alone or "errors:\n  …\n  …".
std::string type_errors(const doc::Node& value, const MergeType& type, const TypeRules& rules);

// Where `value` has atomic lists, maps or structs: ".spec.containers[0].args".
std::vector<std::string> atomic_places(const doc::Node& value, const MergeType& type);

// `patch` merged into `live`; the result shares nodes with both, new ones are in `arena`.
// Fails: kInvalidInput, worded like type_errors(), when a list cannot be matched.
base::Result<doc::Node> structured_merge(const doc::Node& live, const doc::Node& patch, const MergeType& type,
                                         base::Arena& arena);

}  // namespace ameia::kube
