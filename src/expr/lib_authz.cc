// Kubernetes' authz library and its selectors: builders of a question, the check, and its decision.
#include "expr/lib_authz.h"

#include "expr/internal/lib_util.h"
#include "expr/internal/names.h"
#include "expr/libraries.h"

namespace ameia::expr {
namespace internal {
namespace {

#define AUTHZ "kubernetes.authorization."

// Authorizer, PathCheck, GroupCheck and ResourceCheck: a question in the making.
class Question final : public Opaque {
 public:
  Question(std::string_view type, const AuthzRequest& request) : type_(type), request_(request) {}
  [[nodiscard]] std::string_view type_name() const override { return type_; }
  [[nodiscard]] bool equals(const Opaque& other) const override { return this == &other; }
  [[nodiscard]] std::string_view text() const override { return type_; }
  [[nodiscard]] const AuthzRequest& request() const { return request_; }

 private:
  std::string_view type_;
  AuthzRequest request_;
};

class Answer final : public Opaque {
 public:
  Answer(bool allowed, std::string_view reason, std::string_view error)
      : allowed_(allowed), reason_(reason), error_(error) {}
  [[nodiscard]] std::string_view type_name() const override { return AUTHZ "Decision"; }
  [[nodiscard]] bool equals(const Opaque& other) const override { return this == &other; }
  [[nodiscard]] std::string_view text() const override { return allowed_ ? "allowed" : "not allowed"; }
  [[nodiscard]] bool allowed() const { return allowed_; }
  [[nodiscard]] std::string_view reason() const { return reason_; }
  [[nodiscard]] std::string_view error() const { return error_; }

