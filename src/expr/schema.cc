#include "expr/schema.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <unordered_map>

#include "expr/escape.h"
#include "expr/function.h"
#include "expr/internal/number.h"
#include "expr/internal/schema_size.h"
#include "expr/internal/time.h"

namespace ameia::expr {

namespace {

enum class Shape : uint8_t {
  kUnseen,  // CEL has no type for it
  kIntOrString,
  kObject,
  kMap,
  kPlainObject,
  kList,
  kString,
  kBytes,
  kDuration,
  kDate,
  kDateTime,
  kNumber,
  kInteger,
  kBoolean,
  kPreserved,  // no type, x-kubernetes-preserve-unknown-fields: takes part in equality only
};

struct Field {
  std::string_view name;     // as in documents
  std::string_view escaped;  // as in expressions; empty: cannot be written there
  uint16_t schema = 0;
};

struct Row {
  Shape shape = Shape::kUnseen;
  bool nullable = false;
  bool visible = false;
  uint16_t items = 0;  // of lists and maps
  std::vector<Field> fields;
  std::unordered_map<std::string_view, uint32_t> by_name, by_escaped;
  const ListSemantics* semantics = nullptr;
  const Type* type = nullptr;
  std::string text;
  uint64_t elements_max = 0;
  uint64_t json_bytes_min = 0;
};

std::string_view go_type(const doc::Node& node) {
  switch (node.kind) {
    case doc::Kind::kNull: return "<nil>";
    case doc::Kind::kBool: return "bool";
    case doc::Kind::kInt: return "int64";
    case doc::Kind::kDouble: return "float64";
    case doc::Kind::kString: return "string";
    case doc::Kind::kList: return "[]interface {}";
    case doc::Kind::kMap: return "map[string]interface {}";
  }
  return {};
}

// Standard base64 with padding.
bool decode_base64(std::string_view text, base::Arena& arena, std::string_view& out) {
  if (text.size() % 4 != 0) return false;
  auto* bytes = arena.array<char>(text.size() / 4 * 3 + 1);
  size_t size = 0;
  for (size_t i = 0; i < text.size(); i += 4) {
    uint32_t group = 0;
    int padding = 0;
    for (size_t k = 0; k < 4; ++k) {
      char c = text[i + k];
      uint32_t digit = 0;
      if (c >= 'A' && c <= 'Z') {
        digit = static_cast<uint32_t>(c - 'A');
      } else if (c >= 'a' && c <= 'z') {
        digit = static_cast<uint32_t>(c - 'a' + 26);
      } else if (c >= '0' && c <= '9') {
        digit = static_cast<uint32_t>(c - '0' + 52);
      } else if (c == '+' || c == '/') {
        digit = c == '+' ? 62 : 63;
      } else if (c == '=' && k >= 2 && i + 4 == text.size()) {
        ++padding;
      } else {
        return false;
      }
      if (padding > 0 && c != '=') return false;
      group = group << 6 | digit;
    }
    bytes[size++] = static_cast<char>(group >> 16);
    if (padding < 2) bytes[size++] = static_cast<char>(group >> 8 & 255);
    if (padding < 1) bytes[size++] = static_cast<char>(group & 255);
  }
  out = {bytes, size};
  return true;
}

}  // namespace

struct Schemas::Impl {
  Types types;
  base::Arena arena;
  std::deque<Row> rows;
  std::unordered_map<std::string_view, uint16_t> objects;  // by type name

  uint16_t add(const doc::Node& schema, bool resource_root, uint32_t depth);
  void add_fields(Row& row, const doc::Node& schema, bool resource_root, uint32_t depth);
  uint16_t simple(Shape shape, TypeKind kind, std::string_view text);
  uint16_t put(Row row) {
    rows.push_back(std::move(row));
    return static_cast<uint16_t>(rows.size() - 1);
  }
  uint16_t string_schema = 0;
  uint16_t map_key_schema = 0;
  uint16_t add_metadata(const doc::Node& declared);
  uint16_t add_string(uint64_t elements_max);

