// What must never be printed: whether a place of an object, a name or a text looks as if it held a secret.
// Neighbours: policy/blame.cc shows offending values and asks here first.
#pragma once

#include <string>
#include <string_view>

namespace ameia::policy {

// "DB_PASSWORD", "apiKey", "client-secret": a name of a setting that holds a credential.
bool is_secret_name(std::string_view name);
// A text that is, or carries, a credential: PEM keys, cloud and forge tokens, URLs with a password, --token=….
bool is_secret_text(std::string_view text);

// What stands where a secret was.
inline constexpr std::string_view kHidden = "(hidden)";

}  // namespace ameia::policy
