// string.format in its two meanings; the rest of the strings library is in lib_strings.cc, the check of literals in
// check_format.cc.
#pragma once

#include <expected>
#include <functional>
#include <string>
#include <string_view>

#include "expr/function.h"

namespace ameia::expr::internal {

// Versions 1 to 3: numbers as golang.org/x/text prints them in English ("1,234.500", "1.05×10⁰³"), which Kubernetes
// has.
Value format_string(CallContext& context, const Value* args, uint32_t count);
// Version 4, as cel-spec has it: no locale.
Value format_string_v4(CallContext& context, const Value* args, uint32_t count);

// Reads `form` and asks `clause` for the text of each of its clauses: the letter, the precision and which of the
// `given` arguments. `used` is how many arguments it asked for. `literal`: the order of complaints that a check of
// literals has.
using FormatClause =
    const std::function<std::expected<std::string, std::string>(char letter, uint32_t precision, uint32_t index)>&;
std::expected<std::string, std::string> write_format(std::string_view form, uint32_t given, bool literal,
                                                     FormatClause clause, uint32_t& used);
// "decimal clause can only be used on integers": what a clause says of an argument that is none of its kinds.
std::string_view format_complaint(char letter);

}  // namespace ameia::expr::internal
