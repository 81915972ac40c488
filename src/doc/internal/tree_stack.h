// TreeStack: how both parsers assemble lists and maps: children are pushed while a container is open and copied to the
// arena when it closes. Holds the one rule for duplicate keys.
#pragma once

#include <string>
#include <vector>

#include "doc/document.h"

namespace ameia::doc::internal {

struct OpenMember {
  Member member;
  bool merged;  // brought in by a YAML merge key, so that losing or winning is no duplicate
};

// Threads: none. Owns: scratch only; reusable, so that a warm parser allocates nothing.
class TreeStack {
 public:
  void clear() {
    nodes_.clear();
    members_.clear();
    path_.clear();
  }
  [[nodiscard]] size_t open_list() const { return nodes_.size(); }
  [[nodiscard]] size_t open_map() const { return members_.size(); }
  void push(const Node& node) { nodes_.push_back(node); }
  void push(const Member& member, bool merged = false) { members_.push_back({member, merged}); }
  void enter(const Key* key) { path_.push_back(key); }
  void leave() { path_.pop_back(); }

  void close_list(size_t first, Node& out, base::Arena& arena);
  // The last of equal keys wins and keeps the first one's place; each loss that a merge key did not ask for is recorded.
  void close_map(size_t first, Node& out, base::Arena& arena, std::vector<DuplicateKey>& duplicates);

 private:
  void drop_duplicates(size_t first, std::vector<DuplicateKey>& duplicates);
  [[nodiscard]] std::string pointer(const Key* last) const;

  std::vector<Node> nodes_;
  std::vector<OpenMember> members_;
  std::vector<const Key*> path_;
};

}  // namespace ameia::doc::internal
