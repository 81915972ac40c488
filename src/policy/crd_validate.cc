#include <optional>

#include "base/arena.h"
#include "doc/build.h"
#include "doc/json.h"
#include "expr/schema.h"
#include "policy/crd_rules.h"
#include "policy/decision.h"
#include "policy/internal/crd_correlation.h"

namespace ameia::policy {
namespace {

using doc::Node;
using internal::Ratchet;

bool present(const Node* node) {
  return node != nullptr && !node->is_null();
}

bool has_newline(std::string_view text) {
  return text.find('\n') != std::string_view::npos;
}

class Run {
 public:
  Run(const expr::Schemas& schemas, const CrdRunOptions& options) : schemas_(schemas), options_(options) {
    outcome_.remaining = options.budget;
  }

  CrdOutcome run(const CrdNode& root, const Node& object, const Node* old_object) {
    Ratchet ratchet;
    if (options_.ratcheting && old_object != nullptr) ratchet = Ratchet::root(object, *old_object, *root.schema);
    validate(root, object, old_object, options_.root, ratchet);
    return std::move(outcome_);
  }

 private:
  bool over() const { return outcome_.remaining < 0; }

  CrdError error(const Node& object, const std::string& path, std::string_view type, std::string detail,
                 const CrdRule* rule) const {
    CrdError out;
    out.type = type;
    out.field = path;
    out.detail = std::move(detail);
    out.node = &object;
    out.rule = rule == nullptr ? nullptr : rule->source;
    return out;
  }
  // Something that could not be asked; the API server shows the schema's type in place of a value.
  void cannot(const CrdNode& node, const Node& object, const std::string& path, const CrdRule* rule,
              std::string detail) {
    CrdError out = error(object, path, "Invalid value", std::move(detail), rule);
    out.value = '"' + std::string((*node.schema)["type"].str()) + '"';
    out.could_not_run = true;
    outcome_.errors.push_back(std::move(out));
  }

  void validate(const CrdNode& node, const Node& object, const Node* old_object, const std::string& path,
                const Ratchet& ratchet) {
    if (over() || object.is_null()) return;
    rules(node, object, old_object, path, ratchet);
    for (const auto& branch : node.all_of) {
      if (!over()) validate(*branch, object, old_object, path, ratchet.of_all_of());
    }
    if (object.is_list() && node.items != nullptr) {
      for (size_t i = 0; i < object.size && !over(); ++i) {
        const Node& item = object.items[i];
        validate(*node.items, item, internal::old_item(*node.schema, item, old_object),
                 path + '[' + std::to_string(i) + ']', ratchet.index(i));
      }
    }
    if (object.is_map()) members(node, object, old_object, path, ratchet);
  }

  void members(const CrdNode& node, const Node& object, const Node* old_object, const std::string& path,
               const Ratchet& ratchet) {
    for (const doc::Member& member : object.map()) {
      if (over()) return;
      const std::string_view key = member.key->view();
      const Node* old = old_object == nullptr ? nullptr : old_object->find(key);
      if (node.values != nullptr)
        validate(*node.values, member.value, old, path + '[' + std::string(key) + ']', ratchet.key(key));
      auto property = node.properties.find(key);
      if (property == node.properties.end()) continue;
      const std::string at = path.empty() ? std::string(key) : path + '.' + std::string(key);
      validate(*property->second, member.value, old, at, ratchet.key(key));
    }
  }

  void rules(const CrdNode& node, const Node& object, const Node* old_object, const std::string& path,
             const Ratchet& ratchet) {
    if (node.rules.empty()) return;
    if (!node.init_error.empty())
      return cannot(node, object, path, nullptr, "rule compiler initialization error: " + node.init_error);
    if (outcome_.remaining <= 0) return out_of_budget(node, object, path, nullptr);
    if (!present(old_object)) old_object = nullptr;
    Machines machines;
    for (const CrdRule& rule : node.rules) {
      if (!rule.error.empty()) {
        cannot(node, object, path, &rule, "rule compile error: " + rule.error);
        continue;
      }
      // Transition rules need something to compare with.
      if (!rule.has_program || (rule.uses_old_self && old_object == nullptr && !rule.optional_old_self)) continue;
      run_rule(node, rule, machine_of(machines, node, rule, object, old_object), object, path, ratchet);
      if (over()) return;
    }
  }

