#include "policy/condition.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "expr/check.h"
#include "expr/lib_kyverno.h"
#include "expr/mutation_types.h"

namespace ameia::policy {
namespace {

// Whether an expression reads `name`, or one of the fields of `variables` that `through` lists.
class Reads {
 public:
  Reads(std::string_view name, const std::map<std::string, bool, std::less<>>& through)
      : name_(name), through_(through) {}

  bool in(const expr::Expr* root) {
    std::vector<const expr::Expr*> open{root};
    while (!open.empty()) {
      const expr::Expr* e = open.back();
      open.pop_back();
      if (e == nullptr) continue;
      if (e->kind == expr::ExprKind::kIdent && e->name == name_) return true;
      if (e->kind == expr::ExprKind::kSelect && e->operand->kind == expr::ExprKind::kIdent &&
          e->operand->name == kVariables) {
        auto variable = through_.find(e->name);
        if (variable != through_.end() && variable->second) return true;
        continue;
      }
      // `variables` read as a whole: any of them may be meant.
      if (e->kind == expr::ExprKind::kIdent && e->name == kVariables) {
        for (const auto& [variable, reads] : through_) {
          if (reads) return true;
        }
      }
      open.push_back(e->operand);
      for (const expr::Expr* arg : e->args) open.push_back(arg);
      for (const expr::MapEntry& entry : e->entries) {
        open.push_back(entry.key);
        open.push_back(entry.value);
      }
      if (e->loop != nullptr) {
        for (const expr::Expr* part :
             {e->loop->iter_range, e->loop->accu_init, e->loop->loop_condition, e->loop->loop_step, e->loop->result}) {
          open.push_back(part);
        }
      }
    }
    return false;
  }

 private:
  std::string_view name_;
  const std::map<std::string, bool, std::less<>>& through_;
};

// Whether an expression reads nothing of the request but its namespace: other objects and its own loop variables; and
// draws nothing.
class Steady {
 public:
  Steady(const std::map<std::string, bool, std::less<>>& variables, const expr::Checked& checked)
      : variables_(variables), checked_(checked) {}

  bool is(const expr::Expr* e) {
    if (e == nullptr) return true;
    if (e->kind == expr::ExprKind::kIdent) {
      return e->name == "resource" || is_type(e->name) ||
             std::find(loops_.begin(), loops_.end(), e->name) != loops_.end();
    }
    if (e->kind == expr::ExprKind::kSelect && e->operand->kind == expr::ExprKind::kIdent) {
      if (e->operand->name == "request") return e->name == "namespace";
      if (e->operand->name == kVariables) {
        const auto found = variables_.find(e->name);
        return found != variables_.end() && found->second;
      }
    }
    if (!is(e->operand)) return false;
    for (const expr::Overload* overload : checked_.references[e->id].overloads) {
      if (overload->answer == expr::Answer::kOfCall) return false;
    }
    for (const expr::Expr* arg : e->args) {
      if (!is(arg)) return false;
    }
    for (const expr::MapEntry& entry : e->entries) {
      if (!is(entry.key) || !is(entry.value)) return false;
    }
    if (e->loop == nullptr) return true;
    const expr::Comprehension& loop = *e->loop;
    if (!is(loop.iter_range) || !is(loop.accu_init)) return false;
    const size_t outer = loops_.size();
    loops_.insert(loops_.end(), {loop.iter_var, loop.iter_var2, loop.accu_var});
    const bool inside = is(loop.loop_condition) && is(loop.loop_step) && is(loop.result);
    loops_.resize(outer);
    return inside;
  }

 private:
  // A type is a constant.
  static bool is_type(std::string_view name) {
    constexpr std::string_view kTypes[] = {"bool",  "int",  "uint", "double",    "string",
                                           "bytes", "list", "map",  "null_type", "type"};
    return std::ranges::find(kTypes, name) != std::end(kTypes);
  }

