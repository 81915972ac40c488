// Node: one value of a JSON or YAML document, immutable, with the span of bytes it was written in.
// Neighbours: doc/json.h and doc/yaml.h make trees of Nodes, kube/ gives typed views of them, expr/ evaluates over
// them.
//
//   Document ── arena: Node{kind,size,payload,begin,end}   a list is Node[size], a map is Member[size] in source order
//            ── source bytes (owned or borrowed)           line and column are computed from `begin` on demand
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace ameia::doc {

struct Member;

namespace internal {
static_assert(std::endian::native == std::endian::little, "key_hash reads words");
// N bytes at `p` as a little-endian word; usable while compiling.
template <typename Word>
constexpr uint64_t load(const char* p) {
  if consteval {
    uint64_t word = 0;
    for (size_t i = 0; i < sizeof(Word); ++i) word |= uint64_t{static_cast<unsigned char>(p[i])} << (8 * i);
    return word;
  } else {
    Word word;
    std::memcpy(&word, p, sizeof(Word));
    return word;
  }
}

// memcmp without the call: keys are short.
inline bool same_bytes(const char* a, const char* b, size_t n) {
  if (n >= 8) {
    for (size_t at = 0; at + 8 < n; at += 8) {
      if (load<uint64_t>(a + at) != load<uint64_t>(b + at)) return false;
    }
    return load<uint64_t>(a + n - 8) == load<uint64_t>(b + n - 8);
  }
  if (n >= 4) return load<uint32_t>(a) == load<uint32_t>(b) && load<uint32_t>(a + n - 4) == load<uint32_t>(b + n - 4);
  for (size_t i = 0; i < n; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}
}  // namespace internal

// The 32-bit hash of a map key: eight bytes a step, because a byte a step was a third of parsing a pod.
// A key's hash is computed once at parse time; a program's at compile time.
// Not for hash tables of hostile input without a second check: always compare the text too.
constexpr uint32_t key_hash(std::string_view key) {
  constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15u;  // 2^64 / golden ratio
  const char* p = key.data();
  const size_t n = key.size();
  uint64_t h = n * kMultiplier;
  if (n > 8) {
    for (size_t at = 0; at + 8 < n; at += 8) {
      h = (h ^ internal::load<uint64_t>(p + at)) * kMultiplier;
      h ^= h >> 32;
    }
    h ^= internal::load<uint64_t>(p + n - 8);  // overlaps the step before
  } else if (n >= 4) {
    h ^= internal::load<uint32_t>(p) | internal::load<uint32_t>(p + n - 4) << 32;
  } else if (n > 0) {
    h ^=
        internal::load<uint8_t>(p) | internal::load<uint8_t>(p + n / 2) << 8 | internal::load<uint8_t>(p + n - 1) << 16;
  }
  h *= kMultiplier;
  return static_cast<uint32_t>(h ^ (h >> 32));
}

// A key interned in the Keys table that the parser used; alive as long as that table.
struct Key {
  uint32_t hash = 0;
  uint32_t size = 0;
  const char* text = nullptr;
  [[nodiscard]] std::string_view view() const { return {text, size}; }
};

// A key to look for, its hash computed beforehand.
struct KeyRef {
  uint32_t hash;
  std::string_view text;
  constexpr KeyRef(std::string_view t) : hash(key_hash(t)), text(t) {}  // NOLINT: implicit on purpose
  constexpr KeyRef(const char* t) : KeyRef(std::string_view(t)) {}      // NOLINT
};

enum class Kind : uint8_t { kNull, kBool, kInt, kDouble, kString, kList, kMap };

// How a scalar was written; an editor of the source needs it, a reader of the value does not.
enum class Style : uint8_t { kPlain, kSingleQuoted, kDoubleQuoted, kLiteral, kFolded, kFlow, kBlock };

// 24 bytes. Borrows everything from its Document.
struct Node {
  Kind kind = Kind::kNull;
  Style style = Style::kPlain;
  bool ascii = false;       // kString: every byte < 0x80, so that code points are bytes
  bool from_alias = false;  // the span is the alias (*name); the value was written at its anchor
  uint32_t size = 0;        // kString: bytes; kList, kMap: children
  union {
    bool boolean;
    int64_t integer;
    double number;
    const char* chars;
    const Node* items;
    const Member* members;
  };
  uint32_t begin = 0;  // byte offsets in the source of the whole value, [begin, end)
  uint32_t end = 0;

  constexpr Node() : integer(0) {}

  [[nodiscard]] bool is_null() const { return kind == Kind::kNull; }
  [[nodiscard]] bool is_bool() const { return kind == Kind::kBool; }
  [[nodiscard]] bool is_int() const { return kind == Kind::kInt; }
  [[nodiscard]] bool is_string() const { return kind == Kind::kString; }
  [[nodiscard]] bool is_list() const { return kind == Kind::kList; }
  [[nodiscard]] bool is_map() const { return kind == Kind::kMap; }

  // Each is the value, or the given default when the kind is another.
  [[nodiscard]] std::string_view str(std::string_view otherwise = {}) const {
    return is_string() ? std::string_view(chars, size) : otherwise;
  }
  [[nodiscard]] bool boolean_or(bool otherwise) const { return is_bool() ? boolean : otherwise; }
  [[nodiscard]] int64_t integer_or(int64_t otherwise) const { return is_int() ? integer : otherwise; }

  // The elements; empty when not a list.
  [[nodiscard]] std::span<const Node> list() const {
    return is_list() ? std::span<const Node>(items, size) : std::span<const Node>();
  }
  // The members in source order, duplicates removed (the last wins); empty when not a map.
  [[nodiscard]] inline std::span<const Member> map() const;

  // The member's value, or nullptr when absent or when this is not a map.
  [[nodiscard]] inline const Node* find(KeyRef key) const;
  // The same for a path; nullptr as soon as a step is missing.
  template <typename... Rest>
  [[nodiscard]] const Node* find(KeyRef key, Rest... rest) const {
    const Node* next = find(key);
    return next == nullptr ? nullptr : next->find(KeyRef(rest)...);
  }
  // Like find, and a null Node (never nullptr) where nothing is: for reading chains of optional fields.
  [[nodiscard]] inline const Node& operator[](KeyRef key) const;
};
static_assert(sizeof(Node) == 24);

struct Member {
  const Key* key;
  uint32_t hash;       // key->hash, here so that a lookup reads one cache line
  uint32_t key_begin;  // byte offset of the key in the source
  Node value;
};
static_assert(sizeof(Member) == 40);

inline constexpr Node kNullNode{};

inline std::span<const Member> Node::map() const {
  return is_map() ? std::span<const Member>(members, size) : std::span<const Member>();
}

inline const Node* Node::find(KeyRef key) const {
  if (!is_map()) return nullptr;
  for (const Member *m = members, *last = members + size; m != last; ++m) {
    if (m->hash == key.hash && m->key->view() == key.text) return &m->value;
  }
  return nullptr;
}

inline const Node& Node::operator[](KeyRef key) const {
  const Node* found = find(key);
  return found == nullptr ? kNullNode : *found;
}

}  // namespace ameia::doc
