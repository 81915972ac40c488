// CEL source text to an Ast: hand-written lexer and Pratt parser, macros expanded on the way.
// Grammar: cel-spec "Syntax", with optional syntax (a.?b, a[?b], [?a], {?k: v}) and quoted fields (a.`b-c`).
#pragma once

#include <expected>
#include <string>
#include <vector>

#include "expr/ast.h"

namespace ameia::expr {

struct ParseLimits {
  uint32_t source_code_points_max = 100'000;
  uint32_t depth_max = 250;      // nested expressions (Kubernetes: max recursion depth)
  uint32_t nodes_max = 100'000;  // after macro expansion
};

// Which macros and syntaxes exist; set by the Env from its libraries and version gates.
struct Syntax {
  bool macros = true;           // has all exists exists_one existsOne map filter
  bool optional_syntax = true;  // .? [?] and optMap, optFlatMap
  bool two_variables = true;    // all(i, v, …) exists existsOne transformList transformMap transformMapEntry
  bool bind = true;             // cel.bind, and cel.block with cel.index, cel.iterVar, cel.accuVar
  bool quoted_fields = true;    // a.`b-c`
  bool math_macros = true;      // math.greatest, math.least (variadic)
  bool sort_by = true;          // list.sortBy(e, key)
  bool kubernetes_reserved_escapes = false;
};

std::expected<std::unique_ptr<Ast>, std::vector<Issue>> parse(std::string_view source, const Syntax& syntax = {},
                                                              const ParseLimits& limits = {});

// The tree back as source text (canonical spacing, macros re-folded); used by explain and tests.
std::string unparse(const Expr& expr);

}  // namespace ameia::expr
