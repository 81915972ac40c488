// Limits of the CEL engine that no options struct carries. See ParseLimits (expr/parse.h) and RunLimits
// (expr/program.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace ameia::expr {

inline constexpr size_t kTypeTextMax = 2048;             // bytes of a type written into a message
inline constexpr uint32_t kTypeStepsMax = 2'000'000;     // steps of unification in one expression
inline constexpr size_t kIssuesMax = 100;                // problems reported of one source
inline constexpr uint32_t kSignatureDepthMax = 16;       // nested type parameters of a signature
inline constexpr size_t kSnippetCodePointsMax = 16'384;  // of a source line shown under an issue (cel-go's)

// Library functions.
inline constexpr uint64_t kComparisonsMax = 2'000'000;       // of pairs of elements in one call: sets.*, distinct
inline constexpr uint64_t kRangeMax = 1'000'000;             // elements of lists.range (cel-go's)
inline constexpr uint32_t kFormatPrecisionMax = 1000;        // digits after the point in string.format
inline constexpr size_t kFormatBytesMax = size_t{16} << 20;  // of a formatted text
inline constexpr uint32_t kNestingMax = 256;                 // lists in lists, written or flattened
inline constexpr uint32_t kTraversalDepthMax = 1024;         // levels of a value that a cost looks into
inline constexpr int32_t kQuantityExponentMax = 2000;        // of a quantity as written, and digits of its number
inline constexpr uint32_t kUrlQueryMax = 10'000;             // parameters of a URL's query (Go's)
inline constexpr size_t kGunzipBytesMax = size_t{16} << 20;  // that gzip.decompress may make
inline constexpr size_t kHashBytesMax = size_t{16} << 20;    // of a text that is hashed
inline constexpr size_t kRandomPatternBytesMax = 1024;       // of random()'s pattern
inline constexpr uint32_t kRandomDepthMax = 64;              // of groups in it
inline constexpr uint32_t kRandomRepeatMax = 64;             // turns of a *, + or {n,}, beyond n
inline constexpr size_t kRandomBytesMax = size_t{64} << 10;  // of a text that random() makes

}  // namespace ameia::expr
