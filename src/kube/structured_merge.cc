#include "kube/structured_merge.h"

#include <algorithm>
#include <expected>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "doc/build.h"
#include "doc/json.h"
#include "kube/limits.h"

namespace ameia::kube {
namespace {

using doc::Node;

// As Go names the type of a decoded value.
std::string_view go_type(const Node& value) {
  switch (value.kind) {
    case doc::Kind::kNull: return "structpb.NullValue";
    case doc::Kind::kBool: return "bool";
    case doc::Kind::kInt: return "int64";
    case doc::Kind::kDouble: return "float64";
    case doc::Kind::kString: return "string";
    case doc::Kind::kList: return "[]interface {}";
    case doc::Kind::kMap: return "map[string]interface {}";
  }
  return "";
}

// As Go's %v prints a decoded value.
void print_go(const Node& value, std::string& out) {
  bool first = true;
  switch (value.kind) {
    case doc::Kind::kNull: out += "NULL_VALUE"; break;
    case doc::Kind::kString: out += value.str(); break;
    case doc::Kind::kList:
      out += '[';
      for (const Node& item : value.list()) {
        if (!first) out += ' ';
        print_go(item, out);
        first = false;
      }
      out += ']';
      break;
    case doc::Kind::kMap:
      out += "map[";
      for (const doc::Member& member : value.map()) {
        if (!first) out += ' ';
        out += member.key->view();
        out += ':';
        print_go(member.value, out);
        first = false;
      }
      out += ']';
      break;
    default: out += doc::to_json(value);
  }
}

std::string printed(const Node& value) {
  std::string out;
  print_go(value, out);
  if (out.size() > kPrintedValueBytesMax) {
    out.resize(kPrintedValueBytesMax);
    out += "…";
  }
  return out;
}

// What is wrong with a scalar of that type; empty when nothing.
std::string scalar_error(MergeType::Scalar scalar, const Node& value, const TypeRules& rules) {
  if (value.is_null() && rules.nulls) return {};
  bool is_number = value.is_int() || value.kind == doc::Kind::kDouble;
  switch (scalar) {
    case MergeType::Scalar::kNumeric:
      return is_number ? std::string() : "expected numeric (int or float), got " + std::string(go_type(value));
    case MergeType::Scalar::kString:
      if (value.is_string()) return {};
      return "expected string, got &value.valueUnstructured{Value:" + (value.is_null() ? "0" : printed(value)) + "}";
    case MergeType::Scalar::kBoolean:
      return value.is_bool() ? std::string() : "expected boolean, got &{" + printed(value) + "}";
    case MergeType::Scalar::kUntyped:
      if (is_number || value.is_string() || value.is_bool()) return {};
      return "expected any scalar, got &{" + printed(value) + "}";
  }
  return {};
}

bool is_associative(const MergeType& list) {
  return list.list_type() == ListType::kSet || list.list_type() == ListType::kKeyed;
}

// How an element of an associative list is found: "[name=\"a\"]", "[=\"a\"]"; or why it cannot be.
std::expected<std::string, std::string> element_key(const MergeType& list, const Node& item) {
  if (list.list_type() == ListType::kSet) {
    if (item.is_map()) return std::unexpected("associative list without keys has an element that's a map type");
    if (item.is_list()) return std::unexpected("not supported: associative list with lists as elements");
    if (item.is_null()) return std::unexpected("associative list without keys has an element that's an explicit null");
    return "[=" + doc::to_json(item) + "]";
  }
  if (item.is_null()) return std::unexpected("associative list with keys may not have a null element");
  if (!item.is_map()) return std::unexpected("associative list with keys may not have non-map elements");
  std::vector<std::string> parts;
  for (std::string_view key : list.keys()) {
    const Node* value = item.find(key);
    if (value == nullptr || value->is_null()) value = list.element().default_of(key);
    if (value == nullptr) {
      return std::unexpected("associative list with keys has an element that omits key field \"" + std::string(key) +
                             "\" (and doesn't have default value)");
    }
    parts.push_back(std::string(key) + "=" + doc::to_json(*value));
  }
  std::sort(parts.begin(), parts.end());
  std::string out = "[";
  for (const std::string& part : parts) out += (out.size() > 1 ? "," : "") + part;
  return out + "]";
}

// Checks a value beside its type. Depth is bounded by the value's own.
class Validator {
 public:
  explicit Validator(const TypeRules& rules) : rules_(rules) {}
  std::vector<std::string> errors;

