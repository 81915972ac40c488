// The planned form of programs: a graph of nodes, each with the function that evaluates it, and the frame they run in.
// A node's function knows its children's roles, so that a run neither walks the syntax tree nor looks names up.
// Neighbours: plan*.cc builds nodes from checked expressions, eval*.cc evaluates them, machine.cc owns the state.
#pragma once

#include <cstdint>
#include <span>

#include "base/arena.h"
#include "doc/node.h"
#include "expr/function.h"
#include "expr/program.h"
#include "expr/value.h"

namespace ameia::expr::internal {

struct Frame;
struct Node;
using Eval = Value (*)(const Node& node, Frame& frame);

struct Node {
  Eval eval = nullptr;
  uint32_t expr_id = 0;
};

class SteadyValues;

// One composite field's value (Kubernetes' variables.x), evaluated at most once a binding.
struct CompositeState {
  uint64_t epoch = 0;    // of the binding it was evaluated in
  uint64_t charged = 0;  // the round in which it was charged last
  uint64_t cost = 0;
  Value value;
  bool running = false;
};
struct MemoState {
  uint64_t epoch = 0;
  uint64_t round = 0;
  uint64_t cost = 0;
  Value value;
};
struct Shared {  // what all frames of a Machine share
  uint64_t epoch = 1;
  uint64_t round = 1;
  uint64_t composite_cost = 0;
  uint32_t depth = 0;
  CompositeState* composites = nullptr;
  MemoState* memos = nullptr;
  uint64_t* reads = nullptr;  // bits: which fields of its scope a composite field has read
  const ProgramSet::Impl* set = nullptr;
  SteadyValues* steady = nullptr;  // nullptr: nothing is kept from binding to binding
};

struct Frame {
  Value* globals = nullptr;
  Value* locals = nullptr;
  bool* lazy_done = nullptr;  // by local slot: a cel.bind variable has its value
  uint64_t cost = 0;
  uint64_t cost_max = 0;
  CallContext* context = nullptr;
  Shared* shared = nullptr;
  const RunLimits* limits = nullptr;
  const doc::Node* finger_map = nullptr;  // the large map looked into last, and where: loops ask for keys in order
  uint32_t finger = 0;
  uint32_t ticks = 0;
  int32_t reader = -1;  // the composite field being evaluated
  bool halted = false;  // over budget, interrupted, or out of memory: loops end at once
  bool interrupted = false;
  bool out_of_memory = false;
};

inline Value run_node(const Node* node, Frame& frame) {
  return node->eval(*node, frame);
}

// Called once a loop iteration. False: stop.
bool look_around(Frame& frame);
inline bool go_on(Frame& frame) {
  if (frame.cost > frame.cost_max) frame.halted = true;
  if (++frame.ticks >= frame.limits->interrupt_every && !look_around(frame)) return false;
  return !frame.halted;
}

inline Value node_value(const doc::Node& n) {
  Value v;
  switch (n.kind) {
    case doc::Kind::kNull: break;
    case doc::Kind::kBool: return Value::of(n.boolean);
    case doc::Kind::kInt: return Value::of_int(n.integer);
    case doc::Kind::kDouble: return Value::of_double(n.number);
    case doc::Kind::kString: return Value::of_string({n.chars, n.size}, n.ascii);
    case doc::Kind::kList:
      v.kind = ValueKind::kDocList;
      v.node = &n;
      break;
    case doc::Kind::kMap:
      v.kind = ValueKind::kDocMap;
      v.node = &n;
      break;
  }
  return v;
}

inline Value error_value(const ErrorValue* error) {
  Value v;
  v.kind = ValueKind::kError;
  v.error = error;
  return v;
}

// A document map's member by a key computed at run time.
const doc::Node* find_member(Frame& frame, const doc::Node& map, std::string_view key);

// ---- nodes

struct ConstNode : Node {
  Value value;
  uint64_t cost = 0;
};
struct LoadNode : Node {
  uint32_t slot = 0;
  uint32_t cost = 1;
};
struct LazyNode : Node {  // a cel.bind variable: `init` is evaluated when first read
  uint32_t slot = 0;
  uint32_t cost = 1;
  const Node* init = nullptr;
};
struct BindNode : Node {
  uint32_t slot = 0;
  uint32_t count = 1;  // slots from `slot` on; a cel.block has several
  const Node* body = nullptr;
};

struct Step {
  enum class Kind : uint8_t { kField, kConstant, kComputed };
  Kind kind = Kind::kField;
  bool optional = false;
  uint32_t expr_id = 0;
  doc::KeyRef key{std::string_view()};  // kField
  Value value;                          // kField, kConstant
  const Node* computed = nullptr;
  const ErrorValue* missing = nullptr;  // "no such key: …", made when planned
};
struct PathNode : Node {
  const Node* base = nullptr;  // when neither a variable nor a loop variable
  uint32_t slot = 0;
  int32_t base_cost = 1;
  uint32_t count = 0;
  bool has = false;
  bool optional_base = false;  // variables.?x
  const Step* steps = nullptr;
};
struct CompositeNode : Node {
  uint32_t index = 0;
};
struct MemoNode : Node {
  uint32_t index = 0;
  bool per_round = false;  // reads composite fields: they must be charged again in a new round
  bool relocate = false;   // `inner` was planned in another place: its errors happen here
  const Node* inner = nullptr;
};

struct LogicNode : Node {  // && and ||
  uint32_t count = 0;
  const Node* const* terms = nullptr;
};
struct TernaryNode : Node {
  const Node* condition = nullptr;
  const Node* yes = nullptr;
  const Node* no = nullptr;
};
struct PairNode : Node {  // ==, !=, or, orValue
  const Node* left = nullptr;
  const Node* right = nullptr;
  bool negate = false;
};
struct NotNode : Node {
  const Node* inner = nullptr;
};
struct CompareNode : Node {  // < <= > >= with the answer for each order
  const Node* left = nullptr;
  const Node* right = nullptr;
  Body body = nullptr;
  Cost cost = nullptr;
  bool answer[3] = {false, false, false};  // for -1, 0, 1
};
struct BinaryNode : Node {  // arithmetic, and unary minus without a right side
  const Node* left = nullptr;
  const Node* right = nullptr;
  Body body = nullptr;
  Cost cost = nullptr;
};
struct InSetNode : Node {  // x in [constants]: costs what x costs, as in cel-go's optimised plan
  const Node* item = nullptr;
  uint32_t count = 0;
  const Value* constants = nullptr;
  bool strings = false;  // every constant is a string
};
struct InNode : Node {
  const Node* item = nullptr;
  const Node* range = nullptr;
  bool list_cost = false;  // resolved to in_list: costs the list's size
};

struct Candidate {
  const Overload* overload = nullptr;
  uint32_t count = 0;
  const uint32_t* kinds = nullptr;            // by argument: bits of ValueKind
  const std::string_view* opaques = nullptr;  // by argument: an opaque type's name, or empty
};
struct CallNode : Node {
  std::string_view name;
  uint32_t arg_count = 0;
  uint32_t candidate_count = 0;
  const Node* const* args = nullptr;
  const Candidate* candidates = nullptr;
  bool cost_by_overload = false;  // the overload is known when checked, so cel-go charges by its id
  bool is_variadic = false;       // evaluated by cel-go as a call of any number of arguments
};
struct ListNode : Node {
  uint32_t count = 0;
  bool has_optionals = false;
  const Node* const* items = nullptr;
  const bool* optionals = nullptr;
};
struct MapNode : Node {
  uint32_t count = 0;
  bool has_optionals = false;
  const Node* const* keys = nullptr;
  const Node* const* values = nullptr;
  const bool* optionals = nullptr;
};

struct StructNode : Node {  // Name{field: value}
  std::string_view type;
  uint32_t count = 0;
  const Value* names = nullptr;
  const Node* const* values = nullptr;
  const bool* optionals = nullptr;
};

// all, exists, exists_one, map, filter, transformList, transformMap, transformMapEntry
struct LoopNode : Node {
  const Node* range = nullptr;
  uint32_t slot = 0;  // the element, or the index or key of two-variable forms
  uint32_t slot2 = 0;
  bool two = false;
  const Node* filter = nullptr;
  const Node* body = nullptr;
  const Node* body2 = nullptr;  // transformMap: the key
  uint32_t item_cost = 10;      // of the [item] that the macro builds; 0 when it is constant
};
// The folded loop as written, for what is none of the above.
struct FoldNode : Node {
  const Node* range = nullptr;
  uint32_t slot = 0, slot2 = 0, accu = 0;
  bool two = false;
  const Node* condition = nullptr;
  const Node* step = nullptr;
  const Node* result = nullptr;
};

Value eval_const(const Node& node, Frame& frame);
Value eval_load_global(const Node& node, Frame& frame);
Value eval_load_local(const Node& node, Frame& frame);
Value eval_lazy(const Node& node, Frame& frame);
Value eval_bind(const Node& node, Frame& frame);
Value eval_path_global(const Node& node, Frame& frame);
Value eval_path_local(const Node& node, Frame& frame);
Value eval_has_global(const Node& node, Frame& frame);
Value eval_has_local(const Node& node, Frame& frame);
Value eval_path(const Node& node, Frame& frame);
Value eval_composite(const Node& node, Frame& frame);
Value eval_memo(const Node& node, Frame& frame);
Value eval_and(const Node& node, Frame& frame);
Value eval_or(const Node& node, Frame& frame);
Value eval_ternary(const Node& node, Frame& frame);
Value eval_equal(const Node& node, Frame& frame);
Value eval_not(const Node& node, Frame& frame);
Value eval_compare(const Node& node, Frame& frame);
Value eval_binary(const Node& node, Frame& frame);
Value eval_in_set(const Node& node, Frame& frame);
Value eval_in(const Node& node, Frame& frame);
Value eval_or_value(const Node& node, Frame& frame);
Value eval_optional_or(const Node& node, Frame& frame);
Value eval_not_strictly_false(const Node& node, Frame& frame);
Value eval_call(const Node& node, Frame& frame);
Value eval_list(const Node& node, Frame& frame);
Value eval_map(const Node& node, Frame& frame);
Value eval_struct(const Node& node, Frame& frame);
Value eval_all(const Node& node, Frame& frame);
Value eval_exists(const Node& node, Frame& frame);
Value eval_exists_one(const Node& node, Frame& frame);
Value eval_map_list(const Node& node, Frame& frame);
Value eval_transform_map(const Node& node, Frame& frame);
Value eval_transform_entry(const Node& node, Frame& frame);
Value eval_fold(const Node& node, Frame& frame);

// ---- pieces that the machine and the explainer share

const Candidate* make_candidates(base::Arena& arena, const std::vector<const Overload*>& overloads);
const Candidate* dispatch(const Candidate* candidates, uint32_t count, const Value* args, uint32_t arg_count);
Value no_such_overload(CallContext& context, std::string_view name, const Value* args, uint32_t count);
// Fills in the place of an error that does not know it.
Value located(CallContext& context, const Value& value, uint32_t expr_id);
Value make_list(CallContext& context, const Value* items, uint32_t count);  // copies
// Adds an entry to a map under construction: an error for a bad or repeated key, null when fine.
Value check_key(CallContext& context, const MapEntryValue* entries, uint32_t count, const Value& key);
bool in_constants(const Value* constants, uint32_t count, bool strings, const Value& item);

}  // namespace ameia::expr::internal
