// JSON border: any bytes end in a tree or an error; what was read is written and read back to an equal tree.
#include <cstdint>
#include <cstdlib>

#include "doc/build.h"
#include "doc/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ameia::doc;
  auto source = std::make_shared<Source>("fuzz", std::string(reinterpret_cast<const char*>(data), size));
  auto document = parse_json(source, std::make_shared<Keys>());
  if (!document) return 0;
  const Node& root = (*document)->root();
  if (root.end > size || root.begin > root.end) std::abort();
  auto again = parse_json(std::make_shared<Source>("again", to_json(root)), std::make_shared<Keys>());
  if (!again || !equal(root, (*again)->root())) std::abort();
  return 0;
}
