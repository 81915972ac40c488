#include "base/result.h"

namespace ameia::base {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::kUsage: return "usage";
    case Code::kInvalidInput: return "invalid input";
    case Code::kNotFound: return "not found";
    case Code::kLimit: return "limit";
    case Code::kUnsupported: return "unsupported";
    case Code::kUnavailable: return "unavailable";
    case Code::kVerification: return "verification";
    case Code::kInternal: return "internal";
  }
  return "internal";
}

std::string Error::text() const {
  return where.empty() ? what : where + ": " + what;
}

}  // namespace ameia::base
