// Access against rbac::Authorizer, its oracle, on random estates; and the properties that hold for every estate.
#include "graph/access.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "graph/access_diff.h"
#include "graph/limits.h"
#include "rbac_estates.h"

namespace ameia::graph {
namespace {

using rbac::SubjectKind;

size_t rounds(size_t otherwise) {
  const char* text = std::getenv("AMEIA_LONG");
  return text == nullptr ? otherwise : std::strtoul(text, nullptr, 10);
}

rbac::User user_of(const AccessSubject& subject) {
  if (subject.kind == SubjectKind::kServiceAccount) return rbac::User::service_account(subject.ns, subject.name);
  rbac::User user;
  user.groups = implied_groups(subject);
  if (subject.kind == SubjectKind::kUser) {
    user.name = subject.name;
  } else {
    user.groups.push_back(subject.name);
  }
  return user;
}

std::vector<AccessSubject> subjects() {
  std::vector<AccessSubject> out = {{SubjectKind::kUser, "", "u0"},
                                    {SubjectKind::kUser, "", "nobody"},
                                    {SubjectKind::kUser, "", "system:anonymous"},
                                    {SubjectKind::kGroup, "", "g0"},
                                    {SubjectKind::kGroup, "", "g1"},
                                    {SubjectKind::kUser, "", "system:serviceaccount:n2:s0"}};
  for (const char* ns : RbacGenerator::kNamespaces) out.push_back(service_account(ns, "s0"));
  return out;
}

Access access_of(const rbac::Authorizer& authorizer) {
  auto access = Access::of(authorizer);
  if (!access) ADD_FAILURE() << access.error().text();
  return std::move(*access);
}

TEST(Access, AnswersAsTheAuthorizerDoes) {
  size_t allowed = 0;
  for (size_t seed = 0; seed < rounds(400); ++seed) {
    RbacGenerator make(seed);
    std::string yaml = make.roles();
    for (int i = 0; i < 8; ++i) yaml += make.binding(i);
    const RbacWorld world = rbac_world(yaml);
    const Access access = access_of(*world.authorizer);
    for (int i = 0; i < 60; ++i) {
      const rbac::Request request = make.request();
      const Access::Query query = access.query(request);
      std::set<std::string> expected, got;
      for (const AccessSubject& subject : subjects()) {
        const rbac::User user = user_of(subject);
        const bool yes = world.authorizer->authorize(user, request).allowed;
        ASSERT_EQ(access.allowed(access.subjects_of(user), query), yes)
            << "seed " << seed << ": " << to_string(subject) << " " << request.verb << " " << request.group << "/"
            << request.resource << "/" << request.subresource << request.path << " named " << request.name << " in "
            << request.ns << "\n"
            << yaml;
        auto ids = access.subjects_of(user), same = access.subjects_of(subject);
        std::sort(ids.begin(), ids.end());
        std::sort(same.begin(), same.end());
        ASSERT_EQ(ids, same) << to_string(subject);
        if (yes) expected.insert(to_string(subject));
        allowed += yes ? 1 : 0;
      }
      // who-can is every subject for whom can is yes: the holders, and the members of groups that hold it.
      std::set<Id> holders;
      for (const Access::Grant& grant : access.who_can(query)) holders.insert(grant.subject);
      for (const AccessSubject& subject : subjects()) {
        const auto ids = access.subjects_of(subject);
        if (std::any_of(ids.begin(), ids.end(), [&](Id id) { return holders.contains(id); }))
          got.insert(to_string(subject));
      }
      ASSERT_EQ(got, expected) << "seed " << seed;
    }
  }
  EXPECT_GT(allowed, 1000u);  // the generator asks questions that are worth asking
}

TEST(Access, CoversIsTheApiServersCheckOfEscalation) {
  size_t covered = 0;
  for (size_t seed = 0; seed < rounds(400); ++seed) {
    RbacGenerator make(seed);
    const RbacWorld world = rbac_world(make.roles());
    const Access access = access_of(*world.authorizer);
    const auto& roles = world.authorizer->roles();
    for (uint32_t a = 0; a < roles.size(); ++a) {
      for (uint32_t b = 0; b < roles.size(); ++b) {
        // The server cuts rules at single verbs and resources, and so do atoms; "*" is a value of its own to both.
        const bool expected = rbac::uncovered(roles[a].rules, roles[b].rules).empty();
        const bool got = access.covers(access.permissions_of_role(a), access.permissions_of_role(b));
        ASSERT_EQ(got, expected) << "seed " << seed << ": " << roles[a].name << " covers " << roles[b].name;
        covered += got ? 1 : 0;
      }
    }
  }
  EXPECT_GT(covered, 1000u);
}

TEST(Access, PermissionsGrowWithBindings) {
  for (size_t seed = 0; seed < rounds(200); ++seed) {
    RbacGenerator make(seed);
    std::string yaml = make.roles();
    for (int i = 0; i < 4; ++i) yaml += make.binding(i);
    const RbacWorld less = rbac_world(yaml);
    const RbacWorld more = rbac_world(yaml + make.binding(4));
    const Access before = access_of(*less.authorizer), after = access_of(*more.authorizer);
    for (int i = 0; i < 60; ++i) {
      const rbac::Request request = make.request();
      for (const AccessSubject& subject : subjects()) {
        if (!before.allowed(before.subjects_of(subject), before.query(request))) continue;
        ASSERT_TRUE(after.allowed(after.subjects_of(subject), after.query(request))) << "seed " << seed;
      }
    }
    const rbac::Authorizer* both[] = {less.authorizer.get(), more.authorizer.get()};
    const auto universe = std::make_shared<const PermissionUniverse>(*PermissionUniverse::of(both));
    const Access a = *Access::of(*less.authorizer, universe), b = *Access::of(*more.authorizer, universe);
    EXPECT_TRUE(diff(a, a).empty());
    for (const AccessChange& change : diff(a, b)) EXPECT_TRUE(change.removed.empty()) << "seed " << seed;
  }
}

constexpr const char* kSubject = "subjects: [{kind: User, name: ana}]\n";
std::string role(const std::string& name, const std::string& rules) {
  return "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: " + name + "}\nrules: [" +
         rules + "]\n";
}
std::string bind(const std::string& name, const std::string& role_name, const std::string& ns = {}) {
  return std::string("---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ") +
         (ns.empty() ? "ClusterRoleBinding" : "RoleBinding") + "\nmetadata: {name: " + name +
         (ns.empty() ? "" : ", namespace: " + ns) +
         "}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: " + role_name + "}\n" + kSubject;
}

std::vector<std::string> changes(const std::string& before, const std::string& after) {
  const RbacWorld old_world = rbac_world(before), new_world = rbac_world(after);
  const rbac::Authorizer* both[] = {old_world.authorizer.get(), new_world.authorizer.get()};
  const auto universe = std::make_shared<const PermissionUniverse>(*PermissionUniverse::of(both));
  const Access a = *Access::of(*old_world.authorizer, universe), b = *Access::of(*new_world.authorizer, universe);
  std::vector<std::string> out;
  for (const AccessChange& change : diff(a, b)) {
    for (const auto& phrase : change.added) out.push_back("+" + change.scope + ": " + to_string(phrase));
    for (const auto& phrase : change.removed) out.push_back("-" + change.scope + ": " + to_string(phrase));
  }
  return out;
}

TEST(AccessDiff, IsOfPermissionsAndNotOfText) {
  const std::string pods = R"({apiGroups: [""], resources: [pods], verbs: [get, list]})";
  const std::string get = R"({apiGroups: [""], resources: [pods], verbs: [get]})";
  const std::string list = R"({apiGroups: [""], resources: [pods], verbs: [list]})";
  const std::string all = R"({apiGroups: ["*"], resources: ["*"], verbs: ["*"]})";
  const std::string tls = R"({apiGroups: [""], resources: [secrets], resourceNames: [tls], verbs: [get]})";
  using Lines = std::vector<std::string>;
  EXPECT_EQ(changes(role("a", pods) + bind("x", "a"), role("b", get + ", " + list) + bind("y", "b")), Lines{});
  EXPECT_EQ(changes(role("a", pods) + bind("x", "a"), role("a", get) + bind("x", "a")), Lines{"-: list pods"});
  EXPECT_EQ(changes(role("a", get) + bind("x", "a"), role("a", all) + bind("x", "a")), Lines{"+: * *.*"});
  EXPECT_EQ(changes("", role("a", tls) + bind("x", "a", "shop")), Lines{"+shop: get secrets named tls"});
  // Held in the whole cluster already.
  EXPECT_EQ(changes(role("a", pods) + bind("x", "a"), role("a", pods) + bind("x", "a") + bind("y", "a", "shop")),
            Lines{});
  // Held through a group already.
  const std::string by_group = role("a", pods) +
                               "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: "
                               "{name: g}\nroleRef: {kind: ClusterRole, name: a}\nsubjects: [{kind: Group, name: "
                               "\"system:authenticated\"}]\n";
  EXPECT_EQ(changes(by_group, by_group + bind("x", "a")), Lines{});
}

TEST(Access, AnEstateBeyondTheLimitsIsAnError) {
  std::string paths;
  for (size_t i = 0; i <= kUrlPatternsMax; ++i) paths += (i == 0 ? "/p" : ", /p") + std::to_string(i);
  const RbacWorld world = rbac_world(role("a", "{nonResourceURLs: [" + paths + "], verbs: [get]}"));
  const auto access = Access::of(*world.authorizer);
  ASSERT_FALSE(access.has_value());
  EXPECT_EQ(access.error().code, base::Code::kLimit);

  std::string verbs, resources;
  for (int i = 0; i < 3000; ++i) {
    verbs += (i == 0 ? "v" : ", v") + std::to_string(i);
    resources += (i == 0 ? "r" : ", r") + std::to_string(i);
  }
  const RbacWorld wide =
      rbac_world(role("a", "{apiGroups: [x], resources: [" + resources + "], verbs: [" + verbs + "]}"));
  const auto too_wide = Access::of(*wide.authorizer);
  ASSERT_FALSE(too_wide.has_value());
  EXPECT_EQ(too_wide.error().code, base::Code::kLimit);
}

}  // namespace
}  // namespace ameia::graph
