// The library tables: an expression, and the value, the runtime error or the compile errors it gives.
#include <cstdio>

#include "expr/function.h"
#include "kubernetes_cel.h"

namespace ameia::conformance {
namespace {

using doc::Node;
using Args = GoTable::Args;

std::shared_ptr<const expr::Env> environment() {
  auto env = expr::EnvBuilder(expr::Version::latest()).build();
  return env ? std::make_shared<const expr::Env>(std::move(*env)) : nullptr;
}

// CEL source text of a Go string.
std::string quote(std::string_view text) {
  std::string out = "'";
  for (char c : text) {
    if (c == '\\' || c == '\'') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + "'";
}

// Expected values are written as CEL source, evaluated beside the case and compared as CEL compares.
void define_values(GoTable& table) {
  auto define = [&](std::string_view name, std::string_view source) { table.define(name, source); };
  define("trueVal", "true");
  define("falseVal", "false");
  define("types.True", "true");
  define("types.False", "false");
  define("types.NullValue", "null");
  define("types.OptionalNone", "optional.none()");
  define("types.DefaultTypeAdapter", "");
  define("int4", "4");
  define("int6", "6");
  define("twelveMi", "quantity('12Mi')");
  table.define_function("types.Int", [](GoTable& t, const Args& a) -> base::Result<Node> {
    return t.make().string(std::to_string(a.at(0).integer_or(0)));
  });
  table.define_function("types.Uint", [](GoTable& t, const Args& a) -> base::Result<Node> {
    return t.make().string(std::to_string(a.at(0).integer_or(0)) + 'u');
  });
  table.define_function("types.Double", [](GoTable& t, const Args& a) -> base::Result<Node> {
    double number = a.at(0).kind == doc::Kind::kDouble ? a.at(0).number : static_cast<double>(a.at(0).integer_or(0));
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, "double('%.17g')", number);
    return t.make().string(buffer);
  });
  table.define_function("types.Bool", [](GoTable& t, const Args& a) -> base::Result<Node> {
    return t.make().string(a.at(0).boolean_or(false) ? "true" : "false");
  });
  table.define_function("types.String", [](GoTable& t, const Args& a) -> base::Result<Node> {
    return t.make().string(quote(a.at(0).str()));
  });
  table.define_function("types.NewStringList", [](GoTable& t, const Args& a) -> base::Result<Node> {
    std::string out = "[";
    for (const Node& item : a.at(1).list()) out += (out.size() > 1 ? ", " : "") + quote(item.str());
    return t.make().string(out + "]");
  });
  table.define_function("types.OptionalOf", [](GoTable& t, const Args& a) -> base::Result<Node> {
    return t.make().string("optional.of(" + std::string(a.at(0).str()) + ")");
  });
}

// The addresses that the ip and cidr sources parse before their tables.
void define_addresses(GoTable& table, const std::string& file) {
  bool cidr = file == "library_cidr";
  table.define("ipv4Addr", cidr ? "ip('192.168.0.0')" : "ip('192.168.0.1')");
  table.define("ipv6Addr", cidr ? "ip('2001:db8::')" : "ip('2001:db8::68')");
  table.define("ipv4CIDR", "cidr('192.168.0.0/24')");
  table.define("ipv6CIDR", "cidr('2001:db8::/32')");
}

// A struct around a value (apiservercel.IP{Addr: …}) is the value.
std::string source_of(const Node& value) {
  const Node* at = &value;
  while (at->is_map() && at->size == 1) at = &at->map()[0].value;
  return std::string(at->str());
}

const Node& either(const Node& fields, std::string_view a, std::string_view b) {
  const Node* found = fields.find(a);
  return found != nullptr ? *found : fields[b];
}

struct Ran {
  std::string error;  // compile or run
  expr::Outcome outcome;
  std::unique_ptr<expr::Machine> machine;
};

Ran run(std::string_view source, const std::shared_ptr<const expr::Env>& env) {
  Ran ran;
  SingleProgram program = compile_single(source, env, {});
  if (program.programs == nullptr) {
    ran.error = program.error;
    return ran;
  }
  ran.machine = std::make_unique<expr::Machine>(program.programs);
  ran.outcome = ran.machine->run(0);
  if (ran.outcome.value.is_error()) ran.error = ran.outcome.value.error->message;
  return ran;
}

// Go's regexp is RE2: the product's own `matches` judges.
bool matches(std::string_view text, std::string_view pattern, const std::shared_ptr<const expr::Env>& env) {
  Ran ran = run(quote(text) + ".matches(" + quote(pattern) + ")", env);
  return ran.error.empty() && ran.outcome.value.is_true();
}

void run_row(const TableTest& test, const Node& fields, const std::string& name,
             const std::shared_ptr<const expr::Env>& env) {
  GoTable table;
  define_values(table);
  define_addresses(table, test.file);
  auto expression = table.value(fields["expr"]);
  if (!expression) return test.result.skip(name, unresolved(expression.error()));
  auto compile_errors = table.value(either(fields, "expectCompileErrs", "expectedCompileErr"));
  auto run_error = table.value(either(fields, "expectRuntimeErr", "expectedRuntimeErr"));
  if (!compile_errors) return test.result.skip(name, unresolved(compile_errors.error()));
  if (!run_error) return test.result.skip(name, unresolved(run_error.error()));

  if (!compile_errors->list().empty()) {
    SingleProgram program = compile_single(expression->str(), env, {});
    if (program.issues.empty()) return test.result.fail(name, "it compiled");
    for (const Node& pattern : compile_errors->list()) {
      bool found = false;
      for (const expr::Issue& issue : program.issues) found = found || matches(issue.message, pattern.str(), env);
      if (!found)
        return test.result.fail(name, "no error like " + std::string(pattern.str()) + " in: " + program.error);
    }
    return test.result.pass();
  }
  Ran got = run(expression->str(), env);
  if (!run_error->str().empty()) {
    if (got.error == run_error->str() || (!got.error.empty() && matches(got.error, run_error->str(), env)))
      return test.result.pass();
    return test.result.fail(name, "expected the error " + std::string(run_error->str()) + ", got " + got.error);
  }
  if (!got.error.empty()) return test.result.fail(name, got.error);
  auto value = table.value(either(fields, "expectValue", "expectResult"));
  if (!value) return test.result.skip(name, unresolved(value.error()));
  std::string source = source_of(*value);
  if (source.empty()) return test.result.skip(name, "not resolved: the expected value");
  Ran expected = run(source, env);
  if (!expected.error.empty()) return test.result.fail(name, "expected value " + source + ": " + expected.error);
  if (expr::values_equal(got.outcome.value, expected.outcome.value)) return test.result.pass();
  test.result.fail(name, "is " + expr::to_text(got.outcome.value) + ", expected " + source);
}

}  // namespace

bool run_library_test(const TableTest& test) {
  if (!test.file.starts_with("library_")) return false;
  auto env = environment();
  if (env == nullptr) return test.skip_all("the environment cannot be built"), true;
  test.each_row([&](const Node& fields, const std::string& name) {
    if (fields.find("expr") == nullptr) return test.result.skip(name, "no runner knows this table");
    run_row(test, fields, name, env);
  });
  return true;
}

}  // namespace ameia::conformance