  using Machines = std::optional<expr::Machine>[2];

  // The machine of a place, its variables bound.
  expr::Machine& machine_of(Machines& machines, const CrdNode& node, const CrdRule& rule, const Node& object,
                            const Node* old_object) {
    std::optional<expr::Machine>& machine = machines[rule.optional_old_self];
    if (machine) return *machine;
    const expr::ProgramSet& programs = *node.programs[rule.optional_old_self];
    machine.emplace(node.programs[rule.optional_old_self]);
    machine->set_schemas(&schemas_);
    if (programs.variable_slot("self") >= 0) machine->set("self", schemas_.value(object, node.index, arena_));
    if (programs.variable_slot("oldSelf") >= 0) {
      expr::Value old = old_object == nullptr ? expr::Value::null() : schemas_.value(*old_object, node.index, arena_);
      if (rule.optional_old_self)
        old = expr::Value::of_optional(old_object == nullptr ? nullptr : arena_.make<expr::Value>(old));
      machine->set("oldSelf", old);
    }
    return *machine;
  }

  expr::Outcome evaluate(expr::Machine& machine, expr::ProgramId program) const {
    expr::RunLimits limits;
    limits.cost_max = options_.per_call_max;
    limits.stop = options_.stop;
    return machine.run(program, limits);
  }

  void out_of_budget(const CrdNode& node, const Node& object, const std::string& path, const CrdRule* rule) {
    cannot(node, object, path, rule,
           "validation failed due to running out of cost budget, no further validation rules will be run");
    outcome_.remaining = -1;
  }

  // What a rule is called in an error: its message, or itself.
  static std::string name_of(const CrdRule& rule) {
    const std::string_view message = (*rule.source)["message"].str();
    return std::string(trim(message.empty() ? (*rule.source)["rule"].str() : message));
  }

  void run_rule(const CrdNode& node, const CrdRule& rule, expr::Machine& machine, const Node& object,
                const std::string& path, const Ratchet& ratchet) {
    const expr::Outcome outcome = evaluate(machine, rule.program);
    if (static_cast<int64_t>(outcome.cost) > outcome_.remaining) return out_of_budget(node, object, path, &rule);
    outcome_.remaining -= static_cast<int64_t>(outcome.cost);
    if (outcome.over_budget) {
      cannot(node, object, path, &rule,
             "'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call "
             "cost exceeds limit for rule: " +
                 name_of(rule));
      outcome_.remaining = -1;
      return;
    }
    if (outcome.interrupted)
      return cannot(node, object, path, &rule, "operation interrupted evaluating rule: " + name_of(rule));
    if (outcome.value.is_error()) {
      const std::string why(outcome.value.error->message);
      return cannot(
          node, object, path, &rule,
          why.starts_with("no such overload")
              ? "'" + why +
                    "': call arguments did not match a supported operator, function or macro signature for rule: " +
                    name_of(rule)
              : why + " evaluating rule: " + name_of(rule));
    }
    if (!outcome.value.is_true()) report(node, rule, machine, object, path, ratchet);
  }

  void add(const CrdRule& rule, const Ratchet& ratchet, CrdError error) {
    const bool unchanged = !rule.uses_old_self && ratchet.unchanged();
    (unchanged ? outcome_.ratcheted : outcome_.errors).push_back(std::move(error));
  }

