// Fix: what a check would write so that its finding is gone, read from the annotation ameia.io/fix of its policy.
// Neighbours: policy/vap_load.cc reads it, app/fixer.h applies it to files, docs/checks.md says how one is written.
//
//   fix:   one map, or a list of which the first that fits is taken
//     in: field | element | container | pod | object     what the paths begin at; `field` is the place of the finding
//     for: /spec/minAvailable                            only for findings whose place ends so
//     when: {/path: value}   unless: [/path]             only where every path holds that value; where none holds any
//     safe: true | decision: "what must be known first"  applied, or only proposed
//     patch:
//       - {op: set, path: /a/b, value: …}                missing maps on the way are made
//       - {op: remove, path: /a}                         with a list that it leaves empty
//       - {op: append, path: /list, value: …}            unless it is there
//       - {op: prefix, path: /image, from: …, value: …}  the beginning of a text is another
//       - {op: flag, path: /spec/containers/*, program: …, value: --name=value}   of a command line
// A `*` in a path is every element of a list.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "doc/node.h"

namespace ameia::policy {

using FixPath = std::vector<std::string>;

struct FixStep {
  enum class Op : uint8_t { kSet, kRemove, kAppend, kPrefix, kFlag } op = Op::kSet;
  FixPath path;
  doc::Node value;      // kSet, kAppend
  std::string from;     // kPrefix
  std::string text;     // kPrefix: what takes its place; kFlag: --name=value
  std::string program;  // kFlag
};

struct Fix {
  enum class In : uint8_t { kField, kElement, kContainer, kPod, kObject } in = In::kField;
  FixPath place_end;
  std::vector<std::pair<FixPath, doc::Node>> when;
  std::vector<FixPath> unless;
  std::string decision;  // empty: safe
  std::vector<FixStep> steps;

  [[nodiscard]] bool is_safe() const { return decision.empty(); }
  // "securityContext.privileged removed, hostPID: false", for people.
  [[nodiscard]] std::string describe() const;
};

// Threads: immutable. Owns: the values of its fixes.
struct FixList {
  std::vector<Fix> fixes;
  std::shared_ptr<base::Arena> arena;
};

// Fails: kInvalidInput, `what` names the entry and field.
base::Result<FixList> parse_fixes(std::string_view text);

// The first fix that fits a finding at `pointer` of `object`; nullptr when none does.
const Fix* fix_for(const FixList& list, const doc::Node& object, std::string_view pointer);

// The object as the fix would write it; equal to `object` where there is nothing left to do. The result shares what did
// not change; new nodes are in `arena`, and values in the FixList.
// Fails: kInvalidInput when the object is shaped otherwise (a list where a map should be).
base::Result<doc::Node> apply_fix(const Fix& fix, const doc::Node& object, std::string_view pointer,
                                  base::Arena& arena);

// Whether it takes elements out of lists, so that the places of later ones move.
bool moves_elements(const Fix& fix);

}  // namespace ameia::policy
