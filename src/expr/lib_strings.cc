// cel-go's strings extension, versions 0 to 4. Positions are code points; ASCII text is not decoded.
// Costs are Kubernetes' (k8s.io/apiserver pkg/cel/library/cost.go), which charges by function name.
#include "expr/internal/lib_strings.h"

#include <algorithm>

#include "expr/internal/lib_util.h"
#include "expr/internal/number.h"
#include "expr/internal/ops.h"
#include "expr/libraries.h"

namespace ameia::expr {
namespace internal {
namespace {

constexpr size_t kNpos = std::string_view::npos;

Value out_of_range(CallContext& context, int64_t index) {
  return context.errorf("index out of range: %lld", static_cast<long long>(index));
}

int64_t length(const Value& text) {
  return static_cast<int64_t>(cost_size(text));
}

int64_t position(const Value& text, size_t byte) {
  return static_cast<int64_t>(text.ascii ? byte : count_code_points(text.str().substr(0, byte)));
}

Value char_at(CallContext& context, const Value* args, uint32_t) {
  const int64_t index = args[1].integer;
  const size_t at = index < 0 ? kNpos : offset_of(args[0].str(), args[0].ascii, static_cast<uint64_t>(index));
  if (at == kNpos) return out_of_range(context, index);
  const size_t bytes = at == args[0].size ? 0 : code_point_bytes(args[0].str(), at);
  return part_of(args[0], at, at + bytes);
}

// Up to version 3 an offset behind the text finds nothing, as in cel-go; from 4 on it is an error, as cel-spec says.
template <bool strict>
Value index_of(CallContext& context, const Value* args, uint32_t count) {
  const std::string_view text = args[0].str(), wanted = args[1].str();
  const int64_t from = count == 3 ? args[2].integer : 0;
  if (from < 0) return out_of_range(context, from);
  const size_t at = offset_of(text, args[0].ascii, static_cast<uint64_t>(from));
  if (at == kNpos) {
    if (strict) return out_of_range(context, from);
    return Value::of_int(wanted.empty() ? length(args[0]) : -1);
  }
  if (wanted.empty()) return Value::of_int(from);
  const size_t found = text.find(wanted, at);
  return Value::of_int(found == kNpos ? -1 : position(args[0], found));
}

template <bool strict>
Value last_index_of(CallContext& context, const Value* args, uint32_t count) {
  const std::string_view text = args[0].str(), wanted = args[1].str();
  size_t at = kNpos;
  if (count == 3) {
    const int64_t from = args[2].integer;
    if (from < 0) return out_of_range(context, from);
    at = offset_of(text, args[0].ascii, static_cast<uint64_t>(from));
    if (at == kNpos && strict) return out_of_range(context, from);
    if (wanted.empty()) return Value::of_int(at == kNpos ? length(args[0]) : from);
    if (at == kNpos || at == text.size()) return Value::of_int(-1);
  } else if (wanted.empty()) {
    return Value::of_int(length(args[0]));
  }
  const size_t found = text.rfind(wanted, at);
  return Value::of_int(found == kNpos ? -1 : position(args[0], found));
}

template <char first, char last>
Value change_case(CallContext& context, const Value* args, uint32_t) {
  const std::string_view text = args[0].str();
  if (!context.room_for(text.size())) return context.no_room();
  char* out = context.arena.array<char>(text.size());
  for (size_t i = 0; i < text.size(); ++i)
    out[i] = text[i] >= first && text[i] <= last ? static_cast<char>(text[i] ^ 0x20) : text[i];
  return Value::of_string({out, text.size()}, args[0].ascii);
}

// Go's strings.Replace.
Value replace(CallContext& context, const Value* args, uint32_t count) {
  const std::string_view text = args[0].str(), before = args[1].str(), after = args[2].str();
  const int64_t limit = count == 4 ? args[3].integer : -1;
  if (limit == 0 || before == after) return args[0];
  uint64_t most = limit < 0 ? UINT64_MAX : static_cast<uint64_t>(limit);
  if (before.empty()) {
    most = std::min(most, cost_size(args[0]) + 1);
    if (!context.room_for(text.size() + mul_sat(most, after.size()))) return context.no_room();
    std::string out;
    size_t at = 0;
    for (uint64_t i = 0; i < most; ++i) {
      if (i != 0) {
        const size_t bytes = code_point_bytes(text, at);
        out.append(text, at, bytes);
        at += bytes;
      }
      out += after;
    }
    out.append(text, at);
    return context.string(out);
  }
  uint64_t found = 0;
  for (size_t at = text.find(before); at != kNpos && found < most; at = text.find(before, at + before.size())) ++found;
  if (found == 0) return args[0];
  const uint64_t size = text.size() - found * before.size() + mul_sat(found, after.size());
  if (size > UINT32_MAX || !context.room_for(size)) return context.no_room();
  char* out = context.arena.array<char>(size);
  char* to = out;
  size_t at = 0;
  for (; found != 0; --found) {
    const size_t next = text.find(before, at);
    to = std::copy_n(text.data() + at, next - at, to);
    to = std::copy_n(after.data(), after.size(), to);
    at = next + before.size();
  }
  std::copy_n(text.data() + at, text.size() - at, to);
  return Value::of_string({out, size}, (args[0].ascii && args[2].ascii) || is_ascii({out, size}));
}

// Go's strings.SplitN; an empty separator parts the text into code points.
Value split(CallContext& context, const Value* args, uint32_t count) {
  const std::string_view text = args[0].str(), separator = args[1].str();
  const int64_t limit = count == 3 ? args[2].integer : -1;
  if (limit == 0) return context.list({});
  const uint64_t most = limit < 0 ? UINT64_MAX : static_cast<uint64_t>(limit);
  uint64_t parts = 0;
  if (separator.empty()) {
    parts = std::min(most, cost_size(args[0]));
  } else {
    parts = 1;
    for (size_t at = text.find(separator); at != kNpos && parts < most;
         at = text.find(separator, at + separator.size()))
      ++parts;
  }
  if (!context.room_for(parts * sizeof(Value))) return context.no_room();
  auto* items = context.arena.array<Value>(parts);
  size_t at = 0;
  for (uint64_t i = 0; i < parts; ++i) {
    size_t end = text.size(), next = text.size();
    if (i + 1 < parts) {
      end = separator.empty() ? at + code_point_bytes(text, at) : text.find(separator, at);
      next = end + separator.size();
    }
    items[i] = part_of(args[0], at, end);
    at = next;
  }
  auto* list = context.arena.make<ListValue>();
  list->size = static_cast<uint32_t>(parts);
  list->items = items;
  return Value::of_list(list);
}

Value substring(CallContext& context, const Value* args, uint32_t count) {
  const std::string_view text = args[0].str();
  const int64_t start = args[1].integer;
  if (count == 3 && start > args[2].integer) {
    return context.errorf("invalid substring range. start: %lld, end: %lld", static_cast<long long>(start),
                          static_cast<long long>(args[2].integer));
  }
  const size_t begin = start < 0 ? kNpos : offset_of(text, args[0].ascii, static_cast<uint64_t>(start));
  if (begin == kNpos) return out_of_range(context, start);
  size_t end = text.size();
  if (count == 3) {
    const size_t more = offset_of(text.substr(begin), args[0].ascii, static_cast<uint64_t>(args[2].integer - start));
    if (more == kNpos) return out_of_range(context, args[2].integer);
    end = begin + more;
  }
  return part_of(args[0], begin, end);
}

bool is_space(uint32_t c) {  // Unicode's White_Space
  return (c >= 9 && c <= 13) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
         c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

Value trim(CallContext&, const Value* args, uint32_t) {
  const std::string_view text = args[0].str();
  size_t begin = 0, end = text.size(), bytes = 0;
  while (begin < end && is_space(code_point(text, begin, bytes))) begin += bytes;
  while (end > begin) {
    size_t last = end - 1;
    while (last > begin && (static_cast<unsigned char>(text[last]) & 0xc0) == 0x80) --last;
    if (!is_space(code_point(text, last, bytes)) || last + bytes != end) break;
    end = last;
  }
  return part_of(args[0], begin, end);
}

Value join(CallContext& context, const Value* args, uint32_t count) {
  const std::string_view separator = count == 2 ? args[1].str() : std::string_view();
  const uint32_t size = list_size(args[0]);
  uint64_t bytes = 0;
  bool ascii = count == 1 || args[1].ascii;
  for (uint32_t i = 0; i < size; ++i) {
    const Value item = list_at(args[0], i);
    if (item.kind != ValueKind::kString) {
      const Value shown = to_string_value(context, &item, 1);
      return context.error("join: invalid input: " + std::string(shown.is_error() ? type_name(item) : shown.str()));
    }
    bytes += item.size + (i == 0 ? 0 : separator.size());
    ascii = ascii && item.ascii;
  }
  if (bytes > UINT32_MAX || !context.room_for(bytes)) return context.no_room();
  char* out = context.arena.array<char>(bytes);
  char* to = out;
  for (uint32_t i = 0; i < size; ++i) {
    if (i != 0) to = std::copy_n(separator.data(), separator.size(), to);
    const Value item = list_at(args[0], i);
    to = std::copy_n(item.chars, item.size, to);
  }
  return Value::of_string({out, bytes}, ascii);
}

Value quote(CallContext& context, const Value* args, uint32_t) {
  const std::string_view text = args[0].str();
  if (!context.room_for(text.size() * 3)) return context.no_room();
  std::string out = "\"";
  for (size_t at = 0; at < text.size();) {
    size_t bytes = 1;
    const uint32_t c = code_point(text, at, bytes);
    if (c >= 7 && c <= 13) {
      out += '\\';
      out += "abtnvfr"[c - 7];
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else {
      append_utf8(out, c);
    }
    at += bytes;
  }
  return context.string(out + '"');
}

Value reverse(CallContext& context, const Value* args, uint32_t) {
  const std::string_view text = args[0].str();
  if (!context.room_for(text.size())) return context.no_room();
  char* out = context.arena.array<char>(text.size());
  char* to = out + text.size();
  for (size_t at = 0; at < text.size();) {
    const size_t bytes = code_point_bytes(text, at);
    to -= bytes;
    std::copy_n(text.data() + at, bytes, to);
    at += bytes;
  }
  return Value::of_string({out, text.size()}, args[0].ascii);
}

#define AMEIA_STRINGS_0(strict)                                                                                    \
  {"string_char_at_int", "string.charAt(int) -> string", char_at},                                                 \
      {"string_index_of_string", "string.indexOf(string) -> int", index_of<strict>, cost_traverse_first},          \
      {"string_index_of_string_int", "string.indexOf(string, int) -> int", index_of<strict>, cost_traverse_first}, \
      {"string_last_index_of_string", "string.lastIndexOf(string) -> int", last_index_of<strict>,                  \
       cost_traverse_first},                                                                                       \
      {"string_last_index_of_string_int", "string.lastIndexOf(string, int) -> int", last_index_of<strict>,         \
       cost_traverse_first},                                                                                       \
      {"string_lower_ascii", "string.lowerAscii() -> string", change_case<'A', 'Z'>, cost_of_first},               \
      {"string_upper_ascii", "string.upperAscii() -> string", change_case<'a', 'z'>, cost_of_first},               \
      {"string_replace_string_string", "string.replace(string, string) -> string", replace, cost_twice_first},     \
      {"string_replace_string_string_int", "string.replace(string, string, int) -> string", replace,               \
       cost_twice_first},                                                                                          \
      {"string_split_string", "string.split(string) -> list(string)", split, cost_twice_first},                    \
      {"string_split_string_int", "string.split(string, int) -> list(string)", split, cost_twice_first},           \
      {"string_substring_int", "string.substring(int) -> string", substring, cost_of_first},                       \
      {"string_substring_int_int", "string.substring(int, int) -> string", substring, cost_of_first},              \
      {"string_trim", "string.trim() -> string", trim, cost_of_first},                                             \
      {"list_join", "list(string).join() -> string", join, cost_twice_result}, {                                   \
    "list_join_string", "list(string).join(string) -> string", join, cost_twice_result                             \
  }

constexpr Overload kUpTo3[] = {
    AMEIA_STRINGS_0(false),
    {"strings_quote", "strings.quote(string) -> string", quote, cost_of_first, true},
    {"string_format", "string.format(list(dyn)) -> string", format_string, cost_of_first},
    {"string_reverse", "string.reverse() -> string", reverse},
};
constexpr Overload kFrom4[] = {
    AMEIA_STRINGS_0(true),
    {"strings_quote", "strings.quote(string) -> string", quote, cost_of_first, true},
    {"string_format", "string.format(list(dyn)) -> string", format_string_v4, cost_of_first},
    {"string_reverse", "string.reverse() -> string", reverse},
};
#undef AMEIA_STRINGS_0
constexpr size_t kVersion0 = 16, kVersion1 = kVersion0 + 2;

}  // namespace
}  // namespace internal

Library strings_library(uint32_t version) {
  const std::span<const Overload> all =
      version >= 4 ? std::span<const Overload>(internal::kFrom4) : std::span<const Overload>(internal::kUpTo3);
  return {"strings", version, version >= 3 ? all : all.first(version >= 1 ? internal::kVersion1 : internal::kVersion0)};
}

}  // namespace ameia::expr
