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
#include "report/framework.h"

namespace ameia::app {

struct PolicyChoice {
  std::vector<std::string> paths;               // files and directories of the user
  std::vector<std::string> allowed_registries;  // for AM-IMG-003; empty: as the check ships
  std::vector<report::Framework> frameworks;    // empty: every built-in check
  std::optional<report::Severity> least;
  bool built_in = true;
};

// Compiles them. Diagnostics of the user's files go to the console, errors as well as warnings.
// Fails: kInvalidInput (a broken policy; the diagnostics are already told), kInternal (a broken built-in check).
base::Result<std::shared_ptr<const policy::PolicySet>> load_policies(const PolicyChoice& choice, Console& console);

// Compiles the policies of these files only, as a user's. Fails when a file cannot be read.
base::Result<policy::LoadResult> compile_policies(const std::vector<std::string>& paths);

// A framework by name, or from a file of the user's (a path with a slash or ending in .yaml, and
// #VARIANT behind it).
// Fails: kUsage for a name that is none, and what the file has wrong.
base::Result<report::Framework> load_framework(const std::string& name_or_path);

}  // namespace ameia::app
