// ameia rbac paths: who can become whom, by which technique, and which binding to take away.
#include <algorithm>
#include <map>
#include <set>

#include "app/cmd.h"
#include "app/exit.h"
#include "app/limits.h"
#include "app/rbac_estate.h"
#include "graph/escalation.h"
#include "graph/escalation_paths.h"
#include "report/text.h"

namespace ameia::app {
namespace {

using graph::Escalation;
using graph::EscalationEdge;
using graph::EscalationPath;
using graph::Id;
using graph::Sink;
using graph::Technique;

constexpr size_t kSinks = static_cast<size_t>(Sink::kSinks);

struct Choice {
  std::string from;
  Sink to = Sink::kSinks;  // kSinks: all
  bool all = false;        // also what hangs on a condition
  bool json = false;
};

// The Escalation borrows from the RbacEstate.
struct Answers {
  RbacEstate estate;
  std::unique_ptr<Escalation> escalation;

  static base::Result<Answers> of(const std::vector<std::string>& paths, Console& console) {
    Answers out{TRY(RbacEstate::load(paths, console)), nullptr};
    graph::EscalationBuilder builder(*out.estate.access);
    for (const LoadedObject& object : out.estate.estate.objects) builder.add(*object.node);
    out.escalation = std::make_unique<Escalation>(std::move(builder).build());
    return out;
  }
};

// A path of bindings and memberships only: the source is what the sink is, nothing is escalated.
bool is_holder(const EscalationPath& path) {
  return std::all_of(path.edges.begin(), path.edges.end(), [](const EscalationEdge& edge) {
    return edge.technique == Technique::kBoundTo || edge.technique == Technique::kMemberOf ||
           edge.technique == Technique::kEverything;
  });
}

std::string step_text(const Answers& answers, const EscalationEdge& edge) {
  const graph::TechniqueInfo& info = graph::info(edge.technique);
  const graph::Vertex& to = answers.escalation->nodes()[edge.to];
  std::string text = report::clean(answers.escalation->name(edge.to));
  if (to.kind == graph::VertexKind::kBinding) {
    const rbac::Binding& binding = answers.estate.authorizer->bindings()[to.a];
    return text + " to " + report::clean(role_text(binding)) + " (" +
           report::clean(answers.estate.where(binding.source)) + ")";
  }
  const graph::Vertex& from = answers.escalation->nodes()[edge.from];
  text += ": " + std::string(info.title);
  if (from.kind == graph::VertexKind::kWorkload && !answers.escalation->workloads()[from.a].escape.empty() &&
      (edge.technique == Technique::kHostEscape || edge.technique == Technique::kHostEscapePartly)) {
    text += "; " + report::clean(answers.escalation->workloads()[from.a].escape);
  }
  if (edge.technique != Technique::kScope) text += " [" + std::string(info.id) + "]";
  if (!edge.certain) text += "\n         if: " + std::string(info.condition);
  return text;
}

void print_path(const Answers& answers, const EscalationPath& path, const std::string& indent, Console& console) {
  for (const EscalationEdge& edge : path.edges) console.out(indent + "-> " + step_text(answers, edge) + "\n");
}

std::string json_of(const Answers& answers, Id source, Sink sink, const EscalationPath& path) {
  std::string out = "{\"from\":" + quoted(answers.escalation->name(source)) + ",\"to\":" + quoted(to_string(sink)) +
                    ",\"certain\":" + (path.certain() ? "true" : "false") +
                    ",\"holder\":" + (is_holder(path) ? "true" : "false") + ",\"steps\":[";
  for (size_t i = 0; i < path.edges.size(); ++i) {
    const EscalationEdge& edge = path.edges[i];
    const graph::TechniqueInfo& info = graph::info(edge.technique);
    out += std::string(i == 0 ? "" : ",") + "{\"to\":" + quoted(answers.escalation->name(edge.to)) +
           ",\"id\":" + quoted(info.id) + ",\"title\":" + quoted(info.title) + ",\"why\":" + quoted(info.why) +
           ",\"condition\":" + quoted(edge.certain ? "" : info.condition) + ",\"mitre\":" + quoted(info.mitre) +
           ",\"reference\":" + quoted(info.reference) + "}";
  }
  return out + "]}";
}

// What a worse sink includes is not told again.
bool includes(Sink worse, Sink lesser) {
  if (worse == lesser || lesser == Sink::kCloudRole) return false;
  return worse == Sink::kClusterAdmin || worse == Sink::kSystemMasters;
}

// ---- every source

struct Found {
  Id source;
  EscalationPath path;
};

std::vector<std::vector<Found>> find_all(const Answers& answers, const Choice& choice, size_t& conditional) {
  const graph::Reach reach(*answers.escalation);
  std::vector<std::vector<Found>> found(kSinks);
  std::set<std::pair<Id, bool>> told;
  for (const Id source : answers.escalation->sources()) {
    std::vector<std::pair<Sink, bool>> reached;  // and whether with certainty
    for (size_t i = 0; i < kSinks; ++i) {
      const auto sink = static_cast<Sink>(i);
      if (choice.to != Sink::kSinks && choice.to != sink) continue;
      auto path = reach.path(source, sink);
      if (!path || path->edges.empty()) continue;
      const bool certain = path->certain();
      const bool included = choice.to == Sink::kSinks && std::any_of(reached.begin(), reached.end(), [&](auto worse) {
                              return includes(worse.first, sink) && (worse.second || !certain);
                            });
      if (included) continue;
      if (certain || choice.all) {
        reached.emplace_back(sink, certain);
        found[i].push_back({source, std::move(*path)});
      } else {
        ++conditional;
      }
    }
  }
  for (auto& of_sink : found) {
    std::stable_sort(of_sink.begin(), of_sink.end(), [](const Found& a, const Found& b) {
      return std::pair(!a.path.certain(), a.path.edges.size()) < std::pair(!b.path.certain(), b.path.edges.size());
    });
  }
  return found;
}

void print_cuts(const Answers& answers, Sink sink, size_t sources, Console& console) {
  const std::vector<graph::Cut> cuts = graph::cuts(*answers.escalation, sink);
  for (size_t i = 0; i < cuts.size() && i < kCutsShown; ++i) {
    console.out(std::string(i == 0 ? "  cut: " : "       ") + "without " +
                report::clean(answers.escalation->name(cuts[i].vertex)) + ", " + std::to_string(cuts[i].sources) +
                " of " + std::to_string(sources) + " cannot\n");
  }
}

base::Result<int> run_all(const Answers& answers, const Choice& choice, Console& console) {
  size_t conditional = 0, escalations = 0;
  const auto found = find_all(answers, choice, conditional);
  std::string json_text = "{\"paths\":[";
  std::string json_cuts;
  bool first = true;
  for (size_t i = 0; i < kSinks; ++i) {
    const auto sink = static_cast<Sink>(i);
    if (found[i].empty()) continue;
    const auto certain = static_cast<size_t>(
        std::count_if(found[i].begin(), found[i].end(), [](const Found& f) { return f.path.certain(); }));
    if (choice.json) {
      for (const Found& one : found[i]) {
        json_text += std::string(first ? "\n" : ",\n") + json_of(answers, one.source, sink, one.path);
        first = false;
      }
      for (const graph::Cut& cut : graph::cuts(*answers.escalation, sink)) {
        json_cuts += std::string(json_cuts.empty() ? "\n" : ",\n") + "{\"to\":" + quoted(to_string(sink)) +
                     ",\"without\":" + quoted(answers.escalation->name(cut.vertex)) +
                     ",\"sources\":" + std::to_string(cut.sources) + "}";
      }
      continue;
    }
    console.out(std::string(to_string(sink)) + "\n");
    for (const Found& one : found[i]) {
      const bool holder = is_holder(one.path);
      escalations += holder ? 0 : 1;
      console.out("  " + report::clean(answers.escalation->name(one.source)) +
                  (holder               ? " has it\n"
                   : one.path.certain() ? "\n"
                                        : ", perhaps\n"));
      print_path(answers, one.path, "    ", console);
    }
    if (certain > 1) print_cuts(answers, sink, certain, console);
  }
  if (choice.json) {
    console.out(json_text + "\n],\"cuts\":[" + json_cuts + "\n],\"conditional\":" + std::to_string(conditional) +
                "}\n");
  } else {
    console.err(report::count(escalations, "escalation", "escalations") +
                (conditional == 0
                     ? "\n"
                     : "; " + std::to_string(conditional) + " more hang on what objects do not show: see --all\n"));
  }
  return answers.estate.exit_code();
}

// ---- one source

base::Result<std::vector<Id>> find_sources(const Answers& answers, const std::string& text) {
  const Escalation& escalation = *answers.escalation;
  constexpr std::string_view kWorkload = "workload:";
  std::vector<Id> out;
  if (text.starts_with(kWorkload)) {
    out = escalation.find_workloads(std::string_view(text).substr(kWorkload.size()));
  } else {
    const graph::AccessSubject subject = parse_subject(text, *answers.estate.access);
    if (const Id id = escalation.find(subject); id != graph::kNone) {
      out.push_back(id);
    } else {
      for (const std::string& group : graph::implied_groups(subject)) {  // nothing is bound to it but to its groups
        const Id of_group = escalation.find({rbac::SubjectKind::kGroup, "", group});
        if (of_group != graph::kNone && subject.kind != rbac::SubjectKind::kServiceAccount) out.push_back(of_group);
      }
    }
    if (out.empty()) out = escalation.find_workloads(text);
  }
  if (!out.empty()) return out;
  return base::fail(base::Code::kInvalidInput,
                    "\"" + text +
                        "\" is no subject with a binding and no workload of the estate; write namespace/name, "
                        "user:NAME, group:NAME or workload:namespace/name");
}

void print_blast(const Answers& answers, Id source, Console& console) {
  const Escalation& escalation = *answers.escalation;
  std::map<std::string, std::vector<std::string>> by_kind;
  for (const Id id : graph::blast_radius(escalation, source)) {
    const graph::Vertex& vertex = escalation.nodes()[id];
    switch (vertex.kind) {
      case graph::VertexKind::kSubject: by_kind["identities"].push_back(escalation.name(id)); break;
      case graph::VertexKind::kWorkload: by_kind["workloads"].push_back(escalation.name(id)); break;
      case graph::VertexKind::kAnySecret: by_kind["secrets"].push_back(escalation.name(id)); break;
      case graph::VertexKind::kCloudRole: by_kind["cloud identities"].push_back(escalation.name(id)); break;
      case graph::VertexKind::kNamespaceAdmin: by_kind["namespaces"].push_back(escalation.name(id)); break;
      case graph::VertexKind::kSink: by_kind["goals"].push_back(escalation.name(id)); break;
      default: break;
    }
  }
  console.out("  blast radius of " + report::clean(escalation.name(source)) + (by_kind.empty() ? ": nothing\n" : "\n"));
  for (const auto& [kind, names] : by_kind) {
    console.out("    " + std::to_string(names.size()) + " " + kind + ":");
    for (size_t i = 0; i < names.size() && i < kBlastShown; ++i)
      console.out(std::string(i == 0 ? " " : ", ") + report::clean(names[i]));
    console.out(names.size() > kBlastShown ? ", …\n" : "\n");
  }
}

std::string json_blast(const Answers& answers, Id source) {
  std::string out = "[";
  for (const Id id : graph::blast_radius(*answers.escalation, source)) {
    const graph::VertexKind kind = answers.escalation->nodes()[id].kind;
    if (kind == graph::VertexKind::kBinding || kind == graph::VertexKind::kCombination) continue;
    out += (out.size() > 1 ? "," : "") + quoted(answers.escalation->name(id));
  }
  return out + "]";
}

base::Result<int> run_from(const Answers& answers, const Choice& choice, Console& console) {
  const Escalation& escalation = *answers.escalation;
  const graph::Reach reach(escalation);
  std::string json_text = "[";
  for (const Id source : TRY(find_sources(answers, choice.from))) {
    if (!choice.json) console.out(report::clean(escalation.name(source)) + "\n");
    json_text += std::string(json_text.size() > 1 ? "," : "") + "\n{\"from\":" + quoted(escalation.name(source)) +
                 ",\"sinks\":[";
    size_t told = 0, conditional = 0;
    for (size_t i = 0; i < kSinks; ++i) {
      const auto sink = static_cast<Sink>(i);
      if (choice.to != Sink::kSinks && choice.to != sink) continue;
      if (!reach.reaches(source, sink, false)) continue;
      if (!choice.all && !reach.reaches(source, sink, true)) {
        ++conditional;
        continue;
      }
      const std::vector<EscalationPath> ways = graph::alternatives(escalation, source, sink, kWaysShown);
      const std::vector<Id> cuts = graph::on_every_path(escalation, source, sink);
      if (choice.json) {
        json_text += std::string(told == 0 ? "" : ",") + "\n{\"to\":" + quoted(to_string(sink)) + ",\"ways\":[";
        for (size_t w = 0; w < ways.size(); ++w)
          json_text += std::string(w == 0 ? "" : ",") + json_of(answers, source, sink, ways[w]);
        json_text += "],\"on_every_way\":[";
        for (size_t c = 0; c < cuts.size(); ++c) json_text += (c == 0 ? "" : ",") + quoted(escalation.name(cuts[c]));
        json_text += "]}";
      } else {
        for (size_t w = 0; w < ways.size(); ++w) {
          console.out("  " + std::string(to_string(sink)) +
                      (w > 0                ? ", another way\n"
                       : is_holder(ways[w]) ? ": it has it\n"
                       : ways[w].certain()  ? "\n"
                                            : ", perhaps\n"));
          print_path(answers, ways[w], "    ", console);
        }
        for (const Id cut : cuts) console.out("    on every way: " + report::clean(escalation.name(cut)) + "\n");
      }
      ++told;
    }
    if (choice.json) {
      json_text +=
          "],\"conditional\":" + std::to_string(conditional) + ",\"blast_radius\":" + json_blast(answers, source) + "}";
    } else {
      if (told == 0) console.out("  reaches nothing of what was asked\n");
      if (conditional > 0) {
        console.out("  " + report::count(conditional, "goal", "goals") +
                    " more hang on what objects do not show: see --all\n");
      }
      print_blast(answers, source, console);
    }
  }
  if (choice.json) console.out(json_text + "\n]\n");
  return answers.estate.exit_code();
}

base::Result<int> run_paths(const std::vector<std::string>& paths, const Choice& choice, Console& console) {
  const Answers answers = TRY(Answers::of(paths, console));
  return choice.from.empty() ? run_all(answers, choice, console) : run_from(answers, choice, console);
}

}  // namespace

base::Result<Action> parse_rbac_paths(const Words& words) {
  Choice choice;
  choice.from = words.get("--from");
  if (words.has("--to")) choice.to = graph::parse_sink(words.get("--to"));
  choice.all = words.has("--all");
  choice.json = words.get("--output") == "json";
  std::vector<std::string> paths = words.operands();
  if (paths.empty()) paths.emplace_back(".");
  return Action([paths, choice](Console& console) { return finish(run_paths(paths, choice, console), console); });
}

}  // namespace ameia::app
