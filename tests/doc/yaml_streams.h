// Whether two readings of one YAML text are the same: trees, spans, styles, duplicate keys, errors.
#pragma once

#include <string>

#include "doc/internal/yaml_stream.h"
#include "doc/json.h"

namespace ameia::doc {

inline std::string place(const Node& node) {
  return std::to_string(node.begin) + "-" + std::to_string(node.end) + " kind " +
         std::to_string(static_cast<int>(node.kind)) + " style " + std::to_string(static_cast<int>(node.style));
}

// Empty when they are the same, else the first difference.
inline std::string difference(const Node& a, const Node& b) {
  if (a.kind != b.kind || a.style != b.style || a.begin != b.begin || a.end != b.end || a.size != b.size ||
      a.from_alias != b.from_alias || a.ascii != b.ascii) {
    return place(a) + " against " + place(b);
  }
  if (a.is_list()) {
    for (size_t i = 0; i < a.size; ++i) {
      if (std::string d = difference(a.items[i], b.items[i]); !d.empty()) return d;
    }
    return {};
  }
  if (a.is_map()) {
    for (size_t i = 0; i < a.size; ++i) {
      const Member &m = a.members[i], &n = b.members[i];
      if (m.key->view() != n.key->view() || m.key_begin != n.key_begin) {
        return "key " + std::string(m.key->view()) + " against " + std::string(n.key->view());
      }
      if (std::string d = difference(m.value, n.value); !d.empty()) return std::string(m.key->view()) + ": " + d;
    }
    return {};
  }
  return to_json(a) == to_json(b) ? "" : to_json(a) + " against " + to_json(b);
}

inline std::string difference(const YamlStream& a, const YamlStream& b) {
  if (a.errors.size() != b.errors.size()) return "the number of errors";
  for (size_t i = 0; i < a.errors.size(); ++i) {
    if (a.errors[i].text() != b.errors[i].text()) return a.errors[i].text() + " against " + b.errors[i].text();
  }
  if (a.documents.size() != b.documents.size()) return "the number of documents";
  for (size_t i = 0; i < a.documents.size(); ++i) {
    const Document &x = *a.documents[i], &y = *b.documents[i];
    if (std::string d = difference(x.root(), y.root()); !d.empty()) return d;
    if (x.duplicates().size() != y.duplicates().size()) return "the number of duplicate keys";
    for (size_t j = 0; j < x.duplicates().size(); ++j) {
      const DuplicateKey &m = x.duplicates()[j], &n = y.duplicates()[j];
      if (m.path != n.path || m.first_begin != n.first_begin || m.second_begin != n.second_begin) {
        return "duplicate key " + m.path + " against " + n.path;
      }
    }
  }
  return {};
}

}  // namespace ameia::doc
