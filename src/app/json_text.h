// What the commands that print objects and JSON share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kube/object.h"

namespace ameia::app {

// A JSON string, with its quotes.
std::string quoted(std::string_view text);
std::string quoted_list(const std::vector<std::string>& texts);
// The object as reports name it; one without a name goes by its generateName.
std::string name_of(const kube::ObjectView& object);

}  // namespace ameia::app
