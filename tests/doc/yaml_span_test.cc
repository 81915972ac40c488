// Spans of YAML values that a fix writes back by, and the limits that keep hostile text bounded.
#include <gtest/gtest.h>

#include <map>

#include "doc/build.h"
#include "doc/json.h"
#include "doc/patch.h"
#include "doc/yaml.h"

namespace ameia::doc {
namespace {

YamlStream read(std::string text, const Limits& limits = {}) {
  return parse_yaml(std::make_shared<Source>("t.yaml", std::move(text)), std::make_shared<Keys>(), limits);
}

std::string spelled(const Document& document, const Node& node) {
  return std::string(document.source().bytes().substr(node.begin, node.end - node.begin));
}

TEST(YamlSpans, CollectionsReachFromTheirFirstChildToTheirLast) {
  const auto stream =
      read("m: &a !!map\n  k: v # note\n  l:\n  - 1\n  -   x: y\n      z:\n\nlist:\n  - a\n  - [b,\n     c]\n# end\n");
  ASSERT_TRUE(stream.errors.empty()) << stream.errors[0].text();
  const Document& d = *stream.documents.at(0);
  const Node& root = d.root();
  EXPECT_EQ(spelled(d, root["m"]), "k: v # note\n  l:\n  - 1\n  -   x: y\n      z:");
  EXPECT_EQ(spelled(d, root["m"]["l"]), "- 1\n  -   x: y\n      z:");
  EXPECT_EQ(spelled(d, root["m"]["l"].items[1]), "x: y\n      z:");
  EXPECT_EQ(spelled(d, root["list"]), "- a\n  - [b,\n     c]");
}

TEST(YamlSpans, BlockScalarsEndWithTheirLastLineOfText) {
  const auto stream = read("a: |+ # note\n  one\n  two  \n\nb: >-\n\n  folded\nc: |\n\nd: 1\n");
  ASSERT_TRUE(stream.errors.empty()) << stream.errors[0].text();
  const Document& d = *stream.documents.at(0);
  EXPECT_EQ(spelled(d, d.root()["a"]), "|+ # note\n  one\n  two  ");
  EXPECT_EQ(d.root()["a"].str(), "one\ntwo  \n\n");
  EXPECT_EQ(spelled(d, d.root()["b"]), ">-\n\n  folded");
  EXPECT_EQ(spelled(d, d.root()["c"]), "|");
}

TEST(YamlSpans, WhatAnAliasBringsIsPlacedAtTheAlias) {
  const auto stream = read("a: &x {k: 1}\nb:\n  <<: *x\n  l: 2\n");
  const Document& d = *stream.documents.at(0);
  const Member& merged = d.root()["b"].members[0];
  EXPECT_TRUE(merged.value.from_alias);
  EXPECT_EQ(spelled(d, merged.value), "*x");
  EXPECT_EQ(d.source().where(merged.key_begin), "t.yaml:3:7");
}

TEST(Yaml, Utf16IsReadThroughItsByteOrderMark) {
  const std::string_view text = "a: \xC3\xA9\n";  // é is one unit
  std::string utf16 = "\xFF\xFE";
  for (const char16_t unit : std::u16string(u"a: é\n")) {
    utf16 += static_cast<char>(unit & 0xFF);
    utf16 += static_cast<char>(unit >> 8);
  }
  const auto stream = read(utf16);
  ASSERT_EQ(stream.documents.size(), 1u);
  EXPECT_EQ(stream.documents[0]->source().bytes(), text);
  EXPECT_EQ(stream.documents[0]->root()["a"].str(), "\xC3\xA9");
}

TEST(Yaml, ABadByteSpoilsOnlyItsOwnDocument) {
  const auto stream = read("a: 1\n---\nb: \xFF\n---\nc: 3\n");
  EXPECT_EQ(stream.documents.size(), 2u);
  ASSERT_EQ(stream.errors.size(), 1u);
  EXPECT_EQ(stream.errors[0].where, "t.yaml:3:4");
}

TEST(Yaml, OneHugeScalarStopsAtItsLimit) {
  const auto stream = read("a: " + std::string(4 << 20, 'x'), {.scalar_bytes_max = 1 << 20});
  ASSERT_EQ(stream.errors.size(), 1u);
  EXPECT_EQ(stream.errors[0].code, base::Code::kLimit);
  EXPECT_TRUE(read("a: " + std::string(1 << 20, 'x')).errors.empty());
}

TEST(Yaml, AnAnchorGivenAgainInsideItselfIsTheInnerOne) {
  const auto stream = read("a: &x [&x 1]\nb: *x\n");
  EXPECT_EQ(to_json(stream.documents.at(0)->root()), R"({"a":[1],"b":1})");
}

TEST(JsonPatch, NestingATreeIntoItselfStopsAtTheDepthLimit) {
  base::Arena arena;
  Builder build(arena);
  std::vector<Node> operations;
  for (int i = 0; i < 600; ++i) {  // each is one level deeper
    operations.push_back(
        build.map({{"op", build.string("copy")}, {"from", build.string("")}, {"path", build.string("/a")}}));
  }
  const auto result = apply_json_patch(build.map({{"a", build.null()}}), build.list(operations), arena);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, base::Code::kLimit);
}

}  // namespace
}  // namespace ameia::doc
