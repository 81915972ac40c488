// Reads Kyverno's ValidatingPolicy, MutatingPolicy, their Namespaced variants and the PolicyExceptions that name them
// (policies.kyverno.io) into the same compiled form as the API server's own policies have. A policy about pods becomes
// several: itself, and one for each family of pod controllers, with its expressions rewritten as Kyverno's autogen
// rewrites them. Neighbours: policy/vap_load.h (Kubernetes' kinds), policy/kyverno_evaluate.cc runs them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "policy/condition.h"
#include "policy/diagnostics.h"
#include "policy/vap.h"

namespace ameia::policy {

inline constexpr std::string_view kKyvernoGroup = "policies.kyverno.io";

// Whether this kind of kKyvernoGroup is one that load_kyverno_policy reads.
bool is_kyverno_policy(std::string_view kind);

// The policy as written comes first. Fails: never; what is wrong goes to `out`.
// `exceptions`: every PolicyException of the set.
std::vector<Policy> load_kyverno_policy(const Subject& subject, Origin origin, std::span<const Subject> exceptions,
                                        ConditionCompiler& compiler, Diagnostics& out);

// load_rule, and what Kyverno's own annotations say where ours say nothing.
report::Rule load_kyverno_rule(const doc::Node& policy, Origin origin);

// What Kyverno's autogen makes of an expression: object.spec becomes object.<spec>, object.metadata object.<metadata>,
// but for object.metadata.name and .namespace, which stay the controller's.
// And of an apply configuration, which is wrapped into the template.
std::string wrap_for_controller(std::string_view expression, std::string_view spec);
std::string rewrite_for_controller(std::string_view expression, std::string_view spec, std::string_view metadata);

}  // namespace ameia::policy
