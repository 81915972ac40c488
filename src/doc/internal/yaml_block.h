// The YAML that people write manifests in, read without libyaml: block maps and lists, plain and quoted scalars,
// literal and folded blocks, flow collections on one line. It sends YamlTree the events that libyaml would.
// Neighbours: yaml.cc asks this reader first and yaml_libyaml.h for everything else.
//
// It never decides that a text is wrong. Whatever is outside the subset (anchors, tags, directives, tabs between
// tokens, carriage returns, quotes over several lines, a root that is no block collection) or looks odd makes it give
// up, and libyaml reads the document from its start: what is an error, and how it is worded, has one source.
// tests/doc/yaml_block_test.cc and the yaml fuzz target hold both readers against each other, spans included.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "doc/internal/yaml_tree.h"
#include "doc/limits.h"

namespace ameia::doc::internal {

// Threads: none. Owns: scratch, kept from document to document.
class YamlBlockReader {
 public:
  YamlBlockReader(YamlTree& tree, const Limits& limits) : tree_(tree), gap_max_(limits.scalar_bytes_max / 2) {}

  // Reads the one document in [begin, end) of `source` into the tree, which has been started. True: it is whole, or
  // there is none (the root is null and spans nothing). False: not for this reader; the tree is to be started again.
  bool read(std::string_view source, uint32_t begin, uint32_t end);

 private:
  struct Level {
    uint32_t indent;
    bool is_map;
  };

  [[nodiscard]] char at(uint32_t i) const { return i < end_ ? text_[i] : '\n'; }
  [[nodiscard]] bool blank_at(uint32_t i) const;  // a space, a tab or the end of the line
  [[nodiscard]] bool at_dash() const { return text_[p_] == '-' && (at(p_ + 1) == ' ' || at(p_ + 1) == '\n'); }
  void skip_spaces();
  bool skip_marker();
  bool next_line(uint32_t& column);
  bool end_line();

  bool line(uint32_t column);
  bool node(uint32_t column, bool may_be_key);
  bool key(uint32_t column, const YamlScalar& scalar);
  bool value(YamlScalar& scalar);
  bool open(uint32_t column, bool is_map);
  bool close();
  bool absent_value();

  bool plain(YamlScalar& scalar);
  uint32_t plain_end();
  bool more_plain_lines(YamlScalar& scalar);
  bool single_quoted(YamlScalar& scalar);
  bool double_quoted(YamlScalar& scalar);
  bool block_scalar();
  bool block_text(bool folded, char chomping, uint32_t indent, uint32_t leading_breaks);
  bool flow_value();
  bool flow_scalar(YamlScalar& scalar);

  YamlTree& tree_;
  size_t gap_max_;  // bytes of one scalar or comment block; libyaml's reader counts more coarsely, so half its limit
  PodStack<Level> levels_;
  std::string scratch_;
  const char* text_ = nullptr;
  uint32_t p_ = 0;
  uint32_t end_ = 0;
  uint32_t line_begin_ = 0;
  bool pending_ = false;     // the value of the newest key or dash, or the root, is still to come
  uint32_t pending_at_ = 0;  // where it stands if it never does
};

}  // namespace ameia::doc::internal
