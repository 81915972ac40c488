// Kubernetes' find and findAll, and cel-go's regex extension, over RE2. Matches follow one another as in Go's regexp
// package.
#include <re2/re2.h>

#include <array>
#include <vector>

#include "expr/internal/lib_util.h"
#include "expr/internal/number.h"
#include "expr/libraries.h"
#include "expr/limits.h"
#include "expr/regex_cache.h"

namespace ameia::expr {
namespace internal {
namespace {

constexpr int kGroupsMax = 10;  // \0 to \9

const re2::RE2* program_of(CallContext& context, const Value& pattern, std::string_view prefix, Value& failed) {
  std::string why = "no regular expressions here";
  const re2::RE2* program = context.regexes == nullptr ? nullptr : context.regexes->get(pattern.str(), &why);
  if (program == nullptr) failed = context.error(std::string(prefix) + why);
  return program;
}

struct Match {
  std::array<re2::StringPiece, kGroupsMax> groups;
  [[nodiscard]] size_t begin(std::string_view text) const {
    return static_cast<size_t>(groups[0].data() - text.data());
  }
  [[nodiscard]] size_t end(std::string_view text) const { return begin(text) + groups[0].size(); }
};

// Calls `take` with each match from left to right until it returns false. An empty match right behind another is none.
template <typename Take>
void each_match(const re2::RE2& program, std::string_view text, const Take& take) {
  const int groups = std::min(program.NumberOfCapturingGroups() + 1, kGroupsMax);
  const re2::StringPiece whole(text.data(), text.size());
  size_t at = 0, before = std::string_view::npos;
  Match match;
  while (at <= text.size()) {
    if (!program.Match(whole, at, text.size(), re2::RE2::UNANCHORED, match.groups.data(), groups)) return;
    const size_t begin = match.begin(text), end = match.end(text);
    bool accept = true;
    if (end == at) {
      accept = begin != before;
      at = at < text.size() ? at + code_point_bytes(text, at) : at + 1;
    } else {
      at = end;
    }
    before = end;
    if (accept && !take(match)) return;
  }
}

Value piece(const Value& text, const re2::StringPiece& found) {
  if (found.data() == nullptr || found.empty()) return Value::of_string({}, true);
  const auto begin = static_cast<size_t>(found.data() - text.chars);
  return part_of(text, begin, begin + found.size());
}

Value find(CallContext& context, const Value* args, uint32_t) {
  Value failed;
  const re2::RE2* program = program_of(context, args[1], "Illegal regex: ", failed);
  if (program == nullptr) return failed;
  re2::StringPiece found;
  const std::string_view text = args[0].str();
  const bool matched =
      program->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(), re2::RE2::UNANCHORED, &found, 1);
  return piece(args[0], matched ? found : re2::StringPiece());
}

Value find_all(CallContext& context, const Value* args, uint32_t count) {
  Value failed;
  const re2::RE2* program = program_of(context, args[1], "Illegal regex: ", failed);
  if (program == nullptr) return failed;
  const uint64_t most = count == 3 && args[2].integer >= 0 ? static_cast<uint64_t>(args[2].integer) : UINT64_MAX;
  if (most == 0) return context.list({});
  std::vector<Value> out;
  each_match(*program, args[0].str(), [&](const Match& match) {
    out.push_back(piece(args[0], match.groups[0]));
    return out.size() < most;
  });
  return context.list(out);
}

Value one_group_only(CallContext& context, const Value& pattern) {
  return context.error("regular expression has more than one capturing group: " + go_quote(pattern.str()));
}

Value extract(CallContext& context, const Value* args, uint32_t) {
  Value failed;
  const re2::RE2* program = program_of(context, args[1], "", failed);
  if (program == nullptr) return failed;
  const int groups = program->NumberOfCapturingGroups();
  if (groups > 1) return one_group_only(context, args[1]);
  re2::StringPiece found[2];
  const std::string_view text = args[0].str();
  if (!program->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(), re2::RE2::UNANCHORED, found,
                      groups + 1) ||
      (groups == 1 && found[1].empty())) {
    return CallContext::none();
  }
  return context.some(piece(args[0], found[groups]));
}

Value extract_all(CallContext& context, const Value* args, uint32_t) {
  Value failed;
  const re2::RE2* program = program_of(context, args[1], "", failed);
  if (program == nullptr) return failed;
  const int groups = program->NumberOfCapturingGroups();
  if (groups > 1) return one_group_only(context, args[1]);
  std::vector<Value> out;
  each_match(*program, args[0].str(), [&](const Match& match) {
    if (groups == 0 || !match.groups[1].empty())
      out.push_back(piece(args[0], match.groups[static_cast<size_t>(groups)]));
    return true;
  });
  return context.list(out);
}

// A replacement's "\1" and "\\". Returns what is wrong with it, or nothing.
std::string expand(std::string_view form, const Match& match, int groups, std::string& out) {
  for (size_t i = 0; i < form.size(); ++i) {
    if (form[i] != '\\') {
      out += form[i];
      continue;
    }
    if (++i == form.size()) return "invalid replacement string: '" + std::string(form) + "' \\ not allowed at end";
    if (form[i] == '\\') {
      out += '\\';
      continue;
    }
    if (form[i] < '0' || form[i] > '9')
      return "invalid replacement string: '" + std::string(form) + "' \\ must be followed by a digit or \\";
    const int group = form[i] - '0';
    if (group > groups) {
      return "replacement string references group " + std::to_string(group) + " but regex has only " +
             std::to_string(groups) + " group(s)";
    }
    const re2::StringPiece& found = match.groups[static_cast<size_t>(group)];
    if (found.data() != nullptr) out.append(found.data(), found.size());
  }
  return {};
}

Value replace(CallContext& context, const Value* args, uint32_t count) {
  const int64_t limit = count == 4 ? args[3].integer : -1;
  if (limit == 0) return args[0];
  Value failed;
  const re2::RE2* program = program_of(context, args[1], "", failed);
  if (program == nullptr) return failed;
  const std::string_view text = args[0].str();
  std::string out, wrong;
  size_t at = 0;
  uint64_t left = limit < 0 ? UINT64_MAX : static_cast<uint64_t>(limit);
  bool room = true;
  each_match(*program, text, [&](const Match& match) {
    out.append(text, at, match.begin(text) - at);
    wrong = expand(args[2].str(), match, program->NumberOfCapturingGroups(), out);
    at = match.end(text);
    room = context.room_for(out.size());
    return wrong.empty() && room && --left != 0;
  });
  if (!wrong.empty()) return context.error(wrong);
  if (!room) return context.no_room();
  out.append(text, at);
  return context.string(out);
}

uint64_t cost_find(const Value* args, uint32_t, const Value&) {
  return tenths(cost_size(args[0]) + 1) * quarters(cost_size(args[1]));
}

double search_cost(const Value* args) {
  return static_cast<double>(cost_size(args[0]) + 1) * 0.1 * (static_cast<double>(cost_size(args[1]) + 1) * 0.25);
}
uint64_t cost_extract(const Value* args, uint32_t, const Value& result) {
  return cost_of_double(std::ceil(1 + search_cost(args) + static_cast<double>(cost_size(result))));
}
uint64_t cost_extract_all(const Value* args, uint32_t, const Value& result) {
  return cost_of_double(std::ceil(1 + search_cost(args) + static_cast<double>(cost_size(result)) + 10));
}
uint64_t cost_replace(const Value* args, uint32_t, const Value& result) {
  return cost_of_double(1 + search_cost(args) + static_cast<double>(cost_size(result)));
}

constexpr Overload kKubernetes[] = {
    {"string_find_string", "string.find(string) -> string", find, cost_find},
    {"string_find_all_string", "string.findAll(string) -> list(string)", find_all, cost_find},
    {"string_find_all_string_int", "string.findAll(string, int) -> list(string)", find_all, cost_find},
};

constexpr Overload kExtension[] = {
    {"regex_extract_string_string", "regex.extract(string, string) -> optional(string)", extract, cost_extract, true},
    {"regex_extractAll_string_string", "regex.extractAll(string, string) -> list(string)", extract_all,
     cost_extract_all, true},
    {"regex_replace_string_string_string", "regex.replace(string, string, string) -> string", replace, cost_replace,
     true},
    {"regex_replace_string_string_string_int", "regex.replace(string, string, string, int) -> string", replace,
     cost_replace, true},
};

}  // namespace
}  // namespace internal

Library k8s_regex() {
  return {"kubernetes.regex", 0, internal::kKubernetes};
}
Library regex_ext_library() {
  return {"regex", 0, internal::kExtension};
}

}  // namespace ameia::expr
