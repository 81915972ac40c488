// The ClusterRoles that every API server makes for people (cluster-admin, admin, edit, view) as of Kubernetes 1.34, for
// estates that are read from files: nobody keeps them there, and bindings refer to them.
#pragma once

#include <vector>

#include "doc/node.h"

namespace ameia::rbac {

// Objects for Authorizer::Builder::add; an object of the estate with the same name takes the place of one.
// Threads: free. They live as long as the program.
const std::vector<const doc::Node*>& default_roles();

}  // namespace ameia::rbac
