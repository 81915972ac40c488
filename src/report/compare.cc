#include "report/compare.h"

#include <algorithm>
#include <unordered_map>

#include "doc/json.h"
#include "report/internal/markdown_text.h"
#include "report/limits.h"
#include "report/text.h"

namespace ameia::report {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  doc::append_json_string(out, text);
  return out;
}

bool fails(const Finding& finding) {
  return finding.status == FindingStatus::kFail;
}

uint64_t count_errors(const Report& report) {
  return static_cast<uint64_t>(std::count_if(report.findings.begin(), report.findings.end(),
                                             [](const Finding& f) { return f.status == FindingStatus::kError; }));
}

// A missing field is blamed at the first step of its path that is missing: /spec/a where there is no a, /spec/a/b once
// there is. It is one finding all the same.
bool is_same_gap(const Finding& a, const Finding& b) {
  const Resource &x = a.resource, &y = b.resource;
  if (a.id != b.id || x.kind != y.kind || x.ns != y.ns || x.name != y.name) return false;
  std::string_view shorter = a.location.pointer, longer = b.location.pointer;
  if (shorter.size() > longer.size()) std::swap(shorter, longer);
  return longer.starts_with(shorter) && (longer.size() == shorter.size() || longer[shorter.size()] == '/');
}

std::string title_of(const Report& report, const Finding& finding) {
  return clean(texts_of(report, finding).title);
}

std::string totals(const Comparison& c) {
  std::string out = std::to_string(c.fresh.size()) + " new, " + std::to_string(c.gone.size()) + " gone, " +
                    std::to_string(c.changed.size()) + " of another severity, " + std::to_string(c.same) + " as before";
  return out;
}

// What is gone may only be unseen.
std::string caution(const Comparison& c) {
  std::string out;
  if (c.unjudged_now != 0)
    out += "NEW has " + count(c.unjudged_now, "file or check", "files or checks") +
           " that ended in an error: what they held counts as gone\n";
  if (c.unjudged_before != 0)
    out += "OLD has " + count(c.unjudged_before, "file or check", "files or checks") +
           " that ended in an error: what they held counts as new\n";
  return out;
}

std::string json_of(const Report& report, const Finding& f) {
  return "{\"id\":" + quoted(f.id) + ",\"severity\":" + quoted(to_string(f.severity)) +
         ",\"title\":" + quoted(texts_of(report, f).title) + ",\"resource\":" + quoted(resource_name(f.resource)) +
         ",\"file\":" + quoted(f.location.file) + ",\"line\":" + std::to_string(f.location.line) +
         ",\"pointer\":" + quoted(f.location.pointer) + ",\"message\":" + quoted(f.message) +
         ",\"fingerprint\":" + quoted(f.fingerprint);
}

}  // namespace

Comparison compare(const Report& before, const Report& now) {
  Comparison out;
  out.before = &before;
  out.now = &now;
  out.unjudged_before = count_errors(before);
  out.unjudged_now = count_errors(now);
  auto pair = [&out](const Finding& then, const Finding& finding) {
    if (then.severity != finding.severity) {
      out.changed.push_back({&then, &finding});
    } else {
      ++out.same;
    }
  };
  std::unordered_map<std::string_view, const Finding*> old;
  old.reserve(before.findings.size());
  for (const Finding& finding : before.findings) {
    if (fails(finding)) old.emplace(finding.fingerprint, &finding);
  }
  std::vector<const Finding*> unknown;
  for (const Finding& finding : now.findings) {
    if (!fails(finding)) continue;
    auto known = old.find(finding.fingerprint);
    if (known == old.end()) {
      unknown.push_back(&finding);
      continue;
    }
    pair(*known->second, finding);
    old.erase(known);
  }
  std::unordered_multimap<std::string, const Finding*> left;  // by check and object
  auto key = [](const Finding& f) {
    return f.id + "\n" + f.resource.kind + "\n" + f.resource.ns + "\n" + f.resource.name;
  };
  for (const auto& [fingerprint, finding] : old) left.emplace(key(*finding), finding);
  for (const Finding* finding : unknown) {
    auto [first, last] = left.equal_range(key(*finding));
    auto same = std::find_if(first, last, [&](const auto& entry) { return is_same_gap(*entry.second, *finding); });
    if (same == last) {
      out.fresh.push_back(finding);
      continue;
    }
    pair(*same->second, *finding);
    old.erase(same->second->fingerprint);
    left.erase(same);
  }
  for (const Finding& finding : before.findings) {
    if (!fails(finding)) continue;
    auto gone = old.find(finding.fingerprint);
    if (gone != old.end() && gone->second == &finding) out.gone.push_back(&finding);
  }
  return out;
}

