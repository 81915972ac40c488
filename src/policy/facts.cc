#include <unordered_set>

#include "doc/build.h"
#include "kube/object.h"
#include "kube/pod.h"
#include "policy/crd_table.h"
#include "policy/object_store.h"
#include "policy/policy.h"
#include "policy/vap.h"

namespace ameia::policy {
namespace {

constexpr std::string_view kNameLabel = "kubernetes.io/metadata.name";
constexpr uint32_t kCopyDepthMax = 16;         // of a Namespace's or a role's fields; deeper ones are dropped
constexpr uint32_t kDefinitionDepthMax = 128;  // of a CustomResourceDefinition's

// `without` names members to leave out where their value is a text: a definition's descriptions are most of it.
doc::Node copy(const doc::Node& node, doc::Builder& build, uint32_t depth, std::string_view without = {}) {
  if (depth == 0) return build.null();
  switch (node.kind) {
    case doc::Kind::kString: return build.string(node.str());
    case doc::Kind::kList: {
      std::vector<doc::Node> items;
      for (const doc::Node& item : node.list()) items.push_back(copy(item, build, depth - 1, without));
      return build.list(items);
    }
    case doc::Kind::kMap: {
      std::vector<std::pair<std::string_view, doc::Node>> members;
      for (const doc::Member& member : node.map()) {
        if (!without.empty() && member.key->view() == without && member.value.is_string()) continue;
        members.emplace_back(member.key->view(), copy(member.value, build, depth - 1, without));
      }
      return build.map(members);
    }
    default: return node;
  }
}

bool is_rbac(const kube::ObjectView& view) {
  if (view.group_version().group != "rbac.authorization.k8s.io") return false;
  const std::string_view kind = view.kind();
  return kind == "Role" || kind == "ClusterRole" || kind == "RoleBinding" || kind == "ClusterRoleBinding";
}

std::string_view ns_or_default(std::string_view ns) {
  return ns.empty() ? std::string_view("default") : ns;
}

std::string identity(std::string_view kind, std::string_view ns, std::string_view name) {
  std::string key;
  key.reserve(kind.size() + ns.size() + name.size() + 2);
  key.append(kind).append(1, '\n').append(ns_or_default(ns)).append(1, '\n').append(name);
  return key;
}

}  // namespace

struct ScanFacts::Impl {
  kube::ResourceTable resources;
  std::unordered_map<std::string, const doc::Node*, StringHash, std::equal_to<>> namespaces;
  std::unordered_set<std::string> carriers;  // objects with a pod template, by kind, namespace and name
  CrdTable crds;
  std::vector<const doc::Node*> rbac_objects;  // copies, until seal()
  std::unique_ptr<rbac::Authorizer> authorizer;
  std::vector<std::unique_ptr<base::Arena>> arenas;
  ObjectStore objects;

  base::Arena& arena() {
    if (arenas.empty()) arenas.push_back(std::make_unique<base::Arena>());
    return *arenas.front();
  }
};

ScanFacts::ScanFacts() : impl_(std::make_unique<Impl>()) {}
ScanFacts::ScanFacts(const PolicySet& policies, std::shared_ptr<KeptMemory> memory) : ScanFacts() {
  impl_->objects = ObjectStore(policies.impl().wanted, std::move(memory));
}
ScanFacts::~ScanFacts() = default;
std::shared_ptr<KeptMemory> ScanFacts::make_memory() {
  return std::make_shared<KeptMemory>();
}
ScanFacts::ScanFacts(ScanFacts&&) noexcept = default;
ScanFacts& ScanFacts::operator=(ScanFacts&&) noexcept = default;

void ScanFacts::learn(const doc::Node& object) {
  kube::ObjectView view(object);
  impl_->objects.keep(view, impl_->resources);
  if (view.kind() == "Namespace" && view.api_version() == "v1" && !view.name().empty()) {
    doc::Builder build(impl_->arena());
    doc::Node ns = copy(object, build, kCopyDepthMax);
    doc::Node labels = view.labels().is_map() ? copy(view.labels(), build, 2) : build.map({});
    labels = build.with_member(labels, kNameLabel, build.string(view.name()));
    ns = build.with_member(ns, "metadata", build.with_member(ns["metadata"], "labels", labels));
    impl_->namespaces.try_emplace(std::string(view.name()), impl_->arena().make<doc::Node>(ns));
    return;
  }
  if (view.kind() == "CustomResourceDefinition") {
    impl_->resources.learn(object);
    doc::Builder build(impl_->arena());
    impl_->crds.learn(*impl_->arena().make<doc::Node>(copy(object, build, kDefinitionDepthMax, "description")));
    return;
  }
  if (is_rbac(view)) {
    doc::Builder build(impl_->arena());
    impl_->rbac_objects.push_back(impl_->arena().make<doc::Node>(copy(object, build, kCopyDepthMax)));
    return;
  }
  std::optional<kube::PodView> pod = kube::find_pod(object);
  if (pod && pod->is_template) impl_->carriers.insert(identity(view.kind(), view.ns(), view.name()));
}

void ScanFacts::absorb(ScanFacts&& other) {
  impl_->resources.absorb(std::move(other.impl_->resources));
  impl_->crds.absorb(std::move(other.impl_->crds));
  impl_->rbac_objects.insert(impl_->rbac_objects.end(), other.impl_->rbac_objects.begin(),
                             other.impl_->rbac_objects.end());
  impl_->namespaces.merge(other.impl_->namespaces);
  impl_->carriers.merge(other.impl_->carriers);
  impl_->objects.absorb(std::move(other.impl_->objects));
  for (auto& arena : other.impl_->arenas) impl_->arenas.push_back(std::move(arena));
  other.impl_->arenas.clear();
}

void ScanFacts::seal() {
  impl_->objects.seal(impl_->resources);
  if (impl_->rbac_objects.empty()) return;
  rbac::Authorizer::Builder builder;
  for (const doc::Node* object : impl_->rbac_objects) builder.add(*object);
  impl_->authorizer = std::make_unique<rbac::Authorizer>(std::move(builder).build());
}

const ObjectStore& ScanFacts::objects() const {
  return impl_->objects;
}

const CrdTable& ScanFacts::definitions() const {
  return impl_->crds;
}

const rbac::Authorizer* ScanFacts::authorizer() const {
  return impl_->authorizer.get();
}

const kube::ResourceTable& ScanFacts::resources() const {
  return impl_->resources;
}

const doc::Node* ScanFacts::find_namespace(std::string_view name) const {
  auto it = impl_->namespaces.find(name);
  return it == impl_->namespaces.end() ? nullptr : it->second;
}

bool ScanFacts::is_owned(const doc::Node& object) const {
  kube::ObjectView view(object);
  const doc::Node* owner = view.controller();
  if (owner == nullptr) return false;
  return impl_->carriers.contains(identity((*owner)["kind"].str(), view.ns(), (*owner)["name"].str()));
}

}  // namespace ameia::policy
