#include <unordered_map>

#include "doc/internal/tree_stack.h"
#include "doc/patch.h"

namespace ameia::doc::internal {
namespace {
constexpr size_t kSmallMapMembers = 16;  // up to here equal keys are looked for by comparing all pairs
}

void TreeStack::close_list(size_t first, Node& out, base::Arena& arena) {
  out.size = static_cast<uint32_t>(nodes_.size() - first);
  out.items = arena.copy(std::span<const Node>(nodes_.data() + first, out.size)).data();
  nodes_.resize(first);
}

void TreeStack::close_map(size_t first, Node& out, base::Arena& arena, std::vector<DuplicateKey>& duplicates) {
  drop_duplicates(first, duplicates);
  out.size = static_cast<uint32_t>(members_.size() - first);
  Member* to = arena.array<Member>(out.size);
  for (uint32_t i = 0; i < out.size; ++i) to[i] = members_[first + i].member;
  out.members = to;
  members_.resize(first);
}

void TreeStack::drop_duplicates(size_t first, std::vector<DuplicateKey>& duplicates) {
  size_t n = members_.size() - first;
  OpenMember* m = members_.data() + first;
  if (n <= kSmallMapMembers) {
    uint64_t bits = 0;  // two keys that share no bit of their hashes are not equal: most maps end here
    bool suspicious = false;
    for (size_t i = 0; i < n; ++i) {
      uint64_t bit = uint64_t{1} << (m[i].member.hash & 63);
      suspicious |= (bits & bit) != 0;
      bits |= bit;
    }
    if (!suspicious) return;
    bool equal_keys = false;
    for (size_t i = 1; i < n && !equal_keys; ++i) {
      for (size_t j = 0; j < i; ++j) equal_keys |= m[j].member.key == m[i].member.key;
    }
    if (!equal_keys) return;
  }
  std::unordered_map<const Key*, size_t> seen;
  size_t kept = 0;
  for (size_t i = 0; i < n; ++i) {
    auto [entry, fresh] = seen.emplace(m[i].member.key, kept);
    if (fresh) {
      m[kept++] = m[i];
      continue;
    }
    OpenMember& winner = m[entry->second];
    if (!winner.merged && !m[i].merged) {
      duplicates.push_back({pointer(m[i].member.key), winner.member.key_begin, m[i].member.key_begin});
    }
    winner = m[i];
  }
  members_.resize(first + kept);
}

std::string TreeStack::pointer(const Key* last) const {
  std::string text;
  for (const Key* key : path_) text.append("/").append(escape_pointer_token(key->view()));
  return text.append("/").append(escape_pointer_token(last->view()));
}

}  // namespace ameia::doc::internal
