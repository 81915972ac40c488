// The rbac commands as a user runs them.
#include "cli.h"

namespace ameia::app {
namespace {

constexpr std::string_view kShop = R"(apiVersion: rbac.authorization.k8s.io/v1
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
- {kind: Group, name: devs}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: admins}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: User, name: ana}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: dangling}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: elsewhere}
subjects: [{kind: User, name: bob}]
)";

using RbacCommand = Cli;

TEST_F(RbacCommand, CanSaysWhatGrantsIt) {
  spit(dir_ / "shop.yaml", kShop);
  const Ran yes = ameia("rbac can shop/web get pods/log -n shop -r shop.yaml");
  EXPECT_EQ(yes.code, 0);
  EXPECT_EQ(yes.out,
            "yes: ServiceAccount shop/web can get pods/log in namespace shop\n"
            "  RoleBinding shop/readers binds ServiceAccount shop/web to Role shop/reader (shop.yaml:8:1)\n"
            "    rule 1: get,list pods,pods/log of \"\" (shop.yaml:1:1)\n");
  const Ran no = ameia("rbac can shop/web get secrets -n shop -r shop.yaml");
  EXPECT_EQ(no.code, 0);
  EXPECT_TRUE(no.out.starts_with("no: ")) << no.out;
  EXPECT_TRUE(ameia("rbac can shop/web get secrets -n shop --name tls -r shop.yaml").out.starts_with("yes: "));
  EXPECT_TRUE(ameia("rbac can carl list pods -n shop --as-group devs -r shop.yaml").out.starts_with("yes: "));
  EXPECT_TRUE(ameia("rbac can carl list pods --as-group system:masters -r shop.yaml").out.starts_with("yes: "));
  // Kubernetes' own roles are known without being there.
  EXPECT_TRUE(ameia("rbac can ana delete /metrics -r shop.yaml").out.starts_with("yes: "));
  // Without a namespace: where it would be allowed.
  EXPECT_NE(ameia("rbac can group:devs list pods -r shop.yaml").out.find("but it can in: shop"), std::string::npos);
}

TEST_F(RbacCommand, WhatARoleThatIsNotThereGrantsIsNotKnown) {
  spit(dir_ / "shop.yaml", kShop);
  const Ran ran = ameia("rbac can bob get pods -n shop -r shop.yaml -o json");
  EXPECT_EQ(ran.code, 0);
  EXPECT_NE(ran.out.find("\"answer\":\"not_evaluated\""), std::string::npos) << ran.out;
  EXPECT_NE(ran.err.find("refers to ClusterRole elsewhere"), std::string::npos) << ran.err;
}

TEST_F(RbacCommand, WhoCanListsEveryGrant) {
  spit(dir_ / "shop.yaml", kShop);
  const Ran ran = ameia("rbac who-can get pods -r shop.yaml");
  EXPECT_EQ(ran.code, 0);
  for (const char* subject :
       {"ServiceAccount shop/web in namespace shop", "Group devs in namespace shop", "User ana in the whole cluster"}) {
    EXPECT_NE(ran.out.find(subject), std::string::npos) << ran.out;
  }
  EXPECT_EQ(ran.out.find("bob"), std::string::npos);
  const Ran elsewhere = ameia("rbac who-can get pods -n other -r shop.yaml");
  EXPECT_EQ(elsewhere.out.find("shop/web"), std::string::npos) << elsewhere.out;
}

TEST_F(RbacCommand, SubjectShowsEverythingItMayDo) {
  spit(dir_ / "shop.yaml", kShop);
  const Ran ran = ameia("rbac subject shop/web -r shop.yaml");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out,
            "ServiceAccount shop/web\n  in namespace shop\n    by RoleBinding shop/readers to Role shop/reader\n"
            "      get,list pods, pods/log\n      get secrets named tls\n");
  EXPECT_NE(ameia("rbac subject nobody -r shop.yaml").out.find("nothing is bound to it"), std::string::npos);
}

