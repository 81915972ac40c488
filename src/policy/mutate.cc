#include "policy/mutate.h"

#include <algorithm>

#include "doc/build.h"
#include "doc/patch.h"
#include "kube/object.h"
#include "kube/openapi.h"
#include "kube/structured_merge.h"
#include "policy/json_patch.h"
#include "policy/limits.h"
#include "policy/mutation_value.h"

namespace ameia::policy {
namespace {

using doc::Node;
using kube::FieldProblem;

Mutated failed(const Node& object, std::string error) {
  return {object, false, std::move(error), false};
}

// One JSONPatch value as an operation of RFC 6902.
base::Result<Node> operation_of(const expr::ConstructedObject& patch, base::Arena& arena) {
  doc::Builder build(arena);
  std::vector<std::pair<std::string_view, Node>> members{{"op", build.string(patch.read("op")->str())},
                                                         {"path", build.string(patch.read("path")->str())}};
  if (patch.has("from")) members.emplace_back("from", build.string(patch.read("from")->str()));
  if (const expr::Value* value = patch.find("value")) {
    if (const expr::ConstructedObject* object = expr::constructed(*value)) {
      if (std::string wrong = misplaced_types(*object); !wrong.empty()) {
        return base::fail(base::Code::kInvalidInput, "type mismatch: " + wrong);
      }
    }
    base::Result<Node> node = to_node(*value, ValueForm::kJson, arena);
    if (!node) {
      return base::fail(
          node.error().code,
          "JSONPath valueExpression evaluated to a type that could not marshal to JSON: " + node.error().what);
    }
    members.emplace_back("value", *node);
  }
  return build.map(members);
}

// "spec.template.spec.containers[1].name"
std::string dotted(const Node& root, std::string_view pointer) {
  std::string out;
  const Node* node = &root;
  base::Result<std::vector<std::string>> tokens = doc::parse_pointer(pointer);
  if (!tokens) return std::string(pointer);
  std::string so_far;
  for (const std::string& token : *tokens) {
    if (node != nullptr && node->is_list()) {
      out += "[" + token + "]";
    } else {
      out += (out.empty() ? "" : ".") + token;
    }
    so_far += "/" + doc::escape_pointer_token(token);
    node = doc::resolve_pointer(root, so_far);
  }
  return out;
}

// "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32"
std::string wrong_type(const Node& root, const kube::MergeType& root_type, const FieldProblem& problem) {
  std::optional<kube::MergeType> type = root_type;
  std::string holder, path;
  base::Result<std::vector<std::string>> tokens = doc::parse_pointer(problem.pointer);
  const Node* node = &root;
  for (size_t i = 0; tokens && i < tokens->size() && type && node != nullptr; ++i) {
    const std::string& token = (*tokens)[i];
    if (type->kind() == kube::MergeType::Kind::kList) {
      type = type->element();
    } else {
      if (type->built_in()) holder = type->built_in()->name();
      path += "." + token;
      type = type->member(token);
    }
  }
  std::string_view given = problem.node->is_string() ? "string"
                           : problem.node->is_bool() ? "bool"
                           : problem.node->is_list() ? "array"
                           : problem.node->is_map()  ? "object"
                                                     : "number";
  std::string wanted = problem.expected == "integer"   ? "int32"
                       : problem.expected == "boolean" ? "bool"
                       : problem.expected == "number"  ? "float64"
                       : problem.expected == "object" && type && type->built_in()
                           ? "v1." + std::string(type->built_in()->name())
                           : problem.expected;
  return "json: cannot unmarshal " + std::string(given) + " into Go struct field " + holder + path + " of type " +
         wanted;
}

// What strict decoding would say of the patched object and did not say of the object before.
std::string decoding_error(const Node& before, const Node& after, const kube::MergeType& type) {
  std::vector<FieldProblem> old = kube::field_problems(before), now = kube::field_problems(after);
  std::string unknown;
  for (const FieldProblem& problem : now) {
    if (problem.kind == FieldProblem::Kind::kMissingRequired) continue;
    auto same = std::find_if(old.begin(), old.end(), [&](const FieldProblem& known) {
      return known.kind == problem.kind && known.field == problem.field;
    });
    if (same != old.end()) {
      old.erase(same);
      continue;
    }
    if (problem.kind == FieldProblem::Kind::kWrongType) return wrong_type(after, type, problem);
    unknown += (unknown.empty() ? "strict decoding error: unknown field \"" : ", unknown field \"") +
               dotted(after, problem.pointer) + "\"";
  }
  return unknown;
}

// A null that a patch wrote into a built-in object is a field that is not set.
Node without_nulls(const Node& node, base::Arena& arena) {
  doc::Builder build(arena);
  if (node.is_list()) {
    std::vector<Node> items;
    items.reserve(node.size);
    for (const Node& item : node.list()) items.push_back(without_nulls(item, arena));
    Node out = build.list(items);
    out.begin = node.begin;
    out.end = node.end;
    return out;
  }
  if (!node.is_map()) return node;
  std::vector<std::pair<std::string_view, Node>> members;
  for (const doc::Member& member : node.map()) {
    if (!member.value.is_null()) members.emplace_back(member.key->view(), without_nulls(member.value, arena));
  }
  Node out = build.map(members);
  out.begin = node.begin;
  out.end = node.end;
  return out;
}

bool writes_null(const Node& operations) {
  return std::any_of(operations.list().begin(), operations.list().end(), [](const Node& operation) {
    std::string_view op = operation["op"].str();
    return (op == "add" || op == "replace") && operation["value"].is_null();
  });
}

Mutated apply_json_patches(const expr::Value& value, const Node& object, const std::optional<kube::MergeType>& type,
                           base::Arena& arena) {
  std::vector<Node> operations;
  for (uint32_t i = 0, n = expr::list_size(value); i < n; ++i) {
    expr::Value item = expr::list_at(value, i);
    const expr::ConstructedObject* patch = expr::constructed(item);
    if (patch == nullptr || !patch->is_patch()) {
      return failed(object, "type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch, got " +
                                std::string(expr::type_name(item)));
    }
    base::Result<Node> operation = operation_of(*patch, arena);
    if (!operation) return failed(object, operation.error().what);
    operations.push_back(*operation);
  }
  Node list = doc::Builder(arena).list(operations);
  PatchedObject patched = apply_patch(object, list, type, arena);
  if (!patched.error.empty()) return failed(object, "JSON Patch: " + patched.error);
  if (patched.test_failed) return {object, true, {}, false};
  if (!type || !type->built_in()) return {patched.object, false, {}, false};
  if (std::string wrong = decoding_error(object, patched.object, *type); !wrong.empty()) {
    return {object, false, "Internal error occurred: " + wrong, true};
  }
  return {writes_null(list) ? without_nulls(patched.object, arena) : patched.object, false, {}, false};
}

// The configuration names no kind of its own: it is the object's.
Node with_kind_of(const Node& object, const Node& configuration, base::Arena& arena) {
  doc::Builder build(arena);
  Node out = configuration;
  for (std::string_view field : {"apiVersion", "kind"}) {
    if (const Node* value = object.find(field)) out = build.with_member(out, field, *value);
  }
  return out;
}

Mutated apply_configuration(const expr::Value& value, const Node& object, const std::optional<kube::MergeType>& type,
                            base::Arena& arena) {
  const expr::ConstructedObject* configuration = expr::constructed(value);
  if (configuration == nullptr || configuration->type_name() != expr::kObjectTypeName) {
    return failed(object,
                  "unsupported return type from ApplyConfiguration expression: " + std::string(expr::type_name(value)));
  }
  if (std::string wrong = misplaced_types(*configuration); !wrong.empty()) {
    return failed(object, "type mismatch: " + wrong);
  }
  kube::ObjectView view(object);
  if (!type) {
    return {object, false,
            "Resource kind " + std::string(view.api_version()) + ", Kind=" + std::string(view.kind()) +
                " not found. An apply configuration is merged by the schema of its kind: give the "
                "CustomResourceDefinition beside the object.",
            true};
  }
  auto error = [&](const std::string& what) { return failed(object, "error applying patch: " + what); };
  base::Result<Node> node = to_node(value, ValueForm::kNative, arena);
  if (!node) return failed(object, "invalid return type: " + node.error().what);
  Node patch = with_kind_of(object, *node, arena);
  if (std::string wrong = kube::type_errors(patch, *type, kube::kPatchRules); !wrong.empty()) {
    return error("failed to convert patch object to typed object: " + wrong);
  }
  if (std::vector<std::string> places = kube::atomic_places(patch, *type); !places.empty()) {
    std::string all;
    for (const std::string& place : places) all += (all.empty() ? "" : ", ") + place;
    return error("invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: " + all);
  }
  if (std::string wrong = kube::type_errors(object, *type, kube::kLiveRules); !wrong.empty()) {
    return error("failed to convert original object to typed object: " + wrong);
  }
  base::Result<Node> merged = kube::structured_merge(object, patch, *type, arena);
  if (!merged) return error("failed to merge patch: " + merged.error().what);
  return {*merged, false, {}, false};
}

}  // namespace

Mutated apply_mutation(PatchType patch, const expr::Value& value, const Node& object,
                       const std::optional<kube::MergeType>& type, base::Arena& arena) {
  if (patch == PatchType::kApplyConfiguration) return apply_configuration(value, object, type, arena);
  if (!value.is_list()) return failed(object, "type mismatch: JSONPatchType.expression should evaluate to array");
  return apply_json_patches(value, object, type, arena);
}

Mutated run_mutation(ConditionRunner& runner, const Mutation& mutation, const Node& object,
                     const std::optional<kube::MergeType>& type, base::Arena& arena) {
  if (!mutation.condition.ok()) return failed(object, mutation.condition.error);
  runner.begin_list(kRuntimeCostMax);
  if (runner.run_quick(mutation.condition) == ConditionRunner::Quick::kOverBudget) {
    return failed(object, runner.budget_error());
  }
  if (Evaluated evaluated = runner.evaluated(mutation.condition); evaluated.kind == Evaluated::Kind::kError) {
    return failed(object, std::move(evaluated.text));
  }
  return apply_mutation(mutation.type, runner.last().value, object, type, arena);
}

}  // namespace ameia::policy
