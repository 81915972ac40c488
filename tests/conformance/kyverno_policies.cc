// Kyverno's own policy library: every kyverno-test.yaml whose policies are ValidatingPolicy or MutatingPolicy, a case
// for each expected row and resource. Tests of other kinds are skipped, with the kind as the reason.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "doc/build.h"
#include "doc/json.h"
#include "doc/patch.h"
#include "doc/yaml.h"
#include "expr/lib_kyverno.h"
#include "kube/object.h"
#include "policy/object_store.h"
#include "policy/policy.h"
#include "suite.h"

namespace ameia::conformance {
namespace {

using doc::Node;
using Documents = std::vector<std::shared_ptr<doc::Document>>;

base::Result<Documents> read_all(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return base::fail(base::Code::kUnavailable, "cannot be read", path);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  doc::YamlStream stream =
      doc::parse_yaml(std::make_shared<const doc::Source>(path, std::move(bytes).str()), std::make_shared<doc::Keys>());
  if (!stream.errors.empty()) return std::unexpected(stream.errors.front());
  return stream.documents;
}

// The image metadata that a test's context file gives.
class GivenImages final : public expr::ImageReader {
 public:
  void add(const Node& image) { images_[std::string(image["image"].str())] = &image; }
  [[nodiscard]] const Node* metadata(std::string_view image) const override {
    auto found = images_.find(image);
    return found == images_.end() ? nullptr : found->second;
  }

 private:
  std::map<std::string, const Node*, std::less<>> images_;
};

// Without what Kyverno's comparison does not see: nulls, and maps and lists without a content.
Node tidied(const Node& node, base::Arena& arena) {
  doc::Builder build(arena);
  const auto is_empty = [](const Node& one) {
    return one.is_null() || ((one.is_map() || one.is_list()) && one.size == 0);
  };
  if (node.is_list()) {
    std::vector<Node> items;
    for (const Node& item : node.list()) items.push_back(tidied(item, arena));
    return build.list(items);
  }
  if (!node.is_map()) return node;
  std::vector<std::pair<std::string_view, Node>> members;
  for (const doc::Member& member : node.map()) {
    Node value = tidied(member.value, arena);
    if (!is_empty(value)) members.emplace_back(member.key->view(), value);
  }
  return build.map(members);
}

bool is_judged(const Node& policy) {
  std::string_view kind = policy["kind"].str();
  return policy["apiVersion"].str().starts_with("policies.kyverno.io/") &&
         (kind.ends_with("ValidatingPolicy") || kind.ends_with("MutatingPolicy")) && !kind.starts_with("Image");
}

// One kyverno-test.yaml.
class PolicyTest {
 public:
  PolicyTest(std::string folder, std::string name, std::shared_ptr<doc::Document> test, SuiteResult& result)
      : folder_(std::move(folder)), name_(std::move(name)), result_(result), test_(std::move(test)) {}

  void run() {
    base::Status ready = load();
    if (!ready && ready.error().code == base::Code::kUnavailable)
      return result_.skip(name_, "a file of the test is not in this copy of the suite: " + ready.error().where);
    if (!skip_.empty()) return result_.skip(name_, skip_);
    if (!ready) return result_.fail(name_, ready.error().text());
    for (const Node& row : test_->root()["results"].list()) {
      for (const std::shared_ptr<doc::Document>& payload : payloads_) check_payload(row, payload->root());
      for (const Node& resource : row["resources"].list()) check(row, resource.str());
      if (row["resource"].is_string()) check(row, row["resource"].str());
    }
  }

