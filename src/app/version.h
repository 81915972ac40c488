// The version of this binary. One place; CMake's project version is checked against it in a test.
#pragma once

#include <string_view>

namespace ameia::app {

inline constexpr std::string_view kVersion = "0.1.0";
inline constexpr std::string_view kKubernetesVersion =
    "1.37";  // the newest whose CEL environment and Pod Security rules are built in

}  // namespace ameia::app
