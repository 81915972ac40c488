#include "expr/parse.h"

#include <gtest/gtest.h>

#include "expr/escape.h"

namespace ameia::expr {
namespace {

std::string round_trip(const std::string& source) {
  auto ast = parse(source);
  return ast ? unparse(*(*ast)->root) : format_issues(source, ast.error());
}

// The text of a tree, parsed again, is the same tree.
TEST(Unparse, IsStable) {
  for (const char* source : {"1 + 2 * 3 - -4",
                             "(1 + 2) * 3",
                             "1 - (2 - 3)",
                             "!(a && b) || c",
                             "a ? b : c ? d : e",
                             "(a ? b : c) ? d : e",
                             "-(1)",
                             "-a.b",
                             "a.b[0].?c[?1]",
                             "[1, ?a, 2u]",
                             "{'k': 1, ?b: 2.0}",
                             "pkg.Type{field: 1, ?other: 2}",
                             "has(a.b)",
                             "l.all(x, x > 0)",
                             "l.exists(i, v, i == v)",
                             "l.exists_one(x, x)",
                             "l.map(x, x + 1)",
                             "l.map(x, x > 0, x + 1)",
                             "l.filter(x, x in [1])",
                             "m.transformMap(k, v, k + v)",
                             "m.transformMap(k, v, v > 0, k)",
                             "m.transformMapEntry(k, v, {v: k})",
                             "l.transformList(i, v, i)",
                             "cel.bind(v, 1 + 1, v * v)",
                             "o.optMap(v, v + 1)",
                             "o.optFlatMap(v, v.?x)",
                             "l.sortBy(e, e.x)",
                             "b'\\xff\\x00'",
                             "'\\n\"\\\\'",
                             "r'\\d'",
                             "a.`b-c`",
                             "math.greatest(1, 2)",
                             ".a.b",
                             "1.0",
                             "1e300",
                             "a.f(1)(",
                             "x == y in z"}) {
    const std::string once = round_trip(source);
    if (once.starts_with("ERROR")) continue;
    EXPECT_EQ(round_trip(once), once) << source;
  }
  EXPECT_EQ(round_trip("1+2*3"), "1 + 2 * 3");
  EXPECT_EQ(round_trip("(1+2)*3"), "(1 + 2) * 3");
  EXPECT_EQ(round_trip("l.map(x,x>0,x+1)"), "l.map(x, x > 0, x + 1)");
}

std::string string_literal(const std::string& source) {
  auto ast = parse(source);
  if (!ast) return "error: " + ast.error()[0].message;
  return std::string((*ast)->root->literal.text);
}

TEST(Literals, Strings) {
  using namespace std::string_literals;
  EXPECT_EQ(string_literal(R"('\a\b\f\n\r\t\v\\\'\"\?\`')"), "\a\b\f\n\r\t\v\\'\"?`");
  EXPECT_EQ(string_literal(R"('\x41\u00e9\U0001F600\101')"), "Aé😀A");
  EXPECT_EQ(string_literal(R"('\377')"), "ÿ");
  EXPECT_EQ(string_literal(R"(b'\377\xfe')"), "\377\xfe");
  EXPECT_EQ(string_literal("'''a\r\nb'''"), "a\nb");
  EXPECT_EQ(string_literal(R"(r'\n')"), "\\n");
  EXPECT_EQ(string_literal("R\"\"\"a\"b\\\"\"\""), "a\"b\\");
  EXPECT_EQ(string_literal("b'é'"), "é");
  EXPECT_EQ(string_literal("''"), "");
  EXPECT_EQ(string_literal("''''''"), "");
  EXPECT_EQ(string_literal(R"('\uD800')"), "error: invalid unicode code point");
  EXPECT_EQ(string_literal(R"('\U00110000')"), "error: invalid unicode code point");
  EXPECT_EQ(string_literal(R"(b'\u0041')"), "error: unable to unescape string");
  EXPECT_EQ(string_literal("'\\x00'"), "\0"s);
}

TEST(Literals, Numbers) {
  const auto literal = [](const std::string& source) {
    auto ast = parse(source);
    return ast ? (*ast)->root->literal : Literal{};
  };
  EXPECT_EQ(literal("-9223372036854775808").integer, INT64_MIN);
  EXPECT_EQ(literal("-0x8000000000000000").integer, INT64_MIN);
  EXPECT_EQ(literal("0x7FFFFFFFFFFFFFFF").integer, INT64_MAX);
  EXPECT_EQ(literal("18446744073709551615u").unsigned_integer, UINT64_MAX);
  EXPECT_EQ(literal("0xFFU").unsigned_integer, 255u);
  EXPECT_DOUBLE_EQ(literal("-1.5e-3").number, -0.0015);
  EXPECT_DOUBLE_EQ(literal(".5").number, 0.5);
  EXPECT_EQ(literal("1e-400").number, 0.0);
}

TEST(Ast, SpansAndCarets) {
  auto ast = parse("foo(a.b, 1)");
  ASSERT_TRUE(ast);
  const Expr& call = *(*ast)->root;
  EXPECT_EQ(call.begin, 0u);
  EXPECT_EQ(call.end, 11u);
  EXPECT_EQ(call.caret, 3u);
  EXPECT_EQ(call.args[0]->caret, 5u);
  EXPECT_EQ(call.args[0]->begin, 4u);
  EXPECT_EQ(call.args[0]->end, 7u);
}

TEST(Escape, Fields) {
  for (const char* field : {"plain", "a-b", "a.b/c", "a__b", "namespace", "_x", "a_b"}) {
    const auto escaped = escape_field(field);
    ASSERT_TRUE(escaped) << field;
    EXPECT_EQ(unescape_field(*escaped), field);
  }
  EXPECT_EQ(escape_field("a-b.c/d"), "a__dash__b__dot__c__slash__d");
  EXPECT_EQ(escape_field("namespace"), "__namespace__");
  EXPECT_EQ(escape_field("a b"), std::nullopt);
  EXPECT_EQ(escape_field("1a"), std::nullopt);
  EXPECT_EQ(escape_field(""), std::nullopt);
  EXPECT_EQ(unescape_field("a__nothing__"), std::nullopt);
}

}  // namespace
}  // namespace ameia::expr
