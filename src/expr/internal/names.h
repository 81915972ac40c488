// What Kubernetes says of names, labels and keys that break its rules (k8s.io/apimachinery pkg/util/validation).
// Neighbours: lib_format.cc offers them as formats, lib_authz.cc checks service accounts with them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ameia::expr::internal {

// Each is empty when the text is valid. `prefix` allows what a generated name would complete ("my-app-").
std::vector<std::string> dns1123_label_errors(std::string_view text, bool prefix = false);
std::vector<std::string> dns1123_subdomain_errors(std::string_view text, bool prefix = false);
std::vector<std::string> dns1035_label_errors(std::string_view text, bool prefix = false);
std::vector<std::string> qualified_name_errors(std::string_view text);
std::vector<std::string> label_value_errors(std::string_view text);

}  // namespace ameia::expr::internal
