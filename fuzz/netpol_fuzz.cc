// Network border: a YAML stream of pods, namespaces, services and policies; flows behind a line "%%". Any bytes end in
// answers: a flow's answer is that of the rows, policies written from the flows are read again without a problem, and
// an estate that its policies are put into one by one answers as one that is built with them.
#include <cstdint>
#include <cstdlib>

#include "doc/yaml.h"
#include "graph/connlist.h"
#include "graph/exposure.h"
#include "graph/live_network.h"
#include "graph/netpol_lint.h"
#include "graph/policy_writer.h"

namespace {

using namespace ameia;

constexpr size_t kWorkloadsMax = 40;  // whose pairs are all printed

// The whole answer in words.
std::string words_of(const graph::Network& network, const graph::Reachability& reachability) {
  if (network.workloads.size() > kWorkloadsMax) return {};
  return graph::to_text(graph::connections(network, reachability));
}

void check_flows(const std::string& text, const graph::Network& network, const graph::Reachability& reachability,
                 const std::shared_ptr<doc::Keys>& keys) {
  const auto file = graph::read_flows(text, "flows");
  if (!file) return;
  const graph::Observed observed = graph::observe(network, *file);
  for (const graph::ObservedFlow& flow : observed.flows) {
    const graph::FlowAnswer answer = graph::answer(reachability, flow);
    if (!answer.allowed && answer.reason.allowed) abort();
  }
  const auto written = graph::write_policies(network, observed.flows);
  if (!written) return;
  graph::NetworkBuilder builder;
  std::vector<std::shared_ptr<doc::Document>> documents;
  for (const graph::WrittenPolicy& policy : written->policies) {
    auto stream = doc::parse_yaml(std::make_shared<doc::Source>("made.yaml", policy.yaml), keys);
    if (!stream.errors.empty() || stream.documents.size() != 1) abort();
    documents.push_back(stream.documents[0]);
    builder.add(documents.back()->root());
  }
  if (!builder.build().problems.empty()) abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kBytesMax = size_t{1} << 15;
  if (size > kBytesMax) return 0;
  std::string text(reinterpret_cast<const char*>(data), size);
  std::string flows;
  if (const size_t at = text.find("\n%%\n"); at != std::string::npos) {
    flows = text.substr(at + 4);
    text.resize(at + 1);
  }
  auto keys = std::make_shared<doc::Keys>();
  doc::YamlStream stream = doc::parse_yaml(std::make_shared<const doc::Source>("fuzz.yaml", std::move(text)), keys);
  graph::NetworkBuilder builder, bare;
  std::vector<const doc::Node*> policies;
  for (const auto& document : stream.documents) {
    const doc::Node& root = document->root();
    builder.add(root);
    if (root["kind"].str().ends_with("NetworkPolicy")) {
      policies.push_back(&root);
    } else {
      bare.add(root);
    }
  }
  const graph::Network network = builder.build();
  const graph::Reachability reachability(network, {});
  (void)graph::exposures(network, reachability).size();
  (void)graph::lint(network, reachability).size();
  const std::string words = words_of(network, reachability);
  graph::LiveNetwork live(bare.build(), {});
  size_t put = 0;
  for (const doc::Node* policy : policies) put += live.put(*policy) ? 1 : 0;
  // Two policies of one name are two when read, and one when put. Namespaces that only policies name come in another
  // order, which no answer shows.
  if (put == network.policies.size() && live.network().policies.size() == put &&
      words_of(live.network(), live.reachability()) != words) {
    abort();
  }
  check_flows(flows, network, reachability, keys);
  return 0;
}
