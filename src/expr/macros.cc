// Macros: calls that the parser replaces by other expressions, in the shapes that cel-go gives them (the cost of an
// expression follows its shape). Neighbours: expr/parse.cc calls expand_macro; expr/unparse.cc folds the shapes back.
#include <span>

#include "expr/internal/builder.h"

namespace ameia::expr {

namespace {

// The shapes, all nodes standing where the macro's '(' stands.
class Expander {
 public:
  Expander(Builder& builder, const CallSite& site) : builder_(builder), site_(site) {}

  Expr* misuse(uint32_t caret, std::string message) {
    builder_.issue(caret, std::move(message));
    Expr* e = literal_bool(false);
    e->caret = caret;
    return e;
  }

  Expr* node(ExprKind kind) { return builder_.make(kind, site_.caret, site_.begin, site_.end); }
  Expr* literal_bool(bool value) {
    Expr* e = node(ExprKind::kLiteral);
    e->literal.kind = Literal::Kind::kBool;
    e->literal.boolean = value;
    return e;
  }
  Expr* literal_int(int64_t value) {
    Expr* e = node(ExprKind::kLiteral);
    e->literal.kind = Literal::Kind::kInt;
    e->literal.integer = value;
    return e;
  }
  Expr* ident(std::string_view name) {
    Expr* e = node(ExprKind::kIdent);
    e->name = name;
    return e;
  }
  Expr* accumulator() { return ident(kAccumulator); }
  Expr* list(std::initializer_list<Expr*> items) {
    Expr* e = node(ExprKind::kList);
    e->args = builder_.arena().copy(std::span<Expr* const>(items.begin(), items.size()));
    return e;
  }
  Expr* call(std::string_view function, std::initializer_list<Expr*> args, bool receiver = false) {
    Expr* e = node(ExprKind::kCall);
    e->name = function;
    e->receiver = receiver;
    e->args = builder_.arena().copy(std::span<Expr* const>(args.begin(), args.size()));
    return e;
  }
  Expr* call(std::string_view function, std::span<Expr*> args) {
    Expr* e = node(ExprKind::kCall);
    e->name = function;
    e->args = builder_.arena().copy(std::span<Expr* const>(args));
    return e;
  }
  Expr* loop(const Comprehension& comprehension) {
    Expr* e = node(ExprKind::kComprehension);
    e->loop = builder_.arena().make<Comprehension>(comprehension);
    return e;
  }
  // let variable = value in body: a loop over nothing whose accumulator is the variable.
  Expr* bind(Macro macro, std::string_view variable, Expr* value, Expr* body) {
    return loop({macro, "#unused", {}, list({}), variable, value, literal_bool(false), ident(variable), body});
  }

  Expr* copy(const Expr* from) {
    if (from == nullptr || builder_.too_many()) return literal_bool(false);
    Expr* e = builder_.make(from->kind, from->caret, from->begin, from->end);
    const uint32_t id = e->id;
    *e = *from;
    e->id = id;
    if (from->operand != nullptr) e->operand = copy(from->operand);
    e->args = copy_all(from->args);
    if (!from->entries.empty()) {
      e->entries = builder_.arena().copy(std::span<const MapEntry>(from->entries));
      for (MapEntry& entry : e->entries) {
        entry.id = builder_.next_id();
        if (entry.key != nullptr) entry.key = copy(entry.key);
        entry.value = copy(entry.value);
      }
    }
    if (from->loop != nullptr) {
      e->loop = builder_.arena().make<Comprehension>(*from->loop);
      for (Expr** part : {&e->loop->iter_range, &e->loop->accu_init, &e->loop->loop_condition, &e->loop->loop_step,
                          &e->loop->result}) {
        *part = copy(*part);
      }
    }
    return e;
  }

