#include "policy/index.h"

#include <algorithm>
#include <set>

namespace ameia::policy {

void MatchIndex::add(uint32_t policy, const MatchResources& match) {
  std::set<std::string_view> names;
  uint8_t operations = match.rules().empty() ? 0xff : 0;  // no rules at all: every resource
  bool any = match.rules().empty();
  for (const NamedRule& rule : match.rules()) {
    operations |= rule.operations;
    for (const NamedRule::Resource& resource : rule.resources) {
      if (resource.resource == "*") any = true;
      names.insert(resource.resource);
    }
  }
  if (any) {
    any_.push_back({policy, operations});
    return;
  }
  for (std::string_view name : names) by_resource_[std::string(name)].push_back({policy, operations});
}

void MatchIndex::find(std::string_view resource, kube::Operation operation, std::vector<uint32_t>& out) const {
  out.clear();
  auto bit = static_cast<uint8_t>(1u << static_cast<unsigned>(operation));
  auto take = [&](const std::vector<Entry>& entries) {
    for (const Entry& entry : entries) {
      if ((entry.operations & bit) != 0) out.push_back(entry.policy);
    }
  };
  take(any_);
  size_t any = out.size();
  if (auto it = by_resource_.find(resource); it != by_resource_.end()) take(it->second);
  std::inplace_merge(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(any), out.end());
}

}  // namespace ameia::policy