  const std::map<std::string, bool, std::less<>>& variables_;
  const expr::Checked& checked_;
  std::vector<std::string_view> loops_;
};

std::string wrong_type(const expr::Type* type, Returns returns) {
  auto is = [&](expr::TypeKind kind) { return type != nullptr && type->kind == kind; };
  std::string got = type == nullptr ? "dyn" : expr::to_string(type);
  switch (returns) {
    case Returns::kAny: return {};
    case Returns::kBool: return is(expr::TypeKind::kBool) ? std::string() : "must evaluate to bool but got " + got;
    case Returns::kString:
      return is(expr::TypeKind::kString) ? std::string() : "must evaluate to string but got " + got;
    case Returns::kStringOrNull:
      if (is(expr::TypeKind::kString) || is(expr::TypeKind::kNull)) return {};
      return "must evaluate to one of [string null_type] but got " + got;
    case Returns::kObject:
      return got == expr::kObjectTypeName ? std::string() : "must evaluate to Object but got " + got;
    case Returns::kPatches:
      return got == "list(JSONPatch)" ? std::string() : "must evaluate to list(JSONPatch) but got " + got;
  }
  return {};
}

}  // namespace

struct ConditionCompiler::Impl {
  std::shared_ptr<AdmissionTypes> types = std::make_shared<AdmissionTypes>();
  // With or without params, an authorizer, the types of mutations and Kyverno's libraries; made when first asked for.
  using Envs = std::array<std::shared_ptr<const expr::Env>, 16>;
  Envs envs;
  base::Result<std::shared_ptr<const expr::Env>> env(Declared declared, bool mutation);

