// The table: what a person sees first. One line of numbers, the top risks in full, everything else folded by check.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "report/limits.h"
#include "report/print.h"
#include "report/text.h"

namespace ameia::report {
namespace {

constexpr size_t kWidthMin = 40, kWidthMax = 160;

class Table {
 public:
  Table(const Report& report, const TableOptions& options, const Sink& sink)
      : report_(report),
        options_(options),
        say_{report.language},
        width_(std::clamp(options.width, kWidthMin, kWidthMax)),
        out_(sink) {}

  void print() {
    std::vector<Group> groups = group_by_check(report_);
    print_summary();
    for (const FrameworkReport& framework : frameworks_of(report_)) print_framework(framework);
    size_t top = 0;
    // Only what matters is shown in full; with nothing above low, the first few are.
    while (top < groups.size() && top < options_.top_groups && (groups[top].severity >= Severity::kMedium || top < 3))
      ++top;
    if (top != 0) heading(say_("Top risks", "Principais riscos"));
    for (size_t i = 0; i < top; ++i) print_group(groups[i]);
    print_rest(groups, top);
    print_unjudged();
    print_suppressed();
    print_hints(groups);
  }

 private:
  std::string paint(std::string_view text, std::string_view code) const {
    if (!options_.color) return std::string(text);
    return std::string("\x1b[").append(code).append("m").append(text).append("\x1b[0m");
  }
  std::string bold(std::string_view text) const { return paint(text, "1"); }
  std::string dim(std::string_view text) const { return paint(text, "2"); }
  std::string colored(Severity severity, std::string_view text) const {
    constexpr std::string_view kCodes[] = {"36", "34", "33", "31", "1;37;41"};
    return paint(text, kCodes[static_cast<size_t>(severity)]);
  }
  [[nodiscard]] std::string_view word(Severity severity) const { return severity_word(severity, report_.language); }
  // The column of severities.
  [[nodiscard]] size_t severity_width() const { return say_.language == Language::kPortuguese ? 11 : 8; }
  static std::string padded(std::string_view text, size_t width) {
    std::string out(text);
    size_t columns = width_of(text);
    if (columns < width) out.append(width - columns, ' ');
    return out;
  }
  static std::string right(uint64_t n, size_t width) {
    std::string text = std::to_string(n);
    return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
  }

  void heading(std::string_view text) { out_ << "\n" << bold(text) << "\n"; }

  void print_summary() {
    std::array<uint64_t, 5> counts = count_by_severity(report_);
    std::string line = "  ";
    for (size_t i = counts.size(); i-- > 0;) {
      std::string cell = std::to_string(counts[i]).append(" ").append(word(static_cast<Severity>(i)));
      line += counts[i] == 0 ? dim(cell) : colored(static_cast<Severity>(i), cell);
      if (i != 0) line += "   ";
    }
    out_ << "\n" << line << "\n";
    std::string score_text(say_("no score: nothing was judged", "sem nota: nada foi avaliado"));
    if (std::optional<double> points = score(report_.tally)) {
      std::string share = std::to_string(static_cast<int>(coverage_percent(report_)));
      score_text = std::string(say_("score ", "nota ")) + std::to_string(static_cast<int>(std::floor(*points))) +
                   "/100 " + std::string(say_("at ", "com cobertura de ")) + share +
                   std::string(say_(" % coverage", " %"));
    }
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.2f s", report_.seconds);
    std::string rest =
        count(report_.objects, say_("object", "objeto"), say_("objects", "objetos")) +
        std::string(say_(" in ", " em ")) + count(report_.files, say_("file", "arquivo"), say_("files", "arquivos")) +
        ", " + count(report_.checks, say_("check", "verificação"), say_("checks", "verificações")) + ", " + seconds;
    bool fits = 2 + width_of(score_text) + 3 + width_of(rest) <= width_;
    out_ << "  " << bold(score_text) << (fits ? "   " : "\n  ") << dim(rest) << "\n";
  }

