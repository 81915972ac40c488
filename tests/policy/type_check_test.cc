// Type checking of policies: the text that status.typeChecking would carry, and that our own checks have none.
#include "policy/type_check.h"

#include <gtest/gtest.h>

#include "doc/yaml.h"
#include "policy/builtin.h"

namespace ameia::policy {
namespace {

const kube::ResourceTable& resources() {
  static const kube::ResourceTable kTable;
  return kTable;
}

std::vector<std::shared_ptr<doc::Document>> yaml(std::string text) {
  auto source = std::make_shared<const doc::Source>("x.yaml", std::move(text));
  doc::YamlStream stream = doc::parse_yaml(source, std::make_shared<doc::Keys>());
  EXPECT_TRUE(stream.errors.empty());
  return stream.documents;
}

TEST(TypeCheck, WarnsAsTheApiServerWords) {
  auto policy = yaml(
      "spec:\n  matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: [v1], resources: [pods, nodes]}]}\n"
      "  validations:\n  - expression: object.spec.nodeName == object.foo\n  - expression: 'true'\n");
  CrdTable none;
  TypeChecker checker({&resources(), &none, nullptr, nullptr}, expr::Version::latest());
  std::vector<ExpressionWarning> warnings = checker.check(policy[0]->root());
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].field_ref, "spec.validations[0].expression");
  EXPECT_EQ(warnings[0].warning(),
            "/v1, Kind=Node: ERROR: <input>:1:12: undefined field 'nodeName'\n"
            " | object.spec.nodeName == object.foo\n"
            " | ...........^\n"
            "ERROR: <input>:1:31: undefined field 'foo'\n"
            " | object.spec.nodeName == object.foo\n"
            " | ..............................^\n"
            "\n"
            "/v1, Kind=Pod: ERROR: <input>:1:31: undefined field 'foo'\n"
            " | object.spec.nodeName == object.foo\n"
            " | ..............................^\n");
}

TEST(TypeCheck, ReadsParamsThroughTheirDefinition) {
  auto crd = yaml(
      "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\n"
      "spec:\n  group: example.com\n  names: {kind: Limit, plural: limits}\n  versions:\n  - name: v1\n    schema:\n"
      "      openAPIV3Schema: {type: object, properties: {most: {type: integer}}}\n");
  auto policy = yaml(
      "spec:\n  paramKind: {apiVersion: example.com/v1, kind: Limit}\n"
      "  matchConstraints: {resourceRules: [{apiGroups: [apps], apiVersions: [v1], resources: [deployments]}]}\n"
      "  validations:\n  - expression: object.spec.replicas <= params.most\n"
      "  - expression: object.spec.replicas <= params.least\n");
  CrdTable crds;
  crds.learn(crd[0]->root());
  TypeChecker checker({&resources(), &crds, nullptr, nullptr}, expr::Version::latest());
  std::vector<ExpressionWarning> warnings = checker.check(policy[0]->root());
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].validation, 1u);
}

TEST(TypeCheck, FindsNothingInTheBuiltInChecks) {
  size_t checked = 0;
  CrdTable none;
  TypeChecker checker({&resources(), &none, nullptr, nullptr}, expr::Version::latest());
  for (const BuiltinFile& file : builtin_files()) {
    for (const auto& document : yaml(std::string(file.text))) {
      if (document->root()["kind"].str() != "ValidatingAdmissionPolicy") continue;
      ++checked;
      for (const ExpressionWarning& warning : checker.check(document->root()))
        ADD_FAILURE() << file.name << ": " << warning.field_ref << ": " << warning.warning();
    }
  }
  EXPECT_GT(checked, 150u);
}

}  // namespace
}  // namespace ameia::policy