  // Reads the variable named by an argument. What stands for the misused macro, or nullptr when all is well.
  Expr* variable(const Expr* argument, std::string_view& name, const char* otherwise) {
    if (argument->kind != ExprKind::kIdent || argument->leading_dot) return misuse(argument->caret, otherwise);
    name = argument->name;
    if (name != kAccumulator && name != "__result__") return nullptr;
    return misuse(argument->caret, "iteration variable overwrites accumulator variable");
  }

  Expr* quantifier(Macro macro, std::string_view one, std::string_view two, Expr* predicate) {
    Comprehension c{macro, one, two, site_.target, kAccumulator, nullptr, nullptr, nullptr, nullptr};
    if (macro == Macro::kAll) {
      c.accu_init = literal_bool(true);
      c.loop_condition = call("@not_strictly_false", {accumulator()});
      c.loop_step = call("_&&_", {accumulator(), predicate});
      c.result = accumulator();
    } else if (macro == Macro::kExists) {
      c.accu_init = literal_bool(false);
      c.loop_condition = call("@not_strictly_false", {call("!_", {accumulator()})});
      c.loop_step = call("_||_", {accumulator(), predicate});
      c.result = accumulator();
    } else {
      c.accu_init = literal_int(0);
      c.loop_condition = literal_bool(true);
      c.loop_step = call("_?_:_", {predicate, call("_+_", {accumulator(), literal_int(1)}), accumulator()});
      c.result = call("_==_", {accumulator(), literal_int(1)});
    }
    return loop(c);
  }

  // A list or map that grows by `step` on every round, or on those that pass the filter.
  Expr* gather(Macro macro, Expr* range, std::string_view one, std::string_view two, Expr* init, Expr* filter,
               Expr* step) {
    if (filter != nullptr) step = call("_?_:_", {filter, step, accumulator()});
    return loop({macro, one, two, range, kAccumulator, init, literal_bool(true), step, accumulator()});
  }
  Expr* append(Expr* item) { return call("_+_", {accumulator(), list({item})}); }

 private:
  std::span<Expr*> copy_all(std::span<Expr*> from) {
    if (from.empty()) return {};
    Expr** to = builder_.arena().array<Expr*>(from.size());
    for (size_t i = 0; i < from.size(); ++i) to[i] = copy(from[i]);
    return {to, from.size()};
  }

