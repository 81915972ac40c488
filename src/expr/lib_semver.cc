// Kubernetes' semver library, with the meaning of github.com/blang/semver. Version 1 adds normalisation.
#include <charconv>

#include "expr/internal/lib_util.h"
#include "expr/libraries.h"

namespace ameia::expr {
namespace internal {
namespace {

struct Version {
  uint64_t major = 0, minor = 0, patch = 0;
  std::string_view prerelease;  // "alpha.1", dots between the identifiers
};

bool is_number(std::string_view text) {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}
bool is_identifier(std::string_view text) {
  return text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789") ==
         std::string_view::npos;
}
bool has_leading_zero(std::string_view text) {
  return text.size() > 1 && text[0] == '0';
}

std::string read_number(std::string_view text, std::string_view name, std::string_view title, uint64_t& out) {
  if (!is_number(text)) return "Invalid character(s) found in " + std::string(name) + " number " + go_quote(text);
  if (has_leading_zero(text)) return std::string(title) + " number must not contain leading zeroes " + go_quote(text);
  if (text.empty()) return "strconv.ParseUint: parsing \"\": invalid syntax";
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc()) return "strconv.ParseUint: parsing " + go_quote(text) + ": value out of range";
  return {};
}

std::string_view next_identifier(std::string_view& rest, bool& more) {
  const size_t dot = rest.find('.');
  const std::string_view part = rest.substr(0, dot);
  more = dot != std::string_view::npos;
  rest = more ? rest.substr(dot + 1) : std::string_view();
  return part;
}

std::string check_prerelease(std::string_view rest) {
  for (bool more = true; more;) {
    const std::string_view part = next_identifier(rest, more);
    uint64_t number = 0;
    if (part.empty()) return "Prerelease is empty";
    if (is_number(part)) {
      if (has_leading_zero(part)) return "Numeric PreRelease version must not contain leading zeroes " + go_quote(part);
      const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
      if (error != std::errc()) return "strconv.ParseUint: parsing " + go_quote(part) + ": value out of range";
    } else if (!is_identifier(part)) {
      return "Invalid character(s) found in prerelease " + go_quote(part);
    }
  }
  return {};
}

std::string check_build(std::string_view rest) {
  for (bool more = true; more;) {
    const std::string_view part = next_identifier(rest, more);
    if (part.empty()) return "Build meta data is empty";
    if (!is_identifier(part)) return "Invalid character(s) found in build meta data " + go_quote(part);
  }
  return {};
}

// "" or what is wrong; `out` borrows from `text`.
std::string parse_version(std::string_view text, Version& out) {
  if (text.empty()) return "Version string empty";
  const size_t first = text.find('.');
  const size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos) return "No Major.Minor.Patch elements found";
  if (std::string why = read_number(text.substr(0, first), "major", "Major", out.major); !why.empty()) return why;
  if (std::string why = read_number(text.substr(first + 1, second - first - 1), "minor", "Minor", out.minor);
      !why.empty())
    return why;
  std::string_view patch = text.substr(second + 1);
  const size_t plus = patch.find('+');
  const bool has_build = plus != std::string_view::npos;
  const std::string_view build = has_build ? patch.substr(plus + 1) : std::string_view();
  patch = patch.substr(0, plus);
  const size_t dash = patch.find('-');
  const bool has_prerelease = dash != std::string_view::npos;
  if (has_prerelease) out.prerelease = patch.substr(dash + 1);
  if (std::string why = read_number(patch.substr(0, dash), "patch", "Patch", out.patch); !why.empty()) return why;
  if (has_prerelease) {
    if (std::string why = check_prerelease(out.prerelease); !why.empty()) return why;
  }
  return has_build ? check_build(build) : std::string();
}

// "v1.02" is "1.2.0".
std::string normalise(std::string_view text, std::string& why) {
  if (text.starts_with('v')) text.remove_prefix(1);
  std::string out;
  size_t parts = 0;
  for (bool more = true; more; ++parts) {
    const size_t dot = parts < 2 ? text.find('.') : std::string_view::npos;
    more = dot != std::string_view::npos;
    std::string_view part = text.substr(0, dot);
    if (more) text.remove_prefix(dot + 1);
    if (!more && parts < 2 && part.find_first_of("+-") != std::string_view::npos) {
      why = "short version cannot contain PreRelease/Build meta data";
      return {};
    }
    if (parts != 0) out += '.';
    if (part.size() > 1) {
      part.remove_prefix(std::min(part.find_first_not_of('0'), part.size()));
      if (part.empty() || part[0] < '0' || part[0] > '9') out += '0';
    }
    out += part;
  }
  for (; parts < 3; ++parts) out += ".0";
  return out;
}

int compare_identifiers(std::string_view a, std::string_view b) {
  const bool number_a = is_number(a), number_b = is_number(b);
  if (number_a != number_b) return number_a ? -1 : 1;
  if (number_a && a.size() != b.size()) return a.size() < b.size() ? -1 : 1;  // no leading zeros
  return (a > b) - (a < b);
}

int compare_versions(const Version& a, const Version& b) {
  if (a.major != b.major) return a.major < b.major ? -1 : 1;
  if (a.minor != b.minor) return a.minor < b.minor ? -1 : 1;
  if (a.patch != b.patch) return a.patch < b.patch ? -1 : 1;
  if (a.prerelease.empty() || b.prerelease.empty())
    return static_cast<int>(a.prerelease.empty()) - static_cast<int>(b.prerelease.empty());
  std::string_view left = a.prerelease, right = b.prerelease;
  for (bool more_left = true, more_right = true;;) {
    const int order = compare_identifiers(next_identifier(left, more_left), next_identifier(right, more_right));
    if (order != 0) return order;
    if (!more_left || !more_right) return static_cast<int>(more_left) - static_cast<int>(more_right);
  }
}

class Semver final : public Opaque {
 public:
  Semver(const Version& version, std::string_view text) : version_(version), text_(text) {}
  [[nodiscard]] std::string_view type_name() const override { return "kubernetes.Semver"; }
  [[nodiscard]] bool equals(const Opaque& other) const override {
    return compare_versions(version_, static_cast<const Semver&>(other).version_) == 0;
  }
  [[nodiscard]] std::string_view text() const override { return text_; }
  [[nodiscard]] const Version& version() const { return version_; }

