// ameia netpol connlist | can | exposure | diff | lint. Neighbours: cmd_netpol_flows.cc (generate, dry-run).
#include <algorithm>
#include <charconv>
#include <map>

#include "app/cmd.h"
#include "app/exit.h"
#include "app/netpol_answers.h"
#include "authz/mesh.h"
#include "graph/connlist.h"
#include "graph/exposure.h"
#include "graph/netpol_lint.h"
#include "graph/picture.h"
#include "kube/pod.h"
#include "report/text.h"

namespace ameia::app {
namespace {

using graph::Direction;
using graph::Reachability;

// ---- connlist

std::string to_csv(const std::vector<graph::Connection>& connections) {
  std::string out = "src,dst,conn\n";
  for (const graph::Connection& c : connections) {
    const auto cell = [](const std::string& text) {
      return text.find(',') == std::string::npos ? text : '"' + text + '"';
    };
    out += cell(c.from) + "," + cell(c.to) + "," + cell(to_string(c.ports)) + "\n";
  }
  return out;
}

std::string to_markdown(const std::vector<graph::Connection>& connections) {
  std::string out = "| src | dst | conn |\n|-----|-----|------|\n";
  for (const graph::Connection& c : connections) {
    out += "| " + c.from + " | " + c.to + " | " + to_string(c.ports) + " |\n";
  }
  return out;
}

std::string to_dot(const std::vector<graph::Connection>& connections) {
  std::map<std::string, std::vector<std::string>> by_namespace;
  for (const graph::Connection& c : connections) {
    for (const std::string& end : {c.from, c.to}) {
      const size_t slash = end.find('/');
      std::vector<std::string>& names =
          by_namespace[slash == std::string::npos || end.ends_with("[External]") ? "" : end.substr(0, slash)];
      if (std::find(names.begin(), names.end(), end) == names.end()) names.push_back(end);
    }
  }
  std::string out = "digraph {\n";
  size_t cluster = 0;
  for (const auto& [ns, names] : by_namespace) {
    if (!ns.empty()) {
      out += "\tsubgraph cluster_" + std::to_string(++cluster) + " {\n\t\tlabel=" + quoted(ns) + "\n";
    }
    for (const std::string& name : names) out += (ns.empty() ? "\t" : "\t\t") + quoted(name) + "\n";
    if (!ns.empty()) out += "\t}\n";
  }
  for (const graph::Connection& c : connections) {
    out += "\t" + quoted(c.from) + " -> " + quoted(c.to) + " [label=" + quoted(to_string(c.ports)) + "]\n";
  }
  return out + "}\n";
}

std::string to_json_list(const std::vector<graph::Connection>& connections) {
  std::string out = "[";
  for (const graph::Connection& c : connections) {
    out += std::string(out.size() > 1 ? "," : "") + "\n{\"src\":" + quoted(c.from) + ",\"dst\":" + quoted(c.to) +
           ",\"conn\":" + quoted(to_string(c.ports)) + "}";
  }
  return out + "\n]\n";
}

base::Result<int> run_connlist(const std::vector<std::string>& paths, const std::string& format, Console& console) {
  const NetpolAnswers answers = TRY(NetpolAnswers::of(paths, console));
  const auto connections = graph::connections(*answers.network, *answers.reachability);
  if (format == "json") {
    console.out(to_json_list(connections));
  } else if (format == "csv") {
    console.out(to_csv(connections));
  } else if (format == "md") {
    console.out(to_markdown(connections));
  } else if (format == "svg") {
    console.out(graph::to_svg(connections));
  } else if (format == "dot") {
    console.out(to_dot(connections));
  } else {
    console.out(graph::to_text(connections));
  }
  console.err(std::string(kNetpolAssumption) + "\n");
  return answers.exit_code();
}

// ---- can

struct End {
  std::string name;
  std::vector<Reachability::Peer> peers;
  graph::Id ns = graph::kNone;  // of a workload
  graph::Id workload = graph::kNone;
};

// Istio's policies among the objects, which decide after the network has let a connection through.
authz::Mesh mesh_of(const NetpolAnswers& answers) {
  authz::Mesh mesh;
  for (const LoadedObject& object : answers.estate.objects) mesh.add(*object.node);
  return mesh;
}
std::optional<authz::Workload> mesh_workload(const graph::Network& network, const graph::Pod& pod) {
  const auto view = kube::find_pod(*pod.source);
  if (!view) return std::nullopt;
  return authz::Workload{network.namespaces[pod.ns].name, view->metadata, view->spec};
}
std::optional<authz::Workload> mesh_workload(const graph::Network& network, graph::Id workload) {
  for (const graph::Pod& pod : network.pods) {
    if (pod.workload == workload) return mesh_workload(network, pod);
  }
  return std::nullopt;
}

// "ns/name", "ns/name[Kind]" or an address.
base::Result<End> find_end(const NetpolAnswers& answers, const std::string& text) {
  if (const auto address = graph::parse_address(text)) {
    return End{text, {answers.reachability->address_peer(*address)}, graph::kNone, graph::kNone};
  }
  End end;
  std::vector<std::string_view> names;
  std::vector<std::string> all;
  for (graph::Id id = 0; id < answers.network->workloads.size(); ++id) {
    const graph::Workload& workload = answers.network->workloads[id];
    const std::string full = to_string(*answers.network, workload);
    all.push_back(full.substr(0, full.find('[')));
    if (text != full && text != all.back()) continue;
    if (!end.peers.empty() && text != full) {
      return base::fail(base::Code::kUsage,
                        text + " names more than one workload; write its kind too, as in " + quoted(full));
    }
    end.name = full;
    end.ns = workload.ns;
    end.workload = id;
    const auto peers = answers.reachability->workload_peers(id);
    end.peers.assign(peers.begin(), peers.end());
  }
  if (!end.peers.empty()) return end;
  names.assign(all.begin(), all.end());
  const std::string_view near = nearest(text, names);
  return base::fail(base::Code::kUsage, "no workload is called " + text +
                                            (near.empty() ? "; write namespace/name, or an address"
                                                          : "; did you mean " + std::string(near) + "?"));
}

struct PortChoice {
  graph::Protocol protocol = graph::Protocol::kTcp;
  uint16_t port = 0;  // 0: any
};

// "8080", "UDP/53", "udp/53".
base::Result<PortChoice> parse_port(std::string text) {
  PortChoice out;
  if (const size_t slash = text.find('/'); slash != std::string::npos) {
    std::string name = text.substr(0, slash);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    const auto protocol = graph::protocol_of(name);
    if (!protocol) return std::unexpected(usage_error("a port is a number, or TCP/80, UDP/53, SCTP/9; got " + text));
    out.protocol = *protocol;
    text = text.substr(slash + 1);
  }
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), out.port);
  if (problem != std::errc() || end != text.data() + text.size() || out.port == 0) {
    return std::unexpected(usage_error("a port is a number from 1 to 65535, or TCP/80, UDP/53, SCTP/9; got " + text));
  }
  return out;
}

