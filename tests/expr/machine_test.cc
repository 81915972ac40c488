#include <fstream>
#include <sstream>

#include "expr/support.h"

namespace ameia::expr::test {
namespace {

struct Case {
  std::string where, expression, value;
  long cost = -1;
};

// tests/cases/expr/*.case: "expression ⇒ value" or "expression ⇒ value @ cost", one a line; '#' comments.
std::vector<Case> cases(const std::string& file) {
  std::ifstream in(std::string(AMEIA_SOURCE_DIR).append("/tests/cases/expr/").append(file));
  EXPECT_TRUE(in.good()) << file;
  std::vector<Case> out;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line[0] == '#') continue;
    size_t arrow = line.find(" => ");
    if (arrow == std::string::npos) {
      ADD_FAILURE() << file << ':' << number << ": no '=>'";
      continue;
    }
    Case c;
    c.where = file + ":" + std::to_string(number);
    c.expression = line.substr(0, arrow);
    c.value = line.substr(arrow + 4);
    if (size_t at = c.value.rfind(" @ "); at != std::string::npos) {
      c.cost = std::stol(c.value.substr(at + 3));
      c.value.resize(at);
    }
    out.push_back(c);
  }
  return out;
}

void run_cases(const std::string& file) {
  std::ifstream in(std::string(AMEIA_SOURCE_DIR).append("/tests/cases/expr/object.json"));
  std::stringstream text;
  text << in.rdbuf();
  auto object = json(text.str());
  ASSERT_NE(object, nullptr);
  auto with = env();
  std::vector<Case> all = cases(file);
  std::vector<std::string> sources;
  for (const Case& c : all) sources.push_back(c.expression);
  Bench together(sources, with);
  ASSERT_EQ(together.set->size(), all.size());
  together.machine->set("object", object->root());
  for (size_t i = 0; i < all.size(); ++i) {
    const Case& c = all[i];
    SCOPED_TRACE(c.where + ": " + c.expression);
    Bench alone({c.expression}, with);
    alone.machine->set("object", object->root());
    ASSERT_EQ(alone.set->size(), 1u);
    Outcome outcome = alone.machine->run(0);
    EXPECT_EQ(shown(outcome.value), c.value);
    if (c.cost >= 0) {
      EXPECT_EQ(outcome.cost, static_cast<uint64_t>(c.cost));
    }
    // Sharing work between programs changes neither value, nor error, nor cost, also when nothing is left to do.
    for (int round = 0; round < 2; ++round) {
      Outcome shared = together.machine->run(static_cast<ProgramId>(i));
      EXPECT_EQ(shown(shared.value), c.value);
      EXPECT_EQ(shared.cost, outcome.cost);
    }
    // Nor does explaining; and its last step is the result.
    std::vector<TraceStep> steps;
    Outcome explained = alone.machine->explain(0, steps);
    EXPECT_EQ(shown(explained.value), c.value);
    EXPECT_EQ(explained.cost, outcome.cost);
    if (!steps.empty()) {
      EXPECT_EQ(shown(steps.back().value), c.value);
    }
  }
}

TEST(MachineTest, ValuesAndErrors) {
  run_cases("values.case");
}
TEST(MachineTest, Optionals) {
  run_cases("optionals.case");
}
TEST(MachineTest, CostsOfTheReference) {
  run_cases("oracle.case");
}
TEST(MachineTest, CostsOfKubernetes) {
  run_cases("costs.case");
}

}  // namespace
}  // namespace ameia::expr::test
