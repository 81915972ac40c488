// The block reader against libyaml: the same trees, spans, duplicates and errors for every text, and the texts that it
// reads itself, so that a fast path which gives up on everything does not pass as correct.
#include "doc/internal/yaml_block.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "yaml_streams.h"

namespace ameia::doc {
namespace {

std::string difference_of_readers(const std::string& text, const Limits& limits = {}) {
  const auto read = [&](internal::YamlReaders readers) {
    return internal::read_yaml_stream(std::make_shared<Source>("t.yaml", text), std::make_shared<Keys>(), limits,
                                      readers);
  };
  const YamlStream both = read(internal::YamlReaders::kBoth);
  const YamlStream one = read(internal::YamlReaders::kLibyaml);
  return difference(both, one);
}

bool reads_itself(const std::string& text) {
  auto source = std::make_shared<Source>("t.yaml", text);
  auto keys = std::make_shared<Keys>();
  const Limits limits;
  Document document(source, keys);
  internal::YamlTree tree(*keys, limits);
  tree.start(document);
  internal::YamlBlockReader reader(tree, limits);
  return reader.read(source->bytes(), 0, static_cast<uint32_t>(text.size()));
}

const std::vector<std::string> kOwn = {
    "a: 1\n",
    "a: 1",
    "---\na: b # c\n",
    "--- # c\na:\n",
    "# only a comment\n",
    "",
    "---\n",
    "a:\nb:\n",
    "a:\n- x\n- y: 1\n  z: 2\n-\n- - p\n  - q\nb: c\n",
    "a:\n  - x\n  -\n    k: v\n  # note\n  - l:\n    - m\n    n: o\n",
    "- a\n- b: c\n  d:\n  - e\n",
    "a: it's \"so\" #1 a#b c:d http://x:80/ -x\n",
    "'k''k': 'v''v'\n\"q\\\"\\n\": \"\\\\ \\t é\"\n\"s\" : t\n",
    "a: |\n  one\n   two\n\n  three  \n\n\nb: |-\n  x\nc: |+\n  y\n\nd: 1\n",
    "a: >\n  one\n  two\n\n  three\n    more\n   less\n\n  four\nb: >-\n\n  x\n  y\n",
    "a: |\n  no line break at the end",
    "a: |\n  # not a comment\n  \ttab\n# a comment\nb: 1\n",
    "a: plain\n  goes\n\n  on # here\nb: 1\n",
    "- plain\n goes\n  on\n- x\n",
    "a:\n  text on its line\n  and more\nb:\n  'quoted'\n",
    "a: []\nb: {}\nc: [1, \"two\", '3', -x, a:b, --f=g]\nd: {k: v, \"l\": [x, {m: 1}]}\n",
    "a: 1\na: 2\nb: {c: 1, c: 2}\n",
    "yes: no\n1: 2\n1.5: 0x10\nn: ~\n",
    "a: é ü 日本\nç: ñ\n",
    "key with spaces : v\n-x: y\n",
    "a:   \n   b:   c   \n",
};

TEST(YamlBlocks, ReadsWhatManifestsAreWrittenIn) {
  for (const std::string& text : kOwn) {
    EXPECT_TRUE(reads_itself(text)) << text;
    EXPECT_EQ(difference_of_readers(text), "") << text;
  }
}

TEST(YamlBlocks, LeavesToLibyamlWhatIsWrongOrRare) {
  for (const std::string text : {"a: &x 1\nb: *x\n",
                                 "a: !!str 1\n",
                                 "%YAML 1.1\n---\na: 1\n",
                                 "a: 'x\n  y'\n",
                                 "a: \"x\n  y\"\n",
                                 "a: b: c\n",
                                 "a: b\n c: d\n",
                                 "a: [1,\n 2]\n",
                                 "a:\tb\n",
                                 "a: b\t\n",
                                 "\ta: b\n",
                                 "a: 1\r\nb: 2\r\n",
                                 "a: 1\n b: 2\n",
                                 "  a: 1\n b: 2\n",
                                 "- a\nb: c\n",
                                 "a: 1\n- b\n",
                                 "a: @x\n",
                                 "? a\n: b\n",
                                 "<<: {a: 1}\n",
                                 "plain\n",
                                 "{a: 1}\n",
                                 "a: |2\n  x\n",
                                 "a: |\nb: 1\n",
                                 "a: |\n    \n  x\n",
                                 "a: 1\n...\nb: 2\n",
                                 "a: \"\\u00e9\"\n",
                                 "a: \xFF\n",
                                 "a: \xC2\x85 b\n",
                                 "a: x\x01\n",
                                 "\xEF\xBB\xBF"
                                 "a: 1\n",
                                 "a: \xE2\x80\xA8 b\n",
                                 "'a':b\n",
                                 "a: 'b'#c\n",
                                 "a: 'b' c\n",
                                 "- - - |\n"}) {
    EXPECT_FALSE(reads_itself(text)) << text;
    EXPECT_EQ(difference_of_readers(text), "") << text;
  }
}

TEST(YamlBlocks, LimitsAreToldInOneVoice) {
  std::string deep;
  for (int i = 0; i < 40; ++i) deep += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  EXPECT_EQ(difference_of_readers(deep, {.depth_max = 20}), "");
  EXPECT_EQ(difference_of_readers("a: [[[[[[[[1]]]]]]]]\n", {.depth_max = 5}), "");
  EXPECT_EQ(difference_of_readers("a: 1\nb: 2\nc: 3\n", {.nodes_max = 4}), "");
  EXPECT_EQ(difference_of_readers(std::string(1 << 17, '#') + "\na: 1\n", {.scalar_bytes_max = 1 << 16}), "");
  EXPECT_EQ(difference_of_readers("a: " + std::string(2000, 'k') + ": v\n"), "");
  EXPECT_EQ(difference_of_readers(std::string(2000, 'k') + ": v\n"), "");
}

// Pieces that YAML gives meaning to, put together at random: most texts are broken, and must be broken alike.
TEST(YamlBlocks, ReadsRandomTextsLikeLibyaml) {
  static const std::vector<std::string> pieces = {
      "a",      "b: ",      "c:",         "- ",  "-",  "\n",     "\n  ",  "\n    ", "\n\n",   " ",   "# x",   " #",
      "'",      "\"",       "''",         "|",   ">",  "|-",     ">+",    "[",      "]",      "{",   "}",     ", ",
      ":",      "é",        "x y",        "1",   "~",  "true",   "---",   "\n--- ", "&a ",    "*a",  "!t ",   "\t",
      "\n- ",   "\n  - ",   "?",          "\\n", "\\", "<<",     "\n...", "@",      "%",      "'q'", "\"r\"", "k: v",
      "\nk: v", "\n  m: w", "\n  - n: o", "[]",  "{}", "{s: t}", ": ",    "|\n  ",  ">\n    "};
  constexpr int kTexts = 60'000;
  std::mt19937 random(20'261'125);
  int own = 0;
  for (int i = 0; i < kTexts; ++i) {
    std::string text;
    const size_t n = 1 + random() % 14;
    for (size_t j = 0; j < n; ++j) text += pieces[random() % pieces.size()];
    own += reads_itself(text) ? 1 : 0;
    ASSERT_EQ(difference_of_readers(text), "") << "seed 20261125, text " << i << ":\n" << text;
  }
  EXPECT_GT(own, kTexts / 50);
}

// Real text with small damage.
TEST(YamlBlocks, ReadsDamagedManifestsLikeLibyaml) {
  std::vector<std::string> texts;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(AMEIA_SOURCE_DIR "/examples/estate")) {
    if (entry.path().extension() != ".yaml") continue;
    std::ifstream in(entry.path(), std::ios::binary);
    texts.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  ASSERT_GT(texts.size(), 5u);
  std::mt19937 random(7);
  static constexpr std::string_view kBytes = " \n-:#'\"|>[]{},&*!ab0\t~%";
  for (const std::string& text : texts) {
    ASSERT_EQ(difference_of_readers(text), "");
    for (int i = 0; i < 150; ++i) {
      std::string damaged = text;
      const size_t times = 1 + random() % 3;
      for (size_t j = 0; j < times && !damaged.empty(); ++j) {
        const size_t at = random() % damaged.size();
        switch (random() % 3) {
          case 0: damaged.erase(at, 1 + random() % 4); break;
          case 1: damaged.insert(at, 1, kBytes[random() % kBytes.size()]); break;
          default: damaged[at] = kBytes[random() % kBytes.size()]; break;
        }
      }
      ASSERT_EQ(difference_of_readers(damaged), "") << damaged;
    }
  }
}

}  // namespace
}  // namespace ameia::doc
