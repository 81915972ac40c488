#include "crd_validator.h"

#include <memory>
#include <optional>

#include "doc/build.h"
#include "doc/json.h"
#include "expr/check.h"
#include "expr/program.h"
#include "expr/schema.h"

namespace ameia::conformance {
namespace {

using doc::Node;

// One compiled rule or message expression.
struct Compiled {
  std::string error;
  std::shared_ptr<const expr::ProgramSet> programs;  // nullptr: an empty rule
  bool uses_old_self = false;
};

bool present(const Node* node) {
  return node != nullptr && !node->is_null();
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\n\r\v\f";
  size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

class Validator {
 public:
  explicit Validator(const CrdOptions& options) : options_(options), schemas_(std::make_shared<expr::Schemas>()) {
    result_.remaining = options.budget;
  }
  CrdResult run(const Node& schema, const Node& object, const Node* old_object) {
    validate(schema, schema, object, old_object, "root", options_.is_root);
    return std::move(result_);
  }

 private:
  static constexpr int kDepthMax = 64;

  bool over() const { return result_.remaining < 0; }
  void invalid(const std::string& path, std::string detail) {
    result_.errors.push_back({"Invalid value", path, '"' + type_ + '"', std::move(detail)});
  }

  // `holder` has the rules, `schema` the types: they are one but in the branches of allOf.
  void validate(const Node& holder, const Node& schema, const Node& object, const Node* old_object,
                const std::string& path, bool is_root) {
    if (over() || object.is_null() || depth_ > kDepthMax) return;
    ++depth_;
    type_ = schema["type"].str();
    rules(holder, schema, object, old_object, path, is_root);
    for (const Node& branch : holder["allOf"].list()) validate(branch, schema, object, old_object, path, is_root);
    if (!over() && object.is_list()) items(holder, schema, object, old_object, path);
    if (!over() && object.is_map()) members(holder, schema, object, old_object, path);
    --depth_;
  }

  void rules(const Node& holder, const Node& schema, const Node& object, const Node* old_object,
             const std::string& path, bool is_root) {
    std::span<const Node> list = holder["x-kubernetes-validations"].list();
    if (list.empty()) return;
    if (result_.remaining <= 0) return out_of_budget(path);
    uint16_t index = schemas_->add(schema, is_root);
    if (index == 0)
      return invalid(path,
                     "rule compiler initialization error: failed to convert to declType for CEL validation rules");
    for (const Node& rule : list) {
      run_rule(rule, index, object, old_object, path);
      if (over()) return;
    }
  }

  void out_of_budget(const std::string& path) {
    invalid(path, "validation failed due to running out of cost budget, no further validation rules will be run");
    result_.remaining = -1;
  }

  Compiled compile(std::string_view source, uint16_t index, bool optional_old_self, bool is_message) {
    Compiled out;
    if (trim(source).empty()) return out;
    const char* prefix = is_message ? "messageExpression " : "";
    expr::EnvBuilder builder(expr::Version::latest());
    builder.provider(schemas_);
    std::string type = schemas_->type_text(index);
    auto declare = [&](std::string_view name, bool optional) {
      if (optional)
        builder.variable(name, "optional(" + type + ")");
      else if (schemas_->is_object(index))
        builder.object_variable(name, type);
      else
        builder.variable(name, type);
    };
    declare("self", false);
    declare("oldSelf", optional_old_self);
    auto env = builder.build();
    if (!env) {
      out.error = env.error().what;
      return out;
    }
    auto shared = std::make_shared<const expr::Env>(std::move(*env));
    expr::CheckOptions options;
    options.homogeneous_literals = true;
    options.validate_literals = true;
    auto checked = expr::compile(source, *shared, options);
    if (!checked) {
      out.error = std::string(prefix) + "compilation failed: " + expr::format_issues(source, checked.error());
      return out;
    }
    if (checked->result->kind != (is_message ? expr::TypeKind::kString : expr::TypeKind::kBool)) {
      out.error = is_message ? "messageExpression must evaluate to a string" : "cel expression must evaluate to a bool";
      return out;
    }
    expr::ProgramSetBuilder set(shared);
    auto added = set.add(std::move(*checked));
    if (!added) {
      out.error = std::string(prefix) + "program instantiation failed: " + added.error().what;
      return out;
    }
    auto built = set.build();
    if (!built) {
      out.error = built.error().what;
      return out;
    }
    out.programs = *built;
    out.uses_old_self = out.programs->variable_slot("oldSelf") >= 0;
    return out;
  }

  expr::Outcome evaluate(expr::Machine& machine, const Compiled& program, uint16_t index, const Node& object,
                         const Node* old_object, bool optional_old_self) {
    machine.reset();
    machine.set_schemas(schemas_.get());
    if (program.programs->variable_slot("self") >= 0) machine.set("self", schemas_->value(object, index, arena_));
    if (program.uses_old_self) {
      expr::Value old = old_object == nullptr ? expr::Value::null() : schemas_->value(*old_object, index, arena_);
      if (optional_old_self) {
        old = expr::Value::of_optional(present(old_object) ? arena_.make<expr::Value>(old) : nullptr);
      }
      machine.set("oldSelf", old);
    }
    expr::RunLimits limits;
    limits.cost_max = options_.per_call_max;
    limits.stop = &options_.cancelled;
    return machine.run(0, limits);
  }

  void run_rule(const Node& rule, uint16_t index, const Node& object, const Node* old_object, const std::string& path) {
    bool optional_old_self = rule["optionalOldSelf"].boolean_or(false);
    std::string_view source = rule["rule"].str();
    Compiled program = compile(source, index, optional_old_self, false);
    if (!program.error.empty()) return invalid(path, "rule compile error: " + program.error);
    if (program.programs == nullptr) return;
    if (program.uses_old_self && !present(old_object) && !optional_old_self) return;  // nothing to compare with
    expr::Machine machine(program.programs);
    expr::Outcome outcome = evaluate(machine, program, index, object, old_object, optional_old_self);
    if (static_cast<int64_t>(outcome.cost) > result_.remaining) return out_of_budget(path);
    result_.remaining -= static_cast<int64_t>(outcome.cost);
    std::string quoted = std::string(trim(source));
    if (outcome.over_budget) {
      invalid(path,
              "'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call "
              "cost exceeds limit for rule: " +
                  quoted);
      result_.remaining = -1;
      return;
    }
    if (outcome.interrupted) return invalid(path, "operation interrupted evaluating rule: " + quoted);
    if (outcome.value.is_error()) {
      std::string error(outcome.value.error->message);
      if (error.starts_with("no such overload")) {
        return invalid(
            path, "'" + error +
                      "': call arguments did not match a supported operator, function or macro signature for rule: " +
                      quoted);
      }
      return invalid(path, error + " evaluating rule: " + quoted);
    }
    if (outcome.value.is_true()) return;
    report(rule, index, object, old_object, path, optional_old_self);
  }

  // The rule was false: an error of its reason at its field path, with the message it asks for.
  void report(const Node& rule, uint16_t index, const Node& object, const Node* old_object, const std::string& path,
              bool optional_old_self) {
    std::optional<std::string> detail;
    std::string where = path + std::string(rule["fieldPath"].str());
    std::string_view expression = rule["messageExpression"].str();
    if (!expression.empty()) {
      Compiled program = compile(expression, index, optional_old_self, true);
      if (program.programs != nullptr) {
        expr::Machine machine(program.programs);
        expr::Outcome outcome = evaluate(machine, program, index, object, old_object, optional_old_self);
        if (static_cast<int64_t>(outcome.cost) > result_.remaining) {
          invalid(where,
                  "messageExpression evaluation failed due to running out of cost budget, no further validation rules "
                  "will be run");
          result_.remaining = -1;
          return;
        }
        if (outcome.over_budget) {
          invalid(where,
                  "no further validation rules will be run due to call cost exceeds limit for messageExpression: \"" +
                      std::string(expression) + '"');
          result_.remaining = -1;
          return;
        }
        result_.remaining -= static_cast<int64_t>(outcome.cost);
        std::string why = usable_message(outcome, detail);
        if (!why.empty()) result_.log.push_back("messageExpression evaluation failed: " + why);
      }
    }
    if (!detail) {
      std::string_view message = trim(rule["message"].str());
      detail = message.empty() ? "failed rule: " + std::string(trim(rule["rule"].str())) : std::string(message);
    }
    std::string_view reason = rule["reason"].str();
    std::string type = reason == "FieldValueForbidden"   ? "Forbidden"
                       : reason == "FieldValueRequired"  ? "Required value"
                       : reason == "FieldValueDuplicate" ? "Duplicate value"
                                                         : "Invalid value";
    // Objects and lists are too long to show.
    bool shown = type == "Invalid value" && !object.is_map() && !object.is_list();
    result_.errors.push_back({type, where, shown ? doc::to_json(object) : std::string(), *detail});
  }

  // Sets `detail`, or says why the message cannot be used.
  static std::string usable_message(const expr::Outcome& outcome, std::optional<std::string>& detail) {
    constexpr size_t kMessageBytesMax = 5 * 1024;  // MaxEvaluatedMessageExpressionSizeBytes
    if (outcome.value.is_error())
      return "messageExpression evaluation failed due to: " + std::string(outcome.value.error->message);
    if (!outcome.value.is(expr::ValueKind::kString)) return "messageExpression failed to convert to string";
    std::string_view text = trim(outcome.value.str());
    if (text.size() > kMessageBytesMax)
      return "messageExpression beyond allowable length of " + std::to_string(kMessageBytesMax);
    if (text.find('\n') != std::string_view::npos) return "messageExpression should not contain line breaks";
    if (text.empty()) return "messageExpression should evaluate to a non-empty string";
    detail = text;
    return {};
  }

  static bool is_embedded(const Node& schema) { return schema["x-kubernetes-embedded-resource"].boolean_or(false); }

  void items(const Node& holder, const Node& schema, const Node& object, const Node* old_object,
             const std::string& path) {
    const Node &rules_of = holder["items"], &types_of = schema["items"];
    if (!rules_of.is_map() || !types_of.is_map()) return;
    for (size_t i = 0; i < object.list().size() && !over(); ++i) {
      const Node& item = object.list()[i];
      validate(rules_of, types_of, item, old_item(schema, item, old_object), path + '[' + std::to_string(i) + ']',
               is_embedded(types_of));
    }
  }

  // Only lists of type map tell which old item an item was.
  static const Node* old_item(const Node& schema, const Node& item, const Node* old_object) {
    if (old_object == nullptr || schema["x-kubernetes-list-type"].str() != "map") return nullptr;
    for (const Node& candidate : old_object->list()) {
      bool same = true;
      for (const Node& key : schema["x-kubernetes-list-map-keys"].list()) {
        same = same && doc::equal(candidate[key.str()], item[key.str()]);
      }
      if (same) return &candidate;
    }
    return nullptr;
  }

  void members(const Node& holder, const Node& schema, const Node& object, const Node* old_object,
               const std::string& path) {
    const Node &value_rules = holder["additionalProperties"], &value_types = schema["additionalProperties"];
    for (const doc::Member& member : object.map()) {
      if (over()) return;
      std::string_view key = member.key->view();
      const Node* old = old_object == nullptr ? nullptr : old_object->find(key);
      if (value_rules.is_map() && value_types.is_map()) {
        validate(value_rules, value_types, member.value, old, path + '[' + std::string(key) + ']',
                 is_embedded(value_types));
      }
      const Node *rules_of = holder["properties"].find(key), *types_of = schema["properties"].find(key);
      if (rules_of != nullptr && types_of != nullptr) {
        validate(*rules_of, *types_of, member.value, old, path + '.' + std::string(key), is_embedded(*types_of));
      }
    }
  }

  const CrdOptions& options_;
  std::shared_ptr<expr::Schemas> schemas_;
  base::Arena arena_;
  CrdResult result_;
  std::string type_;  // of the schema in hand
  int depth_ = 0;
};

}  // namespace

CrdResult validate_crd(const Node& schema, const Node& object, const Node* old_object, const CrdOptions& options) {
  return Validator(options).run(schema, object, old_object);
}

}  // namespace ameia::conformance
