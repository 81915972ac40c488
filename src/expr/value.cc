#include "expr/value.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "expr/function.h"
#include "expr/internal/number.h"
#include "expr/internal/static_types.h"

namespace ameia::expr {

using internal::compare_numbers;
using internal::is_number;

Value Value::of_node(const doc::Node& n) {
  Value v;
  switch (n.kind) {
    case doc::Kind::kNull: break;
    case doc::Kind::kBool: return of(n.boolean);
    case doc::Kind::kInt: return of_int(n.integer);
    case doc::Kind::kDouble: return of_double(n.number);
    case doc::Kind::kString: return of_string({n.chars, n.size}, n.ascii);
    case doc::Kind::kList:
    case doc::Kind::kMap: v.kind = n.kind == doc::Kind::kList ? ValueKind::kDocList : ValueKind::kDocMap; v.node = &n;
  }
  return v;
}

// ---- lists and maps, whoever holds them

uint32_t list_size(const Value& list) {
  return list.kind == ValueKind::kDocList ? list.node->size : list.kind == ValueKind::kList ? list.list->size : 0;
}

Value list_at(const Value& list, uint32_t index) {
  return list.kind == ValueKind::kDocList ? Value::of_node(list.node->items[index]) : list.list->items[index];
}

uint32_t map_size(const Value& map) {
  return map.kind == ValueKind::kDocMap ? map.node->size : map.kind == ValueKind::kMap ? map.map->size : 0;
}

MapEntryValue map_at(const Value& map, uint32_t index) {
  if (map.kind == ValueKind::kMap) return map.map->entries[index];
  const doc::Member& member = map.node->members[index];
  std::string_view key = member.key->view();
  return {Value::of_string(key, internal::is_ascii(key)), Value::of_node(member.value)};
}

bool map_find(const Value& map, const Value& key, Value& out) {
  if (map.kind == ValueKind::kDocMap) {
    if (key.kind != ValueKind::kString) return false;
    const doc::Node* found = map.node->find(key.str());
    if (found == nullptr) return false;
    out = Value::of_node(*found);
    return true;
  }
  if (map.kind != ValueKind::kMap) return false;
  const MapValue& m = *map.map;
  if (m.index != nullptr) {
    for (uint32_t at = internal::hash_key(key) & m.index_mask; m.index[at] != 0; at = (at + 1) & m.index_mask) {
      const MapEntryValue& entry = m.entries[m.index[at] - 1];
      if (values_equal(entry.key, key)) {
        out = entry.value;
        return true;
      }
    }
    return false;
  }
  for (uint32_t i = 0; i < m.size; ++i) {
    if (values_equal(m.entries[i].key, key)) {
      out = m.entries[i].value;
      return true;
    }
  }
  return false;
}

const MapValue* make_map(base::Arena& arena, const MapEntryValue* entries, uint32_t size) {
  auto* map = arena.make<MapValue>();
  map->size = size;
  map->entries = entries;
  if (size <= MapValue::kScanMax) return map;
  uint32_t slots = 64;
  while (slots < size * uint64_t{2}) slots *= 2;
  auto* index = arena.array<uint32_t>(slots);
  std::memset(index, 0, slots * sizeof(uint32_t));
  for (uint32_t i = 0; i < size; ++i) {
    uint32_t at = internal::hash_key(entries[i].key) & (slots - 1);
    while (index[at] != 0) at = (at + 1) & (slots - 1);
    index[at] = i + 1;
  }
  map->index = index;
  map->index_mask = slots - 1;
  return map;
}

// ---- equality and order

namespace {

bool lists_equal(const Value& a, const Value& b) {
  uint32_t size = list_size(a);
  if (size != list_size(b)) return false;
  for (uint32_t i = 0; i < size; ++i) {
    if (!values_equal(list_at(a, i), list_at(b, i))) return false;
  }
  return true;
}

bool set_contains(const Value& list, const Value& item) {
  for (uint32_t i = 0, n = list_size(list); i < n; ++i) {
    if (values_equal(list_at(list, i), item)) return true;
  }
  return false;
}

// Kubernetes: same size, and every element of the other is in this one.
bool sets_equal(const Value& a, const Value& b) {
  uint32_t size = list_size(a);
  if (size != list_size(b)) return false;
  for (uint32_t i = 0; i < size; ++i) {
    if (!set_contains(a, list_at(b, i))) return false;
  }
  return true;
}

bool same_map_key(const Value& a, const Value& b, std::span<const std::string_view> keys) {
  for (std::string_view key : keys) {
    Value va, vb;
    Value name = Value::of_string(key, true);
    bool has_a = map_find(a, name, va), has_b = map_find(b, name, vb);
    if (has_a != has_b || (has_a && !values_equal(va, vb))) return false;
  }
  return true;
}

bool map_lists_equal(const Value& a, const Value& b) {
  uint32_t size = list_size(a);
  if (size != list_size(b)) return false;
  for (uint32_t i = 0; i < size; ++i) {
    Value theirs = list_at(b, i);
    Value mine;
    bool found = false;
    for (uint32_t j = size; j-- > 0 && !found;) {  // of elements with one key the last counts
      mine = list_at(a, j);
      found = same_map_key(mine, theirs, a.list->semantics->map_keys);
    }
    if (!found || !values_equal(mine, theirs)) return false;
  }
  return true;
}

// Fields that a schema does not declare: Kubernetes compares those that both objects have.
bool hidden_equal(const MapValue& a, const MapValue& b) {
  for (uint32_t i = a.size; i < a.size + a.hidden; ++i) {
    for (uint32_t j = b.size; j < b.size + b.hidden; ++j) {
      if (values_equal(a.entries[i].key, b.entries[j].key) && !values_equal(a.entries[i].value, b.entries[j].value))
        return false;
    }
  }
  return true;
}

bool maps_equal(const Value& a, const Value& b) {
  uint32_t size = map_size(a);
  if (size != map_size(b)) return false;
  if (a.kind == ValueKind::kMap && b.kind == ValueKind::kMap && a.map->hidden != 0) {
    if (a.map->hidden != b.map->hidden || !hidden_equal(*a.map, *b.map)) return false;
  }
  std::vector<std::pair<uint32_t, uint32_t>> by_hash;  // large maps in another order: one sort instead of n scans
  constexpr uint32_t kSortFrom = 64;
  for (uint32_t i = 0; i < size; ++i) {
    MapEntryValue mine = map_at(a, i);
    MapEntryValue theirs = map_at(b, i);
    if (!values_equal(mine.key, theirs.key)) {
      if (size < kSortFrom || (b.kind == ValueKind::kMap && b.map->index != nullptr)) {
        if (!map_find(b, mine.key, theirs.value)) return false;
      } else {
        if (by_hash.empty()) {
          for (uint32_t j = 0; j < size; ++j) by_hash.emplace_back(internal::hash_key(map_at(b, j).key), j);
          std::sort(by_hash.begin(), by_hash.end());
        }
        uint32_t hash = internal::hash_key(mine.key);
        bool found = false;
        for (auto it = std::lower_bound(by_hash.begin(), by_hash.end(), std::pair<uint32_t, uint32_t>(hash, 0));
             it != by_hash.end() && it->first == hash && !found; ++it) {
          theirs = map_at(b, it->second);
          found = values_equal(theirs.key, mine.key);
        }
        if (!found) return false;
      }
    }
    if (!values_equal(mine.value, theirs.value)) return false;
  }
  return true;
}

bool same_runtime_type(const Type* a, const Type* b) {
  if (a == b) return true;
  if (a->kind != b->kind) return false;
  return (a->kind != TypeKind::kOpaque && a->kind != TypeKind::kObject) || a->name == b->name;
}

}  // namespace

bool values_equal(const Value& a, const Value& b) {
  if (a.kind != b.kind) {
    if (is_number(a) && is_number(b)) return compare_numbers(a, b) == 0;
    if (a.is_list() && b.is_list()) {
      if (a.kind == ValueKind::kList && a.list->semantics != nullptr) {
        return a.list->semantics->is_set ? sets_equal(a, b) : map_lists_equal(a, b);
      }
      return lists_equal(a, b);
    }
    return a.is_map() && b.is_map() && maps_equal(a, b);
  }
  switch (a.kind) {
    case ValueKind::kError: return false;
    case ValueKind::kNull: return true;
    case ValueKind::kBool: return a.boolean == b.boolean;
    case ValueKind::kInt:
    case ValueKind::kDuration: return a.integer == b.integer;
    case ValueKind::kUint: return a.uinteger == b.uinteger;
    case ValueKind::kDouble: return a.number == b.number;
    case ValueKind::kString:
    case ValueKind::kBytes: return a.str() == b.str();
    case ValueKind::kTimestamp: return a.integer == b.integer && a.size == b.size;
    case ValueKind::kDocList: return a.node == b.node || lists_equal(a, b);
    case ValueKind::kList:
      if (a.list->semantics != nullptr) return a.list->semantics->is_set ? sets_equal(a, b) : map_lists_equal(a, b);
      return lists_equal(a, b);
    case ValueKind::kDocMap:
    case ValueKind::kMap: return maps_equal(a, b);
    case ValueKind::kOptional:
      if (a.optional == nullptr || b.optional == nullptr) return a.optional == b.optional;
      return values_equal(*a.optional, *b.optional);
    case ValueKind::kType: return same_runtime_type(a.type, b.type);
    case ValueKind::kOpaque: return a.opaque->type_name() == b.opaque->type_name() && a.opaque->equals(*b.opaque);
  }
  return false;
}

int compare_values(const Value& a, const Value& b, bool& comparable) {
  comparable = true;
  if (is_number(a) && is_number(b)) {
    int order = compare_numbers(a, b);
    comparable = order != 2;
    return comparable ? order : 0;
  }
  auto order_of = [](auto x, auto y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (a.kind == b.kind) {
    switch (a.kind) {
      case ValueKind::kBool: return order_of(a.boolean, b.boolean);
      case ValueKind::kString:
      case ValueKind::kBytes: {
        int order = a.str().compare(b.str());
        return order < 0 ? -1 : order > 0 ? 1 : 0;
      }
      case ValueKind::kDuration: return order_of(a.integer, b.integer);
      case ValueKind::kTimestamp:
        return a.integer != b.integer ? order_of(a.integer, b.integer) : order_of(a.size, b.size);
      default: break;
    }
  }
  comparable = false;
  return 0;
}

uint64_t cost_size(const Value& value) {
  switch (value.kind) {
    case ValueKind::kString: return value.ascii ? value.size : internal::count_code_points(value.str());
    case ValueKind::kBytes: return value.size;
    case ValueKind::kDocList:
    case ValueKind::kList: return list_size(value);
    case ValueKind::kDocMap: return value.node->size;
    case ValueKind::kMap: return uint64_t{value.map->size} + value.map->hidden;
    case ValueKind::kOptional: return value.optional == nullptr ? 1 : cost_size(*value.optional);
    case ValueKind::kOpaque: return value.opaque->cost_size();
    default: return 1;
  }
}

// ---- types

const Type* type_of(const Value& value) {
  using namespace internal;
  switch (value.kind) {
    case ValueKind::kError: return &kErrorType;
    case ValueKind::kNull: return &kNullType;
    case ValueKind::kBool: return &kBoolType;
    case ValueKind::kInt: return &kIntType;
    case ValueKind::kUint: return &kUintType;
    case ValueKind::kDouble: return &kDoubleType;
    case ValueKind::kString: return &kStringType;
    case ValueKind::kBytes: return &kBytesType;
    case ValueKind::kDuration: return &kDurationType;
    case ValueKind::kTimestamp: return &kTimestampType;
    case ValueKind::kDocList:
    case ValueKind::kList: return &kListType;
    case ValueKind::kDocMap:
    case ValueKind::kMap: return &kMapType;
    case ValueKind::kOptional: return &kOptionalType;
    case ValueKind::kType: return &kTypeType;
    case ValueKind::kOpaque: return &kOpaqueType;  // its name: type_name()
  }
  return &kDynType;
}

std::string_view type_name(const Value& value) {
  return value.kind == ValueKind::kOpaque ? value.opaque->type_name() : internal::runtime_name(*type_of(value));
}

namespace internal {

std::string_view runtime_name(const Type& type) {
  switch (type.kind) {
    case TypeKind::kError: return "error";
    case TypeKind::kDyn: return "dyn";
    case TypeKind::kNull: return "null_type";
    case TypeKind::kBool: return "bool";
    case TypeKind::kInt: return "int";
    case TypeKind::kUint: return "uint";
    case TypeKind::kDouble: return "double";
    case TypeKind::kString: return "string";
    case TypeKind::kBytes: return "bytes";
    case TypeKind::kDuration: return "google.protobuf.Duration";
    case TypeKind::kTimestamp: return "google.protobuf.Timestamp";
    case TypeKind::kList: return "list";
    case TypeKind::kMap: return "map";
    case TypeKind::kOptional: return "optional_type";
    case TypeKind::kType: return "type";
    case TypeKind::kOpaque:
    case TypeKind::kObject:
    case TypeKind::kTypeParam: return type.name;
  }
  return {};
}

}  // namespace internal

// ---- what a library body makes

Value CallContext::error(std::string_view message) {
  auto* made = arena.make<ErrorValue>();
  made->message = arena.copy(message);
  Value v;
  v.kind = ValueKind::kError;
  v.error = made;
  return v;
}

Value CallContext::errorf(const char* format, ...) {
  char text[1024];
  va_list args;
  va_start(args, format);
  int n = std::vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (n < 0) return error(format);
  return error({text, std::min<size_t>(static_cast<size_t>(n), sizeof text - 1)});
}

Value CallContext::string(std::string_view text) {
  if (text.size() > UINT32_MAX || !room_for(text.size())) return no_room();
  return Value::of_string(arena.copy(text), internal::is_ascii(text));
}

Value CallContext::list(std::span<const Value> items) {
  if (!room_for(items.size_bytes())) return no_room();
  auto* list = arena.make<ListValue>();
  list->size = static_cast<uint32_t>(items.size());
  list->items = arena.copy(items).data();
  return Value::of_list(list);
}

Value CallContext::map(std::span<const MapEntryValue> entries) {
  if (!room_for(entries.size_bytes() * 2)) return no_room();
  std::span<MapEntryValue> kept = arena.copy(entries);
  return Value::of_map(make_map(arena, kept.data(), static_cast<uint32_t>(kept.size())));
}

Value CallContext::some(const Value& value) {
  return Value::of_optional(arena.make<Value>(value));
}

}  // namespace ameia::expr
