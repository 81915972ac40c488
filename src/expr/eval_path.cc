// Attributes: a variable (or any value) and the fields and indices applied to it, as one node.
#include "expr/internal/ops.h"
#include "expr/internal/plan.h"

namespace ameia::expr::internal {

const doc::Node* find_member(Frame& frame, const doc::Node& map, std::string_view key) {
  constexpr uint32_t kLarge = 32;
  doc::KeyRef wanted(key);
  if (map.size <= kLarge) return map.find(wanted);
  if (frame.finger_map != &map) {
    frame.finger_map = &map;
    frame.finger = 0;
  }
  for (uint32_t n = 0; n < map.size; ++n) {
    const doc::Member& member = map.members[frame.finger];
    if (member.hash == wanted.hash && member.key->view() == key) return &member.value;
    frame.finger = frame.finger + 1 == map.size ? 0 : frame.finger + 1;
  }
  return nullptr;
}

namespace {

// The steps from `at` on, over any kinds of values, with optional steps and computed keys.
Value walk(const PathNode& path, Frame& frame, Value value, uint32_t at) {
  CallContext& context = *frame.context;
  bool optional = path.optional_base;
  if (value.kind == ValueKind::kOptional && at < path.count) {
    if (value.optional == nullptr) return path.has ? Value::of(false) : value;
    value = *value.optional;
    optional = true;
  }
  for (uint32_t i = at; i < path.count; ++i) {
    const Step& step = path.steps[i];
    optional = optional || step.optional;
    bool presence = path.has && i + 1 == path.count;
    Value key = step.value;
    if (step.kind == Step::Kind::kComputed) {
      key = run_node(step.computed, frame);
      if (key.is_error()) {
        frame.cost += optional ? 0 : 1;
        return key;
      }
    }
    Value next;
    Found found = Found::kNo;
    bool ask = optional || presence;
    if (value.kind == ValueKind::kDocMap && key.kind == ValueKind::kString) {
      const doc::Node* member =
          step.kind == Step::Kind::kField ? value.node->find(step.key) : find_member(frame, *value.node, key.str());
      if (member != nullptr) {
        found = Found::kYes;
        next = node_value(*member);
      } else if (!ask) {
        if (step.missing != nullptr) {
          next = error_value(step.missing);
        } else {
          std::string text = "no such key: ";
          text += key.str().substr(0, 800);
          next = located(context, context.error(text), step.expr_id);
        }
        found = Found::kError;
      }
    } else if (presence && !has_fields(value)) {
      found = Found::kNo;
    } else {
      found = qualify(context, value, key, ask, next);
      if (found == Found::kError && next.error->expr_id == 0) next = located(context, next, step.expr_id);
    }
    if (presence) {
      frame.cost += optional && found != Found::kYes ? 0 : 1;
      return found == Found::kError ? next : Value::of(found == Found::kYes);
    }
    if (found == Found::kNo) return path.has ? Value::of(false) : CallContext::none();
    if (found == Found::kError) {
      frame.cost += optional ? 0 : 1;
      return next;
    }
    ++frame.cost;
    value = next;
  }
  return optional ? context.some(value) : value;
}

// Plain fields of a document: the case that policies are made of.
template <bool kHas>
inline Value fields(const PathNode& path, Frame& frame, const Value& base) {
  frame.cost += static_cast<uint64_t>(static_cast<int64_t>(path.base_cost));
  if (base.kind != ValueKind::kDocMap) return base.is_error() ? base : walk(path, frame, base, 0);
  const doc::Node* node = base.node;
  const Step* step = path.steps;
  for (const Step* last = step + path.count; step != last; ++step) {
    if (step->kind != Step::Kind::kField || step->optional || node->kind != doc::Kind::kMap) {
      return walk(path, frame, node_value(*node), static_cast<uint32_t>(step - path.steps));
    }
    ++frame.cost;
    const doc::Member* member = node->members;
    const doc::Member* end = member + node->size;
    while (member != end && (member->hash != step->key.hash || member->key->view() != step->key.text)) ++member;
    if (member == end) {
      if (kHas && step + 1 == last) return Value::of(false);
      return error_value(step->missing);
    }
    node = &member->value;
  }
  return kHas ? Value::of(true) : node_value(*node);
}

}  // namespace

Value eval_path_global(const Node& node, Frame& frame) {
  const auto& path = static_cast<const PathNode&>(node);
  return fields<false>(path, frame, frame.globals[path.slot]);
}
Value eval_path_local(const Node& node, Frame& frame) {
  const auto& path = static_cast<const PathNode&>(node);
  return fields<false>(path, frame, frame.locals[path.slot]);
}
Value eval_has_global(const Node& node, Frame& frame) {
  const auto& path = static_cast<const PathNode&>(node);
  return fields<true>(path, frame, frame.globals[path.slot]);
}
Value eval_has_local(const Node& node, Frame& frame) {
  const auto& path = static_cast<const PathNode&>(node);
  return fields<true>(path, frame, frame.locals[path.slot]);
}

Value eval_path(const Node& node, Frame& frame) {
  const auto& path = static_cast<const PathNode&>(node);
  Value base = run_node(path.base, frame);
  frame.cost += static_cast<uint64_t>(static_cast<int64_t>(path.base_cost));
  if (base.is_error()) return base;
  if (path.has && path.count == 0) return Value::of(true);
  return walk(path, frame, base, 0);
}

}  // namespace ameia::expr::internal
