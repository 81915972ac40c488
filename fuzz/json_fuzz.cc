// JSON border: any bytes end in a tree or an error; what is written once is written the same after being read back.
// (Not an equal tree: a float past 2^53 is written in its shortest form, which an integer reads.)
#include <cstdint>
#include <cstdlib>

#include "doc/json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ameia::doc;
  auto source = std::make_shared<Source>("fuzz", std::string(reinterpret_cast<const char*>(data), size));
  auto document = parse_json(source, std::make_shared<Keys>());
  if (!document) return 0;
  const Node& root = (*document)->root();
  if (root.end > size || root.begin > root.end) std::abort();
  std::string written = to_json(root);
  auto again = parse_json(std::make_shared<Source>("again", written), std::make_shared<Keys>());
  if (!again || to_json((*again)->root()) != written) std::abort();
  return 0;
}
