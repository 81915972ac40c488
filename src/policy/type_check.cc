#include "policy/type_check.h"

#include <algorithm>
#include <memory>
#include <set>

#include "expr/check.h"
#include "kube/object.h"
#include "policy/kind_types.h"
#include "policy/limits.h"

namespace ameia::policy {
namespace {

using doc::Node;

// The words of a list of a rule, sorted; nothing when one of them is a wildcard and `whole` forbids that.
std::vector<std::string> words(const Node& list, std::string_view forbidden, bool whole) {
  std::vector<std::string> out;
  for (const Node& item : list.list()) {
    if (item.str().find_first_of(forbidden) == std::string_view::npos)
      out.emplace_back(item.str());
    else if (whole)
      return {};
  }
  std::sort(out.begin(), out.end());
  return out;
}

expr::CheckOptions options() {
  expr::CheckOptions out;
  out.homogeneous_literals = true;
  out.validate_literals = true;
  return out;
}

}  // namespace

struct TypeChecker::Kind {
  std::string group, version, kind;
  [[nodiscard]] std::string api_version() const { return group.empty() ? version : group + '/' + version; }
  // As Go prints a GroupVersionKind.
  [[nodiscard]] std::string text() const { return group + '/' + version + ", Kind=" + kind; }
  auto operator<=>(const Kind&) const = default;
};

struct TypeChecker::Typed {
  std::shared_ptr<KindTypes> types;
  std::shared_ptr<const expr::Env> env;  // nullptr: the kind's structure is not known
};

TypeChecker::TypeChecker(const TypeSources& sources, expr::Version version) : sources_(sources), version_(version) {}
TypeChecker::~TypeChecker() = default;

std::vector<TypeChecker::Kind> TypeChecker::kinds_of(const Node& policy, bool only_more) const {
  std::set<Kind> kinds;
  auto known_before = [&](const Kind& kind) {
    return kube::StructType::of_kind(kind.api_version(), kind.kind) ||
           (sources_.crds != nullptr && sources_.crds->find(kind.api_version(), kind.kind) != nullptr);
  };
  for (const Node& rule : policy["spec"]["matchConstraints"]["resourceRules"].list()) {
    size_t count = 0;
    for (const std::string& group : words(rule["apiGroups"], "*", true)) {
      for (const std::string& version : words(rule["apiVersions"], "*", true)) {
        for (const std::string& resource : words(rule["resources"], "*/", false)) {
          std::string_view found;
          for (const kube::ResourceTable* table : {sources_.resources, sources_.more_resources}) {
            if (found.empty() && table != nullptr) found = table->kind_of({group, version, resource});
          }
          if (found.empty() || count >= kTypesCheckedMax) continue;
          ++count;
          Kind kind{group, version, std::string(found)};
          if (!only_more || !known_before(kind)) kinds.insert(std::move(kind));
        }
      }
    }
  }
  return {kinds.begin(), kinds.end()};
}

TypeChecker::Typed& TypeChecker::typed(const Kind& kind, const Node& param_kind) {
  const std::string key =
      kind.text() + '|' + std::string(param_kind["apiVersion"].str()) + ' ' + std::string(param_kind["kind"].str());
  auto [at, is_new] = typed_.try_emplace(key);
  Typed& out = at->second;
  if (!is_new) return out;
  out.types = std::make_shared<KindTypes>(sources_.crds, sources_.more_crds);
  const std::string object = out.types->declare(kind.api_version(), kind.kind);
  if (object.empty()) return out;
  expr::EnvBuilder builder(version_);
  builder.provider(out.types);
  builder.object_variable("object", object).object_variable("oldObject", object);
  builder.object_variable("request", kRequestType).object_variable("namespaceObject", kNamespaceType);
  builder.composite(kVariables);
  builder.variable("authorizer", "kubernetes.authorization.Authorizer");
  builder.variable("authorizer.requestResource", "kubernetes.authorization.ResourceCheck");
  if (param_kind.is_map()) {
    const std::string type = out.types->declare(param_kind["apiVersion"].str(), param_kind["kind"].str());
    if (type.empty())
      builder.variable("params", "dyn");
    else
      builder.object_variable("params", type);
  }
  // A failure is a defect, which the policy's own compiler has told.
  if (base::Result<expr::Env> env = builder.build()) out.env = std::make_shared<const expr::Env>(std::move(*env));
  return out;
}

std::string ExpressionWarning::warning() const {
  std::string out;
  for (const TypeIssues& kind : kinds) {
    if (!out.empty()) out += '\n';
    out += kind.kind + ": " + expr::format_issues(node->str(), kind.issues) + '\n';
  }
  return out;
}

std::vector<ExpressionWarning> TypeChecker::check(const Node& policy, bool only_more) {
  const Node& spec = policy["spec"];
  std::vector<ExpressionWarning> all;
  const std::span<const Node> validations = spec["validations"].list();
  for (size_t i = 0; i < validations.size(); ++i) {
    for (std::string_view key : {"expression", "messageExpression"}) {
      const Node* text = validations[i].find(key);
      if (text == nullptr || text->str().empty()) continue;
      all.push_back(
          {"spec.validations[" + std::to_string(i) + "]." + std::string(key), i, key == "messageExpression", text, {}});
    }
  }
  if (all.empty()) return all;
  for (const Kind& kind : kinds_of(policy, only_more)) {
    Typed& with = typed(kind, spec["paramKind"]);
    if (with.env == nullptr) continue;
    with.types->admission().clear_variables();
    std::vector<expr::Checked> variables;  // own the types of their results
    variables.reserve(spec["variables"].list().size());
    for (const Node& variable : spec["variables"].list()) {
      // A variable that does not compile is dyn, and its own errors are not the validations'.
      auto checked = expr::compile(variable["expression"].str(), *with.env, options());
      if (checked) variables.push_back(std::move(*checked));
      with.types->admission().declare_variable(variable["name"].str(), checked ? variables.back().result : nullptr);
    }
    for (ExpressionWarning& warning : all) {
      auto checked = expr::compile(warning.node->str(), *with.env, options());
      if (!checked) warning.kinds.push_back({kind.text(), std::move(checked).error()});
    }
    with.types->admission().clear_variables();
  }
  std::erase_if(all, [](const ExpressionWarning& warning) { return warning.kinds.empty(); });
  return all;
}

}  // namespace ameia::policy
