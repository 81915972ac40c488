// The class engine against the pairwise one on random small clusters, and the properties that hold for any cluster.
#include "graph/reachability.h"

#include <gtest/gtest.h>

#include "doc/json.h"
#include "doc/yaml.h"
#include "graph/connlist.h"
#include "random_cluster.h"

namespace ameia::graph {
namespace {

using testing::cluster;
using testing::pick;
using testing::plain_rule;
using testing::pods;
using testing::Random;
using testing::Read;
using testing::text_of;

void compare(const std::vector<std::string>& objects) {
  const Read read(objects);
  testing::compare(read, read.network, Reachability(read.network, {}), objects);
}

TEST(Reachability, AgreesWithThePairwiseEngineOnRandomClusters) {
  constexpr int kClusters = 2'000;  // AMEIA_LONG raises it to the 10,000 of the issue and beyond
  const char* more = std::getenv("AMEIA_LONG");
  const int clusters = more == nullptr ? kClusters : std::atoi(more);
  Random random(11);
  for (int i = 0; i < clusters && !::testing::Test::HasFailure(); ++i) compare(cluster(random));
}

std::vector<Connection> connections_of(const std::vector<std::string>& objects) {
  const Read read(objects);
  const Reachability reachability(read.network, {});
  return connections(read.network, reachability);
}

TEST(Reachability, AnAllowRuleNeverTakesAConnectionAway) {
  Random random(12);
  for (int i = 0; i < 300; ++i) {
    std::vector<std::string> objects = cluster(random);
    std::erase_if(objects, [](const std::string& text) { return text.find("NetworkPolicy\n") != std::string::npos; });
    std::string policy =
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: ns1}\n"
        "spec:\n  podSelector: " +
        pods(random) + "\n  policyTypes: [Ingress, Egress]\n  ingress:\n  - " + plain_rule(random, "from") + "\n";
    objects.push_back(policy);
    const Read before(objects);
    objects.back() += "  - " + plain_rule(random, "from") + "\n";
    const Read after(objects);
    const Reachability x(before.network, {}), y(after.network, {});
    for (Id a = 0; a < before.network.pods.size(); ++a) {
      for (Id b = 0; b < before.network.pods.size(); ++b) {
        PortSet lost = x.connections(x.pod_peer(a), x.pod_peer(b));
        lost.subtract(y.connections(y.pod_peer(a), y.pod_peer(b)));
        ASSERT_TRUE(lost.empty()) << to_string(lost) << "\n" << text_of(objects);
      }
    }
  }
}

TEST(Reachability, APolicyThatSelectsNothingChangesNothing) {
  Random random(13);
  for (int i = 0; i < 200; ++i) {
    std::vector<std::string> objects = cluster(random);
    const std::string before = to_text(connections_of(objects));
    objects.push_back(
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: nobody, namespace: ns0}\n"
        "spec: {podSelector: {matchLabels: {app: nobody}}, policyTypes: [Ingress, Egress]}\n");
    ASSERT_EQ(to_text(connections_of(objects)), before) << text_of(objects);
  }
}

TEST(Reachability, RefusesWhatTheApiServerRefuses) {
  for (const auto& [spec, words] : std::vector<std::pair<std::string, std::string>>{
           {"{podSelector: {}, policyTypes: [Both]}", "policyTypes"},
           {"{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0}}]}]}", "no CIDR"},
           {"{podSelector: {}, ingress: [{from: [{}]}]}", "one kind each"},
           {"{podSelector: {}, ingress: [{ports: [{port: 90000}]}]}", "from 1 to 65535"},
           {"{podSelector: {matchExpressions: [{key: a, operator: Near}]}}", "podSelector"}}) {
    NetworkBuilder builder;
    auto stream = doc::parse_yaml(
        std::make_shared<doc::Source>("p.yaml",
                                      "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: "
                                      "{name: p, namespace: n}\nspec: " +
                                          spec + "\n"),
        std::make_shared<doc::Keys>());
    builder.add(stream.documents.at(0)->root());
    const Network network = builder.build();
    ASSERT_EQ(network.problems.size(), 1u) << spec;
    EXPECT_NE(network.problems[0].find(words), std::string::npos) << network.problems[0];
    EXPECT_TRUE(network.policies.empty());
  }
}

TEST(Addresses, AreCutAndPrinted) {
  EXPECT_EQ(to_string(*parse_cidr("10.1.2.3/8")), "10.0.0.0-10.255.255.255");
  EXPECT_EQ(to_string(*parse_cidr("2001:db8::/32")), "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff");
  EXPECT_FALSE(parse_cidr("10.0.0.0/33"));
  EXPECT_FALSE(parse_cidr("10.0.0/8"));
  const auto rest = without({*parse_cidr("10.0.0.0/8")}, {*parse_cidr("10.0.0.0/9"), *parse_cidr("10.255.0.0/16")});
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(to_string(rest[0]), "10.128.0.0-10.254.255.255");
}

TEST(Ports, PrintAsIntervals) {
  PortSet ports = PortSet::all();
  PortSet hole;
  hole.add(Protocol::kTcp, {80, 80});
  ports.subtract(hole);
  EXPECT_EQ(to_string(ports), "SCTP 1-65535,TCP 1-79,81-65535,UDP 1-65535");
  ports.unite(hole);
  EXPECT_EQ(to_string(ports), "All Connections");
}

}  // namespace
}  // namespace ameia::graph
