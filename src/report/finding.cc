#include "report/finding.h"

#include <algorithm>
#include <compare>
#include <string_view>
#include <tuple>
#include <unordered_map>

namespace ameia::report {

std::string_view to_string(Severity severity) {
  constexpr std::string_view kNames[] = {"info", "low", "medium", "high", "critical"};
  return kNames[static_cast<size_t>(severity)];
}

std::string_view to_string(FindingStatus status) {
  constexpr std::string_view kNames[] = {"pass", "fail", "not_evaluated", "not_applicable", "manual", "error"};
  return kNames[static_cast<size_t>(status)];
}

std::optional<Severity> parse_severity(std::string_view text) {
  for (auto severity : {Severity::kInfo, Severity::kLow, Severity::kMedium, Severity::kHigh, Severity::kCritical}) {
    if (text == to_string(severity)) return severity;
  }
  return std::nullopt;
}

double Coverage::share() const {
  uint64_t asked = evaluated + not_evaluated + errors;
  return asked == 0 ? 1.0 : static_cast<double>(evaluated) / static_cast<double>(asked);
}

void Tally::add(const Tally& other) {
  for (size_t i = 0; i < passed.size(); ++i) {
    passed[i] += other.passed[i];
    failed[i] += other.failed[i];
  }
}

uint64_t weight(Severity severity) {
  constexpr uint64_t kWeights[] = {1, 2, 5, 10, 20};
  return kWeights[static_cast<size_t>(severity)];
}

std::optional<double> score(const Tally& tally) {
  double passed = 0, all = 0;
  for (size_t i = 0; i < tally.passed.size(); ++i) {
    auto w = static_cast<double>(weight(static_cast<Severity>(i)));
    passed += w * static_cast<double>(tally.passed[i]);
    all += w * (static_cast<double>(tally.passed[i]) + static_cast<double>(tally.failed[i]));
  }
  if (all == 0) return std::nullopt;
  return 100.0 * passed / all;
}

const Rule* Report::find_rule(std::string_view id) const {
  auto at =
      std::lower_bound(rules.begin(), rules.end(), id, [](const Rule& r, std::string_view i) { return r.id < i; });
  return at != rules.end() && at->id == id ? &*at : nullptr;
}

namespace {

// The place of each text among all of them, in order. What the findings of a scan repeat (ids, files) is compared once.
class Ranks {
 public:
  void add(std::string_view text) {
    if (ranks_.empty() || text != last_) ranks_.emplace(last_ = text, 0);
  }
  void finish() {
    std::vector<std::string_view> texts;
    texts.reserve(ranks_.size());
    for (const auto& [text, rank] : ranks_) texts.push_back(text);
    std::sort(texts.begin(), texts.end());
    for (uint32_t i = 0; i < texts.size(); ++i) ranks_[texts[i]] = i;
  }
  [[nodiscard]] uint32_t of(std::string_view text) const { return ranks_.find(text)->second; }

 private:
  std::unordered_map<std::string_view, uint32_t> ranks_;
  std::string_view last_;  // findings of one file come one after the other
};

// What findings are sorted by, without looking at them again unless two stand at one place.
struct SortRow {
  bool suppressed;
  uint8_t status;
  int8_t severity;
  uint32_t id, file, line, column, number;
};

std::vector<SortRow> sort_rows(const std::vector<Finding>& findings) {
  Ranks ids, files;
  for (const Finding& f : findings) {
    ids.add(f.id);
    files.add(f.location.file);
  }
  ids.finish();
  files.finish();
  std::vector<SortRow> rows;
  rows.reserve(findings.size());
  for (const Finding& f : findings) {
    // A suppressed finding comes after every one that still asks for work; what failed before what could not be told.
    const uint8_t status = f.status == FindingStatus::kFail ? 0 : f.status == FindingStatus::kError ? 1 : 2;
    rows.push_back({!f.suppressed_by.empty(), status, static_cast<int8_t>(-static_cast<int>(f.severity)), ids.of(f.id),
                    files.of(f.location.file), f.location.line, f.location.column, static_cast<uint32_t>(rows.size())});
  }
  return rows;
}

}  // namespace

void sort_findings(std::vector<Finding>& findings) {
  std::vector<SortRow> rows = sort_rows(findings);
  auto place = [](const SortRow& row) {
    return std::tie(row.suppressed, row.status, row.severity, row.id, row.file, row.line, row.column);
  };
  auto rest = [&findings](const SortRow& row) {
    const Finding& f = findings[row.number];
    return std::tie(f.location.pointer, f.message, row.number);
  };
  std::sort(rows.begin(), rows.end(), [&](const SortRow& a, const SortRow& b) {
    const auto order = place(a) <=> place(b);
    return order == std::strong_ordering::equal ? rest(a) < rest(b) : order == std::strong_ordering::less;
  });
  // Findings are large: each is moved once, along the cycles of the permutation.
  for (uint32_t begin = 0; begin < rows.size(); ++begin) {
    if (rows[begin].number == begin) continue;
    Finding first = std::move(findings[begin]);
    uint32_t to = begin;
    for (uint32_t from = rows[to].number; from != begin; from = rows[to].number) {
      findings[to] = std::move(findings[from]);
      rows[to].number = to;
      to = from;
    }
    findings[to] = std::move(first);
    rows[to].number = to;
  }
}

}  // namespace ameia::report
