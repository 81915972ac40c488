// StructureCheck: whether objects are what the API server takes: fields that exist, values of their types, and for
// custom resources the schema and rules of their definition, where it is among the objects.
// Neighbours: kube/openapi.h (built-in kinds), policy/crd_schema.h and crd_rules.h (custom ones), app/scan.cc (asks).
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "doc/document.h"
#include "policy/crd_lint.h"
#include "policy/crd_rules.h"
#include "policy/crd_schema.h"
#include "policy/crd_table.h"
#include "report/finding.h"

namespace ameia::policy {

inline constexpr std::string_view kUnknownFieldId = "AM-DOC-008";
inline constexpr std::string_view kRefusedValueId = "AM-DOC-009";
inline constexpr std::string_view kBrokenRuleId = "AM-CRD-001";
inline constexpr std::string_view kBadDefinitionId = "AM-CRD-002";
// Their texts, in order of id.
const std::vector<report::Rule>& structure_rules();

// Threads: one each (it keeps compiled rules and patterns). Borrows the definitions.
class StructureCheck {
 public:
  explicit StructureCheck(const CrdTable& crds) : crds_(crds) {}
  ~StructureCheck();

  // Appends what is wrong with an object of a document as if it were created now.
  void check(const doc::Document& document, const doc::Node& object, std::vector<report::Finding>& out);

  // What the definition of a custom resource says of it. `old_object` nullptr: it is created.
  struct Verdict {
    bool is_custom = false;  // a definition was found
    std::vector<std::string> refusals;
    std::vector<std::string> warnings;  // fields that would be dropped, errors of values that did not change
  };
  Verdict judge(const doc::Node& object, const doc::Node* old_object);

 private:
  const CrdRules& rules_of(const CrdVersion& version);

  const CrdTable& crds_;
  SchemaValidator schemas_;
  std::map<const doc::Node*, std::unique_ptr<CrdRules>> rules_;  // by schema
};

}  // namespace ameia::policy
