// cel-spec's conformance tests ("SimpleTest" files): expression, declarations and bindings in; value, type or error
// out. Files are text protos as JSON (every field a list, scalars {"$lit": …}, bytes {"$b64": …}) or protobuf's own
// JSON. Cases that need protobuf messages or enums are skipped, which is seen from what they mention.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "doc/json.h"
#include "expr/check.h"
#include "expr/internal/static_types.h"
#include "expr/program.h"
#include "suite.h"

namespace ameia::conformance {

namespace {

using doc::Node;

// ---- reading a message in either of its JSON forms

std::string camel(std::string_view snake) {
  std::string out;
  for (size_t i = 0; i < snake.size(); ++i) {
    if (snake[i] == '_' && i + 1 < snake.size())
      out += static_cast<char>(snake[++i] - 'a' + 'A');
    else
      out += snake[i];
  }
  return out;
}

const Node* member(const Node& message, std::string_view field) {
  const Node* found = message.find(doc::KeyRef(field));
  if (found == nullptr) found = message.find(doc::KeyRef(camel(field)));
  return found;
}
// The field of a message, or nullptr.
const Node* one(const Node& message, std::string_view field) {
  const Node* found = member(message, field);
  if (found != nullptr && found->is_list()) return found->size == 0 ? nullptr : &found->items[0];
  return found;
}
std::span<const Node> all(const Node& message, std::string_view field) {
  const Node* found = member(message, field);
  return found == nullptr ? std::span<const Node>() : found->list();
}
// A scalar's text: "x", {"$lit": "x"}, true, 12.
std::string scalar(const Node* node) {
  if (node == nullptr) return {};
  if (node->is_map()) {
    if (const Node* literal = node->find("$lit")) return std::string(literal->str());
    return {};
  }
  if (node->is_bool()) return node->boolean ? "true" : "false";
  if (node->is_int()) return std::to_string(node->integer);
  if (node->kind == doc::Kind::kDouble) {
    char buffer[40];
    return std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, node->number).ptr);
  }
  return std::string(node->str());
}
bool flag(const Node& message, std::string_view field) {
  return scalar(one(message, field)) == "true";
}

template <typename T>
T integer(const std::string& text) {
  T value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}
double floating(std::string text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return std::strtod(text.c_str(), nullptr);  // reads inf and nan too
}
std::string from_base64(std::string_view text) {
  std::string out;
  uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    uint32_t digit;
    if (c >= 'A' && c <= 'Z')
      digit = static_cast<uint32_t>(c - 'A');
    else if (c >= 'a' && c <= 'z')
      digit = static_cast<uint32_t>(c - 'a') + 26;
    else if (c >= '0' && c <= '9')
      digit = static_cast<uint32_t>(c - '0') + 52;
    else if (c == '+' || c == '-')
      digit = 62;
    else if (c == '/' || c == '_')
      digit = 63;
    else
      break;
    bits = bits << 6 | digit;
    count += 6;
    if (count >= 8) out += static_cast<char>(bits >> (count -= 8) & 0xFF);
  }
  return out;
}
std::string bytes_of(const Node& node) {
  if (const Node* encoded = node.find("$b64")) return from_base64(encoded->str());
  if (node.is_map()) return scalar(&node);
  return from_base64(node.str());
}

// ---- what needs protobuf

constexpr std::string_view kNeedsMessages = "needs protobuf messages, which expr does not have";
constexpr std::string_view kNeedsEnums = "needs protobuf enums, which expr does not have";

bool is_time(std::string_view type) {
  return type == "google.protobuf.Duration" || type == "google.protobuf.Timestamp";
}

// The type named by an Any, and its fields.
std::string any_type(const Node& object, const Node*& fields) {
  fields = &object;
  std::string_view name = object["@type"].str();
  if (name.empty() && object.is_map() && object.size > 0) {
    name = object.map()[0].key->view();
    if (name.starts_with('[') && name.ends_with(']')) name = name.substr(1, name.size() - 2);
    fields = &object.map()[0].value;
    if (fields->is_list() && fields->size > 0) fields = &fields->items[0];
  }
  const size_t slash = name.rfind('/');
  return std::string(slash == std::string_view::npos ? name : name.substr(slash + 1));
}

