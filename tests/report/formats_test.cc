// The formats for machines and code hosts, each held to its schema or to what its reader does with it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "doc/json.h"
#include "doc/yaml.h"
#include "report/json_schema.h"
#include "report/limits.h"
#include "report/sample.h"
#include "report/text.h"

namespace ameia::report {
namespace {

using test::printed;
using test::sample_report;
using Print = void (*)(const Report&, const Sink&);

std::string text_of(Print print, const Report& report) {
  return printed([&](const Sink& sink) { print(report, sink); });
}

std::shared_ptr<doc::Document> parse(const std::string& text) {
  auto document = doc::parse_json(std::make_shared<doc::Source>("report", text), std::make_shared<doc::Keys>());
  EXPECT_TRUE(document.has_value()) << document.error().text();
  return document ? *document : nullptr;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

// One finding whose every text a stranger wrote.
Report hostile(const std::string& text) {
  Report report = sample_report();
  Finding f = report.findings.front();
  f.resource.name = f.resource.ns = f.message = f.value = f.location.file = f.location.pointer = text;
  report.findings = {f};
  return report;
}

// What RFC 4180 reads: rows of cells.
std::vector<std::vector<std::string>> csv_rows(const std::string& text) {
  std::vector<std::vector<std::string>> rows(1, std::vector<std::string>(1));
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    std::string& cell = rows.back().back();
    if (quoted) {
      if (c == '"' && i + 1 < text.size() && text[i + 1] == '"') {
        cell += text[++i];
      } else if (c == '"') {
        quoted = false;
      } else {
        cell += c;
      }
    } else if (c == '"') {
      EXPECT_TRUE(cell.empty()) << "a quote within a bare cell, at " << i;
      quoted = true;
    } else if (c == ',') {
      rows.back().emplace_back();
    } else if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') {
      ++i;
      if (i + 1 < text.size()) rows.emplace_back(1);
    } else {
      cell += c;
    }
  }
  EXPECT_FALSE(quoted);
  return rows;
}

TEST(Csv, ReadsBackAsItWas) {
  Report report = sample_report();
  auto rows = csv_rows(text_of(print_csv, report));
  ASSERT_EQ(rows.size(), report.findings.size() + 1);
  for (const auto& row : rows) EXPECT_EQ(row.size(), 17U);
  EXPECT_EQ(rows[1][0], "AM-POD-001");
  EXPECT_EQ(rows[1][4], "payments");
  EXPECT_EQ(rows[1][7], "deploy/web app.yaml");
  EXPECT_EQ(rows[1][8], "31");
  EXPECT_EQ(rows[1][11], "container \"gateway\" is privileged: true");
}

TEST(Csv, NoCellIsAFormula) {
  for (const char* text : {"=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1",
                           "\xEF\xBC\x9D"
                           "1"}) {
    auto rows = csv_rows(text_of(print_csv, hostile(text)));
    ASSERT_EQ(rows.size(), 2U) << text;
    for (size_t column : {4, 6, 7, 10, 11, 12}) EXPECT_EQ(rows[1][column].front(), '\'') << text << " in " << column;
  }
  auto rows = csv_rows(text_of(print_csv, hostile("a\",\"=1\n=2")));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].size(), 17U);
}

TEST(Ndjson, EveryLineStandsAloneAndTheLastIsTheSummary) {
  Report report = sample_report();
  std::vector<std::string> lines = lines_of(text_of(print_ndjson, report));
  ASSERT_EQ(lines.size(), report.findings.size() + 2);
  std::set<std::string> types;
  for (const std::string& line : lines) ASSERT_NE(parse(line), nullptr);
  EXPECT_EQ(parse(lines.front())->root()["type"].str(), "run");
  EXPECT_EQ(parse(lines.back())->root()["summary"]["findings_by_severity"]["critical"].integer_or(-1), 1);
  auto first = parse(lines[1]);
  EXPECT_EQ(first->root()["id"].str(), "AM-POD-001");
  EXPECT_EQ(first->root()["why"].str(), "Whoever takes over the container has taken over the node.");
  EXPECT_EQ(first->root()["tags"].list().size(), 3U);
}

