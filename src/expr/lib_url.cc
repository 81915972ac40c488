// Kubernetes' urls library.
#include <algorithm>

#include "expr/internal/lib_util.h"
#include "expr/internal/url.h"
#include "expr/libraries.h"

namespace ameia::expr {
namespace internal {
namespace {

class UrlValue final : public Opaque {
 public:
  explicit UrlValue(std::string_view text) : text_(text) {}
  [[nodiscard]] std::string_view type_name() const override { return "kubernetes.URL"; }
  [[nodiscard]] bool equals(const Opaque& other) const override {
    return get().text() == static_cast<const UrlValue&>(other).get().text();
  }
  [[nodiscard]] std::string_view text() const override { return text_; }
  // Parsed again when asked: most URLs are asked one thing.
  [[nodiscard]] Url get() const {
    Url url;
    static_cast<void>(parse_url(text_, url));  // was fine when this was made
    return url;
  }

 private:
  std::string_view text_;
};

Value parse(CallContext& context, const Value* args, uint32_t) {
  Url url;
  std::string why = parse_request_uri(args[0].str(), url);
  if (why.empty()) why = parse_url(args[0].str(), url);
  if (!why.empty()) return context.error("URL parse error during conversion from string: " + why);
  return Value::of_opaque(context.arena.make<UrlValue>(args[0].str()));
}
Value is_url(CallContext&, const Value* args, uint32_t) {
  Url url;
  return Value::of(parse_request_uri(args[0].str(), url).empty());
}

Url url_of(const Value& v) {
  return static_cast<const UrlValue*>(v.opaque)->get();
}
Value scheme(CallContext& context, const Value* args, uint32_t) {
  return context.string(url_of(args[0]).scheme);
}
Value host(CallContext& context, const Value* args, uint32_t) {
  return context.string(url_of(args[0]).host);
}
Value hostname(CallContext& context, const Value* args, uint32_t) {
  return context.string(url_of(args[0]).hostname());
}
Value port(CallContext& context, const Value* args, uint32_t) {
  return context.string(url_of(args[0]).port());
}
Value escaped_path(CallContext& context, const Value* args, uint32_t) {
  return context.string(url_of(args[0]).escaped_path());
}

Value query(CallContext& context, const Value* args, uint32_t) {
  auto parameters = url_of(args[0]).parameters();
  std::stable_sort(parameters.begin(), parameters.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<MapEntryValue> entries;
  std::vector<Value> values;
  for (size_t i = 0; i < parameters.size(); ++i) {
    values.push_back(context.string(parameters[i].second));
    if (i + 1 < parameters.size() && parameters[i + 1].first == parameters[i].first) continue;
    entries.push_back({context.string(parameters[i].first), context.list(values)});
    values.clear();
  }
  return context.map(entries);
}

#define U "kubernetes.URL"
constexpr Overload kOverloads[] = {
    {"string_to_url", "url(string) -> " U, parse, cost_of_first},
    {"url_get_scheme", U ".getScheme() -> string", scheme},
    {"url_get_host", U ".getHost() -> string", host},
    {"url_get_hostname", U ".getHostname() -> string", hostname},
    {"url_get_port", U ".getPort() -> string", port},
    {"url_get_escaped_path", U ".getEscapedPath() -> string", escaped_path},
    {"url_get_query", U ".getQuery() -> map(string, list(string))", query},
    {"is_url_string", "isURL(string) -> bool", is_url},
};
#undef U

}  // namespace
}  // namespace internal

Library k8s_urls() {
  return {"kubernetes.urls", 0, internal::kOverloads};
}

}  // namespace ameia::expr
