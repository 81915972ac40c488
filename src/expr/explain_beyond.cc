#include <algorithm>
#include <optional>
#include <span>
#include <vector>

#include "doc/patch.h"
#include "expr/internal/beyond.h"
#include "expr/internal/explain.h"

namespace ameia::expr::internal {
namespace {

// The names that an access goes through, its variable first: c.?a[?'b'].orValue({}).c is c, a, b, c. Nothing for what
// is no access of fields.
std::optional<std::vector<std::string_view>> names_of(const Expr& expr) {
  std::vector<std::string_view> names;
  const Expr* at = &expr;
  while (at->kind != ExprKind::kIdent) {
    const bool is_call = at->kind == ExprKind::kCall && !at->args.empty();
    const bool is_step = is_call && at->args.size() == 2 &&
                         (at->name == "_?._" || at->name == "_[_]" || at->name == "_[?_]") &&
                         at->args[1]->kind == ExprKind::kLiteral && at->args[1]->literal.kind == Literal::Kind::kString;
    if (at->kind == ExprKind::kSelect) {
      names.push_back(at->name);
      at = at->operand;
    } else if (is_step) {
      names.push_back(at->args[1]->literal.text);
      at = at->args[0];
    } else if (is_call && (at->name == "dyn" || (at->receiver && (at->name == "orValue" || at->name == "value")))) {
      at = at->args[0];  // the same value
    } else {
      return std::nullopt;
    }
  }
  names.push_back(at->name);
  std::reverse(names.begin(), names.end());
  return names;
}

std::string pointer_of(std::span<const std::string_view> names) {
  std::string out;
  for (const std::string_view name : names) out += "/" + doc::escape_pointer_token(name);
  return out;
}

}  // namespace

const std::string& Beyond::below(const Seen& seen) {
  static const std::string kNothing;
  auto names = names_of(*seen.expr);
  if (!names) return kNothing;
  const auto missing = std::find(names->begin() + 1, names->end(), seen.missing);
  if (missing == names->end()) return kNothing;
  const auto [place, is_new] =
      known_.try_emplace({seen.program, seen.expr->id, std::string(seen.missing)}, std::string());
  if (!is_new) return place->second;
  // What the blamed access itself goes on to; then, of the accesses that go on from its end, the first in the text.
  const size_t own = static_cast<size_t>(missing - names->begin()) + 1;
  place->second = pointer_of(std::span(*names).subspan(own));
  uint32_t first = UINT32_MAX;
  size_t longest = names->size();
  for_each(set_.programs[seen.program].checked.ast->root, [&](const Expr& expr) {
    if (expr.kind == ExprKind::kIdent || expr.begin > first) return;
    const auto other = names_of(expr);
    if (!other || other->size() <= names->size() || !std::equal(names->begin(), names->end(), other->begin())) return;
    if (expr.begin == first && other->size() <= longest) return;
    first = expr.begin;
    longest = other->size();
    place->second = pointer_of(std::span(*other).subspan(own));
  });
  return place->second;
}

}  // namespace ameia::expr::internal
