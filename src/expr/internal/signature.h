// Signature: the text form in which libraries declare overloads, read into types.
//   overload = [receiver "."] function "(" [type {"," type}] ")" "->" type
//   type     = dyn | bool | int | uint | double | string | bytes | duration | timestamp | null | list(T) | map(K, V)
//            | optional(T) | type(T) | type | one capital letter (a parameter) | a library's own name [ "(" types ")" ]
// Neighbours: expr/function.h holds the texts, expr/env.cc reads each once.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "expr/type.h"

namespace ameia::expr {

struct Signature {
  std::string_view function;
  bool member = false;
  bool has_params = false;        // some type is a parameter
  std::vector<const Type*> args;  // the receiver first
  const Type* result = nullptr;
};

// Makes the type of a name that is none of CEL's own.
using NamedType = std::function<const Type*(std::string_view name, std::span<const Type* const> params)>;

// Fails: kInternal, a defect of the table that holds the text.
base::Result<Signature> parse_signature(std::string_view text, bool is_namespaced, Types& types,
                                        const NamedType& named);
base::Result<const Type*> parse_type(std::string_view text, Types& types, const NamedType& named);

}  // namespace ameia::expr
