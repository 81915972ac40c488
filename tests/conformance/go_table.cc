#include "go_table.h"

#include <array>
#include <cfloat>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

#include "doc/json.h"

namespace ameia::conformance {
namespace {

using doc::Node;

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

// Fields whose JSON name the rule does not give.
constexpr std::pair<std::string_view, std::string_view> kFieldNames[] = {
    {"StorageOS", "storageos"},
    {"CephFS", "cephfs"},
    {"ObjectMeta", "metadata"},
    {"APIGroup", "apiGroup"},
    {"XPreserveUnknownFields", "x-kubernetes-preserve-unknown-fields"},
    {"XEmbeddedResource", "x-kubernetes-embedded-resource"},
    {"XIntOrString", "x-kubernetes-int-or-string"},
    {"XListType", "x-kubernetes-list-type"},
    {"XListMapKeys", "x-kubernetes-list-map-keys"},
    {"XMapType", "x-kubernetes-map-type"},
    {"XValidations", "x-kubernetes-validations"},
};

// Struct fields that JSON inlines into their holder.
constexpr std::string_view kInlined[] = {"VolumeSource",
                                         "EphemeralContainerCommon",
                                         "ProbeHandler",
                                         "Handler",
                                         "TypeMeta",
                                         "Generic",
                                         "ValidationExtensions",
                                         "Extensions",
                                         "Structural",
                                         "ValueValidation",
                                         "RuleWithOperations",
                                         "Rule"};
bool is_inlined(std::string_view field) {
  for (std::string_view name : kInlined) {
    if (name == field) return true;
  }
  return false;
}

// Constants of the Kubernetes API and of Go.
constexpr std::pair<std::string_view, std::string_view> kStringConstants[] = {
    {"corev1.SeccompProfileTypeRuntimeDefault", "RuntimeDefault"},
    {"corev1.SeccompProfileTypeUnconfined", "Unconfined"},
    {"corev1.SeccompProfileTypeLocalhost", "Localhost"},
    {"corev1.SeccompPodAnnotationKey", "seccomp.security.alpha.kubernetes.io/pod"},
    {"corev1.SeccompContainerAnnotationKeyPrefix", "container.seccomp.security.alpha.kubernetes.io/"},
    {"corev1.SeccompProfileRuntimeDefault", "runtime/default"},
    {"corev1.SeccompLocalhostProfileNamePrefix", "localhost/"},
    {"corev1.DeprecatedSeccompProfileDockerDefault", "docker/default"},
    {"annotationKeyPod", "seccomp.security.alpha.kubernetes.io/pod"},
    {"annotationKeyContainerPrefix", "container.seccomp.security.alpha.kubernetes.io/"},
    {"corev1.AppArmorProfileTypeRuntimeDefault", "RuntimeDefault"},
    {"corev1.AppArmorProfileTypeUnconfined", "Unconfined"},
    {"corev1.AppArmorProfileTypeLocalhost", "Localhost"},
    {"corev1.DeprecatedAppArmorBetaContainerAnnotationKeyPrefix", "container.apparmor.security.beta.kubernetes.io/"},
    {"corev1.DeprecatedAppArmorBetaProfileRuntimeDefault", "runtime/default"},
    {"corev1.DeprecatedAppArmorBetaProfileNamePrefix", "localhost/"},
    {"corev1.DeprecatedAppArmorBetaProfileNameUnconfined", "unconfined"},
    {"corev1.Windows", "windows"},
    {"corev1.Linux", "linux"},
    {"corev1.DefaultProcMount", "Default"},
    {"corev1.UnmaskedProcMount", "Unmasked"},
    {"corev1.ProtocolTCP", "TCP"},
    {"v1.NamespaceDefault", "default"},
    {"metav1.NamespaceDefault", "default"},
};

std::string_view strip_type_arguments(std::string_view name) {
  return name.substr(0, name.find('['));
}

base::Result<Node> need(const GoTable::Args& args, size_t i) {
  if (i >= args.size()) return base::fail(base::Code::kInvalidInput, "a call lacks an argument");
  return args[i];
}

base::Result<Node> same(GoTable&, const GoTable::Args& args) {
  return need(args, 0);
}

base::Result<Node> to_double(GoTable& table, const GoTable::Args& args) {
  Node node = TRY(need(args, 0));
  return table.make().number(node.kind == doc::Kind::kDouble ? node.number : static_cast<double>(node.integer_or(0)));
}

base::Result<Node> error_value(GoTable& table, const GoTable::Args& args) {
  Node node = TRY(need(args, 0));
  std::string text = TRY(go_sprintf(node.str(), std::span(args).subspan(1)));
  return table.make().map({{"error", table.make().string(text)}});
}

}  // namespace

std::string json_field_name(std::string_view go_name) {
  for (auto [go, json] : kFieldNames) {
    if (go == go_name) return std::string(json);
  }
  size_t capitals = 0;
  while (capitals < go_name.size() && is_upper(go_name[capitals])) ++capitals;
  // The last capital of a run begins the next word: HTTPGet is httpGet, OS is os, Name is name.
  size_t lower = capitals > 1 && capitals < go_name.size() ? capitals - 1 : capitals;
  std::string out(go_name);
  for (size_t i = 0; i < lower; ++i) out[i] = static_cast<char>(out[i] - 'A' + 'a');
  return out;
}

base::Result<std::string> go_sprintf(std::string_view format, std::span<const Node> args) {
  std::string out;
  size_t next = 0;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out += format[i];
      continue;
    }
    if (++i >= format.size()) return base::fail(base::Code::kInvalidInput, "a format ends in %");
    if (format[i] == '%') {
      out += '%';
      continue;
    }
    if (next >= args.size()) return base::fail(base::Code::kInvalidInput, "a format lacks an argument");
    const Node& arg = args[next++];
    char buffer[512];
    switch (format[i]) {
      case 'd': out += std::to_string(arg.integer_or(0)); break;
      case 'f': {
        double number = arg.kind == doc::Kind::kDouble ? arg.number : static_cast<double>(arg.integer_or(0));
        out.append(buffer, static_cast<size_t>(std::snprintf(buffer, sizeof buffer, "%f", number)));
        break;
      }
      case 'q': doc::append_json_string(out, arg.str()); break;
      case 's':
      case 'v':
      case 'g': out += arg.is_string() ? std::string(arg.str()) : doc::to_json(arg); break;
      default: return base::fail(base::Code::kNotFound, std::string("format verb %") + format[i]);
    }
  }
  return out;
}

