// Rules of CustomResourceDefinitions: what a definition is refused for, and where field paths lead. How rules run over
// objects is in Kubernetes' own tables (tests/conformance).
#include <gtest/gtest.h>

#include "doc/yaml.h"
#include "policy/crd_lint.h"
#include "policy/crd_rules.h"

namespace ameia::policy {
namespace {

std::shared_ptr<doc::Document> yaml(const std::string& text) {
  auto source = std::make_shared<const doc::Source>("crd.yaml", text);
  doc::YamlStream stream = doc::parse_yaml(source, std::make_shared<doc::Keys>());
  EXPECT_TRUE(stream.errors.empty()) << stream.errors[0].text();
  return stream.documents.at(0);
}

// A definition whose spec has one property `list`, given with its indentation.
std::vector<CrdProblem> lint(const std::string& property) {
  static std::vector<std::shared_ptr<doc::Document>> kept;
  kept.push_back(
      yaml("apiVersion: apiextensions.k8s.io/v1\n"
           "kind: CustomResourceDefinition\n"
           "spec:\n  group: example.com\n  names: {kind: Widget}\n  versions:\n"
           "  - name: v1\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n"
           "          list: " +
           property + "\n"));
  return lint_crd(kept.back()->root());
}

const std::string kAt = "spec.versions[0].schema.openAPIV3Schema.properties[list]";

TEST(CrdLint, AcceptsARuleWithinItsBudget) {
  EXPECT_TRUE(lint("{type: array, maxItems: 10, items: {type: string, maxLength: 5},"
                   " x-kubernetes-validations: [{rule: 'self.all(x, x != \"a\")'}]}")
                  .empty());
}

TEST(CrdLint, PricesARuleByHowOftenItMayRun) {
  const std::string rule = "x-kubernetes-validations: [{rule: 'self.all(a, self.all(b, a == b))'}]";
  auto problems = lint("{type: array, items: {type: string}, " + rule + "}");
  ASSERT_EQ(problems.size(), 3u);  // the rule, its part in the total, the total
  EXPECT_EQ(problems[0].field, kAt + ".x-kubernetes-validations[0].rule");
  EXPECT_EQ(problems[0].message,
            "Forbidden: estimated rule cost exceeds budget by factor of more than 100x (try simplifying the rule, or "
            "adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)");
  EXPECT_EQ(problems[2].field, "spec.versions[0].schema.openAPIV3Schema");
  // Bounded once, the same rule costs little; inside a list of a thousand, a thousand times that.
  const std::string bounded = "{type: array, maxItems: 30, items: {type: string, maxLength: 64}, " + rule + "}";
  EXPECT_TRUE(lint(bounded).empty());
  problems = lint("{type: array, maxItems: 1000, items: " + bounded + "}");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].field, kAt + ".items.x-kubernetes-validations[0].rule");
  EXPECT_NE(problems[0].message.find("exceeds budget by factor of"), std::string::npos);
}

TEST(CrdLint, RefusesWhatCannotBeCompared) {
  const std::string rule = "x-kubernetes-validations: [{rule: 'self == oldSelf'}]";
  auto problems = lint("{type: array, maxItems: 3, items: {type: string, maxLength: 5, " + rule + "}}");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].message,
            "Invalid value: oldSelf cannot be used on the uncorrelatable portion of the schema within " + kAt);
  problems = lint("{type: string, x-kubernetes-validations: [{rule: 'self != \"\"', optionalOldSelf: true}]}");
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].message, "Invalid value: may not be set if oldSelf is not used in rule");
}

TEST(CrdLint, RefusesBadTextsBeforeItCompiles) {
  auto first = [](const std::string& rule) {
    auto problems = lint("{type: object, properties: {a: {type: string}}, x-kubernetes-validations: [" + rule + "]}");
    return problems.size() == 1 ? problems[0].message : std::to_string(problems.size()) + " problems";
  };
  EXPECT_EQ(first("{rule: ' '}"), "Required value: rule is not specified");
  EXPECT_EQ(first("{rule: 'true', message: ' '}"), "Invalid value: must be non-empty if specified");
  EXPECT_EQ(first("{rule: 'true', fieldPath: .b}"), "Invalid value: must be a valid path");
  EXPECT_EQ(first("{rule: 'true', reason: Because}"),
            "Unsupported value: \"Because\": supported values: \"FieldValueDuplicate\", \"FieldValueForbidden\", "
            "\"FieldValueInvalid\", \"FieldValueRequired\"");
  EXPECT_EQ(first("{rule: 'self.nope == 1'}").substr(0, 56),
            "Invalid value: compilation failed: ERROR: <input>:1:5: u");
  EXPECT_EQ(first("{rule: 'true', messageExpression: '1'}"),
            "Invalid value: messageExpression must evaluate to a string");
}

TEST(CrdRules, AnErrorStandsAtTheValueItsFieldPathNames) {
  auto schema = yaml(
      "type: object\n"
      "properties: {spec: {type: object, properties: {size: {type: integer}},\n"
      "  x-kubernetes-validations: [{rule: self.size < 3, messageExpression: \"'at most 2, not ' + "
      "string(self.size)\",\n"
      "    fieldPath: .size, reason: FieldValueForbidden}]}}\n");
  auto object = yaml("spec:\n  size: 7\n");
  CrdRules rules(schema->root(), {});
  CrdOutcome outcome = rules.run(object->root(), nullptr, {.root = ""});
  ASSERT_EQ(outcome.errors.size(), 1u);
  EXPECT_EQ(outcome.errors[0].text(), "spec.size: Forbidden: at most 2, not 7");
  EXPECT_EQ(outcome.errors[0].node, object->root()["spec"].find("size"));
  EXPECT_LT(outcome.remaining, static_cast<int64_t>(kRuntimeCostMax));
}

TEST(CrdRules, AnUnchangedValueIsOnlyWarnedAbout) {
  auto schema = yaml(
      "type: object\nproperties:\n  a: {type: string, x-kubernetes-validations: [{rule: self == 'x'}]}\n"
      "  b: {type: string}\n");
  auto before = yaml("a: old\nb: one\n"), after = yaml("a: old\nb: two\n"), worse = yaml("a: new\nb: one\n");
  CrdRules rules(schema->root(), {.is_root = false, .version = expr::Version::latest(), .libraries = {}});
  CrdRunOptions update;
  update.ratcheting = true;
  CrdOutcome kept = rules.run(after->root(), &before->root(), update);
  EXPECT_TRUE(kept.errors.empty());
  EXPECT_EQ(kept.ratcheted.size(), 1u);
  EXPECT_EQ(rules.run(worse->root(), &before->root(), update).errors.size(), 1u);
}

}  // namespace
}  // namespace ameia::policy
