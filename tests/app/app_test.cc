// The binary itself, as a user runs it: every exit code, every format, and inputs that wish it ill.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/cli.h"
#include "app/command.h"
#include "app/exit.h"
#include "app/ignore.h"
#include "app/limits.h"
#include "app/walk.h"
#include "doc/json.h"

namespace ameia::app {
namespace {

// A policy of the tests' own, so that they hold whatever the built-in checks say.
constexpr std::string_view kPolicy =
    "apiVersion: admissionregistration.k8s.io/v1\n"
    "kind: ValidatingAdmissionPolicy\n"
    "metadata:\n"
    "  name: no-host-network\n"
    "  annotations:\n"
    "    ameia.io/severity: high\n"
    "spec:\n"
    "  matchConstraints:\n"
    "    resourceRules:\n"
    "      - apiGroups: ['']\n"
    "        apiVersions: [v1]\n"
    "        operations: [CREATE, UPDATE]\n"
    "        resources: [pods]\n"
    "  validations:\n"
    "    - expression: '!has(object.spec.hostNetwork) || !object.spec.hostNetwork'\n"
    "      message: the host network is not for pods\n"
    "---\n"
    "apiVersion: admissionregistration.k8s.io/v1\n"
    "kind: ValidatingAdmissionPolicyBinding\n"
    "metadata:\n"
    "  name: no-host-network\n"
    "spec:\n"
    "  policyName: no-host-network\n"
    "  validationActions: [Deny]\n";

TEST_F(Cli, HelpTextsAreGolden) {
  const fs::path folder = fs::path(AMEIA_SOURCE_DIR) / "tests/cases/app";
  const bool rewrite = std::getenv("AMEIA_REWRITE_GOLDEN") != nullptr;
  auto compare = [&](const fs::path& file, const std::string& text) {
    if (rewrite) spit(file, text);
    EXPECT_EQ(text, slurp(file)) << file << ": AMEIA_REWRITE_GOLDEN=1 writes it anew";
  };
  compare(folder / "help.txt", ameia("help").out);
  for (const Command& command : commands()) {
    Ran run = ameia(std::string(command.name) + " --help");
    EXPECT_EQ(run.code, 0) << command.name;
    EXPECT_EQ(run.out, ameia("help " + std::string(command.name)).out);
    EXPECT_NE(run.out.find("Examples:\n  ameia "), std::string::npos) << command.name;
    std::string name(command.name);
    std::replace(name.begin(), name.end(), ' ', '-');
    compare(folder / ("help-" + name + ".txt"), run.out);
  }
}

TEST_F(Cli, AFrameworkIsPrintedInItsOwnOrderAndMayBeAFile) {
  spit(dir_ / "pod.yaml",
       "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  hostPID: true\n  containers: [{name: a, "
       "image: \"x:1\"}]\n");
  Ran ran = ameia("scan pod.yaml --framework cis-1.12");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_LT(ran.out.find("1.1.1 "), ran.out.find("1.1.10 "));
  EXPECT_LT(ran.out.find("5.2.3 "), ran.out.find("5.2.10 "));
  EXPECT_NE(ran.out.find("fail           5.2.3 "), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("not evaluated  1.2.1 "), std::string::npos) << ran.out;
  spit(dir_ / "acme.yaml",
       "framework: acme\ntitle: The rules of Acme\nneeds: {pods: pods}\nvariants: [{name: basic, levels: "
       "[\"1\"]}]\ngroups:\n  "
       "- id: a\n    title: A\n    sections:\n      - {id: a.1, title: one, level: \"1\", needs: pods, checks: "
       "[AM-POD-009]}\n      - {id: a.2, title: two, level: \"2\", needs: pods, checks: [AM-POD-010]}\n");
  ran = ameia("scan pod.yaml --framework acme.yaml -o json");
  EXPECT_NE(ran.out.find("\"a.2\""), std::string::npos) << ran.out << ran.err;
  ran = ameia("scan pod.yaml --framework acme.yaml#basic -o json");
  EXPECT_NE(ran.out.find("\"a.1\""), std::string::npos) << ran.err;
  EXPECT_EQ(ran.out.find("\"a.2\""), std::string::npos) << ran.out;
  EXPECT_NE(ameia("scan pod.yaml --framework acme.yaml#other").err.find("has no variant \"other\""), std::string::npos);
}

TEST_F(Cli, WhatAKubeletSaysOfItselfIsItsConfiguration) {
  spit(dir_ / "node.json",
       R"({"kubeletconfig":{"authentication":{"anonymous":{"enabled":true}},"readOnlyPort":10255}})");
  Ran ran = ameia("scan node.json -o json");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("AM-CP-040"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("AM-CP-043"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("\"kind\":\"KubeletConfiguration\""), std::string::npos) << ran.out;
}

TEST_F(Cli, UsageErrorsNameTheWordAndTheNearestRightOne) {
  struct {
    std::string_view line, says;
  } cases[] = {
      {"", "Usage: ameia COMMAND"},
      {"scna .", "unknown command \"scna\"; did you mean scan?"},
      {"policy", "needs one of"},
      {"policy lnit x", "did you mean lint?"},
      {"scan --fail-onn high .", "unknown option --fail-onn; did you mean --fail-on?"},
      {"scan --fail-on hihg .", "\"hihg\" is not one of info, low, medium, high, critical; did you mean high?"},
      {"scan --fail-on", "--fail-on needs a value: --fail-on SEVERITY"},
      {"scan -o xml .", "\"xml\" is not one of table, json, ndjson, sarif, html"},
      {"scan -o json= .", "no file after ="},
      {"scan -o json -o table .", "two formats want standard output"},
      {"scan --jobs 0 .", "\"0\" is no number from 1 to 256"},
      {"scan --quiet=yes .", "--quiet takes no value"},
      {"scan --framework cis-9.9 .", "there is no \"cis-9.9\"; did you mean cis-1.12?"},
      {"explain AM-POD-0O1", "no check is called \"AM-POD-0O1\""},
      {"explain", "needs the id of a check"},
      {"cel", "needs one expression"},
      {"cel 1 2", "unexpected word \"2\""},
      {"policy pss --level strict x.yaml", "\"strict\" is not one of privileged, baseline, restricted"},
      {"policy pss --version v1.x x.yaml", "neither latest nor v1.N"},
      {"policy eval -f x.yaml", "needs -r RESOURCE or --payload FILE"},
      {"policy eval -f x.yaml -r a.yaml --payload b.json", "-r and --payload exclude each other"},
      {"policy eval -f x.yaml -r a.yaml --now yesterday", "--now: \"yesterday\" is no time like"},
      {"policy eval -f x.yaml -r a.yaml --seed -1", "--seed: \"-1\" is no number from"},
      {"completions tcsh", "\"tcsh\" is not one of bash, zsh, fish"},
  };
  for (const auto& c : cases) {
    Ran run = ameia(std::string(c.line));
    EXPECT_EQ(run.code, kUsage) << c.line << "\n" << run.err;
    EXPECT_NE(run.err.find(c.says), std::string::npos) << c.line << "\n" << run.err;
    EXPECT_EQ(run.out, "") << c.line;
  }
}

TEST_F(Cli, ScanSaysPlaceReasonAndFix) {
  spit(dir_ / "pod.yaml", kBadPod);
  spit(dir_ / "policy/p.yaml", kPolicy);
  Ran run = ameia("scan pod.yaml --policy policy -o json");
  EXPECT_EQ(run.code, 0) << run.err;
  auto report = json(run.out);
  bool found = false;
  for (const doc::Node& f : report->root()["findings"].list()) {
    if (f["id"].str() != "no-host-network") continue;
    found = true;
    EXPECT_EQ(f["severity"].str(), "high");
    EXPECT_EQ(f["status"].str(), "fail");
    EXPECT_EQ(f["resource"]["kind"].str(), "Pod");
    EXPECT_EQ(f["resource"]["namespace"].str(), "web");
    EXPECT_EQ(f["location"]["file"].str(), "pod.yaml");
    EXPECT_EQ(f["location"]["line"].integer_or(0), 7);
    EXPECT_NE(f["message"].str().find("host network"), std::string_view::npos);
    EXPECT_FALSE(f["fingerprint"].str().empty());
  }
  EXPECT_TRUE(found) << run.out;
  EXPECT_EQ(report->root()["summary"]["objects"].integer_or(0), 1);
  EXPECT_TRUE(report->root()["summary"].find("score") != nullptr);
}

TEST_F(Cli, GatesAndExitCodes) {
  spit(dir_ / "pod.yaml", kBadPod);
  spit(dir_ / "policy/p.yaml", kPolicy);
  spit(dir_ / "empty/readme.txt", "nothing");
  spit(dir_ / "broken/b.yaml", "a: [1, 2\n");
  spit(dir_ / "broken-policy/p.yaml",
       "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: x}\nspec:\n  "
       "matchConstraints: {}\n  validations: [{expression: 'object.'}]\n");
  struct {
    std::string_view line;
    int code;
  } cases[] = {
      {"scan pod.yaml --policy policy", 0},
      {"scan pod.yaml --policy policy --fail-on high", 1},
      {"scan pod.yaml --policy policy --severity critical --fail-on high", 1},  // what is not shown still gates
      {"scan pod.yaml no-such-file.yaml", 3},
      {"scan pod.yaml --policy policy --fail-on high no-such-file.yaml", 3},  // 3 before 1
      {"scan empty", 0},
      {"scan empty --fail-on low", 3},  // a gate that had nothing to judge
      {"scan broken", 0},
      {"scan broken pod.yaml --fail-on critical", 3},  // a gate that cannot speak for a file
      {"scan broken pod.yaml --require-coverage", 5},
      {"scan pod.yaml --policy broken-policy", 3},
      {"scan pod.yaml --policy no-such-policy", 3},
      {"scan pod.yaml --baseline no-such-baseline", 3},
      {"scan pod.yaml --waivers no-such-waivers", 3},
      {"scan pod.yaml -o json=no/such/folder/x.json", 4},
      {"policy lint policy", 0},
      {"policy lint broken-policy", 3},
      {"policy lint pod.yaml", 3},
      {"cel '1 + 1'", 0},
      {"cel '1 +'", 3},
      {"cel '1 / 0'", 3},
      {"version", 0},
      {"list checks", 0},
  };
  for (const auto& c : cases) {
    Ran run = ameia(std::string(c.line));
    EXPECT_EQ(run.code, c.code) << c.line << "\n" << run.out << run.err;
  }
}

TEST_F(Cli, AnOutputThatCannotBeWrittenIsNoSuccess) {
  spit(dir_ / "pod.yaml", kBadPod);
  if (fs::exists("/dev/full")) {
    Ran full = ameia("scan pod.yaml -o json=/dev/full");
    EXPECT_EQ(full.code, kUnreachable) << full.err;
    std::string to_stdout = "cd '" + dir_.string() + "' && '" AMEIA_BINARY "' scan pod.yaml >/dev/full 2>/dev/null";
    EXPECT_EQ(WEXITSTATUS(std::system(to_stdout.c_str())), kUnreachable);
  }
  // A reader that goes away: the exit code is not 0, and no signal kills.
  std::string command =
      "cd '" + dir_.string() + "' && ('" AMEIA_BINARY "' list checks -o json; echo $? >code) 2>/dev/null | true";
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::string code = slurp(dir_ / "code");
  EXPECT_TRUE(code == "4\n" || code == "0\n") << code;  // 0 when everything fitted in the pipe before it closed
}

TEST_F(Cli, SeveralOutputsAtOnce) {
  spit(dir_ / "pod.yaml", kBadPod);
  Ran run = ameia("scan pod.yaml -o table -o json=r.json -o sarif=r.sarif -o html=r.html");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.out.find("critical"), std::string::npos);
  EXPECT_EQ(json(slurp(dir_ / "r.json"))->root()["summary"]["files"].integer_or(0), 1);
  EXPECT_EQ(json(slurp(dir_ / "r.sarif"))->root()["version"].str(), "2.1.0");
  EXPECT_NE(slurp(dir_ / "r.html").find("</html>"), std::string::npos);
  for (const auto& entry : fs::directory_iterator(dir_)) EXPECT_NE(entry.path().extension(), ".tmp");
}

TEST_F(Cli, EveryFormatCanBeWrittenAndFollowsTheLanguage) {
  spit(dir_ / "pod.yaml", kBadPod);
  for (std::string_view format : {"table", "json", "ndjson", "sarif", "html", "md", "csv", "junit", "github", "gitlab",
                                  "openreports", "wgpolicy"}) {
    Ran run = ameia("scan pod.yaml -o " + std::string(format));
    EXPECT_EQ(run.code, 0) << format << run.err;
    EXPECT_NE(run.out.find("AM-POD-001"), std::string::npos) << format;
    EXPECT_NE(run.out.find("Container is privileged"), std::string::npos) << format;
    EXPECT_NE(ameia("scan pod.yaml --lang pt -o " + std::string(format)).out, run.out) << format;
  }
  // People's formats follow the environment, machines' do not.
  EXPECT_NE(ameia("scan pod.yaml", "LC_ALL=pt_BR.UTF-8").out.find("Principais riscos"), std::string::npos);
  EXPECT_NE(ameia("explain AM-POD-001", "LC_ALL=pt_BR.UTF-8").out.find("Por que importa"), std::string::npos);
  EXPECT_EQ(ameia("scan pod.yaml --lang en", "LC_ALL=pt_BR.UTF-8").out.find("Principais"), std::string::npos);
  EXPECT_NE(ameia("scan pod.yaml -o json", "LC_ALL=pt_BR.UTF-8").out.find("\"language\":\"en\""), std::string::npos);
}

TEST_F(Cli, NoColorWhereNoTerminalIs) {
  spit(dir_ / "pod.yaml", kBadPod);
  EXPECT_EQ(ameia("scan pod.yaml").out.find('\x1b'), std::string::npos);
  EXPECT_EQ(ameia("scan pod.yaml --quiet").out, "");
}

TEST_F(Cli, TheReportIsTheSameForAnyNumberOfWorkers) {
  for (int i = 0; i < 40; ++i) {
    std::string pod(kBadPod);
    pod.replace(pod.find("shop"), 4, "shop" + std::to_string(i % 7));
    spit(dir_ / ("estate/d" + std::to_string(i % 5)) / ("pod" + std::to_string(i) + ".yaml"), pod);
  }
  auto without_time = [](const std::string& text) { return text.substr(text.find("\"summary\"")); };
  std::string one = without_time(ameia("scan estate -o json --jobs 1").out);
  for (const char* jobs : {"2", "3", "16"})
    EXPECT_EQ(one, without_time(ameia(std::string("scan estate -o json --jobs ") + jobs).out)) << jobs;
}

TEST_F(Cli, BaselineHoldsBackWhatWasThereAndNotWhatIsNew) {
  spit(dir_ / "pod.yaml", kBadPod);
  spit(dir_ / "policy/p.yaml", kPolicy);
  EXPECT_EQ(ameia("scan pod.yaml --policy policy --write-baseline known.json --quiet").code, 0);
  EXPECT_EQ(ameia("scan pod.yaml --policy policy --baseline known.json --fail-on info").code, 0);
  spit(dir_ / "pod.yaml", "# a line more\n" + std::string(kBadPod));
  EXPECT_EQ(ameia("scan pod.yaml --policy policy --baseline known.json --fail-on info").code, 0);
  std::string other(kBadPod);
  other.replace(other.find("shop"), 4, "till");
  spit(dir_ / "till.yaml", other);
  EXPECT_EQ(ameia("scan . --policy policy --baseline known.json --fail-on high").code, 1);
}

TEST_F(Cli, WaiversHoldBackUntilTheyExpire) {
  spit(dir_ / "pod.yaml", kBadPod);
  spit(dir_ / "policy/p.yaml", kPolicy);
  auto waive = [&](std::string_view expires) {
    spit(dir_ / "waivers.txt",
         "waivers:\n  - {id: '*', resource: web/Pod/shop, owner: team, reason: moving, expires: " +
             std::string(expires) + "}\n");
    return ameia("scan pod.yaml --policy policy --waivers waivers.txt --fail-on high");
  };
  EXPECT_EQ(waive("2999-12-31").code, 0);
  Ran expired = waive("2020-01-01");
  EXPECT_EQ(expired.code, 1);
  EXPECT_NE(expired.out.find("AM-WAIVER-001"), std::string::npos) << expired.out;
  EXPECT_EQ(waive("tomorrow").code, 3);
}

TEST_F(Cli, BadFilesAreRowsAndTheRestGoesOn) {
  spit(dir_ / "in/good.yaml", kBadPod);
  spit(dir_ / "in/truncated.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: x\n");
  spit(dir_ / "in/binary.yaml", std::string("\x7f"
                                            "ELF\0\0\1",
                                            7));
  spit(dir_ / "in/utf16.yaml", std::string("\xFF\xFE"
                                           "a\0:\0",
                                           6));
  spit(dir_ / "in/invalid-utf8.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: \"\xC3\x28\"}\n");
  spit(dir_ / "in/empty.yaml", "");
  spit(dir_ / "in/comment.yaml", "# nothing\n---\n---\n");
  spit(dir_ / "in/list.yaml", "- 1\n- 2\n");
  spit(dir_ / "in/scalar.json", "3");
  spit(dir_ / "in/bad.json", "{\"a\": }");
  spit(dir_ / "in/no-kind.yaml", "apiVersion: v1\nmetadata: {name: x}\n");
  spit(dir_ / "in/custom.yaml", "apiVersion: example.com/v1\nkind: Gadget\nmetadata: {name: x}\n");
  spit(dir_ / "in/twice.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata:\n  a: one\n  a: two\n");
  spit(dir_ / "in/odd.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: 3\nspec: [a, {b: c}]\n");
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c < 'k'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 9; ++i) bomb += std::string(i == 0 ? "*" : ",*") + static_cast<char>(c - 1);
    bomb += "]\n";
  }
  spit(dir_ / "in/bomb.yaml", bomb);
  spit(dir_ / "in/deep.yaml", "a: " + std::string(100'000, '['));
  spit(dir_ / "in/chart/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n");
  spit(dir_ / "in/chart/templates/d.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: {{ .Release.Name }}}\n");
  spit(dir_ / "in/template.yaml", "{{- if .Values.x }}\nkind: Pod\n{{- end }}\n");
  spit(dir_ / "in/overlay/kustomization.yaml", "resources: [base.yaml]\npatches:\n  - path: patch.yaml\n");
  spit(dir_ / "in/overlay/base.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: base}\n");
  spit(dir_ / "in/overlay/patch.yaml",
       "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {replicas: 3}\n");
  fs::create_symlink("loop.yaml", dir_ / "in/loop.yaml");
  fs::create_symlink("..", dir_ / "in/parent");
  fs::create_symlink(".", dir_ / "in/self");
  spit(dir_ / "outside/secret.yaml", kBadPod);
  fs::create_symlink("../outside", dir_ / "in/outside");
  fs::create_symlink("/no/such/place", dir_ / "in/dangling.yaml");
  spit(dir_ / "in/ignored/x.yaml", kBadPod);
  spit(dir_ / "in/.ameiaignore", "ignored/\n");

  Ran run = ameia("scan in -o json");
  EXPECT_EQ(run.code, 0) << run.err;
  auto report = json(run.out);
  struct {
    std::string_view file, status, says;
  } rows[] = {
      {"in/truncated.yaml", "error", ""},
      {"in/binary.yaml", "error", "binary"},
      {"in/utf16.yaml", "error", "UTF-16"},
      {"in/invalid-utf8.yaml", "error", ""},
      {"in/empty.yaml", "not_applicable", "no document"},
      {"in/comment.yaml", "not_applicable", "no document"},
      {"in/list.yaml", "not_applicable", "no Kubernetes object"},
      {"in/scalar.json", "not_applicable", "no Kubernetes object"},
      {"in/bad.json", "error", ""},
      {"in/no-kind.yaml", "not_evaluated", "kind is missing"},
      {"in/custom.yaml", "not_evaluated", "Gadget"},
      {"in/twice.yaml", "fail", "line 5 column 3 and at line 6 column 3"},
      {"in/bomb.yaml", "error", ""},
      {"in/deep.yaml", "error", ""},
      {"in/chart/Chart.yaml", "not_applicable", ""},
      {"in/chart/templates/d.yaml", "not_evaluated", "helm template in/chart"},
      {"in/template.yaml", "not_evaluated", "template"},
      {"in/overlay/kustomization.yaml", "not_applicable", "kubectl kustomize in/overlay"},
      {"in/overlay/patch.yaml", "not_evaluated", "kubectl kustomize in/overlay"},
      {"in/loop.yaml", "not_evaluated", "loop"},
      {"in/parent", "not_evaluated", "leaves the scanned tree"},
      {"in/self", "not_applicable", "already scanned"},
      {"in/outside", "not_evaluated", "leaves the scanned tree"},
      {"in/dangling.yaml", "not_evaluated", "link to nothing"},
  };
  auto findings = report->root()["findings"].list();
  for (const auto& row : rows) {
    bool found = std::any_of(findings.begin(), findings.end(), [&](const doc::Node& f) {
      return f["location"]["file"].str() == row.file && f["status"].str() == row.status &&
             f["message"].str().find(row.says) != std::string_view::npos;
    });
    EXPECT_TRUE(found) << row.file << " " << row.status << " " << row.says << "\n" << run.out;
  }
  bool good = false;
  for (const doc::Node& f : findings) {
    good = good || f["location"]["file"].str() == "in/good.yaml";
    EXPECT_EQ(f["location"]["file"].str().find("ignored"), std::string_view::npos);
    EXPECT_EQ(f["location"]["file"].str().find("secret"), std::string_view::npos);
    EXPECT_TRUE(f["location"]["file"].str() != "in/overlay/patch.yaml" || f["status"].str() == "not_evaluated");
  }
  EXPECT_TRUE(good || report->root()["summary"]["checks"].integer_or(0) == 0);
}

TEST_F(Cli, AnUnreadableDirectoryIsARow) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  spit(dir_ / "locked/x.yaml", kBadPod);
  fs::permissions(dir_ / "locked", fs::perms::none);
  Ran run = ameia("scan . -o json");
  EXPECT_EQ(run.code, 0);
  EXPECT_NE(run.out.find("cannot be read"), std::string::npos) << run.out;
}

TEST_F(Cli, AFileBeyondTheLimitIsRefusedUnread) {
  spit(dir_ / "huge.yaml", "a: b\n");
  fs::resize_file(dir_ / "huge.yaml", uintmax_t{200} << 20);
  Ran run = ameia("scan huge.yaml -o json");
  EXPECT_EQ(run.code, 3) << run.err;
  EXPECT_NE(run.out.find("limit of 128 MiB"), std::string::npos) << run.out;
}

TEST_F(Cli, ANullFieldIsNoField) {
  spit(dir_ / "c.yaml",
       "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n  creationTimestamp: null\ndata: null\n");
  auto report = json(ameia("scan c.yaml -o json").out);
  EXPECT_EQ(report->root()["summary"]["coverage_detail"]["errors"].integer_or(-1), 0) << doc::to_json(report->root());
}

TEST_F(Cli, StandardInputAndLists) {
  std::string list = "apiVersion: v1\nkind: List\nitems:\n";
  for (int i = 0; i < 2; ++i) {
    std::istringstream lines{std::string(kBadPod)};
    bool first = true;
    for (std::string line; std::getline(lines, line); first = false) list += (first ? "  - " : "    ") + line + "\n";
  }
  spit(dir_ / "list.yaml", list);
  spit(dir_ / "policy/p.yaml", kPolicy);
  Ran run = ameia("scan - --policy policy -o json < list.yaml");
  EXPECT_EQ(run.code, 0) << run.err;
  auto report = json(run.out);
  EXPECT_EQ(report->root()["summary"]["objects"].integer_or(0), 2);
  EXPECT_NE(run.out.find("\"file\":\"-\",\"line\":10"), std::string::npos) << run.out;
}

TEST_F(Cli, CelKeepsItsContract) {
  spit(dir_ / "d.yaml", "apiVersion: apps/v1\nkind: Deployment\nspec: {replicas: 3}\n");
  auto sum = json(ameia("cel 'spec.replicas + 1' --input d.yaml -o json").out);
  EXPECT_EQ(sum->root()["value"].integer_or(0), 4);
  EXPECT_TRUE(sum->root()["cost"].is_int());
  EXPECT_EQ(json(ameia("cel 'object.kind' --input d.yaml -o json").out)->root()["value"].str(), "Deployment");
  auto error = json(ameia("cel 'spec.missing' --input d.yaml -o json").out);
  EXPECT_EQ(error->root()["error"].str(), "no such key: missing");
  EXPECT_NE(json(ameia("cel '1 +' -o json").out)->root()["error"].str().find("Syntax error"), std::string_view::npos);
  EXPECT_EQ(ameia("cel '-(2) + 3'").out, "1\n");
  EXPECT_NE(ameia("cel '[1, 2].all(x, x < 2)' --trace").out.find("* "), std::string::npos);
}

TEST_F(Cli, PodSecurityKeepsItsContract) {
  spit(dir_ / "pod.yaml", kBadPod);
  auto rows = json(ameia("policy pss --level baseline --version latest pod.yaml -o json").out);
  ASSERT_EQ(rows->root().list().size(), 1U);
  const doc::Node& row = rows->root().list()[0];
  EXPECT_EQ(row["file"].str(), "pod.yaml");
  EXPECT_FALSE(row["allowed"].boolean_or(true));
  ASSERT_EQ(row["violations"].list().size(), 2U);
  EXPECT_EQ(row["violations"].list()[0]["reason"].str(), "host namespaces");
  EXPECT_EQ(row["violations"].list()[0]["detail"].str(), "hostNetwork=true");
  EXPECT_TRUE(
      json(ameia("policy pss --level privileged pod.yaml -o json").out)->root().list()[0]["allowed"].boolean_or(false));
}

TEST_F(Cli, EvalDecidesAsTheServerWould) {
  spit(dir_ / "pod.yaml", kBadPod);
  spit(dir_ / "p.yaml", kPolicy);
  Ran run = ameia("policy eval -f p.yaml -r pod.yaml -o json");
  EXPECT_EQ(run.code, 0) << run.err;
  const auto report = json(run.out);
  EXPECT_FALSE(report->root().list()[0]["allowed"].boolean_or(true)) << run.out;
  EXPECT_NE(report->root().list()[0]["message"].str().find("the host network is not for pods"), std::string_view::npos);
  EXPECT_NE(ameia("policy eval -f p.yaml -r pod.yaml --trace").out.find("* "), std::string::npos);
}

TEST_F(Cli, EvalMutatesFirst) {
  spit(dir_ / "pod.yaml", kBadPod);
  spit(dir_ / "p.yaml", std::string(kPolicy) + R"(---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicy
metadata: {name: no-host-network}
spec:
  matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}
  reinvocationPolicy: Never
  mutations:
  - patchType: ApplyConfiguration
    applyConfiguration: {expression: "Object{spec: Object.spec{hostNetwork: false}}"}
---
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata: {name: everywhere}
spec: {policyName: no-host-network}
)");
  Ran run = ameia("policy eval -f p.yaml -r pod.yaml -o json");
  const auto report = json(run.out);
  const doc::Node& row = report->root().list()[0];
  EXPECT_TRUE(row["allowed"].boolean_or(false)) << run.out << run.err;
  ASSERT_EQ(row["patch"].list().size(), 1U) << run.out;
  EXPECT_EQ(row["patch"].list()[0]["path"].str(), "/spec/hostNetwork");
  EXPECT_FALSE(row["object"]["spec"]["hostNetwork"].boolean_or(true));
  EXPECT_EQ(row["mutations"].list()[0]["result"].str(), "changed");
  run = ameia("policy eval -f p.yaml -r pod.yaml");
  EXPECT_NE(run.out.find("allowed, mutated\n  no-host-network by everywhere: mutation 0: changed\n"), std::string::npos)
      << run.out;
  EXPECT_NE(run.out.find("\n  -  hostNetwork: true\n  +  hostNetwork: false\n"), std::string::npos) << run.out;
  // A scan judges what is written, and says so.
  run = ameia("scan pod.yaml --policy p.yaml");
  EXPECT_NE(run.err.find("are not applied"), std::string::npos) << run.err;
  EXPECT_NE(run.out.find("the host network is not for pods"), std::string::npos) << run.out;
}

TEST_F(Cli, LintPointsWithACaret) {
  std::string policy(kPolicy);
  policy.replace(policy.find("!object.spec.hostNetwork"), 24, "!object.spec.hostNetwork)");
  spit(dir_ / "p.yaml", policy);
  Ran run = ameia("policy lint p.yaml");
  EXPECT_EQ(run.code, 3);
  EXPECT_NE(run.out.find("p.yaml:15:"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find('^'), std::string::npos) << run.out;
}

TEST_F(Cli, AnInterruptEndsWith130AndLeavesNothingHalf) {
  ASSERT_EQ(::mkfifo((dir_ / "never.yaml").c_str(), 0600), 0);
  std::string command = "cd '" + dir_.string() +
                        "' && '" AMEIA_BINARY
                        "' scan never.yaml -o json=r.json >/dev/null 2>&1 & p=$!; sleep 0.5; kill -INT $p; wait $p";
  // A background job of a shell ignores SIGINT; sh -m gives it back.
  int status = std::system(("sh -mc '" +
                            [&] {
                              std::string quoted;
                              for (char c : command) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
                              return quoted;
                            }() +
                            "'")
                               .c_str());
  EXPECT_EQ(WEXITSTATUS(status), kInterrupted);
  EXPECT_FALSE(fs::exists(dir_ / "r.json"));
  for (const auto& entry : fs::directory_iterator(dir_)) EXPECT_NE(entry.path().extension(), ".tmp");
}

TEST_F(Cli, RealManifestsAreJudgedWithoutAnError) {
  const char* suites = std::getenv("AMEIA_SUITES");
  fs::path folder = suites != nullptr ? fs::path(suites) : fs::path(AMEIA_SOURCE_DIR) / "../shared/suites";
  if (!fs::exists(folder / "real-manifests")) GTEST_SKIP() << "no real-manifests in " << folder;
  Ran run = ameia("scan '" + fs::canonical(folder / "real-manifests").string() + "' -o json");
  EXPECT_EQ(run.code, 0) << run.err;
  auto report = json(run.out);
  const doc::Node& summary = report->root()["summary"];
  EXPECT_GT(summary["objects"].integer_or(0), 100);
  EXPECT_EQ(summary["coverage_detail"]["errors"].integer_or(-1), 0);
  for (const doc::Node& f : report->root()["findings"].list()) {
    if (f["status"].str() != "fail") continue;
    EXPECT_GT(f["location"]["line"].integer_or(0), 0) << doc::to_json(f);
    EXPECT_FALSE(f["message"].str().empty()) << doc::to_json(f);
  }
}

TEST(ExitCodes, TheWorstOfTwoInTheOrderOfTheTable) {
  EXPECT_EQ(worse(kFindings, kIncomplete), kFindings);
  EXPECT_EQ(worse(kInput, kUsage), kUsage);
  EXPECT_EQ(worse(kVerification, kFindings), kVerification);
  EXPECT_EQ(worse(kOk, kStale), kStale);
  EXPECT_EQ(worse(kIncomplete, kStale), kIncomplete);
  EXPECT_EQ(worse(kInternal, kUsage), kInternal);
  EXPECT_EQ(worse(kUnreachable, kInput), kInput);
}

TEST(Ignore, ReadsPatternsAsGitDoes) {
  struct {
    std::string_view patterns, path;
    bool is_directory, ignored;
  } cases[] = {
      {"*.yaml", "a/b.yaml", false, true},
      {"/b.yaml", "a/b.yaml", false, false},
      {"a/*.yaml", "a/b.yaml", false, true},
      {"a/*.yaml", "a/c/b.yaml", false, false},
      {"a/**/b.yaml", "a/b.yaml", false, true},
      {"a/**/b.yaml", "a/c/d/b.yaml", false, true},
      {"**/test/*.yaml", "x/y/test/b.yaml", false, true},
      {"test/", "x/test", true, true},
      {"test/", "x/test", false, false},
      {"docs/**", "docs/a/b", false, true},
      {"docs/**", "docs", true, false},
      {"*.yaml\n!keep.yaml", "keep.yaml", false, false},
      {"!keep.yaml\n*.yaml", "keep.yaml", false, true},
      {"# comment\n\\#x", "#x", false, true},
      {"[a-c].yaml", "b.yaml", false, true},
      {"[!a-c].yaml", "b.yaml", false, false},
      {"?.yaml", "ab.yaml", false, false},
      {"a[", "a[", false, true},
      {"b.yaml   \r", "b.yaml", false, true},
  };
  for (const auto& c : cases) {
    IgnoreRules rules;
    ASSERT_TRUE(rules.add(c.patterns, "", ".ameiaignore").has_value());
    EXPECT_EQ(rules.ignores(c.path, c.is_directory), c.ignored) << c.patterns << " with " << c.path;
  }
  IgnoreRules below;
  ASSERT_TRUE(below.add("/b.yaml", "a", "a/.ameiaignore").has_value());
  EXPECT_TRUE(below.ignores("a/b.yaml", false));
  EXPECT_FALSE(below.ignores("b.yaml", false));
}

TEST(Ignore, HostilePatternsEnd) {
  std::string stars, path(2000, 'a');
  for (int i = 0; i < 300; ++i) stars += "*a";
  stars += "b";
  EXPECT_FALSE(matches_glob(stars, path));
  EXPECT_FALSE(matches_glob("**/" + stars, path));
}

TEST(Walk, FindsWhatAKustomizationPatches) {
  EXPECT_EQ(kustomization_parts("patches:\n  - path: a.yaml\n  - patch: |-\n      - op: add\npatchesStrategicMerge: "
                                "[b.yaml]\npatchesJson6902:\n  - path: c.yaml\n")
                .patches,
            (std::vector<std::string>{"a.yaml", "c.yaml", "b.yaml"}));
}

// --payload: documents of any kind, judged by the policies about JSON; --now and --seed are what the policies are told.
TEST_F(Cli, PolicyEvalJudgesPayloads) {
  spit(
      dir_ / "p.yaml",
      "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: fresh}\nspec:\n  evaluation: "
      "{mode: "
      "JSON}\n  validations:\n  - expression: time.now() - timestamp(object.built) < duration('24h')\n    message: too "
      "old\n  - expression: random('[a-z]{4}') == object.drawn\n    messageExpression: random('[a-z]{4}')\n");
  spit(dir_ / "new.json", R"({"built": "2026-11-25T00:00:00Z", "drawn": "none"})");
  spit(dir_ / "both.yaml", "{built: 2026-11-24T12:00:00Z}\n---\n{built: 2026-11-01T00:00:00Z}\n");
  const std::string eval = "policy eval -f p.yaml --now 2026-11-25T10:00:00Z";
  Ran run = ameia(eval + " --payload both.yaml --payload new.json");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.out.find("both.yaml:3:1: denied\n  ValidatingPolicy 'fresh' denied request: too old"),
            std::string::npos)
      << run.out;
  const std::string first = ameia(eval + " --payload new.json -o json --seed 7").out;
  EXPECT_EQ(first, ameia(eval + " --payload new.json -o json --seed 7").out);
  EXPECT_NE(first, ameia(eval + " --payload new.json -o json --seed 8").out);
  EXPECT_EQ(json(first)->root().list()[0]["allowed"].boolean_or(true), false);
}

}  // namespace

