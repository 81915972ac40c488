#include "doc/internal/tree_maker.h"

#include <algorithm>
#include <bit>

#include "doc/patch.h"

namespace ameia::doc::internal {

// The child being read of each open container is its newest; `key` is the innermost one's.
std::string TreeMaker::path_to(const Key* key) {
  std::string path;
  for (size_t i = 0; i + 1 < frames_.size(); ++i) {
    const Frame& frame = frames_[i];
    size_t end = frame.is_map ? members_.size() : items_.size();  // of this container's children so far
    for (size_t j = i + 1; j < frames_.size(); ++j) {
      if (frames_[j].is_map == frame.is_map) {
        end = frames_[j].base;
        break;
      }
    }
    if (!frame.is_map) {
      path += "/" + std::to_string(end - 1 - frame.base);
    } else if (const Key* name = members_[end - 1].key; name != nullptr) {  // null: a merge key
      path += "/" + escape_pointer_token(name->view());
    }
  }
  return path + "/" + escape_pointer_token(key->view());
}

size_t TreeMaker::drop_duplicates_slow(size_t count) {
  const size_t base = members_.size() - count;
  Member* first = members_.begin() + base;
  merged_here_.assign(count, 0);
  for (size_t i = merged_.size(); i > 0 && merged_[i - 1].begin >= base; --i) {
    std::fill(merged_here_.begin() + (merged_[i - 1].begin - base), merged_here_.begin() + (merged_[i - 1].end - base),
              1);
  }
  table_.assign(std::bit_ceil(count * 2), 0);
  const size_t mask = table_.size() - 1;
  size_t kept = 0;
  for (size_t i = 0; i < count; ++i) {
    // Keys are interned, so the address is the identity; it is not the sender's to choose.
    size_t at = (reinterpret_cast<uintptr_t>(first[i].key) * 0x9E3779B97F4A7C15u >> 20) & mask;
    while (table_[at] != 0 && first[table_[at] - 1].key != first[i].key) at = (at + 1) & mask;
    if (table_[at] == 0) {
      first[kept] = first[i];
      merged_here_[kept] = merged_here_[i];
      table_[at] = static_cast<uint32_t>(++kept);
      continue;
    }
    const size_t earlier = table_[at] - 1;
    if (merged_here_[earlier] == 0 && merged_here_[i] == 0 && duplicates_->size() < kDuplicatesMax) {
      duplicates_->push_back({path_to(first[i].key), first[earlier].key_begin, first[i].key_begin});
    }
    first[earlier] = first[i];
    merged_here_[earlier] = merged_here_[i];
  }
  return kept;
}

}  // namespace ameia::doc::internal
