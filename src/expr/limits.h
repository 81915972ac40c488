// Limits of the CEL engine that no options struct carries. See ParseLimits (expr/parse.h) and RunLimits (expr/program.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace ameia::expr {

inline constexpr size_t kTypeTextMax = 2048;            // bytes of a type written into a message
inline constexpr uint32_t kTypeStepsMax = 2'000'000;    // steps of unification in one expression
inline constexpr size_t kIssuesMax = 100;               // problems reported of one source
inline constexpr uint32_t kSignatureDepthMax = 16;      // nested type parameters of a signature
inline constexpr size_t kSnippetCodePointsMax = 16'384; // of a source line shown under an issue (cel-go's)

}  // namespace ameia::expr
