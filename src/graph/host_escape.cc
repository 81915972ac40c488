#include "graph/internal/host_escape.h"

#include <algorithm>

#include "kube/pod.h"

namespace ameia::graph::internal {
namespace {

// Directories and sockets whose owner owns the node, even when they may only be read: they hold its credentials.
constexpr std::string_view kOwningPaths[] = {"/",
                                             "/etc",
                                             "/etc/kubernetes",
                                             "/root",
                                             "/home",
                                             "/proc",
                                             "/dev",
                                             "/boot",
                                             "/sys",
                                             "/usr",
                                             "/var",
                                             "/var/lib",
                                             "/var/run",
                                             "/run",
                                             "/opt/cni",
                                             "/lib/systemd",
                                             "/lib",
                                             "/bin",
                                             "/sbin",
                                             "/var/lib/kubelet",
                                             "/etc/cni"};
constexpr std::string_view kOwningSockets[] = {"docker.sock", "containerd.sock", "crio.sock", "cri-dockerd.sock"};
constexpr std::string_view kOwningTrees[] = {"/etc/kubernetes/", "/var/lib/kubelet/", "/var/lib/etcd",
                                             "/root/",           "/etc/cni/",         "/opt/cni/"};
constexpr std::string_view kOwningCapabilities[] = {"ALL", "SYS_ADMIN",       "SYS_MODULE", "SYS_RAWIO",
                                                    "BPF", "DAC_READ_SEARCH", "SYS_BOOT",   "MKNOD"};

template <size_t N>
bool is_one_of(const std::string_view (&list)[N], std::string_view text) {
  return std::find(std::begin(list), std::end(list), text) != std::end(list);
}

std::string_view without_slash(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

bool owns_node(std::string_view path) {
  path = without_slash(path);
  if (is_one_of(kOwningPaths, path)) return true;
  if (is_one_of(kOwningSockets, path.substr(path.rfind('/') + 1))) return true;
  return std::any_of(std::begin(kOwningTrees), std::end(kOwningTrees),
                     [&](std::string_view tree) { return path.starts_with(tree); });
}

bool adds_owning_capability(const doc::Node& container, std::string& which, bool host_pid) {
  for (const doc::Node& added : container["securityContext"]["capabilities"]["add"].list()) {
    std::string_view name = added.str();
    if (name.starts_with("CAP_")) name.remove_prefix(4);
    if (is_one_of(kOwningCapabilities, name) || (host_pid && name == "SYS_PTRACE")) {
      which = name;
      return true;
    }
  }
  return false;
}

}  // namespace

HostEscape host_escape(const doc::Node& pod_spec,
                       const std::function<std::string(std::string_view claim)>& host_path_of_claim) {
  HostEscape out;
  const bool host_pid = pod_spec["hostPID"].boolean_or(false);
  const auto say = [&](std::string why, bool certain) {
    if (out.why.empty() || (certain && !out.certain)) out = {std::move(why), certain};
  };
  kube::visit_containers(pod_spec, [&](const doc::Node& container) {
    const std::string name = "container " + std::string(container["name"].str());
    const doc::Node& security = container["securityContext"];
    if (security["privileged"].boolean_or(false)) say(name + " is privileged", true);
    if (security["windowsOptions"]["hostProcess"].boolean_or(false)) say(name + " is a host process", true);
    if (std::string which; adds_owning_capability(container, which, host_pid))
      say(name + " has the capability " + which, true);
  });
  for (const doc::Node& volume : pod_spec["volumes"].list()) {
    std::string path(volume["hostPath"]["path"].str());
    std::string how = "mounts ";
    if (path.empty()) {
      path = host_path_of_claim(volume["persistentVolumeClaim"]["claimName"].str());
      how = "claims a volume that is ";
    }
    if (!path.empty()) say("volume " + std::string(volume["name"].str()) + " " + how + path, owns_node(path));
  }
  if (pod_spec["securityContext"]["windowsOptions"]["hostProcess"].boolean_or(false)) say("it is a host process", true);
  if (host_pid) say("it shares the node's processes", false);
  if (pod_spec["hostNetwork"].boolean_or(false)) say("it shares the node's network", false);
  if (pod_spec["hostIPC"].boolean_or(false)) say("it shares the node's memory segments", false);
  return out;
}

}  // namespace ameia::graph::internal
