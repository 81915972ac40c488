#include "expr/regex_cache.h"

#include <re2/re2.h>

namespace ameia::expr {
namespace {

// RE2 names what is wrong with a pattern a little differently from Go: "missing ): (a" is "missing closing ): `(a`".
std::string go_error(std::string_view error) {
  struct Row {
    std::string_view re2, go;
  };
  static constexpr Row kRows[] = {{"missing )", "missing closing )"},
                                  {"missing ]", "missing closing ]"},
                                  {"trailing \\", "trailing backslash at end of expression"},
                                  {"no argument for repetition operator", "missing argument to repetition operator"},
                                  {"invalid repetition size", "invalid repeat count"},
                                  {"bad repetition operator", "invalid nested repetition operator"},
                                  {"invalid perl operator", "invalid or unsupported Perl syntax"},
                                  {"invalid named capture group", "invalid named capture"},
                                  {"pattern too large - compile failed", "expression too large"}};
  const size_t colon = error.find(": ");
  std::string_view what = error.substr(0, colon);
  for (const Row& row : kRows) {
    if (row.re2 == what) what = row.go;
  }
  std::string out = "error parsing regexp: " + std::string(what);
  if (colon != std::string_view::npos) out += ": `" + std::string(error.substr(colon + 2)) + "`";
  return out;
}

std::unique_ptr<re2::RE2> compile(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(int64_t{8} << 20);
  return std::make_unique<re2::RE2>(re2::StringPiece(pattern.data(), pattern.size()), options);
}

}  // namespace

RegexCache::RegexCache(const RegexCache* shared) : shared_(shared) {}
RegexCache::~RegexCache() = default;

bool RegexCache::add(std::string_view pattern) {
  if (kept_.find(pattern) != kept_.end()) return true;
  Program program = compile(pattern);
  if (!program->ok()) return false;
  kept_.emplace(std::string(pattern), std::move(program));
  return true;
}

const re2::RE2* RegexCache::get(std::string_view pattern, std::string* error) const {
  if (shared_ != nullptr) {
    if (auto it = shared_->kept_.find(pattern); it != shared_->kept_.end()) return it->second.get();
  }
  if (auto it = kept_.find(pattern); it != kept_.end()) return it->second.get();
  if (auto it = computed_.find(pattern); it != computed_.end()) return it->second.get();
  Program program = compile(pattern);
  if (!program->ok()) {
    if (error != nullptr) *error = go_error(program->error());
    return nullptr;
  }
  if (computed_.size() >= kComputedMax) {
    computed_.erase(order_.front());
    order_.pop_front();
  }
  const re2::RE2* made = program.get();
  computed_.emplace(std::string(pattern), std::move(program));
  order_.emplace_back(pattern);
  return made;
}

std::optional<bool> RegexCache::matches(std::string_view pattern, std::string_view text) const {
  const re2::RE2* program = get(pattern);
  if (program == nullptr) return std::nullopt;
  return re2::RE2::PartialMatch(text, *program);
}

}  // namespace ameia::expr
