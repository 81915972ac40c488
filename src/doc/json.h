// JSON (RFC 8259) to a tree with positions, read as the Kubernetes API server reads it.
// Numbers: an integer that fits int64 is kInt; everything else kDouble. A duplicate key: the last wins and is recorded.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "doc/document.h"

namespace ameia::doc {

// One whole document; trailing bytes other than white space are an error.
// Fails: kInvalidInput or kLimit, `where` = name:line:column, `what` with a snippet.
base::Result<std::shared_ptr<Document>> parse_json(std::shared_ptr<const Source> source, std::shared_ptr<Keys> keys,
                                                   const Limits& limits = {});

// JsonReader: the hot-path form. Reads request after request into one arena; after warm-up it allocates nothing.
// The root lives until the next read; `bytes` must outlive it. Threads: none.
class JsonReader {
 public:
  explicit JsonReader(Limits limits = {});
  ~JsonReader();
  base::Result<const Node*> read(std::string_view bytes, std::string_view name = "<input>");
  [[nodiscard]] const std::vector<DuplicateKey>& duplicates() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Compact JSON of a tree: keys in source order, or sorted (canonical) when asked. Doubles in their shortest form.
enum class KeyOrder : uint8_t { kSource, kSorted };
std::string to_json(const Node& node, KeyOrder order = KeyOrder::kSource);
// Indented, for people.
std::string to_pretty_json(const Node& node);
// `text` as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace ameia::doc
