// Edit border: a YAML (or JSON) text, a zero byte, and a JSON Patch of its first document. What is edited reads as the
// patched tree, differs nowhere but in its edits, and an edit to what is there already changes nothing.
#include <cstdint>
#include <cstdlib>

#include "doc/build.h"
#include "doc/edit.h"
#include "doc/json.h"
#include "doc/patch.h"
#include "doc/yaml.h"

namespace {

using namespace ameia::doc;

constexpr Limits kLimits{.bytes_max = size_t{1} << 20, .depth_max = 64, .nodes_max = 50'000, .alias_nodes_max = 10'000};

std::vector<std::shared_ptr<const Document>> read(const std::shared_ptr<const Source>& source, Syntax syntax) {
  auto keys = std::make_shared<Keys>();
  if (syntax == Syntax::kJson) {
    auto document = parse_json(source, keys, kLimits);
    if (!document) return {};
    return {*document};
  }
  YamlStream stream = parse_yaml(source, keys, kLimits);
  if (!stream.errors.empty()) return {};
  return {stream.documents.begin(), stream.documents.end()};
}

void check(std::string_view text, const Node& patch, Syntax syntax) {
  auto source = std::make_shared<const Source>("fuzz", std::string(text));
  auto documents = read(source, syntax);
  if (documents.empty()) return;
  ameia::base::Arena arena;
  auto target = apply_json_patch(documents[0]->root(), patch, arena,
                                 {.depth_max = 64, .operations_max = 16, .nodes_copied_max = 10'000});
  if (!target) return;
  std::vector<Change> changes;
  for (const auto& document : documents) changes.push_back({document, document->root()});
  changes[0].target = *target;
  auto edited = edit(source, syntax, changes, kLimits);
  if (!edited) return;
  std::string rebuilt;
  uint32_t done = 0;
  for (const TextEdit& e : edited->edits) {
    if (e.begin < done || e.end < e.begin) std::abort();
    rebuilt.append(source->bytes(), done, e.begin - done).append(e.text);
    done = e.end;
  }
  rebuilt.append(source->bytes(), done);
  if (rebuilt != edited->text) std::abort();
  auto after = std::make_shared<const Source>("after", edited->text);
  auto again = read(after, syntax);
  if (again.size() != documents.size() || !equal(again[0]->root(), *target)) std::abort();
  changes.clear();
  for (const auto& document : again) changes.push_back({document, document->root()});
  auto unchanged = edit(after, syntax, changes, kLimits);
  if (!unchanged || !unchanged->edits.empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  size_t zero = input.find('\0');
  if (zero == std::string_view::npos) return 0;
  auto patch = parse_json(std::make_shared<Source>("patch", std::string(input.substr(zero + 1))),
                          std::make_shared<Keys>(), kLimits);
  if (!patch) return 0;
  check(input.substr(0, zero), (*patch)->root(), Syntax::kYaml);
  check(input.substr(0, zero), (*patch)->root(), Syntax::kJson);
  return 0;
}
