#include "report/finding.h"

#include <algorithm>
#include <numeric>
#include <tuple>

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

void sort_findings(std::vector<Finding>& findings) {
  // A suppressed finding comes after every one that still asks for work; what failed before what could not be told.
  auto key = [](const Finding& f) {
    auto rank = f.status == FindingStatus::kFail ? 0 : f.status == FindingStatus::kError ? 1 : 2;
    return std::tuple(!f.suppressed_by.empty(), rank, -static_cast<int>(f.severity), std::string_view(f.id),
                      std::string_view(f.location.file), f.location.line, f.location.column,
                      std::string_view(f.location.pointer), std::string_view(f.message));
  };
  // Findings are large: their numbers are sorted, and each is moved once, along the cycles of the permutation.
  std::vector<uint32_t> order(findings.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return std::tuple(key(findings[a]), a) < std::tuple(key(findings[b]), b); });
  for (uint32_t begin = 0; begin < order.size(); ++begin) {
    if (order[begin] == begin) continue;
    Finding first = std::move(findings[begin]);
    uint32_t to = begin;
    for (uint32_t from = order[to]; from != begin; from = order[to]) {
      findings[to] = std::move(findings[from]);
      order[to] = to;
      to = from;
    }
    findings[to] = std::move(first);
    order[to] = to;
  }
}

}  // namespace ameia::report
