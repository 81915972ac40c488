// Pod Security Standards: privileged, baseline and restricted, every policy version from v1.0, natively.
// Why native: reasons and details are, word for word, those of k8s.io/pod-security-admission, which the cluster
// enforces. Neighbours: kube/pod.h finds the pod inside an object, policy/pss_admission.h applies namespace labels and
// exemptions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "doc/node.h"

namespace ameia::policy {

enum class Level : uint8_t { kPrivileged, kBaseline, kRestricted };  // in order of strictness
std::string_view to_string(Level level);
std::optional<Level> parse_level(std::string_view text);

// "latest", or "v1.N". A version newer than any rule means what the newest rules mean.
struct PssVersion {
  static constexpr uint32_t kLatest = UINT32_MAX;
  uint32_t minor = kLatest;
  [[nodiscard]] bool is_latest() const { return minor == kLatest; }
  bool operator==(const PssVersion&) const = default;
};
std::string to_string(PssVersion version);
// nullopt unless "latest" or "v1.N" without leading zeros.
std::optional<PssVersion> parse_pss_version(std::string_view text);

// The newest policy version in which a rule changed.
inline constexpr uint32_t kPssNewestMinor = 37;

struct PssViolation {
  std::string_view id;                  // of the check: "hostPorts"; static storage
  std::string reason;                   // "hostPort"
  std::string detail;                   // "container \"a\" uses hostPort 80"; may be empty
  std::vector<const doc::Node*> nodes;  // what was written wrong, or what lacks the field; for locations
};

struct PssResult {
  bool allowed = true;
  std::vector<PssViolation> violations;  // baseline checks by id, then restricted checks by id
  // "reason (detail), reason (detail)", as admission messages say it.
  [[nodiscard]] std::string detail() const;
  // "reason, reason", as namespace warnings say it.
  [[nodiscard]] std::string reasons() const;
};

// Judges a pod by its metadata (annotations count in old versions) and spec, as a user wrote them: where a default of
// the API decides (a volume without a source is an emptyDir), it is applied. The nodes of the result borrow from them.
// `newest_minor` < kPssNewestMinor: as an API server of that older version judges.
PssResult evaluate(Level level, PssVersion version, const doc::Node& pod_metadata, const doc::Node& pod_spec,
                   uint32_t newest_minor = kPssNewestMinor);

// One check's rule alone, as of a version, whatever overrides it, on a pod that already has its defaults.
// nullopt: no such id, or the check begins later.
std::optional<PssResult> evaluate_check(std::string_view id, PssVersion version, const doc::Node& pod_metadata,
                                        const doc::Node& pod_spec);

// Every check, for listings and for tests that walk them.
struct PssCheckInfo {
  std::string_view id;
  Level level;
  std::vector<uint32_t> minors;  // the versions in which its rule begins or changes, rising
};
std::vector<PssCheckInfo> pss_checks();

}  // namespace ameia::policy
