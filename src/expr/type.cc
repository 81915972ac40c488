#include "expr/type.h"

#include <algorithm>
#include <unordered_map>

#include "base/arena.h"
#include "expr/limits.h"

namespace ameia::expr {

namespace {

constexpr Type kSimple[] = {
    {TypeKind::kError, {}, {}},    {TypeKind::kDyn, {}, {}},       {TypeKind::kNull, {}, {}},
    {TypeKind::kBool, {}, {}},     {TypeKind::kInt, {}, {}},       {TypeKind::kUint, {}, {}},
    {TypeKind::kDouble, {}, {}},   {TypeKind::kString, {}, {}},    {TypeKind::kBytes, {}, {}},
    {TypeKind::kDuration, {}, {}}, {TypeKind::kTimestamp, {}, {}}, {TypeKind::kType, {}, {}},
};

std::string_view simple_name(TypeKind kind) {
  switch (kind) {
    case TypeKind::kError: return "!error!";
    case TypeKind::kDyn: return "dyn";
    case TypeKind::kNull: return "null";
    case TypeKind::kBool: return "bool";
    case TypeKind::kInt: return "int";
    case TypeKind::kUint: return "uint";
    case TypeKind::kDouble: return "double";
    case TypeKind::kString: return "string";
    case TypeKind::kBytes: return "bytes";
    case TypeKind::kDuration: return "duration";
    case TypeKind::kTimestamp: return "timestamp";
    case TypeKind::kList: return "list";
    case TypeKind::kMap: return "map";
    case TypeKind::kOptional: return "optional_type";
    case TypeKind::kType: return "type";
    default: return {};
  }
}

void write(const Type* type, std::string& out) {
  if (type == nullptr) return;
  if (out.size() > kTypeTextMax) return;
  std::string_view name = simple_name(type->kind);
  out += name.empty() ? type->name : name;
  if (type->params.empty()) return;
  out += '(';
  for (size_t i = 0; i < type->params.size(); ++i) {
    if (i > 0) out += ", ";
    write(type->params[i], out);
  }
  out += ')';
}

bool same(const Type* a, const Type* b, uint32_t& budget) {
  if (a == b) return true;
  if (a->kind != b->kind || a->params.size() != b->params.size() || a->name != b->name) return false;
  if (a->kind == TypeKind::kTypeParam) return a->id == b->id;
  if (budget == 0) return false;
  --budget;
  for (size_t i = 0; i < a->params.size(); ++i) {
    if (!same(a->params[i], b->params[i], budget)) return false;
  }
  return true;
}

size_t mix(size_t h, size_t v) {
  return (h ^ v) * 0x9E3779B97F4A7C15ull;
}

}  // namespace

const Type* simple_type(TypeKind kind) {
  for (const Type& type : kSimple) {
    if (type.kind == kind) return &type;
  }
  return &kSimple[1];
}

bool same_type(const Type* a, const Type* b) {
  if (a == nullptr || b == nullptr) return a == b;
  uint32_t budget = kTypeStepsMax;
  return same(a, b, budget);
}

std::string to_string(const Type* type) {
  std::string out;
  write(type, out);
  if (out.size() > kTypeTextMax) out.replace(kTypeTextMax, std::string::npos, "…");
  return out;
}

struct Types::Impl {
  base::Arena arena;
  std::unordered_multimap<size_t, const Type*> table;

  const Type* intern(TypeKind kind, std::string_view name, std::span<const Type* const> params, uint32_t id = 0) {
    size_t hash = mix(static_cast<size_t>(kind), std::hash<std::string_view>{}(name));
    for (const Type* p : params) hash = mix(hash, reinterpret_cast<size_t>(p));
    auto [first, last] = table.equal_range(hash);
    for (; first != last; ++first) {
      const Type* found = first->second;
      if (found->kind == kind && found->name == name &&
          std::equal(found->params.begin(), found->params.end(), params.begin(), params.end())) {
        return found;
      }
    }
    Type* made = arena.make<Type>();
    *made = Type{kind, arena.copy(name), arena.copy(params), id};
    table.emplace(hash, made);
    return made;
  }
};

Types::Types() : impl_(std::make_unique<Impl>()) {}
Types::~Types() = default;

const Type* Types::simple(TypeKind kind) {
  return simple_type(kind);
}

const Type* Types::list(const Type* element) {
  return impl_->intern(TypeKind::kList, {}, {&element, 1});
}

const Type* Types::map(const Type* key, const Type* value) {
  const Type* params[] = {key, value};
  return impl_->intern(TypeKind::kMap, {}, params);
}

const Type* Types::optional(const Type* value) {
  return impl_->intern(TypeKind::kOptional, {}, {&value, 1});
}

const Type* Types::type_of(const Type* named) {
  return impl_->intern(TypeKind::kType, {}, {&named, 1});
}

const Type* Types::opaque(std::string_view name, std::span<const Type* const> params) {
  return impl_->intern(TypeKind::kOpaque, name, params);
}

const Type* Types::object(std::string_view name) {
  return impl_->intern(TypeKind::kObject, name, {});
}

const Type* Types::param(std::string_view name) {
  const uint32_t letter = name.empty() ? 0 : static_cast<unsigned char>(name[0]);
  return impl_->intern(TypeKind::kTypeParam, name, {}, letter - 'A' + 1);
}

}  // namespace ameia::expr
