// The table: what a person sees first. One line of numbers, the top risks in full, everything else folded by check.
#include <algorithm>
#include <cmath>
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
      : report_(report), options_(options), width_(std::clamp(options.width, kWidthMin, kWidthMax)), out_(sink) {}

  void print() {
    std::vector<Group> groups = group_by_check(report_);
    print_summary();
    size_t top = 0;
    // Only what matters is shown in full; with nothing above low, the first few are.
    while (top < groups.size() && top < options_.top_groups && (groups[top].severity >= Severity::kMedium || top < 3))
      ++top;
    if (top != 0) heading("Top risks");
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
      std::string cell = std::to_string(counts[i]).append(" ").append(to_string(static_cast<Severity>(i)));
      line += counts[i] == 0 ? dim(cell) : colored(static_cast<Severity>(i), cell);
      if (i != 0) line += "   ";
    }
    out_ << "\n" << line << "\n";
    std::string score_text = "no score: nothing was judged";
    if (std::optional<double> points = score(report_.tally)) {
      score_text = "score " + std::to_string(static_cast<int>(std::floor(*points))) + "/100 at " +
                   std::to_string(static_cast<int>(coverage_percent(report_))) + " % coverage";
    }
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.2f s", report_.seconds);
    std::string rest = count(report_.objects, "object", "objects") + " in " + count(report_.files, "file", "files") +
                       ", " + count(report_.checks, "check", "checks") + ", " + seconds;
    bool fits = 2 + width_of(score_text) + 3 + width_of(rest) <= width_;
    out_ << "  " << bold(score_text) << (fits ? "   " : "\n  ") << dim(rest) << "\n";
  }

  // One check in full: what, where, why, how to mend.
  void print_group(const Group& group) {
    const Finding& first = *group.findings.front();
    TextsView texts = texts_of(report_, first);
    std::string head = padded(to_string(group.severity), 8);
    std::string id = clean(group.id);
    std::string places = count(group.findings.size(), "place", "places");
    size_t used = 2 + 8 + 2 + width_of(id) + 2 + 2 + width_of(places);
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
      out_ << "    " << dim("and " + std::to_string(group.findings.size() - shown) + " more") << "\n";
    }
    print_labelled("why", texts.why);
    print_labelled("fix", texts.remediation);
  }

  static std::string name_of(const Finding& f) {
    std::string name = clean(resource_name(f.resource));
    return name.empty() ? "(file)" : name;
  }

  void print_labelled(std::string_view label, std::string_view text) {
    if (text.empty()) return;
    bool first = true;
    for (const std::string& line : wrap(text, width_ - 9)) {
      out_ << "    " << (first ? dim(label) : std::string("   ")) << "  " << line << "\n";
      first = false;
    }
  }

  void print_rest(const std::vector<Group>& groups, size_t from) {
    if (from >= groups.size()) return;
    heading(from == 0 ? "Findings" : "Also found");
    size_t last = std::min(groups.size(), from + kTableOtherRowsMax);
    size_t id_width = 0;
    for (size_t i = from; i < last; ++i) id_width = std::max(id_width, width_of(clean(groups[i].id)));
    for (size_t i = from; i < last; ++i) {
      const Group& group = groups[i];
      const Finding& first = *group.findings.front();
      size_t used = 2 + 8 + 2 + 6 + 2 + id_width + 2;
      std::string title = cut(clean(texts_of(report_, first).title), width_ > used + 12 ? width_ - used : 12);
      out_ << "  " << colored(group.severity, padded(to_string(group.severity), 8)) << "  "
           << right(group.findings.size(), 6) << "  " << padded(clean(group.id), id_width) << "  " << title << "\n";
    }
    if (last < groups.size())
      out_ << "  " << dim("and " + count(groups.size() - last, "more check", "more checks")) << "\n";
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
    heading("Not judged");
    for (size_t i = 0; i < rows.size() && i < kTableUnjudgedRowsMax; ++i) {
      const Finding& f = *rows[i].first;
      std::string place = clean(location_text(f.location));
      if (rows[i].count > 1) place += " and " + std::to_string(rows[i].count - 1) + " more";
      bool error = f.status == FindingStatus::kError;
      out_ << "  " << (error ? colored(Severity::kHigh, "error        ") : std::string("not evaluated")) << "  "
           << place << "\n";
      for (const std::string& line : wrap(f.message, width_ - 17)) out_ << "                 " << dim(line) << "\n";
    }
    if (rows.size() > kTableUnjudgedRowsMax) {
      size_t told = 0;
      for (size_t i = 0; i < kTableUnjudgedRowsMax; ++i) told += rows[i].count;
      out_ << "  " << dim("and " + std::to_string(all - told) + " more; -o json lists all") << "\n";
    }
  }

  void print_suppressed() {
    std::map<std::string_view, size_t> by;
    for (const Finding& f : report_.findings) {
      if (!f.suppressed_by.empty()) ++by[f.suppressed_by];
    }
    if (by.empty()) return;
    heading("Held back");
    for (const auto& [what, n] : by) {
      out_ << "  " << right(n, 6) << "  by " << cut(clean(what), width_ - 14) << "\n";
    }
  }

  void print_hints(const std::vector<Group>& groups) {
    if (groups.empty()) {
      if (report_.coverage.evaluated != 0) out_ << "\n  No finding in what was judged.\n";
      out_ << "\n";
      return;
    }
    out_ << "\n";
    std::string hint = "`ameia explain " + clean(groups.front().id) +
                       "` tells more; -o json, -o html=FILE and -o sarif=FILE list everything";
    for (const std::string& line : wrap(hint, width_ - 2)) out_ << "  " << dim(line) << "\n";
    out_ << "\n";
  }

  const Report& report_;
  const TableOptions& options_;
  size_t width_;
  Chunks out_;
};

}  // namespace

void print_table(const Report& report, const TableOptions& options, const Sink& sink) {
  Table(report, options, sink).print();
}

}  // namespace ameia::report