std::string_view value_needs(const Node* value) {
  if (value == nullptr || !value->is_map()) return {};
  if (one(*value, "enum_value") != nullptr) return kNeedsEnums;
  if (const Node* object = one(*value, "object_value")) {
    const Node* fields;
    if (!is_time(any_type(*object, fields))) return kNeedsMessages;
  }
  if (const Node* list = one(*value, "list_value")) {
    for (const Node& item : all(*list, "values")) {
      if (const std::string_view need = value_needs(&item); !need.empty()) return need;
    }
  }
  if (const Node* map = one(*value, "map_value")) {
    for (const Node& entry : all(*map, "entries")) {
      for (const char* part : {"key", "value"}) {
        if (const std::string_view need = value_needs(one(entry, part)); !need.empty()) return need;
      }
    }
  }
  return {};
}

// Whether a type mentions a message or a wrapper, at any depth.
bool type_needs(const Node& type) {
  if (one(type, "message_type") != nullptr) return true;
  if (one(type, "wrapper") != nullptr) return true;
  if (const Node* known = one(type, "well_known"); known != nullptr && scalar(known) == "ANY") return true;
  if (type.is_map()) {
    for (const doc::Member& m : type.map()) {
      if (m.value.is_list()) {
        for (const Node& item : m.value.list()) {
          if (type_needs(item)) return true;
        }
      } else if (type_needs(m.value)) {
        return true;
      }
    }
  }
  return false;
}

// The wrappers of scalars, which are made and unwrapped at once, are not messages to a program.
bool is_wrapper(std::string_view type) {
  for (const char* scalar_type : {"Bool", "Bytes", "Double", "Float", "Int32", "Int64", "String", "UInt32", "UInt64"}) {
    if (type == "google.protobuf." + std::string(scalar_type) + "Value") return true;
  }
  return false;
}

// Whether an expression names a message, an enum or an extension: constructs an object, reaches into the packages that
// only hold messages, or names something with a capital letter while standing in such a package.
bool expression_needs(const expr::Expr* e, const std::string& container) {
  if (e == nullptr) return false;
  const bool in_package = container.starts_with("cel.expr.conformance.proto");
  switch (e->kind) {
    case expr::ExprKind::kStruct:
      if (!is_wrapper(e->name) && !is_wrapper(container + "." + std::string(e->name))) return true;
      for (const expr::MapEntry& entry : e->entries) {
        if (expression_needs(entry.value, container)) return true;
      }
      return false;
    case expr::ExprKind::kIdent: return in_package && !e->name.empty() && e->name[0] >= 'A' && e->name[0] <= 'Z';
    case expr::ExprKind::kSelect: {
      std::string name = expr::unparse(*e);
      if (name.starts_with('.')) name.erase(0, 1);
      if (name.starts_with("google.protobuf.")) return !is_time(name);
      if (name.starts_with("cel.expr.conformance.")) return true;
      return expression_needs(e->operand, container);
    }
    case expr::ExprKind::kCall:
      if (e->receiver && e->args[0]->kind == expr::ExprKind::kIdent && e->args[0]->name == "proto") return true;
      if (in_package && !e->receiver && !e->name.empty() && e->name[0] >= 'A' && e->name[0] <= 'Z') return true;
      if (e->name.starts_with("cel.expr.conformance.") || e->name.starts_with("google.protobuf.")) return true;
      for (const expr::Expr* arg : e->args) {
        if (expression_needs(arg, container)) return true;
      }
      return false;
    case expr::ExprKind::kList:
      for (const expr::Expr* arg : e->args) {
        if (expression_needs(arg, container)) return true;
      }
      return false;
    case expr::ExprKind::kMap:
      for (const expr::MapEntry& entry : e->entries) {
        if (expression_needs(entry.key, container) || expression_needs(entry.value, container)) return true;
      }
      return false;
    case expr::ExprKind::kComprehension:
      for (const expr::Expr* part :
           {e->loop->iter_range, e->loop->accu_init, e->loop->loop_condition, e->loop->loop_step, e->loop->result}) {
        if (expression_needs(part, container)) return true;
      }
      return false;
    default: return false;
  }
}

// ---- types

