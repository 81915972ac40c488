#include "graph/escalation.h"

#include <algorithm>

#include "graph/internal/escalation_facts.h"
#include "graph/internal/graph_maker.h"

namespace ameia::graph {
namespace {

constexpr std::string_view kSinkNames[] = {"cluster-admin",   "system-masters", "node",    "kube-system-secrets",
                                           "namespace-admin", "cloud-role",     "traffic", "pod-network"};
static_assert(std::size(kSinkNames) == static_cast<size_t>(Sink::kSinks));

}  // namespace

std::string_view to_string(Sink sink) {
  return kSinkNames[static_cast<size_t>(sink)];
}

Sink parse_sink(std::string_view text) {
  const auto* const found = std::find(std::begin(kSinkNames), std::end(kSinkNames), text);
  return static_cast<Sink>(found - std::begin(kSinkNames));
}

std::span<const EscalationEdge> Escalation::out(Id vertex) const {
  return {edges_.data() + first_out_[vertex], edges_.data() + first_out_[vertex + 1]};
}

std::span<const Id> Escalation::in(Id vertex) const {
  return {in_.data() + first_in_[vertex], in_.data() + first_in_[vertex + 1]};
}

std::string Escalation::name(Id vertex) const {
  const Vertex& v = vertices_[vertex];
  const auto in_scope = [&](const char* what) {
    return std::string("any ") + what + (v.a == 0 ? " of the cluster" : " of namespace " + namespaces_.text(v.a));
  };
  switch (v.kind) {
    case VertexKind::kSubject: return to_string(subjects_[v.a]);
    case VertexKind::kBinding: {
      const rbac::Binding& binding = access_->authorizer().bindings()[v.a];
      return binding.ns.empty() ? "ClusterRoleBinding " + binding.name
                                : "RoleBinding " + binding.ns + "/" + binding.name;
    }
    case VertexKind::kCombination:
      return "several bindings of " + to_string(subjects_[v.a]) +
             (v.b == 0 ? "" : " in namespace " + namespaces_.text(v.b));
    case VertexKind::kWorkload: {
      const EscalationWorkload& workload = workloads_[v.a];
      return workload.kind + " " + workload.ns + "/" + workload.name;
    }
    case VertexKind::kAnyUser: return "any user";
    case VertexKind::kAnyAccount: return in_scope("service account");
    case VertexKind::kAnyPod: return in_scope("pod");
    case VertexKind::kAnySecret: return in_scope("secret");
    case VertexKind::kNamespaceAdmin:
      return v.a == 0 ? "everything in every namespace" : "everything in namespace " + namespaces_.text(v.a);
    case VertexKind::kCloudRole: return "cloud identity " + cloud_roles_[v.a];
    case VertexKind::kSink: break;
  }
  switch (static_cast<Sink>(v.a)) {
    case Sink::kClusterAdmin: return "cluster-admin";
    case Sink::kSystemMasters: return "Group system:masters";
    case Sink::kNode: return "root on a node";
    case Sink::kKubeSystemSecrets: return "the secrets of kube-system";
    case Sink::kTraffic: return "the traffic of others";
    default: return "ports of pods";
  }
}

Id Escalation::find(const AccessSubject& subject) const {
  if (const Id id = access_->find(subject); id != kNone) return id;
  const auto found = more_subjects_.find(to_string(subject));
  return found == more_subjects_.end() ? kNone : found->second;
}

std::vector<Id> Escalation::find_workloads(std::string_view name) const {
  std::vector<Id> out;
  for (size_t i = 0; i < workloads_.size(); ++i) {
    const EscalationWorkload& w = workloads_[i];
    if (name == w.ns + "/" + w.name || name == w.ns + "/" + w.kind + "/" + w.name) out.push_back(workload_vertices_[i]);
  }
  return out;
}

bool Escalation::is_sink(Id vertex, Sink sink) const {
  const Vertex& v = vertices_[vertex];
  if (sink == Sink::kNamespaceAdmin) return v.kind == VertexKind::kNamespaceAdmin;
  if (sink == Sink::kCloudRole) return v.kind == VertexKind::kCloudRole;
  return v.kind == VertexKind::kSink && v.a == static_cast<Id>(sink);
}

std::vector<Id> Escalation::sinks(Sink sink) const {
  std::vector<Id> out;
  for (Id v = 0; v < vertices_.size(); ++v) {
    if (is_sink(v, sink)) out.push_back(v);
  }
  return out;
}

std::vector<Id> Escalation::sources() const {
  std::vector<Id> out;
  for (Id v = 0; v < vertices_.size(); ++v) {
    const Vertex& vertex = vertices_[v];
    if (vertex.kind == VertexKind::kWorkload && !workloads_[vertex.a].control_plane) out.push_back(v);
    if (vertex.kind == VertexKind::kSubject && present_[vertex.a] && !control_plane_[vertex.a]) out.push_back(v);
  }
  return out;
}

struct EscalationBuilder::State {
  const Access& access;
  internal::EscalationFacts facts;
};

EscalationBuilder::EscalationBuilder(const Access& access) : state_(std::make_unique<State>(State{access, {}})) {}
EscalationBuilder::~EscalationBuilder() = default;

void EscalationBuilder::add(const doc::Node& object) {
  state_->facts.add(object);
}

Escalation EscalationBuilder::build() && {
  internal::GraphMaker maker(state_->access, state_->facts);
  maker.make();

  Escalation out;
  out.access_ = &state_->access;
  out.vertices_ = std::move(maker.vertices);
  out.edges_ = std::move(maker.edges);
  out.subjects_ = std::move(maker.subjects);
  out.control_plane_ = std::move(maker.control_plane);
  out.present_ = std::move(maker.present);
  out.more_subjects_ = std::move(maker.more_subjects);
  out.workloads_ = std::move(maker.workloads);
  out.workload_vertices_ = std::move(maker.workload_vertices);
  out.cloud_roles_ = std::move(maker.cloud_roles);
  out.namespaces_ = std::move(state_->facts.namespaces);

  // Edges by their beginning, in the order in which they were made; then their indices by their end.
  const size_t n = out.vertices_.size();
  std::vector<EscalationEdge> sorted(out.edges_.size());
  out.first_out_.assign(n + 1, 0);
  out.first_in_.assign(n + 1, 0);
  for (const EscalationEdge& edge : out.edges_) {
    ++out.first_out_[edge.from + 1];
    ++out.first_in_[edge.to + 1];
  }
  for (size_t i = 1; i <= n; ++i) {
    out.first_out_[i] += out.first_out_[i - 1];
    out.first_in_[i] += out.first_in_[i - 1];
  }
  std::vector<uint32_t> next = out.first_out_;
  for (const EscalationEdge& edge : out.edges_) sorted[next[edge.from]++] = edge;
  out.edges_ = std::move(sorted);
  next = out.first_in_;
  out.in_.resize(out.edges_.size());
  for (Id i = 0; i < out.edges_.size(); ++i) out.in_[next[out.edges_[i].to]++] = i;
  return out;
}

}  // namespace ameia::graph
