#include "expr/internal/schema_size.h"

#include <algorithm>
#include <optional>
#include <string_view>

namespace ameia::expr::internal {
namespace {

constexpr uint64_t kDurationBytesMin = 3, kTimeLengthMax = 32, kTimeBytesMin = 21, kDateLength = 12, kBoolBytesMin = 4;

// A declared maximum; below zero is zero.
std::optional<uint64_t> declared(const doc::Node& schema, std::string_view key) {
  const doc::Node* limit = schema.find(key);
  if (limit == nullptr || !limit->is_int()) return std::nullopt;
  constexpr int64_t kSaneMax = int64_t{1} << 60;
  return static_cast<uint64_t>(std::clamp<int64_t>(limit->integer, 0, kSaneMax));
}

}  // namespace

uint64_t text_elements_max(const doc::Node& schema) {
  const bool int_or_string = schema["x-kubernetes-int-or-string"].boolean_or(false);
  if (!int_or_string && schema["type"].str() != "string") return 0;
  const std::string_view format = int_or_string ? std::string_view() : schema["format"].str();
  if (format == "duration" || format == "date-time") return kTimeLengthMax;
  if (format == "date") return kDateLength;
  if (const std::optional<uint64_t> length = declared(schema, "maxLength"))
    return format == "byte" ? *length : *length * kBytesPerCharacterMax;
  if (int_or_string || format == "byte" || schema["enum"].list().empty()) return kRequestTextMax;
  uint64_t longest = 0;
  for (const doc::Node& value : schema["enum"].list()) longest = std::max<uint64_t>(longest, value.str().size());
  return longest;
}

uint64_t scalar_bytes_min(const doc::Node& schema) {
  if (schema["x-kubernetes-int-or-string"].boolean_or(false)) return 1;
  const std::string_view type = schema["type"].str(), format = schema["format"].str();
  if (type == "boolean") return kBoolBytesMin;
  if (type != "string") return 1;
  if (format == "duration") return kDurationBytesMin;
  if (format == "date") return kDateLength;
  return format == "date-time" ? kTimeBytesMin : kTextBytesMin;
}

uint64_t list_elements_max(const doc::Node& schema, uint64_t item_bytes_min) {
  constexpr uint64_t kComma = 1;
  return declared(schema, "maxItems").value_or((kRequestBytesMax - 2) / (item_bytes_min + kComma));
}

uint64_t map_elements_max(const doc::Node& schema, uint64_t value_bytes_min) {
  constexpr uint64_t kShortestMember = 6;  // two bytes of key, quotes, colon, comma
  return declared(schema, "maxProperties").value_or((kRequestBytesMax - 2) / (value_bytes_min + kShortestMember));
}

}  // namespace ameia::expr::internal
