#include "report/unified_diff.h"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace ameia::report {
namespace {

using Lines = std::vector<std::string_view>;

// Each with its line feed, but for a last one that has none.
Lines lines_of(std::string_view text) {
  Lines out;
  while (!text.empty()) {
    size_t end = text.find('\n');
    size_t size = end == std::string_view::npos ? text.size() : end + 1;
    out.push_back(text.substr(0, size));
    text.remove_prefix(size);
  }
  return out;
}

enum class Edit : uint8_t { kKeep, kRemove, kAdd };

// The shortest script from `a` to `b` (Myers, "An O(ND) Difference Algorithm"), or false past `edits_max`.
bool shortest(const Lines& a, const Lines& b, size_t edits_max, std::vector<Edit>& out) {
  const auto n = static_cast<int64_t>(a.size()), m = static_cast<int64_t>(b.size());
  const int64_t max = std::min<int64_t>(n + m, static_cast<int64_t>(edits_max));
  std::vector<int64_t> furthest(static_cast<size_t>(2 * max + 3), 0);  // x by diagonal
  const auto at = [&](std::vector<int64_t>& v, int64_t k) -> int64_t& { return v[static_cast<size_t>(k + max + 1)]; };
  std::vector<std::vector<int64_t>> trail;  // by edits: the diagonals -d..d
  for (int64_t d = 0; d <= max; ++d) {
    for (int64_t k = -d; k <= d; k += 2) {
      bool down = k == -d || (k != d && at(furthest, k - 1) < at(furthest, k + 1));
      int64_t x = down ? at(furthest, k + 1) : at(furthest, k - 1) + 1;
      int64_t y = x - k;
      while (x < n && y < m && a[static_cast<size_t>(x)] == b[static_cast<size_t>(y)]) {
        ++x;
        ++y;
      }
      at(furthest, k) = x;
      if (x < n || y < m) continue;
      // Back from the end along the trail.
      for (int64_t e = d; e > 0; --e) {
        std::vector<int64_t>& before = trail[static_cast<size_t>(e - 1)];
        const auto was = [&](int64_t diagonal) { return before[static_cast<size_t>((diagonal + e - 1) / 2)]; };
        int64_t diagonal = x - y;
        bool from_above = diagonal == -e || (diagonal != e && was(diagonal - 1) < was(diagonal + 1));
        int64_t old_x = from_above ? was(diagonal + 1) : was(diagonal - 1);
        int64_t old_y = old_x - (from_above ? diagonal + 1 : diagonal - 1);
        for (; x > old_x && y > old_y; --x, --y) out.push_back(Edit::kKeep);
        out.push_back(from_above ? Edit::kAdd : Edit::kRemove);
        x = old_x;
        y = old_y;
      }
      for (; x > 0; --x) out.push_back(Edit::kKeep);
      std::reverse(out.begin(), out.end());
      return true;
    }
    std::vector<int64_t> kept;
    for (int64_t k = -d; k <= d; k += 2) kept.push_back(at(furthest, k));
    trail.push_back(std::move(kept));
  }
  return false;
}

std::vector<Edit> script(const Lines& a, const Lines& b, size_t edits_max) {
  std::vector<Edit> out;
  if (shortest(a, b, edits_max, out)) return out;
  size_t head = 0, tail = 0, shorter = std::min(a.size(), b.size());
  while (head < shorter && a[head] == b[head]) ++head;
  while (tail < shorter - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail]) ++tail;
  out.assign(head, Edit::kKeep);
  out.insert(out.end(), a.size() - head - tail, Edit::kRemove);
  out.insert(out.end(), b.size() - head - tail, Edit::kAdd);
  out.insert(out.end(), tail, Edit::kKeep);
  return out;
}

void put(std::string& out, char mark, std::string_view line) {
  out += mark;
  out += line;
  if (!line.ends_with('\n')) out += "\n\\ No newline at end of file\n";
}

// "12,3"; an empty range stands after the line before it, and a single line needs no count.
std::string range(size_t first, size_t count) {
  if (count == 1) return std::to_string(first + 1);
  return std::to_string(count == 0 ? first : first + 1) + "," + std::to_string(count);
}

}  // namespace

std::string unified_diff(std::string_view before, std::string_view after, std::string_view before_name,
                         std::string_view after_name, const DiffOptions& options) {
  if (before == after) return {};
  Lines a = lines_of(before), b = lines_of(after);
  std::vector<Edit> edits = script(a, b, options.edits_max);
  std::string out = "--- " + std::string(before_name) + "\n+++ " + std::string(after_name) + "\n";
  size_t x = 0, y = 0;  // lines before the edit in hand
  for (size_t i = 0; i < edits.size();) {
    if (edits[i] == Edit::kKeep) {
      ++x;
      ++y;
      ++i;
      continue;
    }
    // A hunk: from here to where more than twice the context is equal.
    size_t lead = 0;
    while (lead < options.context && lead < i && edits[i - 1 - lead] == Edit::kKeep) ++lead;
    size_t end = i, equal = 0;
    for (size_t j = i; j < edits.size() && equal <= 2 * options.context; ++j) {
      equal = edits[j] == Edit::kKeep ? equal + 1 : 0;
      if (edits[j] != Edit::kKeep) end = j + 1;
    }
    size_t trail = std::min(options.context, edits.size() - end);
    size_t begin = i - lead, stop = end + trail;
    size_t old_first = x - lead, new_first = y - lead;
    std::string body;
    size_t old_at = old_first, new_at = new_first;
    for (size_t j = begin; j < stop; ++j) {
      if (edits[j] == Edit::kAdd) {
        put(body, '+', b[new_at++]);
      } else {
        put(body, edits[j] == Edit::kKeep ? ' ' : '-', a[old_at]);
        ++old_at;
        if (edits[j] == Edit::kKeep) ++new_at;
      }
    }
    out += "@@ -" + range(old_first, old_at - old_first) + " +" + range(new_first, new_at - new_first) + " @@\n" + body;
    x = old_at;
    y = new_at;
    i = stop;
  }
  return out;
}

}  // namespace ameia::report
