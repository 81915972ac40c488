// Structured merge: cases, and the laws that every merge keeps.
#include "kube/structured_merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "doc/build.h"
#include "doc/json.h"
#include "kube/limits.h"

namespace ameia::kube {
namespace {

std::shared_ptr<doc::Document> parse(const std::string& text) {
  auto parsed = doc::parse_json(std::make_shared<doc::Source>("case", text), std::make_shared<doc::Keys>());
  EXPECT_TRUE(parsed.has_value()) << text << (parsed ? "" : parsed.error().text());
  return parsed ? *parsed : nullptr;
}

constexpr std::string_view kCustom = R"({"kind": "CustomResourceDefinition", "spec": {"group": "example.org",
  "names": {"kind": "Widget"}, "versions": [{"name": "v1", "schema": {"openAPIV3Schema": {"type": "object",
  "properties": {"spec": {"type": "object", "properties": {
    "size": {"type": "integer"},
    "port": {"x-kubernetes-int-or-string": true},
    "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
    "args": {"type": "array", "items": {"type": "string"}},
    "rules": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name", "zone"],
      "items": {"type": "object", "properties": {"name": {"type": "string"},
        "zone": {"type": "string", "default": "a"}, "weight": {"type": "integer"}}}},
    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
    "quotas": {"type": "object", "additionalProperties": {"type": "integer"}},
    "whole": {"type": "object", "x-kubernetes-map-type": "atomic", "properties": {"a": {"type": "string"}}}
  }}}}}}]}})";

struct Merges : testing::Test {
  Merges() : crd(parse(std::string(kCustom))) { types.learn(crd->root()); }
  std::shared_ptr<doc::Document> crd;
  MergeTypes types;
  base::Arena arena;
};