base::Result<int> run_can(const std::vector<std::string>& paths, const std::string& from_text,
                          const std::string& to_text, const std::string& port_text, bool json, Console& console) {
  const NetpolAnswers answers = TRY(NetpolAnswers::of(paths, console));
  const Reachability& reachability = *answers.reachability;
  const End from = TRY(find_end(answers, from_text));
  const End to = TRY(find_end(answers, to_text));
  graph::PortSet ports;
  for (const auto a : from.peers) {
    for (const auto b : to.peers) ports.unite(reachability.connections(a, b));
  }
  bool allowed = !ports.empty();
  std::vector<std::string> reasons;
  std::optional<authz::Decision> mesh_says;
  if (!port_text.empty()) {
    const PortChoice choice = TRY(parse_port(port_text));
    const authz::Mesh mesh = mesh_of(answers);
    const auto server = to.workload == graph::kNone ? std::nullopt : mesh_workload(*answers.network, to.workload);
    if (!mesh.empty() && server && choice.protocol == graph::Protocol::kTcp) {
      for (const std::string& problem : mesh.problems()) console.warn(problem + "; left out, as Istio would refuse it");
      mesh_says = mesh.decide(
          mesh.on(*server),
          from.workload == graph::kNone ? std::nullopt : mesh_workload(*answers.network, from.workload), choice.port);
    }
    allowed = ports.contains(choice.protocol, choice.port);
    // Of several kinds of pod behind one name, the first whose answer is the answer.
    for (const auto a : from.peers) {
      for (const auto b : to.peers) {
        if (!reasons.empty() || reachability.allowed(a, b, choice.protocol, choice.port) != allowed) continue;
        if (from.ns != graph::kNone) {
          reasons.push_back(
              say(reachability.explain(Direction::kEgress, a, b, choice.protocol, choice.port), "egress"));
        }
        if (to.ns != graph::kNone) {
          reasons.push_back(
              say(reachability.explain(Direction::kIngress, b, a, choice.protocol, choice.port), "ingress"));
        }
      }
    }
  }
  std::string unknown;
  for (const End* end : {&from, &to}) {
    if (unknown.empty() && end->ns != graph::kNone) unknown = reachability.not_evaluated(end->ns);
  }
  const std::string answer = !unknown.empty() ? "not_evaluated" : allowed ? "allowed" : "denied";
  if (json) {
    console.out("{\"from\":" + quoted(from.name) + ",\"to\":" + quoted(to.name) + ",\"answer\":\"" + answer +
                "\",\"connections\":" + quoted(to_string(ports)) + ",\"reasons\":[");
    for (size_t i = 0; i < reasons.size(); ++i) console.out((i == 0 ? "" : ",") + quoted(reasons[i]));
    console.out("],\"authorization\":" + (mesh_says ? "{\"answer\":" + quoted(to_string(mesh_says->answer)) +
                                                          ",\"reason\":" + quoted(mesh_says->reason) + "}"
                                                    : "null"));
    console.out(",\"not_evaluated\":" + quoted(unknown) + ",\"assumption\":" + quoted(kNetpolAssumption) + "}\n");
  } else {
    console.out(answer + ": " + from.name + " => " + to.name + " : " + to_string(ports) + "\n");
    for (const std::string& reason : reasons) console.out("  " + reason + "\n");
    if (mesh_says) {
      console.out("  mesh: " + std::string(to_string(mesh_says->answer)) + ": " + report::clean(mesh_says->reason) +
                  "\n");
    }
    if (!unknown.empty()) console.out("  " + unknown + "\n");
    console.out("  " + std::string(kNetpolAssumption) + "\n");
  }
  return answers.exit_code();
}

