// RFC 6901, 6902 and 7396 by their own examples, and the property that a diff leads from one tree to the other.
#include "doc/patch.h"

#include <gtest/gtest.h>

#include <random>

#include "doc/build.h"
#include "doc/json.h"

namespace ameia::doc {
namespace {

std::shared_ptr<Document> parse(std::string text) {
  auto document = parse_json(std::make_shared<Source>("t.json", text), std::make_shared<Keys>());
  EXPECT_TRUE(document.has_value()) << text;
  return *document;
}

std::string patched(std::string root, std::string patch) {
  auto r = parse(std::move(root)), p = parse(std::move(patch));
  base::Arena arena;
  auto result = apply_json_patch(r->root(), p->root(), arena);
  return result ? to_json(*result) : "error " + result.error().where;
}

TEST(JsonPatch, ExamplesOfRfc6902) {
  EXPECT_EQ(patched(R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux"}])"),
            R"({"foo":"bar","baz":"qux"})");
  EXPECT_EQ(patched(R"({"foo":["bar","baz"]})", R"([{"op":"add","path":"/foo/1","value":"qux"}])"),
            R"({"foo":["bar","qux","baz"]})");
  EXPECT_EQ(patched(R"({"baz":"qux","foo":"bar"})", R"([{"op":"remove","path":"/baz"}])"), R"({"foo":"bar"})");
  EXPECT_EQ(patched(R"({"foo":["bar","qux","baz"]})", R"([{"op":"remove","path":"/foo/1"}])"),
            R"({"foo":["bar","baz"]})");
  EXPECT_EQ(patched(R"({"a":{"b":1},"c":{}})", R"([{"op":"move","from":"/a/b","path":"/c/d"}])"),
            R"({"a":{},"c":{"d":1}})");
  EXPECT_EQ(patched(R"({"foo":["all","grass","cows","eat"]})", R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])"),
            R"({"foo":["all","cows","eat","grass"]})");
  EXPECT_EQ(patched(R"({"baz":"qux"})", R"([{"op":"test","path":"/baz","value":"bar"}])"), "error operation 0: /baz");
  EXPECT_EQ(patched(R"({"foo":1})", R"([{"op":"add","path":"/baz/bat","value":"qux"}])"),
            "error operation 0: /baz/bat");
  EXPECT_EQ(patched(R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":10}])"), R"({"/":9,"~1":10})");
  EXPECT_EQ(patched(R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/-","value":["abc"]}])"),
            R"({"foo":["bar",["abc"]]})");
  EXPECT_EQ(patched(R"({"foo":null})", R"([{"op":"replace","path":"/foo","value":1}])"), R"({"foo":1})");
  EXPECT_EQ(patched(R"(1)", R"([{"op":"replace","path":"","value":[2]}])"), R"([2])");
}

TEST(JsonPatch, RefusesWhatCannotBe) {
  for (const char* patch :
       {R"([{"op":"add","path":"/a/01","value":1}])", R"([{"op":"add","path":"/a/9","value":1}])",
        R"([{"op":"remove","path":"/x"}])", R"([{"op":"replace","path":"/x","value":1}])",
        R"([{"op":"spin","path":"/a"}])", R"([{"op":"add","path":"a","value":1}])", R"([{"op":"add","path":"/a"}])",
        R"([{"op":"move","from":"/a","path":"/a/0"}])", R"([{"op":"copy","from":"/x","path":"/y"}])",
        R"([{"op":"remove","path":"/a/-"}])", R"([{"op":"add","path":"/~2","value":1}])"}) {
    EXPECT_TRUE(patched(R"({"a":[1]})", patch).starts_with("error operation 0")) << patch;
  }
}

TEST(JsonPatch, CopiesThatMultiplyEndAtTheirLimit) {
  std::string patch = "[";
  for (int i = 0; i < 60; ++i) patch += std::string(i == 0 ? "" : ",") + R"({"op":"copy","from":"","path":"/a"})";
  auto root = parse(R"({"a":{},"b":[1,2,3]})"), p = parse(patch + "]");
  base::Arena arena;
  auto result = apply_json_patch(root->root(), p->root(), arena, {.nodes_copied_max = 1000});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, base::Code::kLimit);
}

TEST(MergePatch, ExamplesOfRfc7396) {
  auto merged = [](std::string root, std::string patch) {
    auto r = parse(std::move(root)), p = parse(std::move(patch));
    base::Arena arena;
    return to_json(apply_merge_patch(r->root(), p->root(), arena));
  };
  EXPECT_EQ(merged(R"({"a":"b"})", R"({"a":"c"})"), R"({"a":"c"})");
  EXPECT_EQ(merged(R"({"a":"b","b":"c"})", R"({"a":null})"), R"({"b":"c"})");
  EXPECT_EQ(merged(R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})"), R"({"a":{"b":"d"}})");
  EXPECT_EQ(merged(R"({"a":[{"b":"c"}]})", R"({"a":[1]})"), R"({"a":[1]})");
  EXPECT_EQ(merged(R"(["a","b"])", R"({"a":"b","c":null})"), R"({"a":"b"})");
  EXPECT_EQ(merged(R"({"e":null})", R"({"a":1})"), R"({"e":null,"a":1})");
  EXPECT_EQ(merged(R"({})", R"({"a":{"bb":{"ccc":null}}})"), R"({"a":{"bb":{}}})");
}

std::string random_json(std::mt19937& random, int depth) {
  switch (random() % (depth > 3 ? 4 : 6)) {
    case 0: return std::to_string(random() % 5);
    case 1: return "null";
    case 2: return random() % 2 == 0 ? "true" : "1.5";
    case 3: return "\"s" + std::to_string(random() % 4) + "\"";
    case 4: {
      std::string text = "[";
      for (unsigned i = random() % 5; i > 0; --i) text += random_json(random, depth + 1) + (i > 1 ? "," : "");
      return text + "]";
    }
    default: {
      std::string text = "{", comma;
      for (char key = 'a'; key < 'f'; ++key) {
        if (random() % 2 == 0) continue;
        text += comma + "\"" + (random() % 9 == 0 ? "/~" : "") + std::string(1, key) +
                "\":" + random_json(random, depth + 1);
        comma = ",";
      }
      return text + "}";
    }
  }
}

TEST(Diff, ItsPatchLeadsFromOneTreeToTheOther) {
  constexpr unsigned kSeed = 11;
  std::mt19937 random(kSeed);
  for (int round = 0; round < 3000; ++round) {
    auto from = parse(random_json(random, 0)), to = parse(random_json(random, 0));
    base::Arena arena;
    Node patch = diff(from->root(), to->root(), arena);
    auto result = apply_json_patch(from->root(), patch, arena);
    ASSERT_TRUE(result.has_value()) << "seed " << kSeed << " round " << round << ": " << result.error().text();
    ASSERT_TRUE(equal(*result, to->root())) << "seed " << kSeed << " round " << round << " " << to_json(patch);
    EXPECT_EQ(patch.size == 0, equal(from->root(), to->root()));
  }
}

}  // namespace
}  // namespace ameia::doc
