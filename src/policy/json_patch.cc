#include "policy/json_patch.h"

#include <charconv>
#include <vector>

#include "doc/build.h"
#include "doc/json.h"
#include "doc/patch.h"
#include "policy/limits.h"

namespace ameia::policy {
namespace {

using doc::Node;

constexpr std::string_view kMissing = ": missing value";
constexpr std::string_view kBadIndex = ": invalid index referenced";

// "/a/b~1c" → {"a", "b/c"}; whatever stands before the first slash is dropped, and without one there is no token.
std::vector<std::string> tokens_of(std::string_view path) {
  std::vector<std::string> tokens;
  for (size_t slash = path.find('/'); slash != std::string_view::npos;) {
    path.remove_prefix(slash + 1);
    slash = path.find('/');
    std::string token;
    for (std::string_view rest = path.substr(0, slash); !rest.empty(); rest.remove_prefix(1)) {
      bool escaped = rest.starts_with("~0") || rest.starts_with("~1");
      token += !escaped ? rest[0] : rest[1] == '0' ? '~' : '/';
      if (escaped) rest.remove_prefix(1);
    }
    tokens.push_back(std::move(token));
  }
  return tokens;
}

// Go's strconv.Atoi, as far as indices go.
std::optional<int64_t> index_of(std::string_view token) {
  if (token.starts_with('+')) token.remove_prefix(1);
  int64_t index = 0;
  auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (token.empty() || error != std::errc() || end != token.data() + token.size()) return std::nullopt;
  return index;
}

// The map or list that an operation's last token is about.
struct Place {
  const Node* container = nullptr;  // nullptr: the path does not lead to one
  std::string pointer;              // of the container
  std::string key;
};

class Run {
 public:
  Run(const Node& object, const std::optional<kube::MergeType>& type, base::Arena& arena)
      : object_(object), type_(type), arena_(arena), build_(arena) {}

  // Empty when the operation was applied.
  std::string apply(const Node& operation) {
    std::string_view op = operation["op"].str(), path = operation["path"].str(), from = operation["from"].str();
    const Node& value = operation["value"];
    if (op == "add") return add(path, value);
    if (op == "remove") return remove(path);
    if (op == "replace") return replace(path, value);
    if (op == "move") return move(from, path);
    if (op == "copy") return copy(from, path);
    if (op == "test") return test(path, value);
    return "Unexpected kind: " + std::string(op);
  }
  [[nodiscard]] const Node& object() const { return object_; }
  [[nodiscard]] bool test_failed() const { return test_failed_; }

 private:
  std::string add(std::string_view path, const Node& value) {
    Place at = locate(path);
    if (at.container == nullptr) return quoted("add operation does not apply: doc is missing path: ", path);
    std::string wrong = insert(at, value);
    return wrong.empty() ? wrong : in("add", "path", path, wrong);
  }

  std::string remove(std::string_view path) {
    Place at = locate(path);
    if (at.container == nullptr) return quoted("remove operation does not apply: doc is missing path: ", path);
    std::string wrong = erase(at);
    return wrong.empty() ? wrong : in("remove", "path", path, wrong);
  }

  std::string replace(std::string_view path, const Node& value) {
    if (path.empty()) {
      if (!value.is_map() && !value.is_list()) return "replace operation value must be object or array";
      object_ = value;
      return {};
    }
    Place at = locate(path);
    std::string shown(path);
    if (at.container == nullptr) return missing("replace operation does not apply: doc is missing path: " + shown);
    std::string token, wrong;
    bool is_there = get(at, token, wrong) != nullptr;
    if (at.container->is_map()) return insert(at, value);  // a member that is not there is made
    if (!is_there) return missing("replace operation does not apply: doc is missing key: " + shown);
    return change("replace", at.pointer + "/" + token, {}, &value);
  }

