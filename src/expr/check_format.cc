// "%d".format(['x']): a literal format with a list of arguments is checked against their types before it ever runs.
#include <algorithm>

#include "expr/internal/check_literals.h"
#include "expr/internal/lib_strings.h"
#include "expr/internal/static_types.h"
#include "expr/limits.h"

namespace ameia::expr {
namespace {

bool is_one_of(const Type* type, std::initializer_list<TypeKind> kinds) {
  return type == nullptr || type->kind == TypeKind::kDyn ||
         std::find(kinds.begin(), kinds.end(), type->kind) != kinds.end();
}

class FormatChecker {
 public:
  FormatChecker(const Checked& checked, bool plain) : checked_(checked), plain_(plain) {}

  // The expression that the clause cannot write, or nullptr.
  const Expr* misfit(char letter, const Expr* e) {
    const Type* type = checked_.types[e->id];
    using K = TypeKind;
    switch (letter) {
      case 's': return unwritable(e, 0);
      case 'd': return is_one_of(type, {K::kInt, K::kUint, plain_ ? K::kDouble : K::kInt}) ? nullptr : e;
      case 'f':
      case 'e':
        return (plain_ ? is_one_of(type, {K::kInt, K::kUint, K::kDouble}) : is_one_of(type, {K::kDouble, K::kString}))
                   ? nullptr
                   : e;
      case 'b': return is_one_of(type, {K::kInt, K::kUint, K::kBool}) ? nullptr : e;
      case 'x':
      case 'X': return is_one_of(type, {K::kInt, K::kUint, K::kString, K::kBytes}) ? nullptr : e;
      default: return is_one_of(type, {K::kInt, K::kUint}) ? nullptr : e;
    }
  }

 private:
  const Expr* unwritable(const Expr* e, uint32_t depth) {
    using K = TypeKind;
    if (!is_one_of(checked_.types[e->id],
                   {K::kList, K::kMap, K::kInt, K::kUint, K::kDouble, K::kBool, K::kString, K::kTimestamp, K::kBytes,
                    K::kDuration, K::kType, K::kNull, K::kTypeParam})) {
      return e;
    }
    if (depth > kNestingMax) return nullptr;
    if (e->kind == ExprKind::kList) {
      for (const Expr* item : e->args) {
        if (const Expr* bad = unwritable(item, depth + 1)) return bad;
      }
    } else if (e->kind == ExprKind::kMap) {
      for (const MapEntry& entry : e->entries) {
        if (const Expr* bad = unwritable(entry.key, depth + 1)) return bad;
        if (const Expr* bad = unwritable(entry.value, depth + 1)) return bad;
      }
    }
    return nullptr;
  }

  const Checked& checked_;
  bool plain_;
};

}  // namespace

std::optional<Issue> check_format(const Checked& checked, const Expr* call) {
  if (!call->receiver || call->args.size() != 2 || call->args[1]->kind != ExprKind::kList) return {};
  const Expr* form = call->args[0];
  if (form->kind != ExprKind::kLiteral || form->literal.kind != Literal::Kind::kString) return {};
  const auto& overloads = checked.references[call->id].overloads;
  if (overloads.size() != 1 || overloads[0]->id != "string_format") return {};

  FormatChecker checker(checked, overloads[0]->body == internal::format_string_v4);
  const std::span<Expr*> given = call->args[1]->args;
  const Expr* at = call;
  uint32_t used = 0;
  const auto result = internal::write_format(
      form->literal.text, static_cast<uint32_t>(given.size()), true,
      [&](char letter, uint32_t, uint32_t index) -> std::expected<std::string, std::string> {
        const Expr* bad = checker.misfit(letter, given[index]);
        if (bad == nullptr) return std::string();
        at = bad;
        return std::unexpected(std::string(internal::format_complaint(letter)) + ", was given " +
                               std::string(internal::runtime_name(*checked.types[bad->id])));
      },
      used);
  if (!result) return Issue{at->caret, result.error()};
  if (given.size() > used) {
    return Issue{call->caret, "too many arguments supplied to string.format (expected " + std::to_string(used) +
                                  ", got " + std::to_string(given.size()) + ")"};
  }
  return {};
}

}  // namespace ameia::expr
