// SARIF 2.1.0 (OASIS). A failure is a result; what could not be judged is a notification of the invocation, because
// code hosts show every result as an alert. Long reports are cut in runs, worst first, as GitHub's limits ask.
#include <algorithm>
#include <set>
#include <unordered_map>

#include "doc/json.h"
#include "report/limits.h"
#include "report/print.h"
#include "report/text.h"

namespace ameia::report {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  doc::append_json_string(out, text);
  return out;
}

std::string_view level_of(Severity severity) {
  if (severity >= Severity::kHigh) return "error";
  return severity == Severity::kMedium ? "warning" : "note";
}

// GitHub's bands: critical > 9, high ≥ 7, medium ≥ 4, low > 0.
std::string_view security_severity(Severity severity) {
  constexpr std::string_view kScores[] = {"0.0", "3.0", "5.5", "8.0", "9.5"};
  return kScores[static_cast<size_t>(severity)];
}

// A file name as a URI reference (RFC 3986): relative as the user named it, absolute with the scheme file.
std::string uri_of(std::string_view name) {
  std::string file = repository_path(name), uri = file.starts_with('/') ? "file://" : "";
  for (char c : file) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 std::string_view("-._~/!$&'()*+,;=@").find(c) != std::string_view::npos;
    if (plain) {
      uri += c;
    } else {
      constexpr char kHex[] = "0123456789ABCDEF";
      auto byte = static_cast<unsigned char>(c);
      uri.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return uri;
}

void append_location(std::string& out, const Finding& f) {
  out += "{\"physicalLocation\":{\"artifactLocation\":{\"uri\":" + quoted(uri_of(f.location.file)) + "}";
  if (f.location.line != 0) {
    out += ",\"region\":{\"startLine\":" + std::to_string(f.location.line);
    if (f.location.column != 0) out += ",\"startColumn\":" + std::to_string(f.location.column);
    out += "}";
  }
  out += "}";
  if (!f.resource.kind.empty()) {
    std::string full = resource_name(f.resource) + f.location.pointer;
    out += ",\"logicalLocations\":[{\"name\":" + quoted(f.resource.name) +
           ",\"kind\":\"resource\",\"fullyQualifiedName\":" + quoted(full) + "}]";
  }
  out += "}";
}

void append_rule(std::string& out, const Rule& rule, Language language) {
  TextsView texts = texts_of(rule, language);
  out += "{\"id\":" + quoted(rule.id) +
         ",\"shortDescription\":{\"text\":" + quoted(texts.title.empty() ? rule.id : texts.title) + "}";
  if (!texts.why.empty()) out += ",\"fullDescription\":{\"text\":" + quoted(texts.why) + "}";
  std::string help(texts.why), markdown(texts.why);
  if (!texts.remediation.empty()) {
    std::string_view mend = Say{language}("How to mend it:", "Como corrigir:");
    help.append(help.empty() ? "" : "\n\n").append(mend).append(" ").append(texts.remediation);
    markdown.append(markdown.empty() ? "" : "\n\n").append("**").append(mend).append("** ").append(texts.remediation);
  }
  for (const std::string& reference : rule.references) {
    help += "\n" + reference;
    markdown += "\n- <" + reference + ">";
  }
  if (!help.empty()) out += ",\"help\":{\"text\":" + quoted(help) + ",\"markdown\":" + quoted(markdown) + "}";
  if (!rule.references.empty() && rule.references.front().starts_with("https://") &&
      rule.references.front().find_first_of(" <>\"{}|\\^`") == std::string::npos) {
    out += ",\"helpUri\":" + quoted(rule.references.front());
  }
  out += ",\"defaultConfiguration\":{\"level\":\"" + std::string(level_of(rule.severity)) + "\"}";
  std::set<std::string_view> tags{"security"};
  tags.insert(rule.tags.begin(), rule.tags.end());
  out += ",\"properties\":{\"security-severity\":\"" + std::string(security_severity(rule.severity)) + "\",\"tags\":[";
  bool first = true;
  for (std::string_view tag : tags) {
    out += (first ? "" : ",") + quoted(tag);
    first = false;
  }
  out += "]}}";
}

// What `ameia fix` would write, as edits of the file.
void append_fix(std::string& out, const Finding& f, const ProposedFix& proposed) {
  std::string text = proposed.fix.writes;
  if (!proposed.fix.decision.empty()) text += "; decide first: " + proposed.fix.decision;
  out += ",\"fixes\":[{\"description\":{\"text\":" + quoted(text) +
         "},\"artifactChanges\":[{\"artifactLocation\":{\"uri\":" + quoted(uri_of(f.location.file)) +
         "},\"replacements\":[";
  bool first = true;
  for (const Replacement& r : proposed.replacements) {
    out += std::string(first ? "" : ",") + "{\"deletedRegion\":{\"startLine\":" + std::to_string(r.line) +
           ",\"startColumn\":" + std::to_string(r.column) + ",\"endLine\":" + std::to_string(r.end_line) +
           ",\"endColumn\":" + std::to_string(r.end_column) + "}";
    if (!r.text.empty()) out += ",\"insertedContent\":{\"text\":" + quoted(r.text) + "}";
    out += "}";
    first = false;
  }
  out += "]}],\"properties\":{\"safe\":" + std::string(proposed.fix.decision.empty() ? "true" : "false") + "}}]";
}

void append_result(std::string& out, const Report& report, const Finding& f, size_t rule_index) {
  TextsView texts = texts_of(report, f);
  std::string message = f.message.empty() ? std::string(texts.title) : f.message;
  if (!texts.remediation.empty()) {
    message.append(Say{report.language}("\nHow to mend it: ", "\nComo corrigir: ")).append(texts.remediation);
  }
  out += "{\"ruleId\":" + quoted(f.id) + ",\"ruleIndex\":" + std::to_string(rule_index) +
         ",\"kind\":\"fail\",\"level\":\"" + std::string(level_of(f.severity)) +
         "\",\"message\":{\"text\":" + quoted(message) + "},\"locations\":[";
  append_location(out, f);
  out += "],\"partialFingerprints\":{\"ameia/v1\":" + quoted(f.fingerprint) + "}";
  if (!f.suppressed_by.empty()) {
    out += ",\"suppressions\":[{\"kind\":\"external\",\"status\":\"accepted\",\"justification\":" +
           quoted(f.suppressed_by) + "}]";
  }
  if (const auto fix = report.fixes.find(f.fingerprint); fix != report.fixes.end()) append_fix(out, f, fix->second);
  out += ",\"properties\":{\"severity\":\"" + std::string(to_string(f.severity)) + "\",\"status\":\"fail\"";
  if (!f.value.empty()) out += ",\"value\":" + quoted(f.value);
  if (!f.location.pointer.empty()) out += ",\"pointer\":" + quoted(f.location.pointer);
  out += "}}";
}

void append_notification(std::string& out, const Finding& f) {
  bool error = f.status == FindingStatus::kError;
  out += "{\"level\":\"" +
         std::string(error                                       ? "error"
                     : f.status == FindingStatus::kNotApplicable ? "note"
                                                                 : "warning") +
         "\",\"message\":{\"text\":" + quoted(f.message.empty() ? f.id : f.message) +
         "},\"descriptor\":{\"id\":" + quoted(f.id) + "}";
  if (!f.location.file.empty()) {
    out += ",\"locations\":[";
    append_location(out, f);
    out += "]";
  }
  out += ",\"properties\":{\"status\":\"" + std::string(to_string(f.status)) + "\"}}";
}

// Rules by id, in order of first use.
class Rules {
 public:
  explicit Rules(const Report& report) {
    for (const Finding& f : report.findings) {
      if (f.status != FindingStatus::kFail || index_.contains(f.id)) continue;
      index_.emplace(f.id, rules_.size());
      if (const Rule* rule = report.find_rule(f.id)) {
        rules_.push_back(*rule);
      } else {
        rules_.push_back({f.id, f.title, f.why, f.remediation, f.severity, f.tags, f.references});
      }
    }
  }
  [[nodiscard]] const std::vector<Rule>& all() const { return rules_; }
  [[nodiscard]] size_t index(const std::string& id) const { return index_.at(id); }

 private:
  std::vector<Rule> rules_;
  std::unordered_map<std::string, size_t> index_;
};

}  // namespace

