#include "report/print.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "doc/json.h"
#include "report/json_schema.h"
#include "report/sample.h"
#include "report/text.h"

namespace ameia::report {
namespace {

using test::printed;
using test::sample_report;

std::shared_ptr<doc::Document> parse(const std::string& text) {
  auto document = doc::parse_json(std::make_shared<doc::Source>("report", text), std::make_shared<doc::Keys>());
  EXPECT_TRUE(document.has_value()) << document.error().text();
  return document ? *document : nullptr;
}

std::string table(const Report& report, TableOptions options = {}) {
  return printed([&](const Sink& sink) { print_table(report, options, sink); });
}

TEST(Table, SaysTheWorstFirstWithPlaceReasonAndFix) {
  std::string text = table(sample_report());
  EXPECT_NE(text.find("1 critical   0 high   2 medium   1 low   0 info"), std::string::npos) << text;
  EXPECT_NE(text.find("at 97 % coverage"), std::string::npos) << text;
  EXPECT_LT(text.find("AM-POD-001"), text.find("AM-IMG-001"));
  EXPECT_NE(text.find("payments/Deployment/gateway  deploy/web app.yaml:31:7"), std::string::npos) << text;
  EXPECT_NE(text.find("why  Whoever takes over the container"), std::string::npos) << text;
  EXPECT_NE(text.find("fix  Remove securityContext.privileged"), std::string::npos) << text;
  EXPECT_NE(text.find("1  by baseline"), std::string::npos) << text;
  EXPECT_NE(text.find("did not find expected key"), std::string::npos) << text;
}

TEST(Table, NothingFromAManifestReachesTheTerminalAsAControl) {
  std::string text = table(sample_report());
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("\xE2\x80\xAE"), std::string::npos);
  EXPECT_NE(text.find("\\u{1b}[31mred"), std::string::npos) << text;
}

TEST(Table, KeepsToItsWidth) {
  for (size_t width : {60, 80, 120}) {
    std::istringstream lines(table(sample_report(), {.width = width}));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(width_of(line), width) << line;
  }
}

TEST(Table, ColorOnlyWhenAsked) {
  EXPECT_NE(table(sample_report(), {.color = true}).find("\x1b["), std::string::npos);
}

TEST(Table, AnEmptyReportClaimsNothing) {
  std::string text = table(Report{});
  EXPECT_NE(text.find("nothing was judged"), std::string::npos) << text;
  EXPECT_EQ(text.find("100"), std::string::npos) << text;
}

TEST(Json, KeepsItsContract) {
  auto document = parse(printed([&](const Sink& sink) { print_json(sample_report(), sink); }));
  ASSERT_NE(document, nullptr);
  const doc::Node& root = document->root();
  const doc::Node& summary = root["summary"];
  EXPECT_EQ(summary["findings_by_severity"]["critical"].integer_or(-1), 1);
  EXPECT_EQ(summary["findings_by_severity"]["low"].integer_or(-1), 1);  // the one in the baseline does not count
  EXPECT_EQ(summary["suppressed"].integer_or(-1), 1);
  EXPECT_EQ(doc::to_json(summary["coverage"]), "97");
  EXPECT_TRUE(summary["score"].kind == doc::Kind::kDouble);
  const doc::Node& first = root["findings"].list()[0];
  EXPECT_EQ(first["id"].str(), "AM-POD-001");
  EXPECT_EQ(first["status"].str(), "fail");
  EXPECT_EQ(first["resource"]["namespace"].str(), "payments");
  EXPECT_EQ(first["location"]["line"].integer_or(0), 31);
  EXPECT_EQ(first["location"]["column"].integer_or(0), 7);
  for (std::string_view field : {"message", "remediation", "fingerprint"})
    EXPECT_FALSE(first[field].str().empty()) << field;
}

TEST(Json, ScoreOfNothingIsNull) {
  auto document = parse(printed([&](const Sink& sink) { print_json(Report{}, sink); }));
  ASSERT_NE(document, nullptr);
  EXPECT_TRUE(document->root()["summary"].find("score")->is_null());
  EXPECT_EQ(document->root()["summary"]["coverage"].integer_or(0), 0);
}

TEST(Sarif, ResultsAreFailuresAndNotificationsTheRest) {
  auto document = parse(printed([&](const Sink& sink) { print_sarif(sample_report(), sink); }));
  ASSERT_NE(document, nullptr);
  const doc::Node& run = document->root()["runs"].list()[0];
  EXPECT_EQ(document->root()["version"].str(), "2.1.0");
  EXPECT_EQ(run["columnKind"].str(), "unicodeCodePoints");
  ASSERT_EQ(run["results"].list().size(), 5U);
  EXPECT_EQ(run["invocations"].list()[0]["toolExecutionNotifications"].list().size(), 2U);
  const doc::Node& first = run["results"].list()[0];
  EXPECT_EQ(first["level"].str(), "error");
  EXPECT_EQ(first["locations"].list()[0]["physicalLocation"]["artifactLocation"]["uri"].str(), "deploy/web%20app.yaml");
  EXPECT_FALSE(first["partialFingerprints"]["ameia/v1"].str().empty());
  const doc::Node& rules = run["tool"]["driver"]["rules"];
  for (const doc::Node& result : run["results"].list()) {
    EXPECT_EQ(rules.list()[static_cast<size_t>(result["ruleIndex"].integer_or(99))]["id"].str(),
              result["ruleId"].str());
  }
  EXPECT_EQ(run["results"].list()[4]["suppressions"].list()[0]["justification"].str(), "baseline");
}

TEST(Sarif, FixesAreEditsOfTheFile) {
  Report report = sample_report();
  report.fixes[report.findings[0].fingerprint] = {{"privileged: false", "is it needed?"},
                                                  {{31, 9, 31, 20, "privileged: false"}, {32, 1, 33, 1, ""}}};
  auto document = parse(printed([&](const Sink& sink) { print_sarif(report, sink); }));
  ASSERT_NE(document, nullptr);
  auto results = document->root()["runs"].list()[0]["results"].list();
  EXPECT_EQ(results[1].find("fixes"), nullptr);
  const doc::Node& fix = results[0]["fixes"].list()[0];
  EXPECT_EQ(fix["description"]["text"].str(), "privileged: false; decide first: is it needed?");
  EXPECT_EQ(fix["properties"]["safe"].boolean_or(true), false);
  const doc::Node& change = fix["artifactChanges"].list()[0];
  EXPECT_EQ(change["artifactLocation"]["uri"].str(), "deploy/web%20app.yaml");
  auto replacements = change["replacements"].list();
  ASSERT_EQ(replacements.size(), 2U);
  EXPECT_EQ(replacements[0]["deletedRegion"]["endColumn"].integer_or(0), 20);
  EXPECT_EQ(replacements[0]["insertedContent"]["text"].str(), "privileged: false");
  EXPECT_EQ(replacements[1].find("insertedContent"), nullptr);
}

TEST(Sarif, LongReportsAreCutInRuns) {
  Report report = sample_report();
  Finding one = report.findings.front();
  report.findings.assign(25'001, one);
  auto document = parse(printed([&](const Sink& sink) { print_sarif(report, sink); }));
  ASSERT_NE(document, nullptr);
  auto runs = document->root()["runs"].list();
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_EQ(runs[0]["results"].list().size(), 25'000U);
  EXPECT_EQ(runs[1]["results"].list().size(), 1U);
}

TEST(Sarif, IsValidAgainstTheSchemaOfTheStandard) {
  const char* suites = std::getenv("AMEIA_SUITES");
  std::filesystem::path folder =
      suites != nullptr ? std::filesystem::path(suites) : std::filesystem::path(AMEIA_SOURCE_DIR) / "../shared/suites";
  std::ifstream file(folder / "schemas/sarif/sarif-2.1/schema/sarif-schema-2.1.0.json");
  if (!file) GTEST_SKIP() << "no schema in " << folder;
  std::ostringstream text;
  text << file.rdbuf();
  auto schema = parse(text.str());
  ASSERT_NE(schema, nullptr);
  Report with_fixes = sample_report();
  with_fixes.fixes[with_fixes.findings[0].fingerprint] = {{"privileged: false", ""},
                                                          {{31, 9, 31, 20, "privileged: false"}, {32, 1, 33, 1, ""}}};
  with_fixes.fixes[with_fixes.findings[1].fingerprint] = {{"image fixed", "which version?"},
                                                          {{12, 1, 12, 1, "x: y\n"}}};
  with_fixes.fixes_left_out = 3;
  for (const Report& report : {sample_report(), Report{}, with_fixes}) {
    Report full = report;
    if (full.tool_version.empty()) full.tool_version = "0.1.0";
    auto document = parse(printed([&](const Sink& sink) { print_sarif(full, sink); }));
    ASSERT_NE(document, nullptr);
    EXPECT_EQ(test::validate(document->root(), schema->root()), std::vector<std::string>{});
  }
  // The validator itself must be able to say no.
  auto broken = parse(R"({"version":"2.0.0","runs":[{"results":3}]})");
  EXPECT_GE(test::validate(broken->root(), schema->root()).size(), 2U);
}

TEST(Html, IsWholeEscapedAndAsksNobody) {
  std::string page = printed([&](const Sink& sink) { print_html(sample_report(), sink); });
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_NE(page.find("&lt;script&gt;alert(1)"), std::string::npos);
  EXPECT_EQ(page.find('\x1b'), std::string::npos);
  for (std::string_view loads : {"src=", "<link", "@import", "url(", "fetch(", "XMLHttpRequest"})
    EXPECT_EQ(page.find(loads), std::string::npos) << loads;
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
  for (std::string_view text : {"AM-POD-001", "payments/Deployment/gateway", "web app.yaml:31:7", "Whoever takes over",
                                "did not find expected key", "baseline"}) {
    EXPECT_NE(page.find(text), std::string::npos) << text;
  }
  if (const char* out = std::getenv("AMEIA_SAMPLE_HTML")) std::ofstream(out) << page;
}

TEST(Text, WrapsAndCutsByCodePoints) {
  EXPECT_EQ(wrap("um dois três quatro", 9), (std::vector<std::string>{"um dois", "três", "quatro"}));
  EXPECT_EQ(cut("ação", 3), "aç…");
  EXPECT_EQ(clean("a\nb\x07\xFF"), "a b\\u{7}\xEF\xBF\xBD");
}

}  // namespace
}  // namespace ameia::report