  void value(const Node& node, const MergeType& type, const std::string& path) {
    switch (type.kind()) {
      case MergeType::Kind::kAny:
        if (node.is_null() && !rules_.nulls) add(path, "expected map, got &{" + printed(node) + "}");
        return;
      case MergeType::Kind::kScalar:
        if (std::string wrong = scalar_error(type.scalar(), node, rules_); !wrong.empty()) add(path, wrong);
        return;
      case MergeType::Kind::kList:
        if (node.is_null() && rules_.nulls) return;
        if (!node.is_list()) return add(path, "expected list, got &{" + printed(node) + "}");
        return list(node, type, path);
      case MergeType::Kind::kMap:
        if (node.is_null() && rules_.nulls) return;
        if (!node.is_map()) return add(path, "expected map, got &{" + printed(node) + "}");
        for (const doc::Member& member : node.map()) {
          std::string at = path + "." + std::string(member.key->view());
          std::optional<MergeType> inner = type.member(member.key->view());
          if (inner) {
            value(member.value, *inner, at);
          } else if (!rules_.unknown_fields) {
            add(at, "field not declared in schema");
          }
        }
    }
  }

 private:
  void list(const Node& node, const MergeType& type, const std::string& path) {
    MergeType element = type.element();
    std::set<std::string> seen;
    size_t index = 0;
    for (const Node& item : node.list()) {
      std::string at = "[" + std::to_string(index) + "]";
      if (is_associative(type)) {
        std::expected<std::string, std::string> key = element_key(type, item);
        if (!key) return add(path, "element " + std::to_string(index) + ": " + key.error());
        if (!seen.insert(*key).second && !rules_.duplicates) add(path, "duplicate entries for key " + *key);
        at = *key;
      }
      value(item, element, path + at);
      ++index;
    }
  }

  void add(const std::string& path, const std::string& message) {
    if (errors.size() < kTypeErrorsMax) errors.push_back(path.empty() ? message : path + ": " + message);
  }

  const TypeRules& rules_;
};

std::string joined(const std::vector<std::string>& errors) {
  if (errors.size() < 2) return errors.empty() ? std::string() : errors.front();
  std::string out = "errors:";
  for (const std::string& error : errors) out += "\n  " + error;
  return out;
}

void find_atomics(const Node& value, const MergeType& type, const std::string& path, std::vector<std::string>& out) {
  MergeType::Kind kind = type.kind();
  if (value.is_map() && (kind == MergeType::Kind::kMap || kind == MergeType::Kind::kAny)) {
    if (kind == MergeType::Kind::kMap && type.atomic_map()) out.push_back(path);
    for (const doc::Member& member : value.map()) {
      bool declared = false;  // what stands under a free key of a map is not looked into
      std::optional<MergeType> inner = type.member(member.key->view(), &declared);
      if (inner && declared) find_atomics(member.value, *inner, path + "." + std::string(member.key->view()), out);
    }
  }
  if (value.is_list() && (kind == MergeType::Kind::kList || kind == MergeType::Kind::kAny)) {
    bool any = kind == MergeType::Kind::kAny;
    if (any || type.list_type() == ListType::kAtomic) out.push_back(path);
    MergeType element = any ? MergeType::any() : type.element();
    size_t index = 0;
    for (const Node& item : value.list()) find_atomics(item, element, path + "[" + std::to_string(index++) + "]", out);
  }
}

// Walks both sides beside the type. A null of the live object is "not there".
class Merger {
 public:
  explicit Merger(base::Arena& arena) : build_(arena) {}
  std::vector<std::string> errors;

  Node merge(const Node* live, const Node& patch, const MergeType& type, const std::string& path) {
    if (live == nullptr) return patch;
    MergeType::Kind kind = type.kind();
    bool both_maps = live->is_map() && patch.is_map(), both_lists = live->is_list() && patch.is_list();
    if (both_maps && (kind == MergeType::Kind::kAny || (kind == MergeType::Kind::kMap && !type.atomic_map()))) {
      return map(*live, patch, type, path);
    }
    if (both_lists && kind == MergeType::Kind::kList && is_associative(type)) return list(*live, patch, type, path);
    return patch;
  }

