// Checks of a type-checked tree that only literals can fail: dates, patterns, lists of unlike elements.
// Neighbours: expr/check.cc runs it last, as cel-go runs its AST validators.
#pragma once

#include <vector>

#include "expr/check.h"

namespace ameia::expr {

std::vector<Issue> check_literals(const Checked& checked, bool homogeneous);

}  // namespace ameia::expr
