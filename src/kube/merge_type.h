// MergeType: the type of a value as server-side apply sees it: scalar, list (set, keyed or atomic) or map (granular or
// atomic). From the table of built-in kinds or the schema of a CustomResourceDefinition.
// Neighbours: kube/openapi.h (the table), kube/structured_merge.h (merges by it).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "doc/node.h"
#include "kube/openapi.h"

namespace ameia::kube {

// A small handle; copy it freely. Borrows the schema of a custom resource.
class MergeType {
 public:
  enum class Kind : uint8_t { kScalar, kList, kMap, kAny };  // kAny: whatever the value is; lists in it are atomic
  enum class Scalar : uint8_t { kString, kNumeric, kBoolean, kUntyped };

  static MergeType any() { return MergeType(); }
  // A field of a built-in type, or one element of it.
  static MergeType of(const Field& field);
  static MergeType of(const StructType& type);
  // A structural schema; `resource_root` adds apiVersion, kind and metadata.
  static MergeType of_schema(const doc::Node& schema, bool resource_root);

  [[nodiscard]] Kind kind() const;
  [[nodiscard]] Scalar scalar() const;                       // kScalar
  [[nodiscard]] ListType list_type() const;                  // kList: kAtomic where nothing else is said
  [[nodiscard]] std::vector<std::string_view> keys() const;  // kList of type kKeyed
  [[nodiscard]] MergeType element() const;                   // kList
  [[nodiscard]] bool atomic_map() const;                     // kMap
  // kMap: the type of a member; nothing: not declared. `declared`: by name, not as an element of a map.
  [[nodiscard]] std::optional<MergeType> member(std::string_view name, bool* declared = nullptr) const;
  // The value that a missing key field of a list's element stands for, or nullptr.
  [[nodiscard]] const doc::Node* default_of(std::string_view key) const;
  // Whether the API server writes the member even when nobody set it: in Go a struct, not a pointer to one. A JSON
  // Patch may go through it.
  [[nodiscard]] bool always_written(std::string_view name) const;
  // The built-in object type, where this is one.
  [[nodiscard]] const std::optional<StructType>& built_in() const { return struct_; }

 private:
  enum class From : uint8_t { kAny, kField, kStruct, kSchema };
  From from_ = From::kAny;
  Field field_{};  // kField; its shape says which level of it this is
  std::optional<StructType> struct_;
  const doc::Node* schema_ = nullptr;
  bool resource_root_ = false;
};

// The types of whole objects: built-in kinds, and custom resources that were learnt.
// Threads: learn() by one, reading by many. Owns: names; borrows the schemas. Limits: kCustomResourcesMax.
class MergeTypes {
 public:
  // Learns the versions of a CustomResourceDefinition, which must outlive this; anything else is ignored.
  void learn(const doc::Node& object);
  [[nodiscard]] std::optional<MergeType> find(std::string_view api_version, std::string_view kind) const;

 private:
  std::map<std::pair<std::string, std::string>, const doc::Node*> custom_;  // (apiVersion, kind)
};

}  // namespace ameia::kube
