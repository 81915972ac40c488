// Seeded random roles and bindings as YAML, and how a test reads them. Few names, so that rules meet; wildcards of
// every form; aggregated roles; a service account named as a user.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "doc/yaml.h"
#include "rbac/rbac.h"

namespace ameia::graph {

struct RbacWorld {
  doc::YamlStream stream;
  std::unique_ptr<rbac::Authorizer> authorizer;
};

inline RbacWorld rbac_world(std::string yaml) {
  RbacWorld world;
  world.stream =
      doc::parse_yaml(std::make_shared<doc::Source>("estate.yaml", std::move(yaml)), std::make_shared<doc::Keys>());
  for (const auto& error : world.stream.errors) ADD_FAILURE() << error.text();
  rbac::Authorizer::Builder builder;
  for (const auto& document : world.stream.documents) builder.add(document->root());
  world.authorizer = std::make_unique<rbac::Authorizer>(std::move(builder).build());
  return world;
}

class RbacGenerator {
 public:
  explicit RbacGenerator(uint64_t seed) : random_(seed) {}

  static constexpr const char* kVerbs[] = {"get", "list", "create", "update", "bind", "*"};
  static constexpr const char* kGroups[] = {"", "apps", "batch", "*"};
  static constexpr const char* kResources[] = {"pods",    "pods/exec", "deployments", "deployments/scale",
                                               "*/scale", "secrets",   "*",           "*/exec"};
  static constexpr const char* kNames[] = {"a", "b", "c"};
  static constexpr const char* kPaths[] = {"/healthz", "/healthz/*", "/metrics", "/api*", "*"};
  static constexpr const char* kNamespaces[] = {"n1", "n2", "n3"};

  size_t below(size_t n) { return random_() % n; }
  template <size_t N>
  std::string one_of(const char* const (&list)[N]) {
    return list[below(N)];
  }

  std::string rule() {
    const auto some = [&](const auto& list) {
      std::string out = "[";
      const size_t n = 1 + below(2);
      for (size_t i = 0; i < n; ++i) out += (i == 0 ? "\"" : ", \"") + one_of(list) + "\"";
      return out + "]";
    };
    if (below(6) == 0) return "{nonResourceURLs: " + some(kPaths) + ", verbs: " + some(kVerbs) + "}";
    std::string out = "{apiGroups: " + some(kGroups) + ", resources: " + some(kResources) + ", verbs: " + some(kVerbs);
    if (below(3) == 0) out += ", resourceNames: " + some(kNames);
    return out + "}";
  }

  // Roles r0…, cluster roles c0… (c0 aggregates those with the label), bindings.
  std::string roles() {
    std::string out;
    for (int i = 0; i < 4; ++i) {
      out += "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: r" + std::to_string(i) +
             ", namespace: " + one_of(kNamespaces) + "}\nrules: [" + rule() + ", " + rule() + "]\n";
    }
    for (int i = 0; i < 4; ++i) {
      out += "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: c" +
             std::to_string(i) + (below(2) == 0 && i > 0 ? ", labels: {x: y}" : "") + "}\n";
      out +=
          i == 0 ? "aggregationRule: {clusterRoleSelectors: [{matchLabels: {x: y}}]}\n" : "rules: [" + rule() + "]\n";
    }
    return out;
  }

  std::string subject() {
    switch (below(5)) {
      case 0: return "{kind: User, name: u" + std::to_string(below(2)) + "}";
      case 1: return "{kind: Group, name: g" + std::to_string(below(2)) + "}";
      case 2: {
        static const char* const kImplied[] = {"system:authenticated", "system:unauthenticated",
                                               "system:serviceaccounts", "system:serviceaccounts:n1"};
        return "{kind: Group, name: \"" + one_of(kImplied) + "\"}";
      }
      case 3: return "{kind: User, name: \"system:serviceaccount:" + one_of(kNamespaces) + ":s0\"}";
      default: return "{kind: ServiceAccount, name: s0, namespace: " + one_of(kNamespaces) + "}";
    }
  }

  std::string binding(int i) {
    const bool cluster = below(3) == 0;
    const bool to_cluster = cluster || below(2) == 0;
    std::string out = std::string("---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ") +
                      (cluster ? "ClusterRoleBinding" : "RoleBinding") + "\nmetadata: {name: b" + std::to_string(i);
    if (!cluster) out += ", namespace: " + one_of(kNamespaces);
    out += std::string("}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ") +
           (to_cluster ? "ClusterRole, name: c" : "Role, name: r") + std::to_string(below(5)) + "}\nsubjects: [" +
           subject() + ", " + subject() + "]\n";
    return out;
  }

  rbac::Request request() {
    static const char* const kAskedVerbs[] = {"get", "list", "create", "watch", "bind", "*"};
    static const char* const kAskedGroups[] = {"", "apps", "batch", "other.example", "*"};
    static const char* const kAskedResources[] = {"pods", "deployments", "secrets", "widgets", "*"};
    static const char* const kAskedSubs[] = {"", "", "exec", "scale", "status"};
    static const char* const kAskedNames[] = {"", "a", "b", "z"};
    static const char* const kAskedPaths[] = {"/healthz", "/healthz/x", "/metrics", "/api", "/apis/x", "/other"};
    static const char* const kAskedNamespaces[] = {"", "n1", "n2", "n3", "n9"};
    rbac::Request request;
    request.verb = one_of(kAskedVerbs);
    if (below(6) == 0) {
      request.resource_request = false;
      request.path = one_of(kAskedPaths);
      return request;
    }
    request.ns = one_of(kAskedNamespaces);
    request.group = one_of(kAskedGroups);
    request.resource = one_of(kAskedResources);
    request.subresource = one_of(kAskedSubs);
    request.name = one_of(kAskedNames);
    return request;
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace ameia::graph
