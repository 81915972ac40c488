// JUnit XML, in the shape that Jenkins and GitLab read: a suite a check, a case a place. A flaw is a failure, what
// ended in an error an error, what has no verdict or is held back a skipped case. Passed pairs are not listed one by
// one; the first suite stands for the whole scan and is green only when something was judged and nothing ended in an
// error.
#include <cstdio>
#include <map>

#include "report/print.h"
#include "report/text.h"

namespace ameia::report {
namespace {

std::string attribute(std::string_view text) {
  std::string out;
  append_html(out, clean(text));
  return out;
}

std::string body(std::string_view text) {
  std::string out;
  append_html(out, text);
  return out;
}

struct Counts {
  size_t tests = 0, failures = 0, errors = 0, skipped = 0;
};

enum class Outcome { kFailure, kError, kSkipped };

Outcome outcome_of(const Finding& f) {
  if (!f.suppressed_by.empty()) return Outcome::kSkipped;
  if (f.status == FindingStatus::kFail) return Outcome::kFailure;
  return f.status == FindingStatus::kError ? Outcome::kError : Outcome::kSkipped;
}

Counts count_cases(const std::vector<const Finding*>& findings) {
  Counts counts;
  for (const Finding* f : findings) {
    ++counts.tests;
    switch (outcome_of(*f)) {
      case Outcome::kFailure: ++counts.failures; break;
      case Outcome::kError: ++counts.errors; break;
      case Outcome::kSkipped: ++counts.skipped; break;
    }
  }
  return counts;
}

std::string attributes_of(const Counts& counts) {
  return " tests=\"" + std::to_string(counts.tests) + "\" failures=\"" + std::to_string(counts.failures) +
         "\" errors=\"" + std::to_string(counts.errors) + "\"";
}

class Junit {
 public:
  Junit(const Report& report, const Sink& sink) : report_(report), say_{report.language}, out_(sink) {
    for (const Finding& f : report.findings) {
      auto [at, fresh] = suite_of_.try_emplace(f.id, suites_.size());
      if (fresh) suites_.emplace_back();
      suites_[at->second].push_back(&f);
    }
  }

  void print() {
    std::vector<const Finding*> all;
    for (const Finding& f : report_.findings) all.push_back(&f);
    Counts counts = count_cases(all);
    bool judged = report_.coverage.evaluated != 0 && report_.coverage.errors == 0;
    ++counts.tests;
    counts.errors += judged ? 0 : 1;
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.3f", report_.seconds);
    out_ << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"ameia scan\"" << attributes_of(counts)
         << " time=\"" << seconds << "\">\n";
    print_scan(judged, seconds);
    for (const auto& suite : suites_) print_suite(suite);
    out_ << "</testsuites>\n";
  }

 private:
  // The scan as a whole.
  void print_scan(bool judged, std::string_view seconds) {
    out_ << "  <testsuite name=\"ameia scan\" tests=\"1\" failures=\"0\" errors=\"" << (judged ? "0" : "1")
         << "\" skipped=\"0\" time=\"" << seconds << "\"";
    if (report_.started_at.size() >= 19) out_ << " timestamp=\"" << attribute(report_.started_at.substr(0, 19)) << "\"";
    std::optional<double> points = score(report_.tally);
    out_ << ">\n    <properties>\n      <property name=\"version\" value=\"" << attribute(report_.tool_version)
         << "\"/>\n      <property name=\"score\" value=\"" << (points ? std::to_string(*points) : std::string())
         << "\"/>\n      <property name=\"coverage\" value=\"" << std::to_string(coverage_percent(report_))
         << "\"/>\n    </properties>\n    <testcase classname=\"ameia\" name=\""
         << attribute(say_("what was asked could be judged", "o que foi pedido pôde ser avaliado")) << "\"";
    if (judged) {
      out_ << "/>\n";
    } else {
      std::string what = report_.coverage.evaluated == 0
                             ? std::string(say_("nothing was judged", "nada foi avaliado"))
                             : count(report_.coverage.errors, say_("error", "erro"), say_("errors", "erros"));
      out_ << ">\n      <error type=\"coverage\" message=\"" << attribute(what) << "\"/>\n    </testcase>\n";
    }
    out_ << "  </testsuite>\n";
  }

  void print_suite(const std::vector<const Finding*>& findings) {
    const Finding& first = *findings.front();
    Counts counts = count_cases(findings);
    out_ << "  <testsuite name=\"" << attribute(first.id + ": " + std::string(texts_of(report_, first).title)) << "\""
         << attributes_of(counts) << " skipped=\"" << std::to_string(counts.skipped) << "\" time=\"0\">\n";
    for (const Finding* f : findings) print_case(*f);
    out_ << "  </testsuite>\n";
  }

  void print_case(const Finding& f) {
    std::string name = resource_name(f.resource), place = location_text(f.location);
    if (!place.empty()) name.append(name.empty() ? "" : " ").append(place);
    out_ << "    <testcase classname=\"" << attribute("ameia." + f.id) << "\" name=\"" << attribute(name)
         << "\" time=\"0\">\n      ";
    switch (outcome_of(f)) {
      case Outcome::kFailure: print_problem("failure", to_string(f.severity), f); break;
      case Outcome::kError: print_problem("error", to_string(f.status), f); break;
      case Outcome::kSkipped:
        out_ << "<skipped message=\""
             << attribute(f.suppressed_by.empty()
                              ? std::string(status_word(f.status, report_.language)) + ": " + f.message
                              : std::string(say_("held back by ", "retido por ")) + f.suppressed_by)
             << "\"/>";
    }
    out_ << "\n    </testcase>\n";
  }

  void print_problem(std::string_view element, std::string_view type, const Finding& f) {
    TextsView texts = texts_of(report_, f);
    std::string text(texts.why);
    if (!texts.remediation.empty())
      text.append("\n").append(say_("How to mend it: ", "Como corrigir: ")).append(texts.remediation);
    if (!f.location.file.empty()) text.append("\n").append(location_text(f.location));
    if (!f.location.pointer.empty()) text.append("\n").append(f.location.pointer);
    out_ << "<" << element << " type=\"" << type << "\" message=\""
         << attribute(f.message.empty() ? texts.title : std::string_view(f.message)) << "\">" << body(text) << "</"
         << element << ">";
  }

  const Report& report_;
  Say say_;
  std::map<std::string_view, size_t> suite_of_;
  std::vector<std::vector<const Finding*>> suites_;
  Chunks out_;
};

}  // namespace

void print_junit(const Report& report, const Sink& sink) {
  Junit(report, sink).print();
}

}  // namespace ameia::report
