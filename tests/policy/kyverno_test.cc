// Kyverno's ValidatingPolicy: other objects, what a scanned set must hold, autogen, and how validations end.
#include <gtest/gtest.h>

#include "doc/yaml.h"
#include "policy/kyverno_load.h"
#include "policy/object_store.h"
#include "policy/policy.h"

namespace ameia::policy {
namespace {

std::vector<std::shared_ptr<doc::Document>> parse(const std::string& name, const std::string& text) {
  doc::YamlStream stream =
      doc::parse_yaml(std::make_shared<const doc::Source>(name, text), std::make_shared<doc::Keys>());
  for (const base::Error& error : stream.errors) ADD_FAILURE() << error.text();
  return stream.documents;
}

LoadResult load(const std::string& policies, Origin origin = Origin::kUser) {
  PolicySetBuilder builder;
  for (const auto& document : parse("policies.yaml", policies)) builder.add(document, origin);
  return builder.build();
}

// A policy about one resource with one validation.
std::string policy_about(const std::string& group, const std::string& resource, const std::string& expression,
                         const std::string& more = {}) {
  return "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: p" +
         (more.starts_with("annotations") ? ", " + more : std::string()) +
         "}\nspec:\n  matchConstraints: {resourceRules: [{apiGroups: [\"" + group +
         "\"], apiVersions: [v1], operations: [CREATE], resources: [" + resource +
         "]}]}\n  validations:\n  - expression: >-\n      " + expression + "\n    message: refused\n" +
         (more.starts_with("annotations") ? std::string() : more);
}

// Judges every object of the text as one scanned set; a line each: "kind/name status message".
std::vector<std::string> scan(const std::shared_ptr<const PolicySet>& set, const std::string& objects,
                              size_t kept_bytes_max = kKeptObjectsBytesMax) {
  auto memory = ScanFacts::make_memory();
  memory->bytes_max = kept_bytes_max;
  ScanFacts facts(*set, memory);
  auto documents = parse("objects.yaml", objects);
  for (const auto& document : documents) facts.learn(document->root());
  facts.seal();
  Evaluator evaluator(set);
  ScanResult result;
  for (const auto& document : documents) evaluator.scan(*document, document->root(), facts, result);
  std::vector<std::string> out;
  for (const report::Finding& finding : result.findings) {
    out.push_back(finding.resource.kind + "/" + finding.resource.name + " " +
                  std::string(report::to_string(finding.status)) + " " + finding.message);
  }
  return out;
}
using Lines = std::vector<std::string>;

const std::string kService =
    "{apiVersion: v1, kind: Service, metadata: {name: s, namespace: a}, spec: {selector: {app: web}}}\n";
std::string deployment(const std::string& name, const std::string& ns, const std::string& app) {
  return "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: " + name + ", namespace: " + ns +
         "}, spec: {template: {metadata: {labels: {app: " + app + "}}, spec: {containers: [{name: c, image: i}]}}}}\n";
}
const std::string kSelects =
    "resource.List('apps/v1', 'deployments', request.namespace).items.exists(d, object.spec.selector.all(k, "
    "d.spec.template.metadata.?labels[?k] == optional.of(object.spec.selector[k])))";

TEST(Kyverno, ListsOfTheNamespaceOnly) {
  auto set = load(policy_about("", "services", kSelects)).set;
  EXPECT_EQ(scan(set, kService + deployment("d", "a", "web")), Lines{});
  EXPECT_EQ(scan(set, kService + deployment("d", "a", "other")), Lines{"Service/s fail refused"});
  // Elsewhere it may well be: the set does not show this namespace's deployments.
  EXPECT_EQ(scan(set, kService + deployment("d", "b", "web")),
            Lines{"Service/s not_evaluated could not be decided: the scanned set holds no deployments.apps of the "
                  "namespace a; scan what belongs together"});
}

TEST(Kyverno, NeedsSayWhenAFailureIsBelieved) {
  auto with = [](const std::string& needs) {
    return load(policy_about("", "services", kSelects, "annotations: {ameia.io/needs: '" + needs + "'}")).set;
  };
  EXPECT_EQ(scan(with("none"), kService), Lines{"Service/s fail refused"});
  const std::string kMissing = "Service/s not_evaluated could not be decided: the scanned set holds no ";
  EXPECT_EQ(scan(with("v1/pods | apps/v1/deployments"), kService),
            Lines{kMissing + "pods or deployments.apps of the namespace a; scan what belongs together"});
  const std::string pod = "---\n{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: a}}\n";
  EXPECT_EQ(scan(with("v1/pods | apps/v1/deployments"), kService + pod), Lines{"Service/s fail refused"});
  const std::string ns = "---\n{apiVersion: v1, kind: Namespace, metadata: {name: a}}\n";
  EXPECT_EQ(scan(with("v1/namespaces"), kService + pod),
            Lines{kMissing + "namespaces of the namespace a; scan what belongs together"});
  EXPECT_EQ(scan(with("v1/namespaces"), kService + ns), Lines{"Service/s fail refused"});
  EXPECT_EQ(scan(with("v1/namespaces, v1/pods"), kService + ns).size(), 1u);
  EXPECT_EQ(scan(with("v1/namespaces, v1/pods"), kService + ns + pod), Lines{"Service/s fail refused"});
}

TEST(Kyverno, GetAndLabelsAndKindsOfCustomResources) {
  auto fails = [](const std::string& expression) {
    auto loaded = load(policy_about("", "services", expression, "annotations: {ameia.io/needs: none}"));
    for (const Diagnostic& diagnostic : loaded.diagnostics) ADD_FAILURE() << to_string(diagnostic);
    const std::string crd =
        "---\n{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: x}, spec: {group: "
        "example.com, names: {kind: Ox, plural: oxen}, scope: Cluster, versions: [{name: v1}]}}\n";
    const std::string ox = "---\n{apiVersion: example.com/v1, kind: Ox, metadata: {name: o, labels: {a: b}}}\n";
    const std::string map = "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {k: v}}\n";
    return !scan(loaded.set, kService + ox + crd + map).empty();
  };
  EXPECT_FALSE(fails("resource.Get('v1', 'configmaps', 'default', 'm').data.k == 'v'"));
  EXPECT_FALSE(fails("dyn(resource.Get('v1', 'configmaps', 'other', 'm')) == null"));
  EXPECT_TRUE(fails("dyn(resource.Get('v1', 'configmaps', 'default', 'm')) == null"));
  EXPECT_FALSE(fails("resource.List('example.com/v1', 'oxen', '').items.map(o, o.metadata.name) == ['o']"));
  EXPECT_FALSE(fails("resource.List('example.com/v1', 'oxen', '', {'a': 'b'}).items.size() == 1"));
  EXPECT_FALSE(fails("resource.List('example.com/v1', 'oxen', '', {'a': 'c'}).items.size() == 0"));
  EXPECT_FALSE(fails("resource.List('v1', 'configmaps', '').items[0].metadata.namespace == 'default'"));
  EXPECT_FALSE(fails("resource.List(resource.ToGVR('v1', 'ConfigMap'), 'default').items.size() == 1"));
  EXPECT_TRUE(fails("resource.Post('v1', 'configmaps', {'kind': 'ConfigMap'}).kind == 'x'"));
}

// Forty deployments whose labels repeat: the index by label and the index of a kept list of texts have work to do.
std::string many_deployments() {
  std::string text;
  for (int i = 0; i < 40; ++i) {
    text += "---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: d" + std::to_string(i) + ", namespace: a, " +
            "labels: {app: app" + std::to_string(i % 7) + ", tier: t" + std::to_string(i % 3) +
            (i % 5 == 0 ? ", odd: 5" : "") + "}}, spec: {template: {metadata: {labels: {app: app" +
            std::to_string(i % 7) + "}}, spec: {containers: [{name: c, image: i}]}}}}\n";
  }
  return text + deployment("elsewhere", "b", "app1");
}

TEST(Kyverno, ListWithLabelsIsTheListFiltered) {
  auto holds = [](const std::string& expression) {
    auto loaded = load(policy_about("", "services", expression));
    for (const Diagnostic& diagnostic : loaded.diagnostics) ADD_FAILURE() << to_string(diagnostic);
    return scan(loaded.set, kService + many_deployments()).empty();
  };
  const std::string list = "resource.List('apps/v1', 'deployments', request.namespace";
  for (const std::string app : {"app0", "app6", "none"}) {
    for (const std::string tier : {"t0", "t2", "none"}) {
      const std::string same = list + ", {'app': '" + app + "', 'tier': '" + tier + "'}).items == " + list +
                               ").items.filter(d, d.metadata.labels.app == '" + app +
                               "' && d.metadata.labels.tier == '" + tier + "')";
      EXPECT_TRUE(holds(same)) << same;
    }
  }
  EXPECT_TRUE(holds(list + ", {'app': 'app1'}).items.map(d, d.metadata.name) == "
                           "['d1', 'd15', 'd22', 'd29', 'd36', 'd8']"));
  // A label that is no text is nobody's.
  EXPECT_TRUE(holds(list + ", {'odd': '5'}).items.size() == 0"));
  // Of all namespaces, and of objects that have none.
  EXPECT_TRUE(holds("resource.List('apps/v1', 'deployments', '', {'app': 'app1'}).items.size() == 6"));
  EXPECT_TRUE(holds("resource.List('apps/v1', 'deployments', '').items.size() == 41"));
}

TEST(Kyverno, WhatIsKeptOfANamespaceAnswersLikeWhatIsNot) {
  const std::string policy =
      "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: p}\nspec:\n"
      "  matchConstraints: {resourceRules: [{apiGroups: [''], apiVersions: [v1], operations: [CREATE], resources: "
      "[services]}]}\n"
      "  variables:\n"
      "  - {name: apps, expression: \"resource.List('apps/v1', 'deployments', request.namespace).items.map(d, "
      "d.metadata.labels.app)\"}\n"
      "  validations:\n"
      "  - {expression: \"variables.apps.size() == 40 && object.spec.selector.app in variables.apps && !(5 in "
      "dyn(variables.apps))\", message: refused}\n";
  const auto set = load(policy).set;
  ASSERT_NE(set, nullptr);
  std::string services;
  for (const std::string app : {"app0", "app6", "app7", "", "app"}) {
    services += "---\n{apiVersion: v1, kind: Service, metadata: {name: s-" + app +
                ", namespace: a}, spec: {selector: {app: '" + app + "'}}}\n";
  }
  const auto documents = parse("objects.yaml", services + many_deployments());
  ScanFacts facts(*set);
  for (const auto& document : documents) facts.learn(document->root());
  facts.seal();
  Evaluator evaluator(set);
  evaluator.assume_one_estate();
  for (int round = 0; round < 2; ++round) {
    ScanResult result;
    for (const auto& document : documents) evaluator.scan(*document, document->root(), facts, result);
    Lines failed;
    for (const report::Finding& finding : result.findings) failed.push_back(finding.resource.name);
    EXPECT_EQ(failed, (Lines{"s-app7", "s-", "s-app"}));
  }
}

TEST(Kyverno, ChecksOfOursKeepTheFieldsTheyName) {
  auto set = load(policy_about("", "services",
                               "resource.List('apps/v1', 'deployments', '').items.all(d, "
                               "d.spec.template.metadata.labels.app == 'web' && !has(d.spec.template.spec))",
                               "annotations: {ameia.io/needs: none}"),
                  Origin::kBuiltIn)
                 .set;
  // `spec` is named, but `containers` is not.
  EXPECT_EQ(scan(set, kService + deployment("d", "a", "web")), Lines{"Service/s fail refused"});
  auto smaller = load(policy_about("", "services",
                                   "resource.List('apps/v1', 'deployments', '').items.all(d, "
                                   "!has(d.spec.template.spec.replicas) && d.spec.template.spec.size() == 0)",
                                   "annotations: {ameia.io/needs: none}"),
                      Origin::kBuiltIn)
                     .set;
  EXPECT_EQ(scan(smaller, kService + deployment("d", "a", "web")), Lines{});
}

TEST(Kyverno, ObjectsBeyondTheMemoryLimitAreNotEvaluated) {
  auto set = load(policy_about("", "services", kSelects, "annotations: {ameia.io/needs: none}")).set;
  Lines lines = scan(set, kService + deployment("d", "a", "other"), 0);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(lines[0].starts_with("Service/s not_evaluated could not be decided: the objects it asks for take more"))
      << lines[0];
}

TEST(Kyverno, AutogenRewritesAsKyvernoDoes) {
  auto rewrite = [](std::string_view text) {
    return rewrite_for_controller(text, "spec.template.spec", "spec.template.metadata");
  };
  EXPECT_EQ(rewrite("object.spec.x && oldObject.metadata.labels.y == 'object.?spec'"),
            "object.spec.template.spec.x && oldObject.spec.template.metadata.labels.y == 'object.?spec'");
  EXPECT_EQ(rewrite("object.metadata.name + object.metadata.namespace"),
            "object.metadata.name + object.metadata.namespace");
  EXPECT_EQ(rewrite("object.metadata.namespaced"), "object.spec.template.metadata.namespaced");
}

TEST(Kyverno, AutogenJudgesControllersOfPodPoliciesOnly) {
  const std::string kImage = "object.spec.containers.all(c, c.image != 'i')";
  const std::string cron =
      "---\n{apiVersion: batch/v1, kind: CronJob, metadata: {name: c}, spec: {jobTemplate: {spec: {template: {spec: "
      "{containers: [{name: c, image: i}]}}}}}}\n";
  auto found = [&](const std::string& more) {
    Lines out;
    for (const std::string& line :
         scan(load(policy_about("", "pods", kImage, more)).set, deployment("d", "a", "w") + cron))
      out.push_back(line.substr(0, line.find(' ')));
    return out;
  };
  EXPECT_EQ(found(""), (Lines{"Deployment/d", "CronJob/c"}));
  EXPECT_EQ(found("  autogen: {podControllers: {controllers: [deployments]}}\n"), Lines{"Deployment/d"});
  EXPECT_EQ(found("  autogen: {podControllers: {controllers: [cronjobs]}}\n"), Lines{"CronJob/c"});
  EXPECT_EQ(found("  autogen: {podControllers: {controllers: []}}\n"), Lines{});
  EXPECT_EQ(found("  autogen: {podControllers: {controllers: [rollouts]}}\n"), Lines{});
  EXPECT_EQ(found("  autogen: {podControllers: {enabled: false, controllers: [deployments]}}\n"), Lines{});
  EXPECT_EQ(found("  autogen: {podControllers: {enabled: true}}\n"), (Lines{"Deployment/d", "CronJob/c"}));
}

TEST(Kyverno, TheFirstFailureEndsTheValidations) {
  auto outcome = [](const std::string& validations, const std::string& more = {}) {
    auto loaded = load(
        "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: p}\nspec:\n  matchConstraints: "
        "{resourceRules: [{apiGroups: [\"\"], apiVersions: [v1], operations: [CREATE], resources: [services]}]}\n  "
        "validations: [" +
        validations + "]\n" + more);
    for (const Diagnostic& diagnostic : loaded.diagnostics) ADD_FAILURE() << to_string(diagnostic);
    auto documents = parse("object.yaml", kService);
    kube::ResourceInfo info{"services", kube::Scope::kNamespaced, false};
    kube::AdmissionRequest request = kube::creation_of(kube::ObjectView(documents[0]->root()), info);
    AdmissionOutcome out;
    Evaluator(loaded.set).admit(request, {}, out);
    return (out.allowed ? "allowed" : "denied ") + out.message + (out.warnings.empty() ? "" : "; " + out.warnings[0]);
  };
  EXPECT_EQ(outcome("{expression: 'false', message: one}, {expression: 'object.none == 1', message: two}"),
            "denied ValidatingPolicy 'p' denied request: one");
  EXPECT_EQ(outcome("{expression: 'true'}, {expression: 'object.none == 1'}").substr(0, 7), "denied ");
  EXPECT_EQ(outcome("{expression: 'object.none == 1'}", "  failurePolicy: Ignore\n"), "allowed");
  EXPECT_EQ(outcome("{expression: 'false', messageExpression: \"'x' + object.kind\"}"),
            "denied ValidatingPolicy 'p' denied request: xService");
  EXPECT_EQ(outcome("{expression: 'false', message: m}", "  validationActions: [Warn]\n"),
            "allowed; Validation failed for ValidatingPolicy 'p': m");
  EXPECT_EQ(outcome("{expression: 'false'}", "  evaluation: {admission: {enabled: false}}\n"), "allowed");
  EXPECT_EQ(outcome("{expression: 'false'}", "  matchConditions: [{name: n, expression: 'object.kind == \"Pod\"'}]\n"),
            "allowed");
}

TEST(Kyverno, AnExceptionTakesThePolicyAway) {
  auto found = [](const std::string& reference, const std::string& condition) {
    return scan(load(policy_about("", "services", "false") +
                     "---\napiVersion: policies.kyverno.io/v1\nkind: PolicyException\nmetadata: {name: e}\nspec:\n  "
                     "policyRefs: [{name: " +
                     reference +
                     ", kind: ValidatingPolicy}]\n  matchConditions: [{name: c, "
                     "expression: \"" +
                     condition + "\"}]\n")
                    .set,
                kService)
        .size();
  };
  EXPECT_EQ(found("p", "object.metadata.name == 's'"), 0u);
  EXPECT_EQ(found("p", "object.metadata.name == 'other'"), 1u);
  EXPECT_EQ(found("another", "true"), 1u);
}

// What the exceptions that match allow is read by the policy; one that allows nothing in particular ends it.
TEST(Kyverno, AnExceptionAllowsImagesAndValues) {
  const auto found = [](const std::string& expression, const std::vector<std::string>& specs) {
    std::string text = policy_about("", "services", expression);
    for (size_t i = 0; i < specs.size(); ++i) {
      text += "---\napiVersion: policies.kyverno.io/v1\nkind: PolicyException\nmetadata: {name: e" + std::to_string(i) +
              "}\nspec: {policyRefs: [{name: p, kind: ValidatingPolicy}], " + specs[i] + "}\n";
    }
    auto loaded = load(text);
    for (const Diagnostic& diagnostic : loaded.diagnostics) ADD_FAILURE() << to_string(diagnostic);
    return scan(loaded.set, kService).size();
  };
  const std::string matches = "matchConditions: [{name: c, expression: \"object.metadata.name == 's'\"}]";
  const std::string other = "matchConditions: [{name: c, expression: \"object.metadata.name == 'other'\"}]";
  const std::string asks = "'i' in exceptions.allowedImages && 'v' in exceptions.allowedValues";
  EXPECT_EQ(found(asks, {}), 1u);
  EXPECT_EQ(found(asks, {"images: [i]"}), 1u);
  EXPECT_EQ(found(asks, {"images: [i], allowedValues: [x, v], " + matches}), 0u);
  EXPECT_EQ(found(asks, {"images: [i], allowedValues: [v], " + other}), 1u);
  EXPECT_EQ(found(asks, {"images: [i]", "allowedValues: [v]"}), 0u);
  EXPECT_EQ(found("exceptions.allowedImages == [] && exceptions.allowedValues.size() == 0", {}), 0u);
  EXPECT_EQ(found("false", {"images: [i]"}), 1u);
  EXPECT_EQ(found("false", {matches}), 0u);
  // As Kyverno 1.17: beside one that allows something, one that allows everything does not count.
  EXPECT_EQ(found("false", {matches, "images: [i]"}), 1u);
  EXPECT_EQ(found("false", {matches, "images: [i], " + other}), 0u);
}

// What one policy is allowed is not allowed to the next.
TEST(Kyverno, AllowancesDoNotLeakFromPolicyToPolicy) {
  auto about = [](const std::string& name) {
    std::string text = policy_about("", "services", "'i' in exceptions.allowedImages");
    return text.replace(text.find("{name: p}"), 9, "{name: " + name + "}");
  };
  auto loaded = load(about("a") + "---\n" + about("p") + "---\n" + about("z") +
                     "---\napiVersion: policies.kyverno.io/v1\nkind: PolicyException\nmetadata: {name: e}\nspec: "
                     "{policyRefs: [{name: p, kind: ValidatingPolicy}], images: [i]}\n");
  auto documents = parse("object.yaml", kService);
  ScanFacts facts(*loaded.set);
  facts.seal();
  ScanResult result;
  Evaluator(loaded.set).scan(*documents[0], documents[0]->root(), facts, result);
  ASSERT_EQ(result.findings.size(), 2u);
  EXPECT_EQ(result.findings[0].id, "a");
  EXPECT_EQ(result.findings[1].id, "z");
}

// An exception whose condition cannot be answered is an error of the policy, unless failurePolicy says Ignore.
TEST(Kyverno, AnExceptionThatCannotBeAnswered) {
  const auto found = [](const std::string& more) {
    return scan(load(policy_about("", "services", "true", more) +
                     "---\napiVersion: policies.kyverno.io/v1\nkind: PolicyException\nmetadata: {name: e}\nspec:\n  "
                     "policyRefs: [{name: p, kind: ValidatingPolicy}]\n  matchConditions: [{name: c, expression: "
                     "\"object.none == 1\"}]\n")
                    .set,
                kService);
  };
  ASSERT_EQ(found("").size(), 1u);
  EXPECT_NE(found("")[0].find("Service/s error could not be evaluated"), std::string::npos);
  EXPECT_EQ(found("  failurePolicy: Ignore\n"), Lines{});
}

// Documents of any kind: only policies about them judge them, and requests of Kubernetes are none of theirs.
TEST(Kyverno, PoliciesAboutJsonJudgePayloads) {
  const std::string policies =
      "apiVersion: policies.kyverno.io/v1\nkind: ValidatingPolicy\nmetadata: {name: j}\nspec:\n  evaluation: {mode: "
      "JSON}\n  variables: [{name: v, expression: object.data.value}]\n  matchConditions: [{name: has-data, "
      "expression: "
      "has(object.data)}]\n  validations: [{expression: variables.v > 10, message: too small}]\n---\n" +
      policy_about("", "services", "false") +
      "---\napiVersion: policies.kyverno.io/v1\nkind: PolicyException\nmetadata: {name: e}\nspec:\n  policyRefs: "
      "[{name: "
      "j, kind: ValidatingPolicy}]\n  matchConditions: [{name: c, expression: object.?name.orValue('') == 'free'}]\n";
  auto loaded = load(policies);
  for (const Diagnostic& diagnostic : loaded.diagnostics) ADD_FAILURE() << to_string(diagnostic);
  Evaluator evaluator(loaded.set);
  const auto judged = [&](const std::string& payload) {
    auto documents = parse("payload.json", payload);
    kube::AdmissionRequest request;
    request.object = &documents[0]->root();
    AdmissionFacts facts;
    facts.is_payload = true;
    AdmissionOutcome out;
    evaluator.admit(request, facts, out);
    const auto traced = evaluator.trace(request, facts, false);
    return (out.allowed ? "allowed" : out.message) + "; " + (traced[0].matched ? "matched" : traced[0].why_not) + "; " +
           traced[1].why_not;
  };
  const std::string kOther = "; spec.evaluation.mode is not JSON";
  EXPECT_EQ(judged("{data: {value: 15}}"), "allowed; matched" + kOther);
  EXPECT_EQ(judged("{data: {value: 5}}"), "ValidatingPolicy 'j' denied request: too small; matched" + kOther);
  EXPECT_EQ(judged("{other: 1}"), "allowed; matchCondition has-data" + kOther);
  EXPECT_EQ(judged("{name: free, data: {value: 5}}"), "allowed; PolicyException e" + kOther);
  EXPECT_EQ(scan(loaded.set, kService), Lines{"Service/s fail refused"});
}

TEST(Kyverno, WhatIsNotJudgedIsSaid) {
  const auto said = [](const std::string& more) {
    auto loaded = load(policy_about("", "pods", "true", more));
    return loaded.diagnostics.empty() ? std::string() : loaded.diagnostics[0].message;
  };
  EXPECT_EQ(said(""), "");
  EXPECT_EQ(said("  evaluation: {mode: JSON}\n"), "");
  EXPECT_EQ(said("  evaluation: {mode: Envoy}\n"), "a ValidatingPolicy of this mode is not evaluated");
  EXPECT_TRUE(
      said("  autogen: {podControllers: {controllers: [rollouts]}}\n").starts_with("no pod controller \"rollouts\""));
}

// time.now() and random() are answered by what the caller gives; a scan is given nothing.
TEST(Kyverno, TimeAndRandomComeFromOutside) {
  auto set =
      load(policy_about("", "services", "time.now() < timestamp('2027-01-01T00:00:00Z') && random('a{3}') == 'aaa'"))
          .set;
  Lines lines = scan(set, kService);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("Service/s not_evaluated"), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find("the time of the evaluation is not known offline"), std::string::npos) << lines[0];
  auto documents = parse("object.yaml", kService);
  const kube::ResourceInfo info{"services", kube::Scope::kNamespaced, false};
  kube::AdmissionRequest request = kube::creation_of(kube::ObjectView(documents[0]->root()), info);
  Evaluator evaluator(set);
  AdmissionOutcome out;
  const auto outcome = [&](std::string_view now, std::optional<uint64_t> seed) {
    const std::optional<expr::Instant> instant = expr::parse_instant(now);
    AdmissionFacts facts;
    facts.now = instant ? &*instant : nullptr;
    facts.random_seed = seed;
    evaluator.admit(request, facts, out);
    return !out.not_evaluated.empty() ? "not evaluated" : out.allowed ? "allowed" : "denied";
  };
  EXPECT_STREQ(outcome("2026-11-25T12:00:00Z", 1), "allowed");
  EXPECT_STREQ(outcome("2027-11-25T12:00:00Z", 1), "denied");
  EXPECT_STREQ(outcome("", 1), "not evaluated");
  EXPECT_STREQ(outcome("2026-11-25T12:00:00Z", std::nullopt), "not evaluated");
}

TEST(Kyverno, ImageReferencesAndSmallLibraries) {
  auto holds = [](const std::string& expression) {
    auto loaded = load(policy_about("", "services", expression));
    for (const Diagnostic& diagnostic : loaded.diagnostics) ADD_FAILURE() << to_string(diagnostic);
    return scan(loaded.set, kService).empty();
  };
  const std::string digest = "sha256:" + std::string(64, 'a');
  EXPECT_TRUE(
      holds("image('nginx').registry() == 'index.docker.io' && image('nginx').repository() == 'library/nginx'"));
  EXPECT_TRUE(holds("image('docker.io/a/b').registry() == 'index.docker.io' && image('a/b').repository() == 'a/b'"));
  EXPECT_TRUE(holds("image('host:5000/ab').registry() == 'host:5000' && image('host:5000/ab').tag() == 'latest'"));
  EXPECT_TRUE(holds("image('localhost/ab:1').tag() == '1' && !image('ab:1').containsDigest()"));
  EXPECT_TRUE(holds("image('ab:1@" + digest + "').identifier() == '1@" + digest + "'"));
  EXPECT_TRUE(
      holds("image('h.io/ab@" + digest + "').digest() == '" + digest + "' && image('ab@" + digest + "').tag() == ''"));
  EXPECT_TRUE(holds("!isImage('A/B') && !isImage('ab@sha256:12') && !isImage('a') && isImage('ab')"));
  EXPECT_TRUE(holds(
      "parseServiceAccount('system:serviceaccount:a:b').Name == 'b' && user.parseServiceAccount('x').Name == ''"));
  EXPECT_TRUE(holds("math.round(1.255, 1) == 1.3 && math.round(-2.5, 0) == -3.0"));
  EXPECT_TRUE(holds("listObjToMap([{'k': 'a'}], [{'v': 1}], 'k', 'v') == {'a': 1}"));
  EXPECT_TRUE(holds("json.unmarshal('{\"a\": [1, \"x\"]}').a[1] == 'x' && json.marshal({'a': 1}) == '{\"a\":1}'"));
}

TEST(Kyverno, WhatMustBeFetchedIsNotEvaluated) {
  for (const char* call : {"http.Get('https://example.com').x == 1", "globalContext.Get('a', 'b').x == 1",
                           "image.GetMetadata('nginx').config == {}"}) {
    Lines lines = scan(load(policy_about("", "services", call)).set, kService);
    ASSERT_EQ(lines.size(), 1u) << call;
    EXPECT_NE(lines[0].find("not_evaluated"), std::string::npos) << lines[0];
    EXPECT_NE(lines[0].find("is not known offline"), std::string::npos) << lines[0];
  }
}

TEST(Kyverno, MutatingPoliciesPatchPodsAndTheirControllers) {
  auto mutated = [](const std::string& object, const std::string& resource) {
    auto loaded = load(
        "apiVersion: policies.kyverno.io/v1\nkind: MutatingPolicy\nmetadata: {name: m}\nspec:\n  matchConstraints: "
        "{resourceRules: [{apiGroups: [\"\"], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}\n  "
        "variables: "
        "[{name: dns, expression: \"'None'\"}]\n  matchConditions: [{name: c, expression: \"variables.dns == "
        "'None'\"}]\n  "
        "mutations: [{patchType: ApplyConfiguration, applyConfiguration: {expression: 'Object{spec: "
        "Object.spec{dnsPolicy: variables.dns}}'}}]\n");
    for (const Diagnostic& diagnostic : loaded.diagnostics) ADD_FAILURE() << to_string(diagnostic);
    auto documents = parse("object.yaml", object);
    kube::ResourceInfo info{resource, kube::Scope::kNamespaced, false};
    kube::AdmissionRequest request = kube::creation_of(kube::ObjectView(documents[0]->root()), info);
    MutationOutcome out;
    Evaluator evaluator(loaded.set);
    evaluator.mutate(request, {}, out);
    const doc::Node* spec = out.object->find("spec");
    if (const doc::Node* job = spec->find("jobTemplate")) spec = job->find("spec");
    if (const doc::Node* pod = spec->find("template", "spec")) spec = pod;
    return std::string((*spec)["dnsPolicy"].str());
  };
  EXPECT_EQ(mutated("{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: []}}", "pods"), "None");
  EXPECT_EQ(mutated(deployment("d", "a", "b"), "deployments"), "None");
  EXPECT_EQ(mutated("{apiVersion: batch/v1, kind: CronJob, metadata: {name: c}, spec: {jobTemplate: {spec: {template: "
                    "{spec: {containers: []}}}}}}",
                    "cronjobs"),
            "None");
}

// The match conditions of a mutating policy go with it to the controllers; JSON patches and variables do not.
TEST(Kyverno, AutogenRewritesConditionsOfMutatingPolicies) {
  const auto wrap = [](std::string_view text) { return wrap_for_controller(text, "spec.template.spec"); };
  EXPECT_EQ(wrap("object.spec.hostNetwork && object.metadata.labels.a == 'b' && object.metadata.name == 'c'"),
            "object.spec.template.spec.hostNetwork && object.spec.template.metadata.labels.a == 'b' && "
            "object.metadata.name == 'c'");
  EXPECT_EQ(wrap("Object{spec: Object.spec{a: 1}}"),
            "Object{spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{a: 1}}}}");
  const auto mutated = [](const std::string& template_spec) {
    auto loaded = load(
        "apiVersion: policies.kyverno.io/v1\nkind: MutatingPolicy\nmetadata: {name: m}\nspec:\n  matchConstraints: "
        "{resourceRules: [{apiGroups: [\"\"], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}\n  "
        "matchConditions: [{name: c, expression: object.spec.?hostNetwork.orValue(false) == true}]\n  mutations: "
        "[{patchType: "
        "ApplyConfiguration, applyConfiguration: {expression: 'Object{spec: Object.spec{dnsPolicy: \"None\"}}'}}]\n");
    for (const Diagnostic& diagnostic : loaded.diagnostics) ADD_FAILURE() << to_string(diagnostic);
    auto documents = parse("object.yaml",
                           "{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: shop}, "
                           "spec: {template: {spec: " +
                               template_spec + "}}}");
    const kube::ResourceInfo info{"deployments", kube::Scope::kNamespaced, false};
    kube::AdmissionRequest request = kube::creation_of(kube::ObjectView(documents[0]->root()), info);
    MutationOutcome out;
    Evaluator evaluator(loaded.set);
    evaluator.mutate(request, {}, out);
    EXPECT_TRUE(out.allowed) << out.message;
    return std::string((*out.object)["spec"]["template"]["spec"]["dnsPolicy"].str());
  };
  EXPECT_EQ(mutated("{hostNetwork: true, containers: []}"), "None");
  EXPECT_EQ(mutated("{containers: []}"), "");
}

TEST(Kyverno, OtherKindsAreNotSilentlyPassed) {
  LoadResult loaded = load("apiVersion: policies.kyverno.io/v1\nkind: GeneratingPolicy\nmetadata: {name: g}\n");
  ASSERT_EQ(loaded.diagnostics.size(), 1u);
  EXPECT_NE(loaded.diagnostics[0].message.find("GeneratingPolicy are not evaluated"), std::string::npos);
}

}  // namespace
}  // namespace ameia::policy
