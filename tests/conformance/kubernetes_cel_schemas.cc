// The schema builders of the CRD tests, as functions from schemas in JSON to schemas in JSON.
#include <vector>

#include "kubernetes_cel.h"

namespace ameia::conformance {
namespace {

using doc::Node;
using Args = GoTable::Args;

const Node& arg(const Args& args, size_t i) {
  return i < args.size() ? args[i] : doc::kNullNode;
}

Node primitive(GoTable& t, std::string_view type, std::string_view format) {
  Node out = t.make().map({{"type", t.make().string(type)}});
  return format.empty() ? out : t.make().with_member(out, "format", t.make().string(format));
}

Node object(GoTable& t, const Node& properties) {
  return t.make().map({{"type", t.make().string("object")}, {"properties", properties}});
}

Node array(GoTable& t, const Node& list_type, const Node& keys, const Node& items) {
  Node out =
      t.make().map({{"type", t.make().string("array")}, {"items", items}, {"x-kubernetes-list-type", list_type}});
  if (list_type.str() == "map" && !keys.list().empty())
    out = t.make().with_member(out, "x-kubernetes-list-map-keys", keys);
  return out;
}

Node with_rule(GoTable& t, const Node& schema, std::vector<std::pair<std::string_view, Node>> rule) {
  std::vector<std::pair<std::string_view, Node>> members;
  for (auto& [name, value] : rule) {
    if (!value.is_null() && !(value.is_string() && value.size == 0)) members.emplace_back(name, value);
  }
  return t.make().with_member(schema, "x-kubernetes-validations", t.make().list({t.make().map(members)}));
}

// val1, val2, …
Node numbered(GoTable& t, const Args& args) {
  std::vector<std::string> names;
  for (size_t i = 0; i < args.size(); ++i) names.push_back("val" + std::to_string(i + 1));
  std::vector<std::pair<std::string_view, Node>> members;
  for (size_t i = 0; i < args.size(); ++i) members.emplace_back(names[i], args[i]);
  return t.make().map(members);
}

base::Result<Node> yaml(GoTable& t, const Args& args) {
  // Go raw strings in these tests are indented with tabs; YAML allows none, so the common indentation goes.
  std::string text;
  std::string_view rest = arg(args, 0).str();
  size_t indent = std::string_view::npos;
  std::vector<std::string_view> lines;
  while (!rest.empty()) {
    size_t end = std::min(rest.find('\n'), rest.size());
    lines.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  for (std::string_view line : lines) {
    size_t first = line.find_first_not_of('\t');
    if (first != std::string_view::npos && line.find_first_not_of(" \t") != std::string_view::npos)
      indent = std::min(indent, first);
  }
  for (std::string_view line : lines) {
    text += line.substr(std::min(line.size(), indent == std::string_view::npos ? 0 : indent));
    text += '\n';
  }
  for (char& c : text) c = c == '\t' ? ' ' : c;
  auto document = TRY(parse_yaml_text(std::move(text), "table"));
  t.keep(document);
  return document->root();
}

// What the cost tables' generators share: a schema and its one rule, bounded where the row says a maximum.
Node typed(GoTable& t, std::string_view type) {
  if (type == "int-or-string") return t.make().map({{"x-kubernetes-int-or-string", t.make().boolean(true)}});
  const bool is_format = type == "duration" || type == "date" || type == "date-time";
  return is_format ? primitive(t, "string", type) : primitive(t, type, "");
}
Node map_of(GoTable& t, const Node& values) {
  return t.make().map({{"type", t.make().string("object")}, {"additionalProperties", values}});
}
Node list_of(GoTable& t, const Node& items) {
  return t.make().map({{"type", t.make().string("array")}, {"items", items}});
}
Node two_texts(GoTable& t) {
  Node text = primitive(t, "string", "");
  Node out = object(t, t.make().map({{"required", text}, {"optional", text}}));
  return t.make().with_member(out, "required", t.make().list({t.make().string("required")}));
}

void define_cost_generators(GoTable& table) {
  auto bound = [](GoTable& t, const Node& schema, std::string_view key) {
    auto max = t.parse("max");
    return max && max->is_int() ? t.make().with_member(schema, key, *max) : schema;
  };
  using Make = Node (*)(GoTable&, const Args&);
  // The last argument is the rule, but where a generator takes values after it.
  struct {
    std::string_view name, limit;
    Make make;
  } const generators[] = {
      {"genArrayWithRule", "maxItems", [](GoTable& t, const Args& a) { return list_of(t, typed(t, arg(a, 0).str())); }},
      {"genArrayOfArraysWithRule", "maxItems",
       [](GoTable& t, const Args& a) { return list_of(t, list_of(t, typed(t, arg(a, 0).str()))); }},
      {"genObjectArrayWithRule", "maxItems", [](GoTable& t, const Args&) { return list_of(t, two_texts(t)); }},
      {"getMapArrayWithRule", "maxItems",
       [](GoTable& t, const Args& a) { return list_of(t, map_of(t, typed(t, arg(a, 0).str()))); }},
      {"genMapWithRule", "maxProperties",
       [](GoTable& t, const Args& a) { return map_of(t, typed(t, arg(a, 0).str())); }},
      {"genMapWithCustomItemRule", "maxProperties", [](GoTable& t, const Args& a) { return map_of(t, arg(a, 0)); }},
      {"genStringWithRule", "maxLength", [](GoTable& t, const Args&) { return primitive(t, "string", ""); }},
      {"genBytesWithRule", "maxLength", [](GoTable& t, const Args&) { return primitive(t, "string", "byte"); }},
  };
  for (auto& generator : generators) {
    table.define_function(generator.name, [generator, bound](GoTable& t, const Args& a) -> base::Result<Node> {
      return with_rule(t, bound(t, generator.make(t, a), generator.limit), {{"rule", arg(a, a.size() - 1)}});
    });
  }
  table.define_function("genEnumWithRuleAndValues", [bound](GoTable& t, const Args& a) -> base::Result<Node> {
    Node schema = t.make().with_member(primitive(t, "string", ""), "enum",
                                       t.make().list(std::vector<Node>(a.begin() + 1, a.end())));
    return with_rule(t, bound(t, schema, "maxLength"), {{"rule", arg(a, 0)}});
  });
  table.define_function("genNestedSpecWithRule", [bound](GoTable& t, const Args& a) -> base::Result<Node> {
    Node values = bound(t, primitive(t, "string", ""), "maxLength");
    return with_rule(t, bound(t, map_of(t, values), "maxProperties"), {{"rule", arg(a, 0)}});
  });
  table.define_function("genAllMaxNestedSpecWithRootRule", [bound](GoTable& t, const Args& a) -> base::Result<Node> {
    Node values = bound(t, two_texts(t), "maxProperties");
    Node list = list_of(t, bound(t, map_of(t, values), "maxProperties"));
    return with_rule(t, bound(t, list, "maxItems"), {{"rule", arg(a, 0)}});
  });
  table.define_function("genOneMaxNestedSpecWithRootRule", [bound](GoTable& t, const Args& a) -> base::Result<Node> {
    Node list = list_of(t, bound(t, map_of(t, two_texts(t)), "maxProperties"));
    return with_rule(t, list, {{"rule", arg(a, 0)}});
  });
  auto no_arguments = [&](std::string_view name, Make make) {
    table.define_function(name, [make](GoTable& t, const Args& a) -> base::Result<Node> { return make(t, a); });
  };
  no_arguments("genObjectForMap", [](GoTable& t, const Args&) { return two_texts(t); });
  no_arguments("genArrayForMap", [](GoTable& t, const Args&) { return list_of(t, typed(t, "number")); });
  no_arguments("genMapForMap", [](GoTable& t, const Args&) { return map_of(t, typed(t, "number")); });
}

}  // namespace

void define_schema_builders(GoTable& table) {
  struct {
    std::string_view name, type, format;
  } const primitives[] = {{"integerType", "integer", ""},    {"int32Type", "integer", "int32"},
                          {"int64Type", "integer", "int64"}, {"numberType", "number", ""},
                          {"floatType", "number", "float"},  {"doubleType", "number", "double"},
                          {"stringType", "string", ""},      {"byteType", "string", "byte"},
                          {"booleanType", "boolean", ""},    {"durationFormat", "string", "duration"},
                          {"dateFormat", "string", "date"},  {"dateTimeFormat", "string", "date-time"},
                          {"stringSchema", "string", ""}};
  for (auto& p : primitives) table.define(p.name, primitive(table, p.type, p.format));
  table.define("maxValidDepth", table.make().integer(250));
  table.define("celconfig.RuntimeCELCostBudget", table.make().integer(10'000'000));
  table.define("celconfig.PerCallLimit", table.make().integer(1'000'000));
  table.define("forbiddenReason", "FieldValueForbidden");
  for (std::string_view reason :
       {"FieldValueForbidden", "FieldValueRequired", "FieldValueDuplicate", "FieldValueInvalid"}) {
    table.define("apiextensions." + std::string(reason), reason);
  }
  table.define("field.ErrorTypeForbidden", "Forbidden");
  table.define("field.ErrorTypeInvalid", "Invalid value");
  table.define("field.ErrorTypeDuplicate", "Duplicate value");
  table.define("field.ErrorTypeRequired", "Required value");

  auto define = [&](std::initializer_list<std::string_view> names, GoTable::Function function) {
    for (std::string_view name : names) table.define_function(name, function);
  };
  define({"primitiveType"}, [](GoTable& t, const Args& a) { return primitive(t, arg(a, 0).str(), arg(a, 1).str()); });
  define({"objectType", "objectTypePtr"}, [](GoTable& t, const Args& a) { return object(t, arg(a, 0)); });
  define({"mapType", "mapTypePtr"}, [](GoTable& t, const Args& a) {
    return t.make().map({{"type", t.make().string("object")}, {"additionalProperties", arg(a, 0)}});
  });
  define({"listType", "listTypePtr"},
         [](GoTable& t, const Args& a) { return array(t, t.make().string("atomic"), doc::kNullNode, arg(a, 0)); });
  define({"listSetType", "listSetTypePtr"},
         [](GoTable& t, const Args& a) { return array(t, t.make().string("set"), doc::kNullNode, arg(a, 0)); });
  define({"listMapType", "listMapTypePtr"},
         [](GoTable& t, const Args& a) { return array(t, t.make().string("map"), arg(a, 0), arg(a, 1)); });
  define({"arrayType"}, [](GoTable& t, const Args& a) { return array(t, arg(a, 0), arg(a, 1), arg(a, 2)); });
  define({"intOrStringType"}, [](GoTable& t, const Args&) {
    return t.make().map({{"x-kubernetes-int-or-string", t.make().boolean(true)}});
  });
  define({"schemas"}, [](GoTable& t, const Args& a) { return object(t, numbered(t, a)); });
  define({"objs"}, [](GoTable& t, const Args& a) { return numbered(t, a); });
  define({"withRule", "withRulePtr", "cloneWithRule"},
         [](GoTable& t, const Args& a) { return with_rule(t, arg(a, 0), {{"rule", arg(a, 1)}}); });
  define({"withRuleMessageAndMessageExpression"}, [](GoTable& t, const Args& a) {
    return with_rule(t, arg(a, 0), {{"rule", arg(a, 1)}, {"message", arg(a, 2)}, {"messageExpression", arg(a, 3)}});
  });
  define({"withRuleAndMessageExpression"}, [](GoTable& t, const Args& a) {
    return with_rule(t, arg(a, 0), {{"rule", arg(a, 1)}, {"messageExpression", arg(a, 2)}});
  });
  define({"withReasonAndFldPath"}, [](GoTable& t, const Args& a) {
    return with_rule(t, arg(a, 0), {{"rule", arg(a, 1)}, {"fieldPath", arg(a, 2)}, {"reason", arg(a, 3)}});
  });
  define({"withDefault"},
         [](GoTable& t, const Args& a) { return t.make().with_member(arg(a, 1), "default", arg(a, 0)); });
  define({"withNullable", "withNullablePtr"},
         [](GoTable& t, const Args& a) { return t.make().with_member(arg(a, 1), "nullable", arg(a, 0)); });
  struct {
    std::string_view function, member;
  } const limits[] = {
      {"withMaxLength", "maxLength"}, {"withMaxItems", "maxItems"}, {"withMaxProperties", "maxProperties"}};
  for (auto& limit : limits) {
    define({limit.function}, [member = limit.member](GoTable& t, const Args& a) {
      return t.make().with_member(arg(a, 0), member, arg(a, 1));
    });
  }
  define({"genMatchSelectorSchema"}, [](GoTable& t, const Args& a) {
    Node string = primitive(t, "string", "");
    Node strings = array(t, t.make().string("atomic"), doc::kNullNode, string);
    Node item = object(t, t.make().map({{"key", string}, {"operator", string}, {"values", strings}}));
    Node list = array(t, t.make().string("atomic"), doc::kNullNode, item);
    return with_rule(t, object(t, t.make().map({{"matchExpressions", list}})), {{"rule", arg(a, 0)}});
  });
  define({"ValsEqualThemselvesAndDataLiteral"}, [](GoTable& t, const Args& a) {
    std::string x(arg(a, 0).str()), y(arg(a, 1).str()), z(arg(a, 2).str());
    return t.make().string(x + " == " + z + " && " + z + " == " + x + " && " + x + " == " + y);
  });
  define({"buildLargeArray"}, [](GoTable& t, const Args& a) {
    std::vector<Node> items;
    for (int64_t i = 0; i < arg(a, 0).integer_or(0); ++i) items.push_back(t.make().integer(i));
    return t.make().list(items);
  });
  define({"nilInterfaceOfStringSlice"}, [](GoTable& t, const Args&) { return t.make().null(); });
  define({"genString"}, [](GoTable& t, const Args& a) {
    std::string out;
    for (int64_t i = 0; i < arg(a, 0).integer_or(0); ++i) out += arg(a, 1).str();
    return t.make().string(out);
  });
  define({"mustSchema", "mustUnstructured"}, yaml);
  define_cost_generators(table);
}

}  // namespace ameia::conformance
