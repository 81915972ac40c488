// YAML against what sigs.k8s.io/yaml makes of the same text (tests/cases/doc/yaml.case holds its recorded answers),
// spans to the byte, limits, and streams with a broken document.
#include "doc/yaml.h"

#include <gtest/gtest.h>

#include <fstream>

#include "doc/json.h"

namespace ameia::doc {
namespace {

YamlStream read(std::string text, const Limits& limits = {}) {
  return parse_yaml(std::make_shared<Source>("t.yaml", std::move(text)), std::make_shared<Keys>(), limits);
}

std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == 'n' || text[i + 1] == 't')) {
      out += text[++i] == 'n' ? '\n' : '\t';
    } else {
      out += text[i];
    }
  }
  return out;
}

// "input => JSON" or "input => !" for an error; \n and \t in the input.
TEST(Yaml, MeansWhatKubernetesReads) {
  std::ifstream cases(AMEIA_SOURCE_DIR "/tests/cases/doc/yaml.case");
  ASSERT_TRUE(cases.good());
  std::string line;
  int ran = 0;
  while (std::getline(cases, line)) {
    size_t arrow = line.find(" => ");
    if (line.empty() || line[0] == '#' || arrow == std::string::npos) continue;
    ++ran;
    YamlStream stream = read(unescape(line.substr(0, arrow)));
    std::string expected = line.substr(arrow + 4);
    if (expected == "!") {
      EXPECT_FALSE(stream.errors.empty()) << line;
    } else {
      ASSERT_TRUE(stream.errors.empty()) << line << "\n" << stream.errors[0].text();
      std::string got = stream.documents.empty() ? "null" : to_json(stream.documents[0]->root(), KeyOrder::kSorted);
      EXPECT_EQ(got, expected) << line;
    }
  }
  EXPECT_GT(ran, 80);
}

std::string spelled(const Document& document, const Node& node) {
  return std::string(document.source().bytes().substr(node.begin, node.end - node.begin));
}

TEST(Yaml, SpansAreExactToTheByte) {
  YamlStream stream = read(
      "\xEF\xBB\xBF# é\r\na: 'it''s'\r\nç: &x \"dé\"\r\nlist:\r\n- plain text\r\n- *x\r\nflow: {k: [1, 2]}\r\nblock: "
      "|\r\n  l1\r\n  l2\r\nend: !!str 7\r\n");
  ASSERT_TRUE(stream.errors.empty()) << stream.errors[0].text();
  const Document& d = *stream.documents.at(0);
  const Node& root = d.root();
  EXPECT_EQ(spelled(d, root["a"]), "'it''s'");
  EXPECT_EQ(root["a"].str(), "it's");
  EXPECT_EQ(spelled(d, root["ç"]), "\"dé\"");
  EXPECT_EQ(spelled(d, root["list"].items[0]), "plain text");
  EXPECT_EQ(spelled(d, root["list"].items[1]), "*x");
  EXPECT_TRUE(root["list"].items[1].from_alias);
  EXPECT_EQ(root["list"].items[1].str(), "dé");
  EXPECT_EQ(spelled(d, root["flow"]), "{k: [1, 2]}");
  EXPECT_EQ(root["block"].str(), "l1\nl2\n");
  EXPECT_EQ(spelled(d, root["end"]), "7");
  EXPECT_EQ(root["end"].str(), "7");
  Position at = d.position(root["ç"]);
  EXPECT_EQ(at.line, 3u);
  EXPECT_EQ(at.column, 7u);
  EXPECT_EQ(d.source().position(root.map()[1].key_begin).column, 1u);
}

TEST(Yaml, DuplicateKeysKeepTheLastAndAreReported) {
  YamlStream stream = read("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\na: 4\n");
  const Document& d = *stream.documents.at(0);
  EXPECT_EQ(to_json(d.root()), R"({"a":4,"b":{"c":3,"d":2}})");
  ASSERT_EQ(d.duplicates().size(), 2u);
  EXPECT_EQ(d.duplicates()[0].path, "/b/c");
  EXPECT_EQ(d.source().position(d.duplicates()[0].first_begin).line, 3u);
  EXPECT_EQ(d.source().position(d.duplicates()[0].second_begin).line, 5u);
  EXPECT_EQ(d.duplicates()[1].path, "/a");
}

