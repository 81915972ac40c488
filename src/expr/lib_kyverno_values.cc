// Kyverno's small libraries: service accounts, math.round, lists of objects as maps, json, yaml; and the doors that are
// never open here: http and globalContext.
#include <cmath>
#include <memory>
#include <unordered_map>

#include "doc/json.h"
#include "doc/yaml.h"
#include "expr/internal/lib_util.h"
#include "expr/lib_kyverno.h"
#include "expr/limits.h"
#include "expr/program.h"

namespace ameia::expr {
namespace internal {
namespace {

constexpr std::string_view kServiceAccountPrefix = "system:serviceaccount:";

Value parse_service_account(CallContext& context, const Value* args, uint32_t) {
  std::string_view user = args[0].str(), ns, name;
  if (user.starts_with(kServiceAccountPrefix)) {
    user.remove_prefix(kServiceAccountPrefix.size());
    if (const size_t colon = user.find(':'); colon != std::string_view::npos) {
      ns = user.substr(0, colon);
      name = user.substr(colon + 1);
    }
  }
  const MapEntryValue entries[] = {{context.string("Name"), context.string(name)},
                                   {context.string("Namespace"), context.string(ns)}};
  return context.map(entries);
}

// To that many digits after the point, halves away from zero.
Value round(CallContext&, const Value* args, uint32_t) {
  const double factor = std::pow(10.0, static_cast<double>(args[1].integer));
  const double scaled = args[0].number * factor;
  if (!std::isfinite(scaled) || factor == 0) return args[0];
  return Value::of_double(std::round(scaled) / factor);
}

// {keys[i].<key>: values[i].<value>}
Value list_to_map(CallContext& context, const Value* args, uint32_t) {
  const uint32_t size = list_size(args[0]);
  if (size != list_size(args[1])) {
    return context.errorf("listObjToMap must take lists of equal length. list1: %u, list2: %u", size,
                          list_size(args[1]));
  }
  if (!context.room_for(size * sizeof(MapEntryValue))) return context.no_room();
  auto* entries = context.arena.array<MapEntryValue>(size);
  uint32_t used = 0;
  std::unordered_map<std::string_view, uint32_t> known;
  for (uint32_t i = 0; i < size; ++i) {
    const Value from = list_at(args[0], i), to = list_at(args[1], i);
    if (!from.is_map() || !to.is_map()) return context.error("object cannot be handled as a map");
    MapEntryValue entry;
    if (!map_find(from, args[2], entry.key) || !entry.key.is(ValueKind::kString))
      return context.error("the passed key name cannot be handled as a string in the key object list");
    if (!map_find(to, args[3], entry.value)) entry.value = Value::null();
    const auto [place, is_new] = known.try_emplace(entry.key.str(), used);
    if (is_new) ++used;
    entries[place->second] = entry;
  }
  return Value::of_map(make_map(context.arena, entries, used));
}

Value marshal(CallContext& context, const Value* args, uint32_t) {
  return context.string(to_json(args[1]));
}

// The tree of a document that will not live on, as values that will. Go reads every number as a float64.
Value value_of(CallContext& context, const doc::Node& node) {
  if (node.is_string()) return context.string(node.str());
  if (node.is_list()) {
    Value* items = context.arena.array<Value>(node.size);
    for (uint32_t i = 0; i < node.size; ++i) items[i] = value_of(context, node.items[i]);
    return context.list({items, node.size});
  }
  if (!node.is_map()) {
    const Value value = Value::of_node(node);
    return value.is(ValueKind::kInt) ? Value::of_double(static_cast<double>(value.integer)) : value;
  }
  auto* entries = context.arena.array<MapEntryValue>(node.size);
  for (uint32_t i = 0; i < node.size; ++i) {
    entries[i] = {context.string(node.members[i].key->view()), value_of(context, node.members[i].value)};
  }
  return Value::of_map(make_map(context.arena, entries, node.size));
}

// Of what a parser says, without the snippet under it.
std::string first_line(const std::string& what) {
  return what.substr(0, what.find('\n'));
}

constexpr size_t kValueBytesPerText = 48;  // of a list of one-digit numbers, about

Value unmarshal(CallContext& context, const Value* args, uint32_t) {
  if (!args[1].is(ValueKind::kString)) return context.error("json.unmarshal takes a string");
  if (!context.room_for(args[1].str().size() * kValueBytesPerText)) return context.no_room();
  auto source = std::make_shared<const doc::Source>("json", std::string(args[1].str()));
  auto document = doc::parse_json(source, std::make_shared<doc::Keys>());
  if (!document) return context.error("json.unmarshal: " + first_line(document.error().what));
  return value_of(context, (*document)->root());
}

// The first document of the text; an empty text is null.
Value parse_yaml(CallContext& context, const Value* args, uint32_t) {
  const std::string_view text = args[1].str();
  if (!context.room_for(text.size() * kValueBytesPerText)) return context.no_room();
  doc::Limits limits;
  limits.alias_nodes_max = (context.bytes_max - context.arena.reserved_bytes()) / kValueBytesPerText;
  auto source = std::make_shared<const doc::Source>("yaml", std::string(text));
  const doc::YamlStream stream = doc::parse_yaml(source, std::make_shared<doc::Keys>(), limits);
  if (!stream.errors.empty()) return context.error("yaml.parse: " + first_line(stream.errors.front().what));
  return stream.documents.empty() ? Value::null() : value_of(context, stream.documents.front()->root());
}

Value no_http(CallContext& context, const Value*, uint32_t) {
  return context.error("the answer of an HTTP request " + std::string(kNotKnownOffline));
}
Value no_global_context(CallContext& context, const Value* args, uint32_t) {
  return context.error("the global context entry " + std::string(args[1].str()) + " " + std::string(kNotKnownOffline));
}

constexpr Overload kValues[] = {
    {"parse_service_account_string_non_prefixed", "parseServiceAccount(string) -> map(string, string)",
     parse_service_account},
    {"parse_service_account_string_prefixed", "user.parseServiceAccount(string) -> map(string, string)",
     parse_service_account, nullptr, true},
    {"math_round_float_int", "math.round(double, int) -> double", round, nullptr, true},
    {"list_of_object_to_map_non_prefixed", "listObjToMap(list(dyn), list(dyn), string, string) -> map(string, dyn)",
     list_to_map},
    {"list_of_object_to_map_prefixed",
     "transform.listObjToMap(list(dyn), list(dyn), string, string) -> map(string, dyn)", list_to_map, nullptr, true},
    {"unmarshal_string_dyn", "json.Json.unmarshal(dyn) -> dyn", unmarshal},
    {"parse_string_dyn", "yaml.Yaml.parse(string) -> dyn", parse_yaml},
    {"marshal_dyn_string", "json.Json.marshal(dyn) -> string", marshal},
    {"http_get_string", "http.Context.Get(string) -> dyn", no_http},
    {"http_get_string_headers", "http.Context.Get(string, map(string, string)) -> dyn", no_http},
    {"http_post_string_any", "http.Context.Post(string, dyn) -> dyn", no_http},
    {"http_post_string_any_headers", "http.Context.Post(string, dyn, map(string, string)) -> dyn", no_http},
    {"http_client_string", "http.Context.Client(string) -> http.Context", no_http},
    {"globalcontext_get_string_string", "globalContext.Context.Get(string, string) -> dyn", no_global_context},
};

}  // namespace
}  // namespace internal

Library kyverno_values_library() {
  return {"kyverno.values", 0, internal::kValues};
}

}  // namespace ameia::expr
