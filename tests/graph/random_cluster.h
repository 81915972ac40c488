// Random small clusters with policies of every kind, and the comparison of an engine's answers with the pairwise one.
#pragma once

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "doc/yaml.h"
#include "graph/reachability.h"
#include "naive.h"

namespace ameia::graph::testing {

using Random = std::mt19937;

inline std::string pick(Random& random, const std::vector<std::string>& from) {
  return from[random() % from.size()];
}

inline std::string selector(Random& random, std::string_view key, const std::vector<std::string>& values) {
  const std::string k(key);
  switch (random() % 6) {
    case 0: return "{}";
    case 1: return "{matchLabels: {" + k + ": " + pick(random, values) + "}}";
    case 2: return "{matchExpressions: [{key: " + k + ", operator: In, values: [" + pick(random, values) + ", zz]}]}";
    case 3: return "{matchExpressions: [{key: " + k + ", operator: NotIn, values: [" + pick(random, values) + "]}]}";
    case 4: return "{matchExpressions: [{key: " + k + ", operator: Exists}]}";
    default: return "{matchExpressions: [{key: " + k + ", operator: DoesNotExist}]}";
  }
}
inline const std::vector<std::string> kApps = {"a", "b", "c"};
inline const std::vector<std::string> kTeams = {"red", "blue"};

inline std::string pods(Random& random) {
  return selector(random, random() % 3 == 0 ? "tier" : "app", kApps);
}
inline std::string spaces(Random& random) {
  return selector(random, "team", kTeams);
}
inline std::string port(Random& random) {
  switch (random() % 5) {
    case 0: return "{port: 80}";
    case 1: return "{port: web}";
    case 2: return "{protocol: UDP, port: 50, endPort: 90}";
    case 3: return "{protocol: SCTP}";
    default: return "{port: " + std::to_string(79 + random() % 3) + ", endPort: 443}";
  }
}
inline std::string plain_rule(Random& random, std::string_view peers) {
  std::string text = "{";
  if (random() % 3 != 0) {
    text += std::string(peers) + ": [";
    const size_t n = 1 + random() % 2;
    for (size_t i = 0; i < n; ++i) {
      text += i == 0 ? "" : ", ";
      switch (random() % 4) {
        case 0: text += "{podSelector: " + pods(random) + "}"; break;
        case 1: text += "{namespaceSelector: " + spaces(random) + "}"; break;
        case 2: text += "{namespaceSelector: " + spaces(random) + ", podSelector: " + pods(random) + "}"; break;
        default: text += "{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16, 10.1.2.0/24]}}"; break;
      }
    }
    text += "]";
  }
  if (random() % 2 == 0) text += std::string(text.size() > 1 ? ", " : "") + "ports: [" + port(random) + "]";
  return text + "}";
}
inline std::string network_policy(Random& random, int i) {
  std::string text = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p" + std::to_string(i) +
                     ", namespace: ns" + std::to_string(random() % 3) + "}\nspec:\n  podSelector: " + pods(random) +
                     "\n";
  const unsigned types = random() % 4;
  if (types == 1) text += "  policyTypes: [Ingress]\n";
  if (types == 2) text += "  policyTypes: [Egress]\n";
  if (types == 3) text += "  policyTypes: [Ingress, Egress]\n";
  if (random() % 3 != 0) text += "  ingress: [" + plain_rule(random, "from") + "]\n";
  if (random() % 3 != 0) text += "  egress: [" + plain_rule(random, "to") + ", " + plain_rule(random, "to") + "]\n";
  return text;
}
inline std::string tiered_peer(Random& random) {
  if (random() % 2 == 0) return "{namespaces: " + spaces(random) + "}";
  return "{pods: {namespaceSelector: " + spaces(random) + ", podSelector: " + pods(random) + "}}";
}
inline std::string tiered_rule(Random& random, bool ingress, bool admin) {
  std::string text = "{action: " + pick(random, admin ? std::vector<std::string>{"Allow", "Deny", "Pass"}
                                                      : std::vector<std::string>{"Allow", "Deny"});
  const bool networks = !ingress && random() % 4 == 0;
  text += ingress ? ", from: [" : ", to: [";
  text += networks ? "{networks: [10.0.0.0/8, 192.0.2.0/24]}" : tiered_peer(random);
  text += "]";
  switch (random() % 4) {
    case 0: text += ", ports: [{portNumber: {protocol: TCP, port: 80}}]"; break;
    case 1: text += ", ports: [{portRange: {protocol: UDP, start: 53, end: 80}}]"; break;
    case 2: text += networks ? "" : ", ports: [{namedPort: web}]"; break;
    default: break;
  }
  return text + "}";
}
inline std::string tiered_policy(Random& random, int i, bool admin) {
  std::string text = "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: " +
                     std::string(admin ? "AdminNetworkPolicy" : "BaselineAdminNetworkPolicy") + "\nmetadata: {name: t" +
                     std::to_string(i) + "}\nspec:\n  subject: " + tiered_peer(random) + "\n";
  if (admin) text += "  priority: " + std::to_string(random() % 4) + "\n";
  const auto rules = [&](bool ingress) {
    std::string list;
    const size_t n = random() % 4;
    for (size_t r = 0; r < n; ++r) list += (r == 0 ? "" : ", ") + tiered_rule(random, ingress, admin);
    return list;
  };
  return text + "  ingress: [" + rules(true) + "]\n  egress: [" + rules(false) + "]\n";
}

inline std::vector<std::string> cluster(Random& random) {
  std::vector<std::string> objects;
  for (int i = 0; i < 3; ++i) {
    std::string ns = "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ns" + std::to_string(i) + "\n";
    if (random() % 3 != 0) ns += "  labels: {team: " + pick(random, kTeams) + "}\n";
    objects.push_back(ns);
  }
  const size_t pods = 2 + random() % 4;
  for (size_t i = 0; i < pods; ++i) {
    std::string pod = "apiVersion: v1\nkind: Pod\nmetadata:\n  name: pod" + std::to_string(i) + "\n  namespace: ns" +
                      std::to_string(random() % 3) + "\n  labels: {zone: " + pick(random, {"east", "west"});
    if (random() % 2 == 0) pod += ", rare: seldom";
    if (random() % 4 != 0) pod += ", app: " + pick(random, kApps);
    if (random() % 2 == 0) pod += ", tier: " + pick(random, kApps);
    pod += "}\nspec:\n  containers:\n  - name: c\n    ports:\n    - {containerPort: 81}\n";
    if (random() % 2 == 0) pod += "    - {name: web, containerPort: " + std::to_string(80 + random() % 2) + "}\n";
    if (random() % 4 == 0) pod += "    - {name: web, containerPort: 53, protocol: UDP}\n";
    objects.push_back(pod);
  }
  const size_t policies = random() % 5;
  for (size_t i = 0; i < policies; ++i) objects.push_back(network_policy(random, static_cast<int>(i)));
  const size_t admins = random() % 3;
  for (size_t i = 0; i < admins; ++i) objects.push_back(tiered_policy(random, static_cast<int>(i), true));
  if (random() % 2 == 0) objects.push_back(tiered_policy(random, 9, false));
  return objects;
}

// The objects read once, for both engines.
struct Read {
  explicit Read(const std::vector<std::string>& objects) {
    auto keys = std::make_shared<doc::Keys>();
    NetworkBuilder builder;
    for (const std::string& text : objects) {
      auto stream = doc::parse_yaml(std::make_shared<doc::Source>("o.yaml", text), keys);
      EXPECT_TRUE(stream.errors.empty()) << text;
      if (stream.documents.empty()) continue;
      documents.push_back(stream.documents[0]);
      const doc::Node& root = stream.documents[0]->root();
      builder.add(root);
      const std::string_view kind = root["kind"].str();
      (kind == "Pod" ? naive.pods : kind == "Namespace" ? naive.namespaces : naive.policies).push_back(&root);
    }
    network = builder.build();
    EXPECT_TRUE(network.problems.empty()) << network.problems.front();
  }
  std::vector<std::shared_ptr<doc::Document>> documents;
  naive::Cluster naive;
  Network network;
};

inline const std::vector<std::pair<Protocol, int>> kProbes = {
    {Protocol::kTcp, 79}, {Protocol::kTcp, 80}, {Protocol::kTcp, 81}, {Protocol::kTcp, 443}, {Protocol::kUdp, 53},
    {Protocol::kUdp, 80}, {Protocol::kUdp, 91}, {Protocol::kSctp, 1}, {Protocol::kTcp, 444}};
inline const std::vector<std::string> kOutside = {"10.0.0.1", "10.1.0.1", "10.1.2.3", "192.0.2.7", "8.8.8.8"};

inline std::string text_of(const std::vector<std::string>& objects) {
  std::string out;
  for (const std::string& object : objects) out += "---\n" + object;
  return out;
}

// The answers against those of the pairwise engine.
inline void compare(const Read& read, const Network& network, const Reachability& reachability,
                    const std::vector<std::string>& objects) {
  std::vector<std::pair<naive::End, Reachability::Peer>> ends;
  ASSERT_EQ(read.naive.pods.size(), network.pods.size());
  for (Id i = 0; i < read.naive.pods.size(); ++i) ends.push_back({{read.naive.pods[i], {}}, reachability.pod_peer(i)});
  for (const std::string& address : kOutside) {
    ends.push_back({{nullptr, address}, reachability.address_peer(*parse_address(address))});
  }
  for (const auto& [from, a] : ends) {
    for (const auto& [to, b] : ends) {
      for (const auto& [protocol, number] : kProbes) {
        const auto p = static_cast<uint16_t>(number);
        const bool out = naive::egress_allowed(read.naive, from, to, protocol, number);
        const bool in = naive::ingress_allowed(read.naive, from, to, protocol, number);
        ASSERT_EQ(reachability.allowed(a, b, protocol, p), out && in) << name_of(protocol) << " " << number << "\n"
                                                                      << text_of(objects);
        ASSERT_EQ(reachability.connections(a, b).contains(protocol, p), out && in);
        if (from.pod != nullptr) {
          ASSERT_EQ(reachability.explain(Direction::kEgress, a, b, protocol, p).allowed, out) << text_of(objects);
        }
        if (to.pod != nullptr) {
          ASSERT_EQ(reachability.explain(Direction::kIngress, b, a, protocol, p).allowed, in) << text_of(objects);
        }
      }
    }
  }
}

}  // namespace ameia::graph::testing
