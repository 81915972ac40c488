// Document: one parsed JSON or YAML document: its tree, the bytes it came from, and what was odd about it.
// Neighbours: doc/node.h (the tree), doc/json.h and doc/yaml.h (the parsers).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "doc/limits.h"
#include "doc/node.h"

namespace ameia::doc {

// 1-based; column counts code points, as editors and SARIF (columnKind unicodeCodePoints) do.
struct Position {
  uint32_t line = 1;
  uint32_t column = 1;
};

// The text of one file, shared by the Documents cut from it (a YAML stream, the items of a List).
// Threads: position() builds its line index on first use under std::call_once; otherwise immutable.
// Owns: the bytes. Limits: 4 GiB (offsets are 32 bits).
class Source {
 public:
  Source(std::string name, std::string bytes);
  ~Source();
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  [[nodiscard]] Position position(uint32_t offset) const;
  // "name:line:column"
  [[nodiscard]] std::string where(uint32_t offset) const;
  // The line at `offset` (cut to a readable width) and a caret under it, for error messages.
  [[nodiscard]] std::string snippet(uint32_t offset) const;

 private:
  struct Lines;
  std::string name_;
  std::string bytes_;
  std::unique_ptr<Lines> lines_;
};

// Interned keys: each distinct key text is stored once.
// Threads: none; one table per parser thread, alive as long as any Document parsed with it (Documents share ownership).
// Limits: a probe is kProbeMax steps long; keys that a hostile document makes collide go to an ordered map.
class Keys {
 public:
  Keys();
  ~Keys();
  Keys(const Keys&) = delete;
  Keys& operator=(const Keys&) = delete;
  const Key* intern(std::string_view text) { return intern(text, key_hash(text)); }
  const Key* intern(std::string_view text, uint32_t hash) {
    size_t at = hash & mask_;
    for (size_t step = 0; step < kProbeMax; ++step, at = (at + 1) & mask_) {
      const Slot& slot = slots_[at];
      if (slot.key == nullptr) break;
      if (slot.hash == hash && slot.key->size == text.size() &&
          internal::same_bytes(slot.key->text, text.data(), text.size())) {
        return slot.key;
      }
    }
    return intern_slow(text, hash);
  }
  // Forgets every key; no Document may still use the table.
  void clear();
  [[nodiscard]] size_t count() const { return used_; }
  [[nodiscard]] size_t reserved_bytes() const { return arena_.reserved_bytes(); }

 private:
  static constexpr size_t kProbeMax = 32;
  struct Slot {
    const Key* key = nullptr;
    uint32_t hash = 0;
  };
  struct Crowd;  // the keys that found no slot within kProbeMax
  const Key* intern_slow(std::string_view text, uint32_t hash);
  bool place(const Key* key);
  void grow();

  base::Arena arena_;
  std::vector<Slot> slots_;
  size_t mask_ = 0;
  size_t used_ = 0;
  std::unique_ptr<Crowd> crowd_;
};

// A key that appears twice in one map. The last one is in the tree, as Go's decoders keep it.
struct DuplicateKey {
  std::string path;  // JSON Pointer of the map's member
  uint32_t first_begin = 0;
  uint32_t second_begin = 0;
};

// Threads: immutable after parsing. Owns: its nodes; shares its Source and Keys.
class Document {
 public:
  Document(std::shared_ptr<const Source> source, std::shared_ptr<const Keys> keys)
      : source_(std::move(source)), keys_(std::move(keys)) {}

  [[nodiscard]] const Node& root() const { return *root_; }
  [[nodiscard]] const Source& source() const { return *source_; }
  [[nodiscard]] std::shared_ptr<const Source> shared_source() const { return source_; }
  [[nodiscard]] const std::vector<DuplicateKey>& duplicates() const { return duplicates_; }
  [[nodiscard]] Position position(const Node& node) const { return source_->position(node.begin); }

  // For the parsers and for code that builds documents.
  base::Arena& arena() { return arena_; }
  void set_root(const Node* root) { root_ = root; }
  std::vector<DuplicateKey>& mutable_duplicates() { return duplicates_; }

 private:
  std::shared_ptr<const Source> source_;
  std::shared_ptr<const Keys> keys_;
  base::Arena arena_;
  const Node* root_ = &kNullNode;
  std::vector<DuplicateKey> duplicates_;
};

}  // namespace ameia::doc
