#include "expr/internal/steady.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "expr/internal/ops.h"

namespace ameia::expr::internal {
namespace {

constexpr uint32_t kTextsIndexedMin = 16;  // a shorter list is read through as fast

std::optional<Value> copied(const Value& value, base::Arena& arena);

// A list of texts with an index of them; equal texts are kept once.
Value copied_texts(const ListValue& from, base::Arena& arena) {
  const uint32_t slot_count = std::bit_ceil(from.size * 2);
  auto* slots = arena.array<uint32_t>(slot_count);
  std::fill_n(slots, slot_count, 0);
  auto* items = arena.array<Value>(from.size);
  for (uint32_t i = 0; i < from.size; ++i) {
    items[i] = from.items[i];
    const std::string_view text = items[i].str();
    uint32_t at = doc::key_hash(text) & (slot_count - 1);
    while (slots[at] != 0 && items[slots[at] - 1].str() != text) at = (at + 1) & (slot_count - 1);
    if (slots[at] == 0) {
      slots[at] = i + 1;
      items[i].chars = arena.copy(text).data();
    } else {
      items[i].chars = items[slots[at] - 1].chars;
    }
  }
  auto* texts = arena.make<TextIndex>();
  *texts = {slot_count - 1, slots};
  auto* list = arena.make<ListValue>();
  *list = {from.size, items, nullptr, texts};
  return Value::of_list(list);
}

std::optional<Value> copied_list(const ListValue& from, base::Arena& arena) {
  if (from.semantics != nullptr) return std::nullopt;
  if (from.size >= kTextsIndexedMin &&
      std::all_of(from.items, from.items + from.size, [](const Value& v) { return v.is(ValueKind::kString); })) {
    return copied_texts(from, arena);
  }
  auto* items = arena.array<Value>(from.size);
  for (uint32_t i = 0; i < from.size; ++i) {
    const auto item = copied(from.items[i], arena);
    if (!item) return std::nullopt;
    items[i] = *item;
  }
  auto* list = arena.make<ListValue>();
  list->size = from.size;
  list->items = items;
  return Value::of_list(list);
}

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
    case ValueKind::kList: return copied_list(*value.list, arena);
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
