// Flows of every kind to what they mean, and policies written from flows: each observed flow passes, nothing else that
// is not meant to.
#include "graph/flows.h"

#include <gtest/gtest.h>

#include "graph/limits.h"
#include "graph/observed.h"
#include "graph/pod_sets.h"
#include "graph/policy_writer.h"
#include "random_cluster.h"

namespace ameia::graph {
namespace {

std::string text_of(const FlowEnd& end) {
  if (!end.name.empty()) return end.ns + "/" + end.name + (end.kind.empty() ? "" : "[" + end.kind + "]");
  return end.address ? to_string(*end.address) : "?";
}
std::string text_of(const FlowFile& file) {
  std::string out;
  for (const Flow& flow : file.flows) {
    out += text_of(flow.from) + ">" + text_of(flow.to) + " " + std::string(name_of(flow.protocol)) + " " +
           std::to_string(flow.port) + " x" + std::to_string(flow.count) + "\n";
  }
  return out;
}
FlowFile read(const std::string& text) {
  auto file = read_flows(text, "f");
  EXPECT_TRUE(file) << file.error().text();
  return file ? std::move(*file) : FlowFile{};
}

TEST(Flows, JsonLines) {
  const FlowFile file = read(
      "# a comment\n"
      "{\"src\":\"a/x\",\"dst\":\"b/y[Deployment]\",\"port\":80}\n\n"
      "{\"src\":\"a/x\",\"dst\":\"b/y[Deployment]\",\"port\":80,\"count\":4}\r\n"
      "{\"src\":\"10.0.0.1\",\"dst\":\"2001:db8::1\",\"protocol\":\"udp\",\"port\":53}\n"
      "{\"src\":\"a/x\",\"dst\":\"y\",\"port\":80}\n"
      "{\"src\":\"a/x\",\"dst\":\"b/y\",\"port\":0}\n"
      "{\"src\":\"a/x\",\"dst\":\"b/y\",\"port\":1,\"protocol\":\"ICMP\"}\n"
      "not json\n");
  EXPECT_EQ(file.format, FlowFormat::kJsonLines);
  EXPECT_EQ(text_of(file), "a/x>b/y[Deployment] TCP 80 x5\n10.0.0.1>2001:db8::1 UDP 53 x1\n");
  EXPECT_EQ(file.broken, 4u);
  ASSERT_EQ(file.problems.size(), 4u);
  EXPECT_TRUE(file.problems[0].starts_with("line 6: ")) << file.problems[0];
}

TEST(Flows, Hubble) {
  const auto flow = [](const std::string& more,
                       const std::string& l4 = R"("l4":{"TCP":{"source_port":4000,"destination_port":8080}})") {
    return R"({"flow":{"IP":{"source":"10.0.0.1","destination":"10.0.0.2"},)" + l4 + more + "}}\n";
  };
  const std::string ends =
      R"(,"source":{"namespace":"a","pod_name":"x-1"},"destination":{"namespace":"b","workloads":[{"name":"y","kind":"Deployment"}]})";
  const FlowFile file =
      read(flow(R"(,"verdict":"FORWARDED","is_reply":false)" + ends) +
           flow(R"(,"verdict":"FORWARDED","is_reply":true)" + ends) + flow(R"(,"verdict":"DROPPED")" + ends) +
           flow("", R"("l4":{"ICMPv4":{"type":8}})") +
           flow(R"(,"verdict":"FORWARDED","destination":{"labels":["reserved:world"]})") +
           R"({"IP":{"source":"1.1.1.1","destination":"2.2.2.2"},"l4":{"UDP":{"destination_port":53}}})" + "\n");
  EXPECT_EQ(file.format, FlowFormat::kHubble);
  EXPECT_EQ(text_of(file),
            "a/x-1>b/y[Deployment] TCP 8080 x1\n10.0.0.1>10.0.0.2 TCP 8080 x1\n1.1.1.1>2.2.2.2 UDP 53 x1\n");
  EXPECT_EQ(file.replies, 1u);
  EXPECT_EQ(file.refused, 1u);
  EXPECT_EQ(file.other, 1u);
}

TEST(Flows, ConntrackTellsWhoAnsweredBehindAServiceAddress) {
  const FlowFile file = read(
      "tcp      6 431999 ESTABLISHED src=10.1.0.5 dst=10.96.0.10 sport=40312 dport=80 src=10.1.0.9 dst=10.1.0.5 "
      "sport=8080 dport=40312 [ASSURED] mark=0 use=1\n"
      "ipv4     2 udp      17 29 src=10.1.0.5 dst=8.8.8.8 sport=5353 dport=53 [UNREPLIED] src=8.8.8.8 dst=10.1.0.5 "
      "sport=53 dport=5353 mark=0 use=1\n"
      "tcp      6 30 SYN_SENT src=10.1.0.5 dst=10.9.9.9 sport=1 dport=80 [UNREPLIED] src=10.9.9.9 dst=10.1.0.5 "
      "sport=80 "
      "dport=1\n"
      "icmp     1 29 src=10.1.0.5 dst=8.8.8.8 type=8 code=0 id=1 src=8.8.8.8 dst=10.1.0.5 type=0 code=0 id=1\n"
      "tcp      6 5 src=nonsense dst=10.9.9.9 sport=1 dport=80 src=10.9.9.9 dst=10.1.0.5 sport=80 dport=1\n");
  EXPECT_EQ(file.format, FlowFormat::kConntrack);
  EXPECT_EQ(text_of(file), "10.1.0.5>10.1.0.9 TCP 8080 x1\n10.1.0.5>8.8.8.8 UDP 53 x1\n");
  EXPECT_EQ(file.refused, 1u);
  EXPECT_EQ(file.other, 1u);
  EXPECT_EQ(file.broken, 1u);
}

TEST(Flows, VpcRecordsAreOneDirectionEach) {
  const std::string asked = "2 123456789012 eni-1 10.0.0.1 10.0.0.2 44444 443 6 10 840 1 2 ACCEPT OK\n";
  const std::string answered = "2 123456789012 eni-1 10.0.0.2 10.0.0.1 443 44444 6 10 840 1 2 ACCEPT OK\n";
  const std::string rejected = "2 123456789012 eni-1 10.0.0.9 10.0.0.2 44444 22 6 1 40 1 2 REJECT OK\n";
  const std::string nothing = "2 123456789012 eni-1 - - - - - - - 1 2 - NODATA\n";
  FlowFile file = read(asked + answered + rejected + nothing + asked);
  EXPECT_EQ(file.format, FlowFormat::kVpc);
  EXPECT_EQ(text_of(file), "10.0.0.1>10.0.0.2 TCP 443 x2\n");
  EXPECT_EQ(file.replies, 1u);
  EXPECT_EQ(file.refused, 1u);
  // The header says which column is which, and flags say who began, whatever the ports.
  file = read(
      "protocol srcaddr pkt-srcaddr dstaddr srcport dstport tcp-flags action\n"
      "6 10.0.0.1 10.4.0.1 10.0.0.2 1000 50051 2 ACCEPT\n"
      "6 10.0.0.2 10.0.0.2 10.4.0.1 50051 1000 18 ACCEPT\n"
      "1 10.0.0.2 10.0.0.2 10.4.0.1 0 0 0 ACCEPT\n");
  EXPECT_EQ(text_of(file), "10.4.0.1>10.0.0.2 TCP 50051 x1\n");
  EXPECT_EQ(file.replies, 1u);
  EXPECT_EQ(file.other, 2u);  // the header, and what has no ports
}

TEST(Flows, HostileInputIsRefusedOrCounted) {
  EXPECT_FALSE(read_flows("", "f"));
  EXPECT_FALSE(read_flows("what is this\n", "f"));
  EXPECT_FALSE(read_flows(std::string(1000, '{') + "\n", "f"));
  const std::string good = "{\"src\":\"a/x\",\"dst\":\"b/y\",\"port\":80}\n";
  EXPECT_EQ(read(good + "{\"src\":\"" + std::string(kFlowLineBytesMax, 'a') + "\"}\n").broken, 1u);
  EXPECT_EQ(read(good + std::string(100, '[') + "\n").broken, 1u);
  std::string many;
  for (size_t i = 0; i <= kFlowsMax; ++i) {
    many += "tcp src=10." + std::to_string(i >> 16 & 255) + "." + std::to_string(i >> 8 & 255) + "." +
            std::to_string(i & 255) + " dst=1.1.1.1 sport=1 dport=2 src=1.1.1.1 dst=1.1.1.1 sport=2 dport=1\n";
  }
  const auto file = read_flows(many, "f");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, base::Code::kLimit);
}

using testing::Random;
using testing::Read;

std::vector<ObservedFlow> random_flows(Random& random, const Network& network) {
  std::vector<ObservedFlow> flows;
  const size_t n = 1 + random() % 6;
  const auto end = [&]() -> ObservedEnd {
    if (random() % 4 == 0) return {kNone, kNone, *parse_address(testing::pick(random, testing::kOutside))};
    const Id pod = static_cast<Id>(random() % network.pods.size());
    return {network.pods[pod].workload, pod, {}};
  };
  for (size_t i = 0; i < n; ++i) {
    flows.push_back({end(), end(), random() % 4 == 0 ? Protocol::kUdp : Protocol::kTcp,
                     static_cast<uint16_t>(79 + random() % 4), 1, static_cast<uint32_t>(i)});
  }
  return flows;
}

// In a cluster without other policies: what was seen passes; what was not, in a namespace with traffic, does not. The
// exceptions are told: pods that no selector tells from others.
TEST(PolicyWriter, AllowsWhatWasSeenAndNothingElse) {
  Random random(31);
  size_t told_apart = 0;
  for (int i = 0; i < 400 && !::testing::Test::HasFailure(); ++i) {
    std::vector<std::string> objects = testing::cluster(random);
    std::erase_if(objects, [](const std::string& text) { return text.find("NetworkPolicy\n") != std::string::npos; });
    const Read before(objects);
    const std::vector<ObservedFlow> flows = random_flows(random, before.network);
    const auto written = write_policies(before.network, flows);
    ASSERT_TRUE(written);
    for (const WrittenPolicy& policy : written->policies) objects.push_back(policy.yaml);
    const Read after(objects);
    const Reachability reachability(after.network, {});
    const bool all_told = std::none_of(written->notes.begin(), written->notes.end(), [](const std::string& note) {
      return note.find("give its pods a label") != std::string::npos;
    });
    told_apart += all_told ? 1 : 0;
    std::set<Id> spaces;
    for (const ObservedFlow& flow : flows) {
      for (const ObservedEnd* end : {&flow.from, &flow.to}) {
        if (end->workload != kNone) spaces.insert(before.network.workloads[end->workload].ns);
      }
      EXPECT_TRUE(!all_told || answer(reachability, flow).allowed) << testing::text_of(objects);
    }
    for (Id a = 0; a < after.network.pods.size(); ++a) {
      for (Id b = 0; b < after.network.pods.size(); ++b) {
        const Pod &from = after.network.pods[a], &to = after.network.pods[b];
        if (!spaces.contains(from.ns) && !spaces.contains(to.ns)) continue;
        for (uint16_t port = 78; port < 84; ++port) {
          const bool seen = std::any_of(flows.begin(), flows.end(), [&](const ObservedFlow& flow) {
            return flow.from.workload == from.workload && flow.to.workload == to.workload && flow.port == port &&
                   flow.protocol == Protocol::kTcp;
          });
          if (seen) continue;
          EXPECT_FALSE(reachability.allowed(reachability.pod_peer(a), reachability.pod_peer(b), Protocol::kTcp, port))
              << from.name << " => " << to.name << " " << port << "\n"
              << testing::text_of(objects);
        }
      }
    }
  }
  EXPECT_GT(told_apart, 50u);
}

TEST(PolicyWriter, SelectorsAreFewAndLast) {
  const auto pod = [](const std::string& name, const std::string& labels) {
    return "apiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: shop, labels: {" + labels +
           "}}\nspec: {containers: [{name: c}]}\n";
  };
  const Read read({pod("a", "app: a, team: red, pod-template-hash: h1"), pod("b", "app: b, team: red, version: v1"),
                   pod("c", "app: c, team: blue"), pod("d", "app: d, team: blue, tier: x"),
                   pod("e", "pod-template-hash: h2"), pod("f", "app: c, tier: x")});
  PodSets sets(read.network);
  const auto said = [&](const std::set<Id>& workloads) {
    const auto choice = sets.choose(read.network.find_namespace("shop"), workloads, true);
    std::string out;
    for (const ChosenSelector& selector : choice->selectors) {
      out += "{";
      for (const auto& [key, values] : selector.requirements) {
        out += key + ":";
        for (const std::string& value : values) out += value + ",";
      }
      out += "}";
    }
    return out + (choice->untold.empty() ? "" : "untold");
  };
  EXPECT_EQ(said({0}), "{app:a,}");
  EXPECT_EQ(said({0, 1}), "{team:red,}");      // one label for both
  EXPECT_EQ(said({0, 3}), "{app:a,d,}");       // one key, two values
  EXPECT_EQ(said({2}), "{app:c,team:blue,}");  // only together
  EXPECT_EQ(said({4}), "untold");              // no label that lasts
  EXPECT_EQ(said({0, 1, 2, 3, 4, 5}), "{}");   // everyone
}

TEST(Observed, AddressesArePodsServicesOrOutside) {
  const Read read(
      {"apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop, labels: {app: p}}\nspec: {containers: [{name: "
       "c, "
       "ports: [{name: web, containerPort: 8080}]}]}\nstatus: {podIPs: [{ip: 10.1.0.5}]}\n",
       "apiVersion: v1\nkind: Pod\nmetadata: {name: h, namespace: shop}\nspec: {hostNetwork: true, containers: [{name: "
       "c}]}\n"
       "status: {podIP: 192.168.0.1}\n",
       "apiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\nspec: {clusterIP: 10.96.0.1, selector: "
       "{app: "
       "p}, ports: [{port: 80, targetPort: web}]}\n"});
  const auto seen = [&](const std::string& from, const std::string& to, int port) {
    const auto file =
        read_flows("{\"src\":\"" + from + "\",\"dst\":\"" + to + "\",\"port\":" + std::to_string(port) + "}\n", "f");
    const Observed observed = observe(read.network, *file);
    std::string out;
    for (const ObservedFlow& flow : observed.flows) {
      out +=
          to_string(read.network, flow.from) + ">" + to_string(read.network, flow.to) + ":" + std::to_string(flow.port);
    }
    for (const std::string& name : observed.unknown) out += "unknown " + name;
    return out;
  };
  EXPECT_EQ(seen("192.168.0.1", "10.1.0.5", 1), "192.168.0.1>shop/p[Pod]:1");
  EXPECT_EQ(seen("shop/p", "10.96.0.1", 80), "shop/p[Pod]>shop/p[Pod]:8080");
  EXPECT_EQ(seen("shop/p", "10.96.0.1", 81), "unknown Service shop/s at that port");
  EXPECT_EQ(seen("shop/q", "8.8.8.8", 81), "unknown shop/q");
}

}  // namespace
}  // namespace ameia::graph