void print_comparison_table(const Comparison& c, size_t width, const Sink& sink) {
  Chunks out(sink);
  auto row = [&](std::string_view mark, const Report& report, const Finding& f, const std::string& severity) {
    std::string head =
        std::string(mark) + " " + severity + std::string(severity.size() < 9 ? 9 - severity.size() : 1, ' ');
    out << cut(head + clean(f.id) + "  " + title_of(report, f), width) << "\n";
    out << cut("    " + clean(location_text(f.location) + "  " + resource_name(f.resource)), width) << "\n";
    if (!f.message.empty()) out << cut("    " + clean(f.message), width) << "\n";
  };
  for (const Finding* f : c.fresh) row("+", *c.now, *f, std::string(to_string(f->severity)));
  for (const ChangedFinding& f : c.changed)
    row("~", *c.now, *f.now,
        std::string(to_string(f.before->severity)) + " → " + std::string(to_string(f.now->severity)));
  for (const Finding* f : c.gone) row("-", *c.before, *f, std::string(to_string(f->severity)));
  out << totals(c) << "\n" << caution(c);
}

void print_comparison_json(const Comparison& c, const Sink& sink) {
  Chunks out(sink);
  out << "{\"schema_version\":1,\"summary\":{\"new\":" << std::to_string(c.fresh.size())
      << ",\"gone\":" << std::to_string(c.gone.size()) << ",\"changed\":" << std::to_string(c.changed.size())
      << ",\"same\":" << std::to_string(c.same) << ",\"errors_old\":" << std::to_string(c.unjudged_before)
      << ",\"errors_new\":" << std::to_string(c.unjudged_now) << "},\n\"new\":[";
  for (size_t i = 0; i < c.fresh.size(); ++i) out << (i == 0 ? "\n" : ",\n") << json_of(*c.now, *c.fresh[i]) << "}";
  out << "],\n\"changed\":[";
  for (size_t i = 0; i < c.changed.size(); ++i) {
    out << (i == 0 ? "\n" : ",\n") << json_of(*c.now, *c.changed[i].now)
        << ",\"severity_old\":" << quoted(to_string(c.changed[i].before->severity)) << "}";
  }
  out << "],\n\"gone\":[";
  for (size_t i = 0; i < c.gone.size(); ++i) out << (i == 0 ? "\n" : ",\n") << json_of(*c.before, *c.gone[i]) << "}";
  out << "]}\n";
}

void print_comparison_markdown(const Comparison& c, const Sink& sink) {
  Chunks out(sink);
  out << "# Findings compared\n\n" << totals(c) << "\n";
  if (std::string warning = caution(c); !warning.empty()) out << "\n" << internal::markdown_text(warning) << "\n";
  auto section = [&](std::string_view title, const Report& report, size_t n, auto finding_at, auto severity_at) {
    if (n == 0) return;
    out << "\n## " << title << "\n\n| severity | check | where | what |\n|---|---|---|---|\n";
    for (size_t i = 0; i < std::min(n, kComparisonRowsMax); ++i) {
      const Finding& f = *finding_at(i);
      out << "| " << severity_at(i) << " | " << internal::markdown_text(f.id + " " + title_of(report, f)) << " | "
          << internal::markdown_code(location_text(f.location)) << " "
          << internal::markdown_text(resource_name(f.resource)) << " | " << internal::markdown_text(f.message)
          << " |\n";
    }
    if (n > kComparisonRowsMax) out << "\nand " << std::to_string(n - kComparisonRowsMax) << " more\n";
  };
  section(
      "New", *c.now, c.fresh.size(), [&](size_t i) { return c.fresh[i]; },
      [&](size_t i) { return std::string(to_string(c.fresh[i]->severity)); });
  section(
      "Of another severity", *c.now, c.changed.size(), [&](size_t i) { return c.changed[i].now; },
      [&](size_t i) {
        return std::string(to_string(c.changed[i].before->severity)) + " → " +
               std::string(to_string(c.changed[i].now->severity));
      });
  section(
      "Gone", *c.before, c.gone.size(), [&](size_t i) { return c.gone[i]; },
      [&](size_t i) { return std::string(to_string(c.gone[i]->severity)); });
}

}  // namespace ameia::report
