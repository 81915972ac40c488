// The YAML reader with its own block reader or with libyaml alone, so that tests and fuzzing hold one against the
// other.
#pragma once

#include "doc/yaml.h"

namespace ameia::doc::internal {

enum class YamlReaders : uint8_t { kBoth, kLibyaml };

// A stream is cut at the lines that start a document, as Kubernetes cuts it; each piece is read for itself.
YamlStream read_yaml_stream(std::shared_ptr<const Source> source, const std::shared_ptr<Keys>& keys,
                            const Limits& limits, YamlReaders readers);

}  // namespace ameia::doc::internal
