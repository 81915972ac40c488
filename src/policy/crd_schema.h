// Structural validation: whether a custom resource fits its schema as the API server would see it on create: types,
// required fields, bounds, patterns, enumerations, fields that would be dropped. Rules in CEL are in
// policy/crd_rules.h. Neighbours: policy/structure.h makes findings, kube/openapi.h does the same for built-in kinds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "doc/node.h"
#include "expr/regex_cache.h"

namespace ameia::policy {

struct StructureProblem {
  bool unknown_field = false;       // dropped without a word (or refused by a strict client); else refused
  const doc::Node* node = nullptr;  // the value, or the object that lacks a field
  uint32_t begin = 0;               // byte offset to point at: the key of an unknown field, else the value
  std::string pointer;              // JSON Pointer
  std::string message;              // the API server's words, and a suggestion
};

// Threads: one each (it keeps compiled patterns). Limits: kBlamesMax problems, kCrdDepthMax levels of
// schemas. Of `format` those are judged that the API server looks at (expr/text_format.h), but creditcard.
class SchemaValidator {
 public:
  // The whole resource; `status`, which a create does not set, is left alone.
  std::vector<StructureProblem> run(const doc::Node& object, const doc::Node& schema, bool keeps_unknown_fields);

 private:
  expr::RegexCache patterns_;
};

}  // namespace ameia::policy
