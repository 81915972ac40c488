// Fixes as they are written in annotations: what each step does to an object, when a fix fits, and what is refused.
#include "policy/fix.h"

#include <gtest/gtest.h>

#include "doc/json.h"
#include "doc/yaml.h"
#include "policy/policy.h"

namespace ameia::policy {
namespace {

std::shared_ptr<doc::Document> read(const std::string& text) {
  auto stream = doc::parse_yaml(std::make_shared<doc::Source>("t", text), std::make_shared<doc::Keys>());
  EXPECT_EQ(stream.documents.size(), 1u) << text;
  return stream.documents.at(0);
}

// The object after the fix that fits a finding at `pointer`, as JSON; or why not.
std::string after(const std::string& fix, const std::string& object, const std::string& pointer) {
  auto list = parse_fixes(fix);
  if (!list) return list.error().what;
  auto document = read(object);
  const Fix* fitting = fix_for(*list, document->root(), pointer);
  if (fitting == nullptr) return "no fix fits";
  base::Arena arena;
  auto result = apply_fix(*fitting, document->root(), pointer, arena);
  return result ? doc::to_json(*result) : result.error().what;
}

constexpr std::string_view kSafe = "safe: true, patch: ";

std::string fix(const std::string& in, const std::string& patch) {
  return "{in: " + in + ", " + std::string(kSafe) + "[" + patch + "]}";
}

TEST(Fix, SetMakesTheMapsOnTheWay) {
  const std::string set = "{op: set, path: /a/b, value: 1}";
  EXPECT_EQ(after(fix("object", set), "{}", ""), R"({"a":{"b":1}})");
  EXPECT_EQ(after(fix("object", set), "a:", ""), R"({"a":{"b":1}})");
  EXPECT_EQ(after(fix("object", set), "a: {c: 2, b: 3}", ""), R"({"a":{"c":2,"b":1}})");
  EXPECT_EQ(after(fix("object", set), "a: text", ""), "\"b\" is wanted in a value that is no map");
  EXPECT_EQ(after(fix("object", "{op: set, path: /l/*/x, value: 1}"), "l: [{w: 2}, {x: 0}]", ""),
            R"({"l":[{"w":2,"x":1},{"x":1}]})");
}

TEST(Fix, RemoveTakesAnEmptiedListWithIt) {
  EXPECT_EQ(after(fix("field", "{op: remove, path: ''}"), "a: {l: [x, z], m: 1}", "/a/l/0"),
            R"({"a":{"l":["z"],"m":1}})");
  EXPECT_EQ(after(fix("field", "{op: remove, path: ''}"), "a: {l: [x], m: 1}", "/a/l/0"), R"({"a":{"m":1}})");
  EXPECT_EQ(after(fix("object", "{op: remove, path: /l/*/p}"), "l: [{p: 1, q: 2}, {q: 3}]", ""),
            R"({"l":[{"q":2},{"q":3}]})");
  EXPECT_EQ(after(fix("object", "{op: remove, path: /x/y}"), "a: 1", ""), R"({"a":1})");
}

TEST(Fix, AppendAddsOnce) {
  EXPECT_EQ(after(fix("object", "{op: append, path: /c/drop, value: ALL}"), "{}", ""), R"({"c":{"drop":["ALL"]}})");
  EXPECT_EQ(after(fix("object", "{op: append, path: /c/drop, value: ALL}"), "c: {drop: [NET_RAW, ALL]}", ""),
            R"({"c":{"drop":["NET_RAW","ALL"]}})");
  EXPECT_EQ(after(fix("object", "{op: append, path: /c, value: ALL}"), "c: text", ""),
            "what is to be added to is no list");
}

TEST(Fix, PrefixesAndFlags) {
  EXPECT_EQ(after(fix("object", "{op: prefix, path: /i, from: a/, value: b/c/}"), "i: a/x", ""), R"({"i":"b/c/x"})");
  EXPECT_EQ(after(fix("object", "{op: prefix, path: /i, from: a/, value: b/c/}"), "i: x/a/", ""), R"({"i":"x/a/"})");
  const std::string flag = fix("object", "{op: flag, path: /l/*, program: prog, value: --x=no}");
  EXPECT_EQ(after(flag, "l: [{command: [/bin/prog, --y]}, {command: [other]}]", ""),
            R"({"l":[{"command":["/bin/prog","--y","--x=no"]},{"command":["other"]}]})");
  EXPECT_EQ(after(flag, "l: [{command: [prog], args: [--x, yes, --x=yes, --xx=1]}]", ""),
            R"({"l":[{"command":["prog"],"args":["--x=no","--xx=1"]}]})");
  EXPECT_EQ(after(flag, "l: [{command: [prog], args: [--x, --z]}]", ""),
            R"({"l":[{"command":["prog"],"args":["--x=no","--z"]}]})");
}

TEST(Fix, PathsBeginWhereItSays) {
  const std::string pod =
      "{kind: Deployment, apiVersion: apps/v1, spec: {template: {spec: {containers: [{name: a, env: "
      "[{name: e}]}]}}}}";
  const std::string at = "/spec/template/spec/containers/0/env/0/value";
  const std::string set = "{op: set, path: /x, value: 1}";
  EXPECT_NE(after(fix("container", set), pod, at).find(R"([{"name":"a","env":[{"name":"e"}],"x":1}])"),
            std::string::npos);
  EXPECT_NE(after(fix("element", set), pod, at).find(R"("env":[{"name":"e","x":1}])"), std::string::npos);
  EXPECT_NE(after(fix("pod", set), pod, at).find(R"("x":1}}}})"), std::string::npos);
  EXPECT_EQ(after(fix("container", set), "a: [{b: 1}]", "/a/0/b"), "no fix fits");
  EXPECT_EQ(after(fix("pod", set), "kind: Service\napiVersion: v1", ""), "no fix fits");
}

TEST(Fix, TheFirstThatFitsIsTaken) {
  const std::string two =
      "[{in: object, when: {/a: true}, unless: [/b], safe: true, patch: [{op: set, path: /x, value: 1}]},"
      " {in: object, for: /spec/*, decision: which, patch: [{op: set, path: /x, value: 2}]}]";
  EXPECT_EQ(after(two, "a: true", "/spec/y"), R"({"a":true,"x":1})");
  EXPECT_EQ(after(two, "{a: true, b: []}", "/spec/y"), R"({"a":true,"b":[],"x":1})");
  EXPECT_EQ(after(two, "{a: true, b: [c]}", "/spec/y"), R"({"a":true,"b":["c"],"x":2})");
  EXPECT_EQ(after(two, "a: 1", "/status"), "no fix fits");
}

TEST(Fix, WhatIsWrittenWronglyIsSaid) {
  for (const char* text :
       {"7", "[]", "{in: nowhere, safe: true, patch: [{op: remove, path: /a}]}",
        "{in: object, patch: [{op: remove, path: /a}]}",
        "{in: object, safe: true, decision: both, patch: [{op: remove, path: /a}]}",
        "{in: object, safe: true, patch: []}", "{in: object, safe: true, patch: [{op: move, path: /a}]}",
        "{in: object, safe: true, patch: [{op: remove, path: a}]}",
        "{in: object, safe: true, patch: [{op: set, path: /a}]}",
        "{in: object, safe: true, patch: [{op: remove, path: /a, value: 1}]}",
        "{in: object, safe: true, extra: 1, patch: [{op: remove, path: /a}]}",
        "{in: object, safe: true, patch: [{op: flag, path: /a, program: p, value: x}]}", "{a: "}) {
    EXPECT_FALSE(parse_fixes(text).has_value()) << text;
  }
}

TEST(Fix, ABrokenFixIsADiagnosticOfItsPolicy) {
  PolicySetBuilder builder;
  builder.add(
      read("apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata:\n  name: p\n"
           "  annotations:\n    ameia.io/fix: '{in: object}'\nspec:\n  matchConstraints:\n    resourceRules:\n"
           "    - {apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: [pods]}\n"
           "  validations:\n  - expression: 'true'\n"),
      Origin::kBuiltIn);
  LoadResult loaded = builder.build();
  ASSERT_EQ(loaded.errors, 1u);
  EXPECT_EQ(loaded.diagnostics[0].message, "fix needs either safe: true or a decision");
  EXPECT_EQ(loaded.diagnostics[0].line, 6u);
}

}  // namespace
}  // namespace ameia::policy
