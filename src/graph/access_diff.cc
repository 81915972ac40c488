#include "graph/access_diff.h"

#include <algorithm>
#include <map>
#include <set>

namespace ameia::graph {
namespace {

// Permissions that belong to no estate: names as texts, a row each.
struct Held {
  std::vector<uint64_t> bits;
  std::map<std::string, std::vector<uint64_t>> named;

  void add(const Access& access, const Permissions& permissions) {
    unite(bits, permissions.bits);
    for (const NamedBits& one : permissions.named) {
      std::vector<uint64_t>& of_name = named[access.name(one.name)];
      of_name.resize(bits.size());
      unite(of_name, access.row(one.row));
    }
  }
  void subtract(const Held& other) {
    for (auto& [name, row] : named) {
      take_away(row, other.bits);
      if (const auto found = other.named.find(name); found != other.named.end()) take_away(row, found->second);
    }
    take_away(bits, other.bits);
  }
  static void unite(std::vector<uint64_t>& into, Bits from) {
    for (size_t i = 0; i < from.size(); ++i) into[i] |= from[i];
  }
  static void take_away(std::vector<uint64_t>& from, Bits what) {
    for (size_t i = 0; i < from.size(); ++i) from[i] &= ~what[i];
  }
};

Held nothing(const Access& access) {
  return {std::vector<uint64_t>(access.universe().words()), {}};
}

Id scope_of(const Access& access, const std::string& scope) {
  const Id id = access.find_scope(scope);
  return id == kNone ? 0 : id;
}

Held own(const Access& access, const AccessSubject& subject, const std::string& scope) {
  Held held = nothing(access);
  const Id id = access.find(subject);
  if (id != kNone) held.add(access, access.permissions(id, scope_of(access, scope)));
  return held;
}

Held effective(const Access& access, const AccessSubject& subject, const std::string& scope) {
  Held held = nothing(access);
  for (const Id id : access.subjects_of(subject)) held.add(access, access.permissions(id, scope_of(access, scope)));
  return held;
}

std::vector<PermissionPhrase> phrases(const Access& access, const Held& held) {
  std::vector<PermissionPhrase> out = access.universe().phrases(held.bits);
  for (const auto& [name, row] : held.named) {
    std::vector<uint64_t> left = row;
    Held::take_away(left, held.bits);
    for (PermissionPhrase& phrase : access.universe().phrases(left)) {
      phrase.name = name;
      out.push_back(std::move(phrase));
    }
  }
  return out;
}

}  // namespace

std::vector<AccessChange> diff(const Access& before, const Access& after) {
  std::map<AccessSubject, std::set<std::string>> scopes;
  for (const Access* access : {&before, &after}) {
    for (const Access::Grant& grant : access->grants()) {
      std::set<std::string>& of_subject = scopes[access->subjects()[grant.subject]];
      of_subject.insert("");
      of_subject.insert(access->scope_name(grant.scope));
    }
  }
  std::vector<AccessChange> changes;
  for (const auto& [subject, of_subject] : scopes) {
    if (subject.kind == rbac::SubjectKind::kGroup && subject.name == "system:masters") continue;  // may do everything
    Held gained_everywhere = nothing(before), lost_everywhere = nothing(before);
    for (const std::string& scope : of_subject) {  // "" comes first
      Held gained = own(after, subject, scope), lost = own(before, subject, scope);
      gained.subtract(effective(before, subject, scope));
      lost.subtract(effective(after, subject, scope));
      gained.subtract(gained_everywhere);
      lost.subtract(lost_everywhere);
      AccessChange change{subject, scope, phrases(after, gained), phrases(before, lost)};
      if (scope.empty()) {
        gained_everywhere = std::move(gained);
        lost_everywhere = std::move(lost);
      }
      if (!change.added.empty() || !change.removed.empty()) changes.push_back(std::move(change));
    }
  }
  return changes;
}

}  // namespace ameia::graph