// What does not fit in memory between the passes of a scan is still known to the checks that look across objects.
TEST_F(Cli, ObjectsOfFilesBeyondTheMemoryBudgetAreSeenByOthers) {
  auto deployment = [](const std::string& name) {
    return "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: " + name +
           ", namespace: shop}\nspec:\n  selector: {matchLabels: {app: " + name +
           "}}\n  template:\n    metadata: {labels: {app: " + name +
           "}}\n    spec: {containers: [{name: c, image: 'registry.example.com/c:1'}]}\n";
  };
  std::string padded = deployment("other");
  std::string comments;
  for (int i = 0; i < 10'000; ++i) comments += "#" + std::string(100, '-') + "\n";
  while (padded.size() <= kKeptBytesMax / 4) {  // a tree is reckoned as four times its text
    padded += comments + "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: shop}}\n";
  }
  spit(dir_ / "a.yaml", padded);
  spit(dir_ / "b.yaml", deployment("web"));
  spit(dir_ / "c.yaml",
       "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\nspec: {selector: {app: web}, ports: "
       "[{port: 80}]}\n");
  spit(dir_ / "d.yaml",
       "apiVersion: v1\nkind: Service\nmetadata: {name: wep, namespace: shop}\nspec: {selector: {app: wep}, ports: "
       "[{port: 80}]}\n");
  const Ran ran = ameia("scan . --jobs 1 -q -o json");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out.find("no pod of the namespace carries these labels (spec.selector.app = \\\"web\\\")"),
            std::string::npos);
  EXPECT_NE(ran.out.find("no pod of the namespace carries these labels (spec.selector.app = \\\"wep\\\")"),
            std::string::npos);
}

}  // namespace ameia::app
