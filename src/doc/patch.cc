#include "doc/patch.h"

#include <algorithm>
#include <optional>

#include "doc/build.h"

namespace ameia::doc {

std::string escape_pointer_token(std::string_view token) {
  std::string out;
  for (char c : token) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

base::Result<std::vector<std::string>> parse_pointer(std::string_view pointer) {
  std::vector<std::string> tokens;
  if (pointer.empty()) return tokens;
  if (pointer[0] != '/') {
    return base::fail(base::Code::kInvalidInput, "a JSON Pointer starts with '/': " + std::string(pointer));
  }
  std::string token;
  for (size_t i = 1; i <= pointer.size(); ++i) {
    if (i == pointer.size() || pointer[i] == '/') {
      tokens.push_back(std::move(token));
      token.clear();
    } else if (pointer[i] == '~') {
      char next = i + 1 < pointer.size() ? pointer[i + 1] : '\0';
      if (next != '0' && next != '1') {
        return base::fail(base::Code::kInvalidInput,
                          "'~' is written ~0 and '/' is written ~1 in a JSON Pointer: " + std::string(pointer));
      }
      token += next == '0' ? '~' : '/';
      ++i;
    } else {
      token += pointer[i];
    }
  }
  return tokens;
}

namespace {

// A list index in RFC 6901 form: digits, no leading zero.
std::optional<uint32_t> list_index(std::string_view token) {
  if (token.empty() || token.size() > 9 || (token[0] == '0' && token.size() > 1)) return std::nullopt;
  uint32_t index = 0;
  for (char c : token) {
    if (c < '0' || c > '9') return std::nullopt;
    index = index * 10 + static_cast<uint32_t>(c - '0');
  }
  return index;
}

const Node* child(const Node& parent, std::string_view token) {
  if (parent.is_map()) return parent.find(KeyRef(token));
  if (!parent.is_list()) return nullptr;
  std::optional<uint32_t> index = list_index(token);
  return index && *index < parent.size ? &parent.items[*index] : nullptr;
}

const Node* resolve(const Node& root, std::span<const std::string> tokens) {
  const Node* node = &root;
  for (const std::string& token : tokens) {
    node = child(*node, token);
    if (node == nullptr) return nullptr;
  }
  return node;
}

size_t count_nodes(const Node& node, size_t max) {
  size_t count = 1;
  for (const Node& item : node.list()) {
    if (count > max) break;
    count += count_nodes(item, max - std::min(count, max));
  }
  for (const Member& member : node.map()) {
    if (count > max) break;
    count += count_nodes(member.value, max - std::min(count, max));
  }
  return count;
}

// Whether nothing in `node` is nested deeper than `levels` lists and maps.
bool fits_depth(const Node& node, size_t levels) {
  if (!node.is_list() && !node.is_map()) return true;
  if (levels == 0) return false;
  const auto fits = [levels](const Node& child) { return fits_depth(child, levels - 1); };
  return std::all_of(node.list().begin(), node.list().end(), fits) &&
         std::all_of(node.map().begin(), node.map().end(), [&](const Member& m) { return fits(m.value); });
}

// Rebuilds the spine from the root to one place; everything beside it is shared.
class Patcher {
 public:
  Patcher(base::Arena& arena, const PatchLimits& limits, size_t& copied)
      : build_(arena), limits_(limits), copied_(copied) {}

  base::Result<Node> apply(const Node& root, const Node& operation) {
    std::string_view op = operation["op"].str();
    const Node* path = operation.find("path");
    if (path == nullptr || !path->is_string()) return invalid("the operation has no \"path\" string");
    std::vector<std::string> to = TRY(parse_pointer(path->str()));
    if (op == "add" || op == "replace" || op == "test") {
      const Node* value = operation.find("value");
      if (value == nullptr) return invalid("the operation has no \"value\"");
      if (op == "test") {
        const Node* there = resolve(root, to);
        if (there == nullptr) return invalid("the path to test does not exist");
        if (!equal(*there, *value)) return invalid("the test failed: the value there is another");
        return root;
      }
      return put(root, to, op == "add" ? Change::kAdd : Change::kReplace, *value);
    }
    if (op == "remove") return change(root, to, Change::kRemove, kNullNode);
    if (op != "move" && op != "copy") {
      return invalid("\"op\" must be add, remove, replace, move, copy or test, not \"" + std::string(op) + "\"");
    }
    const Node* from = operation.find("from");
    if (from == nullptr || !from->is_string()) return invalid("the operation has no \"from\" string");
    std::vector<std::string> source = TRY(parse_pointer(from->str()));
    const Node* found = resolve(root, source);
    if (found == nullptr) return invalid("the path in \"from\" does not exist");
    Node value = *found;
    if (op == "copy") {
      TRY_STATUS(spend(count_nodes(value, limits_.nodes_copied_max)));
      return put(root, to, Change::kAdd, value);
    }
    if (to.size() > source.size() && std::equal(source.begin(), source.end(), to.begin())) {
      return invalid("a value cannot be moved into itself");
    }
    if (to == source) return root;
    Node without = TRY(change(root, source, Change::kRemove, kNullNode));
    return put(without, to, Change::kAdd, value);
  }

 private:
  enum class Change : uint8_t { kAdd, kReplace, kRemove };

  static std::unexpected<base::Error> invalid(std::string what) {
    return base::fail(base::Code::kInvalidInput, std::move(what));
  }

  // Operations that nest the tree into itself would outgrow every recursion over it.
  base::Result<Node> put(const Node& root, std::span<const std::string> path, Change what, const Node& value) {
    if (path.size() > limits_.depth_max || !fits_depth(value, limits_.depth_max - path.size())) {
      return base::fail(base::Code::kLimit, "the patch nests deeper than " + std::to_string(limits_.depth_max));
    }
    return change(root, path, what, value);
  }

  base::Result<Node> change(const Node& node, std::span<const std::string> path, Change what, const Node& value) {
    if (path.empty()) {
      if (what == Change::kRemove) return Node();
      return value;
    }
    const std::string& token = path[0];
    if (path.size() > 1) {
      const Node* next = child(node, token);
      if (next == nullptr) return invalid("the path does not exist: no \"" + token + "\"");
      Node changed = TRY(change(*next, path.subspan(1), what, value));
      TRY_STATUS(spend(node.size));
      if (node.is_map()) return build_.with_member(node, token, changed);
      std::vector<Node> items(node.items, node.items + node.size);
      items[static_cast<size_t>(next - node.items)] = changed;
      return relist(node, items);
    }
    TRY_STATUS(spend(node.size));
    if (node.is_map()) {
      if (what != Change::kAdd && node.find(KeyRef(token)) == nullptr)
        return invalid("the path does not exist: no \"" + token + "\"");
      return what == Change::kRemove ? build_.without_member(node, token) : build_.with_member(node, token, value);
    }
    if (!node.is_list()) return invalid("the path goes through a value that is no object or list");
    std::optional<uint32_t> index = token == "-" && what == Change::kAdd ? node.size : list_index(token);
    if (!index) return invalid("\"" + token + "\" is no list index");
    if (*index > node.size || (*index == node.size && what != Change::kAdd)) {
      return invalid("list index " + token + " is past the end (" + std::to_string(node.size) + " elements)");
    }
    std::vector<Node> items(node.items, node.items + node.size);
    switch (what) {
      case Change::kAdd: items.insert(items.begin() + *index, value); break;
      case Change::kReplace: items[*index] = value; break;
      case Change::kRemove: items.erase(items.begin() + *index); break;
    }
    return relist(node, items);
  }

  // A "copy" multiplies values, and every operation copies the siblings along its path.
  base::Status spend(size_t nodes) {
    copied_ += nodes;
    if (copied_ <= limits_.nodes_copied_max) return {};
    return base::fail(base::Code::kLimit,
                      "the patch copies more than " + std::to_string(limits_.nodes_copied_max) + " values");
  }

  Node relist(const Node& from, const std::vector<Node>& items) {
    Node list = build_.list(items);
    list.style = from.style;
    list.begin = from.begin;
    list.end = from.end;
    return list;
  }

  Builder build_;
  const PatchLimits& limits_;
  size_t& copied_;
};

// Collects the operations of a diff.
class Differ {
 public:
  explicit Differ(base::Arena& arena) : build_(arena) {}
  std::vector<Node> operations;

  void node(const Node& from, const Node& to, const std::string& path) {
    if (equal(from, to)) return;
    if (from.is_map() && to.is_map()) {
      for (const Member& m : from.map()) {
        std::string at = path + "/" + escape_pointer_token(m.key->view());
        const Node* now = to.find(KeyRef(m.key->view()));
        if (now == nullptr)
          add("remove", at, nullptr);
        else
          node(m.value, *now, at);
      }
      for (const Member& m : to.map()) {
        if (from.find(KeyRef(m.key->view())) == nullptr)
          add("add", path + "/" + escape_pointer_token(m.key->view()), &m.value);
      }
      return;
    }
    if (from.is_list() && to.is_list()) return list(from, to, path);
    add("replace", path, &to);
  }

 private:
  // Common head and tail stay; the middle is replaced element by element, then shortened or extended.
  void list(const Node& from, const Node& to, const std::string& path) {
    uint32_t head = 0, tail = 0;
    uint32_t shorter = std::min(from.size, to.size);
    while (head < shorter && equal(from.items[head], to.items[head])) ++head;
    while (tail < shorter - head && equal(from.items[from.size - 1 - tail], to.items[to.size - 1 - tail])) ++tail;
    uint32_t from_middle = from.size - head - tail, to_middle = to.size - head - tail;
    uint32_t both = std::min(from_middle, to_middle);
    for (uint32_t i = 0; i < both; ++i)
      node(from.items[head + i], to.items[head + i], path + "/" + std::to_string(head + i));
    for (uint32_t i = from_middle; i > both; --i) add("remove", path + "/" + std::to_string(head + i - 1), nullptr);
    for (uint32_t i = both; i < to_middle; ++i) add("add", path + "/" + std::to_string(head + i), &to.items[head + i]);
  }

  void add(std::string_view op, const std::string& path, const Node* value) {
    std::vector<std::pair<std::string_view, Node>> members{{"op", build_.string(op)}, {"path", build_.string(path)}};
    if (value != nullptr) members.emplace_back("value", *value);
    operations.push_back(build_.map(members));
  }

  Builder build_;
};

}  // namespace

const Node* resolve_pointer(const Node& root, std::string_view pointer) {
  base::Result<std::vector<std::string>> tokens = parse_pointer(pointer);
  return tokens ? resolve(root, *tokens) : nullptr;
}

base::Result<Node> apply_json_patch(const Node& root, const Node& patch, base::Arena& arena,
                                    const PatchLimits& limits) {
  if (!patch.is_list()) return base::fail(base::Code::kInvalidInput, "a JSON Patch is a list of operations");
  if (patch.size > limits.operations_max) {
    return base::fail(base::Code::kLimit, "more than " + std::to_string(limits.operations_max) + " patch operations");
  }
  size_t copied = 0;
  Patcher patcher(arena, limits, copied);
  Node result = root;
  for (uint32_t i = 0; i < patch.size; ++i) {
    base::Result<Node> next = patcher.apply(result, patch.items[i]);
    if (!next) {
      base::Error error = next.error();
      error.where = "operation " + std::to_string(i) + ": " + std::string(patch.items[i]["path"].str());
      return std::unexpected(std::move(error));
    }
    result = *next;
  }
  return result;
}

base::Result<Node> apply_json_patch_operation(const Node& root, const Node& operation, base::Arena& arena,
                                              size_t& copied, const PatchLimits& limits) {
  return Patcher(arena, limits, copied).apply(root, operation);
}

Node apply_merge_patch(const Node& root, const Node& patch, base::Arena& arena) {
  if (!patch.is_map()) return patch;
  Builder build(arena);
  Node result = root.is_map() ? root : build.map({});
  for (const Member& m : patch.map()) {
    std::string_view name = m.key->view();
    if (m.value.is_null()) {
      result = build.without_member(result, name);
    } else {
      result = build.with_member(result, name, apply_merge_patch(result[name], m.value, arena));
    }
  }
  return result;
}

Node diff(const Node& from, const Node& to, base::Arena& arena) {
  Differ differ(arena);
  differ.node(from, to, "");
  return Builder(arena).list(differ.operations);
}

}  // namespace ameia::doc