 private:
  base::Status load() {
    const Node& root = test_->root();
    if (!root["apiCallResponses"].is_null()) {
      skip_ = "the answers of HTTP services are mocked";
      return {};
    }
    policy::PolicySetBuilder builder;
    for (std::string_view list : {"policies", "exceptions"}) {
      for (const Node& path : root[list].list()) {
        for (auto& document : TRY(read(path))) {
          if (list == "policies" && !is_judged(document->root())) {
            skip_ = "the policies are of the kind " + std::string(document->root()["kind"].str());
            return {};
          }
          if (document->root()["spec"]["targetMatchConstraints"].is_map()) {
            skip_ = "objects that exist already are not mutated";
            return {};
          }
          builder.add(document, policy::Origin::kUser);
        }
      }
    }
    policy::LoadResult loaded = builder.build();
    set_ = loaded.set;
    for (const policy::Diagnostic& d : loaded.diagnostics) {
      if (d.level == policy::Diagnostic::Level::kError) diagnostics_ += policy::to_string(d) + "\n";
    }
    facts_ = policy::ScanFacts(*set_);
    for (const Node& path : root["resources"].list()) {
      for (auto& document : TRY(read(path))) {
        std::vector<const Node*> objects;
        kube::expand_list(document->root(), objects);
        for (const Node* object : objects) objects_.push_back(stored(*object));
        facts_.learn(document->root());
      }
    }
    for (const Node& path : root["jsonPayloads"].list()) {
      for (auto& document : TRY(read(path))) payloads_.push_back(document);
    }
    TRY_STATUS(load_values(root));
    TRY_STATUS(load_context(root));
    facts_.seal();
    evaluator_.emplace(set_);
    return {};
  }

  base::Result<Documents> read(const Node& path) {
    Documents documents = TRY(read_all(folder_ + "/" + std::string(path.str())));
    documents_.insert(documents_.end(), documents.begin(), documents.end());
    return documents;
  }

  // Namespaces, their labels, and what the request is said to be.
  base::Status load_values(const Node& root) {
    std::vector<const Node*> files;
    if (root["variables"].is_string()) {
      for (auto& document : TRY(read(root["variables"]))) files.push_back(&document->root());
    }
    if (root["values"].is_map()) files.push_back(&root["values"]);
    for (const Node* values : files) {
      doc::Builder build(arena_);
      for (const Node& ns : (*values)["namespaceSelector"].list()) {
        learn_namespace(build.map({{"name", ns["name"]}, {"labels", ns["labels"]}}));
      }
      for (const Node& ns : (*values)["namespaces"].list()) learn_namespace(ns["metadata"]);
      for (const Node& policy : (*values)["policies"].list()) {
        for (const Node& resource : policy["resources"].list()) {
          operations_[{std::string(policy["name"].str()), std::string(resource["name"].str())}] =
              resource["values"]["request.operation"].str();
        }
      }
      if (const Node& operation = (*values)["globalValues"]["request.operation"]; operation.is_string())
        operation_ = operation.str();
    }
    if (root["userinfo"].is_string()) {
      Documents info = TRY(read(root["userinfo"]));
      if (!info.empty()) user_info_ = info.front()->root()["requestInfo"].find("userInfo");
      if (user_info_ == nullptr && !info.empty()) user_info_ = info.front()->root().find("userInfo");
    }
    return {};
  }

  // As a cluster has it: what is namespaced and says no namespace is in "default".
  const Node* stored(const Node& object) {
    kube::ObjectView view(object);
    kube::ResourceInfo info = kube::ResourceTable().find(view.group_version().group, view.kind());
    if (info.scope == kube::Scope::kCluster || !view.ns().empty() || !view.metadata().is_map()) return &object;
    doc::Builder build(arena_);
    Node metadata = build.with_member(view.metadata(), "namespace", build.string("default"));
    return arena_.make<Node>(build.with_member(object, "metadata", metadata));
  }

  void learn_namespace(const Node& metadata) {
    doc::Builder build(arena_);
    facts_.learn(*arena_.make<Node>(
        build.map({{"apiVersion", build.string("v1")}, {"kind", build.string("Namespace")}, {"metadata", metadata}})));
  }

