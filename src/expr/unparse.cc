// Unparse: a tree as source text again. Macros are folded back from the shapes that expr/macros.cc makes.
#include <charconv>
#include <cmath>

#include "expr/internal/builder.h"
#include "expr/parse.h"

namespace ameia::expr {

namespace {

// Binding strength; a weaker operand of a stronger operator stands in parentheses.
enum : int { kTernary = 1, kOr, kAnd, kRelation, kSum, kProduct, kUnary, kMember };

struct Operator {
  std::string_view function, text;
  int strength;
};
constexpr Operator kOperators[] = {
    {"_||_", " || ", kOr},      {"_&&_", " && ", kAnd},      {"_==_", " == ", kRelation}, {"_!=_", " != ", kRelation},
    {"_<_", " < ", kRelation},  {"_<=_", " <= ", kRelation}, {"_>_", " > ", kRelation},   {"_>=_", " >= ", kRelation},
    {"@in", " in ", kRelation}, {"_+_", " + ", kSum},        {"_-_", " - ", kSum},        {"_*_", " * ", kProduct},
    {"_/_", " / ", kProduct},   {"_%_", " % ", kProduct}};

const Operator* operator_of(const Expr& e) {
  if (e.kind != ExprKind::kCall || e.receiver || e.args.size() != 2) return nullptr;
  for (const Operator& op : kOperators) {
    if (op.function == e.name) return &op;
  }
  return nullptr;
}

bool is_identifier(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (char c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) return false;
  }
  return true;
}

class Unparser {
 public:
  std::string take() { return std::move(out_); }

  void write(const Expr* e, int at_least = 0) {
    if (e == nullptr) return;
    const bool parentheses = strength(*e) < at_least;
    if (parentheses) out_ += '(';
    write_bare(*e);
    if (parentheses) out_ += ')';
  }

 private:
  static int strength(const Expr& e) {
    if (const Operator* op = operator_of(e)) return op->strength;
    if (e.kind == ExprKind::kCall && e.name == "_?_:_") return kTernary;
    if (e.kind == ExprKind::kCall && (e.name == "!_" || e.name == "-_")) return kUnary;
    return kMember;
  }

  void write_bare(const Expr& e) {
    switch (e.kind) {
      case ExprKind::kLiteral: return write_literal(e.literal);
      case ExprKind::kIdent:
        if (e.leading_dot) out_ += '.';
        out_ += e.name;
        return;
      case ExprKind::kSelect:
        if (e.test_only) out_ += "has(";
        write(e.operand, kMember);
        out_ += '.';
        write_field(e.name);
        if (e.test_only) out_ += ')';
        return;
      case ExprKind::kCall: return write_call(e);
      case ExprKind::kList: {
        out_ += '[';
        size_t next_optional = 0;
        for (size_t i = 0; i < e.args.size(); ++i) {
          if (i > 0) out_ += ", ";
          if (next_optional < e.optional_args.size() && e.optional_args[next_optional] == i) {
            out_ += '?';
            ++next_optional;
          }
          write(e.args[i]);
        }
        out_ += ']';
        return;
      }
      case ExprKind::kMap:
      case ExprKind::kStruct:
        if (e.kind == ExprKind::kStruct) out_ += e.name;
        out_ += '{';
        for (size_t i = 0; i < e.entries.size(); ++i) {
          const MapEntry& entry = e.entries[i];
          if (i > 0) out_ += ", ";
          if (entry.optional) out_ += '?';
          if (entry.key != nullptr)
            write(entry.key);
          else
            write_field(entry.field);
          out_ += ": ";
          write(entry.value);
        }
        out_ += '}';
        return;
      case ExprKind::kComprehension: return write_macro(*e.loop);
    }
  }

  void write_field(std::string_view name) {
    if (is_identifier(name)) {
      out_ += name;
    } else {
      out_.append("`").append(name).append("`");
    }
  }

  void write_arguments(std::span<Expr* const> args) {
    out_ += '(';
    for (size_t i = 0; i < args.size(); ++i) {
      if (i > 0) out_ += ", ";
      write(args[i]);
    }
    out_ += ')';
  }

  void write_call(const Expr& e) {
    if (const Operator* op = operator_of(e)) {
      // Left-associative; && and || may be regrouped freely, which changes nothing but the shape.
      const bool logical = op->strength <= kAnd;
      write(e.args[0], op->strength);
      out_ += op->text;
      write(e.args[1], logical ? op->strength : op->strength + 1);
      return;
    }
    if (e.name == "_?_:_" && e.args.size() == 3) {
      if (write_optional_map(e)) return;
      write(e.args[0], kOr);
      out_ += " ? ";
      write(e.args[1], kOr);
      out_ += " : ";
      write(e.args[2], kTernary);
      return;
    }
    if ((e.name == "!_" || e.name == "-_") && e.args.size() == 1) {
      out_ += e.name[0];
      const bool number = e.args[0]->kind == ExprKind::kLiteral && e.name == "-_";
      if (number) out_ += '(';
      write(e.args[0], kMember);
      if (number) out_ += ')';
      return;
    }
    if ((e.name == "_[_]" || e.name == "_[?_]") && e.args.size() == 2) {
      write(e.args[0], kMember);
      out_ += e.name == "_[_]" ? "[" : "[?";
      write(e.args[1]);
      out_ += ']';
      return;
    }
    if (e.name == "_?._" && e.args.size() == 2) {
      write(e.args[0], kMember);
      out_ += ".?";
      write_field(e.args[1]->literal.text);
      return;
    }
    if (e.receiver) {
      write(e.args[0], kMember);
      out_ += '.';
      out_ += e.name;
      return write_arguments(std::span<Expr* const>(e.args).subspan(1));
    }
    if (e.name == "math.@max" || e.name == "math.@min") {
      out_ += e.name == "math.@max" ? "math.greatest" : "math.least";
    } else {
      out_ += e.name;
    }
    write_arguments(e.args);
  }

