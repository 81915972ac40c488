// ameia.yaml, manual pages and completions: everything that is made from the table of commands.
#include "app/config.h"

#include <algorithm>
#include <set>

#include "app/cli.h"
#include "app/exit.h"

namespace ameia::app {
namespace {

std::string errors_of(const std::string& text, bool was_found = false) {
  std::string all;
  for (const base::Error& error : parse_config("dir/ameia.yaml", text, was_found).errors) all += error.text() + "\n";
  return all;
}

TEST(Config, HasAKeyForEveryOptionOfScan) {
  const std::set<std::string_view> kOnlyOptions = {"--config", "--no-config", "--write-baseline"};
  std::set<std::string_view> flags;
  for (const ConfigKey& key : config_keys()) EXPECT_TRUE(flags.insert(key.flag).second) << key.flag;
  for (const Option& option : find_command("scan")->options) {
    EXPECT_NE(flags.contains(option.name), kOnlyOptions.contains(option.name))
        << option.name << ": give it a key in app/config.cc, or say here why it has none";
    flags.erase(option.name);
  }
  EXPECT_TRUE(flags.empty());
}

TEST(Config, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(errors_of("failOn: high\npolicies: [p]\njobs: 2\nquiet: true\n"), "");
  EXPECT_EQ(errors_of("# nothing\n"), "");
  EXPECT_EQ(errors_of("severity: low\nfailon: high\n"),
            "dir/ameia.yaml:2:1: unknown key \"failon\"; did you mean failOn?\n");
  EXPECT_EQ(
      errors_of("failOn: hihg\n"),
      "dir/ameia.yaml:1:9: failOn: \"hihg\" is not one of info, low, medium, high, critical; did you mean high?\n");
  EXPECT_EQ(errors_of("policies: p\nquiet: yes please\njobs: many\nbaseline: [a]\n"),
            "dir/ameia.yaml:1:11: policies wants a list\ndir/ameia.yaml:2:8: quiet wants true or false\n"
            "dir/ameia.yaml:3:7: jobs wants a number\ndir/ameia.yaml:4:11: baseline wants a text\n");
  EXPECT_NE(errors_of("[a]\n").find("a configuration is a map"), std::string::npos);
  EXPECT_NE(errors_of("quiet: true\nquiet: false\n").find("written twice"), std::string::npos);
  EXPECT_NE(errors_of("a: [\n"), "");
}

TEST(Config, PathsAreRelativeToItsFile) {
  ConfigResult result =
      parse_config("dir/ameia.yaml", "policies: [p, /q]\noutputs: [table, json=r.json]\nbaseline: b\n", true);
  ASSERT_TRUE(result.errors.empty());
  EXPECT_EQ(result.config.values[0].values, (std::vector<std::string>{"dir/p", "/q"}));
  EXPECT_EQ(result.config.values[1].values, (std::vector<std::string>{"table", "json=dir/r.json"}));
  EXPECT_EQ(result.config.values[2].values, (std::vector<std::string>{"dir/b"}));
}

TEST(Config, AStrangersFileWritesNowhereElse) {
  for (std::string_view file : {"../x", "/etc/x", "a/../../x"}) {
    std::string text = "outputs: ['json=" + std::string(file) + "']\n";
    EXPECT_NE(errors_of(text, true).find("leaves the directory"), std::string::npos) << file;
    EXPECT_EQ(errors_of(text, false), "") << file;
  }
}

TEST(Config, AStrangersFileStartsNoPrograms) {
  EXPECT_NE(errors_of("render: true\n", true).find("runs programs"), std::string::npos);
  EXPECT_EQ(errors_of("render: true\n", false), "");
  EXPECT_EQ(errors_of("render: false\n", true), "");
}

TEST(Config, TheSchemaIsTheOneThatIsPublished) {
  const fs::path file = fs::path(AMEIA_SOURCE_DIR) / "docs/schema/ameia.schema.json";
  if (std::getenv("AMEIA_REWRITE_GOLDEN") != nullptr) spit(file, config_schema());
  EXPECT_EQ(slurp(file), config_schema()) << "AMEIA_REWRITE_GOLDEN=1 writes it anew";
  auto schema =
      doc::parse_json(std::make_shared<doc::Source>("schema", config_schema()), std::make_shared<doc::Keys>());
  ASSERT_TRUE(schema.has_value());
  for (const ConfigKey& key : config_keys()) EXPECT_TRUE((*schema)->root()["properties"].find(key.name) != nullptr);
}

TEST_F(Cli, AConfigurationIsFoundAboveThePathAndTheCommandLineWins) {
  spit(dir_ / "ameia.yaml", "failOn: high\nignore: [skip]\noutputs: [json]\n");
  spit(dir_ / "deploy/pod.yaml", kBadPod);
  spit(dir_ / "deploy/skip/pod.yaml", kBadPod);
  Ran run = ameia("scan deploy");
  EXPECT_EQ(run.code, kFindings) << run.err;
  EXPECT_NE(run.err.find("configured by ameia.yaml"), std::string::npos) << run.err;
  EXPECT_NE(run.out.find("\"objects\":1"), std::string::npos) << run.out;
  EXPECT_EQ(ameia("scan deploy --fail-on critical").code, 0);
  EXPECT_EQ(ameia("scan deploy --no-config").code, 0);
  spit(dir_ / "other.yaml", "failOn: hgih\n");
  Ran broken = ameia("scan deploy --config other.yaml");
  EXPECT_EQ(broken.code, kInput);
  EXPECT_NE(broken.err.find("other.yaml:1:9: failOn: \"hgih\""), std::string::npos) << broken.err;
  EXPECT_EQ(ameia("config validate other.yaml").code, kInput);
  EXPECT_EQ(ameia("config validate").out, "ameia.yaml: valid\n");
  Ran show = ameia("config show deploy --severity low");
  EXPECT_NE(show.out.find("severity: \"low\"  # --severity\n"), std::string::npos) << show.out;
  EXPECT_NE(show.out.find("failOn: \"high\"  # ameia.yaml:1:9\n"), std::string::npos) << show.out;
  EXPECT_NE(show.out.find("# jobs:  # default\n"), std::string::npos) << show.out;
  spit(dir_ / "shown.yaml", show.out);
  EXPECT_EQ(ameia("config validate shown.yaml").code, 0);
}

TEST_F(Cli, AllowedRegistriesAreAllowedAndNoOthers) {
  spit(dir_ / "pod.yaml", kBadPod);
  EXPECT_EQ(ameia("scan pod.yaml -o json").out.find("AM-IMG-003\",\"severity"), std::string::npos);
  EXPECT_NE(ameia("scan pod.yaml -o json --allow-registry registry.example.com/").out.find("AM-IMG-003\",\"severity"),
            std::string::npos);
  EXPECT_EQ(ameia("scan pod.yaml -o json --allow-registry docker.io/").out.find("AM-IMG-003\",\"severity"),
            std::string::npos);
}

TEST_F(Cli, ManualPagesAreWellFormed) {
  ASSERT_EQ(ameia("man --write .").code, 0);
  EXPECT_EQ(slurp(dir_ / "ameia-scan.1"), ameia("man scan").out);
  EXPECT_EQ(ameia("man scna").code, kUsage);
  size_t pages = 0;
  for (const auto& entry : fs::directory_iterator(dir_)) {
    if (entry.path().extension() != ".1") continue;
    ++pages;
    std::string page = slurp(entry.path());
    for (std::string_view section : {".TH ", ".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH EXIT STATUS"})
      EXPECT_NE(page.find(section), std::string::npos) << entry.path() << section;
  }
  EXPECT_EQ(pages, commands().size() + 1);
  if (std::system("command -v man >/dev/null && command -v groff >/dev/null") != 0)
    GTEST_SKIP() << "no man and groff here: the pages were not rendered";
  std::string lint =
      "cd '" + dir_.string() +
      "' && for page in *.1; do LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l \"$page\" 2>&1 >/dev/null; done > lint";
  EXPECT_EQ(std::system(lint.c_str()), 0);
  EXPECT_EQ(slurp(dir_ / "lint"), "");
}

}  // namespace
}  // namespace ameia::app