TEST_F(RbacCommand, DiffIsOfPermissions) {
  spit(dir_ / "old.yaml", kShop);
  std::string changed(kShop);
  changed.replace(changed.find("verbs: [get, list]"), 18, "verbs: [get, watch]");
  spit(dir_ / "new.yaml", changed);
  EXPECT_EQ(ameia("rbac diff old.yaml old.yaml").out, "");
  const Ran ran = ameia("rbac diff old.yaml new.yaml");
  EXPECT_EQ(ran.code, 0);
  EXPECT_NE(ran.out.find("+ ServiceAccount shop/web in namespace shop: watch pods\n"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("- Group devs in namespace shop: list pods/log\n"), std::string::npos) << ran.out;
  EXPECT_EQ(ameia("rbac diff old.yaml").code, 2);
  EXPECT_EQ(ameia("rbac diff old.yaml missing.yaml").code, 3);
}

constexpr std::string_view kRobot = R"(apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: robot, namespace: shop}
spec: {template: {spec: {serviceAccountName: robot, containers: [{name: c, image: i}]}}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: robot}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}
subjects: [{kind: ServiceAccount, name: robot, namespace: shop}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: exec, namespace: shop}
rules: [{apiGroups: [""], resources: [pods/exec], verbs: [create]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: devs, namespace: shop}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: exec}
subjects: [{kind: Group, name: devs}]
)";

TEST_F(RbacCommand, PathsShowTheWayAndWhatToCut) {
  spit(dir_ / "shop.yaml", kRobot);
  const Ran ran = ameia("rbac paths shop.yaml --to cluster-admin");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out,
            "cluster-admin\n"
            "  ServiceAccount shop/robot has it\n"
            "    -> ClusterRoleBinding robot to ClusterRole cluster-admin (shop.yaml:10:1)\n"
            "    -> cluster-admin: may do everything [AM-PATH-001]\n"
            "  Deployment shop/robot\n"
            "    -> ServiceAccount shop/robot: use the token that is mounted into the pod [AM-PATH-052]\n"
            "    -> ClusterRoleBinding robot to ClusterRole cluster-admin (shop.yaml:10:1)\n"
            "    -> cluster-admin: may do everything [AM-PATH-001]\n"
            "  Group devs\n"
            "    -> RoleBinding shop/devs to Role shop/exec (shop.yaml:21:1)\n"
            "    -> any pod of namespace shop: run commands in a running pod [AM-PATH-007]\n"
            "    -> Deployment shop/robot: is one of them\n"
            "    -> ServiceAccount shop/robot: use the token that is mounted into the pod [AM-PATH-052]\n"
            "    -> ClusterRoleBinding robot to ClusterRole cluster-admin (shop.yaml:10:1)\n"
            "    -> cluster-admin: may do everything [AM-PATH-001]\n"
            "  cut: without ClusterRoleBinding robot, 3 of 3 cannot\n"
            "       without RoleBinding shop/devs, 1 of 3 cannot\n");
  const Ran from = ameia("rbac paths shop.yaml --from workload:shop/robot --to node -o json");
  EXPECT_EQ(from.code, 0);
  for (const char* part : {"\"from\":\"Deployment shop/robot\"", "\"on_every_way\":[\"ClusterRoleBinding robot\"]",
                           "\"blast_radius\":["}) {
    EXPECT_NE(from.out.find(part), std::string::npos) << from.out;
  }
  EXPECT_EQ(ameia("rbac paths shop.yaml --from nobody").code, 3);
  EXPECT_EQ(ameia("rbac paths shop.yaml --to moon").code, 2);
}

std::string event(std::string_view user, std::string_view verb, std::string_view ns, std::string_view resource) {
  std::string out = R"({"stage":"ResponseComplete","stageTimestamp":"2026-11-25T10:00:00.000000Z","verb":")";
  out.append(verb).append(R"(","user":{"username":")").append(user);
  out.append(R"("},"objectRef":{"resource":")").append(resource).append(R"(","namespace":")").append(ns);
  return out + "\"}}\n";
}

