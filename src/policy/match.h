// MatchResources: which requests a policy or a binding is about, exactly as the API server's matcher decides it.
// Neighbours: kube/selector.h, kube/resource.h; policy/index.h finds the candidates first.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "doc/node.h"
#include "kube/admission.h"
#include "kube/resource.h"
#include "kube/selector.h"

namespace ameia::policy {

enum class MatchPolicy : uint8_t { kExact, kEquivalent };

// Which resources are the same storage under another name. kube::ResourceTable is the usual maker.
class Equivalents {
 public:
  virtual ~Equivalents() = default;
  [[nodiscard]] virtual std::vector<kube::Gvr> of(const kube::Gvr& resource, std::string_view subresource) const = 0;
  // Empty kind: unknown.
  [[nodiscard]] virtual kube::Gvk kind_of(const kube::Gvr& resource, std::string_view subresource) const = 0;
};

// What a match needs to know beside the request. `namespace_object` is the request's Namespace, nullptr = not found.
struct MatchFacts {
  const doc::Node* namespace_object = nullptr;
  const Equivalents* equivalents = nullptr;
};

struct Match {
  bool matches = false;
  std::string error;   // set: whether it matches could not be told (failurePolicy decides)
  kube::Gvr resource;  // what the request matched as
  kube::Gvk kind;
};

struct NamedRule {
  std::vector<std::string> groups, versions, names;
  struct Resource {
    std::string resource, subresource;
  };
  std::vector<Resource> resources;
  uint8_t operations = 0;  // bit of kube::Operation
  enum class Scope : uint8_t { kAll, kNamespaced, kCluster, kUnknown } scope = Scope::kAll;

  [[nodiscard]] bool matches(const kube::AdmissionRequest& request, const kube::Gvr& resource) const;
};

// Threads: immutable after parse. Owns: copies. Fails: never; a broken selector becomes an error at match time, as
// there.
class MatchResources {
 public:
  // `defaulted`: absent fields get the API's defaults (empty selectors, matchPolicy Equivalent, scope *); without, an
  // absent selector matches nothing and an absent policy is Exact.
  static MatchResources parse(const doc::Node& node, bool defaulted);

  [[nodiscard]] Match matches(const kube::AdmissionRequest& request, const MatchFacts& facts) const;
  [[nodiscard]] const std::vector<NamedRule>& rules() const { return rules_; }
  [[nodiscard]] MatchPolicy match_policy() const { return policy_; }
  // Selector errors found while parsing, for lint; empty when fine.
  [[nodiscard]] const std::string& namespace_selector_error() const { return namespace_error_; }
  [[nodiscard]] const std::string& object_selector_error() const { return object_error_; }

 private:
  [[nodiscard]] Match match_rules(const std::vector<NamedRule>& rules, const kube::AdmissionRequest& request,
                                  const MatchFacts& facts) const;

  std::vector<NamedRule> rules_, excludes_;
  kube::LabelSelector namespace_selector_, object_selector_;
  std::string namespace_error_, object_error_;
  MatchPolicy policy_ = MatchPolicy::kEquivalent;
};

}  // namespace ameia::policy
