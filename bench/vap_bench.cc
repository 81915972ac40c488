// vap_1024_bindings: one pod, one policy, 1,024 bindings with a param of their own each. vap_1024_params: one binding
// whose selector finds 1,024 params. The validation compares two fields of the pod with the param; exactly one param
// denies, so that nothing can be skipped unseen. Milliseconds for one request, the machine warm; the best of five
// rounds.
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "doc/json.h"
#include "doc/yaml.h"
#include "policy/policy.h"

namespace {

using namespace ameia;
using Clock = std::chrono::steady_clock;

constexpr int kParams = 1024;

constexpr const char* kPolicy = R"(
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: accounts}
spec:
  paramKind: {apiVersion: v1, kind: ConfigMap}
  matchConstraints:
    resourceRules:
    - {apiGroups: [""], apiVersions: [v1], operations: [CREATE, UPDATE], resources: [pods]}
  validations:
  - expression: "object.spec.schedulerName != params.data.scheduler || object.spec.serviceAccountName != params.data.account"
    messageExpression: "'account ' + params.data.account + ' may not use this scheduler'"
)";

constexpr const char* kReview = R"({"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u",
"kind":{"group":"","version":"v1","kind":"Pod"},"resource":{"group":"","version":"v1","resource":"pods"},"name":"web","namespace":"shop",
"operation":"CREATE","userInfo":{"username":"alice"},"object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop",
"labels":{"app":"web"}},"spec":{"schedulerName":"batch","serviceAccountName":"account-77","containers":[{"name":"web","image":"web:1"}]}}}})";

std::string policies(bool many_bindings) {
  std::string text = kPolicy;
  auto binding = [&](const std::string& name, const std::string& ref) {
    text +=
        "---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\nmetadata: {name: " +
        name + "}\nspec: {policyName: accounts, validationActions: [Deny], paramRef: {" + ref +
        ", namespace: config, parameterNotFoundAction: Deny}}\n";
  };
  if (!many_bindings) binding("all", "selector: {matchLabels: {use: accounts}}");
  for (int i = 0; i < kParams; ++i) {
    std::string name = "param-" + std::to_string(i);
    if (many_bindings) binding("binding-" + std::to_string(i), "name: " + name);
    text += "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: " + name +
            ", namespace: config, labels: {use: accounts}}, data: {scheduler: " + (i % 2 == 0 ? "default" : "batch") +
            ", account: account-" + std::to_string(i) + "}}\n";
  }
  return text;
}

bool row(const char* name, bool many_bindings) {
  auto keys = std::make_shared<doc::Keys>();
  policy::PolicySetBuilder builder;
  for (auto& document :
       doc::parse_yaml(std::make_shared<const doc::Source>("policies.yaml", policies(many_bindings)), keys).documents) {
    builder.add(document, policy::Origin::kUser);
  }
  policy::LoadResult loaded = builder.build();
  for (const policy::Diagnostic& d : loaded.diagnostics) std::fprintf(stderr, "%s\n", policy::to_string(d).c_str());
  auto review = doc::parse_json(std::make_shared<const doc::Source>("review.json", kReview), keys);
  if (!review || loaded.errors != 0) return false;
  auto request = kube::read_admission_review((*review)->root());
  if (!request) return false;
  policy::Evaluator evaluator(loaded.set);
  policy::AdmissionOutcome out;
  double best_ms = 1e9;
  for (int round = 0; round < 5; ++round) {
    size_t times = 0;
    auto start = Clock::now();
    std::chrono::duration<double> taken{};
    do {
      evaluator.admit(*request, {}, out);
      if (out.evaluated != kParams || out.allowed || out.decisions.size() != 1) return false;
      ++times;
      taken = Clock::now() - start;
    } while (taken.count() < 0.2);
    best_ms = std::min(best_ms, taken.count() * 1e3 / static_cast<double>(times));
  }
  std::printf("{\"name\":\"%s\",\"value\":%.4f,\"unit\":\"ms\"}\n", name, best_ms);
  return true;
}

}  // namespace

int main() {
  if (row("vap_1024_bindings", true) && row("vap_1024_params", false)) return 0;
  std::fputs("vap_bench: the policy did not decide as it must\n", stderr);
  return 1;
}
