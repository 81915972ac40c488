#include "policy/fix.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <span>

#include "doc/build.h"
#include "doc/patch.h"
#include "kube/pod.h"

namespace ameia::policy {
namespace {

using doc::Node;
using Tokens = std::span<const std::string>;
using Place = std::optional<Node>;  // nullopt: nothing is there

bool is_filled(const Node& node) {
  return !node.is_null() && !((node.is_list() || node.is_map() || node.is_string()) && node.size == 0);
}

const Node* step_down(const Node& node, const std::string& token) {
  return doc::resolve_pointer(node, "/" + doc::escape_pointer_token(token));
}

const Node* node_at(const Node& from, Tokens path) {
  const Node* node = &from;
  for (const std::string& token : path) {
    if (node == nullptr) return nullptr;
    node = step_down(*node, token);
  }
  return node;
}

bool is_container_list(std::string_view name) {
  return name == kube::field_name(kube::ContainerKind::kMain) || name == kube::field_name(kube::ContainerKind::kInit) ||
         name == kube::field_name(kube::ContainerKind::kEphemeral);
}

// Where the paths of a fix begin, for a finding at `place`; nullopt when the place lies in nothing of the kind.
std::optional<FixPath> base_of(Fix::In in, const Node& object, const FixPath& place) {
  if (in == Fix::In::kObject) return FixPath();
  if (in == Fix::In::kField) return place;
  if (in == Fix::In::kPod) {
    std::optional<kube::PodView> pod = kube::find_pod(object);
    if (!pod) return std::nullopt;
    auto path = doc::parse_pointer(std::string(pod->pointer) + "/spec");
    return path ? std::optional(*path) : std::nullopt;
  }
  const Node* node = &object;
  std::optional<FixPath> found;
  for (size_t i = 0; i < place.size() && node != nullptr; ++i) {
    const Node* next = step_down(*node, place[i]);
    bool wanted = in == Fix::In::kElement || (i > 0 && is_container_list(place[i - 1]));
    if (wanted && node->is_list() && next != nullptr && next->is_map())
      found = FixPath(place.begin(), place.begin() + static_cast<std::ptrdiff_t>(i + 1));
    node = next;
  }
  return found;
}

bool ends_with(const FixPath& place, const FixPath& end) {
  if (place.size() < end.size()) return false;
  return std::equal(
      end.begin(), end.end(), place.end() - static_cast<std::ptrdiff_t>(end.size()),
      [](const std::string& wanted, const std::string& token) { return wanted == "*" || wanted == token; });
}

bool fits(const Fix& fix, const Node& object, const FixPath& place) {
  if (!ends_with(place, fix.place_end)) return false;
  std::optional<FixPath> base = base_of(fix.in, object, place);
  if (!base) return false;
  const Node* from = node_at(object, *base);
  auto there = [&](const FixPath& path) { return from == nullptr ? nullptr : node_at(*from, path); };
  return std::all_of(fix.when.begin(), fix.when.end(),
                     [&](const auto& condition) {
                       const Node* node = there(condition.first);
                       return node != nullptr && doc::equal(*node, condition.second);
                     }) &&
         std::none_of(fix.unless.begin(), fix.unless.end(), [&](const FixPath& path) {
           const Node* node = there(path);
           return node != nullptr && is_filled(*node);
         });
}

// Rebuilds the way from the root to the places of a path; everything beside it is shared.
class Rewriter {
 public:
  explicit Rewriter(base::Arena& arena) : build_(arena), arena_(arena) {}

  using Change = std::function<base::Result<Place>(const Node* there)>;

  base::Result<Place> at(const Node* node, Tokens path, bool makes_maps, const Change& change) {
    if (path.empty()) return change(node);
    const std::string& token = path[0];
    Node empty = build_.map({});
    bool absent = node == nullptr || node->is_null();
    if (absent) {
      if (!makes_maps || token == "*") return node == nullptr ? Place() : Place(*node);
      node = &empty;
    }
    if (node->is_list()) return in_list(*node, path, makes_maps, change);
    if (!node->is_map())
      return base::fail(base::Code::kInvalidInput, "\"" + token + "\" is wanted in a value that is no map");
    const Node* child = node->find(doc::KeyRef(token));
    Place changed = TRY(at(child, path.subspan(1), makes_maps, change));
    if (changed) return build_.with_member(*node, token, *changed);
    if (child == nullptr) return Place(*node);
    return build_.without_member(*node, token);
  }

 private:
  base::Result<Place> in_list(const Node& list, Tokens path, bool makes_maps, const Change& change) {
    std::vector<Node> items;
    for (uint32_t i = 0; i < list.size; ++i) {
      if (path[0] != "*" && path[0] != std::to_string(i)) {
        items.push_back(list.items[i]);
        continue;
      }
      Place changed = TRY(at(&list.items[i], path.subspan(1), makes_maps, change));
      if (changed) items.push_back(*changed);
    }
    if (items.empty() && list.size > 0) return Place();  // an emptied list goes with its key
    Node out = list;
    out.size = static_cast<uint32_t>(items.size());
    out.items = arena_.copy(std::span<const Node>(items)).data();
    return Place(out);
  }

