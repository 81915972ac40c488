// Composite fields, rebinding, sharing and limits of a Machine.
#include "expr/support.h"

namespace ameia::expr::test {
namespace {

constexpr const char* kPod =
    R"({"spec": {"replicas": 3, "containers": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}})";

// Programs of one policy: variables first, then expressions.
struct Policy {
  Policy(const std::vector<std::pair<std::string, std::string>>& variables,
         const std::vector<std::string>& expressions) {
    auto with = env();
    ProgramSetBuilder builder(with);
    for (const auto& [name, source] : variables) {
      ProgramId id = *builder.add(checked(*with, source), 7);
      builder.composite_field(7, "variables", name, id);
    }
    for (const std::string& source : expressions) ids.push_back(*builder.add(checked(*with, source), 7));
    set = *builder.build();
    machine = std::make_unique<Machine>(set);
  }
  std::shared_ptr<const ProgramSet> set;
  std::unique_ptr<Machine> machine;
  std::vector<ProgramId> ids;
};

TEST(CompositeTest, IsEvaluatedOnceAndChargedOnceARound) {
  auto pod = json(kPod);
  Policy policy({{"names", "object.spec.containers.map(c, c.name)"}, {"count", "variables.names.size()"}},
                {"variables.count == 3", "variables.names.size() == variables.count"});
  policy.machine->set("object", pod->root());
  Outcome first = policy.machine->run(policy.ids[0]);
  EXPECT_TRUE(first.value.is_true());
  EXPECT_EQ(first.cost, 3u);  // variables.count costs 2, == 1
  uint64_t names = 3 + 3 * (1 + 2 + 10 + 1) + 1, count = 2 + 1;
  EXPECT_EQ(policy.machine->take_composite_cost(), names + count);
  EXPECT_TRUE(policy.machine->run(policy.ids[1]).value.is_true());
  EXPECT_EQ(policy.machine->take_composite_cost(), 0u);
  policy.machine->recharge_composites();
  // Only `count` is read, but reading it for the first time would have read `names` as well.
  EXPECT_TRUE(policy.machine->run(policy.ids[0]).value.is_true());
  EXPECT_EQ(policy.machine->take_composite_cost(), names + count);
}

TEST(CompositeTest, FailureIsNamed) {
  auto pod = json(kPod);
  Policy policy({{"broken", "object.spec.nope"}},
                {"variables.broken == 1", "has(variables.broken)", "variables.broken == 1 || true"});
  policy.machine->set("object", pod->root());
  EXPECT_EQ(shown(policy.machine->run(policy.ids[0]).value),
            "error: composited variable \"broken\" fails to evaluate: no such key: nope");
  EXPECT_TRUE(policy.machine->run(policy.ids[1]).value.is_error());
  EXPECT_TRUE(policy.machine->run(policy.ids[2]).value.is_true());
}

TEST(CompositeTest, LazyFieldsAreNotEvaluated) {
  auto pod = json(kPod);
  Policy policy({{"costly", "object.spec.containers.map(c, c.name)"}},
                {"object.spec.replicas == 3 || variables.costly.size() > 0"});
  policy.machine->set("object", pod->root());
  EXPECT_TRUE(policy.machine->run(policy.ids[0]).value.is_true());
  EXPECT_EQ(policy.machine->take_composite_cost(), 0u);
}

TEST(MachineTest, RebindForgetsWhatDependsOnIt) {
  auto pod = json(kPod);
  auto low = json(R"({"max": 2})");
  auto high = json(R"({"max": 5})");
  Policy policy(
      {{"limit", "params.max"}, {"names", "object.spec.containers.map(c, c.name)"}},
      {"object.spec.replicas <= variables.limit && variables.names.size() == 3 && [1, 2].all(x, x + params.max > 0)"});
  int params = policy.set->variable_slot("params");
  policy.machine->set("object", pod->root());
  policy.machine->set(params, Value::of_node(low->root()));
  uint64_t cost = 0;
  for (int round = 0; round < 3; ++round) {
    policy.machine->rebind(params, Value::of_node(low->root()));
    EXPECT_FALSE(policy.machine->run(policy.ids[0]).value.is_true());
    policy.machine->take_composite_cost();
    policy.machine->rebind(params, Value::of_node(high->root()));
    Outcome outcome = policy.machine->run(policy.ids[0]);
    EXPECT_TRUE(outcome.value.is_true());
    uint64_t charged = outcome.cost + policy.machine->take_composite_cost();
    if (round == 0) cost = charged;
    EXPECT_EQ(charged, cost);
  }
}

TEST(MachineTest, ResetUnbinds) {
  auto pod = json(kPod);
  Bench bench({"object.spec.replicas"});
  bench.machine->set("object", pod->root());
  EXPECT_EQ(shown(bench.machine->run(0).value), "3");
  bench.machine->reset();
  EXPECT_EQ(shown(bench.machine->run(0).value), "error: no such attribute(s): object");
}

TEST(MachineTest, AnErrorKnowsItsPlaceInEachProgramThatSharesIt) {
  std::string shared = "object.spec.containers.map(c, c.name).filter(n, n.nope == 1).size() > 0";
  Bench bench({shared, "object.spec.replicas > 0 && " + shared});
  auto pod = json(kPod);
  bench.machine->set("object", pod->root());
  for (ProgramId id : {0u, 1u}) {
    Outcome outcome = bench.machine->run(id);
    ASSERT_TRUE(outcome.value.is_error());
    ASSERT_NE(outcome.value.error->expr_id, 0u);
    EXPECT_LE(outcome.value.error->expr_id, bench.set->checked(id).ast->ids);
  }
}

TEST(LimitsTest, Cost) {
  auto pod = json(kPod);
  Bench bench({"[1, 2, 3, 4].map(x, x + 1).size() == 4", "object.spec.replicas == 3"});
  bench.machine->set("object", pod->root());
  uint64_t cost = bench.machine->run(0).cost;
  RunLimits limits;
  limits.cost_max = cost;
  EXPECT_FALSE(bench.machine->run(0, limits).over_budget);
  limits.cost_max = cost - 1;
  bench.machine->reset();
  Outcome over = bench.machine->run(0, limits);
  EXPECT_TRUE(over.over_budget);
  EXPECT_EQ(shown(over.value), "error: operation cancelled: actual cost limit exceeded");
  // Work that was cut short is not remembered as a result.
  EXPECT_FALSE(bench.machine->run(0).over_budget);
}

TEST(LimitsTest, NestedLoopsStopAtTheCost) {
  std::string range = "[0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8,9]";
  std::string source = range;
  for (char v : std::string("abcdef")) source = range + ".all(" + v + ", " + source + ".size() >= 0)";
  source = range + ".all(a, " + range + ".all(b, " + range + ".all(c, " + range + ".all(d, " + range + ".all(e, " +
           range + ".all(f, a + b + c + d + e + f >= 0))))))";
  Bench bench({source});
  Outcome outcome = bench.machine->run(0);
  EXPECT_TRUE(outcome.over_budget);
  EXPECT_LT(outcome.cost, 1'010'000u);
}

TEST(LimitsTest, Interrupt) {
  Bench bench({"[1,2,3].all(a, [1,2,3].all(b, a + b > 0))"});
  bool stop = true;
  RunLimits limits;
  limits.stop = &stop;
  limits.interrupt_every = 2;
  Outcome outcome = bench.machine->run(0, limits);
  EXPECT_TRUE(outcome.interrupted);
  EXPECT_EQ(shown(outcome.value), "error: operation interrupted");
}

TEST(LimitsTest, Memory) {
  // Each step doubles the text: 2^24 bytes and beyond.
  std::string source = "'0123456789abcdef'";
  for (int i = 0; i < 20; ++i) {
    std::string name = "v" + std::to_string(i);
    source = "cel.bind(" + name + ", " + source + ", " + name + " + " + name + ")";
  }
  auto pod = json(kPod);
  Bench bench({source + ".size() > object.spec.replicas"});
  bench.machine->set("object", pod->root());
  RunLimits limits;
  limits.arena_bytes_max = 1 << 20;
  Outcome outcome = bench.machine->run(0, limits);
  EXPECT_EQ(shown(outcome.value), "error: memory limit of the evaluation exceeded");
}

TEST(MachineTest, LargeMapsAreCompared) {
  std::string forward = "{", backward = "{";
  for (int i = 0; i < 500; ++i) {
    std::string member = "\"k" + std::to_string(i) + "\": " + std::to_string(i);
    forward += (i == 0 ? "" : ",") + member;
    backward = "{" + member + (i == 0 ? "" : ",") + backward.substr(1);
  }
  auto a = json(forward + "}");
  auto b = json(backward + "}");
  Bench bench(
      {"object == other", "object.transformMap(k, v, v) == other", "object.transformMap(k, v, v)['k499'] == 499"});
  bench.machine->set("object", a->root());
  bench.machine->set("other", b->root());
  for (ProgramId id : {0u, 1u, 2u}) EXPECT_TRUE(bench.machine->run(id).value.is_true()) << id;
}

}  // namespace
}  // namespace ameia::expr::test
