// TreeMaker: collects the children of open lists and maps and lays each out in the arena when it closes.
// Shared by the JSON and the YAML reader, so that both treat duplicates, limits and paths alike.
#pragma once

#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/arena.h"
#include "doc/document.h"

namespace ameia::doc::internal {

// A growing array of trivially copyable values that keeps its room when emptied.
template <typename T>
class PodStack {
 public:
  void push(const T& value) {
    if (size_ == capacity_) grow();
    data_[size_++] = value;
  }
  T* add() {  // room for one, not initialised
    if (size_ == capacity_) grow();
    return &data_[size_++];
  }
  void pop() { --size_; }
  void shrink(size_t size) { size_ = size; }
  T& back() { return data_[size_ - 1]; }
  T& operator[](size_t i) { return data_[i]; }
  const T& operator[](size_t i) const { return data_[i]; }
  T* begin() { return data_.get(); }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  // Gives back what one huge document needed.
  void trim(size_t capacity_max) {
    size_ = 0;
    if (capacity_ <= capacity_max) return;
    data_.reset();
    capacity_ = 0;
  }

 private:
  void grow() {
    const size_t capacity = capacity_ == 0 ? 64 : capacity_ * 2;
    auto data = std::make_unique_for_overwrite<T[]>(capacity);
    if (size_ > 0) std::memcpy(static_cast<void*>(data.get()), data_.get(), size_ * sizeof(T));
    data_ = std::move(data);
    capacity_ = capacity;
  }
  std::unique_ptr<T[]> data_;
  size_t size_ = 0;
  size_t capacity_ = 0;
};

// A value is written straight into its slot in the parent: moving a Node that was just written in pieces stalls the
// processor, and was a third of parsing a pod.
// Threads: none. Owns: its scratch; what it makes is the arena's. Limits: the reader counts nodes and depth.
class TreeMaker {
 public:
  void start(base::Arena& arena, std::vector<DuplicateKey>& duplicates, Node* root) {
    arena_ = &arena;
    duplicates_ = &duplicates;
    root_ = root;
    frames_.trim(kKeptFrames);
    items_.trim(kKeptChildren);
    members_.trim(kKeptChildren);
    merged_.trim(kKeptFrames);
  }

  [[nodiscard]] size_t depth() const { return frames_.size(); }
  [[nodiscard]] bool in_map() { return frames_.back().is_map; }

  void open(bool is_map, uint32_t begin) {
    frames_.push({static_cast<uint32_t>(is_map ? members_.size() : items_.size()), begin, is_map});
  }
  void set_begin(uint32_t begin) { frames_.back().begin = begin; }
  // The slot of the next child; good until another child of any container is added.
  Node* add_item() { return items_.add(); }
  Node* add_member(const Key* key, uint32_t key_begin) {
    Member* member = members_.add();
    member->key = key;
    member->hash = key == nullptr ? 0 : key->hash;
    member->key_begin = key_begin;
    return &member->value;
  }
  // The newest child of the open container, complete.
  Node& last() { return frames_.back().is_map ? members_.back().value : items_.back(); }
  // Puts these members in the place of the newest one, as YAML's merge key asks; none of them is a duplicate.
  void replace_last(std::span<const Member> with) {
    members_.pop();
    const auto begin = static_cast<uint32_t>(members_.size());
    for (const Member& member : with) members_.push(member);
    merged_.push({begin, static_cast<uint32_t>(members_.size())});
  }

  // Closes the innermost container and writes it to its slot.
  Node& close(uint32_t end, Style style) {
    const Frame frame = frames_.back();
    size_t count = 0;
    const void* children = nullptr;
    if (frame.is_map) {
      count = drop_duplicates(members_.size() - frame.base);
      children = lay_out(members_, frame.base, count);
      members_.shrink(frame.base);
      while (!merged_.empty() && merged_.back().begin >= frame.base) merged_.pop();
    } else {
      count = items_.size() - frame.base;
      children = lay_out(items_, frame.base, count);
      items_.shrink(frame.base);
    }
    frames_.pop();
    Node& slot = frames_.empty() ? *root_ : last();
    slot.kind = frame.is_map ? Kind::kMap : Kind::kList;
    slot.style = style;
    slot.ascii = false;
    slot.from_alias = false;
    slot.size = static_cast<uint32_t>(count);
    if (frame.is_map) {
      slot.members = static_cast<const Member*>(children);
    } else {
      slot.items = static_cast<const Node*>(children);
    }
    slot.begin = frame.begin;
    slot.end = end;
    return slot;
  }

 private:
  static constexpr size_t kKeptFrames = 4096;
  static constexpr size_t kKeptChildren = 65'536;
  static constexpr size_t kScannedMembersMax = 24;  // larger maps look for duplicates through a table

  struct Frame {
    uint32_t base;  // its first child in members_ or items_
    uint32_t begin;
    bool is_map;
  };
  struct Range {
    uint32_t begin;
    uint32_t end;
  };

  template <typename T>
  const T* lay_out(PodStack<T>& from, size_t base, size_t count) {
    if (count == 0) return nullptr;
    T* to = arena_->array<T>(count);
    std::memcpy(static_cast<void*>(to), from.begin() + base, count * sizeof(T));
    return to;
  }

  // Of the top `count` members, keeps the last of each key in the place of its first; returns how many are left.
  size_t drop_duplicates(size_t count) {
    if (count > kScannedMembersMax) return drop_duplicates_slow(count);
    const Member* first = members_.begin() + (members_.size() - count);
    uint64_t seen = 0;
    for (size_t i = 0; i < count; ++i) {
      const uint64_t bit = uint64_t{1} << (first[i].hash >> 26);
      if ((seen & bit) != 0) {
        for (size_t j = 0; j < i; ++j) {
          if (first[j].key == first[i].key) return drop_duplicates_slow(count);
        }
      }
      seen |= bit;
    }
    return count;
  }
  size_t drop_duplicates_slow(size_t count);
  std::string path_to(const Key* key);

  base::Arena* arena_ = nullptr;
  std::vector<DuplicateKey>* duplicates_ = nullptr;
  Node* root_ = nullptr;
  PodStack<Frame> frames_;
  PodStack<Node> items_;
  PodStack<Member> members_;
  PodStack<Range> merged_;                  // which of members_ came through merge()
  std::vector<uint32_t> table_;             // open addressing over member indices + 1
  std::vector<unsigned char> merged_here_;  // for each member of the closing map: it came through merge()
};

}  // namespace ameia::doc::internal
