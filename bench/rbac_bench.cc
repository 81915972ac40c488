// rbac_100k: 50,000 service accounts in 2,000 namespaces, 5,000 roles, 100,000 bindings, the objects already parsed:
// effective permissions of every subject, the who-can index, and the escalation graph searched from every sink. Point
// queries beside it. Usage: rbac_bench [FOLDER]: with a folder, writes the objects there as files and measures nothing.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "doc/yaml.h"
#include "graph/access.h"
#include "graph/escalation.h"
#include "graph/escalation_paths.h"
#include "rbac/default_roles.h"

namespace {

using Clock = std::chrono::steady_clock;
using namespace ameia;

constexpr int kNamespaces = 2'000;
constexpr int kAccountsPerNamespace = 25;
constexpr int kRolesPerNamespace = 2;
constexpr int kClusterRoles = 1'000;
constexpr int kBindings = 100'000;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// A role's rules: mostly reads, some writes, now and then something with power.
std::string rules(std::mt19937& random) {
  static const char* const kReads[] = {"pods", "services", "configmaps", "endpoints", "events", "pods/log"};
  static const char* const kApps[] = {"deployments", "statefulsets", "daemonsets", "replicasets"};
  const auto pick = [&](const auto& list) { return std::string(list[random() % std::size(list)]); };
  std::string out = R"([{"apiGroups":[""],"resources":[")" + pick(kReads) + "\",\"" + pick(kReads) +
                    R"("],"verbs":["get","list","watch"]})";
  if (random() % 2 == 0) {
    out += R"(,{"apiGroups":["apps"],"resources":[")" + pick(kApps) + R"("],"verbs":["get","list","patch"]})";
  }
  if (random() % 4 == 0) {
    out += R"(,{"apiGroups":["example)" + std::to_string(random() % 20) + R"(.com"],"resources":["widgets)" +
           std::to_string(random() % 5) + R"("],"verbs":["get","list","create","update","delete"]})";
  }
  if (random() % 10 == 0) {
    out += R"(,{"apiGroups":[""],"resources":["secrets"],"resourceNames":["s)" + std::to_string(random() % 50) +
           R"("],"verbs":["get"]})";
  }
  if (random() % 20 == 0) out += R"(,{"apiGroups":[""],"resources":["pods"],"verbs":["create","delete"]})";
  if (random() % 40 == 0) out += R"(,{"apiGroups":[""],"resources":["pods/exec"],"verbs":["create"]})";
  if (random() % 200 == 0) out += R"(,{"apiGroups":["*"],"resources":["*"],"verbs":["*"]})";
  return out + "]";
}

std::string object(const char* kind, const std::string& ns, const std::string& name, const std::string& rest) {
  const bool rbac = std::string_view(kind) != "ServiceAccount";
  return std::string(R"({"apiVersion":")") + (rbac ? "rbac.authorization.k8s.io/v1" : "v1") + R"(","kind":")" + kind +
         R"(","metadata":{"name":")" + name + "\"" + (ns.empty() ? "" : R"(,"namespace":")" + ns + "\"") + "}" + rest +
         "}";
}

