#include "policy/crd_rules.h"

#include "expr/check.h"
#include "expr/escape.h"
#include "expr/estimate.h"
#include "expr/schema.h"
#include "policy/decision.h"

namespace ameia::policy {
namespace {

using doc::Node;

class Compiler {
 public:
  Compiler(const std::shared_ptr<expr::Schemas>& schemas, const CrdRules::Options& options)
      : schemas_(schemas), options_(options) {}

  // `holder` has the rules, `schema` the types; `types_known` is false below what CEL cannot see.
  std::unique_ptr<CrdNode> compile(const Node& holder, const Node& schema, uint16_t index, uint32_t depth) {
    if (depth > kCrdDepthMax) return nullptr;
    auto node = std::make_unique<CrdNode>();
    node->holder = &holder;
    node->schema = &schema;
    node->index = index;
    compile_rules(*node);
    children(*node, depth);
    const bool empty = node->rules.empty() && node->items == nullptr && node->values == nullptr &&
                       node->properties.empty() && node->all_of.empty();
    return empty ? nullptr : std::move(node);
  }

 private:
  static bool is_embedded(const Node& schema) { return schema["x-kubernetes-embedded-resource"].boolean_or(false); }

  void children(CrdNode& node, uint32_t depth) {
    const Node &holder = *node.holder, &schema = *node.schema;
    const uint16_t element = node.index == 0 ? uint16_t{0} : schemas_->element_schema(node.index);
    if (holder["items"].is_map() && schema["items"].is_map())
      node.items = compile(holder["items"], schema["items"], element, depth + 1);
    if (holder["additionalProperties"].is_map() && schema["additionalProperties"].is_map())
      node.values = compile(holder["additionalProperties"], schema["additionalProperties"], element, depth + 1);
    for (const doc::Member& member : holder["properties"].map()) {
      const std::string_view name = member.key->view();
      const Node* types = schema["properties"].find(name);
      if (types == nullptr) continue;
      uint16_t index = 0;
      if (std::optional<std::string> escaped = expr::escape_field(name)) {
        index = node.index == 0 ? uint16_t{0} : schemas_->field_schema(node.index, *escaped);
      } else {
        index = schemas_->add(*types, is_embedded(*types));
      }
      if (index == 0) continue;  // a field that CEL does not see has no rules
      if (auto child = compile(member.value, *types, index, depth + 1)) node.properties.emplace(name, std::move(child));
    }
    for (const Node& branch : holder["allOf"].list()) {
      if (auto child = compile(branch, schema, node.index, depth + 1)) node.all_of.push_back(std::move(child));
    }
  }

  std::shared_ptr<const expr::Env> environment(uint16_t index, bool optional_old_self, std::string& error) const {
    expr::EnvBuilder builder(options_.version);
    builder.provider(schemas_);
    for (const expr::Library& library : options_.libraries) builder.library(library);
    const std::string type = schemas_->type_text(index);
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
    base::Result<expr::Env> env = builder.build();
    if (env) return std::make_shared<const expr::Env>(std::move(*env));
    error = env.error().what;
    return nullptr;
  }

  void compile_rules(CrdNode& node) {
    const std::span<const Node> list = (*node.holder)["x-kubernetes-validations"].list();
    if (list.empty()) return;
    if (node.index == 0) node.init_error = "failed to convert to declType for CEL validation rules";
    for (const Node& source : list) {
      CrdRule rule;
      rule.source = &source;
      rule.optional_old_self = source["optionalOldSelf"].boolean_or(false);
      if (base::Result<std::vector<PathStep>> path = parse_field_path(source["fieldPath"].str(), *node.schema))
        rule.field_path = std::move(*path);
      node.rules.push_back(std::move(rule));
    }
    if (!node.init_error.empty()) return;
    for (const bool optional : {false, true}) compile_half(node, optional);
  }