  expr::Version version;
  Asked asked;                      // by the policy in hand
  std::vector<expr::Library> more;  // beyond the version's
  std::optional<expr::ProgramSetBuilder> builder;
  std::string broken;  // the environment itself cannot be built: a defect
  uint32_t scope = 0;
  std::map<std::string, bool, std::less<>> variables;  // of this policy: do they read params
  std::map<std::string, bool, std::less<>> steady;     // of this policy: do they read nothing but other objects
};

// Environments differ in what they declare.
base::Result<std::shared_ptr<const expr::Env>> ConditionCompiler::Impl::env(Declared declared, bool mutation) {
  std::shared_ptr<const expr::Env>& env =
      envs[(declared.params ? 1 : 0) + (declared.authorizer ? 2 : 0) + (mutation ? 4 : 0) + (declared.kyverno ? 8 : 0)];
  if (env != nullptr) return env;
  expr::EnvBuilder making(version);
  if (mutation) {
    making.provider(std::make_shared<const expr::MutationTypes>(types));
  } else {
    making.provider(types);
  }
  for (const expr::Library& library : more) making.library(library);
  making.variable("object", "dyn").variable("oldObject", "dyn");
  making.object_variable("request", kRequestType).object_variable("namespaceObject", kNamespaceType);
  making.composite(kVariables);
  if (declared.params) making.variable("params", "dyn");
  if (declared.authorizer) {
    making.variable("authorizer", "kubernetes.authorization.Authorizer");
    making.variable("authorizer.requestResource", "kubernetes.authorization.ResourceCheck");
  }
  if (declared.kyverno) {
    making.object_variable("exceptions", kExceptionType);
    making.syntax(expr::kyverno_syntax(version));
    for (const expr::Library& library : expr::kyverno_libraries()) making.library(library);
    for (const expr::DoorVariable& door : expr::kyverno_doors()) making.variable(door.name, door.type);
  }
  env = std::make_shared<const expr::Env>(TRY(making.build()));
  return env;
}

ConditionCompiler::ConditionCompiler(expr::Version version, std::span<const expr::Library> more)
    : impl_(std::make_unique<Impl>()) {
  impl_->version = version;
  impl_->more.assign(more.begin(), more.end());
  base::Result<std::shared_ptr<const expr::Env>> widest = impl_->env({true, true}, false);
  if (widest) {
    impl_->builder.emplace(*widest);
  } else {
    impl_->broken = widest.error().text();
  }
}

ConditionCompiler::~ConditionCompiler() = default;

void ConditionCompiler::begin_policy() {
  ++impl_->scope;
  impl_->variables.clear();
  impl_->steady.clear();
  impl_->asked = {};
  impl_->types->clear_variables();
}

Condition ConditionCompiler::compile(std::string_view text, Declared declared, Returns returns) {
  Condition condition;
  condition.text = text;
  if (!impl_->builder) {
    condition.error = "unexpected error loading CEL environment: " + impl_->broken;
    return condition;
  }
  expr::CheckOptions options;
  options.homogeneous_literals = true;
  options.validate_literals = true;
  auto env = impl_->env(declared, returns == Returns::kObject || returns == Returns::kPatches);
  if (!env) {
    condition.error = "unexpected error loading CEL environment: " + env.error().text();
    return condition;
  }
  auto checked = expr::compile(text, **env, options);
  if (!checked) {
    condition.issues = std::move(checked).error();
    condition.error = "compilation failed: " + expr::format_issues(text, condition.issues);
    return condition;
  }
  condition.type = checked->result;
  if (std::string wrong = wrong_type(checked->result, returns); !wrong.empty()) {
    condition.issues.push_back({0, wrong});
    condition.error = std::move(wrong);
    return condition;
  }
  condition.steady = declared.kyverno && Steady(impl_->steady, *checked).is(checked->ast->root);
  condition.uses_params = Reads("params", impl_->variables).in(checked->ast->root);
  if (declared.kyverno) impl_->asked.collect(checked->ast->root);
  base::Result<expr::ProgramId> program = impl_->builder->add(std::move(*checked), impl_->scope);
  if (!program) {
    condition.issues.push_back({0, program.error().what});
    condition.error = "program instantiation failed: " + program.error().what;
    return condition;
  }
  condition.program = *program;
  return condition;
}

Condition ConditionCompiler::variable(std::string_view name, std::string_view text, Declared declared) {
  Condition condition = compile(text, declared, Returns::kAny);
  impl_->types->declare_variable(name, condition.ok() ? condition.type : nullptr);
  impl_->variables[std::string(name)] = condition.uses_params;
  impl_->steady[std::string(name)] = condition.ok() && condition.steady;
  if (condition.ok()) {
    impl_->builder->composite_field(impl_->scope, kVariables, name, condition.program, condition.steady);
  }
  return condition;
}

base::Result<std::shared_ptr<const expr::ProgramSet>> ConditionCompiler::build() {
  if (!impl_->builder) return base::fail(base::Code::kInternal, impl_->broken);
  // Checked expressions borrow names and types from the environment that checked them: the programs keep all of them
  // alive.
  struct Held {
    Impl::Envs envs;
    std::shared_ptr<const expr::ProgramSet> programs;
  };
  auto held = std::make_shared<Held>();
  held->programs = TRY(impl_->builder->build());
  held->envs = impl_->envs;
  return std::shared_ptr<const expr::ProgramSet>(held, held->programs.get());
}

const Asked& ConditionCompiler::asked() const {
  return impl_->asked;
}

ConditionRunner::ConditionRunner(std::shared_ptr<const expr::ProgramSet> programs)
    : machine_(programs),
      object_(programs->variable_slot("object")),
      old_object_(programs->variable_slot("oldObject")),
      request_(programs->variable_slot("request")),
      namespace_(programs->variable_slot("namespaceObject")),
      params_(programs->variable_slot("params")),
      exceptions_(programs->variable_slot("exceptions")),
      authorizer_(programs->variable_slot("authorizer")),
      request_resource_(programs->variable_slot("authorizer.requestResource")) {
  for (const expr::DoorVariable& door : expr::kyverno_doors()) {
    if (int slot = programs->variable_slot(door.name); slot >= 0) doors_.emplace_back(slot, door.value);
  }
}

void ConditionRunner::set(int slot, const doc::Node* node) {
  if (slot >= 0) machine_.set(slot, node == nullptr ? expr::Value::null() : expr::Value::of_node(*node));
}

void ConditionRunner::rebind(int slot, const doc::Node* node) {
  if (slot >= 0) machine_.rebind(slot, node == nullptr ? expr::Value::null() : expr::Value::of_node(*node));
}

void ConditionRunner::bind(const Activation& activation) {
  machine_.reset();
  set(object_, activation.object);
  set(old_object_, activation.old_object);
  set(request_, activation.request);
  set(namespace_, activation.namespace_object);
  set(params_, activation.params);
  set(exceptions_, activation.exceptions);
  for (const auto& [slot, value] : doors_) machine_.set(slot, value);
  if (!activation.authorizer) return;
  if (authorizer_ >= 0) machine_.set(authorizer_, expr::authorizer_value(machine_.arena()));
  if (request_resource_ >= 0) {
    machine_.set(request_resource_,
                 expr::request_resource_value(machine_.arena(), activation.group, activation.resource,
                                              activation.subresource, activation.ns, activation.name));
  }
}

void ConditionRunner::bind_params(const doc::Node* params) {
  rebind(params_, params);
}
void ConditionRunner::bind_exceptions(const doc::Node* exceptions) {
  rebind(exceptions_, exceptions);
}
void ConditionRunner::bind_namespace(const doc::Node* namespace_object) {
  rebind(namespace_, namespace_object);
}
void ConditionRunner::bind_request(const doc::Node* request) {
  rebind(request_, request);
}
void ConditionRunner::bind_object(const doc::Node* object) {
  rebind(object_, object);
}

void ConditionRunner::begin_list(uint64_t budget) {
  remaining_ = budget;
  machine_.recharge_composites();
  machine_.take_composite_cost();
}

const std::string& ConditionRunner::budget_error() const {
  static const std::string kError =
      "validation failed due to running out of cost budget, no further validation rules will be run";
  return kError;
}

// The variables that the expression read are paid first, then the expression itself.
bool ConditionRunner::spend() {
  uint64_t variables = machine_.take_composite_cost();
  if (variables > remaining_ || last_.cost > remaining_ - variables) return false;
  remaining_ -= variables + last_.cost;
  return true;
}

ConditionRunner::Quick ConditionRunner::run_quick(const Condition& condition) {
  if (!condition.ok()) return Quick::kError;
  expr::RunLimits limits;
  limits.cost_max = per_call_cost_;
  last_ = machine_.run(condition.program, limits);
  if (!spend()) return Quick::kOverBudget;
  if (last_.over_budget || last_.interrupted || last_.value.is_error()) return Quick::kError;
  return last_.value.is_true() ? Quick::kTrue : Quick::kFalse;
}

Evaluated ConditionRunner::evaluated(const Condition& condition) const {
  if (!condition.ok()) return {Evaluated::Kind::kError, "compilation error: " + condition.error};
  auto error = [&](std::string_view what) {
    return Evaluated{Evaluated::Kind::kError,
                     "expression '" + condition.text + "' resulted in error: " + std::string(what)};
  };
  if (last_.over_budget) return error("operation cancelled: actual cost limit exceeded");
  if (last_.interrupted) return error("operation interrupted");
  const expr::Value& value = last_.value;
  switch (value.kind) {
    case expr::ValueKind::kError: return error(value.error->message);
    case expr::ValueKind::kBool: return {value.boolean ? Evaluated::Kind::kTrue : Evaluated::Kind::kFalse, {}};
    case expr::ValueKind::kString: return {Evaluated::Kind::kString, std::string(value.str())};
    case expr::ValueKind::kNull: return {Evaluated::Kind::kNull, {}};
    default: return {Evaluated::Kind::kOther, std::string(expr::type_name(value))};
  }
}

bool ConditionRunner::run(const Condition& condition, Evaluated& out) {
  if (run_quick(condition) == Quick::kOverBudget) return false;
  out = evaluated(condition);
  return true;
}

}  // namespace ameia::policy