TEST(Yaml, ABrokenDocumentDoesNotHideTheOthers) {
  YamlStream stream = read("a: 1\n---\nb: [1,\n---\nc: 3\n");
  ASSERT_EQ(stream.documents.size(), 2u);
  EXPECT_EQ(to_json(stream.documents[1]->root()), R"({"c":3})");
  ASSERT_EQ(stream.errors.size(), 1u);
  EXPECT_TRUE(stream.errors[0].where.starts_with("t.yaml:")) << stream.errors[0].where;
  EXPECT_NE(stream.errors[0].what.find('^'), std::string::npos);
}

TEST(Yaml, EmptyDocumentsAreSkipped) {
  EXPECT_TRUE(read("").documents.empty());
  EXPECT_TRUE(read("# only a comment\n---\n---\n").documents.empty());
  EXPECT_EQ(read("---\n# c\n---\na: 1\n...\n---\nb: 2\n").documents.size(), 2u);
}

TEST(Yaml, BillionLaughsEndAtTheAliasLimit) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    std::string last = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last;
    for (int j = 0; j < 8; ++j) text += ", " + last;
    text += "]\n";
  }
  YamlStream stream = read(text);
  ASSERT_EQ(stream.errors.size(), 1u);
  EXPECT_EQ(stream.errors[0].code, base::Code::kLimit);
}

TEST(Yaml, LimitsAreOrdinaryErrors) {
  std::string deep;
  for (int i = 0; i < 600; ++i) deep += "[";
  EXPECT_EQ(read(deep).errors.at(0).code, base::Code::kLimit);
  std::string items = "[";
  for (int i = 0; i < 100; ++i) items += "1,";
  EXPECT_EQ(read(items + "1]", {.nodes_max = 50}).errors.at(0).code, base::Code::kLimit);
  EXPECT_EQ(read(std::string(1000, 'x'), {.bytes_max = 999}).errors.at(0).code, base::Code::kLimit);
  EXPECT_FALSE(read("a: &x [*x]\n").errors.empty()) << "an anchor that contains itself";
  EXPECT_FALSE(read("a: *nowhere\n").errors.empty());
  EXPECT_FALSE(read(std::string("a: \xff\n")).errors.empty()) << "invalid UTF-8";
  EXPECT_FALSE(read(std::string("a: b\0c\n", 7)).errors.empty()) << "binary";
}

TEST(Yaml, WhatIsWrittenIsReadBack) {
  for (
      const char* json :
      {"null", "[]", "{}", "\"\"",
       R"(["yes","no","1","1.5","~","null","0x1F","-","- a","a: b","a #b","#","%","@","`","...","---","<<","y"])",
       R"({"a":{"b":[{"c":1,"d":[]},[1,[2,{}]]],"e":null},"yes":1,"":2,"<<":3,"? x":4,"k: v":5})",
       R"(["line\nbreak","tab\t","\u0000\u007f\u0085\u2028\ufeff\uffff","\ud83d\ude00"," lead","trail ","two  spaces","a:b","http://x/y?z=1"])",
       R"([1.5,1e21,-0.25,9223372036854775807,18446744073709551615])"}) {
    auto document = parse_json(std::make_shared<Source>("j", json), std::make_shared<Keys>());
    ASSERT_TRUE(document.has_value()) << json;
    std::string yaml = to_yaml((*document)->root());
    YamlStream stream = read(yaml);
    ASSERT_TRUE(stream.errors.empty()) << yaml << stream.errors[0].text();
    EXPECT_EQ(to_json(stream.documents.empty() ? kNullNode : stream.documents[0]->root()), to_json((*document)->root()))
        << yaml;
  }
}

TEST(Yaml, LongKeysAreWrittenExplicitly) {
  std::string json = "{\"" + std::string(2000, 'k') + "\":[1,{\"a\":2}]}";
  auto document = parse_json(std::make_shared<Source>("j", json), std::make_shared<Keys>());
  YamlStream stream = read(to_yaml((*document)->root()));
  ASSERT_TRUE(stream.errors.empty());
  EXPECT_EQ(to_json(stream.documents.at(0)->root()), json);
}

}  // namespace
}  // namespace ameia::doc
