// The checks of a run: the built-in ones, filtered, and the user's. Neighbours: policy/policy.h compiles, app/cmd_*.cc
// ask.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/console.h"
#include "base/result.h"
#include "policy/policy.h"

namespace ameia::app {

struct PolicyChoice {
  std::vector<std::string> paths;               // files and directories of the user
  std::vector<std::string> allowed_registries;  // for AM-IMG-003; empty: as the check ships
  std::vector<std::string> frameworks;          // empty: every built-in check
  std::optional<report::Severity> least;
  bool built_in = true;
};

// Compiles them. Diagnostics of the user's files go to the console, errors as well as warnings.
// Fails: kUsage (an unknown framework), kInvalidInput (a broken policy; the diagnostics are already told), kInternal (a
// broken built-in check).
base::Result<std::shared_ptr<const policy::PolicySet>> load_policies(const PolicyChoice& choice, Console& console);

// Compiles the policies of these files only, as a user's. Fails when a file cannot be read.
base::Result<policy::LoadResult> compile_policies(const std::vector<std::string>& paths);

// Whether a check with these tags belongs to a framework: "cis-1.12", "nsa-cisa", "mitre", "pss-baseline",
// "pss-restricted" (which is baseline and more).
bool belongs_to(const report::Rule& rule, std::string_view framework);
// The frameworks that the checks' tags name, sorted.
std::vector<std::string> frameworks_of(const std::vector<report::Rule>& rules);

}  // namespace ameia::app
