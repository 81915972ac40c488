// From the nodes that an expression blames to findings: which place of the file, in which container, with which value.
// Neighbours: expr::Machine::blame gives the nodes, policy/scan.cc calls this, policy/secrets.h hides values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "doc/document.h"
#include "expr/program.h"
#include "report/finding.h"

namespace ameia::policy {

// The object a finding is about, and what was judged in its place: itself, or the pod made from its template.
struct Judged {
  const doc::Document* document = nullptr;
  const doc::Node* object = nullptr;        // as written
  const doc::Node* pod = nullptr;           // made from the template, or nullptr
  const doc::Node* pod_template = nullptr;  // what stands for `pod` in the object: {metadata, spec}
};

// One place to report. A list element that is a map (a container, a volume, a rule) makes one place, however many of
// its fields are blamed; what is blamed outside such elements makes one each.
struct BlamedPlace {
  const doc::Node* node = nullptr;  // where the line is; never nullptr
  std::string pointer;              // JSON Pointer in the object; of a missing field: where it would be
  std::string detail;               // `container "web": securityContext.privileged = true`
  std::string value;                // the offending values, secrets hidden
  std::string beyond;               // of a missing field: what the check reads below it (expr::Blame)
};

// Never empty: without a blamed node inside the object, the object itself is the place. Limits: kBlamesMax places.
std::vector<BlamedPlace> blamed_places(const Judged& judged, const std::vector<expr::Blame>& blames);

// A finding of `rule` at a place of the judged object, its fingerprint set.
report::Finding make_finding(const report::Rule& rule, const Judged& judged, const BlamedPlace& place,
                             std::string_view message);

}  // namespace ameia::policy
