// YAML border: any bytes end in trees and errors; our block reader and libyaml alone read the same; spans stay inside
// the source; a tree survives being written as YAML.
#include <cstdint>
#include <cstdlib>

#include "../tests/doc/yaml_streams.h"
#include "doc/json.h"
#include "doc/yaml.h"

namespace {

using namespace ameia::doc;

void check_spans(const Node& node, size_t size) {
  if (node.begin > node.end || node.end > size) std::abort();
  if (node.from_alias) return;
  for (const Node& item : node.list()) check_spans(item, size);
  for (const Member& member : node.map()) check_spans(member.value, size);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Limits limits;
  limits.alias_nodes_max = 2000;
  auto source = std::make_shared<Source>("fuzz", std::string(reinterpret_cast<const char*>(data), size));
  YamlStream stream = parse_yaml(source, std::make_shared<Keys>(), limits);
  YamlStream by_libyaml =
      internal::read_yaml_stream(source, std::make_shared<Keys>(), limits, internal::YamlReaders::kLibyaml);
  if (!difference(stream, by_libyaml).empty()) std::abort();
  for (const auto& document : stream.documents) {
    check_spans(document->root(), document->source().bytes().size());  // UTF-16 is read as its UTF-8
    YamlStream again =
        parse_yaml(std::make_shared<Source>("again", to_yaml(document->root())), std::make_shared<Keys>());
    if (!again.errors.empty()) std::abort();
    const Node& back = again.documents.empty() ? kNullNode : again.documents[0]->root();
    if (to_json(document->root()) != to_json(back)) std::abort();
  }
  for (const auto& error : stream.errors) {
    if (error.what.empty()) std::abort();
  }
  return 0;
}
