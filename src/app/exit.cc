#include "app/exit.h"

#include <algorithm>
#include <iterator>

namespace ameia::app {

int worse(int a, int b) {
  constexpr int kOrder[] = {kInterrupted,  kInternal, kUsage,      kInput, kUnreachable,
                            kVerification, kFindings, kIncomplete, kStale, kOk};
  const int* first =
      std::find_if(std::begin(kOrder), std::end(kOrder), [&](int code) { return code == a || code == b; });
  return first == std::end(kOrder) ? kInternal : *first;
}

int exit_code_of(base::Code code) {
  switch (code) {
    case base::Code::kUsage: return kUsage;
    case base::Code::kInvalidInput:
    case base::Code::kNotFound:
    case base::Code::kLimit:
    case base::Code::kUnsupported: return kInput;
    case base::Code::kUnavailable: return kUnreachable;
    case base::Code::kVerification: return kVerification;
    case base::Code::kInternal: break;
  }
  return kInternal;
}

}  // namespace ameia::app
