// What a Machine holds. Neighbours: machine.cc, explain.cc.
#pragma once

#include <memory>
#include <vector>

#include "expr/internal/beyond.h"
#include "expr/internal/plan.h"
#include "expr/internal/program_impl.h"
#include "expr/internal/steady.h"

namespace ameia::expr {

struct Machine::Impl {
  Impl(std::shared_ptr<const ProgramSet> programs, const ProgramSet::Impl& set);
  internal::Frame frame(const RunLimits& limits);

  std::shared_ptr<const ProgramSet> programs;
  const ProgramSet::Impl& set;
  base::Arena arena;
  RegexCache regexes;
  CallContext context{arena};
  std::vector<Value> globals, locals;
  std::unique_ptr<bool[]> lazy_done;
  std::vector<internal::CompositeState> composites;
  std::vector<internal::MemoState> memos;
  std::vector<uint64_t> reads;
  std::vector<uint32_t> bound;  // slots to unbind at reset
  internal::Shared shared;
  bool ran = false;  // since reset: values may be remembered
  const Schemas* schemas = nullptr;
  std::unique_ptr<internal::SteadyValues> steady;
  internal::Beyond beyond{set};
};

}  // namespace ameia::expr
