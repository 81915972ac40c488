// string.format in its two meanings; the rest of the strings library is in lib_strings.cc.
#pragma once

#include "expr/function.h"

namespace ameia::expr::internal {

// Versions 1 to 3: numbers as golang.org/x/text prints them in English ("1,234.500", "1.05×10⁰³"), which Kubernetes has.
Value format_string(CallContext& context, const Value* args, uint32_t count);
// Version 4, as cel-spec has it: no locale.
Value format_string_v4(CallContext& context, const Value* args, uint32_t count);

}  // namespace ameia::expr::internal
