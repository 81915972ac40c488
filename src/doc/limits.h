// What a document may cost before reading it stops with Code::kLimit. The defaults fit the largest real exports of a
// cluster (tens of thousands of objects in one file) and keep a hostile file within seconds and a few hundred MiB.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ameia::doc {

struct Limits {
  size_t bytes_max = size_t{256} << 20;        // of one source
  uint32_t depth_max = 512;                    // of nested lists and maps
  size_t nodes_max = 10'000'000;               // of one document
  size_t alias_nodes_max = 1'000'000;          // nodes that aliases add by expansion, in one YAML document
  size_t scalar_bytes_max = size_t{16} << 20;  // of one YAML scalar or comment block, and so of one YAML line
};

// A JsonReader forgets its interned keys when they pass these: a stream of ever new keys must not grow it for ever.
inline constexpr size_t kReaderKeysMax = 65'536;
inline constexpr size_t kReaderKeyBytesMax = size_t{8} << 20;

// Duplicate keys recorded in one document; more are dropped like the rest, only not told one by one.
inline constexpr size_t kDuplicatesMax = 1'000;

// The part of a line that an error message shows, in code points.
inline constexpr size_t kSnippetColumnsMax = 100;

}  // namespace ameia::doc
