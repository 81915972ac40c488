// ameia fix: writes what is safe to write, proposes what needs a decision.
#include <algorithm>
#include <filesystem>

#include "app/cmd.h"
#include "app/exit.h"
#include "app/files.h"
#include "app/fixer.h"
#include "app/json_text.h"
#include "app/limits.h"
#include "app/policies.h"
#include "report/baseline.h"
#include "report/text.h"
#include "report/unified_diff.h"
#include "report/waiver.h"

namespace ameia::app {
namespace {

namespace fs = std::filesystem;
using report::Finding;

struct FixOptions {
  std::vector<std::string> paths;
  PolicyChoice policies;
  std::vector<std::string> ids, accepted;
  std::optional<report::Severity> least, fail_on;
  std::string baseline, waivers;
  unsigned jobs = 0;
  bool diff = false, json = false, quiet = false;
};

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

// A check's id, whatever the case it was typed in. Fails: kUsage, with the nearest known one.
base::Result<std::set<std::string>> known_ids(std::string_view option, const std::vector<std::string>& ids,
                                              const policy::PolicySet& policies) {
  std::vector<std::string_view> known;
  for (const report::Rule& rule : policies.rules()) known.push_back(rule.id);
  std::set<std::string> out;
  for (const std::string& id : ids) {
    auto found = std::find_if(known.begin(), known.end(), [&](std::string_view k) { return upper(k) == upper(id); });
    if (found == known.end()) {
      std::string what = std::string(option) + ": no check is called \"" + report::clean(id) + "\"";
      if (std::string_view near = nearest(id, known); !near.empty())
        what += "; did you mean " + std::string(near) + "?";
      return std::unexpected(usage_error(what));
    }
    out.emplace(*found);
  }
  return out;
}

base::Result<std::shared_ptr<const doc::Source>> read_source(const std::string& path) {
  return std::make_shared<const doc::Source>(path, TRY(read_file(path, kNotedFileBytesMax)));
}

// The file that is to be replaced: a symbolic link is followed within the directories that were named, never out.
base::Result<std::string> target_of(const std::string& name, const std::vector<std::string>& paths) {
  std::error_code failed;
  if (!fs::is_symlink(name, failed)) return name;
  fs::path real = fs::canonical(name, failed);
  for (const std::string& path : paths) {
    if (failed || !fs::is_directory(path)) continue;
    fs::path root = fs::canonical(path, failed);
    auto [end, at] = std::mismatch(root.begin(), root.end(), real.begin(), real.end());
    if (!failed && end == root.end()) return real.string();
  }
  return base::fail(base::Code::kUnavailable, "is a symbolic link out of the named tree; name the file itself", name);
}

base::Status write_file(const FixedFile& file, const std::vector<std::string>& paths) {
  std::string path = TRY(target_of(file.name, paths));
  OutputFile out = TRY(OutputFile::replacing(path));
  if (TRY(read_file(path, kFileBytesMax)) != file.before)
    return base::fail(base::Code::kUnavailable, "changed while it was being fixed; run it again", file.name);
  out.write(file.after);
  return out.commit();
}

// "file:line  Deployment/web container "web": …"
std::string place_of(const Finding& finding) {
  std::string message = finding.message;
  size_t detail = message.rfind(" (");
  std::string what = detail != std::string::npos && message.ends_with(")")
                         ? message.substr(detail + 2, message.size() - detail - 3)
                         : std::string();
  size_t colon = what.find(": ");
  std::string where = colon == std::string::npos ? std::string() : " " + what.substr(0, colon);
  return report::clean(finding.location.file + ":" + std::to_string(finding.location.line) + "  " +
                       report::resource_name(finding.resource) + where);
}

// Notes of one check together, in the order of the report.
template <typename Notes>
std::vector<std::vector<const typename Notes::value_type*>> by_check(const Notes& notes, auto id_of) {
  std::vector<std::vector<const typename Notes::value_type*>> groups;
  std::map<std::string, size_t> known;
  for (const auto& note : notes) {
    auto [it, fresh] = known.try_emplace(id_of(note), groups.size());
    if (fresh) groups.emplace_back();
    groups[it->second].push_back(&note);
  }
  return groups;
}

class Summary {
 public:
  Summary(const FixOutcome& outcome, bool dry, Console& console) : outcome_(outcome), dry_(dry), console_(console) {}

