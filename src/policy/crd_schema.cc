#include "policy/crd_schema.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>

#include "doc/build.h"
#include "doc/json.h"
#include "doc/patch.h"
#include "expr/text_format.h"
#include "kube/openapi.h"
#include "policy/limits.h"
#include "policy/secrets.h"

namespace ameia::policy {
namespace {

using doc::Kind;
using doc::Node;

std::string_view type_name(const Node& node) {
  switch (node.kind) {
    case Kind::kNull: return "null";
    case Kind::kBool: return "boolean";
    case Kind::kInt: return "integer";
    case Kind::kDouble: return "number";
    case Kind::kString: return "string";
    case Kind::kList: return "array";
    case Kind::kMap: return "object";
  }
  return "null";
}

bool is_number(const Node& node) {
  return node.kind == Kind::kInt || node.kind == Kind::kDouble;
}
double number_of(const Node& node) {
  return node.kind == Kind::kInt ? static_cast<double>(node.integer) : node.number;
}

bool has_type(const Node& node, std::string_view type) {
  if (type == "object") return node.is_map();
  if (type == "array") return node.is_list();
  if (type == "string") return node.is_string();
  if (type == "boolean") return node.is_bool();
  if (type == "number") return is_number(node);
  if (type == "integer") return node.is_int() || (node.kind == Kind::kDouble && std::floor(node.number) == node.number);
  return true;
}

uint64_t code_points(std::string_view text) {
  uint64_t n = 0;
  for (char c : text) n += (static_cast<unsigned char>(c) & 0xC0u) != 0x80u;
  return n;
}

// Where in the object the walk is: as a pointer, and as the API server writes it.
struct Place {
  std::string pointer, field;
  [[nodiscard]] Place member(std::string_view name) const {
    return {pointer + "/" + doc::escape_pointer_token(name),
            field.empty() ? std::string(name) : field + "." + std::string(name)};
  }
  [[nodiscard]] Place item(size_t i) const {
    std::string index = std::to_string(i);
    return {pointer + "/" + index, field + "[" + index + "]"};
  }
  [[nodiscard]] std::string_view name() const { return std::string_view(pointer).substr(pointer.rfind('/') + 1); }
};

std::string shown(const Node& node, const Place& place) {
  if (node.is_string() && (is_secret_name(place.name()) || is_secret_text(node.str()))) return std::string(kHidden);
  if (node.is_map() || node.is_list()) return '"' + std::string(type_name(node)) + '"';
  std::string text = doc::to_json(node);
  if (text.size() > kValueBytesMax) text = text.substr(0, kValueBytesMax) + "…\"";
  return text;
}

std::string number_text(const Node& node) {
  if (node.is_int()) return std::to_string(node.integer);
  char text[32];
  std::snprintf(text, sizeof text, "%g", node.number);
  return text;
}

class Walk {
 public:
  Walk(const expr::RegexCache& patterns, bool keeps_unknown) : patterns_(patterns), keeps_unknown_(keeps_unknown) {}

  void resource(const Node& object, const Node& schema) {
    value(object, schema, {}, true, 0);
    for (kube::FieldProblem& problem : kube::metadata_problems(object["metadata"], "/metadata")) {
      StructureProblem out;
      out.unknown_field = problem.kind == kube::FieldProblem::Kind::kUnknownField;
      out.node = problem.node;
      out.begin = problem.begin;
      out.pointer = problem.pointer;
      out.message = kube::to_string(problem);
      add(std::move(out));
    }
  }
  std::vector<StructureProblem> take() { return std::move(problems_); }

 private:
  bool full() const { return problems_.size() >= kBlamesMax; }
  void add(StructureProblem problem) {
    if (!full()) problems_.push_back(std::move(problem));
  }
  void invalid(const Node& node, const Place& place, std::string message) {
    add({false, &node, node.begin, place.pointer, place.field + ": " + std::move(message)});
  }
  // "Invalid value: 3: spec.n in body should be …"
  void out_of_bounds(const Node& node, const Place& place, const std::string& what) {
    invalid(node, place, "Invalid value: " + shown(node, place) + ": " + place.field + " in body " + what);
  }

  static bool flag(const Node& schema, std::string_view key) { return schema[key].boolean_or(false); }

