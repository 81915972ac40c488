// netpol_100k: reachability of 100,000 pods in 1,000 namespaces under 10,000 policies, the objects already parsed; a
// point query beside it. Usage: netpol_bench [FOLDER]: with a folder, writes the objects there as files and measures
// nothing. The estate is seeded: replicas of deployments with 3 to 8 labels and 1 to 3 ports; 20 % of the policies have
// CIDRs.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "doc/json.h"
#include "doc/yaml.h"
#include "graph/live_network.h"
#include "graph/reachability.h"

namespace {

using Clock = std::chrono::steady_clock;
using ameia::doc::Document;

constexpr int kNamespaces = 1'000;
constexpr int kPods = 100'000;
constexpr int kPolicies = 10'000;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string label(const char* key, unsigned value) {
  return std::string("\"") + key + "\":\"" + key + std::to_string(value) + "\"";
}

// One JSON object a line, a file a namespace.
std::vector<std::string> generate() {
  std::mt19937 random(20'261'125);
  std::vector<std::string> files(kNamespaces);
  for (int n = 0; n < kNamespaces; ++n) {
    const std::string ns = "ns" + std::to_string(n);
    std::string& out = files[static_cast<size_t>(n)];
    out = R"({"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"Namespace","metadata":{"name":")" +
          ns + R"(","labels":{)" + label("team", random() % 50) + "," + label("env", random() % 3) + "}}}";
    int pods = 0, app = 0;
    while (pods < kPods / kNamespaces) {
      const int replicas = std::min<int>(2 + static_cast<int>(random() % 9), kPods / kNamespaces - pods);
      std::string labels = label("app", static_cast<unsigned>(app)) + "," + label("tier", random() % 4) + "," +
                           label("version", random() % 3);
      static const char* const kMore[] = {"component", "part-of", "managed-by", "zone", "owner"};
      const unsigned more = random() % 6;
      for (unsigned i = 0; i < more; ++i) labels += "," + label(kMore[i], random() % 6);
      std::string ports;
      const unsigned port_count = 1 + random() % 3;
      for (unsigned i = 0; i < port_count; ++i) {
        ports += std::string(i == 0 ? "" : ",") + R"({"name":"p)" + std::to_string(i) + R"(","containerPort":)" +
                 std::to_string(8000 + random() % 5) + "}";
      }
      const std::string name = "app" + std::to_string(app++);
      for (int r = 0; r < replicas; ++r, ++pods) {
        out +=
            R"(,{"apiVersion":"v1","kind":"Pod","metadata":{"name":")" + name + "-" + std::to_string(r) +
            R"(","namespace":")" + ns + R"(","labels":{)" + labels +
            R"(},"ownerReferences":[{"apiVersion":"apps/v1","kind":"ReplicaSet","name":")" + name +
            R"(","controller":true}]},"spec":{"containers":[{"name":"c","image":"registry.example.com/a:1","ports":[)" +
            ports + "]}]}}";
      }
    }
    for (int p = 0; p < kPolicies / kNamespaces; ++p) {
      const bool both = p % 3 == 1;
      out += R"(,{"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"p)" +
             std::to_string(p) + R"(","namespace":")" + ns + R"("},"spec":{"podSelector":)" +
             (p == 0 ? "{}" : R"({"matchLabels":{)" + label("app", random() % static_cast<unsigned>(app)) + "}}") +
             (both ? R"(,"policyTypes":["Ingress","Egress"])" : R"(,"policyTypes":["Ingress"])");
      for (const auto& [direction, peers] : {std::pair{"ingress", "from"}, std::pair{"egress", "to"}}) {
        if (!both && std::string_view(direction) == "egress") continue;
        out += std::string(",\"") + direction + "\":[";
        const unsigned rules = p == 0 ? 0 : 1 + random() % 2;
        for (unsigned r = 0; r < rules; ++r) {
          out += std::string(r == 0 ? "" : ",") + "{\"" + peers + "\":[";
          switch (random() % 5) {
            case 0:
              out += R"({"ipBlock":{"cidr":"10.)" + std::to_string(random() % 64) + R"(.0.0/16","except":["10.)" +
                     std::to_string(random() % 64) + R"(.7.0/24"]}})";
              break;
            case 1: out += R"({"namespaceSelector":{"matchLabels":{)" + label("team", random() % 50) + "}}}"; break;
            case 2:
              out += R"({"namespaceSelector":{"matchLabels":{)" + label("env", random() % 3) +
                     R"(}},"podSelector":{"matchLabels":{)" + label("tier", random() % 4) + "}}}";
              break;
            default:
              out += R"({"podSelector":{"matchLabels":{)" + label("app", random() % static_cast<unsigned>(app)) + "}}}";
          }
          out +=
              R"(],"ports":[{"port":)" + (random() % 10 == 0 ? "\"p0\"" : std::to_string(8000 + random() % 5)) + "}]}";
        }
        out += "]";
      }
      out += "}}";
    }
    out += "]}\n";
  }
  return files;
}