void print_sarif(const Report& report, const Sink& sink) {
  Chunks out(sink);
  Rules rules(report);
  std::vector<const Finding*> results, notes;
  for (const Finding& f : report.findings) (f.status == FindingStatus::kFail ? results : notes).push_back(&f);
  size_t runs =
      std::clamp<size_t>((results.size() + kSarifResultsPerRunMax - 1) / kSarifResultsPerRunMax, 1, kSarifRunsMax);
  size_t left_out = results.size() - std::min(results.size(), runs * kSarifResultsPerRunMax);
  out << R"({"$schema":"https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json","version":"2.1.0","runs":[)";
  for (size_t run = 0; run < runs; ++run) {
    out << (run == 0 ? "\n" : ",\n") << R"({"tool":{"driver":{"name":"ameia","language":")"
        << to_string(report.language) << R"(","semanticVersion":)" << quoted(report.tool_version) << ",\"rules\":[";
    for (size_t i = 0; i < rules.all().size(); ++i) {
      out << (i == 0 ? "\n" : ",\n");
      append_rule(out.buffer(), rules.all()[i], report.language);
    }
    out << "]}},\"columnKind\":\"unicodeCodePoints\",\"automationDetails\":{\"id\":\"ameia/scan/"
        << std::to_string(run + 1) << "\"},\"invocations\":[{\"executionSuccessful\":true";
    if (!report.started_at.empty()) out << ",\"startTimeUtc\":" << quoted(report.started_at);
    out << ",\"toolExecutionNotifications\":[";
    bool first = true;
    if (run == 0) {
      for (const Finding* f : notes) {
        out << (first ? "\n" : ",\n");
        first = false;
        append_notification(out.buffer(), *f);
      }
      if (report.fixes_left_out != 0) {
        out << (first ? "" : ",\n") << R"({"level":"note","message":{"text":"the fixes of )"
            << std::to_string(report.fixes_left_out)
            << R"( results are left out: they would take too long. ameia fix --diff shows all."}})";
        first = false;
      }
      if (left_out != 0) {
        out << (first ? "" : ",\n") << R"({"level":"error","message":{"text":")" << std::to_string(left_out)
            << R"( results are left out: a file holds no more. -o json lists all."}})";
      }
    }
    std::optional<double> points = score(report.tally);
    out << "]}],\"properties\":{\"score\":" << (points ? std::to_string(*points) : "null")
        << ",\"coverage\":" << std::to_string(coverage_percent(report)) << "},\"results\":[";
    size_t last = std::min(results.size(), (run + 1) * kSarifResultsPerRunMax);
    for (size_t i = run * kSarifResultsPerRunMax; i < last; ++i) {
      out << (i == run * kSarifResultsPerRunMax ? "\n" : ",\n");
      append_result(out.buffer(), report, *results[i], rules.index(results[i]->id));
    }
    out << "]}";
  }
  out << "]}\n";
}

}  // namespace ameia::report
