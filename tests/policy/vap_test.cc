// Runs tests/cases/policy/*.case: what a user could have sent, and what must come back. A case:
//
//   ##### name
//   === policies        a YAML stream: policies, bindings, params
//   === built-in        the same, as files of policies/ are read
//   === objects         a YAML stream: scanned, together with …
//   === structure       a YAML stream: held against the API's structure and the definitions among them
//   === review          … or an AdmissionReview's `request` (apiVersion and kind are added), decided
//   === namespaces      a YAML stream: the namespaces, roles and bindings that are known
//   === expect          lines, in any order; every line of that kind must be listed:
//     allowed | denied: MESSAGE | not_evaluated: POLICY: MESSAGE | reason: REASON | warning: TEXT | audit: KEY=VALUE |
//     decision: POLICY/BINDING[/PARAM] MESSAGE finding: ID STATUS LINE:COLUMN POINTER | MESSAGE tally: passed N failed
//     N errors N not_evaluated N lint: LINE:COLUMN LEVEL FIELD MESSAGE with mutating policies: mutated: JSON PATCH |
//     unchanged | refused: MESSAGE | mutation: POLICY/BINDING[/PARAM] INDEX pass N: changed | same | test failed |
//     ERROR
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "doc/build.h"
#include "doc/json.h"
#include "doc/patch.h"
#include "doc/yaml.h"
#include "kube/object.h"
#include "policy/policy.h"
#include "policy/structure.h"

namespace ameia::policy {
namespace {

struct Case {
  std::string file, name;
  std::map<std::string, std::string> sections;
};

std::vector<Case> read_cases() {
  std::vector<Case> cases;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(AMEIA_SOURCE_DIR) + "/tests/cases/policy")) {
    if (entry.path().extension() == ".case") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path& file : files) {
    std::ifstream in(file);
    std::string section;
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with("##### ")) {
        cases.push_back({file.filename().string(), line.substr(6), {}});
        section.clear();
      } else if (line.starts_with("=== ")) {
        section = line.substr(4);
        cases.back().sections[section];
      } else if (!section.empty()) {
        cases.back().sections[section] += line + "\n";
      }
    }
  }
  return cases;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

class Runner {
 public:
  explicit Runner(const Case& c) : case_(c) {}

  // What came back, in the words of `expect`.
  std::vector<std::string> run() {
    PolicySetBuilder builder;
    for (auto& document : yaml("policies", "policies.yaml")) builder.add(document, Origin::kUser);
    for (auto& document : yaml("built-in", "built-in.yaml")) builder.add(document, Origin::kBuiltIn);
    LoadResult loaded = builder.build();
    for (const Diagnostic& d : loaded.diagnostics) {
      say("lint: " + std::to_string(d.line) + ":" + std::to_string(d.column) +
          (d.level == Diagnostic::Level::kError ? " error " : " warning ") + (d.field.empty() ? "" : d.field + " ") +
          d.message);
    }
    loaded_ = loaded.set;
    Evaluator evaluator(loaded.set);
    ScanFacts facts;
    for (auto& document : yaml("namespaces", "namespaces.yaml")) facts.learn(document->root());
    facts.seal();
    if (case_.sections.contains("review")) review(evaluator, facts);
    if (case_.sections.contains("objects")) scan(evaluator, std::move(facts));
    if (case_.sections.contains("structure")) structure();
    return std::move(said_);
  }

 private:
  void say(std::string line) { said_.push_back(std::move(line)); }
  void say(const std::vector<report::Finding>& findings) {
    for (const report::Finding& f : findings) {
      say("finding: " + f.id + " " + std::string(report::to_string(f.status)) + " " + std::to_string(f.location.line) +
          ":" + std::to_string(f.location.column) + " " + f.location.pointer + " | " + f.message);
      EXPECT_FALSE(f.fingerprint.empty());
    }
  }

  std::vector<std::shared_ptr<doc::Document>> yaml(const std::string& section, const std::string& name) {
    auto it = case_.sections.find(section);
    if (it == case_.sections.end()) return {};
    doc::YamlStream stream = doc::parse_yaml(std::make_shared<const doc::Source>(name, it->second), keys_);
    for (const base::Error& error : stream.errors) ADD_FAILURE() << error.text();
    return stream.documents;
  }

