// What the explanation shows, and whom it blames.
#include "expr/support.h"

namespace ameia::expr::test {
namespace {

constexpr const char* kPod = R"({"metadata": {"name": "web"}, "spec": {"hostNetwork": true, "containers": [
  {"name": "a", "image": "x:latest", "securityContext": {"privileged": true}},
  {"name": "b", "image": "y:1"},
  {"name": "c", "image": "z:latest", "securityContext": {"privileged": false}}]}})";

// "text of the node" or "parent lacks field", one a blame.
std::vector<std::string> blamed(const std::string& source, const char* document = kPod) {
  auto pod = json(document);
  Bench bench({source});
  bench.machine->set("object", pod->root());
  std::vector<std::string> out;
  for (const Blame& blame : bench.machine->blame(0)) {
    std::string text = to_text(Value::of_node(*blame.node), 40);
    out.push_back(blame.missing.empty() ? text : text.append(" lacks ").append(blame.missing));
  }
  return out;
}

using Places = std::vector<std::string>;

TEST(BlameTest, Comparison) {
  EXPECT_EQ(blamed("object.metadata.name == 'api'"), Places({"\"web\""}));
  EXPECT_EQ(blamed("object.metadata.name == 'web'"), Places());
  EXPECT_EQ(blamed("!object.spec.hostNetwork"), Places({"true"}));
  EXPECT_EQ(blamed("object.metadata.name.startsWith('a')"), Places({"\"web\""}));
  EXPECT_EQ(blamed("object.metadata.name in ['a', 'b']"), Places({"\"web\""}));
}

TEST(BlameTest, MissingFieldNamesItsParent) {
  EXPECT_EQ(blamed("has(object.metadata.labels)"), Places({"{\"name\": \"web\"} lacks labels"}));
  EXPECT_EQ(blamed("object.metadata.labels.app == 'x'"), Places({"{\"name\": \"web\"} lacks labels"}));
  EXPECT_EQ(blamed("object.metadata.?labels.orValue('') == 'x'"), Places({"{\"name\": \"web\"} lacks labels"}));
}

// What is read below the field that is missing, so that a finding can be told again when the map appears.
TEST(BlameTest, KnowsWhatIsReadBelowAMissingField) {
  const auto beyond = [](const std::string& source) {
    auto pod = json(kPod);
    Bench bench({source});
    bench.machine->set("object", pod->root());
    std::string out;
    for (const Blame& blame : bench.machine->blame(0)) out += blame.missing + ":" + blame.beyond + " ";
    return out;
  };
  EXPECT_EQ(beyond("has(object.a)"), "a: ");
  EXPECT_EQ(beyond("has(object.a) && has(object.a.b)"), "a:/b ");
  EXPECT_EQ(beyond("has(object.a) && object.a.b.c == 1 && object.a.d == 2"), "a:/b/c ");
  EXPECT_EQ(beyond("object.?a.?b.orValue(false)"), "a:/b ");
  EXPECT_EQ(beyond("object.?a[?'x/y'].orValue('') == 'z'"), "a:/x~1y ");
  EXPECT_EQ(beyond("object.?metadata.?a.orValue({}).?b.orValue(false)"), "a:/b ");
  EXPECT_EQ(beyond("object.spec.containers.all(c, has(c.a) && has(c.a.b))"), "a:/b a:/b a:/b ");
  EXPECT_EQ(beyond("object.spec.containers.all(c, c.name == 'b' || has(c.securityContext.privileged) && "
                   "c.securityContext.privileged == false)"),
            ": ");
  EXPECT_EQ(beyond("object.metadata.all(k, has(object.a) && object.a[k].b)"), "a: ");
}

TEST(BlameTest, FalseArms) {
  EXPECT_EQ(blamed("object.metadata.name == 'web' && object.spec.hostNetwork == false"), Places({"true"}));
  EXPECT_EQ(blamed("object.metadata.name == 'x' && object.spec.hostNetwork == false"), Places({"\"web\"", "true"}));
  // Guards come first in an ||: the last arm with something to show is what the rule is about.
  EXPECT_EQ(blamed("object.metadata.name == 'x' || object.spec.hostNetwork == false"), Places({"true"}));
  EXPECT_EQ(blamed("object.metadata.name == 'x' || 1 > 2"), Places({"\"web\""}));
}