  base::Status load_context(const Node& root) {
    for (const Node& path : root["clusterResources"].list()) {
      for (auto& document : TRY(read(path))) {
        const Node& spec = document->root()["spec"];
        for (const Node& object : spec["resources"].list()) facts_.learn(object);
        for (const Node& crd : spec["crds"].list()) {
          for (auto& definition : TRY(read(crd))) facts_.learn(definition->root());
        }
      }
    }
    if (!root["context"].is_string()) return {};
    for (auto& document : TRY(read(root["context"]))) {
      for (const Node& object : document->root()["spec"]["resources"].list()) facts_.learn(object);
      for (const Node& image : document->root()["spec"]["images"].list()) images_.add(image);
    }
    return {};
  }

  void check_payload(const Node& row, const Node& payload) {
    kube::AdmissionRequest request;
    request.object = &payload;
    const policy::AdmissionFacts about{.is_payload = true};
    std::string why;
    const std::string got =
        outcome_of(evaluator_->trace(request, about, false, policy::PolicyKind::kValidating), row["policy"].str(), why);
    if (got == row["result"].str()) return result_.pass();
    result_.fail(name_ + ": " + std::string(row["policy"].str()) + " on a payload",
                 "expected " + std::string(row["result"].str()) + ", came " + got + " (" + why + ")");
  }

  // How the policy and what was derived from it ended: skip, pass, fail or error.
  static std::string outcome_of(const std::vector<policy::TracedPolicy>& all, std::string_view policy,
                                std::string& why) {
    std::string got = "skip";
    for (const policy::TracedPolicy& traced : all) {
      bool is_meant = traced.policy == policy || traced.policy.starts_with(std::string(policy) + " (");
      if (!is_meant) continue;
      if (!traced.matched && traced.decisions.empty()) {
        if (!traced.why_not.empty()) why += traced.why_not + "; ";
        continue;
      }
      got = "pass";
      for (const policy::Decision& decision : traced.decisions) {
        got = decision.evaluation == policy::Evaluation::kError ? "error" : "fail";
        why += decision.message + "; ";
      }
    }
    return got;
  }

  void check(const Node& row, std::string_view resource) {
    std::string_view policy = row["policy"].str(), ns;
    if (size_t slash = policy.find('/'); slash != std::string_view::npos) policy = policy.substr(slash + 1);
    if (size_t slash = resource.find('/'); slash != std::string_view::npos) {
      ns = resource.substr(0, slash);
      resource = resource.substr(slash + 1);
    }
    std::string name =
        name_ + ": " + std::string(policy) + " on " + std::string(row["kind"].str()) + "/" + std::string(resource);
    size_t found = 0;
    for (const Node* object : objects_) {
      kube::ObjectView view(*object);
      if (view.kind() == "Binding" && view.group_version().group.empty())
        return result_.skip(name, "a Binding is a request for pods/binding, which a file does not say");
      bool is_meant = view.name() == resource && (ns.empty() || view.ns() == ns) &&
                      (row["kind"].is_null() || view.kind() == row["kind"].str());
      if (!is_meant) continue;
      ++found;
      std::string wrong = judge(row, policy, view);
      wrong.empty() ? result_.pass() : result_.fail(name, wrong);
    }
    if (found == 0) result_.fail(name, "there is no such resource in the test");
  }

