#include "kubernetes_cel.h"

#include <memory>

namespace ameia::conformance {
namespace {

// Helper data of Go sources that is no test: variables, benchmarks, the locals of a helper function.
bool is_test(std::string_view name) {
  return name.starts_with("Test");
}

void run_test(const TableTest& test) {
  if (run_library_test(test) || run_crd_test(test) || run_crd_compilation_test(test) || run_condition_test(test) ||
      run_admission_test(test) || run_mutation_test(test))
    return;
  test.skip_all("no runner knows this table");
}

}  // namespace

void TableTest::skip_all(std::string_view reason) const {
  each_row([&](const doc::Node&, const std::string& row) { result.skip(row, std::string(reason)); });
}

std::string unresolved(const base::Error& error) {
  return "not resolved: " + error.what;
}

SingleProgram compile_single(std::string_view source, std::shared_ptr<const expr::Env> env,
                             const expr::CheckOptions& options) {
  SingleProgram out;
  auto checked = expr::compile(source, *env, options);
  if (!checked) {
    out.issues = std::move(checked).error();
    out.error = expr::format_issues(source, out.issues);
    return out;
  }
  expr::ProgramSetBuilder builder(std::move(env));
  auto added = builder.add(std::move(*checked));
  if (!added) {
    out.error = added.error().what;
    return out;
  }
  auto built = builder.build();
  if (built)
    out.programs = *built;
  else
    out.error = built.error().what;
  return out;
}

SuiteResult run_kubernetes_cel(const std::string& folder) {
  SuiteResult result;
  for (const std::string& name : list_folder(folder)) {
    if (!name.ends_with(".json")) continue;
    auto document = read_json(folder + '/' + name);
    if (!document) {
      result.fail(name, document.error().text());
      continue;
    }
    std::string file = name.substr(0, name.size() - 5);
    for (const doc::Member& test : (*document)->root().map()) {
      if (!is_test(test.key->view())) continue;
      run_test(TableTest{file, std::string(test.key->view()), test.value, (*document)->root(), result});
    }
  }
  return result;
}

}  // namespace ameia::conformance