  std::string move(std::string_view from, std::string_view path) {
    Place source = locate(from);
    if (source.container == nullptr) {
      return missing("move operation does not apply: doc is missing from path: " + std::string(from));
    }
    std::string token, wrong;
    const Node* found = get(source, token, wrong);
    if (found == nullptr && source.container->is_list()) return in("move", "path", source.key, wrong);
    Node value = found == nullptr ? Node() : *found;
    wrong = erase(source);
    if (!wrong.empty()) return in("move", "path", source.key, wrong);
    Place at = locate(path);
    if (at.container == nullptr) {
      return missing("move operation does not apply: doc is missing destination path: " + std::string(path));
    }
    wrong = insert(at, value);
    return wrong.empty() ? wrong : in("move", "path", path, wrong);
  }

  std::string copy(std::string_view from, std::string_view path) {
    Place source = locate(from);
    if (source.container == nullptr) {
      return missing("copy operation does not apply: doc is missing from path: " + std::string(from));
    }
    std::string token, wrong;
    const Node* found = get(source, token, wrong);
    if (found == nullptr && source.container->is_list()) return in("copy", "from", from, wrong);
    wrong.clear();
    std::string pointer = source.pointer + "/" + token;
    Place at = locate(path);
    if (at.container == nullptr) {
      return missing("copy operation does not apply: doc is missing destination path: " + std::string(path));
    }
    std::string target = place_to_insert(at, wrong);
    if (!wrong.empty()) return "error while adding value during copy: " + wrong;
    Node nothing;  // what is not there is copied as null
    return found == nullptr ? change("add", target, {}, &nothing) : change("copy", target, pointer, nullptr);
  }

  std::string test(std::string_view path, const Node& value) {
    const Node* there = &object_;
    if (!path.empty()) {
      Place at = locate(path);
      if (at.container == nullptr)
        return missing("test operation does not apply: is missing path: " + std::string(path));
      std::string token, wrong;
      there = get(at, token, wrong);
      if (there == nullptr && at.container->is_list()) return in("test", "path", path, wrong);
    }
    test_failed_ = !doc::equal(there == nullptr ? doc::kNullNode : *there, value);
    return test_failed_ ? "testing value " + std::string(path) + " failed: test failed" : std::string();
  }

  // Walks to the container of the last token, making the structs on the way that the API server would have written.
  Place locate(std::string_view path) {
    Place at;
    std::vector<std::string> tokens = tokens_of(path);
    if (tokens.empty()) return at;
    if (type_) write_structs(tokens);
    const Node* node = &object_;
    for (size_t i = 0; i + 1 < tokens.size(); ++i) {
      std::string token, wrong;
      node = get(*node, tokens[i], token, wrong);
      if (node == nullptr || (!node->is_map() && !node->is_list())) return at;
      at.pointer.append("/").append(token);
    }
    at.container = node;
    at.key = std::move(tokens.back());
    return at;
  }

  void write_structs(const std::vector<std::string>& tokens) {
    const Node* node = &object_;
    std::optional<kube::MergeType> type = type_;
    std::string pointer;
    for (const std::string& token : tokens) {
      std::string canonical, wrong;
      bool is_list = node->is_list();
      const Node* next = get(*node, token, canonical, wrong);
      if ((next == nullptr || next->is_null()) && node->is_map() && type->always_written(token)) {
        Node empty = build_.map({});
        std::string at = pointer;
        at.append("/").append(canonical);
        if (!change("add", at, {}, &empty).empty()) return;
        next = doc::resolve_pointer(object_, at);
      }
      if (next == nullptr) return;
      type = is_list ? std::optional(type->kind() == kube::MergeType::Kind::kList ? type->element()
                                                                                  : kube::MergeType::any())
                     : type->member(token);
      if (!type || type->kind() == kube::MergeType::Kind::kAny) return;
      pointer.append("/").append(canonical);
      node = next;
    }
  }