GoTable::GoTable() {
  for (auto [name, value] : kStringConstants) define(name, value);
  define("math.MaxInt64", builder_.integer(INT64_MAX));
  define("math.MinInt64", builder_.integer(INT64_MIN));
  define("math.MaxInt32", builder_.integer(INT32_MAX));
  define("math.MinInt32", builder_.integer(INT32_MIN));
  define("math.MaxFloat64", builder_.number(DBL_MAX));
  define("math.MaxFloat32", builder_.number(static_cast<double>(FLT_MAX)));
  define("nil", builder_.null());
  define("true", builder_.boolean(true));
  define("false", builder_.boolean(false));
  for (std::string_view name : {"ptr.To", "pointer.To", "int", "int64", "int32", "uint64", "uint", "uint32", "string",
                                "runtime.Object", "corev1.ProcMountType", "corev1.Capability"}) {
    define_function(name, same);
  }
  define_function("float64", to_double);
  define_function("float32", to_double);
  define_function("errors.New", error_value);
  define_function("fmt.Errorf", error_value);
  define_function("fmt.Sprintf", [](GoTable& table, const Args& args) -> base::Result<Node> {
    Node format = TRY(need(args, 0));
    return table.make().string(TRY(go_sprintf(format.str(), std::span(args).subspan(1))));
  });
  define_function("strings.Repeat", [](GoTable& table, const Args& args) -> base::Result<Node> {
    Node text = TRY(need(args, 0)), count = TRY(need(args, 1));
    constexpr int64_t kRepeatMax = 4 << 20;
    std::string out;
    if (count.integer_or(0) * static_cast<int64_t>(text.size) > kRepeatMax)
      return base::fail(base::Code::kLimit, "too long");
    for (int64_t i = 0; i < count.integer_or(0); ++i) out += text.str();
    return table.make().string(out);
  });
  define_function("strings.Join", [](GoTable& table, const Args& args) -> base::Result<Node> {
    Node list = TRY(need(args, 0)), separator = TRY(need(args, 1));
    std::string out;
    for (size_t i = 0; i < list.list().size(); ++i) {
      if (i > 0) out += separator.str();
      out += list.list()[i].str();
    }
    return table.make().string(out);
  });
}

