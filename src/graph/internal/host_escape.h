// Whether a pod owns its node, read off its specification. Neighbours: escalation.cc; policy/pss.h judges the same
// fields by the standards' rules, which is another question: there many more fields are refused.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "doc/node.h"

namespace ameia::graph::internal {

struct HostEscape {
  std::string why;       // "container app is privileged"; empty: none seen
  bool certain = false;  // otherwise it depends on what is shared
};
// `host_path_of_claim` gives the hostPath of the volume that a claim of the pod's namespace is bound to, or "".
HostEscape host_escape(const doc::Node& pod_spec,
                       const std::function<std::string(std::string_view claim)>& host_path_of_claim);

}  // namespace ameia::graph::internal
