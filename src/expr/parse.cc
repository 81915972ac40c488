#include "expr/parse.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "expr/internal/builder.h"
#include "expr/internal/lexer.h"
#include "expr/limits.h"

namespace ameia::expr {

namespace {

constexpr std::string_view kOperandExpected =
    "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
constexpr std::string_view kArgumentExpected =
    "{'[', '{', '(', ')', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, "
    "IDENTIFIER}";
constexpr std::string_view kIndexExpected =
    "{'[', '{', '(', '.', '-', '!', '?', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, "
    "IDENTIFIER}";

// cel-spec "Syntax": identifiers that are not variables or functions, though they may be fields.
bool is_reserved(std::string_view word) {
  static constexpr std::string_view kWords[] = {"as",        "break",  "const",  "continue", "else", "for",
                                                "function",  "if",     "import", "let",      "loop", "package",
                                                "namespace", "return", "var",    "void",     "while"};
  if (word.size() < 2 || word.size() > 9) return false;
  for (std::string_view reserved : kWords) {
    if (word == reserved) return true;
  }
  return false;
}

struct Binary {
  std::string_view function;
  int precedence;  // 0: not a binary operator
};
// Relations bind weaker than additions, additions weaker than multiplications; && and || are handled apart.
Binary binary_of(Tok tok) {
  switch (tok) {
    case Tok::kLt: return {"_<_", 1};
    case Tok::kLe: return {"_<=_", 1};
    case Tok::kGt: return {"_>_", 1};
    case Tok::kGe: return {"_>=_", 1};
    case Tok::kEq: return {"_==_", 1};
    case Tok::kNe: return {"_!=_", 1};
    case Tok::kIn: return {"@in", 1};
    case Tok::kPlus: return {"_+_", 2};
    case Tok::kMinus: return {"_-_", 2};
    case Tok::kStar: return {"_*_", 3};
    case Tok::kSlash: return {"_/_", 3};
    case Tok::kPercent: return {"_%_", 3};
    default: return {{}, 0};
  }
}

bool starts_operand(Tok tok) {
  switch (tok) {
    case Tok::kIdent:
    case Tok::kInt:
    case Tok::kUint:
    case Tok::kDouble:
    case Tok::kString:
    case Tok::kBytes:
    case Tok::kTrue:
    case Tok::kFalse:
    case Tok::kNull:
    case Tok::kLParen:
    case Tok::kLBracket:
    case Tok::kLBrace:
    case Tok::kDot:
    case Tok::kMinus:
    case Tok::kBang: return true;
    default: return false;
  }
}

// Tokens that may follow an expression where it stands, apart from operators.
enum Follow : uint32_t {
  kFollowEnd = 1,
  kFollowParen = 2,
  kFollowBracket = 4,
  kFollowBrace = 8,
  kFollowComma = 16,
  kFollowColon = 32
};
uint32_t follow_of(Tok tok) {
  switch (tok) {
    case Tok::kEnd: return kFollowEnd;
    case Tok::kRParen: return kFollowParen;
    case Tok::kRBracket: return kFollowBracket;
    case Tok::kRBrace: return kFollowBrace;
    case Tok::kComma: return kFollowComma;
    case Tok::kColon: return kFollowColon;
    default: return 0;
  }
}

// A parsed expression and how many operators are nested in it, counted as cel-go does for its depth limit.
struct Parsed {
  Expr* expr;
  uint32_t height;
};

class Parser {
 public:
  Parser(Ast& ast, const Syntax& syntax, const ParseLimits& limits)
      : source_(ast.source), builder_(ast, limits.nodes_max), lexer_(ast.source), syntax_(syntax), limits_(limits) {
    advance();
  }

  Expr* parse() {
    const Parsed parsed = expression(kFollowEnd);
    if (!stopped_ && token_.kind != Tok::kEnd) {
      const Token found = token_;
      advance();
      syntax_error(found, token_.kind == Tok::kEnd ? "extraneous input" : "mismatched input", "expecting <EOF>");
    }
    if (builder_.too_many()) {
      builder_.issues().clear();
      builder_.issue(kNoOffset, "expression node limit exceeded: " + std::to_string(limits_.nodes_max));
    }
    return parsed.expr;
  }
  std::vector<Issue>& issues() { return builder_.issues(); }

