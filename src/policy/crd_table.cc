#include "policy/crd_table.h"

namespace ameia::policy {

using doc::Node;

namespace {

std::string key_of(std::string_view api_version, std::string_view kind) {
  return std::string(api_version) + ' ' + std::string(kind);
}

}  // namespace

void CrdTable::learn(const Node& crd) {
  if (crd["kind"].str() != "CustomResourceDefinition") return;
  const Node& spec = crd["spec"];
  const std::string_view kind = spec["names"]["kind"].str(), group = spec["group"].str();
  if (kind.empty() || group.empty()) return;
  const bool is_old = crd["apiVersion"].str() == "apiextensions.k8s.io/v1beta1";
  const Node& shared = spec["validation"]["openAPIV3Schema"];  // of v1beta1: one schema for all versions
  auto add = [&](std::string_view version, const Node& schema) {
    if (version.empty() || !schema.is_map()) return;
    versions_.try_emplace(key_of(std::string(group) + '/' + std::string(version), kind),
                          CrdVersion{&schema, spec["preserveUnknownFields"].boolean_or(is_old)});
  };
  for (const Node& version : spec["versions"].list()) {
    const Node& own = version["schema"]["openAPIV3Schema"];
    add(version["name"].str(), own.is_map() ? own : shared);
  }
  add(spec["version"].str(), shared);
}

const CrdVersion* CrdTable::find(std::string_view api_version, std::string_view kind) const {
  auto found = versions_.find(key_of(api_version, kind));
  return found == versions_.end() ? nullptr : &found->second;
}

}  // namespace ameia::policy
