// The conformance program: other projects' suites, read from a folder as data and run against Ameia.
// A suite is a function from its folder to a SuiteResult; main.cc prints a row each and writes conformance.json.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "doc/document.h"

namespace ameia::conformance {

struct SuiteResult {
  std::string suite;
  size_t passed = 0, failed = 0, skipped = 0;
  std::vector<std::string> failures;                       // "case: what was expected and what came"
  std::vector<std::pair<std::string, std::string>> skips;  // case, reason

  void pass() { ++passed; }
  void fail(std::string name, std::string_view why);
  void skip(std::string name, std::string reason);
};

// Each takes the folder of its suite. A folder that is missing is not asked for.
SuiteResult run_cel_spec(const std::string& folder);
SuiteResult run_kubernetes_cel(const std::string& folder);
SuiteResult run_kyverno_policies(const std::string& folder);
SuiteResult run_pod_security(const std::string& folder);
SuiteResult run_cyclonus(const std::string& folder);
SuiteResult run_netpol_analyzer(const std::string& folder);
SuiteResult run_rbac(const std::string& folder);

// Helpers that the runners share.
bool is_folder(const std::string& path);
std::vector<std::string> list_folder(const std::string& path);  // names, sorted; empty when there is no such folder
base::Result<std::shared_ptr<doc::Document>> read_json(const std::string& path);
base::Result<std::shared_ptr<doc::Document>> read_yaml(const std::string& path);  // the first document
base::Result<std::shared_ptr<doc::Document>> parse_yaml_text(std::string text, std::string name);

}  // namespace ameia::conformance
