// The netpol verbs that read flows, as a user runs them.
#include "cli.h"

namespace ameia::app {
namespace {

class NetpolFlows : public Cli {
 protected:
  void SetUp() override {
    Cli::SetUp();
    const std::string pods =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: front, namespace: shop, labels: {app: front}}\nspec: {containers: "
        "[{name: c, image: i}]}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: shop, labels: {app: "
        "api}}\nspec: {containers: [{name: c, image: i}]}\n";
    spit(dir_ / "pods.yaml", pods);
    spit(dir_ / "flows", "{\"src\":\"shop/front\",\"dst\":\"shop/api\",\"port\":8080,\"count\":3}\n");
    spit(dir_ / "deny" / "p.yaml",
         "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: shop}\nspec: "
         "{podSelector: {matchLabels: {app: api}}}\n");
  }
};

TEST_F(NetpolFlows, GenerateReplaysWhatItPrints) {
  const Ran ran = ameia("netpol generate pods.yaml --flows flows");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.err.find("1 of 1 observed flow pass"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("1 pairs of workloads newly denied, 1 on fewer ports"), std::string::npos) << ran.err;
  spit(dir_ / "made.yaml", ran.out);
  EXPECT_EQ(ameia("netpol can shop/front shop/api 8080 -r pods.yaml -r made.yaml").out.substr(0, 8), "allowed:");
  EXPECT_EQ(ameia("netpol can shop/front shop/api 8081 -r pods.yaml -r made.yaml").out.substr(0, 7), "denied:");
  const Ran json = ameia("netpol generate pods.yaml --flows flows -o json");
  EXPECT_NE(json.out.find("\"replay\":{\"flows\":1,\"passed\":1,\"broken\":[]}"), std::string::npos) << json.out;
}

TEST_F(NetpolFlows, GenerateSaysWhenItCannotTellPodsApart) {
  spit(dir_ / "pods.yaml", slurp(dir_ / "pods.yaml") +
                               "---\napiVersion: v1\nkind: Pod\nmetadata: {name: other, namespace: shop, labels: {app: "
                               "api}}\nspec: {containers: [{name: c, image: i}]}\n");
  const Ran ran = ameia("netpol generate pods.yaml --flows flows");
  EXPECT_EQ(ran.code, 7);
  EXPECT_NE(ran.err.find("has the same labels as"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("replay: denied: shop/front[Pod] => shop/api[Pod] : TCP 8080"), std::string::npos) << ran.err;
}

TEST_F(NetpolFlows, DryRunNamesWhatBreaksAndTheRule) {
  const Ran ran = ameia("netpol dry-run deny/p.yaml -r pods.yaml --flows flows");
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out,
            "breaks: shop/front[Pod] => shop/api[Pod] : TCP 8080 (seen 3 times, first in line 1)\n"
            "  ingress: denied: no rule allows it of NetworkPolicy shop/deny\n");
  EXPECT_EQ(ameia("netpol dry-run deny/p.yaml -r pods.yaml --flows flows --fail-on-break").code, 1);
  const Ran json = ameia("netpol dry-run deny/p.yaml -r pods.yaml --flows flows -o json");
  EXPECT_NE(json.out.find("\"passes\":0,\"breaks\":1,\"opened\":0,\"denied_before\":0"), std::string::npos);
}

TEST_F(NetpolFlows, WrongInputIsTold) {
  EXPECT_EQ(ameia("netpol generate pods.yaml").code, 2);
  EXPECT_EQ(ameia("netpol generate pods.yaml --flows missing").code, 3);
  spit(dir_ / "bad", "nothing of the kind\n");
  const Ran ran = ameia("netpol generate pods.yaml --flows bad");
  EXPECT_EQ(ran.code, 3);
  EXPECT_NE(ran.err.find("no line is a flow"), std::string::npos) << ran.err;
  EXPECT_EQ(ameia("netpol dry-run pods.yaml -r pods.yaml --flows flows").code, 3);
}

TEST_F(NetpolFlows, TheMeshIsASecondVerdictAndItsTrapsAreLint) {
  spit(dir_ / "mesh.yaml",
       "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n---\n"
       "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: only-admin, namespace: "
       "shop}\nspec: "
       "{selector: {matchLabels: {app: api}}, rules: [{from: [{source: {principals: [spiffe://cluster.local/ns/shop/sa/"
       "admin]}}]}]}\n");
  const Ran can = ameia("netpol can shop/front shop/api 8080 -r pods.yaml -r mesh.yaml");
  EXPECT_NE(can.out.find("allowed: shop/front[Pod] => shop/api[Pod]"), std::string::npos) << can.out;
  EXPECT_NE(can.out.find("  mesh: denied: no rule allows it of AuthorizationPolicy shop/only-admin\n"),
            std::string::npos)
      << can.out;
  const Ran json = ameia("netpol can shop/front shop/api 8080 -r pods.yaml -r mesh.yaml -o json");
  EXPECT_EQ(this->json(json.out)->root()["authorization"]["answer"].str(), "denied") << json.out;
  const Ran without = ameia("netpol can shop/front shop/api 8080 -r pods.yaml -o json");
  EXPECT_TRUE(this->json(without.out)->root()["authorization"].is_null()) << without.out;
  const Ran lint = ameia("netpol lint pods.yaml mesh.yaml");
  EXPECT_NE(
      lint.out.find("AM-NET-202 A principal never matches\n  AuthorizationPolicy shop/only-admin at mesh.yaml:8:"),
      std::string::npos)
      << lint.out;
}

TEST_F(NetpolFlows, ConnlistDraws) {
  const Ran ran = ameia("netpol connlist pods.yaml -o svg");
  EXPECT_EQ(ran.code, 0);
  EXPECT_TRUE(ran.out.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"")) << ran.out;
  EXPECT_TRUE(ran.out.ends_with("</svg>\n"));
}

}  // namespace
}  // namespace ameia::app
