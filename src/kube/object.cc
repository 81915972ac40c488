#include "kube/object.h"

#include "kube/limits.h"

namespace ameia::kube {

GroupVersion split_api_version(std::string_view api_version) {
  size_t slash = api_version.find('/');
  if (slash == std::string_view::npos) return {{}, api_version};
  return {api_version.substr(0, slash), api_version.substr(slash + 1)};
}

const doc::Node* ObjectView::controller() const {
  for (const doc::Node& owner : metadata()["ownerReferences"].list()) {
    if (owner["controller"].boolean_or(false)) return &owner;
  }
  return nullptr;
}

namespace {

void expand(const doc::Node& root, size_t depth, std::vector<const doc::Node*>& out) {
  std::string_view kind = root["kind"].str();
  const doc::Node* items = kind.ends_with("List") ? root.find("items") : nullptr;
  if (items == nullptr || !items->is_list() || depth >= kListDepthMax) {
    out.push_back(&root);
    return;
  }
  for (const doc::Node& item : items->list()) expand(item, depth + 1, out);
}

}  // namespace

void expand_list(const doc::Node& root, std::vector<const doc::Node*>& out) {
  expand(root, 0, out);
}

}  // namespace ameia::kube
