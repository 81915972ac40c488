// The door of CEL's `authorizer` variable: what an expression asks, and who answers.
// Neighbours: lib_authz.cc (the library), policy/ (binds the variables and opens the door through Machine::set_host).
#pragma once

#include <string>
#include <string_view>

#include "base/arena.h"
#include "expr/value.h"

namespace ameia::expr {

// One question. Views live as long as the evaluation.
struct AuthzRequest {
  // Empty: the user of the admission request; otherwise this service account.
  std::string_view service_account_namespace, service_account_name;
  bool is_resource = false;
  std::string_view verb;
  std::string_view path;                                                // of a request that is about no resource
  std::string_view group, resource, subresource, namespace_name, name;  // the API version is always "*"
  std::string_view field_selector, label_selector;
};

struct AuthzDecision {
  bool allowed = false;
  std::string reason;
  std::string error;        // not empty: the decision could not be made
  bool unanswered = false;  // nobody here can tell: the check is a guest error that says `error`
};

// Threads: as its owner says. Fails: in AuthzDecision::error.
class Authorizer {
 public:
  virtual ~Authorizer() = default;
  virtual AuthzDecision check(const AuthzRequest& request) = 0;
};

// The value of `authorizer`. Without Host::authorizer every check is a guest error that says so.
Value authorizer_value(base::Arena& arena);
// The value of `authorizer.requestResource`. Borrows its arguments.
Value request_resource_value(base::Arena& arena, std::string_view group, std::string_view resource,
                             std::string_view subresource, std::string_view namespace_name, std::string_view name);

}  // namespace ameia::expr
