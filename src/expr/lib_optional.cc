// Optional values. or() and orValue() are planned lazily by the machine; the bodies here are their strict meaning.
#include <vector>

#include "expr/internal/lib_util.h"
#include "expr/internal/ops.h"
#include "expr/internal/time.h"
#include "expr/libraries.h"
#include "expr/mutation_types.h"

namespace ameia::expr {
namespace internal {
namespace {

Value of(CallContext& context, const Value* args, uint32_t) {
  return context.some(args[0]);
}
Value none(CallContext&, const Value*, uint32_t) {
  return CallContext::none();
}

// cel-go's traits.Zeroer: the empty value of each kind. A timestamp's is the first second of the year 1.
bool is_zero(const Value& v) {
  switch (v.kind) {
    case ValueKind::kNull: return true;
    case ValueKind::kBool: return !v.boolean;
    case ValueKind::kInt:
    case ValueKind::kDuration: return v.integer == 0;
    case ValueKind::kUint: return v.uinteger == 0;
    case ValueKind::kDouble: return v.number == 0;
    case ValueKind::kString:
    case ValueKind::kBytes: return v.size == 0;
    case ValueKind::kTimestamp: return v.integer == kSecondsMin && v.size == 0;
    case ValueKind::kList:
    case ValueKind::kDocList: return list_size(v) == 0;
    case ValueKind::kMap:
    case ValueKind::kDocMap: return map_size(v) == 0;
    case ValueKind::kOptional: return v.optional == nullptr;
    case ValueKind::kOpaque: {
      const ConstructedObject* object = constructed(v);
      return object != nullptr && !object->is_patch() && object->fields().size == 0;
    }
    default: return false;
  }
}

Value of_non_zero(CallContext& context, const Value* args, uint32_t) {
  return is_zero(args[0]) ? CallContext::none() : context.some(args[0]);
}
Value has_value(CallContext&, const Value* args, uint32_t) {
  return Value::of(args[0].optional != nullptr);
}
Value value(CallContext& context, const Value* args, uint32_t) {
  return args[0].optional != nullptr ? *args[0].optional : context.error("optional.none() dereference");
}
Value or_optional(CallContext&, const Value* args, uint32_t) {
  return args[0].optional != nullptr ? args[0] : args[1];
}
Value or_value(CallContext&, const Value* args, uint32_t) {
  return args[0].optional != nullptr ? *args[0].optional : args[1];
}

Value select(CallContext& context, const Value* args, uint32_t) {
  if (args[0].kind == ValueKind::kOptional && args[0].optional == nullptr) return args[0];
  Value out;
  switch (qualify(context, args[0].kind == ValueKind::kOptional ? *args[0].optional : args[0], args[1], true, out)) {
    case Found::kYes: return context.some(out);
    case Found::kNo: return CallContext::none();
    case Found::kError: break;
  }
  return out;
}

Value first(CallContext& context, const Value* args, uint32_t) {
  return list_size(args[0]) == 0 ? CallContext::none() : context.some(list_at(args[0], 0));
}
Value last(CallContext& context, const Value* args, uint32_t) {
  const uint32_t size = list_size(args[0]);
  return size == 0 ? CallContext::none() : context.some(list_at(args[0], size - 1));
}

Value unwrap(CallContext& context, const Value* args, uint32_t) {
  std::vector<Value> out;
  for (uint32_t i = 0, n = list_size(args[0]); i < n; ++i) {
    const Value item = list_at(args[0], i);
    if (item.kind != ValueKind::kOptional) {
      const Value shown = to_string_value(context, &item, 1);
      return context.error("value " + std::string(shown.is_error() ? type_name(item) : shown.str()) +
                           " is not optional");
    }
    if (item.optional != nullptr) out.push_back(*item.optional);
  }
  return context.list(out);
}

constexpr Overload kOverloads[] = {
    {"optional_of", "optional.of(V) -> optional(V)", of, nullptr, true},
    {"optional_ofNonZeroValue", "optional.ofNonZeroValue(V) -> optional(V)", of_non_zero, nullptr, true},
    {"optional_none", "optional.none() -> optional(V)", none, nullptr, true},
    {"optional_value", "optional(V).value() -> V", value},
    {"optional_hasValue", "optional(V).hasValue() -> bool", has_value},
    {"optional_or_optional", "optional(V).or(optional(V)) -> optional(V)", or_optional},
    {"optional_orValue_value", "optional(V).orValue(V) -> V", or_value},
    {"select_optional_field", "_?._(dyn, string) -> optional(V)", select},
    {"list_optindex_optional_int", "_[?_](list(V), int) -> optional(V)", select},
    {"optional_list_optindex_optional_int", "_[?_](optional(list(V)), int) -> optional(V)", select},
    {"map_optindex_optional_value", "_[?_](map(K, V), K) -> optional(V)", select},
    {"optional_map_optindex_optional_value", "_[?_](optional(map(K, V)), K) -> optional(V)", select},
    {"optional_list_index_int", "_[_](optional(list(V)), int) -> optional(V)", op_index},
    {"optional_map_index_value", "_[_](optional(map(K, V)), K) -> optional(V)", op_index},
    // version 2
    {"list_first", "list(V).first() -> optional(V)", first},
    {"list_last", "list(V).last() -> optional(V)", last},
    {"optional_unwrap", "optional.unwrap(list(optional(V))) -> list(V)", unwrap, nullptr, true},
    {"optional_unwrapOpt", "list(optional(V)).unwrapOpt() -> list(V)", unwrap},
};

}  // namespace
}  // namespace internal

Library optional_library(uint32_t version) {
  const std::span<const Overload> all = internal::kOverloads;
  return {"optional", version, version >= 2 ? all : all.first(all.size() - 4)};
}

}  // namespace ameia::expr
