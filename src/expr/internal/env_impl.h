// Env::Impl: the tables behind an Env. Read by the checker only.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/arena.h"
#include "expr/env.h"

namespace ameia::expr {

struct OverloadDecl {
  const Overload* overload;
  std::span<const Type* const> args;  // the receiver first
  const Type* result;
  bool member;
  bool has_params;
};

struct FunctionDecl {
  std::string_view name;
  std::vector<OverloadDecl> overloads;
};

struct IdentDecl {
  std::string_view name;
  const Type* type = nullptr;        // of the variable; type(T) for a type's name
  const Type* type_value = nullptr;  // not nullptr: the name is a type's
  bool is_composite = false;
};

struct Env::Impl {
  base::Arena arena;  // names
  Types types;
  Version version;
  Syntax syntax;
  std::string container;
  std::unordered_map<std::string_view, FunctionDecl> functions;
  std::unordered_map<std::string_view, IdentDecl> idents;
  std::unordered_set<std::string_view> namespaces;  // the first parts of the declared names that hold a dot
  std::shared_ptr<const TypeProvider> provider;
  std::vector<Library> libraries;

  // Whether a chain of selections that begins with `root` may be one declared name.
  [[nodiscard]] bool may_qualify(std::string_view root) const {
    return !container.empty() || provider != nullptr || namespaces.contains(root);
  }
  void note_namespace(std::string_view name) {
    const size_t dot = name.find('.');
    if (dot != std::string_view::npos) namespaces.insert(name.substr(0, dot));
  }

  // What the builder was told, until build().
  struct Pending {
    std::string name, type;
    enum class Kind : uint8_t { kVariable, kObject, kComposite } kind;
  };
  std::vector<Pending> pending;
};

}  // namespace ameia::expr