  Builder& builder_;
  const CallSite& site_;
};

bool is_name(const Expr* e, std::string_view name) {
  return e != nullptr && e->kind == ExprKind::kIdent && !e->leading_dot && e->name == name;
}

Expr* one_variable(Expander& x, const CallSite& site, Macro macro) {
  const std::span<Expr*> args = site.args;
  std::string_view name;
  const bool is_quantifier = macro == Macro::kAll || macro == Macro::kExists || macro == Macro::kExistsOne;
  if (Expr* bad =
          x.variable(args[0], name, is_quantifier ? "argument must be a simple name" : "argument is not an identifier"))
    return bad;
  if (is_quantifier) return x.quantifier(macro, name, {}, args[1]);
  if (macro == Macro::kFilter) return x.gather(macro, site.target, name, {}, x.list({}), args[1], x.append(args[0]));
  Expr* filter = args.size() == 3 ? args[1] : nullptr;
  return x.gather(filter != nullptr ? Macro::kMapFilter : Macro::kMap, site.target, name, {}, x.list({}), filter,
                  x.append(args.back()));
}

Expr* two_variables(Expander& x, const CallSite& site, Macro macro) {
  const std::span<Expr*> args = site.args;
  std::string_view one, two;
  if (Expr* bad = x.variable(args[0], one, "argument must be a simple name")) return bad;
  if (Expr* bad = x.variable(args[1], two, "argument must be a simple name")) return bad;
  if (one == two) return x.misuse(args[1]->caret, "duplicate variable name: " + std::string(one));
  if (macro == Macro::kAll || macro == Macro::kExists || macro == Macro::kExistsOne)
    return x.quantifier(macro, one, two, args[2]);
  Expr* filter = args.size() == 4 ? args[2] : nullptr;
  if (macro == Macro::kTransformList)
    return x.gather(macro, site.target, one, two, x.list({}), filter, x.append(args.back()));
  Expr* step = macro == Macro::kTransformMap ? x.call("cel.@mapInsert", {x.accumulator(), x.ident(one), args.back()})
                                             : x.call("cel.@mapInsert", {x.accumulator(), args.back()});
  return x.gather(macro, site.target, one, two, x.node(ExprKind::kMap), filter, step);
}

Expr* optional_map(Expander& x, const CallSite& site, bool flat) {
  const Expr* name = site.args[0];
  if (name->kind != ExprKind::kIdent) {
    return x.misuse(name->caret, std::string(site.function) + "() variable name must be a simple identifier");
  }
  Expr* has_value = x.call("hasValue", {site.target}, true);
  Expr* value = x.call("value", {x.copy(site.target)}, true);
  Expr* mapped = x.bind(flat ? Macro::kOptFlatMap : Macro::kOptMap, name->name, value, site.args[1]);
  if (!flat) mapped = x.call("optional.of", {mapped});
  return x.call("_?_:_", {has_value, mapped, x.call("optional.none", std::span<Expr*>())});
}

Expr* sort_by(Expander& x, const CallSite& site) {
  static constexpr std::string_view kInput = "@__sortBy_input__";
  if (site.target->kind == ExprKind::kLiteral || site.target->kind == ExprKind::kMap ||
      site.target->kind == ExprKind::kStruct) {
    return x.misuse(site.target->caret,
                    "sortBy can only be applied to a list, identifier, comprehension, call or select expression");
  }
  std::string_view name;
  if (Expr* bad = x.variable(site.args[0], name, "argument is not an identifier")) return bad;
  Expr* keys = x.gather(Macro::kMap, x.ident(kInput), name, {}, x.list({}), nullptr, x.append(site.args[1]));
  return x.bind(Macro::kSortBy, kInput, site.target, x.call("@sortByAssociatedKeys", {x.ident(kInput), keys}, true));
}

bool may_be_number(const Expr* e) {
  switch (e->kind) {
    case ExprKind::kLiteral:
      return e->literal.kind == Literal::Kind::kInt || e->literal.kind == Literal::Kind::kUint ||
             e->literal.kind == Literal::Kind::kDouble;
    case ExprKind::kList:
    case ExprKind::kMap:
    case ExprKind::kStruct: return false;
    default: return true;
  }
}

Expr* extreme(Expander& x, const CallSite& site) {
  const bool greatest = site.function == "greatest";
  const std::string called = greatest ? "math.greatest()" : "math.least()";
  const std::string_view function = greatest ? "math.@max" : "math.@min";
  const std::span<Expr*> args = site.args;
  if (args.empty()) return x.misuse(site.target->caret, called + " requires at least one argument");
  if (args.size() == 1) {
    bool good = may_be_number(args[0]);
    if (args[0]->kind == ExprKind::kList) {
      good = !args[0]->args.empty();
      for (const Expr* item : args[0]->args) good = good && may_be_number(item);
    }
    return good ? x.call(function, args) : x.misuse(args[0]->caret, called + " invalid single argument value");
  }
  for (const Expr* arg : args) {
    if (!may_be_number(arg)) return x.misuse(arg->caret, called + " simple literal arguments must be numeric");
  }
  if (args.size() == 2) return x.call(function, args);
  Expr* list = x.list({});
  list->args = x.call(function, args)->args;
  return x.call(function, {list});
}

// The number written by a literal argument of cel.index and the like.
bool small_number(const Expr* e, std::string& out) {
  if (e->kind != ExprKind::kLiteral || e->literal.kind != Literal::Kind::kInt || e->literal.integer < 0) return false;
  out += std::to_string(e->literal.integer);
  return true;
}

// cel.bind, and cel.block with the names of its slots: cel.index(N), cel.iterVar(depth, N), cel.accuVar(depth, N).
Expr* namespace_cel(Builder& builder, Expander& x, const CallSite& site) {
  const std::span<Expr*> args = site.args;
  if (site.function == "bind" && args.size() == 3) {
    if (args[0]->kind != ExprKind::kIdent)
      return x.misuse(args[0]->caret, "cel.bind() variable names must be simple identifiers");
    return x.bind(Macro::kBind, args[0]->name, args[1], args[2]);
  }
  if (site.function == "block" && args.size() == 2) {
    if (args[0]->kind != ExprKind::kList)
      return x.misuse(args[0]->caret, "cel.block requires the first arg to be a list literal");
    // A slot may name those before it: one binding inside the other.
    Expr* body = args[1];
    for (size_t i = args[0]->args.size(); i-- > 0;) {
      body = x.bind(Macro::kBind, builder.arena().copy("@index" + std::to_string(i)), args[0]->args[i], body);
    }
    return body;
  }
  const bool is_index = site.function == "index" && args.size() == 1;
  const bool is_variable = (site.function == "iterVar" || site.function == "accuVar") && args.size() == 2;
  if (!is_index && !is_variable) return nullptr;
  std::string name = is_index ? "@index" : site.function == "iterVar" ? "@it:" : "@ac:";
  for (size_t i = 0; i < args.size(); ++i) {
    if (i > 0) name += ':';
    if (!small_number(args[i], name)) {
      return x.misuse(args[i]->caret,
                      "cel." + std::string(site.function) + " requires a single non-negative int constant arg");
    }
  }
  return x.ident(builder.arena().copy(name));
}

}  // namespace

Expr* expand_macro(Builder& builder, const Syntax& syntax, const CallSite& site) {
  const std::string_view f = site.function;
  const size_t count = site.args.size();
  Expander x(builder, site);
  if (site.target == nullptr) {
    if (!syntax.macros || f != "has" || count != 1) return nullptr;
    const Expr* selected = site.args[0];
    if (selected->kind != ExprKind::kSelect) return x.misuse(selected->caret, "invalid argument to has() macro");
    Expr* e = x.node(ExprKind::kSelect);
    e->operand = selected->operand;
    e->name = selected->name;
    e->test_only = true;
    return e;
  }
  if (count == 2 && syntax.macros) {
    if (f == "all") return one_variable(x, site, Macro::kAll);
    if (f == "exists") return one_variable(x, site, Macro::kExists);
    if (f == "exists_one" || f == "existsOne") return one_variable(x, site, Macro::kExistsOne);
    if (f == "filter") return one_variable(x, site, Macro::kFilter);
  }
  if ((count == 2 || count == 3) && syntax.macros && f == "map") return one_variable(x, site, Macro::kMap);
  if (count == 3 && syntax.two_variables) {
    if (f == "all") return two_variables(x, site, Macro::kAll);
    if (f == "exists") return two_variables(x, site, Macro::kExists);
    if (f == "exists_one" || f == "existsOne") return two_variables(x, site, Macro::kExistsOne);
  }
  if ((count == 3 || count == 4) && syntax.two_variables) {
    if (f == "transformList") return two_variables(x, site, Macro::kTransformList);
    if (f == "transformMap") return two_variables(x, site, Macro::kTransformMap);
    if (f == "transformMapEntry") return two_variables(x, site, Macro::kTransformMapEntry);
  }
  if (count == 2 && syntax.optional_syntax) {
    if (f == "optMap") return optional_map(x, site, false);
    if (f == "optFlatMap") return optional_map(x, site, true);
  }
  if (count == 2 && syntax.sort_by && f == "sortBy") return sort_by(x, site);
  if (syntax.math_macros && (f == "greatest" || f == "least") && is_name(site.target, "math")) return extreme(x, site);
  if (syntax.bind && is_name(site.target, "cel")) return namespace_cel(builder, x, site);
  return nullptr;
}

}  // namespace ameia::expr
