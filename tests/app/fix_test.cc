// ameia fix and ameia diff, as a user runs them; and the fixes on manifests of real projects.
#include <sys/stat.h>

#include "app/cli.h"
#include "app/exit.h"
#include "doc/yaml.h"

namespace ameia::app {
namespace {

using FixCli = Cli;

constexpr std::string_view kShop =
    "# the shop\n"
    "apiVersion: apps/v1\n"
    "kind: Deployment\n"
    "metadata: {name: shop}  # keep\n"
    "spec:\n"
    "  selector: {matchLabels: {app: shop}}\n"
    "  template:\n"
    "    metadata: {labels: {app: shop}}\n"
    "    spec:\n"
    "      containers:\n"
    "      - name: main   # first\n"
    "        image: \"k8s.gcr.io/shop:1.2.3\"\n"
    "        ports:\n"
    "        - hostPort: 80\n"
    "          containerPort: 8080\n"
    "\n"
    "# end\n";

constexpr std::string_view kShopFixed =
    "# the shop\n"
    "apiVersion: apps/v1\n"
    "kind: Deployment\n"
    "metadata: {name: shop}  # keep\n"
    "spec:\n"
    "  selector: {matchLabels: {app: shop}}\n"
    "  template:\n"
    "    metadata: {labels: {app: shop}}\n"
    "    spec:\n"
    "      containers:\n"
    "      - name: main   # first\n"
    "        image: \"registry.k8s.io/shop:1.2.3\"\n"
    "        ports:\n"
    "        - hostPort: 80\n"
    "          containerPort: 8080\n"
    "        securityContext:\n"
    "          allowPrivilegeEscalation: false\n"
    "      securityContext:\n"
    "        seccompProfile:\n"
    "          type: RuntimeDefault\n"
    "\n"
    "# end\n";

TEST_F(FixCli, WritesWhatIsSafeAndProposesTheRest) {
  spit(dir_ / "shop.yaml", kShop);
  fs::permissions(dir_ / "shop.yaml", fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
  Ran run = ameia("fix");
  EXPECT_EQ(run.code, kOk) << run.err;
  EXPECT_EQ(slurp(dir_ / "shop.yaml"), kShopFixed);
  EXPECT_EQ(fs::status(dir_ / "shop.yaml").permissions(),
            fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
  EXPECT_NE(run.out.find("3 findings fixed in 1 file"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("AM-POD-015"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("no fix\n"), std::string::npos) << run.out;
  EXPECT_EQ(std::distance(fs::directory_iterator(dir_), fs::directory_iterator()), 1) << "something was left behind";
  run = ameia("fix");
  EXPECT_NE(run.out.find("0 findings fixed in 0 files"), std::string::npos) << run.out;
  EXPECT_EQ(slurp(dir_ / "shop.yaml"), kShopFixed) << "a second run changes something";
}

TEST_F(FixCli, ADecisionIsWrittenOnceItIsMade) {
  spit(dir_ / "shop.yaml", kShop);
  EXPECT_EQ(ameia("fix --id AM-POD-015").code, kOk);
  EXPECT_EQ(slurp(dir_ / "shop.yaml"), kShop) << "another check's fix was written, or a proposal";
  EXPECT_EQ(ameia("fix --id am-pod-015 --accept AM-POD-015").code, kOk);
  std::string text(kShop);
  size_t port = text.find("hostPort: 80\n          ");
  EXPECT_EQ(slurp(dir_ / "shop.yaml"), text.erase(port, std::string("hostPort: 80\n          ").size()));
  EXPECT_EQ(ameia("fix --id AM-NONE-001").code, kUsage);
  EXPECT_EQ(ameia("fix --accept AM-PDO-015").code, kUsage);
}

TEST_F(FixCli, DiffWritesNothingAndCanBeApplied) {
  spit(dir_ / "shop.yaml", kShop);
  Ran run = ameia("fix shop.yaml --diff");
  EXPECT_EQ(run.code, kOk);
  EXPECT_EQ(slurp(dir_ / "shop.yaml"), kShop);
  EXPECT_TRUE(run.out.starts_with("--- a/shop.yaml\n+++ b/shop.yaml\n@@ ")) << run.out;
  EXPECT_NE(run.err.find("3 findings would be fixed in 1 file"), std::string::npos) << run.err;
  spit(dir_ / "change.patch", run.out);
  std::string apply = "cd '" + dir_.string() + "' && patch -s -p1 < change.patch";
  if (std::system("command -v patch >/dev/null") == 0) {
    ASSERT_EQ(std::system(apply.c_str()), 0);
    EXPECT_EQ(slurp(dir_ / "shop.yaml"), kShopFixed);
  }
}

TEST_F(FixCli, StandardInputIsFixedToStandardOutput) {
  spit(dir_ / "shop.yaml", kShop);
  Ran run = ameia("fix - < shop.yaml");
  EXPECT_EQ(run.code, kOk) << run.err;
  EXPECT_EQ(run.out, kShopFixed);
  EXPECT_EQ(ameia("fix - shop.yaml < shop.yaml").code, kUsage);
  run = ameia("fix - -o json < shop.yaml");
  auto document = json(run.out);
  EXPECT_EQ(document->root()["fixed"].size, 3u);
  EXPECT_FALSE(document->root()["written"].boolean_or(true));
}

TEST_F(FixCli, TheGateSpeaksOfWhatIsLeft) {
  spit(dir_ / "shop.yaml", kShop);
  EXPECT_EQ(ameia("fix --diff --fail-on medium").code, kFindings);
  EXPECT_EQ(ameia("fix --diff --fail-on critical").code, kOk);
  spit(dir_ / "broken.yaml", "a: [\n");
  EXPECT_EQ(ameia("fix --diff --fail-on critical").code, kInput);
  EXPECT_EQ(ameia("fix missing.yaml").code, kInput);
}

TEST_F(FixCli, WaivedFindingsStayAsTheyAre) {
  spit(dir_ / "m/shop.yaml", kShop);
  EXPECT_EQ(ameia("scan m --write-baseline known.json -q").code, kOk);
  EXPECT_EQ(ameia("fix m --baseline known.json").code, kOk);
  EXPECT_EQ(slurp(dir_ / "m/shop.yaml"), kShop);
}

TEST_F(FixCli, WritesNoFileThatItShouldNot) {
  spit(dir_ / "outside.yaml", kShop);
  fs::create_directories(dir_ / "in");
  fs::create_symlink(dir_ / "outside.yaml", dir_ / "in/link.yaml");
  Ran run = ameia("fix in in/link.yaml");
  EXPECT_EQ(slurp(dir_ / "outside.yaml"), kShop);
  EXPECT_TRUE(fs::is_symlink(dir_ / "in/link.yaml"));
  EXPECT_EQ(run.code, kUnreachable) << run.err;
  // Within the tree a link is followed, and stays one.
  fs::remove(dir_ / "in/link.yaml");
  spit(dir_ / "in/z.yaml", kShop);
  fs::create_symlink("z.yaml", dir_ / "in/a.yaml");
  EXPECT_EQ(ameia("fix in").code, kOk);
  EXPECT_TRUE(fs::is_symlink(dir_ / "in/a.yaml"));
  EXPECT_EQ(slurp(dir_ / "in/z.yaml"), kShopFixed);
  spit(dir_ / "two/a.yaml", kShop);
  fs::create_hard_link(dir_ / "two/a.yaml", dir_ / "two/b.txt");
  run = ameia("fix two");
  EXPECT_EQ(run.code, kUnreachable);
  EXPECT_NE(run.err.find("hard links"), std::string::npos) << run.err;
  EXPECT_EQ(slurp(dir_ / "two/b.txt"), kShop);
}

TEST_F(FixCli, ASharedValueIsChangedOnlyWhereAllItsPlacesAgree) {
  spit(dir_ / "a.yaml",
       "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - &c\n    name: a\n    image: a:1\n  "
       "initContainers:\n  - <<: *c\n    name: b\n    securityContext: {allowPrivilegeEscalation: false}\n");
  Ran run = ameia("fix");
  EXPECT_EQ(run.code, kOk) << run.err;
  std::string text = slurp(dir_ / "a.yaml");
  EXPECT_NE(text.find("    image: a:1\n    securityContext:\n      allowPrivilegeEscalation: false\n"),
            std::string::npos)
      << "an override beside the alias hides the change: it is safe\n"
      << text;
  spit(dir_ / "a.yaml",
       "x: &s {privileged: false}\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - {name: a, "
       "image: a:1, securityContext: *s}\n");
  std::string before = slurp(dir_ / "a.yaml");
  run = ameia("fix --id AM-POD-002");
  EXPECT_EQ(slurp(dir_ / "a.yaml"), before);
  EXPECT_NE(run.out.find("1 left to mend by hand"), std::string::npos) << run.out;
}

TEST_F(FixCli, ListsAndJsonAreFixedInTheirOwnStyle) {
  spit(
      dir_ / "l.json",
      "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": [\n    {\"apiVersion\": \"v1\", \"kind\": "
      "\"Pod\", \"metadata\": {\"name\": \"a\"}, \"spec\": {\"containers\": [{\"name\": \"c\", \"image\": \"c:1\"}]}}\n"
      "  ]\n}\n");
  EXPECT_EQ(ameia("fix --id AM-POD-002").code, kOk);
  EXPECT_NE(slurp(dir_ / "l.json").find("\"image\": \"c:1\", \"securityContext\": {"), std::string::npos)
      << slurp(dir_ / "l.json");
  json(slurp(dir_ / "l.json"));
}

// Every manifest of real projects that the suites hold: what is written still parses, is found mended, and a second run
// changes nothing.
TEST_F(FixCli, ManifestsOfRealProjectsAreFixedOnce) {
  const char* suites = std::getenv("AMEIA_SUITES");
  fs::path folder = suites != nullptr ? fs::path(suites) : fs::path(AMEIA_SOURCE_DIR) / "../shared/suites";
  if (!fs::is_directory(folder / "real-manifests")) GTEST_SKIP() << "no " << folder / "real-manifests";
  fs::copy(folder / "real-manifests", dir_ / "m", fs::copy_options::recursive);
  Ran first = ameia("fix m -o json");
  ASSERT_EQ(first.code, kOk) << first.err;
  auto document = json(first.out);
  EXPECT_GT(document->root()["files"].size, 10u);
  EXPECT_GT(document->root()["fixed"].size, 30u);
  for (const doc::Node& refused : document->root()["refused"].list()) {
    EXPECT_EQ(refused["reason"].str(),
              "an anchor shares this value with places that would not change alike; edit it by hand")
        << doc::to_json(refused);
  }
  Ran second = ameia("fix m -o json --diff");
  EXPECT_EQ(json(second.out)->root()["files"].size, 0u) << second.out.substr(0, 2000);
}

TEST_F(FixCli, DiffComparesStatesByTheirFindings) {
  spit(dir_ / "old/shop.yaml", kShop);
  spit(dir_ / "new/moved.yaml", "\n\n" + std::string(kShopFixed));
  Ran run = ameia("diff old new -o json");
  EXPECT_EQ(run.code, kOk) << run.err;
  auto document = json(run.out);
  EXPECT_EQ(document->root()["summary"]["new"].integer_or(-1), 0) << run.out;
  EXPECT_EQ(document->root()["summary"]["gone"].integer_or(-1), 3) << run.out;
  EXPECT_GT(document->root()["summary"]["same"].integer_or(-1), 3) << run.out;
  EXPECT_EQ(ameia("diff old new --fail-on info").code, kOk);
  EXPECT_EQ(ameia("diff new old --fail-on medium").code, kFindings);
  EXPECT_EQ(ameia("diff new old --fail-on high").code, kOk);
  EXPECT_NE(ameia("diff new old -o md").out.find("## New"), std::string::npos);
  EXPECT_EQ(ameia("diff old").code, kUsage);
  EXPECT_EQ(ameia("diff old missing").code, kInput);
}

TEST_F(FixCli, DiffReadsReportsAndNoticesSeverities) {
  spit(dir_ / "old/shop.yaml", kShop);
  ASSERT_EQ(ameia("scan old -o json=old.json -q").code, kOk);
  Ran run = ameia("diff old.json old");
  EXPECT_NE(run.out.find("0 new, 0 gone, 0 of another severity"), std::string::npos) << run.out;
  std::string text = slurp(dir_ / "old.json");
  size_t at = text.find("\"id\":\"AM-POD-015\",\"severity\":\"medium\"");
  ASSERT_NE(at, std::string::npos);
  text.replace(text.find("medium", at), 6, "low");
  spit(dir_ / "old.json", text);
  run = ameia("diff old.json old --fail-on medium");
  EXPECT_EQ(run.code, kFindings);
  EXPECT_NE(run.out.find("~ low → medium AM-POD-015"), std::string::npos) << run.out;
}

TEST_F(FixCli, DiffDoesNotTakeABrokenFileForAMendedOne) {
  spit(dir_ / "old/shop.yaml", kShop);
  spit(dir_ / "new/shop.yaml", std::string(kShop) + "broken: [\n");
  Ran run = ameia("diff old new --fail-on high");
  EXPECT_EQ(run.code, kInput) << run.out;
  EXPECT_NE(run.out.find("counts as gone"), std::string::npos) << run.out;
}

// The edits in a SARIF file are those of `ameia fix`: written, they mend what they are about.
TEST_F(Cli, SarifCarriesTheFixes) {
  spit(dir_ / "pod.yaml", kBadPod);
  ASSERT_EQ(ameia("scan pod.yaml -o sarif=r.sarif").code, 0);
  auto sarif = json(slurp(dir_ / "r.sarif"));
  size_t fixes = 0;
  for (const doc::Node& result : sarif->root()["runs"].list()[0]["results"].list()) {
    if (result["fixes"].list().empty()) continue;
    ++fixes;
    const std::string id(result["ruleId"].str());
    // From the last edit on, so that the places of the others stay.
    std::string text(kBadPod);
    auto offset = [&text](const doc::Node& region, std::string_view line, std::string_view column) {
      size_t at = 0;
      for (int64_t i = 1; i < region[line].integer_or(0); ++i) at = text.find('\n', at) + 1;
      return at + static_cast<size_t>(region[column].integer_or(0)) - 1;  // the text is ASCII
    };
    auto replacements = result["fixes"].list()[0]["artifactChanges"].list()[0]["replacements"].list();
    for (size_t i = replacements.size(); i-- > 0;) {
      const doc::Node& region = replacements[i]["deletedRegion"];
      const size_t begin = offset(region, "startLine", "startColumn"), end = offset(region, "endLine", "endColumn");
      text.replace(begin, end - begin, replacements[i]["insertedContent"]["text"].str());
    }
    spit(dir_ / "mended.yaml", text);
    const std::string after = ameia("scan mended.yaml -o json").out;
    const std::string pointer(result["properties"]["pointer"].str());
    for (const doc::Node& finding : json(after)->root()["findings"].list()) {
      const bool same = finding["id"].str() == id && finding["location"]["pointer"].str() == pointer;
      EXPECT_FALSE(same) << id << " is still found after its fix:\n" << text;
    }
  }
  EXPECT_GE(fixes, 5u);
  // What is in no file of its own has no edits.
  EXPECT_EQ(ameia("scan - -o sarif < pod.yaml").out.find("\"fixes\""), std::string::npos);
}

TEST_F(Cli, ExplainSaysWhatTheFixWrites) {
  const std::string safe = ameia("explain AM-POD-006").out, none = ameia("explain AM-NET-004").out;
  EXPECT_NE(safe.find("ameia fix\n  "), std::string::npos) << safe;
  EXPECT_NE(none.find("ameia fix\n  has no fix for it"), std::string::npos) << none;
  auto rules = json(ameia("explain AM-POD-020 -o json").out);
  const doc::Node& fix = rules->root().list()[0]["fixes"].list()[0];
  EXPECT_FALSE(fix["safe"].boolean_or(true));
  EXPECT_NE(fix["writes"].str().find("readOnlyRootFilesystem"), std::string_view::npos);
  EXPECT_FALSE(fix["decision"].str().empty());
}

}  // namespace
}  // namespace ameia::app
