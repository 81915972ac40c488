// RequestAuthorizer: CEL's `authorizer` answered from the RBAC objects at hand, as the API server's RBAC authorizer
// would. Where nothing can answer (no RBAC object was given, or nobody knows who asks) the check is a guest error, so
// that && and || still decide what they can without it, and unanswered() tells that the verdict hangs on it.
// Neighbours: expr/lib_authz.h (the door), rbac/rbac.h (the rules), policy/evaluator.h (owns one a thread).
#pragma once

#include <string>

#include "expr/lib_authz.h"
#include "kube/admission.h"
#include "rbac/rbac.h"

namespace ameia::policy {

// Threads: one each. Borrows the roles; copies the user.
class RequestAuthorizer final : public expr::Authorizer {
 public:
  // `roles` nullptr: no RBAC object was given. `user_info` is the request's, nullptr when nobody is known.
  void bind(const rbac::Authorizer* roles, const doc::Node* user_info);
  expr::AuthzDecision check(const expr::AuthzRequest& request) override;

  // Whether a check since the last forget() had no answer.
  [[nodiscard]] bool unanswered() const { return unanswered_; }
  void forget() { unanswered_ = false; }

 private:
  expr::AuthzDecision no_answer(std::string why);

  const rbac::Authorizer* roles_ = nullptr;
  rbac::User user_;
  bool user_known_ = false;
  bool unanswered_ = false;
};

}  // namespace ameia::policy
