// The parse halves of all commands (app/cmd_*.cc) and what they share. Neighbour: app/commands.cc, the table.
#pragma once

#include <string_view>

#include "app/command.h"
#include "base/result.h"

namespace ameia::app {

base::Result<Action> parse_scan(const Words& words);
base::Result<Action> parse_explain(const Words& words);
base::Result<Action> parse_fix(const Words& words);
base::Result<Action> parse_diff(const Words& words);
base::Result<Action> parse_list_checks(const Words& words);
base::Result<Action> parse_policy_lint(const Words& words);
base::Result<Action> parse_policy_eval(const Words& words);
base::Result<Action> parse_policy_pss(const Words& words);
base::Result<Action> parse_netpol_connlist(const Words& words);
base::Result<Action> parse_netpol_can(const Words& words);
base::Result<Action> parse_netpol_exposure(const Words& words);
base::Result<Action> parse_netpol_diff(const Words& words);
base::Result<Action> parse_netpol_lint(const Words& words);
base::Result<Action> parse_netpol_generate(const Words& words);
base::Result<Action> parse_netpol_dry_run(const Words& words);
base::Result<Action> parse_rbac_can(const Words& words);
base::Result<Action> parse_rbac_who_can(const Words& words);
base::Result<Action> parse_rbac_subject(const Words& words);
base::Result<Action> parse_rbac_diff(const Words& words);
base::Result<Action> parse_rbac_paths(const Words& words);
base::Result<Action> parse_rbac_unused(const Words& words);
base::Result<Action> parse_rbac_review(const Words& words);
base::Result<Action> parse_cel(const Words& words);
base::Result<Action> parse_version(const Words& words);
base::Result<Action> parse_completions(const Words& words);
base::Result<Action> parse_config_validate(const Words& words);
base::Result<Action> parse_config_show(const Words& words);
base::Result<Action> parse_config_schema(const Words& words);
base::Result<Action> parse_man(const Words& words);
base::Result<Action> parse_help(const Words& words);

// The configuration of a scan: what --config and --no-config say, or the one found from the first path; file empty:
// none.
struct ConfigChoice {
  std::string file;
  bool was_found = false;
};
ConfigChoice config_choice(const Words& words);

// An error becomes a message and its exit code.
int finish(const base::Result<int>& result, Console& console);
// Fails: kUsage with the option's name.
base::Result<unsigned> parse_number(std::string_view option, std::string_view text, unsigned least, unsigned most);

// The date, in UTC: 2026-11-25. Waivers end by it.
std::string today();

}  // namespace ameia::app
