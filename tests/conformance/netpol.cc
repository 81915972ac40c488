// cyclonus: truth tables of NetworkPolicy, cell by cell. netpol-analyzer: the connections of manifest folders, line by
// line after sorting. Folders with kinds that the engine answers `not_evaluated` about are skipped, which is seen from
// what they hold.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "doc/json.h"
#include "doc/yaml.h"
#include "graph/connlist.h"
#include "suite.h"

namespace ameia::conformance {
namespace {

using doc::Node;
using graph::Direction;

// "TCP/80/serve-80-tcp"
struct Probe {
  graph::Protocol protocol;
  uint16_t port = 0;
  std::string name;
};
std::optional<Probe> parse_probe(std::string_view key) {
  const size_t first = key.find('/');
  const size_t second = key.find('/', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
  const auto protocol = graph::protocol_of(key.substr(0, first));
  const int port = std::atoi(std::string(key.substr(first + 1, second - first - 1)).c_str());
  if (!protocol || port < 1 || port > 65535) return std::nullopt;
  return Probe{*protocol, static_cast<uint16_t>(port), std::string(key.substr(second + 1))};
}

// The step's state as the objects it would be in a cluster.
graph::Network network_of(const Node& step) {
  graph::NetworkBuilder builder;
  std::string text;
  const auto quoted = [](std::string_view value) {
    std::string out;
    doc::append_json_string(out, value);
    return out;
  };
  std::vector<std::shared_ptr<doc::Document>> documents;
  const auto add = [&](std::string json) {
    if (auto document = parse_yaml_text(std::move(json), "state")) {
      builder.add((*document)->root());
      documents.push_back(*document);
    }
  };
  for (const doc::Member& ns : step["namespaces"].map()) {
    add(R"({"apiVersion":"v1","kind":"Namespace","metadata":{"name":)" + quoted(ns.key->view()) + R"(,"labels":)" +
        doc::to_json(ns.value) + "}}");
  }
  std::string ports;
  for (const doc::Member& probe : step["expected"].map()) {
    const auto parsed = parse_probe(probe.key->view());
    if (!parsed) continue;
    ports += std::string(ports.empty() ? "" : ",") + R"({"name":)" + quoted(parsed->name) + R"(,"protocol":")" +
             std::string(name_of(parsed->protocol)) + R"(","containerPort":)" + std::to_string(parsed->port) + "}";
  }
  for (const Node& pod : step["pods"].list()) {
    add(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":)" + quoted(pod["name"].str()) + R"(,"namespace":)" +
        quoted(pod["namespace"].str()) + R"(,"labels":)" + doc::to_json(pod["labels"]) +
        R"(},"spec":{"containers":[{"name":"c","ports":[)" + ports + R"(]}]},"status":{"podIP":)" +
        quoted(pod["ip"].str()) + "}}");
  }
  for (const Node& policy : step["policies"].list()) {  // some leave out what they are
    std::string json = doc::to_json(policy);
    if (policy["kind"].is_null()) {
      json.insert(1, R"("apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy",)");
    }
    add(std::move(json));
  }
  return builder.build();
}

std::string run_step(const Node& step) {
  const graph::Network network = network_of(step);
  if (!network.problems.empty()) return network.problems.front();
  const graph::Reachability reachability(network, {.addresses_match_pods = true});
  const size_t n = network.pods.size();
  for (const doc::Member& member : step["expected"].map()) {
    const auto probe = parse_probe(member.key->view());
    if (!probe) return "no probe: " + std::string(member.key->view());
    for (const doc::Member& table : member.value.map()) {
      const std::string_view what = table.key->view();
      if (table.value.size != n) return "a table of another size";
      for (graph::Id from = 0; from < n; ++from) {
        const std::string_view row = table.value.items[from].str();
        for (graph::Id to = 0; to < n && to < row.size(); ++to) {
          const auto a = reachability.pod_peer(from), b = reachability.pod_peer(to);
          bool allowed = false;
          if (what == "ingress") {
            allowed = reachability.allowed(Direction::kIngress, b, a, probe->protocol, probe->port);
          } else if (what == "egress") {
            allowed = reachability.allowed(Direction::kEgress, a, b, probe->protocol, probe->port);
          } else {
            allowed = reachability.allowed(a, b, probe->protocol, probe->port);
          }
          if (allowed == (row[to] == '.')) continue;
          return std::string(member.key->view()) + " " + std::string(what) + ": " + network.pods[from].name + " to " +
                 network.pods[to].name + " was " + (allowed ? "allowed" : "denied");
        }
      }
    }
  }
  return {};
}

std::set<std::string> sorted_lines(const std::string& text) {
  std::set<std::string> lines;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
    if (!line.empty()) lines.insert(std::move(line));
    at = end + 1;
  }
  return lines;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

SuiteResult run_cyclonus(const std::string& folder) {
  SuiteResult result;
  auto cases = read_json(folder + "/cases.json");
  if (!cases) {
    result.fail("cases.json", cases.error().text());
    return result;
  }
  for (const Node& one : (*cases)->root().list()) {
    const std::string name = std::to_string(one["id"].integer_or(-1)) + " " + std::string(one["description"].str());
    std::string problem;
    for (const Node& step : one["steps"].list()) {
      if (problem.empty()) problem = run_step(step);
    }
    problem.empty() ? result.pass() : result.fail(name, problem);
  }
  return result;
}

SuiteResult run_netpol_analyzer(const std::string& folder) {
  SuiteResult result;
  constexpr std::string_view kSuffix = "_connlist_output.txt";
  for (const std::string& file : list_folder(folder + "/expected")) {
    if (!file.ends_with(kSuffix)) continue;
    const std::string name = file.substr(0, file.size() - kSuffix.size());
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder + "/manifests/" + name)) {
      const auto extension = entry.path().extension();
      if (extension == ".yaml" || extension == ".yml" || extension == ".json") paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    graph::NetworkBuilder builder;
    auto keys = std::make_shared<doc::Keys>();
    std::vector<std::shared_ptr<doc::Document>> documents;
    for (const auto& path : paths) {
      auto stream = doc::parse_yaml(std::make_shared<doc::Source>(path.string(), read_file(path)), keys);
      for (auto& document : stream.documents) {
        builder.add(document->root());
        documents.push_back(std::move(document));
      }
    }
    const graph::Network network = builder.build();
    if (!network.unsupported.empty()) {
      result.skip(name, "holds a " + network.unsupported.front().kind + ", about which answers are not_evaluated");
      continue;
    }
    const graph::Reachability reachability(network, {});
    const auto got = sorted_lines(graph::to_text(graph::connections(network, reachability)));
    const auto expected = sorted_lines(read_file(folder + "/expected/" + file));
    if (got == expected) {
      result.pass();
      continue;
    }
    std::string difference;
    for (const std::string& line : expected) {
      if (!got.contains(line)) {
        difference = "missing: " + line;
        break;
      }
    }
    for (const std::string& line : got) {
      if (!expected.contains(line)) {
        difference += std::string(difference.empty() ? "" : "; ") + "not expected: " + line;
        break;
      }
    }
    if (!network.problems.empty()) difference += "; " + network.problems.front();
    result.fail(name, difference);
  }
  return result;
}

}  // namespace ameia::conformance
