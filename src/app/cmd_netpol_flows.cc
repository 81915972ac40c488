// ameia netpol generate | dry-run: policies against connections that were seen. Neighbour: cmd_netpol.cc.
#include <set>

#include "app/exit.h"
#include "app/files.h"
#include "app/limits.h"
#include "app/netpol_answers.h"
#include "doc/json.h"
#include "doc/yaml.h"
#include "graph/observed.h"
#include "graph/policy_writer.h"
#include "kube/object.h"
#include "report/text.h"

namespace ameia::app {
namespace {

using report::count;

constexpr size_t kPairsWorkloadsMax = 1'000;  // whose pairs are all compared: a million
constexpr size_t kUnknownShown = 5;

base::Result<graph::Observed> read_observed(const std::vector<std::string>& files, const graph::Network& network,
                                            Console& console) {
  graph::Observed all;
  for (const std::string& path : files) {
    const std::string bytes = TRY(read_file(path, kFlowFileBytesMax));
    const graph::FlowFile file = TRY(graph::read_flows(bytes, path));
    for (const std::string& problem : file.problems) console.warn(path + ", " + problem + "; left out");
    if (file.broken > file.problems.size()) {
      console.warn(path + ": " + count(file.broken, "broken line", "broken lines") + " in all");
    }
    graph::Observed seen = graph::observe(network, file);
    console.err(path + ": " + count(file.lines, "line", "lines") + " (" + std::string(name_of(file.format)) + "), " +
                count(file.flows.size(), "flow", "flows") + "; not flows: " + std::to_string(file.replies) +
                " answers, " + std::to_string(file.refused) + " refused, " + std::to_string(file.other) + " others\n");
    for (size_t i = 0; i < seen.unknown.size() && i < kUnknownShown; ++i) {
      console.warn(path + ": no object is " + seen.unknown[i] + "; its flows are left out");
    }
    if (seen.unknown_flows > 0) {
      console.warn(path + ": " + count(seen.unknown_flows, "flow", "flows") + " left out, of " +
                   count(seen.unknown.size(), "unknown name", "unknown names"));
    }
    all.flows.insert(all.flows.end(), seen.flows.begin(), seen.flows.end());
  }
  return all;
}

std::string to_string(const graph::Network& network, const graph::ObservedFlow& flow) {
  return graph::to_string(network, flow.from) + " => " + graph::to_string(network, flow.to) + " : " +
         std::string(name_of(flow.protocol)) + " " + std::to_string(flow.port);
}

std::string_view name_of(graph::Direction direction) {
  return direction == graph::Direction::kIngress ? "ingress" : "egress";
}

// The object with what a policy without a namespace is in.
struct Name {
  std::string kind, ns, name;
  auto operator<=>(const Name&) const = default;
  static Name of(const doc::Node& node) {
    const kube::ObjectView object(node);
    std::string ns(object.ns());
    if (ns.empty() && object.kind() == "NetworkPolicy") ns = "default";
    return {std::string(object.kind()), std::move(ns), std::string(object.name())};
  }
};

// The estate with these policies put in, each in the place of the one that has its name.
Estate with_policies(const Estate& estate, const std::vector<LoadedObject>& policies) {
  std::set<Name> names;
  for (const LoadedObject& policy : policies) names.insert(Name::of(*policy.node));
  Estate out;
  for (const LoadedObject& object : estate.objects) {
    if (!names.contains(Name::of(*object.node))) out.objects.push_back(object);
  }
  out.objects.insert(out.objects.end(), policies.begin(), policies.end());
  return out;
}

// Pairs of workloads that could connect, and cannot any more, or on fewer ports.
struct Lost {
  bool counted = false;
  size_t denied = 0, narrowed = 0;
};
Lost lost_pairs(const NetpolAnswers& before, const NetpolAnswers& after) {
  Lost lost;
  const size_t workloads = before.network->workloads.size();
  if (workloads > kPairsWorkloadsMax) return lost;
  lost.counted = true;
  const auto ports = [](const graph::Reachability& by, graph::Id a, graph::Id b) {
    graph::PortSet out;
    for (const auto from : by.workload_peers(a)) {
      for (const auto to : by.workload_peers(b)) out.unite(by.connections(from, to));
    }
    return out;
  };
  for (graph::Id a = 0; a < workloads; ++a) {
    for (graph::Id b = 0; b < workloads; ++b) {
      if (a == b) continue;
      graph::PortSet old_ports = ports(*before.reachability, a, b);
      if (old_ports.empty()) continue;
      const graph::PortSet new_ports = ports(*after.reachability, a, b);
      old_ports.subtract(new_ports);
      if (old_ports.empty()) continue;
      ++(new_ports.empty() ? lost.denied : lost.narrowed);
    }
  }
  return lost;
}

// ---- generate

base::Result<int> run_generate(const std::vector<std::string>& paths, const std::vector<std::string>& files, bool json,
                               Console& console) {
  const NetpolAnswers before = TRY(NetpolAnswers::of(paths, console));
  const graph::Observed observed = TRY(read_observed(files, *before.network, console));
  const graph::WrittenPolicies written = TRY(graph::write_policies(*before.network, observed.flows));
  // Replayed from the text that is printed, read as an API server would.
  std::vector<LoadedObject> policies;
  std::string text;
  for (const graph::WrittenPolicy& policy : written.policies) {
    const auto parsed = parse_text(std::make_shared<doc::Source>("generated", policy.yaml));
    if (!parsed.errors.empty() || parsed.documents.size() != 1) {
      return base::fail(base::Code::kInternal, "the generated policy " + policy.ns + "/" + policy.name + " is no YAML");
    }
    policies.push_back({parsed.documents[0], &parsed.documents[0]->root(), nullptr});
    text += "---\n" + policy.yaml;
  }
  const NetpolAnswers after = NetpolAnswers::of(with_policies(before.estate, policies), console);
  std::vector<std::string> broken;
  for (const graph::ObservedFlow& flow : observed.flows) {
    const graph::FlowAnswer answer = graph::answer(*after.reachability, flow);
    if (answer.allowed) continue;
    broken.push_back(to_string(*before.network, flow) + "; " + say(answer.reason, name_of(answer.direction)));
  }
  const Lost lost = lost_pairs(before, after);
  if (json) {
    std::string out = "{\"policies\":[";
    for (size_t i = 0; i < policies.size(); ++i) out += (i == 0 ? "\n" : ",\n") + doc::to_json(*policies[i].node);
    out += "\n],\"replay\":{\"flows\":" + std::to_string(observed.flows.size()) +
           ",\"passed\":" + std::to_string(observed.flows.size() - broken.size()) +
           ",\"broken\":" + quoted_list(broken) + "},\"newly_denied\":";
    out += lost.counted ? "{\"pairs\":" + std::to_string(lost.denied) +
                              ",\"pairs_with_fewer_ports\":" + std::to_string(lost.narrowed) + "}"
                        : "null";
    console.out(out + ",\"notes\":" + quoted_list(written.notes) + ",\"assumption\":" + quoted(kNetpolAssumption) +
                "}\n");
  } else {
    console.out(text);
  }
  for (const std::string& note : written.notes) console.warn(note);
  for (const std::string& flow : broken) console.warn("replay: denied: " + flow);
  console.err(count(written.policies.size(), "policy", "policies") +
              "; replay: " + std::to_string(observed.flows.size() - broken.size()) + " of " +
              count(observed.flows.size(), "observed flow", "observed flows") + " pass; " +
              (lost.counted
                   ? std::to_string(lost.denied) + " pairs of workloads newly denied, " +
                         std::to_string(lost.narrowed) + " on fewer ports"
                   : "newly denied pairs not counted: more than " + std::to_string(kPairsWorkloadsMax) + " workloads") +
              ". " + std::string(kNetpolAssumption) + "\n");
  return worse(before.exit_code(), broken.empty() ? kOk : kVerification);
}

// ---- dry-run

base::Result<int> run_dry_run(const std::vector<std::string>& policy_files, const std::vector<std::string>& paths,
                              const std::vector<std::string>& files, bool json, bool gate, Console& console) {
  std::vector<LoadedObject> policies;
  for (const std::string& path : policy_files) {
    for (LoadedObject& object : TRY(load_objects(path))) {
      if (kube::ObjectView(*object.node).kind().ends_with("NetworkPolicy")) policies.push_back(std::move(object));
    }
  }
  if (policies.empty()) {
    return base::fail(base::Code::kInvalidInput, "no network policy is in " + policy_files.front());
  }
  const NetpolAnswers before = TRY(NetpolAnswers::of(paths, console));
  const graph::Observed observed = TRY(read_observed(files, *before.network, console));
  const NetpolAnswers after = NetpolAnswers::of(with_policies(before.estate, policies), console);
  // The namespaces of new policies may be new ones: names are of one network, answers of its own.
  size_t breaks = 0, denied_before = 0, opened = 0;
  std::string rows;
  for (const graph::ObservedFlow& flow : observed.flows) {
    const graph::FlowAnswer was = graph::answer(*before.reachability, flow);
    const graph::FlowAnswer is = graph::answer(*after.reachability, flow);
    if (was.allowed && is.allowed) continue;
    const std::string_view change = was.allowed ? "breaks" : is.allowed ? "opened" : "denied before";
    ++(was.allowed ? breaks : is.allowed ? opened : denied_before);
    const graph::FlowAnswer& told = is.allowed ? was : is;
    const std::string reason = (is.allowed ? "before, " : "") + say(told.reason, name_of(told.direction));
    if (json) {
      rows += std::string(rows.empty() ? "\n" : ",\n") + "{\"change\":" + quoted(change) +
              ",\"from\":" + quoted(graph::to_string(*before.network, flow.from)) +
              ",\"to\":" + quoted(graph::to_string(*before.network, flow.to)) +
              ",\"protocol\":" + quoted(name_of(flow.protocol)) + ",\"port\":" + std::to_string(flow.port) +
              ",\"count\":" + std::to_string(flow.count) + ",\"line\":" + std::to_string(flow.line) +
              ",\"reason\":" + quoted(reason) + "}";
    } else {
      rows += std::string(change) + ": " + report::clean(to_string(*before.network, flow)) + " (seen " +
              count(flow.count, "time", "times") + ", first in line " + std::to_string(flow.line) + ")\n  " +
              report::clean(reason) + "\n";
    }
  }
  const size_t passes = observed.flows.size() - breaks - denied_before - opened;
  if (json) {
    console.out("{\"flows\":[" + rows + "\n],\"passes\":" + std::to_string(passes) +
                ",\"breaks\":" + std::to_string(breaks) + ",\"opened\":" + std::to_string(opened) +
                ",\"denied_before\":" + std::to_string(denied_before) + ",\"assumption\":" + quoted(kNetpolAssumption) +
                "}\n");
  } else {
    console.out(rows);
  }
  console.err(count(observed.flows.size(), "flow", "flows") + ": " + std::to_string(passes) + " pass, " +
              std::to_string(breaks) + " break, " + std::to_string(opened) + " opened, " +
              std::to_string(denied_before) + " denied before and after. " + std::string(kNetpolAssumption) + "\n");
  return worse(worse(before.exit_code(), after.exit_code()), gate && breaks > 0 ? kFindings : kOk);
}

base::Result<std::vector<std::string>> flow_files(const Words& words) {
  std::vector<std::string> files = words.all("--flows");
  if (files.empty()) return std::unexpected(usage_error("--flows FILE is needed: the connections that were seen"));
  return files;
}

}  // namespace

base::Result<Action> parse_netpol_generate(const Words& words) {
  return Action([paths = paths_of(words), files = TRY(flow_files(words)), json = is_json(words)](Console& console) {
    return finish(run_generate(paths, files, json, console), console);
  });
}

base::Result<Action> parse_netpol_dry_run(const Words& words) {
  TRY_STATUS(check_operands(words, 1, kPolicyFilesMax, "the policies to try"));
  std::vector<std::string> paths = words.all("--resources");
  if (paths.empty()) paths.emplace_back(".");
  return Action([policies = words.operands(), paths, files = TRY(flow_files(words)), json = is_json(words),
                 gate = words.has("--fail-on-break")](Console& console) {
    return finish(run_dry_run(policies, paths, files, json, gate, console), console);
  });
}

}  // namespace ameia::app
