// Field names of Kubernetes objects as CEL identifiers: "a-b" is written a__dash__b in an expression.
// Rules (k8s.io/apiserver pkg/cel Escape): "__" → __underscores__, "." → __dot__, "-" → __dash__, "/" → __slash__,
// a whole name that is a CEL keyword → __keyword__. Other names cannot be written.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ameia::expr {

// Words that a CEL identifier cannot be.
bool is_keyword(std::string_view word);
// The identifier that stands for a field; nullopt when none can.
std::optional<std::string> escape_field(std::string_view field);
// The field that an identifier stands for; nullopt when the identifier holds an unknown escape.
std::optional<std::string> unescape_field(std::string_view identifier);

}  // namespace ameia::expr
