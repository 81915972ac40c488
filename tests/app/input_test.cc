// Inputs that are more than files: archives, charts, kustomizations, and the children that render them.
#include <chrono>
#include <cstdio>
#include <cstring>

#include "app/archive.h"
#include "app/child.h"
#include "app/cli.h"
#include "app/exit.h"
#include "app/limits.h"
#include "app/walk.h"

namespace ameia::app {
namespace {

// One entry of a ustar archive (POSIX.1-1988): 512 bytes of header, the data, zeros to the next 512.
std::string tar_entry(std::string_view name, std::string_view data, char type = '0', std::string_view link = "",
                      std::string_view size = "") {
  std::string header(512, '\0');
  auto put = [&](size_t at, std::string_view text) { std::memcpy(header.data() + at, text.data(), text.size()); };
  char octal[16];
  std::snprintf(octal, sizeof octal, "%011o", static_cast<unsigned>(data.size()));
  put(0, name);
  put(100, "0000644");
  put(108, "0000000");
  put(116, "0000000");
  put(124, size.empty() ? std::string_view(octal) : size);
  put(136, "00000000000");
  put(148, "        ");
  header[156] = type;
  put(157, link);
  put(257, std::string_view("ustar\00000", 8));
  unsigned sum = 0;
  for (char c : header) sum += static_cast<unsigned char>(c);
  std::snprintf(octal, sizeof octal, "%06o", sum);
  put(148, std::string_view(octal, 7));
  std::string padding(data.empty() ? 0 : (512 - data.size() % 512) % 512, '\0');
  return header + std::string(data) + padding;
}
std::string tar(const std::string& entries) {
  return entries + std::string(1024, '\0');
}
bool is_yaml(std::string_view path) {
  return path.ends_with(".yaml");
}
std::string said(const Archive& archive) {
  std::string text;
  for (const ArchiveNote& note : archive.notes) text += note.path + ": " + note.what + "\n";
  return text;
}

TEST(Archive, GivesItsMembersSortedAndTheLastOfTwo) {
  Archive archive = read_archive(tar(tar_entry("./b.yaml", "b") + tar_entry("a/c.yaml", "1") + tar_entry("x.txt", "x") +
                                     tar_entry("a/c.yaml", "2")),
                                 is_yaml);
  ASSERT_EQ(archive.members.size(), 2U) << said(archive);
  EXPECT_EQ(archive.members[0].path, "a/c.yaml");
  EXPECT_EQ(*archive.members[0].bytes, "2");
  EXPECT_EQ(archive.members[1].path, "b.yaml");
  EXPECT_TRUE(archive.notes.empty());
}

TEST(Archive, SaysWhatItDoesNotRead) {
  Archive archive = read_archive(
      tar(tar_entry("../up.yaml", "x") + tar_entry("/etc/root.yaml", "x") + tar_entry("a/../../b.yaml", "x") +
          tar_entry("link.yaml", "", '2', "/etc/passwd") + tar_entry("hard.yaml", "", '1', "x.yaml") +
          tar_entry("device.yaml", "", '3') + tar_entry("inner.tgz", "x")),
      is_yaml);
  EXPECT_TRUE(archive.members.empty());
  EXPECT_EQ(archive.notes.size(), 7U);
  for (std::string_view text :
       {"../up.yaml: a path that leaves", "/etc/root.yaml: a path that leaves", "a/../../b.yaml: a path that leaves",
        "link.yaml: a link", "hard.yaml: a link", "device.yaml: no regular file", "inner.tgz: an archive within"})
    EXPECT_NE(said(archive).find(text), std::string::npos) << text << "\n" << said(archive);
}

TEST(Archive, NestsNoDeeperThanDirectoriesMay) {
  std::string deep;
  for (size_t i = 0; i <= kDirectoryDepthMax; ++i) deep += "d/";
  deep += "a.yaml";
  // GNU tar's way of long names: an entry of type L whose data is the name.
  Archive archive =
      read_archive(tar(tar_entry("././@LongLink", deep + std::string(1, '\0'), 'L') + tar_entry("cut", "x")), is_yaml);
  EXPECT_TRUE(archive.members.empty());
  EXPECT_NE(said(archive).find("a path that leaves the archive"), std::string::npos) << said(archive);
}

TEST(Archive, StopsAtItsLimits) {
  // A header that promises 8 GiB, read or skipped.
  for (std::string_view name : {"a.yaml", "a.txt"}) {
    Archive archive =
        read_archive(tar(tar_entry("first.yaml", "x") + tar_entry(name, "", '0', "", "77777777777")), is_yaml);
    EXPECT_EQ(archive.members.size(), 1U);
    EXPECT_NE(said(archive).find("unpacks to more than 256 MiB"), std::string::npos) << said(archive);
    EXPECT_TRUE(archive.notes.back().is_error);
  }
  std::string entry = tar_entry("a.txt", ""), many;
  many.reserve((kArchiveEntriesMax + 1) * entry.size());
  for (size_t i = 0; i <= kArchiveEntriesMax; ++i) many += entry;
  EXPECT_NE(said(read_archive(tar(many), is_yaml)).find("more than 100000 entries"), std::string::npos);
}

class Inputs : public Cli {
 protected:
  // A program of the tests' own, before those of the machine.
  void tool(const std::string& name, const std::string& script) {
    spit(dir_ / "bin" / name, "#!/bin/sh\n" + script);
    fs::permissions(dir_ / "bin" / name, fs::perms::owner_all);
  }
  std::string with_tools() { return "PATH='" + (dir_ / "bin").string() + ":'$PATH"; }
  void chart() {
    spit(dir_ / "shop/Chart.yaml", "apiVersion: v2\nname: shop\nversion: 1.0.0\n");
    spit(dir_ / "shop/values.yaml", "replicas: 1\n");
    spit(dir_ / "shop/templates/pod.yaml", "{{- if .Values.on }}\nkind: {{ .Values.kind }}\n{{- end }}\n");
    spit(dir_ / "shop/charts/sub/Chart.yaml", "apiVersion: v2\nname: sub\nversion: 1.0.0\n");
    spit(dir_ / "shop/charts/sub/templates/x.yaml", "a: {{ .Values.a }}\n");
  }
};

TEST_F(Inputs, ACompressedTarIsScannedInMemory) {
  spit(dir_ / "deploy/pod.yaml", kBadPod);
  ASSERT_EQ(
      std::system(
          ("cd '" + dir_.string() + "' && tar czf a.tar.gz deploy && tar cf a.tar deploy && rm -r deploy").c_str()),
      0);
  for (std::string name : {"a.tar.gz", "a.tar"}) {
    Ran run = ameia("scan " + name + " -o json --fail-on high");
    EXPECT_EQ(run.code, kFindings) << run.err;
    EXPECT_NE(run.out.find("\"file\":\"" + name + "!deploy/pod.yaml\",\"line\":12"), std::string::npos) << run.out;
  }
  EXPECT_FALSE(fs::exists(dir_ / "deploy"));
}

TEST_F(Inputs, AnArchiveOnStandardInputIsScannedToo) {
  spit(dir_ / "deploy/pod.yaml", kBadPod);
  ASSERT_EQ(std::system(("cd '" + dir_.string() + "' && tar czf a.tar.gz deploy && rm -r deploy").c_str()), 0);
  Ran run = ameia("scan - -o json --fail-on high < a.tar.gz");
  EXPECT_EQ(run.code, kFindings) << run.err;
  EXPECT_NE(run.out.find("\"file\":\"-!deploy/pod.yaml\",\"line\":12"), std::string::npos) << run.out;
  run = ameia("scan - - -o json < '" AMEIA_SOURCE_DIR "/fuzz/corpus/archive/04.zip'");
  EXPECT_NE(run.out.find("\"-!a.yaml\",\"line\":"), std::string::npos) << run.out;
  // It has no text that a fix could be written into.
  run = ameia("fix - < a.tar.gz");
  EXPECT_EQ(run.code, kInput);
  EXPECT_EQ(run.out, "");
  EXPECT_NE(run.err.find("an archive cannot be fixed"), std::string::npos) << run.err;
  run = ameia("fix --diff - < a.tar.gz");
  EXPECT_EQ(run.code, kInput);
}

TEST_F(Inputs, AZipIsScannedInMemory) {
  Ran run = ameia("scan '" AMEIA_SOURCE_DIR "/fuzz/corpus/archive/04.zip' -o json");
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.out.find("04.zip!a.yaml\",\"line\":"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("a path that leaves the archive"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("an archive within an archive"), std::string::npos) << run.out;
}

TEST_F(Inputs, ABombIsAnErrorAndTheGateFails) {
  std::string make = "cd '" + dir_.string() + "' && truncate -s 60M a.yaml && tar czf bomb.tgz a.yaml && rm a.yaml";
  ASSERT_EQ(std::system(make.c_str()), 0);
  Ran run = ameia("scan bomb.tgz -o json");
  EXPECT_EQ(run.code, kInput) << run.err;
  EXPECT_NE(run.out.find("as archives made to harm do"), std::string::npos) << run.out;
}

TEST_F(Inputs, TemplatesAreRowsWithTheCommandThatRendersThem) {
  chart();
  Ran run = ameia("scan . -o json");
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_NE(run.out.find("helm template shop | ameia scan -"), std::string::npos) << run.out;
  EXPECT_EQ(run.out.find("helm template shop/charts/sub"), std::string::npos) << run.out;
  EXPECT_EQ(run.out.find("AM-DOC-003\",\"severity\""), std::string::npos) << run.out;
}

TEST_F(Inputs, ARenderedChartTakesThePlaceOfItsTemplates) {
  chart();
  spit(dir_ / "pod.yaml", kBadPod);
  tool("helm", "[ \"$1 $2\" = 'template shop' ] && cat '" + (dir_ / "pod.yaml").string() + "'\n");
  Ran run = ameia("scan --render shop -o json", with_tools());
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.out.find("\"file\":\"shop!rendered.yaml\",\"line\":12"), std::string::npos) << run.out;
  EXPECT_EQ(run.out.find("AM-DOC-004"), std::string::npos) << run.out;
}

TEST_F(Inputs, ARenderedKustomizationTakesThePlaceOfItsFiles) {
  spit(dir_ / "k/base/kustomization.yaml", "resources: [pod.yaml]\n");
  spit(dir_ / "k/base/pod.yaml", kBadPod);
  spit(dir_ / "k/prod/kustomization.yaml", "resources: [../base]\npatches: [{path: p.yaml}]\n");
  spit(dir_ / "k/prod/p.yaml", "kind: Pod\n");
  spit(dir_ / "k/other.yaml", kBadPod);
  tool("kubectl", "[ \"$1 $2\" = 'kustomize k/prod' ] && cat k/base/pod.yaml\n");
  Ran run = ameia("scan --render k -o json", with_tools());
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.out.find("\"file\":\"k/prod!rendered.yaml\""), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("\"file\":\"k/other.yaml\""), std::string::npos) << run.out;
  for (std::string_view gone : {"k/base/pod.yaml", "k/prod/p.yaml", "AM-DOC-005"})
    EXPECT_EQ(run.out.find(gone), std::string::npos) << gone << run.out;
  EXPECT_NE(run.out.find("\"objects\":2"), std::string::npos) << run.out;
}

TEST_F(Inputs, ALibraryChartHasNothingToRender) {
  chart();
  std::string library = "apiVersion: v2\nname: lib\nversion: 1.0.0\ntype: library\n";
  spit(dir_ / "lib/Chart.yaml", library);
  spit(dir_ / "lib/templates/_pod.yaml", "kind: {{ .Values.kind }}\n");
  spit(dir_ / "lib/examples/pod.yaml", kBadPod);
  tool("helm", "[ \"$1 $2\" = 'template shop' ] && cat lib/examples/pod.yaml\n");
  Ran run = ameia("scan --render . -o json --require-coverage", with_tools());
  EXPECT_EQ(run.code, 0) << run.err << run.out;
  EXPECT_NE(run.out.find("a Helm library chart"), std::string::npos) << run.out;
  EXPECT_EQ(run.out.find("lib/templates"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("\"file\":\"lib/examples/pod.yaml\""), std::string::npos) << run.out;
  EXPECT_NE(ameia("scan lib/templates -o json").out.find("a Helm library chart"), std::string::npos);
  ASSERT_EQ(std::system(("cd '" + dir_.string() + "' && tar czf lib.tgz lib").c_str()), 0);
  Ran packed = ameia("scan --render lib.tgz -o json --require-coverage", with_tools());
  EXPECT_EQ(packed.code, 0) << packed.err << packed.out;
  EXPECT_NE(packed.out.find("\"file\":\"lib.tgz!lib/examples/pod.yaml\""), std::string::npos) << packed.out;
}

TEST_F(Inputs, TheCauseOfALongErrorIsShown) {
  chart();
  tool("helm", "echo \"Error: $(seq -s ' ' 2000) the cause\" >&2; exit 1\n");
  Ran run = ameia("scan --render shop -o json", with_tools());
  EXPECT_NE(run.out.find("failed with exit code 1: Error: 1 2 3"), std::string::npos) << run.out;
  EXPECT_NE(run.out.find("1999 2000 the cause\""), std::string::npos) << run.out;
}

TEST_F(Inputs, WhatCannotBeRenderedIsNeverGreen) {
  chart();
  Ran missing = ameia("scan --render shop -o json --require-coverage", "PATH=/nonexistent");
  EXPECT_EQ(missing.code, kInput) << missing.err;  // no object was found
  EXPECT_NE(missing.out.find("helm is not on the PATH; elsewhere: helm template shop | ameia scan -"),
            std::string::npos)
      << missing.out;
  EXPECT_NE(missing.out.find("AM-DOC-004"), std::string::npos);
  tool("helm", "echo 'values do not fit' >&2; exit 3\n");
  spit(dir_ / "shop/templates/ok.yaml", kBadPod);
  Ran failed = ameia("scan --render shop -o json --require-coverage", with_tools());
  EXPECT_EQ(failed.code, kIncomplete) << failed.err;
  EXPECT_NE(failed.out.find("helm template shop failed with exit code 3: values do not fit"), std::string::npos)
      << failed.out;
  // A relative PATH would let the scanned tree bring its own helm.
  EXPECT_NE(ameia("scan --render shop -o json", "PATH=bin").out.find("helm is not on the PATH"), std::string::npos);
}

TEST(Child, HasLimitsAndLeavesNothing) {
  ChildLimits limits{.output_bytes_max = 1000, .message_bytes_max = 10, .seconds_max = 1};
  auto begin = std::chrono::steady_clock::now();
  auto slow = run_child({"/bin/sh", "-c", "sleep 100 & sleep 100"}, limits);
  ASSERT_FALSE(slow.has_value());
  EXPECT_EQ(slow.error().what, "took longer than 1 s");
  auto daemon = run_child({"/bin/sh", "-c", "exec >&- 2>&-; sleep 100"}, limits);
  EXPECT_FALSE(daemon.has_value());
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
  auto loud = run_child({"/bin/sh", "-c", "while :; do echo aaaaaaaaaaaaaaaaaaaa; done"}, limits);
  ASSERT_FALSE(loud.has_value());
  EXPECT_NE(loud.error().what.find("wrote more than"), std::string::npos);
  auto fine = run_child({"/bin/sh", "-c", "echo out; echo 0123456789abc >&2; exit 7"}, limits);
  ASSERT_TRUE(fine.has_value());
  EXPECT_EQ(fine->exit_code, 7);
  EXPECT_EQ(fine->out, "out\n");
  EXPECT_EQ(fine->err, "0123456789");
  auto none = run_child({"/no/such/program"}, limits);
  ASSERT_TRUE(none.has_value());
  EXPECT_EQ(none->exit_code, 127);
}

TEST(Child, HasNoNetwork) {
  ChildLimits limits{.output_bytes_max = 100'000, .message_bytes_max = 1000, .seconds_max = 10};
  auto env = run_child({"/usr/bin/env"}, limits);
  ASSERT_TRUE(env.has_value());
  EXPECT_NE(env->out.find("https_proxy=http://127.0.0.1:9\n"), std::string::npos);
  auto links = run_child({"/bin/sh", "-c", "readlink /proc/self/ns/net"}, limits);
  char mine[64] = {};
  ASSERT_GT(::readlink("/proc/self/ns/net", mine, sizeof mine - 1), 0);
  ASSERT_TRUE(links.has_value());
  if (links->out.starts_with(mine)) GTEST_SKIP() << "this machine gives no network namespaces; the proxies remain";
  auto routes = run_child({"/bin/sh", "-c", "tail -n +2 /proc/net/route"}, limits);
  EXPECT_EQ(routes->out, "");
}

}  // namespace
}  // namespace ameia::app
