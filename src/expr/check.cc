#include "expr/check.h"

#include "expr/escape.h"
#include "expr/internal/builder.h"
#include "expr/internal/check_literals.h"
#include "expr/internal/env_impl.h"
#include "expr/internal/unifier.h"

namespace ameia::expr {

namespace {

const Type* const kDynType = simple_type(TypeKind::kDyn);
const Type* const kErrorType = simple_type(TypeKind::kError);
const Type* const kBoolType = simple_type(TypeKind::kBool);
const Type* const kIntType = simple_type(TypeKind::kInt);

const Type* type_of_literal(const Literal& literal) {
  switch (literal.kind) {
    case Literal::Kind::kNull: return simple_type(TypeKind::kNull);
    case Literal::Kind::kBool: return kBoolType;
    case Literal::Kind::kInt: return kIntType;
    case Literal::Kind::kUint: return simple_type(TypeKind::kUint);
    case Literal::Kind::kDouble: return simple_type(TypeKind::kDouble);
    case Literal::Kind::kString: return simple_type(TypeKind::kString);
    case Literal::Kind::kBytes: return simple_type(TypeKind::kBytes);
  }
  return kDynType;
}

// Whether no unification can make an argument of one type fit another: a quick look before variables are made.
bool never_fits(const Type* from, const Type* to) {
  if (from->kind == to->kind) return from->kind == TypeKind::kOpaque && from->name != to->name;
  const auto open = [](const Type* t) {
    return t->kind == TypeKind::kDyn || t->kind == TypeKind::kError || t->kind == TypeKind::kTypeParam ||
           t->kind == TypeKind::kNull;
  };
  return !open(from) && !open(to);
}

// The first Kubernetes minor version in which a field may be named by a keyword as it is.
constexpr uint32_t kKeywordFieldsSince = 31;

class Checker {
 public:
  Checker(Checked& out, const Env::Impl& env, const CheckOptions& options)
      : out_(out), ast_(*out.ast), env_(env), options_(options), unifier_(ast_.arena) {
    out_.types.resize(ast_.ids + 1, nullptr);
    out_.references.resize(ast_.ids + 1);
  }

  std::vector<Issue> run() {
    visit(ast_.root);
    for (const Type*& type : out_.types) {
      if (type == nullptr) continue;
      if (type->kind == TypeKind::kTypeParam || !type->params.empty()) type = unifier_.substitute(type, true);
    }
    out_.result = out_.types[ast_.root->id];
    if (unifier_.exhausted()) {
      issues_.clear();
      issues_.push_back({kNoOffset, "the types of the expression are too complex"});
    }
    return std::move(issues_);
  }

 private:
  struct Local {
    std::string_view name;
    const Type* type;
  };

  void issue(uint32_t offset, std::string message) {
    if (issues_.size() < kIssuesMax) issues_.push_back({offset, std::move(message)});
  }
  void mismatch(const Expr* at, const Type* expected, const Type* found) {
    if (!options_.enabled) return;
    issue(at->caret, "expected type '" + shown(expected) + "' but found '" + shown(found) + "'");
  }
  std::string shown(const Type* type) { return to_string(type); }
  void set(const Expr* e, const Type* type) { out_.types[e->id] = options_.enabled ? type : kDynType; }
  const Type* get(const Expr* e) { return out_.types[e->id]; }
  Reference& reference(const Expr* e) { return out_.references[e->id]; }

  void undeclared(const Expr* e, std::string_view name) {
    issue(e->caret, "undeclared reference to '" + std::string(name) + "' (in container '" + env_.container + "')");
  }

