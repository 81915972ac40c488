// ameia diff: two states compared by their findings.
#include "app/cmd.h"
#include "app/exit.h"
#include "app/files.h"
#include "app/limits.h"
#include "app/policies.h"
#include "app/scan.h"
#include "doc/json.h"
#include "report/compare.h"
#include "report/text.h"

namespace ameia::app {
namespace {

using report::Finding;
using report::FindingStatus;
using report::Severity;

struct DiffOptions {
  std::string before, now;
  PolicyChoice policies;
  std::optional<Severity> least, fail_on;
  std::string format = "table", file;
  unsigned jobs = 0;
};

struct State {
  report::Report report;
  bool named_input_failed = false;
  bool is_report = false;
};

std::optional<FindingStatus> parse_status(std::string_view text) {
  for (FindingStatus status : {FindingStatus::kPass, FindingStatus::kFail, FindingStatus::kNotEvaluated,
                               FindingStatus::kNotApplicable, FindingStatus::kManual, FindingStatus::kError}) {
    if (report::to_string(status) == text) return status;
  }
  return std::nullopt;
}

// A report that `ameia scan -o json` wrote; nullopt when the file is none.
base::Result<std::optional<State>> read_report(const std::string& path) {
  if (!path.ends_with(".json")) return std::nullopt;
  auto bytes = read_file(path, kFileBytesMax);
  if (!bytes) return std::nullopt;  // a directory, or what the scan will say of it
  auto source = std::make_shared<const doc::Source>(path, std::move(*bytes));
  auto document = doc::parse_json(source, std::make_shared<doc::Keys>());
  if (!document) return std::nullopt;
  const doc::Node& root = (*document)->root();
  if (root["tool"]["name"].str() != "ameia" || !root["findings"].is_list()) return std::nullopt;
  if (root["schema_version"].integer_or(0) != 1)
    return base::fail(base::Code::kInvalidInput, "a report of another version of Ameia; scan again", path);
  State state;
  state.is_report = true;
  state.report.objects = static_cast<uint64_t>(root["summary"]["objects"].integer_or(0));
  for (const doc::Node& item : root["findings"].list()) {
    Finding finding;
    std::optional<Severity> severity = report::parse_severity(item["severity"].str());
    std::optional<FindingStatus> status = parse_status(item["status"].str());
    if (!severity || !status || item["fingerprint"].str().empty())
      return base::fail(base::Code::kInvalidInput, "this finding lacks its severity, status or fingerprint",
                        source->where(item.begin));
    finding.id = item["id"].str();
    finding.title = item["title"].str();
    finding.severity = *severity;
    finding.status = *status;
    const doc::Node& resource = item["resource"];
    finding.resource = {std::string(resource["apiVersion"].str()),
                        std::string(resource["kind"].str()),
                        std::string(resource["namespace"].str()),
                        std::string(resource["name"].str()),
                        {}};
    finding.location.file = item["location"]["file"].str();
    finding.location.line = static_cast<uint32_t>(item["location"]["line"].integer_or(0));
    finding.location.column = static_cast<uint32_t>(item["location"]["column"].integer_or(0));
    finding.location.pointer = item["location"]["pointer"].str();
    finding.message = item["message"].str();
    finding.fingerprint = item["fingerprint"].str();
    state.report.findings.push_back(std::move(finding));
  }
  return state;
}

base::Result<State> state_of(const std::string& path, const DiffOptions& options,
                             const std::shared_ptr<const policy::PolicySet>& policies) {
  std::optional<State> report = TRY(read_report(path));
  if (report) return std::move(*report);
  ScanResult result = scan(walk({path}), policies, options.jobs, {});
  return State{std::move(result.report), result.named_input_failed, false};
}

void drop_below(report::Report& report, Severity least) {
  std::erase_if(report.findings,
                [&](const Finding& f) { return f.status == FindingStatus::kFail && f.severity < least; });
}

// Files of the new state that nothing is known of make the gate speak, as in a scan; so does a check that ended in an
// error at or above the severity.
int gate(const DiffOptions& options, const report::Comparison& comparison, Console& console) {
  if (!options.fail_on) return kOk;
  uint64_t worse_now = 0, errors = 0, broken = 0;
  for (const Finding* f : comparison.fresh) worse_now += f->severity >= *options.fail_on ? 1 : 0;
  for (const report::ChangedFinding& f : comparison.changed)
    worse_now += f.now->severity >= *options.fail_on && f.before->severity < *options.fail_on ? 1 : 0;
  for (const Finding& f : comparison.now->findings) {
    if (f.status != FindingStatus::kError) continue;
    bool is_file = f.id == kUnreadableId || f.id == kUnparsableId;
    broken += is_file ? 1 : 0;
    errors += !is_file && f.severity >= *options.fail_on ? 1 : 0;
  }
  std::string name(report::to_string(*options.fail_on));
  int code = kOk;
  if (worse_now != 0) {
    console.err("ameia: " + report::count(worse_now, "new finding", "new findings") + " at or above " + name +
                " (--fail-on)\n");
    code = worse(code, kFindings);
  }
  if (errors != 0) {
    console.err("ameia: " + report::count(errors, "check", "checks") + " at or above " + name +
                " could not be evaluated (--fail-on)\n");
    code = worse(code, kFindings);
  }
  if (broken != 0) {
    console.err("ameia: " + report::count(broken, "file", "files") + " of the new state could not be read or parsed\n");
    code = worse(code, kInput);
  }
  return code;
}

base::Result<int> run_diff(const DiffOptions& options, Console& console) {
  auto policies = TRY(load_policies(options.policies, console));
  State before = TRY(state_of(options.before, options, policies));
  State now = TRY(state_of(options.now, options, policies));
  int code = before.named_input_failed || now.named_input_failed ? kInput : kOk;
  for (const State* state : {&before, &now}) {
    if (state->report.objects != 0) continue;
    console.err("ameia: no Kubernetes object was found in " +
                report::clean(state == &before ? options.before : options.now) + "\n");
    if (options.fail_on) code = worse(code, kInput);
  }
  report::Comparison all = report::compare(before.report, now.report);
  code = worse(code, gate(options, all, console));
  if (options.least) {
    drop_below(before.report, *options.least);
    drop_below(now.report, *options.least);
  }
  report::Comparison shown = report::compare(before.report, now.report);
  std::optional<OutputFile> file;
  if (!options.file.empty()) file.emplace(TRY(OutputFile::create(options.file)));
  report::Sink sink = [&](std::string_view text) {
    if (file) {
      file->write(text);
    } else {
      console.out(text);
    }
  };
  if (options.format == "json") {
    report::print_comparison_json(shown, sink);
  } else if (options.format == "md") {
    report::print_comparison_markdown(shown, sink);
  } else {
    report::print_comparison_table(shown, file ? 100 : console.width(), sink);
  }
  if (file) TRY_STATUS(file->commit());
  return code;
}

}  // namespace

base::Result<Action> parse_diff(const Words& words) {
  TRY_STATUS(check_operands(words, 2, 2, "two states, OLD and NEW"));
  DiffOptions options;
  options.before = words.operands()[0];
  options.now = words.operands()[1];
  if (options.before == "-" && options.now == "-")
    return std::unexpected(usage_error("standard input (-) can be one of the states only"));
  options.policies.paths = words.all("--policy");
  for (const std::string& name : words.all("--framework"))
    options.policies.frameworks.push_back(TRY(load_framework(name)));
  options.least = report::parse_severity(words.get("--severity"));
  options.fail_on = report::parse_severity(words.get("--fail-on"));
  std::string output = words.get("--output", "table");
  size_t equals = output.find('=');
  options.format = output.substr(0, equals);
  if (equals != std::string::npos) {
    options.file = output.substr(equals + 1);
    if (options.file.empty()) return std::unexpected(usage_error("--output " + options.format + "= needs a file"));
  }
  if (words.has("--jobs")) options.jobs = TRY(parse_number("--jobs", words.get("--jobs"), 1, kJobsMax));
  return Action(
      [options = std::move(options)](Console& console) { return finish(run_diff(options, console), console); });
}

}  // namespace ameia::app
