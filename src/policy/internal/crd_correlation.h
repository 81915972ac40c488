// Which old value a value of a custom resource was before an update, and whether it changed: the API server does not
// refuse what was already there (ratcheting). Neighbours: policy/crd_validate.cc.
#pragma once

#include <cstddef>
#include <string_view>

#include "doc/node.h"

namespace ameia::policy::internal {

// The old item with the same keys, for lists of type map; nullptr for other lists: nothing tells which it was.
const doc::Node* old_item(const doc::Node& schema, const doc::Node& item, const doc::Node* old_list);

// Borrows the objects and the schema.
class Ratchet {
 public:
  Ratchet() = default;
  static Ratchet root(const doc::Node& object, const doc::Node& old_object, const doc::Node& schema);
  [[nodiscard]] Ratchet key(std::string_view field) const;
  [[nodiscard]] Ratchet index(size_t i) const;
  // Below allOf only the parent's equality counts.
  [[nodiscard]] Ratchet of_all_of() const;
  // Whether the value, or where no old value corresponds to it its nearest ancestor that has one, is as it was.
  [[nodiscard]] bool unchanged() const;

 private:
  struct Pair {
    const doc::Node* now = nullptr;
    const doc::Node* before = nullptr;
    const doc::Node* schema = nullptr;
    explicit operator bool() const { return now != nullptr; }
  };
  static Pair member(const Pair& of, std::string_view field);
  static Pair element(const Pair& of, size_t i);
  static bool same(const Pair& pair);

  Pair current_, parent_;
};

}  // namespace ameia::policy::internal
