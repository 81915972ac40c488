// Pod Security: versions, overrides and wording on small pods, and what a namespace's labels make of a request.
#include "policy/pss.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "doc/yaml.h"
#include "kube/pod.h"
#include "policy/pss_admission.h"

namespace ameia::policy {
namespace {

std::shared_ptr<doc::Document> yaml(std::string text) {
  auto stream =
      doc::parse_yaml(std::make_shared<const doc::Source>("pod.yaml", std::move(text)), std::make_shared<doc::Keys>());
  EXPECT_TRUE(stream.errors.empty());
  return stream.documents.at(0);
}

PssResult judge(const doc::Document& document, Level level, std::string_view version,
                uint32_t newest = kPssNewestMinor) {
  auto pod = kube::find_pod(document.root());
  EXPECT_TRUE(pod.has_value());
  return evaluate(level, *parse_pss_version(version), *pod->metadata, *pod->spec, newest);
}

TEST(Pss, VersionsAreReadStrictly) {
  EXPECT_EQ(parse_pss_version("v1.25")->minor, 25u);
  EXPECT_TRUE(parse_pss_version("latest")->is_latest());
  EXPECT_EQ(to_string(*parse_pss_version("v1.0")), "v1.0");
  for (const char* bad : {"", "1.25", "v1.", "v1.025", "v1.x", "v2.0", "V1.1", "latest ", "v1.99999999999"}) {
    EXPECT_FALSE(parse_pss_version(bad).has_value()) << bad;
  }
}

TEST(Pss, APlainPodIsBaselineAndNotRestricted) {
  auto pod = yaml("{apiVersion: v1, kind: Pod, spec: {containers: [{name: a}]}}");
  EXPECT_TRUE(judge(*pod, Level::kBaseline, "latest").allowed);
  PssResult restricted = judge(*pod, Level::kRestricted, "latest");
  EXPECT_EQ(
      restricted.detail(),
      "allowPrivilegeEscalation != false (container \"a\" must set securityContext.allowPrivilegeEscalation=false), "
      "unrestricted capabilities (container \"a\" must set securityContext.capabilities.drop=[\"ALL\"]), "
      "runAsNonRoot != true (pod or container \"a\" must set securityContext.runAsNonRoot=true), "
      "seccompProfile (pod or container \"a\" must set securityContext.seccompProfile.type to \"RuntimeDefault\" or "
      "\"Localhost\")");
  EXPECT_EQ(judge(*pod, Level::kRestricted, "v1.7").reasons(), "runAsNonRoot != true");
  EXPECT_EQ(judge(*pod, Level::kRestricted, "v1.18").reasons(),
            "allowPrivilegeEscalation != false, runAsNonRoot != true");
}

TEST(Pss, ARestrictedRuleReplacesTheBaselineRuleItIncludes) {
  auto pod = yaml(
      "{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, securityContext: {capabilities: {add: "
      "[SYS_TIME]}}}]}}");
  EXPECT_EQ(judge(*pod, Level::kBaseline, "latest").reasons(), "non-default capabilities");
  std::string reasons = judge(*pod, Level::kRestricted, "latest").reasons();
  EXPECT_EQ(reasons.find("non-default capabilities"), std::string::npos);
  EXPECT_NE(reasons.find("unrestricted capabilities"), std::string::npos);
}

TEST(Pss, WindowsPodsAndUserNamespacesAreRelaxedFromTheirVersionOn) {
  auto windows = yaml(
      "{apiVersion: v1, kind: Pod, spec: {os: {name: windows}, securityContext: {runAsNonRoot: true}, containers: "
      "[{name: a}]}}");
  EXPECT_FALSE(judge(*windows, Level::kRestricted, "v1.24").allowed);
  EXPECT_TRUE(judge(*windows, Level::kRestricted, "v1.25").allowed);
  auto userns = yaml(
      "{apiVersion: v1, kind: Pod, spec: {hostUsers: false, containers: [{name: a, securityContext: {procMount: "
      "Unmasked}}]}}");
  EXPECT_FALSE(judge(*userns, Level::kBaseline, "v1.34").allowed);
  EXPECT_TRUE(judge(*userns, Level::kBaseline, "v1.35").allowed);
  EXPECT_TRUE(judge(*userns, Level::kBaseline, "latest").allowed);
  EXPECT_FALSE(judge(*userns, Level::kBaseline, "latest", 34).allowed) << "latest of an older server";
  EXPECT_NE(judge(*userns, Level::kRestricted, "v1.35").reasons().find("procMount"), std::string::npos);
}

TEST(Pss, DetailsAreSortedAndPluralAsUpstream) {
  auto pod = yaml(R"(
apiVersion: v1
kind: Pod
metadata: {annotations: {container.apparmor.security.beta.kubernetes.io/a: "un\"confined"}}
spec:
  hostPID: true
  hostNetwork: true
  initContainers: [{name: i, ports: [{hostPort: 80}]}]
  containers: [{name: a, ports: [{hostPort: 12345}, {hostPort: 23}]}]
  ephemeralContainers: [{name: e, securityContext: {privileged: true}}]
)");
  EXPECT_EQ(judge(*pod, Level::kBaseline, "latest").detail(),
            "forbidden AppArmor profile (annotation must not set AppArmor profile type to "
            "\"container.apparmor.security.beta.kubernetes.io/a=\"un\\\"confined\"\"), "
            "host namespaces (hostNetwork=true, hostPID=true), "
            "hostPort (containers \"i\", \"a\" use hostPorts 12345, 23, 80), "
            "privileged (container \"e\" must not set securityContext.privileged=true)");
}

TEST(Pss, ViolationsPointAtWhatWasWrittenOrAtWhatLacksIt) {
  auto pod = yaml(
      "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    securityContext:\n      privileged: true\n");
  PssResult baseline = judge(*pod, Level::kBaseline, "latest");
  ASSERT_EQ(baseline.violations.size(), 1u);
  ASSERT_EQ(baseline.violations[0].nodes.size(), 1u);
  EXPECT_EQ(pod->position(*baseline.violations[0].nodes[0]).line, 7u);
  for (const PssViolation& violation : judge(*pod, Level::kRestricted, "latest").violations) {
    EXPECT_FALSE(violation.nodes.empty()) << violation.id;
  }
}

TEST(Pss, AVolumeWithoutASourceIsAnEmptyDirAndAnUnknownSourceIsNot) {
  auto pod = yaml(
      "{apiVersion: v1, kind: Pod, spec: {volumes: [{name: a}, {name: b, emptyDir: {}}, {name: c, hologram: {}}]}}");
  EXPECT_EQ(judge(*pod, Level::kRestricted, "latest").detail(),
            "restricted volume types (volume \"c\" uses restricted volume type \"unknown\")");
}

TEST(Pss, HostileShapesAreNeverACrash) {
  for (const char* text :
       {"{apiVersion: v1, kind: Pod}", "{apiVersion: v1, kind: Pod, spec: 1}",
        "{apiVersion: v1, kind: Pod, metadata: [], spec: {containers: {a: b}, volumes: [1, null, []]}}",
        "{apiVersion: v1, kind: Pod, spec: {containers: [null, 1, {name: 3, ports: [null, {hostPort: x}], "
        "securityContext: [], lifecycle: 1}], securityContext: {sysctls: [null, {name: 1}], runAsUser: 0.0}}}"}) {
    auto pod = yaml(text);
    judge(*pod, Level::kRestricted, "latest");
    judge(*pod, Level::kRestricted, "v1.0");
  }
}

TEST(PssCheck, TheTableIsSortedAndEveryIdIsFound) {
  for (const PssCheckInfo& check : pss_checks()) {
    ASSERT_FALSE(check.minors.empty());
    EXPECT_TRUE(std::is_sorted(check.minors.begin(), check.minors.end()));
    EXPECT_LE(check.minors.back(), kPssNewestMinor);
    EXPECT_TRUE(evaluate_check(check.id, PssVersion{}, doc::kNullNode, doc::kNullNode).has_value());
    if (check.minors.front() > 0) {
      EXPECT_FALSE(evaluate_check(check.id, PssVersion{check.minors.front() - 1}, doc::kNullNode, doc::kNullNode));
    }
  }
}

// --- Admission -------------------------------------------------------------------------------------------------------

class PssAdmission : public testing::Test {
 protected:
  PssDecision admit(const std::string& labels, PssRequest request, const std::string& object) {
    labels_ = yaml(labels);
    object_ = yaml(object);
    request.object = &object_->root();
    return evaluate_admission(config_, labels_->root(), request);
  }
  static PssRequest create(std::string_view group, std::string_view resource) {
    PssRequest request;
    request.group = group;
    request.resource = resource;
    request.operation = "CREATE";
    request.ns = "shop";
    request.name = "web";
    request.user = "dev";
    return request;
  }
  static std::string annotation(const PssDecision& decision, std::string_view key) {
    for (const auto& [name, value] : decision.audit_annotations) {
      if (name == key) return value;
    }
    return "";
  }
  PssConfig config_;
  std::shared_ptr<doc::Document> labels_, object_, old_;
  static constexpr const char* kPrivilegedPod =
      "{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, securityContext: {privileged: true}}]}}";
  static constexpr const char* kPrivilegedDeployment =
      "{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: {containers: [{name: a, securityContext: "
      "{privileged: true}}]}}}}";
};

TEST_F(PssAdmission, EnforceDeniesPodsAndOnlyWarnsAboutTemplates) {
  PssDecision pod = admit("{pod-security.kubernetes.io/enforce: baseline}", create("", "pods"), kPrivilegedPod);
  EXPECT_FALSE(pod.allowed);
  EXPECT_EQ(
      pod.message,
      "pods \"web\" is forbidden: violates PodSecurity \"baseline:latest\": privileged (container \"a\" must not set "
      "securityContext.privileged=true)");
  EXPECT_EQ(annotation(pod, "enforce-policy"), "baseline:latest");
  EXPECT_TRUE(pod.warnings.empty());

  PssDecision deployment =
      admit("{pod-security.kubernetes.io/enforce: baseline}", create("apps", "deployments"), kPrivilegedDeployment);
  EXPECT_TRUE(deployment.allowed);
  ASSERT_EQ(deployment.warnings.size(), 1u) << "enforce raises an unset warn";
  EXPECT_EQ(deployment.warnings[0],
            "would violate PodSecurity \"baseline:latest\": privileged (container \"a\" must not set "
            "securityContext.privileged=true)");
}

TEST_F(PssAdmission, AuditAnnotatesAndNeverDenies) {
  PssDecision decision =
      admit("{pod-security.kubernetes.io/audit: restricted, pod-security.kubernetes.io/audit-version: v1.7}",
            create("", "pods"), "{apiVersion: v1, kind: Pod, spec: {containers: [{name: a}]}}");
  EXPECT_TRUE(decision.allowed);
  EXPECT_EQ(annotation(decision, "audit-violations"),
            "would violate PodSecurity \"restricted:v1.7\": runAsNonRoot != true (pod or container \"a\" must set "
            "securityContext.runAsNonRoot=true)");
}

TEST_F(PssAdmission, ABrokenLabelFailsClosedForEnforceAndOpenForTheRest) {
  auto labels = yaml(
      "{pod-security.kubernetes.io/enforce: strict, pod-security.kubernetes.io/audit: x, "
      "pod-security.kubernetes.io/warn-version: '1.2'}");
  PssLabels resolved = resolve_labels(labels->root(), {});
  EXPECT_EQ(resolved.modes.enforce.level, Level::kRestricted);
  EXPECT_EQ(resolved.modes.audit.level, Level::kPrivileged);
  EXPECT_EQ(resolved.modes.warn.level, Level::kPrivileged);
  ASSERT_EQ(resolved.errors.size(), 3u);
  EXPECT_EQ(
      resolved.errors[0],
      "metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: \"strict\": must be one of privileged, "
      "baseline, restricted");
  EXPECT_EQ(resolved.errors[2],
            "metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: \"1.2\": must be \"latest\" or "
            "\"v1.x\"");

  PssRequest request = create("", "namespaces");
  request.ns = request.name = "shop";
  PssDecision decision =
      admit("{}", request,
            "{apiVersion: v1, kind: Namespace, metadata: {labels: {pod-security.kubernetes.io/enforce: strict}}}");
  EXPECT_FALSE(decision.allowed);
  EXPECT_TRUE(decision.message.starts_with("Namespace \"shop\" is invalid: metadata.labels[")) << decision.message;
}

TEST_F(PssAdmission, ExemptionsByUserNamespaceAndRuntimeClass) {
  config_.defaults.enforce.level = Level::kRestricted;
  config_.exemptions.users = {"robot"};
  config_.exemptions.namespaces = {"kube-system"};
  config_.exemptions.runtime_classes = {"vm"};
  EXPECT_FALSE(admit("{}", create("", "pods"), kPrivilegedPod).allowed);
  PssRequest request = create("", "pods");
  request.user = "robot";
  EXPECT_EQ(annotation(admit("{}", request, kPrivilegedPod), "exempt"), "user");
  request.ns = "kube-system";
  EXPECT_EQ(annotation(admit("{}", request, kPrivilegedPod), "exempt"), "namespace");
  EXPECT_EQ(annotation(admit("{}", create("", "pods"), "{apiVersion: v1, kind: Pod, spec: {runtimeClassName: vm}}"),
                       "exempt"),
            "runtimeClass");
}

TEST_F(PssAdmission, AnUpdateMattersWhenAnImageChanges) {
  config_.defaults.enforce.level = Level::kBaseline;
  PssRequest request = create("", "pods");
  request.operation = "UPDATE";
  old_ = yaml(
      "{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, image: x, securityContext: {privileged: true}}]}}");
  request.old_object = &old_->root();
  EXPECT_TRUE(
      admit(
          "{}", request,
          "{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, image: x, securityContext: {privileged: true}}]}}")
          .allowed);
  EXPECT_FALSE(
      admit(
          "{}", request,
          "{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, image: y, securityContext: {privileged: true}}]}}")
          .allowed);
  request.subresource = "status";
  EXPECT_TRUE(
      admit(
          "{}", request,
          "{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, image: y, securityContext: {privileged: true}}]}}")
          .allowed);
}

TEST_F(PssAdmission, ARaisedNamespaceNamesThePodsThatWouldBreak) {
  old_ = yaml("{apiVersion: v1, kind: Namespace}");
  auto one = yaml("{apiVersion: v1, kind: Pod, metadata: {name: b}, spec: {hostPID: true}}");
  auto two = yaml("{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {hostPID: true}}");
  auto fine = yaml("{apiVersion: v1, kind: Pod, metadata: {name: c}}");
  const doc::Node* pods[] = {&one->root(), &two->root(), &fine->root()};
  PssRequest request = create("", "namespaces");
  request.operation = "UPDATE";
  request.ns = request.name = "shop";
  request.old_object = &old_->root();
  request.existing_pods = pods;
  PssDecision decision =
      admit("{}", request,
            "{apiVersion: v1, kind: Namespace, metadata: {labels: {pod-security.kubernetes.io/enforce: baseline}}}");
  EXPECT_TRUE(decision.allowed);
  EXPECT_EQ(decision.warnings,
            (std::vector<std::string>{
                "existing pods in namespace \"shop\" violate the new PodSecurity enforce level \"baseline:latest\"",
                "a (and 1 other pod): host namespaces"}));
}

}  // namespace
}  // namespace ameia::policy
