// The languages a report speaks. A heading stands in both beside each other where it is printed; the texts of a check
// stand beside the check (report::Rule). Ids, field names and the messages of policies are the same in every language.
// Neighbours: report/finding.h, report/text.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ameia::report {

enum class Language : uint8_t { kEnglish, kPortuguese };

constexpr std::string_view to_string(Language language) {
  return language == Language::kPortuguese ? "pt" : "en";
}

constexpr std::optional<Language> parse_language(std::string_view text) {
  if (text == "en") return Language::kEnglish;
  if (text == "pt") return Language::kPortuguese;
  return std::nullopt;
}

// Picks one of two texts that mean the same.
struct Say {
  Language language = Language::kEnglish;
  constexpr std::string_view operator()(std::string_view english, std::string_view portuguese) const {
    return language == Language::kPortuguese ? portuguese : english;
  }
};

}  // namespace ameia::report
