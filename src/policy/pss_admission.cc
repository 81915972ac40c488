#include "policy/pss_admission.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "kube/pod.h"
#include "policy/internal/pss_checks.h"

namespace ameia::policy {
namespace {

using doc::Node;

constexpr std::string_view kEnforce = "pod-security.kubernetes.io/enforce";
constexpr std::string_view kEnforceVersion = "pod-security.kubernetes.io/enforce-version";
constexpr std::string_view kAudit = "pod-security.kubernetes.io/audit";
constexpr std::string_view kAuditVersion = "pod-security.kubernetes.io/audit-version";
constexpr std::string_view kWarn = "pod-security.kubernetes.io/warn";
constexpr std::string_view kWarnVersion = "pod-security.kubernetes.io/warn-version";

// Subresources that cannot change what runs.
constexpr std::array<std::string_view, 8> kIgnoredPodSubresources = {"exec", "attach",      "binding", "eviction",
                                                                     "log",  "portforward", "proxy",   "status"};

bool has(const std::vector<std::string>& list, std::string_view text) {
  return !text.empty() && std::find(list.begin(), list.end(), text) != list.end();
}

void invalid_label(std::vector<std::string>& errors, std::string_view label, std::string_view value,
                   std::string_view why) {
  errors.push_back("metadata.labels[" + std::string(label) + "]: Invalid value: " + pss::go_quote(value) + ": " +
                   std::string(why));
}

// One error as it is, several in brackets without repetitions, as Kubernetes aggregates them.
std::string aggregate(const std::vector<std::string>& errors) {
  std::vector<std::string> distinct;
  for (const std::string& error : errors) {
    if (std::find(distinct.begin(), distinct.end(), error) == distinct.end()) distinct.push_back(error);
  }
  return distinct.size() == 1 ? distinct[0] : '[' + pss::join(distinct, ", ") + ']';
}

bool fully_privileged(const PssModes& modes) {
  return modes.enforce.level == Level::kPrivileged && modes.audit.level == Level::kPrivileged &&
         modes.warn.level == Level::kPrivileged;
}

bool equivalent(const PssPolicy& a, const PssPolicy& b) {
  return (a.level == Level::kPrivileged && b.level == Level::kPrivileged) || a == b;
}

PssDecision allowed_with(std::string key, std::string value) {
  PssDecision decision;
  decision.audit_annotations.emplace_back(std::move(key), std::move(value));
  return decision;
}

bool runtime_class_exempt(const PssConfig& config, const Node& pod_spec) {
  return has(config.exemptions.runtime_classes, pod_spec["runtimeClassName"].str());
}

// Of what an update of a pod may change, images matter, and new ephemeral containers.
bool image_changed(const Node& a, const Node& b) {
  return a["image"].str() != b["image"].str();
}

bool is_significant_update(const Node& spec, const Node& old_spec) {
  for (std::string_view field : {"containers", "initContainers"}) {
    std::span<const Node> now = spec[field].list(), before = old_spec[field].list();
    if (now.size() != before.size()) return true;
    for (size_t i = 0; i < now.size(); ++i) {
      if (image_changed(now[i], before[i])) return true;
    }
  }
  std::map<std::string_view, const Node*> before;
  for (const Node& container : old_spec["ephemeralContainers"].list())
    before.emplace(container["name"].str(), &container);
  for (const Node& container : spec["ephemeralContainers"].list()) {
    auto found = before.find(container["name"].str());
    if (found == before.end() || image_changed(container, *found->second)) return true;
  }
  return false;
}

// "pods \"web\" is forbidden: …", the API server's wording of a denial.
std::string forbidden(const PssRequest& request, const std::string& why) {
  std::string out(request.resource);
  if (!request.group.empty()) out += '.' + std::string(request.group);
  if (!request.name.empty()) out += ' ' + pss::go_quote(request.name);
  return out + " is forbidden: " + why;
}

PssDecision evaluate_pod(const PssConfig& config, const PssLabels& labels, const PssRequest& request,
                         const Node& metadata, const Node& spec, bool enforce) {
  if (runtime_class_exempt(config, spec)) return allowed_with("exempt", "runtimeClass");
  PssDecision decision;
  auto judge = [&](const PssPolicy& policy) {
    return evaluate(policy.level, policy.version, metadata, spec, config.newest_minor);
  };
  auto words = [](std::string_view verb, const PssPolicy& policy, const PssResult& result) {
    return std::string(verb) + " PodSecurity " + pss::go_quote(to_string(policy)) + ": " + result.detail();
  };
  const PssModes& modes = labels.modes;
  PssResult audit = judge(modes.audit);
  if (!audit.allowed)
    decision.audit_annotations.emplace_back("audit-violations", words("would violate", modes.audit, audit));
  if (enforce) {
    decision.audit_annotations.emplace_back("enforce-policy", to_string(modes.enforce));
    PssResult result = judge(modes.enforce);
    if (!result.allowed) {
      decision.allowed = false;
      decision.message = forbidden(request, words("violates", modes.enforce, result));
    }
  }
  if (!labels.errors.empty()) {
    decision.audit_annotations.emplace_back("error", "Failed to parse policy: " + aggregate(labels.errors));
  }
  // A request that is denied anyway carries no warning.
  if (decision.allowed) {
    PssResult warn = judge(modes.warn);
    if (!warn.allowed) decision.warnings.push_back(words("would violate", modes.warn, warn));
  }
  return decision;
}

// An exempt namespace that sets labels is told that they do nothing.
std::optional<std::string> exempt_namespace_warning(const PssConfig& config, std::string_view name,
                                                    const PssModes& modes, const Node& labels) {
  const PssModes& defaults = config.defaults;
  bool as_default = equivalent(modes.enforce, defaults.enforce) && equivalent(modes.audit, defaults.audit) &&
                    equivalent(modes.warn, defaults.warn);
  if (fully_privileged(modes) || as_default) return std::nullopt;
  pss::Names set;
  auto add = [&](std::string_view mode, const PssPolicy& policy, std::string_view level, std::string_view version) {
    bool labelled = labels.find(level) != nullptr || labels.find(version) != nullptr;
    if (policy.level != Level::kPrivileged && labelled) set.push_back(std::string(mode) + '=' + to_string(policy));
  };
  add("enforce", modes.enforce, kEnforce, kEnforceVersion);
  add("audit", modes.audit, kAudit, kAuditVersion);
  add("warn", modes.warn, kWarn, kWarnVersion);
  return "namespace " + pss::go_quote(name) + " is exempt from Pod Security, and the policy (" + pss::join(set, ", ") +
         ") will be ignored";
}

// Pods of one controller come after the first of each; exempt runtime classes are left out.
std::vector<const Node*> prioritize(const PssConfig& config, std::span<const Node* const> pods) {
  std::vector<const Node*> first, repeated;
  std::set<std::string_view> controllers;
  for (const Node* pod : pods) {
    if (runtime_class_exempt(config, (*pod)["spec"])) continue;
    std::string_view controller;
    for (const Node& owner : (*pod)["metadata"]["ownerReferences"].list()) {
      if (owner["controller"].boolean_or(false)) {
        controller = owner["uid"].str();
        break;
      }
    }
    bool seen = !controller.empty() && !controllers.insert(controller).second;
    (seen ? repeated : first).push_back(pod);
  }
  first.insert(first.end(), repeated.begin(), repeated.end());
  return first;
}

std::vector<std::string> evaluate_existing_pods(const PssConfig& config, const PssRequest& request,
                                                const PssPolicy& enforce) {
  struct Count {
    std::string_view first_name;
    size_t pods = 0;
  };
  std::vector<const Node*> pods = prioritize(config, request.existing_pods);
  size_t checked = std::min(pods.size(), kPssNamespacePodsMax);
  std::map<std::string, Count> by_reason;
  for (size_t i = 0; i < checked; ++i) {
    PssResult result =
        evaluate(enforce.level, enforce.version, (*pods[i])["metadata"], (*pods[i])["spec"], config.newest_minor);
    if (result.allowed) continue;
    std::string_view name = (*pods[i])["metadata"]["name"].str();
    Count& count = by_reason[result.reasons()];
    if (count.pods == 0 || name < count.first_name) count.first_name = name;
    ++count.pods;
  }
  std::vector<std::string> warnings, details;
  if (checked < pods.size()) {
    warnings.push_back("new PodSecurity enforce level only checked against the first " + std::to_string(checked) +
                       " of " + std::to_string(pods.size()) + " existing pods");
  }
  for (const auto& [reason, count] : by_reason) {
    std::string others;
    if (count.pods == 2) others = " (and 1 other pod)";
    if (count.pods > 2) others = " (and " + std::to_string(count.pods - 1) + " other pods)";
    details.push_back(std::string(count.first_name) + others + ": " + reason);
  }
  if (!details.empty()) {
    warnings.push_back("existing pods in namespace " + pss::go_quote(request.name) +
                       " violate the new PodSecurity enforce level " + pss::go_quote(to_string(enforce)));
  }
  std::sort(details.begin(), details.end());
  warnings.insert(warnings.end(), details.begin(), details.end());
  return warnings;
}

PssDecision evaluate_namespace(const PssConfig& config, const PssRequest& request) {
  PssDecision decision;
  if (!request.subresource.empty()) return decision;
  const Node& labels = (*request.object)["metadata"]["labels"];
  PssLabels now = resolve_labels(labels, config.defaults);
  auto reject = [&] {
    decision.allowed = false;
    decision.message = "Namespace " + pss::go_quote(request.name) + " is invalid: " + aggregate(now.errors);
    return decision;
  };
  bool exempt = has(config.exemptions.namespaces, request.name);
  auto warn_exempt = [&] {
    if (auto warning = exempt_namespace_warning(config, request.name, now.modes, labels))
      decision.warnings.push_back(*warning);
    return decision;
  };
  if (request.operation == "CREATE") {
    if (!now.errors.empty()) return reject();
    return exempt ? warn_exempt() : decision;
  }
  if (request.operation != "UPDATE") return decision;
  PssLabels before = resolve_labels((*request.old_object)["metadata"]["labels"], config.defaults);
  if (!now.errors.empty() && now.errors != before.errors) return reject();
  const PssPolicy &enforce = now.modes.enforce, &old_enforce = before.modes.enforce;
  if (enforce == old_enforce || enforce.level == Level::kPrivileged) return decision;
  if (enforce.version == old_enforce.version && enforce.level <= old_enforce.level) return decision;
  if (exempt) return warn_exempt();
  decision.warnings = evaluate_existing_pods(config, request, enforce);
  return decision;
}

}  // namespace

std::string to_string(const PssPolicy& policy) {
  return std::string(to_string(policy.level)) + ':' + to_string(policy.version);
}

PssLabels resolve_labels(const Node& labels, const PssModes& defaults) {
  PssLabels out{defaults, {}};
  // True when the label is there; an unknown level becomes `fallback`.
  bool enforce_is_explicit = false;
  auto read_level = [&](std::string_view label, Level fallback, Level& level) {
    const Node* value = labels.find(label);
    if (value == nullptr) return false;
    std::optional<Level> parsed = parse_level(value->str());
    if (!parsed) invalid_label(out.errors, label, value->str(), "must be one of privileged, baseline, restricted");
    if (label == kEnforce) enforce_is_explicit = parsed.has_value();
    level = parsed.value_or(fallback);
    return true;
  };
  auto read_version = [&](std::string_view label, PssVersion& version) {
    const Node* value = labels.find(label);
    if (value == nullptr) return false;
    std::optional<PssVersion> parsed = parse_pss_version(value->str());
    if (!parsed) invalid_label(out.errors, label, value->str(), "must be \"latest\" or \"v1.x\"");
    version = parsed.value_or(PssVersion{});
    return true;
  };
  // Enforcing fails closed; telling fails open.
  read_level(kEnforce, Level::kRestricted, out.modes.enforce.level);
  read_version(kEnforceVersion, out.modes.enforce.version);
  read_level(kAudit, Level::kPrivileged, out.modes.audit.level);
  read_version(kAuditVersion, out.modes.audit.version);
  bool has_warn = read_level(kWarn, Level::kPrivileged, out.modes.warn.level);
  bool has_warn_version = read_version(kWarnVersion, out.modes.warn.version);
  if (!has_warn && enforce_is_explicit && out.modes.enforce.level > out.modes.warn.level) {
    out.modes.warn.level = out.modes.enforce.level;
    if (!has_warn_version) out.modes.warn.version = out.modes.enforce.version;
  }
  return out;
}

PssDecision evaluate_admission(const PssConfig& config, const Node& namespace_labels, const PssRequest& request) {
  if (request.group.empty() && request.resource == "namespaces") return evaluate_namespace(config, request);
  bool is_pod = request.group.empty() && request.resource == "pods";
  if (is_pod ? std::find(kIgnoredPodSubresources.begin(), kIgnoredPodSubresources.end(), request.subresource) !=
                   kIgnoredPodSubresources.end()
             : !request.subresource.empty()) {
    return {};
  }
  if (has(config.exemptions.namespaces, request.ns)) return allowed_with("exempt", "namespace");
  if (has(config.exemptions.users, request.user)) return allowed_with("exempt", "user");
  PssLabels labels = resolve_labels(namespace_labels, config.defaults);
  const Node& object = *request.object;
  if (is_pod) {
    if (labels.errors.empty() && fully_privileged(labels.modes))
      return allowed_with("enforce-policy", "privileged:latest");
    if (request.operation == "UPDATE" && !is_significant_update(object["spec"], (*request.old_object)["spec"]))
      return {};
    return evaluate_pod(config, labels, request, object["metadata"], object["spec"], true);
  }
  if (labels.errors.empty() && labels.modes.warn.level == Level::kPrivileged &&
      labels.modes.audit.level == Level::kPrivileged) {
    return {};
  }
  std::optional<kube::PodView> pod = kube::find_pod(object);
  if (!pod) return {};
  return evaluate_pod(config, labels, request, *pod->metadata, *pod->spec, false);
}

}  // namespace ameia::policy
