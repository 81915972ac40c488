// Technique: every known way from one identity to a stronger one, with its words. The catalogue is a table; what a
// permission is needed for it is decided in escalation_techniques.cc, where it leads in escalation.h.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace ameia::graph {

// In the order of their ids: AM-PATH-001 is the first. Those up to kRbacTechniques follow from permissions.
enum class Technique : uint8_t {
  kEverything,
  kCreatePod,
  kCreatePodEscape,
  kMountSecret,
  kWriteWorkload,
  kWriteWorkloadEscape,
  kExec,
  kAttach,
  kEphemeralContainer,
  kSwapImage,
  kListSecrets,
  kGetSecrets,
  kMintTokenSecret,
  kRequestToken,
  kImpersonateAccount,
  kImpersonateUser,
  kImpersonateGroup,
  kImpersonateAttributes,
  kBindClusterWide,
  kBindInNamespace,
  kEscalateClusterRole,
  kEscalateRole,
  kWriteClusterBinding,
  kWriteBinding,
  kWriteClusterRole,
  kWriteRole,
  kApproveCertificate,
  kSignCertificate,
  kNodeProxy,
  kNodeRead,
  kHostPathVolume,
  kStorageClass,
  kMutatingWebhook,
  kValidatingWebhook,
  kMutatingPolicy,
  kAdmissionGuard,
  kPodSecurityLabel,
  kMigratePods,
  kSchedulePod,
  kBootstrapToken,
  kApiService,
  kConversionWebhook,
  kAwsAuth,
  kClusterDns,
  kPodStatus,
  kEndpoints,
  kServiceAddress,
  kPortForward,
  kRbacTechniques,  // the number of those above

  // These follow from objects.
  kBoundTo = kRbacTechniques,
  kMemberOf,
  kOperator,
  kPodToken,
  kTokenSecret,
  kHostEscape,
  kHostEscapePartly,
  kNodePods,
  kCloudIdentity,
  kCloudMapping,
  kScope,
  kTechniques,
};

struct TechniqueInfo {
  std::string_view id;         // "AM-PATH-007"
  std::string_view title;      // what is done
  std::string_view why;        // why it works
  std::string_view condition;  // what must also hold where the edge is not certain
  std::string_view mitre;      // MITRE ATT&CK techniques, comma separated
  std::string_view reference;  // where it is described
};
// Threads: free.
const TechniqueInfo& info(Technique technique);
std::span<const TechniqueInfo> techniques();

}  // namespace ameia::graph
