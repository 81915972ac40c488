// Access: who may do what in a whole estate. Roles are bitsets of atoms (permission.h), the roles of a subject in a
// scope one hash-consed set, and an inverted index answers who-can. Equal to rbac::Authorizer for every question
// (tests/graph/access_test.cc). Neighbours: escalation.h builds its graph on it, app/cmd_rbac.cc asks.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "graph/permission.h"

namespace ameia::graph {

// A user named system:serviceaccount:NS:NAME is that service account.
struct AccessSubject {
  rbac::SubjectKind kind = rbac::SubjectKind::kUser;
  std::string ns;  // service accounts
  std::string name;
  auto operator<=>(const AccessSubject&) const = default;
};
// "User ana", "Group ops", "ServiceAccount shop/web"
std::string to_string(const AccessSubject& subject);
// Every group that a request of the subject has, the subject itself left out: a group's members are in the group.
std::vector<std::string> implied_groups(const AccessSubject& subject);
AccessSubject service_account(std::string_view ns, std::string_view name);

// What is granted on top of a bitset: atoms that hold for one name only.
struct NamedBits {
  Id name;
  uint32_t row;  // of Access::row
  auto operator<=>(const NamedBits&) const = default;
};

// Permissions decoded from an estate: bits and named bits.
struct Permissions {
  std::vector<uint64_t> bits;
  std::vector<NamedBits> named;  // sorted
};

// Threads: immutable after build. Owns: copies of names; borrows the Authorizer. Limits: kPermissionBytesMax.
class Access {
 public:
  // Fails: kLimit.
  static base::Result<Access> of(const rbac::Authorizer& authorizer,
                                 std::shared_ptr<const PermissionUniverse> universe);
  static base::Result<Access> of(const rbac::Authorizer& authorizer);

  // A subject in a scope by one binding. Scope 0: the whole cluster.
  struct Grant {
    Id subject, scope;
    uint32_t role, binding;  // indices of Authorizer::roles() and bindings()
  };
  struct Query {
    std::vector<Atom> atoms;
    Id scope = 0;           // 0: not in a namespace, or in one where nothing is bound
    Id name = kNone;        // an object's name that some rule names
    bool anywhere = false;  // who_can: in any scope
  };

  [[nodiscard]] Query query(const rbac::Request& request) const;
  // The subjects whose grants count for a request of this user; those that nothing is bound to are left out.
  [[nodiscard]] std::vector<Id> subjects_of(const rbac::User& user) const;
  [[nodiscard]] std::vector<Id> subjects_of(const AccessSubject& subject) const;
  [[nodiscard]] bool allowed(std::span<const Id> subjects, const Query& query) const;
  // The grants that allow it, by subject; members of a group are not among them. system:masters is not said.
  [[nodiscard]] std::vector<Grant> who_can(const Query& query) const;

  // What a subject is granted itself in a scope, cluster-wide grants included.
  [[nodiscard]] Permissions permissions(Id subject, Id scope) const;
  [[nodiscard]] std::vector<PermissionPhrase> phrases(const Permissions& permissions) const;
  // Whether who holds `held` may hand out `wanted`: the API server's check of escalation, as a subset of bits.
  [[nodiscard]] bool covers(const Permissions& held, const Permissions& wanted) const;
  [[nodiscard]] Permissions permissions_of_role(uint32_t role) const;

  [[nodiscard]] const std::vector<AccessSubject>& subjects() const { return subjects_; }
  [[nodiscard]] Id find(const AccessSubject& subject) const;         // kNone: nothing is bound to it
  [[nodiscard]] std::span<const Grant> grants_of(Id subject) const;  // by scope
  [[nodiscard]] const std::string& scope_name(Id scope) const { return scopes_.text(scope); }
  [[nodiscard]] Id find_scope(std::string_view ns) const { return scopes_.find(ns); }
  [[nodiscard]] size_t scopes() const { return scopes_.size(); }
  [[nodiscard]] const std::vector<Grant>& grants() const { return grants_; }
  [[nodiscard]] const std::string& name(Id name) const { return names_.text(name); }
  [[nodiscard]] Id find_name(std::string_view name) const { return names_.find(name); }

  // A row of bits; the first are the roles', in their order.
  [[nodiscard]] Bits row(uint32_t row) const { return {rows_.data() + size_t{row} * words_, words_}; }
  [[nodiscard]] const std::vector<NamedBits>& named_of_role(uint32_t role) const { return role_named_[role]; }
  [[nodiscard]] const rbac::Authorizer& authorizer() const { return *authorizer_; }
  [[nodiscard]] const PermissionUniverse& universe() const { return *universe_; }
  // Distinct sets of roles that some subject has in some scope.
  [[nodiscard]] size_t role_sets() const { return set_roles_.size(); }

 private:
  // The roles of one subject in one scope.
  struct ScopeSet {
    Id scope;
    uint32_t set;
  };
  Access() = default;
  Id intern_subject(const rbac::Subject& subject);
  base::Status read_roles();
  void read_bindings();
  base::Status make_sets();
  void invert();
  base::Result<uint32_t> new_row();
  [[nodiscard]] bool role_allows(uint32_t role, const Query& query) const;
  [[nodiscard]] bool set_allows(uint32_t set, const Query& query) const;
  [[nodiscard]] const ScopeSet* find_set(Id subject, Id scope) const;

  const rbac::Authorizer* authorizer_ = nullptr;
  std::shared_ptr<const PermissionUniverse> universe_;
  size_t words_ = 0;
  std::vector<uint64_t> rows_;
  std::vector<std::vector<NamedBits>> role_named_;
  Interner scopes_, names_, texts_;
  std::vector<AccessSubject> subjects_;
  std::unordered_map<uint64_t, Id> subject_ids_[3];
  std::vector<Grant> grants_;             // by subject, scope, role
  std::vector<uint32_t> subject_grants_;  // first of each subject, and the end
  std::vector<ScopeSet> scope_sets_;      // by subject, scope
  std::vector<uint32_t> subject_sets_;
  std::vector<std::vector<uint32_t>> set_roles_;
  std::vector<uint32_t> set_rows_;
  std::vector<std::vector<NamedBits>> set_named_;
  // Inverted: the roles of an atom as bits, the roles that name an object, the grants of a role by scope.
  size_t role_words_ = 0;
  std::vector<uint64_t> atom_roles_;
  std::unordered_map<Id, std::vector<uint32_t>> name_roles_;
  std::vector<uint32_t> role_order_;   // grants by role, scope
  std::vector<uint32_t> role_grants_;  // first of each role in role_order_, and the end
};

}  // namespace ameia::graph
