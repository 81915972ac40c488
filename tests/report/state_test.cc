// Score, order, fingerprints, baselines and waivers.
#include <gtest/gtest.h>

#include "doc/json.h"
#include "report/baseline.h"
#include "report/fingerprint.h"
#include "report/sample.h"
#include "report/waiver.h"

namespace ameia::report {
namespace {

using test::printed;
using test::sample_report;

std::shared_ptr<const doc::Source> source(std::string text) {
  return std::make_shared<doc::Source>("waivers.yaml", std::move(text));
}

TEST(Score, IsTheWeightedShareThatPassed) {
  Tally tally;
  EXPECT_FALSE(score(tally).has_value());
  tally.passed[4] = 1;
  EXPECT_DOUBLE_EQ(score(tally).value(), 100);
  tally.failed[0] = 1;
  EXPECT_DOUBLE_EQ(score(tally).value(), 100.0 * 20 / 21);
  tally.failed[4] = 1;
  EXPECT_DOUBLE_EQ(score(tally).value(), 100.0 * 20 / 41);
}

TEST(Order, SuppressedLastThenStatusThenSeverity) {
  std::vector<Finding> findings(4);
  findings[0].severity = Severity::kCritical;
  findings[0].suppressed_by = "baseline";
  findings[1].status = FindingStatus::kError;
  findings[1].severity = Severity::kCritical;
  findings[2].severity = Severity::kLow;
  findings[3].severity = Severity::kHigh;
  sort_findings(findings);
  EXPECT_EQ(findings[0].severity, Severity::kHigh);
  EXPECT_EQ(findings[1].severity, Severity::kLow);
  EXPECT_EQ(findings[2].status, FindingStatus::kError);
  EXPECT_EQ(findings[3].suppressed_by, "baseline");
}

Finding about(const std::string& json, const std::string& pointer) {
  auto document = doc::parse_json(std::make_shared<doc::Source>("f", json), std::make_shared<doc::Keys>()).value();
  Finding f;
  f.id = "AM-POD-001";
  f.resource = {"apps/v1", "Deployment", "web", "shop", {}};
  f.location.pointer = pointer;
  set_fingerprint(f, &document->root());
  return f;
}

TEST(Fingerprint, SurvivesReorderedContainersMovedLinesAndNewVersions) {
  Finding a = about(R"({"spec":{"containers":[{"name":"a"},{"name":"b","image":"x:1"}]}})", "/spec/containers/1/image");
  Finding b = about(
      "\n\n"
      R"({"spec":{"containers":[{"name":"b","image":"x:2"},{"name":"a"}]}})",
      "/spec/containers/0/image");
  EXPECT_EQ(a.fingerprint, b.fingerprint);
  Finding c = about(R"({"spec":{"containers":[{"name":"a"},{"name":"b","image":"x:1"}]}})", "/spec/containers/0/image");
  EXPECT_NE(a.fingerprint, c.fingerprint);
  b.resource.api_version = "apps/v1beta1";
  set_fingerprint(b, nullptr);
  Finding d = b;
  d.resource.api_version = "extensions/v1beta1";
  set_fingerprint(d, nullptr);
  EXPECT_NE(b.fingerprint, d.fingerprint);  // another group is another resource
  EXPECT_EQ(a.fingerprint.size(), 32U);
}

// Of a field that is asked for below a map that is missing, it is the field that counts; the old one is still known.
TEST(Fingerprint, SurvivesTheMapAboveAppearing) {
  const std::string pointer = "/spec/containers/0/securityContext";
  Finding bare = about(R"({"spec":{"containers":[{"name":"a"}]}})", pointer);
  const std::string earlier = bare.fingerprint;
  auto document = doc::parse_json(std::make_shared<doc::Source>("f", R"({"spec":{"containers":[{"name":"a"}]}})"),
                                  std::make_shared<doc::Keys>())
                      .value();
  set_fingerprint(bare, &document->root(), "/runAsNonRoot");
  Finding with_map = about(R"({"spec":{"containers":[{"name":"a","securityContext":{}}]}})", pointer + "/runAsNonRoot");
  EXPECT_EQ(bare.fingerprint, with_map.fingerprint);
  EXPECT_EQ(bare.earlier_fingerprint, earlier);
  EXPECT_EQ(with_map.earlier_fingerprint, "");
  auto baseline = Baseline::parse(source(R"({"version": 1, "findings": [{"fingerprint": ")" + earlier + "\"}]}"));
  ASSERT_TRUE(baseline.has_value());
  std::vector<Finding> findings{bare, with_map};
  EXPECT_EQ(baseline->apply(findings), 0u);
  EXPECT_EQ(findings[0].suppressed_by, "baseline");
  EXPECT_EQ(findings[1].suppressed_by, "");
}

TEST(Fingerprint, TwinsAreToldApart) {
  Finding one = about(R"({})", "/spec");
  std::vector<Finding> findings{one, one, one};
  separate_twins(findings);
  EXPECT_EQ(findings[0].fingerprint, one.fingerprint);
  EXPECT_NE(findings[1].fingerprint, one.fingerprint);
  EXPECT_NE(findings[1].fingerprint, findings[2].fingerprint);
}

TEST(Baseline, HoldsBackWhatItKnowsAndNothingElse) {
  Report report = sample_report();
  std::string text = printed([&](const Sink& sink) { print_baseline(report, sink); });
  auto baseline = Baseline::parse(std::make_shared<doc::Source>("baseline.json", text));
  ASSERT_TRUE(baseline.has_value()) << baseline.error().text();
  EXPECT_EQ(baseline->size(), 5U);
  report.findings[0].fingerprint = "new";
  EXPECT_EQ(baseline->apply(report.findings), 1U);  // one mended
  EXPECT_EQ(report.findings[0].suppressed_by, "");
  EXPECT_EQ(report.findings[1].suppressed_by, "baseline");
}

TEST(Baseline, RefusesWhatIsNone) {
  for (const char* text : {"{}", "[]", R"({"version":2,"findings":[]})", R"({"version":1,"findings":[{}]})",
                           R"({"version":1,"findings":[3]})", "{"}) {
    EXPECT_FALSE(Baseline::parse(source(text)).has_value()) << text;
  }
}

constexpr std::string_view kWaiver =
    "waivers:\n"
    "  - id: AM-IMG-*\n"
    "    resource: web/Deployment/*\n"
    "    owner: team\n"
    "    reason: moving\n"
    "    expires: 2027-01-31\n";

TEST(Waivers, HoldBackUntilTheLastDay) {
  auto waivers = Waivers::parse(source(std::string(kWaiver)));
  ASSERT_TRUE(waivers.has_value()) << waivers.error().text();
  for (std::string_view today : {"2026-11-25", "2027-01-31"}) {
    Report report = sample_report();
    size_t before = report.findings.size();
    waivers->apply(report.findings, today);
    EXPECT_EQ(report.findings.size(), before);
    size_t held = 0;
    for (const Finding& f : report.findings) {
      if (f.suppressed_by.find("team") == std::string::npos) continue;
      ++held;
      EXPECT_EQ(f.resource.name, "shop");
      EXPECT_EQ(f.suppressed_by, "waiver of team until 2027-01-31: moving");
    }
    EXPECT_EQ(held, 1U) << today;
  }
}

TEST(Waivers, AnExpiredOneHoldsNothingAndSaysSo) {
  auto waivers = Waivers::parse(source(std::string(kWaiver))).value();
  Report report = sample_report();
  size_t before = report.findings.size();
  waivers.apply(report.findings, "2027-02-01");
  ASSERT_EQ(report.findings.size(), before + 1);
  EXPECT_EQ(report.findings.back().id, kWaiverExpiredId);
  EXPECT_EQ(report.findings.back().location.line, 2U);
  for (const Finding& f : report.findings) EXPECT_EQ(f.suppressed_by.find("team"), std::string::npos);
}

TEST(Waivers, OneThatMeetsNothingSaysSo) {
  auto waivers =
      Waivers::parse(source("waivers: [{id: AM-NONE-001, owner: a, reason: b, expires: '2030-01-01'}]")).value();
  Report report = sample_report();
  waivers.apply(report.findings, "2026-11-25");
  EXPECT_EQ(report.findings.back().id, kWaiverUnusedId);
}

TEST(Waivers, MistakesArePlaced) {
  struct {
    std::string_view text, where, what;
  } cases[] = {
      {"waivers:\n  - id: X\n    owner: a\n    reason: b\n", "waivers.yaml:2:5", "needs expires"},
      {"waivers:\n  - owner: a\n    reason: b\n    expires: 2027-01-01\n", "waivers.yaml:2:5",
       "an id, a resource or a fingerprint"},
      {"waivers:\n  - id: X\n    owner: a\n    reason: b\n    expires: 2027-02-30\n", "waivers.yaml:5:14",
       "must be a day"},
      {"waivers:\n  - id: X\n    ownr: a\n", "waivers.yaml:3:5", "no field \"ownr\""},
      {"waivers:\n  - id: 3\n", "waivers.yaml:2:9", "must be a text"},
      {"- id: X\n", "waivers.yaml:1:1", "a list called"},
  };
  for (const auto& c : cases) {
    auto waivers = Waivers::parse(source(std::string(c.text)));
    ASSERT_FALSE(waivers.has_value()) << c.text;
    EXPECT_EQ(waivers.error().where, c.where) << c.text;
    EXPECT_NE(waivers.error().what.find(c.what), std::string::npos) << waivers.error().what;
  }
}

TEST(Pattern, StarStandsForAnything) {
  EXPECT_TRUE(matches_pattern("a*c", "abbc"));
  EXPECT_TRUE(matches_pattern("*", ""));
  EXPECT_TRUE(matches_pattern("web/*/x", "web/Deployment/x"));
  EXPECT_FALSE(matches_pattern("a*c", "abcd"));
  EXPECT_FALSE(matches_pattern("", "a"));
  std::string long_text(2000, 'a');
  EXPECT_FALSE(matches_pattern("*a*a*a*a*a*b", long_text));
  long_text.push_back('b');
  EXPECT_TRUE(matches_pattern("*a*a*a*b", long_text));
}

}  // namespace
}  // namespace ameia::report
