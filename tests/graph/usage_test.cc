// Usage of an audit log: what counts, to whom, and what is left over.
#include "graph/usage.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "graph/limits.h"
#include "rbac_estates.h"

namespace ameia::graph {
namespace {

constexpr const char* kEstate = R"(
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: worker, namespace: shop}
rules:
- {apiGroups: [""], resources: [pods, configmaps], verbs: [get, list, delete]}
- {apiGroups: [""], resources: [secrets], resourceNames: [tls, old], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: workers, namespace: shop}
roleRef: {kind: Role, name: worker}
subjects: [{kind: ServiceAccount, name: web}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: everything}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}, {nonResourceURLs: [/metrics], verbs: [get]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: ops}
roleRef: {kind: ClusterRole, name: everything}
subjects: [{kind: Group, name: ops}]
)";

std::string event(const std::string& user, const std::string& groups, const std::string& verb, const std::string& ns,
                  const std::string& resource, const std::string& name = "", const std::string& more = "") {
  return R"({"kind":"Event","stage":"ResponseComplete","stageTimestamp":"2026-11-25T10:00:00.000000Z","verb":")" +
         verb + R"(","user":{"username":")" + user + R"(","groups":[)" + groups + R"(]},"objectRef":{"resource":")" +
         resource + R"(","namespace":")" + ns + R"(","name":")" + name + R"(","apiVersion":"v1"})" + more + "}\n";
}

struct Ran {
  RbacWorld world;
  std::unique_ptr<Access> access;
  std::unique_ptr<UsageReader> reader;
  std::vector<GrantUsage> grants;

  explicit Ran(const std::string& log) : world(rbac_world(kEstate)) {
    access = std::make_unique<Access>(*Access::of(*world.authorizer));
    reader = std::make_unique<UsageReader>(*access);
    EXPECT_TRUE(reader->read(log).has_value());
    grants = usage_of_grants(*access, reader->uses());
  }
  const GrantUsage& of(const std::string& binding) const {
    for (const GrantUsage& usage : grants) {
      if (world.authorizer->bindings()[usage.grant.binding].name == binding) return usage;
    }
    ADD_FAILURE() << binding;
    return grants[0];
  }
  std::vector<std::string> unused(const std::string& binding) const {
    std::vector<std::string> out;
    for (const auto& phrase : of(binding).unused) out.push_back(to_string(phrase));
    std::sort(out.begin(), out.end());
    return out;
  }
};

const std::string kWeb = "system:serviceaccount:shop:web";
using Texts = std::vector<std::string>;

TEST(Usage, WhatIsGrantedAndNotUsed) {
  const Ran ran(event(kWeb, "", "get", "shop", "pods", "p1") + event(kWeb, "", "list", "shop", "pods") +
                event(kWeb, "", "get", "shop", "secrets", "tls"));
  EXPECT_EQ(ran.unused("workers"), (Texts{"delete pods", "delete,get,list configmaps", "get secrets named old"}));
  EXPECT_EQ(ran.of("workers").used.size(), 3u);
  EXPECT_EQ(std::string(ran.of("workers").last.data(), 19), "2026-11-25T10:00:00");
  EXPECT_EQ(minimal_rules(ran.of("workers").used, {}),
            "- apiGroups: [\"\"]\n  resources: [\"pods\"]\n  verbs: [\"get\", \"list\"]\n"
            "- apiGroups: [\"\"]\n  resources: [\"secrets\"]\n  resourceNames: [\"tls\"]\n  verbs: [\"get\"]\n");
}

TEST(Usage, OtherNamespacesRefusalsAndFirstStagesDoNotCount) {
  const Ran ran(
      event(kWeb, "", "get", "other", "pods") +
      event(kWeb, "", "get", "shop", "pods", "", R"(,"annotations":{"authorization.k8s.io/decision":"forbid"})") +
      event(kWeb, "", "get", "shop", "pods", "", R"(,"responseStatus":{"code":403})") +
      event("system:serviceaccount:other:web", "", "get", "shop", "pods"));
  EXPECT_EQ(ran.of("workers").used.size(), 0u);
  EXPECT_EQ(ran.of("workers").last[0], '\0');
}

