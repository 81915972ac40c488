// Every built-in check compiles, says what it is for, and does to its own examples what they promise.
#include "policy/builtin.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "doc/yaml.h"
#include "kube/object.h"
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
      EXPECT_FALSE(rule.tags.empty());
      EXPECT_FALSE(rule.references.empty());
    }
  }
}

TEST(Builtin, ExamplesDoWhatTheyPromise) {
  for (const BuiltinFile& file : builtin_files()) {
    SCOPED_TRACE(std::string(file.name));
    std::vector<std::shared_ptr<doc::Document>> documents = documents_of(file);
    Evaluator evaluator(compile(documents));
    size_t pass = 0, fail = 0;
    for (const auto& document : documents) {
      std::string_view example = kube::ObjectView(document->root()).annotation("ameia.io/example");
      if (example.empty()) continue;
      ScanResult result;
      evaluator.scan(*document, document->root(), ScanFacts(), result);
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
