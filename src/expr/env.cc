#include "expr/env.h"

#include <algorithm>

#include "expr/internal/env_impl.h"
#include "expr/internal/signature.h"
#include "expr/libraries.h"

namespace ameia::expr {

namespace {

// First minor versions of Kubernetes that bring a feature (k8s.io/apiserver pkg/cel/environment/base.go).
constexpr uint32_t kAuthzSince = 27;
constexpr uint32_t kOptionalsSince = 28;  // with cross-type comparison and quantities
constexpr uint32_t kStrings2Since = 29;   // with sets
constexpr uint32_t kAddressesSince = 30;
constexpr uint32_t kFormatSince = 31;  // with the authorizer's selectors
constexpr uint32_t kTwoVariablesSince = 32;
constexpr uint32_t kSemverSince = 33;
constexpr uint32_t kListsSince = 34;
constexpr uint32_t kJsonPatchSince = 36;
constexpr uint32_t kIncludesSince = 37;

void add_type_name(Env::Impl& env, std::string_view name, const Type* type) {
  env.idents.emplace(name, IdentDecl{name, env.types.type_of(type), type, false});
  env.note_namespace(name);
}

void add_standard_types(Env::Impl& env) {
  const Type* dyn = simple_type(TypeKind::kDyn);
  static constexpr std::pair<std::string_view, TypeKind> kNames[] = {
      {"bool", TypeKind::kBool},
      {"int", TypeKind::kInt},
      {"uint", TypeKind::kUint},
      {"double", TypeKind::kDouble},
      {"string", TypeKind::kString},
      {"bytes", TypeKind::kBytes},
      {"null_type", TypeKind::kNull},
      {"type", TypeKind::kType},
      {"google.protobuf.Duration", TypeKind::kDuration},
      {"google.protobuf.Timestamp", TypeKind::kTimestamp}};
  for (const auto& [name, kind] : kNames) add_type_name(env, name, simple_type(kind));
  add_type_name(env, "list", env.types.list(dyn));
  add_type_name(env, "map", env.types.map(dyn, dyn));
  if (env.syntax.optional_syntax) add_type_name(env, "optional_type", env.types.optional(dyn));
}

bool same_arguments(const OverloadDecl& a, const OverloadDecl& b) {
  return a.member == b.member && std::equal(a.args.begin(), a.args.end(), b.args.begin(), b.args.end());
}

base::Status add_library(Env::Impl& env, const Library& library) {
  // A name with parameters is a type constructor, not a value: only plain names become identifiers.
  const NamedType opaque = [&env](std::string_view name, std::span<const Type* const> params) {
    const Type* type = env.types.opaque(name, params);
    if (params.empty()) add_type_name(env, type->name, type);
    return type;
  };
  for (const Overload& overload : library.overloads) {
    const Signature signature = TRY(parse_signature(overload.signature, overload.is_namespaced, env.types, opaque));
    auto [place, is_new] = env.functions.try_emplace(signature.function);
    FunctionDecl& function = place->second;
    if (is_new) {
      function.name = signature.function;
      if (!signature.member) env.note_namespace(signature.function);
    }
    const OverloadDecl decl{&overload, env.arena.copy(std::span<const Type* const>(signature.args)), signature.result,
                            signature.member, signature.has_params};
    // Two libraries may bring the same overload; the first one stays.
    bool present = false;
    for (const OverloadDecl& other : function.overloads) {
      if (!same_arguments(other, decl)) continue;
      if (other.result != decl.result) {
        return base::fail(base::Code::kInternal, "overload '" + std::string(overload.id) + "' of library '" +
                                                     std::string(library.name) + "' clashes with '" +
                                                     std::string(other.overload->id) + "'");
      }
      present = true;
    }
    if (!present) function.overloads.push_back(decl);
  }
  return {};
}

base::Status add_pending(Env::Impl& env, const Env::Impl::Pending& pending) {
  const std::string_view name = env.arena.copy(std::string_view(pending.name));
  IdentDecl decl{name, nullptr, nullptr, false};
  switch (pending.kind) {
    case Env::Impl::Pending::Kind::kComposite:
      decl.type = env.types.object(name);
      decl.is_composite = true;
      break;
    case Env::Impl::Pending::Kind::kObject: decl.type = env.types.object(pending.type); break;
    case Env::Impl::Pending::Kind::kVariable: {
      // A name that no library knows is an object of the provider.
      const NamedType named = [&env](std::string_view type_name, std::span<const Type* const> params) {
        const auto known = env.idents.find(type_name);
        const bool is_opaque = !params.empty() || (known != env.idents.end() && known->second.type_value != nullptr);
        return is_opaque ? env.types.opaque(type_name, params) : env.types.object(type_name);
      };
      decl.type = TRY(parse_type(pending.type, env.types, named));
    }
  }
  env.note_namespace(name);
  const auto [place, is_new] = env.idents.try_emplace(name, decl);
  if (!is_new) {
    // A variable hides a type of the same name.
    if (place->second.type_value == nullptr && !same_type(place->second.type, decl.type)) {
      return base::fail(base::Code::kInternal, "overlapping identifier for name '" + pending.name + "'");
    }
    place->second = decl;
  }
  return {};
}

}  // namespace

Env::Env() : impl_(std::make_unique<Impl>()) {}
Env::~Env() = default;
Env::Env(Env&&) noexcept = default;
Env& Env::operator=(Env&&) noexcept = default;

EnvBuilder::EnvBuilder(Version version) : impl_(std::make_unique<Env::Impl>()) {
  impl_->version = version;
  impl_->syntax = syntax_of(version);
  impl_->libraries = libraries_of(version);
}
EnvBuilder::~EnvBuilder() = default;

EnvBuilder& EnvBuilder::variable(std::string_view name, std::string_view type) {
  impl_->pending.push_back({std::string(name), std::string(type), Env::Impl::Pending::Kind::kVariable});
  return *this;
}

EnvBuilder& EnvBuilder::object_variable(std::string_view name, std::string_view object_type) {
  impl_->pending.push_back({std::string(name), std::string(object_type), Env::Impl::Pending::Kind::kObject});
  return *this;
}

EnvBuilder& EnvBuilder::composite(std::string_view name) {
  impl_->pending.push_back({std::string(name), {}, Env::Impl::Pending::Kind::kComposite});
  return *this;
}

EnvBuilder& EnvBuilder::container(std::string_view name) {
  impl_->container = name;
  return *this;
}

EnvBuilder& EnvBuilder::library(const Library& library) {
  impl_->libraries.push_back(library);
  return *this;
}

EnvBuilder& EnvBuilder::syntax(const Syntax& syntax) {
  impl_->syntax = syntax;
  return *this;
}

EnvBuilder& EnvBuilder::provider(std::shared_ptr<const TypeProvider> provider) {
  impl_->provider = std::move(provider);
  return *this;
}

base::Result<Env> EnvBuilder::build() {
  Env::Impl& env = *impl_;
  env.functions.reserve(512);
  env.idents.reserve(64);
  add_standard_types(env);
  for (const Library& library : env.libraries) TRY_STATUS(add_library(env, library));
  for (const Env::Impl::Pending& pending : env.pending) TRY_STATUS(add_pending(env, pending));
  env.pending.clear();
  Env out;
  out.impl_ = std::move(impl_);
  return out;
}

std::vector<Library> libraries_of(Version version) {
  const bool all = version.everything;
  const auto since = [&](uint32_t minor) { return all || version.minor >= minor; };
  std::vector<Library> out;
  out.push_back(standard_library(since(kOptionalsSince)));
  out.push_back(wrappers_library());
  out.push_back(k8s_urls());
  out.push_back(k8s_regex());
  out.push_back(k8s_lists(since(kIncludesSince) ? 1 : 0));
  out.push_back(strings_library(all ? 4 : since(kStrings2Since) ? 2 : 0));
  if (since(kAuthzSince)) out.push_back(k8s_authz());
  if (since(kOptionalsSince)) {
    out.push_back(optional_library(2));
    out.push_back(k8s_quantity());
  }
  if (since(kStrings2Since)) out.push_back(sets_library());
  if (all) out.push_back(network_ext_library());  // cel-spec's own reading of addresses goes first
  if (since(kAddressesSince)) {
    out.push_back(k8s_ip());
    out.push_back(k8s_cidr());
  }
  if (since(kFormatSince)) {
    out.push_back(k8s_format());
    out.push_back(k8s_authz_selectors());
  }
  if (since(kTwoVariablesSince)) out.push_back(comprehensions_library());
  if (since(kSemverSince)) out.push_back(k8s_semver(1));
  if (since(kListsSince)) out.push_back(lists_library(3));
  if (since(kJsonPatchSince)) out.push_back(k8s_jsonpatch());
  if (all) {
    out.push_back(math_library(2));
    out.push_back(encoders_library());
    out.push_back(regex_ext_library());
  }
  return out;
}

Syntax syntax_of(Version version) {
  const bool all = version.everything;
  Syntax syntax;
  syntax.optional_syntax = all || version.minor >= kOptionalsSince;
  syntax.two_variables = all || version.minor >= kTwoVariablesSince;
  syntax.sort_by = all || version.minor >= kListsSince;
  syntax.bind = all;
  syntax.quoted_fields = all;
  syntax.math_macros = all;
  return syntax;
}

}  // namespace ameia::expr
