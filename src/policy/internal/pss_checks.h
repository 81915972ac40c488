// The rules of Pod Security, one function a rule revision; policy/pss.cc holds the table that dates them.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "doc/node.h"
#include "kube/pod.h"
#include "policy/pss.h"

namespace ameia::policy::pss {

// What a rule sees. A rule returns true when the pod is allowed, and otherwise fills the violation.
struct Pod {
  const doc::Node& metadata;
  const doc::Node& spec;
  // As the API server hands it to the rules: fields that a default fills are filled. False: as a user wrote it.
  bool defaulted = false;
};
using Rule = bool (*)(const Pod& pod, PssViolation& out);

bool app_armor_profile(const Pod&, PssViolation&);
bool capabilities_baseline(const Pod&, PssViolation&);
bool host_namespaces(const Pod&, PssViolation&);
bool host_path_volumes(const Pod&, PssViolation&);
bool host_ports(const Pod&, PssViolation&);
bool host_probes_and_lifecycle(const Pod&, PssViolation&);
bool privileged(const Pod&, PssViolation&);
bool proc_mount(const Pod&, PssViolation&);
bool proc_mount_outside_userns(const Pod&, PssViolation&);
bool se_linux_options_1_0(const Pod&, PssViolation&);
bool se_linux_options_1_31(const Pod&, PssViolation&);
bool seccomp_annotations(const Pod&, PssViolation&);
bool seccomp_baseline(const Pod&, PssViolation&);
bool sysctls_1_0(const Pod&, PssViolation&);
bool sysctls_1_27(const Pod&, PssViolation&);
bool sysctls_1_29(const Pod&, PssViolation&);
bool sysctls_1_32(const Pod&, PssViolation&);
bool sysctls_1_37(const Pod&, PssViolation&);
bool windows_host_process(const Pod&, PssViolation&);

bool allow_privilege_escalation(const Pod&, PssViolation&);
bool allow_privilege_escalation_linux(const Pod&, PssViolation&);
bool capabilities_restricted(const Pod&, PssViolation&);
bool capabilities_restricted_linux(const Pod&, PssViolation&);
bool restricted_volumes(const Pod&, PssViolation&);
bool run_as_non_root(const Pod&, PssViolation&);
bool run_as_non_root_outside_userns(const Pod&, PssViolation&);
bool run_as_user(const Pod&, PssViolation&);
bool run_as_user_outside_userns(const Pod&, PssViolation&);
bool seccomp_restricted(const Pod&, PssViolation&);
bool seccomp_restricted_linux(const Pod&, PssViolation&);

// The words that the rules share.
using Names = std::vector<std::string>;
using SortedSet = std::set<std::string, std::less<>>;
std::string join(const Names& items, std::string_view separator);
std::string quoted(const Names& items);  // "a", "b": quotes around, nothing escaped
std::string quoted(const SortedSet& items);
std::string_view plural(std::string_view one, std::string_view many, size_t count);
// container "a", or containers "a", "b"
std::string containers(const Names& names);
std::string go_quote(std::string_view text);  // as Go's %q writes it

inline bool deny(PssViolation& out, std::string_view reason, std::string detail) {
  out.reason = reason;
  out.detail = std::move(detail);
  return false;
}

// A field that is there and not null (what a non-nil pointer is to the API server).
inline const doc::Node* present(const doc::Node& of, doc::KeyRef key) {
  const doc::Node* found = of.find(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}
inline std::string name_of(const doc::Node& container) {
  return std::string(container["name"].str());
}
inline bool is_windows(const Pod& pod) {
  return pod.spec["os"]["name"].str() == "windows";
}
// hostUsers: false, written out: the pod has a user namespace of its own.
inline bool has_user_namespace(const Pod& pod) {
  const doc::Node* host_users = present(pod.spec, "hostUsers");
  return host_users != nullptr && host_users->is_bool() && !host_users->boolean;
}
// The field of a pod spec's or container's securityContext, or nullptr.
inline const doc::Node* security_field(const doc::Node& holder, doc::KeyRef field) {
  return present(holder["securityContext"], field);
}
// What to point at when that field is missing: the securityContext, or else its holder.
inline const doc::Node* nearest(const doc::Node& holder) {
  const doc::Node* context = present(holder, "securityContext");
  return context == nullptr ? &holder : context;
}

}  // namespace ameia::policy::pss
