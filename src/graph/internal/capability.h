// Capabilities: the permissions that techniques of escalation are made of, as one bit each, and which techniques a set
// of them allows. Neighbours: escalation.cc asks for roles, bindings and subjects; technique.h has the words.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "graph/permission.h"
#include "graph/technique.h"

namespace ameia::graph::internal {

enum class Capability : uint8_t {
  kPodsCreate,
  kPodsChange,
  kPodsDelete,
  kPodsExec,
  kPodsAttach,
  kPodsEphemeral,
  kPodsStatus,
  kPodsForward,
  kPodsBinding,
  kWorkloadsWrite,
  kWorkloadsChange,  // of existing ones, which may be named
  kSecretsList,
  kSecretsGet,
  kSecretsCreate,
  kTokens,
  kImpersonateUsers,
  kImpersonateGroups,
  kImpersonateAccounts,
  kImpersonateAttributes,
  kBindClusterRoles,
  kBindRoles,
  kEscalateClusterRoles,
  kEscalateRoles,
  kClusterBindingsWrite,
  kBindingsWrite,
  kClusterRolesWrite,
  kRolesWrite,
  kCertificatesCreate,
  kCertificatesApprove,
  kCertificatesStatus,
  kSignersApprove,
  kSignersSign,
  kNodesProxy,
  kNodesRead,
  kNodesWrite,
  kVolumesCreate,
  kClaimsCreate,
  kStorageClasses,
  kMutatingWebhooks,
  kValidatingWebhooks,
  kMutatingPolicies,
  kMutatingPolicyBindings,
  kGuards,
  kNamespacesChange,
  kApiServices,
  kCustomResourceDefinitions,
  kConfigMapsChange,
  kEndpointsWrite,
  kServicesWrite,
  kCapabilities,
};
static_assert(static_cast<size_t>(Capability::kCapabilities) <= 64);

struct Mask {
  uint64_t bits = 0;
  Mask& operator|=(Mask other) {
    bits |= other.bits;
    return *this;
  }
  [[nodiscard]] bool has(Capability one) const { return (bits >> static_cast<unsigned>(one) & 1) != 0; }
  [[nodiscard]] bool empty() const { return bits == 0; }
  void set(Capability one) { bits |= uint64_t{1} << static_cast<unsigned>(one); }
};

// What of it a RoleBinding gives: objects of the cluster are not in its namespace.
Mask in_namespace(Mask mask);

// An operator that does with its own permissions what custom resources say.
struct Operator {
  std::string_view group, resources;  // comma separated
  std::string_view account;           // the name of its service account, as its charts have it
  bool applies_anything;              // what the resource says is done whatever it is
};
std::span<const Operator> operators();

// Reads masks off bitsets of one universe. Threads: immutable.
class CapabilityReader {
 public:
  explicit CapabilityReader(const PermissionUniverse& universe);
  [[nodiscard]] Mask read(Bits bits) const;
  // By operator: whether its resources may be written.
  [[nodiscard]] uint64_t read_operators(Bits bits) const;

 private:
  std::array<std::vector<Atom>, static_cast<size_t>(Capability::kCapabilities)> atoms_;
  std::vector<std::vector<Atom>> operator_atoms_;
};

// What is known of the scope that permissions hold in.
struct Scope {
  bool cluster = false;
  bool privileged_pods = false;           // some namespace of it lets them in
  bool privileged_pods_possible = false;  // its Pod Security level is not known
  bool system = false;                    // it is or holds kube-system
  bool aws_auth = false;                  // kube-system/aws-auth is there
};

// Techniques as bits, by Technique.
struct Techniques {
  uint64_t certain = 0, possible = 0;  // disjoint
  void add(Technique technique, bool is_certain = true) {
    (is_certain ? certain : possible) |= uint64_t{1} << static_cast<unsigned>(technique);
    possible &= ~certain;
  }
  void unite(const Techniques& other) {
    certain |= other.certain;
    possible = (possible | other.possible) & ~certain;
  }
  [[nodiscard]] bool empty() const { return (certain | possible) == 0; }
};
Techniques techniques_of(Mask mask, const Scope& scope);

}  // namespace ameia::graph::internal
