// The HTML report: one file, no request to anywhere (its Content-Security-Policy says so), whole without its script.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

#include "report/internal/html_page.h"
#include "report/limits.h"
#include "report/print.h"
#include "report/text.h"

namespace ameia::report {
namespace {

std::string html(std::string_view text) {
  std::string out;
  append_html(out, text);
  return out;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string severity_class(Severity severity) {
  return "s" + std::to_string(static_cast<int>(severity));
}

class Page {
 public:
  Page(const Report& report, const Sink& sink)
      : report_(report), say_{report.language}, groups_(group_by_check(report)), out_(sink) {}

  void print() {
    print_head();
    print_cards();
    for (const FrameworkReport& framework : frameworks_of(report_)) print_framework(framework);
    print_filter();
    print_groups();
    print_unjudged();
    print_suppressed();
    out_ << "</main>\n<footer><p>"
         << say_(
                "Score: the share of object × check pairs that passed, weighted by severity (info 1, low 2, medium 5, "
                "high 10, critical 20). Coverage: the share of pairs that could be judged. A score without coverage "
                "says nothing.",
                "Nota: a parcela dos pares objeto × verificação aprovados, com peso por severidade (informativa 1, "
                "baixa 2, média 5, alta 10, crítica 20). Cobertura: a parcela dos pares que puderam ser avaliados. Uma "
                "nota sem cobertura não diz nada.")
         << "</p><p>ameia " << html(report_.tool_version) << "</p></footer>\n<script>" << internal::kHtmlScript
         << "</script>\n</body>\n</html>\n";
  }

 private:
  void print_head() {
    std::string_view title = say_("Ameia scan report", "Relatório de análise da Ameia");
    out_ << "<!doctype html>\n<html lang=\"" << say_("en", "pt-BR")
         << "\">\n<head>\n<meta charset=\"utf-8\">\n"
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
            "script-src "
            "'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
            "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<meta name=\"referrer\" "
            "content=\"no-referrer\">\n"
            "<title>"
         << title << "</title>\n<style>" << internal::kHtmlStyle << "</style>\n</head>\n<body>\n<header>\n<h1>" << title
         << "</h1>\n<p class=\"soft\">"
         << html(count(report_.objects, say_("object", "objeto"), say_("objects", "objetos")) +
                 std::string(say_(" in ", " em ")) +
                 count(report_.files, say_("file", "arquivo"), say_("files", "arquivos")) + ", " +
                 count(report_.checks, say_("check", "verificação"), say_("checks", "verificações")));
    if (!report_.started_at.empty()) out_ << " · <time>" << html(report_.started_at) << "</time>";
    out_ << "</p>\n</header>\n<main>\n";
  }

  void print_ring(std::string_view label, double percent, std::string_view text, std::string_view note) {
    constexpr double kAround = 2 * 3.14159265 * 42;
    out_ << "<figure><svg viewBox=\"0 0 104 104\" role=\"img\" aria-label=\"" << html(label) << " " << html(text)
         << "\"><circle class=\"ring\" cx=\"52\" cy=\"52\" r=\"42\"/><circle class=\"ring on\" cx=\"52\" cy=\"52\" "
            "r=\"42\" "
            "transform=\"rotate(-90 52 52)\" stroke-dasharray=\""
         << number(kAround * percent / 100) << " " << number(kAround + 1)
         << "\"/><text class=\"big\" x=\"52\" y=\"61\" text-anchor=\"middle\">" << html(text)
         << "</text></svg><figcaption>" << html(note) << "</figcaption></figure>";
  }

  void print_cards() {
    std::optional<double> points = score(report_.tally);
    double covered = coverage_percent(report_);
    out_ << "<div class=\"cards\">\n<section class=\"card\"><h3>"
         << say_("Score beside coverage", "Nota ao lado da cobertura") << "</h3><div class=\"rings\">";
    print_ring(say_("Score", "Nota"), points.value_or(0),
               points ? std::to_string(static_cast<int>(std::floor(*points))) : "–",
               points ? say_("score of 100", "nota de 100")
                      : say_("no score: nothing was judged", "sem nota: nada foi avaliado"));
    print_ring(say_("Coverage", "Cobertura"), covered, std::to_string(static_cast<int>(covered)) + "%",
               say_("of what was asked was judged", "do que foi pedido foi avaliado"));
    out_ << "</div></section>\n";
    print_severities();
    print_namespaces();
    out_ << "</div>\n";
  }

  // A framework in its own order; what is said of the status is said in a word, not only in a colour.
  void print_framework(const FrameworkReport& framework) {
    out_ << "<section class=\"fw\"><h2>" << html(framework.title) << "</h2>\n<p class=\"soft\">";
    bool first = true;
    for (size_t i = 0; i <= static_cast<size_t>(FindingStatus::kError); ++i) {
      auto status = static_cast<FindingStatus>(i);
      uint64_t n = framework.count(status);
      if (n == 0) continue;
      out_ << (first ? "" : " · ") << std::to_string(n) << " " << html(words_of(status, report_.language));
      first = false;
    }
    std::optional<double> points = framework.score();
    out_ << " · "
         << (points
                 ? std::string(say_("score ", "nota ")) + std::to_string(static_cast<int>(std::floor(*points))) + "/100"
                 : std::string(say_("no score", "sem nota")))
         << say_(" at ", " com ") << std::to_string(static_cast<int>(framework.coverage()))
         << say_(" % coverage", " % de cobertura") << "</p>\n"
         << "<table><thead><tr><th scope=\"col\">" << say_("Section", "Seção") << "</th><th scope=\"col\">"
         << say_("Status", "Estado") << "</th><th scope=\"col\">" << say_("What it asks", "O que pede")
         << "</th><th scope=\"col\">" << say_("Why", "Por quê") << "</th></tr></thead>\n";
    size_t i = 0;
    for (const auto& [id, title] : framework.groups) {
      out_ << "<tbody><tr><th scope=\"rowgroup\" colspan=\"4\">" << html(id) << " " << html(title) << "</th></tr>\n";
      for (; i < framework.sections.size() && framework.sections[i].group == id; ++i) {
        const SectionResult& section = framework.sections[i];
        out_ << "<tr class=\"" << to_string(section.status) << "\"><td>" << html(section.id) << "</td><td class=\"st\">"
             << html(words_of(section.status, report_.language)) << "</td><td>" << html(section.title)
             << "</td><td class=\"soft\">" << html(section.reason);
        for (const std::string& check : section.checks) out_ << " <code>" << html(check) << "</code>";
        out_ << "</td></tr>\n";
      }
      out_ << "</tbody>\n";
    }
    out_ << "</table></section>\n";
  }

  void print_severities() {
    std::array<uint64_t, 5> counts = count_by_severity(report_);
    uint64_t most = std::max<uint64_t>(1, *std::max_element(counts.begin(), counts.end()));
    std::string_view title = say_("Findings by severity", "Achados por severidade");
    out_ << "<section class=\"card\"><h3>" << title << "</h3><svg viewBox=\"0 0 320 140\" role=\"img\" aria-label=\""
         << title << "\">";
    for (size_t i = 0; i < counts.size(); ++i) {
      auto severity = static_cast<Severity>(counts.size() - 1 - i);
      uint64_t n = counts[static_cast<size_t>(severity)];
      double y = static_cast<double>(i) * 28,
             w = n == 0 ? 0 : std::max(2.0, 180.0 * static_cast<double>(n) / static_cast<double>(most));
      out_ << "<text x=\"0\" y=\"" << number(y + 16) << "\">" << word(severity) << "</text><rect class=\""
           << severity_class(severity) << "\" x=\"74\" y=\"" << number(y + 3) << "\" width=\"" << number(w)
           << "\" height=\"17\" rx=\"3\"/><text x=\"" << number(80 + w) << "\" y=\"" << number(y + 16) << "\">"
           << std::to_string(n) << "</text>";
    }
    out_ << "</svg></section>\n";
  }

  void print_namespaces() {
    using Counts = std::array<uint64_t, 5>;
    std::map<std::string_view, Counts> by;
    for (const Group& group : groups_) {
      for (const Finding* f : group.findings) ++by[f->resource.ns][static_cast<size_t>(f->severity)];
    }
    auto sum = [](const Counts& c) {
      uint64_t n = 0;
      for (uint64_t x : c) n += x;
      return n;
    };
    std::vector<std::pair<std::string, Counts>> rows;
    for (auto& [ns, counts] : by)
      rows.emplace_back(ns.empty() ? std::string(say_("(no namespace)", "(sem namespace)")) : clean(ns), counts);
    std::stable_sort(rows.begin(), rows.end(),
                     [&](const auto& a, const auto& b) { return sum(a.second) > sum(b.second); });
    if (rows.size() > kHtmlNamespacesMax) {
      Counts rest{};
      for (size_t i = kHtmlNamespacesMax - 1; i < rows.size(); ++i) {
        for (size_t s = 0; s < rest.size(); ++s) rest[s] += rows[i].second[s];
      }
      size_t folded = rows.size() - (kHtmlNamespacesMax - 1);
      rows.resize(kHtmlNamespacesMax - 1);
      rows.emplace_back("(" + std::to_string(folded) + std::string(say_(" others)", " outros)")), rest);
    }
    std::string_view title = say_("Findings by namespace", "Achados por namespace");
    out_ << "<section class=\"card\"><h3>" << title << "</h3>";
    if (rows.empty()) {
      out_ << "<p class=\"soft\">" << say_("None.", "Nenhum.") << "</p></section>\n";
      return;
    }
    uint64_t most = 1;
    for (const auto& row : rows) most = std::max(most, sum(row.second));
    out_ << "<svg viewBox=\"0 0 380 " << std::to_string(rows.size() * 24) << "\" role=\"img\" aria-label=\"" << title
         << "\">";
    for (size_t i = 0; i < rows.size(); ++i) {
      double y = static_cast<double>(i) * 24, x = 140;
      out_ << "<text x=\"0\" y=\"" << number(y + 14) << "\">" << html(cut(rows[i].first, 18)) << "</text>";
      for (size_t s = 5; s-- > 0;) {
        double w = 185.0 * static_cast<double>(rows[i].second[s]) / static_cast<double>(most);
        if (w == 0) continue;
        out_ << "<rect class=\"s" << std::to_string(s) << "\" x=\"" << number(x) << "\" y=\"" << number(y + 2)
             << "\" width=\"" << number(std::max(w, 0.5)) << "\" height=\"15\"><title>"
             << word(static_cast<Severity>(s)) << ": " << std::to_string(rows[i].second[s]) << "</title></rect>";
        x += w;
      }
      out_ << "<text x=\"" << number(x + 6) << "\" y=\"" << number(y + 14) << "\">"
           << std::to_string(sum(rows[i].second)) << "</text>";
    }
    out_ << "</svg></section>\n";
  }

  void print_filter() {
    if (groups_.empty()) return;
    out_ << "<div class=\"bar js\" role=\"search\"><input type=\"search\" id=\"q\" placeholder=\""
         << say_("Search: resource, file, check, text", "Buscar: recurso, arquivo, verificação, texto")
         << "\" aria-label=\"" << say_("Search the findings", "Buscar nos achados") << "\">";
    for (size_t s = 5; s-- > 0;) {
      bool any = std::any_of(groups_.begin(), groups_.end(),
                             [&](const Group& g) { return static_cast<size_t>(g.severity) == s; });
      if (!any) continue;
      std::string_view name = word(static_cast<Severity>(s));
      out_ << "<label class=\"s" << std::to_string(s) << "\"><input type=\"checkbox\" value=\"" << std::to_string(s)
           << "\" checked> <span class=\"sev\">" << name << "</span></label>";
    }
    std::string_view open = say_("Open all", "Abrir todos");
    out_ << "<button id=\"all\" type=\"button\" data-open=\"" << open << "\" data-close=\""
         << say_("Close all", "Fechar todos") << "\">" << open
         << "</button></div>\n<p id=\"none\" class=\"soft\" hidden>" << say_("Nothing matches.", "Nada corresponde.")
         << "</p>\n";
  }

  void print_groups() {
    out_ << "<h2>" << say_("Findings", "Achados") << "</h2>\n";
    if (groups_.empty()) {
      out_ << "<p>"
           << (report_.coverage.evaluated == 0
                   ? say_("Nothing was judged.", "Nada foi avaliado.")
                   : say_("No finding in what was judged.", "Nenhum achado no que foi avaliado."))
           << "</p>\n";
      return;
    }
    size_t room = kHtmlRowsMax;
    for (const Group& group : groups_) print_group(group, room);
  }

  void print_group(const Group& group, size_t& room) {
    const Finding& first = *group.findings.front();
    TextsView texts = texts_of(report_, first);
    out_ << "<details class=\"g " << severity_class(group.severity) << "\" data-s=\""
         << std::to_string(static_cast<int>(group.severity)) << "\" open><summary><span class=\"sev\">"
         << word(group.severity) << "</span><span class=\"title\">" << html(texts.title) << " <span class=\"id\">"
         << html(group.id) << "</span></span><span class=\"n\">"
         << count(group.findings.size(), say_("place", "lugar"), say_("places", "lugares"))
         << "</span></summary>\n<div class=\"body\"><div class=\"about\"><dl>";
    if (!texts.why.empty()) out_ << "<dt>" << say_("Why", "Por quê") << "</dt><dd>" << html(texts.why) << "</dd>";
    if (!texts.remediation.empty())
      out_ << "<dt>" << say_("Fix", "Correção") << "</dt><dd>" << html(texts.remediation) << "</dd>";
    if (const Rule* rule = report_.find_rule(group.id); rule != nullptr && !rule->fixes.empty()) {
      out_ << "<dt>ameia fix</dt>";
      for (const RuleFix& fix : rule->fixes) out_ << "<dd>" << html(text_of(fix, report_.language)) << "</dd>";
    }
    if (!texts.tags->empty()) {
      out_ << "<dt>" << say_("Tags", "Marcas") << "</dt><dd class=\"tags\">";
      for (const std::string& tag : *texts.tags) out_ << "<code>" << html(tag) << "</code>";
      out_ << "</dd>";
    }
    if (!texts.references->empty()) {
      out_ << "<dt>" << say_("Read", "Leia") << "</dt><dd>";
      for (const std::string& reference : *texts.references) print_reference(reference);
      out_ << "</dd>";
    }
    out_ << "</dl></div>\n<ul class=\"places\">\n";
    size_t shown = std::min({group.findings.size(), kHtmlRowsPerCheckMax, room});
    room -= shown;
    for (size_t i = 0; i < shown; ++i) print_place(*group.findings[i]);
    out_ << "</ul>\n";
    if (shown < group.findings.size()) {
      out_ << "<p class=\"soft\">" << and_more(group.findings.size() - shown) << "; <code>ameia scan -o json</code> "
           << say_("lists all", "lista todos") << "</p>\n";
    }
    out_ << "</div></details>\n";
  }

  [[nodiscard]] std::string_view word(Severity severity) const { return severity_word(severity, report_.language); }
  [[nodiscard]] std::string and_more(uint64_t n) const {
    return std::string(say_("and ", "e mais ")) + std::to_string(n) + std::string(say_(" more", ""));
  }

  void print_reference(const std::string& reference) {
    // Only these schemes become links: a policy's author may be a stranger.
    if (reference.starts_with("https://") || reference.starts_with("http://")) {
      out_ << "<a rel=\"noreferrer noopener\" href=\"" << html(reference) << "\">" << html(reference) << "</a><br>";
    } else {
      out_ << html(reference) << "<br>";
    }
  }

  void print_place(const Finding& f) {
    std::string name = resource_name(f.resource);
    out_ << "<li><div class=\"head\"><strong>"
         << html(name.empty() ? say_("(file)", "(arquivo)") : std::string_view(name)) << "</strong> <code>"
         << html(location_text(f.location)) << "</code></div>";
    if (!f.message.empty()) out_ << "<div>" << html(f.message) << "</div>";
    out_ << "</li>\n";
  }

  void print_unjudged() {
    std::vector<const Finding*> rows;
    for (const Finding& f : report_.findings) {
      if (f.status == FindingStatus::kError || f.status == FindingStatus::kNotEvaluated ||
          f.status == FindingStatus::kManual)
        rows.push_back(&f);
    }
    if (rows.empty()) return;
    out_ << "<h2>" << say_("Not judged", "Não avaliado")
         << "</h2>\n<details open class=\"u\"><summary><span class=\"sev\">" << say_("no verdict", "sem veredito")
         << "</span><span class=\"title\">"
         << say_("What would have to be mended or rendered first", "O que precisaria ser corrigido ou gerado antes")
         << "</span><span class=\"n\">" << count(rows.size(), say_("row", "linha"), say_("rows", "linhas"))
         << "</span></summary><div class=\"body\"><ul class=\"places\">\n";
    for (size_t i = 0; i < rows.size() && i < kHtmlRowsPerCheckMax; ++i) {
      out_ << "<li><div class=\"head\"><strong>" << status_word(rows[i]->status, report_.language) << "</strong> <code>"
           << html(location_text(rows[i]->location)) << "</code></div><div>" << html(rows[i]->message)
           << "</div></li>\n";
    }
    out_ << "</ul>";
    if (rows.size() > kHtmlRowsPerCheckMax)
      out_ << "<p class=\"soft\">" << and_more(rows.size() - kHtmlRowsPerCheckMax) << "</p>";
    out_ << "</div></details>\n";
  }

  void print_suppressed() {
    std::vector<const Finding*> rows;
    for (const Finding& f : report_.findings) {
      if (!f.suppressed_by.empty()) rows.push_back(&f);
    }
    if (rows.empty()) return;
    out_ << "<h2>" << say_("Held back", "Retidos") << "</h2>\n<details open class=\"u\"><summary><span class=\"sev\">"
         << say_("accepted", "aceito") << "</span><span class=\"title\">"
         << say_("Known findings that a waiver or the baseline holds back",
                 "Achados conhecidos, retidos por uma exceção ou pela linha de base")
         << "</span><span class=\"n\">" << count(rows.size(), say_("finding", "achado"), say_("findings", "achados"))
         << "</span></summary><div class=\"body\"><ul class=\"places\">\n";
    for (size_t i = 0; i < rows.size() && i < kHtmlRowsPerCheckMax; ++i) {
      const Finding& f = *rows[i];
      out_ << "<li><div class=\"head\"><strong>" << html(f.id) << " " << html(resource_name(f.resource))
           << "</strong> <code>" << html(location_text(f.location)) << "</code></div><div>" << word(f.severity) << " · "
           << say_("held back by", "retido por") << " " << html(f.suppressed_by) << "</div></li>\n";
    }
    out_ << "</ul>";
    if (rows.size() > kHtmlRowsPerCheckMax)
      out_ << "<p class=\"soft\">" << and_more(rows.size() - kHtmlRowsPerCheckMax) << "</p>";
    out_ << "</div></details>\n";
  }

  const Report& report_;
  Say say_;
  std::vector<Group> groups_;
  Chunks out_;
};

}  // namespace

void print_html(const Report& report, const Sink& sink) {
  Page(report, sink).print();
}

}  // namespace ameia::report