void GoTable::define(std::string_view name, const Node& value) {
  values_.insert_or_assign(std::string(name), value);
}
void GoTable::define(std::string_view name, std::string_view value) {
  define(name, builder_.string(value));
}
void GoTable::define_function(std::string_view name, Function function) {
  functions_.insert_or_assign(std::string(name), std::move(function));
}

base::Result<Node> GoTable::identifier(std::string_view name) {
  auto found = values_.find(name);
  if (found == values_.end()) return base::fail(base::Code::kNotFound, "the identifier " + std::string(name));
  return found->second;
}

base::Result<Node> GoTable::call(std::string_view name, const Args& args) {
  auto found = functions_.find(name);
  if (found == functions_.end()) found = functions_.find(strip_type_arguments(name));
  if (found == functions_.end()) return base::fail(base::Code::kNotFound, "the function " + std::string(name));
  return found->second(*this, args);
}

base::Result<Node> GoTable::operation(std::string_view op, const Node& x, const Node* y) {
  bool strings = x.is_string() && y != nullptr && y->is_string();
  if (op == "+" && strings) return builder_.string(std::string(x.str()) + std::string(y->str()));
  if (op == "&" || (op == "*" && y == nullptr)) return x;
  if (y == nullptr) {
    if (op == "-" && x.is_int()) return builder_.integer(-x.integer);
    if (op == "-" && x.kind == doc::Kind::kDouble) return builder_.number(-x.number);
    if (op == "!" && x.is_bool()) return builder_.boolean(!x.boolean);
  } else if (x.is_int() && y->is_int()) {
    int64_t result = 0;
    if (op == "+" && !__builtin_add_overflow(x.integer, y->integer, &result)) return builder_.integer(result);
    if (op == "-" && !__builtin_sub_overflow(x.integer, y->integer, &result)) return builder_.integer(result);
    if (op == "*" && !__builtin_mul_overflow(x.integer, y->integer, &result)) return builder_.integer(result);
  }
  return base::fail(base::Code::kNotFound, "the operation " + std::string(op));
}

// A slice of schema.JSON{Object: v}: the values.
Node GoTable::plain_values(const Node& list) {
  std::vector<Node> out;
  for (const Node& item : list.list()) out.push_back(item.find("object") != nullptr ? item["object"] : item);
  return builder_.list(out);
}

base::Result<Node> GoTable::run(std::string_view function) {
  size_t body = function.find('{', function.find(')'));
  while (body != std::string_view::npos && body + 1 < function.size() && function[body + 1] != '\n')
    body = function.find('{', body + 1);
  if (body == std::string_view::npos) return base::fail(base::Code::kInvalidInput, "a Go function has no body");
  std::string_view rest = function.substr(body + 1);
  std::string statement;
  int open = 0;
  while (!rest.empty()) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    for (char c : line) open += c == '(' || c == '{' ? 1 : c == ')' || c == '}' ? -1 : 0;
    while (line.starts_with('\t')) line.remove_prefix(1);
    statement += line;
    if (open > 0 || statement.empty()) continue;
    if (statement.starts_with("return ")) return parse(std::string_view(statement).substr(7));
    size_t equals = statement.find('=');
    if (equals == std::string::npos) break;
    std::string name = statement.substr(0, statement.find_first_of(" :"));
    define(name, TRY(parse(std::string_view(statement).substr(equals + 1))));
    statement.clear();
  }
  return base::fail(base::Code::kNotFound, "the Go statement " + statement);
}

base::Result<Node> GoTable::record(const Node& fields) {
  std::vector<std::pair<std::string, Node>> members;
  for (const doc::Member& field : fields.map()) {
    // A function in a matcher is known by its text.
    const Node* function = field.key->view() == "fn" ? field.value.find("func") : nullptr;
    Node held = function != nullptr ? *function : TRY(value(field.value));
    if (field.key->view() == "Enum") held = plain_values(held);
    if (is_inlined(field.key->view()) && (held.is_map() || held.is_null())) {
      for (const doc::Member& inner : held.map()) members.emplace_back(inner.key->view(), inner.value);
    } else {
      members.emplace_back(json_field_name(field.key->view()), held);
    }
  }
  std::vector<std::pair<std::string_view, Node>> views(members.begin(), members.end());
  return builder_.map(views);
}

