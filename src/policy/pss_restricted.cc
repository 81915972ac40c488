// The rules of the restricted level.
#include <array>

#include "policy/internal/pss_checks.h"

namespace ameia::policy::pss {
using doc::Node;

namespace {
// Nothing but a name, nulls aside.
bool is_bare(const Node& volume) {
  for (const doc::Member& member : volume.map()) {
    if (member.key->view() != "name" && !member.value.is_null()) return false;
  }
  return true;
}
}  // namespace

bool allow_privilege_escalation(const Pod& pod, PssViolation& out) {
  Names bad;
  kube::visit_containers(pod.spec, [&](const Node& container) {
    const Node* field = security_field(container, "allowPrivilegeEscalation");
    if (field != nullptr && !field->boolean_or(true)) return;
    bad.push_back(name_of(container));
    out.nodes.push_back(field == nullptr ? nearest(container) : field);
  });
  if (bad.empty()) return true;
  return deny(out, "allowPrivilegeEscalation != false",
              containers(bad) + " must set securityContext.allowPrivilegeEscalation=false");
}

// From 1.25 a pod that says it is for Windows is left out: the API forbids these fields there.
bool allow_privilege_escalation_linux(const Pod& pod, PssViolation& out) {
  return is_windows(pod) || allow_privilege_escalation(pod, out);
}

bool capabilities_restricted(const Pod& pod, PssViolation& out) {
  Names not_dropping, adding;
  SortedSet added;
  kube::visit_containers(pod.spec, [&](const Node& container) {
    const Node* capabilities = security_field(container, "capabilities");
    if (capabilities == nullptr) {
      not_dropping.push_back(name_of(container));
      out.nodes.push_back(nearest(container));
      return;
    }
    bool dropped_all = false;
    for (const Node& capability : (*capabilities)["drop"].list())
      dropped_all = dropped_all || capability.str() == "ALL";
    if (!dropped_all) {
      not_dropping.push_back(name_of(container));
      const Node* drop = present(*capabilities, "drop");
      out.nodes.push_back(drop == nullptr ? capabilities : drop);
    }
    bool bad = false;
    for (const Node& capability : (*capabilities)["add"].list()) {
      if (capability.str() == "NET_BIND_SERVICE") continue;
      bad = true;
      added.emplace(capability.str());
      out.nodes.push_back(&capability);
    }
    if (bad) adding.push_back(name_of(container));
  });
  Names details;
  if (!not_dropping.empty())
    details.push_back(containers(not_dropping) + " must set securityContext.capabilities.drop=[\"ALL\"]");
  if (!adding.empty()) {
    details.push_back(containers(adding) + " must not include " + quoted(added) +
                      " in securityContext.capabilities.add");
  }
  return details.empty() || deny(out, "unrestricted capabilities", join(details, "; "));
}

bool capabilities_restricted_linux(const Pod& pod, PssViolation& out) {
  return is_windows(pod) || capabilities_restricted(pod, out);
}

bool restricted_volumes(const Pod& pod, PssViolation& out) {
  static constexpr std::array<std::string_view, 9> kAllowed = {
      "configMap", "csi",   "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
      "projected", "secret"};
  // The first that is set names the type.
  static constexpr std::array<std::string_view, 21> kForbidden = {"hostPath",
                                                                  "gcePersistentDisk",
                                                                  "awsElasticBlockStore",
                                                                  "gitRepo",
                                                                  "nfs",
                                                                  "iscsi",
                                                                  "glusterfs",
                                                                  "rbd",
                                                                  "flexVolume",
                                                                  "cinder",
                                                                  "cephfs",
                                                                  "flocker",
                                                                  "fc",
                                                                  "azureFile",
                                                                  "vsphereVolume",
                                                                  "quobyte",
                                                                  "azureDisk",
                                                                  "photonPersistentDisk",
                                                                  "portworxVolume",
                                                                  "scaleIO",
                                                                  "storageos"};
  Names bad;
  SortedSet types;
  for (const Node& volume : pod.spec["volumes"].list()) {
    // Written without a source, a volume is an emptyDir by default; of a source that nobody knows that is not to be
    // said.
    bool allowed = !pod.defaulted && is_bare(volume);
    for (std::string_view type : kAllowed) allowed = allowed || present(volume, type) != nullptr;
    if (allowed) continue;
    bad.push_back(name_of(volume));
    const Node* source = nullptr;
    std::string_view found = "unknown";
    for (std::string_view type : kForbidden) {
      if ((source = present(volume, type)) == nullptr) continue;
      found = type;
      break;
    }
    types.emplace(found);
    out.nodes.push_back(source == nullptr ? &volume : source);
  }
  if (bad.empty()) return true;
  return deny(out, "restricted volume types",
              std::string(plural("volume", "volumes", bad.size())) + ' ' + quoted(bad) + ' ' +
                  std::string(plural("uses", "use", bad.size())) + ' ' +
                  std::string(plural("restricted volume type", "restricted volume types", types.size())) + ' ' +
                  quoted(types));
}

bool run_as_non_root(const Pod& pod, PssViolation& out) {
  Names setters, explicitly_bad, implicitly_bad;
  std::vector<const Node*> unset;
  const Node* pod_field = security_field(pod.spec, "runAsNonRoot");
  bool pod_is_good = pod_field != nullptr && pod_field->boolean_or(false);
  if (pod_field != nullptr && !pod_is_good) {
    setters.emplace_back("pod");
    out.nodes.push_back(pod_field);
  }
  kube::visit_containers(pod.spec, [&](const Node& container) {
    const Node* field = security_field(container, "runAsNonRoot");
    if (field != nullptr) {
      if (field->boolean_or(false)) return;
      explicitly_bad.push_back(name_of(container));
      out.nodes.push_back(field);
    } else if (!pod_is_good) {
      implicitly_bad.push_back(name_of(container));
      unset.push_back(nearest(container));
    }
  });
  if (!explicitly_bad.empty()) setters.push_back(containers(explicitly_bad));
  if (!setters.empty()) {
    return deny(out, "runAsNonRoot != true",
                join(setters, " and ") + " must not set securityContext.runAsNonRoot=false");
  }
  if (implicitly_bad.empty()) return true;
  out.nodes = std::move(unset);
  return deny(out, "runAsNonRoot != true",
              "pod or " + containers(implicitly_bad) + " must set securityContext.runAsNonRoot=true");
}

// From 1.35: root inside a user namespace is not root outside (KEP-127).
bool run_as_non_root_outside_userns(const Pod& pod, PssViolation& out) {
  return has_user_namespace(pod) || run_as_non_root(pod, out);
}

bool run_as_user(const Pod& pod, PssViolation& out) {
  Names setters, bad_containers;
  auto is_bad = [&](const Node& holder) {
    const Node* field = security_field(holder, "runAsUser");
    if (field == nullptr || !field->is_int() || field->integer != 0) return false;
    out.nodes.push_back(field);
    return true;
  };
  if (is_bad(pod.spec)) setters.emplace_back("pod");
  kube::visit_containers(pod.spec, [&](const Node& container) {
    if (is_bad(container)) bad_containers.push_back(name_of(container));
  });
  if (!bad_containers.empty()) setters.push_back(containers(bad_containers));
  return setters.empty() || deny(out, "runAsUser=0", join(setters, " and ") + " must not set runAsUser=0");
}

bool run_as_user_outside_userns(const Pod& pod, PssViolation& out) {
  return has_user_namespace(pod) || run_as_user(pod, out);
}

bool seccomp_restricted(const Pod& pod, PssViolation& out) {
  // Profiles that are set and bad are reported alone; only when there is none are the unset ones.
  if (!seccomp_baseline(pod, out)) return false;
  if (security_field(pod.spec, "seccompProfile") != nullptr) return true;
  Names unset;
  kube::visit_containers(pod.spec, [&](const Node& container) {
    if (security_field(container, "seccompProfile") != nullptr) return;
    unset.push_back(name_of(container));
    out.nodes.push_back(nearest(container));
  });
  if (unset.empty()) return true;
  return deny(out, "seccompProfile",
              "pod or " + containers(unset) +
                  " must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"");
}

bool seccomp_restricted_linux(const Pod& pod, PssViolation& out) {
  return is_windows(pod) || seccomp_restricted(pod, out);
}

}  // namespace ameia::policy::pss
