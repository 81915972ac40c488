// Object{…} and JSONPatch{…}: values, presence, equality, costs and check errors; the plan against the naive evaluator.
#include "expr/mutation_types.h"

#include "expr/naive.h"
#include "expr/support.h"

namespace ameia::expr::test {
namespace {

std::shared_ptr<const Env> mutation_env() {
  EnvBuilder builder(Version::latest());
  builder.provider(std::make_shared<MutationTypes>(nullptr));
  builder.variable("object", "dyn");
  auto built = builder.build();
  EXPECT_TRUE(built.has_value()) << (built ? "" : built.error().text());
  return std::make_shared<const Env>(std::move(*built));
}

struct Row {
  std::string_view source, value;
  uint64_t cost;
};

constexpr Row kRows[] = {
    {"Object{}", "Object{}", 40},
    {"Object{spec: Object.spec{replicas: 3}}", "Object{spec: Object.spec{replicas: 3}}", 80},
    {"Object{spec: Object.spec{replicas: object.n + 1}}.spec.replicas", "3", 86},
    {"Object{metadata: Object.metadata{labels: {'a': 'b'}}}.metadata.labels.a", "\"b\"", 84},
    {"Object{?a: optional.none(), ?b: optional.of(2)}", "Object{b: 2}", 42},
    {"has(Object{a: 1}.a)", "true", 41},
    {"has(Object{a: 1}.b)", "false", 41},
    {"Object{}.b == null", "true", 43},
    {"Object{a: 1}.?b.hasValue()", "false", 42},
    {"Object{a: 1} == Object{a: 1}", "true", 81},
    {"Object{a: 1} == Object{a: 1.0}", "false", 81},
    {"Object{a: 1, b: 2} == Object{b: 2, a: 1}", "true", 81},
    {"Object{spec: 1, spec: 2}", "Object{spec: 2}", 40},
    {"type(Object.spec{})", "Object.spec", 41},
    {"[JSONPatch{op: 'remove', path: '/a'}]", "[JSONPatch{op: \"remove\", path: \"/a\"}]", 50},
    {"JSONPatch{op: 'add'}.path", "\"\"", 42},
    {"has(JSONPatch{op: ''}.op)", "false", 41},
    {"has(JSONPatch{value: null}.value)", "true", 41},
    {"has(JSONPatch{}.value)", "false", 41},
    {"JSONPatch{}.value", "error: no such key: value", 42},
    {"JSONPatch{} == JSONPatch{op: ''}", "true", 81},
    {"JSONPatch{value: 1} == JSONPatch{value: 1.0}", "true", 81},
    {"JSONPatch{op: dyn(1)}", "error: unexpected type int64 for JSONPatchType 'op' field", 40},
    {"object.items.map(i, JSONPatch{op: 'test', path: '/' + i})[1].path", "\"/b\"", 0},
    {"Object{?spec: optional.ofNonZeroValue(Object.spec{?replicas: Object{}.?replicas})}", "Object{}", 0},
    {"optional.ofNonZeroValue(JSONPatch{}).hasValue()", "true", 0},
    {"Object{list: [1, 2, 3]}.list.sum()", "6", 0},
    {"Object{a: 1 / 0}", "error: division by zero", 41},
    {"Object{?a: dyn(1)}", "error: cannot initialize optional entry 'a' from non-optional value 1", 40},
};

TEST(MutationTypes, PlanNaiveAndExplainAgree) {
  auto document = json(R"({"n": 2, "items": ["a", "b"]})");
  auto with = mutation_env();
  std::vector<std::string> sources;
  for (const Row& row : kRows) sources.emplace_back(row.source);
  Bench bench(sources, with);
  for (size_t i = 0; i < sources.size(); ++i) {
    bench.machine->reset();
    bench.machine->set("object", document->root());
    Outcome planned = bench.machine->run(static_cast<ProgramId>(i));
    EXPECT_EQ(shown(planned.value), kRows[i].value) << sources[i];
    if (kRows[i].cost != 0) {
      EXPECT_EQ(planned.cost, kRows[i].cost) << sources[i];
    }
    Naive naive(bench.set->checked(static_cast<ProgramId>(i)), false);
    naive.set("object", Value::of_node(document->root()));
    NaiveOutcome second = naive.run();
    EXPECT_EQ(shown(second.value), shown(planned.value)) << sources[i];
    EXPECT_EQ(second.cost, planned.cost) << sources[i];
    std::vector<TraceStep> steps;
    EXPECT_EQ(shown(bench.machine->explain(static_cast<ProgramId>(i), steps).value), shown(planned.value))
        << sources[i];
  }
}

TEST(MutationTypes, CheckErrors) {
  auto with = mutation_env();
  const auto error = [&](std::string_view source) {
    auto compiled = compile(source, *with);
    return compiled ? to_string(compiled->result) : compiled.error().front().message;
  };
  EXPECT_EQ(error("Object{spec: Object.spec{}}"), "Object");
  EXPECT_EQ(error("object.items.map(i, JSONPatch{op: 'add', path: i})"), "list(JSONPatch)");
  EXPECT_EQ(error("object.a ? [JSONPatch{}] : []"), "list(JSONPatch)");
  EXPECT_EQ(error("JSONPatch{ops: 'add'}"), "undefined field 'ops'");
  EXPECT_EQ(error("JSONPatch{op: 1}"), "expected type of field 'op' is 'string' but provided type is 'int'");
  EXPECT_EQ(error("Objects{}"), "undeclared reference to 'Objects' (in container '')");
  EXPECT_EQ(error("Object{} == Object.spec{}"),
            "found no matching overload for '_==_' applied to '(Object, Object.spec)'");
}

TEST(MutationTypes, Json) {
  Bench bench({"Object{spec: Object.spec{replicas: 3, names: ['a']}}"}, mutation_env());
  EXPECT_EQ(to_json(bench.machine->run(0).value), R"({"spec":{"replicas":3,"names":["a"]}})");
}

}  // namespace
}  // namespace ameia::expr::test
