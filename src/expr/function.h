// Function: how a library gives CEL its functions: a table of overloads, each with signature, body and cost.
// Neighbours: expr/lib_*.cc hold the tables, expr/env.h collects them, expr/program.h binds calls to bodies.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "base/arena.h"
#include "expr/host.h"
#include "expr/value.h"

namespace ameia::expr {

// What a function body may use. Everything it returns lives in `arena` or in its arguments.
struct CallContext {
  base::Arena& arena;
  const class RegexCache* regexes = nullptr;  // expr/regex_cache.h: programs compiled at plan time for literal patterns
  const Host* host = nullptr;                 // expr/host.h: what may be asked beyond the arguments
  // x.?f and x[?k] of a scalar x: an error, as cel-spec has it; for Kubernetes there is no such field.
  bool strict_presence = false;
  size_t bytes_max =
      size_t{64} << 20;  // of the arena; a body that makes more than its arguments' size asks room_for first

  // Makers of values in the arena.
  Value error(std::string_view message);  // copies the message
  Value errorf(const char* format, ...) __attribute__((format(printf, 2, 3)));
  Value string(std::string_view text);                         // copies; finds out whether it is ASCII
  Value list(std::span<const Value> items);                    // copies
  Value map(std::span<const MapEntryValue> entries);           // copies
  Value some(const Value& value);                              // optional.of
  static Value none() { return Value::of_optional(nullptr); }  // optional.none
  [[nodiscard]] bool room_for(size_t bytes) const {
    return bytes <= bytes_max && arena.reserved_bytes() <= bytes_max - bytes;
  }
  Value no_room() { return error("memory limit of the evaluation exceeded"); }
};

// Arguments are never errors and already match the overload's signature (checked statically or by dispatch on kinds).
using Body = Value (*)(CallContext& context, const Value* args, uint32_t count);
// The units a finished call costs, Kubernetes' numbers; nullptr = 1.
using Cost = uint64_t (*)(const Value* args, uint32_t count, const Value& result);

// What a call's answer follows from: its arguments (it may be computed when planned), the run as well (the same for
// equal calls of one binding), or nothing that can be known (each call has its own).
enum class Answer : uint8_t { kOfArguments, kOfRun, kOfCall };

struct Overload {
  std::string_view id;  // cel-go's overload id, the cost tables name it: "string_index_of"
  // "function(T, …) -> T" or "Receiver.function(T, …) -> T". Types: dyn bool int uint double string bytes duration
  // timestamp null list(T) map(K,V) optional(T) type(T), opaque names with a dot (kubernetes.Quantity), and single
  // capitals as parameters. Namespaced functions are written "math.@max(…)" or "ip.isCanonical(string) -> bool" with
  // `is_namespaced` = true.
  std::string_view signature;
  Body body;
  Cost cost = nullptr;
  bool is_namespaced = false;  // the dot belongs to the function's name, there is no receiver
  Answer answer = Answer::kOfArguments;
};

struct Library {
  std::string_view name;  // "strings", "kubernetes.quantity"
  uint32_t version = 0;   // of the extension library
  std::span<const Overload> overloads;
};

// Helpers every library needs; implemented by the evaluator.
bool values_equal(const Value& a, const Value& b);  // CEL ==, heterogeneous numbers included; false for unlike kinds
int compare_values(const Value& a, const Value& b, bool& comparable);
uint64_t cost_size(const Value& value);  // cel-go ActualSize: code points, elements, or 1
uint32_t list_size(const Value& list);
Value list_at(const Value& list, uint32_t index);  // no bounds check
uint32_t map_size(const Value& map);
MapEntryValue map_at(const Value& map, uint32_t index);  // the index-th entry in iteration order
bool map_find(const Value& map, const Value& key, Value& out);
const MapValue* make_map(base::Arena& arena, const MapEntryValue* entries,
                         uint32_t size);         // borrows entries, keys distinct
const Type* type_of(const Value& value);         // the runtime type, as type() gives it
std::string_view type_name(const Value& value);  // "int", "list", "kubernetes.Quantity"

}  // namespace ameia::expr
