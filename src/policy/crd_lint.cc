#include "policy/crd_lint.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <optional>

#include "expr/schema.h"
#include "policy/crd_rules.h"
#include "policy/decision.h"

namespace ameia::policy {
namespace {

using doc::Node;

constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();

uint64_t times(uint64_t a, uint64_t b) {
  return b != 0 && a > kMost / b ? kMost : a * b;
}

// How often a value may stand in one object; nothing: the lists and maps above set no bound.
using Cardinality = std::optional<uint64_t>;

Cardinality below(const Cardinality& above, const Node& schema) {
  if (!above) return std::nullopt;
  const bool is_list = schema["type"].str() == "array";
  const bool is_map = schema["type"].str() == "object" && schema.find("additionalProperties") != nullptr;
  if (!is_list && !is_map) return above;
  const Node* most = schema.find(is_list ? "maxItems" : "maxProperties");
  if (most == nullptr || !most->is_int()) return std::nullopt;
  return times(*above, static_cast<uint64_t>(std::max<int64_t>(most->integer, 0)));
}

std::string exceeds(std::string_view what, uint64_t cost, uint64_t budget) {
  constexpr double kBeyondSaying = 100, kNearlyOne = 1.5;
  const double factor = static_cast<double>(cost) / static_cast<double>(budget);
  char text[64] = "more than 100x";
  if (factor < kNearlyOne)
    std::snprintf(text, sizeof text, "%fx", factor);
  else if (factor <= kBeyondSaying)
    std::snprintf(text, sizeof text, "%.1fx", factor);
  return std::string(what) + " exceeds budget by factor of " + text +
         " (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings "
         "are declared)";
}

bool breaks_lines(std::string_view text) {
  return text.find_first_of("\r\n") != std::string_view::npos;
}

// The rules of one version's schema.
class VersionLint {
 public:
  VersionLint(const CrdRules& rules, std::vector<CrdProblem>& out) : rules_(rules), out_(out) {}

  void run(const Node& schema, const std::string& field) {
    if (rules_.root() != nullptr) visit(*rules_.root(), field, uint64_t{1}, {});
    if (total_ <= kCrdRulesCostMax) return;
    std::stable_sort(dear_.begin(), dear_.end(), [](const Dear& a, const Dear& b) { return a.cost > b.cost; });
    constexpr size_t kNamedMax = 4;
    if (dear_.size() > kNamedMax) dear_.resize(kNamedMax);
    for (const Dear& rule : dear_) {
      add(*rule.node, rule.field,
          "Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema");
    }
    add(schema, field,
        "Forbidden: " + exceeds("x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema",
                                total_, kCrdRulesCostMax));
  }

 private:
  struct Dear {
    const Node* node;
    std::string field;
    uint64_t cost;
  };

  void add(const Node& node, const std::string& field, std::string message) {
    if (out_.size() < kDiagnosticsMax) out_.push_back({&node, field, std::move(message)});
  }

  // `uncorrelatable` names the list above in which no old value can be told.
  void visit(const CrdNode& node, const std::string& field, const Cardinality& cardinality,
             const std::string& uncorrelatable) {
    const Node& schema = *node.schema;
    const Cardinality inside = below(cardinality, schema);
    if (node.values != nullptr) visit(*node.values, field + ".additionalProperties", inside, uncorrelatable);
    for (const auto& [name, child] : node.properties)
      visit(*child, field + ".properties[" + name + "]", inside, uncorrelatable);
    if (node.items != nullptr) {
      const bool keyed = schema["x-kubernetes-list-type"].str() == "map";
      visit(*node.items, field + ".items", inside, keyed ? uncorrelatable : field);
    }
    for (size_t i = 0; i < node.rules.size(); ++i) {
      rule(node, node.rules[i], field + ".x-kubernetes-validations[" + std::to_string(i) + "]", cardinality,
           uncorrelatable);
    }
  }

