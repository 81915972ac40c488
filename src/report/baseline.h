// Baseline: the findings a team already knows, so that a gate speaks only of new ones. A JSON file of fingerprints.
//   {"version": 1, "tool": "ameia", "findings": [{"fingerprint": "…", "id": "AM-POD-001", "resource":
//   "web/Deployment/x"}, …]}
// Only `fingerprint` is read; the rest is for the person who reviews the file.
#pragma once

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "doc/document.h"
#include "report/finding.h"
#include "report/print.h"

namespace ameia::report {

// Threads: immutable after parse. Limits: kBaselineFingerprintsMax.
class Baseline {
 public:
  // Fails: kInvalidInput with the file's place; kLimit.
  static base::Result<Baseline> parse(const std::shared_ptr<const doc::Source>& source);
  // Sets suppressed_by of the failing findings it knows; returns how many of its fingerprints met no finding (mended).
  size_t apply(std::vector<Finding>& findings) const;
  [[nodiscard]] size_t size() const { return fingerprints_.size(); }

 private:
  std::unordered_set<std::string> fingerprints_;
};

// Writes every failing finding, in the report's order.
void print_baseline(const Report& report, const Sink& sink);

}  // namespace ameia::report