 private:
  // --- tokens
  void advance() {
    last_end_ = token_.end;
    token_ = lexer_.next();
    while (token_.kind == Tok::kBad && !stopped_) {
      if (builder_.issues().size() >= kIssuesMax) {
        stop();
        return;
      }
      builder_.issue(token_.begin,
                     "Syntax error: token recognition error at: '" + std::string(lexer_.text(token_)) + "'");
      token_ = lexer_.next();
    }
  }
  [[nodiscard]] std::string shown(const Token& token) const {
    return token.kind == Tok::kEnd ? "'<EOF>'" : "'" + std::string(lexer_.text(token)) + "'";
  }
  void syntax_error(const Token& at, std::string_view problem, std::string_view expected) {
    if (!stopped_) {
      builder_.issue(at.begin, "Syntax error: " + std::string(problem) + " " + shown(at) +
                                   (expected.empty() ? "" : " ") + std::string(expected));
    }
    stop();
  }
  void stop() {
    stopped_ = true;
    token_ = {Tok::kEnd, token_.begin, token_.begin};
  }
  bool expect(Tok kind, const char* written) {
    if (stopped_) return false;
    if (token_.kind == kind) {
      advance();
      return true;
    }
    // A token too many, a token too few, or something else: what ANTLR would call it.
    const bool deletable = Lexer(lexer_).next().kind == kind;
    const bool insertable = kind == Tok::kColon ? starts_operand(token_.kind) : (follow_ & follow_of(token_.kind)) != 0;
    if (deletable)
      syntax_error(token_, "extraneous input", std::string("expecting ") + written);
    else if (insertable)
      syntax_error(token_, std::string("missing ") + written + " at", {});
    else
      syntax_error(token_, "mismatched input", std::string("expecting ") + written);
    return false;
  }

  // --- nodes
  Expr* make(ExprKind kind, uint32_t caret, uint32_t begin) { return builder_.make(kind, caret, begin, last_end_); }
  Parsed nothing() { return {make(ExprKind::kLiteral, token_.begin, token_.begin), 0}; }
  Parsed issue(uint32_t offset, std::string message) {
    builder_.issue(offset, std::move(message));
    return nothing();
  }
  Parsed call(std::string_view function, uint32_t caret, uint32_t begin, std::initializer_list<Expr*> args,
              uint32_t height) {
    Expr* e = make(ExprKind::kCall, caret, begin);
    e->name = function;
    e->args = builder_.arena().copy(std::span<Expr* const>(args.begin(), args.size()));
    return {e, height};
  }
  uint32_t deeper(uint32_t height) {
    if (height >= limits_.depth_max && !stopped_) {
      builder_.issues().clear();
      builder_.issue(kNoOffset, "max recursion depth exceeded");
      stop();
    }
    return height + 1;
  }

  // expr: or ('?' or ':' expr)?
  Parsed expression(uint32_t follow) {
    const uint32_t outer = follow_;
    follow_ = follow;
    const Parsed parsed = ternary();
    follow_ = outer;
    return parsed;
  }
  Parsed ternary() {
    if (depth_ >= limits_.depth_max) {
      if (!stopped_) {
        builder_.issues().clear();
        builder_.issue(kNoOffset, "expression recursion limit exceeded: " + std::to_string(limits_.depth_max));
      }
      stop();
      return nothing();
    }
    ++depth_;
    const uint32_t begin = token_.begin;
    Parsed condition = disjunction();
    if (token_.kind == Tok::kQuestion && !stopped_) {
      const uint32_t caret = token_.begin;
      advance();
      const uint32_t outer = follow_;
      follow_ = kFollowColon;
      const Parsed yes = disjunction();
      follow_ = outer;
      expect(Tok::kColon, "':'");
      const Parsed no = stopped_ ? nothing() : ternary();
      condition = call("_?_:_", caret, begin, {condition.expr, yes.expr, no.expr},
                       deeper(std::max({condition.height, yes.height, no.height})));
    }
    --depth_;
    return condition;
  }

