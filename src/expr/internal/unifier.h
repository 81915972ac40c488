// Unifier: type variables of one check and what they stand for. CEL's gradual rules: dyn fits everything, null fits
// what is nullable, the more general of two types wins. Neighbours: expr/check.cc asks, expr/unify.cc answers. Rules as
// in cel-go's checker/types.go.
#pragma once

#include <span>
#include <vector>

#include "base/arena.h"
#include "expr/limits.h"
#include "expr/type.h"

namespace ameia::expr {

class Unifier {
 public:
  explicit Unifier(base::Arena& arena) : arena_(arena) {}

  const Type* fresh();
  const Type* list(const Type* element) { return make(TypeKind::kList, {}, {element}); }
  const Type* map(const Type* key, const Type* value) { return make(TypeKind::kMap, {}, {key, value}); }
  const Type* optional(const Type* value) { return make(TypeKind::kOptional, {}, {value}); }
  const Type* type_of(const Type* named) { return make(TypeKind::kType, {}, {named}); }

  // Whether `from` may stand where `to` is wanted; binds variables when it may, and nothing when it may not.
  bool assignable(const Type* from, const Type* to);
  bool assignable(std::span<const Type* const> from, std::span<const Type* const> to);
  // The more general of two types that fit each other.
  const Type* most_general(const Type* a, const Type* b);
  // The type with its variables replaced; free ones become dyn when asked.
  const Type* substitute(const Type* type, bool free_to_dyn);
  // A signature's type with its letters replaced by variables; `letters` holds those made so far, 26 places.
  const Type* instantiate(const Type* type, const Type** letters);

  // The types grew beyond reason: answers are no longer meaningful, and the caller reports it.
  [[nodiscard]] bool exhausted() const { return steps_ >= kTypeStepsMax; }

 private:
  const Type* make(TypeKind kind, std::string_view name, std::initializer_list<const Type*> params);
  const Type* rebuild(const Type* type, std::span<const Type* const> params);
  bool step() { return ++steps_ < kTypeStepsMax; }
  const Type* bound(const Type* variable) const { return bindings_[variable->id]; }
  void bind(const Type* variable, const Type* type);
  void undo(size_t mark);

  bool fits(const Type* from, const Type* to);
  bool fits_all(std::span<const Type* const> from, std::span<const Type* const> to);
  // Whether `variable` may stand for `type`, and whether it stood for something before.
  bool stands_for(const Type* type, const Type* variable, bool& was_bound);
  bool occurs(const Type* variable, const Type* in);
  bool exact(const Type* a, const Type* b);
  bool equal_or_less_specific(const Type* a, const Type* b);

  struct Change {
    uint32_t variable;
    const Type* before;
  };
  base::Arena& arena_;
  std::vector<const Type*> bindings_;  // by variable id
  std::vector<Change> trail_;
  uint32_t steps_ = 0;
};

inline bool is_dyn(const Type* type) {
  return type->kind == TypeKind::kDyn;
}
inline bool is_dyn_or_error(const Type* type) {
  return type->kind == TypeKind::kDyn || type->kind == TypeKind::kError;
}

}  // namespace ameia::expr
