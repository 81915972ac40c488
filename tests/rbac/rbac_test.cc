// The RBAC authorizer against small estates written as YAML, and the properties that hold for every estate.
#include "rbac/rbac.h"

#include <gtest/gtest.h>

#include <random>

#include "doc/yaml.h"

namespace ameia::rbac {
namespace {

struct Estate {
  doc::YamlStream stream;
  Authorizer authorizer;
};

Estate estate(std::string yaml) {
  Estate result;
  result.stream =
      doc::parse_yaml(std::make_shared<doc::Source>("estate.yaml", std::move(yaml)), std::make_shared<doc::Keys>());
  EXPECT_TRUE(result.stream.errors.empty()) << result.stream.errors[0].text();
  Authorizer::Builder builder;
  for (const auto& document : result.stream.documents) builder.add(document->root());
  result.authorizer = std::move(builder).build();
  return result;
}

Request resource(std::string verb, std::string ns, std::string group, std::string name_of_resource,
                 std::string subresource = {}, std::string name = {}) {
  Request request;
  request.verb = std::move(verb);
  request.ns = std::move(ns);
  request.group = std::move(group);
  request.resource = std::move(name_of_resource);
  request.subresource = std::move(subresource);
  request.name = std::move(name);
  return request;
}

Request path(std::string verb, std::string p) {
  Request request;
  request.verb = std::move(verb);
  request.resource_request = false;
  request.path = std::move(p);
  return request;
}

constexpr const char* kEstate = R"(
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: reader, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods, pods/log], verbs: [get, list]}
- {apiGroups: [""], resources: [secrets], resourceNames: [tls], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: readers, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}
subjects:
- {kind: ServiceAccount, name: web}
- {kind: User, name: ana}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: scaler}
rules:
- {apiGroups: [apps], resources: ["*/scale"], verbs: ["*"]}
- {nonResourceURLs: ["/healthz", "/metrics/*"], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: scalers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: scaler}
subjects: [{kind: Group, name: ops}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: dangling}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: gone}
subjects: [{kind: User, name: bob}]
)";

TEST(Authorizer, NamespacedRoleHoldsInItsNamespaceOnly) {
  Estate e = estate(kEstate);
  User web = User::service_account("shop", "web");
  EXPECT_TRUE(e.authorizer.authorize(web, resource("get", "shop", "", "pods")).allowed);
  EXPECT_TRUE(e.authorizer.authorize(web, resource("get", "shop", "", "pods", "log")).allowed);
  EXPECT_FALSE(e.authorizer.authorize(web, resource("get", "shop", "", "pods", "exec")).allowed);
  EXPECT_FALSE(e.authorizer.authorize(web, resource("get", "bank", "", "pods")).allowed);
  EXPECT_FALSE(e.authorizer.authorize(web, resource("get", "", "", "pods")).allowed) << "a list over all namespaces";
  EXPECT_FALSE(
      e.authorizer.authorize(User::service_account("bank", "web"), resource("get", "shop", "", "pods")).allowed);
}

TEST(Authorizer, ResourceNamesNarrowAndNeverAllowAList) {
  Estate e = estate(kEstate);
  User ana{"ana", {"system:authenticated"}};
  EXPECT_TRUE(e.authorizer.authorize(ana, resource("get", "shop", "", "secrets", "", "tls")).allowed);
  EXPECT_FALSE(e.authorizer.authorize(ana, resource("get", "shop", "", "secrets", "", "other")).allowed);
  EXPECT_FALSE(e.authorizer.authorize(ana, resource("get", "shop", "", "secrets")).allowed);
}

TEST(Authorizer, SubresourceWildcardAndPaths) {
  Estate e = estate(kEstate);
  User ops{"carla", {"ops"}};
  Decision decision = e.authorizer.authorize(ops, resource("update", "shop", "apps", "deployments", "scale"));
  EXPECT_TRUE(decision.allowed);
  EXPECT_EQ(decision.reason, R"(RBAC: allowed by ClusterRoleBinding "scalers" of ClusterRole "scaler" to Group "ops")");
  EXPECT_FALSE(e.authorizer.authorize(ops, resource("update", "shop", "apps", "deployments")).allowed);
  EXPECT_TRUE(e.authorizer.authorize(ops, path("get", "/healthz")).allowed);
  EXPECT_TRUE(e.authorizer.authorize(ops, path("get", "/metrics/cadvisor")).allowed);
  EXPECT_FALSE(e.authorizer.authorize(ops, path("get", "/metrics")).allowed);
  EXPECT_FALSE(e.authorizer.authorize(ops, path("post", "/healthz")).allowed);
}

