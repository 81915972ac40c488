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

}  // namespace
}  // namespace ameia::app
