// Checks of a type-checked tree that only literals can fail: dates, patterns, lists of unlike elements.
// Neighbours: expr/check.cc runs it last, as cel-go runs its AST validators.
#pragma once

#include <optional>
#include <vector>

#include "expr/check.h"

namespace ameia::expr {

// `values`: dates, patterns and formats must be good; `homogeneous`: elements must be of one type, but in format().
std::vector<Issue> check_literals(const Checked& checked, bool values, bool homogeneous);
// What is wrong with a call of format() whose format and list of arguments are literals.
std::optional<Issue> check_format(const Checked& checked, const Expr* call);

}  // namespace ameia::expr
