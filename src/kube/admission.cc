#include "kube/admission.h"

namespace ameia::kube {
namespace {

base::Result<Operation> parse_operation(std::string_view text) {
  for (Operation operation : {Operation::kCreate, Operation::kUpdate, Operation::kDelete, Operation::kConnect}) {
    if (to_string(operation) == text) return operation;
  }
  return base::fail(base::Code::kInvalidInput, "unknown operation \"" + std::string(text) + "\"", "request.operation");
}

Gvk read_gvk(const doc::Node& node) {
  return {node["group"].str(), node["version"].str(), node["kind"].str()};
}
Gvr read_gvr(const doc::Node& node) {
  return {node["group"].str(), node["version"].str(), node["resource"].str()};
}

const doc::Node* object_or_null(const doc::Node& request, doc::KeyRef key) {
  const doc::Node* found = request.find(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

}  // namespace

std::string_view to_string(Operation operation) {
  switch (operation) {
    case Operation::kCreate: return "CREATE";
    case Operation::kUpdate: return "UPDATE";
    case Operation::kDelete: return "DELETE";
    case Operation::kConnect: return "CONNECT";
  }
  return "CREATE";
}

base::Result<AdmissionRequest> read_admission_review(const doc::Node& review) {
  using base::Code;
  if (review["kind"].str() != "AdmissionReview")
    return base::fail(Code::kInvalidInput, "not an AdmissionReview", "kind");
  std::string_view api_version = review["apiVersion"].str();
  if (api_version != "admission.k8s.io/v1" && api_version != "admission.k8s.io/v1beta1") {
    return base::fail(Code::kInvalidInput, "apiVersion must be admission.k8s.io/v1 or v1beta1", "apiVersion");
  }
  const doc::Node& node = review["request"];
  if (!node.is_map()) return base::fail(Code::kInvalidInput, "an AdmissionReview needs a request", "request");
  AdmissionRequest request;
  request.uid = node["uid"].str();
  request.kind = read_gvk(node["kind"]);
  request.resource = read_gvr(node["resource"]);
  if (request.kind.kind.empty()) return base::fail(Code::kInvalidInput, "kind.kind is missing", "request.kind");
  if (request.resource.resource.empty())
    return base::fail(Code::kInvalidInput, "resource.resource is missing", "request.resource");
  request.subresource = node["subResource"].str();
  request.request_kind = node["requestKind"].is_map() ? read_gvk(node["requestKind"]) : request.kind;
  request.request_resource = node["requestResource"].is_map() ? read_gvr(node["requestResource"]) : request.resource;
  request.name = node["name"].str();
  request.ns = node["namespace"].str();
  request.operation = TRY(parse_operation(node["operation"].str()));
  request.user_info = node.find("userInfo");
  request.object = object_or_null(node, "object");
  request.old_object = object_or_null(node, "oldObject");
  request.options = object_or_null(node, "options");
  request.dry_run = node["dryRun"].boolean_or(false);
  return request;
}

AdmissionRequest creation_of(const ObjectView& object, const ResourceInfo& resource) {
  AdmissionRequest request;
  GroupVersion gv = object.group_version();
  request.kind = request.request_kind = {gv.group, gv.version, object.kind()};
  request.resource = request.request_resource = {gv.group, gv.version, resource.resource};
  request.name = object.name();
  if (resource.scope == Scope::kNamespaced) {
    request.ns = object.ns().empty() ? std::string_view("default") : object.ns();
  } else if (gv.group.empty() && resource.resource == "namespaces") {
    request.ns = request.name;
  }
  request.object = &object.root();
  return request;
}

}  // namespace ameia::kube
