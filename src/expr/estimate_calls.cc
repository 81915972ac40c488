// What each function costs by the sizes of its arguments; the runtime's own figures are with the functions.
#include <cstddef>
#include <initializer_list>

#include "expr/internal/estimate.h"

namespace ameia::expr::internal {
namespace {

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  for (const std::string_view w : words) {
    if (w == word) return true;
  }
  return false;
}

constexpr uint64_t kCheckCost = 350'000;     // of asking the authorizer
constexpr double kNamedFormatPattern = 128;  // characters: the longest pattern of a named format
constexpr uint64_t kFormatNameMax = 64;      // characters
constexpr Range kAddressBytes{4, 16};        // of an IP address

Range traversal(const Operand& of) {
  return scaled(of.size_or_unknown(), kPerCharacter);
}
// A pattern is guessed to hold one expression in four characters; one more character keeps the empty text from being
// free.
Range matching(Range text, Range pattern) {
  return scaled(text + exactly(1), kPerCharacter) * scaled(pattern, kPerPatternCharacter);
}

// A field or label selector of `length` characters: it has at most one requirement in two of them.
Range selector(Range length) {
  constexpr double kRequirementsPerCharacter = 0.5;
  constexpr double kPerRequirement = static_cast<double>(kListBase + kStructBase);
  return exactly(kListBase) + scaled(length, kPerCharacter) +
         scaled(scaled(length, kRequirementsPerCharacter), kPerRequirement);
}

// The shortest and longest text that replacing `from` by `to` may leave.
Range replaced(Range text, Range from, Range to) {
  Range count, kept;
  auto times = [](uint64_t size, uint64_t by) { return size / by + (size % by != 0 ? 1 : 0); };
  if (from.min == 0) {  // the replacement stands around every character
    count.max = add_capped(text.max, 1);
    kept.max = text.max;
  } else if (to.max <= from.min) {
    kept.max = text.max;
  } else {
    count.max = times(text.max, from.min);
  }
  if (from.max == 0) {
    count.min = add_capped(text.min, 1);
    kept.min = text.min;
  } else if (from.max <= to.min) {
    kept.min = text.min;
  } else {
    count.min = times(text.min, from.max);
  }
  return count * to + kept;
}

Range joined(const Operand& list, std::span<const Operand> args) {
  const Range count = list.size_or_unknown();
  Range size;
  if (!list.type->params.empty()) size = count * list.item_size();
  if (args.empty()) return size;
  const Range separators{count.min > 0 ? count.min - 1 : 0, count.max > 0 ? count.max - 1 : 0};
  return size + args[0].size_or_unknown() * separators;
}

// Functions over every element of a list: isSorted, sum, min … also indexOf of a text.
Range over_elements(std::string_view function, const Operand& target) {
  const Range size = target.size_or_unknown();
  if (!target.type->params.empty()) {
    Range each = exactly(1);
    const TypeKind kind = target.type->params[0]->kind;
    if (kind == TypeKind::kString || kind == TypeKind::kBytes) each = each + scaled(target.item_size(), kPerCharacter);
    return size * each;
  }
  return function == "includes" ? size * exactly(1) : scaled(size, kPerCharacter);
}

Range contains_address(std::string_view overload, std::span<const Operand> args) {
  Range cost = scaled(kAddressBytes + kAddressBytes, kPerCharacter);
  if (overload.starts_with("cidr_contains_cidr")) cost = cost + scaled(kAddressBytes, kPerCharacter) + exactly(1);
  if (overload == "cidr_contains_ip_string" || overload == "cidr_contains_cidr_string")
    cost = cost + traversal(args[0]);
  return cost;
}

// Equality of the library types whose size is bounded.
std::optional<Range> equality(std::span<const Operand> args) {
  if (args.size() != 2 || args[0].type->kind != TypeKind::kOpaque || !same_type(args[0].type, args[1].type))
    return std::nullopt;
  const std::string_view name = args[0].type->name;
  if (one_of(name, {"net.IP", "net.CIDR", "kubernetes.Quantity", "kubernetes.Semver"}) ||
      name.starts_with("kubernetes.authorization.")) {
    return exactly(1);
  }
  if (name == "kubernetes.NamedFormat") return scaled({1, kFormatNameMax}, kPerCharacter);
  if (name == "kubernetes.URL") return scaled({1, args[1].size ? args[1].size->max : 1}, kPerCharacter);
  return std::nullopt;
}

// A literal that is a whole number, negative ones as 0.
uint64_t number_or(const Operand& of, uint64_t otherwise) {
  if (of.expr->kind != ExprKind::kLiteral || of.expr->literal.kind != Literal::Kind::kInt) return otherwise;
  return of.expr->literal.integer < 0 ? 0 : static_cast<uint64_t>(of.expr->literal.integer);
}

CallEstimate makes_list(Range size, double factor) {
  return {scaled(size, factor) + exactly(1) + exactly(kListBase), size};
}

// The extension libraries of lists and sets price themselves, before Kubernetes is asked.
std::optional<CallEstimate> list_library(std::string_view overload, const Operand* target,
                                         std::span<const Operand> args) {
  if (overload == "list_slice" && target != nullptr && args.size() == 2) {
    const uint64_t first = number_or(args[0], 0), last = number_or(args[1], target->size_or_unknown().max);
    return makes_list(exactly(last - first), 1);
  }
  if (overload == "lists_range" && args.size() == 1) return makes_list(exactly(number_or(args[0], kUnbounded)), 1);
  if (overload == "list_reverse" && target != nullptr) return makes_list(target->size_or_unknown(), 1);
  if ((overload == "list_flatten" || overload == "list_flatten_int") && target != nullptr) {
    const uint64_t depth = args.empty() ? 1 : number_or(args[0], kUnbounded);
    return makes_list(target->size_or_unknown(), static_cast<double>(depth));
  }
  constexpr double kCompare = 2;
  if (overload == "list_distinct" && target != nullptr) {
    return makes_list(target->size_or_unknown() * target->size_or_unknown(), kCompare);
  }
  const bool by_keys = overload.ends_with("_sortByAssociatedKeys");
  if ((by_keys && args.size() == 1) || overload.ends_with("_sort")) {
    if (target == nullptr) return std::nullopt;
    const bool texts = overload.starts_with("list_string_") || overload.starts_with("list_bytes_");
    const Range size = by_keys ? args[0].size_or_unknown() : target->size_or_unknown();
    return makes_list(size * size, texts ? kCompare + kPerCharacter : kCompare);
  }
  if (overload.starts_with("list_sets_") && args.size() == 2) {
    const double factor = overload == "list_sets_equivalent_list" ? 2 : 1;
    return CallEstimate{scaled(args[0].size_or_unknown() * args[1].size_or_unknown(), factor) + exactly(1), {}};
  }
  return std::nullopt;
}

std::optional<CallEstimate> kubernetes_library(std::string_view function, std::string_view overload,
                                               const Operand* target, std::span<const Operand> args) {
  const auto plain = [](Range cost) { return CallEstimate{cost, std::nullopt}; };
  if (function == "check") return plain(exactly(kCheckCost));
  if (one_of(function, {"serviceAccount",
                        "path",
                        "group",
                        "resource",
                        "subresource",
                        "namespace",
                        "name",
                        "allowed",
                        "reason",
                        "error",
                        "errored",  // of the authorizer
                        "masked",
                        "prefixLength",
                        "family",
                        "isUnspecified",
                        "isLoopback",
                        "isLinkLocalMulticast",
                        "isLinkLocalUnicast",
                        "isGlobalUnicast",  // of addresses
                        "format.named",
                        "sign",
                        "asInteger",
                        "isInteger",
                        "asApproximateFloat",
                        "isGreaterThan",
                        "isLessThan",
                        "compareTo",
                        "add",
                        "sub",
                        "major",
                        "minor",
                        "patch",  // of quantities, versions
                        "getScheme",
                        "getHostname",
                        "getHost",
                        "getPort",
                        "getEscapedPath",
                        "getQuery"})) {
    return plain(exactly(1));
  }
  if ((function == "fieldSelector" || function == "labelSelector") && args.size() == 1)
    return plain(selector(args[0].size_or_unknown()));
  if (target != nullptr) {
    if (one_of(function, {"isSorted", "sum", "max", "min", "indexOf", "lastIndexOf", "includes"}))
      return plain(over_elements(function, *target));
    const Range size = target->size_or_unknown();
    if (one_of(function, {"lowerAscii", "upperAscii", "substring", "trim"}))
      return CallEstimate{scaled(size, kPerCharacter), size};
    if (function == "replace" && args.size() >= 2) {
      return CallEstimate{scaled(size, 2 * kPerCharacter),
                          replaced(size, args[0].size_or_unknown(), args[1].size_or_unknown())};
    }
    if (function == "split") {
      uint64_t parts = size.max;
      if (args.size() > 1 && args[1].expr->kind == ExprKind::kLiteral &&
          args[1].expr->literal.kind == Literal::Kind::kInt) {
        parts = static_cast<uint64_t>(args[1].expr->literal.integer);
      }
      return CallEstimate{scaled(size, 2 * kPerCharacter), Range{0, parts}};
    }
    if (function == "join") {
      const Range text = joined(*target, args);
      return CallEstimate{scaled(text, kPerCharacter), text};
    }
    if ((function == "find" || function == "findAll") && !args.empty())
      return CallEstimate{matching(size, args[0].size_or_unknown()), Range{0, size.max}};
  }
  if (overload == "cidr_ip") return plain(exactly(1));
  if (args.empty()) return std::nullopt;
  const Range first = args[0].size_or_unknown();
  if ((function == "url" || function == "jsonpatch.escapeKey") && args.size() == 1)
    return CallEstimate{scaled(first, kPerCharacter), first};
  if (one_of(function, {"cidr", "isIP", "isCIDR", "ip", "quantity", "isQuantity", "semver", "isSemver"}))
    return plain(scaled(first, kPerCharacter));
  if (function == "ip.isCanonical") return plain(scaled(first, 2 * kPerCharacter));
  if (function == "containsIP" || function == "containsCIDR") return plain(contains_address(overload, args));
  if (function == "validate")
    return plain(scaled(scaled(first, kPerCharacter), kNamedFormatPattern * kPerPatternCharacter));
  if (function == "_==_") {
    if (const std::optional<Range> cost = equality(args)) return plain(*cost);
  }
  return std::nullopt;
}

// Comparing stops at the end of the shorter; two scalars cost one.
Range comparison(Range a, Range b) {
  const uint64_t shorter = a.max < b.max ? a.max : b.max;
  return scaled({shorter > 0 ? uint64_t{1} : uint64_t{0}, shorter}, kPerCharacter);
}

CallEstimate standard_library(std::string_view overload, const Operand* target, std::span<const Operand> args) {
  const auto size = [&](size_t i) { return args[i].size_or_unknown(); };
  if (overload == "string_format" && target != nullptr) return {traversal(*target), std::nullopt};
  if (args.size() == 1) {
    const Range one = size(0);
    // A character has up to four bytes.
    if (overload == "string_to_bytes") return {traversal(args[0]), Range{one.min, multiply_capped(one.max, 4)}};
    if (overload == "bytes_to_string") return {traversal(args[0]), Range{one.min / 4, one.max}};
    // Two quotes are added and every character may need a backslash.
    if (overload == "strings_quote")
      return {traversal(args[0]), Range{add_capped(one.min, 2), add_capped(multiply_capped(one.max, 2), 2)}};
    if (overload == "starts_with_string" || overload == "ends_with_string") return {traversal(args[0]), std::nullopt};
    if (overload == "matches_string" && target != nullptr)
      return {matching(target->size_or_unknown(), one), std::nullopt};
    if (overload == "contains_string" && target != nullptr)
      return {traversal(*target) * traversal(args[0]), std::nullopt};
  }
  if (args.size() == 2) {
    if (overload == "in_list") return {scaled(size(1), 1), std::nullopt};
    if (overload == "matches" && target == nullptr) return {matching(size(0), size(1)), std::nullopt};
    if (one_of(overload,
               {"equals", "not_equals", "less_string", "greater_string", "less_equals_string", "greater_equals_string",
                "less_bytes", "greater_bytes", "less_equals_bytes", "greater_equals_bytes"})) {
      return {comparison(size(0), size(1)), std::nullopt};
    }
  }
  return {exactly(1), std::nullopt};
}

}  // namespace

CallEstimate estimate_call(std::string_view function, std::string_view overload, const Operand* target,
                           std::span<const Operand> args) {
  if (const std::optional<CallEstimate> own = list_library(overload, target, args)) return *own;
  if (const std::optional<CallEstimate> own = kubernetes_library(function, overload, target, args)) return *own;
  return standard_library(overload, target, args);
}

}  // namespace ameia::expr::internal
