// conformance [REPORT.json]: runs every suite found in AMEIA_SUITES (default ../shared/suites) and exits 1 on a
// failure. A suite that is not there is said to be skipped and counts nothing; CEL's own is then looked for in the
// folder AMEIA_CEL_SPEC.
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "doc/json.h"
#include "suite.h"

namespace ameia::conformance {
namespace {

struct Row {
  const char* folder;
  SuiteResult (*run)(const std::string& folder);
};
constexpr Row kSuites[] = {
    {"cel-spec", run_cel_spec},
    {"cyclonus", run_cyclonus},
    {"kubernetes-cel", run_kubernetes_cel},
    {"kyverno-cli", run_kyverno_policies},
    {"kyverno-policies", run_kyverno_policies},
    {"netpol-analyzer", run_netpol_analyzer},
    {"pod-security", run_pod_security},
    {"rbac", run_rbac},
};

std::string env_or(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

std::string report(const std::vector<SuiteResult>& results) {
  std::string out = "[";
  auto text = [&](std::string_view name, std::string_view value) {
    out += '"' + std::string(name) + "\":";
    doc::append_json_string(out, value);
  };
  for (const SuiteResult& result : results) {
    out += out.size() > 1 ? ",\n{" : "\n{";
    text("suite", result.suite);
    out += ",\"passed\":" + std::to_string(result.passed) + ",\"failed\":" + std::to_string(result.failed) +
           ",\"skipped\":" + std::to_string(result.skipped) + ",\"failures\":[";
    for (size_t i = 0; i < result.failures.size(); ++i) {
      out += i > 0 ? ",\n" : "\n";
      doc::append_json_string(out, result.failures[i]);
    }
    out += "],\"skips\":[";
    for (size_t i = 0; i < result.skips.size(); ++i) {
      out += i > 0 ? ",\n{" : "\n{";
      text("case", result.skips[i].first);
      out += ',';
      text("reason", result.skips[i].second);
      out += '}';
    }
    out += "]}";
  }
  return out + "\n]\n";
}

int run(const std::string& report_path) {
  std::string suites = env_or("AMEIA_SUITES", "../shared/suites");
  std::vector<SuiteResult> results;
  size_t failed = 0;
  std::printf("%-16s %8s %8s %8s\n", "suite", "passed", "failed", "skipped");
  auto run_one = [&](const char* name, const std::string& folder, SuiteResult (*suite)(const std::string&)) {
    if (!is_folder(folder)) {
      std::printf("%-16s skipped: there is no folder %s\n", name, folder.c_str());
      return;
    }
    SuiteResult result = suite(folder);
    result.suite = name;
    std::printf("%-16s %8zu %8zu %8zu\n", name, result.passed, result.failed, result.skipped);
    failed += result.failed;
    results.push_back(std::move(result));
  };
  for (const Row& row : kSuites) {
    std::string folder = suites + '/' + row.folder;
    if (!is_folder(folder) && row.run == run_cel_spec) folder = env_or("AMEIA_CEL_SPEC", folder.c_str());
    run_one(row.folder, folder, row.run);
  }

  constexpr size_t kShownMax = 40;  // the report has them all
  for (const SuiteResult& result : results) {
    for (size_t i = 0; i < result.failures.size() && i < kShownMax; ++i) {
      std::printf("FAIL %s %s\n", result.suite.c_str(), result.failures[i].c_str());
    }
    if (result.failures.size() > kShownMax) std::printf("... and %zu more\n", result.failures.size() - kShownMax);
  }
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(report_path).parent_path(), ignored);
  std::ofstream out(report_path, std::ios::binary);
  out << report(results);
  out.close();
  if (!out) {
    std::fprintf(stderr, "conformance: %s cannot be written\n", report_path.c_str());
    return 1;
  }
  return failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace ameia::conformance

int main(int argc, char** argv) {
  return ameia::conformance::run(argc > 1 ? argv[1] : "build/conformance.json");
}
