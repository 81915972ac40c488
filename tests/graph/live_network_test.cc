// A live network after every change against one built anew from the same objects, and against the pairwise engine.
#include "graph/live_network.h"

#include <gtest/gtest.h>

#include <map>

#include "graph/connlist.h"
#include "graph/netpol_lint.h"
#include "random_cluster.h"

namespace ameia::graph {
namespace {

using testing::Random;
using testing::Read;

struct Named {
  std::string kind, ns, name;
};

Named name_of_object(const std::string& text) {
  const auto stream = doc::parse_yaml(std::make_shared<doc::Source>("o.yaml", text), std::make_shared<doc::Keys>());
  const doc::Node& root = stream.documents.at(0)->root();
  return {std::string(root["kind"].str()), std::string(root["metadata"]["namespace"].str()),
          std::string(root["metadata"]["name"].str())};
}

// What an estate says in words: connections, what lint finds, and why each probe is answered as it is.
std::string words_of(const Network& network, const Reachability& reachability) {
  std::string out = to_text(connections(network, reachability));
  for (const NetpolProblem& problem : lint(network, reachability)) {
    out += std::string(problem.id) + " " + (problem.policy != nullptr ? to_string(*problem.policy) : "") + " " +
           (problem.workload != kNone ? to_string(network, network.workloads[problem.workload]) : "") + " " +
           problem.message + "\n";
  }
  for (Id a = 0; a < network.pods.size(); ++a) {
    for (Id b = 0; b < network.pods.size(); ++b) {
      for (const auto& [protocol, port] : testing::kProbes) {
        const Reason reason = reachability.explain(Direction::kIngress, reachability.pod_peer(b),
                                                   reachability.pod_peer(a), protocol, static_cast<uint16_t>(port));
        out += reason.allowed ? "+" : "-";
        if (reason.policy != nullptr) out += to_string(*reason.policy);
        for (const Policy* policy : reason.selecting) out += "," + to_string(*policy);
      }
    }
  }
  return out;
}

std::string a_namespace(Random& random) {
  std::string text = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ns" + std::to_string(random() % 4) + "\n";
  if (random() % 3 != 0) text += "  labels: {team: " + testing::pick(random, testing::kTeams) + "}\n";
  return text;
}

// A policy that tells apart what no other does: a new label key, a new CIDR of either family, a new port name.
std::string an_odd_policy(Random& random, int i) {
  std::string text =
      "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: odd" + std::to_string(i) +
      ", namespace: ns" + std::to_string(random() % 3) + "}\nspec:\n  policyTypes: [Ingress, Egress]\n  podSelector: " +
      (random() % 2 == 0 ? testing::selector(random, "app", testing::kApps)
                         : testing::selector(random, random() % 2 == 0 ? "rare" : "none", {"seldom", "often"})) +
      "\n  ingress:\n  - {from: [{podSelector: " + testing::selector(random, "zone", {"east", "west"}) + "}]}\n";
  const std::vector<std::string> cidrs = {"8.8.0.0/16", "10.1.2.0/30", "192.0.2.0/24", "2001:db8::/32", "0.0.0.0/0"};
  text += "  egress:\n  - {to: [{ipBlock: {cidr: \"" + testing::pick(random, cidrs) + "\"}}], ports: [" +
          testing::port(random) + "]}\n  - {to: [{namespaceSelector: " + testing::spaces(random) +
          "}], ports: [{port: web}]}\n";
  return text;
}

std::string change(Random& random) {
  const int i = static_cast<int>(random() % 4);
  switch (random() % 5) {
    case 0: return testing::tiered_policy(random, i, true);
    case 1: return testing::tiered_policy(random, 9, false);
    case 2: return a_namespace(random);
    case 3: return an_odd_policy(random, i);
    default: return testing::network_policy(random, i);
  }
}

size_t run(Random& random, int changes) {
  std::vector<std::string> objects = testing::cluster(random);
  Read first(objects);
  LiveNetwork live(std::move(first.network), {});
  std::vector<std::shared_ptr<doc::Document>> documents = first.documents;
  for (int i = 0; i < changes; ++i) {
    const auto place_of = [&objects](const Named& wanted) {
      return std::find_if(objects.begin(), objects.end(), [&](const std::string& text) {
        const Named has = name_of_object(text);
        return has.kind == wanted.kind && has.ns == wanted.ns && has.name == wanted.name;
      });
    };
    if (objects.empty() || random() % 3 != 0) {
      const std::string text = change(random);
      auto stream = doc::parse_yaml(std::make_shared<doc::Source>("o.yaml", text), std::make_shared<doc::Keys>());
      documents.push_back(stream.documents.at(0));
      EXPECT_TRUE(live.put(documents.back()->root())) << text;
      if (const auto place = place_of(name_of_object(text)); place != objects.end()) {
        *place = text;
      } else {
        objects.push_back(text);
      }
    } else {
      Named gone = name_of_object(objects[random() % objects.size()]);
      if (gone.kind == "Pod") continue;
      EXPECT_TRUE(live.remove(gone.kind, gone.ns, gone.name));
      EXPECT_FALSE(live.remove(gone.kind, gone.ns, gone.name));
      objects.erase(place_of(gone));
      if (gone.kind == "Namespace") {
        std::erase_if(objects, [&](const std::string& text) { return name_of_object(text).ns == gone.name; });
      }
    }
    const Read again(objects);
    const Reachability anew(again.network, {});
    EXPECT_EQ(words_of(live.network(), live.reachability()), words_of(again.network, anew))
        << testing::text_of(objects);
    testing::compare(again, live.network(), live.reachability(), objects);
    if (::testing::Test::HasFailure()) return 0;
  }
  return live.rebuilds();
}

TEST(LiveNetwork, IsWhatBuildingAnewWouldBe) {
  constexpr int kClusters = 150;  // AMEIA_LONG: as many as wanted
  const char* more = std::getenv("AMEIA_LONG");
  const int clusters = more == nullptr ? kClusters : std::atoi(more);
  Random random(21);
  size_t rebuilds = 0;
  for (int i = 0; i < clusters && !::testing::Test::HasFailure(); ++i) rebuilds += run(random, 12);
  EXPECT_EQ(rebuilds, 0u);  // all in place: this is what is tested
}

TEST(LiveNetwork, RefusesWithoutAChange) {
  Random random(22);
  Read read(testing::cluster(random));
  LiveNetwork live(std::move(read.network), {});
  const std::string before = words_of(live.network(), live.reachability());
  for (const char* text :
       {"kind: Pod\napiVersion: v1\nmetadata: {name: a}\n",
        "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p, namespace: ns0}\n"
        "spec: {podSelector: {}, policyTypes: [Sideways]}\n"}) {
    const auto stream = doc::parse_yaml(std::make_shared<doc::Source>("o.yaml", text), std::make_shared<doc::Keys>());
    EXPECT_FALSE(live.put(stream.documents.at(0)->root()));
  }
  EXPECT_FALSE(live.remove("NetworkPolicy", "ns0", "never"));
  EXPECT_EQ(words_of(live.network(), live.reachability()), before);
}

}  // namespace
}  // namespace ameia::graph
