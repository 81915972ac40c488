#include "graph/access.h"

#include <algorithm>
#include <bit>
#include <map>

#include "graph/limits.h"

namespace ameia::graph {
namespace {

using rbac::SubjectKind;

constexpr std::string_view kAccountPrefix = "system:serviceaccount:";
constexpr std::string_view kAuthenticated = "system:authenticated";
constexpr std::string_view kUnauthenticated = "system:unauthenticated";
constexpr std::string_view kAccounts = "system:serviceaccounts";

// "system:serviceaccount:shop:web" → {shop, web}
std::optional<AccessSubject> account_of(std::string_view user) {
  if (!user.starts_with(kAccountPrefix)) return std::nullopt;
  user.remove_prefix(kAccountPrefix.size());
  const size_t colon = user.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return service_account(user.substr(0, colon), user.substr(colon + 1));
}

struct SetHash {
  size_t operator()(const std::vector<uint32_t>& roles) const {
    uint64_t hash = roles.size();
    for (const uint32_t role : roles) hash = (hash ^ role) * 0x9E3779B97F4A7C15u ^ hash >> 29;
    return hash;
  }
};

void unite(std::span<uint64_t> into, Bits from) {
  for (size_t i = 0; i < from.size(); ++i) into[i] |= from[i];
}

bool any_of(Bits bits, const std::vector<Atom>& atoms) {
  return std::any_of(atoms.begin(), atoms.end(), [&](Atom atom) { return test(bits, atom); });
}

}  // namespace

AccessSubject service_account(std::string_view ns, std::string_view name) {
  return {SubjectKind::kServiceAccount, std::string(ns), std::string(name)};
}

std::string to_string(const AccessSubject& subject) {
  switch (subject.kind) {
    case SubjectKind::kUser: return "User " + subject.name;
    case SubjectKind::kGroup: return "Group " + subject.name;
    case SubjectKind::kServiceAccount: break;
  }
  return "ServiceAccount " + subject.ns + "/" + subject.name;
}

std::vector<std::string> implied_groups(const AccessSubject& subject) {
  const std::string authenticated(kAuthenticated);
  if (subject.kind == SubjectKind::kServiceAccount) {
    return {std::string(kAccounts), std::string(kAccounts) + ":" + subject.ns, authenticated};
  }
  if (subject.kind == SubjectKind::kUser) {
    if (subject.name == "system:anonymous") return {std::string(kUnauthenticated)};
    if (subject.name.starts_with("system:node:")) return {"system:nodes", authenticated};
    return {authenticated};
  }
  if (subject.name == kUnauthenticated || subject.name == kAuthenticated) return {};
  if (subject.name.starts_with(std::string(kAccounts) + ":")) return {std::string(kAccounts), authenticated};
  return {authenticated};
}

base::Result<Access> Access::of(const rbac::Authorizer& authorizer) {
  const rbac::Authorizer* one[] = {&authorizer};
  return of(authorizer, std::make_shared<const PermissionUniverse>(TRY(PermissionUniverse::of(one))));
}

base::Result<Access> Access::of(const rbac::Authorizer& authorizer,
                                std::shared_ptr<const PermissionUniverse> universe) {
  Access access;
  access.authorizer_ = &authorizer;
  access.universe_ = std::move(universe);
  access.words_ = access.universe_->words();
  access.scopes_.intern("");
  TRY_STATUS(access.read_roles());
  access.read_bindings();
  TRY_STATUS(access.make_sets());
  access.invert();
  return access;
}

base::Result<uint32_t> Access::new_row() {
  if ((rows_.size() + words_) * sizeof(uint64_t) > kPermissionBytesMax) {
    return base::fail(base::Code::kLimit, "the permissions of this estate need more than " +
                                              std::to_string(kPermissionBytesMax >> 20) +
                                              " MiB; ask about fewer roles at once");
  }
  const auto row = static_cast<uint32_t>(words_ == 0 ? 0 : rows_.size() / words_);
  rows_.resize(rows_.size() + words_);
  return row;
}

base::Status Access::read_roles() {
  const std::vector<rbac::Role>& roles = authorizer_->roles();
  rows_.reserve(words_ * roles.size());
  for (size_t i = 0; i < roles.size(); ++i) TRY_STATUS(new_row());
  role_named_.resize(roles.size());
  std::map<std::vector<uint64_t>, uint32_t> rows_of_names;
  for (uint32_t i = 0; i < roles.size(); ++i) {
    for (const rbac::Rule& rule : roles[i].rules) {
      if (rule.resource_names.empty()) {
        universe_->add(rule, {rows_.data() + size_t{i} * words_, words_});
        continue;
      }
      // Names are of objects: what the rule says of paths holds without them.
      rbac::Rule paths = rule, objects = rule;
      paths.resources.clear();
      objects.non_resource_urls.clear();
      universe_->add(paths, {rows_.data() + size_t{i} * words_, words_});
      std::vector<uint64_t> bits(words_);
      universe_->add(objects, bits);
      const auto [at, is_new] = rows_of_names.try_emplace(bits, 0);
      if (is_new) {
        at->second = TRY(new_row());
        std::copy(bits.begin(), bits.end(), rows_.begin() + static_cast<ptrdiff_t>(at->second * words_));
      }
      for (const std::string& name : rule.resource_names) {
        role_named_[i].push_back({names_.intern(name), at->second});
      }
    }
    std::sort(role_named_[i].begin(), role_named_[i].end());
    role_named_[i].erase(std::unique(role_named_[i].begin(), role_named_[i].end()), role_named_[i].end());
  }
  return {};
}

Id Access::intern_subject(const rbac::Subject& subject) {
  SubjectKind kind = subject.kind;
  std::string_view ns = subject.ns, name = subject.name;
  std::optional<AccessSubject> account;
  if (kind == SubjectKind::kUser) account = account_of(name);
  if (account) {
    kind = account->kind;
    ns = account->ns;
    name = account->name;
  }
  const uint64_t key =
      (kind == SubjectKind::kServiceAccount ? uint64_t{texts_.intern(ns)} << 32 : 0) | texts_.intern(name);
  const auto [at, is_new] = subject_ids_[static_cast<size_t>(kind)].try_emplace(key, subjects_.size());
  if (is_new)
    subjects_.push_back({kind, kind == SubjectKind::kServiceAccount ? std::string(ns) : "", std::string(name)});
  return at->second;
}

Id Access::find(const AccessSubject& subject) const {
  if (subject.kind == SubjectKind::kUser) {
    if (const auto account = account_of(subject.name)) return find(*account);
  }
  const Id ns = subject.kind == SubjectKind::kServiceAccount ? texts_.find(subject.ns) : 0;
  const Id name = texts_.find(subject.name);
  if (ns == kNone || name == kNone) return kNone;
  const auto& ids = subject_ids_[static_cast<size_t>(subject.kind)];
  const auto found = ids.find(uint64_t{ns} << 32 | name);
  return found == ids.end() ? kNone : found->second;
}

void Access::read_bindings() {
  const std::vector<rbac::Binding>& bindings = authorizer_->bindings();
  const rbac::Role* roles = authorizer_->roles().data();
  grants_.reserve(bindings.size());
  for (uint32_t b = 0; b < bindings.size(); ++b) {
    const rbac::Role* role = authorizer_->role_of(bindings[b]);
    const Id scope = scopes_.intern(bindings[b].ns);
    for (const rbac::Subject& subject : bindings[b].subjects) {
      const Id id = intern_subject(subject);
      if (role != nullptr) grants_.push_back({id, scope, static_cast<uint32_t>(role - roles), b});
    }
  }
  std::sort(grants_.begin(), grants_.end(), [](const Grant& a, const Grant& b) {
    return std::tie(a.subject, a.scope, a.role, a.binding) < std::tie(b.subject, b.scope, b.role, b.binding);
  });
  subject_grants_.assign(subjects_.size() + 1, 0);
  for (const Grant& grant : grants_) ++subject_grants_[grant.subject + 1];
  for (size_t i = 1; i < subject_grants_.size(); ++i) subject_grants_[i] += subject_grants_[i - 1];
}

base::Status Access::make_sets() {
  std::unordered_map<std::vector<uint32_t>, uint32_t, SetHash> ids;
  subject_sets_.assign(subjects_.size() + 1, 0);
  std::vector<uint32_t> roles;
  for (size_t begin = 0; begin < grants_.size();) {
    size_t end = begin;
    roles.clear();
    for (; end < grants_.size() && grants_[end].subject == grants_[begin].subject &&
           grants_[end].scope == grants_[begin].scope;
         ++end) {
      if (roles.empty() || roles.back() != grants_[end].role) roles.push_back(grants_[end].role);
    }
    const auto [at, is_new] = ids.try_emplace(roles, set_roles_.size());
    if (is_new) {
      uint32_t row = roles[0];
      if (roles.size() > 1) {
        row = TRY(new_row());
        for (const uint32_t role : roles) unite({rows_.data() + size_t{row} * words_, words_}, this->row(role));
      }
      std::vector<NamedBits> named;
      for (const uint32_t role : roles) {
        named.insert(named.end(), role_named_[role].begin(), role_named_[role].end());
      }
      std::sort(named.begin(), named.end());
      set_named_.push_back(std::move(named));
      set_rows_.push_back(row);
      set_roles_.push_back(roles);
    }
    scope_sets_.push_back({grants_[begin].scope, at->second});
    ++subject_sets_[grants_[begin].subject + 1];
    begin = end;
  }
  for (size_t i = 1; i < subject_sets_.size(); ++i) subject_sets_[i] += subject_sets_[i - 1];
  return {};
}

void Access::invert() {
  const size_t roles = role_named_.size();
  role_words_ = (roles + 63) / 64;
  atom_roles_.resize(role_words_ * universe_->atoms());
  for (uint32_t role = 0; role < roles; ++role) {
    const Bits bits = row(role);
    for (size_t word = 0; word < bits.size(); ++word) {
      for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
        const size_t atom = word * 64 + static_cast<size_t>(std::countr_zero(left));
        atom_roles_[atom * role_words_ + role / 64] |= uint64_t{1} << (role % 64);
      }
    }
    for (const NamedBits& named : role_named_[role]) {
      std::vector<uint32_t>& of_name = name_roles_[named.name];
      if (of_name.empty() || of_name.back() != role) of_name.push_back(role);
    }
  }
  // A counting sort by role of grants that are by scope within one subject only: by role, then by scope.
  role_grants_.assign(roles + 1, 0);
  for (const Grant& grant : grants_) ++role_grants_[grant.role + 1];
  for (size_t i = 1; i < role_grants_.size(); ++i) role_grants_[i] += role_grants_[i - 1];
  role_order_.resize(grants_.size());
  std::vector<uint32_t> next = role_grants_;
  for (uint32_t i = 0; i < grants_.size(); ++i) role_order_[next[grants_[i].role]++] = i;
  for (size_t role = 0; role < roles; ++role) {
    std::stable_sort(role_order_.begin() + role_grants_[role], role_order_.begin() + role_grants_[role + 1],
                     [&](uint32_t a, uint32_t b) { return grants_[a].scope < grants_[b].scope; });
  }
}

