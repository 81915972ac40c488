#include "graph/internal/escalation_facts.h"

#include "doc/yaml.h"
#include "graph/limits.h"
#include "kube/object.h"
#include "kube/pod.h"

namespace ameia::graph::internal {
namespace {

constexpr std::string_view kSystem = "kube-system";

std::string account_key(std::string_view ns, std::string_view name) {
  return std::string(ns).append("/").append(name);
}

// The objects that every cluster has and nobody writes down.
bool is_made_by_kubernetes(std::string_view ns) {
  return ns == kSystem || ns == "default" || ns == "kube-public" || ns == "kube-node-lease";
}

// A pod's workload is what made it: of a ReplicaSet the Deployment, by the hash that its pods carry.
std::pair<std::string, std::string> owner_of(const kube::ObjectView& view) {
  std::string kind(view.kind()), name(view.name().empty() ? view.generate_name() : view.name());
  const doc::Node* controller = view.controller();
  if (controller == nullptr) return {kind, name};
  if (kind == "Pod") {
    kind = (*controller)["kind"].str();
    name = (*controller)["name"].str();
    const std::string hash = "-" + std::string(view.labels()["pod-template-hash"].str());
    if (kind == "ReplicaSet" && hash.size() > 1 && name.ends_with(hash)) {
      kind = "Deployment";
      name.resize(name.size() - hash.size());
    }
    return {kind, name};
  }
  return {std::string((*controller)["kind"].str()), std::string((*controller)["name"].str())};
}

void read_mappings(const doc::Node& text, std::string_view role_field, EscalationFacts& facts) {
  if (!text.is_string() || text.size > kAwsAuthBytesMax) return;
  doc::YamlStream stream = doc::parse_yaml(std::make_shared<doc::Source>("aws-auth", std::string(text.str())),
                                           std::make_shared<doc::Keys>());
  for (const auto& document : stream.documents) {
    for (const doc::Node& entry : document->root().list()) {
      CloudMapping mapping{std::string(entry[role_field].str()), std::string(entry["username"].str()), {}};
      for (const doc::Node& group : entry["groups"].list()) mapping.groups.emplace_back(group.str());
      if (!mapping.role.empty()) facts.mappings.push_back(std::move(mapping));
    }
  }
}

}  // namespace

EscalationFacts::EscalationFacts() {
  intern_namespace("");
  intern_namespace(kSystem);
}

Id EscalationFacts::intern_namespace(std::string_view name) {
  const Id id = namespaces.intern(name);
  if (id >= pod_security.size()) {
    pod_security.push_back(is_made_by_kubernetes(name) ? PodSecurity::kPrivileged : PodSecurity::kUnknown);
  }
  return id;
}

AccountFact& EscalationFacts::account(Id ns, std::string_view name) {
  const auto [at, is_new] = account_index.try_emplace(account_key(namespaces.text(ns), name), accounts.size());
  if (is_new) accounts.push_back({ns, std::string(name), false, true, {}});
  return accounts[at->second];
}

std::string EscalationFacts::host_path_of_claim(Id ns, std::string_view claim) const {
  if (claim.empty()) return {};
  const auto volume = claimed_volumes.find({ns, std::string(claim)});
  if (volume == claimed_volumes.end()) return {};
  const auto path = volume_paths.find(volume->second);
  return path == volume_paths.end() ? std::string() : path->second;
}

void EscalationFacts::add(const doc::Node& object) {
  const kube::ObjectView view(object);
  const std::string_view kind = view.kind();
  const auto ns = [&] { return intern_namespace(view.ns().empty() ? "default" : view.ns()); };
  if (kind == "ServiceAccount") {
    AccountFact& fact = account(ns(), view.name());
    fact.declared = true;
    fact.mounts_token = object["automountServiceAccountToken"].boolean_or(true);
    for (const char* key :
         {"eks.amazonaws.com/role-arn", "iam.gke.io/gcp-service-account", "azure.workload.identity/client-id"}) {
      if (const std::string_view role = view.annotation(key); !role.empty()) fact.cloud_roles.emplace_back(role);
    }
  } else if (kind == "Namespace") {
    const std::string_view level = view.labels()["pod-security.kubernetes.io/enforce"].str();
    pod_security[intern_namespace(view.name())] =
        level == "baseline" || level == "restricted" ? PodSecurity::kRestricting : PodSecurity::kPrivileged;
  } else if (kind == "Secret") {
    const std::string_view account_name = view.annotation("kubernetes.io/service-account.name");
    if (object["type"].str() == "kubernetes.io/service-account-token" && !account_name.empty()) {
      token_secrets.push_back({ns(), std::string(view.name()), std::string(account_name)});
    }
  } else if (kind == "ConfigMap") {
    if (view.name() != "aws-auth" || view.ns() != kSystem) return;
    aws_auth = true;
    read_mappings(object["data"]["mapRoles"], "rolearn", *this);
    read_mappings(object["data"]["mapUsers"], "userarn", *this);
  } else if (kind == "PersistentVolume") {
    const doc::Node& spec = object["spec"];
    if (spec["hostPath"]["path"].str().empty()) return;
    volume_paths[std::string(view.name())] = spec["hostPath"]["path"].str();
    const doc::Node& claim = spec["claimRef"];
    if (!claim["name"].str().empty()) {
      claimed_volumes[{intern_namespace(claim["namespace"].str()), std::string(claim["name"].str())}] = view.name();
    }
  } else if (kind == "PersistentVolumeClaim") {
    const std::string_view volume = object["spec"]["volumeName"].str();
    if (!volume.empty()) claimed_volumes[{ns(), std::string(view.name())}] = volume;
  } else if (const auto pod = kube::find_pod(object); pod && kind != "PodTemplate") {
    auto [owner_kind, owner] = owner_of(view);
    const Id in = ns();
    std::map<std::string, size_t>& of_name = workload_index[{in, owner}];
    if (of_name.contains(owner_kind)) return;  // a replica, or the workload whose replica came first
    of_name[owner_kind] = workloads.size();
    const bool control_plane = view.ns() == kSystem && view.labels()["tier"].str() == "control-plane";
    workloads.push_back({in, std::move(owner_kind), std::move(owner), pod->spec, control_plane});
  }
}

}  // namespace ameia::graph::internal
