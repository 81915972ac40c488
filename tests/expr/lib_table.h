// Calls one overload of a library's table, without an engine around it.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "expr/function.h"
#include "expr/libraries.h"
#include "expr/regex_cache.h"

namespace ameia::expr::test {

class Table {
 public:
  explicit Table(const Library& library) : library_(library) {}

  Value call(std::string_view id, std::initializer_list<Value> args) {
    const Overload* overload = find(id);
    if (overload == nullptr) return context_.error("no overload " + std::string(id));
    const std::vector<Value> list(args);
    const Value result = overload->body(context_, list.data(), static_cast<uint32_t>(list.size()));
    cost_ = overload->cost == nullptr ? 1 : overload->cost(list.data(), static_cast<uint32_t>(list.size()), result);
    return result;
  }
  [[nodiscard]] uint64_t cost() const { return cost_; }
  [[nodiscard]] const Overload* find(std::string_view id) const {
    for (const Overload& overload : library_.overloads) {
      if (overload.id == id) return &overload;
    }
    return nullptr;
  }

  Value text(std::string_view s) { return context_.string(s); }
  Value list(std::initializer_list<Value> items) { return context_.list(std::vector<Value>(items)); }
  Value map(std::initializer_list<MapEntryValue> entries) { return context_.map(std::vector<MapEntryValue>(entries)); }
  Value some(const Value& v) { return context_.some(v); }
  CallContext& context() { return context_; }

 private:
  Library library_;
  base::Arena arena_;
  RegexCache regexes_;
  CallContext context_{arena_, &regexes_, nullptr};
  uint64_t cost_ = 0;
};

inline std::string text_of(const Value& v) {
  if (v.is_error()) return "error: " + std::string(v.error->message);
  if (v.kind == ValueKind::kString || v.kind == ValueKind::kBytes) return std::string(v.str());
  if (v.kind == ValueKind::kInt) return std::to_string(v.integer);
  if (v.kind == ValueKind::kBool) return v.boolean ? "true" : "false";
  if (v.kind == ValueKind::kOpaque) return std::string(v.opaque->text());
  if (v.kind == ValueKind::kOptional) return v.optional == nullptr ? "none" : "some(" + text_of(*v.optional) + ")";
  if (v.is_list()) {
    std::string out = "[";
    for (uint32_t i = 0; i < list_size(v); ++i) out += (i != 0 ? "|" : "") + text_of(list_at(v, i));
    return out + "]";
  }
  return std::string(type_name(v));
}

}  // namespace ameia::expr::test
