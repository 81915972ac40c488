#include "doc/internal/yaml_tree.h"

#include <algorithm>

#include "doc/internal/yaml_scalar.h"

namespace ameia::doc::internal {
namespace {

constexpr std::string_view kMergeTag = "tag:yaml.org,2002:merge";

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// The span of a literal or folded scalar ends with its last line of text (the line break stays outside, so that a
// replacement does not swallow it), or with its header when it has no text.
uint32_t block_scalar_end(std::string_view source, uint32_t begin, uint32_t end) {
  uint32_t header = begin;
  while (header < end && std::string_view("|>+-0123456789").find(source[header]) != std::string_view::npos) ++header;
  uint32_t first_line = header;
  while (first_line < end && source[first_line] != '\n' && source[first_line] != '\r') ++first_line;
  uint32_t last = end;
  while (last > first_line && is_space(source[last - 1])) --last;
  if (last <= first_line) return header;
  while (last < end && source[last] != '\n' && source[last] != '\r') ++last;
  return last;
}

void prepare(Node& slot, uint32_t begin, uint32_t end) {
  slot.kind = Kind::kNull;
  slot.style = Style::kPlain;
  slot.ascii = false;
  slot.from_alias = false;
  slot.size = 0;
  slot.integer = 0;
  slot.begin = begin;
  slot.end = end;
}

}  // namespace

void YamlTree::start(Document& document) {
  document_ = &document;
  source_ = document.source().bytes();
  root_ = document.arena().make<Node>();
  document.set_root(root_);
  maker_.start(document.arena(), document.mutable_duplicates(), root_);
  open_.shrink(0);
  anchors_.clear();
  nodes_ = alias_nodes_ = 0;
}

bool YamlTree::fail(uint32_t offset, std::string problem, base::Code code) {
  code_ = code;
  problem_ = std::move(problem);
  problem_offset_ = offset;
  return false;
}

bool YamlTree::count(uint32_t offset) {
  if (++nodes_ <= limits_.nodes_max) return true;
  return fail(offset, "more than " + std::to_string(limits_.nodes_max) + " values in one document", base::Code::kLimit);
}

// The place of the next value. The slot of a map's value was made with its key.
Node* YamlTree::value_slot() {
  if (open_.empty()) return root_;
  return open_.back().is_map ? &maker_.last() : maker_.add_item();
}

bool YamlTree::add_key(const Key* key, uint32_t begin, uint32_t end) {
  Open& map = open_.back();
  if (!map.has_begin) {
    maker_.set_begin(begin);
    map.has_begin = true;
  }
  prepare(*maker_.add_member(key, begin), end, end);
  map.at_key = false;
  map.last_end = std::max(map.last_end, end);
  return true;
}

bool YamlTree::key(const YamlScalar& scalar) {
  const bool merge = scalar.text == "<<" && (scalar.plain || scalar.tag == kMergeTag);
  open_.back().is_merge = merge;
  if (merge) return add_key(nullptr, scalar.begin, scalar.end);
  if (Anchor* named = anchor(scalar.anchor)) {
    Node node;
    prepare(node, scalar.begin, scalar.end);
    const std::string_view text = document_->arena().copy(scalar.text);
    std::string problem = resolve_scalar(text, scalar.tag, scalar.plain, document_->arena(), node);
    if (!problem.empty()) return fail(scalar.begin, std::move(problem));
    *named = {node, 1, false};
  }
  if (scalar.tag.empty() && (!scalar.plain || is_plain_word(scalar.text))) {
    return add_key(keys_.intern(scalar.text), scalar.begin, scalar.end);
  }
  if (!resolve_key(scalar.text, scalar.tag, scalar.plain, key_text_)) {
    return fail(scalar.begin, "a map key must be a string, an integer, a float or a boolean");
  }
  return add_key(keys_.intern(key_text_), scalar.begin, scalar.end);
}

bool YamlTree::scalar(const YamlScalar& scalar) {
  if (!count(scalar.begin)) return false;
  if (at_key()) return key(scalar);
  Node& slot = *value_slot();
  prepare(slot, scalar.begin, scalar.end);
  slot.style = scalar.style;
  if (scalar.style == Style::kLiteral || scalar.style == Style::kFolded) {
    slot.end = block_scalar_end(source_, scalar.begin, scalar.end);
  }
  const std::string_view text = scalar.permanent ? scalar.text : document_->arena().copy(scalar.text);
  std::string problem = resolve_scalar(text, scalar.tag, scalar.plain, document_->arena(), slot);
  if (!problem.empty()) return fail(scalar.begin, std::move(problem));
  if (Anchor* named = anchor(scalar.anchor)) *named = {slot, 1, false};
  return complete(slot);
}

bool YamlTree::alias(std::string_view name, uint32_t begin, uint32_t end) {
  if (!count(begin)) return false;
  const auto found = anchors_.find(std::string(name));
  if (found == anchors_.end()) return fail(begin, "alias *" + std::string(name) + " names no anchor before it");
  const Anchor& anchor = found->second;
  if (anchor.open) return fail(begin, "anchor &" + std::string(name) + " contains itself");
  if (at_key()) {
    open_.back().is_merge = false;
    // A scalar's own text is what a key is made of; a number's is its JSON text.
    if (anchor.node.is_string()) return add_key(keys_.intern(anchor.node.str()), begin, end);
    std::string& text = key_text_;
    switch (anchor.node.kind) {
      case Kind::kBool: text = anchor.node.boolean ? "true" : "false"; break;
      case Kind::kInt: text = std::to_string(anchor.node.integer); break;
      default: return fail(begin, "a map key must be a string, an integer or a boolean");
    }
    return add_key(keys_.intern(text), begin, end);
  }
  alias_nodes_ += anchor.nodes;
  if (alias_nodes_ > limits_.alias_nodes_max) {
    return fail(begin, "aliases expand to more than " + std::to_string(limits_.alias_nodes_max) + " values",
                base::Code::kLimit);
  }
  Node& slot = *value_slot();
  slot = anchor.node;
  slot.begin = begin;
  slot.end = end;
  slot.from_alias = true;
  return complete(slot);
}

bool YamlTree::open(bool is_map, Style style, uint32_t begin, std::string_view name) {
  if (!count(begin)) return false;
  if (at_key()) return fail(begin, "a map key must be a string, an integer, a float or a boolean");
  if (open_.size() >= limits_.depth_max) {
    return fail(begin, "nested deeper than " + std::to_string(limits_.depth_max), base::Code::kLimit);
  }
  Anchor* named = anchor(name);
  if (named != nullptr) *named = Anchor{};
  value_slot();
  maker_.open(is_map, begin);
  // A block map begins with its first key: what stands before it may be an anchor or a tag.
  const bool has_begin = style == Style::kFlow || !is_map;
  open_.push({named, nodes_ + alias_nodes_, begin, style, is_map, is_map, false, has_begin});
  return true;
}

bool YamlTree::close(uint32_t end) {
  const Open closing = open_.back();
  open_.pop();
  const Node& node = maker_.close(closing.style == Style::kFlow ? end : closing.last_end, closing.style);
  // Unless the name was given again inside.
  if (closing.anchor != nullptr && closing.anchor->open)
    *closing.anchor = {node, nodes_ + alias_nodes_ - closing.nodes_before + 1, false};
  return complete(node);
}

// A value is whole: its parent goes on.
bool YamlTree::complete(const Node& value) {
  if (open_.empty()) return true;
  Open& parent = open_.back();
  parent.last_end = std::max(parent.last_end, value.end);
  if (!parent.is_map) return true;
  parent.at_key = true;
  if (!parent.is_merge) return true;
  parent.is_merge = false;
  merging_.clear();
  const Node from = value;  // replace_last takes its slot
  if (!merge(from, from.begin, from.begin, from.end, false)) return false;
  maker_.replace_last(merging_);
  return true;
}

// sigs.k8s.io/yaml merges where the key stands, so later members win over it and it wins over earlier ones; of a list,
// the first map wins. What came through an alias is placed at the alias: that is what stands in this map.
bool YamlTree::merge(const Node& value, uint32_t key_begin, uint32_t alias_begin, uint32_t alias_end, bool from_alias) {
  if (value.from_alias) {
    from_alias = true;
    key_begin = alias_begin = value.begin;
    alias_end = value.end;
  }
  if (value.is_map()) {
    alias_nodes_ += value.size;
    if (alias_nodes_ > limits_.alias_nodes_max) {
      return fail(value.begin, "aliases expand to more than " + std::to_string(limits_.alias_nodes_max) + " values",
                  base::Code::kLimit);
    }
    for (Member member : value.map()) {
      if (from_alias) {
        member.key_begin = key_begin;
        member.value.begin = alias_begin;
        member.value.end = alias_end;
        member.value.from_alias = true;
      }
      merging_.push_back(member);
    }
    return true;
  }
  if (!value.is_list() || from_alias) return fail(value.begin, "a merge key (<<) takes a map or a list of maps");
  for (size_t i = value.size; i > 0; --i) {
    const Node& item = value.items[i - 1];
    if (!item.is_map()) return fail(item.begin, "a merge key (<<) takes a map or a list of maps");
    if (!merge(item, key_begin, alias_begin, alias_end, from_alias)) return false;
  }
  return true;
}

}  // namespace ameia::doc::internal
