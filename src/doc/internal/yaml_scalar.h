// What a YAML scalar means, as sigs.k8s.io/yaml reads it (YAML 1.1 words, Go's number syntax, JSON's data model).
#pragma once

#include <string>
#include <string_view>

#include "base/arena.h"
#include "doc/node.h"

namespace ameia::doc::internal {

// Fills kind and payload of `out` (whose text is `text`, alive as long as the document). `tag` is the explicit tag or
// empty; `plain` is false for quoted and block scalars, which are strings unless a tag says otherwise. Returns an empty
// text, or what is wrong.
std::string resolve_scalar(std::string_view text, std::string_view tag, bool plain, base::Arena& arena, Node& out);

// The key a JSON object gets for a scalar map key: numbers and booleans become their text. False: it cannot be a key.
bool resolve_key(std::string_view text, std::string_view tag, bool plain, std::string& out);
// Whether resolve_key would give `text` itself, told from its first byte: what almost every key is.
bool is_plain_word(std::string_view text);

}  // namespace ameia::doc::internal
