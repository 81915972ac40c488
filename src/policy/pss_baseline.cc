// The rules of the baseline level.
#include <algorithm>
#include <array>

#include "policy/internal/pss_checks.h"

namespace ameia::policy::pss {
namespace {

using doc::Node;

template <size_t N>
bool one_of(std::string_view text, const std::array<std::string_view, N>& allowed) {
  return std::find(allowed.begin(), allowed.end(), text) != allowed.end();
}

// "pod", then the containers, each only when it set something bad.
void add_containers(Names& setters, const Names& bad_containers) {
  if (!bad_containers.empty()) setters.push_back(containers(bad_containers));
}

}  // namespace

bool app_armor_profile(const Pod& pod, PssViolation& out) {
  constexpr std::string_view kAnnotationPrefix = "container.apparmor.security.beta.kubernetes.io/";
  Names setters, bad_containers, bad_annotations;
  SortedSet bad_values;
  // True when the holder sets a profile that is not allowed.
  auto is_bad = [&](const Node& holder) {
    const Node* profile = security_field(holder, "appArmorProfile");
    if (profile == nullptr) return false;
    std::string_view type = (*profile)["type"].str();
    if (type == "RuntimeDefault" || type == "Localhost") return false;
    bad_values.emplace(type);
    out.nodes.push_back(profile);
    return true;
  };
  if (is_bad(pod.spec)) setters.emplace_back("pod");
  kube::visit_containers(pod.spec, [&](const Node& container) {
    if (is_bad(container)) bad_containers.push_back(name_of(container));
  });
  add_containers(setters, bad_containers);
  for (const doc::Member& annotation : pod.metadata["annotations"].map()) {
    std::string_view key = annotation.key->view(), value = annotation.value.str();
    if (!key.starts_with(kAnnotationPrefix)) continue;
    if (value.empty() || value == "runtime/default" || value.starts_with("localhost/")) continue;
    bad_annotations.push_back(std::string(key) + '=' + go_quote(value));
    out.nodes.push_back(&annotation.value);
  }
  std::sort(bad_annotations.begin(), bad_annotations.end());
  if (!bad_annotations.empty()) setters.emplace_back(plural("annotation", "annotations", bad_annotations.size()));
  if (setters.empty()) return true;
  Names values(bad_values.begin(), bad_values.end());
  values.insert(values.end(), bad_annotations.begin(), bad_annotations.end());
  return deny(out, plural("forbidden AppArmor profile", "forbidden AppArmor profiles", values.size()),
              join(setters, " and ") + " must not set AppArmor profile type to " + quoted(values));
}

bool capabilities_baseline(const Pod& pod, PssViolation& out) {
  // What container runtimes grant by default, without NET_RAW.
  static constexpr std::array<std::string_view, 13> kAllowed = {
      "AUDIT_WRITE",      "CHOWN",   "DAC_OVERRIDE", "FOWNER",  "FSETID", "KILL",      "MKNOD",
      "NET_BIND_SERVICE", "SETFCAP", "SETGID",       "SETPCAP", "SETUID", "SYS_CHROOT"};
  Names bad_containers;
  SortedSet bad_values;
  kube::visit_containers(pod.spec, [&](const Node& container) {
    bool valid = true;
    for (const Node& capability : container["securityContext"]["capabilities"]["add"].list()) {
      if (one_of(capability.str(), kAllowed)) continue;
      valid = false;
      bad_values.emplace(capability.str());
      out.nodes.push_back(&capability);
    }
    if (!valid) bad_containers.push_back(name_of(container));
  });
  if (bad_containers.empty()) return true;
  return deny(
      out, "non-default capabilities",
      containers(bad_containers) + " must not include " + quoted(bad_values) + " in securityContext.capabilities.add");
}

bool host_namespaces(const Pod& pod, PssViolation& out) {
  Names bad;
  for (std::string_view field : {"hostNetwork", "hostPID", "hostIPC"}) {
    const Node& value = pod.spec[field];
    if (!value.boolean_or(false)) continue;
    bad.push_back(std::string(field) + "=true");
    out.nodes.push_back(&value);
  }
  return bad.empty() || deny(out, "host namespaces", join(bad, ", "));
}

bool host_path_volumes(const Pod& pod, PssViolation& out) {
  Names bad;
  for (const Node& volume : pod.spec["volumes"].list()) {
    const Node* host_path = present(volume, "hostPath");
    if (host_path == nullptr) continue;
    bad.push_back(name_of(volume));
    out.nodes.push_back(host_path);
  }
  if (bad.empty()) return true;
  return deny(out, "hostPath volumes", std::string(plural("volume", "volumes", bad.size())) + ' ' + quoted(bad));
}

bool host_ports(const Pod& pod, PssViolation& out) {
  Names bad_containers;
  SortedSet ports;  // sorted as text: 12345 comes before 80
  kube::visit_containers(pod.spec, [&](const Node& container) {
    bool valid = true;
    for (const Node& port : container["ports"].list()) {
      const Node& host_port = port["hostPort"];
      if (host_port.integer_or(0) == 0) continue;
      valid = false;
      ports.insert(std::to_string(host_port.integer));
      out.nodes.push_back(&host_port);
    }
    if (!valid) bad_containers.push_back(name_of(container));
  });
  if (bad_containers.empty()) return true;
  return deny(out, "hostPort",
              containers(bad_containers) + ' ' + std::string(plural("uses", "use", bad_containers.size())) + ' ' +
                  std::string(plural("hostPort", "hostPorts", ports.size())) + ' ' +
                  join(Names(ports.begin(), ports.end()), ", "));
}

bool host_probes_and_lifecycle(const Pod& pod, PssViolation& out) {
  SortedSet bad_containers, hosts;
  auto look_at = [&](const Node& container, const Node& handler) {
    for (std::string_view action : {"httpGet", "tcpSocket"}) {
      const Node& host = handler[action]["host"];
      if (host.str().empty()) continue;
      bad_containers.insert(name_of(container));
      hosts.emplace(host.str());
      out.nodes.push_back(&host);
    }
  };
  kube::visit_containers(pod.spec, [&](const Node& container) {
    for (std::string_view probe : {"livenessProbe", "readinessProbe", "startupProbe"})
      look_at(container, container[probe]);
    for (std::string_view hook : {"postStart", "preStop"}) look_at(container, container["lifecycle"][hook]);
  });
  if (bad_containers.empty()) return true;
  return deny(out, "probe or lifecycle host",
              containers(Names(bad_containers.begin(), bad_containers.end())) + ' ' +
                  std::string(plural("uses", "use", bad_containers.size())) + ' ' +
                  std::string(plural("probe or lifecycle host", "probe or lifecycle hosts", hosts.size())) + ' ' +
                  quoted(hosts));
}

bool privileged(const Pod& pod, PssViolation& out) {
  Names bad;
  kube::visit_containers(pod.spec, [&](const Node& container) {
    const Node* field = security_field(container, "privileged");
    if (field == nullptr || !field->boolean_or(false)) return;
    bad.push_back(name_of(container));
    out.nodes.push_back(field);
  });
  return bad.empty() || deny(out, "privileged", containers(bad) + " must not set securityContext.privileged=true");
}

bool proc_mount(const Pod& pod, PssViolation& out) {
  Names bad;
  SortedSet values;
  kube::visit_containers(pod.spec, [&](const Node& container) {
    const Node* field = security_field(container, "procMount");
    if (field == nullptr || field->str() == "Default") return;
    bad.push_back(name_of(container));
    values.emplace(field->str());
    out.nodes.push_back(field);
  });
  if (bad.empty()) return true;
  return deny(out, "procMount", containers(bad) + " must not set securityContext.procMount to " + quoted(values));
}

bool proc_mount_outside_userns(const Pod& pod, PssViolation& out) {
  return has_user_namespace(pod) || proc_mount(pod, out);
}

namespace {
bool se_linux_options(const Pod& pod, PssViolation& out, bool allow_engine) {
  Names setters, bad_containers;
  SortedSet bad_types;
  bool set_user = false, set_role = false;
  auto is_bad = [&](const Node& holder) {
    const Node* options = security_field(holder, "seLinuxOptions");
    if (options == nullptr) return false;
    static constexpr std::array<std::string_view, 4> kTypes = {"", "container_t", "container_init_t",
                                                               "container_kvm_t"};
    std::string_view type = (*options)["type"].str();
    bool bad = false;
    if (!one_of(type, kTypes) && !(allow_engine && type == "container_engine_t")) {
      bad = true;
      bad_types.emplace(type);
      out.nodes.push_back(&(*options)["type"]);
    }
    for (std::string_view field : {"user", "role"}) {
      const Node& value = (*options)[field];
      if (value.str().empty()) continue;
      bad = true;
      (field == "user" ? set_user : set_role) = true;
      out.nodes.push_back(&value);
    }
    return bad;
  };
  if (is_bad(pod.spec)) setters.emplace_back("pod");
  kube::visit_containers(pod.spec, [&](const Node& container) {
    if (is_bad(container)) bad_containers.push_back(name_of(container));
  });
  add_containers(setters, bad_containers);
  if (setters.empty()) return true;
  Names what;
  if (!bad_types.empty())
    what.push_back(std::string(plural("type", "types", bad_types.size())) + ' ' + quoted(bad_types));
  if (set_user) what.emplace_back("user may not be set");
  if (set_role) what.emplace_back("role may not be set");
  return deny(out, "seLinuxOptions",
              join(setters, " and ") + " set forbidden securityContext.seLinuxOptions: " + join(what, "; "));
}
}  // namespace

bool se_linux_options_1_0(const Pod& pod, PssViolation& out) {
  return se_linux_options(pod, out, false);
}
bool se_linux_options_1_31(const Pod& pod, PssViolation& out) {
  return se_linux_options(pod, out, true);
}

// Before 1.19 the profile was an annotation.
bool seccomp_annotations(const Pod& pod, PssViolation& out) {
  const Node& annotations = pod.metadata["annotations"];
  SortedSet bad;
  auto look_at = [&](const std::string& key) {
    const Node* value = annotations.find(std::string_view(key));
    if (value == nullptr) return;
    std::string_view profile = value->str();
    if (profile == "runtime/default" || profile == "docker/default" || profile.starts_with("localhost/")) return;
    bad.insert(key + '=' + go_quote(profile));
    out.nodes.push_back(value);
  };
  look_at("seccomp.security.alpha.kubernetes.io/pod");
  kube::visit_containers(pod.spec, [&](const Node& container) {
    look_at("container.seccomp.security.alpha.kubernetes.io/" + name_of(container));
  });
  if (bad.empty()) return true;
  return deny(out, "seccompProfile",
              "forbidden " + std::string(plural("annotation", "annotations", bad.size())) + ' ' +
                  join(Names(bad.begin(), bad.end()), ", "));
}

bool seccomp_baseline(const Pod& pod, PssViolation& out) {
  Names setters, bad_containers;
  SortedSet bad_values;
  auto is_bad = [&](const Node& holder) {
    const Node* profile = security_field(holder, "seccompProfile");
    if (profile == nullptr) return false;
    std::string_view type = (*profile)["type"].str();
    if (type == "RuntimeDefault" || type == "Localhost") return false;
    bad_values.emplace(type);
    out.nodes.push_back(profile);
    return true;
  };
  if (is_bad(pod.spec)) setters.emplace_back("pod");
  kube::visit_containers(pod.spec, [&](const Node& container) {
    if (is_bad(container)) bad_containers.push_back(name_of(container));
  });
  add_containers(setters, bad_containers);
  if (setters.empty()) return true;
  return deny(out, "seccompProfile",
              join(setters, " and ") + " must not set securityContext.seccompProfile.type to " + quoted(bad_values));
}

namespace {
// The safe sysctls, in the order in which versions added them.
constexpr std::array<std::string_view, 14> kSafeSysctls = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.ip_local_reserved_ports",  // 1.27
    "net.ipv4.tcp_keepalive_time",       // 1.29
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",  // 1.32
    "net.ipv4.tcp_wmem",
    "net.ipv4.tcp_slow_start_after_idle",  // 1.37
    "net.ipv4.tcp_notsent_lowat",
};

bool sysctls(const Pod& pod, PssViolation& out, size_t safe) {
  Names bad;
  for (const Node& sysctl : pod.spec["securityContext"]["sysctls"].list()) {
    const Node& name = sysctl["name"];
    if (std::find(kSafeSysctls.begin(), kSafeSysctls.begin() + safe, name.str()) != kSafeSysctls.begin() + safe)
      continue;
    bad.emplace_back(name.str());
    out.nodes.push_back(name.is_null() ? &sysctl : &name);
  }
  return bad.empty() || deny(out, "forbidden sysctls", join(bad, ", "));
}
}  // namespace

