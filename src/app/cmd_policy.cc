// ameia policy lint | pss.
#include "app/cmd.h"
#include "app/exit.h"
#include "app/json_text.h"
#include "app/load.h"
#include "app/policies.h"
#include "kube/object.h"
#include "kube/pod.h"
#include "policy/policy.h"
#include "policy/pss.h"
#include "report/text.h"

namespace ameia::app {
namespace {

// lint

base::Result<int> run_lint(const std::vector<std::string>& paths, bool json, Console& console) {
  policy::LoadResult loaded = TRY(compile_policies(paths));
  if (json) {
    console.out("{\"errors\":" + std::to_string(loaded.errors) + ",\"warnings\":" + std::to_string(loaded.warnings) +
                ",\"diagnostics\":[");
    bool first = true;
    for (const policy::Diagnostic& d : loaded.diagnostics) {
      console.out(std::string(first ? "\n" : ",\n") +
                  "{\"level\":" + (d.level == policy::Diagnostic::Level::kError ? "\"error\"" : "\"warning\"") +
                  ",\"file\":" + quoted(d.file) + ",\"line\":" + std::to_string(d.line) +
                  ",\"column\":" + std::to_string(d.column) + ",\"object\":" + quoted(d.object) +
                  ",\"field\":" + quoted(d.field) + ",\"message\":" + quoted(d.message) + "}");
      first = false;
    }
    console.out("]}\n");
  } else {
    for (const policy::Diagnostic& diagnostic : loaded.diagnostics) console.out(policy::to_string(diagnostic) + "\n");
    size_t told = loaded.diagnostics.size();
    if (loaded.errors + loaded.warnings > told)
      console.out("and " + std::to_string(loaded.errors + loaded.warnings - told) + " more\n");
    console.out(report::count(loaded.set->policies(), "policy", "policies") + ", " +
                report::count(loaded.set->bindings(), "binding", "bindings") + ": " +
                report::count(loaded.errors, "error", "errors") + ", " +
                report::count(loaded.warnings, "warning", "warnings") + "\n");
  }
  if (loaded.set->policies() + loaded.set->bindings() == 0 && loaded.errors == 0) {
    return base::fail(base::Code::kInvalidInput, "no policy and no binding was found");
  }
  return static_cast<int>(loaded.errors == 0 ? kOk : kInput);
}

// pss

struct PssOptions {
  policy::Level level = policy::Level::kRestricted;
  policy::PssVersion version;
  std::vector<std::string> files;
  bool json = false;
};

// One row an object that has a pod; a file without any gives an error, never a green row.
base::Result<int> run_pss(const PssOptions& options, Console& console) {
  int code = kOk;
  bool first = true;
  if (options.json) console.out("[");
  for (const std::string& file : options.files) {
    auto objects = load_objects(file);
    if (!objects) {
      console.error(objects.error());
      code = worse(code, exit_code_of(objects.error().code));
      continue;
    }
    bool any = false;
    for (const LoadedObject& loaded : *objects) {
      std::optional<kube::PodView> pod = kube::find_pod(*loaded.node);
      if (!pod) continue;
      any = true;
      policy::PssResult result = policy::evaluate(options.level, options.version, *pod->metadata, *pod->spec);
      std::string name = name_of(kube::ObjectView(*loaded.node));
      if (options.json) {
        console.out(std::string(first ? "\n" : ",\n") + "{\"file\":" + quoted(file) + ",\"resource\":" + quoted(name) +
                    ",\"allowed\":" + (result.allowed ? "true" : "false") + ",\"violations\":[");
        for (size_t i = 0; i < result.violations.size(); ++i) {
          const policy::PssViolation& violation = result.violations[i];
          console.out(std::string(i == 0 ? "" : ",") + "{\"id\":" + quoted(violation.id) +
                      ",\"reason\":" + quoted(violation.reason) + ",\"detail\":" + quoted(violation.detail) + "}");
        }
        console.out("]}");
      } else {
        console.out(report::clean(file) + ": " + report::clean(name) + ": " +
                    (result.allowed ? "allowed" : "violates") + " " + std::string(policy::to_string(options.level)) +
                    ":" + policy::to_string(options.version) + "\n");
        for (const policy::PssViolation& violation : result.violations) {
          console.out("  " + report::clean(violation.reason) +
                      (violation.detail.empty() ? "" : " (" + report::clean(violation.detail) + ")") + "\n");
        }
      }
      first = false;
    }
    if (!any) {
      console.error({base::Code::kInvalidInput, "holds no pod and no pod template", file});
      code = worse(code, kInput);
    }
  }
  if (options.json) console.out("]\n");
  return code;
}

}  // namespace

base::Result<Action> parse_policy_lint(const Words& words) {
  TRY_STATUS(check_operands(words, 1, SIZE_MAX, "a policy file or directory"));
  return Action([paths = words.operands(), json = words.get("--output") == "json"](Console& console) {
    return finish(run_lint(paths, json, console), console);
  });
}

base::Result<Action> parse_policy_pss(const Words& words) {
  TRY_STATUS(check_operands(words, 1, SIZE_MAX, "a file"));
  PssOptions options;
  options.files = words.operands();
  options.json = words.get("--output") == "json";
  auto level = policy::parse_level(words.get("--level", "restricted"));
  auto version = policy::parse_pss_version(words.get("--version", "latest"));
  if (!level)
    return std::unexpected(usage_error("--level: \"" + report::clean(words.get("--level")) +
                                       "\" is not one of privileged, baseline, restricted"));
  if (!version)
    return std::unexpected(
        usage_error("--version: \"" + report::clean(words.get("--version")) + "\" is neither latest nor v1.N"));
  options.level = *level;
  options.version = *version;
  return Action(
      [options = std::move(options)](Console& console) { return finish(run_pss(options, console), console); });
}

}  // namespace ameia::app