  Parsed disjunction() { return logical<Tok::kOr>("_||_"); }

  // A chain of && or ||, as a balanced tree: its depth is the logarithm of its length.
  template <Tok kOperator>
  Parsed logical(std::string_view function) {
    const auto term = [this] {
      if constexpr (kOperator == Tok::kOr)
        return logical<Tok::kAnd>("_&&_");
      else
        return binary(1);
    };
    const Parsed first = term();
    if (token_.kind != kOperator || stopped_) return first;
    const size_t base = chain_.size();
    uint32_t height = first.height;
    chain_.push_back({first.expr, 0});
    while (token_.kind == kOperator && !stopped_) {
      const uint32_t caret = token_.begin;
      advance();
      const Parsed next = term();
      height = std::max(height, next.height);
      chain_.push_back({next.expr, caret});
    }
    Expr* tree = balance(function, base, base + 1, chain_.size() - 1);
    chain_.resize(base);
    return {tree, height};
  }
  // Operator i stands before term i (both counted from `base`).
  Expr* balance(std::string_view function, size_t base, size_t low, size_t high) {
    const size_t middle = (low + high + 1) / 2;
    Expr* left = middle == low ? chain_[middle - 1].term : balance(function, base, low, middle - 1);
    Expr* right = middle == high ? chain_[middle].term : balance(function, base, middle + 1, high);
    Expr* e = builder_.make(ExprKind::kCall, chain_[middle].caret, left->begin, right->end);
    e->name = function;
    Expr* const args[] = {left, right};
    e->args = builder_.arena().copy(std::span<Expr* const>(args));
    return e;
  }

  // Relations, additions and multiplications, all left-associative.
  Parsed binary(int precedence) {
    const uint32_t begin = token_.begin;
    Parsed left = unary();
    for (;;) {
      const Binary op = binary_of(token_.kind);
      if (op.precedence < precedence || op.precedence == 0 || stopped_) return left;
      const uint32_t caret = token_.begin;
      advance();
      const Parsed right = binary(op.precedence + 1);
      left = call(op.function, caret, begin, {left.expr, right.expr}, deeper(std::max(left.height, right.height)));
    }
  }

  // unary: '!'+ member | '-'+ member | member, where -1 is a literal of its own.
  Parsed unary() {
    const Tok kind = token_.kind;
    if (kind != Tok::kBang && kind != Tok::kMinus) return member();
    const uint32_t begin = token_.begin;
    size_t count = 0;
    while (token_.kind == kind) {
      ++count;
      if (kind == Tok::kMinus && count == 1) {
        Lexer ahead = lexer_;
        const Token next = ahead.next();
        if (next.kind == Tok::kInt || next.kind == Tok::kDouble) return member();
      }
      advance();
    }
    const Parsed operand = member();
    if (count % 2 == 0) return operand;
    return call(kind == Tok::kBang ? "!_" : "-_", begin, begin, {operand.expr}, operand.height);
  }

  // member: primary ('.' field | '.' function '(' … ')' | '[' index ']')*
  Parsed member() {
    const uint32_t begin = token_.begin;
    bool is_name = token_.kind == Tok::kIdent || token_.kind == Tok::kDot;  // so far a chain that '{' may follow
    Parsed left = primary();
    if (left.expr->kind != ExprKind::kIdent) is_name = false;
    while (!stopped_) {
      if (token_.kind == Tok::kDot) {
        left = selection(left, begin, is_name);
      } else if (token_.kind == Tok::kLBracket) {
        is_name = false;
        left = index(left, begin);
      } else if (token_.kind == Tok::kLBrace && is_name) {
        is_name = false;
        left = structure(left.expr, begin);
      } else {
        break;
      }
    }
    return left;
  }

