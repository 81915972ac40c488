// Admission: what a policy matches, and what decisions its results make.
#include <map>

#include "kubernetes_cel.h"
#include "policy/decision.h"
#include "policy/match.h"

namespace ameia::conformance {
namespace {

using doc::Node;
using Args = GoTable::Args;
using policy::Evaluated;

// --- Matching
// ----------------------------------------------------------------------------------------------------------

kube::Gvr gvr_of(const Node& node) {
  return {node["group"].str(), node["version"].str(), node["resource"].str()};
}
kube::Gvk gvk_of(const Node& node) {
  return {node["group"].str(), node["version"].str(), node["kind"].str()};
}

// The registry that the test of the matcher fills: deployments of all groups are one, widgets have no kind.
class TestEquivalents final : public policy::Equivalents {
 public:
  [[nodiscard]] std::vector<kube::Gvr> of(const kube::Gvr& resource, std::string_view subresource) const override {
    std::vector<kube::Gvr> out;
    for (const Row& row : kRows) {
      if (row.subresource == subresource && row.resource.resource == resource.resource) {
        bool same_group = row.resource.resource == "deployments" || row.resource.group == resource.group;
        if (same_group && !(row.resource == resource)) out.push_back(row.resource);
      }
    }
    return out;
  }
  [[nodiscard]] kube::Gvk kind_of(const kube::Gvr& resource, std::string_view subresource) const override {
    for (const Row& row : kRows) {
      if (row.resource == resource && row.subresource == subresource) return row.kind;
    }
    return {};
  }