  // To standard error where standard output holds a diff or a text.
  std::string text() {
    auto id = [](const FixNote& note) { return note.finding.id; };
    for (const auto& notes : by_check(outcome_.written, id)) group(dry_ ? "would fix" : "fixed", notes, false);
    for (const auto& notes : by_check(outcome_.proposed, id)) group("proposed", notes, true);
    for (const auto& notes : by_check(outcome_.refused, id)) group("not fixed", notes, true);
    if (!outcome_.unfixable.empty()) {
      out_ += "no fix\n";
      for (const auto& findings : by_check(outcome_.unfixable, [](const Finding& f) { return f.id; })) {
        out_ += "  " + head(*findings.front()) + ": " + report::count(findings.size(), "place", "places") + "\n";
      }
    }
    out_ += report::count(outcome_.written.size(), "finding", "findings") +
            (dry_ ? " would be fixed in " : " fixed in ") + report::count(outcome_.files.size(), "file", "files") +
            ", " + std::to_string(outcome_.proposed.size()) + " proposed, " +
            std::to_string(outcome_.refused.size() + outcome_.unfixable.size()) + " left to mend by hand\n";
    if (!outcome_.proposed.empty())
      out_ +=
          "a proposal is written once you decide it: ameia fix --accept " + outcome_.proposed.front().finding.id + "\n";
    if (!outcome_.unfixable.empty())
      out_ += "how to mend the others: ameia explain " + outcome_.unfixable.front().id + "\n";
    return std::move(out_);
  }

 private:
  static constexpr size_t kPlacesShown = 5;

  std::string head(const Finding& finding) const {
    const report::Rule* rule = outcome_.last.report.find_rule(finding.id);
    std::string title = rule == nullptr || !finding.title.empty() ? finding.title : rule->title;
    return report::clean(finding.id + " " + std::string(report::to_string(finding.severity)) + " " + title);
  }

  void group(std::string_view what, const std::vector<const FixNote*>& notes, bool says_why) {
    size_t width = std::clamp<size_t>(console_.width(), 40, 120);
    if (what != last_) out_ += std::string(what) + "\n";
    last_ = what;
    const FixNote& first = *notes.front();
    out_ += "  " + head(first.finding) + "\n";
    for (const std::string& line : report::wrap("→ " + first.patch, width - 4)) out_ += "    " + line + "\n";
    if (says_why) {
      for (const std::string& line : report::wrap("? " + first.why, width - 4)) out_ += "    " + line + "\n";
    }
    for (size_t i = 0; i < std::min(notes.size(), kPlacesShown); ++i)
      out_ += "    " + report::cut(place_of(notes[i]->finding), width - 4) + "\n";
    if (notes.size() > kPlacesShown) out_ += "    and " + std::to_string(notes.size() - kPlacesShown) + " more\n";
  }

