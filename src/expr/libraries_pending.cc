// Libraries whose tables are still to come: each is empty here until its own file defines it.
#include "expr/libraries.h"

namespace ameia::expr {

Library network_ext_library() { return {"network", 0, {}}; }
Library k8s_urls() { return {"kubernetes.urls", 0, {}}; }
Library k8s_quantity() { return {"kubernetes.quantity", 0, {}}; }
Library k8s_ip() { return {"kubernetes.ip", 0, {}}; }
Library k8s_cidr() { return {"kubernetes.cidr", 0, {}}; }
Library k8s_format() { return {"kubernetes.format", 0, {}}; }
Library k8s_semver(uint32_t version) { return {"kubernetes.semver", version, {}}; }
Library k8s_authz() { return {"kubernetes.authz", 0, {}}; }
Library k8s_authz_selectors() { return {"kubernetes.authz_selectors", 0, {}}; }

}  // namespace ameia::expr