// "live | patch | expected", or an error of the patch's type, or "atomic: places".
struct Case {
  std::string_view api_version, kind, live, patch, expected;
};
constexpr Case kCases[] = {
    // maps by field
    {"v1", "ConfigMap", R"({"data": {"a": "1"}})", R"({"data": {"b": "2"}})", R"({"data": {"a": "1", "b": "2"}})"},
    {"v1", "ConfigMap", R"({"data": {"a": "1"}})", R"({"data": {"a": "2"}})", R"({"data": {"a": "2"}})"},
    {"v1", "ConfigMap", R"({"metadata": {"labels": null}})", R"({"metadata": {"labels": {"a": "b"}}})",
     R"({"metadata": {"labels": {"a": "b"}}})"},
    {"v1", "ConfigMap", R"({"data": {"a": "1"}})", R"({"data": {}})", R"({"data": {"a": "1"}})"},
    {"v1", "ConfigMap", R"({})", R"({"data": {}})", R"({"data": {}})"},
    // keyed lists
    {"v1", "Pod", R"({"spec": {"containers": [{"name": "a", "image": "x"}, {"name": "b"}]}})",
     R"({"spec": {"containers": [{"name": "b", "image": "y"}]}})",
     R"({"spec": {"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]}})"},
    {"v1", "Pod", R"({"spec": {"containers": [{"name": "a"}]}})", R"({"spec": {"containers": [{"name": "c"}]}})",
     R"({"spec": {"containers": [{"name": "a"}, {"name": "c"}]}})"},
    // shared elements take the patch's order, the others stay where they are
    {"v1", "Pod", R"({"spec": {"volumes": [{"name": "a"}, {"name": "x"}, {"name": "b"}]}})",
     R"({"spec": {"volumes": [{"name": "b"}, {"name": "a"}]}})",
     R"({"spec": {"volumes": [{"name": "x"}, {"name": "b"}, {"name": "a"}]}})"},
    // two keys, one with a default
    {"v1", "Pod", R"({"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 80, "name": "web"}]}]}})",
     R"({"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 80, "protocol": "TCP", "hostPort": 8080},
        {"containerPort": 80, "protocol": "UDP"}]}]}})",
     R"({"spec": {"containers": [{"name": "a", "ports": [{"containerPort": 80, "name": "web", "protocol": "TCP",
        "hostPort": 8080}, {"containerPort": 80, "protocol": "UDP"}]}]}})"},
    // duplicates of the object: kept when the patch does not name them, one when it does
    {"v1", "Pod", R"({"spec": {"containers": [{"name": "a", "env": [{"name": "t", "value": "1"},
        {"name": "t", "value": "2"}, {"name": "u", "value": "3"}]}]}})",
     R"({"spec": {"containers": [{"name": "a", "env": [{"name": "t", "value": "9"}]}]}})",
     R"({"spec": {"containers": [{"name": "a", "env": [{"name": "t", "value": "9"}, {"name": "u", "value": "3"}]}]}})"},
    {"v1", "Pod", R"({"spec": {"containers": [{"name": "a", "env": [{"name": "t", "value": "1"},
        {"name": "t", "value": "2"}]}]}})",
     R"({"spec": {"containers": [{"name": "a", "env": [{"name": "u", "value": "3"}]}]}})",
     R"({"spec": {"containers": [{"name": "a", "env": [{"name": "t", "value": "1"}, {"name": "t", "value": "2"},
        {"name": "u", "value": "3"}]}]}})"},
    // sets
    {"v1", "Pod", R"({"metadata": {"finalizers": ["a", "b"]}})", R"({"metadata": {"finalizers": ["c", "b"]}})",
     R"({"metadata": {"finalizers": ["a", "c", "b"]}})"},
    // atomic
    {"apps/v1", "Deployment", R"({})", R"({"spec": {"selector": {"matchLabels": {"l": "v"}}}})",
     "atomic: .spec.selector"},
    {"v1", "Pod", R"({})",
     R"({"spec": {"containers": [{"name": "a", "args": ["b"]}], "nodeSelector": {"x": "y"}, "tolerations": []}})",
     "atomic: .spec.containers[0].args, .spec.nodeSelector, .spec.tolerations"},
    // what is not of the type
    {"apps/v1", "Deployment", R"({})", R"({"spec": {"replicasx": 1}})",
     ".spec.replicasx: field not declared in schema"},
    {"apps/v1", "Deployment", R"({})", R"({"spec": {"replicas": "1"}})",
     ".spec.replicas: expected numeric (int or float), got string"},
    {"apps/v1", "Deployment", R"({})", R"({"spec": {"paused": 1, "replicas": null}})",
     "errors:\n  .spec.paused: expected boolean, got &{1}\n  .spec.replicas: expected numeric (int or float), got "
     "structpb.NullValue"},
    {"v1", "Pod", R"({})", R"({"spec": {"containers": [{"name": "a", "image": 3}]}})",
     ".spec.containers[name=\"a\"].image: expected string, got &value.valueUnstructured{Value:3}"},
    {"v1", "Pod", R"({})", R"({"spec": {"containers": [{"image": "x"}]}})",
     ".spec.containers: element 0: associative list with keys has an element that omits key field \"name\" (and "
     "doesn't have default value)"},
    {"v1", "Pod", R"({})", R"({"spec": {"containers": [{"name": "a"}, {"name": "a"}]}})",
     ".spec.containers: duplicate entries for key [name=\"a\"]"},
    {"v1", "Pod", R"({})", R"({"spec": {"containers": {"name": "a"}}})",
     ".spec.containers: expected list, got &{map[name:a]}"},
    // custom resources
    {"example.org/v1", "Widget", R"({"spec": {"tags": ["a"], "size": 1}})",
     R"({"spec": {"tags": ["b"], "port": "http"}})", R"({"spec": {"tags": ["a", "b"], "size": 1, "port": "http"}})"},
    {"example.org/v1", "Widget", R"({"spec": {"rules": [{"name": "r"}]}})",
     R"({"spec": {"rules": [{"name": "r", "zone": "a", "weight": 2}, {"name": "r", "zone": "b"}]}})",
     R"({"spec": {"rules": [{"name": "r", "zone": "a", "weight": 2}, {"name": "r", "zone": "b"}]}})"},
    {"example.org/v1", "Widget", R"({"spec": {"free": {"a": {"b": 1}}}})", R"({"spec": {"free": {"a": {"c": 2}}}})",
     R"({"spec": {"free": {"a": {"b": 1, "c": 2}}}})"},
    {"example.org/v1", "Widget", R"({"spec": {"quotas": {"a": 1}}})", R"({"spec": {"quotas": {"b": 2}}})",
     R"({"spec": {"quotas": {"a": 1, "b": 2}}})"},
    {"example.org/v1", "Widget", R"({"metadata": {"labels": {"a": "1"}}})", R"({"metadata": {"labels": {"b": "2"}}})",
     R"({"metadata": {"labels": {"a": "1", "b": "2"}}})"},
    {"example.org/v1", "Widget", R"({})", R"({"spec": {"whole": {"a": "b"}, "args": ["a"]}})",
     "atomic: .spec.whole, .spec.args"},
    {"example.org/v1", "Widget", R"({})", R"({"spec": {"sizes": 1}})", ".spec.sizes: field not declared in schema"},
    {"example.org/v1", "Widget", R"({})", R"({"spec": {"quotas": {"a": "x"}}})",
     ".spec.quotas.a: expected numeric (int or float), got string"},
};