  const FixOutcome& outcome_;
  bool dry_;
  Console& console_;
  std::string out_;
  std::string_view last_;
};

std::string json_of(const Finding& finding) {
  return "\"id\":" + app::quoted(finding.id) + ",\"severity\":" + app::quoted(report::to_string(finding.severity)) +
         ",\"resource\":" + app::quoted(report::resource_name(finding.resource)) +
         ",\"file\":" + app::quoted(finding.location.file) + ",\"line\":" + std::to_string(finding.location.line) +
         ",\"pointer\":" + app::quoted(finding.location.pointer) +
         ",\"fingerprint\":" + app::quoted(finding.fingerprint);
}

std::string diff_of(const FixedFile& file) {
  std::string name = file.name.starts_with("./") ? file.name.substr(2) : file.name;
  bool absolute = name.starts_with("/");
  return report::unified_diff(file.before, file.after, absolute ? name : "a/" + name, absolute ? name : "b/" + name);
}

void print_json(const FixOutcome& outcome, bool dry, Console& console) {
  auto notes = [&](std::string_view name, const std::vector<FixNote>& list, std::string_view why) {
    console.out(",\n\"" + std::string(name) + "\":[");
    for (size_t i = 0; i < list.size(); ++i) {
      console.out((i == 0 ? "\n{" : ",\n{") + json_of(list[i].finding) + ",\"patch\":" + app::quoted(list[i].patch) +
                  (why.empty() ? "" : ",\"" + std::string(why) + "\":" + app::quoted(list[i].why)) + "}");
    }
    console.out("]");
  };
  console.out(std::string("{\"schema_version\":1,\"written\":") + (dry ? "false" : "true") + ",\n\"files\":[");
  for (size_t i = 0; i < outcome.files.size(); ++i) {
    console.out((i == 0 ? "\n{\"file\":" : ",\n{\"file\":") + app::quoted(outcome.files[i].name) +
                ",\"diff\":" + app::quoted(diff_of(outcome.files[i])) + "}");
  }
  console.out("]");
  notes("fixed", outcome.written, "");
  notes("proposed", outcome.proposed, "decision");
  notes("refused", outcome.refused, "reason");
  console.out(",\n\"unfixable\":[");
  for (size_t i = 0; i < outcome.unfixable.size(); ++i)
    console.out((i == 0 ? "\n{" : ",\n{") + json_of(outcome.unfixable[i]) + "}");
  console.out("]}\n");
}

// What is left after the fixes, held against --fail-on; what could not be judged counts as in a scan.
int gate(const FixOptions& options, const FixOutcome& outcome, Console& console) {
  const report::Report& report = outcome.last.report;
  int code = outcome.last.named_input_failed ? kInput : kOk;
  uint64_t broken = 0, left = 0;
  for (const Finding& f : report.findings) {
    if (!f.suppressed_by.empty()) continue;
    bool is_file = f.status == report::FindingStatus::kError && (f.id == kUnreadableId || f.id == kUnparsableId);
    if (is_file) {
      ++broken;
      console.err("ameia: " + report::clean(report::location_text(f.location) + ": " + f.message) + "\n");
    }
    bool counts = f.status == report::FindingStatus::kFail || f.status == report::FindingStatus::kError;
    if (options.fail_on && !is_file && counts && f.severity >= *options.fail_on) ++left;
  }
  if (report.objects == 0) console.err("ameia: no Kubernetes object was found\n");
  if (!options.fail_on) return code;
  if (left != 0) {
    console.err("ameia: " + report::count(left, "finding", "findings") + " at or above " +
                std::string(report::to_string(*options.fail_on)) + " " + (left == 1 ? "is" : "are") +
                " left (--fail-on)\n");
    code = worse(code, kFindings);
  }
  return broken != 0 || report.objects == 0 ? worse(code, kInput) : code;
}

base::Result<int> run_fix(const FixOptions& options, Console& console) {
  auto policies = TRY(load_policies(options.policies, console));
  std::optional<report::Baseline> baseline;
  if (!options.baseline.empty()) baseline = TRY(report::Baseline::parse(TRY(read_source(options.baseline))));
  std::optional<report::Waivers> waivers;
  if (!options.waivers.empty()) waivers = TRY(report::Waivers::parse(TRY(read_source(options.waivers))));
  std::set<std::string> ids = TRY(known_ids("--id", options.ids, *policies));
  FixChoice choice;
  choice.accepted = TRY(known_ids("--accept", options.accepted, *policies));
  choice.wanted = [&](const Finding& finding) {
    return (ids.empty() || ids.contains(finding.id)) && (!options.least || finding.severity >= *options.least);
  };
  choice.hold_back = [&](std::vector<Finding>& findings) {
    if (waivers) waivers->apply(findings, today());
    if (baseline) baseline->apply(findings);
  };
  bool from_input = options.paths == std::vector<std::string>{"-"};
  Walk files = walk(options.paths);
  if (from_input && std::ranges::none_of(files.files, [](const InputFile& file) { return file.name == "-"; })) {
    return base::fail(base::Code::kInvalidInput,
                      files.files.empty() && !files.notes.empty()
                          ? files.notes.front().what
                          : "an archive cannot be fixed: unpack it, and name the directory",
                      "-");
  }
  FixOutcome outcome = TRY(fix_texts(std::move(files), policies, choice, options.jobs, {}));

  bool dry = options.diff;
  int code = kOk;
  if (dry && !options.json) {
    for (const FixedFile& file : outcome.files) console.out(diff_of(file));
  } else if (from_input && !options.json) {
    console.out(outcome.input);
  } else if (!dry && !from_input) {
    for (const FixedFile& file : outcome.files) {
      base::Status done = write_file(file, options.paths);
      if (done) continue;
      console.error(done.error());
      code = worse(code, exit_code_of(done.error().code));
      std::erase_if(outcome.written, [&](const FixNote& note) { return note.finding.location.file == file.name; });
    }
  }
  if (options.json) {
    print_json(outcome, dry || from_input, console);
  } else if (!options.quiet) {
    std::string text = Summary(outcome, dry, console).text();
    if (dry || from_input) {
      console.err(text);
    } else {
      console.out(text);
    }
  }
  return worse(code, gate(options, outcome, console));
}

}  // namespace

base::Result<Action> parse_fix(const Words& words) {
  FixOptions options;
  options.paths = words.operands();
  if (options.paths.empty()) options.paths = {"."};
  bool has_input = std::find(options.paths.begin(), options.paths.end(), "-") != options.paths.end();
  if (has_input && options.paths.size() > 1)
    return std::unexpected(usage_error("standard input (-) is fixed alone: its text goes to standard output"));
  options.policies.paths = words.all("--policy");
  for (const std::string& name : words.all("--framework"))
    options.policies.frameworks.push_back(TRY(load_framework(name)));
  options.ids = words.all("--id");
  options.accepted = words.all("--accept");
  options.least = report::parse_severity(words.get("--severity"));
  options.fail_on = report::parse_severity(words.get("--fail-on"));
  options.baseline = words.get("--baseline");
  options.waivers = words.get("--waivers");
  options.diff = words.has("--diff");
  options.quiet = words.has("--quiet");
  options.json = words.get("--output") == "json";
  if (words.has("--jobs")) options.jobs = TRY(parse_number("--jobs", words.get("--jobs"), 1, kJobsMax));
  return Action(
      [options = std::move(options)](Console& console) { return finish(run_fix(options, console), console); });
}

}  // namespace ameia::app
