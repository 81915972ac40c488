// What a ProgramSet holds. Neighbours: plan*.cc fills it, machine.cc and explain.cc read it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "expr/internal/plan.h"
#include "expr/program.h"
#include "expr/regex_cache.h"

namespace ameia::expr {

namespace internal {
struct MemoSource {  // what a memo remembers
  const Expr* expr;
  ProgramId program;
  uint32_t index;
};
}  // namespace internal

struct ProgramSet::Impl {
  struct Program {
    Checked checked;
    uint32_t scope = 0;
    const internal::Node* root = nullptr;
    bool is_composite = false;
  };
  struct Variable {
    std::string name;
    const ErrorValue* missing = nullptr;      // "no such attribute(s): name"
    std::vector<uint32_t> memos, composites;  // what to forget when it is rebound
  };
  struct Composite {
    std::string composite, name;
    uint32_t scope = 0;
    ProgramId program = 0;
    uint32_t scope_first = 0, scope_size = 0;  // its scope's fields are neighbours
    uint32_t reads_at = 0;                     // first word of its bits in Shared::reads
    bool steady = false;
  };

  std::shared_ptr<const Env> env;
  base::Arena arena;
  std::vector<Program> programs;
  std::vector<Variable> variables;
  std::map<std::string, uint32_t, std::less<>> slots;
  std::vector<Composite> composites;
  std::set<std::string, std::less<>> composite_names;
  std::vector<internal::MemoSource> memo_sources;
  uint32_t memo_count = 0, local_count = 0, reads_words = 0;
  RegexCache regexes;

  uint32_t slot_of(std::string_view name);
  // Index of scope's composite field, or -1.
  [[nodiscard]] int composite_index(uint32_t scope, std::string_view composite, std::string_view field) const;
  [[nodiscard]] bool is_composite(std::string_view variable) const;
};

namespace internal {

// Evaluated composites may read composites that deep.
inline constexpr uint32_t kCompositeDepthMax = 128;

// Plans every program of the set.
void plan_all(ProgramSet::Impl& set);

}  // namespace internal
}  // namespace ameia::expr
