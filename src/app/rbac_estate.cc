#include "app/rbac_estate.h"

#include <algorithm>
#include <array>
#include <set>

#include "app/exit.h"
#include "doc/json.h"
#include "kube/resource.h"
#include "rbac/default_roles.h"
#include "report/text.h"

namespace ameia::app {
namespace {

// Groups with a version of each, in the order in which kubectl would look.
constexpr std::array<std::pair<std::string_view, std::string_view>, 20> kGroups = {{
    {"", "v1"},
    {"apps", "v1"},
    {"batch", "v1"},
    {"autoscaling", "v2"},
    {"networking.k8s.io", "v1"},
    {"rbac.authorization.k8s.io", "v1"},
    {"policy", "v1"},
    {"storage.k8s.io", "v1"},
    {"certificates.k8s.io", "v1"},
    {"admissionregistration.k8s.io", "v1"},
    {"apiextensions.k8s.io", "v1"},
    {"apiregistration.k8s.io", "v1"},
    {"coordination.k8s.io", "v1"},
    {"discovery.k8s.io", "v1"},
    {"scheduling.k8s.io", "v1"},
    {"node.k8s.io", "v1"},
    {"authentication.k8s.io", "v1"},
    {"authorization.k8s.io", "v1"},
    {"flowcontrol.apiserver.k8s.io", "v1"},
    {"resource.k8s.io", "v1"},
}};

std::string group_of(const std::string& resource, const RbacEstate& estate) {
  static const kube::ResourceTable kTable;
  for (const auto& [group, version] : kGroups) {
    if (!kTable.kind_of({group, version, resource}).empty()) return std::string(group);
  }
  for (const LoadedObject& object : estate.estate.objects) {
    if ((*object.node)["kind"].str() != "CustomResourceDefinition") continue;
    const doc::Node& spec = (*object.node)["spec"];
    if (spec["names"]["plural"].str() == resource) return std::string(spec["group"].str());
  }
  for (const rbac::Role& role : estate.authorizer->roles()) {
    for (const rbac::Rule& rule : role.rules) {
      if (rule.groups.empty() || rule.groups[0] == "*") continue;
      if (std::find(rule.resources.begin(), rule.resources.end(), resource) != rule.resources.end())
        return rule.groups[0];
    }
  }
  return "";
}

}  // namespace

base::Result<RbacEstate> RbacEstate::load_roles(const std::vector<std::string>& paths, Console& console) {
  RbacEstate out;
  out.estate = TRY(load_estate(paths, console));
  rbac::Authorizer::Builder builder;
  std::set<std::string_view> cluster_roles;
  for (const LoadedObject& object : out.estate.objects) {
    builder.add(*object.node);
    out.document_of_[object.node] = object.document.get();
    if ((*object.node)["kind"].str() == "ClusterRole") cluster_roles.insert((*object.node)["metadata"]["name"].str());
  }
  for (const doc::Node* role : rbac::default_roles()) {
    if (!cluster_roles.contains((*role)["metadata"]["name"].str())) builder.add(*role);
  }
  out.authorizer = std::make_unique<rbac::Authorizer>(std::move(builder).build());
  for (const rbac::Binding& binding : out.authorizer->bindings()) {
    if (out.authorizer->role_of(binding) != nullptr) continue;
    console.warn(out.where(binding.source) + ": " + report::clean(to_string(binding)) + " refers to " +
                 report::clean(role_text(binding)) + ", which is not among the objects; what it grants is not known");
  }
  return out;
}

base::Result<RbacEstate> RbacEstate::load(const std::vector<std::string>& paths, Console& console) {
  RbacEstate out = TRY(load_roles(paths, console));
  out.access = std::make_unique<graph::Access>(TRY(graph::Access::of(*out.authorizer)));
  return out;
}

std::string RbacEstate::where(const doc::Node* source) const {
  const auto found = document_of_.find(source);
  return found == document_of_.end() ? "built in" : found->second->source().where(source->begin);
}

int RbacEstate::exit_code() const {
  return estate.unread == 0 ? kOk : kInput;
}

graph::AccessSubject parse_subject(const std::string& text, const graph::Access& access) {
  using rbac::SubjectKind;
  constexpr std::string_view kAccount = "system:serviceaccount:";
  if (text.starts_with("user:")) return {SubjectKind::kUser, "", text.substr(5)};
  if (text.starts_with("group:")) return {SubjectKind::kGroup, "", text.substr(6)};
  if (text.starts_with(kAccount)) {
    const size_t colon = text.find(':', kAccount.size());
    if (colon != std::string::npos)
      return graph::service_account(text.substr(kAccount.size(), colon - kAccount.size()), text.substr(colon + 1));
  }
  if (const size_t slash = text.find('/'); slash != std::string::npos)
    return graph::service_account(text.substr(0, slash), text.substr(slash + 1));
  const graph::AccessSubject user{SubjectKind::kUser, "", text}, group{SubjectKind::kGroup, "", text};
  return access.find(user) == graph::kNone && access.find(group) != graph::kNone ? group : user;
}

rbac::Request parse_request(const std::string& verb, const std::string& resource, const RbacEstate& estate) {
  rbac::Request request;
  request.verb = verb;
  if (resource.starts_with('/')) {
    request.resource_request = false;
    request.path = resource;
    return request;
  }
  const size_t slash = resource.find('/');
  if (slash != std::string::npos) request.subresource = resource.substr(slash + 1);
  const std::string full = resource.substr(0, slash);
  const size_t dot = full.find('.');
  request.resource = full.substr(0, dot);
  request.group = dot == std::string::npos ? group_of(request.resource, estate) : full.substr(dot + 1);
  return request;
}

std::string to_string(const rbac::Request& request) {
  if (!request.resource_request) return request.verb + " " + request.path;
  graph::PermissionPhrase phrase{{request.verb}, request.group, request.resource, "", request.name};
  if (!request.subresource.empty()) phrase.resource += "/" + request.subresource;
  return graph::to_string(phrase);
}

std::string to_string(const rbac::Binding& binding) {
  return binding.ns.empty() ? "ClusterRoleBinding " + binding.name : "RoleBinding " + binding.ns + "/" + binding.name;
}

std::string role_text(const rbac::Binding& binding) {
  return binding.to_cluster_role ? "ClusterRole " + binding.role : "Role " + binding.ns + "/" + binding.role;
}

}  // namespace ameia::app
