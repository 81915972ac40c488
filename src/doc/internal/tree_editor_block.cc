// Block style: a member or item is its lines. What is put in begins with the line break before it, so that a text that
// ends without one stays so.
#include <algorithm>

#include "doc/internal/tree_editor.h"

namespace ameia::doc::internal {

// Takes the first map in a map, and the first list in a map, as the author's habit.
void TreeEditor::learn_layout(const Node& node, size_t levels) {
  if (levels == 0 || (knows_step_ && knows_list_step_) || node.from_alias || is_flow(node)) return;
  size_t outer = is_filled(node) ? column(node.begin) : 0;
  for (const Member& member : node.map()) {
    const Node& value = member.value;
    bool below = is_filled(value) && !value.from_alias && !is_flow(value) && value.begin > line_end(member.key_begin);
    if (below && column(value.begin) >= outer) {
      size_t step = column(value.begin) - outer;
      if (value.is_list() && !knows_list_step_) {
        layout_.list_step = step;
        knows_list_step_ = true;
      } else if (value.is_map() && !knows_step_ && step > 0) {
        layout_.step = step;
        knows_step_ = true;
      }
    }
    learn_layout(value, levels - 1);
  }
  for (const Node& item : node.list()) learn_layout(item, levels - 1);
}

// An item begins with its '-'.
void TreeEditor::place_items(Collection& collection) const {
  uint32_t at = collection.node->begin;
  for (Entry& entry : collection.entries) {
    while (at < entry.value->begin && text_[at] != '-') {
      at = text_[at] == '#' ? next_line(at) : at + 1;
    }
    entry.begin = std::min(at, entry.value->begin);
    at = std::max(at + 1, entry.end);
  }
}

// Where the last line of a value ends. The blank lines after a scalar that keeps them (|+) are part of it.
uint32_t TreeEditor::last_line_end(const Node& node) const {
  const Node* last = &node;
  while (is_filled(*last) && !last->from_alias) {
    const Node* furthest = nullptr;
    for (const Node& item : last->list()) {
      if (furthest == nullptr || item.end >= furthest->end) furthest = &item;
    }
    for (const Member& member : last->map()) {
      if (furthest == nullptr || member.value.end >= furthest->end) furthest = &member.value;
    }
    last = furthest;
  }
  uint32_t end = line_end(node.end);
  if (last->from_alias || (last->style != Style::kLiteral && last->style != Style::kFolded)) return end;
  std::string_view header = text_.substr(last->begin, line_end(last->begin) - last->begin);
  if (header.substr(0, header.find_first_of(" \t#")).find('+') == std::string_view::npos) return end;
  for (uint32_t line = next_line(end); line < text_.size(); line = next_line(line)) {
    if (!is_blank(line, line_end(line))) break;
    end = line_end(line);
  }
  return end;
}

void TreeEditor::remove_block(const Collection& collection) {
  const std::vector<Entry>& entries = collection.entries;
  uint32_t gone_to = 0;  // the begin of the text is as good as a line break before it
  for (size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].now != nullptr) continue;
    uint32_t begin = entries[i].begin, line = line_begin(begin);
    Node value = *entries[i].value;
    value.end = entries[i].end;
    uint32_t end = last_line_end(value);
    if (is_blank(line, begin)) {
      if (line == gone_to) {
        gone_to = next_line(end);
        add(line, gone_to, {});
      } else {
        uint32_t break_begin = line - 1;
        if (break_begin > 0 && text_[break_begin - 1] == '\r') --break_begin;
        add(break_begin, end, {});
      }
      continue;
    }
    // It begins behind a '-' (or what else opens its collection): the next one takes its place there.
    size_t next = i + 1;
    while (next < entries.size() && entries[next].now == nullptr) ++next;
    bool joins = next < entries.size() && !has_comment(entries[next - 1].end, entries[next].begin);
    if (joins) {
      add(begin, entries[next].begin, {});
      i = next - 1;
    } else {
      while (begin > line && text_[begin - 1] == ' ') --begin;
      add(begin, end, {});
    }
  }
}

