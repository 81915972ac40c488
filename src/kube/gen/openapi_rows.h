// The rows of the generated schema table; read through kube/openapi.h.
#pragma once

#include <cstdint>

#include "kube/openapi.h"

namespace ameia::kube::gen {

struct FieldRow {
  const char* name;
  uint16_t type;  // a ScalarType, or kScalarTypes + index into kStructs
  Shape shape;
  ListType list_type;
  bool required;
  const char* map_keys;   // "port,protocol" or nullptr
  const char* merge_key;  // strategic merge patch's key or nullptr
};
struct StructRow {
  const char* name;
  uint16_t first_field;  // fields are sorted by name
  uint16_t fields;
  bool atomic;
};
struct KindRow {
  const char* api_version;
  const char* kind;
  uint16_t type;
};

extern const FieldRow kFields[];
extern const StructRow kStructs[];
extern const KindRow kKinds[];  // sorted by api_version, then kind
extern const uint32_t kStructCount;
extern const uint32_t kKindCount;

}  // namespace ameia::kube::gen
