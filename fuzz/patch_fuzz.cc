// Patch border: {"doc": …, "patch": …, "to": …} with anything in them. A diff always leads from doc to `to`.
#include <cstdint>
#include <cstdlib>

#include "doc/build.h"
#include "doc/json.h"
#include "doc/patch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ameia::doc;
  auto source = std::make_shared<Source>("fuzz", std::string(reinterpret_cast<const char*>(data), size));
  auto document = parse_json(source, std::make_shared<Keys>());
  if (!document) return 0;
  const Node& root = (*document)->root();
  ameia::base::Arena arena;
  const Node& from = root["doc"];
  const Node& to = root["to"];
  (void)apply_json_patch(from, root["patch"], arena, {.operations_max = 100, .nodes_copied_max = 10'000});
  (void)apply_merge_patch(from, root["patch"], arena);
  (void)resolve_pointer(from, root["pointer"].str());
  Node patch = diff(from, to, arena);
  auto result = apply_json_patch(from, patch, arena);
  if (result && !equal(*result, to)) std::abort();
  if (!result && result.error().code != ameia::base::Code::kLimit) std::abort();
  return 0;
}