base::Result<Node> GoTable::value(const Node& encoded) {
  if (!encoded.is_map()) return encoded;
  if (const Node* fields = encoded.find("f")) return record(*fields);
  std::string_view type = encoded["type"].str();
  if (const Node* items = encoded.find("l")) {
    // A literal without elements keeps only its type.
    if (items->is_null() && !type.starts_with('[')) return builder_.map({});
    std::vector<Node> list;
    for (const Node& item : items->list()) list.push_back(TRY(value(item)));
    return builder_.list(list);
  }
  if (const Node* pairs = encoded.find("kv")) {
    std::vector<std::pair<std::string, Node>> members;
    for (const Node& pair : pairs->list()) {
      Node key = TRY(value(pair["k"])), held = TRY(value(pair["v"]));
      members.emplace_back(key.is_string() ? std::string(key.str()) : doc::to_json(key), held);
    }
    std::vector<std::pair<std::string_view, Node>> views(members.begin(), members.end());
    return builder_.map(views);
  }
  if (const Node* source = encoded.find("src")) return parse(source->str());
  if (const Node* literal = encoded.find("lit")) return parse(literal->str());
  if (const Node* name = encoded.find("id")) return identifier(name->str());
  if (const Node* name = encoded.find("call")) {
    Args args;
    for (const Node& arg : encoded["args"].list()) args.push_back(TRY(value(arg)));
    return call(name->str(), args);
  }
  if (const Node* op = encoded.find("op")) {
    Node x = TRY(value(encoded["x"]));
    const Node* right = encoded.find("y");
    if (right == nullptr || right->is_null()) return operation(op->str(), x, nullptr);
    Node y = TRY(value(*right));
    return operation(op->str(), x, &y);
  }
  return base::fail(base::Code::kNotFound, "an encoding: " + doc::to_json(encoded).substr(0, 60));
}

// A recursive-descent reader of constant expressions.
class GoExpression {
 public:
  GoExpression(GoTable& table, std::string_view source) : table_(table), rest_(source) {}
  base::Result<Node> read() {
    Node out = TRY(sum());
    skip_space();
    if (!rest_.empty()) return stuck();
    return out;
  }

 private:
  static constexpr int kDepthMax = 32;

