#include "expr/internal/steady.h"

#include <optional>

#include "expr/internal/ops.h"

namespace ameia::expr::internal {
namespace {

std::optional<Value> copied(const Value& value, base::Arena& arena) {
  switch (value.kind) {
    case ValueKind::kString: {
      Value out = value;
      out.chars = arena.copy(value.str()).data();
      return out;
    }
    case ValueKind::kBytes: {
      Value out = value;
      out.chars = arena.copy(value.str()).data();
      return out;
    }
    case ValueKind::kList: {
      if (value.list->semantics != nullptr) return std::nullopt;
      auto* items = arena.array<Value>(value.list->size);
      for (uint32_t i = 0; i < value.list->size; ++i) {
        const auto item = copied(value.list->items[i], arena);
        if (!item) return std::nullopt;
        items[i] = *item;
      }
      auto* list = arena.make<ListValue>();
      list->size = value.list->size;
      list->items = items;
      return Value::of_list(list);
    }
    case ValueKind::kOptional: {
      if (value.optional == nullptr) return value;
      const auto inner = copied(*value.optional, arena);
      if (!inner) return std::nullopt;
      return Value::of_optional(arena.make<Value>(*inner));
    }
    case ValueKind::kMap:
    case ValueKind::kOpaque:
    case ValueKind::kError: return std::nullopt;
    default: return value;  // scalars, types, and documents, which outlive the key
  }
}

}  // namespace

void SteadyValues::use(std::string_view key) {
  if (current_ != nullptr && key == key_) return;
  if (arena_.reserved_bytes() > kBytesMax) {
    by_key_.clear();
    arena_ = base::Arena();
  }
  key_ = key;
  current_ = &by_key_.try_emplace(key_, fields_).first->second;
}

void SteadyValues::keep(uint32_t field, const Value& value, uint64_t cost) {
  if (const auto copy = copied(value, arena_)) (*current_)[field] = {true, cost, *copy};
}

}  // namespace ameia::expr::internal
