// What an estate says beside its roles: read by EscalationBuilder::add, used by its build.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "doc/node.h"
#include "graph/network.h"

namespace ameia::graph::internal {

struct AccountFact {
  Id ns;
  std::string name;
  bool declared = false;
  bool mounts_token = true;
  std::vector<std::string> cloud_roles;
};

struct WorkloadFact {
  Id ns;
  std::string kind, name;
  const doc::Node* pod_spec;
  bool control_plane;  // a program that Kubernetes itself consists of
};

struct TokenSecretFact {
  Id ns;
  std::string name, account;
};

// An entry of kube-system/aws-auth.
struct CloudMapping {
  std::string role, user;
  std::vector<std::string> groups;
};

enum class PodSecurity : uint8_t { kUnknown, kPrivileged, kRestricting };

struct EscalationFacts {
  Interner namespaces;                    // 0 is "": the whole cluster
  std::vector<PodSecurity> pod_security;  // by namespace
  std::vector<AccountFact> accounts;
  std::unordered_map<std::string, size_t> account_index;  // by "namespace/name"
  std::vector<WorkloadFact> workloads;
  std::map<std::pair<Id, std::string>, std::map<std::string, size_t>> workload_index;  // by namespace and name, kind
  std::vector<TokenSecretFact> token_secrets;
  std::vector<CloudMapping> mappings;
  bool aws_auth = false;
  std::map<std::string, std::string> volume_paths;                    // hostPath by PersistentVolume
  std::map<std::pair<Id, std::string>, std::string> claimed_volumes;  // PersistentVolume by claim

  EscalationFacts();
  void add(const doc::Node& object);
  Id intern_namespace(std::string_view name);
  AccountFact& account(Id ns, std::string_view name);
  [[nodiscard]] std::string host_path_of_claim(Id ns, std::string_view claim) const;
};

}  // namespace ameia::graph::internal