std::string type_text(const Node* type) {
  if (type == nullptr || !type->is_map()) return "dyn";
  if (const Node* primitive = one(*type, "primitive")) {
    const std::string name = scalar(primitive);
    if (name == "INT64") return "int";
    if (name == "UINT64") return "uint";
    std::string lower = name;
    for (char& c : lower) c = static_cast<char>(c + 32);
    return lower;
  }
  if (member(*type, "null") != nullptr) return "null";
  if (const Node* known = one(*type, "well_known")) return scalar(known) == "DURATION" ? "duration" : "timestamp";
  if (const Node* message = one(*type, "message_type"))
    return scalar(message) == "google.protobuf.Duration" ? "duration" : "timestamp";
  if (const Node* list = one(*type, "list_type")) return "list(" + type_text(one(*list, "elem_type")) + ")";
  if (const Node* map = one(*type, "map_type"))
    return "map(" + type_text(one(*map, "key_type")) + ", " + type_text(one(*map, "value_type")) + ")";
  if (const Node* named = one(*type, "type")) return "type(" + type_text(named) + ")";
  if (const Node* param = one(*type, "type_param")) return scalar(param);
  if (const Node* abstract = one(*type, "abstract_type")) {
    std::string out = scalar(one(*abstract, "name")) + "(";
    bool first = true;
    for (const Node& param : all(*abstract, "parameter_types")) {
      if (!first) out += ", ";
      first = false;
      out += type_text(&param);
    }
    return out + ")";
  }
  return "dyn";
}

expr::Value unbound(expr::CallContext& context, const expr::Value*, uint32_t) {
  return context.error("unbound function");
}

// ---- values

