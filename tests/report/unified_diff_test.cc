// unified_diff: known forms, and a property: what the hunks say leads from one text to the other.
#include "report/unified_diff.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace ameia::report {
namespace {

TEST(UnifiedDiff, Forms) {
  EXPECT_EQ(unified_diff("a\nb\n", "a\nb\n", "x", "y"), "");
  EXPECT_EQ(unified_diff("a\nb\nc\n", "a\nB\nc\n", "x", "y"), "--- x\n+++ y\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
  EXPECT_EQ(unified_diff("", "a\n", "x", "y"), "--- x\n+++ y\n@@ -0,0 +1 @@\n+a\n");
  EXPECT_EQ(unified_diff("a\n", "", "x", "y"), "--- x\n+++ y\n@@ -1 +0,0 @@\n-a\n");
  EXPECT_EQ(unified_diff("a", "a\n", "x", "y"), "--- x\n+++ y\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n");
  EXPECT_EQ(unified_diff("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "0\n1\n2\n3\n4\n5\n6\n7\n8\n", "x", "y", {.context = 1}),
            "--- x\n+++ y\n@@ -1 +1,2 @@\n+0\n 1\n@@ -8,2 +9 @@\n 8\n-9\n");
}

// Reads a diff back onto its old text.
std::string applied(const std::string& before, const std::string& diff) {
  std::vector<std::string> old;
  for (size_t at = 0; at < before.size();) {
    size_t end = before.find('\n', at);
    size_t size = end == std::string::npos ? before.size() - at : end + 1 - at;
    old.push_back(before.substr(at, size));
    at += size;
  }
  std::string out;
  size_t next = 0;
  for (size_t at = 0; at < diff.size();) {
    size_t end = diff.find('\n', at) + 1;
    std::string line = diff.substr(at, end - at);
    at = end;
    if (line.starts_with("---") || line.starts_with("+++")) continue;
    if (line.starts_with("@@")) {
      size_t first = std::stoul(line.substr(4));
      bool empty = line.substr(0, line.find(' ', 4)).ends_with(",0");
      for (; next < first - (empty ? 0 : 1); ++next) out += old[next];
    } else if (line[0] == '+') {
      out += line.substr(1);
    } else {
      EXPECT_EQ(line.substr(1), old.at(next));
      if (line[0] == ' ') out += old[next];
      ++next;
    }
  }
  for (; next < old.size(); ++next) out += old[next];
  return out;
}

TEST(UnifiedDiff, LeadsFromOneTextToTheOther) {
  std::mt19937 random(11);
  for (int round = 0; round < 2000; ++round) {
    auto text = [&](size_t lines_max) {
      std::string out;
      for (size_t i = random() % (lines_max + 1); i > 0; --i) out += std::string(1, "abcd"[random() % 4]) + "\n";
      return out;
    };
    std::string before = text(20), after = text(20);
    DiffOptions options{.context = random() % 4, .edits_max = round % 2 == 0 ? 100u : 3u};
    EXPECT_EQ(applied(before, unified_diff(before, after, "x", "y", options)), after) << before << "---\n" << after;
  }
}

}  // namespace
}  // namespace ameia::report
