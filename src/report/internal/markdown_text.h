// Texts of strangers in Markdown: they stay texts.
#pragma once

#include <string>
#include <string_view>

namespace ameia::report::internal {

// On one line, nothing in it read as markup, HTML, link or mention.
std::string markdown_text(std::string_view text);
// In a code span; empty for an empty text.
std::string markdown_code(std::string_view text);

}  // namespace ameia::report::internal
