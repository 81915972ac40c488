// Waivers: findings accepted for a while, by somebody, for a reason. A YAML file, kept under review like code:
//   waivers:
//     - id: AM-POD-00*                    # which check; * stands for anything
//       resource: payments/Deployment/*   # namespace/Kind/name, or Kind/name of a cluster-scoped object
//       fingerprint: 0f3a…                # or exactly one finding; at least one of the three
//       owner: payments-team              # required
//       reason: replaced by the new gateway in Q1   # required
//       expires: 2027-01-31               # required; the last day it holds
// A waiver that has expired holds nothing back and is a finding itself, as is one that met nothing.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "doc/document.h"
#include "report/finding.h"

namespace ameia::report {

struct Waiver {
  std::string id, resource, fingerprint;  // patterns; empty = any
  std::string owner, reason, expires;     // expires: YYYY-MM-DD
  Location location;
};

inline constexpr std::string_view kWaiverExpiredId = "AM-WAIVER-001";
inline constexpr std::string_view kWaiverUnusedId = "AM-WAIVER-002";
// The rules of the two findings above.
std::vector<Rule> waiver_rules();

// Threads: immutable after parse. Owns: copies. Limits: kWaiversMax, kPatternBytesMax.
class Waivers {
 public:
  // Fails: kInvalidInput with the place of the first mistake; kLimit.
  static base::Result<Waivers> parse(const std::shared_ptr<const doc::Source>& source);
  // `today` is YYYY-MM-DD. Sets suppressed_by of the failing findings that match, and appends a finding for every
  // waiver that has expired or met nothing.
  void apply(std::vector<Finding>& findings, std::string_view today) const;
  [[nodiscard]] const std::vector<Waiver>& all() const { return waivers_; }

 private:
  std::vector<Waiver> waivers_;
};

// Whether `text` is what `pattern` says, where * stands for any bytes. Linear in text × stars at worst.
bool matches_pattern(std::string_view pattern, std::string_view text);
// Whether `text` is a day of the calendar, YYYY-MM-DD.
bool is_date(std::string_view text);

}  // namespace ameia::report
