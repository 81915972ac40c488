// Schemas: OpenAPI v3 structural schemas (of custom resources) as CEL types, and documents as values of those types.
// Neighbours: expr/type.h (the checker asks Schemas for fields), expr/program.h (Machine::set with a schema index).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "doc/node.h"
#include "expr/type.h"
#include "expr/value.h"

namespace ameia::expr {

// Kubernetes' reading of a structural schema: properties, items, additionalProperties, format (byte, date, date-time,
// duration), x-kubernetes-int-or-string, -preserve-unknown-fields, -embedded-resource, -list-type, -list-map-keys.
// Threads: immutable after the last add(). Owns: its types and names; borrows the schema documents.
// Fails: add() returns 0 for a schema that CEL cannot see. Limits: kSchemasMax schemas, kDepthMax levels.
class Schemas final : public TypeProvider {
 public:
  static constexpr size_t kSchemasMax = 60'000;
  static constexpr uint32_t kDepthMax = 128;

  Schemas();
  ~Schemas() override;

  // Reads a schema and all below it; `resource_root` adds apiVersion, kind and metadata{name, generateName}.
  uint16_t add(const doc::Node& schema, bool resource_root = false);

  // The CEL type of a schema index: for EnvBuilder::object_variable when is_object(), for variable() otherwise.
  [[nodiscard]] const Type* type(uint16_t schema) const;
  [[nodiscard]] bool is_object(uint16_t schema) const;
  // The type in signature syntax: an object's name, "list(schema.3)", "dyn" …
  [[nodiscard]] std::string type_text(uint16_t schema) const;

  // `node` as the program sees it: fields under their escaped names, undeclared fields hidden, formatted strings
  // parsed. Data that does not fit becomes an error value in Kubernetes' words where it stands.
  [[nodiscard]] Value value(const doc::Node& node, uint16_t schema, base::Arena& arena) const;

  // --- sizes, as Kubernetes estimates them of a schema; see expr/estimate.h
  // The most elements, characters or bytes a value has: what maxItems, maxProperties, maxLength, enum and format say,
  // or what fits a request. 0 for scalars and objects.
  [[nodiscard]] uint64_t elements_max(uint16_t schema) const;
  // The fewest bytes of a value as JSON.
  [[nodiscard]] uint64_t json_bytes_min(uint16_t schema) const;
  // The schema of a field (by its escaped name), of a list's items or a map's values, of a map's keys; 0: there is
  // none.
  [[nodiscard]] uint16_t field_schema(uint16_t schema, std::string_view escaped) const;
  [[nodiscard]] uint16_t element_schema(uint16_t schema) const;
  [[nodiscard]] uint16_t key_schema(uint16_t schema) const;

  [[nodiscard]] const Type* field(std::string_view object, std::string_view field) const override;
  [[nodiscard]] bool constructible(std::string_view object) const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ameia::expr
