// Writing values as YAML text, in the layout of a file that is there already or in Ameia's own.
// Neighbours: yaml_write.cc (to_yaml), edit.cc.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "doc/node.h"

namespace ameia::doc::internal {

// How a file is laid out in block style.
struct YamlLayout {
  size_t step = 2;       // columns that a map in a map is indented
  size_t list_step = 0;  // columns that a list in a map is indented
  std::string_view line_end = "\n";
};

// A scalar or an empty collection. A string is quoted in `style` when that is a quoted one and can hold it; else it is
// plain where that reads back as the same string.
void append_yaml_scalar(std::string& out, const Node& node, bool in_flow, Style style);
void append_yaml_key(std::string& out, std::string_view key, bool in_flow, Style style);

// A collection with children. Its first line continues the current one; the others are indented by `indent`; ends
// with a line end.
void append_yaml_block(std::string& out, const Node& node, size_t indent, const YamlLayout& layout);

}  // namespace ameia::doc::internal