void TreeEditor::insert_block(const Collection& collection) {
  const Node& node = *collection.node;
  size_t indent = column(node.begin);
  std::string line(layout_.line_end);
  line.append(indent, ' ');
  for (const Insertion& insertion : collection.insertions) {
    std::string entry = block_entry(collection, insertion, indent);
    if (insertion.after == 0 && !collection.is_map) {
      add(node.begin, node.begin, entry + line);
      continue;
    }
    bool at_end = collection.is_map || insertion.after == collection.entries.size();
    uint32_t at = last_line_end(at_end ? node : *collection.entries[insertion.after - 1].value);
    add(at, at, line + entry);
  }
}

std::string TreeEditor::block_entry(const Collection& collection, const Insertion& insertion, size_t indent) const {
  const Node& value = *insertion.value;
  Place place{collection.is_map ? Place::In::kMap : Place::In::kList, false, indent};
  std::string out;
  if (!collection.is_map) {
    out = "- ";
    return out + (is_filled(value) ? block_text(value, inner_indent(value, place))
                                   : scalar_text(value, false, collection.quotes));
  }
  append_yaml_key(out, insertion.key, false, collection.quotes);
  out += ':';
  if (!is_filled(value)) return out + " " + scalar_text(value, false, Style::kPlain);
  size_t inner = inner_indent(value, place);
  out.append(layout_.line_end).append(inner, ' ');
  return out + block_text(value, inner);
}

void TreeEditor::replace_in_block(const Node& before, const Node& after, const Place& place) {
  // The white space between the key's ':' or the item's '-' and the value, unless something else stands there.
  uint32_t gap = before.begin;
  while (gap > 0 && is_break_or_blank(text_[gap - 1])) --gap;
  char opener = place.in == Place::In::kList ? '-' : ':';
  bool clean = place.in != Place::In::kNothing && gap > 0 && text_[gap - 1] == opener &&
               !(line_begin(before.begin) > gap && has_comment(line_begin(gap), gap));
  bool was_block = is_filled(before) && !is_flow(before);
  // On a line of its own a value stands further in than its key; only a list may stand below it.
  bool first_on_line = is_blank(line_begin(before.begin), before.begin);
  std::string further_in;
  if (place.in != Place::In::kNothing && first_on_line && column(before.begin) <= place.indent)
    further_in.assign(place.indent + layout_.step - column(before.begin), ' ');
  if (!is_filled(after)) {
    std::string text = scalar_text(after, false, before.is_string() ? before.style : Style::kPlain);
    bool from_gap = clean && (was_block || before.begin == before.end);
    return add(from_gap ? gap : before.begin, before.end, (from_gap ? " " : further_in) + text);
  }
  size_t inner = inner_indent(after, place);
  std::string break_and_indent(layout_.line_end);
  break_and_indent.append(inner, ' ');
  if (place.in == Place::In::kNothing) {
    add(before.begin, before.end, block_text(after, column(before.begin)));
  } else if (!clean && first_on_line) {
    add(before.begin, before.end, further_in + block_text(after, column(before.begin) + further_in.size()));
  } else if (place.in == Place::In::kList && clean) {
    add(gap, before.end, " " + block_text(after, inner));
  } else {
    add(clean ? gap : before.begin, before.end, break_and_indent + block_text(after, inner));
  }
}

size_t TreeEditor::inner_indent(const Node& value, const Place& place) const {
  if (place.in == Place::In::kNothing) return 0;
  if (place.in == Place::In::kList) return place.indent + 2;  // behind "- "
  return place.indent + (value.is_list() ? layout_.list_step : layout_.step);
}

std::string TreeEditor::block_text(const Node& value, size_t indent) const {
  std::string out;
  append_yaml_block(out, value, indent, layout_);
  out.resize(out.size() - layout_.line_end.size());
  return out;
}

}  // namespace ameia::doc::internal
