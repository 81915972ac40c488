// Exposure and lint on small estates written as a user would.
#include <gtest/gtest.h>

#include "doc/yaml.h"
#include "graph/connlist.h"
#include "graph/exposure.h"
#include "graph/netpol_lint.h"
#include "graph/picture.h"

namespace ameia::graph {
namespace {

struct Estate {
  explicit Estate(std::string text)
      : stream(
            doc::parse_yaml(std::make_shared<doc::Source>("e.yaml", std::move(text)), std::make_shared<doc::Keys>())) {
    EXPECT_TRUE(stream.errors.empty());
    NetworkBuilder builder;
    for (const auto& document : stream.documents) builder.add(document->root());
    network = builder.build();
  }
  doc::YamlStream stream;
  Network network;
};

std::string pod(const std::string& name, const std::string& ns = "shop", const std::string& more = "") {
  return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: " + ns + ", labels: {app: " + name +
         "}}\nspec: {" + more + "containers: [{name: c, image: i, ports: [{name: web, containerPort: 8080}]}]}\n";
}
std::string policy(const std::string& name, const std::string& spec) {
  return "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: " + name +
         ", namespace: shop}\nspec: " + spec + "\n";
}

std::vector<std::string> lint_ids(const std::string& text) {
  const Estate estate(text);
  EXPECT_TRUE(estate.network.problems.empty());
  std::vector<std::string> ids;
  for (const NetpolProblem& problem : lint(estate.network, Reachability(estate.network, {}))) {
    ids.emplace_back(problem.id);
  }
  return ids;
}
using Ids = std::vector<std::string>;

TEST(NetpolLint, TellsWhatDoesNothingAndWhatDoesMore) {
  EXPECT_EQ(lint_ids(pod("a") + policy("p", "{podSelector: {matchLabels: {app: b}}}")), Ids{"AM-NET-101"});
  EXPECT_EQ(lint_ids(pod("a") +
                     policy("p", "{podSelector: {}, ingress: [{from: [{podSelector: {matchLabels: {app: z}}}]}]}")),
            Ids{"AM-NET-102"});
  EXPECT_EQ(lint_ids(pod("a") + policy("p", "{podSelector: {}, ingress: [{}]}")), Ids{"AM-NET-104"});
  EXPECT_EQ(lint_ids(pod("a") + policy("p",
                                       "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}], "
                                       "ports: [{port: 80}]}]}")),
            Ids{"AM-NET-105"});
  EXPECT_EQ(lint_ids(pod("a") + policy("p",
                                       "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: "
                                       "0.0.0.0/0}}]}]}")),
            Ids{"AM-NET-106"});
  EXPECT_EQ(lint_ids(pod("a") + policy("p",
                                       "{podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: "
                                       "0.0.0.0/0, except: [169.254.169.254/32]}}]}]}")),
            Ids{});
  EXPECT_EQ(lint_ids(pod("a", "shop", "hostNetwork: true, ") + policy("p", "{podSelector: {}}")), Ids{"AM-NET-107"});
}

TEST(NetpolLint, ARuleThatAnotherCoversIsToldOnce) {
  const std::string wide = "{from: [{podSelector: {}}], ports: [{port: 80, endPort: 90}]}";
  const std::string narrow = "{from: [{podSelector: {matchLabels: {app: a}}}], ports: [{port: 85}]}";
  const auto rules = [](const std::string& a, const std::string& b) {
    return pod("a") + pod("b") + policy("p", "{podSelector: {}, ingress: [" + a + ", " + b + "]}");
  };
  EXPECT_EQ(lint_ids(rules(wide, narrow)), Ids{"AM-NET-103"});
  EXPECT_EQ(lint_ids(rules(narrow, wide)), Ids{"AM-NET-103"});
  EXPECT_EQ(lint_ids(rules(narrow, narrow)), Ids{"AM-NET-103"});
  EXPECT_EQ(lint_ids(rules(narrow, "{from: [{podSelector: {}}], ports: [{port: 80}]}")), Ids{});
}

TEST(NetpolLint, ATierRuleBehindOneThatDecidesIsNeverReached) {
  const auto tiered = [](const std::string& rules) {
    return pod("a") +
           "---\napiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: t}\n"
           "spec: {priority: 5, subject: {namespaces: {}}, ingress: [" +
           rules + "]}\n";
  };
  const std::string all = "{action: Deny, from: [{namespaces: {}}]}";
  const std::string some =
      "{action: Allow, from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: a}}}}]}";
  EXPECT_EQ(lint_ids(tiered(all + ", " + some)), Ids{"AM-NET-103"});
  EXPECT_EQ(lint_ids(tiered(some + ", " + all)), Ids{});
}

TEST(Exposure, DoorsAreOpenOnlyWherePoliciesLetThemIn) {
  const std::string service =
      "---\napiVersion: v1\nkind: Service\nmetadata: {name: front, namespace: shop}\nspec: {type: LoadBalancer, "
      "selector: "
      "{app: a}, ports: [{port: 80, targetPort: web}]}\n";
  const auto door = [&](const std::string& more) {
    const Estate estate(pod("a") + service + more);
    const auto all = exposures(estate.network, Reachability(estate.network, {}));
    EXPECT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].doors.size(), 1u);
    return std::make_pair(all[0].doors[0].blocked, to_string(all[0].doors[0].ports));
  };
  EXPECT_EQ(door(""), std::make_pair(false, std::string("TCP 8080")));
  EXPECT_EQ(door(policy("p", "{podSelector: {}}")), std::make_pair(true, std::string("TCP 8080")));
  EXPECT_EQ(door(policy("p", "{podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}]}")),
            std::make_pair(false, std::string("TCP 8080")));
}

TEST(Exposure, KindsOfOtherProjectsAreNotEvaluated) {
  const Estate estate(
      pod("a") + pod("b", "other") +
      "---\napiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\nmetadata: {name: c, namespace: shop}\n");
  const Reachability reachability(estate.network, {});
  const auto all = exposures(estate.network, reachability);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_NE(all[0].not_evaluated.find("CiliumNetworkPolicy c"), std::string::npos);
  EXPECT_EQ(all[1].not_evaluated, "");
}

TEST(Policies, ClusterNetworkPolicyTiersGoAroundNetworkPolicies) {
  const std::string admin =
      "---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: a}\nspec: "
      "{tier: "
      "Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Accept, from: [{pods: {podSelector: "
      "{matchLabels: "
      "{app: b}}}}], protocols: [{tcp: {destinationPort: {number: 80}}}]}, {action: Pass, from: [{namespaces: {}}], "
      "protocols: [{tcp: {destinationPort: {range: {start: 1, end: 100}}}}]}, {action: Deny, from: [{namespaces: {}}], "
      "protocols: [{tcp: {}}]}]}\n";
  const std::string baseline =
      "---\napiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: b}\nspec: "
      "{tier: "
      "Baseline, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}], protocols: "
      "[{udp: {}}]}]}\n";
  const auto ports = [](const std::string& text) {
    const Estate estate(text);
    EXPECT_TRUE(estate.network.problems.empty()) << estate.network.problems.front();
    const Reachability reachability(estate.network, {});
    return to_string(reachability.connections(reachability.pod_peer(1), reachability.pod_peer(0)));  // b to a
  };
  const std::string pods = pod("a") + pod("b");
  EXPECT_EQ(ports(pods + admin + baseline), "SCTP 1-65535,TCP 1-100");
  EXPECT_EQ(ports(pods + admin + baseline + policy("p", "{podSelector: {matchLabels: {app: a}}}")), "TCP 80");
}

size_t times(const std::string& text, std::string_view what) {
  size_t n = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

TEST(Picture, DrawsEveryConnectionOnceOrSaysWhatItLeftOut) {
  PortSet web, dns;
  web.add(Protocol::kTcp, {80, 80});
  dns.add(Protocol::kUdp, {53, 53});
  const std::vector<Connection> few = {{"0.0.0.0-255.255.255.255[External]", "shop/front[Deployment]", web},
                                       {"shop/front[Deployment]", "shop/<api>[Deployment]", web},
                                       {"shop/<api>[Deployment]", "shop/front[Deployment]", web},
                                       {"shop/front[Deployment]", "kube-system/dns[Deployment]", dns}};
  const std::string drawn = to_svg(few);
  EXPECT_EQ(times(drawn, "class=\"e\""), 3u);  // there and back is one
  EXPECT_EQ(times(drawn, "marker-start="), 1u);
  EXPECT_EQ(times(drawn, ">TCP 80</text>"), 2u);
  EXPECT_EQ(times(drawn, "class=\"w\""), 3u);
  EXPECT_EQ(drawn.find("<api>"), std::string::npos);
  std::vector<Connection> many;
  for (int i = 0; i < 300; ++i) {
    many.push_back({"a/w" + std::to_string(i) + "[Pod]", "b" + std::to_string(i % 3) + "/x[Pod]", web});
  }
  const std::string by_namespace = to_svg(many);
  EXPECT_EQ(times(by_namespace, "class=\"e\""), 3u);
  EXPECT_NE(by_namespace.find("300 connections between workloads are too many"), std::string::npos);
  EXPECT_NE(by_namespace.find(">300 workloads</text>"), std::string::npos);
  for (int i = 0; i < 300; ++i) many.push_back({"a/w[Pod]", "c" + std::to_string(i) + "/x[Pod]", web});
  const std::string cut = to_svg(many);
  EXPECT_EQ(times(cut, "class=\"e\""), 120u);
  EXPECT_NE(cut.find("Of 303 arrows, the 120 with the most"), std::string::npos);
}

}  // namespace
}  // namespace ameia::graph
