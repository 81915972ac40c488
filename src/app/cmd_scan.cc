// ameia scan: the main job.
#include <algorithm>
#include <chrono>
#include <ctime>

#include "app/cmd.h"
#include "app/config.h"
#include "app/exit.h"
#include "app/files.h"
#include "app/fixer.h"
#include "app/limits.h"
#include "app/outputs.h"
#include "app/policies.h"
#include "app/render.h"
#include "app/scan.h"
#include "report/baseline.h"
#include "report/text.h"
#include "report/waiver.h"

namespace ameia::app {
namespace {

using report::FindingStatus;
using report::Severity;

struct ScanOptions {
  std::vector<std::string> paths;
  PolicyChoice policies;
  std::optional<Severity> least, fail_on;
  std::vector<OutputChoice> outputs;
  std::optional<report::Language> language;
  std::vector<std::string> ignored;
  std::string baseline, write_baseline, waivers;
  unsigned jobs = 0;
  bool render = false, require_coverage = false, no_color = false, quiet = false;
};

// A line that is drawn over itself, on a terminal, once the work turns out to be long.
class ProgressBar {
 public:
  explicit ProgressBar(Console& console, bool wanted)
      : console_(console), wanted_(wanted && console.err_is_terminal()) {}
  ~ProgressBar() {
    if (shown_) console_.err("\r\x1b[K");
  }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void operator()(size_t done, size_t all) {
    auto now = std::chrono::steady_clock::now();
    if (!wanted_ || all == 0 || now - begin_ < std::chrono::milliseconds(500) ||
        now - last_ < std::chrono::milliseconds(80))
      return;
    last_ = now;
    shown_ = true;
    constexpr size_t kCells = 24;
    size_t full = kCells * done / all;
    console_.err("\r\x1b[Kscanning " + std::string(full, '#') + std::string(kCells - full, '.') + " " +
                 std::to_string(100 * done / all) + " %");
  }