  Value convert(const doc::Node& node, uint16_t schema, CallContext& context, uint32_t depth) const;
  Value convert_object(const doc::Node& node, const Row& row, CallContext& context, uint32_t depth) const;
  Value convert_string(const doc::Node& node, Shape shape, CallContext& context) const;
};

Schemas::Schemas() : impl_(std::make_unique<Impl>()) {
  impl_->rows.emplace_back();
}
Schemas::~Schemas() = default;

uint16_t Schemas::Impl::simple(Shape shape, TypeKind kind, std::string_view text) {
  Row row;
  row.shape = shape;
  row.visible = true;
  row.type = types.simple(kind);
  row.text = text;
  return put(std::move(row));
}

uint16_t Schemas::Impl::add_string(uint64_t elements_max) {
  uint16_t index = simple(Shape::kString, TypeKind::kString, "string");
  rows[index].elements_max = elements_max;
  rows[index].json_bytes_min = internal::kTextBytesMin;
  return index;
}

// metadata{name, generateName} of a resource, with the lengths that names have.
uint16_t Schemas::Impl::add_metadata(const doc::Node& declared) {
  Row metadata;
  metadata.shape = Shape::kObject;
  metadata.visible = true;
  metadata.json_bytes_min = internal::kContainerBytesMin;
  auto name_field = [&](std::string_view name, uint64_t length_max) {
    int64_t own = declared["properties"][name]["maxLength"].integer_or(-1);
    if (own >= 0 && static_cast<uint64_t>(own) < length_max) length_max = static_cast<uint64_t>(own);
    metadata.by_name.emplace(name, metadata.fields.size());
    metadata.by_escaped.emplace(name, metadata.fields.size());
    metadata.fields.push_back({name, name, add_string(length_max * internal::kBytesPerCharacterMax)});
  };
  name_field("name", internal::kNameLengthMax);
  name_field("generateName", internal::kNameLengthMax - 1);
  metadata.text = "schema." + std::to_string(rows.size());
  metadata.type = types.object(metadata.text);
  uint16_t index = put(std::move(metadata));
  objects.emplace(rows[index].text, index);
  return index;
}

void Schemas::Impl::add_fields(Row& row, const doc::Node& schema, bool resource_root, uint32_t depth) {
  auto field = [&](std::string_view name, uint16_t index) {
    Field f;
    f.name = arena.copy(name);
    f.schema = index;
    if (rows[index].visible) {
      if (std::optional<std::string> escaped = escape_field(name)) f.escaped = arena.copy(*escaped);
    }
    auto at = static_cast<uint32_t>(row.fields.size());
    if (!row.by_name.emplace(f.name, at).second) return;
    if (!f.escaped.empty()) row.by_escaped.emplace(f.escaped, at);
    row.fields.push_back(f);
  };
  // A schema that declares what every resource has keeps its own declarations.
  auto typed = [](const doc::Node& of, std::string_view type) { return of["type"].str() == type; };
  const doc::Node &properties = schema["properties"], &own = properties["metadata"];
  bool declared = typed(properties["kind"], "string") && typed(properties["apiVersion"], "string") &&
                  typed(own, "object") && typed(own["properties"]["name"], "string") &&
                  typed(own["properties"]["generateName"], "string");
  if (resource_root && !declared) {
    if (string_schema == 0) string_schema = add_string(internal::kRequestTextMax);
    field("apiVersion", string_schema);
    field("kind", string_schema);
    field("metadata", add_metadata(own));  // in place of what the schema says of it, as Kubernetes does
  }
  for (const doc::Member& member : schema["properties"].map()) {
    if (row.by_name.contains(member.key->view())) continue;
    uint16_t index = add(member.value, member.value["x-kubernetes-embedded-resource"].boolean_or(false), depth + 1);
    if (index != 0) field(member.key->view(), index);
  }
}

// 0 only when a limit is reached; a schema that CEL cannot see has a row that is not visible.
uint16_t Schemas::Impl::add(const doc::Node& schema, bool resource_root, uint32_t depth) {
  if (depth > kDepthMax || rows.size() >= kSchemasMax) return 0;
  Row row;
  row.nullable = schema["nullable"].boolean_or(false);
  auto is = [&](Shape shape, TypeKind kind, std::string_view text) {
    row.shape = shape;
    row.visible = true;
    row.type = types.simple(kind);
    row.text = text;
    row.elements_max = internal::text_elements_max(schema);
    row.json_bytes_min = internal::scalar_bytes_min(schema);
  };
  std::string_view type = schema["type"].str(), format = schema["format"].str();
  if (schema["x-kubernetes-int-or-string"].boolean_or(false)) {
    is(Shape::kIntOrString, TypeKind::kDyn, "dyn");
  } else if (type == "object") {
    const doc::Node& additional = schema["additionalProperties"];
    if (!resource_root && additional.is_map()) {
      row.items = add(additional, additional["x-kubernetes-embedded-resource"].boolean_or(false), depth + 1);
      if (row.items == 0) return 0;
      const Row& value = rows[row.items];
      row.shape = Shape::kMap;
      row.visible = value.visible;
      row.json_bytes_min = internal::kContainerBytesMin;
      row.elements_max = internal::map_elements_max(schema, value.json_bytes_min);
      if (map_key_schema == 0) map_key_schema = add_string(0);
      if (row.visible) {
        row.type = types.map(types.simple(TypeKind::kString), value.type);
        row.text = "map(string, " + value.text + ")";
      }
    } else {
      row.shape = resource_root || schema["properties"].is_map() ? Shape::kObject : Shape::kPlainObject;
      row.visible = true;
      add_fields(row, schema, resource_root, depth);
      row.json_bytes_min = internal::kContainerBytesMin;
      for (const doc::Node& name : schema["required"].list()) {
        auto field = row.by_name.find(name.str());
        if (field == row.by_name.end() || schema["properties"][name.str()].find("default") != nullptr) continue;
        const Row& value = rows[row.fields[field->second].schema];
        if (value.visible) row.json_bytes_min += name.str().size() + internal::kMemberBytes + value.json_bytes_min;
      }
      row.text = "schema." + std::to_string(rows.size());
      row.type = types.object(row.text);
    }
  } else if (type == "array") {
    if (schema["items"].is_map()) {
      row.items = add(schema["items"], schema["items"]["x-kubernetes-embedded-resource"].boolean_or(false), depth + 1);
      if (row.items == 0) return 0;
      const Row& item = rows[row.items];
      row.shape = Shape::kList;
      row.visible = item.visible;
      row.json_bytes_min = internal::kContainerBytesMin;
      row.elements_max = internal::list_elements_max(schema, item.json_bytes_min);
      if (row.visible) {
        row.type = types.list(item.type);
        row.text = "list(" + item.text + ")";
      }
      std::string_view list_type = schema["x-kubernetes-list-type"].str();
      if (list_type == "set" || list_type == "map") {
        auto* semantics = arena.make<ListSemantics>();
        semantics->is_set = list_type == "set";
        std::vector<std::string_view> keys;
        for (const doc::Node& key : schema["x-kubernetes-list-map-keys"].list()) {
          std::optional<std::string> escaped = escape_field(key.str());
          keys.push_back(arena.copy(escaped ? std::string_view(*escaped) : key.str()));
        }
        semantics->map_keys = arena.copy(std::span<const std::string_view>(keys));
        row.semantics = semantics;
      }
    }
  } else if (type == "string") {
    if (format == "byte") {
      is(Shape::kBytes, TypeKind::kBytes, "bytes");
    } else if (format == "duration") {
      is(Shape::kDuration, TypeKind::kDuration, "duration");
    } else if (format == "date" || format == "date-time") {
      is(format == "date" ? Shape::kDate : Shape::kDateTime, TypeKind::kTimestamp, "timestamp");
    } else {
      is(Shape::kString, TypeKind::kString, "string");
    }
  } else if (type == "boolean") {
    is(Shape::kBoolean, TypeKind::kBool, "bool");
  } else if (type == "number") {
    is(Shape::kNumber, TypeKind::kDouble, "double");
  } else if (type == "integer") {
    is(Shape::kInteger, TypeKind::kInt, "int");
  } else if (schema["x-kubernetes-preserve-unknown-fields"].boolean_or(false)) {
    row.shape = Shape::kPreserved;
  }
  bool is_object = row.type != nullptr && row.type->kind == TypeKind::kObject;
  if (rows.size() >= kSchemasMax) return 0;
  uint16_t index = put(std::move(row));
  if (is_object) objects.emplace(rows[index].text, index);
  return index;
}

uint16_t Schemas::add(const doc::Node& schema, bool resource_root) {
  uint16_t index = impl_->add(schema, resource_root, 0);
  return index != 0 && impl_->rows[index].visible ? index : 0;
}

const Type* Schemas::type(uint16_t schema) const {
  return schema < impl_->rows.size() ? impl_->rows[schema].type : nullptr;
}
bool Schemas::is_object(uint16_t schema) const {
  const Type* t = type(schema);
  return t != nullptr && t->kind == TypeKind::kObject;
}
std::string Schemas::type_text(uint16_t schema) const {
  return schema < impl_->rows.size() ? impl_->rows[schema].text : "";
}

uint64_t Schemas::elements_max(uint16_t schema) const {
  return schema < impl_->rows.size() ? impl_->rows[schema].elements_max : 0;
}
uint64_t Schemas::json_bytes_min(uint16_t schema) const {
  return schema < impl_->rows.size() ? impl_->rows[schema].json_bytes_min : 0;
}
uint16_t Schemas::field_schema(uint16_t schema, std::string_view escaped) const {
  if (schema >= impl_->rows.size()) return 0;
  const Row& row = impl_->rows[schema];
  auto found = row.by_escaped.find(escaped);
  return found == row.by_escaped.end() ? 0 : row.fields[found->second].schema;
}
uint16_t Schemas::element_schema(uint16_t schema) const {
  return schema < impl_->rows.size() ? impl_->rows[schema].items : 0;
}
uint16_t Schemas::key_schema(uint16_t schema) const {
  return schema < impl_->rows.size() && impl_->rows[schema].shape == Shape::kMap ? impl_->map_key_schema : 0;
}

const Type* Schemas::field(std::string_view object, std::string_view field) const {
  auto it = impl_->objects.find(object);
  if (it == impl_->objects.end()) return nullptr;
  const Row& row = impl_->rows[it->second];
  auto found = row.by_escaped.find(field);
  return found == row.by_escaped.end() ? nullptr : impl_->rows[row.fields[found->second].schema].type;
}

bool Schemas::constructible(std::string_view) const {
  return false;
}

// ---- documents to values

Value Schemas::Impl::convert_object(const doc::Node& node, const Row& row, CallContext& context, uint32_t depth) const {
  auto* entries = context.arena.array<MapEntryValue>(node.size);
  auto* hidden = context.arena.array<MapEntryValue>(node.size);
  uint32_t size = 0, hidden_size = 0;
  for (const doc::Member& member : node.map()) {
    std::string_view key = member.key->view();
    auto raw_key = [&] { return Value::of_string(key, internal::is_ascii(key)); };
    if (row.shape == Shape::kMap) {
      entries[size++] = {raw_key(), convert(member.value, row.items, context, depth + 1)};
      continue;
    }
    auto it = row.by_name.find(key);
    if (it == row.by_name.end()) {
      hidden[hidden_size++] = {raw_key(), Value::of_node(member.value)};
      continue;
    }
    const Field& field = row.fields[it->second];
    if (member.value.is_null()) {  // a null field is an absent one, though it counts
      hidden[hidden_size++] = {raw_key(), Value::null()};
      continue;
    }
    if (field.escaped.empty()) {
      hidden[hidden_size++] = {raw_key(), Value::of_node(member.value)};
    } else {
      entries[size++] = {Value::of_string(field.escaped, true),
                         convert(member.value, field.schema, context, depth + 1)};
    }
  }
  auto* all = context.arena.array<MapEntryValue>(size_t{size} + hidden_size);
  std::copy_n(entries, size, all);
  std::copy_n(hidden, hidden_size, all + size);
  auto* map = const_cast<MapValue*>(make_map(context.arena, all, size));
  map->hidden = hidden_size;
  return Value::of_map(map);
}

Value Schemas::Impl::convert_string(const doc::Node& node, Shape shape, CallContext& context) const {
  std::string_view text = node.str();
  int64_t number = 0;
  uint32_t nanos = 0;
  int16_t east = 0;
  auto bad = [&](std::string_view what) { return context.error(std::string(what) + std::string(text.substr(0, 200))); };
  switch (shape) {
    case Shape::kDuration:
      return internal::parse_duration(text, number) ? Value::of_duration(number) : bad("Invalid duration ");
    case Shape::kDate:
      return internal::parse_date(text, number) ? Value::of_timestamp(number, 0)
                                                : bad("Invalid date formatted string ");
    case Shape::kDateTime:
      return internal::parse_rfc3339(text, number, nanos, east) ? Value::of_timestamp(number, nanos, east)
                                                                : bad("Invalid date-time formatted string ");
    case Shape::kBytes: {
      std::string_view bytes;
      return decode_base64(text, context.arena, bytes) ? Value::of_bytes(bytes) : bad("Invalid byte formatted string ");
    }
    default: return Value::of_string(text, node.ascii);
  }
}

Value Schemas::Impl::convert(const doc::Node& node, uint16_t schema, CallContext& context, uint32_t depth) const {
  const Row& row = rows[schema];
  if (depth > kDepthMax) return context.error("invalid data, nested too deeply");
  if (node.is_null() && row.shape != Shape::kPreserved) {
    return row.nullable ? Value::null() : context.error("invalid data, got null for schema with nullable=false");
  }
  auto expected = [&](const char* what) {
    return context.error(std::string("invalid data, expected ") + what + ", got " + std::string(go_type(node)));
  };
  switch (row.shape) {
    case Shape::kIntOrString:
      if (node.is_int() || node.is_string()) return Value::of_node(node);
      return context.error("invalid data, expected XIntOrString value to be either a string or integer");
    case Shape::kObject:
    case Shape::kMap:
    case Shape::kPlainObject:
      if (!node.is_map()) return context.error("invalid data, expected a map for the provided schema with type=object");
      return convert_object(node, row, context, depth);
    case Shape::kList: {
      if (!node.is_list())
        return context.error("invalid data, expected an array for the provided schema with type=array");
      auto* items = context.arena.array<Value>(node.size);
      for (uint32_t i = 0; i < node.size; ++i) items[i] = convert(node.items[i], row.items, context, depth + 1);
      auto* list = context.arena.make<ListValue>();
      list->size = node.size;
      list->items = items;
      list->semantics = row.semantics;
      return Value::of_list(list);
    }
    case Shape::kString:
    case Shape::kBytes:
    case Shape::kDuration:
    case Shape::kDate:
    case Shape::kDateTime: return node.is_string() ? convert_string(node, row.shape, context) : expected("string");
    case Shape::kNumber:
      if (node.is_int()) return Value::of_double(static_cast<double>(node.integer));
      return node.kind == doc::Kind::kDouble ? Value::of_double(node.number) : expected("float");
    case Shape::kInteger: return node.is_int() ? Value::of_int(node.integer) : expected("int");
    case Shape::kBoolean: return node.is_bool() ? Value::of(node.boolean) : expected("bool");
    case Shape::kPreserved: return Value::of_node(node);
    case Shape::kUnseen: break;
  }
  return context.error("invalid type, expected object, array, number, integer, boolean or string");
}

Value Schemas::value(const doc::Node& node, uint16_t schema, base::Arena& arena) const {
  if (schema == 0 || schema >= impl_->rows.size()) return Value::of_node(node);
  CallContext context{arena};
  return impl_->convert(node, schema, context, 0);
}

}  // namespace ameia::expr
