#include "base/arena.h"

#include <algorithm>

namespace ameia::base {
namespace {
constexpr size_t kBlockBytesMax = size_t{1} << 20;
}

void Arena::use(const Block& block) {
  cursor_ = reinterpret_cast<uintptr_t>(block.bytes.get());
  end_ = cursor_ + block.size;
}

void* Arena::allocate_slow(size_t bytes, size_t align) {
  while (next_ < blocks_.size()) {  // blocks kept by reset()
    const Block& kept = blocks_[next_++];
    if (kept.size >= bytes + align) {
      use(kept);
      return allocate(bytes, align);
    }
  }
  size_t size = std::max(next_block_bytes_, bytes + align);
  next_block_bytes_ = std::min(next_block_bytes_ * 2, kBlockBytesMax);
  blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(size), size});
  next_ = blocks_.size();
  reserved_bytes_ += size;
  use(blocks_.back());
  return allocate(bytes, align);
}

void Arena::reset() {
  cursor_ = end_ = 0;
  next_ = 0;
  while (reserved_bytes_ > kKeptBytesMax && blocks_.size() > 1) {
    reserved_bytes_ -= blocks_.back().size;
    blocks_.pop_back();
  }
}

}  // namespace ameia::base
