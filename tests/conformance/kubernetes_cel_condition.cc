// Admission expressions: which compile, what they give, what they cost, when the budget ends them.
#include <optional>

#include "expr/lib_authz.h"
#include "kubernetes_cel.h"
#include "policy/condition.h"
#include "policy/limits.h"

namespace ameia::conformance {
namespace {

using doc::Node;
using Args = GoTable::Args;
using policy::Condition;
using policy::ConditionCompiler;
using policy::ConditionRunner;
using policy::Evaluated;

// The fake of the sources: allows one exact question, and answers every other one alike.
class FakeAuthorizer final : public expr::Authorizer {
 public:
  explicit FakeAuthorizer(const Node& node) : node_(node) {}
  expr::AuthzDecision check(const expr::AuthzRequest& asked) override {
    const Node& match = node_["match"];
    if (match.is_map() && is_asked(match, asked)) return {true, {}, {}};
    const Node& otherwise = node_["defaultResult"];
    return {false, std::string(otherwise["reason"].str()), std::string(otherwise["err"]["error"].str())};
  }

 private:
  static bool is_asked(const Node& match, const expr::AuthzRequest& asked) {
    std::string user, fields, labels;
    if (!asked.service_account_name.empty()) {
      user = "system:serviceaccount:" + std::string(asked.service_account_namespace) + ':' +
             std::string(asked.service_account_name);
    }
    for (const Node& r : match["fieldSelectorRequirements"].list()) {
      fields = std::string(r["field"].str()) + std::string(r["operator"].str()) + std::string(r["value"].str());
    }
    for (const Node& r : match["labelSelectorRequirements"].list()) labels = r.str();
    return match["verb"].str() == asked.verb && match["path"].str() == asked.path &&
           match["apiGroup"].str() == asked.group && match["resource"].str() == asked.resource &&
           match["subresource"].str() == asked.subresource && match["namespace"].str() == asked.namespace_name &&
           match["name"].str() == asked.name && match["resourceRequest"].boolean_or(false) == asked.is_resource &&
           match["user"]["name"].str() == user && asked.field_selector == fields && asked.label_selector == labels;
  }
  const Node& node_;
};

// What the sources define before their tables. A request is {object, oldObject, request}.
void define_requests(GoTable& table) {
  auto yaml = [&](std::string_view name, std::string text) {
    if (auto document = parse_yaml_text(std::move(text), "table")) {
      table.keep(*document);
      table.define(name, (*document)->root());
    }
  };
  yaml("configMapParams", "{metadata: {name: foo}, data: {fakeString: fake}}");
  yaml("crdParams", "{spec: {testSize: 10}}");
  yaml("podObject", "{metadata: {name: foo}, spec: {nodeName: testnode}}");
  yaml("nsObject",
       "{metadata: {name: test, labels: {env: test, foo: demo}, annotations: {annotation1: testAnnotation1}, "
       "finalizers: [f1]}, "
       "spec: {finalizers: [kubernetes]}, status: {phase: Active}}");
  yaml("nilUnstructured", "null");
  yaml("endpoints", "{metadata: {name: endpoints1}, subsets: [{addresses: [{ip: 127.0.0.0}]}]}");
  table.define("celtypes.True", table.make().boolean(true));
  table.define("celtypes.False", table.make().boolean(false));
  table.define("celtypes.NullValue", table.make().null());
  table.define("checkCost", table.make().integer(350'000));
  table.define("environment.StoredExpressions", "stored");
  table.define("environment.NewExpressions", "new");
  for (int minor : {127, 130, 131}) {
    table.define("v" + std::to_string(minor), table.make().integer(minor - 100));
  }
  doc::Builder& make = table.make();
  auto fake = [&](std::string_view name, std::string_view reason, std::string_view error) {
    table.define(name, make.map({{"defaultResult", make.map({{"reason", make.string(reason)},
                                                             {"err", make.map({{"error", make.string(error)}})}})}}));
  };
  fake("denyAll", "fake reason", "");
  fake("errorAll", "", "fake authz error");
  table.define("simpleLabelSelector", "apple=banana");
  table.define_function("newAuthzAllowMatch", [](GoTable& t, const Args& a) -> base::Result<Node> {
    return t.make().map({{"match", a.at(0)}});
  });
  auto endpoints_request = [](std::string_view operation, std::string_view subresource) {
    return [operation, subresource](GoTable& t, const Args&) -> base::Result<Node> {
      Node endpoints = TRY(t.parse("endpoints"));
      doc::Builder& b = t.make();
      Node resource =
          b.map({{"group", b.string("")}, {"version", b.string("v1")}, {"resource", b.string("endpoints")}});
      return b.map({{"object", endpoints},
                    {"oldObject", b.null()},
                    {"request", b.map({{"operation", b.string(operation)},
                                       {"name", b.string("endpoints1")},
                                       {"namespace", b.string("default")},
                                       {"resource", resource},
                                       {"subResource", b.string(subresource)}})}});
    };
  };
  table.define_function("endpointCreateAttributes", endpoints_request("CREATE", ""));
  table.define_function("endpointStatusUpdateAttributes", endpoints_request("UPDATE", "status"));
  table.define_function("version.MajorMinor", [](GoTable&, const Args& a) -> base::Result<Node> { return a.at(1); });
  table.define_function("newValidAttribute", [](GoTable& t, const Args& a) -> base::Result<Node> {
    Node endpoints = TRY(t.parse("endpoints"));
    bool is_delete = a.at(1).boolean_or(false);
    doc::Builder& make = t.make();
    Node kind = make.map({{"group", make.string("")}, {"version", make.string("")}, {"kind", make.string("")}});
    Node resource = make.map({{"group", make.string("")}, {"version", make.string("")}, {"resource", make.string("")}});
    return make.map({{"object", is_delete           ? make.null()
                                : a.at(0).is_null() ? endpoints
                                                    : a.at(0)},
                     {"oldObject", is_delete ? endpoints : make.null()},
                     {"request", make.map({{"operation", make.string("CREATE")},
                                           {"name", make.string("foo")},
                                           {"namespace", make.string("default")},
                                           {"kind", kind},
                                           {"resource", resource}})}});
  });
}

expr::Value test_function(expr::CallContext&, const expr::Value*, uint32_t) {
  return expr::Value::of(true);
}
const expr::Overload kTestOverloads[] = {{"test", "test() -> bool", test_function}};

struct Compiled {
  std::vector<Condition> conditions;
  std::shared_ptr<const expr::ProgramSet> programs;
};

base::Result<Compiled> compile(std::span<const std::string> expressions, ConditionCompiler::Declared declared,
                               expr::Version version, policy::Returns returns,
                               std::span<const expr::Library> more = {}) {
  ConditionCompiler compiler(version, more);
  compiler.begin_policy();
  Compiled out;
  for (const std::string& text : expressions) out.conditions.push_back(compiler.compile(text, declared, returns));
  out.programs = TRY(compiler.build());
  return out;
}

base::Result<std::vector<std::string>> expressions_of(GoTable& table, const Node& encoded) {
  std::vector<std::string> out;
  for (const Node& validation : encoded["l"].list()) {
    Node value = TRY(table.value(validation));
    out.emplace_back(value["expression"].str());
  }
  return out;
}

struct ConditionCase {
  std::vector<std::string> expressions;
  Node request, params, namespace_object;
  bool has_namespace = false;
  std::optional<Node> authorizer;
  ConditionCompiler::Declared declared;
  expr::Version version = expr::Version::latest();
};

base::Result<ConditionCase> read_case(GoTable& table, const Node& fields) {
  ConditionCase out;
  out.expressions = TRY(expressions_of(table, fields["validations"]));
  out.request = TRY(table.value(fields["attributes"]));
  out.params = TRY(table.value(fields["params"]));
  out.declared.params = fields["hasParamKind"].boolean_or(false);
  if (const Node* ns = fields.find("namespaceObject")) {
    out.namespace_object = TRY(table.value(*ns));
    out.has_namespace = true;
  }
  if (const Node* authorizer = fields.find("authorizer")) {
    for (std::string_view error : {"FieldSelectorParsingErr", "LabelSelectorParsingErr"}) {
      if ((*authorizer)["args"].list().empty() || (*authorizer)["args"].list()[0]["f"].find(error) == nullptr) continue;
      return base::fail(base::Code::kUnsupported,
                        "an authorizer that is told why a selector does not parse; RBAC reads no selectors");
    }
    out.authorizer = TRY(table.value(*authorizer));
    out.declared.authorizer = true;
  }
  Node environment = TRY(table.value(fields["envType"]));
  Node minor = TRY(table.value(fields["compatibilityVersion"]));
  // Stored expressions may use what any version has.
  if (minor.is_int() && environment.str() != "stored") out.version.minor = static_cast<uint32_t>(minor.integer);
  return out;
}

// `authorizer` answers through `host` as long as the runner runs.
void bind(ConditionRunner& runner, const ConditionCase& c, FakeAuthorizer* authorizer, expr::Host& host) {
  policy::Activation activation;
  auto given = [](const Node& node) { return node.is_null() ? nullptr : &node; };
  activation.object = given(c.request["object"]);
  activation.old_object = given(c.request["oldObject"]);
  activation.request = given(c.request["request"]);
  activation.params = given(c.params);
  if (c.has_namespace) activation.namespace_object = &c.namespace_object;
  runner.bind(activation);
  if (authorizer == nullptr) return;
  expr::Machine& machine = runner.machine();
  const Node& request = c.request["request"];
  host.authorizer = authorizer;
  machine.set_host(&host);
  machine.set("authorizer", expr::authorizer_value(machine.arena()));
  machine.set("authorizer.requestResource",
              expr::request_resource_value(machine.arena(), request["resource"]["group"].str(),
                                           request["resource"]["resource"].str(), request["subResource"].str(),
                                           request["namespace"].str(), request["name"].str()));
}

void run_conditions(const TableTest& test) {
  test.each_row([&](const Node& fields, const std::string& name) {
    GoTable table;
    define_requests(table);
    auto c = read_case(table, fields);
    if (!c) return test.result.skip(name, unresolved(c.error()));
    auto results = table.value(fields["results"]);
    auto limit = table.value(fields["testPerCallLimit"]);
    if (!results) return test.result.skip(name, unresolved(results.error()));
    auto compiled = compile(c->expressions, c->declared, c->version, policy::Returns::kBool);
    if (!compiled) return test.result.fail(name, compiled.error().text());
    ConditionRunner runner(compiled->programs);
    if (limit && limit->integer_or(0) > 0) runner.set_per_call_cost(static_cast<uint64_t>(limit->integer));
    std::optional<FakeAuthorizer> authorizer;
    if (c->authorizer) authorizer.emplace(*c->authorizer);
    expr::Host host;
    bind(runner, *c, authorizer ? &*authorizer : nullptr, host);
    runner.begin_list(policy::kRuntimeCostMax);
    for (size_t i = 0; i < results->list().size() && i < compiled->conditions.size(); ++i) {
      Evaluated got;
      if (!runner.run(compiled->conditions[i], got)) return test.result.fail(name, runner.budget_error());
      const Node& expected = results->list()[i];
      std::string_view error = expected["error"]["error"].str();
      bool is_error = got.kind == Evaluated::Kind::kError;
      std::string what = c->expressions[i] + ": " + got.text;
      if (!error.empty() ? !is_error || got.text.find(error) == std::string::npos : is_error)
        return test.result.fail(name, what);
      if (error.empty() && (got.kind == Evaluated::Kind::kTrue) != expected["evalResult"].boolean_or(false))
        return test.result.fail(name, what + " is not the expected result");
    }
    test.result.pass();
  });
}

void run_budget(const TableTest& test) {
  test.each_row([&](const Node& fields, const std::string& name) {
    GoTable table;
    define_requests(table);
    auto c = read_case(table, fields);
    if (!c) return test.result.skip(name, unresolved(c.error()));
    auto budget = table.value(fields["testRuntimeCELCostBudget"]);
    auto remaining = table.value(fields["expectRemainingBudget"]);
    if (!budget || !remaining) return test.result.skip(name, unresolved((!budget ? budget : remaining).error()));
    auto compiled = compile(c->expressions, c->declared, c->version, policy::Returns::kBool);
    if (!compiled) return test.result.fail(name, compiled.error().text());
    ConditionRunner runner(compiled->programs);
    std::optional<FakeAuthorizer> authorizer;
    if (c->authorizer) authorizer.emplace(*c->authorizer);
    expr::Host host;
    bind(runner, *c, authorizer ? &*authorizer : nullptr, host);
    runner.begin_list(budget->integer_or(0) < 0 ? policy::kRuntimeCostMax
                                                : static_cast<uint64_t>(budget->integer_or(0)));
    bool exceeded = false, call_exceeded = false;
    for (const Condition& condition : compiled->conditions) {
      Evaluated got;
      exceeded = !runner.run(condition, got);
      if (exceeded) break;
      call_exceeded =
          call_exceeded || got.text.find("operation cancelled: actual cost limit exceeded") != std::string::npos;
    }
    if (exceeded != fields["exceedBudget"].boolean_or(false))
      return test.result.fail(name, exceeded ? "the budget ended" : "the budget held");
    if (fields["exceedPerCallLimit"].boolean_or(false) != call_exceeded)
      return test.result.fail(name, "the limit of one call was not felt");
    if (remaining->is_int() && static_cast<uint64_t>(remaining->integer) != runner.remaining())
      return test.result.fail(
          name, std::to_string(runner.remaining()) + " is left, expected " + std::to_string(remaining->integer));
    test.result.pass();
  });
}

// Expressions that compile, and those that do not with a part of the error; both also as string(…) of an annotation.
void run_compile(const TableTest& test) {
  test.each_row([&](const Node& fields, const std::string& name) {
    GoTable table;
    define_requests(table);
    ConditionCompiler::Declared declared;
    declared.params = fields["hasParams"].boolean_or(false);
    declared.authorizer = fields["hasAuthorizer"].boolean_or(false);
    auto environment = table.value(fields["envType"]);
    // Stored expressions may use what the next version brings: in this test, one function.
    std::vector<expr::Library> more;
    if (environment && environment->str() == "stored") more.push_back({"test", 0, kTestOverloads});
    auto error_of = [&](const std::string& expression, policy::Returns returns) {
      std::string expressions[] = {expression};
      auto compiled = compile(expressions, declared, expr::Version::latest(), returns, more);
      return compiled ? compiled->conditions[0].error : compiled.error().text();
    };
    auto good = table.value(fields["expressions"]);
    auto bad = table.value(fields["errorExpressions"]);
    if (!good || !bad) return test.result.skip(name, unresolved((!good ? good : bad).error()));
    for (const Node& expression : good->list()) {
      std::string error = error_of(std::string(expression.str()), policy::Returns::kBool);
      if (error.empty())
        error = error_of("string(" + std::string(expression.str()) + ")", policy::Returns::kStringOrNull);
      if (error.empty())
        test.result.pass();
      else
        test.result.fail(name + ": " + std::string(expression.str()), error);
    }
    for (const doc::Member& expected : bad->map()) {
      std::string text(expected.key->view());
      std::string error = error_of(text, policy::Returns::kBool);
      std::string as_string = error_of("string(" + text + ")", policy::Returns::kStringOrNull);
      bool found = error.find(expected.value.str()) != std::string::npos &&
                   as_string.find(expected.value.str()) != std::string::npos;
      if (found)
        test.result.pass();
      else
        test.result.fail(name + ": " + text, "expected \"" + std::string(expected.value.str()) + "\", got: " + error);
    }
  });
}

void run_compile_list(const TableTest& test) {
  test.each_row([&](const Node& fields, const std::string& name) {
    GoTable table;
    define_requests(table);
    auto expressions = expressions_of(table, fields["validation"]);
    auto errors = table.value(fields["errorExpressions"]);
    if (!expressions) return test.result.skip(name, unresolved(expressions.error()));
    if (!errors) return test.result.skip(name, unresolved(errors.error()));
    auto compiled = compile(*expressions, {}, expr::Version::latest(), policy::Returns::kBool);
    if (!compiled) return test.result.fail(name, compiled.error().text());
    for (const Condition& condition : compiled->conditions) {
      const Node* expected = errors->find(std::string_view(condition.text));
      bool good = expected == nullptr ? condition.ok()
                                      : condition.error.find(expected->str()) != std::string::npos && !condition.ok();
      if (!good) return test.result.fail(name, condition.text + ": " + condition.error);
    }
    test.result.pass();
  });
}

}  // namespace

bool run_condition_test(const TableTest& test) {
  if (test.file == "admission_plugin_cel_compile" && test.test == "TestCompileValidatingPolicyExpression")
    return run_compile(test), true;
  if (test.file != "admission_plugin_cel_condition") return false;
  if (test.test == "TestCondition") return run_conditions(test), true;
  if (test.test == "TestRuntimeCELCostBudget") return run_budget(test), true;
  if (test.test == "TestCompile") return run_compile_list(test), true;
  if (test.test == "TestCompilationErrors") return test.skip_all("tests a Go accessor, no meaning of its own"), true;
  return false;
}

}  // namespace ameia::conformance
