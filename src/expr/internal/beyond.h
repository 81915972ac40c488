// Beyond: what a program reads below a field that is missing: of `has(c.a) && has(c.a.b)` and the missing a, "/b". What
// the access itself goes on to counts first, then the first that the text names. So a finding about the field keeps its
// identity when the maps above it appear. Neighbours: explain_beyond.cc, explain_blame.cc (asks), report/fingerprint.h
// (why).
#pragma once

#include <map>
#include <string>
#include <tuple>

#include "expr/internal/program_impl.h"

namespace ameia::expr::internal {

struct Seen;

// Threads: one Machine's. Owns: what was found, by expression and field.
class Beyond {
 public:
  explicit Beyond(const ProgramSet::Impl& set) : set_(set) {}
  // A JSON Pointer, empty when nothing is read there. `seen` has a missing field.
  const std::string& below(const Seen& seen);

 private:
  const ProgramSet::Impl& set_;
  std::map<std::tuple<ProgramId, uint32_t, std::string>, std::string> known_;
};

}  // namespace ameia::expr::internal
