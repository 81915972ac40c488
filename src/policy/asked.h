// Asked: which other objects the expressions of policies ask for through `resource`, found when they are compiled, so
// that a scan keeps those and no others. Neighbours: policy/condition.h collects, policy/object_store.h keeps.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "expr/ast.h"

namespace ameia::policy {

// "apps", "deployments": every version of it is the same storage.
struct ResourceName {
  std::string group, plural;
  auto operator<=>(const ResourceName&) const = default;
  // "deployments.apps", "pods"
  [[nodiscard]] std::string text() const { return group.empty() ? plural : plural + "." + group; }
};

struct Asked {
  std::set<ResourceName> resources;
  bool computed = false;                      // some call computes what it asks for: it may be anything
  std::set<std::string, std::less<>> fields;  // every field and text that the expressions name

  [[nodiscard]] bool any() const { return computed || !resources.empty(); }
  // Adds what one expression asks for and names.
  void collect(const expr::Expr* root);
  void add(const Asked& other);
};

// "apps/v1/deployments" or "v1/pods".
ResourceName parse_resource_name(std::string_view text);

}  // namespace ameia::policy
