// One segment of a YAML stream read by libyaml, the C ancestor of the scanner that sigs.k8s.io/yaml uses.
// Neighbours: yaml.cc cuts the segments, yaml_tree.h makes trees of the events.
#pragma once

#include <memory>
#include <vector>

#include "doc/document.h"
#include "doc/internal/yaml_tree.h"

namespace ameia::doc::internal {

// Appends the documents in [begin, end) of the source. Fails: with the first error; the documents before it stay.
base::Status read_with_libyaml(const std::shared_ptr<const Source>& source, uint32_t begin, uint32_t end,
                               const std::shared_ptr<Keys>& keys, const Limits& limits, YamlTree& tree,
                               std::vector<std::shared_ptr<Document>>& documents);

}  // namespace ameia::doc::internal
