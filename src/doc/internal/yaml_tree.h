// YamlTree: makes a document's tree from the events of a YAML text: anchors, merge keys, scalars' meaning, spans,
// limits. Neighbours: yaml_libyaml.cc and yaml_block.cc send it events; tree_maker.h lays out what it completes.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "doc/document.h"
#include "doc/internal/tree_maker.h"

namespace ameia::doc::internal {

struct YamlScalar {
  std::string_view text;  // the value
  std::string_view tag;   // the explicit tag, or empty
  std::string_view anchor;
  bool plain = true;       // no quotes and no tag: its text says what it is
  bool permanent = false;  // `text` lives as long as the document: the source or its arena
  Style style = Style::kPlain;
  uint32_t begin = 0;
  uint32_t end = 0;
};

// A document of comments alone, which is none.
inline bool is_absent(const Node& root) {
  return root.is_null() && root.begin == root.end;
}

// Threads: none. Owns: scratch, kept from document to document. Fails: an event returns false, and code(), problem()
// and problem_offset() say why. Limits: doc::Limits.
class YamlTree {
 public:
  YamlTree(Keys& keys, const Limits& limits) : keys_(keys), limits_(limits) {}

  void start(Document& document);
  bool scalar(const YamlScalar& scalar);
  bool alias(std::string_view name, uint32_t begin, uint32_t end);
  // A block collection begins with its first child unless `begin` is the place of its first '-' or a bracket.
  bool open(bool is_map, Style style, uint32_t begin, std::string_view anchor);
  // `end` counts for flow collections; a block collection ends where its last child does.
  bool close(uint32_t end);

  [[nodiscard]] size_t depth() const { return open_.size(); }
  [[nodiscard]] bool at_key() { return !open_.empty() && open_.back().at_key; }
  [[nodiscard]] const Node& root() const { return *root_; }
  [[nodiscard]] base::Code code() const { return code_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] uint32_t problem_offset() const { return problem_offset_; }

 private:
  struct Anchor {
    Node node;
    size_t nodes = 0;  // what one alias of it adds
    bool open = true;  // still being read: an alias here would contain itself
  };
  struct Open {
    Anchor* anchor;
    size_t nodes_before;
    uint32_t last_end;
    Style style;
    bool is_map;
    bool at_key;    // the next event is a key
    bool is_merge;  // the value to come belongs to "<<"
    bool has_begin;
  };

  bool fail(uint32_t offset, std::string problem, base::Code code = base::Code::kInvalidInput);
  bool count(uint32_t offset);
  Anchor* anchor(std::string_view name) { return name.empty() ? nullptr : &anchors_[std::string(name)]; }
  Node* value_slot();
  bool key(const YamlScalar& scalar);
  bool add_key(const Key* key, uint32_t begin, uint32_t end);
  bool complete(const Node& value);
  bool merge(const Node& value, uint32_t key_begin, uint32_t alias_begin, uint32_t alias_end, bool from_alias);

  Keys& keys_;
  const Limits& limits_;
  Document* document_ = nullptr;
  std::string_view source_;
  Node* root_ = nullptr;
  TreeMaker maker_;
  PodStack<Open> open_;
  std::unordered_map<std::string, Anchor> anchors_;
  std::vector<Member> merging_;
  std::string key_text_;
  size_t nodes_ = 0;
  size_t alias_nodes_ = 0;
  base::Code code_ = base::Code::kInvalidInput;
  std::string problem_;
  uint32_t problem_offset_ = 0;
};

}  // namespace ameia::doc::internal
