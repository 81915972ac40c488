// ObjectView: the fields that every Kubernetes object has, read in place from a document's tree.
// Neighbours: kube/resource.h names the object's resource, kube/pod.h finds the pod inside, policy/ judges it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "doc/node.h"

namespace ameia::kube {

// apiVersion cut in two: "apps/v1" → {"apps", "v1"}, "v1" → {"", "v1"}.
struct GroupVersion {
  std::string_view group, version;
};
GroupVersion split_api_version(std::string_view api_version);

// Threads: free. Owns: nothing; valid as long as the document. Fails: never; a missing or wrongly typed field reads as
// empty. Limits: none needed, no recursion.
class ObjectView {
 public:
  explicit ObjectView(const doc::Node& root) : root_(&root) {}

  [[nodiscard]] const doc::Node& root() const { return *root_; }
  [[nodiscard]] std::string_view api_version() const { return (*root_)["apiVersion"].str(); }
  [[nodiscard]] std::string_view kind() const { return (*root_)["kind"].str(); }
  [[nodiscard]] GroupVersion group_version() const { return split_api_version(api_version()); }
  [[nodiscard]] const doc::Node& metadata() const { return (*root_)["metadata"]; }
  [[nodiscard]] std::string_view name() const { return metadata()["name"].str(); }
  [[nodiscard]] std::string_view generate_name() const { return metadata()["generateName"].str(); }
  [[nodiscard]] std::string_view ns() const { return metadata()["namespace"].str(); }
  [[nodiscard]] std::string_view uid() const { return metadata()["uid"].str(); }
  [[nodiscard]] const doc::Node& labels() const { return metadata()["labels"]; }
  [[nodiscard]] const doc::Node& annotations() const { return metadata()["annotations"]; }
  [[nodiscard]] std::string_view annotation(doc::KeyRef key) const { return annotations()[key].str(); }
  // The ownerReference with controller: true, or nullptr.
  [[nodiscard]] const doc::Node* controller() const;
  // Whether this can be an object at all: a map with apiVersion and kind.
  [[nodiscard]] bool is_object() const { return !api_version().empty() && !kind().empty(); }

 private:
  const doc::Node* root_;
};

// The objects of one document in source order: itself, or the items of a List (v1 List, or any kind …List with items),
// nested up to kListDepthMax. An item of a typed list (PodList) that leaves out apiVersion and kind is given as it is.
void expand_list(const doc::Node& root, std::vector<const doc::Node*>& out);

}  // namespace ameia::kube
