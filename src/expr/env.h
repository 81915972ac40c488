// Env: what an expression may name: variables, functions, types, by Kubernetes version. Built once, then immutable.
// Neighbours: expr/function.h (libraries), expr/check.h (uses it), policy/ (declares object, params, variables …).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "expr/function.h"
#include "expr/parse.h"
#include "expr/type.h"

namespace ameia::expr {

// Kubernetes minor version whose CEL environment is in force: 1.minor. kEverything adds what only CEL itself has
// (network extension, cel.block, strings v4), for `ameia cel` and the conformance suite.
struct Version {
  uint32_t minor = 37;
  bool everything = false;
  static constexpr Version latest() { return {37, false}; }
  static constexpr Version all() { return {37, true}; }
};

// Threads: immutable after build. Owns: its types and declarations.
class Env {
 public:
  Env();
  ~Env();
  Env(Env&&) noexcept;
  Env& operator=(Env&&) noexcept;

  struct Impl;
  [[nodiscard]] const Impl& impl() const { return *impl_; }
  Impl& impl() { return *impl_; }

 private:
  friend class EnvBuilder;
  std::unique_ptr<Impl> impl_;
};

// Threads: none. Owns: what it is told, until build(). Fails: in build(). Limits: none; its caller is trusted.
class EnvBuilder {
 public:
  explicit EnvBuilder(Version version);
  ~EnvBuilder();
  // A variable, or a qualified one ("a.b.c"). `type` in signature syntax: "dyn", "map(string, dyn)".
  EnvBuilder& variable(std::string_view name, std::string_view type);
  // An object whose fields are evaluated lazily, one program each: Kubernetes' `variables`. Its fields' types are asked
  // of the provider, as field(name, …), at every check, because they differ from policy to policy; without a provider:
  // dyn.
  EnvBuilder& composite(std::string_view name);
  EnvBuilder& container(std::string_view name);  // CEL container (namespace) for name resolution
  EnvBuilder& library(const Library& library);   // beyond those that the version brings
  EnvBuilder& syntax(const Syntax& syntax);      // instead of the version's
  EnvBuilder& provider(std::shared_ptr<const TypeProvider> provider);
  EnvBuilder& object_variable(std::string_view name, std::string_view object_type);
  // Fails: a bad signature or a clash, a defect of the caller.
  base::Result<Env> build();

 private:
  std::unique_ptr<Env::Impl> impl_;
  std::vector<std::string> errors_;
};

// The libraries a version brings, in order: standard, then extensions. Gates as in Kubernetes' base environment.
std::vector<Library> libraries_of(Version version);
Syntax syntax_of(Version version);

}  // namespace ameia::expr
