// A child process that works for us on a stranger's files: no shell, no network, little environment, limits in time and
// output, and nothing of it left afterwards. Neighbour: app/render.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ameia::app {

struct ChildLimits {
  size_t output_bytes_max = 0;   // of standard output
  size_t message_bytes_max = 0;  // of standard error; the rest is dropped
  unsigned seconds_max = 0;
};

struct ChildOutput {
  int exit_code = 0;  // 128 + the signal when one ended it
  std::string out, err;
};

// The absolute path of a program on the PATH; empty when there is none. Relative parts of the PATH are left out: they
// would let a scanned tree bring its own program.
std::string find_program(std::string_view name);

// Runs `words` (the first is an absolute path). Where the machine allows it the child has a network of its own, without
// any way out; everywhere its proxies lead nowhere. Fails: kLimit (time or output; its process group is killed),
// kUnavailable (it cannot be started). Call it before threads are started: only their parent is forked.
base::Result<ChildOutput> run_child(const std::vector<std::string>& words, const ChildLimits& limits);

}  // namespace ameia::app
