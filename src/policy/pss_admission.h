// Pod Security Admission: which level a namespace's labels ask for, who is exempt, and what a request is answered.
// Why: enforce judges pods only; audit and warn judge pod templates too. Pure: labels and objects in, a decision out.
// Neighbours: policy/pss.h judges one pod.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "doc/node.h"
#include "policy/pss.h"

namespace ameia::policy {

struct PssPolicy {
  Level level = Level::kPrivileged;
  PssVersion version;
  bool operator==(const PssPolicy&) const = default;
};
std::string to_string(const PssPolicy& policy);  // "restricted:v1.31"

struct PssModes {
  PssPolicy enforce, audit, warn;
  bool operator==(const PssModes&) const = default;
};

// PodSecurityConfiguration (pod-security.admission.config.k8s.io/v1), resolved.
struct PssConfig {
  PssModes defaults;
  struct {
    std::vector<std::string> users, runtime_classes, namespaces;
  } exemptions;
  uint32_t newest_minor = kPssNewestMinor;
};

struct PssLabels {
  PssModes modes;                   // always usable: enforce falls to restricted, audit and warn to privileged
  std::vector<std::string> errors;  // "metadata.labels[…]: Invalid value: \"x\": must be …"
};
// `labels` is the namespace's metadata.labels. An explicit enforce level raises an unset warn level with it.
PssLabels resolve_labels(const doc::Node& labels, const PssModes& defaults);

struct PssRequest {
  std::string_view group, resource, subresource;  // "apps", "deployments", ""
  std::string_view operation;                     // CREATE, UPDATE, …
  std::string_view ns, name, user;
  const doc::Node* object = &doc::kNullNode;
  const doc::Node* old_object = &doc::kNullNode;    // of an UPDATE
  std::span<const doc::Node* const> existing_pods;  // of the namespace, for an UPDATE of the namespace itself
};

struct PssDecision {
  bool allowed = true;
  std::string message;  // of a denial, as the API server words it
  std::vector<std::string> warnings;
  std::vector<std::pair<std::string, std::string>> audit_annotations;  // sorted by key, without the domain prefix
};

// How many pods of a namespace are looked at when its enforce level rises.
inline constexpr size_t kPssNamespacePodsMax = 3000;

// Threads: any. Limits: kPssNamespacePodsMax.
PssDecision evaluate_admission(const PssConfig& config, const doc::Node& namespace_labels, const PssRequest& request);

}  // namespace ameia::policy