  // target.hasValue() ? optional.of(bind) : optional.none()
  bool write_optional_map(const Expr& e) {
    const Expr* mapped = e.args[1];
    if (mapped->kind == ExprKind::kCall && mapped->name == "optional.of" && mapped->args.size() == 1)
      mapped = mapped->args[0];
    if (mapped->kind != ExprKind::kComprehension) return false;
    const Comprehension& c = *mapped->loop;
    if (c.macro != Macro::kOptMap && c.macro != Macro::kOptFlatMap) return false;
    write(e.args[0]->args[0], kMember);
    out_ += c.macro == Macro::kOptMap ? ".optMap(" : ".optFlatMap(";
    out_ += c.accu_var;
    out_ += ", ";
    write(c.result);
    out_ += ')';
    return true;
  }

  void write_macro(const Comprehension& c) {
    const auto call = [&](const char* name, std::initializer_list<const Expr*> args) {
      write(c.iter_range, kMember);
      out_.append(".").append(name).append("(").append(c.iter_var);
      if (!c.iter_var2.empty()) out_.append(", ").append(c.iter_var2);
      for (const Expr* arg : args) {
        if (arg == nullptr) continue;
        out_ += ", ";
        write(arg);
      }
      out_ += ')';
    };
    // A loop that gathers: [filter ?] @result + [item] [: @result].
    const Expr* step = c.loop_step;
    const Expr* filter = nullptr;
    if (step->kind == ExprKind::kCall && step->name == "_?_:_") {
      filter = step->args[0];
      step = step->args[1];
    }
    switch (c.macro) {
      case Macro::kAll: return call("all", {c.loop_step->args[1]});
      case Macro::kExists: return call("exists", {c.loop_step->args[1]});
      case Macro::kExistsOne: return call("exists_one", {filter});
      case Macro::kFilter: return call("filter", {filter});
      case Macro::kMap:
      case Macro::kMapFilter: return call("map", {filter, step->args[1]->args[0]});
      case Macro::kTransformList: return call("transformList", {filter, step->args[1]->args[0]});
      case Macro::kTransformMap: return call("transformMap", {filter, step->args[2]});
      case Macro::kTransformMapEntry: return call("transformMapEntry", {filter, step->args[1]});
      case Macro::kSortBy: {
        const Comprehension& keys = *c.result->args[1]->loop;
        write(c.accu_init, kMember);
        out_.append(".sortBy(").append(keys.iter_var).append(", ");
        write(keys.loop_step->args[1]->args[0]);
        out_ += ')';
        return;
      }
      default:
        out_.append("cel.bind(").append(c.accu_var).append(", ");
        write(c.accu_init);
        out_ += ", ";
        write(c.result);
        out_ += ')';
    }
  }

  void write_literal(const Literal& literal) {
    char buffer[40];
    switch (literal.kind) {
      case Literal::Kind::kNull: out_ += "null"; return;
      case Literal::Kind::kBool: out_ += literal.boolean ? "true" : "false"; return;
      case Literal::Kind::kInt: out_ += std::to_string(literal.integer); return;
      case Literal::Kind::kUint: out_ += std::to_string(literal.unsigned_integer) + "u"; return;
      case Literal::Kind::kDouble: {
        const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, literal.number);
        const std::string_view text(buffer, static_cast<size_t>(end - buffer));
        out_ += text;
        if (text.find_first_of(".e") == std::string_view::npos) out_ += ".0";
        return;
      }
      case Literal::Kind::kString: return write_quoted(literal.text, false);
      case Literal::Kind::kBytes: out_ += 'b'; return write_quoted(literal.text, true);
    }
  }

  void write_quoted(std::string_view text, bool is_bytes) {
    out_ += '"';
    for (char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      switch (c) {
        case '"': out_ += "\\\""; break;
        case '\\': out_ += "\\\\"; break;
        case '\n': out_ += "\\n"; break;
        case '\r': out_ += "\\r"; break;
        case '\t': out_ += "\\t"; break;
        default:
          if (byte < 0x20 || byte == 0x7F || (is_bytes && byte >= 0x80)) {
            static constexpr char kHex[] = "0123456789abcdef";
            out_ += "\\x";
            out_ += kHex[byte >> 4];
            out_ += kHex[byte & 15];
          } else {
            out_ += c;
          }
      }
    }
    out_ += '"';
  }

  std::string out_;
};

}  // namespace

std::string unparse(const Expr& expr) {
  Unparser unparser;
  unparser.write(&expr);
  return unparser.take();
}

}  // namespace ameia::expr