  // Empty: as expected.
  std::string judge(const Node& row, std::string_view policy, const kube::ObjectView& view) {
    kube::ResourceInfo info = facts_.resources().find(view.group_version().group, view.kind());
    kube::AdmissionRequest request = kube::creation_of(view, info);
    auto operation = operations_.find({std::string(policy), std::string(view.name())});
    std::string_view asked =
        operation == operations_.end() || operation->second.empty() ? operation_ : operation->second;
    if (row["operation"].is_string()) asked = row["operation"].str();
    if (asked == "UPDATE") request.operation = kube::Operation::kUpdate;
    if (asked == "UPDATE") request.old_object = request.object;
    if (asked == "DELETE") {
      request.operation = kube::Operation::kDelete;
      request.old_object = std::exchange(request.object, nullptr);
    }
    request.user_info = user_info_;
    policy::AdmissionFacts about{.namespace_object = facts_.find_namespace(request.ns),
                                 .resources = &facts_.resources(),
                                 .objects = &facts_.objects(),
                                 .images = &images_};
    auto kind = set_->mutates() ? policy::PolicyKind::kMutating : policy::PolicyKind::kValidating;
    std::string why;
    std::string got = outcome_of(evaluator_->trace(request, about, false, kind), policy, why);
    const Node* mutated = nullptr;
    policy::MutationOutcome outcome;
    if (kind == policy::PolicyKind::kMutating && got == "pass") {
      evaluator_->mutate(request, about, outcome);
      mutated = outcome.object;
      for (const policy::MutationStep& step : outcome.steps) why += step.error;
      got = !outcome.allowed ? "error" : outcome.steps.empty() ? "skip" : "pass";
      for (const std::string& cause : outcome.causes) why += cause + "; ";
    }
    std::string_view expected = row["result"].str();
    if (got != expected) {
      return "expected " + std::string(expected) + ", came " + got + (why.empty() ? "" : " (" + why + ")") +
             (diagnostics_.empty() ? "" : "\n" + diagnostics_);
    }
    if (got != "pass" || mutated == nullptr || !row["patchedResources"].is_string()) return {};
    return compare(*mutated, row["patchedResources"]);
  }

  std::string compare(const Node& got, const Node& path) {
    auto expected = read(path);
    if (!expected) return expected.error().text();
    kube::ObjectView view(got);
    std::string wrong;  // a file that does not have the object says nothing about it
    for (const auto& document : *expected) {
      std::vector<const Node*> objects;
      kube::expand_list(document->root(), objects);
      for (const Node* object : objects) {
        kube::ObjectView candidate(*object);
        if (candidate.kind() != view.kind() || candidate.name() != view.name()) continue;
        const Node wanted = tidied(*stored(*object), arena_), made = tidied(got, arena_);
        if (doc::equal(wanted, made)) return {};
        wrong = "the patched resource differs: " + doc::to_json(doc::diff(wanted, made, arena_));
      }
    }
    return wrong;
  }

  std::string folder_, name_, skip_, diagnostics_;
  SuiteResult& result_;
  base::Arena arena_;
  std::shared_ptr<doc::Document> test_;
  Documents documents_, payloads_;
  std::shared_ptr<const policy::PolicySet> set_;
  policy::ScanFacts facts_;
  GivenImages images_;
  std::vector<const Node*> objects_;
  std::map<std::pair<std::string, std::string>, std::string> operations_;  // by policy and resource
  std::string operation_;
  const Node* user_info_ = nullptr;
  std::optional<policy::Evaluator> evaluator_;
};

}  // namespace

SuiteResult run_kyverno_policies(const std::string& folder) {
  SuiteResult result;
  std::vector<std::string> tests;
  std::error_code ec;
  for (std::filesystem::recursive_directory_iterator it(folder, ec), last; !ec && it != last; it.increment(ec)) {
    if (it->path().filename() == "kyverno-test.yaml") tests.push_back(it->path().parent_path().string());
  }
  std::sort(tests.begin(), tests.end());
  for (const std::string& test : tests) {
    std::string name = test.substr(std::min(test.size(), folder.size() + 1));
    if (size_t end = name.find("/.kyverno-test"); end != std::string::npos) name.resize(end);
    // A file may hold several tests.
    base::Result<Documents> documents = read_all(test + "/kyverno-test.yaml");
    if (!documents) {
      result.fail(name, documents.error().text());
      continue;
    }
    for (const std::shared_ptr<doc::Document>& document : *documents) PolicyTest(test, name, document, result).run();
  }
  return result;
}

}  // namespace ameia::conformance