 private:
  struct Row {
    kube::Gvr resource;
    std::string_view subresource;
    kube::Gvk kind;
  };
  static constexpr Row kRows[] = {
      {{"extensions", "v1beta1", "deployments"}, "", {"extensions", "v1beta1", "Deployment"}},
      {{"apps", "v1", "deployments"}, "", {"apps", "v1", "Deployment"}},
      {{"apps", "v1beta1", "deployments"}, "", {"apps", "v1beta1", "Deployment"}},
      {{"apps", "v1alpha1", "deployments"}, "", {"apps", "v1alpha1", "Deployment"}},
      {{"extensions", "v1beta1", "deployments"}, "scale", {"extensions", "v1beta1", "Scale"}},
      {{"apps", "v1", "deployments"}, "scale", {"autoscaling", "v1", "Scale"}},
      {{"apps", "v1beta1", "deployments"}, "scale", {"apps", "v1beta1", "Scale"}},
      {{"apps", "v1alpha1", "deployments"}, "scale", {"apps", "v1alpha1", "Scale"}},
      {{"example.com", "v1", "widgets"}, "", {}},
      {{"example.com", "v2", "widgets"}, "", {}},
  };
};

void define_matching(GoTable& table) {
  table.define("allScopes", "*");
  table.define("exactMatch", "Exact");
  table.define("equivalentMatch", "Equivalent");
  for (std::string_view operation : {"Create", "Update", "Delete", "Connect"}) {
    std::string upper(operation);
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    table.define("admission." + std::string(operation), upper);
    table.define("v1." + std::string(operation), upper);
  }
  table.define_function("gvk", [](GoTable& t, const Args& a) -> base::Result<Node> {
    return t.make().map({{"group", a.at(0)}, {"version", a.at(1)}, {"kind", a.at(2)}});
  });
  table.define_function("gvr", [](GoTable& t, const Args& a) -> base::Result<Node> {
    return t.make().map({{"group", a.at(0)}, {"version", a.at(1)}, {"resource", a.at(2)}});
  });
  table.define_function("admission.NewAttributesRecord", [](GoTable& t, const Args& a) -> base::Result<Node> {
    return t.make().map({{"object", a.at(0)},
                         {"oldObject", a.at(1)},
                         {"kind", a.at(2)},
                         {"namespace", a.at(3)},
                         {"name", a.at(4)},
                         {"resource", a.at(5)},
                         {"subresource", a.at(6)},
                         {"operation", a.at(7)}});
  });
}

void run_matcher(const TableTest& test) {
  test.each_row([&](const Node& fields, const std::string& name) {
    GoTable table;
    define_matching(table);
    auto criteria = table.value(fields["criteria"]);
    auto attributes = table.value(fields["attrs"]);
    auto kind = table.value(fields["expectMatchKind"]);
    auto resource = table.value(fields["expectMatchResource"]);
    auto error = table.value(fields["expectErr"]);
    for (auto* value : {&criteria, &attributes, &kind, &resource, &error}) {
      if (!*value) return test.result.skip(name, unresolved(value->error()));
    }
    const Node& a = *attributes;
    kube::AdmissionRequest request;
    request.kind = request.request_kind = gvk_of(a["kind"]);
    request.resource = request.request_resource = gvr_of(a["resource"]);
    request.subresource = a["subresource"].str();
    request.ns = a["namespace"].str();
    request.name = a["name"].str();
    for (kube::Operation operation :
         {kube::Operation::kCreate, kube::Operation::kUpdate, kube::Operation::kDelete, kube::Operation::kConnect}) {
      if (kube::to_string(operation) == a["operation"].str()) request.operation = operation;
    }
    request.object = &a["object"];
    request.old_object = &a["oldObject"];
    TestEquivalents equivalents;
    policy::MatchFacts facts;
    facts.equivalents = &equivalents;
    policy::Match got = policy::MatchResources::parse(*criteria, false).matches(request, facts);
    if (!got.error.empty() || !error->str().empty()) {
      bool good = !error->str().empty() && got.error.find(error->str()) != std::string::npos;
      return good
                 ? test.result.pass()
                 : test.result.fail(name, "error \"" + got.error + "\", expected \"" + std::string(error->str()) + '"');
    }
    if (got.matches != fields["expectMatches"].boolean_or(false))
      return test.result.fail(name, got.matches ? "matches" : "does not match");
    if (got.matches) {
      kube::Gvr expected = resource->is_map() ? gvr_of(*resource) : request.resource;
      if (!(got.resource == expected))
        return test.result.fail(
            name, "matched as " + std::string(got.resource.group) + '/' + std::string(got.resource.version));
      if (kind->is_map() && !(got.kind == gvk_of(*kind)))
        return test.result.fail(name, "matched as kind " + std::string(got.kind.kind));
    }
    test.result.pass();
  });
}

// --- Decisions
// ---------------------------------------------------------------------------------------------------------

void define_decisions(GoTable& table) {
  for (std::string_view action : {"ActionDeny", "ActionAdmit", "AuditAnnotationActionPublish",
                                  "AuditAnnotationActionExclude", "AuditAnnotationActionError"}) {
    table.define(action, action);
  }
  for (std::string_view reason : {"Forbidden", "Unauthorized", "Invalid"})
    table.define("metav1.StatusReason" + std::string(reason), reason);
  table.define("forbiddenReason", "Forbidden");
  table.define("unauthorizedReason", "Unauthorized");
  table.define("fail", "Fail");
  table.define("ignore", "Ignore");
  table.define("v1.Fail", "Fail");
  table.define("v1.Ignore", "Ignore");
  table.define("f", "Fail");
  table.define("apiservercel.ErrorTypeInvalid", "Invalid");
  table.define("time.Millisecond", table.make().integer(1));
  table.define("celtypes.True", table.make().boolean(true));
  table.define("celtypes.False", table.make().boolean(false));
  // Marked values, to be told from a field that is not there.
  doc::Builder& make = table.make();
  table.define("celtypes.NullValue", make.map({{"null", make.boolean(true)}}));
  table.define("celtypes.StringType", make.map({{"other", make.string("type")}}));
  table.define_function("celtypes.String", [](GoTable&, const Args& a) -> base::Result<Node> { return a.at(0); });
  table.define_function("celtypes.Int", [](GoTable& t, const Args&) -> base::Result<Node> {
    return t.make().map({{"other", t.make().string("int")}});
  });
  table.define_function("celtypes.Bool", [](GoTable&, const Args& a) -> base::Result<Node> { return a.at(0); });
}

Evaluated evaluated(const Node& evaluation) {
  const Node& error = evaluation["error"];
  if (!error.is_null()) {
    const Node& text = error["error"];
    return {Evaluated::Kind::kError, std::string(text.is_string() ? text.str() : error["detail"].str())};
  }
  const Node& value = evaluation["evalResult"];
  if (value.is_bool()) return {value.boolean ? Evaluated::Kind::kTrue : Evaluated::Kind::kFalse, {}};
  if (value.is_string()) return {Evaluated::Kind::kString, std::string(value.str())};
  if (value.find("null") != nullptr) return {Evaluated::Kind::kNull, {}};
  if (const Node* other = value.find("other")) return {Evaluated::Kind::kOther, std::string(other->str())};
  return {};
}

void run_decisions(const TableTest& test) {
  test.each_row([&](const Node& fields, const std::string& name) {
    GoTable table;
    define_decisions(table);
    std::map<std::string, Node, std::less<>> row;
    for (const doc::Member& field : fields.map()) {
      auto value = table.value(field.value);
      if (!value) return test.result.skip(name, unresolved(value.error()));
      row[std::string(field.key->view())] = *value;
    }
    policy::FailurePolicy failure =
        row["failPolicy"].str() == "Ignore" ? policy::FailurePolicy::kIgnore : policy::FailurePolicy::kFail;
    std::vector<policy::Decision> decisions;
    std::vector<policy::AuditAnnotation> annotations;
    const Node& matcher = row["matcher"];
    std::string match_error(matcher["error"]["error"].str());
    // Each list of expressions costs one unit here; the second finds a budget of one spent.
    std::string out_of_budget =
        "validation failed due to running out of cost budget, no further validation rules will be run";
    if (!match_error.empty()) {
      decisions.push_back(policy::decide_error(match_error, failure));
    } else if (matcher.is_map() && !matcher["matches"].boolean_or(false)) {
      // Nothing is validated.
    } else if (row["throwError"].boolean_or(false)) {
      decisions.push_back(policy::decide_error("test error", failure));
    } else {
      std::string message_error = row["costBudget"].integer_or(2) < 2 ? out_of_budget : std::string();
      std::span<const Node> messages = row["messageEvaluations"].list(), evaluations = row["evaluations"].list();
      for (size_t i = 0; i < evaluations.size(); ++i) {
        const Node& accessor = evaluations[i]["expressionAccessor"];
        policy::ValidationText text{accessor["expression"].str(), accessor["message"].str(), accessor["reason"].str()};
        Evaluated message = i < messages.size() && message_error.empty() ? evaluated(messages[i]) : Evaluated{};
        decisions.push_back(policy::decide(text, evaluated(evaluations[i]), message, failure, message_error));
      }
      for (const Node& evaluation : row["auditEvaluations"].list()) {
        const Node& accessor = evaluation["expressionAccessor"];
        annotations.push_back(policy::decide_audit(accessor["key"].str(), accessor["valueExpression"].str(),
                                                   evaluated(evaluation), failure));
      }
    }
    std::span<const Node> expected = row["policyDecision"].list(), expected_audit = row["auditAnnotations"].list();
    if (expected.size() != decisions.size())
      return test.result.fail(name, std::to_string(decisions.size()) + " decisions");
    for (size_t i = 0; i < expected.size(); ++i) {
      const policy::Decision& got = decisions[i];
      bool deny = expected[i]["action"].str() == "ActionDeny";
      if (deny != (got.action == policy::Action::kDeny) ||
          got.message.find(expected[i]["message"].str()) == std::string::npos ||
          got.reason != expected[i]["reason"].str()) {
        return test.result.fail(name, "decision: " + got.message + " (" + got.reason + ')');
      }
    }
    static constexpr std::string_view kActions[] = {"AuditAnnotationActionPublish", "AuditAnnotationActionExclude",
                                                    "AuditAnnotationActionError"};
    for (size_t i = 0; i < expected_audit.size(); ++i) {
      if (i >= annotations.size()) return test.result.fail(name, "an audit annotation is missing");
      const policy::AuditAnnotation& got = annotations[i];
      bool same_action = kActions[static_cast<size_t>(got.action)] == expected_audit[i]["action"].str();
      if (!same_action || got.error != expected_audit[i]["error"].str() ||
          got.value != expected_audit[i]["value"].str())
        return test.result.fail(name, "audit annotation: " + got.value + got.error);
    }
    test.result.pass();
  });
}

}  // namespace

bool run_admission_test(const TableTest& test) {
  if (test.file == "admission_plugin_policy_matching_matching" && test.test == "TestMatcher")
    return run_matcher(test), true;
  if (test.file == "admission_plugin_policy_validating_validator" && test.test == "TestValidate")
    return run_decisions(test), true;
  if (test.file == "admission_plugin_policy_validating_validator" ||
      test.file == "admission_plugin_policy_validating_admission") {
    return test.skip_all("expected values of a test whose set-up is Go code"), true;
  }
  return false;
}

}  // namespace ameia::conformance
