// Kinds to resources and back, selectors, lists, requests.
#include "kube/resource.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "doc/yaml.h"
#include "kube/admission.h"
#include "kube/object.h"
#include "kube/selector.h"

namespace ameia::kube {
namespace {

// A document of YAML text, kept alive for the test.
class Kube : public testing::Test {
 protected:
  const doc::Node& yaml(std::string text) {
    auto source = std::make_shared<const doc::Source>("test.yaml", std::move(text));
    doc::YamlStream stream = doc::parse_yaml(source, keys_);
    EXPECT_TRUE(stream.errors.empty());
    documents_.insert(documents_.end(), stream.documents.begin(), stream.documents.end());
    return documents_.back()->root();
  }
  std::shared_ptr<doc::Keys> keys_ = std::make_shared<doc::Keys>();
  std::vector<std::shared_ptr<doc::Document>> documents_;
};

TEST_F(Kube, KnowsBuiltInKinds) {
  ResourceTable table;
  EXPECT_EQ(table.find("networking.k8s.io", "NetworkPolicy").resource, "networkpolicies");
  EXPECT_EQ(table.find("", "Endpoints").resource, "endpoints");
  EXPECT_EQ(table.find("", "Namespace").scope, Scope::kCluster);
  EXPECT_EQ(table.find("apps", "Deployment").scope, Scope::kNamespaced);
  EXPECT_FALSE(table.find("apps", "Deployment").guessed);
}

TEST_F(Kube, GuessesWhatNobodyDeclared) {
  ResourceTable table;
  EXPECT_EQ(table.find("security.istio.io", "AuthorizationPolicy").resource, "authorizationpolicies");
  EXPECT_EQ(table.find("networking.istio.io", "Gateway").resource, "gateways");
  EXPECT_EQ(table.find("x.io", "Box").resource, "boxes");
  EXPECT_EQ(table.find("cert-manager.io", "ClusterIssuer").scope, Scope::kCluster);
  EXPECT_TRUE(table.find("x.io", "Box").guessed);
}

TEST_F(Kube, LearnsCustomResources) {
  ResourceTable table;
  table.learn(yaml(R"(
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
spec:
  group: x.io
  scope: Cluster
  names: {kind: Ox, plural: oxen}
  versions: [{name: v1}, {name: v2}]
)"));
  EXPECT_EQ(table.find("x.io", "Ox").resource, "oxen");
  EXPECT_EQ(table.find("x.io", "Ox").scope, Scope::kCluster);
  std::vector<Gvr> same = table.equivalents({"x.io", "v1", "oxen"});
  ASSERT_EQ(same.size(), 1u);
  EXPECT_EQ(same[0].version, "v2");
  EXPECT_EQ(table.kind_of(same[0]), "Ox");
}

TEST_F(Kube, MovedResourcesAreEquivalent) {
  std::vector<Gvr> same = ResourceTable().equivalents({"apps", "v1", "deployments"});
  EXPECT_NE(std::find(same.begin(), same.end(), Gvr{"extensions", "v1beta1", "deployments"}), same.end());
  EXPECT_NE(std::find(same.begin(), same.end(), Gvr{"apps", "v1beta2", "deployments"}), same.end());
  EXPECT_EQ(std::find(same.begin(), same.end(), Gvr{"apps", "v1", "deployments"}), same.end());
}

TEST_F(Kube, SelectorsSelect) {
  auto selects = [&](std::string selector, std::string labels) {
    base::Result<LabelSelector> parsed = LabelSelector::parse(yaml(std::move(selector)));
    EXPECT_TRUE(parsed);
    return parsed && parsed->matches(yaml(std::move(labels)));
  };
  EXPECT_TRUE(selects("{}", "{a: b}"));
  EXPECT_TRUE(selects("{matchLabels: {a: b}}", "{a: b, c: d}"));
  EXPECT_FALSE(selects("{matchLabels: {a: b}}", "{a: c}"));
  EXPECT_TRUE(selects("{matchExpressions: [{key: a, operator: NotIn, values: [x]}]}", "{b: x}"));  // absent is not in
  EXPECT_FALSE(selects("{matchExpressions: [{key: a, operator: In, values: [x, y]}]}", "{b: x}"));
  EXPECT_TRUE(selects("{matchExpressions: [{key: a, operator: Exists}]}", "{a: ''}"));
  EXPECT_TRUE(selects("{matchExpressions: [{key: a, operator: DoesNotExist}]}", "{b: ''}"));
  EXPECT_FALSE(LabelSelector::nothing().matches(yaml("{a: b}")));
}

TEST_F(Kube, BrokenSelectorsAreErrors) {
  for (std::string text : {"{matchExpressions: [{key: 'key ', operator: In, values: [ok]}]}",
                           "{matchExpressions: [{key: key, operator: In, values: ['bad value']}]}",
                           "{matchExpressions: [{key: key, operator: Near, values: [a]}]}",
                           "{matchExpressions: [{key: key, operator: In}]}", "{matchLabels: {/x: y}}", "[1]"}) {
    EXPECT_FALSE(LabelSelector::parse(yaml(text))) << text;
  }
}

TEST_F(Kube, ListsAreExpandedToALimit) {
  std::vector<const doc::Node*> objects;
  expand_list(yaml("{kind: List, apiVersion: v1, items: [{kind: Pod}, {kind: List, items: [{kind: Job}]}]}"), objects);
  ASSERT_EQ(objects.size(), 2u);
  EXPECT_EQ(ObjectView(*objects[1]).kind(), "Job");
  objects.clear();
  std::string deep = "{kind: Pod}";
  for (int i = 0; i < 20; ++i) deep = "{kind: List, items: [" + deep + "]}";
  expand_list(yaml(deep), objects);
  ASSERT_EQ(objects.size(), 1u);
  EXPECT_EQ(ObjectView(*objects[0]).kind(), "List");  // the innermost ones are left as they are
}

TEST_F(Kube, AnUnnamedNamespaceIsDefault) {
  ResourceInfo pods{"pods", Scope::kNamespaced, false};
  AdmissionRequest request = creation_of(ObjectView(yaml("{apiVersion: v1, kind: Pod, metadata: {name: a}}")), pods);
  EXPECT_EQ(request.ns, "default");
  ResourceInfo namespaces{"namespaces", Scope::kCluster, false};
  request = creation_of(ObjectView(yaml("{apiVersion: v1, kind: Namespace, metadata: {name: a}}")), namespaces);
  EXPECT_EQ(request.ns, "a");  // as the API server has it
}

TEST_F(Kube, ReadsAdmissionReviews) {
  base::Result<AdmissionRequest> request = read_admission_review(yaml(R"(
apiVersion: admission.k8s.io/v1
kind: AdmissionReview
request:
  uid: u
  kind: {group: apps, version: v1, kind: Deployment}
  resource: {group: apps, version: v1, resource: deployments}
  name: web
  namespace: shop
  operation: DELETE
  object: null
  oldObject: {kind: Deployment}
)"));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->operation, Operation::kDelete);
  EXPECT_EQ(request->object, nullptr);
  EXPECT_NE(request->old_object, nullptr);
  EXPECT_EQ(request->request_kind.kind, "Deployment");
  EXPECT_FALSE(read_admission_review(yaml("{kind: AdmissionReview, apiVersion: admission.k8s.io/v1}")));
  EXPECT_FALSE(read_admission_review(yaml("{kind: Pod}")));
}

}  // namespace
}  // namespace ameia::kube
