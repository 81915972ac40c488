#include "kube/pod.h"

#include "kube/object.h"

namespace ameia::kube {
namespace {

struct Carrier {
  std::string_view group, kind, pointer;
  bool template_optional = false;
};
// The kinds that Pod Security knows; `extensions` is where the apps kinds lived before 1.16.
constexpr Carrier kCarriers[] = {
    {"", "Pod", ""},
    {"", "PodTemplate", "/template"},
    {"", "ReplicationController", "/spec/template", true},
    {"apps", "Deployment", "/spec/template"},
    {"apps", "ReplicaSet", "/spec/template"},
    {"apps", "StatefulSet", "/spec/template"},
    {"apps", "DaemonSet", "/spec/template"},
    {"extensions", "Deployment", "/spec/template"},
    {"extensions", "ReplicaSet", "/spec/template"},
    {"extensions", "DaemonSet", "/spec/template"},
    {"batch", "Job", "/spec/template"},
    {"batch", "CronJob", "/spec/jobTemplate/spec/template"},
};

// Follows a pointer of plain names; nullptr when a step is missing or null.
const doc::Node* follow(const doc::Node& from, std::string_view pointer) {
  const doc::Node* at = &from;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    size_t slash = pointer.find('/');
    at = at->find(pointer.substr(0, slash));
    if (at == nullptr || at->is_null()) return nullptr;
    pointer = slash == std::string_view::npos ? std::string_view() : pointer.substr(slash);
  }
  return at;
}

}  // namespace

std::optional<PodView> find_pod(const doc::Node& object) {
  ObjectView viewed(object);
  std::string_view kind = viewed.kind(), group = viewed.group_version().group;
  for (const Carrier& carrier : kCarriers) {
    if (carrier.kind != kind || carrier.group != group) continue;
    PodView view;
    view.pointer = carrier.pointer;
    view.is_template = !carrier.pointer.empty();
    const doc::Node* holder = follow(object, carrier.pointer);
    if (holder == nullptr) {
      if (carrier.template_optional) return std::nullopt;
      return view;  // an unset struct: an empty pod, as the API server decodes it
    }
    view.metadata = &(*holder)["metadata"];
    view.spec = &(*holder)["spec"];
    return view;
  }
  return std::nullopt;
}

std::string_view field_name(ContainerKind kind) {
  switch (kind) {
    case ContainerKind::kInit: return "initContainers";
    case ContainerKind::kMain: return "containers";
    case ContainerKind::kEphemeral: return "ephemeralContainers";
  }
  return {};
}

}  // namespace ameia::kube
