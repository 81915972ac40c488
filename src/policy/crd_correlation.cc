#include "policy/internal/crd_correlation.h"

#include "doc/build.h"

namespace ameia::policy::internal {

using doc::Node;

const Node* old_item(const Node& schema, const Node& item, const Node* old_list) {
  if (old_list == nullptr || !item.is_map() || schema["x-kubernetes-list-type"].str() != "map") return nullptr;
  for (const Node& candidate : old_list->list()) {
    if (!candidate.is_map()) continue;
    bool same = true;
    for (const Node& key : schema["x-kubernetes-list-map-keys"].list()) {
      same = same && doc::equal(candidate[key.str()], item[key.str()]);
    }
    if (same) return &candidate;
  }
  return nullptr;
}

Ratchet Ratchet::root(const Node& object, const Node& old_object, const Node& schema) {
  Ratchet out;
  out.current_ = {&object, &old_object, &schema};
  return out;
}

Ratchet::Pair Ratchet::member(const Pair& of, std::string_view field) {
  const Node *now = of.now->find(field), *before = of.before->find(field);
  if (now == nullptr || before == nullptr) return {};
  const Node* schema = (*of.schema)["properties"].find(field);
  if (schema == nullptr && (*of.schema)["additionalProperties"].is_map())
    schema = &(*of.schema)["additionalProperties"];
  return schema == nullptr ? Pair{} : Pair{now, before, schema};
}

Ratchet::Pair Ratchet::element(const Pair& of, size_t i) {
  const Node& items = (*of.schema)["items"];
  if (i >= of.now->list().size() || !items.is_map()) return {};
  const Node& now = of.now->list()[i];
  const Node* before = old_item(*of.schema, now, of.before);
  return before == nullptr ? Pair{} : Pair{&now, before, &items};
}

bool Ratchet::same(const Pair& pair) {
  const Node &now = *pair.now, &before = *pair.before;
  if (now.kind != before.kind && (now.is_list() || before.is_list() || now.is_map() || before.is_map())) return false;
  if (now.is_list()) {
    if (now.size != before.size) return false;
    if ((*pair.schema)["x-kubernetes-list-type"].str() != "map") return doc::equal(now, before);
    for (size_t i = 0; i < now.size; ++i) {
      const Pair child = element(pair, i);
      if (!child || !same(child)) return false;
    }
    return true;
  }
  if (now.is_map()) {
    if (now.size != before.size) return false;
    for (const doc::Member& each : now.map()) {
      const Pair child = member(pair, each.key->view());
      if (!child || !same(child)) return false;
    }
    return true;
  }
  return doc::equal(now, before);
}

Ratchet Ratchet::key(std::string_view field) const {
  if (!current_) return *this;
  // The old object was converted to this version: that apiVersion and kind are equal says nothing.
  if (!parent_ && (field == "apiVersion" || field == "kind")) return {};
  Ratchet out;
  out.current_ = member(current_, field);
  out.parent_ = current_;
  return out;
}

Ratchet Ratchet::index(size_t i) const {
  if (!current_) return *this;
  Ratchet out;
  out.current_ = element(current_, i);
  out.parent_ = current_;
  return out;
}

Ratchet Ratchet::of_all_of() const {
  Ratchet out;
  out.parent_ = parent_;
  return out;
}

bool Ratchet::unchanged() const {
  const Pair& asked = current_ ? current_ : parent_;
  return asked && same(asked);
}

}  // namespace ameia::policy::internal
