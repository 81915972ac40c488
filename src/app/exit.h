// Exit codes, the same for every verb (README, "Exit codes").
#pragma once

#include "base/result.h"

namespace ameia::app {

enum Exit : int {
  kOk = 0,
  kFindings = 1,  // at or above --fail-on
  kUsage = 2,
  kInput = 3,        // configuration or input
  kUnreachable = 4,  // the world outside: an output that cannot be written
  kIncomplete = 5,   // coverage, with --require-coverage
  kStale = 6,
  kVerification = 7,
  kInternal = 70,
  kInterrupted = 130,
};

// When several apply: the first of 70, 2, 3, 4, 7, 1, 5, 6.
int worse(int a, int b);
int exit_code_of(base::Code code);

}  // namespace ameia::app
