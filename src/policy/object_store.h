// ObjectStore: the objects of a scan that policies ask for, kept small from its first pass and then looked up by kind,
// namespace and name. It answers resource.List and resource.Get: a list is made once and shared by every evaluation.
// Neighbours: policy/asked.h says what to keep, policy/facts.cc owns one, expr/lib_kyverno.h asks it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/arena.h"
#include "doc/document.h"
#include "expr/lib_kyverno.h"
#include "kube/object.h"
#include "kube/resource.h"
#include "policy/asked.h"
#include "policy/limits.h"

namespace ameia::policy {

// What a PolicySet asks for, and how much of each object.
struct Wanted {
  Asked asked;
  bool whole_objects = false;  // some policy is not ours to look into: nothing is left out
};

// Where the kept objects of one thread live. Limits: kKeptObjectsBytesMax.
struct KeptMemory {
  size_t bytes_max = kKeptObjectsBytesMax;
  base::Arena arena;
  doc::Keys keys;
  bool full = false;  // an object was not kept
};

// Threads: keep(), absorb() and seal() by one; reading after seal() by many. Owns: its objects (shares their memory).
// Fails: never; is_complete() tells whether everything asked for was kept.
class ObjectStore final : public expr::ResourceReader {
 public:
  ObjectStore() = default;
  ObjectStore(std::shared_ptr<const Wanted> wanted, std::shared_ptr<KeptMemory> memory)
      : wanted_(std::move(wanted)), memory_(std::move(memory)) {}

  // Copies the object when somebody may ask for it.
  void keep(const kube::ObjectView& object, const kube::ResourceTable& resources);
  void absorb(ObjectStore&& other);
  // After the last keep and absorb; `resources` knows every custom resource by now and must outlive the store.
  void seal(const kube::ResourceTable& resources);

  [[nodiscard]] bool is_complete() const { return complete_; }
  // Whether there is any such object, or any in the namespace when that is not empty and the objects have one.
  [[nodiscard]] bool holds(const ResourceName& resource, std::string_view ns) const;

  [[nodiscard]] const doc::Node& list(std::string_view api_version, std::string_view resource,
                                      std::string_view ns) const override;
  // Knows the labels of the objects of one namespace.
  [[nodiscard]] std::optional<std::span<const uint32_t>> labelled(std::string_view api_version,
                                                                  std::string_view resource, std::string_view ns,
                                                                  std::string_view key,
                                                                  std::string_view value) const override;
  [[nodiscard]] const doc::Node* get(std::string_view api_version, std::string_view resource, std::string_view ns,
                                     std::string_view name) const override;
  [[nodiscard]] std::string resource_of(std::string_view api_version, std::string_view kind) const override;

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  template <typename T>
  using ByText = std::unordered_map<std::string, T, Hash, std::equal_to<>>;
  // Which objects of a list carry a label: their positions, and beside them the hash of the label, in order of hash
  // and position. Two labels of one hash are not told apart: whoever asks looks at the object.
  struct Labels {
    std::vector<uint32_t> hashes, positions;
  };
  struct Namespace {
    doc::Node list;
    std::unordered_map<std::string_view, const doc::Node*> by_name;  // names of the kept objects
    Labels labels;
  };
  struct Index {
    bool namespaced = true;
    doc::Node list;  // of all namespaces
    ByText<Namespace> namespaces;
  };
  [[nodiscard]] bool is_wanted(std::string_view group, const kube::ResourceInfo& info) const;
  [[nodiscard]] const Index* find(std::string_view group, std::string_view plural) const;
  void index(Index& index, std::vector<doc::Node>& objects);
  static Labels labels_of(std::span<const doc::Node> objects);
  [[nodiscard]] const Namespace* find(std::string_view api_version, std::string_view resource,
                                      std::string_view ns) const;

  std::shared_ptr<const Wanted> wanted_;
  std::shared_ptr<KeptMemory> memory_;
  std::vector<std::shared_ptr<KeptMemory>> others_;                             // of absorbed stores
  std::map<std::pair<std::string, std::string>, std::vector<doc::Node>> kept_;  // by group and kind
  std::map<std::string, ByText<Index>, std::less<>> groups_;                    // by group, then plural
  const kube::ResourceTable* resources_ = nullptr;
  bool complete_ = true;
};

}  // namespace ameia::policy
