#include "graph/usage.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "graph/limits.h"

namespace ameia::graph {
namespace {

using rbac::SubjectKind;

// Checked by the API server where no event of theirs is written.
constexpr std::string_view kUntracedVerbs[] = {"bind", "escalate", "approve", "sign", "attest", "use", "impersonate"};

AuditTime time_of(const doc::Node& event) {
  AuditTime out{};
  std::string_view text = event["stageTimestamp"].str();
  if (text.empty()) text = event["requestReceivedTimestamp"].str();
  if (text.size() >= out.size()) std::memcpy(out.data(), text.data(), out.size());
  return out;
}

bool is_set(const AuditTime& time) {
  return time[0] != '\0';
}

rbac::Request request_of(const Use& use) {
  rbac::Request request = use.what;
  request.ns = use.ns;
  request.name = use.name;
  return request;
}

std::string text_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) {
    out += out.size() > 1 ? ", " : "";
    doc::append_json_string(out, text);
  }
  return out + "]";
}

}  // namespace

void UsageCounts::add(const UsageCounts& other) {
  lines += other.lines;
  events += other.events;
  unread += other.unread;
  too_long += other.too_long;
}

UsageReader::UsageReader(const Access& access) : access_(access) {
  namespaces_.intern("");
  names_.intern("");
}
UsageReader::~UsageReader() = default;

base::Status UsageReader::read(std::string_view lines) {
  while (!lines.empty()) {
    const void* end = std::memchr(lines.data(), '\n', lines.size());
    const size_t size =
        end == nullptr ? lines.size() : static_cast<size_t>(static_cast<const char*>(end) - lines.data());
    const std::string_view line = lines.substr(0, size);
    lines.remove_prefix(end == nullptr ? size : size + 1);
    if (line.empty() || line == "\r") continue;
    ++counts_.lines;
    if (line.size() > kAuditLineBytesMax) {
      ++counts_.too_long;
      continue;
    }
    const auto event = json_.read(line, "audit log");
    if (!event || !(*event)->is_map() || (**event)["verb"].str().empty()) {
      ++counts_.unread;
      continue;
    }
    TRY_STATUS(take(**event));
  }
  return {};
}

void UsageReader::find_subjects(const doc::Node& user, std::vector<Id>& out) {
  out.clear();
  const auto find = [&](auto& cache, SubjectKind kind, std::string_view name) {
    auto at = cache.find(name);
    if (at == cache.end()) {
      const Id id = access_.find({kind, "", std::string(name)});
      if (cache.size() >= kAuditNamesMax || name.size() > kAuditTextBytesMax) {
        if (id != kNone) out.push_back(id);
        return;
      }
      at = cache.emplace(std::string(name), id).first;
    }
    if (at->second != kNone) out.push_back(at->second);
  };
  find(users_, SubjectKind::kUser, user["username"].str());
  for (const doc::Node& group : user["groups"].list()) find(groups_, SubjectKind::kGroup, group.str());
}

Id UsageReader::what_of(std::string_view verb, std::string_view group, std::string_view resource,
                        std::string_view subresource, std::string_view path) {
  key_.assign(verb).append(1, '\0').append(group).append(1, '\0').append(resource);
  key_.append(1, '\0').append(subresource).append(1, '\0').append(path);
  const Id id = whats_.intern(key_);
  if (id == what_.size())
    what_.push_back(
        {std::string(verb), std::string(group), std::string(resource), std::string(subresource), std::string(path)});
  return id;
}

base::Status UsageReader::note(const std::vector<Id>& subjects, Id what, std::string_view ns, std::string_view name,
                               const AuditTime& time) {
  // Namespaces and names that no binding and no rule tells apart are one.
  const Id ns_id = namespaces_.intern(ns);
  const Id name_id = access_.find_name(name) == kNone ? 0 : names_.intern(name);
  for (const Id subject : subjects) {
    Seen& seen = seen_[{subject, ns_id, what, name_id}];
    ++seen.times;
    seen.last = std::max(seen.last, time);
  }
  if (seen_.size() > kAuditUsesMax || whats_.size() > kAuditUsesMax || namespaces_.size() > kAuditUsesMax) {
    return base::fail(base::Code::kLimit, "the audit log holds more than " + std::to_string(kAuditUsesMax) +
                                              " different uses; read it in parts");
  }
  return {};
}