TEST(Authorizer, MissingRoleRefusesAndSaysSo) {
  Decision decision = estate(kEstate).authorizer.authorize({"bob", {}}, resource("get", "shop", "", "pods"));
  EXPECT_FALSE(decision.allowed);
  EXPECT_EQ(decision.reason, R"(RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found)");
}

TEST(Authorizer, MastersAreAlwaysAllowed) {
  EXPECT_TRUE(estate(kEstate).authorizer.authorize({"root", {"system:masters"}}, path("delete", "/anything")).allowed);
}

TEST(Authorizer, AggregationFollowsLabelsThroughOtherAggregates) {
  Estate e = estate(R"(
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: admin}
aggregationRule: {clusterRoleSelectors: [{matchLabels: {to-admin: "true"}}]}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: edit, labels: {to-admin: "true"}}
aggregationRule: {clusterRoleSelectors: [{matchExpressions: [{key: to-edit, operator: Exists}]}]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: pods, labels: {to-edit: yes-please}}
rules: [{apiGroups: [""], resources: [pods], verbs: [delete]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: admins}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: admin}
subjects: [{kind: User, name: ana}]
)");
  EXPECT_TRUE(e.authorizer.authorize({"ana", {}}, resource("delete", "shop", "", "pods")).allowed);
  EXPECT_FALSE(e.authorizer.authorize({"ana", {}}, resource("get", "shop", "", "secrets")).allowed)
      << "rules written beside an aggregationRule are overwritten by the controller";
}

TEST(Covers, BreaksRulesIntoSinglePermissions) {
  Rule held{{"get", "list"}, {""}, {"pods", "*/scale"}, {}, {}};
  Rule wanted{{"get", "delete"}, {""}, {"pods"}, {}, {}};
  std::vector<Rule> missing = uncovered(std::span(&held, 1), std::span(&wanted, 1));
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_EQ(missing[0].verbs[0], "delete");
  Rule all{{"*"}, {"*"}, {"*"}, {}, {}};
  EXPECT_TRUE(uncovered(std::span(&all, 1), std::span(&wanted, 1)).empty());
  EXPECT_FALSE(uncovered(std::span(&held, 1), std::span(&all, 1)).empty());
}

// Permissions grow with bindings: adding one never takes an allowed request away.
TEST(Authorizer, AddingABindingNeverRevokes) {
  std::mt19937 random(7);
  const char* verbs[] = {"get", "list", "delete", "*"};
  const char* resources[] = {"pods", "secrets", "pods/log", "*"};
  for (int round = 0; round < 200; ++round) {
    std::string yaml;
    std::vector<bool> before;
    for (int step = 0; step < 6; ++step) {
      std::string n = std::to_string(step);
      bool cluster = random() % 2 == 0;
      yaml += std::string("---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ") +
              (cluster ? "ClusterRole" : "Role") + "\nmetadata: {name: r" + n + ", namespace: n" +
              std::to_string(random() % 2) + "}\nrules: [{apiGroups: [\"\"], resources: [\"" + resources[random() % 4] +
              "\"], verbs: [\"" + verbs[random() % 4] + "\"]}]\n";
      yaml += std::string("---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: b") + n +
              ", namespace: n" + std::to_string(random() % 2) +
              "}\nroleRef: {kind: " + (cluster ? "ClusterRole" : "Role") + ", name: r" + n +
              "}\nsubjects: [{kind: User, name: u" + std::to_string(random() % 2) + "}]\n";
      Estate e = estate(yaml);
      std::vector<bool> now;
      for (const char* user : {"u0", "u1"}) {
        for (const char* ns : {"n0", "n1"}) {
          for (const char* verb : {"get", "delete"})
            now.push_back(e.authorizer.authorize({user, {}}, resource(verb, ns, "", "pods")).allowed);
        }
      }
      for (size_t i = 0; i < before.size(); ++i)
        ASSERT_TRUE(!before[i] || now[i]) << "seed 7, round " << round << "\n" << yaml;
      before = now;
    }
  }
}

}  // namespace
}  // namespace ameia::rbac