  base::Result<Node> sum() {
    Node left = TRY(product());
    for (skip_space(); !rest_.empty() && (rest_[0] == '+' || rest_[0] == '-'); skip_space()) {
      std::string_view op = take(1);
      Node right = TRY(product());
      left = TRY(table_.operation(op, left, &right));
    }
    return left;
  }
  base::Result<Node> product() {
    Node left = TRY(unary());
    for (skip_space(); rest_.starts_with('*'); skip_space()) {
      std::string_view op = take(1);
      Node right = TRY(unary());
      left = TRY(table_.operation(op, left, &right));
    }
    return left;
  }
  base::Result<Node> unary() {
    if (++depth_ > kDepthMax) return base::fail(base::Code::kLimit, "an expression is too deep");
    skip_space();
    if (rest_.empty()) return stuck();
    if (rest_[0] == '&' || rest_[0] == '*' || rest_[0] == '-' || rest_[0] == '!') {
      std::string_view op = take(1);
      Node operand = TRY(unary());
      return table_.operation(op, operand, nullptr);
    }
    Node out = TRY(operand());
    --depth_;
    return out;
  }
  base::Result<Node> operand() {
    if (rest_[0] == '"') return string();
    if (rest_[0] == '`') {
      size_t last = rest_.find('`', 1);
      if (last == std::string_view::npos) return stuck();
      return table_.make().string(take(last + 1).substr(1, last - 1));
    }
    if (rest_[0] >= '0' && rest_[0] <= '9') return number();
    if (rest_[0] == '(') {
      take(1);
      Node out = TRY(sum());
      if (!expect(')')) return stuck();
      return out;
    }
    if (rest_.size() > 2 && rest_[0] == '\'' && rest_[1] != '\\' && rest_[2] == '\'')
      return table_.make().string(take(3).substr(1, 1));
    if (rest_.starts_with("map[string]")) {
      take(rest_.find('{') + 1);
      return pairs();
    }
    if (rest_.starts_with("[]string{")) {
      take(9);
      return table_.make().list(TRY(list('}')));
    }
    std::string_view name = take(name_size());
    if (name.empty()) return stuck();
    if (!rest_.starts_with('(')) return table_.identifier(name);
    take(1);
    return table_.call(name, TRY(list(')')));
  }
  base::Result<Node> pairs() {
    std::vector<std::pair<std::string, Node>> out;
    while (!expect('}')) {
      if (rest_.empty()) return stuck();
      Node key = TRY(sum());
      if (!expect(':')) return stuck();
      out.emplace_back(key.str(), TRY(sum()));
      skip_space();
      if (rest_.starts_with(',')) take(1);
    }
    std::vector<std::pair<std::string_view, Node>> views(out.begin(), out.end());
    return table_.make().map(views);
  }
  base::Result<std::vector<Node>> list(char last) {
    std::vector<Node> out;
    while (!expect(last)) {
      if (rest_.empty()) return std::unexpected(stuck().error());
      out.push_back(TRY(sum()));
      skip_space();
      if (rest_.starts_with(',')) take(1);
    }
    return out;
  }
  base::Result<Node> string() {
    size_t last = 1;
    while (last < rest_.size() && rest_[last] != '"') last += rest_[last] == '\\' ? 2 : 1;
    if (last >= rest_.size()) return stuck();
    // Go's escapes are JSON's where the tables use them.
    auto source = std::make_shared<const doc::Source>("literal", std::string(take(last + 1)));
    auto parsed = TRY(doc::parse_json(source, std::make_shared<doc::Keys>()));
    return table_.make().string(parsed->root().str());
  }
  base::Result<Node> number() {
    std::string digits;
    size_t size = 0;
    bool is_hex = rest_.starts_with("0x") || rest_.starts_with("0X");
    auto belongs = [&](char c) {
      return (c >= '0' && c <= '9') || c == '_' ||
             (is_hex ? std::isxdigit(static_cast<unsigned char>(c)) || c == 'x' || c == 'X'
                     : c == '.' || c == 'e' || c == 'E');
    };
    while (size < rest_.size() && belongs(rest_[size])) {
      if (rest_[size] != '_') digits += rest_[size];
      ++size;
    }
    take(size);
    if (digits.find_first_of(is_hex ? "" : ".eE") != std::string::npos) {
      double number = 0;
      auto [at, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
      if (ec != std::errc()) return stuck();
      return table_.make().number(number);
    }
    int64_t number = 0;
    std::string_view body = is_hex ? std::string_view(digits).substr(2) : std::string_view(digits);
    auto [at, ec] = std::from_chars(body.data(), body.data() + body.size(), number, is_hex ? 16 : 10);
    if (ec != std::errc()) return stuck();
    return table_.make().integer(number);
  }
  size_t name_size() const {
    size_t size = 0;
    int brackets = 0;
    for (; size < rest_.size(); ++size) {
      char c = rest_[size];
      if (c == '[')
        ++brackets;
      else if (c == ']')
        --brackets;
      else if (!std::isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '.')
        break;
      if (brackets < 0) break;
    }
    return size;
  }
  std::string_view take(size_t size) {
    std::string_view out = rest_.substr(0, size);
    rest_.remove_prefix(out.size());
    return out;
  }
  bool expect(char c) {
    skip_space();
    if (!rest_.starts_with(c)) return false;
    take(1);
    return true;
  }
  void skip_space() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_[0]))) rest_.remove_prefix(1);
  }
  std::unexpected<base::Error> stuck() const {
    return base::fail(base::Code::kNotFound, "the Go text " + std::string(rest_.substr(0, 60)));
  }

  GoTable& table_;
  std::string_view rest_;
  int depth_ = 0;
};

base::Result<Node> GoTable::parse(std::string_view source) {
  return GoExpression(*this, source).read();
}

}  // namespace ameia::conformance
