#include "policy/params.h"

#include "kube/object.h"

namespace ameia::policy {

bool ParamStore::add(const doc::Node& object, bool is_default) {
  kube::ObjectView view(object);
  std::string_view group = view.group_version().group;
  auto& of_kind = kinds_[{std::string(group), std::string(view.kind())}];
  std::pair<std::string, std::string> key{view.ns(), view.name()};
  auto [it, is_new] = of_kind.try_emplace(key);
  Param& param = it->second;
  if (!is_new && (is_default || !param.is_default)) return false;
  param = {&object, key.first, key.second, is_default};
  return true;
}

std::vector<const Param*> ParamStore::list(std::string_view group, std::string_view kind) const {
  std::vector<const Param*> out;
  auto it = kinds_.find(std::pair<std::string_view, std::string_view>(group, kind));
  if (it == kinds_.end()) return out;
  out.reserve(it->second.size());
  for (const auto& [key, param] : it->second) out.push_back(&param);
  return out;
}

}  // namespace ameia::policy