 private:
  Node map(const Node& live, const Node& patch, const MergeType& type, const std::string& path) {
    std::unordered_map<std::string_view, const Node*> wanted;  // of the patch, until its turn has come
    for (const doc::Member& member : patch.map()) wanted.emplace(member.key->view(), &member.value);
    std::vector<std::pair<std::string_view, Node>> members;
    members.reserve(live.size + patch.size);
    for (const doc::Member& member : live.map()) {
      std::string_view name = member.key->view();
      auto change = wanted.find(name);
      if (change == wanted.end()) {
        members.emplace_back(name, member.value);
        continue;
      }
      MergeType inner = type.member(name).value_or(MergeType::any());
      members.emplace_back(name, merge(&member.value, *change->second, inner, path + "." + std::string(name)));
      wanted.erase(change);
    }
    for (const doc::Member& member : patch.map()) {
      if (wanted.contains(member.key->view())) members.emplace_back(member.key->view(), member.value);
    }
    return build_.map(members);
  }

  struct Indexed {
    std::vector<std::string> keys;                        // by element
    std::unordered_map<std::string, const Node*> by_key;  // nullptr: there are several, none of them is merged with
  };
  Indexed index(const Node& list, const MergeType& type, const std::string& path, bool duplicates) {
    Indexed out;
    size_t at = 0;
    for (const Node& item : list.list()) {
      std::expected<std::string, std::string> key = element_key(type, item);
      size_t here = at++;
      if (!key) {
        errors.push_back(path + ": element " + std::to_string(here) + ": " + key.error());
        continue;
      }
      auto [place, is_new] = out.by_key.try_emplace(*key, &item);
      if (!is_new && !duplicates) errors.push_back(path + ": duplicate entries for key " + *key);
      if (!is_new) place->second = nullptr;
      out.keys.push_back(std::move(*key));
    }
    return out;
  }

  // Live elements keep their order; new ones of the patch stand after what they follow there; elements of both are
  // ordered as the patch orders them.
  Node list(const Node& live, const Node& patch, const MergeType& type, const std::string& path) {
    Indexed left = index(live, type, path, true), right = index(patch, type, path, false);
    if (!errors.empty()) return live;
    MergeType element = type.element();
    std::vector<Node> out;
    std::vector<const std::string*> shared;
    for (const std::string& key : right.keys) {
      if (left.by_key.contains(key)) shared.push_back(&key);
    }
    size_t next_shared = 0;
    std::set<std::string_view> merged;
    auto take = [&](const std::string& key) {
      merged.insert(key);
      auto there = left.by_key.find(key);
      out.push_back(
          merge(there == left.by_key.end() ? nullptr : there->second, *right.by_key.at(key), element, path + key));
    };
    for (size_t l = 0, r = 0; l < left.keys.size() || r < right.keys.size();) {
      if (l < left.keys.size() && r < right.keys.size()) {
        const std::string& key = left.keys[l];
        if (key == right.keys[r]) {
          take(key);
          ++l;
          ++r;
          ++next_shared;
          continue;
        }
        if (right.by_key.contains(key) && next_shared < shared.size() && *shared[next_shared] != key) {
          ++l;  // shared, and its turn comes later
          continue;
        }
      }
      if (l < left.keys.size()) {
        const std::string& key = left.keys[l];
        if (!right.by_key.contains(key)) {
          out.push_back(live.items[l]);
          ++l;
          continue;
        }
        if (merged.contains(key)) ++l;  // a duplicate of what is merged already
      }
      if (r < right.keys.size()) {
        const std::string& key = right.keys[r];
        take(key);
        ++r;
        if (next_shared < shared.size() && *shared[next_shared] == key) ++next_shared;
      }
    }
    return build_.list(out);
  }

  doc::Builder build_;
};

}  // namespace

std::string type_errors(const Node& value, const MergeType& type, const TypeRules& rules) {
  Validator validator(rules);
  validator.value(value, type, "");
  return joined(validator.errors);
}

std::vector<std::string> atomic_places(const Node& value, const MergeType& type) {
  std::vector<std::string> out;
  find_atomics(value, type, "", out);
  return out;
}

base::Result<Node> structured_merge(const Node& live, const Node& patch, const MergeType& type, base::Arena& arena) {
  Merger merger(arena);
  Node out = merger.merge(&live, patch, type, "");
  if (!merger.errors.empty()) return base::fail(base::Code::kInvalidInput, joined(merger.errors));
  return out;
}

}  // namespace ameia::kube
