// Markdown as GitHub and GitLab render it: a summary, every check with its places, what has no verdict. Short enough
// for a comment: what does not fit is counted. A manifest's texts stay texts: no link, no HTML, no mention comes of
// them.
#include <algorithm>
#include <cctype>
#include <cmath>

#include "report/internal/markdown_text.h"
#include "report/limits.h"
#include "report/print.h"
#include "report/text.h"

namespace ameia::report {
std::string internal::markdown_text(std::string_view text) {
  std::string out;
  for (char c : clean(text)) {
    bool is_word = !out.empty() && std::isalnum(static_cast<unsigned char>(out.back())) != 0;
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '@': out += is_word ? "@" : "@&#8203;"; break;  // a mention begins a word; an image's digest does not
      case '-':
      case '+': out.append(out.empty() ? "\\" : "").append(1, c); break;  // a list, at the beginning only
      case ':': out.append(out.ends_with("http") || out.ends_with("https") ? "\\:" : ":"); break;
      case '.': out.append(out.ends_with("www") ? "\\." : "."); break;
      default:
        if (std::string_view("\\`*_{}[]#|~>").find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
  }
  return out;
}

// In a code span nothing is read but the backticks that end it, and in a table the bar.
std::string internal::markdown_code(std::string_view text) {
  std::string plain = clean(text), fence = "`";
  if (plain.empty()) return {};
  while (plain.find(fence) != std::string::npos) fence += '`';
  std::string out;
  for (char c : plain) {
    if (c == '|') out += '\\';
    out += c;
  }
  std::string pad = out.front() == '`' || out.back() == '`' ? " " : "";
  return fence + pad + out + pad + fence;
}

namespace {

class Markdown {
 public:
  Markdown(const Report& report, const Sink& sink) : report_(report), say_{report.language}, sink_(sink) {}

  void print() {
    append("# " + std::string(say_("Ameia scan", "Análise da Ameia")) + "\n\n");
    print_summary();
    print_groups();
    print_unjudged();
    print_suppressed();
    sink_(out_);
  }

 private:
  void append(std::string_view text) { out_ += text; }
  [[nodiscard]] bool fits(size_t more) const { return out_.size() + more <= kMarkdownBytesMax; }

  void print_summary() {
    std::array<uint64_t, 5> counts = count_by_severity(report_);
    std::string head = "|", rule = "|", row = "|";
    for (size_t i = counts.size(); i-- > 0;) {
      head.append(" ").append(severity_word(static_cast<Severity>(i), report_.language)).append(" |");
      rule += " ---: |";
      row += " " + std::to_string(counts[i]) + " |";
    }
    append(head + "\n" + rule + "\n" + row + "\n\n");
    std::optional<double> points = score(report_.tally);
    std::string coverage = std::to_string(static_cast<int>(coverage_percent(report_))) + " %";
    if (points) {
      append("**" + std::string(say_("Score ", "Nota ")) + std::to_string(static_cast<int>(std::floor(*points))) +
             "/100** " + std::string(say_("at ", "com cobertura de ")) + coverage + std::string(say_(" coverage", "")) +
             "; ");
    } else {
      append(std::string(say_("**No score: nothing was judged**; ", "**Sem nota: nada foi avaliado**; ")));
    }
    append(count(report_.objects, say_("object", "objeto"), say_("objects", "objetos")) +
           std::string(say_(" in ", " em ")) +
           count(report_.files, say_("file", "arquivo"), say_("files", "arquivos")) + ", " +
           count(report_.checks, say_("check", "verificação"), say_("checks", "verificações")) + ".\n");
  }

  void print_groups() {
    std::vector<Group> groups = group_by_check(report_);
    append("\n## " + std::string(say_("Findings", "Achados")) + "\n");
    if (groups.empty()) {
      append("\n" +
             std::string(report_.coverage.evaluated == 0
                             ? say_("Nothing was judged.", "Nada foi avaliado.")
                             : say_("No finding in what was judged.", "Nenhum achado no que foi avaliado.")) +
             "\n");
    }
    for (size_t i = 0; i < groups.size(); ++i) {
      std::string text = group_text(groups[i]);
      if (!fits(text.size())) {
        append("\n" +
               count(groups.size() - i, say_("more check has", "outra verificação tem"),
                     say_("more checks have", "outras verificações têm")) +
               std::string(say_(" findings; `-o json` lists all.\n", " achados; `-o json` lista todos.\n")));
        return;
      }
      append(text);
    }
  }

  std::string group_text(const Group& group) const {
    TextsView texts = texts_of(report_, *group.findings.front());
    std::string out = "\n### " + std::string(severity_word(group.severity, report_.language)) + ": " +
                      internal::markdown_text(texts.title) + " (" + internal::markdown_text(group.id) + ")\n\n";
    if (!texts.why.empty()) out += internal::markdown_text(texts.why) + "\n\n";
    if (!texts.remediation.empty())
      out +=
          "**" + std::string(say_("Fix:", "Correção:")) + "** " + internal::markdown_text(texts.remediation) + "\n\n";
    if (const Rule* rule = report_.find_rule(group.id); rule != nullptr) {
      for (const RuleFix& fix : rule->fixes)
        out += "`ameia fix` " + internal::markdown_text(text_of(fix, report_.language)) + "\n\n";
    }
    out += "| " + std::string(say_("resource", "recurso")) + " | " + std::string(say_("place", "lugar")) + " | " +
           std::string(say_("what", "o quê")) + " |\n| --- | --- | --- |\n";
    size_t shown = std::min(group.findings.size(), kMarkdownPlacesPerCheckMax);
    for (size_t i = 0; i < shown; ++i) out += row_text(*group.findings[i]);
    if (shown < group.findings.size())
      out += "\n" + std::string(say_("and ", "e mais ")) + std::to_string(group.findings.size() - shown) +
             std::string(say_(" more", "")) + "\n";
    return out;
  }

  static std::string row_text(const Finding& f) {
    return "| " + internal::markdown_code(resource_name(f.resource)) + " | " +
           internal::markdown_code(location_text(f.location)) + " | " + internal::markdown_text(f.message) + " |\n";
  }

  void print_list(std::string_view heading, const std::vector<std::string>& rows) {
    if (rows.empty()) return;
    append("\n## " + std::string(heading) + "\n\n");
    size_t shown = 0;
    while (shown < rows.size() && shown < kMarkdownPlacesPerCheckMax && fits(rows[shown].size())) append(rows[shown++]);
    if (shown < rows.size())
      append("\n" + std::string(say_("and ", "e mais ")) + std::to_string(rows.size() - shown) +
             std::string(say_(" more", "")) + "\n");
  }

  void print_unjudged() {
    std::vector<std::string> rows;
    for (const Finding& f : report_.findings) {
      if (!f.suppressed_by.empty()) continue;
      if (f.status != FindingStatus::kError && f.status != FindingStatus::kNotEvaluated &&
          f.status != FindingStatus::kManual)
        continue;
      rows.push_back("- " + std::string(status_word(f.status, report_.language)) + ": " +
                     internal::markdown_code(location_text(f.location)) + " " + internal::markdown_text(f.message) +
                     "\n");
    }
    print_list(say_("Not judged", "Não avaliado"), rows);
  }

  void print_suppressed() {
    std::vector<std::string> rows;
    for (const Finding& f : report_.findings) {
      if (f.suppressed_by.empty()) continue;
      rows.push_back("- " + internal::markdown_text(f.id) + " " + internal::markdown_code(resource_name(f.resource)) +
                     " " + internal::markdown_code(location_text(f.location)) + ": " +
                     internal::markdown_text(f.suppressed_by) + "\n");
    }
    print_list(say_("Held back", "Retidos"), rows);
  }

  const Report& report_;
  Say say_;
  const Sink& sink_;
  std::string out_;
};

}  // namespace

void print_markdown(const Report& report, const Sink& sink) {
  Markdown(report, sink).print();
}

}  // namespace ameia::report