  // --- names
  const Local* find_local(std::string_view name) const {
    for (size_t i = locals_.size(); i-- > 0;) {
      if (locals_[i].name == name) return &locals_[i];
    }
    return nullptr;
  }
  // Calls `look` with each name that `name` may mean, the innermost container first, until it returns true.
  template <typename Look>
  bool resolve(std::string_view name, bool absolute, const Look& look) {
    if (name.starts_with('.')) {
      name.remove_prefix(1);
      absolute = true;
    }
    if (!absolute) {
      for (std::string_view scope = env_.container; !scope.empty();) {
        scratch_.assign(scope).append(".").append(name);
        if (look(scratch_)) return true;
        const size_t dot = scope.rfind('.');
        scope = dot == std::string_view::npos ? std::string_view() : scope.substr(0, dot);
      }
    }
    return look(name);
  }
  const IdentDecl* find_ident(std::string_view name, bool absolute) {
    const IdentDecl* found = nullptr;
    resolve(name, absolute, [&](std::string_view candidate) {
      const auto it = env_.idents.find(candidate);
      if (it != env_.idents.end()) {
        found = &it->second;
        return true;
      }
      if (env_.provider != nullptr && env_.provider->constructible(candidate)) {
        found = object_type(candidate);
        return true;
      }
      return false;
    });
    return found;
  }
  const IdentDecl* object_type(std::string_view name) {
    IdentDecl* decl = ast_.arena.make<IdentDecl>();
    Type* object = ast_.arena.make<Type>();
    *object = Type{TypeKind::kObject, ast_.arena.copy(name), {}};
    *decl = IdentDecl{object->name, unifier_.type_of(object), object, false};
    return decl;
  }
  const FunctionDecl* find_function(std::string_view name, bool absolute = false) {
    const FunctionDecl* found = nullptr;
    resolve(name, absolute, [&](std::string_view candidate) {
      const auto it = env_.functions.find(candidate);
      if (it == env_.functions.end()) return false;
      found = &it->second;
      return true;
    });
    return found;
  }
  // "a.b.c" of a chain of selections; false for anything else, and for a chain that starts at a loop's variable.
  bool qualified_name(const Expr* e, std::string& out, bool& absolute) {
    const Expr* root = e;
    size_t size = 0;
    for (; root->kind == ExprKind::kSelect && !root->test_only; root = root->operand) size += root->name.size() + 1;
    if (root->kind != ExprKind::kIdent || !env_.may_qualify(root->name)) return false;
    if (!root->leading_dot && !locals_.empty() && find_local(root->name) != nullptr) return false;
    absolute = root->leading_dot;
    size += root->name.size();
    out.resize(size);
    for (const Expr* part = e; part != root; part = part->operand) {
      size -= part->name.size();
      out.replace(size, part->name.size(), part->name);
      out[--size] = '.';
    }
    out.replace(0, root->name.size(), root->name);
    return true;
  }

  void use(const Expr* e, const IdentDecl& decl) {
    set(e, decl.type);
    reference(e).variable = decl.name;
    reference(e).type_value = decl.type_value;
  }

  // --- expressions
  void visit(Expr* e) {
    switch (e->kind) {
      case ExprKind::kLiteral: return set(e, type_of_literal(e->literal));
      case ExprKind::kIdent: return visit_ident(e);
      case ExprKind::kSelect: return visit_select(e);
      case ExprKind::kCall: return visit_call(e);
      case ExprKind::kList: return visit_list(e);
      case ExprKind::kMap: return visit_map(e);
      case ExprKind::kStruct: return visit_struct(e);
      case ExprKind::kComprehension: return visit_comprehension(e);
    }
  }

  void visit_ident(Expr* e) {
    if (!e->leading_dot) {
      if (const Local* local = find_local(e->name)) {
        set(e, local->type);
        reference(e).variable = local->name;
        reference(e).local = true;
        return;
      }
    }
    if (const IdentDecl* decl = find_ident(e->name, e->leading_dot)) return use(e, *decl);
    if (!options_.enabled) {
      set(e, kDynType);
      reference(e).variable = e->name;
      return;
    }
    set(e, kErrorType);
    std::string name(e->name);
    if (e->leading_dot) name.insert(0, 1, '.');
    undeclared(e, name);
  }

  void visit_select(Expr* e) {
    // The longest declared name wins: a.b.c before field c of a.b.
    bool absolute = false;
    if (!e->test_only) {
      std::string name;
      if (qualified_name(e, name, absolute)) {
        if (const IdentDecl* decl = find_ident(name, absolute)) return use(e, *decl);
      }
    }
    visit(e->operand);
    std::string_view field = e->name;
    const Type* type = field_type(e, e->operand, field, false);
    e->name = field;
    set(e, e->test_only ? kBoolType : unifier_.substitute(type, false));
  }