  // A framework in its own order: one line a section, what it needs by a word that is explained below.
  void print_framework(const FrameworkReport& framework) {
    heading(clean(framework.title));
    std::string line;
    for (FindingStatus status : {FindingStatus::kPass, FindingStatus::kFail, FindingStatus::kError,
                                 FindingStatus::kNotEvaluated, FindingStatus::kManual, FindingStatus::kNotApplicable}) {
      uint64_t n = framework.count(status);
      if (n == 0 && status != FindingStatus::kPass && status != FindingStatus::kFail) continue;
      line += (line.empty() ? "" : ", ") + std::to_string(n) + " " + words_of(status, report_.language);
    }
    std::optional<double> points = framework.score();
    line += points ? std::string(say_("; score ", "; nota ")) + std::to_string(static_cast<int>(std::floor(*points))) +
                         "/100"
                   : std::string(say_("; no score", "; sem nota"));
    line += std::string(say_(" at ", " com ")) + std::to_string(static_cast<int>(framework.coverage())) +
            std::string(say_(" % coverage", " % de cobertura"));
    for (const std::string& part : wrap(line, width_ - 2)) out_ << "  " << part << "\n";
    size_t id_width = 0;
    for (const SectionResult& section : framework.sections) id_width = std::max(id_width, width_of(clean(section.id)));
    std::map<std::string_view, bool> needed;
    size_t i = 0;
    for (const auto& [id, title] : framework.groups) {
      out_ << "\n  " << bold(clean(id) + "  " + clean(title)) << "\n";
      for (; i < framework.sections.size() && framework.sections[i].group == id; ++i) {
        print_section(framework.sections[i], id_width);
        if (!framework.sections[i].needs.empty()) needed[framework.sections[i].needs] = true;
      }
    }
    if (needed.empty()) return;
    out_ << "\n  " << bold(say_("What the rest needs", "Do que o resto precisa")) << "\n";
    for (const auto& [key, text] : framework.needs) {
      if (!needed.contains(key)) continue;
      bool first = true;
      for (const std::string& part : wrap(text, width_ - 17)) {
        out_ << "    " << padded(first ? clean(key) : "", 13) << dim(part) << "\n";
        first = false;
      }
    }
  }

  void print_section(const SectionResult& section, size_t id_width) {
    constexpr size_t kStatusWidth = 13;
    std::string status = padded(words_of(section.status, report_.language), kStatusWidth);
    switch (section.status) {
      case FindingStatus::kPass: status = paint(status, "32"); break;
      case FindingStatus::kFail: status = paint(status, "31"); break;
      case FindingStatus::kError: status = paint(status, "1;31"); break;
      default: status = dim(status); break;
    }
    std::string detail = section.needs.empty() ? clean(section.reason)
                                               : std::string(say_("needs ", "precisa de ")) + clean(section.needs);
    size_t room = width_ - std::min(width_, 4 + kStatusWidth + 2 + id_width + 2 + 2 + width_of(detail));
    std::string title = cut(clean(section.title), std::max<size_t>(room, 10));
    out_ << "    " << status << "  " << padded(clean(section.id), id_width) << "  " << padded(title, room) << "  "
         << dim(cut(detail,
                    width_ - std::min(width_, 4 + kStatusWidth + 2 + id_width + 4 + std::max(room, width_of(title)))))
         << "\n";
  }

  // One check in full: what, where, why, how to mend.
  void print_group(const Group& group) {
    const Finding& first = *group.findings.front();
    TextsView texts = texts_of(report_, first);
    std::string head = padded(word(group.severity), severity_width());
    std::string id = clean(group.id);
    std::string places = count(group.findings.size(), say_("place", "lugar"), say_("places", "lugares"));
    size_t used = 2 + severity_width() + 2 + width_of(id) + 2 + 2 + width_of(places);
    std::string title = cut(clean(texts.title), width_ > used + 10 ? width_ - used : 10);
    out_ << "\n  " << colored(group.severity, head) << "  " << bold(id) << "  " << bold(title);
    if (group.findings.size() > 1) out_ << "  " << dim(places);
    out_ << "\n";

    size_t shown = std::min(group.findings.size(), options_.places_per_group);
    size_t name_width = 0;
    for (size_t i = 0; i < shown; ++i) name_width = std::max(name_width, width_of(name_of(*group.findings[i])));
    name_width = std::min(name_width, width_ / 2);
    std::string said;  // a message shared by all places is said once
    for (size_t i = 0; i < shown; ++i) {
      const Finding& f = *group.findings[i];
      out_ << "    " << padded(cut(name_of(f), name_width), name_width) << "  "
           << paint(clean(location_text(f.location)), "4") << "\n";
      if (f.message != said) {
        for (const std::string& line : wrap(f.message, width_ - 6)) out_ << "      " << line << "\n";
        said = f.message;
      }
    }
    if (shown < group.findings.size()) {
      out_ << "    " << dim(and_more(group.findings.size() - shown)) << "\n";
    }
    print_labelled(say_("why", "por quê"), texts.why);
    print_labelled(say_("fix", "correção"), texts.remediation);
  }

  [[nodiscard]] std::string name_of(const Finding& f) const {
    std::string name = clean(resource_name(f.resource));
    return name.empty() ? std::string(say_("(file)", "(arquivo)")) : name;
  }

  [[nodiscard]] std::string and_more(uint64_t n) const {
    return std::string(say_("and ", "e mais ")) + std::to_string(n) + std::string(say_(" more", ""));
  }

