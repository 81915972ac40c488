// Builder: trees made by code (patched objects, merged documents, tests) rather than read from a file.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "doc/document.h"

namespace ameia::doc {

// Makes Nodes in a caller's arena; keys are interned there too. Strings and children are copied (nodes shallowly).
// Threads: none. Owns: nothing, the arena does.
class Builder {
 public:
  explicit Builder(base::Arena& arena) : arena_(arena) {}
  Node null();
  Node boolean(bool value);
  Node integer(int64_t value);
  Node number(double value);
  Node string(std::string_view value);
  Node list(const std::vector<Node>& items);
  Node map(const std::vector<std::pair<std::string_view, Node>>& members);
  // A shallow copy of `from` with one member set (added last when new) or removed.
  Node with_member(const Node& from, std::string_view key, const Node& value);
  Node without_member(const Node& from, std::string_view key);
  // A deep copy that has no place in any source. As deep as `from`, which a parser limited.
  Node copy(const Node& from);
  const Key* key(std::string_view text);

 private:
  base::Arena& arena_;
};

// Equality of values, as Kubernetes compares unstructured content: kInt and kDouble differ in kind but 1 == 1.0 is
// true; map order does not matter, list order does.
bool equal(const Node& a, const Node& b);

}  // namespace ameia::doc