  // The type of a field of an operand that was visited.
  const Type* field_type(const Expr* e, const Expr* operand, std::string_view& field, bool optional) {
    const Type* operand_type = unifier_.substitute(get(operand), false);
    const bool was_optional = operand_type->kind == TypeKind::kOptional;
    const Type* target = was_optional ? operand_type->params[0] : operand_type;
    const Type* result = kErrorType;
    switch (target->kind) {
      case TypeKind::kMap: result = target->params[1]; break;
      case TypeKind::kObject: result = object_field(e, target->name, field); break;
      case TypeKind::kTypeParam:
        unifier_.assignable(kDynType, target);
        result = kDynType;
        break;
      default:
        if (!is_dyn_or_error(target)) issue(e->caret, "type '" + shown(target) + "' does not support field selection");
        result = kDynType;
    }
    return was_optional || optional ? unifier_.optional(result) : result;
  }

  // Sets `field` to its escaped name where a keyword is written as it is (Kubernetes ≥ 1.31): a.if is a.__if__.
  const Type* object_field(const Expr* e, std::string_view object, std::string_view& field) {
    if (env_.provider != nullptr) {
      if (const Type* type = env_.provider->field(object, field)) return type;
      if (is_keyword(field) && (env_.version.everything || env_.version.minor >= kKeywordFieldsSince)) {
        const std::string escaped = "__" + std::string(field) + "__";
        if (const Type* type = env_.provider->field(object, escaped)) {
          field = ast_.arena.copy(std::string_view(escaped));
          return type;
        }
      }
    } else {
      const auto it = env_.idents.find(object);
      if (it != env_.idents.end() && it->second.is_composite) return kDynType;
    }
    issue(e->caret, "undefined field '" + std::string(field) + "'");
    return kErrorType;
  }

  void visit_call(Expr* e) {
    if (e->name == "_?._" && !e->receiver && e->args.size() == 2 && e->args[1]->kind == ExprKind::kLiteral) {
      visit(e->args[0]);
      set(e->args[1], simple_type(TypeKind::kString));
      std::string_view field = e->args[1]->literal.text;
      const Type* type = field_type(e, e->args[0], field, true);
      e->args[1]->literal.text = field;
      set(e, unifier_.substitute(type, false));
      if (const FunctionDecl* function = find_function("_?._", true);
          function != nullptr && !function->overloads.empty()) {
        reference(e).overloads.push_back(function->overloads[0].overload);
      }
      return;
    }
    for (Expr* arg : e->receiver ? e->args.subspan(1) : e->args) visit(arg);
    if (e->receiver) {
      // a.b.f(x) is the namespaced function a.b.f, where there is one.
      std::string name;
      bool absolute = false;
      if (qualified_name(e->args[0], name, absolute)) {
        name.append(".").append(e->name);
        if (const FunctionDecl* function = find_function(name, absolute)) {
          e->receiver = false;
          e->args = e->args.subspan(1);
          e->name = function->name;
          return resolve_call(e, *function);
        }
      }
      visit(e->args[0]);
    }
    // A receiver's function has no namespace of its own to be looked up in, but cel-go asks the container all the same.
    const FunctionDecl* function = find_function(e->name);
    if (function == nullptr) {
      set(e, options_.enabled ? kErrorType : kDynType);
      if (options_.enabled) undeclared(e, e->name);
      return;
    }
    if (!e->receiver) e->name = function->name;
    resolve_call(e, *function);
  }

  void resolve_call(Expr* e, const FunctionDecl& function) {
    std::vector<const Overload*>& candidates = reference(e).overloads;
    if (options_.enabled && (e->name == "_&&_" || e->name == "_||_")) return resolve_logical(e, function);

    const size_t base = arg_types_.size();
    for (const Expr* arg : e->args) arg_types_.push_back(get(arg));
    const std::span<const Type* const> args = std::span<const Type* const>(arg_types_).subspan(base);
    const Type* result = nullptr;
    for (const OverloadDecl& overload : function.overloads) {
      if (overload.member != e->receiver || overload.args.size() != args.size()) continue;
      bool hopeless = false;
      for (size_t i = 0; i < args.size() && !hopeless; ++i) hopeless = never_fits(args[i], overload.args[i]);
      if (hopeless) continue;
      std::span<const Type* const> wanted = overload.args;
      const Type* returned = overload.result;
      if (overload.has_params) {
        const Type* letters[26] = {};
        wanted_.clear();
        for (const Type* arg : overload.args) wanted_.push_back(unifier_.instantiate(arg, letters));
        returned = unifier_.instantiate(overload.result, letters);
        wanted = wanted_;
      }
      if (!unifier_.assignable(args, wanted)) continue;
      candidates.push_back(overload.overload);
      returned = unifier_.substitute(returned, false);
      if (result == nullptr) {
        result = returned;
      } else if (!is_dyn(result) && !same_type(returned, result)) {
        result = kDynType;
      }
    }
    if (result == nullptr) {
      if (options_.enabled) no_overload(e, function, args);
      result = options_.enabled ? kErrorType : kDynType;
    }
    arg_types_.resize(base);
    set(e, result);
  }