 private:
  bool allowed_;
  std::string_view reason_, error_;
};

AuthzRequest request_of(const Value& v) {
  return static_cast<const Question*>(v.opaque)->request();
}
const Answer& answer_of(const Value& v) {
  return *static_cast<const Answer*>(v.opaque);
}
Value make(base::Arena& arena, std::string_view type, const AuthzRequest& request) {
  return Value::of_opaque(arena.make<Question>(type, request));
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\n\v\f\r") == std::string_view::npos;
}

Value path(CallContext& context, const Value* args, uint32_t) {
  if (is_blank(args[1].str())) return context.error("path must not be empty");
  AuthzRequest request = request_of(args[0]);
  request.path = args[1].str();
  return make(context.arena, AUTHZ "PathCheck", request);
}
Value group(CallContext& context, const Value* args, uint32_t) {
  AuthzRequest request = request_of(args[0]);
  request.is_resource = true;
  request.group = args[1].str();
  return make(context.arena, AUTHZ "GroupCheck", request);
}
Value service_account(CallContext& context, const Value* args, uint32_t) {
  if (!dns1123_subdomain_errors(args[2].str()).empty()) return context.error("Invalid service account name");
  if (!dns1123_label_errors(args[1].str()).empty()) return context.error("Invalid service account namespace");
  AuthzRequest request;
  request.service_account_namespace = args[1].str();
  request.service_account_name = args[2].str();
  return make(context.arena, AUTHZ "Authorizer", request);
}
Value resource(CallContext& context, const Value* args, uint32_t) {
  if (is_blank(args[1].str())) return context.error("resource must not be empty");
  AuthzRequest request = request_of(args[0]);
  request.resource = args[1].str();
  return make(context.arena, AUTHZ "ResourceCheck", request);
}
template <std::string_view AuthzRequest::* field>
Value refine(CallContext& context, const Value* args, uint32_t) {
  AuthzRequest request = request_of(args[0]);
  request.*field = args[1].str();
  return make(context.arena, AUTHZ "ResourceCheck", request);
}

Value check(CallContext& context, const Value* args, uint32_t) {
  Authorizer* authorizer = context.host == nullptr ? nullptr : context.host->authorizer;
  if (authorizer == nullptr) return context.error("no authorizer is available: authorization cannot be checked here");
  AuthzRequest request = request_of(args[0]);
  request.verb = args[1].str();
  const AuthzDecision decision = authorizer->check(request);
  if (decision.unanswered) return context.error(decision.error);
  base::Arena& arena = context.arena;
  return Value::of_opaque(arena.make<Answer>(decision.allowed, arena.copy(std::string_view(decision.reason)),
                                             arena.copy(std::string_view(decision.error))));
}

Value errored(CallContext&, const Value* args, uint32_t) {
  return Value::of(!answer_of(args[0]).error().empty());
}
Value error(CallContext& context, const Value* args, uint32_t) {
  return context.string(answer_of(args[0]).error());
}
Value allowed(CallContext&, const Value* args, uint32_t) {
  return Value::of(answer_of(args[0]).allowed());
}
Value reason(CallContext& context, const Value* args, uint32_t) {
  return context.string(answer_of(args[0]).reason());
}

uint64_t cost_check(const Value*, uint32_t, const Value&) {
  return 350'000;
}
// A list, the parse, and for every two characters a requirement (a list and a struct).
uint64_t cost_selector(const Value* args, uint32_t, const Value&) {
  const uint64_t size = cost_size(args[1]);
  return 10 + tenths(size) + (size + 1) / 2 * 50;
}

constexpr Overload kAuthz[] = {
    {"authorizer_path", AUTHZ "Authorizer.path(string) -> " AUTHZ "PathCheck", path},
    {"authorizer_group", AUTHZ "Authorizer.group(string) -> " AUTHZ "GroupCheck", group},
    {"authorizer_serviceaccount", AUTHZ "Authorizer.serviceAccount(string, string) -> " AUTHZ "Authorizer",
     service_account},
    {"groupcheck_resource", AUTHZ "GroupCheck.resource(string) -> " AUTHZ "ResourceCheck", resource},
    {"resourcecheck_subresource", AUTHZ "ResourceCheck.subresource(string) -> " AUTHZ "ResourceCheck",
     refine<&AuthzRequest::subresource>},
    {"resourcecheck_namespace", AUTHZ "ResourceCheck.namespace(string) -> " AUTHZ "ResourceCheck",
     refine<&AuthzRequest::namespace_name>},
    {"resourcecheck_name", AUTHZ "ResourceCheck.name(string) -> " AUTHZ "ResourceCheck", refine<&AuthzRequest::name>},
    {"pathcheck_check", AUTHZ "PathCheck.check(string) -> " AUTHZ "Decision", check, cost_check},
    {"resourcecheck_check", AUTHZ "ResourceCheck.check(string) -> " AUTHZ "Decision", check, cost_check},
    {"decision_errored", AUTHZ "Decision.errored() -> bool", errored},
    {"decision_error", AUTHZ "Decision.error() -> string", error},
    {"decision_allowed", AUTHZ "Decision.allowed() -> bool", allowed},
    {"decision_reason", AUTHZ "Decision.reason() -> string", reason},
};

constexpr Overload kSelectors[] = {
    {"authorizer_fieldselector", AUTHZ "ResourceCheck.fieldSelector(string) -> " AUTHZ "ResourceCheck",
     refine<&AuthzRequest::field_selector>, cost_selector},
    {"authorizer_labelselector", AUTHZ "ResourceCheck.labelSelector(string) -> " AUTHZ "ResourceCheck",
     refine<&AuthzRequest::label_selector>, cost_selector},
};

}  // namespace
}  // namespace internal

Library k8s_authz() {
  return {"kubernetes.authz", 0, internal::kAuthz};
}
Library k8s_authz_selectors() {
  return {"kubernetes.authz_selectors", 0, internal::kSelectors};
}

Value authorizer_value(base::Arena& arena) {
  return internal::make(arena, AUTHZ "Authorizer", {});
}

Value request_resource_value(base::Arena& arena, std::string_view group, std::string_view resource,
                             std::string_view subresource, std::string_view namespace_name, std::string_view name) {
  AuthzRequest request;
  request.is_resource = true;
  request.group = group;
  request.resource = resource;
  request.subresource = subresource;
  request.namespace_name = namespace_name;
  request.name = name;
  return internal::make(arena, AUTHZ "ResourceCheck", request);
}
#undef AUTHZ

}  // namespace ameia::expr