TEST_F(RbacCommand, UnusedReadsPlainAndCompressedLogs) {
  spit(dir_ / "shop.yaml", kShop);
  spit(dir_ / "audit.log", event("system:serviceaccount:shop:web", "get", "shop", "pods"));
  const Ran ran = ameia("rbac unused --audit-log audit.log shop.yaml");
  EXPECT_EQ(ran.code, 0);
  for (const char* part :
       {"by RoleBinding shop/readers to Role shop/reader (shop.yaml:8:1), last used 2026-11-25T10:00:00Z",
        "unused: list pods\n", "used:   get pods\n", "unused: get secrets named tls\n", "last used never"}) {
    EXPECT_NE(ran.out.find(part), std::string::npos) << part << "\n" << ran.out;
  }
  const Ran zipped = ameia("rbac unused --audit-log audit.log.gz shop.yaml", "gzip -k audit.log;");
  EXPECT_EQ(zipped.out, ran.out);
  const Ran piped = ameia("rbac unused --audit-log - shop.yaml < audit.log");
  EXPECT_EQ(piped.out, ran.out);
  const Ran roles = ameia("rbac unused --audit-log audit.log shop.yaml -o yaml");
  EXPECT_NE(
      roles.out.find("kind: Role\nmetadata:\n  name: \"shop-web-used\"\n  namespace: \"shop\"\nrules:\n- apiGroups: "
                     "[\"\"]\n  resources: [\"pods\"]\n  verbs: [\"get\"]\n"),
      std::string::npos)
      << roles.out;
  EXPECT_EQ(ameia("rbac unused shop.yaml").code, 2);
  EXPECT_EQ(ameia("rbac unused --audit-log missing.log shop.yaml").code, 3);
  spit(dir_ / "bad.log", "no event\n" + event("ana", "get", "shop", "pods"));
  EXPECT_EQ(ameia("rbac unused --audit-log bad.log shop.yaml").code, 3);
  spit(dir_ / "empty.log", "");
  EXPECT_EQ(ameia("rbac unused --audit-log empty.log shop.yaml").code, 3);
}

TEST_F(RbacCommand, AReviewKeepsSignaturesWhileTheyHold) {
  spit(dir_ / "shop.yaml", kShop);
  const Ran first = ameia("rbac review shop.yaml");
  EXPECT_EQ(first.code, 0);
  EXPECT_NE(first.err.find("3 lines to sign, 0 overdue"), std::string::npos) << first.err;
  std::string text = first.out;
  EXPECT_NE(text.find("who: \"ServiceAccount shop/web\"\n  binding: \"RoleBinding shop/readers\""), std::string::npos)
      << text;
  // One is signed today, one long ago, one asks for removal.
  const auto sign = [&](const std::string& who, const std::string& decision, const std::string& on) {
    const size_t entry = text.find("who: \"" + who);
    ASSERT_NE(entry, std::string::npos) << who;
    const size_t at = text.find("decision: \"\"\n  by: \"\"\n  date: \"\"", entry);
    ASSERT_NE(at, std::string::npos);
    text.replace(at, 32, "decision: " + decision + "\n  by: eva\n  date: \"" + on + "\"");
  };
  sign("ServiceAccount shop/web", "keep", "2999-01-01");
  sign("Group devs", "keep", "2020-01-01");
  sign("User ana", "remove", "2999-01-01");
  spit(dir_ / "signed.yaml", text);
  const Ran next = ameia("rbac review shop.yaml --previous signed.yaml");
  EXPECT_EQ(next.code, 0);
  EXPECT_NE(next.err.find("overdue: Group devs"), std::string::npos) << next.err;
  EXPECT_NE(next.err.find("to be removed, and still there: ClusterRoleBinding admins"), std::string::npos) << next.err;
  EXPECT_NE(next.err.find("0 lines to sign, 1 overdue, 1 to be removed"), std::string::npos) << next.err;
  EXPECT_NE(next.out.find("decision: \"keep\"\n  by: \"eva\"\n  date: \"2999-01-01\""), std::string::npos) << next.out;
  // A signature is of what was there: a wider role must be signed again.
  std::string wider(kShop);
  wider.replace(wider.find("verbs: [get, list]"), 18, "verbs: [get, delete]");
  spit(dir_ / "wider.yaml", wider);
  EXPECT_NE(ameia("rbac review wider.yaml --previous signed.yaml").err.find("2 lines to sign"), std::string::npos);
  spit(dir_ / "broken.yaml", "kind: AccessReview\nentries: [{who: x, decision: perhaps}]\n");
  EXPECT_EQ(ameia("rbac review shop.yaml --previous broken.yaml").code, 3);
}

}  // namespace
}  // namespace ameia::app