Access::Query Access::query(const rbac::Request& request) const {
  Query query;
  query.atoms = universe_->atoms_of(request);
  if (!request.resource_request) return query;
  if (const Id scope = scopes_.find(request.ns); scope != kNone) query.scope = scope;
  query.name = names_.find(request.name);
  return query;
}

std::vector<Id> Access::subjects_of(const rbac::User& user) const {
  std::vector<Id> ids;
  const auto add = [&](SubjectKind kind, const std::string& name) {
    if (const Id id = find({kind, "", name}); id != kNone) ids.push_back(id);
  };
  add(SubjectKind::kUser, user.name);
  for (const std::string& group : user.groups) add(SubjectKind::kGroup, group);
  return ids;
}

std::vector<Id> Access::subjects_of(const AccessSubject& subject) const {
  std::vector<Id> ids;
  if (const Id id = find(subject); id != kNone) ids.push_back(id);
  for (const std::string& group : implied_groups(subject)) {
    if (const Id id = find({SubjectKind::kGroup, "", group}); id != kNone) ids.push_back(id);
  }
  return ids;
}

const Access::ScopeSet* Access::find_set(Id subject, Id scope) const {
  const ScopeSet* begin = scope_sets_.data() + subject_sets_[subject];
  const ScopeSet* end = scope_sets_.data() + subject_sets_[subject + 1];
  const ScopeSet* at =
      std::lower_bound(begin, end, scope, [](const ScopeSet& set, Id wanted) { return set.scope < wanted; });
  return at != end && at->scope == scope ? at : nullptr;
}

