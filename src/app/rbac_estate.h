// RbacEstate: the roles and bindings of some paths, compiled, and the words in which the rbac commands ask and answer.
// Neighbours: app/cmd_rbac.cc, app/cmd_rbac_paths.cc, app/cmd_rbac_unused.cc; graph/access.h answers.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "app/console.h"
#include "app/estate.h"
#include "app/json_text.h"
#include "base/result.h"
#include "graph/access.h"
#include "rbac/rbac.h"

namespace ameia::app {

// The Access borrows from the Authorizer, that from the objects.
struct RbacEstate {
  Estate estate;
  std::unique_ptr<rbac::Authorizer> authorizer;
  std::unique_ptr<graph::Access> access;

  // Kubernetes' own ClusterRoles (cluster-admin, admin, edit, view) are added where the paths have none of the name;
  // bindings to roles that are nowhere are told on the console. Fails: kInvalidInput when nothing could be read.
  static base::Result<RbacEstate> load(const std::vector<std::string>& paths, Console& console);
  // The same without the bitsets: for two estates of one universe.
  static base::Result<RbacEstate> load_roles(const std::vector<std::string>& paths, Console& console);
  [[nodiscard]] std::string where(const doc::Node* source) const;  // "file:line:column", or "built in"
  [[nodiscard]] int exit_code() const;

 private:
  std::unordered_map<const doc::Node*, const doc::Document*> document_of_;
};

// "shop/web" (a service account), "user:ana", "group:ops", "system:serviceaccount:shop:web", or a bare name: a group
// when something is bound to a group and to no user of that name.
graph::AccessSubject parse_subject(const std::string& text, const graph::Access& access);
// The request that "get" "deployments.apps/scale" or "get" "/healthz" means. A resource without a group is looked up
// among Kubernetes' own, the estate's custom resources, and those that roles name.
rbac::Request parse_request(const std::string& verb, const std::string& resource, const RbacEstate& estate);
// "get pods/log", "update deployments.apps", "get /healthz"
std::string to_string(const rbac::Request& request);

// "RoleBinding shop/readers", "ClusterRole view"
std::string to_string(const rbac::Binding& binding);
std::string role_text(const rbac::Binding& binding);

}  // namespace ameia::app
