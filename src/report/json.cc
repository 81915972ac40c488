#include "doc/json.h"

#include <cstdio>
#include <set>

#include "report/print.h"
#include "report/text.h"

namespace ameia::report {
namespace {

void field(std::string& out, std::string_view name, std::string_view text) {
  doc::append_json_string(out, name);
  out += ':';
  doc::append_json_string(out, text);
}

void list(std::string& out, std::string_view name, const std::vector<std::string>& texts) {
  doc::append_json_string(out, name);
  out += ":[";
  for (size_t i = 0; i < texts.size(); ++i) {
    if (i != 0) out += ',';
    doc::append_json_string(out, texts[i]);
  }
  out += ']';
}

// Two digits after the point: enough for a share, and stable.
std::string rounded(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", number);
  return text;
}

void append_fixes(std::string& out, const std::vector<RuleFix>& fixes) {
  out += ",\"fixes\":[";
  for (size_t i = 0; i < fixes.size(); ++i) {
    out += i == 0 ? "{" : ",{";
    field(out, "writes", fixes[i].writes);
    out += std::string(",\"safe\":") + (fixes[i].decision.empty() ? "true" : "false");
    if (!fixes[i].decision.empty()) {
      out += ',';
      field(out, "decision", fixes[i].decision);
    }
    out += '}';
  }
  out += ']';
}

void append_rule(std::string& out, const Rule& rule) {
  out += '{';
  field(out, "id", rule.id);
  out += ',';
  field(out, "title", rule.title);
  out += ',';
  field(out, "severity", to_string(rule.severity));
  out += ',';
  field(out, "why", rule.why);
  out += ',';
  field(out, "remediation", rule.remediation);
  out += ',';
  list(out, "tags", rule.tags);
  out += ',';
  list(out, "references", rule.references);
  if (!rule.fixes.empty()) append_fixes(out, rule.fixes);
  if (!rule.portuguese.title.empty()) {
    out += ",\"translations\":{\"pt\":{";
    field(out, "title", rule.portuguese.title);
    out += ',';
    field(out, "why", rule.portuguese.why);
    out += ',';
    field(out, "remediation", rule.portuguese.remediation);
    out += "}}";
  }
  out += '}';
}

// The members of one finding. `alone`: nothing else says the rule's texts.
void append_finding_members(std::string& out, const Report& report, const Finding& f, bool alone) {
  TextsView texts = texts_of(report, f);
  field(out, "id", f.id);
  out += ',';
  field(out, "severity", to_string(f.severity));
  out += ',';
  field(out, "status", to_string(f.status));
  out += ',';
  field(out, "title", texts.title);
  out += ",\"resource\":{";
  field(out, "apiVersion", f.resource.api_version);
  out += ',';
  field(out, "kind", f.resource.kind);
  out += ',';
  field(out, "namespace", f.resource.ns);
  out += ',';
  field(out, "name", f.resource.name);
  if (!f.resource.uid.empty()) {
    out += ',';
    field(out, "uid", f.resource.uid);
  }
  out += "},\"location\":{";
  field(out, "file", f.location.file);
  out += ",\"line\":" + std::to_string(f.location.line) + ",\"column\":" + std::to_string(f.location.column) + ',';
  field(out, "pointer", f.location.pointer);
  out += "},";
  field(out, "message", f.message);
  out += ',';
  field(out, "value", f.value);
  out += ',';
  field(out, "remediation", texts.remediation);
  out += ',';
  field(out, "fingerprint", f.fingerprint);
  // What differs from the rule, and no more, where the rule's texts are in "rules".
  if (!f.why.empty() || alone) {
    out += ',';
    field(out, "why", texts.why);
  }
  if (alone) {
    out += ',';
    list(out, "tags", *texts.tags);
    out += ',';
    list(out, "references", *texts.references);
  }
  if (!f.suppressed_by.empty()) {
    out += ',';
    field(out, "suppressed_by", f.suppressed_by);
  }
}

void append_section(std::string& out, const SectionResult& section) {
  out += '{';
  field(out, "id", section.id);
  out += ',';
  field(out, "group", section.group);
  out += ',';
  field(out, "title", section.title);
  if (!section.level.empty()) {
    out += ',';
    field(out, "level", section.level);
  }
  out += ',';
  field(out, "status", to_string(section.status));
  out += ',';
  field(out, "reason", section.reason);
  out += ',';
  list(out, "checks", section.checks);
  out += ",\"passed\":" + std::to_string(section.tally.passed) + ",\"failed\":" + std::to_string(section.tally.failed) +
         ",\"not_evaluated\":" + std::to_string(section.tally.not_evaluated) +
         ",\"errors\":" + std::to_string(section.tally.errors) + ",\"findings\":" + std::to_string(section.findings) +
         ",\"waived\":" + std::to_string(section.waived) + '}';
}

// A framework with its sections in their own order.
void append_framework(std::string& out, const FrameworkReport& framework) {
  out += '{';
  field(out, "name", framework.name);
  out += ',';
  field(out, "title", framework.title);
  out += ',';
  field(out, "reference", framework.reference);
  out += ",\"by_status\":{";
  for (size_t i = 0; i <= static_cast<size_t>(FindingStatus::kError); ++i) {
    auto status = static_cast<FindingStatus>(i);
    if (i != 0) out += ',';
    doc::append_json_string(out, to_string(status));
    out += ':' + std::to_string(framework.count(status));
  }
  std::optional<double> points = framework.score();
  out += "},\"score\":" + (points ? rounded(*points) : "null") + ",\"coverage\":" + rounded(framework.coverage()) +
         ",\"groups\":[";
  bool first = true;
  for (const auto& [id, title] : framework.groups) {
    out += first ? "{" : ",{";
    first = false;
    field(out, "id", id);
    out += ',';
    field(out, "title", title);
    out += '}';
  }
  out += "],\"sections\":[";
  first = true;
  for (const SectionResult& section : framework.sections) {
    out += first ? "\n" : ",\n";
    first = false;
    append_section(out, section);
  }
  out += "]}";
}

void append_summary(std::string& out, const Report& report) {
  out += "\"summary\":{\"files\":" + std::to_string(report.files) + ",\"objects\":" + std::to_string(report.objects) +
         ",\"checks\":" + std::to_string(report.checks) + ",\"findings_by_severity\":{";
  std::array<uint64_t, 5> counts = count_by_severity(report);
  for (size_t i = counts.size(); i-- > 0;) {
    doc::append_json_string(out, to_string(static_cast<Severity>(i)));
    out += ':' + std::to_string(counts[i]) + (i == 0 ? "}" : ",");
  }
  std::array<uint64_t, 6> by_status{};
  uint64_t suppressed = 0, passed = 0;
  for (const Finding& f : report.findings) {
    ++by_status[static_cast<size_t>(f.status)];
    suppressed += f.suppressed_by.empty() ? 0 : 1;
  }
  for (uint64_t n : report.tally.passed) passed += n;
  by_status[static_cast<size_t>(FindingStatus::kPass)] += passed;
  out += ",\"by_status\":{";
  for (size_t i = 0; i < by_status.size(); ++i) {
    doc::append_json_string(out, to_string(static_cast<FindingStatus>(i)));
    out += ':' + std::to_string(by_status[i]) + (i + 1 == by_status.size() ? "}" : ",");
  }
  std::optional<double> points = score(report.tally);
  out += ",\"suppressed\":" + std::to_string(suppressed) + ",\"score\":" + (points ? rounded(*points) : "null") +
         ",\"coverage\":" + rounded(coverage_percent(report)) +
         ",\"coverage_detail\":{\"evaluated\":" + std::to_string(report.coverage.evaluated) +
         ",\"not_evaluated\":" + std::to_string(report.coverage.not_evaluated) +
         ",\"errors\":" + std::to_string(report.coverage.errors) + "}}";
}

void append_head_members(std::string& out, const Report& report) {
  out += "\"schema_version\":1,\"tool\":{\"name\":\"ameia\",";
  field(out, "version", report.tool_version);
  out += "},";
  field(out, "started_at", report.started_at);
  out += ",\"seconds\":" + rounded(report.seconds) + ',';
  field(out, "language", to_string(report.language));
}

}  // namespace

// A reader that saw the last line, the summary, knows that it saw all.
void print_ndjson(const Report& report, const Sink& sink) {
  Chunks out(sink);
  out << "{\"type\":\"run\",";
  append_head_members(out.buffer(), report);
  out << "}\n";
  for (const Finding& finding : report.findings) {
    out << "{\"type\":\"finding\",";
    append_finding_members(out.buffer(), report, finding, true);
    out << "}\n";
  }
  out << "{\"type\":\"summary\",";
  append_summary(out.buffer(), report);
  out << "}\n";
}

void print_json(const Report& report, const Sink& sink) {
  Chunks out(sink);
  out << "{";
  append_head_members(out.buffer(), report);
  out << ",\n";
  append_summary(out.buffer(), report);
  bool first = true;
  if (const std::vector<FrameworkReport>& frameworks = frameworks_of(report); !frameworks.empty()) {
    out << ",\n\"frameworks\":[";
    for (const FrameworkReport& framework : frameworks) {
      if (!first) out << ",\n";
      first = false;
      append_framework(out.buffer(), framework);
    }
    out << "]";
  }
  out << ",\n\"findings\":[";
  first = true;
  for (const Finding& finding : report.findings) {
    out << (first ? "\n" : ",\n");
    first = false;
    out << "{";
    append_finding_members(out.buffer(), report, finding, false);
    out << "}";
  }
  out << "],\n\"rules\":[";
  first = true;
  std::set<std::string_view> named;  // only the rules that a finding names: a clean report stays short
  for (const Finding& finding : report.findings) named.insert(finding.id);
  for (const Rule& rule : report.rules) {
    if (!named.contains(rule.id)) continue;
    out << (first ? "\n" : ",\n");
    first = false;
    append_rule(out.buffer(), rule);
  }
  out << "]}\n";
}

}  // namespace ameia::report
