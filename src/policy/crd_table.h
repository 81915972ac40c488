// CrdTable: the schemas that CustomResourceDefinitions give their kinds, by apiVersion and kind.
// Neighbours: policy/kind_types.h (types of expressions), policy/structure.h (custom resources judged by them).
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "doc/node.h"

namespace ameia::policy {

struct CrdVersion {
  const doc::Node* schema = nullptr;  // openAPIV3Schema
  bool keeps_unknown_fields = false;  // spec.preserveUnknownFields of old definitions
};

// Threads: learn() by one, reading by many. Owns: its index; borrows the definitions.
class CrdTable {
 public:
  // v1 and v1beta1; the first definition of a kind stays. Anything else is ignored.
  void learn(const doc::Node& crd);
  void absorb(CrdTable&& other) { versions_.merge(other.versions_); }
  // nullptr: no definition, or one without a schema.
  [[nodiscard]] const CrdVersion* find(std::string_view api_version, std::string_view kind) const;

 private:
  std::map<std::string, CrdVersion, std::less<>> versions_;  // by "apiVersion kind"
};

}  // namespace ameia::policy
