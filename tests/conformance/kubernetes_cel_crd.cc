// The CRD tables that run rules: rules that hold, rules that fail with a message, exact runtime costs, ratcheting.
#include <map>

#include "kubernetes_cel.h"
#include "policy/crd_rules.h"

namespace ameia::conformance {
namespace {

using doc::Node;
using policy::CrdError;
using policy::CrdOutcome;

struct CrdOptions {
  bool is_root = false;
  policy::CrdRunOptions run{};
};

CrdOutcome validate_crd(const Node& schema, const Node& object, const Node* old_object, const CrdOptions& options) {
  return policy::CrdRules(schema, {.is_root = options.is_root, .version = expr::Version::latest(), .libraries = {}})
      .run(object, old_object, options.run);
}

// What a row says before its rules: schema, object, old object, budget.
struct Row {
  Node schema, object, old_object;
  bool has_old = false;
  CrdOptions options;

  [[nodiscard]] CrdOutcome run(const Node& with_schema, const CrdOptions& how) const {
    return validate_crd(with_schema, object, has_old ? &old_object : nullptr, how);
  }
};

base::Result<Row> read_row(GoTable& table, const Node& fields) {
  Row row;
  row.schema = TRY(table.value(fields["schema"]));
  row.object = TRY(table.value(fields["obj"]));
  if (const Node* old = fields.find("oldObj")) {
    row.old_object = TRY(table.value(*old));
    row.has_old = !row.old_object.is_null();
  }
  row.options.is_root = fields["isRoot"].boolean_or(false);
  if (const Node* budget = fields.find("costBudget"))
    row.options.run.budget = (TRY(table.value(*budget))).integer_or(row.options.run.budget);
  return row;
}

Node with_rule(GoTable& table, const Node& schema, std::string_view rule) {
  Node rules = table.make().list({table.make().map({{"rule", table.make().string(rule)}})});
  return table.make().with_member(schema, "x-kubernetes-validations", rules);
}

// Sets optionalOldSelf on the rules of the outermost schema, as the tests of it do.
Node with_optional_old_self(GoTable& table, const Node& schema) {
  std::vector<Node> rules;
  for (const Node& rule : schema["x-kubernetes-validations"].list()) {
    rules.push_back(table.make().with_member(rule, "optionalOldSelf", table.make().boolean(true)));
  }
  return table.make().with_member(schema, "x-kubernetes-validations", table.make().list(rules));
}

std::string cut(std::string_view text) {
  return std::string(text.substr(0, 127));
}

std::string all_errors(const CrdOutcome& got) {
  std::string out;
  for (const CrdError& error : got.errors) out += (out.empty() ? "" : "; ") + error.text();
  return out;
}

// `valid` rules hold, `errors` (rule → text) fail with that text, and costs are exact where they are given.
void run_expressions(const TableTest& test) {
  test.each_row([&](const Node& fields, const std::string& name) {
    GoTable table;
    define_schema_builders(table);
    auto row = read_row(table, fields);
    if (!row) return test.result.skip(name, unresolved(row.error()));
    auto cost = table.value(fields["expectedCost"]);
    bool skipped = fields["expectSkipped"].boolean_or(false);
    for (const Node& encoded : fields["valid"]["l"].list()) {
      auto rule = table.value(encoded);
      if (!rule) {
        test.result.skip(name, unresolved(rule.error()));
        continue;
      }
      std::string what = name + ": " + cut(rule->str());
      CrdOutcome got = row->run(with_rule(table, row->schema, rule->str()), row->options);
      int64_t spent = row->options.run.budget - got.remaining;
      if (!got.errors.empty())
        test.result.fail(what, all_errors(got));
      else if (cost && cost->integer_or(0) != 0 && spent != cost->integer_or(0))
        test.result.fail(what, "cost " + std::to_string(spent) + ", expected " + std::to_string(cost->integer_or(0)));
      else if (skipped && spent != 0)
        test.result.fail(what, "a skipped rule cost " + std::to_string(spent));
      else
        test.result.pass();
    }
    auto errors = table.value(fields["errors"]);
    if (!errors) return test.result.skip(name, unresolved(errors.error()));
    for (const doc::Member& expected : errors->map()) {
      std::string what = name + ": " + cut(expected.key->view());
      CrdOptions options = row->options;
      options.is_root = true;
      CrdOutcome got = row->run(with_rule(table, row->schema, expected.key->view()), options);
      bool good = !got.errors.empty();
      for (const CrdError& error : got.errors) {
        good = good && error.type == "Invalid value" && error.text().find(expected.value.str()) != std::string::npos;
      }
      if (good)
        test.result.pass();
      else
        test.result.fail(what, "expected \"" + std::string(expected.value.str()) + "\", got: " + all_errors(got));
    }
  });
}

// Rules inside the schema; `errors` lists what the messages contain, each once.
void run_schema_levels(const TableTest& test, bool root, bool optional_old_self) {
  test.each_row([&](const Node& fields, const std::string& name) {
    GoTable table;
    define_schema_builders(table);
    auto row = read_row(table, fields);
    if (!row) return test.result.skip(name, unresolved(row.error()));
    auto expected = table.value(fields["errors"]);
    if (!expected) return test.result.skip(name, unresolved(expected.error()));
    Node schema = optional_old_self ? with_optional_old_self(table, row->schema) : row->schema;
    CrdOptions options;
    options.is_root = root;
    options.run.budget = INT64_MAX;
    CrdOutcome got = row->run(schema, options);
    std::vector<std::string> unmatched;
    for (const Node& text : expected->list()) unmatched.emplace_back(text.str());
    for (const CrdError& error : got.errors) {
      bool matched = false;
      for (size_t i = 0; i < unmatched.size() && !matched; ++i) {
        matched = error.type == "Invalid value" && error.text().find(unmatched[i]) != std::string::npos;
        if (matched) unmatched.erase(unmatched.begin() + static_cast<std::ptrdiff_t>(i));
      }
      if (!matched) return test.result.fail(name, "unexpected " + error.text());
    }
    if (unmatched.empty()) return test.result.pass();
    test.result.fail(name, "expected \"" + unmatched[0] + "\", got: " + all_errors(got));
  });
}

void run_costs(const TableTest& test) {
  test.each_row([&](const Node& fields, const std::string& name) {
    GoTable table;
    define_schema_builders(table);
    auto row = read_row(table, fields);
    if (!row) return test.result.skip(name, unresolved(row.error()));
    auto costs = table.value(fields["expectCost"]);
    if (!costs) return test.result.skip(name, unresolved(costs.error()));
    for (const doc::Member& expected : costs->map()) {
      std::string what = name + ": " + cut(expected.key->view());
      CrdOptions options;
      options.is_root = true;
      CrdOutcome got = row->run(with_rule(table, row->schema, expected.key->view()), options);
      int64_t spent = options.run.budget - got.remaining;
      if (!got.errors.empty())
        test.result.fail(what, all_errors(got));
      else if (spent != expected.value.integer_or(-1))
        test.result.fail(
            what, "cost " + std::to_string(spent) + ", expected " + std::to_string(expected.value.integer_or(-1)));
      else
        test.result.pass();
    }
  });
}

// A rule that fails under a budget, or under a limit of one call, says which it crossed.
void run_limits(const TableTest& test) {
  test.each_row([&](const Node& fields, const std::string& name) {
    GoTable table;
    define_schema_builders(table);
    auto row = read_row(table, fields);
    if (!row) return test.result.skip(name, unresolved(row.error()));
    for (const Node& rule : fields["valid"]["l"].list()) {
      Node schema = with_rule(table, row->schema, rule.str());
      auto says = [&](const CrdOptions& options, std::string_view text) {
        return all_errors(row->run(schema, options)).find(text) != std::string::npos;
      };
      CrdOptions no_budget{.is_root = true}, no_call{.is_root = true};
      no_budget.run.budget = 0;
      no_call.run.per_call_max = 0;
      if (!says(no_budget,
                "validation failed due to running out of cost budget, no further validation rules will be run"))
        test.result.fail(name, "the budget was not felt");
      else if (!says(no_call, "no further validation rules will be run due to call cost exceeds limit for rule"))
        test.result.fail(name, "the limit of one call was not felt");
      else
        test.result.pass();
    }
  });
}

void run_messages(const TableTest& test) {
  test.each_row([&](const Node& fields, const std::string& name) {
    GoTable table;
    define_schema_builders(table);
    std::map<std::string, Node> values;
    for (const doc::Member& field : fields.map()) {
      auto value = table.value(field.value);
      if (!value) return test.result.skip(name, unresolved(value.error()));
      values[std::string(field.key->view())] = *value;
    }
    doc::Builder& make = table.make();
    Node rule = make.map({{"rule", make.string("false")},
                          {"message", make.string(values["message"].str())},
                          {"messageExpression", make.string(values["messageExpression"].str())}});
    Node schema = make.map({{"type", make.string("object")},
                            {"properties", make.map({{"str", make.map({{"type", make.string("string")}})}})},
                            {"x-kubernetes-validations", make.list({rule})}});
    Node object = make.map({{"str", make.string("a string")}});
    CrdOptions options;
    options.run.budget = values["costBudget"].integer_or(options.run.budget);
    if (int64_t limit = values["perCallLimit"].integer_or(0); limit > 0)
      options.run.per_call_max = static_cast<uint64_t>(limit);
    CrdOutcome got = validate_crd(schema, object, nullptr, options);
    std::string log;
    for (const std::string& line : got.log) log += line + '\n';
    std::string_view error = values["expectedValidationErr"].str(), logged = values["expectedLogErr"].str();
    int64_t remaining = values["expectedRemainingBudget"].integer_or(0);
    if (got.errors.size() != 1) return test.result.fail(name, "expected one error, got: " + all_errors(got));
    if (got.errors[0].text().find(error) == std::string::npos) return test.result.fail(name, all_errors(got));
    if (log.find(logged) == std::string::npos || (logged.empty() && !log.empty()))
      return test.result.fail(name, "log: " + log);
    if (remaining != 0 && remaining != got.remaining)
      return test.result.fail(name, std::to_string(got.remaining) + " is left, expected " + std::to_string(remaining));
    test.result.pass();
  });
}

void run_reasons(const TableTest& test) {
  test.each_row([&](const Node& fields, const std::string& name) {
    GoTable table;
    define_schema_builders(table);
    auto row = read_row(table, fields);
    if (!row) return test.result.skip(name, unresolved(row.error()));
    auto errors = table.value(fields["errors"]);
    if (!errors) return test.result.skip(name, unresolved(errors.error()));
    std::multimap<std::string, std::string> expected, found;
    for (const Node& error : errors->list()) expected.emplace(error["field"].str(), error["type"].str());
    CrdOptions options;
    options.is_root = true;
    CrdOutcome got = row->run(row->schema, options);
    for (const CrdError& error : got.errors) found.emplace(error.field, error.type);
    if (expected == found)
      test.result.pass();
    else
      test.result.fail(name, all_errors(got));
  });
}

// Rules about an optional oldSelf hold with and without an old object.
void run_optional_old_self(const TableTest& test) {
  test.each_row([&](const Node& fields, const std::string& name) {
    GoTable table;
    define_schema_builders(table);
    auto row = read_row(table, fields);
    if (!row) return test.result.skip(name, unresolved(row.error()));
    Node schema = with_optional_old_self(table, row->schema);
    for (bool with_old : {false, true}) {
      CrdOutcome got = validate_crd(schema, row->object, with_old && row->has_old ? &row->old_object : nullptr, {});
      if (!got.errors.empty()) return test.result.fail(name, all_errors(got));
    }
    test.result.pass();
  });
}

void run_cancellation(const TableTest& test) {
  test.each_row([&](const Node& fields, const std::string& name) {
    GoTable table;
    define_schema_builders(table);
    // The source makes the list of the first thousand integers in a loop.
    std::vector<Node> items;
    for (int64_t i = 0; i < 1000; ++i) items.push_back(table.make().integer(i));
    table.define("items", table.make().list(items));
    auto row = read_row(table, fields);
    if (!row) return test.result.skip(name, unresolved(row.error()));
    Node schema = with_rule(table, row->schema, fields["rule"].str());
    CrdOptions options;
    options.is_root = true;
    CrdOutcome got = row->run(schema, options);
    if (!got.errors.empty()) return test.result.fail(name, all_errors(got));
    const bool cancelled = true;
    options.run.stop = &cancelled;
    got = row->run(schema, options);
    if (all_errors(got).find("operation interrupted") == std::string::npos)
      return test.result.fail(name, "was not interrupted");
    test.result.pass();
  });
}

// Errors of values that an update did not change are warnings.
void run_ratcheting(const TableTest& test) {
  test.each_row([&](const Node& fields, const std::string& name) {
    GoTable table;
    define_schema_builders(table);
    auto schema = table.value(fields["schema"]), object = table.value(fields["newObj"]),
         old_object = table.value(fields["oldObj"]), errors = table.value(fields["errors"]),
         warnings = table.value(fields["warnings"]);
    for (auto* value : {&schema, &object, &old_object, &errors, &warnings}) {
      if (!*value) return test.result.skip(name, unresolved(value->error()));
    }
    CrdOptions options;
    options.run.ratcheting = true;
    if (const Node* budget = fields.find("runtimeCostBudget")) {
      auto value = table.value(*budget);
      if (!value) return test.result.skip(name, unresolved(value.error()));
      options.run.budget = value->integer_or(options.run.budget);
    }
    CrdOutcome got = validate_crd(*schema, *object, &*old_object, options);
    auto all_found = [](const Node& expected, const std::vector<CrdError>& found, bool exact) {
      if (expected.list().size() != found.size()) return false;
      for (const Node& text : expected.list()) {
        bool any = false;
        for (const CrdError& error : found) {
          any = any || (exact ? error.text() == text.str() : error.text().find(text.str()) != std::string::npos);
        }
        if (!any) return false;
      }
      return true;
    };
    if (all_found(*errors, got.errors, false) && all_found(*warnings, got.ratcheted, true)) return test.result.pass();
    std::string ratcheted;
    for (const CrdError& error : got.ratcheted) ratcheted += error.text() + "; ";
    test.result.fail(name, "errors: " + all_errors(got) + " warnings: " + ratcheted);
  });
}

}  // namespace

bool run_crd_test(const TableTest& test) {
  if (test.file == "crd_celcoststability" && test.test == "TestCelCostStability") return run_costs(test), true;
  if (test.file != "crd_validation") return false;
  if (test.test == "TestValidationExpressions" || test.test == "TestCELMaxRecursionDepth")
    return run_expressions(test), true;
  if (test.test == "TestValidationExpressionsAtSchemaLevels") return run_schema_levels(test, true, false), true;
  if (test.test == "TestOptionalOldSelf") return run_schema_levels(test, true, true), true;
  if (test.test == "TestOptionalOldSelfIsOptionalType") return run_schema_levels(test, false, true), true;
  if (test.test == "TestOptionalOldSelfCheckForNull") return run_optional_old_self(test), true;
  if (test.test == "TestCELValidationLimit") return run_limits(test), true;
  if (test.test == "TestCELValidationContextCancellation") return run_cancellation(test), true;
  if (test.test == "TestMessageExpression") return run_messages(test), true;
  if (test.test == "TestRatcheting") return run_ratcheting(test), true;
  if (test.test == "TestReasonAndFldPath") return run_reasons(test), true;
  return false;
}

}  // namespace ameia::conformance
