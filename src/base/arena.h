// Arena: bump allocation for everything that dies together (a document, a program, one evaluation).
// Neighbours: doc::Document and expr::Machine own one each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ameia::base {

// Threads: none; one user at a time. Owns: its blocks. Fails: std::bad_alloc only. Limits: none of its own; the
// caller that reads hostile input counts what it asks for.
// Only trivially destructible objects live here: nothing is destroyed, memory is only given back.
class Arena {
 public:
  explicit Arena(size_t first_block_bytes = 4096) : next_block_bytes_(first_block_bytes) {}
  Arena(Arena&&) noexcept = default;
  Arena& operator=(Arena&&) noexcept = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  void* allocate(size_t bytes, size_t align) {
    size_t at = (cursor_ + (align - 1)) & ~(align - 1);
    if (at + bytes <= end_ && cursor_ != 0) {
      cursor_ = at + bytes;
      return reinterpret_cast<void*>(at);
    }
    return allocate_slow(bytes, align);
  }

  template <typename T, typename... Args>
  T* make(Args&&... args) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (allocate(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
  }

  // Uninitialised room for n objects.
  template <typename T>
  T* array(size_t n) {
    static_assert(std::is_trivially_destructible_v<T>);
    return static_cast<T*>(allocate(n * sizeof(T), alignof(T)));
  }

  template <typename T>
  std::span<T> copy(std::span<const T> from) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (from.empty()) return {};
    T* to = array<T>(from.size());
    std::memcpy(static_cast<void*>(to), from.data(), from.size_bytes());
    return {to, from.size()};
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* to = array<char>(text.size());
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  // Forgets every object and keeps up to kKeptBytesMax of blocks, so that a warm arena allocates nothing.
  void reset();
  static constexpr size_t kKeptBytesMax = size_t{8} << 20;

  // Bytes asked from the system, for memory limits and tests.
  [[nodiscard]] size_t reserved_bytes() const { return reserved_bytes_; }

 private:
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    size_t size = 0;
  };
  void* allocate_slow(size_t bytes, size_t align);
  void use(const Block& block);

  std::vector<Block> blocks_;
  size_t next_ = 0;  // the first block not yet in use
  uintptr_t cursor_ = 0;
  uintptr_t end_ = 0;
  size_t next_block_bytes_;
  size_t reserved_bytes_ = 0;
};

}  // namespace ameia::base