bool Access::set_allows(uint32_t set, const Query& query) const {
  if (any_of(row(set_rows_[set]), query.atoms)) return true;
  if (query.name == kNone) return false;
  const std::vector<NamedBits>& named = set_named_[set];
  for (auto at = std::lower_bound(named.begin(), named.end(), NamedBits{query.name, 0});
       at != named.end() && at->name == query.name; ++at) {
    if (any_of(row(at->row), query.atoms)) return true;
  }
  return false;
}

bool Access::allowed(std::span<const Id> subjects, const Query& query) const {
  return std::any_of(subjects.begin(), subjects.end(), [&](Id subject) {
    if (const ScopeSet* everywhere = find_set(subject, 0); everywhere != nullptr && set_allows(everywhere->set, query))
      return true;
    if (query.scope == 0) return false;
    const ScopeSet* here = find_set(subject, query.scope);
    return here != nullptr && set_allows(here->set, query);
  });
}

std::vector<Access::Grant> Access::who_can(const Query& query) const {
  std::vector<uint64_t> roles(role_words_);
  for (const Atom atom : query.atoms) unite(roles, {atom_roles_.data() + atom * role_words_, role_words_});
  if (const auto named = name_roles_.find(query.name); query.name != kNone && named != name_roles_.end()) {
    for (const uint32_t role : named->second) {
      const bool allows = std::any_of(role_named_[role].begin(), role_named_[role].end(), [&](const NamedBits& bits) {
        return bits.name == query.name && any_of(row(bits.row), query.atoms);
      });
      if (allows) roles[role / 64] |= uint64_t{1} << (role % 64);
    }
  }
  std::vector<Grant> out;
  const auto take = [&](uint32_t role, Id scope) {
    const auto begin = role_order_.begin() + role_grants_[role], end = role_order_.begin() + role_grants_[role + 1];
    if (query.anywhere) {
      for (auto at = begin; at != end; ++at) out.push_back(grants_[*at]);
      return;
    }
    auto at = std::lower_bound(begin, end, scope, [&](uint32_t g, Id wanted) { return grants_[g].scope < wanted; });
    for (; at != end && grants_[*at].scope == scope; ++at) out.push_back(grants_[*at]);
  };
  for (size_t word = 0; word < roles.size(); ++word) {
    for (uint64_t left = roles[word]; left != 0; left &= left - 1) {
      const auto role = static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(left)));
      take(role, 0);
      if (query.scope != 0 && !query.anywhere) take(role, query.scope);
    }
  }
  std::sort(out.begin(), out.end(), [](const Grant& a, const Grant& b) {
    return std::tie(a.subject, a.scope, a.binding) < std::tie(b.subject, b.scope, b.binding);
  });
  return out;
}

