// rbac: the API server's RBAC authorizer as a pure function over objects.
// Source of the rules: k8s.io/apiserver RBAC authorizer (VisitRulesFor, RuleAllows) and the aggregation controller.
// Neighbours: policy/ answers CEL's `authorizer` with it; graph/ computes effective permissions on top.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "doc/node.h"
#include "kube/selector.h"

namespace ameia::rbac {

// Who asks, with every group the API server would see, system:authenticated included.
struct User {
  std::string name;
  std::vector<std::string> groups;
  // A service account's name and groups: system:serviceaccount:NS:NAME, system:serviceaccounts,
  // system:serviceaccounts:NS, system:authenticated.
  static User service_account(std::string_view ns, std::string_view name);
};

// What is asked: a resource request, or (resource_request = false) a path such as /healthz.
struct Request {
  std::string verb;
  bool resource_request = true;
  std::string ns, group, resource, subresource, name;
  std::string path;
};

struct Rule {
  std::vector<std::string> verbs, groups, resources, resource_names, non_resource_urls;
};

// One role with its rules; aggregated ClusterRoles hold the union of what their selectors choose.
struct Role {
  std::string ns;  // empty: a ClusterRole
  std::string name;
  std::vector<Rule> rules;
  const doc::Node* source = nullptr;  // the object, as long as its document lives
};

enum class SubjectKind : uint8_t { kUser, kGroup, kServiceAccount };
struct Subject {
  SubjectKind kind;
  std::string name;
  std::string ns;  // service accounts
};

struct Binding {
  std::string ns;  // empty: a ClusterRoleBinding
  std::string name;
  bool to_cluster_role = false;
  std::string role;
  std::vector<Subject> subjects;
  const doc::Node* source = nullptr;  // the object, as long as its document lives
};

struct Decision {
  bool allowed = false;
  // "allowed by ClusterRoleBinding "x" of ClusterRole "y" to Group "z"", in the API server's words; when refused, the
  // roles that could not be resolved.
  std::string reason;
  std::vector<std::string> errors;
};

bool rule_allows(const Rule& rule, const Request& request);
// The single permissions of `wanted` that `held` does not cover; empty when creating `wanted` is no escalation (the API
// server's Covers).
std::vector<Rule> uncovered(std::span<const Rule> held, std::span<const Rule> wanted);

// The roles and bindings of one estate, compiled. Threads: immutable after build. Owns: everything but Role::source and
// Binding::source. Limits: what the documents' own limits allow.
class Authorizer {
 public:
  // Objects of other kinds are ignored; malformed rules and subjects are skipped: the API server would refuse them.
  // Documents must live until build().
  class Builder {
   public:
    void add(const doc::Node& object);
    [[nodiscard]] Authorizer build() &&;

   private:
    friend class Authorizer;
    std::vector<Role> roles_;
    std::vector<Binding> bindings_;
    std::vector<const doc::Node*> role_labels_;                      // by index in roles_; borrowed until build()
    std::map<size_t, std::vector<kube::LabelSelector>> aggregates_;  // selectors, by index in roles_
  };

  [[nodiscard]] Decision authorize(const User& user, const Request& request) const;
  // What the user is bound to in a namespace ("" = cluster-wide only). `role` is nullptr when it does not exist.
  struct Grant {
    const Binding* binding;
    const Role* role;
    const Subject* subject;
  };
  [[nodiscard]] std::vector<Grant> grants(const User& user, std::string_view ns) const;
  // The role that a binding refers to, or nullptr.
  [[nodiscard]] const Role* role_of(const Binding& binding) const;
  [[nodiscard]] const std::vector<Role>& roles() const { return roles_; }
  [[nodiscard]] const std::vector<Binding>& bindings() const { return bindings_; }

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::vector<Role> roles_;
  std::vector<Binding> bindings_;
  std::unordered_map<std::string, size_t, Hash, std::equal_to<>> role_index_;  // by "namespace/name"
  // (binding, subject) by subject key ("u:name", "g:name"; a service account is a user), so that a question reads only
  // what concerns its user.
  std::unordered_map<std::string, std::vector<std::pair<uint32_t, uint32_t>>, Hash, std::equal_to<>> by_subject_;
};

}  // namespace ameia::rbac
