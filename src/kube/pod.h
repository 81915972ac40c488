// Views of pods and of the objects that carry a pod template: where the pod's metadata and spec are, and its
// containers. Why: a rule about pods holds for every kind that makes pods, and must point at the line the user wrote.
// Neighbours: policy/pss.h judges what is found here.
#pragma once

#include <optional>
#include <string_view>

#include "doc/node.h"

namespace ameia::kube {

// Borrows from the object's document. Both nodes are never nullptr: an absent part is doc::kNullNode.
struct PodView {
  const doc::Node* metadata = &doc::kNullNode;
  const doc::Node* spec = &doc::kNullNode;
  std::string_view pointer;  // JSON Pointer of what holds both: "", "/spec/template", "/spec/jobTemplate/spec/template"
  bool is_template = false;  // false: the object is the Pod itself
};

// The pod of a Pod, PodTemplate, ReplicationController, Deployment, ReplicaSet, StatefulSet, DaemonSet, Job or CronJob
// of any served version. nullopt: another kind, or a ReplicationController whose template is unset.
std::optional<PodView> find_pod(const doc::Node& object);

enum class ContainerKind : uint8_t { kInit, kMain, kEphemeral };
// "initContainers", "containers", "ephemeralContainers": the field of the spec.
std::string_view field_name(ContainerKind kind);

// Calls visit(container) for init, main, then ephemeral containers, the order in which Kubernetes' own checks name
// them.
template <typename Visit>
void visit_containers(const doc::Node& pod_spec, Visit visit) {
  for (ContainerKind kind : {ContainerKind::kInit, ContainerKind::kMain, ContainerKind::kEphemeral}) {
    for (const doc::Node& container : pod_spec[field_name(kind)].list()) visit(container);
  }
}

}  // namespace ameia::kube
