#include "kube/selector.h"

#include "kube/limits.h"

namespace ameia::kube {
namespace {

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// ([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]
bool is_name(std::string_view text) {
  if (text.empty() || !is_alnum(text.front()) || !is_alnum(text.back())) return false;
  for (char c : text) {
    if (!is_alnum(c) && c != '-' && c != '_' && c != '.') return false;
  }
  return true;
}

// Lower-case labels of letters, digits and '-', joined by dots (RFC 1123 subdomain).
bool is_subdomain(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  bool start = true;
  char last = '.';
  for (char c : text) {
    bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
    if (c == '.') {
      if (start || last == '-') return false;
      start = true;
    } else if (alnum) {
      start = false;
    } else if (c != '-' || start) {
      return false;
    }
    last = c;
  }
  return !start && last != '-';
}

constexpr std::string_view kNameForm =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";

base::Result<LabelSelector::Operator> parse_operator(std::string_view text) {
  using Operator = LabelSelector::Operator;
  if (text == "In") return Operator::kIn;
  if (text == "NotIn") return Operator::kNotIn;
  if (text == "Exists") return Operator::kExists;
  if (text == "DoesNotExist") return Operator::kDoesNotExist;
  return base::fail(base::Code::kInvalidInput, "\"" + std::string(text) + "\" is not a valid label selector operator");
}

base::Status check(const LabelSelector::Requirement& requirement) {
  using Operator = LabelSelector::Operator;
  if (std::string wrong = check_label_key(requirement.key); !wrong.empty()) {
    return base::fail(base::Code::kInvalidInput, "key: Invalid value: \"" + requirement.key + "\": " + wrong);
  }
  bool wants_values = requirement.op == Operator::kIn || requirement.op == Operator::kNotIn;
  if (wants_values && requirement.values.empty()) {
    return base::fail(base::Code::kInvalidInput,
                      "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty");
  }
  if (!wants_values && !requirement.values.empty()) {
    return base::fail(base::Code::kInvalidInput,
                      "values: Invalid value: values set must be empty for exists and does not exist");
  }
  for (size_t i = 0; i < requirement.values.size(); ++i) {
    if (std::string wrong = check_label_value(requirement.values[i]); !wrong.empty()) {
      return base::fail(base::Code::kInvalidInput, "values[" + std::to_string(i) + "][" + requirement.key +
                                                       "]: Invalid value: \"" + requirement.values[i] + "\": " + wrong);
    }
  }
  return {};
}

bool holds(const LabelSelector::Requirement& requirement, const std::string_view* value) {
  using Operator = LabelSelector::Operator;
  switch (requirement.op) {
    case Operator::kExists: return value != nullptr;
    case Operator::kDoesNotExist: return value == nullptr;
    case Operator::kIn:
    case Operator::kNotIn: break;
  }
  bool listed = false;
  if (value != nullptr) {
    for (const std::string& allowed : requirement.values) listed = listed || allowed == *value;
  }
  return listed == (requirement.op == Operator::kIn);
}

}  // namespace

std::string check_label_key(std::string_view key) {
  size_t slash = key.find('/');
  std::string_view name = slash == std::string_view::npos ? key : key.substr(slash + 1);
  if (slash != std::string_view::npos) {
    if (slash == 0) return "prefix part must be non-empty";
    if (!is_subdomain(key.substr(0, slash))) return "prefix part must be a lowercase RFC 1123 subdomain";
  }
  if (name.empty()) return "name part must be non-empty";
  if (name.size() > 63) return "name part must be no more than 63 bytes";
  if (!is_name(name)) return "name part " + std::string(kNameForm);
  return {};
}

std::string check_label_value(std::string_view value) {
  if (value.empty()) return {};
  if (value.size() > 63) return "must be no more than 63 bytes";
  if (!is_name(value)) return "a valid label must be an empty string or " + std::string(kNameForm.substr(5));
  return {};
}

base::Result<LabelSelector> LabelSelector::parse(const doc::Node& selector) {
  LabelSelector parsed;
  if (selector.is_null()) return parsed;
  if (!selector.is_map()) return base::fail(base::Code::kInvalidInput, "a label selector must be a map");
  const doc::Node& expressions = selector["matchExpressions"];
  if (selector["matchLabels"].map().size() + expressions.list().size() > kSelectorRequirementsMax) {
    return base::fail(base::Code::kLimit,
                      "a label selector has more than " + std::to_string(kSelectorRequirementsMax) + " requirements");
  }
  for (const doc::Member& label : selector["matchLabels"].map()) {
    if (!label.value.is_string()) {
      return base::fail(base::Code::kInvalidInput,
                        "matchLabels." + std::string(label.key->view()) + " must be a string");
    }
    Requirement requirement{
        std::string(label.key->view()), label.hash, Operator::kIn, {std::string(label.value.str())}};
    TRY_STATUS(check(requirement));
    parsed.requirements_.push_back(std::move(requirement));
  }
  for (const doc::Node& expression : expressions.list()) {
    Requirement requirement;
    requirement.key = expression["key"].str();
    requirement.key_hash = doc::key_hash(requirement.key);
    requirement.op = TRY(parse_operator(expression["operator"].str()));
    if (expression["values"].list().size() > kSelectorValuesMax) {
      return base::fail(base::Code::kLimit, "a label selector requirement has too many values");
    }
    for (const doc::Node& value : expression["values"].list()) requirement.values.emplace_back(value.str());
    TRY_STATUS(check(requirement));
    parsed.requirements_.push_back(std::move(requirement));
  }
  return parsed;
}

bool LabelSelector::matches(const doc::Node& labels) const {
  return matches(labels, {}, {});
}

bool LabelSelector::matches(const doc::Node& labels, std::string_view implied_key,
                            std::string_view implied_value) const {
  if (nothing_) return false;
  for (const Requirement& requirement : requirements_) {
    doc::KeyRef key(std::string_view{});
    key.hash = requirement.key_hash;
    key.text = requirement.key;
    const doc::Node* label = labels.find(key);
    std::string_view value;
    bool present = false;
    if (label != nullptr) {
      value = label->str();
      present = true;
    } else if (!implied_key.empty() && implied_key == requirement.key) {
      value = implied_value;
      present = true;
    }
    if (!holds(requirement, present ? &value : nullptr)) return false;
  }
  return true;
}

}  // namespace ameia::kube
