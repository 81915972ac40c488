#include "policy/authorizer.h"

namespace ameia::policy {

void RequestAuthorizer::bind(const rbac::Authorizer* roles, const doc::Node* user_info) {
  roles_ = roles;
  unanswered_ = false;
  user_ = {};
  user_known_ = user_info != nullptr && !(*user_info)["username"].str().empty();
  if (!user_known_) return;
  user_.name = (*user_info)["username"].str();
  for (const doc::Node& group : (*user_info)["groups"].list()) user_.groups.emplace_back(group.str());
}

expr::AuthzDecision RequestAuthorizer::no_answer(std::string why) {
  unanswered_ = true;
  expr::AuthzDecision decision;
  decision.unanswered = true;
  decision.error = std::move(why);
  return decision;
}

expr::AuthzDecision RequestAuthorizer::check(const expr::AuthzRequest& asked) {
  const bool about_requester = asked.service_account_name.empty();
  if (about_requester && !user_known_)
    return no_answer("authorizer: it is not known who asks; only a live request says so");
  const rbac::User user =
      about_requester ? user_
                      : rbac::User::service_account(asked.service_account_namespace, asked.service_account_name);
  rbac::Request request;
  request.verb = asked.verb;
  request.resource_request = asked.is_resource;
  request.ns = asked.namespace_name;
  request.group = asked.group;
  request.resource = asked.resource;
  request.subresource = asked.subresource;
  request.name = asked.name;
  request.path = asked.path;
  // Without roles only those are answered who need none: system:masters.
  static const rbac::Authorizer kNoRoles = rbac::Authorizer::Builder().build();
  rbac::Decision answer = (roles_ == nullptr ? kNoRoles : *roles_).authorize(user, request);
  if (roles_ == nullptr && !answer.allowed)
    return no_answer("authorizer: no Role, ClusterRole or binding was given; add them to what is read");
  expr::AuthzDecision decision;
  decision.allowed = answer.allowed;
  decision.reason = std::move(answer.reason);
  return decision;
}

}  // namespace ameia::policy