 private:
  Console& console_;
  bool wanted_, shown_ = false;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now(), last_{};
};

base::Result<std::shared_ptr<const doc::Source>> read_source(const std::string& path) {
  return std::make_shared<const doc::Source>(path, TRY(read_file(path, kNotedFileBytesMax)));
}

// What the gates say. An error of a check that could not run counts as a failure of it: a gate that could not run never
// lets through.
int gate(const ScanOptions& options, const ScanResult& result, Console& console) {
  const report::Report& report = result.report;
  int code = result.named_input_failed ? kInput : kOk;
  auto say = [&](const std::string& text) {
    if (!options.quiet) console.err("ameia: " + text + "\n");
  };
  if (options.fail_on) {
    std::string_view name = report::to_string(*options.fail_on);
    uint64_t failing = 0, errors = 0, broken = 0;
    for (const report::Finding& f : report.findings) {
      if (!f.suppressed_by.empty()) continue;
      if (f.status == FindingStatus::kFail && f.severity >= *options.fail_on) ++failing;
      if (f.status != FindingStatus::kError) continue;
      bool is_file = f.id == kUnreadableId || f.id == kUnparsableId;
      if (is_file) ++broken;
      if (!is_file && f.severity >= *options.fail_on) ++errors;
    }
    if (failing != 0)
      say(report::count(failing, "finding", "findings") + " at or above " + std::string(name) + " (--fail-on)");
    if (errors != 0)
      say(report::count(errors, "check", "checks") + " at or above " + std::string(name) +
          " could not be evaluated (--fail-on)");
    if (failing + errors != 0) code = worse(code, kFindings);
    if (broken != 0) {
      say(report::count(broken, "file", "files") + " could not be read or parsed: the gate cannot speak for " +
          (broken == 1 ? "it" : "them"));
      code = worse(code, kInput);
    }
  }
  if (report.objects == 0) {
    say("no Kubernetes object was found");
    if (options.fail_on || options.require_coverage) code = worse(code, kInput);
  }
  if (options.require_coverage &&
      (report.coverage.not_evaluated != 0 || report.coverage.errors != 0 || report.coverage.evaluated == 0)) {
    say("coverage is incomplete: " + std::to_string(report.coverage.not_evaluated) + " not evaluated, " +
        report::count(report.coverage.errors, "error", "errors") + " (--require-coverage)");
    code = worse(code, kIncomplete);
  }
  return code;
}

// --severity: what is below it is neither shown nor scored.
void drop_below(report::Report& report, Severity least) {
  std::erase_if(report.findings,
                [&](const report::Finding& f) { return f.status == FindingStatus::kFail && f.severity < least; });
  for (size_t i = 0; i < static_cast<size_t>(least); ++i) report.tally.passed[i] = report.tally.failed[i] = 0;
}

base::Result<int> run_scan(const ScanOptions& options, Console& console) {
  if (options.no_color) console.no_color();
  std::optional<report::Baseline> baseline;
  if (!options.baseline.empty()) baseline = TRY(report::Baseline::parse(TRY(read_source(options.baseline))));
  std::optional<report::Waivers> waivers;
  if (!options.waivers.empty()) waivers = TRY(report::Waivers::parse(TRY(read_source(options.waivers))));
  auto policies = TRY(load_policies(options.policies, console));
  Outputs outputs = TRY(Outputs::open(options.outputs));

  ScanResult result;
  Walk files = walk(options.paths, options.ignored);
  if (options.render) render(files);
  {
    ProgressBar bar(console, !options.quiet);
    result = scan(files, policies, options.jobs, [&](size_t done, size_t all) { bar(done, all); });
  }
  for (const std::string& warning : result.warnings) console.err(warning + "\n");
  report::Report& report = result.report;
  if (!options.write_baseline.empty()) {
    OutputFile file = TRY(OutputFile::create(options.write_baseline));
    report::print_baseline(report, [&](std::string_view text) { file.write(text); });
    TRY_STATUS(file.commit());
  }
  if (waivers) {
    for (report::Rule& rule : report::waiver_rules()) report.rules.push_back(std::move(rule));
    std::stable_sort(report.rules.begin(), report.rules.end(),
                     [](const auto& a, const auto& b) { return a.id < b.id; });
    waivers->apply(report.findings, today());
  }
  if (baseline) baseline->apply(report.findings);
  if (waivers || baseline) report::sort_findings(report.findings);
  for (const report::Framework& framework : options.policies.frameworks) {
    report.frameworks.push_back(report::judge_framework(framework, report));
    report.frameworks_portuguese.push_back(report::judge_framework(framework, report, report::Language::kPortuguese));
  }
  int code = gate(options, result, console);
  if (options.least) drop_below(report, *options.least);
  const bool shows_fixes =
      std::ranges::any_of(options.outputs, [](const OutputChoice& choice) { return choice.format == Format::kSarif; });
  if (shows_fixes) propose_fixes(files, *policies, report);
  TRY_STATUS(outputs.print(report, options.language, console));
  return code;
}

base::Result<ScanOptions> options_of(const Words& words) {
  ScanOptions options;
  options.paths = words.operands();
  if (options.paths.empty()) options.paths = {"."};
  options.policies.paths = words.all("--policy");
  options.policies.allowed_registries = words.all("--allow-registry");
  options.ignored = words.all("--ignore");
  for (const std::string& name : words.all("--framework"))
    options.policies.frameworks.push_back(TRY(load_framework(name)));
  options.least = report::parse_severity(words.get("--severity"));
  options.fail_on = report::parse_severity(words.get("--fail-on"));
  // A gate below what is shown must still be heard, so checks are dropped only when no gate asks for them, nor a
  // framework whose sections they answer.
  if (options.least && options.policies.frameworks.empty() && (!options.fail_on || *options.fail_on >= *options.least))
    options.policies.least = options.least;
  options.language = report::parse_language(words.get("--lang"));
  options.baseline = words.get("--baseline");
  options.write_baseline = words.get("--write-baseline");
  options.waivers = words.get("--waivers");
  options.render = words.has("--render");
  options.require_coverage = words.has("--require-coverage");
  options.no_color = words.has("--no-color");
  options.quiet = words.has("--quiet");
  if (words.has("--jobs")) {
    options.jobs = TRY(parse_number("--jobs", words.get("--jobs"), 1, kJobsMax));
  }
  options.outputs = TRY(parse_outputs(words.all("--output")));
  if (options.outputs.empty() && !options.quiet) options.outputs.push_back({});
  return options;
}

// The command line, and what the configuration says beside it.
base::Result<int> run_configured(const Words& words, Console& console) {
  ConfigChoice choice = config_choice(words);
  if (choice.file.empty()) return run_scan(TRY(options_of(words)), console);
  ScanOptions options = TRY(options_of(with_config(words, TRY(read_config(choice.file, choice.was_found)))));
  // Whoever did not name it should know: it may hold findings back.
  if (choice.was_found && !options.quiet) console.err("ameia: configured by " + report::clean(choice.file) + "\n");
  return run_scan(options, console);
}

}  // namespace

std::string today() {
  std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[16];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%d", &parts)};
}

base::Result<Action> parse_scan(const Words& words) {
  TRY(options_of(words));  // the command line's own errors come before any file is read
  return Action([words](Console& console) { return finish(run_configured(words, console), console); });
}

}  // namespace ameia::app
