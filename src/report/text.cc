#include "report/text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <unordered_map>

namespace ameia::report {
namespace {

// Decodes the code point at `at`; 0 bytes long when the bytes are not UTF-8.
struct CodePoint {
  uint32_t value = 0;
  size_t bytes = 0;
};

CodePoint decode(std::string_view text, size_t at) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(at);
  size_t length = first < 0x80                    ? 1
                  : first >= 0xC2 && first < 0xE0 ? 2
                  : first >= 0xE0 && first < 0xF0 ? 3
                  : first >= 0xF0 && first < 0xF5 ? 4
                                                  : 0;
  if (length == 0 || at + length > text.size()) return {};
  if (length == 1) return {first, 1};
  uint32_t value = first & (0xFF >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) return {};
    value = value << 6 | (byte(at + i) & 0x3F);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[length] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return {};
  return {value, length};
}

// What a terminal or a reader's eye would be fooled by.
bool is_deceptive(uint32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || (c >= 0x200B && c <= 0x200F) || c == 0x2028 ||
         c == 0x2029 || (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2069) || c == 0xFEFF ||
         (c & 0xFFFE) == 0xFFFE ||  // no characters at all; XML has no way to write them
         (c >= 0xE0000 && c <= 0xE007F);
}

template <typename Append>
void walk_clean(std::string_view text, bool keep_lines, Append append) {
  for (size_t at = 0; at < text.size();) {
    CodePoint point = decode(text, at);
    if (point.bytes == 0) {
      append("\xEF\xBF\xBD");
      ++at;
      continue;
    }
    if (point.value == '\n' || point.value == '\t' || point.value == '\r') {
      append(keep_lines && point.value == '\n' ? "\n" : " ");
    } else if (is_deceptive(point.value)) {
      char shown[16];
      std::snprintf(shown, sizeof shown, "\\u{%x}", static_cast<unsigned>(point.value));
      append(shown);
    } else {
      append(text.substr(at, point.bytes));
    }
    at += point.bytes;
  }
}

}  // namespace

TextsView texts_of(const Report& report, const Finding& finding) {
  TextsView view{finding.title, finding.why, finding.remediation, &finding.tags, &finding.references};
  if (const Rule* rule = report.find_rule(finding.id)) {
    TextsView of_rule = texts_of(*rule, report.language);
    if (view.title.empty()) view.title = of_rule.title;
    if (view.why.empty()) view.why = of_rule.why;
    if (view.remediation.empty()) view.remediation = of_rule.remediation;
    if (view.tags->empty()) view.tags = of_rule.tags;
    if (view.references->empty()) view.references = of_rule.references;
  }
  if (view.title.empty()) view.title = finding.id;
  return view;
}

TextsView texts_of(const Rule& rule, Language language) {
  const RuleTexts& pt = rule.portuguese;
  auto pick = [&](const std::string& english, const std::string& portuguese) {
    return std::string_view(language == Language::kPortuguese && !portuguese.empty() ? portuguese : english);
  };
  return {pick(rule.title, pt.title), pick(rule.why, pt.why), pick(rule.remediation, pt.remediation), &rule.tags,
          &rule.references};
}

std::string_view severity_word(Severity severity, Language language) {
  constexpr std::string_view kPortuguese[] = {"informativa", "baixa", "média", "alta", "crítica"};
  return Say{language}(to_string(severity), kPortuguese[static_cast<size_t>(severity)]);
}

std::string_view status_word(FindingStatus status, Language language) {
  constexpr std::string_view kEnglish[] = {"pass", "fail", "not evaluated", "not applicable", "manual", "error"};
  constexpr std::string_view kPortuguese[] = {"aprovado",      "reprovado", "não avaliado",
                                              "não se aplica", "manual",    "erro"};
  return Say{language}(kEnglish[static_cast<size_t>(status)], kPortuguese[static_cast<size_t>(status)]);
}

std::string resource_name(const Resource& resource) {
  if (resource.kind.empty() && resource.name.empty()) return {};
  std::string name = resource.kind + '/' + (resource.name.empty() ? "(unnamed)" : resource.name);
  return resource.ns.empty() ? name : resource.ns + '/' + name;
}

std::string location_text(const Location& location) {
  std::string text = location.file;
  if (location.line != 0) text += ':' + std::to_string(location.line);
  if (location.line != 0 && location.column != 0) text += ':' + std::to_string(location.column);
  return text;
}