 private:
  Version version_;
  std::string_view text_;
};

const Version& version_of(const Value& v) {
  return static_cast<const Semver*>(v.opaque)->version();
}

std::string read(CallContext& context, const Value* args, uint32_t count, std::string_view& text, Version& out) {
  text = args[0].str();
  std::string why;
  if (count == 2 && args[1].boolean) {
    const std::string normal = normalise(text, why);
    if (!why.empty()) return why;
    text = context.arena.copy(std::string_view(normal));
  }
  return parse_version(text, out);
}

Value parse(CallContext& context, const Value* args, uint32_t count) {
  std::string_view text;
  Version version;
  const std::string why = read(context, args, count, text, version);
  return why.empty() ? Value::of_opaque(context.arena.make<Semver>(version, text)) : context.error(why);
}
Value is_semver(CallContext& context, const Value* args, uint32_t count) {
  std::string_view text;
  Version version;
  return Value::of(read(context, args, count, text, version).empty());
}
int compare(const Value* args) {
  return compare_versions(version_of(args[0]), version_of(args[1]));
}
Value is_greater(CallContext&, const Value* args, uint32_t) {
  return Value::of(compare(args) > 0);
}
Value is_less(CallContext&, const Value* args, uint32_t) {
  return Value::of(compare(args) < 0);
}
Value compare_to(CallContext&, const Value* args, uint32_t) {
  return Value::of_int(compare(args));
}
Value major_of(CallContext&, const Value* args, uint32_t) {
  return Value::of_int(static_cast<int64_t>(version_of(args[0]).major));
}
Value minor_of(CallContext&, const Value* args, uint32_t) {
  return Value::of_int(static_cast<int64_t>(version_of(args[0]).minor));
}
Value patch_of(CallContext&, const Value* args, uint32_t) {
  return Value::of_int(static_cast<int64_t>(version_of(args[0]).patch));
}

#define S "kubernetes.Semver"
constexpr Overload kOverloads[] = {
    {"string_to_semver", "semver(string) -> " S, parse, cost_of_first},
    {"is_semver_string", "isSemver(string) -> bool", is_semver, cost_of_first},
    {"semver_is_greater_than", S ".isGreaterThan(" S ") -> bool", is_greater},
    {"semver_is_less_than", S ".isLessThan(" S ") -> bool", is_less},
    {"semver_compare_to", S ".compareTo(" S ") -> int", compare_to},
    {"semver_major", S ".major() -> int", major_of},
    {"semver_minor", S ".minor() -> int", minor_of},
    {"semver_patch", S ".patch() -> int", patch_of},
    // version 1
    {"string_bool_to_semver", "semver(string, bool) -> " S, parse, cost_of_first},
    {"is_semver_string_bool", "isSemver(string, bool) -> bool", is_semver, cost_of_first},
};
#undef S

}  // namespace
}  // namespace internal

Library k8s_semver(uint32_t version) {
  const std::span<const Overload> all = internal::kOverloads;
  return {"kubernetes.semver", version, version >= 1 ? all : all.first(all.size() - 2)};
}

}  // namespace ameia::expr