bool sysctls_1_0(const Pod& pod, PssViolation& out) {
  return sysctls(pod, out, 5);
}
bool sysctls_1_27(const Pod& pod, PssViolation& out) {
  return sysctls(pod, out, 6);
}
bool sysctls_1_29(const Pod& pod, PssViolation& out) {
  return sysctls(pod, out, 10);
}
bool sysctls_1_32(const Pod& pod, PssViolation& out) {
  return sysctls(pod, out, 12);
}
bool sysctls_1_37(const Pod& pod, PssViolation& out) {
  return sysctls(pod, out, 14);
}

bool windows_host_process(const Pod& pod, PssViolation& out) {
  Names setters, bad_containers;
  auto is_bad = [&](const Node& holder) {
    const Node& field = holder["securityContext"]["windowsOptions"]["hostProcess"];
    if (!field.boolean_or(false)) return false;
    out.nodes.push_back(&field);
    return true;
  };
  if (is_bad(pod.spec)) setters.emplace_back("pod");
  kube::visit_containers(pod.spec, [&](const Node& container) {
    if (is_bad(container)) bad_containers.push_back(name_of(container));
  });
  add_containers(setters, bad_containers);
  if (setters.empty()) return true;
  return deny(out, "hostProcess",
              join(setters, " and ") + " must not set securityContext.windowsOptions.hostProcess=true");
}

}  // namespace ameia::policy::pss
