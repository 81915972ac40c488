// TreeEditor: finds the edits of a source that lead from the tree it holds to another one. Proposes only: edit.cc reads
// the result again and throws away what does not hold.
// Neighbours: edit.cc; tree_editor.cc (what differs), tree_editor_block.cc and tree_editor_flow.cc (how it is written).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "doc/edit.h"
#include "doc/internal/write_yaml.h"
#include "doc/node.h"

namespace ameia::doc::internal {

// Threads: none. Owns: nothing; borrows the text and appends to `edits`. Limits: those of the trees.
class TreeEditor {
 public:
  TreeEditor(std::string_view text, Syntax syntax, std::vector<TextEdit>& edits);
  void document(const Node& before, const Node& after);
  // A value that must change and stands in the source only as an alias; nullptr without.
  [[nodiscard]] const Node* shared() const { return shared_; }

 private:
  // Where a value stands.
  struct Place {
    enum class In : uint8_t { kNothing, kMap, kList } in = In::kNothing;
    bool flow = false;
    size_t indent = 0;  // block: the column of the key or '-' before it
  };
  // A member or item of the before tree, with what it became.
  struct Entry {
    uint32_t begin = 0;  // of the key, of the '-' of a block list, of a flow item
    uint32_t end = 0;    // of the value
    const Node* value = nullptr;
    const Node* now = nullptr;  // nullptr: taken out
  };
  struct Insertion {
    size_t after = 0;  // entries before it; 0 = in front of all
    std::string_view key;
    const Node* value = nullptr;
  };
  struct Collection {
    const Node* node = nullptr;
    bool flow = false, is_map = false;
    std::vector<Entry> entries;  // in order of the source
    std::vector<Insertion> insertions;
    Style quotes = Style::kPlain;  // how its keys or strings are quoted
  };

  void node(const Node& before, const Node& after, const Place& place);
  void map(const Node& before, const Node& after, const Place& place);
  void list(const Node& before, const Node& after, const Place& place);
  void align(const Node& before, const Node& after, Collection& out) const;
  void replace(const Node& before, const Node& after, const Place& place);
  void change(const Collection& collection, const Node& after, const Place& place);
  void add(uint32_t begin, uint32_t end, std::string text) { edits_.push_back({begin, end, std::move(text)}); }

  // Block style.
  void learn_layout(const Node& node, size_t levels);
  void place_items(Collection& collection) const;
  void remove_block(const Collection& collection);
  void insert_block(const Collection& collection);
  void replace_in_block(const Node& before, const Node& after, const Place& place);
  [[nodiscard]] std::string block_text(const Node& value, size_t indent) const;
  [[nodiscard]] std::string block_entry(const Collection& collection, const Insertion& insertion, size_t indent) const;
  [[nodiscard]] size_t inner_indent(const Node& value, const Place& place) const;

  // Flow style and JSON.
  void remove_flow(const Collection& collection);
  void insert_flow(const Collection& collection);
  void append_flow(std::string& out, const Node& value, Style quotes, const std::string* indent) const;
  void append_flow_key(std::string& out, std::string_view key, Style quotes) const;

  // The text.
  [[nodiscard]] bool is_flow(const Node& node) const;
  [[nodiscard]] uint32_t line_begin(uint32_t at) const;
  [[nodiscard]] uint32_t line_end(uint32_t at) const;   // of the line's text: where its line break is
  [[nodiscard]] uint32_t next_line(uint32_t at) const;  // the begin of the next line, or the end of the text
  [[nodiscard]] uint32_t last_line_end(const Node& node) const;
  [[nodiscard]] bool is_blank(uint32_t begin, uint32_t end) const;
  [[nodiscard]] bool has_comment(uint32_t begin, uint32_t end) const;
  [[nodiscard]] size_t column(uint32_t at) const;
  [[nodiscard]] std::string indentation(uint32_t at) const;
  [[nodiscard]] std::string scalar_text(const Node& value, bool flow, Style quotes) const;

  std::string_view text_;
  Syntax syntax_;
  std::vector<TextEdit>& edits_;
  YamlLayout layout_;
  bool knows_step_ = false, knows_list_step_ = false;
  std::string json_step_;  // empty: the file is written on one line
  bool json_spaced_ = true;
  const Node* shared_ = nullptr;
};

inline bool is_filled(const Node& node) {
  return (node.is_list() || node.is_map()) && node.size > 0;
}
inline bool is_break_or_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace ameia::doc::internal