  Parsed selection(Parsed left, uint32_t begin, bool& is_name) {
    const Token dot = token_;
    advance();
    bool optional = false;
    if (token_.kind == Tok::kQuestion) {
      optional = true;
      is_name = false;
      advance();
    }
    const Token field = token_;
    if (field.kind != Tok::kIdent && field.kind != Tok::kQuotedIdent) {
      if (field.kind == Tok::kTrue || field.kind == Tok::kFalse || field.kind == Tok::kNull) {
        syntax_error(field, "mismatched input", "expecting IDENTIFIER");
      } else if (!stopped_) {
        builder_.issue(field.begin, "Syntax error: no viable alternative at input '." +
                                        (field.kind == Tok::kEnd ? "" : std::string(lexer_.text(field))) + "'");
        stop();
      }
      return left;
    }
    advance();
    std::string_view name = lexer_.text(field);
    if (field.kind == Tok::kQuotedIdent) {
      is_name = false;
      if (!syntax_.quoted_fields) return issue(field.begin, "unsupported syntax: '`'");
      name = name.substr(1, name.size() - 2);
    }
    if (!optional && field.kind == Tok::kIdent && token_.kind == Tok::kLParen) {
      is_name = false;
      return invoke(name, left, begin);
    }
    if (optional) {
      if (!syntax_.optional_syntax) return issue(dot.begin, "unsupported syntax '.?'");
      Expr* literal = make(ExprKind::kLiteral, field.begin, field.begin);
      literal->literal.kind = Literal::Kind::kString;
      literal->literal.text = name;
      return call("_?._", dot.begin, begin, {left.expr, literal}, deeper(left.height));
    }
    Expr* e = make(ExprKind::kSelect, dot.begin, begin);
    e->operand = left.expr;
    e->name = name;
    return {e, deeper(left.height)};
  }

  Parsed index(Parsed left, uint32_t begin) {
    const uint32_t caret = token_.begin;
    advance();
    bool optional = false;
    if (token_.kind == Tok::kQuestion) {
      optional = true;
      advance();
    }
    if (!starts_operand(token_.kind)) {
      syntax_error(token_, "mismatched input",
                   "expecting " + std::string(optional ? kOperandExpected : kIndexExpected));
      return left;
    }
    const Parsed at = expression(kFollowBracket);
    expect(Tok::kRBracket, "']'");
    if (optional && !syntax_.optional_syntax) return issue(caret, "unsupported syntax '[?'");
    return call(optional ? "_[?_]" : "_[_]", caret, begin, {left.expr, at.expr},
                deeper(std::max(left.height, at.height)));
  }

  // '(' arguments ')' after a name; `target` without expression is a global call's.
  Parsed invoke(std::string_view function, Parsed target, uint32_t begin) {
    const uint32_t caret = token_.begin;
    advance();
    const size_t base = items_.size();
    uint32_t height = target.height;
    if (token_.kind != Tok::kRParen) {
      if (!starts_operand(token_.kind)) {
        syntax_error(token_, "mismatched input", "expecting " + std::string(kArgumentExpected));
      }
      while (!stopped_) {
        const Parsed argument = expression(kFollowParen | kFollowComma);
        height = std::max(height, argument.height);
        items_.push_back(argument.expr);
        if (token_.kind != Tok::kComma) break;
        advance();
      }
    }
    expect(Tok::kRParen, "')'");
    std::span<Expr*> args = std::span<Expr*>(items_).subspan(base);
    if (target.expr != nullptr) height = deeper(height);
    if (stopped_) {
      items_.resize(base);
      return nothing();
    }
    const CallSite site{function, target.expr, args, caret, begin, last_end_};
    Expr* expanded = expand_macro(builder_, syntax_, site);
    if (expanded == nullptr) {
      expanded = make(ExprKind::kCall, caret, begin);
      expanded->name = function;
      expanded->receiver = target.expr != nullptr;
      const size_t lead = expanded->receiver ? 1 : 0;
      Expr** all = builder_.arena().array<Expr*>(args.size() + lead);
      if (expanded->receiver) all[0] = target.expr;
      std::copy(args.begin(), args.end(), all + lead);
      expanded->args = {all, args.size() + lead};
    }
    items_.resize(base);
    return {expanded, height};
  }

