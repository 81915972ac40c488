#include "report/json_schema.h"

#include <algorithm>
#include <set>

#include "doc/build.h"
#include "doc/json.h"
#include "doc/patch.h"

namespace ameia::test {
namespace {

class Validator {
 public:
  explicit Validator(const doc::Node& root) : root_(root) {}

  std::vector<std::string> errors;

  bool check(const doc::Node& value, const doc::Node& schema, const std::string& at) {
    size_t before = errors.size();
    if (schema.is_bool()) {
      if (!schema.boolean) fail(at, "nothing is allowed here");
      return errors.size() == before;
    }
    for (const doc::Member& member : schema.map()) keyword(value, schema, member.key->view(), member.value, at);
    return errors.size() == before;
  }

 private:
  void fail(const std::string& at, const std::string& what) { errors.push_back((at.empty() ? "/" : at) + ": " + what); }

  // Whether `value` fits, without leaving errors behind.
  bool fits(const doc::Node& value, const doc::Node& schema) {
    size_t before = errors.size();
    bool ok = check(value, schema, "");
    errors.resize(before);
    return ok;
  }

  static bool is_type(const doc::Node& v, std::string_view type) {
    if (type == "object") return v.is_map();
    if (type == "array") return v.is_list();
    if (type == "string") return v.is_string();
    if (type == "boolean") return v.is_bool();
    if (type == "null") return v.is_null();
    if (type == "integer") return v.is_int();
    if (type == "number") return v.is_int() || v.kind == doc::Kind::kDouble;
    return false;
  }

  static double number(const doc::Node& v) { return v.is_int() ? static_cast<double>(v.integer) : v.number; }
  static bool is_number(const doc::Node& v) { return is_type(v, "number"); }

  void keyword(const doc::Node& v, const doc::Node& schema, std::string_view name, const doc::Node& rule,
               const std::string& at) {
    static const std::set<std::string_view> kAnnotations = {
        "$schema", "$id", "id", "title", "description", "default", "definitions", "$comment", "examples"};
    if (kAnnotations.contains(name) || name.starts_with("x-kubernetes-")) return;
    if (name == "$ref") {
      std::string pointer(rule.str().substr(1));
      const doc::Node* target = pointer.empty() ? &root_ : doc::resolve_pointer(root_, pointer);
      if (target == nullptr) return fail(at, "the schema refers to " + pointer);
      check(v, *target, at);
    } else if (name == "type") {
      bool ok = rule.is_string() && is_type(v, rule.str());
      for (const doc::Node& type : rule.list()) ok = ok || is_type(v, type.str());
      if (!ok) fail(at, "is not of type " + doc::to_json(rule));
    } else if (name == "enum") {
      auto items = rule.list();
      if (std::none_of(items.begin(), items.end(), [&](const doc::Node& n) { return doc::equal(n, v); }))
        fail(at, doc::to_json(v) + " is none of " + doc::to_json(rule));
    } else if (name == "const") {
      if (!doc::equal(rule, v)) fail(at, "is not " + doc::to_json(rule));
    } else if (name == "required") {
      if (!v.is_map()) return;
      for (const doc::Node& key : rule.list()) {
        if (v.find(key.str()) == nullptr) fail(at, "lacks " + std::string(key.str()));
      }
    } else if (name == "properties") {
      for (const doc::Member& member : rule.map()) {
        if (const doc::Node* child = v.find(member.key->view()))
          check(*child, member.value, at + "/" + std::string(member.key->view()));
      }
    } else if (name == "additionalProperties") {
      for (const doc::Member& member : v.map()) {
        if (schema["properties"].find(member.key->view()) == nullptr)
          check(member.value, rule, at + "/" + std::string(member.key->view()));
      }
    } else if (name == "items") {
      for (size_t i = 0; i < v.list().size(); ++i) check(v.list()[i], rule, at + "/" + std::to_string(i));
    } else if (name == "minItems") {
      if (v.is_list() && static_cast<int64_t>(v.size) < rule.integer_or(0)) fail(at, "has too few items");
    } else if (name == "maxItems") {
      if (v.is_list() && static_cast<int64_t>(v.size) > rule.integer_or(0)) fail(at, "has too many items");
    } else if (name == "uniqueItems") {
      for (size_t i = 0; rule.boolean_or(false) && i < v.list().size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
          if (doc::equal(v.list()[i], v.list()[j])) fail(at, "has an item twice: " + doc::to_json(v.list()[i]));
        }
      }
    } else if (name == "minProperties") {
      if (v.is_map() && static_cast<int64_t>(v.size) < rule.integer_or(0)) fail(at, "has too few properties");
    } else if (name == "minLength") {
      if (v.is_string() && static_cast<int64_t>(v.size) < rule.integer_or(0)) fail(at, "is too short");
    } else if (name == "minimum") {
      if (is_number(v) && number(v) < number(rule)) fail(at, "is below " + doc::to_json(rule));
    } else if (name == "maximum") {
      if (is_number(v) && number(v) > number(rule)) fail(at, "is above " + doc::to_json(rule));
    } else if (name == "allOf") {
      for (const doc::Node& part : rule.list()) check(v, part, at);
    } else if (name == "anyOf") {
      auto parts = rule.list();
      if (std::none_of(parts.begin(), parts.end(), [&](const doc::Node& part) { return fits(v, part); }))
        fail(at, "fits none of anyOf");
    } else if (name == "oneOf") {
      auto parts = rule.list();
      if (std::count_if(parts.begin(), parts.end(), [&](const doc::Node& part) { return fits(v, part); }) != 1)
        fail(at, "does not fit exactly one of oneOf");
    } else if (name == "not") {
      if (fits(v, rule)) fail(at, "fits what it must not");
    } else if (name == "dependencies") {
      for (const doc::Member& member : rule.map()) {
        if (v.find(member.key->view()) == nullptr) continue;
        for (const doc::Node& key : member.value.list()) {
          if (v.find(key.str()) == nullptr) fail(at, "lacks " + std::string(key.str()));
        }
      }
    } else if (name == "format") {
      if (rule.str() == "date-time" && v.is_string() && (v.size < 20 || v.str()[10] != 'T'))
        fail(at, "is no date-time");
      if ((rule.str() == "uri" || rule.str() == "uri-reference") && v.is_string()) {
        for (char c : v.str()) {
          if (static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) > 126 ||
              std::string_view("\"<>\\^`{|}").find(c) != std::string_view::npos) {
            return fail(at, "is no URI: " + std::string(v.str()));
          }
        }
        if (rule.str() == "uri" && v.str().find(':') == std::string_view::npos) fail(at, "is no absolute URI");
      }
    } else if (name == "pattern") {
      // The schema's patterns are about GUIDs, versions and tags of languages; only "may not be empty" concerns us.
      if (v.is_string() && v.size == 0) fail(at, "does not fit its pattern");
    } else {
      fail(at, "the schema uses the keyword " + std::string(name) + ", which this validator does not know");
    }
  }

  const doc::Node& root_;
};

}  // namespace

std::vector<std::string> validate(const doc::Node& instance, const doc::Node& schema) {
  Validator validator(schema);
  validator.check(instance, schema, "");
  return validator.errors;
}

}  // namespace ameia::test
