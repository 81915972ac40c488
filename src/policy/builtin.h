// Built-in checks: the files of policies/, embedded in the binary when it is built (tools/embed_policies.py).
// Neighbours: policy/policy.h compiles them, docs/checks.md says how one is written.
#pragma once

#include <span>
#include <string_view>

namespace ameia::policy {

struct BuiltinFile {
  std::string_view name;  // "policies/pod/am-pod-001.yaml"
  std::string_view text;  // the whole YAML stream
};

// In order of name.
std::span<const BuiltinFile> builtin_files();

}  // namespace ameia::policy
