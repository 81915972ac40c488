// The Kubernetes CEL tables: one runner a family of files, found by file name; what a table needs beyond them is
// skipped by name with the reason. Neighbours: go_table.h decodes, policy/crd_rules.h runs rules on schemas.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "doc/node.h"
#include "expr/env.h"
#include "expr/program.h"
#include "go_table.h"
#include "suite.h"

namespace ameia::conformance {

// One test of one file: its tables, and where results go.
struct TableTest {
  std::string file;         // "crd_validation"
  std::string test;         // "TestValidationExpressions"
  const doc::Node& tables;  // a list of encoded tables
  const doc::Node& all;     // every test of the file
  SuiteResult& result;

  [[nodiscard]] std::string name(std::string_view row) const { return file + '/' + test + '/' + std::string(row); }
  // Calls run(fields, name) for every row that is a struct with a name or an expression.
  template <typename Run>
  void each_row(Run run) const {
    for (const doc::Node& table : tables.list()) {
      for (const doc::Node& row : table["l"].list()) {
        const doc::Node& fields = row["f"];
        if (fields.is_map()) run(fields, name(fields["name"].str(fields["expr"].str())));
      }
    }
  }
  // Counts every row as skipped.
  void skip_all(std::string_view reason) const;
};

// Each returns false when the test is not one of its own.
bool run_library_test(const TableTest& test);
bool run_crd_test(const TableTest& test);
bool run_crd_compilation_test(const TableTest& test);
bool run_condition_test(const TableTest& test);
bool run_admission_test(const TableTest& test);
bool run_mutation_test(const TableTest& test);

// The builders of the CRD tests: listType, objectType, schemas, objs, withRule, …
void define_schema_builders(GoTable& table);

// The text of an error that made a case unresolvable, as the reason of a skip.
std::string unresolved(const base::Error& error);

// One expression compiled alone; `error` holds cel-go's text when it does not compile.
struct SingleProgram {
  std::shared_ptr<const expr::ProgramSet> programs;
  std::string error;
  std::vector<expr::Issue> issues;
};
SingleProgram compile_single(std::string_view source, std::shared_ptr<const expr::Env> env,
                             const expr::CheckOptions& options);

}  // namespace ameia::conformance
