// Libraries: the tables of functions that an Env can be built from, one maker each.
// Neighbours: expr/env.cc decides which Kubernetes version brings which; the tables live in expr/std_*.cc and
// expr/lib_*.cc. `version` is the version of the extension library as cel-go and Kubernetes number them; a later one
// contains the earlier.
#pragma once

#include <cstdint>

#include "expr/function.h"

namespace ameia::expr {

// CEL's own operators, conversions and functions. Numbers of unlike types compare (cross-type comparison) only with
// `cross_type_comparison`.
Library standard_library(bool cross_type_comparison = true);

// The makers that google.protobuf.Int32Value{value: 1} and the other wrappers of scalars become.
Library wrappers_library();
// What the two-variable macros expand to.
Library comprehensions_library();

// cel-go's extensions.
Library strings_library(uint32_t version);  // 0 charAt … trim; 1 format, strings.quote; 3 reverse; 4 format of 2026
Library math_library(uint32_t version);     // 0 greatest, least (as math.@max, math.@min); 1 rounding, bits; 2 sqrt
Library lists_library(uint32_t version);    // 0 slice; 1 flatten; 2 distinct range reverse sort sortBy; 3 first last
Library sets_library();
Library encoders_library();
Library regex_ext_library();                 // regex.extract, extractAll, replace
Library network_ext_library();               // cel-spec network_ext
Library optional_library(uint32_t version);  // 0 of none ofNonZeroValue or orValue hasValue value; 2 first last unwrap

// Kubernetes' libraries (k8s.io/apiserver/pkg/cel/library).
Library k8s_urls();
Library k8s_regex();
Library k8s_lists(uint32_t version);  // 0; 1 includes
Library k8s_quantity();
Library k8s_ip();
Library k8s_cidr();
Library k8s_format();
Library k8s_semver(uint32_t version);  // 0; 1 normalisation
Library k8s_authz();
Library k8s_authz_selectors();
Library k8s_jsonpatch();

}  // namespace ameia::expr
