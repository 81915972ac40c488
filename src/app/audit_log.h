// AuditLog: the lines of an audit log in blocks of whole lines, read from a file, compressed with gzip or not, or from
// standard input. Neighbours: graph/usage.h reads the lines, app/cmd_rbac_unused.cc drives several readers.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"

namespace ameia::app {

// Threads: one at a time. Fails: kNotFound, kInvalidInput. Limits: kAuditBlockBytes at a time; a line beyond
// graph::kAuditLineBytesMax is cut there, which makes it no event.
class AuditLog {
 public:
  static base::Result<AuditLog> open(const std::string& path);
  AuditLog(AuditLog&&) noexcept;
  AuditLog& operator=(AuditLog&&) noexcept;
  ~AuditLog();
  // Fills `block` with lines; empty at the end.
  base::Status next(std::string& block);

 private:
  struct State;
  explicit AuditLog(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ameia::app