// The value as the program sees it; false when the case says something that expr has no value for.
bool to_value(const Node& node, base::Arena& arena, expr::Value& out) {
  const auto has = [&](const char* kind) { return member(node, kind) != nullptr; };
  const auto text = [&](const char* kind) { return scalar(one(node, kind)); };
  if (has("null_value")) {
    out = expr::Value::null();
  } else if (has("bool_value")) {
    out = expr::Value::of(text("bool_value") == "true");
  } else if (has("int64_value")) {
    out = expr::Value::of_int(integer<int64_t>(text("int64_value")));
  } else if (has("uint64_value")) {
    out = expr::Value::of_uint(integer<uint64_t>(text("uint64_value")));
  } else if (has("double_value")) {
    out = expr::Value::of_double(floating(text("double_value")));
  } else if (has("string_value")) {
    const std::string_view kept = arena.copy(text("string_value"));
    bool ascii = true;
    for (char c : kept) ascii = ascii && static_cast<unsigned char>(c) < 0x80;
    out = expr::Value::of_string(kept, ascii);
  } else if (has("bytes_value")) {
    out = expr::Value::of_bytes(arena.copy(bytes_of(*one(node, "bytes_value"))));
  } else if (has("list_value")) {
    const std::span<const Node> items = all(*one(node, "list_value"), "values");
    expr::Value* values = arena.array<expr::Value>(items.size());
    for (size_t i = 0; i < items.size(); ++i) {
      if (!to_value(items[i], arena, values[i])) return false;
    }
    expr::ListValue* list = arena.make<expr::ListValue>();
    list->size = static_cast<uint32_t>(items.size());
    list->items = values;
    out = expr::Value::of_list(list);
  } else if (has("map_value")) {
    const std::span<const Node> items = all(*one(node, "map_value"), "entries");
    expr::MapEntryValue* entries = arena.array<expr::MapEntryValue>(items.size());
    for (size_t i = 0; i < items.size(); ++i) {
      if (!to_value(*one(items[i], "key"), arena, entries[i].key) ||
          !to_value(*one(items[i], "value"), arena, entries[i].value))
        return false;
    }
    out = expr::Value::of_map(expr::make_map(arena, entries, static_cast<uint32_t>(items.size())));
  } else if (const Node* object = one(node, "object_value")) {
    const Node* fields;
    const std::string type = any_type(*object, fields);
    const int64_t seconds = integer<int64_t>(scalar(one(*fields, "seconds")));
    const int64_t nanos = integer<int64_t>(scalar(one(*fields, "nanos")));
    out = type == "google.protobuf.Duration" ? expr::Value::of_duration(seconds * 1'000'000'000 + nanos)
                                             : expr::Value::of_timestamp(seconds, static_cast<uint32_t>(nanos));
  } else {
    return false;
  }
  return true;
}

// Whether two values are of one kind and equal: 1 is not 1u here, and NaN is NaN.
bool identical(const expr::Value& a, const expr::Value& b) {
  if (a.is_list() && b.is_list()) {
    if (expr::list_size(a) != expr::list_size(b)) return false;
    for (uint32_t i = 0; i < expr::list_size(a); ++i) {
      if (!identical(expr::list_at(a, i), expr::list_at(b, i))) return false;
    }
    return true;
  }
  if (a.is_map() && b.is_map()) {
    if (expr::map_size(a) != expr::map_size(b)) return false;
    for (uint32_t i = 0; i < expr::map_size(a); ++i) {
      const expr::MapEntryValue entry = expr::map_at(a, i);
      bool found = false;
      for (uint32_t k = 0; k < expr::map_size(b) && !found; ++k) {
        const expr::MapEntryValue other = expr::map_at(b, k);
        found = identical(entry.key, other.key) && identical(entry.value, other.value);
      }
      if (!found) return false;
    }
    return true;
  }
  if (a.kind != b.kind) return false;
  if (a.kind == expr::ValueKind::kDouble) return a.number == b.number || (std::isnan(a.number) && std::isnan(b.number));
  return expr::values_equal(a, b);
}

// ---- one test

class Case {
 public:
  Case(const Node& test, SuiteResult& out, std::string name) : test_(test), out_(out), name_(std::move(name)) {}

  void run() {
    source_ = scalar(one(test_, "expr"));
    const std::string_view need = needs();
    if (!need.empty()) return out_.skip(name_, std::string(need));
    if (one(test_, "unknown") != nullptr || one(test_, "any_unknowns") != nullptr) {
      return out_.skip(name_, "needs unknown inputs, which expr does not have");
    }
    auto env = environment();
    if (!env) return out_.fail(name_, "the environment: " + env.error().text());
    expr::Syntax syntax = expr::syntax_of(expr::Version::all());
    if (flag(test_, "disable_macros")) {
      syntax.macros = syntax.two_variables = syntax.bind = syntax.math_macros = syntax.sort_by = false;
    }
    auto ast = expr::parse(source_, syntax);
    if (!ast) return out_.fail(name_, expr::format_issues(source_, ast.error()));
    expr::CheckOptions options;
    options.enabled = !flag(test_, "disable_check");
    auto checked = expr::check(std::move(*ast), *env, options);
    if (!checked) {
      // An error is an error, whether it is seen before the program runs or while it does.
      if (error_wanted()) return out_.pass();
      return out_.fail(name_, expr::format_issues(source_, checked.error()));
    }
    if (const Node* typed = one(test_, "typed_result")) {
      const std::string expected = type_text(one(*typed, "deduced_type"));
      const std::string found = expr::to_string(checked->result);
      if (expected != found) return out_.fail(name_, "type " + expected + " expected, found " + found);
      if (flag(test_, "check_only") || one(*typed, "result") == nullptr) return out_.pass();
    }
    if (flag(test_, "check_only")) return out_.pass();
    evaluate(std::make_shared<const expr::Env>(std::move(*env)), std::move(*checked));
  }

 private:
  // The reason why this case is about protobuf, or nothing.
  std::string_view needs() {
    std::string_view need = value_needs(expected());
    for_bindings([&](const std::string&, const Node& value) {
      if (need.empty()) need = value_needs(&value);
    });
    if (!need.empty()) return need;
    for (const Node& declaration : all(test_, "type_env")) {
      if (type_needs(declaration)) return kNeedsMessages;
    }
    if (const Node* typed = one(test_, "typed_result"); typed != nullptr && one(*typed, "deduced_type") != nullptr) {
      if (type_needs(*one(*typed, "deduced_type"))) return kNeedsMessages;
    }
    auto ast = expr::parse(source_, expr::syntax_of(expr::Version::all()));
    return ast && expression_needs((*ast)->root, scalar(one(test_, "container"))) ? kNeedsMessages : std::string_view();
  }

  const Node* expected() const {
    if (const Node* typed = one(test_, "typed_result")) return one(*typed, "result");
    return one(test_, "value");
  }

  template <typename Each>
  void for_bindings(const Each& each) const {
    const Node* bindings = member(test_, "bindings");
    if (bindings == nullptr) return;
    const auto visit = [&](const std::string& name, const Node* bound) {
      const Node* value = bound == nullptr ? nullptr : one(*bound, "value");
      if (value != nullptr) each(name, *value);
    };
    if (bindings->is_map()) {
      for (const doc::Member& m : bindings->map()) visit(std::string(m.key->view()), &m.value);
    }
    for (const Node& entry : bindings->list()) visit(scalar(one(entry, "key")), one(entry, "value"));
  }

  base::Result<expr::Env> environment() {
    expr::EnvBuilder builder(expr::Version::all());
    builder.container(scalar(one(test_, "container")));
    std::vector<std::string> declared;
    for (const Node& declaration : all(test_, "type_env")) {
      const std::string name = scalar(one(declaration, "name"));
      if (const Node* ident = one(declaration, "ident")) {
        builder.variable(name, type_text(one(*ident, "type")));
        declared.push_back(name);
      }
      if (const Node* function = one(declaration, "function")) declare(name, *function);
    }
    for_bindings([&](const std::string& name, const Node&) {
      if (std::find(declared.begin(), declared.end(), name) == declared.end()) builder.variable(name, "dyn");
    });
    overloads_.clear();
    for (const auto& [id, signature] : signatures_) overloads_.push_back({id, signature, unbound});
    if (!overloads_.empty()) builder.library({"type_env", 0, overloads_});
    return builder.build();
  }

  void declare(const std::string& name, const Node& function) {
    for (const Node& overload : all(function, "overloads")) {
      std::string signature;
      bool first = true;
      const bool is_member = flag(overload, "is_instance_function");
      for (const Node& param : all(overload, "params")) {
        if (is_member && signature.empty()) {
          signature = type_text(&param) + "." + name + "(";
          continue;
        }
        if (signature.empty()) signature = name + "(";
        if (!first) signature += ", ";
        first = false;
        signature += type_text(&param);
      }
      if (signature.empty()) signature = name + "(";
      signatures_.emplace_back(scalar(one(overload, "overload_id")),
                               signature + ") -> " + type_text(one(overload, "result_type")));
    }
  }

  void evaluate(std::shared_ptr<const expr::Env> env, expr::Checked checked) {
    expr::ProgramSetBuilder builder(std::move(env));
    auto id = builder.add(std::move(checked));
    if (!id) return out_.fail(name_, id.error().text());
    auto programs = builder.build();
    if (!programs) return out_.fail(name_, programs.error().text());
    expr::Machine machine(*programs);
    machine.reset();
    base::Arena arena;
    for_bindings([&](const std::string& name, const Node& node) {
      expr::Value value;
      if (to_value(node, arena, value)) machine.set(name, value);
    });
    const expr::Outcome outcome = machine.run(*id, {.cost_max = UINT64_MAX});
    judge(outcome.value, arena);
  }

  bool error_wanted() const { return one(test_, "eval_error") != nullptr || one(test_, "any_eval_errors") != nullptr; }

  void judge(const expr::Value& found, base::Arena& arena) {
    if (found.is_error()) {
      if (error_wanted()) return out_.pass();
      return out_.fail(name_, "error: " + std::string(found.error->message));
    }
    if (error_wanted()) return out_.fail(name_, "an error expected, found " + expr::to_text(found));
    const Node* node = expected();
    if (node == nullptr) {  // no matcher: the expression is to be true
      if (found.is_true()) return out_.pass();
      return out_.fail(name_, "true expected, found " + expr::to_text(found));
    }
    if (const Node* type = one(*node, "type_value")) {
      if (found.kind == expr::ValueKind::kType && expr::internal::runtime_name(*found.type) == scalar(type))
        return out_.pass();
      return out_.fail(name_, "type " + scalar(type) + " expected, found " + expr::to_text(found));
    }
    expr::Value wanted;
    if (!to_value(*node, arena, wanted)) return out_.fail(name_, "the expected value cannot be read");
    if (identical(wanted, found)) return out_.pass();
    out_.fail(name_, expr::to_text(wanted) + " expected, found " + expr::to_text(found));
  }

  const Node& test_;
  SuiteResult& out_;
  std::string name_;
  std::string source_;
  std::vector<std::pair<std::string, std::string>> signatures_;
  std::vector<expr::Overload> overloads_;
};

}  // namespace

SuiteResult run_cel_spec(const std::string& folder) {
  SuiteResult out;
  out.suite = "cel-spec";
  for (const std::string& file : list_folder(folder)) {
    if (!file.ends_with(".json")) continue;
    auto document = read_json(folder + "/" + file);
    if (!document) {
      out.fail(file, document.error().text());
      continue;
    }
    const Node& root = (*document)->root();
    for (const Node& section : all(root, "section")) {
      for (const Node& test : all(section, "test")) {
        Case(test, out,
             scalar(one(root, "name")) + "/" + scalar(one(section, "name")) + "/" + scalar(one(test, "name")))
            .run();
      }
    }
  }
  return out;
}

}  // namespace ameia::conformance