  // The member or element, and the token that a JSON Pointer has for it. nullptr: no such member, or no such element,
  // with `wrong` set.
  static const Node* get(const Node& container, const std::string& key, std::string& token, std::string& wrong) {
    if (container.is_map()) {
      token = doc::escape_pointer_token(key);
      const Node* found = container.find(std::string_view(key));
      return found;
    }
    std::optional<int64_t> index = index_of(key);
    if (!index) {
      wrong = not_an_index(key);
      return nullptr;
    }
    int64_t size = container.size;
    int64_t at = *index < 0 ? *index + size : *index;
    if (at < 0 || at >= size) {
      wrong = bad_index(*index);
      return nullptr;
    }
    token = std::to_string(at);
    return &container.items[at];
  }
  static const Node* get(const Place& at, std::string& token, std::string& wrong) {
    return get(*at.container, at.key, token, wrong);
  }

  std::string erase(const Place& at) {
    std::string token, wrong;
    if (get(at, token, wrong) == nullptr) {
      if (at.container->is_map()) return "Unable to remove nonexistent key: " + at.key + std::string(kMissing);
      return wrong;
    }
    return change("remove", at.pointer + "/" + token, {}, nullptr);
  }

  static std::string place_to_insert(const Place& at, std::string& wrong) {
    if (at.container->is_map()) return at.pointer + "/" + doc::escape_pointer_token(at.key);
    if (at.key == "-") return at.pointer + "/-";
    std::optional<int64_t> index = index_of(at.key);
    if (!index) {
      wrong = not_an_index(at.key);
      return {};
    }
    int64_t size = int64_t{at.container->size} + 1;
    int64_t to = *index < 0 ? *index + size : *index;
    if (to < 0 || to >= size) {
      wrong = bad_index(*index);
      return {};
    }
    return at.pointer + "/" + std::to_string(to);
  }

  std::string insert(const Place& at, const Node& value) {
    std::string wrong;
    std::string target = place_to_insert(at, wrong);
    return wrong.empty() ? change("add", target, {}, &value) : wrong;
  }

  std::string change(std::string_view op, const std::string& path, const std::string& from, const Node* value) {
    std::vector<std::pair<std::string_view, Node>> members{{"op", build_.string(op)}, {"path", build_.string(path)}};
    if (!from.empty()) members.emplace_back("from", build_.string(from));
    if (value != nullptr) members.emplace_back("value", *value);
    doc::PatchLimits limits;
    limits.nodes_copied_max = kPatchNodesCopiedMax;
    base::Result<Node> changed = doc::apply_json_patch_operation(object_, build_.map(members), arena_, copied_, limits);
    if (!changed) return changed.error().what;
    object_ = *changed;
    return {};
  }

  static std::string missing(const std::string& what) { return what + std::string(kMissing); }
  static std::string quoted(std::string_view what, std::string_view path) {
    return std::string(what) + "\"" + std::string(path) + "\"" + std::string(kMissing);
  }
  static std::string in(std::string_view op, std::string_view which, std::string_view path, const std::string& what) {
    return "error in " + std::string(op) + " for " + std::string(which) + ": '" + std::string(path) + "': " + what;
  }
  static std::string not_an_index(const std::string& key) {
    std::string quoted_key;
    doc::append_json_string(quoted_key, key);
    return "value was not a proper array index: '" + key + "': strconv.Atoi: parsing " + quoted_key +
           ": invalid syntax";
  }
  static std::string bad_index(int64_t index) {
    return "Unable to access invalid index: " + std::to_string(index) + std::string(kBadIndex);
  }

  Node object_;
  const std::optional<kube::MergeType>& type_;
  base::Arena& arena_;
  doc::Builder build_;
  size_t copied_ = 0;
  bool test_failed_ = false;
};

}  // namespace

PatchedObject apply_patch(const Node& object, const Node& operations, const std::optional<kube::MergeType>& type,
                          base::Arena& arena) {
  if (operations.size > kPatchOperationsMax) {
    return {object, false, "more than " + std::to_string(kPatchOperationsMax) + " operations in one JSON Patch"};
  }
  Run run(object, type, arena);
  for (const Node& operation : operations.list()) {
    std::string wrong = run.apply(operation);
    if (run.test_failed()) return {object, true, {}};
    if (!wrong.empty()) return {object, false, std::move(wrong)};
  }
  return {run.object(), false, {}};
}

}  // namespace ameia::policy
