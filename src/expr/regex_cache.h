// RegexCache: RE2 programs by pattern text, so that a literal pattern is compiled once and a computed one rarely.
// Neighbours: function.h hands it to library bodies; re2/ headers stay in the .cc files that match.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace re2 {
class RE2;
}

namespace ameia::expr {

// Threads: none, one per Machine; the shared part (the patterns of a ProgramSet) is immutable.
// Owns: its programs. Fails: get() returns nullptr and says why in `error`, in Go's words.
// Limits: kComputedMax computed patterns are kept, the oldest goes first; one pattern's program has 8 MiB (RE2's
// max_mem).
class RegexCache {
 public:
  static constexpr size_t kComputedMax = 64;

  explicit RegexCache(const RegexCache* shared = nullptr);
  ~RegexCache();
  RegexCache(const RegexCache&) = delete;
  RegexCache& operator=(const RegexCache&) = delete;

  // Compiles a literal pattern for good; used when planning. False when it is not RE2 syntax.
  bool add(std::string_view pattern);
  // The program of a pattern, compiled on first use. Valid until kComputedMax other patterns were asked for.
  // Whether the pattern is found in the text; nothing when it is not RE2 syntax.
  [[nodiscard]] std::optional<bool> matches(std::string_view pattern, std::string_view text) const;
  const re2::RE2* get(std::string_view pattern, std::string* error = nullptr) const;

 private:
  using Program = std::unique_ptr<re2::RE2>;
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Table = std::unordered_map<std::string, Program, Hash, std::equal_to<>>;
  const RegexCache* shared_;
  Table kept_;
  mutable Table computed_;
  mutable std::list<std::string> order_;
};

}  // namespace ameia::expr
