// PeerSet: a set of small integers (classes of pods, address atoms) as the words of a bitset that are not zero. Most
// sets live in one namespace, whose classes are neighbours, so they are a word or two; a set of everything is the
// bitset. Neighbours: reachability.h.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace ameia::graph {

// Threads: a value. Owns: its words.
class PeerSet {
 public:
  struct Word {
    uint32_t index;
    uint64_t bits;
    bool operator==(const Word&) const = default;
  };

  PeerSet() = default;
  // [first, last)
  static PeerSet range(uint32_t first, uint32_t last) {
    PeerSet set;
    for (uint32_t word = first / 64; first < last; ++word) {
      const uint32_t end = std::min(last, (word + 1) * 64);
      uint64_t bits = ~uint64_t{0} << (first % 64);
      if (end % 64 != 0) bits &= ~uint64_t{0} >> (64 - end % 64);
      set.words_.push_back({word, bits});
      first = end;
    }
    return set;
  }
  // Members come in ascending order.
  void append(uint32_t member) {
    if (words_.empty() || words_.back().index != member / 64) words_.push_back({member / 64, 0});
    words_.back().bits |= uint64_t{1} << (member % 64);
  }

  [[nodiscard]] bool empty() const { return words_.empty(); }
  [[nodiscard]] bool contains(uint32_t member) const {
    const Word* word = find(member / 64);
    return word != nullptr && (word->bits >> (member % 64) & 1) != 0;
  }
  [[nodiscard]] size_t count() const {
    size_t n = 0;
    for (const Word& word : words_) n += static_cast<size_t>(__builtin_popcountll(word.bits));
    return n;
  }
  bool operator==(const PeerSet&) const = default;
  [[nodiscard]] const std::vector<Word>& words() const { return words_; }

  void unite(const PeerSet& other) {
    if (other.empty()) return;
    if (empty()) {
      words_ = other.words_;
      return;
    }
    combine(other, true, [](uint64_t a, uint64_t b) { return a | b; });
  }
  void intersect(const PeerSet& other) {
    combine(other, false, [](uint64_t a, uint64_t b) { return a & b; });
  }
  void subtract(const PeerSet& other) {
    if (empty() || other.empty()) return;
    combine(other, true, [](uint64_t a, uint64_t b) { return a & ~b; });
  }
  // Adds, for every pair whose first is a member, its second. The pairs are sorted.
  void follow(const std::vector<std::pair<uint32_t, uint32_t>>& pairs) {
    std::vector<uint32_t> more;
    auto word = words_.begin();
    for (auto pair = pairs.begin(); pair != pairs.end();) {
      word = std::lower_bound(word, words_.end(), pair->first / 64, before);
      if (word == words_.end()) break;
      if (word->index != pair->first / 64) {
        pair = std::lower_bound(pair, pairs.end(), std::pair{word->index * 64, uint32_t{0}});
        continue;
      }
      if ((word->bits >> (pair->first % 64) & 1) != 0) more.push_back(pair->second);
      ++pair;
    }
    if (more.empty()) return;
    std::sort(more.begin(), more.end());
    PeerSet made;
    for (const uint32_t member : more) made.append(member);
    unite(made);
  }
  // The members in [first, last).
  [[nodiscard]] PeerSet within(uint32_t first, uint32_t last) const {
    PeerSet out;
    if (first >= last) return out;
    auto word = std::lower_bound(words_.begin(), words_.end(), first / 64, before);
    for (; word != words_.end() && word->index <= (last - 1) / 64; ++word) {
      uint64_t bits = word->bits;
      if (word->index == first / 64) bits &= ~uint64_t{0} << (first % 64);
      if (word->index == last / 64 && last % 64 != 0) bits &= ~uint64_t{0} >> (64 - last % 64);
      if (bits != 0) out.words_.push_back({word->index, bits});
    }
    return out;
  }
  template <typename Visit>
  void visit(Visit visit) const {
    for (const Word& word : words_) {
      for (uint64_t bits = word.bits; bits != 0; bits &= bits - 1) {
        visit(word.index * 64 + static_cast<uint32_t>(__builtin_ctzll(bits)));
      }
    }
  }

 private:
  static bool before(const Word& word, uint32_t index) { return word.index < index; }
  [[nodiscard]] const Word* find(uint32_t index) const {
    const auto at = std::lower_bound(words_.begin(), words_.end(), index, before);
    return at == words_.end() || at->index != index ? nullptr : &*at;
  }
  // `alone`: words that only one side has count, with zero for the other side.
  template <typename Op>
  void combine(const PeerSet& other, bool alone, Op op) {
    std::vector<Word> out;
    out.reserve(alone ? words_.size() + other.words_.size() : std::min(words_.size(), other.words_.size()));
    const auto put = [&out](uint32_t index, uint64_t bits) {
      if (bits != 0) out.push_back({index, bits});
    };
    size_t i = 0, j = 0;
    while (i < words_.size() && j < other.words_.size()) {
      const Word &a = words_[i], &b = other.words_[j];
      if (a.index == b.index) {
        put(a.index, op(a.bits, b.bits));
        ++i, ++j;
      } else if (a.index < b.index) {
        if (alone) put(a.index, op(a.bits, 0));
        ++i;
      } else {
        if (alone) put(b.index, op(0, b.bits));
        ++j;
      }
    }
    for (; alone && i < words_.size(); ++i) put(words_[i].index, op(words_[i].bits, 0));
    for (; alone && j < other.words_.size(); ++j) put(other.words_[j].index, op(0, other.words_[j].bits));
    words_ = std::move(out);
  }

  std::vector<Word> words_;
};

}  // namespace ameia::graph
