// The formats of texts that OpenAPI schemas name: `format: date-time`. As k8s.io/kube-openapi's strfmt reads them.
// Neighbours: lib_format.cc (CEL's format library), policy/crd_schema.h (custom resources).
#pragma once

#include <optional>
#include <string_view>

namespace ameia::expr {

bool is_uuid(std::string_view text);       // 8-4-4-4-12 hexadecimal digits, each dash optional
bool is_base64(std::string_view text);     // padded, not empty
bool is_date(std::string_view text);       // 2006-01-02
bool is_date_time(std::string_view text);  // RFC 3339

// Whether a text is what the format asks for; nullopt: the API server does not look at it, or (creditcard, addresses of
// mail with comments) it is not judged here. Dashes in the format's name do not count.
std::optional<bool> has_format(std::string_view format, std::string_view text);

}  // namespace ameia::expr
