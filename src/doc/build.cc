#include "doc/build.h"

#include <algorithm>

namespace ameia::doc {

Node Builder::null() { return {}; }

Node Builder::boolean(bool value) {
  Node n;
  n.kind = Kind::kBool;
  n.boolean = value;
  return n;
}

Node Builder::integer(int64_t value) {
  Node n;
  n.kind = Kind::kInt;
  n.integer = value;
  return n;
}

Node Builder::number(double value) {
  Node n;
  n.kind = Kind::kDouble;
  n.number = value;
  return n;
}

Node Builder::string(std::string_view value) {
  Node n;
  n.kind = Kind::kString;
  n.size = static_cast<uint32_t>(value.size());
  n.chars = arena_.copy(value).data();
  n.ascii = std::all_of(value.begin(), value.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  return n;
}

Node Builder::list(const std::vector<Node>& items) {
  Node n;
  n.kind = Kind::kList;
  n.size = static_cast<uint32_t>(items.size());
  n.items = arena_.copy(std::span<const Node>(items)).data();
  return n;
}

Node Builder::map(const std::vector<std::pair<std::string_view, Node>>& members) {
  Node n;
  n.kind = Kind::kMap;
  n.size = static_cast<uint32_t>(members.size());
  Member* to = arena_.array<Member>(members.size());
  for (size_t i = 0; i < members.size(); ++i) {
    const Key* k = key(members[i].first);
    to[i] = {k, k->hash, 0, members[i].second};
  }
  n.members = to;
  return n;
}

Node Builder::with_member(const Node& from, std::string_view name, const Node& value) {
  const Node* old = from.find(name);
  Node n = from;
  n.kind = Kind::kMap;
  uint32_t size = from.is_map() ? from.size : 0;
  n.size = old == nullptr ? size + 1 : size;
  Member* to = arena_.array<Member>(n.size);
  for (uint32_t i = 0; i < size; ++i) {
    to[i] = from.members[i];
    if (old == &from.members[i].value) to[i].value = value;
  }
  if (old == nullptr) {
    const Key* k = key(name);
    to[size] = {k, k->hash, 0, value};
  }
  n.members = to;
  return n;
}

Node Builder::without_member(const Node& from, std::string_view name) {
  const Node* gone = from.find(name);
  if (gone == nullptr) return from;
  Node n = from;
  n.size = from.size - 1;
  Member* to = arena_.array<Member>(n.size);
  for (uint32_t i = 0, j = 0; i < from.size; ++i) {
    if (gone != &from.members[i].value) to[j++] = from.members[i];
  }
  n.members = to;
  return n;
}

const Key* Builder::key(std::string_view text) {
  return arena_.make<Key>(Key{key_hash(text), static_cast<uint32_t>(text.size()), arena_.copy(text).data()});
}

namespace {

// Exact comparison of an int64 with a double: no rounding of the integer.
bool number_equal(int64_t integer, double number) {
  return number >= -0x1p63 && number < 0x1p63 && static_cast<double>(static_cast<int64_t>(number)) == number &&
         static_cast<int64_t>(number) == integer;
}

}  // namespace

bool equal(const Node& a, const Node& b) {
  if (a.kind == Kind::kInt && b.kind == Kind::kDouble) return number_equal(a.integer, b.number);
  if (a.kind == Kind::kDouble && b.kind == Kind::kInt) return number_equal(b.integer, a.number);
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::kNull: return true;
    case Kind::kBool: return a.boolean == b.boolean;
    case Kind::kInt: return a.integer == b.integer;
    case Kind::kDouble: return a.number == b.number;
    case Kind::kString: return a.str() == b.str();
    case Kind::kList:
      return a.size == b.size && (a.items == b.items || std::equal(a.items, a.items + a.size, b.items, equal));
    case Kind::kMap:
      if (a.size != b.size || a.members == b.members) return a.size == b.size;
      for (const Member& m : a.map()) {
        const Node* other = b.find(KeyRef(m.key->view()));
        if (other == nullptr || !equal(m.value, *other)) return false;
      }
      return true;
  }
  return false;
}

}  // namespace ameia::doc
