#include "doc/build.h"

#include <algorithm>
#include <limits>

#include "doc/internal/text.h"

namespace ameia::doc {

Node Builder::null() {
  return Node{};
}

Node Builder::boolean(bool value) {
  Node node;
  node.kind = Kind::kBool;
  node.integer = 0;
  node.boolean = value;
  return node;
}

Node Builder::integer(int64_t value) {
  Node node;
  node.kind = Kind::kInt;
  node.integer = value;
  return node;
}

Node Builder::number(double value) {
  Node node;
  node.kind = Kind::kDouble;
  node.number = value;
  return node;
}

Node Builder::string(std::string_view value) {
  Node node;
  node.kind = Kind::kString;
  node.style = Style::kDoubleQuoted;
  node.ascii = internal::all_ascii(value);
  node.size = static_cast<uint32_t>(value.size());
  node.chars = arena_.copy(value).data();
  return node;
}

Node Builder::list(const std::vector<Node>& items) {
  Node node;
  node.kind = Kind::kList;
  node.style = Style::kBlock;
  node.size = static_cast<uint32_t>(items.size());
  node.items = arena_.copy(std::span<const Node>(items)).data();
  return node;
}

const Key* Builder::key(std::string_view text) {
  Key* key = arena_.make<Key>();
  key->hash = key_hash(text);
  key->size = static_cast<uint32_t>(text.size());
  key->text = arena_.copy(text).data();
  return key;
}

Node Builder::map(const std::vector<std::pair<std::string_view, Node>>& members) {
  Node node;
  node.kind = Kind::kMap;
  node.style = Style::kBlock;
  node.size = static_cast<uint32_t>(members.size());
  auto* out = arena_.array<Member>(members.size());
  for (size_t i = 0; i < members.size(); ++i) {
    const Key* name = key(members[i].first);
    out[i] = Member{name, name->hash, 0, members[i].second};
  }
  node.members = out;
  return node;
}

Node Builder::with_member(const Node& from, std::string_view name, const Node& value) {
  const auto old = from.map();
  const Node* present = from.find(name);
  Node node = from;
  node.kind = Kind::kMap;
  node.size = static_cast<uint32_t>(old.size() + (present == nullptr ? 1 : 0));
  auto* out = arena_.array<Member>(node.size);
  std::copy(old.begin(), old.end(), out);
  if (present == nullptr) {
    const Key* added = key(name);
    out[old.size()] = Member{added, added->hash, 0, value};
  } else {
    for (size_t i = 0; i < old.size(); ++i) {
      if (&old[i].value == present) out[i].value = value;
    }
  }
  node.members = out;
  return node;
}

Node Builder::without_member(const Node& from, std::string_view name) {
  const auto old = from.map();
  const Node* present = from.find(name);
  if (present == nullptr) return from;
  Node node = from;
  node.size = static_cast<uint32_t>(old.size() - 1);
  auto* out = arena_.array<Member>(node.size);
  std::copy_if(old.begin(), old.end(), out, [present](const Member& m) { return &m.value != present; });
  node.members = out;
  return node;
}

Node Builder::copy(const Node& from) {
  Node node = from;
  node.begin = node.end = 0;
  node.from_alias = false;
  if (from.is_string()) node.chars = arena_.copy(from.str()).data();
  if (from.is_list()) {
    auto* items = arena_.array<Node>(from.size);
    for (uint32_t i = 0; i < from.size; ++i) items[i] = copy(from.items[i]);
    node.items = items;
  }
  if (from.is_map()) {
    auto* members = arena_.array<Member>(from.size);
    for (uint32_t i = 0; i < from.size; ++i) {
      const Key* name = key(from.members[i].key->view());
      members[i] = Member{name, name->hash, 0, copy(from.members[i].value)};
    }
    node.members = members;
  }
  return node;
}

namespace {

// Exact: no rounding of the integer.
bool equal_int_double(int64_t i, double d) {
  if (!(d >= -0x1p63 && d < 0x1p63)) return false;
  return static_cast<double>(static_cast<int64_t>(d)) == d && static_cast<int64_t>(d) == i;
}

constexpr size_t kScannedMembersMax = 32;  // past this, members are matched by sorting: hostile maps stay n log n

std::vector<const Member*> sorted_members(const Node& map) {
  std::vector<const Member*> out;
  out.reserve(map.size);
  for (const Member& m : map.map()) out.push_back(&m);
  std::sort(out.begin(), out.end(), [](const Member* x, const Member* y) { return x->key->view() < y->key->view(); });
  return out;
}

bool equal_maps(const Node& a, const Node& b) {
  if (a.size != b.size) return false;
  if (a.members == b.members) return true;
  if (a.size <= kScannedMembersMax) {
    for (const Member& m : a.map()) {
      const Node* other = b.find(KeyRef(m.key->view()));
      if (other == nullptr || !equal(m.value, *other)) return false;
    }
    return true;
  }
  const auto left = sorted_members(a);
  const auto right = sorted_members(b);
  for (size_t i = 0; i < left.size(); ++i) {
    if (left[i]->key->view() != right[i]->key->view() || !equal(left[i]->value, right[i]->value)) return false;
  }
  return true;
}

}  // namespace

bool equal(const Node& a, const Node& b) {
  if (a.is_int() && b.kind == Kind::kDouble) return equal_int_double(a.integer, b.number);
  if (a.kind == Kind::kDouble && b.is_int()) return equal_int_double(b.integer, a.number);
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::kNull: return true;
    case Kind::kBool: return a.boolean == b.boolean;
    case Kind::kInt: return a.integer == b.integer;
    case Kind::kDouble: return a.number == b.number;
    case Kind::kString: return a.str() == b.str();
    case Kind::kList: {
      if (a.size != b.size) return false;
      for (size_t i = 0; i < a.size; ++i) {
        if (!equal(a.items[i], b.items[i])) return false;
      }
      return true;
    }
    case Kind::kMap: return equal_maps(a, b);
  }
  return false;
}

}  // namespace ameia::doc
