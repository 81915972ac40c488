// JSON as the API server's decoder reads it: numbers, strings, duplicates, positions, refusals and limits.
#include "doc/json.h"

#include <gtest/gtest.h>

#include "doc/build.h"

namespace ameia::doc {
namespace {

base::Result<std::shared_ptr<Document>> read(std::string text, const Limits& limits = {}) {
  return parse_json(std::make_shared<Source>("t.json", std::move(text)), std::make_shared<Keys>(), limits);
}

std::string round_trip(std::string text) {
  auto document = read(std::move(text));
  return document ? to_json((*document)->root()) : "error: " + document.error().text();
}

TEST(Json, ValuesReadBackAsWritten) {
  for (const char* text : {"null", "true", "0", "-7", "9223372036854775807", "-9223372036854775808", "1.5", "1e+21",
                           "1e-7", "[]", "{}", R"([1,"a",{"b":[null,false]}])", R"("é\n\"\\")", R"({"z":1,"a":2})"}) {
    EXPECT_EQ(round_trip(text), text);
  }
}

TEST(Json, NumbersKeepIntegersAndFloatsApart) {
  auto d = read("[1, 1.0, 1e2, 9223372036854775808, -0, 0.1]");
  ASSERT_TRUE(d.has_value());
  auto items = (*d)->root().list();
  EXPECT_EQ(items[0].kind, Kind::kInt);
  EXPECT_EQ(items[1].kind, Kind::kDouble);
  EXPECT_EQ(items[2].number, 100.0);
  EXPECT_EQ(items[3].number, 9223372036854775808.0);
  EXPECT_EQ(items[4].kind, Kind::kInt);
  EXPECT_EQ(to_json(items[3]), "9223372036854776000");
}

TEST(Json, StringsAreCodePointsAndBrokenOnesAreRepairedAsGoDoes) {
  EXPECT_EQ(round_trip(R"("\ud83d\ude00")"), "\"\xF0\x9F\x98\x80\"");
  EXPECT_EQ(round_trip(R"("\ud800x")"), "\"\xEF\xBF\xBDx\"");
  EXPECT_EQ(round_trip("\"a\xFFz\""), "\"a\xEF\xBF\xBDz\"");
  auto d = read(R"(["abc", "é"])");
  EXPECT_TRUE((*d)->root().items[0].ascii);
  EXPECT_FALSE((*d)->root().items[1].ascii);
}

TEST(Json, TheLastOfEqualKeysWins) {
  auto d = read(R"({"a":1,"b":2,"a":{"c":1,"c":2}})");
  ASSERT_TRUE(d.has_value());
  EXPECT_EQ(to_json((*d)->root()), R"({"a":{"c":2},"b":2})");
  ASSERT_EQ((*d)->duplicates().size(), 2u);
  EXPECT_EQ((*d)->duplicates()[0].path, "/a/c");
  EXPECT_EQ((*d)->duplicates()[1].first_begin, 1u);
}

TEST(Json, ManyMembersFindTheirDuplicatesToo) {
  std::string text = "{";
  for (int i = 0; i < 100; ++i) text += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  auto d = read(text + "\"k7\":700}");
  ASSERT_TRUE(d.has_value());
  EXPECT_EQ((*d)->root().size, 100u);
  EXPECT_EQ((*d)->root()["k7"].integer, 700);
  EXPECT_EQ((*d)->duplicates().size(), 1u);
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const char* text :
       {"",      " ",   "{",   "[1,",     "[1 2]",     "{\"a\" 1}", "{a:1}", "01",   "+1",         ".5",  "1.", "1e",
        "1e400", "nul", "\"a", "\"\\x\"", "\"\\u12\"", "\"\t\"",    "{} {}", "[1]x", "{\"a\":1,}", "NaN", "'a'"}) {
    auto d = read(text);
    ASSERT_FALSE(d.has_value()) << text;
    EXPECT_EQ(d.error().code, base::Code::kInvalidInput);
    EXPECT_TRUE(d.error().where.starts_with("t.json:1:")) << d.error().where;
  }
}

TEST(Json, ErrorsPointAtTheirPlace) {
  auto d = read("{\n  \"é\": [1,\n   x]\n}");
  ASSERT_FALSE(d.has_value());
  EXPECT_EQ(d.error().where, "t.json:3:4");
  EXPECT_NE(d.error().what.find("   x]\n   ^"), std::string::npos) << d.error().what;
}

TEST(Json, LimitsAreOrdinaryErrors) {
  EXPECT_EQ(read(std::string(100'000, '[')).error().code, base::Code::kLimit);
  EXPECT_EQ(read("[1,2,3]", {.nodes_max = 3}).error().code, base::Code::kLimit);
  EXPECT_EQ(read("[1,2,3]", {.bytes_max = 6}).error().code, base::Code::kLimit);
}

TEST(JsonReader, ReusesItsMemoryAndForgetsTheLastInput) {
  JsonReader reader;
  for (int i = 0; i < 3; ++i) {
    auto root = reader.read(R"({"a":{"b":[1,2,{"c":"d\n"}]}})");
    ASSERT_TRUE(root.has_value());
    EXPECT_EQ(to_json(**root), R"({"a":{"b":[1,2,{"c":"d\n"}]}})");
  }
  EXPECT_FALSE(reader.read("{").has_value());
  EXPECT_TRUE(reader.read("{}").has_value());
}

TEST(Equal, ComparesValuesNotSpellings) {
  auto same = [](std::string a, std::string b) {
    return equal((*read(std::move(a)))->root(), (*read(std::move(b)))->root());
  };
  EXPECT_TRUE(same("1", "1.0"));
  EXPECT_TRUE(same(R"({"a":1,"b":[2]})", R"({"b":[2.0],"a":1})"));
  EXPECT_FALSE(same("[1,2]", "[2,1]"));
  EXPECT_FALSE(same("9007199254740993", "9007199254740992.0"));
  EXPECT_FALSE(same(R"({"a":1})", R"({"a":1,"b":null})"));
  EXPECT_FALSE(same("\"1\"", "1"));
}

}  // namespace
}  // namespace ameia::doc
