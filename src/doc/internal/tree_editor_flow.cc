// Flow style and JSON: members and items between commas.
#include <algorithm>

#include "doc/internal/tree_editor.h"
#include "doc/json.h"

namespace ameia::doc::internal {

void TreeEditor::remove_flow(const Collection& collection) {
  const std::vector<Entry>& entries = collection.entries;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].now != nullptr) continue;
    size_t next = i + 1;
    while (next < entries.size() && entries[next].now == nullptr) ++next;
    uint32_t begin = entries[i].begin, end = entries[next - 1].end;
    if (next < entries.size()) {
      uint32_t stop = entries[next].begin;
      if (has_comment(end, stop)) {  // a comment about the next one stays
        uint32_t comma = end;
        while (comma < stop && text_[comma] != ',') ++comma;
        stop = std::min(comma + 1, stop);
      }
      add(begin, stop, {});
    } else {
      // The last ones go with the comma before them; YAML may keep it, and a comment behind it.
      uint32_t previous = i == 0 ? begin : entries[i - 1].end;
      bool keeps_comma = has_comment(previous, begin);
      size_t comma = text_.find_first_not_of(" \t\r\n", end);
      if (keeps_comma && comma != std::string_view::npos && text_[comma] == ',') end = static_cast<uint32_t>(comma + 1);
      add(keeps_comma ? begin : previous, end, {});
    }
    i = next - 1;
  }
}

void TreeEditor::insert_flow(const Collection& collection) {
  const std::vector<Entry>& entries = collection.entries;
  bool lines = !entries.empty() && line_begin(entries.back().begin) > collection.node->begin;
  std::string indent = entries.empty() ? indentation(collection.node->begin) : indentation(entries.back().begin);
  std::string space = syntax_ == Syntax::kYaml || json_spaced_ ? " " : "";
  if (lines) space = std::string(layout_.line_end) + indent;
  bool multi = lines && !json_step_.empty();
  // Behind the last one that stays, so that it does not go with those that are taken out.
  size_t last = entries.size();
  while (last > 0 && entries[last - 1].now == nullptr) --last;
  for (size_t n = 0; n < collection.insertions.size(); ++n) {
    const Insertion& insertion = collection.insertions[n];
    std::string entry;
    if (collection.is_map) append_flow_key(entry, insertion.key, collection.quotes);
    Style quotes = collection.is_map ? Style::kPlain : collection.quotes;
    append_flow(entry, *insertion.value, quotes, multi ? &indent : nullptr);
    size_t after = std::min(insertion.after, last);
    bool only_merged = entries.empty() && collection.node->size > 0;
    if (after > 0) {
      uint32_t at = entries[after - 1].end;
      add(at, at, "," + space + entry);
    } else if (!entries.empty()) {
      add(entries.front().begin, entries.front().begin, entry + "," + space);
    } else {
      bool more = n + 1 < collection.insertions.size();
      uint32_t at = collection.node->begin + 1;
      add(at, at, entry + (more || only_merged ? "," + space : ""));
    }
  }
}

void TreeEditor::append_flow_key(std::string& out, std::string_view key, Style quotes) const {
  if (syntax_ == Syntax::kJson) {
    append_json_string(out, key);
    out += json_spaced_ ? ": " : ":";
  } else {
    append_yaml_key(out, key, true, quotes);
    out += ": ";
  }
}

// `indent`: on lines of their own, each a step further in than it; nullptr: on one line.
void TreeEditor::append_flow(std::string& out, const Node& value, Style quotes, const std::string* indent) const {
  if (!is_filled(value)) {
    out += scalar_text(value, true, quotes);
    return;
  }
  std::string inner = indent == nullptr ? std::string() : *indent + json_step_;
  const std::string* inner_indent = indent == nullptr ? nullptr : &inner;
  bool spaced = syntax_ == Syntax::kYaml || json_spaced_;
  out += value.is_map() ? '{' : '[';
  for (uint32_t i = 0; i < value.size; ++i) {
    if (i > 0) out += ',';
    if (indent != nullptr) {
      out.append(layout_.line_end).append(inner);
    } else if (i > 0 && spaced) {
      out += ' ';
    }
    if (value.is_map()) append_flow_key(out, value.members[i].key->view(), Style::kPlain);
    append_flow(out, value.is_map() ? value.members[i].value : value.items[i], Style::kPlain, inner_indent);
  }
  if (indent != nullptr) out.append(layout_.line_end).append(*indent);
  out += value.is_map() ? '}' : ']';
}

}  // namespace ameia::doc::internal
