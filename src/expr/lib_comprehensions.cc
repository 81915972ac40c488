// The function that transformMap and transformMapEntry expand to. The planner fuses the loop; this is the plain
// meaning.
#include "expr/function.h"
#include "expr/internal/ops.h"
#include "expr/libraries.h"

namespace ameia::expr {

namespace {

Value insert(CallContext& context, const Value& map, const MapEntryValue* added, uint32_t added_size) {
  const uint32_t before = map_size(map);
  const size_t total = size_t{before} + added_size;
  if (!context.room_for(total * sizeof(MapEntryValue))) return context.no_room();
  MapEntryValue* entries = context.arena.array<MapEntryValue>(total);
  for (uint32_t i = 0; i < before; ++i) entries[i] = map_at(map, i);
  Value ignored;
  for (uint32_t i = 0; i < added_size; ++i) {
    if (map_find(map, added[i].key, ignored)) {
      Value key = internal::to_string_value(context, &added[i].key, 1);
      return context.errorf("insert failed: key %.*s already exists",
                            static_cast<int>(std::min<uint32_t>(key.size, 200)), key.chars);
    }
    entries[before + i] = added[i];
  }
  return Value::of_map(make_map(context.arena, entries, static_cast<uint32_t>(total)));
}

Value insert_pair(CallContext& context, const Value* args, uint32_t) {
  const MapEntryValue entry{args[1], args[2]};
  return insert(context, args[0], &entry, 1);
}

Value insert_map(CallContext& context, const Value* args, uint32_t) {
  const uint32_t size = map_size(args[1]);
  MapEntryValue* entries = context.arena.array<MapEntryValue>(size);
  for (uint32_t i = 0; i < size; ++i) entries[i] = map_at(args[1], i);
  return insert(context, args[0], entries, size);
}

constexpr Overload kOverloads[] = {
    {"@mapInsert_map_key_value", "cel.@mapInsert(map(K, V), K, V) -> map(K, V)", insert_pair, nullptr, true},
    {"@mapInsert_map_map", "cel.@mapInsert(map(K, V), map(K, V)) -> map(K, V)", insert_map, nullptr, true},
};

}  // namespace

Library comprehensions_library() {
  return {"comprehensions", 0, kOverloads};
}

}  // namespace ameia::expr