  void rule(const CrdNode& node, const CrdRule& rule, const std::string& field, const Cardinality& cardinality,
            const std::string& uncorrelatable) {
    const Node& source = *rule.source;
    if (!texts(*node.schema, source, field)) return;
    if (!node.init_error.empty())
      return add(source, field,
                 "Internal error: internal error: failed to construct type information for "
                 "x-kubernetes-validations rules: unable to convert structural schema to CEL "
                 "declarations");
    const uint64_t count = cardinality.value_or(cardinality_by_size(node.index));
    price(source["rule"], field + ".rule", times(rule.cost_max, count), "estimated rule cost");
    if (!rule.error.empty()) add(source["rule"], field + ".rule", "Invalid value: " + rule.error);
    if (!rule.message_error.empty())
      add(source["messageExpression"], field + ".messageExpression", "Invalid value: " + rule.message_error);
    else if (rule.has_message)
      price(source["messageExpression"], field + ".messageExpression", rule.message_cost_max,
            "estimated messageExpression cost");
    if (rule.uses_old_self && !uncorrelatable.empty()) {
      add(source["rule"], field + ".rule",
          "Invalid value: oldSelf cannot be used on the uncorrelatable portion of the schema within " + uncorrelatable);
    } else if (!rule.uses_old_self && source.find("optionalOldSelf") != nullptr) {
      add(source["optionalOldSelf"], field + ".optionalOldSelf",
          "Invalid value: may not be set if oldSelf is not used in rule");
    }
  }

  // As often as the smallest value of the schema fits a request.
  [[nodiscard]] uint64_t cardinality_by_size(uint16_t schema) const {
    constexpr uint64_t kRequestBytesMax = uint64_t{3} << 20;
    return kRequestBytesMax / (rules_.schemas().json_bytes_min(schema) + 1);
  }

  void price(const Node& node, const std::string& field, uint64_t cost, std::string_view what) {
    if (cost > kRuleCostMax) add(node, field, "Forbidden: " + exceeds(what, cost, kRuleCostMax));
    total_ = cost > kMost - total_ ? kMost : total_ + cost;
    if (cost >= kCrdRulesCostMax / 100) dear_.push_back({&node, field, cost});
  }

  // What needs no compiler. False: the rule is not compiled.
  bool texts(const Node& schema, const Node& source, const std::string& field) {
    const size_t before = out_.size();
    const std::string_view rule = trim(source["rule"].str()), message = trim(source["message"].str());
    const Node *own_message = source.find("message"), *expression = source.find("messageExpression"),
               *path = source.find("fieldPath"), *reason = source.find("reason");
    if (rule.empty())
      add(source, field + ".rule", "Required value: rule is not specified");
    else if (own_message != nullptr && own_message->size > 0 && message.empty())
      add(*own_message, field + ".message", "Invalid value: must be non-empty if specified");
    else if (breaks_lines(message))
      add(*own_message, field + ".message", "Invalid value: must not contain line breaks");
    else if (breaks_lines(rule) && message.empty())
      add(source, field + ".message", "Required value: message must be specified if rule contains line breaks");
    if (expression != nullptr && expression->size > 0 && trim(expression->str()).empty())
      add(*expression, field + ".messageExpression",
          "Required value: messageExpression must be non-empty if specified");
    if (reason != nullptr && reason->str() != "FieldValueRequired" && reason->str() != "FieldValueForbidden" &&
        reason->str() != "FieldValueInvalid" && reason->str() != "FieldValueDuplicate") {
      add(*reason, field + ".reason",
          "Unsupported value: \"" + std::string(reason->str()) +
              "\": supported values: \"FieldValueDuplicate\", \"FieldValueForbidden\", \"FieldValueInvalid\", "
              "\"FieldValueRequired\"");
    }
    if (path != nullptr && path->size > 0) {
      if (trim(path->str()).empty()) add(*path, field + ".fieldPath", "Invalid value: must be non-empty if specified");
      if (breaks_lines(path->str())) add(*path, field + ".fieldPath", "Invalid value: must not contain line breaks");
      if (!parse_field_path(path->str(), schema))
        add(*path, field + ".fieldPath", "Invalid value: must be a valid path");
    }
    return out_.size() == before;
  }

  const CrdRules& rules_;
  std::vector<CrdProblem>& out_;
  uint64_t total_ = 0;
  std::vector<Dear> dear_;
};

}  // namespace

std::vector<CrdProblem> lint_crd(const Node& crd, expr::Version version) {
  std::vector<CrdProblem> out;
  if (crd["kind"].str() != "CustomResourceDefinition") return out;
  const std::span<const Node> versions = crd["spec"]["versions"].list();
  for (size_t i = 0; i < versions.size(); ++i) {
    const Node& schema = versions[i]["schema"]["openAPIV3Schema"];
    if (!schema.is_map()) continue;
    const CrdRules rules(schema, {.is_root = true, .version = version, .libraries = {}});
    VersionLint(rules, out).run(schema, "spec.versions[" + std::to_string(i) + "].schema.openAPIV3Schema");
  }
  return out;
}

}  // namespace ameia::policy