base::Status UsageReader::take(const doc::Node& event) {
  if (event["stage"].str() == "RequestReceived") return {};  // not yet let through, and told again
  if (event["annotations"]["authorization.k8s.io/decision"].str() == "forbid") return {};
  const int64_t code = event["responseStatus"]["code"].integer_or(0);
  if (code == 401 || code == 403) return {};
  ++counts_.events;
  const AuditTime time = time_of(event);
  if (is_set(time)) {
    if (!is_set(first_) || time < first_) first_ = time;
    last_ = std::max(last_, time);
  }
  const doc::Node& user = event["user"];
  const doc::Node& impersonated = event["impersonatedUser"];
  if (!impersonated.is_null()) {
    // The user needed to impersonate; the request itself was the other's.
    find_subjects(user, subjects_);
    const std::string_view name = impersonated["username"].str();
    constexpr std::string_view kAccount = "system:serviceaccount:";
    const size_t colon = name.starts_with(kAccount) ? name.find(':', kAccount.size()) : std::string_view::npos;
    if (colon != std::string_view::npos) {
      TRY_STATUS(note(subjects_, what_of("impersonate", "", "serviceaccounts", "", ""),
                      name.substr(kAccount.size(), colon - kAccount.size()), name.substr(colon + 1), time));
    } else {
      TRY_STATUS(note(subjects_, what_of("impersonate", "", "users", "", ""), "", name, time));
    }
    for (const doc::Node& group : impersonated["groups"].list())
      TRY_STATUS(note(subjects_, what_of("impersonate", "", "groups", "", ""), "", group.str(), time));
  }
  find_subjects(impersonated.is_null() ? user : impersonated, subjects_);
  if (subjects_.empty()) return {};
  const doc::Node& object = event["objectRef"];
  const std::string_view verb = event["verb"].str(), resource = object["resource"].str();
  if (resource.empty()) {
    std::string_view path = event["requestURI"].str();
    path = path.substr(0, path.find('?'));
    // Paths that no rule covers are used by nobody's grant, and there may be any number of them.
    rbac::Request request;
    request.resource_request = false;
    request.verb = verb;
    request.path = path;
    if (path.size() > kAuditTextBytesMax || access_.universe().atoms_of(request).empty()) return {};
    return note(subjects_, what_of(verb, "", "", "", path), "", "", time);
  }
  const std::string_view group = object["apiGroup"].str(), sub = object["subresource"].str();
  const std::string_view ns = object["namespace"].str();
  if (verb.size() + resource.size() + group.size() + sub.size() + ns.size() > kAuditTextBytesMax) {
    ++counts_.too_long;
    return {};
  }
  return note(subjects_, what_of(verb, group, resource, sub, ""), ns, object["name"].str(), time);
}

base::Status UsageReader::merge(const UsageReader& other) {
  counts_.add(other.counts_);
  if (is_set(other.first_) && (!is_set(first_) || other.first_ < first_)) first_ = other.first_;
  last_ = std::max(last_, other.last_);
  for (const auto& [key, seen] : other.seen_) {
    const What& what = other.what_[key.what];
    const Id id = what_of(what.verb, what.group, what.resource, what.subresource, what.path);
    TRY_STATUS(note({key.subject}, id, other.namespaces_.text(key.ns), other.names_.text(key.name), seen.last));
    const Id ns = namespaces_.find(other.namespaces_.text(key.ns));
    const Id name = names_.find(other.names_.text(key.name));
    seen_[{key.subject, ns, id, name}].times += seen.times - 1;
  }
  return {};
}

std::vector<Use> UsageReader::uses() const {
  std::vector<Use> out;
  out.reserve(seen_.size());
  for (const auto& [key, seen] : seen_) {
    const What& what = what_[key.what];
    Use use{key.subject, namespaces_.text(key.ns), {}, names_.text(key.name), seen.last, seen.times};
    use.what.verb = what.verb;
    use.what.group = what.group;
    use.what.resource = what.resource;
    use.what.subresource = what.subresource;
    use.what.path = what.path;
    use.what.resource_request = what.path.empty();
    out.push_back(std::move(use));
  }
  std::sort(out.begin(), out.end(), [](const Use& a, const Use& b) {
    return std::tie(a.subject, a.ns, a.what.group, a.what.resource, a.what.subresource, a.what.path, a.what.verb,
                    a.name) < std::tie(b.subject, b.ns, b.what.group, b.what.resource, b.what.subresource, b.what.path,
                                       b.what.verb, b.name);
  });
  return out;
}