TEST_F(Merges, Cases) {
  for (const Case& c : kCases) {
    auto type = types.find(c.api_version, c.kind);
    ASSERT_TRUE(type.has_value()) << c.kind;
    auto live = parse(std::string(c.live)), patch = parse(std::string(c.patch));
    std::string wrong = type_errors(patch->root(), *type, kPatchRules);
    if (wrong.empty()) {
      for (const std::string& place : atomic_places(patch->root(), *type)) {
        wrong += (wrong.empty() ? "atomic: " : ", ") + place;
      }
    }
    if (!wrong.empty()) {
      EXPECT_EQ(wrong, c.expected) << c.patch;
      continue;
    }
    EXPECT_EQ(type_errors(live->root(), *type, kLiveRules), "") << c.live;
    auto merged = structured_merge(live->root(), patch->root(), *type, arena);
    ASSERT_TRUE(merged.has_value()) << merged.error().text();
    auto expected = parse(std::string(c.expected));
    ASSERT_NE(expected, nullptr);
    EXPECT_TRUE(doc::equal(*merged, expected->root())) << c.patch << "\n  is       " << doc::to_json(*merged);
    // Applying again changes nothing.
    auto again = structured_merge(*merged, patch->root(), *type, arena);
    ASSERT_TRUE(again.has_value());
    EXPECT_TRUE(doc::equal(*again, *merged)) << doc::to_json(*again);
  }
}

TEST_F(Merges, UnknownKindsHaveNoType) {
  EXPECT_FALSE(types.find("example.org/v1", "Gadget").has_value());
  EXPECT_FALSE(types.find("apps/v2", "Deployment").has_value());
}

TEST_F(Merges, StructsThatAreAlwaysWritten) {
  auto deployment = *types.find("apps/v1", "Deployment");
  EXPECT_TRUE(deployment.always_written("metadata"));
  EXPECT_TRUE(deployment.always_written("spec"));
  EXPECT_FALSE(deployment.always_written("kind"));
  auto spec = *deployment.member("spec");
  EXPECT_TRUE(spec.always_written("template"));
  EXPECT_FALSE(spec.always_written("selector"));
  EXPECT_TRUE(types.find("example.org/v1", "Widget")->always_written("metadata"));
  EXPECT_FALSE(types.find("example.org/v1", "Widget")->always_written("spec"));
}

TEST_F(Merges, ErrorsEndAtTheirLimits) {
  std::string many = R"({"data": {)";
  for (size_t i = 0; i < kTypeErrorsMax + 5; ++i) many += (i == 0 ? "\"k" : ", \"k") + std::to_string(i) + "\": 1";
  std::string errors = type_errors(parse(many + "}}")->root(), *types.find("v1", "ConfigMap"), kPatchRules);
  EXPECT_EQ(static_cast<size_t>(std::count(errors.begin(), errors.end(), '\n')), kTypeErrorsMax);
  std::string long_value = R"({"spec": {"paused": ")" + std::string(kPrintedValueBytesMax + 1, 'x') + "\"}}";
  EXPECT_EQ(type_errors(parse(long_value)->root(), *types.find("apps/v1", "Deployment"), kPatchRules),
            ".spec.paused: expected boolean, got &{" + std::string(kPrintedValueBytesMax, 'x') + "…}");
}

// Every key of either side is in a merged keyed list once, and what only the object has keeps its order.
TEST_F(Merges, KeyedListsLoseNothing) {
  std::mt19937 random(7);
  auto type = *types.find("v1", "Pod");
  for (int round = 0; round < 500; ++round) {
    auto list = [&](size_t max) {
      std::vector<std::string> names{"a", "b", "c", "d", "e", "f"};
      std::shuffle(names.begin(), names.end(), random);
      names.resize(random() % (max + 1));
      return names;
    };
    auto text = [](const std::vector<std::string>& names) {
      std::string out = R"({"spec": {"volumes": [)";
      for (size_t i = 0; i < names.size(); ++i)
        out += (i == 0 ? "{\"name\": \"" : ", {\"name\": \"") + names[i] + "\"}";
      return out + "]}}";
    };
    std::vector<std::string> left = list(6), right = list(6);
    auto live = parse(text(left)), patch = parse(text(right));
    auto merged = structured_merge(live->root(), patch->root(), type, arena);
    ASSERT_TRUE(merged.has_value());
    std::vector<std::string> names;
    for (const doc::Node& volume : (*merged)["spec"]["volumes"].list()) names.emplace_back(volume["name"].str());
    std::vector<std::string> all = left;
    for (const std::string& name : right) {
      if (std::find(left.begin(), left.end(), name) == left.end()) all.push_back(name);
    }
    std::vector<std::string> sorted = names;
    std::sort(sorted.begin(), sorted.end());
    std::sort(all.begin(), all.end());
    EXPECT_EQ(sorted, all);
    auto in_order = [&](const std::vector<std::string>& wanted) {
      size_t at = 0;
      for (const std::string& name : names) at += at < wanted.size() && wanted[at] == name ? 1 : 0;
      return at == wanted.size();
    };
    EXPECT_TRUE(in_order(right)) << text(left) << text(right) << text(names);
    std::vector<std::string> only_left;
    for (const std::string& name : left) {
      if (std::find(right.begin(), right.end(), name) == right.end()) only_left.push_back(name);
    }
    EXPECT_TRUE(in_order(only_left)) << text(left) << text(right) << text(names);
  }
}

}  // namespace
}  // namespace ameia::kube