  void review(Evaluator& evaluator, const ScanFacts& facts) {
    std::string text = "apiVersion: admission.k8s.io/v1\nkind: AdmissionReview\nrequest:\n";
    for (const std::string& line : lines_of(case_.sections.at("review"))) text += "  " + line + "\n";
    doc::YamlStream stream = doc::parse_yaml(std::make_shared<const doc::Source>("review.yaml", text), keys_);
    ASSERT_EQ(stream.documents.size(), 1u);
    base::Result<kube::AdmissionRequest> request = kube::read_admission_review(stream.documents[0]->root());
    ASSERT_TRUE(request) << request.error().text();
    MutationOutcome mutation;
    if (loaded_->mutates()) mutate(evaluator, *request, facts, mutation);
    if (!mutation.allowed) return;
    if (mutation.object != nullptr) request->object = mutation.object;
    AdmissionOutcome out;
    for (int again = 0; again < 2; ++again)
      evaluator.admit(*request,
                      {.namespace_object = facts.find_namespace(request->ns), .authorizer = facts.authorizer()},
                      out);  // nothing is left over
    say(out.allowed ? "allowed" : "denied: " + out.message);
    if (!out.allowed) say("reason: " + out.reason);
    for (const std::string& why : out.not_evaluated) say("not_evaluated: " + why);
    for (const std::string& warning : out.warnings) say("warning: " + warning);
    for (const auto& [key, value] : out.audit_annotations) say("audit: " + key + "=" + value);
    for (const BoundDecision& d : out.decisions) {
      say("decision: " + d.policy + "/" + d.binding + (d.param.empty() ? "" : "/" + d.param) + " " +
          d.decision.message);
    }
  }

  void mutate(Evaluator& evaluator, const kube::AdmissionRequest& request, const ScanFacts& facts,
              MutationOutcome& out) {
    evaluator.mutate(request, {facts.find_namespace(request.ns), nullptr}, out);
    for (const MutationStep& step : out.steps) {
      say("mutation: " + step.policy + "/" + step.binding + (step.param.empty() ? "" : "/" + step.param) + " " +
          std::to_string(step.mutation) + " pass " + std::to_string(step.pass) + ": " +
          (!step.error.empty()                   ? step.error
           : step.test_failed                    ? "test failed"
           : doc::equal(step.before, step.after) ? "same"
                                                 : "changed"));
    }
    if (!out.allowed) {
      say("refused: " + out.message);
      say("reason: " + out.reason);
      return;
    }
    base::Arena arena;
    doc::Node patch = doc::diff(*request.object, *out.object, arena);
    say(out.changed ? "mutated: " + doc::to_json(patch) : "unchanged");
    // The patch leads from before to after.
    base::Result<doc::Node> again = doc::apply_json_patch(*request.object, patch, arena);
    ASSERT_TRUE(again) << again.error().text();
    EXPECT_TRUE(doc::equal(*again, *out.object));
  }

  void scan(Evaluator& evaluator, ScanFacts facts) {
    std::vector<std::shared_ptr<doc::Document>> documents = yaml("objects", "objects.yaml");
    for (auto& document : documents) facts.learn(document->root());
    facts.seal();
    ScanResult out;
    for (auto& document : documents) evaluator.scan(*document, document->root(), facts, out);
    say(out.findings);
    uint64_t passed = 0, failed = 0;
    for (size_t i = 0; i < out.tally.passed.size(); ++i) {
      passed += out.tally.passed[i];
      failed += out.tally.failed[i];
    }
    say("tally: passed " + std::to_string(passed) + " failed " + std::to_string(failed) + " errors " +
        std::to_string(out.coverage.errors) + " not_evaluated " + std::to_string(out.coverage.not_evaluated));
  }

  std::shared_ptr<const PolicySet> loaded_;
  void structure() {
    ScanFacts facts;
    std::vector<std::shared_ptr<doc::Document>> documents = yaml("structure", "objects.yaml");
    for (auto& document : documents) facts.learn(document->root());
    facts.seal();
    StructureCheck check(facts.definitions());
    std::vector<report::Finding> findings;
    for (auto& document : documents) check.check(*document, document->root(), findings);
    say(findings);
  }

  const Case& case_;
  std::shared_ptr<doc::Keys> keys_ = std::make_shared<doc::Keys>();
  std::vector<std::string> said_;
};

std::string kind_of(const std::string& line) {
  return line.substr(0, line.find(':'));
}

TEST(Vap, Cases) {
  std::vector<Case> cases = read_cases();
  ASSERT_FALSE(cases.empty());
  for (const Case& c : cases) {
    SCOPED_TRACE(c.file + ": " + c.name);
    std::vector<std::string> expected = lines_of(c.sections.at("expect"));
    std::vector<std::string> said = Runner(c).run();
    for (const std::string& line : expected) {
      EXPECT_NE(std::find(said.begin(), said.end(), line), said.end()) << "missing: " << line;
    }
    // A kind of line that the case mentions is listed in full; lint errors always are.
    for (const std::string& line : said) {
      bool mentioned = line.find(" error ") != std::string::npos && line.starts_with("lint:");
      for (const std::string& e : expected) mentioned = mentioned || kind_of(e) == kind_of(line);
      if (line == "allowed" || line.starts_with("denied: ")) mentioned = c.sections.contains("review");
      if (!mentioned) continue;
      EXPECT_NE(std::find(expected.begin(), expected.end(), line), expected.end()) << "unexpected: " << line;
    }
  }
}

}  // namespace
}  // namespace ameia::policy
