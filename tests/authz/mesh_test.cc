// What the mesh lets in: the order of the actions, layer 4 against layer 7, mutual TLS, and the traps.
#include "authz/mesh.h"

#include <gtest/gtest.h>

#include "doc/yaml.h"
#include "kube/object.h"
#include "kube/pod.h"

namespace ameia::authz {
namespace {

struct Estate {
  explicit Estate(std::string text)
      : stream(
            doc::parse_yaml(std::make_shared<doc::Source>("e.yaml", std::move(text)), std::make_shared<doc::Keys>())) {
    EXPECT_TRUE(stream.errors.empty());
    for (const auto& document : stream.documents) {
      mesh.add(document->root());
      const kube::ObjectView object(document->root());
      if (const auto pod = kube::find_pod(document->root())) {
        workloads[std::string(object.name())] = {std::string(object.ns()), pod->metadata, pod->spec};
      }
    }
    EXPECT_TRUE(mesh.problems().empty()) << mesh.problems()[0];
  }
  // `from` empty: outside.
  [[nodiscard]] std::string can(const std::string& from, const std::string& to, uint16_t port) const {
    const std::optional<Workload> client = from.empty() ? std::nullopt : std::optional(workloads.at(from));
    return std::string(to_string(mesh.decide(mesh.on(workloads.at(to)), client, port).answer));
  }
  [[nodiscard]] std::vector<std::string> lint() const {
    std::vector<Workload> all;
    for (const auto& [name, workload] : workloads) all.push_back(workload);
    std::vector<std::string> ids;
    for (const Problem& problem : mesh.lint(all)) ids.emplace_back(problem.id);
    return ids;
  }
  doc::YamlStream stream;
  Mesh mesh;
  std::map<std::string, Workload> workloads;
};

std::string space(const std::string& name, const std::string& labels) {
  return "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " + name + ", labels: {" + labels + "}}\n";
}
std::string pod(const std::string& name, const std::string& ns, const std::string& account = "default") {
  return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: " + ns + ", labels: {app: " + name +
         "}}\nspec: {serviceAccountName: " + account +
         ", containers: [{name: c, ports: [{name: web, containerPort: "
         "8080}]}]}\n";
}
std::string policy(const std::string& spec, const std::string& ns = "shop", const std::string& more = "") {
  static int number = 0;
  return "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p" +
         std::to_string(++number) + ", namespace: " + ns + more + "}\nspec: " + spec + "\n";
}
std::string service(const std::string& port) {
  return "---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: shop}\nspec: {selector: {app: api}, "
         "ports: [" +
         port + "]}\n";
}
std::string authentication(const std::string& ns, const std::string& spec) {
  static int number = 0;
  return "---\napiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: a" +
         std::to_string(++number) + ", namespace: " + ns + "}\nspec: " + spec + "\n";
}
const std::string kPods = space("shop", "istio-injection: enabled") + space("bare", "a: b") +
                          pod("front", "shop", "front") + pod("api", "shop") + pod("alien", "bare");
const std::string kFromFront = "from: [{source: {principals: [cluster.local/ns/shop/sa/front]}}]";

TEST(Mesh, TheOrderIsCustomDenyAllow) {
  EXPECT_EQ(Estate(kPods).can("front", "api", 80), "allowed");
  EXPECT_EQ(Estate(kPods + policy("{}")).can("front", "api", 80), "denied");  // allow nothing
  EXPECT_EQ(Estate(kPods + policy("{rules: [{}]}")).can("front", "api", 80), "allowed");
  EXPECT_EQ(Estate(kPods + policy("{action: DENY}")).can("front", "api", 80), "allowed");  // never matches
  const std::string allow = policy("{rules: [{" + kFromFront + "}]}");
  EXPECT_EQ(Estate(kPods + allow).can("front", "api", 80), "allowed");
  EXPECT_EQ(Estate(kPods + allow).can("api", "front", 80), "denied");
  EXPECT_EQ(Estate(kPods + allow + policy("{action: DENY, rules: [{to: [{operation: {ports: [\"80\"]}}]}]}"))
                .can("front", "api", 80),
            "denied");
  EXPECT_EQ(Estate(kPods + allow + policy("{action: DENY, rules: [{to: [{operation: {ports: [\"81\"]}}]}]}"))
                .can("front", "api", 80),
            "allowed");
  EXPECT_EQ(Estate(kPods + policy("{action: DENY, rules: [{}]}") +
                   policy("{action: CUSTOM, provider: {name: x}, rules: [{}]}"))
                .can("front", "api", 80),
            "a provider decides");
  EXPECT_EQ(Estate(kPods + policy("{action: AUDIT, rules: [{}]}")).can("front", "api", 80), "allowed");
  EXPECT_EQ(Estate(kPods + policy("{action: DENY, rules: [{}]}", "shop", ", annotations: {istio.io/dry-run: \"true\"}"))
                .can("front", "api", 80),
            "allowed");
}

TEST(Mesh, ScopeIsTheNamespaceTheRootAndTheSelector) {
  const std::string deny = "{action: DENY, rules: [{}]}";
  EXPECT_EQ(Estate(kPods + policy(deny, "bare")).can("front", "api", 80), "allowed");
  EXPECT_EQ(Estate(kPods + policy(deny, "istio-system")).can("front", "api", 80), "denied");
  EXPECT_EQ(Estate(kPods + policy("{action: DENY, selector: {matchLabels: {app: front}}, rules: [{}]}"))
                .can("front", "api", 80),
            "allowed");
  EXPECT_EQ(Estate(kPods + policy("{action: DENY, targetRefs: [{kind: Gateway, name: g}], rules: [{}]}"))
                .can("front", "api", 80),
            "allowed");
  EXPECT_EQ(Estate(kPods + policy(deny)).can("front", "alien", 80), "not enforced");
}

TEST(Mesh, SourcesAreWhatMutualTlsSays) {
  const auto allows = [](const std::string& source) {
    return Estate(kPods + policy("{rules: [{from: [{source: {" + source + "}}]}]}")).can("front", "api", 80);
  };
  EXPECT_EQ(allows("namespaces: [shop]"), "allowed");
  EXPECT_EQ(allows("notNamespaces: [shop]"), "denied");
  EXPECT_EQ(allows("principals: [\"*/sa/front\"]"), "allowed");
  EXPECT_EQ(allows("principals: [\"cluster.local/ns/shop/*\"]"), "allowed");
  EXPECT_EQ(allows("principals: [\"*\"]"), "allowed");
  EXPECT_EQ(allows("principals: [spiffe://cluster.local/ns/shop/sa/front]"), "denied");
  EXPECT_EQ(allows("serviceAccounts: [front]"), "allowed");
  EXPECT_EQ(allows("serviceAccounts: [shop/other, shop/front]"), "allowed");
  EXPECT_EQ(allows("serviceAccounts: [other]"), "denied");
  EXPECT_EQ(allows("ipBlocks: [10.0.0.0/8]"), "some requests");
  EXPECT_EQ(allows("namespaces: [bare], ipBlocks: [10.0.0.0/8]"), "denied");
  const std::string anyone = policy("{rules: [{from: [{source: {principals: [\"*\"]}}]}]}");
  EXPECT_EQ(Estate(kPods + anyone).can("alien", "api", 80), "denied");  // no identity
  EXPECT_EQ(Estate(kPods + anyone).can("", "api", 80), "denied");
  EXPECT_EQ(Estate(kPods + anyone + authentication("shop", "{mtls: {mode: DISABLE}}")).can("front", "api", 80),
            "denied");
}

TEST(Mesh, StrictRefusesPlaintextAtTheNearestLevel) {
  const std::string strict = "{mtls: {mode: STRICT}}";
  EXPECT_EQ(Estate(kPods + authentication("shop", strict)).can("alien", "api", 80), "denied");
  EXPECT_EQ(Estate(kPods + authentication("shop", strict)).can("front", "api", 80), "allowed");
  EXPECT_EQ(Estate(kPods + authentication("istio-system", strict)).can("alien", "api", 80), "denied");
  EXPECT_EQ(
      Estate(kPods + authentication("istio-system", strict) + authentication("shop", "{mtls: {mode: PERMISSIVE}}"))
          .can("alien", "api", 80),
      "allowed");
  EXPECT_EQ(Estate(kPods + authentication("istio-system", strict) + authentication("shop", "{mtls: {mode: UNSET}}"))
                .can("alien", "api", 80),
            "denied");
  const std::string by_port = authentication(
      "shop", "{selector: {matchLabels: {app: api}}, mtls: {mode: STRICT}, portLevelMtls: {9090: {mode: PERMISSIVE}}}");
  EXPECT_EQ(Estate(kPods + by_port).can("alien", "api", 80), "denied");
  EXPECT_EQ(Estate(kPods + by_port).can("alien", "api", 9090), "allowed");
}

TEST(Mesh, FieldsOfRequestsOnPortsWithoutRequests) {
  const std::string http = service("{name: http-web, port: 80, targetPort: web}");
  const std::string tcp = service("{name: tcp-db, port: 80, targetPort: 8080}");
  const std::string allow = policy("{rules: [{to: [{operation: {methods: [GET]}}]}]}");
  const std::string deny = policy("{action: DENY, rules: [{to: [{operation: {methods: [GET], ports: [\"8080\"]}}]}]}");
  EXPECT_EQ(Estate(kPods + http + allow).can("front", "api", 8080), "some requests");
  EXPECT_EQ(Estate(kPods + tcp + allow).can("front", "api", 8080), "denied");
  EXPECT_EQ(Estate(kPods + http + deny).can("front", "api", 8080), "some requests");
  EXPECT_EQ(Estate(kPods + tcp + deny).can("front", "api", 8080), "denied");
  EXPECT_EQ(Estate(kPods + http + policy("{rules: [{when: [{key: \"request.headers[x]\", values: [one]}]}]}"))
                .can("front", "api", 8080),
            "some requests");
  EXPECT_EQ(Estate(kPods + http + policy("{rules: [{when: [{key: destination.port, values: [\"8080\"]}]}]}"))
                .can("front", "api", 8080),
            "allowed");
}

TEST(Mesh, InAmbientADenyAboutRequestsAloneNeverFires) {
  const std::string pods =
      space("shop", "istio.io/dataplane-mode: ambient") + pod("front", "shop", "front") + pod("api", "shop");
  EXPECT_EQ(
      Estate(pods + policy("{action: DENY, rules: [{to: [{operation: {methods: [GET]}}]}]}")).can("front", "api", 80),
      "allowed");
  EXPECT_EQ(Estate(pods + policy("{action: DENY, rules: [{to: [{operation: {methods: [GET], ports: [\"80\"]}}]}]}"))
                .can("front", "api", 80),
            "denied");
  EXPECT_EQ(Estate(pods + policy("{rules: [{to: [{operation: {methods: [GET]}}]}]}")).can("front", "api", 80),
            "denied");
  EXPECT_EQ(Estate(pods + policy("{targetRefs: [{kind: Service, name: api}], rules: [{}]}")).can("front", "api", 80),
            "not_evaluated");
  using Ids = std::vector<std::string>;
  EXPECT_EQ(Estate(pods + policy("{action: DENY, rules: [{to: [{operation: {methods: [GET]}}]}]}")).lint(),
            Ids{"AM-NET-201"});
  EXPECT_EQ(Estate(pods + policy("{rules: [{to: [{operation: {methods: [GET]}}]}]}")).lint(), Ids{"AM-NET-205"});
}

TEST(Mesh, TrapsAreToldOnce) {
  using Ids = std::vector<std::string>;
  const auto lint = [](const std::string& spec, const std::string& more = "") {
    return Estate(kPods + more + policy(spec)).lint();
  };
  EXPECT_EQ(lint("{rules: [{" + kFromFront + "}]}"), Ids{});
  EXPECT_EQ(lint("{}"), Ids{});
  EXPECT_EQ(lint("{rules: [{from: [{source: {principals: [spiffe://cluster.local/ns/a/sa/b]}}]}]}"), Ids{"AM-NET-202"});
  EXPECT_EQ(lint("{rules: [{to: [{operation: {methods: [GET], ports: [\"8080\"]}}]}]}",
                 service("{name: tcp, port: 80, targetPort: web}")),
            Ids{"AM-NET-203"});
  EXPECT_EQ(lint("{rules: [{to: [{operation: {methods: [GET], ports: [\"8080\"]}}]}]}",
                 service("{name: http, port: 80, targetPort: web}")),
            Ids{});
  EXPECT_EQ(lint("{rules: [{to: [{operation: {hosts: [shop.example.com, \"a.example.com:*\", \"b.*\"]}}]}]}"),
            Ids{"AM-NET-204"});
  EXPECT_EQ(lint("{rules: [{}]}"), Ids{"AM-NET-206"});
  EXPECT_EQ(lint("{action: DENY}"), Ids{"AM-NET-207"});
  EXPECT_EQ(lint("{selector: {matchLabels: {app: nobody}}}"), Ids{"AM-NET-208"});
}

TEST(Mesh, WhatIstioRefusesIsToldAndLeftOut) {
  for (const char* spec : {"{action: MAYBE}", "{action: CUSTOM}",
                           "{selector: {matchLabels: {a: b}}, targetRefs: [{kind: Gateway, name: g}]}"}) {
    auto stream = doc::parse_yaml(std::make_shared<doc::Source>("e.yaml", policy(spec)), std::make_shared<doc::Keys>());
    Mesh mesh;
    mesh.add(stream.documents.at(0)->root());
    EXPECT_EQ(mesh.problems().size(), 1u) << spec;
    EXPECT_TRUE(mesh.empty());
  }
}

}  // namespace
}  // namespace ameia::authz
