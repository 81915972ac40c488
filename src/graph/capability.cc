#include "graph/internal/capability.h"

#include <algorithm>

namespace ameia::graph::internal {
namespace {

static_assert(static_cast<size_t>(Technique::kRbacTechniques) <= 64);

// Any of the verbs on the resource gives the capability; several rows of one capability are alternatives.
struct Row {
  Capability capability;
  std::string_view verbs;  // comma separated
  std::string_view group, resource;
};
constexpr std::string_view kAdmission = "admissionregistration.k8s.io";
constexpr std::string_view kRbac = "rbac.authorization.k8s.io";
constexpr std::string_view kCertificates = "certificates.k8s.io";
constexpr std::string_view kWrite = "create,update,patch";
constexpr std::string_view kChange = "update,patch";
using enum Capability;

constexpr Row kRows[] = {
    {kPodsCreate, "create", "", "pods"},
    {kPodsChange, kChange, "", "pods"},
    {kPodsDelete, "delete,deletecollection", "", "pods"},
    {kPodsDelete, "create", "", "pods/eviction"},
    {kPodsExec, "create,get", "", "pods/exec"},
    {kPodsAttach, "create,get", "", "pods/attach"},
    {kPodsEphemeral, kChange, "", "pods/ephemeralcontainers"},
    {kPodsStatus, kChange, "", "pods/status"},
    {kPodsForward, "create,get", "", "pods/portforward"},
    {kPodsForward, "create,get,update,patch,delete", "", "pods/proxy"},
    {kPodsForward, "create,get,update,patch,delete", "", "services/proxy"},
    {kPodsBinding, "create", "", "pods/binding"},
    {kPodsBinding, "create", "", "bindings"},
    {kWorkloadsWrite, kWrite, "apps", "deployments"},
    {kWorkloadsWrite, kWrite, "apps", "daemonsets"},
    {kWorkloadsWrite, kWrite, "apps", "statefulsets"},
    {kWorkloadsWrite, kWrite, "apps", "replicasets"},
    {kWorkloadsWrite, kWrite, "batch", "cronjobs"},
    {kWorkloadsWrite, "create", "batch", "jobs"},  // the template of a job never changes
    {kWorkloadsWrite, kWrite, "", "replicationcontrollers"},
    {kWorkloadsChange, kChange, "apps", "deployments"},
    {kWorkloadsChange, kChange, "apps", "daemonsets"},
    {kWorkloadsChange, kChange, "apps", "statefulsets"},
    {kWorkloadsChange, kChange, "apps", "replicasets"},
    {kWorkloadsChange, kChange, "batch", "cronjobs"},
    {kWorkloadsChange, kChange, "", "replicationcontrollers"},
    {kSecretsList, "list,watch", "", "secrets"},
    {kSecretsGet, "get", "", "secrets"},
    {kSecretsCreate, "create", "", "secrets"},
    {kTokens, "create", "", "serviceaccounts/token"},
    {kImpersonateUsers, "impersonate", "", "users"},
    {kImpersonateGroups, "impersonate", "", "groups"},
    {kImpersonateAccounts, "impersonate", "", "serviceaccounts"},
    {kImpersonateAttributes, "impersonate", "authentication.k8s.io", "uids"},
    {kImpersonateAttributes, "impersonate", "authentication.k8s.io", "userextras"},
    {kBindClusterRoles, "bind", kRbac, "clusterroles"},
    {kBindRoles, "bind", kRbac, "roles"},
    {kEscalateClusterRoles, "escalate", kRbac, "clusterroles"},
    {kEscalateRoles, "escalate", kRbac, "roles"},
    {kClusterBindingsWrite, kWrite, kRbac, "clusterrolebindings"},
    {kBindingsWrite, kWrite, kRbac, "rolebindings"},
    {kClusterRolesWrite, kWrite, kRbac, "clusterroles"},
    {kRolesWrite, kWrite, kRbac, "roles"},
    {kCertificatesCreate, "create", kCertificates, "certificatesigningrequests"},
    {kCertificatesApprove, kChange, kCertificates, "certificatesigningrequests/approval"},
    {kCertificatesStatus, kChange, kCertificates, "certificatesigningrequests/status"},
    {kSignersApprove, "approve", kCertificates, "signers"},
    {kSignersSign, "sign", kCertificates, "signers"},
    {kNodesProxy, "get,create", "", "nodes/proxy"},
    {kNodesRead, "get", "", "nodes/log"},
    {kNodesRead, "get", "", "nodes/configz"},
    {kNodesWrite, kChange, "", "nodes/status"},
    {kNodesWrite, "update,patch,delete", "", "nodes"},
    {kVolumesCreate, "create", "", "persistentvolumes"},
    {kClaimsCreate, "create", "", "persistentvolumeclaims"},
    {kStorageClasses, "create", "storage.k8s.io", "storageclasses"},
    {kMutatingWebhooks, kWrite, kAdmission, "mutatingwebhookconfigurations"},
    {kValidatingWebhooks, kWrite, kAdmission, "validatingwebhookconfigurations"},
    {kMutatingPolicies, kWrite, kAdmission, "mutatingadmissionpolicies"},
    {kMutatingPolicyBindings, kWrite, kAdmission, "mutatingadmissionpolicybindings"},
    {kGuards, "update,patch,delete,deletecollection", kAdmission, "validatingadmissionpolicies"},
    {kGuards, "update,patch,delete,deletecollection", kAdmission, "validatingadmissionpolicybindings"},
    {kGuards, "update,patch,delete,deletecollection", kAdmission, "validatingwebhookconfigurations"},
    {kGuards, "update,patch,delete,deletecollection", kAdmission, "mutatingwebhookconfigurations"},
    {kNamespacesChange, kChange, "", "namespaces"},
    {kApiServices, kWrite, "apiregistration.k8s.io", "apiservices"},
    {kCustomResourceDefinitions, kWrite, "apiextensions.k8s.io", "customresourcedefinitions"},
    {kConfigMapsChange, kChange, "", "configmaps"},
    {kEndpointsWrite, kWrite, "", "endpoints"},
    {kEndpointsWrite, kWrite, "discovery.k8s.io", "endpointslices"},
    {kServicesWrite, kWrite, "", "services"},
    {kServicesWrite, kChange, "", "services/status"},
};

constexpr Operator kOperators[] = {
    {"kustomize.toolkit.fluxcd.io", "kustomizations", "kustomize-controller", true},
    {"helm.toolkit.fluxcd.io", "helmreleases", "helm-controller", true},
    {"helm.cattle.io", "helmcharts,helmchartconfigs", "helm-controller", true},
    {"fleet.cattle.io", "bundles,gitrepos", "fleet-agent", true},
    {"argoproj.io", "applications,applicationsets", "argocd-application-controller", true},
    {"argoproj.io", "workflows,cronworkflows", "argo-workflow-controller", false},
    {"tekton.dev", "taskruns,pipelineruns", "tekton-pipelines-controller", false},
    {"operators.coreos.com", "subscriptions,clusterserviceversions", "olm-operator-serviceaccount", true},
    {"velero.io", "restores", "velero", true},
    {"velero.io", "restores", "velero-server", true},
    {"kyverno.io", "clusterpolicies,policies", "kyverno-background-controller", true},
    {"kyverno.io", "clusterpolicies,policies", "kyverno", true},
    {"apiextensions.crossplane.io", "compositions", "crossplane", true},
    {"kubernetes.crossplane.io", "objects", "provider-kubernetes", true},
    {"work.open-cluster-management.io", "manifestworks", "klusterlet-work-sa", true},
    {"cert-manager.io", "certificates,certificaterequests,issuers,clusterissuers", "cert-manager", false},
    {"external-secrets.io", "externalsecrets,clusterexternalsecrets,secretstores,clustersecretstores",
     "external-secrets", false},
    {"kubevirt.io", "virtualmachines,virtualmachineinstances", "kubevirt-controller", false},
    {"karpenter.sh", "nodepools,nodeclaims", "karpenter", false},
    {"karpenter.k8s.aws", "ec2nodeclasses", "karpenter", false},
    {"monitoring.coreos.com", "prometheuses,prometheusagents", "prometheus-operator", false},
    {"cluster.x-k8s.io", "clusters,machines,machinedeployments", "capi-manager", false},
};
static_assert(std::size(kOperators) <= 64);

template <typename Visit>
void each_word(std::string_view list, Visit visit) {
  for (size_t at = 0; at <= list.size();) {
    const size_t comma = std::min(list.find(',', at), list.size());
    visit(list.substr(at, comma - at));
    at = comma + 1;
  }
}

std::vector<Atom> atoms_of(const PermissionUniverse& universe, std::string_view verbs, std::string_view group,
                           std::string_view resource) {
  std::vector<Atom> out;
  each_word(verbs, [&](std::string_view verb) {
    rbac::Request request;
    request.verb = verb;
    request.group = group;
    const size_t slash = resource.find('/');
    request.resource = resource.substr(0, slash);
    if (slash != std::string_view::npos) request.subresource = resource.substr(slash + 1);
    const std::vector<Atom> atoms = universe.atoms_of(request);
    out.insert(out.end(), atoms.begin(), atoms.end());
  });
  return out;
}

bool any(Bits bits, const std::vector<Atom>& atoms) {
  return std::any_of(atoms.begin(), atoms.end(), [&](Atom atom) { return test(bits, atom); });
}

}  // namespace

std::span<const Operator> operators() {
  return kOperators;
}

CapabilityReader::CapabilityReader(const PermissionUniverse& universe) {
  for (const Row& row : kRows) {
    std::vector<Atom>& atoms = atoms_[static_cast<size_t>(row.capability)];
    const std::vector<Atom> more = atoms_of(universe, row.verbs, row.group, row.resource);
    atoms.insert(atoms.end(), more.begin(), more.end());
  }
  for (const Operator& one : kOperators) {
    std::vector<Atom>& atoms = operator_atoms_.emplace_back();
    each_word(one.resources, [&](std::string_view resource) {
      const std::vector<Atom> more = atoms_of(universe, kWrite, one.group, resource);
      atoms.insert(atoms.end(), more.begin(), more.end());
    });
  }
}

Mask CapabilityReader::read(Bits bits) const {
  Mask mask;
  for (size_t i = 0; i < atoms_.size(); ++i) {
    if (any(bits, atoms_[i])) mask.set(static_cast<Capability>(i));
  }
  return mask;
}

uint64_t CapabilityReader::read_operators(Bits bits) const {
  uint64_t mask = 0;
  for (size_t i = 0; i < operator_atoms_.size(); ++i) {
    if (any(bits, operator_atoms_[i])) mask |= uint64_t{1} << i;
  }
  return mask;
}

Mask in_namespace(Mask mask) {
  constexpr Capability kOfTheCluster[] = {kImpersonateUsers,
                                          kImpersonateGroups,
                                          kImpersonateAttributes,
                                          kEscalateClusterRoles,
                                          kClusterBindingsWrite,
                                          kClusterRolesWrite,
                                          kCertificatesCreate,
                                          kCertificatesApprove,
                                          kCertificatesStatus,
                                          kSignersApprove,
                                          kSignersSign,
                                          kNodesProxy,
                                          kNodesRead,
                                          kNodesWrite,
                                          kVolumesCreate,
                                          kStorageClasses,
                                          kMutatingWebhooks,
                                          kValidatingWebhooks,
                                          kMutatingPolicies,
                                          kMutatingPolicyBindings,
                                          kGuards,
                                          kApiServices,
                                          kCustomResourceDefinitions};
  for (const Capability one : kOfTheCluster) mask.bits &= ~(uint64_t{1} << static_cast<unsigned>(one));
  return mask;
}

Techniques techniques_of(Mask mask, const Scope& scope) {
  Techniques out;
  if (mask.empty()) return out;
  const auto has = [&](Capability one) { return mask.has(one); };
  // A technique that needs no more than one permission.
  const auto single = [&](Capability one, Technique technique) {
    if (has(one)) out.add(technique);
  };
  // One that is certain only together with another.
  const auto with = [&](Capability one, bool also, Technique technique) {
    if (has(one)) out.add(technique, also);
  };
  const bool makes_pods = has(kPodsCreate) || has(kWorkloadsWrite);
  const bool relabels = has(kNamespacesChange);

  if (has(kPodsCreate)) {
    out.add(Technique::kCreatePod);
    out.add(Technique::kMountSecret);
    if (scope.privileged_pods || scope.privileged_pods_possible)
      out.add(Technique::kCreatePodEscape, scope.privileged_pods);
  }
  if (has(kWorkloadsWrite)) {
    out.add(Technique::kWriteWorkload);
    out.add(Technique::kMountSecret);
    if (scope.privileged_pods || scope.privileged_pods_possible)
      out.add(Technique::kWriteWorkloadEscape, scope.privileged_pods);
  }
  single(kPodsExec, Technique::kExec);
  single(kPodsAttach, Technique::kAttach);
  single(kPodsEphemeral, Technique::kEphemeralContainer);
  single(kPodsChange, Technique::kSwapImage);
  single(kSecretsList, Technique::kListSecrets);
  single(kSecretsGet, Technique::kGetSecrets);
  if (has(kSecretsCreate) && (has(kSecretsGet) || has(kSecretsList))) out.add(Technique::kMintTokenSecret);
  single(kTokens, Technique::kRequestToken);
  single(kImpersonateAccounts, Technique::kImpersonateAccount);
  with(kBindRoles, has(kBindingsWrite), Technique::kBindInNamespace);
  with(kBindClusterRoles, has(kBindingsWrite), Technique::kBindInNamespace);
  with(kEscalateRoles, has(kRolesWrite), Technique::kEscalateRole);
  if (has(kBindingsWrite)) out.add(Technique::kWriteBinding, false);
  if (has(kRolesWrite)) out.add(Technique::kWriteRole, false);
  single(kPodsStatus, Technique::kPodStatus);
  single(kEndpointsWrite, Technique::kEndpoints);
  single(kServicesWrite, Technique::kServiceAddress);
  single(kPodsForward, Technique::kPortForward);
  with(kNamespacesChange, makes_pods, Technique::kPodSecurityLabel);
  if (has(kPodsBinding) && makes_pods) out.add(Technique::kSchedulePod, false);
  if (scope.system && has(kSecretsCreate)) out.add(Technique::kBootstrapToken, false);
  if (scope.system && has(kConfigMapsChange)) {
    if (scope.aws_auth) out.add(Technique::kAwsAuth);
    out.add(Technique::kClusterDns);
  }
  // These need an object of the cluster beside what may be one of a namespace.
  if (has(kVolumesCreate)) out.add(Technique::kHostPathVolume, makes_pods && has(kClaimsCreate));
  if (has(kPodsDelete) && has(kNodesWrite)) out.add(Technique::kMigratePods, false);
  if (has(kGuards)) out.add(Technique::kAdmissionGuard, false);
  if (!scope.cluster) return out;

  if (relabels && makes_pods) out.add(Technique::kPodSecurityLabel);
  single(kImpersonateUsers, Technique::kImpersonateUser);
  with(kImpersonateGroups, has(kImpersonateUsers) || has(kImpersonateAccounts), Technique::kImpersonateGroup);
  if (has(kImpersonateAttributes)) out.add(Technique::kImpersonateAttributes, false);
  with(kBindClusterRoles, has(kClusterBindingsWrite), Technique::kBindClusterWide);
  with(kEscalateClusterRoles, has(kClusterRolesWrite), Technique::kEscalateClusterRole);
  if (has(kClusterBindingsWrite)) out.add(Technique::kWriteClusterBinding, false);
  if (has(kClusterRolesWrite)) out.add(Technique::kWriteClusterRole, false);
  if (has(kCertificatesCreate) && has(kCertificatesApprove))
    out.add(Technique::kApproveCertificate, has(kSignersApprove));
  if (has(kSignersSign) && has(kCertificatesStatus)) out.add(Technique::kSignCertificate, false);
  single(kNodesProxy, Technique::kNodeProxy);
  if (has(kNodesRead)) out.add(Technique::kNodeRead, false);
  if (has(kStorageClasses)) out.add(Technique::kStorageClass, false);
  single(kMutatingWebhooks, Technique::kMutatingWebhook);
  if (has(kValidatingWebhooks)) out.add(Technique::kValidatingWebhook, false);
  with(kMutatingPolicies, has(kMutatingPolicyBindings), Technique::kMutatingPolicy);
  if (has(kApiServices)) out.add(Technique::kApiService, false);
  single(kCustomResourceDefinitions, Technique::kConversionWebhook);
  return out;
}

}  // namespace ameia::graph::internal
