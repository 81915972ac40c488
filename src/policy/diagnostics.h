// Diagnostics: the collector of what is wrong in policy documents; positions, snippets and carets come from the source.
// Neighbours: policy/vap_load.cc and policy/lint.cc report here; policy/policy.h gives the result.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "doc/document.h"
#include "expr/ast.h"
#include "policy/policy.h"

namespace ameia::policy {

// One object of a policy document, for messages about it.
struct Subject {
  const doc::Document* document = nullptr;
  const doc::Node* root = nullptr;
  std::string name;  // "ValidatingAdmissionPolicy/x"
};

// Threads: none. Limits: kDiagnosticsMax are kept, all are counted.
class Diagnostics {
 public:
  // About `node` (or, where the field is absent, the nearest node that exists).
  void error(const Subject& subject, const doc::Node& node, std::string field, std::string message);
  void warning(const Subject& subject, const doc::Node& node, std::string field, std::string message);
  // A CEL error inside the string `node`, pointing into it.
  void expression(const Subject& subject, const doc::Node& node, const std::string& field, const expr::Issue& issue,
                  Diagnostic::Level level = Diagnostic::Level::kError);
  // Moves out, ordered by file, line and column.
  void finish(LoadResult& result);

 private:
  void add(Diagnostic::Level level, const Subject& subject, uint32_t offset, std::string field, std::string message);
  std::vector<Diagnostic> list_;
  size_t errors_ = 0, warnings_ = 0;
};

}  // namespace ameia::policy