std::span<const Access::Grant> Access::grants_of(Id subject) const {
  return {grants_.data() + subject_grants_[subject], grants_.data() + subject_grants_[subject + 1]};
}

Permissions Access::permissions(Id subject, Id scope) const {
  Permissions out{std::vector<uint64_t>(words_), {}};
  const auto add = [&](Id in) {
    const ScopeSet* set = find_set(subject, in);
    if (set == nullptr) return;
    unite(out.bits, row(set_rows_[set->set]));
    out.named.insert(out.named.end(), set_named_[set->set].begin(), set_named_[set->set].end());
  };
  add(0);
  if (scope != 0) add(scope);
  std::sort(out.named.begin(), out.named.end());
  out.named.erase(std::unique(out.named.begin(), out.named.end()), out.named.end());
  return out;
}

Permissions Access::permissions_of_role(uint32_t role) const {
  return {std::vector<uint64_t>(row(role).begin(), row(role).end()), role_named_[role]};
}

bool Access::covers(const Permissions& held, const Permissions& wanted) const {
  std::vector<uint64_t> missing = wanted.bits;
  const auto take_away = [&](Bits bits) {
    for (size_t i = 0; i < missing.size(); ++i) missing[i] &= ~bits[i];
  };
  const auto none_left = [&] {
    return std::all_of(missing.begin(), missing.end(), [](uint64_t word) { return word == 0; });
  };
  take_away(held.bits);
  if (!none_left()) return false;
  return std::all_of(wanted.named.begin(), wanted.named.end(), [&](const NamedBits& want) {
    missing.assign(row(want.row).begin(), row(want.row).end());
    take_away(held.bits);
    for (const NamedBits& have : held.named) {
      if (have.name == want.name) take_away(row(have.row));
    }
    return none_left();
  });
}

std::vector<PermissionPhrase> Access::phrases(const Permissions& permissions) const {
  std::vector<PermissionPhrase> out = universe_->phrases(permissions.bits);
  for (const NamedBits& named : permissions.named) {
    std::vector<uint64_t> bits(row(named.row).begin(), row(named.row).end());
    for (size_t i = 0; i < bits.size(); ++i) bits[i] &= ~permissions.bits[i];
    for (PermissionPhrase& phrase : universe_->phrases(bits)) {
      phrase.name = names_.text(named.name);
      out.push_back(std::move(phrase));
    }
  }
  return out;
}

}  // namespace ameia::graph
