// gzip (RFC 1952) in memory, both ways. Neighbours: CEL's gzip library; archives are read by app/archive.h.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ameia::doc {

// One member, without a name or a time: equal bytes give equal bytes.
std::string gzip(std::string_view bytes);
// All members, one behind the other. Fails: kInvalidInput, in the words of Go's compress/gzip; kLimit, when more than
// `bytes_max` would come out.
base::Result<std::string> gunzip(std::string_view bytes, size_t bytes_max);

}  // namespace ameia::doc