  void print_labelled(std::string_view label, std::string_view text) {
    if (text.empty()) return;
    bool first = true;
    size_t columns = say_.language == Language::kPortuguese ? 8 : 3;
    for (const std::string& line : wrap(text, width_ - columns - 6)) {
      out_ << "    " << (first ? dim(padded(label, columns)) : std::string(columns, ' ')) << "  " << line << "\n";
      first = false;
    }
  }

  void print_rest(const std::vector<Group>& groups, size_t from) {
    if (from >= groups.size()) return;
    heading(from == 0 ? say_("Findings", "Achados") : say_("Also found", "Outros achados"));
    size_t last = std::min(groups.size(), from + kTableOtherRowsMax);
    size_t id_width = 0;
    for (size_t i = from; i < last; ++i) id_width = std::max(id_width, width_of(clean(groups[i].id)));
    for (size_t i = from; i < last; ++i) {
      const Group& group = groups[i];
      const Finding& first = *group.findings.front();
      size_t used = 2 + severity_width() + 2 + 6 + 2 + id_width + 2;
      std::string title = cut(clean(texts_of(report_, first).title), width_ > used + 12 ? width_ - used : 12);
      out_ << "  " << colored(group.severity, padded(word(group.severity), severity_width())) << "  "
           << right(group.findings.size(), 6) << "  " << padded(clean(group.id), id_width) << "  " << title << "\n";
    }
    if (last < groups.size())
      out_ << "  "
           << dim(std::string(say_("and ", "e mais ")) +
                  count(groups.size() - last, say_("more check", "verificação"), say_("more checks", "verificações")))
           << "\n";
  }

  // Files and objects without a verdict, folded where the same is said of many.
  void print_unjudged() {
    struct Row {
      const Finding* first = nullptr;
      size_t count = 0;
    };
    std::map<std::string_view, size_t> at;
    std::vector<Row> rows;
    size_t all = 0;
    for (const Finding& f : report_.findings) {
      if (f.status != FindingStatus::kError && f.status != FindingStatus::kNotEvaluated &&
          f.status != FindingStatus::kManual)
        continue;
      ++all;
      auto [found, fresh] = at.try_emplace(f.message, rows.size());
      if (fresh) rows.push_back({});
      Row& row = rows[found->second];
      if (fresh) row.first = &f;
      ++row.count;
    }
    if (rows.empty()) return;
    heading(say_("Not judged", "Não avaliado"));
    for (size_t i = 0; i < rows.size() && i < kTableUnjudgedRowsMax; ++i) {
      const Finding& f = *rows[i].first;
      std::string place = clean(location_text(f.location));
      if (rows[i].count > 1) place += " " + and_more(rows[i].count - 1);
      bool error = f.status == FindingStatus::kError;
      std::string status = padded(status_word(error ? f.status : FindingStatus::kNotEvaluated, report_.language), 13);
      out_ << "  " << (error ? colored(Severity::kHigh, status) : status) << "  " << place << "\n";
      for (const std::string& line : wrap(f.message, width_ - 17)) out_ << "                 " << dim(line) << "\n";
    }
    if (rows.size() > kTableUnjudgedRowsMax) {
      size_t told = 0;
      for (size_t i = 0; i < kTableUnjudgedRowsMax; ++i) told += rows[i].count;
      out_ << "  " << dim(and_more(all - told) + std::string(say_("; -o json lists all", "; -o json lista todos")))
           << "\n";
    }
  }

  void print_suppressed() {
    std::map<std::string_view, size_t> by;
    for (const Finding& f : report_.findings) {
      if (!f.suppressed_by.empty()) ++by[f.suppressed_by];
    }
    if (by.empty()) return;
    heading(say_("Held back", "Retidos"));
    for (const auto& [what, n] : by) {
      out_ << "  " << right(n, 6) << say_("  by ", "  por ") << cut(clean(what), width_ - 14) << "\n";
    }
  }

  void print_hints(const std::vector<Group>& groups) {
    if (groups.empty()) {
      if (report_.coverage.evaluated != 0)
        out_ << "\n  " << say_("No finding in what was judged.", "Nenhum achado no que foi avaliado.") << "\n";
      out_ << "\n";
      return;
    }
    out_ << "\n";
    std::string hint = "`ameia explain " + clean(groups.front().id) +
                       std::string(say_("` tells more; -o json, -o html=FILE and -o sarif=FILE list everything",
                                        "` conta mais; -o json, -o html=ARQUIVO e -o sarif=ARQUIVO listam tudo"));
    for (const std::string& line : wrap(hint, width_ - 2)) out_ << "  " << dim(line) << "\n";
    out_ << "\n";
  }

  const Report& report_;
  const TableOptions& options_;
  Say say_;
  size_t width_;
  Chunks out_;
};

}  // namespace

void print_table(const Report& report, const TableOptions& options, const Sink& sink) {
  Table(report, options, sink).print();
}

}  // namespace ameia::report
