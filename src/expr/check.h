// The gradual type checker: resolves names and overloads, reports what can never work, leaves dyn to run time.
#pragma once

#include <expected>
#include <memory>
#include <vector>

#include "expr/ast.h"
#include "expr/env.h"

namespace ameia::expr {

// What one node resolved to.
struct Reference {
  std::string_view variable;                    // kIdent or kSelect chain: the declared variable's full name
  std::vector<const Overload*> overloads;       // kCall: the candidates left; one = static dispatch
};

struct Checked {
  std::unique_ptr<Ast> ast;
  std::vector<const Type*> types;               // by Expr::id
  std::vector<Reference> references;            // by Expr::id
  const Type* result = nullptr;
};

struct CheckOptions {
  bool enabled = true;    // false: resolve names only (cel-spec disable_check), every type is dyn
  // Kubernetes asks for literals of one type in lists and maps (env option HomogeneousAggregateLiterals).
  bool homogeneous_literals = false;
  // Literal patterns, durations and timestamps are validated at compile time (Kubernetes ≥ 1.29).
  bool validate_literals = false;
};

std::expected<Checked, std::vector<Issue>> check(std::unique_ptr<Ast> ast, const Env& env, const CheckOptions& = {});
// parse + check with the Env's syntax.
std::expected<Checked, std::vector<Issue>> compile(std::string_view source, const Env& env, const CheckOptions& = {});

}  // namespace ameia::expr