  Parsed primary() {
    const Token token = token_;
    switch (token.kind) {
      case Tok::kDot: {
        advance();
        if (token_.kind != Tok::kIdent) {
          builder_.issue(token_.begin, "Syntax error: no viable alternative at input '." +
                                           (token_.kind == Tok::kEnd ? "" : std::string(lexer_.text(token_))) + "'");
          stop();
          return nothing();
        }
        return name(token.begin, true);
      }
      case Tok::kIdent: return name(token.begin, false);
      case Tok::kLParen: {
        advance();
        const Parsed inner = expression(kFollowParen);
        expect(Tok::kRParen, "')'");
        return inner;
      }
      case Tok::kLBracket: return list();
      case Tok::kLBrace: return map();
      case Tok::kMinus:
        advance();
        if (token_.kind == Tok::kInt || token_.kind == Tok::kDouble) return literal(token.begin);
        builder_.issue(token_.begin, "Syntax error: no viable alternative at input '-'");
        stop();
        return nothing();
      case Tok::kInt:
      case Tok::kUint:
      case Tok::kDouble:
      case Tok::kString:
      case Tok::kBytes:
      case Tok::kTrue:
      case Tok::kFalse:
      case Tok::kNull: return literal(token.begin);
      default: {
        if (!stopped_) {
          advance();
          syntax_error(token,
                       starts_operand(token_.kind) && token.kind != Tok::kEnd ? "extraneous input" : "mismatched input",
                       "expecting " + std::string(kOperandExpected));
        }
        return nothing();
      }
    }
  }

  Parsed name(uint32_t begin, bool leading_dot) {
    const Token word = token_;
    const std::string_view text = lexer_.text(word);
    advance();
    if (is_reserved(text) && !names_structure()) {
      const Parsed bad = issue(begin, "reserved identifier: " + std::string(text));
      if (token_.kind == Tok::kLParen) invoke(text, {nullptr, 0}, begin);
      return bad;
    }
    if (token_.kind == Tok::kLParen) {
      // The dot stays in the name of a function, which the checker then looks up in the root container only.
      const std::string_view function = leading_dot ? builder_.arena().copy("." + std::string(text)) : text;
      return invoke(function, {nullptr, 0}, begin);
    }
    Expr* e = make(ExprKind::kIdent, word.begin, begin);
    e->name = text;
    e->leading_dot = leading_dot;
    return {e, 0};
  }
  // Whether what follows a reserved word makes it part of a type's name: package.Name{
  bool names_structure() {
    Lexer ahead = lexer_;
    Token token = token_;
    while (token.kind == Tok::kDot) {
      if (ahead.next().kind != Tok::kIdent) return false;
      token = ahead.next();
    }
    return token.kind == Tok::kLBrace;
  }

  Parsed list() {
    const Token open = token_;
    advance();
    const size_t base = items_.size();
    std::vector<uint32_t> optionals;
    uint32_t height = 0;
    while (token_.kind != Tok::kRBracket && !stopped_) {
      if (token_.kind == Tok::kComma && items_.size() == base) {  // "[,]"
        advance();
        break;
      }
      if (token_.kind == Tok::kQuestion) {
        if (!syntax_.optional_syntax) builder_.issue(token_.begin, "unsupported syntax '?'");
        optionals.push_back(static_cast<uint32_t>(items_.size() - base));
        advance();
      }
      const Parsed item = expression(kFollowBracket | kFollowComma);
      height = std::max(height, item.height);
      items_.push_back(item.expr);
      if (!separator(Tok::kRBracket, "{']', ','}")) break;
    }
    if (token_.kind != Tok::kRBracket) {
      syntax_error(token_, "mismatched input", "expecting {']', ','}");
    } else {
      advance();
    }
    Expr* e = make(ExprKind::kList, open.begin, open.begin);
    e->args = builder_.arena().copy(std::span<Expr* const>(items_).subspan(base));
    e->optional_args = builder_.arena().copy(std::span<const uint32_t>(optionals));
    items_.resize(base);
    return {e, height};
  }

  // After an element: a comma was taken (and more may follow), or the end is near.
  bool separator(Tok close, std::string_view expected) {
    if (stopped_) return false;
    if (token_.kind == Tok::kComma) {
      advance();
      return true;
    }
    if (token_.kind != close) syntax_error(token_, "mismatched input", "expecting " + std::string(expected));
    return false;
  }

