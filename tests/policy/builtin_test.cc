// Every built-in check compiles, says what it is for, and does to its own examples what they promise.
#include "policy/builtin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "doc/edit.h"
#include "doc/json.h"
#include "doc/yaml.h"
#include "kube/object.h"
#include "policy/fix.h"
#include "policy/policy.h"

namespace ameia::policy {
namespace {

std::vector<std::shared_ptr<doc::Document>> documents_of(const BuiltinFile& file) {
  doc::YamlStream stream =
      doc::parse_yaml(std::make_shared<const doc::Source>(std::string(file.name), std::string(file.text)),
                      std::make_shared<doc::Keys>());
  for (const base::Error& error : stream.errors) ADD_FAILURE() << error.text();
  return stream.documents;
}

std::shared_ptr<const PolicySet> compile(const std::vector<std::shared_ptr<doc::Document>>& documents) {
  PolicySetBuilder builder;
  for (const auto& document : documents) builder.add(document, Origin::kBuiltIn);
  LoadResult loaded = builder.build();
  for (const Diagnostic& diagnostic : loaded.diagnostics) ADD_FAILURE() << to_string(diagnostic);
  return loaded.set;
}

TEST(Builtin, EveryCheckIsDescribed) {
  std::set<std::string> ids;
  for (const BuiltinFile& file : builtin_files()) {
    SCOPED_TRACE(std::string(file.name));
    std::shared_ptr<const PolicySet> set = compile(documents_of(file));
    ASSERT_GE(set->rules().size(), 1u);
    for (const report::Rule& rule : set->rules()) {
      EXPECT_TRUE(ids.insert(rule.id).second) << rule.id << " exists twice";
      EXPECT_TRUE(rule.id.starts_with("AM-")) << rule.id;
      EXPECT_FALSE(rule.title.empty());
      EXPECT_FALSE(rule.why.empty());
      EXPECT_FALSE(rule.remediation.empty());
      EXPECT_FALSE(rule.portuguese.title.empty()) << rule.id << " lacks ameia.io/title.pt";
      EXPECT_FALSE(rule.portuguese.why.empty()) << rule.id << " lacks ameia.io/why.pt";
      EXPECT_FALSE(rule.portuguese.remediation.empty()) << rule.id << " lacks ameia.io/remediation.pt";
      EXPECT_FALSE(rule.tags.empty());
      EXPECT_FALSE(rule.references.empty());
    }
  }
}

// A container without a securityContext, and the same with an empty one: the findings are the same findings.
TEST(Builtin, FindingsHoldStillWhenAMapAppears) {
  PolicySetBuilder builder;
  for (const BuiltinFile& file : builtin_files()) {
    for (const auto& document : documents_of(file)) builder.add(document, Origin::kBuiltIn);
  }
  const LoadResult loaded = builder.build();
  const auto found = [&](const std::string& more) {
    const std::string text =
        "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: shop}, spec: {template: "
        "{spec: {containers: [{name: c, image: 'i:1'" +
        more + "}]}}}}";
    auto document = doc::parse_yaml(std::make_shared<const doc::Source>("d.yaml", text), std::make_shared<doc::Keys>())
                        .documents.at(0);
    ScanFacts facts(*loaded.set);
    facts.learn(document->root());
    facts.seal();
    ScanResult result;
    Evaluator(loaded.set).scan(*document, document->root(), facts, result);
    std::map<std::string, std::string> out;
    for (const report::Finding& finding : result.findings) {
      if (finding.status == report::FindingStatus::kFail) out[finding.id] += finding.fingerprint + " ";
    }
    return out;
  };
  const auto bare = found(""), with_maps = found(", securityContext: {}, resources: {}");
  for (const std::string id : {"AM-POD-003", "AM-POD-020", "AM-RES-002"}) EXPECT_TRUE(bare.contains(id)) << id;
  for (const auto& [id, fingerprints] : bare) {
    const auto same = with_maps.find(id);
    if (same == with_maps.end()) continue;
    EXPECT_EQ(fingerprints, same->second) << id;
  }
}

// What is scanned beside an example: the documents of its ameia.io/example-set, itself among them.
ScanFacts facts_beside(const PolicySet& set, const std::vector<std::shared_ptr<doc::Document>>& documents,
                       const doc::Document& example) {
  ScanFacts facts(set);
  std::string_view group = kube::ObjectView(example.root()).annotation("ameia.io/example-set");
  for (const auto& document : documents) {
    kube::ObjectView object(document->root());
    bool beside = !group.empty() && object.annotation("ameia.io/example-set") == group;
    if (beside || document.get() == &example) facts.learn(document->root());
  }
  facts.seal();
  return facts;
}

TEST(Builtin, ExamplesDoWhatTheyPromise) {
  for (const BuiltinFile& file : builtin_files()) {
    SCOPED_TRACE(std::string(file.name));
    std::vector<std::shared_ptr<doc::Document>> documents = documents_of(file);
    std::shared_ptr<const PolicySet> set = compile(documents);
    Evaluator evaluator(set);
    size_t pass = 0, fail = 0;
    for (const auto& document : documents) {
      std::string_view example = kube::ObjectView(document->root()).annotation("ameia.io/example");
      if (example.empty() || example == "beside") continue;
      ScanResult result;
      evaluator.scan(*document, document->root(), facts_beside(*set, documents, *document), result);
      doc::Position where = document->position(document->root());
      for (const report::Finding& finding : result.findings) {
        EXPECT_EQ(finding.status, report::FindingStatus::kFail) << finding.location.line << ": " << finding.message;
        EXPECT_FALSE(finding.fingerprint.empty());
      }
      if (example == "pass") {
        ++pass;
        EXPECT_TRUE(result.findings.empty()) << "line " << where.line << " fails: " << result.findings.front().message;
      } else {
        ++fail;
        EXPECT_EQ(example, "fail");
        EXPECT_FALSE(result.findings.empty()) << "line " << where.line << " has no finding";
      }
    }
    EXPECT_GE(pass, 1u) << "no passing example";
    EXPECT_GE(fail, 1u) << "no failing example";
  }
}

// One example of a check, as a file of its own.
struct Example {
  explicit Example(std::string text) : text(std::move(text)) {
    source = std::make_shared<const doc::Source>("example.yaml", this->text);
    doc::YamlStream stream = doc::parse_yaml(source, std::make_shared<doc::Keys>());
    EXPECT_TRUE(stream.errors.empty() && stream.documents.size() == 1) << this->text;
    document = stream.documents.at(0);
  }
  [[nodiscard]] std::vector<report::Finding> judge(Evaluator& evaluator) const {
    ScanResult result;
    evaluator.scan(*document, document->root(), ScanFacts(), result);
    return result.findings;
  }
  std::string text;
  std::shared_ptr<const doc::Source> source;
  std::shared_ptr<const doc::Document> document;
};

// Writes the fixes of all findings until there are none; the text then. Whatever has no fix stays.
std::string fixed(const std::string& text, const PolicySet& set, Evaluator& evaluator, bool& all_fixed) {
  constexpr int kRounds = 10;
  Example example(text);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<report::Finding> findings = example.judge(evaluator);
    all_fixed = findings.empty();
    base::Arena arena;
    for (const report::Finding& finding : findings) {
      const FixList* fixes = set.fixes(finding.id);
      const doc::Node& root = example.document->root();
      const Fix* fix = fixes == nullptr ? nullptr : fix_for(*fixes, root, finding.location.pointer);
      if (fix == nullptr) continue;
      auto target = apply_fix(*fix, root, finding.location.pointer, arena);
      if (!target) {
        ADD_FAILURE() << finding.id << " " << target.error().text();
        continue;
      }
      doc::Change change{example.document, *target};
      auto edited = doc::edit(example.source, doc::Syntax::kYaml, {&change, 1});
      if (!edited) {
        ADD_FAILURE() << finding.id << " " << edited.error().text();
        continue;
      }
      if (edited->edits.empty()) continue;
      example = Example(edited->text);
      break;  // the places of the other findings may have moved
    }
  }
  return example.text;
}

TEST(Builtin, FixesMakeTheFailingExamplesPass) {
  size_t with_fix = 0, safe = 0;
  for (const BuiltinFile& file : builtin_files()) {
    SCOPED_TRACE(std::string(file.name));
    std::vector<std::shared_ptr<doc::Document>> documents = documents_of(file);
    std::shared_ptr<const PolicySet> set = compile(documents);
    const FixList* fixes = set->fixes(set->rules().at(0).id);
    if (fixes == nullptr) continue;
    ++with_fix;
    safe += static_cast<size_t>(
        std::any_of(fixes->fixes.begin(), fixes->fixes.end(), [](const Fix& fix) { return fix.is_safe(); }));
    Evaluator evaluator(set);
    size_t made_to_pass = 0;
    for (const auto& document : documents) {
      if (kube::ObjectView(document->root()).annotation("ameia.io/example") != "fail") continue;
      bool all_fixed = false;
      std::string before = doc::to_yaml(document->root());
      std::string after = fixed(before, *set, evaluator, all_fixed);
      if (all_fixed) ++made_to_pass;
      if (!all_fixed && std::getenv("AMEIA_SHOW_UNFIXED") != nullptr) {
        Example example(after);
        std::vector<report::Finding> left = example.judge(evaluator);
        std::cerr << file.name << ": " << left.at(0).message << " at " << left.at(0).location.pointer << "\n";
      }
      EXPECT_EQ(fixed(after, *set, evaluator, all_fixed), after) << "a second time changes something";
    }
    EXPECT_GE(made_to_pass, 1u) << "no failing example passes after its fixes";
  }
  EXPECT_GE(with_fix, 60u);
  EXPECT_GE(safe, 8u);
}

TEST(Builtin, AllTogetherAreOneSet) {
  std::vector<std::shared_ptr<doc::Document>> all;
  for (const BuiltinFile& file : builtin_files()) {
    for (auto& document : documents_of(file)) all.push_back(std::move(document));
  }
  std::shared_ptr<const PolicySet> set = compile(all);
  EXPECT_GE(set->policies(), builtin_files().size());
  // Malformed objects are answered, never a crash and never a pass by accident.
  std::string text =
      "{apiVersion: v1, kind: Pod, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Pod, metadata: [], spec: "
      "{containers: {a: b}}}\n---\n"
      "{apiVersion: v1, kind: Pod, spec: {containers: [1, null, {}]}}\n---\n{apiVersion: apps/v1, kind: Deployment, "
      "spec: {template: 3}}\n---\n"
      "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, rules: [{verbs: 7}]}\n---\n{apiVersion: x/v1, "
      "kind: Unknown}\n";
  doc::YamlStream stream =
      doc::parse_yaml(std::make_shared<const doc::Source>("broken.yaml", text), std::make_shared<doc::Keys>());
  ASSERT_EQ(stream.documents.size(), 6u);
  Evaluator evaluator(set);
  ScanResult result;
  for (const auto& document : stream.documents) evaluator.scan(*document, document->root(), ScanFacts(), result);
  EXPECT_EQ(result.objects, 6u);
}

}  // namespace
}  // namespace ameia::policy