std::vector<GrantUsage> usage_of_grants(const Access& access, const std::vector<Use>& uses) {
  std::vector<GrantUsage> out;
  const PermissionUniverse& universe = access.universe();
  std::vector<uint64_t> untraced(universe.words());
  {
    std::set<std::string> verbs;  // of those, what some rule names
    for (const rbac::Role& role : access.authorizer().roles()) {
      for (const rbac::Rule& rule : role.rules) verbs.insert(rule.verbs.begin(), rule.verbs.end());
    }
    rbac::Rule rule;
    rule.groups = rule.resources = {"*"};
    for (const std::string_view verb : kUntracedVerbs) {
      if (verbs.contains(std::string(verb))) rule.verbs.emplace_back(verb);
    }
    universe.add(rule, untraced);
  }
  auto first = uses.begin();
  for (Id subject = 0; subject < access.subjects().size(); ++subject) {
    first =
        std::lower_bound(first, uses.end(), subject, [](const Use& use, Id wanted) { return use.subject < wanted; });
    auto last = first;
    while (last != uses.end() && last->subject == subject) ++last;
    for (const Access::Grant& grant : access.grants_of(subject)) {
      GrantUsage usage{grant, {}, {}, {}, {}};
      Permissions left = access.permissions_of_role(grant.role);
      // Of rules that name their verbs: whoever wrote sign meant it, whoever wrote * did not think of it.
      Permissions traceless{std::vector<uint64_t>(universe.words()), {}};
      for (const rbac::Rule& rule : access.authorizer().roles()[grant.role].rules) {
        const bool any_verb = std::find(rule.verbs.begin(), rule.verbs.end(), "*") != rule.verbs.end();
        if (!any_verb && rule.resource_names.empty()) universe.add(rule, traceless.bits);
      }
      std::set<std::pair<Id, uint32_t>> used_names;
      const Bits row = access.row(grant.role);
      std::vector<uint64_t> used(universe.words());
      for (auto use = first; use != last; ++use) {
        // A grant of a namespace gives nothing elsewhere, and no paths.
        if (grant.scope != 0 && (use->ns != access.scope_name(grant.scope) || !use->what.resource_request)) continue;
        const Access::Query query = access.query(request_of(*use));
        bool through = false, by_name = false;
        for (const Atom atom : query.atoms) {
          if (!test(row, atom)) continue;
          used[atom / 64] |= uint64_t{1} << (atom % 64);
          through = true;
        }
        for (const NamedBits& named : left.named) {
          if (query.name == kNone || named.name != query.name) continue;
          for (const Atom atom : query.atoms) {
            if (!test(access.row(named.row), atom)) continue;
            used_names.emplace(named.name, named.row);
            by_name = true;
          }
        }
        if (!through && !by_name) continue;
        usage.used.push_back(*use);
        if (through) usage.used.back().name.clear();  // the grant does not ask for it
        usage.last = std::max(usage.last, use->last);
      }
      for (size_t i = 0; i < left.bits.size(); ++i) {
        traceless.bits[i] &= untraced[i] & ~used[i];
        left.bits[i] &= ~(used[i] | traceless.bits[i]);
      }
      std::erase_if(left.named, [&](const NamedBits& named) { return used_names.contains({named.name, named.row}); });
      usage.unused = access.phrases(left);
      usage.untraced = access.phrases(traceless);
      out.push_back(std::move(usage));
    }
    first = last;
  }
  return out;
}

std::string minimal_rules(const std::vector<Use>& uses, const std::vector<PermissionPhrase>& untraced) {
  // Verbs by thing, then things by their verbs: what is used alike shares a rule.
  using Thing = std::tuple<std::string, std::string, std::string, std::string>;  // path, group, resource, name
  std::map<Thing, std::set<std::string>> verbs;
  for (const Use& use : uses) {
    const std::string resource =
        use.what.subresource.empty() ? use.what.resource : use.what.resource + "/" + use.what.subresource;
    verbs[{use.what.path, use.what.group, resource, use.name}].insert(use.what.verb);
  }
  for (const PermissionPhrase& phrase : untraced)
    verbs[{phrase.path, phrase.group, phrase.resource, phrase.name}].insert(phrase.verbs.begin(), phrase.verbs.end());
  std::map<std::tuple<bool, std::string, std::string, std::set<std::string>>, std::vector<std::string>> rules;
  for (const auto& [thing, of_thing] : verbs) {
    const auto& [path, group, resource, name] = thing;
    rules[{!path.empty(), group, name, of_thing}].push_back(path.empty() ? resource : path);
  }
  std::string out;
  for (const auto& [shape, things] : rules) {
    const auto& [is_path, group, name, of_rule] = shape;
    const std::vector<std::string> list(of_rule.begin(), of_rule.end());
    if (is_path) {
      out += "- nonResourceURLs: " + text_list(things) + "\n";
    } else {
      out += "- apiGroups: " + text_list({group}) + "\n  resources: " + text_list(things) + "\n";
      if (!name.empty()) out += "  resourceNames: " + text_list({name}) + "\n";
    }
    out += "  verbs: " + text_list(list) + "\n";
  }
  return out;
}

}  // namespace ameia::graph