  void resolve_logical(Expr* e, const FunctionDecl& function) {
    bool good = true;
    for (const Expr* arg : e->args) {
      if (unifier_.assignable(get(arg), kBoolType)) continue;
      mismatch(arg, kBoolType, unifier_.substitute(get(arg), true));
      good = false;
    }
    if (!function.overloads.empty()) reference(e).overloads.push_back(function.overloads[0].overload);
    set(e, good ? kBoolType : kErrorType);
  }

  void no_overload(const Expr* e, const FunctionDecl& function, std::span<const Type* const> args) {
    std::string message = "found no matching overload for '" + std::string(function.name) + "' applied to '";
    for (size_t i = 0; i < args.size(); ++i) {
      if (e->receiver && i == 0) {
        message += shown(unifier_.substitute(args[0], true)) + ".(";
        continue;
      }
      message +=
          (i == (e->receiver ? 1 : 0) ? (e->receiver ? "" : "(") : ", ") + shown(unifier_.substitute(args[i], true));
    }
    if (args.empty()) message += '(';
    issue(e->caret, message + ")'");
  }

  // [?e]: the value of an optional, when there is one.
  const Type* unwrap_optional(const Expr* e, const Type* type) {
    type = unifier_.substitute(type, false);
    if (type->kind == TypeKind::kOptional) return type->params[0];
    if (!is_dyn(type) && options_.enabled) mismatch(e, unifier_.optional(type), type);
    return type;
  }

  const Type* join(const Type* before, const Type* next) {
    if (before == nullptr) return next;
    if (unifier_.assignable(before, next)) return unifier_.most_general(before, next);
    return kDynType;  // what else literals must be, check_literals() says
  }

  void visit_list(Expr* e) {
    const Type* element = nullptr;
    size_t next_optional = 0;
    for (size_t i = 0; i < e->args.size(); ++i) {
      visit(e->args[i]);
      const Type* type = get(e->args[i]);
      if (next_optional < e->optional_args.size() && e->optional_args[next_optional] == i) {
        ++next_optional;
        type = unwrap_optional(e->args[i], type);
      }
      element = join(element, type);
    }
    set(e, unifier_.list(element != nullptr ? element : unifier_.fresh()));
  }

  void visit_map(Expr* e) {
    const Type* key = nullptr;
    const Type* value = nullptr;
    for (const MapEntry& entry : e->entries) {
      visit(entry.key);
      key = join(key, get(entry.key));
      visit(entry.value);
      const Type* type = get(entry.value);
      if (entry.optional) type = unwrap_optional(entry.value, type);
      value = join(value, type);
    }
    if (key == nullptr) {
      key = unifier_.fresh();
      value = unifier_.fresh();
    }
    set(e, unifier_.map(key, value));
  }

  void visit_struct(Expr* e) {
    if (const FunctionDecl* maker = find_maker(e->name)) return visit_wrapper(e, *maker);
    const IdentDecl* decl = find_ident(e->name, false);
    if (decl == nullptr) {
      undeclared(e, e->name);
      set(e, kErrorType);
      for (const MapEntry& entry : e->entries) visit(entry.value);
      return;
    }
    const Type* type = kErrorType;
    e->name = decl->name;
    if (decl->type_value == nullptr) {
      issue(e->caret, "'" + shown(decl->type) + "' is not a type");
    } else if (decl->type_value->kind != TypeKind::kObject) {
      issue(e->caret, "'" + shown(decl->type_value) + "' is not a message type");
    } else {
      type = decl->type_value;
    }
    reference(e).type_value = decl->type_value;
    set(e, type);
    for (const MapEntry& entry : e->entries) {
      visit(entry.value);
      if (type->kind != TypeKind::kObject) continue;
      const Type* declared = env_.provider != nullptr ? env_.provider->field(type->name, entry.field) : nullptr;
      if (declared == nullptr) {
        issue(entry.caret, "undefined field '" + std::string(entry.field) + "'");
        continue;
      }
      const Type* given = get(entry.value);
      if (entry.optional) given = unwrap_optional(entry.value, given);
      if (!options_.enabled || unifier_.assignable(declared, given)) continue;
      issue(entry.caret, "expected type of field '" + std::string(entry.field) + "' is '" + shown(declared) +
                             "' but provided type is '" + shown(unifier_.substitute(given, true)) + "'");
    }
  }

