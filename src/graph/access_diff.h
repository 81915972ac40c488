// What a change of roles and bindings changes in permissions, whatever it changes in text: a renamed role, a split
// rule, a permission that a group had already, are no difference. Neighbours: access.h.
#pragma once

#include <string>
#include <vector>

#include "graph/access.h"

namespace ameia::graph {

struct AccessChange {
  AccessSubject subject;
  std::string scope;  // a namespace; empty: the whole cluster
  std::vector<PermissionPhrase> added, removed;
};

// Both estates are of one PermissionUniverse. Sorted by subject, then scope. What is gained or lost in the whole
// cluster is not told again for a namespace, and what a subject's groups grant is told of the groups.
std::vector<AccessChange> diff(const Access& before, const Access& after);

}  // namespace ameia::graph