  // A value against a schema with types; `is_resource` at the root and at embedded resources.
  void value(const Node& node, const Node& schema, const Place& place, bool is_resource, uint32_t depth) {
    if (full() || depth > kCrdDepthMax) return;
    if (flag(schema, "x-kubernetes-int-or-string")) {
      if (!node.is_int() && !node.is_string())
        return out_of_bounds(node, place, "must be of type integer or string: \"" + std::string(type_name(node)) + '"');
    } else if (const std::string_view type = schema["type"].str(); !has_type(node, type)) {
      return invalid(node, place,
                     "Invalid value: \"" + std::string(type_name(node)) +
                         "\": " + (place.field.empty() ? "the object" : place.field) + " in body must be of type " +
                         std::string(type) + ": \"" + std::string(type_name(node)) + '"');
    }
    bounds(node, schema, place);
    combined(node, schema, place, depth);
    if (node.is_map()) members(node, schema, place, is_resource, depth);
    if (node.is_list() && schema["items"].is_map()) {
      const bool embedded = flag(schema["items"], "x-kubernetes-embedded-resource");
      size_t i = 0;
      for (const Node& item : node.list()) value(item, schema["items"], place.item(i++), embedded, depth + 1);
    }
  }

  void members(const Node& node, const Node& schema, const Place& place, bool is_resource, uint32_t depth) {
    const Node &properties = schema["properties"], &additional = schema["additionalProperties"];
    const bool open = keeps_unknown_ || flag(schema, "x-kubernetes-preserve-unknown-fields") ||
                      additional.boolean_or(false) || schema["type"].str() != "object";
    for (const doc::Member& member : node.map()) {
      if (full()) return;
      const std::string_view name = member.key->view();
      const bool is_meta = name == "apiVersion" || name == "kind" || name == "metadata";
      if ((is_resource && is_meta) || (place.pointer.empty() && name == "status")) continue;
      const Node* known = properties.find(name);
      if (known == nullptr && additional.is_map()) known = &additional;
      if (known == nullptr) {
        if (!open) unknown(member, properties, is_resource, place.member(name));
        continue;
      }
      // A null where none may be is as good as not written.
      if (member.value.is_null()) continue;
      value(member.value, *known, place.member(name), flag(*known, "x-kubernetes-embedded-resource"), depth + 1);
    }
  }

  void unknown(const doc::Member& member, const Node& properties, bool is_resource, const Place& place) {
    std::vector<std::string_view> names;
    for (const doc::Member& property : properties.map()) names.push_back(property.key->view());
    if (is_resource) names.insert(names.end(), {"metadata", "apiVersion", "kind"});
    const std::string near = kube::nearest_name(names, member.key->view());
    std::string message = "unknown field \"" + place.field + '"';
    if (!near.empty()) message += "; did you mean \"" + near + "\"?";
    add({true, &member.value, member.key_begin, place.pointer, std::move(message)});
  }

  // What a value alone must be, whatever its type.
  void bounds(const Node& node, const Node& schema, const Place& place) {
    if (const Node* values = schema.find("enum"); values != nullptr && values->is_list()) {
      bool any = false;
      for (const Node& allowed : values->list()) any = any || doc::equal(allowed, node);
      if (!any) {
        std::string list;
        for (const Node& allowed : values->list()) list += (list.empty() ? "" : ", ") + shown(allowed, {});
        invalid(node, place, "Unsupported value: " + shown(node, place) + ": supported values: " + list);
      }
    }
    if (node.is_string()) text_bounds(node, schema, place);
    if (is_number(node)) number_bounds(node, schema, place);
    if (node.is_list()) {
      size_bound(node, schema, "minItems", node.size, true, "should have at least ", " items", place);
      size_bound(node, schema, "maxItems", node.size, false, "should have at most ", " items", place);
    }
    if (node.is_map()) {
      size_bound(node, schema, "minProperties", node.size, true, "should have at least ", " properties", place);
      size_bound(node, schema, "maxProperties", node.size, false, "should have at most ", " properties", place);
      required(node, schema, place);
    }
  }

  void size_bound(const Node& node, const Node& schema, std::string_view key, uint64_t size, bool least,
                  const char* before, const char* after, const Place& place) {
    const Node* limit = schema.find(key);
    if (limit == nullptr || !limit->is_int() || limit->integer < 0) return;
    const auto bound = static_cast<uint64_t>(limit->integer);
    if (least ? size < bound : size > bound) out_of_bounds(node, place, before + std::to_string(bound) + after);
  }

  void text_bounds(const Node& node, const Node& schema, const Place& place) {
    const uint64_t length = code_points(node.str());
    size_bound(node, schema, "minLength", length, true, "should be at least ", " chars long", place);
    size_bound(node, schema, "maxLength", length, false, "should be at most ", " chars long", place);
    // "Invalid value: "x": spec.a in body must be of type ipv4: "x""
    if (const std::string_view format = schema["format"].str(); !format.empty()) {
      if (!expr::has_format(format, node.str()).value_or(true))
        out_of_bounds(node, place, "must be of type " + std::string(format) + ": " + shown(node, place));
    }
    if (const Node* pattern = schema.find("pattern"); pattern != nullptr && !pattern->str().empty()) {
      // A pattern that is none is the definition's fault, not the resource's.
      const std::optional<bool> matches = patterns_.matches(pattern->str(), node.str());
      if (matches && !*matches) out_of_bounds(node, place, "should match '" + std::string(pattern->str()) + "'");
    }
  }