std::string repository_path(std::string_view file) {
  if (file == "-") return "stdin";
  while (file.starts_with("./")) file.remove_prefix(2);
  return std::string(file);
}

std::string clean(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  walk_clean(text, false, [&](std::string_view piece) { out += piece; });
  return out;
}

void append_html(std::string& out, std::string_view text) {
  walk_clean(text, true, [&](std::string_view piece) {
    switch (piece[0]) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      default: out += piece;
    }
  });
}

size_t width_of(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string cut(std::string_view text, size_t width) {
  if (width_of(text) <= width) return std::string(text);
  if (width == 0) return {};
  size_t columns = 0, at = 0;
  for (; at < text.size(); ++at) {
    if ((text[at] & 0xC0) != 0x80 && columns++ == width - 1) break;
  }
  return std::string(text.substr(0, at)) + "…";
}

std::vector<std::string> wrap(std::string_view text, size_t width) {
  std::vector<std::string> lines;
  std::string line;
  size_t columns = 0;
  for (size_t at = 0; at < text.size();) {
    size_t begin = text.find_first_not_of(" \n\t\r", at);
    if (begin == std::string_view::npos) break;
    size_t end = std::min(text.find_first_of(" \n\t\r", begin), text.size());
    std::string word = clean(text.substr(begin, end - begin));
    size_t word_columns = width_of(word);
    if (!line.empty() && columns + 1 + word_columns > width) {
      lines.push_back(std::move(line));
      line.clear();
      columns = 0;
    }
    if (!line.empty()) {
      line += ' ';
      ++columns;
    }
    line += word;
    columns += word_columns;
    at = end;
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

std::string text_of(const RuleFix& fix, Language language) {
  const Say say{language};
  if (fix.decision.empty())
    return std::string(say("writes ", "escreve ")) + fix.writes + std::string(say(" (safe)", " (seguro)"));
  return std::string(say("proposes ", "propõe ")) + fix.writes +
         std::string(say("; decide first: ", "; decida antes: ")) + fix.decision;
}

const std::vector<FrameworkReport>& frameworks_of(const Report& report) {
  const bool translated = report.language == Language::kPortuguese && !report.frameworks_portuguese.empty();
  return translated ? report.frameworks_portuguese : report.frameworks;
}

std::string words_of(FindingStatus status, Language language) {
  if (language == Language::kPortuguese) {
    switch (status) {
      case FindingStatus::kPass: return "passa";
      case FindingStatus::kFail: return "falha";
      case FindingStatus::kNotEvaluated: return "não avaliada";
      case FindingStatus::kNotApplicable: return "não se aplica";
      case FindingStatus::kManual: return "manual";
      case FindingStatus::kError: return "erro";
    }
  }
  std::string text(to_string(status));
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

std::string count(uint64_t n, std::string_view one, std::string_view many) {
  return std::to_string(n).append(" ").append(n == 1 ? one : many);
}

std::vector<Group> group_by_check(const Report& report) {
  std::vector<Group> groups;
  std::unordered_map<std::string_view, size_t> at;
  for (const Finding& finding : report.findings) {
    if (finding.status != FindingStatus::kFail || !finding.suppressed_by.empty()) continue;
    auto [found, fresh] = at.try_emplace(finding.id, groups.size());
    if (fresh) groups.push_back({.id = finding.id});
    Group& group = groups[found->second];
    group.severity = std::max(group.severity, finding.severity);
    group.findings.push_back(&finding);
  }
  std::sort(groups.begin(), groups.end(), [](const Group& a, const Group& b) {
    if (a.severity != b.severity) return a.severity > b.severity;
    if (a.findings.size() != b.findings.size()) return a.findings.size() > b.findings.size();
    return a.id < b.id;
  });
  return groups;
}

std::array<uint64_t, 5> count_by_severity(const Report& report) {
  std::array<uint64_t, 5> counts{};
  for (const Finding& finding : report.findings) {
    if (finding.status == FindingStatus::kFail && finding.suppressed_by.empty())
      ++counts[static_cast<size_t>(finding.severity)];
  }
  return counts;
}

double coverage_percent(const Report& report) {
  if (report.coverage.evaluated == 0) return 0;
  return std::floor(report.coverage.share() * 10'000) / 100;
}

}  // namespace ameia::report
