// Numbers as text, read and written as Go's strconv and encoding/json do, because Kubernetes' own answers come from
// them.
#pragma once

#include <string>
#include <string_view>

namespace ameia::doc::internal {

// `text` is a decimal number (optional '-' or '+', digits, '.', exponent). False when it overflows a double;
// what is too small becomes zero.
bool decimal_to_double(std::string_view text, double& value);

// Shortest form that reads back: plain digits, or an exponent below 1e-6 and from 1e21 (ECMAScript's rule, and Go's).
// Not for NaN and the infinities.
void append_double(std::string& out, double value);

// Go's FormatFloat(value, 'g', -1, 32): how a YAML float key becomes a JSON key.
std::string float_key(double value);

}  // namespace ameia::doc::internal
