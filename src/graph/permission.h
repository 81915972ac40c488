// PermissionUniverse: everything that the rules of some roles can tell apart, as numbers, so that a role is a bitset.
// Exact for every request, also of verbs and resources that no rule names: those fall into classes of their own, which
// only wildcards reach. Why: a matcher that reads rules needs hours for an estate, a bit test a nanosecond.
// Neighbours: rbac/rbac.h gives the meaning (and the oracle of the tests), access.h the subjects.
//
//   atom = column * verbs + verb       verbs: those that rules name, and "any other"
//   columns: (group, resource) that a rule can tell apart; per group "any other resource", and "any other resource/sub"
//   for every */sub; then one for every pattern of nonResourceURLs.  Resource names are kept apart (access.h).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "graph/network.h"
#include "rbac/rbac.h"

namespace ameia::graph {

using Atom = uint32_t;

// Some permissions in words. "*" is everything that is not said by another phrase of the same list.
struct PermissionPhrase {
  std::vector<std::string> verbs;
  std::string group;     // "" the core group, "*" any
  std::string resource;  // "pods", "pods/exec", "*", "*/scale"; empty for a path
  std::string path;
  std::string name;  // of the one object it holds for; empty: of all
  auto operator<=>(const PermissionPhrase&) const = default;
};
// "get,list pods", "* *.*", "get deployments.apps/scale named web", "get /healthz"
std::string to_string(const PermissionPhrase& phrase);

using Bits = std::span<const uint64_t>;
inline bool test(Bits bits, Atom atom) {
  return (bits[atom / 64] >> (atom % 64) & 1) != 0;
}

// Threads: immutable after of(). Owns: copies of the texts. Limits: kPermissionAtomsMax, kUrlPatternsMax.
class PermissionUniverse {
 public:
  // Fails: kLimit.
  static base::Result<PermissionUniverse> of(std::span<const rbac::Authorizer* const> authorizers);

  [[nodiscard]] size_t atoms() const { return columns_.size() * verb_count(); }
  [[nodiscard]] size_t words() const { return (atoms() + 63) / 64; }
  // Sets what `rule` grants, whatever its resourceNames. The rule is of one of the roles of of().
  void add(const rbac::Rule& rule, std::span<uint64_t> bits) const;
  // The atoms of which any one allows the request; none when no rule can.
  [[nodiscard]] std::vector<Atom> atoms_of(const rbac::Request& request) const;
  // What the bits say, sorted; verbs that are allowed on everything are not repeated for each thing.
  [[nodiscard]] std::vector<PermissionPhrase> phrases(Bits bits) const;
  [[nodiscard]] bool is_everything(Bits bits) const;  // every verb on every resource

 private:
  struct Column {
    Id group = kNone;     // kNone: any group that no rule names
    Id resource = kNone;  // kNone: any other
    Id sub = kNone;       // index in subs_
    Id path = kNone;      // a pattern of nonResourceURLs; the others are kNone then
  };
  static uint64_t column_key(Id group, Id resource) { return uint64_t{group} << 32 | resource; }
  [[nodiscard]] size_t verb_count() const { return verbs_.size() + 1; }  // the last: any other
  [[nodiscard]] Id find_column(Id group, std::string_view resource, std::string_view sub) const;
  template <typename Visit>
  void each_column(const rbac::Rule& rule, Visit visit) const;

  Interner verbs_, groups_, resources_, subs_, paths_;
  std::vector<Column> columns_;                               // by group; the group that no rule names last; then paths
  std::vector<std::pair<uint32_t, uint32_t>> group_columns_;  // [begin, end), by group; the last: the others
  std::unordered_map<uint64_t, uint32_t> column_of_;          // of (group, resource)
  uint32_t first_path_ = 0;
  std::vector<std::vector<Id>> covered_paths_;  // by pattern: the patterns it covers
};

}  // namespace ameia::graph
