#include "policy/pss.h"

#include <algorithm>
#include <span>

#include "policy/internal/pss_checks.h"

namespace ameia::policy {
namespace {

using pss::Pod;
using pss::Rule;

// A rule as of `minor`, until the next revision of the same check.
struct Revision {
  uint32_t minor;
  Rule rule;
  std::string_view overrides = {};  // a baseline check that need not run beside this rule
};
struct Check {
  std::string_view id;
  Level level;
  std::span<const Revision> revisions;
};

constexpr Revision kAppArmor[] = {{0, pss::app_armor_profile}};
constexpr Revision kCapabilitiesBaseline[] = {{0, pss::capabilities_baseline}};
constexpr Revision kHostNamespaces[] = {{0, pss::host_namespaces}};
constexpr Revision kHostPathVolumes[] = {{0, pss::host_path_volumes}};
constexpr Revision kHostPorts[] = {{0, pss::host_ports}};
constexpr Revision kHostProbes[] = {{34, pss::host_probes_and_lifecycle}};
constexpr Revision kPrivileged[] = {{0, pss::privileged}};
constexpr Revision kProcMount[] = {{0, pss::proc_mount}, {35, pss::proc_mount_outside_userns}};
constexpr Revision kSeLinux[] = {{0, pss::se_linux_options_1_0}, {31, pss::se_linux_options_1_31}};
constexpr Revision kSeccompBaseline[] = {{0, pss::seccomp_annotations}, {19, pss::seccomp_baseline}};
constexpr Revision kSysctls[] = {{0, pss::sysctls_1_0},
                                 {27, pss::sysctls_1_27},
                                 {29, pss::sysctls_1_29},
                                 {32, pss::sysctls_1_32},
                                 {37, pss::sysctls_1_37}};
constexpr Revision kWindowsHostProcess[] = {{0, pss::windows_host_process}};

constexpr Revision kAllowPrivilegeEscalation[] = {{8, pss::allow_privilege_escalation},
                                                  {25, pss::allow_privilege_escalation_linux}};
constexpr Revision kCapabilitiesRestricted[] = {{22, pss::capabilities_restricted, "capabilities_baseline"},
                                                {25, pss::capabilities_restricted_linux, "capabilities_baseline"}};
// Baseline lets user-namespace pods unmask /proc from 1.35 on; restricted keeps the older, stricter rule.
constexpr Revision kProcMountRestricted[] = {{35, pss::proc_mount, "procMount"}};
constexpr Revision kRestrictedVolumes[] = {{0, pss::restricted_volumes, "hostPathVolumes"}};
constexpr Revision kRunAsNonRoot[] = {{0, pss::run_as_non_root}, {35, pss::run_as_non_root_outside_userns}};
constexpr Revision kRunAsUser[] = {{23, pss::run_as_user}, {35, pss::run_as_user_outside_userns}};
constexpr Revision kSeccompRestricted[] = {{19, pss::seccomp_restricted, "seccompProfile_baseline"},
                                           {25, pss::seccomp_restricted_linux, "seccompProfile_baseline"}};

// In the order of messages: baseline by id in byte order, then restricted by id.
constexpr Check kChecks[] = {
    {"appArmorProfile", Level::kBaseline, kAppArmor},
    {"capabilities_baseline", Level::kBaseline, kCapabilitiesBaseline},
    {"hostNamespaces", Level::kBaseline, kHostNamespaces},
    {"hostPathVolumes", Level::kBaseline, kHostPathVolumes},
    {"hostPorts", Level::kBaseline, kHostPorts},
    {"hostProbesAndHostLifecycle", Level::kBaseline, kHostProbes},
    {"privileged", Level::kBaseline, kPrivileged},
    {"procMount", Level::kBaseline, kProcMount},
    {"seLinuxOptions", Level::kBaseline, kSeLinux},
    {"seccompProfile_baseline", Level::kBaseline, kSeccompBaseline},
    {"sysctls", Level::kBaseline, kSysctls},
    {"windowsHostProcess", Level::kBaseline, kWindowsHostProcess},
    {"allowPrivilegeEscalation", Level::kRestricted, kAllowPrivilegeEscalation},
    {"capabilities_restricted", Level::kRestricted, kCapabilitiesRestricted},
    {"procMount_restricted", Level::kRestricted, kProcMountRestricted},
    {"restrictedVolumes", Level::kRestricted, kRestrictedVolumes},
    {"runAsNonRoot", Level::kRestricted, kRunAsNonRoot},
    {"runAsUser", Level::kRestricted, kRunAsUser},
    {"seccompProfile_restricted", Level::kRestricted, kSeccompRestricted},
};

// The revision in force as of `minor`, or nullptr before the first.
const Revision* in_force(const Check& check, uint32_t minor) {
  const Revision* found = nullptr;
  for (const Revision& revision : check.revisions) {
    if (revision.minor <= minor) found = &revision;
  }
  return found;
}

bool overridden(std::string_view id, uint32_t minor) {
  return std::any_of(std::begin(kChecks), std::end(kChecks), [&](const Check& check) {
    const Revision* revision = in_force(check, minor);
    return revision != nullptr && revision->overrides == id;
  });
}

void run(const Check& check, Rule rule, const Pod& pod, PssResult& result) {
  PssViolation violation;
  if (rule(pod, violation)) return;
  violation.id = check.id;
  result.allowed = false;
  result.violations.push_back(std::move(violation));
}

}  // namespace

std::string_view to_string(Level level) {
  switch (level) {
    case Level::kPrivileged: return "privileged";
    case Level::kBaseline: return "baseline";
    case Level::kRestricted: return "restricted";
  }
  return {};
}

std::optional<Level> parse_level(std::string_view text) {
  for (Level level : {Level::kPrivileged, Level::kBaseline, Level::kRestricted}) {
    if (text == to_string(level)) return level;
  }
  return std::nullopt;
}

std::string to_string(PssVersion version) {
  return version.is_latest() ? "latest" : "v1." + std::to_string(version.minor);
}

std::optional<PssVersion> parse_pss_version(std::string_view text) {
  if (text == "latest") return PssVersion{};
  if (!text.starts_with("v1.")) return std::nullopt;
  std::string_view digits = text.substr(3);
  constexpr size_t kDigitsMax = 9;  // any such number fits 32 bits and is not kLatest
  if (digits.empty() || digits.size() > kDigitsMax || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  uint32_t minor = 0;
  for (char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    minor = minor * 10 + static_cast<uint32_t>(c - '0');
  }
  return PssVersion{minor};
}

std::string PssResult::detail() const {
  std::string out;
  for (const PssViolation& violation : violations) {
    if (!out.empty()) out += ", ";
    out += violation.reason;
    if (!violation.detail.empty()) out += " (" + violation.detail + ")";
  }
  return out;
}

std::string PssResult::reasons() const {
  std::string out;
  for (const PssViolation& violation : violations) {
    if (!out.empty()) out += ", ";
    out += violation.reason;
  }
  return out;
}

PssResult evaluate(Level level, PssVersion version, const doc::Node& pod_metadata, const doc::Node& pod_spec,
                   uint32_t newest_minor) {
  PssResult result;
  if (level == Level::kPrivileged) return result;
  uint32_t minor = std::min(version.minor, newest_minor);
  Pod pod{pod_metadata, pod_spec};
  for (const Check& check : kChecks) {
    if (check.level > level) continue;
    const Revision* revision = in_force(check, minor);
    if (revision == nullptr) continue;
    if (level == Level::kRestricted && check.level == Level::kBaseline && overridden(check.id, minor)) continue;
    run(check, revision->rule, pod, result);
  }
  return result;
}

std::optional<PssResult> evaluate_check(std::string_view id, PssVersion version, const doc::Node& pod_metadata,
                                        const doc::Node& pod_spec) {
  for (const Check& check : kChecks) {
    if (check.id != id) continue;
    const Revision* revision = in_force(check, version.minor);
    if (revision == nullptr) return std::nullopt;
    PssResult result;
    run(check, revision->rule, Pod{pod_metadata, pod_spec, true}, result);
    return result;
  }
  return std::nullopt;
}

std::vector<PssCheckInfo> pss_checks() {
  std::vector<PssCheckInfo> all;
  for (const Check& check : kChecks) {
    PssCheckInfo info{check.id, check.level, {}};
    for (const Revision& revision : check.revisions) info.minors.push_back(revision.minor);
    all.push_back(std::move(info));
  }
  return all;
}

}  // namespace ameia::policy
