// Which requests a policy is about; how decisions are worded; where CEL errors stand in YAML.
#include <gtest/gtest.h>

#include "doc/yaml.h"
#include "policy/decision.h"
#include "policy/match.h"
#include "policy/secrets.h"
#include "policy/vap.h"
#include "policy/yaml_position.h"

namespace ameia::policy {
namespace {

class Matching : public testing::Test {
 protected:
  const doc::Node& yaml(std::string text) {
    auto source = std::make_shared<const doc::Source>("test.yaml", std::move(text));
    doc::YamlStream stream = doc::parse_yaml(source, keys_);
    EXPECT_TRUE(stream.errors.empty());
    documents_.insert(documents_.end(), stream.documents.begin(), stream.documents.end());
    return documents_.back()->root();
  }
  Match match(std::string resources, const kube::AdmissionRequest& request, const doc::Node* ns = nullptr,
              bool defaulted = true) {
    return MatchResources::parse(yaml(std::move(resources)), defaulted).matches(request, {ns, &equivalents_});
  }
  kube::AdmissionRequest request(kube::Gvr resource, std::string_view kind, std::string_view ns = "shop") {
    kube::AdmissionRequest r;
    r.resource = r.request_resource = resource;
    r.kind = r.request_kind = {resource.group, resource.version, kind};
    r.name = "web";
    r.ns = ns;
    return r;
  }
  std::shared_ptr<doc::Keys> keys_ = std::make_shared<doc::Keys>();
  std::vector<std::shared_ptr<doc::Document>> documents_;
  kube::ResourceTable table_;
  TableEquivalents equivalents_{table_};
};

constexpr std::string_view kRule = "{operations: ['*'], apiGroups: [apps], apiVersions: [v1], resources: [deployments]";

TEST_F(Matching, Rules) {
  kube::AdmissionRequest deployment = request({"apps", "v1", "deployments"}, "Deployment");
  auto rules = [&](std::string_view rule) { return "{resourceRules: [" + std::string(rule) + "}]}"; };
  EXPECT_TRUE(match(rules(kRule), deployment).matches);
  EXPECT_TRUE(match(rules(std::string(kRule) + ", resourceNames: [web]"), deployment).matches);
  EXPECT_FALSE(match(rules(std::string(kRule) + ", resourceNames: [other]"), deployment).matches);
  EXPECT_FALSE(match(rules(std::string(kRule) + ", scope: Cluster"), deployment).matches);
  EXPECT_FALSE(match(rules("{operations: [UPDATE], apiGroups: [apps], apiVersions: [v1], resources: ['*']"), deployment)
                   .matches);
  EXPECT_FALSE(match("{resourceRules: [{}]}", deployment).matches);
  deployment.subresource = "scale";
  EXPECT_FALSE(match(rules(kRule), deployment).matches);
  EXPECT_TRUE(
      match(rules("{operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/scale']"), deployment)
          .matches);
}

TEST_F(Matching, EquivalentResources) {
  kube::AdmissionRequest old = request({"extensions", "v1beta1", "deployments"}, "Deployment");
  std::string rules = "{resourceRules: [" + std::string(kRule) + "}]}";
  Match equivalent = match(rules, old);
  EXPECT_TRUE(equivalent.matches);
  EXPECT_EQ(equivalent.resource, (kube::Gvr{"apps", "v1", "deployments"}));
  EXPECT_EQ(equivalent.kind, (kube::Gvk{"apps", "v1", "Deployment"}));
  EXPECT_FALSE(match("{matchPolicy: Exact, resourceRules: [" + std::string(kRule) + "}]}", old).matches);
  EXPECT_FALSE(match("{excludeResourceRules: [" + std::string(kRule) + "}]}", old).matches);
}

TEST_F(Matching, NamespaceSelector) {
  kube::AdmissionRequest pod = request({"", "v1", "pods"}, "Pod");
  const doc::Node& ns = yaml("{metadata: {name: shop, labels: {team: pay}}}");
  EXPECT_TRUE(match("{namespaceSelector: {matchLabels: {team: pay}}}", pod, &ns).matches);
  EXPECT_FALSE(match("{namespaceSelector: {matchLabels: {team: ops}}}", pod, &ns).matches);
  // Every namespace has this label, written or not.
  EXPECT_TRUE(match("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: shop}}}", pod, &ns).matches);
  Match unknown = match("{namespaceSelector: {matchLabels: {team: pay}}}", pod, nullptr);
  EXPECT_FALSE(unknown.matches);
  EXPECT_EQ(unknown.error, "namespaces \"shop\" not found");
  // Cluster-scoped objects are never held back by it.
  EXPECT_TRUE(
      match("{namespaceSelector: {matchLabels: {team: pay}}}", request({"", "v1", "nodes"}, "Node", "")).matches);
}

TEST_F(Matching, ObjectSelector) {
  kube::AdmissionRequest pod = request({"", "v1", "pods"}, "Pod");
  pod.object = &yaml("{metadata: {labels: {a: b}}}");
  pod.old_object = &yaml("{metadata: {labels: {a: c}}}");
  EXPECT_TRUE(match("{objectSelector: {matchLabels: {a: b}}}", pod).matches);
  EXPECT_TRUE(match("{objectSelector: {matchLabels: {a: c}}}", pod).matches);  // either object
  EXPECT_FALSE(match("{objectSelector: {matchLabels: {a: d}}}", pod).matches);
  EXPECT_FALSE(match("{namespaceSelector: {}}", pod, nullptr, false)
                   .matches);  // nobody defaulted the selector: it selects nothing
}

TEST_F(Matching, ASelectorErrorCountsOnlyWhereThePolicyApplies) {
  kube::AdmissionRequest pod = request({"", "v1", "pods"}, "Pod");
  pod.object = &yaml("{metadata: {}}");
  std::string bad = "namespaceSelector: {matchExpressions: [{key: 'key ', operator: In, values: [x]}]}";
  EXPECT_NE(match("{" + bad + "}", pod).error, "");
  EXPECT_EQ(match("{" + bad + ", resourceRules: [" + std::string(kRule) + "}]}", pod).error, "");
}

TEST_F(Matching, IndexFindsCandidates) {
  MatchIndex index;
  index.add(0, MatchResources::parse(yaml("{resourceRules: [" + std::string(kRule) + "}]}"), true));
  index.add(1, MatchResources::parse(yaml("{}"), true));
  index.add(2, MatchResources::parse(yaml("{resourceRules: [{operations: [CREATE], apiGroups: [''], apiVersions: [v1], "
                                          "resources: [pods, 'pods/exec']}]}"),
                                     true));
  std::vector<uint32_t> found;
  index.find("pods", kube::Operation::kCreate, found);
  EXPECT_EQ(found, (std::vector<uint32_t>{1, 2}));
  index.find("pods", kube::Operation::kDelete, found);
  EXPECT_EQ(found, (std::vector<uint32_t>{1}));
  index.find("deployments", kube::Operation::kDelete, found);
  EXPECT_EQ(found, (std::vector<uint32_t>{0, 1}));
}

TEST(Decisions, AreWordedAsTheApiServerDoes) {
  using Kind = Evaluated::Kind;
  ValidationText text{" a == b ", "", ""};
  EXPECT_EQ(decide(text, {Kind::kTrue, {}}, {}, FailurePolicy::kFail).action, Action::kAdmit);
  Decision failed = decide(text, {Kind::kFalse, {}}, {}, FailurePolicy::kFail);
  EXPECT_EQ(failed.message, "failed expression: a == b");
  EXPECT_EQ(failed.reason, "Invalid");
  text.message = " no ";
  EXPECT_EQ(decide(text, {Kind::kFalse, {}}, {}, FailurePolicy::kFail).message, "no");
  EXPECT_EQ(decide(text, {Kind::kFalse, {}}, {Kind::kString, " own\t"}, FailurePolicy::kFail).message, "own");
  for (std::string bad : {std::string("two\nlines"), std::string("  "), std::string(5121, 'x')}) {
    EXPECT_EQ(decide(text, {Kind::kFalse, {}}, {Kind::kString, bad}, FailurePolicy::kFail).message, "no");
  }
  EXPECT_EQ(decide(text, {Kind::kFalse, {}}, {Kind::kError, "x"}, FailurePolicy::kFail).message, "no");
  EXPECT_EQ(decide(text, {Kind::kError, "boom"}, {}, FailurePolicy::kFail).action, Action::kDeny);
  EXPECT_EQ(decide(text, {Kind::kError, "boom"}, {}, FailurePolicy::kIgnore).action, Action::kAdmit);
  EXPECT_EQ(decide(text, {Kind::kTrue, {}}, {}, FailurePolicy::kFail, "out").message, "failed messageExpression: out");
  EXPECT_EQ(status_code("Forbidden"), 403);
  EXPECT_EQ(trim(" \u00a0\n x y \u2003"), "x y");
}

TEST(Decisions, AuditAnnotations) {
  using Kind = Evaluated::Kind;
  using Act = AuditAnnotation::Action;
  EXPECT_EQ(decide_audit("k", "e", {Kind::kString, " v "}, FailurePolicy::kFail).value, "v");
  EXPECT_EQ(decide_audit("k", "e", {Kind::kString, "  "}, FailurePolicy::kFail).action, Act::kExclude);
  EXPECT_EQ(decide_audit("k", "e", {Kind::kNull, {}}, FailurePolicy::kFail).action, Act::kExclude);
  EXPECT_EQ(decide_audit("k", "e", {Kind::kError, "x"}, FailurePolicy::kFail).action, Act::kError);
  EXPECT_EQ(decide_audit("k", "e", {Kind::kError, "x"}, FailurePolicy::kIgnore).action, Act::kExclude);
}

// The character of the file that `offset` of the first string member's value points at.
std::string at(std::string text, std::string_view needle) {
  auto source = std::make_shared<const doc::Source>("t.yaml", std::move(text));
  auto keys = std::make_shared<doc::Keys>();
  doc::YamlStream stream = doc::parse_yaml(source, keys);
  EXPECT_FALSE(stream.documents.empty());
  const doc::Node& value = stream.documents[0]->root()["e"];
  size_t offset = value.str().find(needle);
  EXPECT_NE(offset, std::string_view::npos);
  uint32_t found = source_offset(source->bytes(), value, offset);
  doc::Position position = source->position(found);
  return std::to_string(position.line) + ":" + std::to_string(position.column) + ":" +
         std::string(source->bytes().substr(found, needle.size()));
}

TEST(YamlPosition, EveryStyleOfScalar) {
  EXPECT_EQ(at("e: a.b == c\n", "c"), "1:11:c");
  EXPECT_EQ(at("e: |-\n  one &&\n  two\n", "two"), "3:3:two");
  EXPECT_EQ(at("e: >-\n  one &&\n\n  two\n", "two"), "4:3:two");
  EXPECT_EQ(at("e: one &&\n  two\n", "two"), "2:3:two");
  EXPECT_EQ(at("e: 'it''s == two'\n", "two"), "1:14:two");
  EXPECT_EQ(at("e: \"a \\\"q\\\" \\u00e9 two\"\n", "two"), "1:20:two");
  EXPECT_EQ(at("e: \"a \\\n   b two\"\n", "two"), "2:6:two");
  EXPECT_EQ(at("x:\n  - 1\ne: |\n    if\n      two\n", "two"), "5:7:two");
}

TEST(Secrets, AreRecognised) {
  EXPECT_TRUE(is_secret_name("DB_PASSWORD"));
  EXPECT_TRUE(is_secret_name("apiKey"));
  EXPECT_FALSE(is_secret_name("LOG_LEVEL"));
  EXPECT_TRUE(is_secret_text("--db-password=hunter2"));
  EXPECT_TRUE(is_secret_text("postgres://u:p@db/x"));
  EXPECT_TRUE(is_secret_text("AKIAIOSFODNN7EXAMPLE"));
  EXPECT_FALSE(is_secret_text("nginx:1.27"));
  EXPECT_FALSE(is_secret_text("https://example.com/a@b:c"));
}

}  // namespace
}  // namespace ameia::policy
