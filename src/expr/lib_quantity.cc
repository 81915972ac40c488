// Kubernetes' quantity library.
#include "expr/internal/lib_util.h"
#include "expr/internal/quantity.h"
#include "expr/libraries.h"

namespace ameia::expr {
namespace internal {
namespace {

// Trivially destructible, so the digits of a decimal lie in the arena.
class QuantityValue final : public Opaque {
 public:
  QuantityValue(base::Arena& arena, const Quantity& q)
      : is_decimal_(q.is_decimal),
        negative_(q.decimal.negative),
        format_(q.format),
        value_(q.value),
        scale_(q.scale),
        decimal_scale_(q.decimal.scale),
        digits_(q.is_decimal ? arena.copy(std::string_view(q.decimal.digits)) : std::string_view("0")),
        text_(arena.copy(std::string_view(q.text()))) {}
  [[nodiscard]] std::string_view type_name() const override { return "kubernetes.Quantity"; }
  [[nodiscard]] bool equals(const Opaque& other) const override {
    return get().compare(static_cast<const QuantityValue&>(other).get()) == 0;
  }
  [[nodiscard]] std::string_view text() const override { return text_; }
  [[nodiscard]] Quantity get() const {
    Quantity q;
    q.is_decimal = is_decimal_;
    q.value = value_;
    q.scale = scale_;
    q.decimal = {negative_, std::string(digits_), decimal_scale_};
    q.format = format_;
    return q;
  }

 private:
  bool is_decimal_, negative_;
  Quantity::Format format_;
  int64_t value_;
  int32_t scale_, decimal_scale_;
  std::string_view digits_, text_;
};

Quantity quantity_of(const Value& v) {
  return static_cast<const QuantityValue*>(v.opaque)->get();
}
Value make(CallContext& context, const Quantity& q) {
  return Value::of_opaque(context.arena.make<QuantityValue>(context.arena, q));
}

Value parse(CallContext& context, const Value* args, uint32_t) {
  Quantity q;
  bool too_large = false;
  const std::string_view why = parse_quantity(args[0].str(), q, too_large);
  return why.empty() ? make(context, q) : context.error(why);
}
Value is_quantity(CallContext&, const Value* args, uint32_t) {
  Quantity q;
  bool too_large = false;
  return Value::of(parse_quantity(args[0].str(), q, too_large).empty() || too_large);
}
Value sign(CallContext&, const Value* args, uint32_t) {
  return Value::of_int(quantity_of(args[0]).sign());
}
int compare(const Value* args) {
  return quantity_of(args[0]).compare(quantity_of(args[1]));
}
Value is_greater(CallContext&, const Value* args, uint32_t) {
  return Value::of(compare(args) > 0);
}
Value is_less(CallContext&, const Value* args, uint32_t) {
  return Value::of(compare(args) < 0);
}
Value compare_to(CallContext&, const Value* args, uint32_t) {
  return Value::of_int(compare(args));
}
Value as_double(CallContext&, const Value* args, uint32_t) {
  return Value::of_double(quantity_of(args[0]).as_double());
}
Value as_integer(CallContext& context, const Value* args, uint32_t) {
  int64_t i = 0;
  return quantity_of(args[0]).as_integer(i) ? Value::of_int(i) : context.error("cannot convert value to integer");
}
Value is_integer(CallContext&, const Value* args, uint32_t) {
  int64_t i = 0;
  return Value::of(quantity_of(args[0]).as_integer(i));
}

Quantity operand(const Value& v) {
  if (v.kind == ValueKind::kOpaque) return quantity_of(v);
  Quantity q;
  q.value = v.integer;
  q.format = Quantity::Format::kDecimalExponent;
  return q;
}
Value add(CallContext& context, const Value* args, uint32_t) {
  Quantity q = quantity_of(args[0]);
  q.add(operand(args[1]));
  return make(context, q);
}
Value subtract(CallContext& context, const Value* args, uint32_t) {
  Quantity q = quantity_of(args[0]);
  q.subtract(operand(args[1]));
  return make(context, q);
}

#define Q "kubernetes.Quantity"
constexpr Overload kOverloads[] = {
    {"string_to_quantity", "quantity(string) -> " Q, parse, cost_of_first},
    {"is_quantity_string", "isQuantity(string) -> bool", is_quantity, cost_of_first},
    {"quantity_sign", "sign(" Q ") -> int", sign},
    {"quantity_is_greater_than", Q ".isGreaterThan(" Q ") -> bool", is_greater},
    {"quantity_is_less_than", Q ".isLessThan(" Q ") -> bool", is_less},
    {"quantity_compare_to", Q ".compareTo(" Q ") -> int", compare_to},
    {"quantity_get_float", Q ".asApproximateFloat() -> double", as_double},
    {"quantity_get_int", Q ".asInteger() -> int", as_integer},
    {"quantity_is_integer", Q ".isInteger() -> bool", is_integer},
    {"quantity_add", Q ".add(" Q ") -> " Q, add},
    {"quantity_add_int", Q ".add(int) -> " Q, add},
    {"quantity_sub", Q ".sub(" Q ") -> " Q, subtract},
    {"quantity_sub_int", Q ".sub(int) -> " Q, subtract},
};
#undef Q

}  // namespace
}  // namespace internal

Library k8s_quantity() {
  return {"kubernetes.quantity", 0, internal::kOverloads};
}

}  // namespace ameia::expr