  Parsed map() {
    const Token open = token_;
    advance();
    const size_t base = entries_.size();
    uint32_t height = 0;
    const bool lone_comma = token_.kind == Tok::kComma;  // "{,}"
    if (lone_comma) advance();
    while (token_.kind != Tok::kRBrace && !lone_comma && !stopped_) {
      MapEntry entry;
      if (token_.kind == Tok::kQuestion) {
        if (!syntax_.optional_syntax) builder_.issue(token_.begin, "unsupported syntax '?'");
        entry.optional = true;
        advance();
      }
      const Parsed key = expression(kFollowColon);
      entry.key = key.expr;
      entry.caret = token_.begin;
      if (!expect(Tok::kColon, "':'")) break;
      const Parsed value = expression(kFollowBrace | kFollowComma);
      entry.value = value.expr;
      entry.id = builder_.next_id();
      height = std::max({height, key.height, value.height});
      entries_.push_back(entry);
      if (!separator(Tok::kRBrace, "{'}', ','}")) break;
    }
    expect(Tok::kRBrace, "'}'");
    Expr* e = make(ExprKind::kMap, open.begin, open.begin);
    e->entries = builder_.arena().copy(std::span<const MapEntry>(entries_).subspan(base));
    entries_.resize(base);
    return {e, height};
  }

  // Name{field: value, …}, the name already read as a chain of selections.
  Parsed structure(Expr* chain, uint32_t begin) {
    std::string full;
    for (const Expr* part = chain; part != nullptr; part = part->operand) {
      full.insert(0, (part->kind == ExprKind::kSelect || part->leading_dot ? "." : "") + std::string(part->name));
    }
    const Token open = token_;
    advance();
    const size_t base = entries_.size();
    uint32_t height = 0;
    const bool lone_comma = token_.kind == Tok::kComma;
    if (lone_comma) advance();
    while (token_.kind != Tok::kRBrace && !lone_comma && !stopped_) {
      MapEntry entry;
      if (token_.kind == Tok::kQuestion) {
        if (!syntax_.optional_syntax) builder_.issue(token_.begin, "unsupported syntax '?'");
        entry.optional = true;
        advance();
      }
      if (token_.kind != Tok::kIdent && token_.kind != Tok::kQuotedIdent) {
        syntax_error(token_, "mismatched input", "expecting {'}', ',', '?', IDENTIFIER, ESC_IDENTIFIER}");
        break;
      }
      entry.field = lexer_.text(token_);
      if (token_.kind == Tok::kQuotedIdent) {
        if (!syntax_.quoted_fields) builder_.issue(token_.begin, "unsupported syntax: '`'");
        entry.field = entry.field.substr(1, entry.field.size() - 2);
      }
      advance();
      entry.caret = token_.begin;
      if (!expect(Tok::kColon, "':'")) break;
      const Parsed value = expression(kFollowBrace | kFollowComma);
      entry.value = value.expr;
      entry.id = builder_.next_id();
      height = std::max(height, value.height);
      entries_.push_back(entry);
      if (!separator(Tok::kRBrace, "{'}', ','}")) break;
    }
    expect(Tok::kRBrace, "'}'");
    Expr* e = make(ExprKind::kStruct, open.begin, begin);
    e->name = builder_.arena().copy(full);
    e->entries = builder_.arena().copy(std::span<const MapEntry>(entries_).subspan(base));
    entries_.resize(base);
    return {e, height};
  }