  doc::Builder build_;
  base::Arena& arena_;
};

bool names_program(const Node& list, std::string_view program) {
  return std::any_of(list.list().begin(), list.list().end(), [&](const Node& word) {
    std::string_view text = word.str();
    return text == program || (text.ends_with(program) && text[text.size() - program.size() - 1] == '/');
  });
}

// A flag is one word (--name=value), or two (--name value).
class CommandLine {
 public:
  CommandLine(const FixStep& step, base::Arena& arena)
      : step_(step), arena_(arena), build_(arena), name_(step.text.substr(0, step.text.find('='))) {}

  Place set_in(const Node& container) {
    const Node& command = container["command"];
    const Node& args = container["args"];
    if (!names_program(command, step_.program) && !names_program(args, step_.program)) return container;
    Node out = container;
    bool was_there = false;
    for (std::string_view field : {"command", "args"}) {
      if (container[field].is_list()) out = build_.with_member(out, field, replaced(container[field], was_there));
    }
    if (was_there) return out;
    std::string_view last = args.list().empty() ? "command" : "args";
    std::vector<Node> words(container[last].list().begin(), container[last].list().end());
    words.push_back(build_.string(step_.text));
    return build_.with_member(out, last, relist(container[last], words));
  }

 private:
  Node replaced(const Node& list, bool& was_there) {
    std::vector<Node> words;
    for (uint32_t i = 0; i < list.size; ++i) {
      std::string_view word = list.items[i].str();
      bool alone = word == name_;
      if (!alone && !word.starts_with(name_ + "=")) {
        words.push_back(list.items[i]);
        continue;
      }
      if (!was_there) words.push_back(build_.string(step_.text));  // given twice, the last one counts: one is left
      was_there = true;
      if (alone && i + 1 < list.size && !list.items[i + 1].str().starts_with("-")) ++i;
    }
    return relist(list, words);
  }

  Node relist(const Node& from, const std::vector<Node>& words) {
    Node out = from;
    out.size = static_cast<uint32_t>(words.size());
    out.items = arena_.copy(std::span<const Node>(words)).data();
    return out;
  }

  const FixStep& step_;
  base::Arena& arena_;
  doc::Builder build_;
  std::string name_;
};

base::Result<Place> change_place(const FixStep& step, const Node* there, base::Arena& arena) {
  bool absent = there == nullptr || there->is_null();
  switch (step.op) {
    case FixStep::Op::kSet: return Place(step.value);
    case FixStep::Op::kRemove: return Place();
    case FixStep::Op::kAppend: {
      if (!absent && !there->is_list())
        return base::fail(base::Code::kInvalidInput, "what is to be added to is no list");
      std::vector<Node> items;
      if (!absent) items.assign(there->items, there->items + there->size);
      bool has =
          std::any_of(items.begin(), items.end(), [&](const Node& item) { return doc::equal(item, step.value); });
      if (has) return Place(*there);
      items.push_back(step.value);
      Node out = absent ? doc::Builder(arena).list(items) : *there;
      out.size = static_cast<uint32_t>(items.size());
      out.items = arena.copy(std::span<const Node>(items)).data();
      return Place(out);
    }
    case FixStep::Op::kPrefix: {
      if (absent) return there == nullptr ? Place() : Place(*there);
      if (!there->str().starts_with(step.from)) return Place(*there);
      Node out = doc::Builder(arena).string(step.text + std::string(there->str().substr(step.from.size())));
      return Place(out);
    }
    case FixStep::Op::kFlag:
      if (absent || !there->is_map()) return there == nullptr ? Place() : Place(*there);
      return CommandLine(step, arena).set_in(*there);
  }
  return there == nullptr ? Place() : Place(*there);
}

}  // namespace

const Fix* fix_for(const FixList& list, const Node& object, std::string_view pointer) {
  auto place = doc::parse_pointer(pointer);
  if (!place) return nullptr;
  auto found =
      std::find_if(list.fixes.begin(), list.fixes.end(), [&](const Fix& fix) { return fits(fix, object, *place); });
  return found == list.fixes.end() ? nullptr : &*found;
}

base::Result<Node> apply_fix(const Fix& fix, const Node& object, std::string_view pointer, base::Arena& arena) {
  FixPath place = TRY(doc::parse_pointer(pointer));
  std::optional<FixPath> base = base_of(fix.in, object, place);
  if (!base) return base::fail(base::Code::kInvalidInput, "the finding lies in nothing that the fix is about");
  Rewriter rewriter(arena);
  Node out = object;
  for (const FixStep& step : fix.steps) {
    FixPath path = *base;
    path.insert(path.end(), step.path.begin(), step.path.end());
    bool makes_maps = step.op == FixStep::Op::kSet || step.op == FixStep::Op::kAppend;
    Place changed =
        TRY(rewriter.at(&out, path, makes_maps, [&](const Node* there) { return change_place(step, there, arena); }));
    if (!changed) return base::fail(base::Code::kInvalidInput, "the fix would leave nothing of the object");
    out = *changed;
  }
  return out;
}

}  // namespace ameia::policy