// ---- exposure

base::Result<int> run_exposure(const std::vector<std::string>& paths, bool json, Console& console) {
  const NetpolAnswers answers = TRY(NetpolAnswers::of(paths, console));
  const auto exposures = graph::exposures(*answers.network, *answers.reachability);
  bool first = true;
  if (json) console.out("[");
  for (const graph::Exposure& e : exposures) {
    const std::string name = to_string(*answers.network, answers.network->workloads[e.workload]);
    if (json) {
      console.out(std::string(first ? "\n" : ",\n") + "{\"workload\":" + quoted(name) + ",\"doors\":[");
      for (size_t i = 0; i < e.doors.size(); ++i) {
        console.out(std::string(i == 0 ? "" : ",") + "{\"name\":" + quoted(e.doors[i].name) +
                    ",\"ports\":" + quoted(to_string(e.doors[i].ports)) +
                    ",\"blocked\":" + (e.doors[i].blocked ? "true" : "false") + "}");
      }
      console.out("],\"from_any_pod\":" + quoted(to_string(e.from_any_pod)) + ",\"from_outside\":" +
                  quoted(to_string(e.from_outside)) + ",\"to_outside\":" + quoted(to_string(e.to_outside)) +
                  ",\"ingress_isolated\":" + (e.ingress_isolated ? "true" : "false") + ",\"egress_isolated\":" +
                  (e.egress_isolated ? "true" : "false") + ",\"not_evaluated\":" + quoted(e.not_evaluated) + "}");
      first = false;
      continue;
    }
    console.out(report::clean(name) + "\n");
    for (const graph::Door& door : e.doors) {
      console.out("  from outside through " + report::clean(door.name) + ": " +
                  (door.blocked ? "blocked by policies (" + to_string(door.ports) + ")" : to_string(door.ports)) +
                  "\n");
    }
    console.out("  from any pod of the cluster: " + to_string(e.from_any_pod) +
                (e.ingress_isolated ? "" : " (no policy isolates it)") + "\n");
    console.out("  to the world outside: " + to_string(e.to_outside) +
                (e.egress_isolated ? "" : " (no policy isolates it)") + "\n");
    if (!e.not_evaluated.empty()) console.out("  not evaluated: " + report::clean(e.not_evaluated) + "\n");
  }
  if (json) console.out("\n]\n");
  console.err(std::string(kNetpolAssumption) + "\n");
  return answers.exit_code();
}

