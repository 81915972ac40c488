// Policy border: a YAML stream of policies, bindings, params and objects; everything that can be read is compiled, then
// each other object is mutated, decided and scanned. Any bytes end in diagnostics, patches, decisions and findings; a
// patch leads from the object before to the object after.
#include <cstdint>
#include <cstdlib>

#include "doc/build.h"
#include "doc/patch.h"
#include "doc/yaml.h"
#include "kube/object.h"
#include "policy/policy.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ameia;
  constexpr size_t kBytesMax = size_t{1} << 16;
  if (size > kBytesMax) return 0;
  auto keys = std::make_shared<doc::Keys>();
  auto source =
      std::make_shared<const doc::Source>("fuzz.yaml", std::string(reinterpret_cast<const char*>(data), size));
  doc::YamlStream stream = doc::parse_yaml(source, keys);
  policy::PolicySetBuilder builder;
  policy::ScanFacts facts;
  bool built_in = size % 2 == 1;
  for (auto& document : stream.documents) {
    builder.add(document, built_in ? policy::Origin::kBuiltIn : policy::Origin::kUser);
    std::vector<const doc::Node*> objects;
    kube::expand_list(document->root(), objects);
    for (const doc::Node* object : objects) facts.learn(*object);
  }
  policy::LoadResult loaded = builder.build();
  for (const policy::Diagnostic& d : loaded.diagnostics) (void)policy::to_string(d).size();
  policy::Evaluator evaluator(loaded.set);
  policy::ScanResult result;
  policy::AdmissionOutcome outcome;
  for (auto& document : stream.documents) {
    std::vector<const doc::Node*> objects;
    kube::expand_list(document->root(), objects);
    for (const doc::Node* object : objects) {
      evaluator.scan(*document, *object, facts, result);
      if (auto request = kube::read_admission_review(*object)) {
        policy::MutationOutcome mutation;
        evaluator.mutate(*request, {facts.find_namespace(request->ns), &facts.resources()}, mutation);
        if (mutation.changed) {
          base::Arena arena;
          auto again =
              doc::apply_json_patch(*request->object, doc::diff(*request->object, *mutation.object, arena), arena);
          bool too_large = !again && again.error().code == base::Code::kLimit;
          if (!too_large && (!again || !doc::equal(*again, *mutation.object))) abort();
        }
        evaluator.admit(*request, {facts.find_namespace(request->ns), &facts.resources()}, outcome);
        (void)evaluator.trace(*request, {facts.find_namespace(request->ns), &facts.resources()}, true).size();
      }
    }
  }
  return 0;
}
