#include <gtest/gtest.h>

#include "doc/build.h"
#include "doc/json.h"

namespace ameia::doc {
namespace {

std::shared_ptr<Document> parse(std::string text) {
  auto document = parse_json(std::make_shared<Source>("t.json", std::move(text)), std::make_shared<Keys>());
  EXPECT_TRUE(document) << (document ? "" : document.error().text());
  return document ? *document : std::make_shared<Document>(std::make_shared<Source>("", ""), nullptr);
}

base::Error error_of(std::string text, const Limits& limits = {}) {
  auto document = parse_json(std::make_shared<Source>("t.json", std::move(text)), std::make_shared<Keys>(), limits);
  EXPECT_FALSE(document);
  return document ? base::Error{} : document.error();
}

std::string_view written(const Document& document, const Node& node) {
  return document.source().bytes().substr(node.begin, node.end - node.begin);
}

TEST(JsonTree, ReadsEveryKind) {
  const auto document = parse(R"( {"a": [1, -2, 3.5, 1e3, true, false, null, "x"], "b": {}, "c": []} )");
  const Node& root = document->root();
  ASSERT_TRUE(root.is_map());
  EXPECT_EQ(to_json(root), R"({"a":[1,-2,3.5,1000,true,false,null,"x"],"b":{},"c":[]})");
  EXPECT_TRUE(root["a"].items[0].is_int());
  EXPECT_EQ(root["a"].items[3].kind, Kind::kDouble) << "1e3 is written as a float";
}

TEST(JsonTree, SpansAreTheBytesOfTheValue) {
  const auto document = parse("\xEF\xBB\xBF{\"a\": [1, \"\xC3\xA9\"],\r\n \"bc\" : {\"d\": null}}");
  const Node& root = document->root();
  EXPECT_EQ(written(*document, root["a"]), "[1, \"\xC3\xA9\"]");
  EXPECT_EQ(written(*document, root["a"].items[1]), "\"\xC3\xA9\"");
  EXPECT_EQ(written(*document, root["bc"]["d"]), "null");
  EXPECT_EQ(document->source().where(root.members[1].key_begin), "t.json:2:2");
  EXPECT_EQ(document->source().where(root.begin), "t.json:1:1") << "a byte order mark has no column";
  EXPECT_EQ(document->source().where(root["a"].items[1].begin), "t.json:1:11");
}

TEST(JsonTree, IntegersKeepSixtyThreeBits) {
  const auto document =
      parse("[9223372036854775807, -9223372036854775808, 9223372036854775808, 18446744073709551616, -0]");
  const Node& root = document->root();
  EXPECT_EQ(root.items[0].integer, INT64_MAX);
  EXPECT_EQ(root.items[1].integer, INT64_MIN);
  EXPECT_EQ(root.items[2].kind, Kind::kDouble);
  EXPECT_EQ(root.items[2].number, 0x1p63);
  EXPECT_EQ(root.items[3].number, 0x1p64);
  EXPECT_TRUE(root.items[4].is_int());
}

TEST(JsonTree, TheLastDuplicateWinsAndBothPlacesAreTold) {
  const auto document = parse(R"({"x": [0, {"a/b": 1, "c": 2, "a/b": 3}]})");
  EXPECT_EQ(to_json(document->root()), R"({"x":[0,{"a/b":3,"c":2}]})");
  ASSERT_EQ(document->duplicates().size(), 1u);
  EXPECT_EQ(document->duplicates()[0].path, "/x/1/a~1b");
  EXPECT_EQ(document->duplicates()[0].first_begin, 11u);
  EXPECT_EQ(document->duplicates()[0].second_begin, 29u);
}

TEST(JsonTree, StringsAreReadAsGoReadsThem) {
  EXPECT_EQ(parse(R"("\u0041\n\"\\\/\ud83d\ude00")")->root().str(), "A\n\"\\/\xF0\x9F\x98\x80");
  EXPECT_EQ(parse(R"("\ud800x\udc00")")->root().str(), "\xEF\xBF\xBDx\xEF\xBF\xBD") << "half of a pair";
  EXPECT_EQ(parse("\"a\xFFz\"")->root().str(), "a\xEF\xBF\xBDz") << "no UTF-8";
  EXPECT_TRUE(parse("\"plain\"")->root().ascii);
  EXPECT_FALSE(parse("\"\xC3\xA9\"")->root().ascii);
}

TEST(JsonTree, ErrorsPointAtTheByte) {
  EXPECT_EQ(error_of("{\"a\": 1,\n \"b\" 2}").where, "t.json:2:6");
  EXPECT_NE(error_of("{\"a\": 1,\n \"b\" 2}").what.find("\n \"b\" 2}\n     ^"), std::string::npos)
      << error_of("{\"a\": 1,\n \"b\" 2}").what;
  for (const char* bad : {"",      "[1,]", "{\"a\":1,}", "01",     "1.",      ".5",        "1e",     "-",
                          "+1",    "tru",  "nulll",      "\"a",    "\"\\x\"", "\"\\u12\"", "\"\t\"", "[1 2]",
                          "{1:2}", "[",    "{",          "{\"a\"", "1 2",     "NaN",       "'a'",    "// x\n1"}) {
    EXPECT_EQ(error_of(bad).code, base::Code::kInvalidInput) << bad;
  }
  EXPECT_EQ(error_of("1e400").code, base::Code::kInvalidInput) << "Go refuses it too";
  EXPECT_EQ(parse("1e-400")->root().number, 0.0);
}

TEST(JsonTree, EveryLimitIsAnError) {
  EXPECT_EQ(error_of("[[[]]]", {.depth_max = 2}).code, base::Code::kLimit);
  EXPECT_EQ(error_of("[1,2]", {.nodes_max = 2}).code, base::Code::kLimit);
  EXPECT_EQ(error_of("[1,2]", {.bytes_max = 4}).code, base::Code::kLimit);
  EXPECT_EQ(error_of(std::string(100'000, '[')).code, base::Code::kLimit);
}

TEST(JsonTree, TheReaderReadsAgainAndAgain) {
  JsonReader reader;
  for (int i = 0; i < 3; ++i) {
    const std::string text = "{\"n\": " + std::to_string(i) + ", \"s\": \"\\t\"}";
    const auto root = reader.read(text);
    ASSERT_TRUE(root);
    EXPECT_EQ((**root)["n"].integer_or(-1), i);
  }
  EXPECT_EQ(reader.read("[", "body").error().where, "body:1:2");
}

TEST(Keys, CollidingKeysStayApart) {
  Keys keys;
  std::vector<const Key*> made;
  for (int i = 0; i < 1000; ++i) made.push_back(keys.intern(std::to_string(i), 7));
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(made[static_cast<size_t>(i)]->view(), std::to_string(i));
    EXPECT_EQ(keys.intern(std::to_string(i), 7), made[static_cast<size_t>(i)]);
  }
}

TEST(JsonTree, EqualComparesIntegersWithDoubles) {
  EXPECT_TRUE(equal(parse("[1, {\"a\": 2.0, \"b\": 3}]")->root(), parse("[1.0, {\"b\": 3, \"a\": 2}]")->root()));
  EXPECT_FALSE(equal(parse("9007199254740993")->root(), parse("9007199254740992.0")->root())) << "no rounding";
  EXPECT_FALSE(equal(parse("[1,2]")->root(), parse("[2,1]")->root()));
}

}  // namespace
}  // namespace ameia::doc
