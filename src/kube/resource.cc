#include "kube/resource.h"

#include <algorithm>
#include <map>
#include <utility>

#include "kube/limits.h"

namespace ameia::kube {
namespace {

// Kubernetes' own kinds up to 1.37, old groups and versions included because manifests still carry them; then the
// custom resources whose plural or scope the English rules would miss. Versions are comma separated, newest first.
struct BuiltIn {
  std::string_view group, kind, resource, versions;
  Scope scope;
};
constexpr Scope kN = Scope::kNamespaced;
constexpr Scope kC = Scope::kCluster;
constexpr BuiltIn kBuiltIns[] = {
    {"", "Binding", "bindings", "v1", kN},
    {"", "ComponentStatus", "componentstatuses", "v1", kC},
    {"", "ConfigMap", "configmaps", "v1", kN},
    {"", "Endpoints", "endpoints", "v1", kN},
    {"", "Event", "events", "v1", kN},
    {"", "LimitRange", "limitranges", "v1", kN},
    {"", "Namespace", "namespaces", "v1", kC},
    {"", "Node", "nodes", "v1", kC},
    {"", "PersistentVolume", "persistentvolumes", "v1", kC},
    {"", "PersistentVolumeClaim", "persistentvolumeclaims", "v1", kN},
    {"", "Pod", "pods", "v1", kN},
    {"", "PodTemplate", "podtemplates", "v1", kN},
    {"", "ReplicationController", "replicationcontrollers", "v1", kN},
    {"", "ResourceQuota", "resourcequotas", "v1", kN},
    {"", "Secret", "secrets", "v1", kN},
    {"", "Service", "services", "v1", kN},
    {"", "ServiceAccount", "serviceaccounts", "v1", kN},
    {"admissionregistration.k8s.io", "MutatingAdmissionPolicy", "mutatingadmissionpolicies", "v1,v1beta1,v1alpha1", kC},
    {"admissionregistration.k8s.io", "MutatingAdmissionPolicyBinding", "mutatingadmissionpolicybindings",
     "v1,v1beta1,v1alpha1", kC},
    {"admissionregistration.k8s.io", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", "v1,v1beta1", kC},
    {"admissionregistration.k8s.io", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", "v1,v1beta1,v1alpha1",
     kC},
    {"admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings",
     "v1,v1beta1,v1alpha1", kC},
    {"admissionregistration.k8s.io", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", "v1,v1beta1",
     kC},
    {"apiextensions.k8s.io", "CustomResourceDefinition", "customresourcedefinitions", "v1,v1beta1", kC},
    {"apiregistration.k8s.io", "APIService", "apiservices", "v1,v1beta1", kC},
    {"apps", "ControllerRevision", "controllerrevisions", "v1,v1beta2,v1beta1", kN},
    {"apps", "DaemonSet", "daemonsets", "v1,v1beta2", kN},
    {"apps", "Deployment", "deployments", "v1,v1beta2,v1beta1", kN},
    {"apps", "ReplicaSet", "replicasets", "v1,v1beta2", kN},
    {"apps", "StatefulSet", "statefulsets", "v1,v1beta2,v1beta1", kN},
    {"authentication.k8s.io", "SelfSubjectReview", "selfsubjectreviews", "v1,v1beta1,v1alpha1", kC},
    {"authentication.k8s.io", "TokenReview", "tokenreviews", "v1,v1beta1", kC},
    {"authorization.k8s.io", "LocalSubjectAccessReview", "localsubjectaccessreviews", "v1,v1beta1", kN},
    {"authorization.k8s.io", "SelfSubjectAccessReview", "selfsubjectaccessreviews", "v1,v1beta1", kC},
    {"authorization.k8s.io", "SelfSubjectRulesReview", "selfsubjectrulesreviews", "v1,v1beta1", kC},
    {"authorization.k8s.io", "SubjectAccessReview", "subjectaccessreviews", "v1,v1beta1", kC},
    {"autoscaling", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "v2,v1,v2beta2,v2beta1", kN},
    {"batch", "CronJob", "cronjobs", "v1,v1beta1,v2alpha1", kN},
    {"batch", "Job", "jobs", "v1", kN},
    {"certificates.k8s.io", "CertificateSigningRequest", "certificatesigningrequests", "v1,v1beta1", kC},
    {"certificates.k8s.io", "ClusterTrustBundle", "clustertrustbundles", "v1beta1,v1alpha1", kC},
    {"certificates.k8s.io", "PodCertificateRequest", "podcertificaterequests", "v1beta1,v1alpha1", kN},
    {"coordination.k8s.io", "Lease", "leases", "v1,v1beta1", kN},
    {"coordination.k8s.io", "LeaseCandidate", "leasecandidates", "v1beta1,v1alpha2,v1alpha1", kN},
    {"discovery.k8s.io", "EndpointSlice", "endpointslices", "v1,v1beta1", kN},
    {"events.k8s.io", "Event", "events", "v1,v1beta1", kN},
    {"extensions", "DaemonSet", "daemonsets", "v1beta1", kN},
    {"extensions", "Deployment", "deployments", "v1beta1", kN},
    {"extensions", "Ingress", "ingresses", "v1beta1", kN},
    {"extensions", "NetworkPolicy", "networkpolicies", "v1beta1", kN},
    {"extensions", "PodSecurityPolicy", "podsecuritypolicies", "v1beta1", kC},
    {"extensions", "ReplicaSet", "replicasets", "v1beta1", kN},
    {"flowcontrol.apiserver.k8s.io", "FlowSchema", "flowschemas", "v1,v1beta3,v1beta2,v1beta1", kC},
    {"flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", "prioritylevelconfigurations",
     "v1,v1beta3,v1beta2,v1beta1", kC},
    {"internal.apiserver.k8s.io", "StorageVersion", "storageversions", "v1alpha1", kC},
    {"networking.k8s.io", "IPAddress", "ipaddresses", "v1,v1beta1,v1alpha1", kC},
    {"networking.k8s.io", "Ingress", "ingresses", "v1,v1beta1", kN},
    {"networking.k8s.io", "IngressClass", "ingressclasses", "v1,v1beta1", kC},
    {"networking.k8s.io", "NetworkPolicy", "networkpolicies", "v1", kN},
    {"networking.k8s.io", "ServiceCIDR", "servicecidrs", "v1,v1beta1,v1alpha1", kC},
    {"node.k8s.io", "RuntimeClass", "runtimeclasses", "v1,v1beta1", kC},
    {"policy", "Eviction", "evictions", "v1,v1beta1", kN},
    {"policy", "PodDisruptionBudget", "poddisruptionbudgets", "v1,v1beta1", kN},
    {"policy", "PodSecurityPolicy", "podsecuritypolicies", "v1beta1", kC},
    {"rbac.authorization.k8s.io", "ClusterRole", "clusterroles", "v1,v1beta1", kC},
    {"rbac.authorization.k8s.io", "ClusterRoleBinding", "clusterrolebindings", "v1,v1beta1", kC},
    {"rbac.authorization.k8s.io", "Role", "roles", "v1,v1beta1", kN},
    {"rbac.authorization.k8s.io", "RoleBinding", "rolebindings", "v1,v1beta1", kN},
    {"resource.k8s.io", "DeviceClass", "deviceclasses", "v1,v1beta2,v1beta1,v1alpha3", kC},
    {"resource.k8s.io", "DeviceTaintRule", "devicetaintrules", "v1beta2,v1alpha3", kC},
    {"resource.k8s.io", "ResourceClaim", "resourceclaims", "v1,v1beta2,v1beta1,v1alpha3", kN},
    {"resource.k8s.io", "ResourceClaimTemplate", "resourceclaimtemplates", "v1,v1beta2,v1beta1,v1alpha3", kN},
    {"resource.k8s.io", "ResourcePoolStatusRequest", "resourcepoolstatusrequests", "v1alpha3", kC},
    {"resource.k8s.io", "ResourceSlice", "resourceslices", "v1,v1beta2,v1beta1,v1alpha3", kC},
    {"scheduling.k8s.io", "PodGroup", "podgroups", "v1alpha2", kN},
    {"scheduling.k8s.io", "PriorityClass", "priorityclasses", "v1,v1beta1", kC},
    {"scheduling.k8s.io", "Workload", "workloads", "v1alpha2,v1alpha1", kN},
    {"storage.k8s.io", "CSIDriver", "csidrivers", "v1,v1beta1", kC},
    {"storage.k8s.io", "CSINode", "csinodes", "v1,v1beta1", kC},
    {"storage.k8s.io", "CSIStorageCapacity", "csistoragecapacities", "v1,v1beta1", kN},
    {"storage.k8s.io", "StorageClass", "storageclasses", "v1,v1beta1", kC},
    {"storage.k8s.io", "VolumeAttachment", "volumeattachments", "v1,v1beta1", kC},
    {"storage.k8s.io", "VolumeAttributesClass", "volumeattributesclasses", "v1,v1beta1,v1alpha1", kC},
    {"storagemigration.k8s.io", "StorageVersionMigration", "storageversionmigrations", "v1beta1,v1alpha1", kC},
    // Configuration files of the cluster's own programs: no API serves them, checks match them by these names.
    {"apiserver.config.k8s.io", "EncryptionConfiguration", "encryptionconfigurations", "v1", kC},
    {"apiserver.config.k8s.io", "AdmissionConfiguration", "admissionconfigurations", "v1", kC},
    {"apiserver.config.k8s.io", "AuthenticationConfiguration", "authenticationconfigurations", "v1,v1beta1", kC},
    {"apiserver.config.k8s.io", "AuthorizationConfiguration", "authorizationconfigurations", "v1,v1beta1", kC},
    {"audit.k8s.io", "Policy", "policies", "v1", kC},
    {"kubelet.config.k8s.io", "KubeletConfiguration", "kubeletconfigurations", "v1beta1", kC},
    {"kubeproxy.config.k8s.io", "KubeProxyConfiguration", "kubeproxyconfigurations", "v1alpha1", kC},
    {"kubescheduler.config.k8s.io", "KubeSchedulerConfiguration", "kubeschedulerconfigurations", "v1", kC},
    {"kubeadm.k8s.io", "ClusterConfiguration", "clusterconfigurations", "v1beta4,v1beta3", kC},
    {"kubeadm.k8s.io", "InitConfiguration", "initconfigurations", "v1beta4,v1beta3", kC},
    {"kubeadm.k8s.io", "JoinConfiguration", "joinconfigurations", "v1beta4,v1beta3", kC},
    // Custom resources whose plural or scope is not the obvious one.
    {"security.openshift.io", "SecurityContextConstraints", "securitycontextconstraints", "v1", kC},
    {"", "SecurityContextConstraints", "securitycontextconstraints", "v1", kC},
    {"project.openshift.io", "Project", "projects", "v1", kC},
    {"gateway.networking.k8s.io", "GatewayClass", "gatewayclasses", "v1,v1beta1", kC},
    {"policy.networking.k8s.io", "AdminNetworkPolicy", "adminnetworkpolicies", "v1alpha1", kC},
    {"policy.networking.k8s.io", "BaselineAdminNetworkPolicy", "baselineadminnetworkpolicies", "v1alpha1", kC},
    {"snapshot.storage.k8s.io", "VolumeSnapshotClass", "volumesnapshotclasses", "v1", kC},
    {"snapshot.storage.k8s.io", "VolumeSnapshotContent", "volumesnapshotcontents", "v1", kC},
};

// Group–resources that one storage serves under several groups (kube-apiserver's equivalent-resource registry).
struct Move {
  std::string_view resource, groups;
};
constexpr Move kMoves[] = {
    {"daemonsets", "apps,extensions"},
    {"deployments", "apps,extensions"},
    {"replicasets", "apps,extensions"},
    {"ingresses", "networking.k8s.io,extensions"},
    {"networkpolicies", "networking.k8s.io,extensions"},
    {"podsecuritypolicies", "policy,extensions"},
    {"events", ",events.k8s.io"},
};

template <typename F>
void each_word(std::string_view list, F&& f) {
  for (;;) {
    size_t comma = list.find(',');
    f(list.substr(0, comma));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

const BuiltIn* built_in(std::string_view group, std::string_view kind) {
  const BuiltIn* found = std::find_if(std::begin(kBuiltIns), std::end(kBuiltIns),
                                      [&](const BuiltIn& b) { return b.kind == kind && b.group == group; });
  return found == std::end(kBuiltIns) ? nullptr : found;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace

struct ResourceTable::Learnt {
  struct Entry {
    std::string resource;
    std::vector<std::string> versions;
    Scope scope = Scope::kNamespaced;
  };
  std::map<std::pair<std::string, std::string>, Entry, std::less<>> by_kind;  // (group, kind)
};

ResourceTable::ResourceTable() : learnt_(std::make_unique<Learnt>()) {}
ResourceTable::~ResourceTable() = default;
ResourceTable::ResourceTable(ResourceTable&&) noexcept = default;
ResourceTable& ResourceTable::operator=(ResourceTable&&) noexcept = default;

void ResourceTable::learn(const doc::Node& crd) {
  if (crd["kind"].str() != "CustomResourceDefinition" || !crd["apiVersion"].str().starts_with("apiextensions.k8s.io/"))
    return;
  const doc::Node& spec = crd["spec"];
  std::string_view kind = spec["names"]["kind"].str();
  std::string_view plural = spec["names"]["plural"].str();
  if (kind.empty() || plural.empty() || learnt_->by_kind.size() >= kCustomResourcesMax) return;
  Learnt::Entry entry;
  entry.resource = plural;
  entry.scope = spec["scope"].str() == "Cluster" ? Scope::kCluster : Scope::kNamespaced;
  if (std::string_view only = spec["version"].str(); !only.empty()) entry.versions.emplace_back(only);
  for (const doc::Node& version : spec["versions"].list()) {
    std::string name(version["name"].str());
    if (!name.empty() && std::find(entry.versions.begin(), entry.versions.end(), name) == entry.versions.end()) {
      entry.versions.push_back(std::move(name));
    }
  }
  learnt_->by_kind[{std::string(spec["group"].str()), std::string(kind)}] = std::move(entry);
}

void ResourceTable::absorb(ResourceTable&& other) {
  learnt_->by_kind.merge(other.learnt_->by_kind);
}

ResourceInfo ResourceTable::find(std::string_view group, std::string_view kind) const {
  if (const BuiltIn* known = built_in(group, kind)) return {std::string(known->resource), known->scope, false};
  if (auto it = learnt_->by_kind.find(std::pair(std::string(group), std::string(kind))); it != learnt_->by_kind.end()) {
    return {it->second.resource, it->second.scope, false};
  }
  return {guess_plural(kind), kind.starts_with("Cluster") ? Scope::kCluster : Scope::kNamespaced, true};
}

std::vector<Gvr> ResourceTable::equivalents(const Gvr& gvr) const {
  std::vector<Gvr> out;
  auto add_group = [&](std::string_view group) {
    for (const BuiltIn& known : kBuiltIns) {
      if (known.group != group || known.resource != gvr.resource) continue;
      each_word(known.versions, [&](std::string_view version) {
        Gvr other{known.group, version, known.resource};
        if (other != gvr) out.push_back(other);
      });
    }
    for (const auto& [key, entry] : learnt_->by_kind) {
      if (key.first != group || entry.resource != gvr.resource) continue;
      for (const std::string& version : entry.versions) {
        Gvr other{key.first, version, entry.resource};
        if (other != gvr) out.push_back(other);
      }
    }
  };
  add_group(gvr.group);
  for (const Move& move : kMoves) {
    if (move.resource != gvr.resource) continue;
    bool mine = false;
    each_word(move.groups, [&](std::string_view group) { mine = mine || group == gvr.group; });
    if (!mine) continue;
    each_word(move.groups, [&](std::string_view group) {
      if (group != gvr.group) add_group(group);
    });
  }
  return out;
}

std::string_view ResourceTable::kind_of(const Gvr& gvr) const {
  for (const BuiltIn& known : kBuiltIns) {
    if (known.group == gvr.group && known.resource == gvr.resource) return known.kind;
  }
  for (const auto& [key, entry] : learnt_->by_kind) {
    if (key.first == gvr.group && entry.resource == gvr.resource) return key.second;
  }
  return {};
}

std::string guess_plural(std::string_view kind) {
  std::string name = lower(kind);
  if (name.empty()) return name;
  auto ends = [&](std::string_view suffix) { return name.ends_with(suffix); };
  if (ends("s") || ends("x") || ends("z") || ends("ch") || ends("sh")) return name + "es";
  bool vowel_before =
      name.size() > 1 && std::string_view("aeiou").find(name[name.size() - 2]) != std::string_view::npos;
  if (ends("y") && !vowel_before) return name.substr(0, name.size() - 1) + "ies";
  return name + "s";
}

}  // namespace ameia::kube
