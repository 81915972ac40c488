#include "doc/internal/tree_editor.h"

#include <algorithm>
#include <map>

#include "doc/build.h"
#include "doc/internal/text.h"
#include "doc/json.h"

namespace ameia::doc::internal {
namespace {

constexpr size_t kLayoutDepthMax = 32;    // levels looked at to learn how a file is indented
constexpr uint32_t kAlignAheadMax = 256;  // items looked ahead for the one an item has become

bool same_payload(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.size != b.size) return false;
  return is_filled(a) && a.chars == b.chars;
}

bool same_place(const Node& a, const Node& b) {
  return a.begin == b.begin && a.end == b.end && a.end > a.begin;
}

// A member that a merge key brought: it has no text of its own.
bool is_merged(const Member& member) {
  return member.value.from_alias && member.key_begin == member.value.begin;
}

}  // namespace

TreeEditor::TreeEditor(std::string_view text, Syntax syntax, std::vector<TextEdit>& edits)
    : text_(text), syntax_(syntax), edits_(edits) {
  size_t first_break = text.find('\n');
  if (first_break != std::string_view::npos && first_break > 0 && text[first_break - 1] == '\r')
    layout_.line_end = "\r\n";
}

void TreeEditor::document(const Node& before, const Node& after) {
  if (same_payload(before, after) || equal(before, after)) return;
  if (syntax_ == Syntax::kYaml) {
    layout_.list_step = layout_.step;
    learn_layout(before, kLayoutDepthMax);
    if (!knows_list_step_) layout_.list_step = layout_.step;
  } else if (is_filled(before)) {
    uint32_t first = before.is_map() ? before.members[0].key_begin : before.items[0].begin;
    if (line_begin(first) > before.begin) json_step_ = indentation(first);
    size_t colon = text_.find(':', before.begin);
    json_spaced_ = !json_step_.empty() || (colon + 1 < text_.size() && text_[colon + 1] == ' ');
  }
  node(before, after, {Place::In::kNothing, syntax_ == Syntax::kJson, 0});
}

void TreeEditor::node(const Node& before, const Node& after, const Place& place) {
  if (same_payload(before, after) || equal(before, after)) return;
  if (before.from_alias) {
    if (shared_ == nullptr) shared_ = &before;
    return;
  }
  if (before.is_map() && after.is_map()) {
    map(before, after, place);
  } else if (before.is_list() && after.is_list()) {
    list(before, after, place);
  } else {
    replace(before, after, place);
  }
}

void TreeEditor::map(const Node& before, const Node& after, const Place& place) {
  std::map<std::string_view, const Node*> now, then;
  for (const Member& member : after.map()) now.emplace(member.key->view(), &member.value);
  Collection collection{&before, is_flow(before), true, {}, {}, Style::kPlain};
  for (const Member& member : before.map()) {
    then.emplace(member.key->view(), &member.value);
    auto found = now.find(member.key->view());
    const Node* became = found == now.end() ? nullptr : found->second;
    if (is_merged(member)) {
      if (shared_ == nullptr && (became == nullptr || !equal(member.value, *became))) shared_ = &member.value;
      continue;
    }
    uint32_t key_end = member.key_begin + 1;
    collection.entries.push_back({member.key_begin, std::max(member.value.end, key_end), &member.value, became});
    char quote = member.key_begin < text_.size() ? text_[member.key_begin] : '\0';
    collection.quotes = quote == '"' ? Style::kDoubleQuoted : quote == '\'' ? Style::kSingleQuoted : Style::kPlain;
  }
  std::sort(collection.entries.begin(), collection.entries.end(),
            [](const Entry& a, const Entry& b) { return a.begin < b.begin; });
  for (const Member& member : after.map()) {
    if (then.contains(member.key->view())) continue;
    collection.insertions.push_back({collection.entries.size(), member.key->view(), &member.value});
  }
  change(collection, after, place);
}

void TreeEditor::list(const Node& before, const Node& after, const Place& place) {
  Collection collection{&before, is_flow(before), false, {}, {}, Style::kPlain};
  for (const Node& item : before.list()) {
    collection.entries.push_back({item.begin, item.end, &item, nullptr});
    if (item.is_string() && !item.from_alias) collection.quotes = item.style;
  }
  align(before, after, collection);
  if (!collection.flow) place_items(collection);
  change(collection, after, place);
}

