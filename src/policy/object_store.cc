#include "policy/object_store.h"

#include <algorithm>
#include <tuple>

#include "doc/build.h"

namespace ameia::policy {
namespace {

using doc::Node;

constexpr std::string_view kAlways[] = {"apiVersion", "kind", "metadata", "name", "namespace", "labels"};
// Members whose value is a structure with fields of its own, down to the containers of a pod template. Everything else
// may be a map that somebody loops over, and is kept as it is.
constexpr std::string_view kStructures[] = {"metadata",    "spec",       "status",         "template",
                                            "jobTemplate", "containers", "initContainers", "ephemeralContainers"};

bool one_of(std::string_view text, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

// A copy that owes nothing to its document: no place, keys and texts in the store's memory.
class Copier {
 public:
  // `fields` nullptr: everything is kept.
  Copier(KeptMemory& memory, const std::set<std::string, std::less<>>* fields) : memory_(memory), fields_(fields) {}

  Node copy(const Node& from, bool is_structure, size_t depth) {
    Node to = from;
    to.begin = to.end = 0;
    if (depth == 0 && (from.is_list() || from.is_map())) return Node{};
    if (from.is_string()) to.chars = memory_.arena.copy(from.str()).data();
    if (from.is_list()) {
      Node* items = memory_.arena.array<Node>(from.size);
      for (size_t i = 0; i < from.size; ++i) items[i] = copy(from.items[i], is_structure, depth - 1);
      to.items = items;
    }
    if (from.is_map()) {
      auto leave_out = [&](std::string_view key) {
        return is_structure && fields_ != nullptr && !one_of(key, kAlways) && !fields_->contains(key);
      };
      size_t size = 0;
      for (const doc::Member& member : from.map()) size += leave_out(member.key->view()) ? 0 : 1;
      auto* members = memory_.arena.array<doc::Member>(size);
      to.size = static_cast<uint32_t>(size);
      to.members = members;
      for (const doc::Member& member : from.map()) {
        std::string_view key = member.key->view();
        if (leave_out(key)) continue;
        Node value = copy(member.value, is_structure && one_of(key, kStructures), depth - 1);
        *members++ = {memory_.keys.intern(key, member.hash), member.hash, 0, value};
      }
    }
    return to;
  }

 private:
  KeptMemory& memory_;
  const std::set<std::string, std::less<>>* fields_;
};

uint32_t label_hash(std::string_view key, std::string_view value) {
  return doc::key_hash(key) * 31 + doc::key_hash(value);
}

const Node& empty_list() {
  static base::Arena arena;
  static const Node kList = [] {
    doc::Builder build(arena);
    return build.map({{"apiVersion", build.string("v1")}, {"kind", build.string("List")}, {"items", build.list({})}});
  }();
  return kList;
}

}  // namespace

bool ObjectStore::is_wanted(std::string_view group, const kube::ResourceInfo& info) const {
  if (wanted_ == nullptr) return false;
  const Asked& asked = wanted_->asked;
  if (asked.computed) return true;
  // The plural of a custom kind may be declared in a file not yet read: its group decides.
  return std::any_of(asked.resources.begin(), asked.resources.end(), [&](const ResourceName& name) {
    return name.group == group && (info.guessed || name.plural == info.resource);
  });
}

void ObjectStore::keep(const kube::ObjectView& object, const kube::ResourceTable& resources) {
  if (wanted_ == nullptr || !wanted_->asked.any() || !object.is_object()) return;
  std::string_view group = object.group_version().group;
  kube::ResourceInfo info = resources.find(group, object.kind());
  if (!is_wanted(group, info)) return;
  if (memory_->arena.reserved_bytes() + memory_->keys.reserved_bytes() >= memory_->bytes_max) {
    memory_->full = true;
    return;
  }
  bool may_leave_out = !wanted_->whole_objects && !wanted_->asked.computed && !info.guessed;
  Node kept = Copier(*memory_, may_leave_out ? &wanted_->asked.fields : nullptr)
                  .copy(object.root(), true, kKeptObjectsDepthMax);
  // As the API server would have stored it.
  if (info.scope == kube::Scope::kNamespaced && object.ns().empty()) {
    doc::Builder build(memory_->arena);
    Node metadata = object.metadata().is_map() ? kept["metadata"] : build.map({});
    kept = build.with_member(kept, "metadata", build.with_member(metadata, "namespace", build.string("default")));
  }
  kept_[{std::string(group), std::string(object.kind())}].push_back(kept);
}

void ObjectStore::absorb(ObjectStore&& other) {
  for (auto& [kind, objects] : other.kept_) {
    std::vector<Node>& mine = kept_[kind];
    mine.insert(mine.end(), objects.begin(), objects.end());
  }
  other.kept_.clear();
  if (other.memory_ == nullptr) return;
  complete_ = complete_ && !other.memory_->full;
  if (others_.empty() || others_.back() != other.memory_) {
    if (std::find(others_.begin(), others_.end(), other.memory_) == others_.end()) others_.push_back(other.memory_);
  }
}

ObjectStore::Labels ObjectStore::labels_of(std::span<const Node> objects) {
  std::vector<std::pair<uint32_t, uint32_t>> found;
  for (uint32_t i = 0; i < objects.size(); ++i) {
    for (const doc::Member& label : objects[i]["metadata"]["labels"].map()) {
      if (label.value.is_string()) found.emplace_back(label_hash(label.key->view(), label.value.str()), i);
    }
  }
  std::sort(found.begin(), found.end());
  Labels labels;
  for (const auto& [hash, position] : found) {
    labels.hashes.push_back(hash);
    labels.positions.push_back(position);
  }
  return labels;
}

void ObjectStore::index(Index& index, std::vector<Node>& objects) {
  auto ns_of = [&](const Node& object) {
    return index.namespaced ? kube::ObjectView(object).ns() : std::string_view();
  };
  // In order of namespace, then name; of two with one name the one that was read first comes first.
  struct Row {
    std::string_view ns, name;
    uint32_t number;
  };
  std::vector<Row> rows;
  rows.reserve(objects.size());
  for (const Node& object : objects)
    rows.push_back({ns_of(object), kube::ObjectView(object).name(), static_cast<uint32_t>(rows.size())});
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::tie(a.ns, a.name, a.number) < std::tie(b.ns, b.name, b.number);
  });
  // One array in that order: each namespace's list is a part of it.
  Node* all = memory_->arena.array<Node>(objects.size());
  for (size_t i = 0; i < rows.size(); ++i) all[i] = objects[rows[i].number];
  doc::Builder build(memory_->arena);
  auto make_list = [&](const Node* items, size_t size) {
    Node list;
    list.kind = doc::Kind::kList;
    list.size = static_cast<uint32_t>(size);
    list.items = items;
    return build.map({{"apiVersion", build.string(kube::ObjectView(*items).api_version())},
                      {"kind", build.string(std::string(kube::ObjectView(*items).kind()) + "List")},
                      {"items", list}});
  };
  index.list = make_list(all, objects.size());
  for (size_t begin = 0; begin < objects.size();) {
    size_t end = begin;
    Namespace& ns = index.namespaces[std::string(ns_of(all[begin]))];
    for (; end < objects.size() && ns_of(all[end]) == ns_of(all[begin]); ++end) {
      ns.by_name.try_emplace(kube::ObjectView(all[end]).name(), &all[end]);
    }
    ns.list = make_list(all + begin, end - begin);
    ns.labels = labels_of({all + begin, end - begin});
    begin = end;
  }
}