TEST(BlameTest, EveryFailingElement) {
  EXPECT_EQ(blamed("object.spec.containers.all(c, !c.image.endsWith(':latest'))"),
            Places({"\"x:latest\"", "\"z:latest\""}));
  EXPECT_EQ(blamed("!object.spec.containers.exists(c, c.image.endsWith(':latest'))"),
            Places({"\"x:latest\"", "\"z:latest\""}));
  EXPECT_EQ(blamed("object.spec.containers.all(c, has(c.securityContext) && c.securityContext.privileged == false)"),
            Places({"true", "{\"name\": \"b\", \"image\": \"y:1\"} lacks securityContext"}));
  EXPECT_EQ(blamed("object.spec.containers.filter(c, c.image.endsWith(':latest')).size() == 0"),
            Places({"\"x:latest\"", "\"z:latest\""}));
  EXPECT_EQ(blamed("object.spec.containers.map(c, c.image).all(i, i == 'y:1')"),
            Places({"\"x:latest\"", "\"z:latest\""}));
}

TEST(BlameTest, TheListThatLacksAnElement) {
  EXPECT_EQ(blamed("object.spec.args.exists(a, a == '--x')", R"({"spec": {"args": ["--y", "--z"]}})"),
            Places({"[\"--y\", \"--z\"]"}));
  EXPECT_EQ(blamed("object.spec.?args.orValue([]).exists(a, a == '--x')", R"({"spec": {}})"),
            Places({"{} lacks args"}));
}

TEST(BlameTest, ThroughComputedLists) {
  const char* document = R"({"c": [{"args": ["--a", "--bad"]}, {"command": ["--fine"], "args": ["--bad"]}]})";
  EXPECT_EQ(
      blamed("object.c.map(c, c.?command.orValue([]) + c.?args.orValue([])).all(f, f.all(a, a != '--bad'))", document),
      Places({"\"--bad\"", "\"--bad\""}));
  EXPECT_EQ(blamed("(object.c[0].args + object.c[1].args).all(a, a.startsWith('--a'))", document),
            Places({"\"--bad\"", "\"--bad\""}));
  EXPECT_EQ(blamed("object.c.map(c, {'n': c.args}).all(m, m.n.size() == 2)", document), Places({"[\"--bad\"]"}));
}

TEST(BlameTest, TernaryAndBindings) {
  EXPECT_EQ(blamed("has(object.spec.hostNetwork) ? object.spec.hostNetwork == false : true"), Places({"true"}));
  EXPECT_EQ(blamed("cel.bind(n, object.metadata.name, n == 'x')"), Places({"\"web\""}));
}

TEST(BlameTest, ThroughVariables) {
  auto with = env();
  ProgramSetBuilder builder(with);
  ProgramId variable = *builder.add(checked(*with, "object.spec.containers.all(c, !c.image.endsWith(':latest'))"), 1);
  builder.composite_field(1, "variables", "pinned", variable);
  ProgramId id = *builder.add(checked(*with, "variables.pinned"), 1);
  Machine machine(*builder.build());
  auto pod = json(kPod);
  machine.set("object", pod->root());
  std::vector<Blame> found = machine.blame(id);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(to_text(Value::of_node(*found[1].node)), "\"z:latest\"");
}

TEST(ExplainTest, StepsCarryValuesBindingsAndPlaces) {
  auto pod = json(kPod);
  Bench bench({"object.spec.containers.all(c, c.name != 'b')"});
  bench.machine->set("object", pod->root());
  std::vector<TraceStep> steps;
  Outcome outcome = bench.machine->explain(0, steps);
  EXPECT_EQ(shown(outcome.value), "false");
  bool seen = false;
  for (const TraceStep& step : steps) {
    if (shown(step.value) != "\"b\"") continue;
    seen = true;
    EXPECT_TRUE(step.decisive);
    ASSERT_NE(step.node, nullptr);
    EXPECT_EQ(step.node->str(), "b");
    EXPECT_EQ(step.bindings.rfind("c = {\"name\": \"b\"", 0), 0u) << step.bindings;
  }
  EXPECT_TRUE(seen);
  EXPECT_TRUE(steps.back().decisive);
}

}  // namespace
}  // namespace ameia::expr::test
