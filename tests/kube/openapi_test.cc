// The schema table against objects a user could write: misspelt fields, wrong types, and real manifests without a
// problem.
#include "kube/openapi.h"

#include <gtest/gtest.h>

#include "doc/yaml.h"

namespace ameia::kube {
namespace {

std::vector<std::string> problems(std::string yaml) {
  auto stream =
      doc::parse_yaml(std::make_shared<doc::Source>("x.yaml", std::move(yaml)), std::make_shared<doc::Keys>());
  EXPECT_TRUE(stream.errors.empty());
  std::vector<std::string> result;
  for (const auto& document : stream.documents) {
    for (const FieldProblem& p : field_problems(document->root())) {
      const char* kind = p.kind == FieldProblem::Kind::kUnknownField ? "unknown"
                         : p.kind == FieldProblem::Kind::kWrongType  ? "type"
                                                                     : "missing";
      doc::Position at = document->source().position(p.begin);
      result.push_back(std::string(kind) + " " + p.pointer + " -> " + p.expected + " @" + std::to_string(at.line) +
                       ":" + std::to_string(at.column));
    }
  }
  return result;
}

using Lines = std::vector<std::string>;

TEST(FieldProblems, MisspeltFieldsGetASuggestionAndTheirKeysPosition) {
  EXPECT_EQ(problems("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  contianers: []\n  containers:\n  - "
                     "name: a\n    imagePullPolcy: Always\n"),
            (Lines{"unknown /spec/contianers -> containers @5:3",
                   "unknown /spec/containers/0/imagePullPolcy -> imagePullPolicy @8:5"}));
}

TEST(FieldProblems, AWordThatIsNearNothingGetsNoSuggestion) {
  EXPECT_EQ(problems("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [], banana: 1}\n"),
            (Lines{"unknown /spec/banana ->  @4:24"}));
}

TEST(FieldProblems, WrongTypesSayWhatIsExpected) {
  EXPECT_EQ(problems("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d, labels: {a: 1}}\nspec:\n  replicas: "
                     "\"3\"\n  selector: {}\n  template: []\n"),
            (Lines{"type /metadata/labels/a -> string @3:33", "type /spec/replicas -> integer @5:13",
                   "type /spec/template -> object @7:13"}));
}

TEST(FieldProblems, FreeFormFieldsAndIntOrStringAreLeftAlone) {
  EXPECT_EQ(problems("apiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n  ports:\n  - {port: 80, targetPort: "
                     "http}\n  - {port: 81, targetPort: 8080}\n"),
            Lines{});
  EXPECT_EQ(problems("apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    "
                     "resources: {limits: {cpu: 1, memory: 1Gi, cpu2: 0.5}}\n"),
            Lines{});
}

TEST(FieldProblems, KindsThatAreNotBuiltInHaveNone) {
  EXPECT_EQ(problems("apiVersion: example.com/v1\nkind: Pod\nspecc: 1\n"), Lines{});
}

TEST(FieldProblems, NullIsNotSet) {
  EXPECT_EQ(problems("apiVersion: v1\nkind: Pod\nmetadata: {name: p, creationTimestamp: null}\nspec: {containers: "
                     "[]}\nstatus: null\n"),
            Lines{});
}

TEST(FieldProblems, StopAtTheirLimit) {
  std::string yaml = "apiVersion: v1\nkind: ConfigMap\n";
  for (int i = 0; i < 500; ++i) yaml += "field" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(problems(yaml).size(), FieldLimits{}.problems_max);
}

TEST(StructType, KnowsListKeysOfTheApi) {
  auto pod = StructType::of_kind("v1", "Pod");
  ASSERT_TRUE(pod.has_value());
  auto spec = StructType::of(*pod->field("spec"));
  auto containers = spec.field("containers");
  ASSERT_TRUE(containers.has_value());
  EXPECT_EQ(containers->list_type, ListType::kKeyed);
  EXPECT_EQ(containers->map_keys, "name");
  EXPECT_TRUE(containers->required);
  auto ports = StructType::of(*containers).field("ports");
  EXPECT_EQ(ports->map_keys, "containerPort,protocol");
  EXPECT_FALSE(StructType::of_kind("v1", "Deployment").has_value());
}

}  // namespace
}  // namespace ameia::kube
