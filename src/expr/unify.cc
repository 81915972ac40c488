#include <string>

#include "expr/internal/unifier.h"

namespace ameia::expr {

namespace {

bool is_nullable(const Type* type) {
  switch (type->kind) {
    case TypeKind::kOpaque:
    case TypeKind::kOptional:
    case TypeKind::kObject:
    case TypeKind::kDuration:
    case TypeKind::kTimestamp:
    case TypeKind::kNull: return true;
    default: return false;
  }
}

}  // namespace

const Type* Unifier::make(TypeKind kind, std::string_view name, std::initializer_list<const Type*> params) {
  Type* type = arena_.make<Type>();
  *type = Type{kind, name, arena_.copy(std::span<const Type* const>(params.begin(), params.size()))};
  return type;
}

const Type* Unifier::rebuild(const Type* type, std::span<const Type* const> params) {
  Type* made = arena_.make<Type>();
  *made = Type{type->kind, type->name, params, type->id};
  return made;
}

const Type* Unifier::fresh() {
  Type* type = arena_.make<Type>();
  const auto id = static_cast<uint32_t>(bindings_.size());
  *type = Type{TypeKind::kTypeParam, arena_.copy("_var" + std::to_string(id)), {}, id};
  bindings_.push_back(nullptr);
  return type;
}

void Unifier::bind(const Type* variable, const Type* type) {
  trail_.push_back({variable->id, bindings_[variable->id]});
  bindings_[variable->id] = type;
}

void Unifier::undo(size_t mark) {
  while (trail_.size() > mark) {
    bindings_[trail_.back().variable] = trail_.back().before;
    trail_.pop_back();
  }
}

bool Unifier::assignable(const Type* from, const Type* to) {
  const size_t mark = trail_.size();
  if (fits(from, to)) return true;
  undo(mark);
  return false;
}

bool Unifier::assignable(std::span<const Type* const> from, std::span<const Type* const> to) {
  const size_t mark = trail_.size();
  if (fits_all(from, to)) return true;
  undo(mark);
  return false;
}

bool Unifier::fits_all(std::span<const Type* const> from, std::span<const Type* const> to) {
  if (from.size() != to.size()) return false;
  for (size_t i = 0; i < from.size(); ++i) {
    if (!fits(from[i], to[i])) return false;
  }
  return true;
}

bool Unifier::fits(const Type* from, const Type* to) {
  if (from == to && from->params.empty()) return true;
  if (!step()) return true;
  bool was_bound = false;
  if (to->kind == TypeKind::kTypeParam) {
    if (stands_for(from, to, was_bound)) return true;
    if (was_bound) return false;
  }
  if (from->kind == TypeKind::kTypeParam) return stands_for(to, from, was_bound);
  if (is_dyn_or_error(from) || is_dyn_or_error(to)) return true;
  if (from->kind == TypeKind::kNull) return is_nullable(to);
  if (to->kind == TypeKind::kNull) return is_nullable(from);
  if (from->kind != to->kind) return false;
  switch (from->kind) {
    case TypeKind::kType: return true;
    case TypeKind::kObject: return from->name == to->name;
    case TypeKind::kOpaque: return from->name == to->name && fits_all(from->params, to->params);
    case TypeKind::kList:
    case TypeKind::kMap:
    case TypeKind::kOptional: return fits_all(from->params, to->params);
    default: return true;
  }
}

bool Unifier::stands_for(const Type* type, const Type* variable, bool& was_bound) {
  was_bound = true;
  if (exact(type, variable)) return true;
  const Type* before = bound(variable);
  if (before != nullptr) {
    if (exact(type, before)) return true;
    if (!fits(type, before)) return false;
    const Type* general = most_general(type, before);
    if (!occurs(variable, general)) bind(variable, general);
    return true;
  }
  was_bound = false;
  if (occurs(variable, type)) return false;
  bind(variable, type);
  return true;
}

// Whether the variable is part of `in`, followed through bindings. A variable is part of itself.
bool Unifier::occurs(const Type* variable, const Type* in) {
  if (!step()) return true;
  if (in->kind == TypeKind::kTypeParam) {
    if (in->id == variable->id) return true;
    const Type* next = bound(in);
    return next != nullptr && occurs(variable, next);
  }
  for (const Type* param : in->params) {
    if (occurs(variable, param)) return true;
  }
  return false;
}

bool Unifier::exact(const Type* a, const Type* b) {
  if (a == b) return true;
  if (a->kind != b->kind || a->id != b->id || a->name != b->name || a->params.size() != b->params.size()) return false;
  if (!step()) return true;
  for (size_t i = 0; i < a->params.size(); ++i) {
    if (!exact(a->params[i], b->params[i])) return false;
  }
  return true;
}

bool Unifier::equal_or_less_specific(const Type* a, const Type* b) {
  if (!step()) return true;
  if (is_dyn(a) || a->kind == TypeKind::kTypeParam) return true;
  if (is_dyn(b) || b->kind == TypeKind::kTypeParam) return false;
  if (b->kind == TypeKind::kNull) return true;  // null joins a nullable type: the nullable type is the general one
  if (a->kind != b->kind || a->name != b->name || a->params.size() != b->params.size())
    return a->kind == b->kind && a->kind == TypeKind::kType;
  if (a->kind == TypeKind::kType) return true;
  for (size_t i = 0; i < a->params.size(); ++i) {
    if (!equal_or_less_specific(a->params[i], b->params[i])) return false;
  }
  return true;
}

const Type* Unifier::most_general(const Type* a, const Type* b) {
  return equal_or_less_specific(a, b) ? a : b;
}

const Type* Unifier::substitute(const Type* type, bool free_to_dyn) {
  if (!step()) return simple_type(TypeKind::kDyn);
  if (type->kind == TypeKind::kTypeParam) {
    const Type* to = bound(type);
    if (to != nullptr) return substitute(to, free_to_dyn);
    return free_to_dyn ? simple_type(TypeKind::kDyn) : type;
  }
  if (type->params.empty()) return type;
  const Type* params[26];  // no type constructor has more
  if (type->params.size() > std::size(params)) return type;
  bool changed = false;
  for (size_t i = 0; i < type->params.size(); ++i) {
    params[i] = substitute(type->params[i], free_to_dyn);
    changed = changed || params[i] != type->params[i];
  }
  if (!changed) return type;
  return rebuild(type, arena_.copy(std::span<const Type* const>(params, type->params.size())));
}

const Type* Unifier::instantiate(const Type* type, const Type** letters) {
  if (type->kind == TypeKind::kTypeParam) {
    const Type*& letter = letters[(type->id - 1) % 26];
    if (letter == nullptr) letter = fresh();
    return letter;
  }
  if (type->params.empty() || !step()) return type;
  const Type* params[26];
  if (type->params.size() > std::size(params)) return type;
  bool changed = false;
  for (size_t i = 0; i < type->params.size(); ++i) {
    params[i] = instantiate(type->params[i], letters);
    changed = changed || params[i] != type->params[i];
  }
  if (!changed) return type;
  return rebuild(type, arena_.copy(std::span<const Type* const>(params, type->params.size())));
}

}  // namespace ameia::expr
