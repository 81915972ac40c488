// The CRD tables about rules before any object is there: whether they compile, what they are estimated to cost, where
// a field path points.
#include "expr/check.h"
#include "expr/estimate.h"
#include "expr/schema.h"
#include "kubernetes_cel.h"
#include "policy/crd_path.h"
#include "policy/crd_rules.h"

namespace ameia::conformance {
namespace {

using doc::Node;
using Args = GoTable::Args;
using policy::CrdRule;

// The function that one test declares as coming in a later Kubernetes: upper case.
expr::Value fake_function(expr::CallContext& context, const expr::Value* args, uint32_t) {
  std::string text(args[0].str());
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return context.string(text);
}
const expr::Overload kFakeOverloads[] = {{"fakeFunction", "fakeFunction(string) -> string", fake_function}};

const std::vector<CrdRule>& rules_of(const policy::CrdRules& rules) {
  static const std::vector<CrdRule> kNone;
  return rules.root() == nullptr ? kNone : rules.root()->rules;
}

// Matchers as data: {"error": text}, {"message_error": text}, {"transition": bool}, {"good": true}, {"all": […]}.
void define_matchers(GoTable& table) {
  auto define = [&](std::string_view name, std::string_view key) {
    table.define_function(name, [key](GoTable& t, const Args& a) -> base::Result<Node> {
      return t.make().map({{key, a.empty() ? t.make().boolean(true) : a[0]}});
    });
  };
  define("noError", "good");
  define("invalidError", "error");
  define("messageExpressionError", "message_error");
  define("transitionRule", "transition");
  table.define_function("matchesAll", [](GoTable& t, const Args& a) -> base::Result<Node> {
    return t.make().map({{"all", t.make().list(a)}});
  });
}

bool matches(const Node& matcher, const CrdRule& rule) {
  if (matcher.find("good") != nullptr) return rule.error.empty();
  if (const Node* text = matcher.find("error")) return rule.error.find(text->str()) != std::string::npos;
  if (const Node* text = matcher.find("message_error"))
    return rule.message_error.find(text->str()) != std::string::npos;
  if (const Node* transition = matcher.find("transition")) return rule.uses_old_self == transition->boolean;
  // A matcher written in Go: that an empty rule has no program.
  if (matcher["msg"].str() == "program is nil") return !rule.has_program;
  for (const Node& each : matcher["all"].list()) {
    if (!matches(each, rule)) return false;
  }
  return matcher.find("all") != nullptr;
}

void run_compilation(const TableTest& test) {
  test.each_row([&](const Node& fields, const std::string& name) {
    GoTable table;
    define_schema_builders(table);
    define_matchers(table);
    auto schema = table.value(fields["input"]), expected = table.value(fields["expectedResults"]);
    for (auto* value : {&schema, &expected}) {
      if (!*value) return test.result.skip(name, unresolved(value->error()));
    }
    policy::CrdRules::Options options{.is_root = false, .version = expr::Version::latest(), .libraries = {}};
    // A stored rule may use what the next version brings.
    if (fields["unmodified"].boolean_or(false)) options.libraries.push_back({"fake", 0, kFakeOverloads});
    policy::CrdRules compiled(*schema, options);
    const std::vector<CrdRule>& rules = rules_of(compiled);
    if (rules.size() != expected->list().size()) return test.result.fail(name, "not one result a rule");
    for (size_t i = 0; i < rules.size(); ++i) {
      if (matches(expected->list()[i], rules[i])) continue;
      return test.result.fail(name, "rule " + std::to_string(i) + ": " + rules[i].error + rules[i].message_error);
    }
    test.result.pass();
  });
}

// The cost of a schema's one rule, against an exact expectation, a least one, or none.
std::string wrong_cost(const Node& schema, const Node& exact, const Node& least) {
  policy::CrdRules compiled(schema, {.is_root = false, .version = expr::Version::latest(), .libraries = {}});
  const std::vector<CrdRule>& rules = rules_of(compiled);
  if (rules.size() != 1) return "there is not one rule";
  if (!rules[0].error.empty()) return rules[0].error;
  const uint64_t cost = rules[0].cost_max;
  if (exact.integer_or(0) > 0 && cost != static_cast<uint64_t>(exact.integer))
    return "cost " + std::to_string(cost) + ", expected " + std::to_string(exact.integer);
  if (least.integer_or(0) > 0 && cost < static_cast<uint64_t>(least.integer))
    return "cost " + std::to_string(cost) + ", expected at least " + std::to_string(least.integer);
  return {};
}

void run_cost_estimation(const TableTest& test) {
  test.each_row([&](const Node& fields, const std::string& name) {
    for (const bool bounded : {false, true}) {
      GoTable table;
      define_schema_builders(table);
      table.define("costLimit", table.make().integer(100'000'000));
      auto value = [&](std::string_view key) { return table.value(fields[key]); };
      auto max = value("setMaxElements");
      auto exact = value(bounded ? "expectedSetCost" : "expectedCalcCost");
      auto least = value(bounded ? "expectedSetCostExceedsLimit" : "expectCalcCostExceedsLimit");
      for (auto* one : {&max, &exact, &least}) {
        if (!*one) return test.result.skip(name, unresolved(one->error()));
      }
      table.define("max", bounded ? (max->is_int() ? *max : table.make().integer(0)) : table.make().null());
      const Node& generator = fields["schemaGenerator"];
      auto schema = generator.find("func") != nullptr ? table.run(generator["func"].str()) : table.value(generator);
      if (!schema) return test.result.skip(name, unresolved(schema.error()));
      std::string wrong = wrong_cost(*schema, *exact, *least);
      if (!wrong.empty()) return test.result.fail(name, (bounded ? "bounded: " : "unbounded: ") + wrong);
    }
    test.result.pass();
  });
}

// `self` is an object of the row's schema at the root of a resource.
void run_estimated_costs(const TableTest& test) {
  test.each_row([&](const Node& fields, const std::string& name) {
    GoTable table;
    define_schema_builders(table);
    auto schema = table.value(fields["schema"]);
    if (!schema) return test.result.skip(name, unresolved(schema.error()));
    auto costs = table.value(fields["expectCost"]);
    if (!costs) return test.result.skip(name, unresolved(costs.error()));
    for (const doc::Member& expected : costs->map()) {
      std::string what = name + ": " + std::string(expected.key->view().substr(0, 127));
      Node rules = table.make().list({table.make().map({{"rule", table.make().string(expected.key->view())}})});
      policy::CrdRules compiled(table.make().with_member(*schema, "x-kubernetes-validations", rules),
                                {.is_root = true, .version = expr::Version::latest(), .libraries = {}});
      const CrdRule& rule = rules_of(compiled).at(0);
      if (!rule.error.empty())
        test.result.fail(what, rule.error);
      else if (rule.cost_max != static_cast<uint64_t>(expected.value.integer_or(-1)))
        test.result.fail(what, "cost " + std::to_string(rule.cost_max) + ", expected " +
                                   std::to_string(expected.value.integer_or(-1)));
      else
        test.result.pass();
    }
  });
}

// Names are short, whatever the request allows.
void run_bounded_names(const TableTest& test) {
  constexpr uint64_t kCeiling = 10'000;
  test.each_row([&](const Node& fields, const std::string& name) {
    GoTable table;
    auto rule = table.value(fields["rule"]);
    if (!rule) return test.result.skip(name, unresolved(rule.error()));
    Node schema = table.make().map(
        {{"type", table.make().string("object")}, {"x-kubernetes-validations", table.make().list({*rule})}});
    policy::CrdRules compiled(schema, {.is_root = true, .version = expr::Version::latest(), .libraries = {}});
    const CrdRule& got = rules_of(compiled).at(0);
    if (!got.error.empty()) return test.result.fail(name, got.error);
    if (got.cost_max == 0 || got.cost_max > kCeiling)
      return test.result.fail(name, "cost " + std::to_string(got.cost_max));
    test.result.pass();
  });
}

// The first table is the schema that the rows of the second speak of.
void run_field_paths(const TableTest& test) {
  auto path_function = [](bool is_key, std::string first) {
    return [is_key, first](GoTable& t, const Args& a) -> base::Result<Node> {
      std::string out = first;
      for (const Node& part : a)
        out += is_key ? "[" + std::string(part.str()) + "]" : (out.empty() ? "" : ".") + std::string(part.str());
      return t.make().string(out);
    };
  };
  GoTable shared;
  auto schema = shared.value(test.tables.list()[0]);
  test.each_row([&](const Node& fields, const std::string& name) {
    if (!schema) return test.result.skip(name, unresolved(schema.error()));
    GoTable table;
    table.define_function("path.Child", path_function(false, ""));
    table.define_function("path.Child(\"a\").Child", path_function(false, "a"));
    table.define_function("path.Child(\"foo\").Key", path_function(true, "foo"));
    auto expected = table.value(fields["validFieldPath"]);
    if (!expected) return test.result.skip(name, unresolved(expected.error()));
    auto got = policy::parse_field_path(fields["fieldPath"].str(), *schema);
    std::string_view error = fields["errDetail"].str();
    if (!got) {
      const bool good = !error.empty() && got.error().what.find(error) != std::string::npos;
      return good ? test.result.pass() : test.result.fail(name, "error: " + got.error().what);
    }
    if (!error.empty()) return test.result.fail(name, "was taken, expected: " + std::string(error));
    if (expected->is_string() && policy::to_string(*got) != expected->str())
      return test.result.fail(name, policy::to_string(*got) + ", expected " + std::string(expected->str()));
    test.result.pass();
  });
}

}  // namespace

bool run_crd_compilation_test(const TableTest& test) {
  if (test.test == "TestCelEstimatedCostStability") return run_estimated_costs(test), true;
  if (test.test == "TestValidateFieldPath") return run_field_paths(test), true;
  if (test.test == "TestCelCompilation") return run_compilation(test), true;
  if (test.test == "TestCostEstimation") return run_cost_estimation(test), true;
  if (test.test == "TestMetadataNameCostIsBounded") return run_bounded_names(test), true;
  return false;
}

}  // namespace ameia::conformance
