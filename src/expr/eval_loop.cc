// The loops that macros stand for. Each charges what cel-go charges for the comprehension the macro expands to; the
// numbers in `kCosts` comments name the parts: @result is the accumulator, an identifier read costs 1, a call 1.
#include <algorithm>

#include "expr/internal/number.h"
#include "expr/internal/plan.h"

namespace ameia::expr::internal {
namespace {

Value plain_error(Frame& frame, std::string_view message, uint32_t expr_id) {
  Value v = frame.context->error(message);
  const_cast<ErrorValue*>(v.error)->expr_id = expr_id;
  return v;
}

Value not_iterable(Frame& frame, const Value& range, uint32_t expr_id) {
  if (range.is_error()) return range;
  return plain_error(frame, "got '" + std::string(type_name(range)) + "', expected iterable type", expr_id);
}

Value halted_error(Frame& frame) {
  return frame.context->error(frame.interrupted     ? "operation interrupted"
                              : frame.out_of_memory ? "memory limit of the evaluation exceeded"
                                                    : "operation cancelled: actual cost limit exceeded");
}

std::string key_text(const Value& key) {
  return key.kind == ValueKind::kString ? std::string(key.str().substr(0, 200)) : to_text(key, 200);
}

Value key_value(const doc::Member& member) {
  std::string_view key = member.key->view();
  return Value::of_string(key, is_ascii(key));
}

// Sets the loop variables to each element and calls `turn` until it says stop. False when `range` cannot be iterated.
template <typename Turn>
bool iterate(const LoopNode& loop, Frame& frame, const Value& range, Turn turn) {
  Value& first = frame.locals[loop.slot];
  Value& second = frame.locals[loop.slot2];
  switch (range.kind) {
    case ValueKind::kDocList: {
      const doc::Node* items = range.node->items;
      for (uint32_t i = 0, n = range.node->size; i < n; ++i) {
        if (!go_on(frame)) return true;
        if (loop.two) {
          first = Value::of_int(i);
          second = node_value(items[i]);
        } else {
          first = node_value(items[i]);
        }
        if (!turn()) return true;
      }
      return true;
    }
    case ValueKind::kList: {
      const ListValue& list = *range.list;
      for (uint32_t i = 0; i < list.size; ++i) {
        if (!go_on(frame)) return true;
        if (loop.two) {
          first = Value::of_int(i);
          second = list.items[i];
        } else {
          first = list.items[i];
        }
        if (!turn()) return true;
      }
      return true;
    }
    case ValueKind::kDocMap: {
      const doc::Member* members = range.node->members;
      for (uint32_t i = 0, n = range.node->size; i < n; ++i) {
        if (!go_on(frame)) return true;
        first = key_value(members[i]);
        if (loop.two) second = node_value(members[i].value);
        if (!turn()) return true;
      }
      return true;
    }
    case ValueKind::kMap: {
      const MapValue& map = *range.map;
      for (uint32_t i = 0; i < map.size; ++i) {
        if (!go_on(frame)) return true;
        first = map.entries[i].key;
        if (loop.two) second = map.entries[i].value;
        if (!turn()) return true;
      }
      return true;
    }
    default: return false;
  }
}

const LoopNode& loop_of(const Node& node) {
  return static_cast<const LoopNode&>(node);
}

// A filter's or exists_one's verdict: true, false, or an error that becomes the accumulator.
enum class Verdict : uint8_t { kYes, kNo, kFailed };
Verdict judge(Frame& frame, const Node* test, uint32_t expr_id, Value& failed) {
  Value v = run_node(test, frame);
  if (v.kind == ValueKind::kBool) return v.boolean ? Verdict::kYes : Verdict::kNo;
  failed = v.is_error() ? v : plain_error(frame, "no such overload", expr_id);
  return Verdict::kFailed;
}

}  // namespace

// while @not_strictly_false(@result) [2]: @result = @result [1] && body; @result [1]
Value eval_all(const Node& node, Frame& frame) {
  const LoopNode& loop = loop_of(node);
  Value range = run_node(loop.range, frame);
  Value failed;
  bool has_failed = false, result = true;
  bool iterable = iterate(loop, frame, range, [&] {
    frame.cost += 2;
    if (!result) return false;
    ++frame.cost;
    Value v = run_node(loop.body, frame);
    if (v.kind == ValueKind::kBool) {
      result = v.boolean;
    } else if (!has_failed) {
      has_failed = true;
      failed = v.is_error() ? v : plain_error(frame, "no such overload", node.expr_id);
    }
    return true;
  });
  if (!iterable) return not_iterable(frame, range, node.expr_id);
  ++frame.cost;
  if (frame.halted) return halted_error(frame);
  if (!result) return Value::of(false);
  return has_failed ? failed : Value::of(true);
}

// while @not_strictly_false(!@result) [3]: @result = @result [1] || body; @result [1]
Value eval_exists(const Node& node, Frame& frame) {
  const LoopNode& loop = loop_of(node);
  Value range = run_node(loop.range, frame);
  Value failed;
  bool has_failed = false, result = false;
  bool iterable = iterate(loop, frame, range, [&] {
    frame.cost += 3;
    if (result) return false;
    ++frame.cost;
    Value v = run_node(loop.body, frame);
    if (v.kind == ValueKind::kBool) {
      result = v.boolean;
    } else if (!has_failed) {
      has_failed = true;
      failed = v.is_error() ? v : plain_error(frame, "no such overload", node.expr_id);
    }
    return true;
  });
  if (!iterable) return not_iterable(frame, range, node.expr_id);
  ++frame.cost;
  if (frame.halted) return halted_error(frame);
  if (result) return Value::of(true);
  return has_failed ? failed : Value::of(false);
}

// @result = body ? @result + 1 [2] : @result; @result == 1 [2]
Value eval_exists_one(const Node& node, Frame& frame) {
  const LoopNode& loop = loop_of(node);
  Value range = run_node(loop.range, frame);
  Value failed;
  bool has_failed = false;
  uint64_t matches = 0;
  bool iterable = iterate(loop, frame, range, [&] {
    switch (judge(frame, loop.body, node.expr_id, failed)) {
      case Verdict::kYes:
        frame.cost += 2;
        ++matches;
        break;
      case Verdict::kNo: break;
      case Verdict::kFailed: has_failed = true; break;
    }
    return true;
  });
  if (!iterable) return not_iterable(frame, range, node.expr_id);
  frame.cost += 2;
  if (frame.halted) return halted_error(frame);
  return has_failed ? failed : Value::of(matches == 1);
}

// @result = [filter ?] @result [1] + [1] [body] [10] : @result; @result [1]
Value eval_map_list(const Node& node, Frame& frame) {
  const LoopNode& loop = loop_of(node);
  Value range = run_node(loop.range, frame);
  uint32_t size_max = range.is_map() ? map_size(range) : list_size(range);
  if (!frame.context->room_for(size_t{size_max} * sizeof(Value))) frame.halted = frame.out_of_memory = true;
  auto* items = frame.halted ? nullptr : frame.context->arena.array<Value>(size_max);
  uint32_t size = 0;
  Value failed;
  bool has_failed = false;
  bool iterable = iterate(loop, frame, range, [&] {
    if (loop.filter != nullptr) {
      Verdict verdict = judge(frame, loop.filter, node.expr_id, failed);
      if (verdict != Verdict::kYes) {
        has_failed = has_failed || verdict == Verdict::kFailed;
        return true;
      }
    }
    ++frame.cost;
    Value v = run_node(loop.body, frame);
    frame.cost += loop.item_cost + 1;
    if (has_failed) return true;
    if (v.is_error()) {
      has_failed = true;
      failed = v;
    } else {
      items[size++] = v;
    }
    return true;
  });
  if (!iterable) return not_iterable(frame, range, node.expr_id);
  ++frame.cost;
  if (frame.halted) return halted_error(frame);
  if (has_failed) return failed;
  auto* list = frame.context->arena.make<ListValue>();
  list->size = size;
  list->items = items;
  return Value::of_list(list);
}

// @result = [filter ?] cel.@mapInsert(@result [1], key [1], body) [1] : @result; @result [1]
Value eval_transform_map(const Node& node, Frame& frame) {
  const LoopNode& loop = loop_of(node);
  Value range = run_node(loop.range, frame);
  uint32_t size_max = range.is_map() ? map_size(range) : list_size(range);
  if (!frame.context->room_for(size_t{size_max} * sizeof(MapEntryValue))) frame.halted = frame.out_of_memory = true;
  auto* entries = frame.halted ? nullptr : frame.context->arena.array<MapEntryValue>(size_max);
  uint32_t size = 0;
  Value failed;
  bool has_failed = false;
  bool iterable = iterate(loop, frame, range, [&] {
    if (loop.filter != nullptr) {
      Verdict verdict = judge(frame, loop.filter, node.expr_id, failed);
      if (verdict != Verdict::kYes) {
        has_failed = has_failed || verdict == Verdict::kFailed;
        return true;
      }
    }
    ++frame.cost;
    if (has_failed) return true;  // the call stops at its first argument
    ++frame.cost;
    Value v = run_node(loop.body, frame);
    ++frame.cost;
    if (v.is_error()) {
      has_failed = true;
      failed = v;
      return true;
    }
    entries[size++] = {frame.locals[loop.slot], v};  // keys of a map and indices of a list are distinct
    return true;
  });
  if (!iterable) return not_iterable(frame, range, node.expr_id);
  ++frame.cost;
  if (frame.halted) return halted_error(frame);
  return has_failed ? failed : Value::of_map(make_map(frame.context->arena, entries, size));
}

namespace {

// Entries in insertion order with a hash index that grows with them.
struct EntryTable {
  MapEntryValue* entries = nullptr;
  uint32_t size = 0, room = 0;
  uint32_t* index = nullptr;
  uint32_t mask = 0;

