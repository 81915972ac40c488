// What a patch expression's value makes of an object, below the level of policies: the words of failing JSON Patches,
// values as JSON, limits; and a property: a patch made of two objects leads from one to the other.
#include "policy/mutate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "doc/build.h"
#include "doc/json.h"
#include "doc/patch.h"
#include "policy/json_patch.h"
#include "policy/limits.h"
#include "policy/mutation_value.h"
#include "policy/policy.h"

namespace ameia::policy {
namespace {

std::shared_ptr<doc::Document> parse(std::string_view text) {
  auto parsed =
      doc::parse_json(std::make_shared<doc::Source>("test", std::string(text)), std::make_shared<doc::Keys>());
  EXPECT_TRUE(parsed.has_value()) << text << (parsed ? "" : parsed.error().text());
  return parsed ? *parsed : nullptr;
}

std::string patched(std::string_view object, std::string_view operations,
                    const std::optional<kube::MergeType>& type = std::nullopt) {
  base::Arena arena;
  auto before = parse(object), patch = parse(operations);
  PatchedObject after = apply_patch(before->root(), patch->root(), type, arena);
  if (!after.error.empty()) return after.error;
  return after.test_failed ? "test failed" : doc::to_json(after.object);
}

TEST(JsonPatchWords, AsTheApiServerHasThem) {
  struct Row {
    std::string_view object, patch, result;
  };
  constexpr Row kRows[] = {
      {R"({"a": [1, 2]})", R"([{"op": "add", "path": "/a/-1", "value": 9}])", R"({"a":[1,2,9]})"},
      {R"({"a": [1, 2]})", R"([{"op": "remove", "path": "/a/-1"}])", R"({"a":[1]})"},
      {R"({"a": [1, 2]})", R"([{"op": "replace", "path": "/a/+0", "value": 5}])", R"({"a":[5,2]})"},
      {R"({"a": 1})", R"([{"op": "replace", "path": "/b", "value": 2}])", R"({"a":1,"b":2})"},
      {R"({"a/b": 1, "c~d": 2})", R"([{"op": "move", "from": "/a~1b", "path": "/c~0d"}])", R"({"c~d":1})"},
      {R"({"a": 1})", R"([{"op": "copy", "from": "/none", "path": "/b"}])", R"({"a":1,"b":null})"},
      {R"({"a": 1})", R"([{"op": "test", "path": "/b", "value": 1}])", "test failed"},
      {R"({"a": 1})", R"([{"op": "test", "path": "/b", "value": null}])", R"({"a":1})"},
      {R"({"a": 1})", R"([{"op": "test", "path": "", "value": {"a": 1}}])", R"({"a":1})"},
      {R"({"a": 1})", R"([{"op": "replace", "path": "", "value": {"b": 1}}])", R"({"b":1})"},
      {R"({"a": 1})", R"([{"op": "replace", "path": "", "value": 1}])",
       "replace operation value must be object or array"},
      {R"({"a": 1})", R"([{"op": "add", "path": "/b/c", "value": 1}])",
       R"(add operation does not apply: doc is missing path: "/b/c": missing value)"},
      {R"({"a": 1})", R"([{"op": "add", "path": "", "value": 1}])",
       R"(add operation does not apply: doc is missing path: "": missing value)"},
      {R"({"a": [1]})", R"([{"op": "add", "path": "/a/x", "value": 1}])",
       "error in add for path: '/a/x': value was not a proper array index: 'x': strconv.Atoi: parsing \"x\": invalid "
       "syntax"},
      {R"({"a": [1]})", R"([{"op": "add", "path": "/a/3", "value": 1}])",
       "error in add for path: '/a/3': Unable to access invalid index: 3: invalid index referenced"},
      {R"({"a": 1})", R"([{"op": "remove", "path": "/b"}])",
       "error in remove for path: '/b': Unable to remove nonexistent key: b: missing value"},
      {R"({"a": 1})", R"([{"op": "remove", "path": "/b/c"}])",
       R"(remove operation does not apply: doc is missing path: "/b/c": missing value)"},
      {R"({"a": [1]})", R"([{"op": "replace", "path": "/a/7", "value": 1}])",
       "replace operation does not apply: doc is missing key: /a/7: missing value"},
      {R"({"a": 1})", R"([{"op": "move", "from": "/b", "path": "/c"}])",
       "error in move for path: 'b': Unable to remove nonexistent key: b: missing value"},
      {R"({"a": 1})", R"([{"op": "move", "from": "/b/c", "path": "/c"}])",
       "move operation does not apply: doc is missing from path: /b/c: missing value"},
      {R"({"a": 1})", R"([{"op": "move", "from": "/a", "path": "/b/c"}])",
       "move operation does not apply: doc is missing destination path: /b/c: missing value"},
      {R"({"a": {"b": {}}})", R"([{"op": "move", "from": "/a", "path": "/a/b/c"}])",
       "move operation does not apply: doc is missing destination path: /a/b/c: missing value"},
      {R"({"a": 1})", R"([{"op": "copy", "from": "/a", "path": "/b/c"}])",
       "copy operation does not apply: doc is missing destination path: /b/c: missing value"},
      {R"({"a": 1})", R"([{"op": "test", "path": "/b/c", "value": 1}])",
       "test operation does not apply: is missing path: /b/c: missing value"},
      {R"({"a": 1})", R"([{"op": "merge", "path": "/a"}])", "Unexpected kind: merge"},
  };
  for (const Row& row : kRows) EXPECT_EQ(patched(row.object, row.patch), row.result) << row.patch;
}

TEST(JsonPatchWords, OnlyStructsThatAreAlwaysWrittenAreGoneThrough) {
  auto pod = kube::MergeTypes().find("v1", "Pod");
  EXPECT_EQ(patched(R"({"spec": {"containers": [{}]}})",
                    R"([{"op": "add", "path": "/spec/containers/0/resources/limits", "value": {}}])", pod),
            R"({"spec":{"containers":[{"resources":{"limits":{}}}]}})");
  EXPECT_EQ(
      patched(R"({"spec": {"containers": [{}]}})",
              R"([{"op": "add", "path": "/spec/containers/0/lifecycle/preStop", "value": {}}])", pod),
      R"(add operation does not apply: doc is missing path: "/spec/containers/0/lifecycle/preStop": missing value)");
  EXPECT_EQ(patched("{}", R"([{"op": "test", "path": "/metadata", "value": {}}])", pod), R"({"metadata":{}})");
}

TEST(JsonPatchLimits, OperationsAndCopies) {
  std::string many = "[";
  for (size_t i = 0; i <= kPatchOperationsMax; ++i) {
    many += (i == 0 ? "" : ",") + std::string(R"({"op": "add", "path": "/a", "value": 1})");
  }
  EXPECT_EQ(patched("{}", many + "]"), "more than 10000 operations in one JSON Patch");
  std::string doubling = "[";
  for (int i = 0; i < 40; ++i)
    doubling += (i == 0 ? "" : ",") + std::string(R"({"op": "copy", "from": "", "path": "/a/-"})");
  // A path without a token names no container.
  EXPECT_EQ(patched(R"({"a": []})", doubling + "]"),
            "copy operation does not apply: doc is missing from path: : missing value");
  doubling = "[";
  for (int i = 0; i < 40; ++i)
    doubling += (i == 0 ? "" : ",") + std::string(R"({"op": "copy", "from": "/a", "path": "/a/-"})");
  EXPECT_NE(patched(R"({"a": []})", doubling + "]").find("the patch copies more than 5000000 values"),
            std::string::npos);
}

// Two random documents over a small vocabulary.
std::string random_json(std::mt19937& random, int depth) {
  switch (depth > 3 ? random() % 4 : random() % 6) {
    case 0: return "null";
    case 1: return random() % 2 == 0 ? "true" : "false";
    case 2: return std::to_string(static_cast<int>(random() % 5));
    case 3: return std::string("\"") + "xyz"[random() % 3] + "\"";
    case 4: {
      std::string out = "[";
      for (size_t i = random() % 4; i > 0; --i) out += (out.size() > 1 ? "," : "") + random_json(random, depth + 1);
      return out + "]";
    }
    default: {
      std::string out = "{";
      for (std::string_view key : {"a", "b/c", "d~e", ""}) {
        if (random() % 2 == 0) continue;
        out += (out.size() > 1 ? ",\"" : "\"") + std::string(key) + "\":" + random_json(random, depth + 1);
      }
      return out + "}";
    }
  }
}

TEST(JsonPatchProperty, WhatIsMadeOfTwoObjectsLeadsFromOneToTheOther) {
  std::mt19937 random(3);
  for (int round = 0; round < 3000; ++round) {
    auto before = parse("{\"root\":" + random_json(random, 0) + "}");
    auto after = parse("{\"root\":" + random_json(random, 0) + "}");
    base::Arena arena;
    doc::Node patch = doc::diff(before->root(), after->root(), arena);
    PatchedObject result = apply_patch(before->root(), patch, std::nullopt, arena);
    ASSERT_EQ(result.error, "") << doc::to_json(patch);
    EXPECT_TRUE(doc::equal(result.object, after->root())) << doc::to_json(patch);
  }
}

// The value of an expression as JSON, or the error.
std::string json_of(std::string_view expression, ValueForm form) {
  ConditionCompiler compiler(expr::Version::latest());
  compiler.begin_policy();
  Condition condition = compiler.compile(expression, {}, Returns::kAny);
  EXPECT_TRUE(condition.ok()) << condition.error;
  auto programs = compiler.build();
  ConditionRunner runner(*programs);
  runner.bind({});
  runner.begin_list(kRuntimeCostMax);
  runner.run_quick(condition);
  base::Arena arena;
  base::Result<doc::Node> node = to_node(runner.last().value, form, arena);
  return node ? doc::to_json(*node) : node.error().what;
}

TEST(MutationValues, AsJson) {
  EXPECT_EQ(json_of("[1, 9007199254740991, 9007199254740992, -9007199254740992]", ValueForm::kJson),
            R"([1,9007199254740991,"9007199254740992","-9007199254740992"])");
  EXPECT_EQ(json_of("[9007199254740992]", ValueForm::kNative), "[9007199254740992]");
  EXPECT_EQ(json_of("[3.0, 0.5]", ValueForm::kJson), "[3,0.5]");
  EXPECT_EQ(json_of("[dyn(b'hi'), dyn(duration('90s')), dyn(timestamp('2024-01-02T03:04:05Z'))]", ValueForm::kJson),
            R"(["aGk=","90s","2024-01-02T03:04:05Z"])");
  EXPECT_EQ(json_of("{'a': {'b': [true, false]}}", ValueForm::kJson), R"({"a":{"b":[true,false]}})");
  EXPECT_EQ(json_of("{1: 'a'}", ValueForm::kJson), "map key 1 is of type int, not string");
  EXPECT_EQ(json_of("[quantity('1')]", ValueForm::kJson),
            "a value of type kubernetes.Quantity has no JSON form; write string(…)");
}

TEST(MutationLimits, MutationsOfOnePolicy) {
  std::string text = R"({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicy",
    "metadata": {"name": "many"}, "spec": {"reinvocationPolicy": "Never", "matchConstraints": {"resourceRules": [
    {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]}, "mutations": [)";
  for (size_t i = 0; i <= kMutationsMax; ++i) {
    text += (i == 0 ? "" : ",") +
            std::string(R"({"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": "Object{}"}})");
  }
  PolicySetBuilder builder;
  builder.add(parse(text + "]}}"), Origin::kUser);
  LoadResult loaded = builder.build();
  EXPECT_EQ(loaded.errors, 1U);
  ASSERT_FALSE(loaded.diagnostics.empty());
  auto error = std::find_if(loaded.diagnostics.begin(), loaded.diagnostics.end(),
                            [](const Diagnostic& d) { return d.level == Diagnostic::Level::kError; });
  ASSERT_NE(error, loaded.diagnostics.end());
  EXPECT_EQ(error->field + ": " + error->message, "spec.mutations: must have at most 1000 items");
}

TEST(MutationValues, Limits) {
  base::Arena arena;
  expr::CallContext context{arena};
  expr::Value deep = expr::Value::of_int(1);
  for (uint32_t i = 0; i <= kMutationDepthMax; ++i) deep = context.list(std::span(&deep, 1));
  EXPECT_EQ(to_node(deep, ValueForm::kJson, arena).error().what, "the value nests deeper than 256");
  std::vector<expr::Value> wide(kMutationNodesMax, expr::Value::of_int(1));
  EXPECT_EQ(to_node(context.list(wide), ValueForm::kJson, arena).error().what,
            "the value holds more than 1000000 values");
}

}  // namespace
}  // namespace ameia::policy
