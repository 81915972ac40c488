// ResourceTable: which resource (plural, scope) a kind is, and which resources are the same thing under another name.
// Built-in kinds are a table; custom resources are learnt from CustomResourceDefinitions; the rest is guessed.
// Neighbours: kube/admission.h (requests name resources), policy/match.h (rules select them).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "doc/node.h"

namespace ameia::kube {

struct Gvk {
  std::string_view group, version, kind;
  bool operator==(const Gvk&) const = default;
};
struct Gvr {
  std::string_view group, version, resource;
  bool operator==(const Gvr&) const = default;
};
enum class Scope : uint8_t { kNamespaced, kCluster };

// What a kind is. `guessed`: neither built in nor learnt; the plural is English and the scope an assumption.
struct ResourceInfo {
  std::string resource;
  Scope scope = Scope::kNamespaced;
  bool guessed = false;
};

// Threads: immutable once learning is done. Owns: what it learnt. Fails: never. Limits: kCustomResourcesMax.
class ResourceTable {
 public:
  ResourceTable();
  ~ResourceTable();
  ResourceTable(ResourceTable&&) noexcept;
  ResourceTable& operator=(ResourceTable&&) noexcept;
  // Learns the kinds of a CustomResourceDefinition (v1 or v1beta1); anything else is ignored.
  void learn(const doc::Node& crd);
  // Takes over what another table learnt; what this one knew stays.
  void absorb(ResourceTable&& other);
  [[nodiscard]] ResourceInfo find(std::string_view group, std::string_view kind) const;
  // The other resources that serve the same objects: other versions of the same group, and groups that a resource moved
  // between (extensions → apps, networking.k8s.io, …). Without `gvr` itself.
  [[nodiscard]] std::vector<Gvr> equivalents(const Gvr& gvr) const;
  // The kind that `gvr` serves, empty when unknown.
  [[nodiscard]] std::string_view kind_of(const Gvr& gvr) const;

 private:
  struct Learnt;
  std::unique_ptr<Learnt> learnt_;
};

// "NetworkPolicy" → "networkpolicies"; English rules, for kinds nobody declared.
std::string guess_plural(std::string_view kind);

}  // namespace ameia::kube