// A reader of the XML that the printer writes: elements, attributes, the five entities. What is not well formed is an
// error, and so is a character that XML 1.0 does not have.
struct Element {
  std::string name, text;
  std::map<std::string, std::string> attributes;
  std::vector<Element> children;
};

class Xml {
 public:
  explicit Xml(std::string_view text) : text_(text) {}

  std::optional<Element> read() {
    if (!skip("<?xml version=\"1.0\" encoding=\"UTF-8\"?>")) return {};
    blanks();
    Element root;
    if (!element(root)) return {};
    blanks();
    if (at_ != text_.size()) return {};
    return root;
  }

 private:
  bool skip(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  std::string name() {
    size_t begin = at_;
    while (at_ < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }
  // Up to `end`, entities resolved.
  bool characters(char end, std::string& out) {
    while (at_ < text_.size() && text_[at_] != end) {
      unsigned char c = static_cast<unsigned char>(text_[at_]);
      if (c == '<' || (c < 0x20 && c != '\n')) return false;
      if (c != '&') {
        out += text_[at_++];
        continue;
      }
      static constexpr std::pair<std::string_view, char> kEntities[] = {
          {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}};
      const auto* entity =
          std::find_if(std::begin(kEntities), std::end(kEntities), [&](const auto& e) { return skip(e.first); });
      if (entity == std::end(kEntities)) return false;
      out += entity->second;
    }
    return at_ < text_.size();
  }
  bool element(Element& out) {
    if (!skip("<")) return false;
    out.name = name();
    if (out.name.empty()) return false;
    for (blanks(); at_ < text_.size() && text_[at_] != '>' && text_[at_] != '/'; blanks()) {
      std::string key = name(), value;
      if (key.empty() || !skip("=\"") || !characters('"', value) || !skip("\"")) return false;
      if (!out.attributes.emplace(key, value).second) return false;
    }
    if (skip("/>")) return true;
    if (!skip(">")) return false;
    for (;;) {
      if (!characters('<', out.text)) return false;
      if (skip("</")) return skip(out.name) && skip(">");
      out.children.emplace_back();
      if (!element(out.children.back())) return false;
    }
  }

  std::string_view text_;
  size_t at_ = 0;
};

// The shape that Jenkins' JUnit schema asks for, and the counts that readers trust.
void check_junit(const Element& root) {
  const std::set<std::string> kSuite = {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"};
  const std::set<std::string> kCase = {"classname", "name", "time"};
  ASSERT_EQ(root.name, "testsuites");
  size_t tests = 0, failures = 0, errors = 0;
  for (const Element& suite : root.children) {
    ASSERT_EQ(suite.name, "testsuite");
    for (const auto& [key, value] : suite.attributes) EXPECT_TRUE(kSuite.contains(key)) << key;
    size_t cases = 0, failed = 0, broken = 0, skipped = 0;
    for (const Element& child : suite.children) {
      if (child.name == "properties") continue;
      ASSERT_EQ(child.name, "testcase");
      ++cases;
      for (const auto& [key, value] : child.attributes) EXPECT_TRUE(kCase.contains(key)) << key;
      EXPECT_FALSE(child.attributes.at("name").empty());
      EXPECT_LE(child.children.size(), 1U);
      for (const Element& outcome : child.children) {
        EXPECT_TRUE(outcome.attributes.contains("message"));
        if (outcome.name == "failure") {
          ++failed;
        } else if (outcome.name == "error") {
          ++broken;
        } else {
          EXPECT_EQ(outcome.name, "skipped");
          ++skipped;
        }
      }
    }
    EXPECT_EQ(suite.attributes.at("tests"), std::to_string(cases));
    EXPECT_EQ(suite.attributes.at("failures"), std::to_string(failed));
    EXPECT_EQ(suite.attributes.at("errors"), std::to_string(broken));
    EXPECT_EQ(suite.attributes.at("skipped"), std::to_string(skipped));
    tests += cases;
    failures += failed;
    errors += broken;
  }
  EXPECT_EQ(root.attributes.at("tests"), std::to_string(tests));
  EXPECT_EQ(root.attributes.at("failures"), std::to_string(failures));
  EXPECT_EQ(root.attributes.at("errors"), std::to_string(errors));
}

TEST(Junit, IsWellFormedAndCountsRight) {
  for (const Report& report : {sample_report(), Report{}, hostile("]]>\x01<&\"'\x1b[31m\xEF\xBF\xBF\n\xFF")}) {
    std::string text = text_of(print_junit, report);
    std::optional<Element> root = Xml(text).read();
    ASSERT_TRUE(root.has_value()) << text;
    check_junit(*root);
  }
}

TEST(Junit, IsGreenOnlyWithEvidence) {
  Report clean = sample_report();
  clean.findings.clear();
  clean.coverage.errors = 0;
  EXPECT_NE(text_of(print_junit, clean).find("failures=\"0\" errors=\"0\""), std::string::npos);
  EXPECT_NE(text_of(print_junit, Report{}).find("nothing was judged"), std::string::npos);
}

TEST(Github, ACommandCannotBeSmuggledIn) {
  std::string text = text_of(print_github, hostile("a\n::set-output name=x::y\r%0A::error::,b:c"));
  ASSERT_EQ(lines_of(text).size(), 1U) << text;
  EXPECT_TRUE(text.starts_with("::error file=")) << text;
  EXPECT_NE(text.find("%250A"), std::string::npos) << text;
  std::string properties = text.substr(0, text.find("::", 2));
  EXPECT_NE(properties.find("%3A%3Aset-output"), std::string::npos) << properties;
}

TEST(Github, SaysPlaceAndSeverity) {
  Report report = sample_report();
  std::string first = lines_of(text_of(print_github, report)).front();
  EXPECT_EQ(first,
            "::error file=deploy/web app.yaml,line=31,col=7,title=AM-POD-001 A container is privileged::"
            "payments/Deployment/gateway: container \"gateway\" is privileged: true%0AHow to mend it: Remove "
            "securityContext.privileged, and add only the capabilities that are needed.");
  EXPECT_EQ(text_of(print_github, report).find("baseline"), std::string::npos);
}

TEST(Gitlab, FingerprintsAreUniqueAndFieldsAreThose) {
  Report report = sample_report();
  report.findings.push_back(report.findings.front());  // even when the caller did not keep them apart
  auto document = parse(text_of(print_gitlab, report));
  ASSERT_NE(document, nullptr);
  std::set<std::string_view> fingerprints;
  for (const doc::Node& row : document->root().list()) {
    EXPECT_TRUE(fingerprints.insert(row["fingerprint"].str()).second);
    EXPECT_FALSE(row["description"].str().empty());
    EXPECT_FALSE(row["check_name"].str().empty());
    EXPECT_TRUE(
        (std::set<std::string_view>{"info", "minor", "major", "critical", "blocker"}).contains(row["severity"].str()));
    EXPECT_FALSE(row["location"]["path"].str().starts_with("./"));
    EXPECT_GE(row["location"]["lines"]["begin"].integer_or(0), 1);
  }
  EXPECT_GE(fingerprints.size(), 4U);
  EXPECT_EQ(text_of(print_gitlab, Report{}), "[]\n");
}

std::shared_ptr<const doc::Document> crd(const std::string& name) {
  const char* suites = std::getenv("AMEIA_SUITES");
  std::filesystem::path folder =
      suites != nullptr ? std::filesystem::path(suites) : std::filesystem::path(AMEIA_SOURCE_DIR) / "../shared/suites";
  std::ifstream file(folder / "schemas" / name);
  if (!file) return nullptr;
  std::ostringstream text;
  text << file.rdbuf();
  auto stream = doc::parse_yaml(std::make_shared<doc::Source>(name, text.str()), std::make_shared<doc::Keys>());
  return stream.documents.empty() ? nullptr : stream.documents.front();
}

// Fields the schema does not know would be dropped by the API server without a word.
void check_known(const doc::Node& value, const doc::Node& schema, const std::string& at) {
  for (const doc::Member& member : value.map()) {
    if (at == "/metadata" || !schema["additionalProperties"].is_null()) continue;
    const doc::Node* known = schema["properties"].find(member.key->view());
    std::string below = at + "/" + std::string(member.key->view());
    EXPECT_NE(known, nullptr) << below;
    if (known != nullptr) check_known(member.value, *known, below);
  }
  for (const doc::Node& item : value.list()) check_known(item, schema["items"], at + "/*");
}

void check_policy_reports(Print print, const std::string& version, const std::string& namespaced,
                          const std::string& clustered) {
  auto one = crd(namespaced), all = crd(clustered);
  if (one == nullptr || all == nullptr) GTEST_SKIP() << "no schema " << namespaced;
  auto schema_of = [&](const doc::Document& definition) -> const doc::Node* {
    for (const doc::Node& v : definition.root()["spec"]["versions"].list()) {
      if (v["name"].str() == version) return &v["schema"]["openAPIV3Schema"];
    }
    return nullptr;
  };
  for (const Report& report : {sample_report(), Report{}, hostile("Not A Namespace\n")}) {
    auto document = parse(text_of(print, report));
    ASSERT_NE(document, nullptr);
    std::set<std::string_view> places;
    size_t results = 0;
    for (const doc::Node& item : document->root()["items"].list()) {
      std::string_view ns = item["metadata"]["namespace"].str();
      EXPECT_TRUE(places.insert(ns).second);
      const doc::Node* schema = schema_of(ns.empty() ? *all : *one);
      ASSERT_NE(schema, nullptr);
      EXPECT_EQ(test::validate(item, *schema), std::vector<std::string>{});
      check_known(item, *schema, "");
      EXPECT_EQ(item["kind"].str(), (ns.empty() ? *all : *one).root()["spec"]["names"]["kind"].str());
      results += item["results"].list().size();
      int64_t summed = 0;
      for (const doc::Member& member : item["summary"].map()) summed += member.value.integer_or(0);
      EXPECT_EQ(summed, static_cast<int64_t>(item["results"].list().size()));
    }
    EXPECT_TRUE(places.contains(""));
    EXPECT_GE(results, std::min<size_t>(report.findings.size(), 1));
  }
}

TEST(OpenReports, AreValidAgainstTheCustomResource) {
  check_policy_reports(print_openreports, "v1alpha1", "openreports/config/crd/openreports.io_reports.yaml",
                       "openreports/config/crd/openreports.io_clusterreports.yaml");
}

TEST(WgPolicy, AreValidAgainstTheCustomResource) {
  const std::string folder = "wgpolicy/policy-report/crd/v1alpha2/wgpolicyk8s.io_";
  check_policy_reports(print_wgpolicy, "v1alpha2", folder + "policyreports.yaml", folder + "clusterpolicyreports.yaml");
}

TEST(OpenReports, AreSmallEnoughForEtcdAndSayWhatIsLeftOut) {
  Report report = sample_report();
  Finding one = report.findings.front();
  report.findings.assign(5'000, one);
  auto document = parse(text_of(print_openreports, report));
  for (const doc::Node& item : document->root()["items"].list()) {
    if (item["metadata"]["namespace"].str() != "payments") continue;
    EXPECT_LE(doc::to_json(item).size(), kPolicyReportBytesMax + 10'000);
    EXPECT_EQ(item["summary"]["fail"].integer_or(0), 5'000);
    size_t listed = item["results"].list().size();
    EXPECT_LT(listed, 5'000U);
    EXPECT_EQ(item["metadata"]["annotations"]["ameia.io/results-left-out"].str(), std::to_string(5'000 - listed));
  }
}

TEST(OpenReports, SayWhenTheScanBegan) {
  Report report = sample_report();
  auto begun = [&](std::string_view started_at) {
    report.started_at = started_at;
    auto document = parse(text_of(print_openreports, report));
    return document->root()["items"].list()[0]["results"].list()[0]["timestamp"]["seconds"].integer_or(-1);
  };
  EXPECT_EQ(begun("2026-11-25T12:00:00Z"), 1'795'608'000);
  EXPECT_EQ(begun("1970-01-02T00:00:01Z"), 86'401);
  for (std::string_view other :
       {"", "2026-02-30T12:00:00Z", "2026-11-25 12:00:00", "2026-11-25T12:00:00Zz", "+026-11-25T12:00:00Z"})
    EXPECT_EQ(begun(other), -1) << other;
}

TEST(Markdown, ShowsTextsAsTexts) {
  std::string text =
      text_of(print_markdown, hostile("<img src=x> [a](http://b) | `c` *d* @octocat https://e www.f &lt;"));
  size_t cell = text.rfind(" | ", text.rfind(" |\n") - 1);  // the message; the cells before it are code spans
  EXPECT_EQ(text.find("<img", cell), std::string::npos) << text;
  EXPECT_NE(text.find("| ``<img src=x> [a](http://b) \\| `c` *d*"), std::string::npos) << text;
  EXPECT_NE(text.find("\\[a\\](http\\://b) \\| \\`c\\` \\*d\\* @&#8203;octocat https\\://e www\\.f &amp;lt;"),
            std::string::npos)
      << text;
  for (const std::string& line : lines_of(text)) {
    if (!line.starts_with("| ") || line.find("---") != std::string::npos) continue;
    size_t bars = 0;
    for (size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\') ? 1 : 0;
    EXPECT_TRUE(bars == 4 || bars == 6) << line;
  }
}

TEST(Markdown, FitsInAComment) {
  Report report = sample_report();
  Finding one = report.findings.front();
  report.findings.clear();
  for (int check = 0; check < 300; ++check) {
    one.id = "X-" + std::to_string(check);
    report.findings.insert(report.findings.end(), 40, one);
  }
  std::string text = text_of(print_markdown, report);
  EXPECT_LE(text.size(), size_t{65'536});
  EXPECT_NE(text.find("more checks have findings"), std::string::npos);
  EXPECT_NE(text.find("and 20 more"), std::string::npos);
}

TEST(Languages, HeadingsAndChecksSpeakPortuguese) {
  Report report = sample_report();
  report.rules[1].portuguese = {"Contêiner privilegiado", "Quem toma o contêiner tomou o nó.", "Remova privileged."};
  report.language = Language::kPortuguese;
  auto table = [](const Report& r, const Sink& sink) { print_table(r, {}, sink); };
  for (Print print : {+table, &print_html, &print_markdown}) {
    std::string text = text_of(print, report);
    for (std::string_view word : {"crítica", "Contêiner privilegiado", "Quem toma o contêiner", "Remova privileged"})
      EXPECT_NE(text.find(word), std::string::npos) << word << "\n" << text;
    for (std::string_view word :
         {"critical 20", "Findings", "Not judged", "Held back", "Whoever", " places", " checks"})
      EXPECT_EQ(text.find(word), std::string::npos) << word << "\n" << text;
    // A check without a translation says it in English rather than not at all.
    EXPECT_NE(text.find("An image has no fixed version"), std::string::npos);
  }
  // What machines key on is the same in every language; JSON carries both.
  auto document = parse(text_of(print_json, report));
  EXPECT_EQ(document->root()["findings"].list()[0]["severity"].str(), "critical");
  EXPECT_EQ(document->root()["findings"].list()[0]["title"].str(), "Contêiner privilegiado");
  EXPECT_EQ(document->root()["rules"].list()[1]["title"].str(), "A container is privileged");
  EXPECT_EQ(document->root()["rules"].list()[1]["translations"]["pt"]["title"].str(), "Contêiner privilegiado");
}

}  // namespace
}  // namespace ameia::report