// ---- diff

base::Result<int> run_diff(const std::string& before_path, const std::string& after_path, bool json, Console& console) {
  const NetpolAnswers before = TRY(NetpolAnswers::of({before_path}, console));
  const NetpolAnswers after = TRY(NetpolAnswers::of({after_path}, console));
  std::map<std::pair<std::string, std::string>, std::pair<graph::PortSet, graph::PortSet>> pairs;
  for (graph::Connection& c : graph::connections(*before.network, *before.reachability)) {
    pairs[{c.from, c.to}].first = std::move(c.ports);
  }
  for (graph::Connection& c : graph::connections(*after.network, *after.reachability)) {
    pairs[{c.from, c.to}].second = std::move(c.ports);
  }
  size_t added = 0, removed = 0, changed = 0;
  bool first = true;
  if (json) console.out("[");
  for (const auto& [ends, ports] : pairs) {
    const auto& [old_ports, new_ports] = ports;
    if (old_ports == new_ports) continue;
    const std::string_view what = old_ports.empty() ? "added" : new_ports.empty() ? "removed" : "changed";
    (old_ports.empty() ? added : new_ports.empty() ? removed : changed) += 1;
    if (json) {
      console.out(std::string(first ? "\n" : ",\n") + "{\"change\":" + quoted(what) + ",\"src\":" + quoted(ends.first) +
                  ",\"dst\":" + quoted(ends.second) + ",\"before\":" + quoted(to_string(old_ports)) +
                  ",\"after\":" + quoted(to_string(new_ports)) + "}");
      first = false;
    } else {
      console.out(std::string(what == "added"     ? "+ "
                              : what == "removed" ? "- "
                                                  : "~ ") +
                  ends.first + " => " + ends.second + " : " +
                  (what == "added"     ? to_string(new_ports)
                   : what == "removed" ? to_string(old_ports)
                                       : to_string(old_ports) + " -> " + to_string(new_ports)) +
                  "\n");
    }
  }
  if (json) console.out("\n]\n");
  console.err(std::to_string(added) + " added, " + std::to_string(removed) + " removed, " + std::to_string(changed) +
              " changed. " + std::string(kNetpolAssumption) + "\n");
  return worse(before.exit_code(), after.exit_code());
}

// ---- lint