  void number_bounds(const Node& node, const Node& schema, const Place& place) {
    const double number = number_of(node);
    if (const Node* least = schema.find("minimum"); least != nullptr && is_number(*least)) {
      const bool strict = flag(schema, "exclusiveMinimum");
      if (strict ? number <= number_of(*least) : number < number_of(*least))
        out_of_bounds(
            node, place,
            (strict ? "should be greater than " : "should be greater than or equal to ") + number_text(*least));
    }
    if (const Node* most = schema.find("maximum"); most != nullptr && is_number(*most)) {
      const bool strict = flag(schema, "exclusiveMaximum");
      if (strict ? number >= number_of(*most) : number > number_of(*most))
        out_of_bounds(node, place,
                      (strict ? "should be less than " : "should be less than or equal to ") + number_text(*most));
    }
    if (const Node* step = schema.find("multipleOf"); step != nullptr && is_number(*step) && number_of(*step) > 0) {
      constexpr double kRounding = 1e-9;
      const double steps = number / number_of(*step);
      if (std::fabs(steps - std::round(steps)) > kRounding)
        out_of_bounds(node, place, "should be a multiple of " + number_text(*step));
    }
  }

  // A field with a default is there before the API server looks.
  void required(const Node& node, const Node& schema, const Place& place) {
    for (const Node& name : schema["required"].list()) {
      const Node* found = node.find(name.str());
      if (found != nullptr && (!found->is_null() || flag(schema["properties"][name.str()], "nullable"))) continue;
      if (schema["properties"][name.str()].find("default") != nullptr) continue;
      const Place missing = place.member(name.str());
      add({false, &node, node.begin, missing.pointer, missing.field + ": Required value"});
    }
  }

  // Value validations without types of their own: no problem, or some.
  bool holds(const Node& node, const Node& schema, uint32_t depth) {
    Walk alone(patterns_, true);
    alone.validations(node, schema, {}, depth);
    return alone.problems_.empty();
  }
  void validations(const Node& node, const Node& schema, const Place& place, uint32_t depth) {
    if (full() || depth > kCrdDepthMax) return;
    if (const std::string_view type = schema["type"].str(); !has_type(node, type))
      return out_of_bounds(node, place, "must be of type " + std::string(type));
    bounds(node, schema, place);
    combined(node, schema, place, depth);
    if (node.is_map()) {
      for (const doc::Member& member : node.map()) {
        const Node* known = schema["properties"].find(member.key->view());
        if (known == nullptr && schema["additionalProperties"].is_map()) known = &schema["additionalProperties"];
        if (known != nullptr && !member.value.is_null())
          validations(member.value, *known, place.member(member.key->view()), depth + 1);
      }
    }
    if (node.is_list() && schema["items"].is_map()) {
      size_t i = 0;
      for (const Node& item : node.list()) validations(item, schema["items"], place.item(i++), depth + 1);
    }
  }

  void combined(const Node& node, const Node& schema, const Place& place, uint32_t depth) {
    for (const Node& branch : schema["allOf"].list()) validations(node, branch, place, depth + 1);
    auto count = [&](const Node& branches) {
      size_t n = 0;
      for (const Node& branch : branches.list()) n += holds(node, branch, depth + 1) ? 1 : 0;
      return n;
    };
    if (!schema["anyOf"].list().empty() && count(schema["anyOf"]) == 0)
      out_of_bounds(node, place, "must validate at least one schema (anyOf)");
    if (!schema["oneOf"].list().empty() && count(schema["oneOf"]) != 1)
      out_of_bounds(node, place, "must validate one and only one schema (oneOf)");
    if (schema["not"].is_map() && holds(node, schema["not"], depth + 1))
      out_of_bounds(node, place, "must not validate the schema (not)");
  }

  const expr::RegexCache& patterns_;
  const bool keeps_unknown_;
  std::vector<StructureProblem> problems_;
};

}  // namespace

std::vector<StructureProblem> SchemaValidator::run(const Node& object, const Node& schema, bool keeps_unknown_fields) {
  Walk walk(patterns_, keeps_unknown_fields);
  walk.resource(object, schema);
  return walk.take();
}

}  // namespace ameia::policy
