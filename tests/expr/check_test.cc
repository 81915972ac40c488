// tests/cases/expr/*.case: an expression after "> ", then its type or every issue in cel-go's words. The texts were
// compared with cel-go 0.26.
#include "expr/check.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace ameia::expr {
namespace {

const Env& everything() {
  static const Env env = [] {
    EnvBuilder builder(Version::all());
    builder.variable("a", "dyn")
        .variable("i", "int")
        .variable("m", "map(string, int)")
        .variable("s", "string")
        .variable("l", "list(string)");
    builder.variable("x.y", "bool").variable("opt", "optional(int)");
    auto built = builder.build();
    EXPECT_TRUE(built.has_value()) << (built ? "" : built.error().text());
    return std::move(*built);
  }();
  return env;
}

std::string outcome(const std::string& source, const CheckOptions& options) {
  auto checked = compile(source, everything(), options);
  return checked ? to_string(checked->result) : format_issues(source, checked.error());
}

struct Case {
  std::string where, source, expected;
};
std::vector<Case> read_cases(const std::string& file) {
  std::vector<Case> cases;
  std::ifstream in(std::string(AMEIA_SOURCE_DIR) + "/tests/cases/expr/" + file);
  EXPECT_TRUE(in.good()) << file;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.starts_with("# ") || line.empty()) continue;
    if (line.starts_with("> "))
      cases.push_back({file + ":" + std::to_string(number), line.substr(2), ""});
    else if (!cases.empty())
      cases.back().expected += (cases.back().expected.empty() ? "" : "\n") + line;
  }
  EXPECT_FALSE(cases.empty());
  return cases;
}

TEST(Check, Cases) {
  for (const Case& c : read_cases("check.case"))
    EXPECT_EQ(outcome(c.source, {}), c.expected) << c.where << " " << c.source;
}

TEST(Check, StrictLiterals) {
  CheckOptions options;
  options.homogeneous_literals = true;
  options.validate_literals = true;
  for (const Case& c : read_cases("literals.case"))
    EXPECT_EQ(outcome(c.source, options), c.expected) << c.where << " " << c.source;
}

TEST(Check, DepthLimits) {
  const auto repeat = [](const std::string& part, int n) {
    std::string out;
    for (int i = 0; i < n; ++i) out += part;
    return out;
  };
  EXPECT_EQ(outcome(repeat("(", 249) + "1" + repeat(")", 249), {}), "int");
  EXPECT_EQ(outcome(repeat("(", 250) + "1" + repeat(")", 250), {}),
            "ERROR: <input>:-1:0: expression recursion limit exceeded: 250");
  EXPECT_EQ(outcome("1" + repeat(" + 1", 250), {}), "int");
  EXPECT_EQ(outcome("1" + repeat(" + 1", 251), {}), "ERROR: <input>:-1:0: max recursion depth exceeded");
  EXPECT_EQ(outcome("a" + repeat(".b", 251), {}), "ERROR: <input>:-1:0: max recursion depth exceeded");
  EXPECT_EQ(outcome(repeat("!", 1001) + "true", {}), "bool");
  EXPECT_EQ(outcome("true" + repeat(" || true", 5000), {}), "bool");
}

// Each optMap writes its target twice: fifty of them would be 2^50 nodes.
TEST(Check, NodeLimit) {
  std::string source = "opt";
  for (int i = 0; i < 50; ++i) source += ".optMap(v, v)";
  EXPECT_EQ(outcome(source, {}), "ERROR: <input>:-1:0: expression node limit exceeded: 100000");
}

// A type that doubles at every level is refused, not built.
TEST(Check, TypeLimit) {
  std::string source = "1";
  for (int i = 60; i-- > 0;) {
    const std::string inner = i == 0 ? "1" : "v" + std::to_string(i - 1);
    source = "cel.bind(v" + std::to_string(i) + ", {" + inner + ": " + inner + "}, " + source + ")";
  }
  EXPECT_EQ(outcome(source + " + v", {}).substr(0, 5), "ERROR");
}

TEST(Check, SourceLimit) {
  EXPECT_EQ(outcome(std::string(100'001, ' '), {}),
            "ERROR: <input>:-1:0: expression code point size exceeds limit: size: 100001, limit 100000");
  EXPECT_TRUE(outcome("'\xff'", {}).starts_with("ERROR: <input>:1:2: Syntax error: the expression is not valid UTF-8"));
}

TEST(Check, ReferencesTellVariablesFromLoopVariablesAndTypes) {
  auto checked = compile("[1].exists(i, i == .i) && type(i) == int && x.y", everything());
  ASSERT_TRUE(checked) << format_issues("", checked.error());
  std::vector<std::string> found;
  for (const Reference& r : checked->references) {
    if (!r.variable.empty() && r.variable[0] != '@') {
      found.push_back(std::string(r.variable) + (r.local ? " local" : "") + (r.type_value != nullptr ? " type" : ""));
    }
  }
  EXPECT_EQ(found, (std::vector<std::string>{"i local", "i", "i", "int type", "x.y"}));
}

TEST(Check, NamespacedCallsLoseTheirReceiver) {
  auto checked = compile("optional.of(1)", everything());
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->ast->root->name, "optional.of");
  EXPECT_FALSE(checked->ast->root->receiver);
  ASSERT_EQ(checked->references[checked->ast->root->id].overloads.size(), 1u);
}

// A wrapper of a scalar is the scalar, and may still be compared with null.
TEST(Check, WrappersBecomeCalls) {
  auto checked = compile("google.protobuf.Int32Value{value: 1} != null", everything());
  ASSERT_TRUE(checked) << format_issues("", checked.error());
  EXPECT_EQ(checked->ast->root->args[0]->kind, ExprKind::kCall);
  EXPECT_TRUE(
      outcome("google.protobuf.Int32Value{other: 1}", {}).starts_with("ERROR: <input>:1:33: undefined field 'other'"));
  EXPECT_FALSE(compile("google.protobuf.Int32Value{value: 'a'}", everything()));
}

TEST(Check, Disabled) {
  CheckOptions options;
  options.enabled = false;
  auto checked = compile("nowhere.at(1) || [1, 'a'][0] < true", everything(), options);
  ASSERT_TRUE(checked) << format_issues("", checked.error());
  EXPECT_EQ(to_string(checked->result), "dyn");
}

}  // namespace
}  // namespace ameia::expr
