#include "doc/build.h"
#include "policy/evaluator.h"

namespace ameia::policy {
namespace {

using Members = std::vector<std::pair<std::string_view, doc::Node>>;

}  // namespace

// Fields that Go's encoder leaves out when empty are left out here too: reading them is "no such key" in both.
const doc::Node* request_node(const kube::AdmissionRequest& request, const kube::Gvr& as, const kube::Gvk& kind,
                              base::Arena& arena) {
  doc::Builder build(arena);
  auto gvk = [&](const kube::Gvk& k) {
    return build.map(
        {{"group", build.string(k.group)}, {"version", build.string(k.version)}, {"kind", build.string(k.kind)}});
  };
  auto gvr = [&](const kube::Gvr& r) {
    return build.map({{"group", build.string(r.group)},
                      {"version", build.string(r.version)},
                      {"resource", build.string(r.resource)}});
  };
  Members members;
  members.emplace_back("kind", gvk(kind));
  members.emplace_back("resource", gvr(as));
  if (!request.subresource.empty()) members.emplace_back("subResource", build.string(request.subresource));
  members.emplace_back("requestKind", gvk(request.request_kind));
  members.emplace_back("requestResource", gvr(request.request_resource));
  if (!request.subresource.empty()) members.emplace_back("requestSubResource", build.string(request.subresource));
  if (!request.name.empty()) members.emplace_back("name", build.string(request.name));
  if (!request.ns.empty()) members.emplace_back("namespace", build.string(request.ns));
  members.emplace_back("operation", build.string(kube::to_string(request.operation)));
  members.emplace_back("userInfo", request.user_info == nullptr ? build.map({}) : *request.user_info);
  members.emplace_back("dryRun", build.boolean(request.dry_run));
  members.emplace_back("options", request.options == nullptr ? build.null() : *request.options);
  return arena.make<doc::Node>(build.map(members));
}

}  // namespace ameia::policy