  // google.protobuf.Int32Value{value: e} and its kin, which have no type of their own: a call that gives the bare
  // value.
  const FunctionDecl* find_maker(std::string_view name) {
    const FunctionDecl* found = nullptr;
    std::string maker;
    resolve(name, false, [&](std::string_view candidate) {
      maker.assign(candidate).append("@new");
      const auto it = env_.functions.find(maker);
      if (it == env_.functions.end()) return false;
      found = &it->second;
      return true;
    });
    return found;
  }
  void visit_wrapper(Expr* e, const FunctionDecl& maker) {
    std::vector<Expr*> args;
    for (const MapEntry& entry : e->entries) {
      visit(entry.value);
      if (entry.field == "value" && !entry.optional)
        args.push_back(entry.value);
      else
        issue(entry.caret, "undefined field '" + std::string(entry.field) + "'");
    }
    e->kind = ExprKind::kCall;
    e->name = maker.name;
    e->entries = {};
    e->args = ast_.arena.copy(std::span<Expr* const>(args));
    resolve_call(e, maker);
  }

  void visit_comprehension(Expr* e) {
    Comprehension& c = *e->loop;
    visit(c.iter_range);
    visit(c.accu_init);
    const Type* range = unifier_.substitute(get(c.iter_range), false);
    const Type* first = kDynType;
    const Type* second = kDynType;
    switch (range->kind) {
      case TypeKind::kList:
        first = c.iter_var2.empty() ? range->params[0] : kIntType;
        second = range->params[0];
        break;
      case TypeKind::kMap:
        first = range->params[0];
        second = range->params[1];
        break;
      case TypeKind::kDyn:
      case TypeKind::kError:
      case TypeKind::kTypeParam: unifier_.assignable(kDynType, range); break;
      default:
        if (options_.enabled) {
          issue(c.iter_range->caret, "expression of type '" + shown(range) +
                                         "' cannot be range of a comprehension (must be list, map, or dynamic)");
        }
        first = second = kErrorType;
    }
    const Type* accumulated = get(c.accu_init);
    const size_t outer = locals_.size();
    locals_.push_back({c.accu_var, accumulated});
    const size_t inner = locals_.size();
    locals_.push_back({c.iter_var, first});
    if (!c.iter_var2.empty()) locals_.push_back({c.iter_var2, second});
    visit(c.loop_condition);
    require(c.loop_condition, kBoolType);
    visit(c.loop_step);
    require(c.loop_step, accumulated);
    locals_.resize(inner);
    visit(c.result);
    locals_.resize(outer);
    set(e, unifier_.substitute(get(c.result), false));
  }

  void require(const Expr* e, const Type* type) {
    if (options_.enabled && !unifier_.assignable(type, get(e)))
      mismatch(e, unifier_.substitute(type, true), unifier_.substitute(get(e), true));
  }

  Checked& out_;
  Ast& ast_;
  const Env::Impl& env_;
  const CheckOptions& options_;
  Unifier unifier_;
  std::vector<Issue> issues_;
  std::vector<Local> locals_;
  std::vector<const Type*> arg_types_;  // of the calls being resolved
  std::vector<const Type*> wanted_;
  std::string scratch_;
};

}  // namespace

std::expected<Checked, std::vector<Issue>> check(std::unique_ptr<Ast> ast, const Env& env,
                                                 const CheckOptions& options) {
  Checked out;
  out.ast = std::move(ast);
  std::vector<Issue> issues = Checker(out, env.impl(), options).run();
  if (issues.empty() && options.enabled && (options.validate_literals || options.homogeneous_literals)) {
    issues = check_literals(out, options.validate_literals, options.homogeneous_literals);
  }
  if (!issues.empty()) return std::unexpected(std::move(issues));
  return out;
}

std::expected<Checked, std::vector<Issue>> compile(std::string_view source, const Env& env,
                                                   const CheckOptions& options) {
  auto ast = parse(source, env.impl().syntax);
  if (!ast) return std::unexpected(std::move(ast.error()));
  return check(std::move(*ast), env, options);
}

}  // namespace ameia::expr
