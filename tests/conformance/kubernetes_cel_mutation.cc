// Mutation: patch expressions and what they make of typed objects.
#include "doc/json.h"
#include "kube/merge_type.h"
#include "kubernetes_cel.h"
#include "policy/mutate.h"

namespace ameia::conformance {
namespace {

using doc::Node;
using Args = GoTable::Args;

// A Deployment with these lists in its pod; an absent one is left out.
Node deployment(GoTable& table, const Node* init, const Node* containers) {
  std::vector<std::pair<std::string_view, Node>> pod;
  if (init != nullptr) pod.emplace_back("initContainers", *init);
  if (containers != nullptr) pod.emplace_back("containers", *containers);
  doc::Builder& make = table.make();
  return make.map({{"spec", make.map({{"template", make.map({{"spec", make.map(pod)}})}})}});
}

// The helpers of the Go source, as its rows need them.
void define_deployments(GoTable& table) {
  table.define("corev1.ResourceCPU", "cpu");
  table.define("corev1.ResourceMemory", "memory");
  table.define_function("resource.MustParse", [](GoTable&, const Args& a) -> base::Result<Node> { return a.at(0); });
  table.define_function("ptr.To[int32]", [](GoTable&, const Args& a) -> base::Result<Node> { return a.at(0); });
  table.define_function("makeDeployment", [](GoTable& t, const Args&) -> base::Result<Node> {
    Node containers = t.make().list({t.make().map({{"name", t.make().string("a")}})});
    return deployment(t, nullptr, &containers);
  });
  table.define_function("makeDeploymentWithContainers", [](GoTable& t, const Args& a) -> base::Result<Node> {
    return deployment(t, nullptr, &a.at(0));
  });
  table.define_function("makeDeploymentWithInit", [](GoTable& t, const Args& a) -> base::Result<Node> {
    return deployment(t, &a.at(0), &a.at(1));
  });
  // The rows only ask that this spec comes through as it is.
  table.define_function("makeDeploymentWithComplexPodSpec", [](GoTable& t, const Args&) -> base::Result<Node> {
    auto text = std::make_shared<doc::Source>("complex", R"({"spec": {"template": {"spec": {
        "containers": [{"name": "a", "image": "nginx:1.24", "command": ["sh", "-c", "run"],
          "env": [{"name": "X", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
          "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}, "livenessProbe": {"httpGet": {"port": "http"}}}],
        "volumes": [{"name": "v", "projected": {"sources": [{"configMap": {"name": "c", "optional": true}}]}}],
        "nodeSelector": {"disk": "ssd"}, "terminationGracePeriodSeconds": 30}}}})");
    auto parsed = doc::parse_json(text, std::make_shared<doc::Keys>());
    if (!parsed) return std::unexpected(parsed.error());
    t.keep(*parsed);
    return (*parsed)->root();
  });
}

// A typed object names its kind once it is encoded.
Node with_kind(GoTable& table, const Node& object, std::string_view api_version, std::string_view kind) {
  Node out = table.make().with_member(object, "apiVersion", table.make().string(api_version));
  return table.make().with_member(out, "kind", table.make().string(kind));
}

// A typed object as its Go value has it: what is null or an empty struct says nothing.
Node canonical(const Node& node, doc::Builder& make) {
  if (node.is_list()) {
    std::vector<Node> items;
    for (const Node& item : node.list()) items.push_back(canonical(item, make));
    return make.list(items);
  }
  if (!node.is_map()) return node;
  std::vector<std::pair<std::string_view, Node>> members;
  for (const doc::Member& member : node.map()) {
    Node value = canonical(member.value, make);
    bool empty = value.is_null() || ((value.is_map() || value.is_list()) && value.size == 0);
    if (!empty) members.emplace_back(member.key->view(), value);
  }
  return make.map(members);
}

void run_mutation_row(const TableTest& test, policy::PatchType type, const Node& fields, const std::string& name) {
  GoTable table;
  define_deployments(table);
  auto row = [&](std::string_view key) -> base::Result<Node> {
    const Node* found = fields.find(key);
    if (found == nullptr) return Node();
    Node object = TRY(table.value(*found));
    return object.is_map() ? with_kind(table, object, "apps/v1", "Deployment") : object;
  };
  base::Result<Node> object = row("object"), old_object = row("oldObject"), expected = row("expectedResult");
  for (const auto* value : {&object, &old_object, &expected}) {
    if (!*value) return test.result.skip(name, unresolved(value->error()));
  }
  policy::ConditionCompiler compiler(expr::Version::latest());
  compiler.begin_policy();
  policy::Mutation mutation{type, compiler.compile(fields["expression"].str(), {}, policy::returned_by(type))};
  auto programs = compiler.build();
  if (!programs) return test.result.fail(name, programs.error().text());
  policy::ConditionRunner runner(*programs);
  runner.bind({.object = &*object, .old_object = old_object->is_null() ? nullptr : &*old_object});
  base::Arena arena;
  auto merge_type = kube::MergeTypes().find("apps/v1", "Deployment");
  policy::Mutated mutated = policy::run_mutation(runner, mutation, *object, merge_type, arena);
  std::string_view wanted_error = fields["expectedErr"].str();
  if (!wanted_error.empty() || !mutated.error.empty()) {
    if (!wanted_error.empty() && mutated.error.find(wanted_error) != std::string::npos) return test.result.pass();
    return test.result.fail(name, "error: " + mutated.error);
  }
  Node got = canonical(mutated.object, table.make());
  if (!doc::equal(got, canonical(*expected, table.make()))) return test.result.fail(name, doc::to_json(got));
  test.result.pass();
}

}  // namespace

bool run_mutation_test(const TableTest& test) {
  bool json_patch = test.test == "TestJSONPatch", configuration = test.test == "TestApplyConfiguration";
  if (!test.file.starts_with("admission_plugin_policy_mutating") || (!json_patch && !configuration)) return false;
  policy::PatchType type = json_patch ? policy::PatchType::kJsonPatch : policy::PatchType::kApplyConfiguration;
  test.each_row([&](const Node& fields, const std::string& name) {
    if (fields.find("expression") != nullptr) run_mutation_row(test, type, fields, name);
  });
  return true;
}

}  // namespace ameia::conformance
