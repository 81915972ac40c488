// What every printer needs: texts of a finding, safe for a terminal or a page, and output in pieces.
// Neighbours: report/print.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "report/finding.h"
#include "report/print.h"

namespace ameia::report {

// Collects small writes and hands them on in pieces, so that a report of any size needs little memory.
class Chunks {
 public:
  explicit Chunks(const Sink& sink) : sink_(sink) {}
  ~Chunks() { flush(); }
  Chunks(const Chunks&) = delete;
  Chunks& operator=(const Chunks&) = delete;

  Chunks& operator<<(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= kChunkBytes) flush();
    return *this;
  }
  std::string& buffer() { return buffer_; }
  void flush() {
    if (!buffer_.empty()) sink_(buffer_);
    buffer_.clear();
  }

 private:
  static constexpr size_t kChunkBytes = size_t{64} << 10;
  const Sink& sink_;
  std::string buffer_;
};

// A finding's own texts where it has them, its rule's in the report's language otherwise. Borrows from both.
struct TextsView {
  std::string_view title, why, remediation;
  const std::vector<std::string>* tags = nullptr;
  const std::vector<std::string>* references = nullptr;
};
TextsView texts_of(const Report& report, const Finding& finding);
// A rule's texts in a language, English where there is no translation.
TextsView texts_of(const Rule& rule, Language language);
// "high", "alta".
std::string_view severity_word(Severity severity, Language language);
std::string_view status_word(FindingStatus status, Language language);

// "Deployment/web", "payments/Deployment/web"; empty when the finding is about no object.
std::string resource_name(const Resource& resource);
// "file:line:column" as far as known.
std::string location_text(const Location& location);
// The name by which a code host knows a file: "./a" is "a", standard input "stdin".
std::string repository_path(std::string_view file);

// `text` on one line, without anything that moves a cursor, changes colours or hides text: control characters,
// bidirectional overrides and invalid UTF-8 become visible. Manifests are written by strangers.
std::string clean(std::string_view text);
// For text and quoted attributes of HTML and XML; cleans too, but keeps line ends.
void append_html(std::string& out, std::string_view text);

// Code points, which is near enough to columns.
size_t width_of(std::string_view text);
// `text` in at most `width` columns, cut with "…" when longer.
std::string cut(std::string_view text, size_t width);
// Words of `text` in lines of at most `width` columns.
std::vector<std::string> wrap(std::string_view text, size_t width);
// "not evaluated".
std::string words_of(FindingStatus status, Language language = Language::kEnglish);
// "writes runAsNonRoot: true (safe)", "proposes …; decide first: …".
std::string text_of(const RuleFix& fix, Language language);
// In the report's language; English where nobody made the others.
const std::vector<FrameworkReport>& frameworks_of(const Report& report);
// "1 file", "2 files".
std::string count(uint64_t n, std::string_view one, std::string_view many);

// Findings of one check that ask for work, worst first: severity, then how many, then id.
struct Group {
  std::string_view id;
  Severity severity = Severity::kInfo;
  std::vector<const Finding*> findings;
};
std::vector<Group> group_by_check(const Report& report);

// Failing, not suppressed; indexed by Severity.
std::array<uint64_t, 5> count_by_severity(const Report& report);

// Coverage in percent, rounded down so that 100 means all; 0 when nothing was judged.
double coverage_percent(const Report& report);

}  // namespace ameia::report
