// Libraries whose tables are still to come: each is empty here until its own file defines it.
#include "expr/libraries.h"

namespace ameia::expr {

Library strings_library(uint32_t version) { return {"strings", version, {}}; }
Library math_library(uint32_t version) { return {"math", version, {}}; }
Library lists_library(uint32_t version) { return {"lists", version, {}}; }
Library sets_library() { return {"sets", 0, {}}; }
Library encoders_library() { return {"encoders", 0, {}}; }
Library regex_ext_library() { return {"regex", 0, {}}; }
Library network_ext_library() { return {"network", 0, {}}; }
Library optional_library(uint32_t version) { return {"optional", version, {}}; }
Library k8s_urls() { return {"kubernetes.urls", 0, {}}; }
Library k8s_regex() { return {"kubernetes.regex", 0, {}}; }
Library k8s_lists(uint32_t version) { return {"kubernetes.lists", version, {}}; }
Library k8s_quantity() { return {"kubernetes.quantity", 0, {}}; }
Library k8s_ip() { return {"kubernetes.ip", 0, {}}; }
Library k8s_cidr() { return {"kubernetes.cidr", 0, {}}; }
Library k8s_format() { return {"kubernetes.format", 0, {}}; }
Library k8s_semver(uint32_t version) { return {"kubernetes.semver", version, {}}; }
Library k8s_authz() { return {"kubernetes.authz", 0, {}}; }
Library k8s_authz_selectors() { return {"kubernetes.authz_selectors", 0, {}}; }
Library k8s_jsonpatch() { return {"kubernetes.jsonpatch", 0, {}}; }

}  // namespace ameia::expr
