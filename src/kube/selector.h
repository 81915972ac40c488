// LabelSelector (meta/v1): matchLabels and matchExpressions, checked and sorted once, then matched without allocation.
// Neighbours: policy/match.h (namespaceSelector, objectSelector), policy/params.h (paramRef.selector).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "doc/node.h"

namespace ameia::kube {

// Threads: immutable after parse. Owns: copies of its strings. Limits: kSelectorRequirementsMax, kSelectorValuesMax.
class LabelSelector {
 public:
  enum class Operator : uint8_t { kIn, kNotIn, kExists, kDoesNotExist };
  struct Requirement {
    std::string key;
    uint32_t key_hash = 0;
    Operator op = Operator::kIn;
    std::vector<std::string> values;
  };

  // An absent selector (a null node) and an empty one match everything here, as they do in match constraints.
  // Fails: kInvalidInput in the API server's words (bad key, value or operator); kLimit.
  static base::Result<LabelSelector> parse(const doc::Node& selector);

  // What the API server makes of a nil selector that nobody defaulted: it matches no labels at all.
  static LabelSelector nothing() {
    LabelSelector selector;
    selector.nothing_ = true;
    return selector;
  }

  [[nodiscard]] bool empty() const { return requirements_.empty() && !nothing_; }
  // `labels` is a map of strings or null.
  [[nodiscard]] bool matches(const doc::Node& labels) const;
  // The same, where `implied_key` has `implied_value` when `labels` does not say otherwise
  // (kubernetes.io/metadata.name).
  [[nodiscard]] bool matches(const doc::Node& labels, std::string_view implied_key,
                             std::string_view implied_value) const;
  [[nodiscard]] const std::vector<Requirement>& requirements() const { return requirements_; }

 private:
  std::vector<Requirement> requirements_;
  bool nothing_ = false;
};

// Whether `key` is a qualified name (prefix/name), and `value` a label value; empty = valid, else what is wrong.
std::string check_label_key(std::string_view key);
std::string check_label_value(std::string_view value);

}  // namespace ameia::kube