std::string policy_json(const std::string& ns, int name, const std::string& pods, const std::string& peers) {
  return R"({"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"p)" + std::to_string(name) +
         R"(","namespace":")" + ns + R"("},"spec":{"policyTypes":["Ingress","Egress"],"podSelector":{"matchLabels":{)" +
         pods + R"(}},"ingress":[{"from":[)" + peers + R"(],"ports":[{"port":8001}]}],"egress":[{"to":[)" + peers +
         "]}]}}";
}

// The worst of these changes in milliseconds, each read and put into the live network; a negative number: one was
// refused.
double worst_change(ameia::graph::LiveNetwork& live, const std::vector<std::string>& objects,
                    std::vector<std::shared_ptr<Document>>& documents) {
  double worst = 0;
  auto keys = std::make_shared<ameia::doc::Keys>();
  for (const std::string& text : objects) {
    auto stream = ameia::doc::parse_yaml(std::make_shared<ameia::doc::Source>("c.json", text), keys);
    documents.push_back(stream.documents.at(0));
    const auto start = Clock::now();
    if (!live.put(documents.back()->root())) return -1;
    worst = std::max(worst, seconds_since(start) * 1e3);
  }
  return worst;
}

// A policy is put in the place of another: with labels and ports that other policies know; with a label key, and with
// CIDRs, that none does. A namespace changes its team.
int measure_changes(const std::vector<std::shared_ptr<Document>>& estate) {
  ameia::graph::NetworkBuilder builder;
  for (const auto& document : estate) builder.add(document->root());
  ameia::graph::LiveNetwork live(builder.build(), {});
  std::vector<std::shared_ptr<Document>> documents;
  std::mt19937 random(5);
  std::vector<std::string> known, keys, cidrs, namespaces;
  for (int i = 0; i < 200; ++i) {
    const std::string ns = "ns" + std::to_string(random() % kNamespaces);
    const std::string app = label("app", random() % 18);
    const int name = static_cast<int>(random() % 10);
    known.push_back(policy_json(ns, name, i % 10 == 0 ? "" : app,
                                R"({"podSelector":{"matchLabels":{)" + label("tier", random() % 4) +
                                    R"(}}},{"namespaceSelector":{"matchLabels":{)" + label("team", random() % 50) +
                                    "}}}"));
    cidrs.push_back(policy_json(ns, name, app,
                                R"({"ipBlock":{"cidr":"172.16.)" + std::to_string(i) + R"(.0/24","except":["172.16.)" +
                                    std::to_string(i) + R"(.64/26"]}})"));
    if (i < 20) {
      namespaces.push_back(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":")" + ns + R"(","labels":{)" +
                           label("team", random() % 50) + "," + label("env", random() % 3) + "}}}");
    }
  }
  for (const char* key : {"component", "part-of", "managed-by", "zone", "owner"}) {
    keys.push_back(policy_json("ns7", 3, label(key, 1), R"({"podSelector":{"matchLabels":{)" + label(key, 2) + "}}}"));
  }
  for (const auto& [name, objects] :
       {std::pair{"netpol_update", &known}, std::pair{"netpol_update_cidr", &cidrs},
        std::pair{"netpol_update_namespace", &namespaces}, std::pair{"netpol_update_key", &keys}}) {
    const double worst = worst_change(live, *objects, documents);
    if (worst < 0) return 1;
    std::printf("{\"name\":\"%s\",\"value\":%.3f,\"unit\":\"ms\"}\n", name, worst);
  }
  std::fprintf(stderr, "netpol_update: %zu rebuilds\n", live.rebuilds());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> files = generate();
  if (argc > 1) {
    std::filesystem::create_directories(argv[1]);
    for (size_t i = 0; i < files.size(); ++i) {
      std::ofstream(std::filesystem::path(argv[1]) / ("ns" + std::to_string(i) + ".json"), std::ios::binary)
          << files[i];
    }
    return 0;
  }
  auto keys = std::make_shared<ameia::doc::Keys>();
  std::vector<std::shared_ptr<Document>> documents;
  for (const std::string& text : files) {
    auto stream = ameia::doc::parse_yaml(std::make_shared<ameia::doc::Source>("n.json", text), keys);
    if (!stream.errors.empty()) {
      std::fprintf(stderr, "netpol_bench: %s\n", stream.errors[0].text().c_str());
      return 1;
    }
    documents.push_back(stream.documents[0]);
  }
  rusage before{};
  getrusage(RUSAGE_SELF, &before);
  double best = 1e9;
  double query = 0;
  ameia::graph::Reachability::Stats stats;
  for (int round = 0; round < 3; ++round) {
    const auto start = Clock::now();
    ameia::graph::NetworkBuilder builder;
    for (const auto& document : documents) builder.add(document->root());
    const ameia::graph::Network network = builder.build();
    const ameia::graph::Reachability reachability(network, {});
    best = std::min(best, seconds_since(start));
    stats = reachability.stats();
    std::mt19937 random(3);
    constexpr size_t kQueries = 1'000'000;
    std::vector<std::pair<uint32_t, uint32_t>> ends(kQueries);
    for (auto& [a, b] : ends) {
      a = reachability.pod_peer(static_cast<uint32_t>(random() % network.pods.size()));
      b = reachability.pod_peer(static_cast<uint32_t>(random() % network.pods.size()));
    }
    size_t allowed = 0;
    const auto asked = Clock::now();
    for (const auto& [a, b] : ends) {
      allowed += reachability.allowed(a, b, ameia::graph::Protocol::kTcp, 8003) ? 1 : 0;
    }
    query = seconds_since(asked) / kQueries * 1e9;
    if (network.pods.size() != kPods || network.policies.size() != kPolicies || allowed == 0) {
      std::fprintf(stderr, "netpol_bench: %zu pods, %zu policies, %zu allowed: not the estate it should be\n",
                   network.pods.size(), network.policies.size(), allowed);
      return 1;
    }
  }
  rusage after{};
  getrusage(RUSAGE_SELF, &after);
  std::fprintf(stderr, "netpol_100k: %zu classes, %zu address atoms, %zu rows, %zu cells, %.1f MiB of rows\n",
               stats.classes, stats.atoms, stats.rows, stats.cells, static_cast<double>(stats.bytes) / (1 << 20));
  std::printf("{\"name\":\"netpol_100k\",\"value\":%.3f,\"unit\":\"s\"}\n", best);
  std::printf("{\"name\":\"netpol_100k_memory\",\"value\":%.1f,\"unit\":\"MiB\"}\n",
              static_cast<double>(after.ru_maxrss - before.ru_maxrss) / 1024);
  std::printf("{\"name\":\"netpol_query\",\"value\":%.1f,\"unit\":\"ns\"}\n", query);
  return measure_changes(documents);
}
