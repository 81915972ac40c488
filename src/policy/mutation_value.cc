#include "policy/mutation_value.h"

#include "doc/build.h"
#include "doc/json.h"
#include "expr/program.h"
#include "policy/limits.h"

namespace ameia::policy {
namespace {

using doc::Node;
using expr::Value;
using expr::ValueKind;

constexpr int64_t kSafeIntegerMax = (int64_t{1} << 53) - 1;  // of a JSON number

class Converter {
 public:
  Converter(ValueForm form, base::Arena& arena) : form_(form), build_(arena) {}

  base::Result<Node> node(const Value& value, uint32_t depth = 0) {
    if (depth > kMutationDepthMax) {
      return base::fail(base::Code::kLimit, "the value nests deeper than " + std::to_string(kMutationDepthMax));
    }
    if (++made_ > kMutationNodesMax) {
      return base::fail(base::Code::kLimit,
                        "the value holds more than " + std::to_string(kMutationNodesMax) + " values");
    }
    switch (value.kind) {
      case ValueKind::kNull: return build_.null();
      case ValueKind::kBool: return build_.boolean(value.boolean);
      case ValueKind::kInt: return integer(value.integer);
      case ValueKind::kUint:
        if (value.uinteger <= INT64_MAX) return integer(static_cast<int64_t>(value.uinteger));
        return build_.string(std::to_string(value.uinteger));
      case ValueKind::kDouble: return number(value.number);
      case ValueKind::kString: return build_.string(value.str());
      case ValueKind::kBytes:
      case ValueKind::kDuration:
      case ValueKind::kTimestamp: return json_text(value);
      case ValueKind::kDocList:
      case ValueKind::kDocMap: return *value.node;
      case ValueKind::kList: return list(*value.list, depth);
      case ValueKind::kMap: return map(*value.map, depth);
      case ValueKind::kOptional:
        return value.optional == nullptr ? base::Result<Node>(build_.null()) : node(*value.optional, depth + 1);
      case ValueKind::kOpaque:
        if (const expr::ConstructedObject* object = expr::constructed(value);
            object != nullptr && !object->is_patch()) {
          return map(object->fields(), depth);
        }
        return unsupported(value);
      case ValueKind::kError: return base::fail(base::Code::kInvalidInput, std::string(value.error->message));
      case ValueKind::kType: return unsupported(value);
    }
    return unsupported(value);
  }

 private:
  Node integer(int64_t value) {
    bool safe = value >= -kSafeIntegerMax && value <= kSafeIntegerMax;
    return form_ == ValueForm::kNative || safe ? build_.integer(value) : build_.string(std::to_string(value));
  }

  // 3.0 is written 3, as Go writes it.
  Node number(double value) {
    bool whole = value >= -static_cast<double>(kSafeIntegerMax) && value <= static_cast<double>(kSafeIntegerMax) &&
                 value == static_cast<double>(static_cast<int64_t>(value));
    if (form_ == ValueForm::kJson && whole) return build_.integer(static_cast<int64_t>(value));
    return build_.number(value);
  }

  // The JSON string without its quotes: base64 and times hold nothing that is escaped.
  Node json_text(const Value& value) {
    std::string json = expr::to_json(value);
    return build_.string(std::string_view(json).substr(1, json.size() - 2));
  }

  base::Result<Node> list(const expr::ListValue& values, uint32_t depth) {
    std::vector<Node> items;
    items.reserve(values.size);
    for (uint32_t i = 0; i < values.size; ++i) items.push_back(TRY(node(values.items[i], depth + 1)));
    return build_.list(items);
  }

  base::Result<Node> map(const expr::MapValue& values, uint32_t depth) {
    std::vector<std::pair<std::string_view, Node>> members;
    members.reserve(values.size);
    for (uint32_t i = 0; i < values.size; ++i) {
      const expr::MapEntryValue& entry = values.entries[i];
      if (entry.key.kind != ValueKind::kString) {
        return base::fail(base::Code::kUnsupported, "map key " + expr::to_text(entry.key, kValueBytesMax) +
                                                        " is of type " + std::string(expr::type_name(entry.key)) +
                                                        ", not string");
      }
      members.emplace_back(entry.key.str(), TRY(node(entry.value, depth + 1)));
    }
    return build_.map(members);
  }

  static base::Result<Node> unsupported(const Value& value) {
    return base::fail(base::Code::kUnsupported,
                      "a value of type " + std::string(expr::type_name(value)) + " has no JSON form; write string(…)");
  }

  ValueForm form_;
  doc::Builder build_;
  size_t made_ = 0;
};

void check_types(const Value& value, const std::string& path, uint32_t depth, std::string& out) {
  if (depth > kMutationDepthMax) return;  // to_node() refuses such a value
  if (const expr::ConstructedObject* object = expr::constructed(value)) {
    if (object->type_name() != path) {
      out += (out.empty() ? "" : "\n");
      out += "unexpected type name \"" + std::string(object->type_name()) + "\", expected \"" + path +
             "\", which matches field name path from root Object type";
    }
    for (uint32_t i = 0; i < object->fields().size; ++i) {
      const expr::MapEntryValue& field = object->fields().entries[i];
      check_types(field.value, path + "." + std::string(field.key.str()), depth + 1, out);
    }
  }
  if (value.kind == ValueKind::kList) {
    for (uint32_t i = 0; i < value.list->size; ++i) check_types(value.list->items[i], path, depth + 1, out);
  }
  if (value.kind == ValueKind::kMap) {
    for (uint32_t i = 0; i < value.map->size; ++i) check_types(value.map->entries[i].value, path, depth + 1, out);
  }
}

}  // namespace

base::Result<Node> to_node(const Value& value, ValueForm form, base::Arena& arena) {
  return Converter(form, arena).node(value);
}

std::string misplaced_types(const expr::ConstructedObject& object) {
  std::string out;
  check_types(Value::of_opaque(&object), std::string(object.type_name()), 0, out);
  return out;
}

}  // namespace ameia::policy
