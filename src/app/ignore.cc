#include "app/ignore.h"

#include "app/limits.h"

namespace ameia::app {
namespace {

// A bracket expression at pattern[p]; on success `p` stands behind it. An unclosed one is a plain '['.
bool match_bracket(std::string_view pattern, size_t& p, char c, bool& closed) {
  size_t i = p + 1;
  bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool found = false;
  for (bool first = true; i < pattern.size() && (first || pattern[i] != ']'); first = false) {
    char low = pattern[i] == '\\' && i + 1 < pattern.size() ? pattern[++i] : pattern[i];
    char high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      i += 2;
      high = pattern[i] == '\\' && i + 1 < pattern.size() ? pattern[++i] : pattern[i];
    }
    found = found || (low <= c && c <= high);
    ++i;
  }
  closed = i < pattern.size();
  if (closed) p = i + 1;
  return closed && found != negated;
}

}  // namespace

// Backtracks to the last '*' (within one name) and, failing that, to the last '**': work is bounded by
// pattern × path × names, all of them short.
bool matches_glob(std::string_view pattern, std::string_view path) {
  constexpr size_t kNone = std::string_view::npos;
  size_t p = 0, t = 0, star = kNone, star_t = 0, deep = kNone, deep_t = 0;
  for (;;) {
    if (p < pattern.size() && pattern.substr(p).starts_with("**") && (p == 0 || pattern[p - 1] == '/') &&
        (p + 2 == pattern.size() || pattern[p + 2] == '/')) {
      if (p + 2 == pattern.size()) return t < path.size();  // "a/**": everything inside
      p += 3;
      deep = p;
      deep_t = t;
      star = kNone;
      continue;
    }
    bool ok = false;
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_t = t;
      continue;
    }
    if (t == path.size() && p == pattern.size()) return true;
    if (t < path.size() && p < pattern.size()) {
      char c = path[t];
      size_t next = p + 1;
      if (pattern[p] == '?') {
        ok = c != '/';
      } else if (pattern[p] == '[') {
        size_t behind = p;
        bool closed = false;
        bool in = match_bracket(pattern, behind, c, closed);
        ok = closed ? in && c != '/' : c == '[';
        if (closed) next = behind;
      } else if (pattern[p] == '\\' && p + 1 < pattern.size()) {
        ok = pattern[p + 1] == c;
        next = p + 2;
      } else {
        ok = pattern[p] == c;
      }
      if (ok) {
        p = next;
        ++t;
        continue;
      }
    }
    if (star != kNone && star_t < path.size() && path[star_t] != '/') {
      t = ++star_t;
      p = star;
      continue;
    }
    if (deep == kNone) return false;
    size_t slash = path.find('/', deep_t);
    if (slash == kNone) return false;
    t = deep_t = slash + 1;
    p = deep;
    star = kNone;
  }
}

base::Status IgnoreRules::add(std::string_view text, std::string_view directory, std::string_view file_name) {
  size_t line_number = 0;
  while (!text.empty()) {
    size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++line_number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    while (line.ends_with(' ') && !line.ends_with("\\ ")) line.remove_suffix(1);
    if (line.empty() || line[0] == '#') continue;
    std::string where = std::string(file_name) + ":" + std::to_string(line_number);
    if (line.size() > kIgnorePatternBytesMax) {
      return base::fail(base::Code::kLimit,
                        "a pattern longer than " + std::to_string(kIgnorePatternBytesMax) + " bytes", where);
    }
    if (rules_.size() == kIgnoreRulesMax)
      return base::fail(base::Code::kLimit, "more than " + std::to_string(kIgnoreRulesMax) + " patterns", where);
    Rule rule;
    if (!directory.empty()) rule.directory = std::string(directory) + "/";
    if (line[0] == '!') {
      rule.negated = true;
      line.remove_prefix(1);
    }
    if (line.ends_with('/')) {
      rule.directories_only = true;
      line.remove_suffix(1);
    }
    rule.anchored = line.find('/') != std::string_view::npos;
    if (line.starts_with('/')) line.remove_prefix(1);
    if (line.empty()) continue;
    rule.pattern = line;
    rules_.push_back(std::move(rule));
  }
  return {};
}

bool IgnoreRules::ignores(std::string_view path, bool is_directory) const {
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->directories_only && !is_directory) continue;
    if (!path.starts_with(rule->directory)) continue;
    std::string_view inside = path.substr(rule->directory.size());
    std::string_view subject = rule->anchored ? inside : inside.substr(inside.rfind('/') + 1);
    if (matches_glob(rule->pattern, subject)) return !rule->negated;
  }
  return false;
}

}  // namespace ameia::app
