// Builder: makes nodes of one Ast within its limits, and collects issues. Shared by the parser and the macros.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "expr/ast.h"
#include "expr/limits.h"
#include "expr/parse.h"

namespace ameia::expr {

inline constexpr uint32_t kNoOffset = UINT32_MAX;  // of an Issue about the whole source
inline constexpr std::string_view kAccumulator = "@result";

class Builder {
 public:
  Builder(Ast& ast, uint32_t nodes_max) : ast_(ast), nodes_max_(nodes_max) {}

  Expr* make(ExprKind kind, uint32_t caret, uint32_t begin, uint32_t end) {
    if (++ast_.ids > nodes_max_) too_many_ = true;
    Expr* e = ast_.arena.make<Expr>();
    e->kind = kind;
    e->id = ast_.ids;
    e->caret = caret;
    e->begin = begin;
    e->end = end;
    return e;
  }
  uint32_t next_id() { return ++ast_.ids; }
  // True once the expression has more nodes than allowed: what is built from then on is thrown away.
  [[nodiscard]] bool too_many() const { return too_many_; }
  [[nodiscard]] base::Arena& arena() { return ast_.arena; }

  void issue(uint32_t offset, std::string message) {
    if (issues_.size() < kIssuesMax) issues_.push_back({offset, std::move(message)});
  }
  std::vector<Issue>& issues() { return issues_; }

 private:
  Ast& ast_;
  uint32_t nodes_max_;
  bool too_many_ = false;
  std::vector<Issue> issues_;
};

// A call as written, which may be a macro's. `target` is nullptr for a global call.
struct CallSite {
  std::string_view function;
  Expr* target;
  std::span<Expr*> args;
  uint32_t caret;       // the '('
  uint32_t begin, end;  // of the whole call
};

// The expansion, or nullptr when the call is no macro. A macro that was misused is an issue, and a literal stands for
// it.
Expr* expand_macro(Builder& builder, const Syntax& syntax, const CallSite& call);

}  // namespace ameia::expr
