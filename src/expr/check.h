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
  // kIdent or kSelect chain: the declared variable's full name, or a loop variable's. A resolved chain's operands carry
  // neither reference nor type. A name that nothing declares (checks disabled) stands here as it was written.
  std::string_view variable;
  bool local = false;                // `variable` belongs to the innermost comprehension that declares it
  const Type* type_value = nullptr;  // the name is a type's, and this is its value: int, net.IP
  // kCall: the candidates left; one = static dispatch; none (checks disabled) = "no such overload" when reached.
  std::vector<const Overload*> overloads;
};

// Owns: the Ast, in whose arena its own types live. Borrows: the Env's types and overloads.
struct Checked {
  std::unique_ptr<Ast> ast;           // calls of namespaced functions and constructed types carry full names
  std::vector<const Type*> types;     // by Expr::id
  std::vector<Reference> references;  // by Expr::id
  const Type* result = nullptr;
};

struct CheckOptions {
  bool enabled = true;  // false: resolve names only (cel-spec disable_check), every type is dyn
  // Kubernetes asks for literals of one type in lists and maps (env option HomogeneousAggregateLiterals).
  bool homogeneous_literals = false;
  // Literal patterns, durations and timestamps are validated at compile time (Kubernetes ≥ 1.29).
  bool validate_literals = false;
};

std::expected<Checked, std::vector<Issue>> check(std::unique_ptr<Ast> ast, const Env& env, const CheckOptions& = {});
// parse + check with the Env's syntax.
std::expected<Checked, std::vector<Issue>> compile(std::string_view source, const Env& env, const CheckOptions& = {});

}  // namespace ameia::expr
