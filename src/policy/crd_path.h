// fieldPath of a CRD rule: ".spec.name", "['white space']", ".labels['a.b']": names of fields and keys of maps only.
// Neighbours: policy/crd_rules.h puts errors there, policy/crd_lint.h refuses paths that the schema does not have.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "doc/node.h"

namespace ameia::policy {

struct PathStep {
  std::string name;
  bool is_key = false;  // of a map (additionalProperties) rather than a declared field
};

// Fails: kInvalidInput in the API server's words: "does not refer to a valid field", "unexpected end of JSON path" …
base::Result<std::vector<PathStep>> parse_field_path(std::string_view path, const doc::Node& schema);
// "a.b[c]", as errors name a place.
std::string to_string(const std::vector<PathStep>& path);

}  // namespace ameia::policy
