// CEL source text: parsed, checked, planned, evaluated within small limits, explained. Whatever the text, nothing
// crashes, and a program means and costs the same alone, beside itself (sharing its work), and when asked again.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "doc/json.h"
#include "expr/check.h"
#include "expr/env.h"
#include "expr/program.h"

namespace {

using namespace ameia;

std::shared_ptr<const expr::Env> make_env() {
  expr::EnvBuilder builder(expr::Version::all());
  builder.variable("object", "dyn")
      .variable("n", "int")
      .variable("s", "string")
      .variable("l", "list(dyn)")
      .composite("variables");
  auto built = builder.build();
  if (!built) std::abort();
  return std::make_shared<const expr::Env>(std::move(*built));
}

std::shared_ptr<doc::Document> make_object() {
  auto parsed = doc::parse_json(
      std::make_shared<doc::Source>(
          "object",
          R"({"kind": "Pod", "spec": {"replicas": 3, "list": [1, 2.5, "x", null, true, {"name": "a"}], "map": {"k": "v"}}})"),
      std::make_shared<doc::Keys>());
  if (!parsed) std::abort();
  return *parsed;
}

void demand(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4096) return 0;
  static const std::shared_ptr<const expr::Env> kEnv = make_env();
  static const std::shared_ptr<doc::Document> kObject = make_object();
  std::string_view source(reinterpret_cast<const char*>(data), size);
  auto first = expr::compile(source, *kEnv);
  auto second = expr::compile(source, *kEnv);
  if (!first || !second) return 0;
  expr::ProgramSetBuilder builder(kEnv), single(kEnv);
  // A program that can never run (a literal pattern that is none) is refused here, each time alike.
  bool planned = builder.add(std::move(*first)).has_value();
  demand(builder.add(std::move(*second)).has_value() == planned);
  auto alone = expr::compile(source, *kEnv);
  demand(single.add(std::move(*alone)).has_value() == planned);
  if (!planned) return 0;
  auto both = builder.build();
  auto one = single.build();
  if (!both || !one) return 0;
  expr::RunLimits limits;
  limits.cost_max = 20'000;
  limits.arena_bytes_max = size_t{4} << 20;
  auto bind = [&](expr::Machine& machine) {
    machine.set("object", kObject->root());
    machine.set("n", expr::Value::of_int(7));
    machine.set("s", expr::Value::of_string("text", true));
    machine.set("l", *kObject->root().find("spec", "list"));
  };
  expr::Machine shared(*both), single_machine(*one);
  bind(shared);
  bind(single_machine);
  expr::Outcome expected = single_machine.run(0, limits);
  std::string text = expr::to_text(expected.value), json = expr::to_json(expected.value);
  for (expr::ProgramId id : {0u, 1u, 0u}) {
    expr::Outcome outcome = shared.run(id, limits);
    demand(outcome.over_budget == expected.over_budget);
    if (outcome.over_budget) continue;
    demand(outcome.cost == expected.cost);
    demand(expr::to_text(outcome.value) == text);
    demand(expr::to_json(outcome.value) == json);
  }
  std::vector<expr::TraceStep> steps;
  (void)single_machine.explain(0, steps, limits);
  (void)single_machine.blame(0, limits);
  return 0;
}
