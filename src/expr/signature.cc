#include "expr/internal/signature.h"

#include "expr/limits.h"

namespace ameia::expr {

namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

class TypeReader {
 public:
  TypeReader(std::string_view text, Types& types, const NamedType& named) : text_(text), types_(types), named_(named) {}

  // nullptr when the text is no type.
  const Type* type(uint32_t depth = 0) {
    if (depth > kSignatureDepthMax) return nullptr;
    skip();
    const size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != '(' && text_[at_] != ')' && text_[at_] != ',' && text_[at_] != ' ')
      ++at_;
    const std::string_view name = text_.substr(begin, at_ - begin);
    if (name.empty()) return nullptr;
    std::vector<const Type*> params;
    skip();
    if (at_ < text_.size() && text_[at_] == '(') {
      do {
        ++at_;
        const Type* param = type(depth + 1);
        if (param == nullptr) return nullptr;
        params.push_back(param);
        skip();
      } while (at_ < text_.size() && text_[at_] == ',');
      if (at_ >= text_.size() || text_[at_] != ')') return nullptr;
      ++at_;
    }
    return make(name, params);
  }
  [[nodiscard]] bool done() {
    skip();
    return at_ == text_.size();
  }
  [[nodiscard]] bool has_params() const { return has_params_; }

 private:
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  const Type* make(std::string_view name, const std::vector<const Type*>& params) {
    const Type* dyn = simple_type(TypeKind::kDyn);
    const auto param = [&](size_t i) { return i < params.size() ? params[i] : dyn; };
    if (name == "list") return types_.list(param(0));
    if (name == "map") return types_.map(param(0), param(1));
    if (name == "optional" || name == "optional_type") return types_.optional(param(0));
    if (name == "type") return params.empty() ? simple_type(TypeKind::kType) : types_.type_of(params[0]);
    if (name.size() == 1 && name[0] >= 'A' && name[0] <= 'Z') {
      has_params_ = true;
      return types_.param(name);
    }
    static constexpr std::pair<std::string_view, TypeKind> kNames[] = {
        {"dyn", TypeKind::kDyn},
        {"any", TypeKind::kDyn},
        {"null", TypeKind::kNull},
        {"null_type", TypeKind::kNull},
        {"bool", TypeKind::kBool},
        {"int", TypeKind::kInt},
        {"uint", TypeKind::kUint},
        {"double", TypeKind::kDouble},
        {"string", TypeKind::kString},
        {"bytes", TypeKind::kBytes},
        {"duration", TypeKind::kDuration},
        {"timestamp", TypeKind::kTimestamp},
        {"google.protobuf.Duration", TypeKind::kDuration},
        {"google.protobuf.Timestamp", TypeKind::kTimestamp}};
    for (const auto& [known, kind] : kNames) {
      if (name == known) return simple_type(kind);
    }
    return named_(name, params);
  }

  std::string_view text_;
  size_t at_ = 0;
  bool has_params_ = false;
  Types& types_;
  const NamedType& named_;
};

base::Result<Signature> bad(std::string_view text, std::string_view why) {
  return base::fail(base::Code::kInternal, "signature '" + std::string(text) + "': " + std::string(why));
}

}  // namespace

base::Result<const Type*> parse_type(std::string_view text, Types& types, const NamedType& named) {
  TypeReader reader(text, types, named);
  const Type* type = reader.type();
  if (type == nullptr || !reader.done())
    return base::fail(base::Code::kInternal, "'" + std::string(text) + "' is not a type");
  return type;
}

base::Result<Signature> parse_signature(std::string_view text, bool is_namespaced, Types& types,
                                        const NamedType& named) {
  const size_t arrow = text.rfind("->");
  if (arrow == std::string_view::npos) return bad(text, "no result");
  std::string_view head = trim(text.substr(0, arrow));
  if (head.empty() || head.back() != ')') return bad(text, "no arguments");
  size_t open = head.size();
  int depth = 0;
  while (open-- > 0) {
    if (head[open] == ')') ++depth;
    if (head[open] == '(' && --depth == 0) break;
  }
  if (depth != 0) return bad(text, "parentheses do not match");
  const std::string_view arguments = head.substr(open + 1, head.size() - open - 2);
  head = head.substr(0, open);

  Signature out;
  out.function = trim(head);
  // Operators ("_?._", "@in") hold no receiver; elsewhere the last dot ends it.
  const bool is_operator = !head.empty() && (head[0] == '_' || head[0] == '!' || head[0] == '-' || head[0] == '@');
  const size_t dot = head.rfind('.');
  if (!is_operator && !is_namespaced && dot != std::string_view::npos) {
    TypeReader reader(head.substr(0, dot), types, named);
    const Type* receiver = reader.type();
    if (receiver == nullptr || !reader.done()) return bad(text, "bad receiver");
    out.member = true;
    out.has_params = reader.has_params();
    out.args.push_back(receiver);
    out.function = trim(head.substr(dot + 1));
  }
  if (out.function.empty()) return bad(text, "no function");

  size_t begin = 0;
  depth = 0;
  for (size_t i = 0; i <= arguments.size() && !trim(arguments).empty(); ++i) {
    const char c = i < arguments.size() ? arguments[i] : ',';
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (c != ',' || depth != 0) continue;
    TypeReader reader(arguments.substr(begin, i - begin), types, named);
    const Type* type = reader.type();
    if (type == nullptr || !reader.done()) return bad(text, "bad argument");
    out.has_params = out.has_params || reader.has_params();
    out.args.push_back(type);
    begin = i + 1;
  }
  TypeReader reader(text.substr(arrow + 2), types, named);
  out.result = reader.type();
  if (out.result == nullptr || !reader.done()) return bad(text, "bad result");
  out.has_params = out.has_params || reader.has_params();
  return out;
}

}  // namespace ameia::expr
