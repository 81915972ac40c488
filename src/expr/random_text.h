// A text that a pattern matches, chosen by given numbers: what Kyverno's random("[a-z]{8}") gives.
// Neighbours: lib_kyverno_time.cc, host.h (the numbers).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "expr/host.h"

namespace ameia::expr {

// The pattern is RE2's: letters, escapes, classes, groups, alternatives, repetitions; anchors add nothing. Only
// printable ASCII is drawn for ".", negated classes and their like. Fails: kInvalidInput, kUnsupported (flags, Unicode
// classes), kLimit (kRandom… in limits.h).
base::Result<std::string> random_text(std::string_view pattern, RandomNumbers& numbers);

}  // namespace ameia::expr
