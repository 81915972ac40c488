// unified_diff: two texts as the lines that differ, in the form that patch and git read.
// Neighbours: app/ shows what a policy or a fix changes with it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ameia::report {

struct DiffOptions {
  size_t context = 3;  // equal lines shown around a change
  // Edits (lines removed and added) that are searched for; texts that differ more are shown as replaced from the first
  // line that differs to the last.
  size_t edits_max = 2'000;
};

// "--- old\n+++ new\n@@ -1,3 +1,4 @@\n…"; empty when the texts are equal.
std::string unified_diff(std::string_view before, std::string_view after, std::string_view before_name,
                         std::string_view after_name, const DiffOptions& options = {});

}  // namespace ameia::report
