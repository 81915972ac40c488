#include "app/nulls.h"

#include <algorithm>

namespace ameia::app {
namespace {

bool drop_in_list(const doc::Node& list, base::Arena& arena, doc::Node& out) {
  doc::Node* copy = nullptr;
  for (uint32_t i = 0; i < list.size; ++i) {
    doc::Node child;
    if (!drop_nulls(list.items[i], arena, child)) continue;
    if (copy == nullptr) {
      copy = arena.array<doc::Node>(list.size);
      std::copy(list.items, list.items + list.size, copy);
    }
    copy[i] = child;
  }
  if (copy != nullptr) out.items = copy;
  return copy != nullptr;
}

bool drop_in_map(const doc::Node& map, base::Arena& arena, doc::Node& out) {
  doc::Member* copy = nullptr;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < map.size; ++i) {
    doc::Member member = map.members[i];
    bool changed = member.value.is_null() || drop_nulls(map.members[i].value, arena, member.value);
    if (changed && copy == nullptr) {
      copy = arena.array<doc::Member>(map.size);
      std::copy(map.members, map.members + i, copy);
      kept = i;
    }
    if (copy != nullptr && !member.value.is_null()) copy[kept++] = member;
  }
  if (copy == nullptr) return false;
  out.members = copy;
  out.size = kept;
  return true;
}

}  // namespace

// The parser limits depth, so recursion is bounded.
bool drop_nulls(const doc::Node& root, base::Arena& arena, doc::Node& out) {
  out = root;
  if (root.is_list()) return drop_in_list(root, arena, out);
  if (root.is_map()) return drop_in_map(root, arena, out);
  return false;
}

}  // namespace ameia::app