  // The rule was false: an error of its reason at its field path, with the message it asks for.
  void report(const CrdNode& node, const CrdRule& rule, expr::Machine& machine, const Node& object,
              const std::string& path, const Ratchet& ratchet) {
    std::string where = path;
    if (!rule.field_path.empty()) where += (path.empty() ? "" : ".") + to_string(rule.field_path);
    std::optional<std::string> detail;
    if (rule.has_message) {
      const std::string fatal = message(rule, machine, detail);
      if (!fatal.empty()) {
        CrdError out = error(object, where, "Invalid value", fatal, &rule);
        out.value = '"' + std::string((*node.schema)["type"].str()) + '"';
        add(rule, ratchet, std::move(out));
        outcome_.remaining = -1;
        return;
      }
    }
    if (!detail) {
      const std::string_view text = (*rule.source)["message"].str();
      detail = text.empty() ? "failed rule: " + name_of(rule) : std::string(trim(text));
    }
    const std::string_view reason = (*rule.source)["reason"].str();
    const std::string_view type = reason == "FieldValueForbidden"   ? "Forbidden"
                                  : reason == "FieldValueRequired"  ? "Required value"
                                  : reason == "FieldValueDuplicate" ? "Duplicate value"
                                                                    : "Invalid value";
    CrdError out = error(object, where, type, *detail, &rule);
    // Objects and lists are too long to show.
    if ((type == "Invalid value" || type == "Duplicate value") && !object.is_map() && !object.is_list())
      out.value = doc::to_json(object);
    for (const PathStep& step : rule.field_path) {
      const Node* next = out.node->find(std::string_view(step.name));
      if (next == nullptr) break;
      out.node = next;
    }
    add(rule, ratchet, std::move(out));
  }

  // Sets `detail` when the message expression gives a usable text. Not empty: a limit was crossed, which ends the run.
  std::string message(const CrdRule& rule, expr::Machine& machine, std::optional<std::string>& detail) {
    const expr::Outcome outcome = evaluate(machine, rule.message_program);
    if (static_cast<int64_t>(outcome.cost) > outcome_.remaining) {
      return "messageExpression evaluation failed due to running out of cost budget, no further validation rules will "
             "be run";
    }
    if (outcome.over_budget) {
      return "no further validation rules will be run due to call cost exceeds limit for messageExpression: \"" +
             std::string((*rule.source)["messageExpression"].str()) + '"';
    }
    outcome_.remaining -= static_cast<int64_t>(outcome.cost);
    if (const std::string why = usable_message(outcome, detail); !why.empty())
      outcome_.log.push_back("messageExpression evaluation failed: " + why);
    return {};
  }

  // Sets `detail`, or says why the message cannot be used.
  static std::string usable_message(const expr::Outcome& outcome, std::optional<std::string>& detail) {
    if (outcome.value.is_error())
      return "messageExpression evaluation failed due to: " + std::string(outcome.value.error->message);
    if (!outcome.value.is(expr::ValueKind::kString)) return "messageExpression failed to convert to string";
    const std::string_view text = trim(outcome.value.str());
    if (text.size() > kMessageExpressionBytesMax)
      return "messageExpression beyond allowable length of " + std::to_string(kMessageExpressionBytesMax);
    if (has_newline(text)) return "messageExpression should not contain line breaks";
    if (text.empty()) return "messageExpression should evaluate to a non-empty string";
    detail = text;
    return {};
  }

  const expr::Schemas& schemas_;
  const CrdRunOptions& options_;
  base::Arena arena_;
  CrdOutcome outcome_;
};

}  // namespace

std::string CrdError::text() const {
  std::string out = (field.empty() ? "" : field + ": ") + type;
  if (!value.empty()) out += ": " + value;
  return detail.empty() ? out : out + ": " + detail;
}

CrdOutcome CrdRules::run(const Node& object, const Node* old_object, const CrdRunOptions& options) const {
  if (root_ == nullptr) {
    CrdOutcome nothing;
    nothing.remaining = options.budget;
    return nothing;
  }
  return Run(*schemas_, options).run(*root_, object, old_object);
}

}  // namespace ameia::policy