// A List a file: the cluster roles, then one a namespace.
std::vector<std::string> generate() {
  std::mt19937 random(20'261'126);
  std::vector<std::string> files;
  const auto begin = [&] { files.emplace_back(R"({"apiVersion":"v1","kind":"List","items":[)"); };
  const auto add = [&](const std::string& json) {
    if (files.back().back() != '[') files.back() += ",\n";
    files.back() += json;
  };
  const auto number = [](const char* prefix, size_t n) { return prefix + std::to_string(n); };
  begin();
  for (int i = 0; i < kClusterRoles; ++i) {
    add(object("ClusterRole", "", number("cluster-role-", static_cast<size_t>(i)), ",\"rules\":" + rules(random)));
  }
  files.back() += "]}\n";
  for (int n = 0; n < kNamespaces; ++n) {
    const std::string ns = number("ns", static_cast<size_t>(n));
    begin();
    for (int i = 0; i < kAccountsPerNamespace; ++i)
      add(object("ServiceAccount", ns, number("app-", static_cast<size_t>(i)), ""));
    for (int i = 0; i < kRolesPerNamespace; ++i)
      add(object("Role", ns, number("role-", static_cast<size_t>(i)), ",\"rules\":" + rules(random)));
    for (int i = 0; i < kBindings / kNamespaces; ++i) {
      const bool cluster = random() % 50 == 0;
      const bool to_cluster = cluster || random() % 2 == 0;
      std::string subject;
      if (random() % 20 == 0) {
        subject = R"({"kind":"Group","name":")" + number("team-", random() % 300) + "\"}";
      } else {
        subject = R"({"kind":"ServiceAccount","name":")" +
                  number("app-", random() % static_cast<unsigned>(kAccountsPerNamespace)) + R"(","namespace":")" + ns +
                  "\"}";
      }
      add(object(cluster ? "ClusterRoleBinding" : "RoleBinding", cluster ? "" : ns,
                 number("binding-", static_cast<size_t>(n * 1000 + i)),
                 R"(,"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":")" +
                     std::string(to_cluster ? "ClusterRole" : "Role") + R"(","name":")" +
                     (to_cluster ? number("cluster-role-", random() % kClusterRoles)
                                 : number("role-", random() % kRolesPerNamespace)) +
                     R"("},"subjects":[)" + subject + "]"));
    }
    files.back() += "]}\n";
  }
  return files;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> files = generate();
  if (argc > 1) {
    std::filesystem::create_directories(argv[1]);
    for (size_t i = 0; i < files.size(); ++i) {
      std::ofstream(std::filesystem::path(argv[1]) / ("f" + std::to_string(i) + ".json"), std::ios::binary) << files[i];
    }
    return 0;
  }
  auto keys = std::make_shared<doc::Keys>();
  std::vector<std::shared_ptr<doc::Document>> documents;
  std::vector<const doc::Node*> objects;
  for (const std::string& text : files) {
    auto stream = doc::parse_yaml(std::make_shared<doc::Source>("n.json", text), keys);
    if (!stream.errors.empty()) {
      std::fprintf(stderr, "rbac_bench: %s\n", stream.errors[0].text().c_str());
      return 1;
    }
    documents.push_back(stream.documents[0]);
    for (const doc::Node& item : documents.back()->root()["items"].list()) objects.push_back(&item);
  }
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  double best = 1e9, can = 0, who = 0;
  for (int round = 0; round < 3; ++round) {
    const auto start = Clock::now();
    rbac::Authorizer::Builder builder;
    for (const doc::Node* node : objects) builder.add(*node);
    for (const doc::Node* node : rbac::default_roles()) builder.add(*node);
    const rbac::Authorizer authorizer = std::move(builder).build();
    const double read = seconds_since(start);
    auto access = graph::Access::of(authorizer);
    if (!access) {
      std::fprintf(stderr, "rbac_bench: %s\n", access.error().text().c_str());
      return 1;
    }
    const double permissions = seconds_since(start);
    graph::EscalationBuilder escalation_builder(*access);
    for (const doc::Node* node : objects) escalation_builder.add(*node);
    const graph::Escalation escalation = std::move(escalation_builder).build();
    const double built = seconds_since(start);
    const graph::Reach reach(escalation);
    const double all = seconds_since(start);
    best = std::min(best, all);
    std::fprintf(stderr,
                 "rbac_100k: %zu objects, %zu subjects, %zu sets of roles, %zu atoms, %zu nodes, %zu edges; roles and "
                 "bindings read %.3f s, permissions and who-can %.3f s, graph %.3f s, paths %.3f s\n",
                 objects.size(), access->subjects().size(), access->role_sets(), access->universe().atoms(),
                 escalation.nodes().size(), escalation.edges().size(), read, permissions - read, built - permissions,
                 all - built);

    std::mt19937 random(3);
    constexpr size_t kQuestions = 100'000;
    std::vector<std::vector<graph::Id>> askers(kQuestions);
    for (auto& asker : askers) {
      const auto& subject = access->subjects()[random() % access->subjects().size()];
      asker = access->subjects_of(subject);
    }
    rbac::Request request;
    request.verb = "create";
    request.resource = "pods";
    request.ns = "ns7";
    const graph::Access::Query query = access->query(request);
    size_t allowed = 0;
    auto asked = Clock::now();
    for (const auto& asker : askers) allowed += access->allowed(asker, query) ? 1 : 0;
    can = seconds_since(asked) / kQuestions * 1e9;
    asked = Clock::now();
    const size_t holders = access->who_can(query).size();
    who = seconds_since(asked) * 1e6;
    if (access->grants().size() != kBindings || allowed == 0 || holders == 0) {
      std::fprintf(stderr, "rbac_bench: %zu grants, %zu allowed, %zu holders: not the estate it should be\n",
                   access->grants().size(), allowed, holders);
      return 1;
    }
  }
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  std::printf("{\"name\":\"rbac_100k\",\"value\":%.3f,\"unit\":\"s\"}\n", best);
  std::printf("{\"name\":\"rbac_100k_memory\",\"value\":%.1f,\"unit\":\"MiB\"}\n",
              static_cast<double>(after.ru_maxrss - before.ru_maxrss) / 1024);
  std::printf("{\"name\":\"rbac_can\",\"value\":%.1f,\"unit\":\"ns\"}\n", can);
  std::printf("{\"name\":\"rbac_who_can\",\"value\":%.1f,\"unit\":\"us\"}\n", who);
  return 0;
}
