// JSON Pointer (RFC 6901), JSON Patch (RFC 6902), JSON Merge Patch (RFC 7396) and a structural diff.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "doc/node.h"

namespace ameia::doc {

// A pointer's unescaped tokens. Fails: kInvalidInput when it does not start with '/' or has a bad escape.
base::Result<std::vector<std::string>> parse_pointer(std::string_view pointer);
std::string escape_pointer_token(std::string_view token);
// The node it names, or nullptr.
const Node* resolve_pointer(const Node& root, std::string_view pointer);

struct PatchLimits {
  size_t depth_max = 512;  // of the patched tree, as of a parsed one
  size_t operations_max = 10'000;
  size_t nodes_copied_max = 20'000'000;  // values that "copy" multiplies, and siblings copied along the paths
};

// `patch` is a list of operations. The result shares what it did not change with `root`; new nodes are in `arena`,
// which must outlive the result, as must `root` and `patch`.
// Fails: kInvalidInput (malformed, missing target, failed test), kLimit; `where` is "operation N: /path".
base::Result<Node> apply_json_patch(const Node& root, const Node& patch, base::Arena& arena, const PatchLimits& = {});
// One operation of a patch whose caller looks at the document between them. `copied` counts what all of them copied.
base::Result<Node> apply_json_patch_operation(const Node& root, const Node& operation, base::Arena& arena,
                                              size_t& copied, const PatchLimits& = {});
Node apply_merge_patch(const Node& root, const Node& patch, base::Arena& arena);

// The RFC 6902 operations that turn `from` into `to`, in a stable order; empty when equal. The returned list node is in
// `arena`.
Node diff(const Node& from, const Node& to, base::Arena& arena);

}  // namespace ameia::doc
