// Escalation: who can become whom. A directed graph over subjects, workloads and what they lead to; an edge is one
// technique (technique.h). Vertices such as "any service account of the namespace" keep it linear in bindings and pods.
// Neighbours: access.h (permissions), escalation_paths.h (searches it), app/cmd_rbac_paths.cc.
//
//   subject ─▶ binding ─▶ any pod of the namespace ─▶ workload ─▶ its service account ─▶ binding ─▶ cluster-admin
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "graph/access.h"
#include "graph/technique.h"

namespace ameia::graph {

// What an attacker wants, worst first.
enum class Sink : uint8_t {
  kClusterAdmin,
  kSystemMasters,
  kNode,               // root on some node
  kKubeSystemSecrets,  // the secrets of kube-system
  kNamespaceAdmin,     // everything in some namespace
  kCloudRole,          // an identity in the cloud
  kTraffic,            // connections of others pass through it
  kPodNetwork,         // ports of pods, past network policies
  kSinks,
};
// "cluster-admin", "system-masters", "node", "kube-system-secrets", "namespace-admin", "cloud-role", "traffic",
// "pod-network"; kSinks for any other text.
std::string_view to_string(Sink sink);
Sink parse_sink(std::string_view text);

enum class VertexKind : uint8_t {
  kSubject,      // a: Escalation::subjects()
  kBinding,      // a: Authorizer::bindings(): what it grants
  kCombination,  // a: subject, b: namespace; what several bindings grant together
  kWorkload,     // a: workloads()
  kAnyUser,
  kAnyAccount,      // a: namespace, 0 all
  kAnyPod,          // a: namespace, 0 all
  kAnySecret,       // a: namespace, 0 all
  kNamespaceAdmin,  // a: namespace, 0 all
  kCloudRole,       // a: cloud_roles()
  kSink,            // a: Sink
};

struct Vertex {
  VertexKind kind;
  Id a = 0, b = 0;
};

struct EscalationEdge {
  Id from, to;
  Technique technique;
  bool certain;  // otherwise info(technique).condition must hold too
};

struct EscalationWorkload {
  std::string ns, kind, name, account;
  std::string escape;  // why its pods own their node; empty: they do not
  bool escape_certain = false;
  bool has_token = false;
  bool control_plane = false;  // a program that Kubernetes itself consists of
};

// Threads: immutable after build. Borrows the Access. Limits: those of its parts; edges are linear in them.
class Escalation {
 public:
  [[nodiscard]] const std::vector<Vertex>& nodes() const { return vertices_; }
  [[nodiscard]] const std::vector<EscalationEdge>& edges() const { return edges_; }  // by from
  [[nodiscard]] std::span<const EscalationEdge> out(Id vertex) const;
  [[nodiscard]] std::span<const Id> in(Id vertex) const;  // indices of edges
  // "ServiceAccount shop/web", "any pod of namespace shop", "RoleBinding shop/readers"
  [[nodiscard]] std::string name(Id vertex) const;
  [[nodiscard]] const std::vector<AccessSubject>& subjects() const { return subjects_; }
  [[nodiscard]] const std::vector<EscalationWorkload>& workloads() const { return workloads_; }
  [[nodiscard]] const std::vector<std::string>& cloud_roles() const { return cloud_roles_; }
  [[nodiscard]] const std::string& namespace_name(Id ns) const { return namespaces_.text(ns); }

  [[nodiscard]] Id find(const AccessSubject& subject) const;  // kNone: it is nowhere
  // "shop/web", or with its kind: "shop/Deployment/web".
  [[nodiscard]] std::vector<Id> find_workloads(std::string_view name) const;
  [[nodiscard]] bool is_sink(Id vertex, Sink sink) const;
  [[nodiscard]] std::vector<Id> sinks(Sink sink) const;
  // Identities that Kubernetes itself made and trusts: their power is no finding.
  [[nodiscard]] bool is_control_plane(Id subject) const { return control_plane_[subject]; }
  // Where an attacker may begin: subjects that are there and no part of the control plane, and workloads.
  [[nodiscard]] std::vector<Id> sources() const;

 private:
  friend class EscalationBuilder;
  const Access* access_ = nullptr;
  std::vector<Vertex> vertices_;
  std::vector<EscalationEdge> edges_;
  std::vector<uint32_t> first_out_, first_in_;
  std::vector<Id> in_;
  std::vector<AccessSubject> subjects_;  // the first are the Access's
  std::vector<bool> control_plane_, present_;
  std::unordered_map<std::string, Id> more_subjects_;  // by to_string
  std::vector<EscalationWorkload> workloads_;
  std::vector<Id> workload_vertices_;
  std::vector<std::string> cloud_roles_;
  Interner namespaces_;
};

// Reads what else of an estate matters: service accounts, workloads, token secrets, namespaces' Pod Security levels,
// volumes, aws-auth. Documents must live until build(). Threads: none. Fails: never; what is malformed is left out.
class EscalationBuilder {
 public:
  explicit EscalationBuilder(const Access& access);
  ~EscalationBuilder();
  void add(const doc::Node& object);
  [[nodiscard]] Escalation build() &&;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ameia::graph
