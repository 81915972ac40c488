// Ast: a parsed CEL expression after macro expansion. Every node knows the bytes it was written in.
// Neighbours: expr/parse.h makes it, expr/check.h adds types and references, expr/program.h plans it.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "expr/type.h"

namespace ameia::expr {

enum class ExprKind : uint8_t { kLiteral, kIdent, kSelect, kCall, kList, kMap, kStruct, kComprehension };

struct Literal {
  enum class Kind : uint8_t { kNull, kBool, kInt, kUint, kDouble, kString, kBytes } kind = Kind::kNull;
  union {
    bool boolean;
    int64_t integer;
    uint64_t unsigned_integer;
    double number;
  };
  std::string_view text;  // kString, kBytes: the unescaped value
  constexpr Literal() : integer(0) {}
};

// Which macro a comprehension came from, so that the planner can fuse it. kOther: written by cel.bind, cel.block or
// transform*.
enum class Macro : uint8_t {
  kNone,
  kAll,
  kExists,
  kExistsOne,
  kMap,
  kMapFilter,
  kFilter,
  kBind,
  kTransformList,
  kTransformMap,
  kTransformMapEntry,
  kSortBy,
  kOptMap,
  kOptFlatMap,
  kOther
};

struct Expr;

struct MapEntry {
  Expr* key = nullptr;     // kMap
  std::string_view field;  // kStruct
  Expr* value = nullptr;
  bool optional = false;  // {?key: value}
  uint32_t id = 0;
  uint32_t caret = 0;
};

// The folded loop every comprehension macro becomes (cel-spec: "Comprehension").
struct Comprehension {
  Macro macro = Macro::kNone;
  std::string_view iter_var;
  std::string_view iter_var2;  // empty, or two-variable form
  Expr* iter_range = nullptr;
  std::string_view accu_var;  // "@result"
  Expr* accu_init = nullptr;
  Expr* loop_condition = nullptr;
  Expr* loop_step = nullptr;
  Expr* result = nullptr;
};

struct Expr {
  ExprKind kind = ExprKind::kLiteral;
  uint32_t id = 0;              // dense from 1 in one Ast; index into Checked::types
  uint32_t begin = 0, end = 0;  // byte span in the source
  uint32_t caret =
      0;  // where an error about this node points (cel-go's rule: the operator, the '(' of a call, the '.' of a select)
  bool test_only = false;    // kSelect made by has()
  bool receiver = false;     // kCall: args[0] is the target: a.f(b)
  bool leading_dot = false;  // kIdent: ".name", resolved in the root container only
  Literal literal;           // kLiteral
  std::string_view name;  // kIdent; kSelect: the field; kCall: the function ("_+_", "size", "_?._"); kStruct: the type
  Expr* operand = nullptr;                  // kSelect
  std::span<Expr*> args;                    // kCall (target first), kList
  std::span<const uint32_t> optional_args;  // kList: indices of elements written [?e]
  std::span<MapEntry> entries;              // kMap, kStruct
  Comprehension* loop = nullptr;
};

// Calls visit(const Expr&) for `root` and everything below it, in no promised order.
template <typename Visit>
void for_each(const Expr* root, Visit visit) {
  std::vector<const Expr*> open{root};
  while (!open.empty()) {
    const Expr* e = open.back();
    open.pop_back();
    if (e == nullptr) continue;
    visit(*e);
    open.push_back(e->operand);
    open.insert(open.end(), e->args.begin(), e->args.end());
    for (const MapEntry& entry : e->entries) {
      open.push_back(entry.key);
      open.push_back(entry.value);
    }
    if (const Comprehension* loop = e->loop; loop != nullptr) {
      open.insert(open.end(), {loop->iter_range, loop->accu_init, loop->loop_condition, loop->loop_step, loop->result});
    }
  }
}

// Function names of operators, as in cel-go: "_&&_" "_||_" "!_" "_?_:_" "_==_" "_!=_" "_<_" "_<=_" "_>_" "_>=_" "_+_"
// "_-_" "_*_"
// "_/_" "_%_" "-_" "_[_]" "@in" "_?._" "_[?_]" "@not_strictly_false".

struct Ast {
  std::string source;
  base::Arena arena;
  Expr* root = nullptr;
  uint32_t ids = 0;  // the largest id used
};

// One problem of a source text. `message` in cel-go's words.
struct Issue {
  uint32_t offset = 0;  // byte offset in the source
  std::string message;
};
// "ERROR: <input>:1:5: message\n | source line\n | ....^" — cel-go's form, positions in code points.
std::string format_issues(std::string_view source, const std::vector<Issue>& issues, std::string_view name = "<input>");

}  // namespace ameia::expr