// What became of each item: items in the same place of the source, or equal ones, are the same; between those, items
// are changed one by one, and what is left over is taken out or put in.
void TreeEditor::align(const Node& before, const Node& after, Collection& out) const {
  auto match = [&](uint32_t i, uint32_t j) {
    return same_place(before.items[i], after.items[j]) || equal(before.items[i], after.items[j]);
  };
  uint32_t i = 0, j = 0;
  auto take_gap = [&](uint32_t i_end, uint32_t j_end) {
    while (i < i_end && j < j_end) out.entries[i++].now = &after.items[j++];
    i = i_end;
    for (; j < j_end; ++j) out.insertions.push_back({i, {}, &after.items[j]});
  };
  while (i < before.size && j < after.size) {
    if (match(i, j)) {
      out.entries[i++].now = &after.items[j++];
      continue;
    }
    uint32_t gap_i = i, gap_j = j;
    bool met = false;
    for (uint32_t ahead = 1; ahead <= kAlignAheadMax && !met; ++ahead) {
      if (i + ahead < before.size && match(i + ahead, j)) {
        gap_i = i + ahead;
        met = true;
      } else if (j + ahead < after.size && match(i, j + ahead)) {
        gap_j = j + ahead;
        met = true;
      }
    }
    if (met) {
      take_gap(gap_i, gap_j);
    } else {
      out.entries[i++].now = &after.items[j++];
    }
  }
  take_gap(before.size, after.size);
}

void TreeEditor::change(const Collection& collection, const Node& after, const Place& place) {
  const Node& before = *collection.node;
  bool any_left = collection.entries.size() < before.size || before.size == 0;  // or members that are merged in
  for (const Entry& entry : collection.entries) any_left = any_left || entry.now != nullptr;
  bool unbraced = place.flow && !collection.flow;  // [a: b] holds a map without braces
  if (!any_left || unbraced) return replace(before, after, place);
  Place inner{collection.is_map ? Place::In::kMap : Place::In::kList, collection.flow, 0};
  if (!collection.flow) inner.indent = column(before.begin);
  for (const Entry& entry : collection.entries) {
    if (entry.now != nullptr) node(*entry.value, *entry.now, inner);
  }
  if (collection.flow) {
    remove_flow(collection);
    insert_flow(collection);
  } else {
    remove_block(collection);
    insert_block(collection);
  }
}

void TreeEditor::replace(const Node& before, const Node& after, const Place& place) {
  if (!place.flow) return replace_in_block(before, after, place);
  std::string text;
  if (before.begin == before.end && before.begin > 0 && text_[before.begin - 1] == ':') text += ' ';
  std::string indent = indentation(before.begin);
  append_flow(text, after, before.is_string() ? before.style : Style::kPlain, json_step_.empty() ? nullptr : &indent);
  add(before.begin, before.end, std::move(text));
}

bool TreeEditor::is_flow(const Node& node) const {
  return syntax_ == Syntax::kJson ||
         (node.begin < text_.size() && (text_[node.begin] == '{' || text_[node.begin] == '['));
}

uint32_t TreeEditor::line_begin(uint32_t at) const {
  if (at == 0) return 0;
  size_t previous = text_.rfind('\n', at - 1);
  return previous == std::string_view::npos ? 0 : static_cast<uint32_t>(previous + 1);
}

uint32_t TreeEditor::line_end(uint32_t at) const {
  size_t end = std::min(text_.find('\n', at), text_.size());
  if (end > at && end < text_.size() && text_[end - 1] == '\r') --end;
  return static_cast<uint32_t>(end);
}

uint32_t TreeEditor::next_line(uint32_t at) const {
  size_t end = text_.find('\n', at);
  return static_cast<uint32_t>(end == std::string_view::npos ? text_.size() : end + 1);
}

bool TreeEditor::is_blank(uint32_t begin, uint32_t end) const {
  return std::all_of(text_.begin() + begin, text_.begin() + end, is_break_or_blank);
}

bool TreeEditor::has_comment(uint32_t begin, uint32_t end) const {
  return syntax_ == Syntax::kYaml && begin < end &&
         text_.substr(begin, end - begin).find('#') != std::string_view::npos;
}

size_t TreeEditor::column(uint32_t at) const {
  uint32_t begin = line_begin(at);
  if (begin == 0 && text_.starts_with(kUtf8Bom)) begin = static_cast<uint32_t>(kUtf8Bom.size());
  return column_of(text_, begin, at) - 1;
}

// The white space that the line at `at` begins with.
std::string TreeEditor::indentation(uint32_t at) const {
  uint32_t begin = line_begin(at), end = begin;
  while (end < text_.size() && (text_[end] == ' ' || text_[end] == '\t')) ++end;
  return std::string(text_.substr(begin, end - begin));
}

std::string TreeEditor::scalar_text(const Node& value, bool flow, Style quotes) const {
  if (syntax_ == Syntax::kJson) return to_json(value);
  std::string out;
  append_yaml_scalar(out, value, flow, quotes);
  return out;
}

}  // namespace ameia::doc::internal
