// Where the pod is, in every kind that carries one.
#include "kube/pod.h"

#include <gtest/gtest.h>

#include "doc/yaml.h"

namespace ameia::kube {
namespace {

std::shared_ptr<doc::Document> yaml(std::string text) {
  auto stream =
      doc::parse_yaml(std::make_shared<const doc::Source>("x.yaml", std::move(text)), std::make_shared<doc::Keys>());
  return stream.documents.at(0);
}

TEST(FindPod, EveryCarrier) {
  struct {
    const char* api_version;
    const char* kind;
    const char* pointer;
  } const carriers[] = {{"v1", "Pod", ""},
                        {"v1", "PodTemplate", "/template"},
                        {"v1", "ReplicationController", "/spec/template"},
                        {"apps/v1", "Deployment", "/spec/template"},
                        {"extensions/v1beta1", "Deployment", "/spec/template"},
                        {"apps/v1", "ReplicaSet", "/spec/template"},
                        {"apps/v1", "StatefulSet", "/spec/template"},
                        {"apps/v1", "DaemonSet", "/spec/template"},
                        {"batch/v1", "Job", "/spec/template"},
                        {"batch/v1beta1", "CronJob", "/spec/jobTemplate/spec/template"}};
  for (const auto& carrier : carriers) {
    std::string holder = "metadata: {name: inner}, spec: {hostPID: true}", pointer = carrier.pointer;
    while (!pointer.empty()) {
      size_t slash = pointer.rfind('/');
      holder = pointer.substr(slash + 1) + ": {" + holder + "}";
      pointer.erase(slash);
    }
    auto document =
        yaml("{apiVersion: " + std::string(carrier.api_version) + ", kind: " + carrier.kind + ", " + holder + "}");
    auto pod = find_pod(document->root());
    ASSERT_TRUE(pod.has_value()) << carrier.kind;
    EXPECT_EQ(pod->pointer, carrier.pointer);
    EXPECT_EQ((*pod->metadata)["name"].str(), "inner") << carrier.kind;
    EXPECT_TRUE((*pod->spec)["hostPID"].boolean_or(false)) << carrier.kind;
    EXPECT_EQ(pod->is_template, *carrier.pointer != '\0');
  }
}

TEST(FindPod, OtherKindsAndMissingTemplates) {
  EXPECT_FALSE(find_pod(yaml("{apiVersion: v1, kind: Service}")->root()));
  EXPECT_FALSE(find_pod(yaml("{apiVersion: example.com/v1, kind: Deployment, spec: {template: {}}}")->root()))
      << "someone else's kind";
  EXPECT_FALSE(find_pod(yaml("{apiVersion: v1, kind: ReplicationController, spec: {}}")->root()));
  auto deployment = find_pod(yaml("{apiVersion: apps/v1, kind: Deployment}")->root());
  ASSERT_TRUE(deployment.has_value());
  EXPECT_TRUE(deployment->spec->is_null());
}

TEST(VisitContainers, InitThenMainThenEphemeral) {
  auto document =
      yaml("{containers: [{name: b}, {name: c}], initContainers: [{name: a}], ephemeralContainers: [{name: d}]}");
  std::string names;
  visit_containers(document->root(), [&](const doc::Node& container) { names += container["name"].str(); });
  EXPECT_EQ(names, "abcd");
}

}  // namespace
}  // namespace ameia::kube