  // The rules whose oldSelf has one type share an environment and a program set.
  void compile_half(CrdNode& node, bool optional_old_self) {
    std::vector<CrdRule*> rules;
    for (CrdRule& rule : node.rules) {
      if (rule.optional_old_self == optional_old_self) rules.push_back(&rule);
    }
    if (rules.empty()) return;
    std::shared_ptr<const expr::Env> env = environment(node.index, optional_old_self, node.init_error);
    if (env == nullptr) return;
    expr::ProgramSetBuilder builder(env);
    for (CrdRule* rule : rules) compile_rule(node.index, *env, builder, *rule);
    base::Result<std::shared_ptr<const expr::ProgramSet>> built = builder.build();
    if (!built) {
      node.init_error = built.error().what;
      return;
    }
    // Programs borrow the names and types of the environment that checked them.
    struct Held {
      std::shared_ptr<const expr::Env> env;
      std::shared_ptr<const expr::ProgramSet> programs;
    };
    auto held = std::make_shared<Held>(Held{env, *built});
    node.programs[optional_old_self] = std::shared_ptr<const expr::ProgramSet>(held, held->programs.get());
  }

  void compile_rule(uint16_t index, const expr::Env& env, expr::ProgramSetBuilder& builder, CrdRule& rule) const {
    const std::string_view text = (*rule.source)["rule"].str();
    if (trim(text).empty()) return;
    rule.error =
        program(text, index, env, builder, expr::TypeKind::kBool, rule.program, rule.cost_max, &rule.uses_old_self);
    rule.has_program = rule.error.empty();
    const std::string_view message = (*rule.source)["messageExpression"].str();
    if (!rule.has_program || message.empty()) return;
    rule.message_error = program(message, index, env, builder, expr::TypeKind::kString, rule.message_program,
                                 rule.message_cost_max, nullptr);
    rule.has_message = rule.message_error.empty();
  }

  // Empty, or why it does not compile.
  std::string program(std::string_view text, uint16_t index, const expr::Env& env, expr::ProgramSetBuilder& builder,
                      expr::TypeKind wanted, expr::ProgramId& id, uint64_t& cost_max, bool* uses_old_self) const {
    const bool is_message = wanted == expr::TypeKind::kString;
    expr::CheckOptions options;
    options.homogeneous_literals = true;
    options.validate_literals = true;
    auto checked = expr::compile(text, env, options);
    if (!checked) {
      return std::string(is_message ? "messageExpression " : "") +
             "compilation failed: " + expr::format_issues(text, checked.error());
    }
    if (checked->result->kind != wanted)
      return is_message ? "messageExpression must evaluate to a string" : "cel expression must evaluate to a bool";
    cost_max = expr::estimate_cost(*checked, schemas_.get(), index).max;
    if (uses_old_self != nullptr) {
      for (const expr::Reference& reference : checked->references) {
        *uses_old_self = *uses_old_self || (!reference.local && reference.variable == "oldSelf");
      }
    }
    base::Result<expr::ProgramId> added = builder.add(std::move(*checked));
    if (!added) {
      return std::string(is_message ? "messageExpression" : "program") + " instantiation failed: " + added.error().what;
    }
    id = *added;
    return {};
  }

  std::shared_ptr<expr::Schemas> schemas_;
  const CrdRules::Options& options_;
};

bool has_rules(const Node& schema, uint32_t depth) {
  if (depth > kCrdDepthMax) return false;
  if (!schema["x-kubernetes-validations"].list().empty()) return true;
  for (std::string_view key : {"items", "additionalProperties"}) {
    if (schema[key].is_map() && has_rules(schema[key], depth + 1)) return true;
  }
  for (const doc::Member& member : schema["properties"].map()) {
    if (has_rules(member.value, depth + 1)) return true;
  }
  for (const Node& branch : schema["allOf"].list()) {
    if (has_rules(branch, depth + 1)) return true;
  }
  return false;
}

}  // namespace

CrdRules::CrdRules(const Node& schema, const Options& options) : schemas_(std::make_shared<expr::Schemas>()) {
  if (!has_rules(schema, 0)) return;
  root_ = Compiler(schemas_, options).compile(schema, schema, schemas_->add(schema, options.is_root), 0);
}

CrdRules::~CrdRules() = default;

}  // namespace ameia::policy
