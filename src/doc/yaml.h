// YAML to the same trees as JSON, with the meaning sigs.k8s.io/yaml gives it (YAML 1.1 scalars, JSON data model).
// A stream yields one Document per YAML document; empty documents are skipped. Merge keys (<<) and anchors are expanded
// within Limits::alias_nodes_max. BOM and CRLF are read as YAML says.
#pragma once

#include <memory>
#include <vector>

#include "doc/document.h"

namespace ameia::doc {

struct YamlStream {
  std::vector<std::shared_ptr<Document>> documents;
  // A broken document is left out and reading goes on at the next "---", as kubectl would see the others.
  std::vector<base::Error> errors;
  static constexpr size_t kErrorsMax = 20;
};

YamlStream parse_yaml(std::shared_ptr<const Source> source, const std::shared_ptr<Keys>& keys,
                      const Limits& limits = {});

// YAML of a tree (block style, keys in source order), such that parse_yaml gives the tree back.
std::string to_yaml(const Node& node);

}  // namespace ameia::doc
