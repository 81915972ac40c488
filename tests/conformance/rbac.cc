// rbac: clusters with planted escalations. corpus/*/labels.json name a rule and a subject each, over a snapshot of a
// cluster; manifests describe in comments what they plant: a rule's id at a service account, or a sentence that has a
// service account of the file reach a goal. What is not about escalation is left aside. Their ids: docs/rbac.md.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "doc/json.h"
#include "doc/yaml.h"
#include "graph/escalation.h"
#include "graph/escalation_paths.h"
#include "rbac/default_roles.h"
#include "suite.h"

namespace ameia::conformance {
namespace {

using doc::Node;
using graph::Sink;
using graph::Technique;

// Which of our techniques are a rule of theirs.
const std::map<std::string_view, std::vector<Technique>>& techniques_of_rule() {
  using enum Technique;
  static const std::map<std::string_view, std::vector<Technique>> kTable = {
      {"KUBE-PRIVESC-001", {kCreatePod}},
      {"KUBE-PRIVESC-002", {kCreatePodEscape}},
      {"KUBE-PRIVESC-003", {kWriteWorkload}},
      {"KUBE-PRIVESC-004", {kExec, kAttach}},
      {"KUBE-PRIVESC-005", {kListSecrets}},
      {"KUBE-PRIVESC-006", {kGetSecrets}},
      {"KUBE-PRIVESC-007", {kMintTokenSecret}},
      {"KUBE-PRIVESC-008", {kImpersonateUser, kImpersonateGroup, kImpersonateAccount}},
      {"KUBE-PRIVESC-009", {kBindClusterWide, kBindInNamespace, kEscalateClusterRole, kEscalateRole}},
      {"KUBE-PRIVESC-010", {kWriteBinding, kWriteClusterBinding, kBindClusterWide, kBindInNamespace}},
      {"KUBE-PRIVESC-011", {kApproveCertificate}},
      {"KUBE-PRIVESC-012", {kNodeProxy}},
      {"KUBE-PRIVESC-013", {kEphemeralContainer}},
      {"KUBE-PRIVESC-014", {kRequestToken}},
      {"KUBE-PRIVESC-015", {kPortForward}},
      {"KUBE-PRIVESC-016", {kMigratePods}},
      {"KUBE-PRIVESC-017", {kEverything}},
      {"KUBE-PRIVESC-018", {kMutatingWebhook, kValidatingWebhook}},
      {"KUBE-PRIVESC-019", {kMutatingPolicy, kAdmissionGuard}},
      {"KUBE-PRIVESC-020", {kApiService}},
      {"KUBE-PRIVESC-021", {kEndpoints}},
      {"KUBE-PRIVESC-022", {kServiceAddress}},
      {"KUBE-PRIVESC-024", {kSignCertificate}},
      {"KUBE-PRIVESC-025", {kImpersonateAttributes}},
      {"KUBE-PRIVESC-026", {kBootstrapToken}},
      {"KUBE-PRIVESC-027", {kHostPathVolume}},
      {"KUBE-PRIVESC-028", {kStorageClass}},
      {"KUBE-PRIVESC-029", {kNodeRead}},
      {"KUBE-PRIVESC-030", {kSchedulePod}},
      {"KUBE-PRIVESC-031", {kMountSecret}},
      {"KUBE-PRIVESC-032", {kWriteWorkload}},
      {"KUBE-RBAC-OVERBROAD-001", {kEverything}},
      {"KUBE-SA-PRIVILEGED-001", {kEverything}},
  };
  return kTable;
}

// Which goal a rule about whole paths names, or a word in a description.
const std::vector<std::pair<std::string_view, Sink>>& goals() {
  static const std::vector<std::pair<std::string_view, Sink>> kTable = {
      {"KUBE-PRIVESC-PATH-CLUSTER-ADMIN", Sink::kClusterAdmin},
      {"KUBE-PRIVESC-PATH-SYSTEM-MASTERS", Sink::kSystemMasters},
      {"KUBE-PRIVESC-PATH-NODE-ESCAPE", Sink::kNode},
      {"KUBE-PRIVESC-PATH-KUBE-SYSTEM-SECRETS", Sink::kKubeSystemSecrets},
      {"KUBE-PRIVESC-PATH-NAMESPACE-ADMIN", Sink::kNamespaceAdmin},
      {"KUBE-PRIVESC-PATH-AWS-IAM-ROLE", Sink::kCloudRole},
      {"KUBE-CLOUD-IRSA-ADMIN-ROLE-001", Sink::kCloudRole},
      {"cluster-admin", Sink::kClusterAdmin},
      {"system:masters", Sink::kSystemMasters},
      {"node-escape", Sink::kNode},
      {"kube-system secrets", Sink::kKubeSystemSecrets},
  };
  return kTable;
}

bool is_host_escape(std::string_view rule) {
  return rule.starts_with("KUBE-ESCAPE-") || rule.starts_with("KUBE-HOSTPATH-") ||
         rule.starts_with("KUBE-PV-HOSTPATH-") || rule.starts_with("KUBE-CONTAINERD-SOCKET-");
}

// ---- an estate and its graph

struct World {
  std::vector<std::shared_ptr<doc::Document>> documents;
  std::vector<const Node*> objects;
  std::unique_ptr<rbac::Authorizer> authorizer;
  std::unique_ptr<graph::Access> access;
  std::unique_ptr<graph::Escalation> escalation;
  std::unique_ptr<graph::Reach> reach;