TEST(Usage, AGroupIsUsedByItsMembersAndAnImpersonatedUserByHisImpersonator) {
  const Ran ran(event("ana", "\"ops\"", "create", "shop", "widgets") +
                event("bob", "\"ops\"", "get", "shop", "pods", "",
                      R"(,"impersonatedUser":{"username":"system:serviceaccount:shop:web","groups":["x"]})"));
  const GrantUsage& ops = ran.of("ops");
  Texts used;
  for (const Use& use : ops.used) used.push_back(use.what.verb + " " + use.what.resource);
  EXPECT_EQ(used, (Texts{"impersonate groups", "impersonate serviceaccounts", "create widgets"}));
  EXPECT_EQ(ran.of("workers").used.size(), 1u);
}

TEST(Usage, PathsCountWithoutTheirQuery) {
  const Ran ran(
      R"({"stage":"ResponseComplete","verb":"get","user":{"username":"ana","groups":["ops"]},"requestURI":"/metrics?x=y"})");
  ASSERT_EQ(ran.of("ops").used.size(), 1u);
  EXPECT_EQ(ran.of("ops").used[0].what.path, "/metrics");
}

TEST(Usage, LinesThatAreNoEventsAreCounted) {
  Ran ran("not json\n[]\n\n{\"verb\":1}\n" + std::string(kAuditLineBytesMax + 1, 'x') + "\n" +
          event(kWeb, "", "get", "shop", "pods"));
  EXPECT_EQ(ran.reader->counts().unread, 3u);
  EXPECT_EQ(ran.reader->counts().too_long, 1u);
  EXPECT_EQ(ran.reader->counts().events, 1u);
}

TEST(Usage, ReadersJoinToWhatOneWouldSee) {
  std::string log, half[2];
  for (int i = 0; i < 200; ++i) {
    const std::string line = event(i % 3 == 0 ? kWeb : "ana", "\"ops\"", i % 2 == 0 ? "get" : "list", "shop",
                                   i % 5 == 0 ? "pods" : "configmaps", "n" + std::to_string(i));
    log += line;
    half[i % 2] += line;
  }
  const Ran whole(log);
  UsageReader a(*whole.access), b(*whole.access);
  ASSERT_TRUE(a.read(half[0]).has_value());
  ASSERT_TRUE(b.read(half[1]).has_value());
  ASSERT_TRUE(a.merge(b).has_value());
  const auto expected = whole.reader->uses(), got = a.uses();
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i].times, expected[i].times);
    EXPECT_EQ(got[i].what.resource, expected[i].what.resource);
  }
  EXPECT_EQ(a.counts().events, 200u);
}

TEST(Usage, WhatNoLogShouldHoldIsLeftOut) {
  const Ran ran(
      event(kWeb, "", "get", "shop", std::string(kAuditTextBytesMax + 1, 'r')) +
      R"({"stage":"ResponseComplete","verb":"get","user":{"username":"ana","groups":["ops"]},"requestURI":"/else"})");
  EXPECT_EQ(ran.reader->counts().too_long, 1u);
  EXPECT_TRUE(ran.reader->uses().empty());
}

// The minimal rules allow every use again, and nothing is unused beside them.
TEST(Usage, MinimalRulesAllowWhatWasUsed) {
  const Ran ran(event("ana", "\"ops\"", "create", "shop", "deployments", "", "") +
                event("ana", "\"ops\"", "get", "shop", "pods", "p"));
  const std::string rules = minimal_rules(ran.of("ops").used, {});
  const RbacWorld small = rbac_world(
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: small}\nrules:\n" + rules);
  for (const Use& use : ran.of("ops").used) {
    rbac::Request request = use.what;
    request.ns = use.ns;
    const auto& of_role = small.authorizer->roles()[0].rules;
    EXPECT_TRUE(std::any_of(of_role.begin(), of_role.end(), [&](const rbac::Rule& rule) {
      return rbac::rule_allows(rule, request);
    })) << rules;
  }
}

}  // namespace
}  // namespace ameia::graph
