// MatchIndex: from a request's resource to the few policies that can be about it, in load order.
// Every policy is filed under the resource names its rules list, or under "any"; matchPolicy Equivalent never changes
// the resource's name, so a candidate list is complete. Neighbours: policy/match.h decides each candidate exactly.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/match.h"

namespace ameia::policy {

// Threads: immutable after the last add(). Owns: its tables.
class MatchIndex {
 public:
  void add(uint32_t policy, const MatchResources& match);
  // Appends the candidates for a resource and operation in ascending order to `out`, which is cleared first.
  void find(std::string_view resource, kube::Operation operation, std::vector<uint32_t>& out) const;

 private:
  struct Entry {
    uint32_t policy;
    uint8_t operations;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, std::vector<Entry>, Hash, std::equal_to<>> by_resource_;
  std::vector<Entry> any_;
};

}  // namespace ameia::policy