  std::string build() {
    rbac::Authorizer::Builder roles;
    std::set<std::string_view> cluster_roles;
    for (const Node* object : objects) {
      roles.add(*object);
      if ((*object)["kind"].str() == "ClusterRole") cluster_roles.insert((*object)["metadata"]["name"].str());
    }
    for (const Node* role : rbac::default_roles()) {
      if (!cluster_roles.contains((*role)["metadata"]["name"].str())) roles.add(*role);
    }
    authorizer = std::make_unique<rbac::Authorizer>(std::move(roles).build());
    auto made = graph::Access::of(*authorizer);
    if (!made) return made.error().text();
    access = std::make_unique<graph::Access>(std::move(*made));
    graph::EscalationBuilder builder(*access);
    for (const Node* object : objects) builder.add(*object);
    escalation = std::make_unique<graph::Escalation>(std::move(builder).build());
    reach = std::make_unique<graph::Reach>(*escalation);
    return {};
  }

  // Whether the subject's own bindings allow one of the techniques.
  [[nodiscard]] bool has_technique(graph::Id subject, const std::vector<Technique>& techniques) const {
    for (const graph::EscalationEdge& bound : escalation->out(subject)) {
      if (bound.technique != Technique::kBoundTo && bound.technique != Technique::kMemberOf) continue;
      for (const graph::EscalationEdge& edge : escalation->out(bound.to)) {
        if (std::find(techniques.begin(), techniques.end(), edge.technique) != techniques.end()) return true;
      }
    }
    return false;
  }
};

// "cluster_role_bindings" → ClusterRoleBinding of rbac.authorization.k8s.io/v1. nullptr: nothing that counts here.
const std::pair<std::string_view, std::string_view>* type_of(std::string_view key) {
  using Type = std::pair<std::string_view, std::string_view>;
  static constexpr std::string_view kRbac = "rbac.authorization.k8s.io/v1";
  static const std::map<std::string_view, Type> kTypes = {
      {"namespaces", {"v1", "Namespace"}},
      {"serviceaccounts", {"v1", "ServiceAccount"}},
      {"pods", {"v1", "Pod"}},
      {"nodes", {"v1", "Node"}},
      {"secrets", {"v1", "Secret"}},
      {"secretsmetadata", {"v1", "Secret"}},
      {"configmaps", {"v1", "ConfigMap"}},
      {"persistentvolumes", {"v1", "PersistentVolume"}},
      {"persistentvolumeclaims", {"v1", "PersistentVolumeClaim"}},
      {"roles", {kRbac, "Role"}},
      {"clusterroles", {kRbac, "ClusterRole"}},
      {"rolebindings", {kRbac, "RoleBinding"}},
      {"clusterrolebindings", {kRbac, "ClusterRoleBinding"}},
      {"deployments", {"apps/v1", "Deployment"}},
      {"daemonsets", {"apps/v1", "DaemonSet"}},
      {"statefulsets", {"apps/v1", "StatefulSet"}},
      {"replicasets", {"apps/v1", "ReplicaSet"}},
      {"jobs", {"batch/v1", "Job"}},
      {"cronjobs", {"batch/v1", "CronJob"}},
  };
  std::string plain;
  for (const char c : key) {
    if (c != '_') plain += c;
  }
  const auto found = kTypes.find(plain);
  return found == kTypes.end() ? nullptr : &found->second;
}

std::string read_snapshot(const std::string& path, World& world) {
  auto snapshot = read_json(path);
  if (!snapshot) return snapshot.error().text();
  for (const doc::Member& list : (*snapshot)->root()["resources"].map()) {
    const auto* type = type_of(list.key->view());
    if (type == nullptr) continue;
    for (const Node& item : list.value.list()) {
      std::string json = doc::to_json(item);
      if (json.size() < 2) continue;
      json.insert(1, "\"apiVersion\":\"" + std::string(type->first) + "\",\"kind\":\"" + std::string(type->second) +
                         "\"" + (json == "{}" ? "" : ","));
      auto object = parse_yaml_text(std::move(json), path);
      if (!object) return object.error().text();
      world.documents.push_back(*object);
      world.objects.push_back(&world.documents.back()->root());
    }
  }
  return world.build();
}

// ---- labels

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == at) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

enum class Answer : uint8_t { kYes, kPerhaps, kNo, kNotOurs };

Answer of_path(const World& world, graph::Id source, Sink sink) {
  if (source == graph::kNone || !world.reach->reaches(source, sink, false)) return Answer::kNo;
  return world.reach->reaches(source, sink, true) ? Answer::kYes : Answer::kPerhaps;
}

// "KUBE-PRIVESC-005:ServiceAccount/default/reader::secrets", "KUBE-ESCAPE-001:Deployment:default:risky:app"
Answer ask(const World& world, const std::string& label, std::string& unknown) {
  const std::vector<std::string> parts = split(label, ':');
  const std::string& rule = parts[0];
  if (is_host_escape(rule)) {
    if (parts.size() < 4) return Answer::kNotOurs;
    const auto workloads = world.escalation->find_workloads(parts[2] + "/" + parts[1] + "/" + parts[3]);
    return workloads.empty() ? Answer::kNo : of_path(world, workloads[0], Sink::kNode);
  }
  const std::vector<std::string> subject = parts.size() > 1 ? split(parts[1], '/') : std::vector<std::string>();
  graph::Id source = graph::kNone;
  if (subject.size() == 3 && subject[0] == "ServiceAccount") {
    source = world.escalation->find(graph::service_account(subject[1], subject[2]));
  } else if (subject.size() >= 2 && (subject[0] == "User" || subject[0] == "Group")) {
    // A name may hold what separates: the rest of the label up to what follows "::" is the name.
    std::string name = label.substr(label.find('/') + 1);
    while (name.starts_with('/')) name.erase(0, 1);
    const auto kind = subject[0] == "User" ? rbac::SubjectKind::kUser : rbac::SubjectKind::kGroup;
    for (; !name.empty() && source == graph::kNone;
         name.resize(name.find_last_of(':') == std::string::npos ? 0 : name.find_last_of(':'))) {
      source = world.escalation->find({kind, "", name});
    }
  }
  for (const auto& [word, sink] : goals()) {
    if (rule == word) return of_path(world, source, sink);
  }
  if (const auto known = techniques_of_rule().find(rule); known != techniques_of_rule().end())
    return source != graph::kNone && world.has_technique(source, known->second) ? Answer::kYes : Answer::kNo;
  if (rule.starts_with("KUBE-PRIVESC-")) unknown = rule;
  return Answer::kNotOurs;
}

void run_corpus(const std::string& folder, SuiteResult& result) {
  for (const std::string& name : list_folder(folder + "/corpus")) {
    auto labels = read_json(folder + "/corpus/" + name + "/labels.json");
    if (!labels) {
      result.fail("corpus/" + name, labels.error().text());
      continue;
    }
    const std::string snapshot =
        std::filesystem::path(std::string((*labels)->root()["snapshot"].str())).filename().string();
    const std::string path = folder + "/snapshots/" + snapshot;
    if (!std::filesystem::exists(path)) {
      result.skip("corpus/" + name, "its snapshot " + snapshot + " is not in the copy");
      continue;
    }
    World world;
    if (const std::string problem = read_snapshot(path, world); !problem.empty()) {
      result.fail("corpus/" + name, problem);
      continue;
    }
    for (const bool expected : {true, false}) {
      for (const Node& node : (*labels)->root()[expected ? "expected" : "deny"].list()) {
        const std::string label(node.str());
        std::string unknown;
        const Answer answer = ask(world, label, unknown);
        const std::string title = "corpus/" + name + " " + label;
        if (!unknown.empty()) result.skip(title, "no technique of ours is " + unknown);
        if (answer == Answer::kNotOurs) continue;
        // What hangs on a condition is told as such: enough where it is expected, no false path where it is denied.
        const bool right = expected ? answer != Answer::kNo : answer != Answer::kYes;
        right ? result.pass() : result.fail(title, expected ? "was not found" : "was found");
      }
    }
  }
}

// ---- descriptions in manifests

struct Part {  // one document of a manifest
  std::string text;
  std::string kind, ns, name;
};

std::string read_text(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::string> lines_of(const std::string& text) {
  return split(text, '\n');
}

std::vector<Part> parts_of(const std::string& text) {
  std::vector<Part> parts(1);
  for (const std::string& line : lines_of(text)) {
    if (line.starts_with("---")) {
      parts.emplace_back();
    } else {
      parts.back().text += line + "\n";
    }
  }
  for (Part& part : parts) {
    auto document = parse_yaml_text(part.text, "part");
    if (!document) continue;
    const Node& root = (*document)->root();
    part.kind = root["kind"].str();
    part.ns = root["metadata"]["namespace"].str("default");
    part.name = root["metadata"]["name"].str();
  }
  return parts;
}

// The comments of a text as running words, a paragraph broken by an empty comment line left together.
std::string comments_of(const std::string& text) {
  std::string out;
  for (const std::string& line : lines_of(text)) {
    const size_t hash = line.find('#');
    if (hash == std::string::npos || line.find_first_not_of(' ') != hash) {
      out += " . ";
      continue;
    }
    const size_t word = line.find_first_not_of("# ", hash);
    out += word == std::string::npos ? " . " : line.substr(word) + " ";
  }
  return out;
}

bool has_word(const std::string& text, std::string_view word) {
  const auto part_of_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-'; };
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const bool starts = at == 0 || !part_of_word(text[at - 1]);
    const bool ends = at + word.size() >= text.size() || !part_of_word(text[at + word.size()]);
    if (starts && ends) return true;
  }
  return false;
}

bool says_no(const std::string& sentence) {
  static constexpr std::string_view kWords[] = {"not",  "never",  "cannot",  "no",     "without", "wrongly",
                                                "deny", "denied", "instead", "rather", "must-not"};
  return std::any_of(std::begin(kWords), std::end(kWords),
                     [&](std::string_view word) { return has_word(sentence, word); });
}

std::vector<std::string> sentences_of(const std::string& text) {
  std::vector<std::string> out(1);
  for (size_t i = 0; i < text.size(); ++i) {
    out.back() += text[i];
    if ((text[i] == '.' || text[i] == ';') && (i + 1 == text.size() || text[i + 1] == ' ')) out.emplace_back();
  }
  return out;
}

void run_manifest(const std::filesystem::path& path, const std::string& title, SuiteResult& result) {
  const std::string text = read_text(path);
  World world;
  auto stream = doc::parse_yaml(std::make_shared<doc::Source>(path.string(), text), std::make_shared<doc::Keys>());
  if (!stream.errors.empty()) return result.fail(title, stream.errors[0].text());
  world.documents = stream.documents;
  for (const auto& document : world.documents) world.objects.push_back(&document->root());
  if (const std::string problem = world.build(); !problem.empty()) return result.fail(title, problem);

  const std::vector<Part> parts = parts_of(text);
  size_t described = 0;
  const auto judge = [&](const std::string& what, bool right) {
    ++described;
    right ? result.pass() : result.fail(title + ": " + what, "was not found");
  };
  // A rule's id in the comment of a service account is what that account is planted for.
  for (const Part& part : parts) {
    if (part.kind != "ServiceAccount") continue;
    const graph::Id source = world.escalation->find(graph::service_account(part.ns, part.name));
    for (const std::string& sentence : sentences_of(comments_of(part.text))) {
      if (says_no(sentence)) continue;
      for (const auto& [rule, techniques] : techniques_of_rule()) {
        if (has_word(sentence, rule))
          judge(part.name + " " + std::string(rule), source != graph::kNone && world.has_technique(source, techniques));
      }
      for (const auto& [word, sink] : goals()) {
        if (word.starts_with("KUBE-") && has_word(sentence, word))
          judge(part.name + " " + std::string(word), of_path(world, source, sink) != Answer::kNo);
      }
    }
  }
  // A sentence that names accounts of the file and a goal.
  for (const std::string& sentence : sentences_of(comments_of(text))) {
    if (says_no(sentence)) continue;
    for (const auto& [word, sink] : goals()) {
      if (word.starts_with("KUBE-") || !has_word(sentence, word)) continue;
      for (const Part& part : parts) {
        if (part.kind != "ServiceAccount" || !has_word(sentence, part.name)) continue;
        const graph::Id source = world.escalation->find(graph::service_account(part.ns, part.name));
        judge(part.name + " reaches " + std::string(word), of_path(world, source, sink) != Answer::kNo);
      }
    }
  }
  if (described == 0) result.skip(title, "describes no escalation of a service account of its own");
}

}  // namespace

SuiteResult run_rbac(const std::string& folder) {
  SuiteResult result;
  run_corpus(folder, result);
  std::vector<std::filesystem::path> manifests;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".yaml" || entry.path().extension() == ".yml") manifests.push_back(entry.path());
  }
  std::sort(manifests.begin(), manifests.end());
  for (const auto& path : manifests) run_manifest(path, std::filesystem::relative(path, folder).string(), result);
  return result;
}

}  // namespace ameia::conformance
