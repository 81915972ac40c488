// What code hosts show beside a changed line: GitHub's workflow commands and GitLab's Code Quality report.
#include <unordered_map>

#include "doc/json.h"
#include "report/print.h"
#include "report/text.h"

namespace ameia::report {
namespace {

// The line of a message may be cut by nobody: a stranger's "\n::command::" stays text.
std::string escape_data(std::string_view text) {
  std::string out;
  for (char c : clean(text)) {
    if (c == '%') {
      out += "%25";
    } else {
      out += c;
    }
  }
  return out;
}

std::string escape_property(std::string_view text) {
  std::string out;
  for (char c : escape_data(text)) {
    if (c == ':') {
      out += "%3A";
    } else if (c == ',') {
      out += "%2C";
    } else {
      out += c;
    }
  }
  return out;
}

bool is_unjudged(const Finding& f) {
  return f.status == FindingStatus::kError || f.status == FindingStatus::kNotEvaluated ||
         f.status == FindingStatus::kManual;
}

std::string_view github_command(const Finding& f) {
  if (f.status == FindingStatus::kError) return "error";
  if (f.status != FindingStatus::kFail) return "notice";
  if (f.severity >= Severity::kHigh) return "error";
  return f.severity == Severity::kMedium ? "warning" : "notice";
}

std::string_view gitlab_severity(const Finding& f) {
  if (f.status == FindingStatus::kError) return "major";
  if (f.status != FindingStatus::kFail) return "info";
  constexpr std::string_view kNames[] = {"info", "minor", "major", "critical", "blocker"};
  return kNames[static_cast<size_t>(f.severity)];
}

std::string quoted(std::string_view text) {
  std::string out;
  doc::append_json_string(out, text);
  return out;
}

// What both show: flaws that nothing holds back, and what has no verdict.
template <typename Show>
void for_each_shown(const Report& report, Show show) {
  for (const Finding& f : report.findings) {
    if (f.suppressed_by.empty() && (f.status == FindingStatus::kFail || is_unjudged(f))) show(f);
  }
}

std::string described(const Report& report, const Finding& f) {
  std::string text = resource_name(f.resource);
  if (!text.empty()) text += ": ";
  return text.append(f.message.empty() ? texts_of(report, f).title : std::string_view(f.message));
}

}  // namespace

void print_github(const Report& report, const Sink& sink) {
  Chunks out(sink);
  Say say{report.language};
  for_each_shown(report, [&](const Finding& f) {
    TextsView texts = texts_of(report, f);
    out << "::" << github_command(f) << " ";
    if (!f.location.file.empty()) out << "file=" << escape_property(repository_path(f.location.file)) << ",";
    if (f.location.line != 0) out << "line=" << std::to_string(f.location.line) << ",";
    if (f.location.line != 0 && f.location.column != 0) out << "col=" << std::to_string(f.location.column) << ",";
    std::string message = escape_data(described(report, f));
    if (f.status == FindingStatus::kFail && !texts.remediation.empty()) {
      message.append("%0A").append(say("How to mend it: ", "Como corrigir: ")).append(escape_data(texts.remediation));
    }
    out << "title=" << escape_property(f.id + " " + std::string(texts.title)) << "::" << message << "\n";
  });
}

void print_gitlab(const Report& report, const Sink& sink) {
  Chunks out(sink);
  std::unordered_map<std::string_view, size_t> seen;  // GitLab drops the second row with a fingerprint
  bool first = true;
  out << "[";
  for_each_shown(report, [&](const Finding& f) {
    std::string fingerprint = f.fingerprint;
    if (size_t before = seen[f.fingerprint]++; before != 0) fingerprint += "-" + std::to_string(before + 1);
    out << (first ? "\n" : ",\n")
        << "{\"description\":" << quoted(std::string(texts_of(report, f).title) + ": " + described(report, f))
        << ",\"check_name\":" << quoted(f.id) << ",\"fingerprint\":" << quoted(fingerprint) << ",\"severity\":\""
        << gitlab_severity(f) << "\",\"location\":{\"path\":" << quoted(repository_path(f.location.file))
        << ",\"lines\":{\"begin\":" << std::to_string(std::max(1U, f.location.line)) << "}}}";
    first = false;
  });
  out << "]\n";
}

}  // namespace ameia::report