void ObjectStore::seal(const kube::ResourceTable& resources) {
  resources_ = &resources;
  if (memory_ == nullptr) memory_ = std::make_shared<KeptMemory>();
  complete_ = complete_ && !memory_->full;
  groups_.clear();
  for (auto& [kind, objects] : kept_) {
    if (objects.empty()) continue;
    kube::ResourceInfo info = resources.find(kind.first, kind.second);
    Index& of_kind = groups_[kind.first][info.resource];
    of_kind.namespaced = info.scope == kube::Scope::kNamespaced;
    index(of_kind, objects);
  }
}

const ObjectStore::Index* ObjectStore::find(std::string_view group, std::string_view plural) const {
  auto in_group = groups_.find(group);
  if (in_group == groups_.end()) return nullptr;
  auto found = in_group->second.find(plural);
  return found == in_group->second.end() ? nullptr : &found->second;
}

bool ObjectStore::holds(const ResourceName& resource, std::string_view ns) const {
  const Index* found = find(resource.group, resource.plural);
  return found != nullptr && (ns.empty() || !found->namespaced || found->namespaces.contains(ns));
}

const Node& ObjectStore::list(std::string_view api_version, std::string_view resource, std::string_view ns) const {
  const Index* found = find(kube::split_api_version(api_version).group, resource);
  if (found == nullptr) return empty_list();
  if (ns.empty() || !found->namespaced) return found->list;
  auto in_ns = found->namespaces.find(ns);
  return in_ns == found->namespaces.end() ? empty_list() : in_ns->second.list;
}

const ObjectStore::Namespace* ObjectStore::find(std::string_view api_version, std::string_view resource,
                                                std::string_view ns) const {
  const Index* found = find(kube::split_api_version(api_version).group, resource);
  if (found == nullptr) return nullptr;
  const auto in_ns = found->namespaces.find(found->namespaced ? ns : std::string_view());
  return in_ns == found->namespaces.end() ? nullptr : &in_ns->second;
}

std::optional<std::span<const uint32_t>> ObjectStore::labelled(std::string_view api_version, std::string_view resource,
                                                               std::string_view ns, std::string_view key,
                                                               std::string_view value) const {
  const Namespace* found = find(api_version, resource, ns);
  if (found == nullptr) return std::nullopt;
  const Labels& labels = found->labels;
  const auto [begin, end] = std::equal_range(labels.hashes.begin(), labels.hashes.end(), label_hash(key, value));
  return std::span(labels.positions)
      .subspan(static_cast<size_t>(begin - labels.hashes.begin()), static_cast<size_t>(end - begin));
}

const Node* ObjectStore::get(std::string_view api_version, std::string_view resource, std::string_view ns,
                             std::string_view name) const {
  const Namespace* found = find(api_version, resource, ns);
  if (found == nullptr) return nullptr;
  const auto object = found->by_name.find(name);
  return object == found->by_name.end() ? nullptr : object->second;
}

std::string ObjectStore::resource_of(std::string_view api_version, std::string_view kind) const {
  std::string_view group = kube::split_api_version(api_version).group;
  return resources_ == nullptr ? kube::guess_plural(kind) : resources_->find(group, kind).resource;
}

}  // namespace ameia::policy
