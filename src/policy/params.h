// ParamStore: the objects that bindings may name as params, by kind, namespace and name.
// Neighbours: policy/vap.h resolves a binding's paramRef against it once, when the set is built.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "doc/document.h"
#include "kube/selector.h"

namespace ameia::policy {

struct Param {
  const doc::Node* node = nullptr;
  std::string ns, name;
  bool is_default = false;  // a built-in check's own default, which a user's object of the same name replaces
  // "namespace/name", or the name alone.
  [[nodiscard]] std::string id() const { return ns.empty() ? name : ns + "/" + name; }
};

// Threads: immutable after the last add(). Owns: the rows; the nodes belong to documents that the PolicySet keeps.
class ParamStore {
 public:
  // False when a user's object of that kind, namespace and name is already there (the first one stays).
  bool add(const doc::Node& object, bool is_default);
  // Params of a kind in order of namespace and name; empty when there are none.
  [[nodiscard]] std::vector<const Param*> list(std::string_view group, std::string_view kind) const;

 private:
  struct Less {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const { return key(a) < key(b); }
    static std::pair<std::string_view, std::string_view> key(const std::pair<std::string, std::string>& p) {
      return {p.first, p.second};
    }
    static std::pair<std::string_view, std::string_view> key(const std::pair<std::string_view, std::string_view>& p) {
      return p;
    }
  };
  // (group, kind) → "namespace/name" → param
  std::map<std::pair<std::string, std::string>, std::map<std::pair<std::string, std::string>, Param>, Less> kinds_;
};

}  // namespace ameia::policy
