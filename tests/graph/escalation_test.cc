// Escalation against small estates in tests/cases/graph/*.case (the format is described in escalation.case), against
// Kubernetes' own roles, and the properties of its searches on random estates.
#include "graph/escalation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "graph/escalation_paths.h"
#include "rbac/default_roles.h"
#include "rbac_estates.h"

namespace ameia::graph {
namespace {

struct Graph {
  RbacWorld world;
  std::unique_ptr<Access> access;
  std::unique_ptr<Escalation> escalation;
};

Graph graph_of(std::string yaml, bool with_default_roles) {
  Graph graph;
  graph.world.stream =
      doc::parse_yaml(std::make_shared<doc::Source>("estate.yaml", std::move(yaml)), std::make_shared<doc::Keys>());
  for (const auto& error : graph.world.stream.errors) ADD_FAILURE() << error.text();
  rbac::Authorizer::Builder roles;
  for (const auto& document : graph.world.stream.documents) roles.add(document->root());
  if (with_default_roles) {
    for (const doc::Node* role : rbac::default_roles()) roles.add(*role);
  }
  graph.world.authorizer = std::make_unique<rbac::Authorizer>(std::move(roles).build());
  graph.access = std::make_unique<Access>(*Access::of(*graph.world.authorizer));
  EscalationBuilder builder(*graph.access);
  for (const auto& document : graph.world.stream.documents) builder.add(document->root());
  graph.escalation = std::make_unique<Escalation>(std::move(builder).build());
  return graph;
}

std::string read(const std::string& name) {
  std::ifstream in(std::string(AMEIA_SOURCE_DIR) + "/tests/cases/graph/" + name, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  EXPECT_FALSE(text.str().empty()) << name;
  return text.str();
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

AccessSubject subject_of(const std::string& text) {
  if (text.starts_with("user:")) return {rbac::SubjectKind::kUser, "", text.substr(5)};
  if (text.starts_with("group:")) return {rbac::SubjectKind::kGroup, "", text.substr(6)};
  return service_account(text.substr(0, text.find('/')), text.substr(text.find('/') + 1));
}

std::string subject_yaml(const std::string& text) {
  const AccessSubject subject = subject_of(text);
  switch (subject.kind) {
    case rbac::SubjectKind::kUser: return "{kind: User, name: \"" + subject.name + "\"}";
    case rbac::SubjectKind::kGroup: return "{kind: Group, name: \"" + subject.name + "\"}";
    case rbac::SubjectKind::kServiceAccount: break;
  }
  return "{kind: ServiceAccount, name: " + subject.name + ", namespace: " + subject.ns + "}";
}

// "pods/exec,deployments.apps" → rules, one a resource
std::string rules_yaml(const std::string& verbs, const std::string& resources, const std::string& names) {
  std::string out;
  std::istringstream in(resources);
  for (std::string resource; std::getline(in, resource, ',');) {
    const size_t slash = resource.find('/');
    const std::string sub = slash == std::string::npos ? "" : resource.substr(slash);
    const std::string full = resource.substr(0, slash);
    const size_t dot = full.find('.');
    const std::string group = dot == std::string::npos ? "" : full.substr(dot + 1);
    out += "- {apiGroups: [\"" + group + "\"], resources: [\"" + full.substr(0, dot) + sub + "\"], verbs: [\"";
    for (const char c : verbs) out += c == ',' ? std::string("\", \"") : std::string(1, c);
    out += "\"]" + (names.empty() ? "" : ", resourceNames: [\"" + names + "\"]") + "}\n";
  }
  return out;
}

struct Case {
  std::string title, yaml;
  std::vector<std::vector<std::string>> wants;
  bool default_roles = false;
};

std::vector<Case> cases_of(const std::string& text) {
  std::vector<Case> cases;
  std::istringstream in(text);
  int grants = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("== ")) {
      cases.push_back({line.substr(3), "", {}, false});
      grants = 0;
      continue;
    }
    const std::vector<std::string> words = words_of(line);
    if (cases.empty() || words.empty() || words[0][0] == '#') continue;
    Case& one = cases.back();
    if (words[0] == "ns") {
      one.yaml += "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: " + words[1] +
                  (words.size() > 2 ? ", labels: {pod-security.kubernetes.io/enforce: " + words[2] + "}" : "") + "}\n";
    } else if (words[0] == "sa") {
      const AccessSubject subject = subject_of(words[1]);
      one.yaml += "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: " + subject.name +
                  ", namespace: " + subject.ns + "}\n";
    } else if (words[0] == "grant" || words[0] == "bind") {
      const bool cluster = words[2] == "*";
      const std::string n = std::to_string(grants++);
      const bool is_grant = words[0] == "grant";
      if (is_grant) {
        one.yaml += "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: role" + n +
                    "}\nrules:\n" + rules_yaml(words[3], words[4], words.size() > 5 ? words[5] : "");
      }
      one.yaml += std::string("---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ") +
                  (cluster ? "ClusterRoleBinding" : "RoleBinding") + "\nmetadata: {name: binding" + n +
                  (cluster ? "" : ", namespace: " + words[2]) +
                  "}\nroleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: " +
                  (is_grant ? "role" + n : words[3]) + "}\nsubjects: [" + subject_yaml(words[1]) + "]\n";
    } else if (words[0] == "yaml") {
      one.yaml += "---\n";
      while (std::getline(in, line) && line != "end") one.yaml += line + "\n";
    } else if (words[0] == "default-roles") {
      one.default_roles = true;
    } else {
      one.wants.push_back(words);
    }
  }
  return cases;
}

Id source_of(const Escalation& escalation, const std::string& text) {
  if (text.starts_with("workload:")) {
    const auto found = escalation.find_workloads(text.substr(9));
    return found.empty() ? kNone : found[0];
  }
  return escalation.find(subject_of(text));
}

// "want" SUBJECT SINK ID…: a certain path with these techniques. "maybe": only one that hangs on a condition.
// "no": none at all.
std::string check(const Escalation& escalation, const Reach& reach, const std::vector<std::string>& want) {
  const Id source = source_of(escalation, want[1]);
  if (source == kNone) return "there is no " + want[1];
  const Sink sink = parse_sink(want[2]);
  if (sink == Sink::kSinks) return "there is no sink " + want[2];
  const auto path = reach.path(source, sink);
  if (want[0] == "no") return path ? "there is a path that should not be" : "";
  if (!path) return "there is no path";
  if (path->certain() != (want[0] == "want"))
    return path->certain() ? "the path is certain" : "the path is not certain";
  std::set<std::string_view> ids;
  std::string way;
  for (const EscalationEdge& edge : path->edges) {
    ids.insert(info(edge.technique).id);
    way += " -> " + escalation.name(edge.to) + " (" + std::string(info(edge.technique).id) + ")";
  }
  for (size_t i = 3; i < want.size(); ++i) {
    if (!ids.contains(want[i])) return "the path has no " + want[i] + ":" + way;
  }
  return "";
}

TEST(Escalation, Cases) {
  std::set<std::string> covered;
  for (const Case& one : cases_of(read("escalation.case"))) {
    SCOPED_TRACE(one.title);
    const Graph graph = graph_of(one.yaml, one.default_roles);
    const Reach reach(*graph.escalation);
    EXPECT_FALSE(one.wants.empty());
    for (const auto& want : one.wants) {
      ASSERT_GE(want.size(), 3u);
      std::string line;
      for (const std::string& word : want) line += word + " ";
      EXPECT_EQ(check(*graph.escalation, reach, want), "") << line;
      if (want[0] != "no") covered.insert(want.begin() + 3, want.end());
    }
  }
  for (const TechniqueInfo& technique : techniques()) {
    EXPECT_TRUE(covered.contains(std::string(technique.id))) << "no case has " << technique.id;
  }
}

TEST(Escalation, EveryTechniqueHasItsWords) {
  std::set<std::string_view> ids;
  const std::string manual = read("../../../docs/rbac.md");
  for (const TechniqueInfo& technique : techniques()) {
    EXPECT_NE(manual.find("| " + std::string(technique.id) + " |"), std::string::npos) << technique.id;
    EXPECT_TRUE(ids.insert(technique.id).second) << technique.id;
    EXPECT_FALSE(technique.title.empty()) << technique.id;
  }
  for (size_t i = 0; i < static_cast<size_t>(Technique::kRbacTechniques); ++i) {
    const TechniqueInfo& technique = techniques()[i];
    EXPECT_FALSE(technique.why.empty() || technique.mitre.empty() || technique.reference.empty()) << technique.id;
  }
}

// A certain path exists exactly when the forward walk arrives; its edges are joined; alternatives differ; removing what
// lies on every path closes it.
TEST(Escalation, SearchesAgreeOnRandomEstates) {
  size_t paths = 0, closed = 0;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    RbacGenerator make(seed);
    std::string yaml = make.roles();
    for (int i = 0; i < 6; ++i) yaml += make.binding(i);
    const Graph graph = graph_of(yaml, true);
    const Escalation& escalation = *graph.escalation;
    const Reach reach(escalation);
    for (const Id source : escalation.sources()) {
      const std::vector<Id> blast = blast_radius(escalation, source);
      for (size_t s = 0; s < static_cast<size_t>(Sink::kSinks); ++s) {
        const auto sink = static_cast<Sink>(s);
        const bool arrives = escalation.is_sink(source, sink) ||
                             std::any_of(blast.begin(), blast.end(), [&](Id v) { return escalation.is_sink(v, sink); });
        ASSERT_EQ(reach.reaches(source, sink, true), arrives) << "seed " << seed;
        const auto path = reach.path(source, sink);
        if (!path || !path->certain()) continue;
        ++paths;
        Id at = source;
        for (const EscalationEdge& edge : path->edges) {
          ASSERT_EQ(edge.from, at);
          at = edge.to;
        }
        ASSERT_TRUE(escalation.is_sink(at, sink));
        const auto ways = alternatives(escalation, source, sink, 4);
        ASSERT_FALSE(ways.empty());
        ASSERT_EQ(ways[0].edges.size(), path->edges.size());
        std::vector<bool> ends(escalation.nodes().size());
        for (const Id end : escalation.sinks(sink)) ends[end] = true;
        for (const Id cut : on_every_path(escalation, source, sink)) {
          std::vector<bool> avoided(escalation.nodes().size());
          avoided[cut] = true;
          ASSERT_FALSE(shortest(escalation, source, ends, true, avoided)) << "seed " << seed;
          ++closed;
        }
        if (ways.size() == 1) {  // every binding of the only way closes it
          size_t bindings = 0;
          for (const EscalationEdge& edge : ways[0].edges)
            bindings += escalation.nodes()[edge.to].kind == VertexKind::kBinding ? 1 : 0;
          ASSERT_GE(on_every_path(escalation, source, sink).size(), bindings) << "seed " << seed;
        }
      }
    }
  }
  EXPECT_GT(paths, 300u);
  EXPECT_GT(closed, 100u);
}

TEST(Escalation, ACutCountsTheSourcesThatNeedIt) {
  const Graph graph = graph_of(cases_of(read("cuts.case"))[0].yaml, true);
  const auto found = cuts(*graph.escalation, Sink::kClusterAdmin);
  ASSERT_FALSE(found.empty());
  // shop/a, shop/b, their pods' account shop/robot and its workload all go through robot's binding.
  EXPECT_EQ(graph.escalation->name(found[0].vertex), "ClusterRoleBinding binding0");
  EXPECT_EQ(found[0].sources, 4u);
}

TEST(Escalation, KubernetesOwnRolesLeadNowhere) {
  const Graph graph = graph_of(read("default-roles.yaml"), false);
  const Reach reach(*graph.escalation);
  EXPECT_GT(graph.access->grants().size(), 40u);
  for (const Id source : graph.escalation->sources()) {
    for (size_t s = 0; s < static_cast<size_t>(Sink::kSinks); ++s) {
      EXPECT_FALSE(reach.reaches(source, static_cast<Sink>(s), false))
          << graph.escalation->name(source) << " reaches " << to_string(static_cast<Sink>(s));
    }
  }
}

TEST(Escalation, CleanClustersHaveNoPath) {
  for (const Case& one : cases_of(read("clean.case"))) {
    SCOPED_TRACE(one.title);
    const Graph graph = graph_of(one.yaml + "\n---\n" + read("default-roles.yaml"), false);
    const Reach reach(*graph.escalation);
    EXPECT_FALSE(graph.escalation->sources().empty());
    for (const Id source : graph.escalation->sources()) {
      for (size_t s = 0; s < static_cast<size_t>(Sink::kSinks); ++s) {
        EXPECT_FALSE(reach.reaches(source, static_cast<Sink>(s), false))
            << graph.escalation->name(source) << " reaches " << to_string(static_cast<Sink>(s));
      }
    }
  }
}

}  // namespace
}  // namespace ameia::graph