base::Result<int> run_lint(const std::vector<std::string>& paths, bool json, Console& console) {
  const NetpolAnswers answers = TRY(NetpolAnswers::of(paths, console));
  std::map<const doc::Node*, const doc::Document*> document_of;
  for (const LoadedObject& object : answers.estate.objects) document_of[object.node] = object.document.get();
  bool first = true;
  size_t told = 0;
  const auto tell = [&](std::string_view id, std::string_view title, const std::string& subject,
                        const doc::Node* source, const doc::Node* place, const std::string& message) {
    std::string where;
    if (const auto document = document_of.find(source); document != document_of.end()) {
      where = document->second->source().where((place != nullptr ? place : source)->begin);
    }
    if (json) {
      console.out(std::string(first ? "\n" : ",\n") + "{\"id\":" + quoted(id) + ",\"title\":" + quoted(title) +
                  ",\"subject\":" + quoted(subject) + ",\"where\":" + quoted(where) +
                  ",\"message\":" + quoted(message) + "}");
    } else {
      console.out(std::string(id) + " " + std::string(title) + "\n  " + report::clean(subject) +
                  (where.empty() ? "" : " at " + report::clean(where)) + "\n  " + report::clean(message) + "\n");
    }
    first = false;
    ++told;
  };
  if (json) console.out("[");
  for (const graph::NetpolProblem& problem : graph::lint(*answers.network, *answers.reachability)) {
    const bool of_policy = problem.policy != nullptr;
    tell(problem.id, problem.title,
         of_policy ? to_string(*problem.policy)
                   : to_string(*answers.network, answers.network->workloads[problem.workload]),
         of_policy ? problem.policy->source : nullptr, problem.place, problem.message);
  }
  const authz::Mesh mesh = mesh_of(answers);
  if (!mesh.empty()) {
    std::vector<authz::Workload> workloads;
    for (const graph::Pod& pod : answers.network->pods) {
      if (auto workload = mesh_workload(*answers.network, pod)) workloads.push_back(std::move(*workload));
    }
    for (const std::string& problem : mesh.problems()) console.warn(problem + "; left out, as Istio would refuse it");
    for (const authz::Problem& problem : mesh.lint(workloads)) {
      tell(problem.id, problem.title, to_string(*problem.policy), problem.policy->source, problem.place,
           problem.message);
    }
  }
  if (json) console.out("\n]\n");
  console.err(report::count(answers.network->policies.size(), "policy", "policies") + ", " +
              report::count(answers.network->workloads.size(), "workload", "workloads") + ": " +
              report::count(told, "problem", "problems") + "\n");
  return answers.exit_code();
}

}  // namespace

base::Result<Action> parse_netpol_connlist(const Words& words) {
  return Action([paths = paths_of(words), format = words.get("--output", "text")](Console& console) {
    return finish(run_connlist(paths, format, console), console);
  });
}

base::Result<Action> parse_netpol_can(const Words& words) {
  TRY_STATUS(check_operands(words, 2, 3, "who, whom, and the port"));
  const auto& operands = words.operands();
  std::vector<std::string> paths = words.all("--resources");
  if (paths.empty()) paths.emplace_back(".");
  const std::string port = operands.size() > 2 ? operands[2] : "";
  if (!port.empty()) TRY(parse_port(port));
  return Action([paths, from = operands[0], to = operands[1], port, json = is_json(words)](Console& console) {
    return finish(run_can(paths, from, to, port, json, console), console);
  });
}

base::Result<Action> parse_netpol_exposure(const Words& words) {
  return Action([paths = paths_of(words), json = is_json(words)](Console& console) {
    return finish(run_exposure(paths, json, console), console);
  });
}

base::Result<Action> parse_netpol_diff(const Words& words) {
  TRY_STATUS(check_operands(words, 2, 2, "the old and the new state"));
  return Action([before = words.operands()[0], after = words.operands()[1], json = is_json(words)](Console& console) {
    return finish(run_diff(before, after, json, console), console);
  });
}

base::Result<Action> parse_netpol_lint(const Words& words) {
  return Action([paths = paths_of(words), json = is_json(words)](Console& console) {
    return finish(run_lint(paths, json, console), console);
  });
}

}  // namespace ameia::app
