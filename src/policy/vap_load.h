// Reads ValidatingAdmissionPolicy, MutatingAdmissionPolicy and their …Binding documents into their compiled form.
// Neighbours: policy/lint.h (structure), policy/condition.h (expressions), policy/policy_set.cc (puts sets together).
#pragma once

#include "policy/condition.h"
#include "policy/diagnostics.h"
#include "policy/vap.h"

namespace ameia::policy {

// Compiles one policy; what is wrong goes to `out` and stays in the policy as expressions with errors.
Policy load_policy(const Subject& subject, Origin origin, ConditionCompiler& compiler, Diagnostics& out);

struct LoadedBinding {
  PolicyKind kind = PolicyKind::kValidating;
  std::string policy;
  Binding binding;
};
LoadedBinding load_binding(const Subject& subject);

// The metadata of a check: its ameia.io/ annotations, or what can be said of a policy without them.
report::Rule load_rule(const doc::Node& policy, Origin origin);

// Looks up what a binding's paramRef names.
ResolvedParams resolve_params(const Policy& policy, const Binding& binding, const ParamStore& store,
                              const kube::ResourceTable& resources);

}  // namespace ameia::policy
