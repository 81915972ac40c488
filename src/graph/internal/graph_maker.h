// GraphMaker: vertices and edges of an Escalation from permissions and facts. Used once, by EscalationBuilder::build.
#pragma once

#include <array>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/escalation.h"
#include "graph/internal/capability.h"
#include "graph/internal/escalation_facts.h"

namespace ameia::graph::internal {

class GraphMaker {
 public:
  GraphMaker(const Access& access, EscalationFacts& facts);
  void make();

  std::vector<Vertex> vertices;
  std::vector<EscalationEdge> edges;
  std::vector<AccessSubject> subjects;
  std::vector<bool> control_plane, present;  // by subject
  std::unordered_map<std::string, Id> more_subjects;
  std::vector<EscalationWorkload> workloads;
  std::vector<Id> workload_vertices;
  std::vector<std::string> cloud_roles;

 private:
  // What a role gives, whatever it is bound in.
  struct RoleFacts {
    Mask mask;
    uint64_t operators = 0;
    bool everything = false;
    struct Named {
      Id name;
      Mask mask;
    };
    std::vector<Named> named;
  };
  // A subject's permissions in one scope, from all of its bindings there.
  struct Held {
    Mask mask;
    Techniques each;  // what single bindings allow
  };

  Id vertex(VertexKind kind, Id a = 0, Id b = 0);
  Id sink(Sink which) const { return sinks_[static_cast<size_t>(which)]; }
  void edge(Id from, Id to, Technique technique, bool certain = true);
  Id cloud_role(const std::string& role);
  Id account(Id ns, const std::string& name);
  Id target_of(Technique technique, Id ns) const;
  void lead(Id from, const Techniques& techniques, Id ns);

  void read_roles();
  void make_subjects();
  void make_scopes();
  void make_workloads();
  void make_bindings();
  void lead_named(Id from, const RoleFacts& role, Id ns);
  void lead_bound(Id from, const RoleFacts& role, const std::string& name, Id ns);
  void lead_operators(Id from, uint64_t operators);
  void make_combinations();
  void make_clouds();
  [[nodiscard]] Scope scope_of(Id ns) const;
  const std::vector<Id>& groups_of(const AccessSubject& subject);  // until the next call
  [[nodiscard]] Id namespace_of_scope(Id access_scope) const { return scope_namespaces_[access_scope]; }

  const Access& access_;
  EscalationFacts& facts_;
  std::array<Id, static_cast<size_t>(Sink::kSinks)> sinks_{};
  Id any_user_ = 0;
  std::vector<Id> any_account_, any_pod_, any_secret_, namespace_admin_;  // by namespace
  std::vector<Id> scope_namespaces_;  // the facts' namespace of each scope of the Access
  std::vector<RoleFacts> roles_;
  std::vector<Techniques> binding_techniques_;
  std::vector<Id> operator_accounts_;                                      // by operator; kNone: not there
  std::unordered_map<std::string, Id> cloud_ids_;                          // the vertex
  std::unordered_multimap<std::string, std::pair<Id, Id>> token_secrets_;  // by name: namespace, account's vertex
  std::unordered_multimap<std::string, Id> accounts_by_name_;
  std::unordered_map<std::string, std::vector<Id>> account_groups_;  // by namespace
  std::vector<Id> other_groups_;                                     // of the subject asked about last
  std::unordered_multimap<std::string, uint32_t> roles_by_name_;
  Scope cluster_scope_;
};

}  // namespace ameia::graph::internal
