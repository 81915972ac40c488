// Kubernetes' format library: format.<name>() and format.named(name) give a format, whose validate(text) says what is
// wrong.
#include <algorithm>
#include <vector>

#include "expr/internal/lib_util.h"
#include "expr/internal/names.h"
#include "expr/internal/url.h"
#include "expr/libraries.h"
#include "expr/text_format.h"

namespace ameia::expr {
namespace internal {
namespace {

using Errors = std::vector<std::string>;

Errors one(bool valid, const char* error) {
  return valid ? Errors{} : Errors{error};
}
Errors uri(std::string_view text) {
  Url url;
  const std::string why = parse_request_uri(text, url);
  return why.empty() ? Errors{} : Errors{why};
}

Errors uuid(std::string_view text) {
  return one(is_uuid(text), "does not match the UUID format");
}
Errors byte(std::string_view text) {
  return one(is_base64(text), "invalid base64");
}
Errors date(std::string_view text) {
  return one(is_date(text), "invalid date");
}
Errors date_time(std::string_view text) {
  return one(is_date_time(text), "invalid datetime");
}

Errors label(std::string_view text) {
  return dns1123_label_errors(text);
}
Errors label_prefix(std::string_view text) {
  return dns1123_label_errors(text, true);
}
Errors subdomain(std::string_view text) {
  return dns1123_subdomain_errors(text);
}
Errors subdomain_prefix(std::string_view text) {
  return dns1123_subdomain_errors(text, true);
}
Errors label_1035(std::string_view text) {
  return dns1035_label_errors(text);
}
Errors label_1035_prefix(std::string_view text) {
  return dns1035_label_errors(text, true);
}

class Format final : public Opaque {
 public:
  constexpr Format(std::string_view function, std::string_view name, Errors (*validate)(std::string_view),
                   uint64_t regex_size)
      : function_(function), name_(name), validate_(validate), regex_size_(regex_size) {}
  [[nodiscard]] std::string_view type_name() const override { return "kubernetes.NamedFormat"; }
  [[nodiscard]] bool equals(const Opaque& other) const override {
    return name_ == static_cast<const Format&>(other).name_;
  }
  [[nodiscard]] std::string_view text() const override { return name_; }
  [[nodiscard]] std::string_view function() const { return function_; }
  [[nodiscard]] Errors validate(std::string_view text) const { return validate_(text); }
  [[nodiscard]] uint64_t regex_size() const { return regex_size_; }  // what a call is charged for

 private:
  std::string_view function_, name_;
  Errors (*validate_)(std::string_view);
  uint64_t regex_size_;
};

constexpr Format kFormats[] = {
    {"dns1123Label", "DNS1123Label", label, 30},
    {"dns1123Subdomain", "DNS1123Subdomain", subdomain, 60},
    {"dns1035Label", "DNS1035Label", label_1035, 30},
    {"qualifiedName", "QualifiedName", qualified_name_errors, 60},
    {"dns1123LabelPrefix", "DNS1123LabelPrefix", label_prefix, 30},
    {"dns1123SubdomainPrefix", "DNS1123SubdomainPrefix", subdomain_prefix, 60},
    {"dns1035LabelPrefix", "DNS1035LabelPrefix", label_1035_prefix, 30},
    {"labelValue", "LabelValue", label_value_errors, 40},
    {"uri", "URI", uri, 1103},
    {"uuid", "uuid", uuid, 70},
    {"byte", "byte", byte, 84},
    {"date", "date", date, 71},
    {"datetime", "datetime", date_time, 71},
};

template <size_t index>
Value constant(CallContext&, const Value*, uint32_t) {
  return Value::of_opaque(&kFormats[index]);
}

Value named(CallContext& context, const Value* args, uint32_t) {
  for (const Format& format : kFormats) {
    if (format.function() == args[0].str()) return context.some(Value::of_opaque(&format));
  }
  return CallContext::none();
}

Value validate(CallContext& context, const Value* args, uint32_t) {
  std::vector<Value> errors;
  for (const std::string& error : static_cast<const Format*>(args[0].opaque)->validate(args[1].str()))
    errors.push_back(context.string(error));
  return errors.empty() ? CallContext::none() : context.some(context.list(errors));
}

uint64_t cost_validate(const Value* args, uint32_t, const Value&) {
  if (args[0].kind != ValueKind::kOpaque || args[0].opaque->type_name() != kFormats[0].type_name()) return 1;
  return tenths(cost_size(args[1]) + 1) * quarters(static_cast<const Format*>(args[0].opaque)->regex_size());
}

#define AMEIA_FORMAT(name, index) \
  {"format." name, "format." name "() -> kubernetes.NamedFormat", constant<index>, nullptr, true}
constexpr Overload kOverloads[] = {
    {"format-validate", "kubernetes.NamedFormat.validate(string) -> optional(list(string))", validate, cost_validate},
    {"format-named", "format.named(string) -> optional(kubernetes.NamedFormat)", named, nullptr, true},
    AMEIA_FORMAT("dns1123Label", 0),
    AMEIA_FORMAT("dns1123Subdomain", 1),
    AMEIA_FORMAT("dns1035Label", 2),
    AMEIA_FORMAT("qualifiedName", 3),
    AMEIA_FORMAT("dns1123LabelPrefix", 4),
    AMEIA_FORMAT("dns1123SubdomainPrefix", 5),
    AMEIA_FORMAT("dns1035LabelPrefix", 6),
    AMEIA_FORMAT("labelValue", 7),
    AMEIA_FORMAT("uri", 8),
    AMEIA_FORMAT("uuid", 9),
    AMEIA_FORMAT("byte", 10),
    AMEIA_FORMAT("date", 11),
    AMEIA_FORMAT("datetime", 12),
};
#undef AMEIA_FORMAT

}  // namespace
}  // namespace internal

Library k8s_format() {
  return {"kubernetes.format", 0, internal::kOverloads};
}

}  // namespace ameia::expr