  // Whether the key was new; false also when memory ends (then `full`).
  bool full = false;
  bool insert(CallContext& context, const MapEntryValue& entry) {
    if (size == room) grow(context);
    if (full) return false;
    uint32_t at = hash_key(entry.key) & mask;
    for (; index[at] != 0; at = (at + 1) & mask) {
      if (values_equal(entries[index[at] - 1].key, entry.key)) return false;
    }
    entries[size] = entry;
    index[at] = ++size;
    return true;
  }
  void grow(CallContext& context) {
    uint32_t more = room == 0 ? 16 : room * 2;
    if (more > (1u << 28) || !context.room_for(size_t{more} * (sizeof(MapEntryValue) + 8))) {
      full = true;
      return;
    }
    auto* moved = context.arena.array<MapEntryValue>(more);
    std::copy_n(entries, size, moved);
    entries = moved;
    room = more;
    index = context.arena.array<uint32_t>(size_t{more} * 2);
    std::fill_n(index, size_t{more} * 2, 0);
    mask = more * 2 - 1;
    for (uint32_t i = 0; i < size; ++i) {
      uint32_t at = hash_key(entries[i].key) & mask;
      while (index[at] != 0) at = (at + 1) & mask;
      index[at] = i + 1;
    }
  }
};

}  // namespace

// @result = [filter ?] cel.@mapInsert(@result [1], body) [1] : @result; @result [1]
Value eval_transform_entry(const Node& node, Frame& frame) {
  const LoopNode& loop = loop_of(node);
  Value range = run_node(loop.range, frame);
  EntryTable table;
  Value failed;
  bool has_failed = false;
  bool iterable = iterate(loop, frame, range, [&] {
    if (loop.filter != nullptr) {
      Verdict verdict = judge(frame, loop.filter, node.expr_id, failed);
      if (verdict != Verdict::kYes) {
        has_failed = has_failed || verdict == Verdict::kFailed;
        return true;
      }
    }
    ++frame.cost;
    Value v = run_node(loop.body, frame);
    ++frame.cost;
    if (has_failed) return true;
    if (!v.is_map()) {
      has_failed = true;
      failed = v.is_error() ? v : plain_error(frame, "no such overload", node.expr_id);
      return true;
    }
    for (uint32_t i = 0, n = map_size(v); i < n && !has_failed; ++i) {
      MapEntryValue entry = map_at(v, i);
      if (table.insert(*frame.context, entry)) continue;
      if (table.full) {
        frame.halted = frame.out_of_memory = true;
        return false;
      }
      has_failed = true;
      failed = plain_error(frame, "insert failed: key " + key_text(entry.key) + " already exists", node.expr_id);
    }
    return true;
  });
  if (!iterable) return not_iterable(frame, range, node.expr_id);
  ++frame.cost;
  if (frame.halted) return halted_error(frame);
  return has_failed ? failed : Value::of_map(make_map(frame.context->arena, table.entries, table.size));
}

Value eval_fold(const Node& node, Frame& frame) {
  const auto& fold = static_cast<const FoldNode&>(node);
  frame.lazy_done[fold.accu] = false;
  Value range = run_node(fold.range, frame);
  LoopNode loop;
  loop.slot = fold.slot;
  loop.slot2 = fold.slot2;
  loop.two = fold.two;
  bool iterable = iterate(loop, frame, range, [&] {
    Value condition = run_node(fold.condition, frame);
    if (condition.kind == ValueKind::kBool && !condition.boolean) return false;
    Value next = run_node(fold.step, frame);
    frame.locals[fold.accu] = next;
    frame.lazy_done[fold.accu] = true;
    return true;
  });
  if (!iterable) return not_iterable(frame, range, node.expr_id);
  if (frame.halted) return halted_error(frame);
  return run_node(fold.result, frame);
}

}  // namespace ameia::expr::internal
