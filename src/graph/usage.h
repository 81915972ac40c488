// Usage: which of the permissions of an estate were used, read from Kubernetes audit events one a line. Memory depends
// on what was used, not on the length of the log. Neighbours: access.h; app/cmd_rbac_unused.cc reads the files.
// Source of the format: audit.k8s.io/v1 Event.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "doc/json.h"
#include "graph/access.h"

namespace ameia::graph {

// "2026-11-25T21:33:52"; such texts sort as the times do.
using AuditTime = std::array<char, 19>;

// One kind of use of a subject: which verb on what, where, on which named object.
struct Use {
  Id subject;
  std::string ns;      // of the request; empty: of the whole cluster
  rbac::Request what;  // without namespace and name
  std::string name;    // only where some rule names it
  AuditTime last;
  uint64_t times = 0;
};

struct UsageCounts {
  uint64_t lines = 0, events = 0;  // events: those that say that a request was let through
  uint64_t unread = 0;             // lines that are no event
  uint64_t too_long = 0;           // lines beyond kAuditLineBytesMax
  void add(const UsageCounts& other);
};

// Reads pieces of logs. One a thread; merge() joins what they saw.
// Threads: one. Borrows the Access. Fails: kLimit. Limits: kAuditLineBytesMax, kAuditUsesMax.
class UsageReader {
 public:
  explicit UsageReader(const Access& access);
  ~UsageReader();
  // Whole lines, the last one with or without its end.
  base::Status read(std::string_view lines);
  base::Status merge(const UsageReader& other);
  [[nodiscard]] const UsageCounts& counts() const { return counts_; }
  // The first and the last moment that an event tells of; all zero when there was none.
  [[nodiscard]] const AuditTime& first() const { return first_; }
  [[nodiscard]] const AuditTime& last() const { return last_; }
  [[nodiscard]] std::vector<Use> uses() const;  // sorted by subject, namespace, what

 private:
  struct Key {
    Id subject, ns, what, name;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      uint64_t h = (uint64_t{key.subject} << 32 | key.what) * 0x9E3779B97F4A7C15u;
      h ^= (uint64_t{key.ns} << 32 | key.name) * 0xC2B2AE3D27D4EB4Fu;
      return static_cast<size_t>(h ^ h >> 29);
    }
  };
  struct Seen {
    AuditTime last{};
    uint64_t times = 0;
  };
  struct What {
    std::string verb, group, resource, subresource, path;
  };
  base::Status take(const doc::Node& event);
  void find_subjects(const doc::Node& user, std::vector<Id>& out);
  Id what_of(std::string_view verb, std::string_view group, std::string_view resource, std::string_view subresource,
             std::string_view path);
  base::Status note(const std::vector<Id>& subjects, Id what, std::string_view ns, std::string_view name,
                    const AuditTime& time);

  const Access& access_;
  doc::JsonReader json_;
  UsageCounts counts_;
  AuditTime first_{}, last_{};
  Interner whats_, namespaces_, names_;
  std::vector<What> what_;
  std::unordered_map<Key, Seen, KeyHash> seen_;
  // Subjects of user names and groups as events have them.
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, Id, Hash, std::equal_to<>> users_, groups_;
  std::vector<Id> subjects_;  // of one event
  std::string key_;
};

// What one grant gives and what of it was used.
struct GrantUsage {
  Access::Grant grant;
  std::vector<PermissionPhrase> unused;
  // Permissions that leave no trace in an audit log of their own (bind, escalate, sign, …); not among the unused.
  std::vector<PermissionPhrase> untraced;
  std::vector<Use> used;  // through this grant
  AuditTime last{};       // all zero: never
};
std::vector<GrantUsage> usage_of_grants(const Access& access, const std::vector<Use>& uses);

// The smallest rules that allow the uses (and the untraced permissions), as a YAML list below "rules:".
std::string minimal_rules(const std::vector<Use>& uses, const std::vector<PermissionPhrase>& untraced);

}  // namespace ameia::graph