  // The literal at the current token; a minus sign, when there was one, begins at `begin`.
  Parsed literal(uint32_t begin) {
    const Token token = token_;
    const bool negative = begin != token.begin;
    std::string_view text = lexer_.text(token);
    advance();
    Expr* e = make(ExprKind::kLiteral, begin, begin);
    Literal& value = e->literal;
    switch (token.kind) {
      case Tok::kTrue:
      case Tok::kFalse:
        value.kind = Literal::Kind::kBool;
        value.boolean = token.kind == Tok::kTrue;
        break;
      case Tok::kNull: break;
      case Tok::kInt:
      case Tok::kUint: {
        const bool is_unsigned = token.kind == Tok::kUint;
        if (is_unsigned) text.remove_suffix(1);
        const bool hex = text.starts_with("0x");
        if (hex) text.remove_prefix(2);
        uint64_t magnitude = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), magnitude, hex ? 16 : 10);
        const uint64_t max = is_unsigned ? UINT64_MAX : static_cast<uint64_t>(INT64_MAX) + (negative ? 1 : 0);
        if (error != std::errc{} || magnitude > max)
          return issue(begin, is_unsigned ? "invalid uint literal" : "invalid int literal");
        value.kind = is_unsigned ? Literal::Kind::kUint : Literal::Kind::kInt;
        if (is_unsigned) {
          value.unsigned_integer = magnitude;
        } else {
          value.integer = static_cast<int64_t>(negative ? 0 - magnitude : magnitude);
        }
        break;
      }
      case Tok::kDouble: {
        double number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error == std::errc::result_out_of_range) {  // an underflow is zero or the nearest small number, an overflow
                                                        // is an error
          number = std::strtod(std::string(text).c_str(), nullptr);
          if (number > 1) return issue(begin, "invalid double literal");
        }
        value.kind = Literal::Kind::kDouble;
        value.number = negative ? -number : number;
        break;
      }
      default: {
        const bool is_bytes = token.kind == Tok::kBytes;
        auto decoded = unescape(text, is_bytes, builder_.arena());
        if (!decoded) return issue(begin, decoded.error());
        value.kind = is_bytes ? Literal::Kind::kBytes : Literal::Kind::kString;
        value.text = *decoded;
      }
    }
    return {e, 0};
  }

  struct Term {
    Expr* term;
    uint32_t caret;
  };

  std::string_view source_;
  Builder builder_;
  Lexer lexer_;
  const Syntax& syntax_;
  const ParseLimits& limits_;
  Token token_;
  uint32_t last_end_ = 0;
  uint32_t depth_ = 0;
  uint32_t follow_ = kFollowEnd;
  bool stopped_ = false;
  // Lists under construction, one stack for all levels.
  std::vector<Expr*> items_;
  std::vector<MapEntry> entries_;
  std::vector<Term> chain_;
};

// Code points of valid UTF-8, or nullopt and the offset of the first bad byte.
std::optional<size_t> count_code_points(std::string_view text, uint32_t& bad) {
  size_t count = 0;
  for (size_t i = 0; i < text.size(); ++count) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) {
      ++i;
      continue;
    }
    const size_t length = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
    uint32_t value = c & (0xFFu >> (length + 1));
    bool good = c >= 0xC2 && c <= 0xF4 && i + length <= text.size();
    for (size_t k = 1; good && k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      good = (next & 0xC0) == 0x80;
      value = value << 6 | (next & 0x3F);
    }
    static constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (!good || value < kSmallest[length] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) {
      bad = static_cast<uint32_t>(i);
      return std::nullopt;
    }
    i += length;
  }
  return count;
}

}  // namespace

std::expected<std::unique_ptr<Ast>, std::vector<Issue>> parse(std::string_view source, const Syntax& syntax,
                                                              const ParseLimits& limits) {
  // A code point has at most four bytes, so that a huge source is refused before it is read.
  uint32_t bad = 0;
  std::optional<size_t> code_points;
  if (source.size() / 4 <= limits.source_code_points_max) {
    code_points = count_code_points(source, bad);
    if (!code_points)
      return std::unexpected(std::vector<Issue>{{bad, "Syntax error: the expression is not valid UTF-8"}});
  } else {
    code_points = source.size() / 4;
  }
  if (*code_points > limits.source_code_points_max) {
    return std::unexpected(std::vector<Issue>{
        {kNoOffset, "expression code point size exceeds limit: size: " + std::to_string(*code_points) + ", limit " +
                        std::to_string(limits.source_code_points_max)}});
  }
  auto ast = std::make_unique<Ast>();
  ast->source.assign(source);
  Parser parser(*ast, syntax, limits);
  ast->root = parser.parse();
  if (!parser.issues().empty()) return std::unexpected(std::move(parser.issues()));
  return ast;
}

}  // namespace ameia::expr
