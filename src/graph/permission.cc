#include "graph/permission.h"

#include <algorithm>
#include <map>
#include <set>

#include "graph/limits.h"

namespace ameia::graph {
namespace {

bool has_star(const std::vector<std::string>& list) {
  return std::find(list.begin(), list.end(), "*") != list.end();
}

// "*/scale" → "scale"; empty for any other pattern.
std::string_view star_sub(std::string_view pattern) {
  return pattern.size() > 2 && pattern.starts_with("*/") ? pattern.substr(2) : std::string_view();
}

std::string_view sub_of(std::string_view resource) {
  const size_t slash = resource.find('/');
  return slash == std::string_view::npos ? std::string_view() : resource.substr(slash + 1);
}

bool path_covers(std::string_view pattern, std::string_view path) {
  if (pattern == "*" || pattern == path) return true;
  return pattern.ends_with('*') && path.starts_with(pattern.substr(0, pattern.find_last_not_of('*') + 1));
}

base::Error too_many(std::string_view what, size_t most) {
  return {base::Code::kLimit,
          "the roles tell apart more than " + std::to_string(most) + " " + std::string(what) +
              "; ask about fewer roles at once",
          {}};
}

}  // namespace

std::string to_string(const PermissionPhrase& phrase) {
  std::string out;
  for (const std::string& verb : phrase.verbs) out += (out.empty() ? "" : ",") + verb;
  out += ' ';
  if (!phrase.path.empty()) return out + phrase.path;
  const size_t slash = phrase.resource.find('/');
  out += phrase.resource.substr(0, slash);
  if (!phrase.group.empty()) out += "." + phrase.group;
  if (slash != std::string::npos) out += phrase.resource.substr(slash);
  if (!phrase.name.empty()) out += " named " + phrase.name;
  return out;
}

base::Result<PermissionUniverse> PermissionUniverse::of(std::span<const rbac::Authorizer* const> authorizers) {
  PermissionUniverse u;
  std::vector<std::set<Id>> named;  // resources, by group
  std::set<Id> named_anywhere;      // together with the group "*"
  const auto read = [&](const rbac::Rule& rule) {
    for (const std::string& verb : rule.verbs) {
      if (verb != "*") u.verbs_.intern(verb);
    }
    for (const std::string& path : rule.non_resource_urls) u.paths_.intern(path);
    for (const std::string& resource : rule.resources) {
      if (const std::string_view sub = star_sub(resource); !sub.empty()) u.subs_.intern(sub);
    }
    for (const std::string& group : rule.groups) {
      const Id id = group == "*" ? kNone : u.groups_.intern(group);
      if (id != kNone && id >= named.size()) named.resize(id + 1);
      std::set<Id>& resources = id == kNone ? named_anywhere : named[id];
      for (const std::string& resource : rule.resources) {
        if (resource != "*" && star_sub(resource).empty()) resources.insert(u.resources_.intern(resource));
      }
    }
  };
  for (const rbac::Authorizer* authorizer : authorizers) {
    for (const rbac::Role& role : authorizer->roles()) {
      for (const rbac::Rule& rule : role.rules) read(rule);
    }
  }
  if (u.paths_.size() > kUrlPatternsMax) return std::unexpected(too_many("patterns of paths", kUrlPatternsMax));

  named.resize(u.groups_.size() + 1);  // the last: groups that no rule names
  const size_t columns_max = kPermissionAtomsMax / u.verb_count();
  for (Id group = 0; group < named.size(); ++group) {
    const Id id = group == u.groups_.size() ? kNone : group;
    const auto begin = static_cast<uint32_t>(u.columns_.size());
    std::set<Id>& resources = named[group];
    if (u.columns_.size() + resources.size() + named_anywhere.size() + u.subs_.size() + u.paths_.size() + 1 >
        columns_max) {
      return std::unexpected(too_many("permissions", kPermissionAtomsMax));
    }
    resources.insert(named_anywhere.begin(), named_anywhere.end());
    for (const Id resource : resources) {
      u.column_of_[column_key(id, resource)] = static_cast<uint32_t>(u.columns_.size());
      u.columns_.push_back({id, resource, u.subs_.find(sub_of(u.resources_.text(resource))), kNone});
    }
    for (Id sub = 0; sub < u.subs_.size(); ++sub) u.columns_.push_back({id, kNone, sub, kNone});
    u.columns_.push_back({id, kNone, kNone, kNone});
    u.group_columns_.emplace_back(begin, static_cast<uint32_t>(u.columns_.size()));
  }
  u.first_path_ = static_cast<uint32_t>(u.columns_.size());
  for (Id path = 0; path < u.paths_.size(); ++path) {
    u.columns_.push_back({kNone, kNone, kNone, path});
    std::vector<Id>& covered = u.covered_paths_.emplace_back();
    for (Id other = 0; other < u.paths_.size(); ++other) {
      if (path_covers(u.paths_.text(path), u.paths_.text(other))) covered.push_back(other);
    }
  }
  return u;
}

template <typename Visit>
void PermissionUniverse::each_column(const rbac::Rule& rule, Visit visit) const {
  const auto of_group = [&](Id group) {
    const auto [begin, end] = group_columns_[group == kNone ? groups_.size() : group];
    for (const std::string& resource : rule.resources) {
      const std::string_view sub = star_sub(resource);
      if (resource == "*") {
        for (uint32_t c = begin; c < end; ++c) visit(c);
      } else if (!sub.empty()) {
        const Id id = subs_.find(sub);
        for (uint32_t c = begin; c < end; ++c) {
          if (columns_[c].sub == id) visit(c);
        }
      } else if (const auto found = column_of_.find(column_key(group, resources_.find(resource)));
                 found != column_of_.end()) {
        visit(found->second);
      }
    }
  };
  if (has_star(rule.groups)) {
    for (Id group = 0; group < groups_.size(); ++group) of_group(group);
    of_group(kNone);
  } else {
    for (const std::string& group : rule.groups) of_group(groups_.find(group));
  }
  for (const std::string& path : rule.non_resource_urls) {
    for (const Id covered : covered_paths_[paths_.find(path)]) visit(first_path_ + covered);
  }
}

void PermissionUniverse::add(const rbac::Rule& rule, std::span<uint64_t> bits) const {
  std::vector<Id> verbs;
  if (has_star(rule.verbs)) {
    for (Id verb = 0; verb < verb_count(); ++verb) verbs.push_back(verb);
  } else {
    for (const std::string& verb : rule.verbs) verbs.push_back(verbs_.find(verb));
  }
  each_column(rule, [&](uint32_t column) {
    for (const Id verb : verbs) {
      const size_t atom = column * verb_count() + verb;
      bits[atom / 64] |= uint64_t{1} << (atom % 64);
    }
  });
}

Id PermissionUniverse::find_column(Id group, std::string_view resource, std::string_view sub) const {
  std::string combined(resource);
  if (!sub.empty()) combined.append("/").append(sub);
  if (const Id id = resources_.find(combined); id != kNone) {
    if (const auto found = column_of_.find(column_key(group, id)); found != column_of_.end()) return found->second;
  }
  const uint32_t end = group_columns_[group == kNone ? groups_.size() : group].second;
  const Id sub_id = sub.empty() ? kNone : subs_.find(sub);
  // The group's last columns: one a */sub, then any other resource.
  return sub_id == kNone ? end - 1 : end - 1 - static_cast<Id>(subs_.size()) + sub_id;
}

std::vector<Atom> PermissionUniverse::atoms_of(const rbac::Request& request) const {
  Id verb = verbs_.find(request.verb);
  if (verb == kNone) verb = static_cast<Id>(verbs_.size());
  const auto atom = [&](size_t column) { return static_cast<Atom>(column * verb_count() + verb); };
  if (request.resource_request)
    return {atom(find_column(groups_.find(request.group), request.resource, request.subresource))};
  std::vector<Atom> atoms;
  for (Id path = 0; path < paths_.size(); ++path) {
    if (path_covers(paths_.text(path), request.path)) atoms.push_back(atom(first_path_ + path));
  }
  return atoms;
}

bool PermissionUniverse::is_everything(Bits bits) const {
  const size_t last = group_columns_.back().second - 1;  // any other resource of any other group
  return test(bits, static_cast<Atom>(last * verb_count() + verbs_.size()));
}

std::vector<PermissionPhrase> PermissionUniverse::phrases(Bits bits) const {
  const size_t verbs = verb_count();
  // Whether a wider column that is said on its own says it already.
  const auto said_by = [&](uint32_t column, size_t verb) {
    return test(bits, static_cast<Atom>(column * verbs + verb));
  };
  const uint32_t others = group_columns_.back().second;
  const auto subs = static_cast<uint32_t>(subs_.size());
  std::vector<PermissionPhrase> out;
  for (uint32_t c = 0; c < columns_.size(); ++c) {
    const Column& column = columns_[c];
    const uint32_t end = group_columns_[column.group == kNone ? groups_.size() : column.group].second;
    std::vector<uint32_t> wider;
    if (column.path == kNone) {
      if (column.resource != kNone && column.group != kNone) {  // the same resource in any group
        const auto found = column_of_.find(column_key(kNone, column.resource));
        if (found != column_of_.end()) wider.push_back(found->second);
      }
      if (column.sub != kNone) {
        if (column.resource != kNone) wider.push_back(end - 1 - subs + column.sub);
        if (column.group != kNone) wider.push_back(others - 1 - subs + column.sub);
      }
      if (column.resource != kNone || column.sub != kNone) wider.push_back(end - 1);
      if (column.group != kNone) wider.push_back(others - 1);
    }
    PermissionPhrase phrase;
    const bool any_verb = said_by(c, verbs - 1);
    for (size_t verb = 0; verb < verbs; ++verb) {
      if (!said_by(c, verb) || (any_verb && verb + 1 < verbs)) continue;
      if (std::any_of(wider.begin(), wider.end(), [&](uint32_t w) { return said_by(w, verb); })) continue;
      phrase.verbs.push_back(verb + 1 == verbs ? "*" : verbs_.text(static_cast<Id>(verb)));
    }
    if (phrase.verbs.empty()) continue;
    std::sort(phrase.verbs.begin(), phrase.verbs.end());
    if (column.path != kNone) {
      phrase.path = paths_.text(column.path);
    } else {
      phrase.group = column.group == kNone ? "*" : groups_.text(column.group);
      phrase.resource = column.resource != kNone ? resources_.text(column.resource)
                        : column.sub != kNone    ? "*/" + subs_.text(column.sub)
                                                 : "*";
    }
    out.push_back(std::move(phrase));
  }
  std::sort(out.begin(), out.end(), [](const PermissionPhrase& a, const PermissionPhrase& b) {
    return std::tie(a.group, a.verbs, a.path, a.resource) < std::tie(b.group, b.verbs, b.path, b.resource);
  });
  return out;
}

}  // namespace ameia::graph
