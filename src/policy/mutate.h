// Mutation: one patch expression of a mutating policy, and what its value makes of an object: the JSON Patch or the
// apply configuration that it evaluates to, applied as the API server applies it, errors in its words.
//
//   expression ─ ConditionCompiler ─ Mutation ─ run_mutation(runner bound to the request) ─ Mutated
//                                        value ─ apply_mutation ────────────────────────────┘
// Neighbours: policy/json_patch.h and kube/structured_merge.h change the object, policy/map_evaluate.cc decides
// requests, expr/mutation_types.h has the values.
#pragma once

#include <optional>
#include <string>

#include "base/arena.h"
#include "doc/node.h"
#include "expr/value.h"
#include "kube/merge_type.h"
#include "policy/condition.h"

namespace ameia::policy {

enum class PatchType : uint8_t { kJsonPatch, kApplyConfiguration };
inline constexpr Returns returned_by(PatchType type) {
  return type == PatchType::kJsonPatch ? Returns::kPatches : Returns::kObject;
}

struct Mutation {
  PatchType type = PatchType::kJsonPatch;
  Condition condition;
};

struct Mutated {
  doc::Node object;          // after; what it was where nothing was applied
  bool test_failed = false;  // the patch's own test did not hold: nothing was applied, and nothing is wrong
  std::string error;         // not empty: it could not be applied
  bool refuses = false;      // with an error: the request is refused whatever failurePolicy says (an internal error)
};

// Applies the value of a patch expression: list(JSONPatch) or Object. `type` is the object's; without it an apply
// configuration is an error and a JSON Patch is not checked against the schema.
// The result shares nodes with `object`; new ones are in `arena`, and nothing of `value` is kept but document nodes.
Mutated apply_mutation(PatchType patch, const expr::Value& value, const doc::Node& object,
                       const std::optional<kube::MergeType>& type, base::Arena& arena);

// Evaluates with a cost budget of its own, then applies. The runner is bound to the request, `object` included; who
// goes on with the result binds it.
Mutated run_mutation(ConditionRunner& runner, const Mutation& mutation, const doc::Node& object,
                     const std::optional<kube::MergeType>& type, base::Arena& arena);

}  // namespace ameia::policy
