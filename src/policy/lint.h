// Lint: what the API server would refuse in a policy or binding before it looks at CEL: missing, unknown and mistyped
// fields, bad names, contradictions. Neighbours: policy/vap_load.cc compiles the expressions and reports theirs.
#pragma once

#include "doc/node.h"
#include "policy/diagnostics.h"

namespace ameia::policy {

void lint_policy(const Subject& subject, Diagnostics& out);
void lint_binding(const Subject& subject, Diagnostics& out);

}  // namespace ameia::policy
