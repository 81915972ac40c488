// A report with everything a printer must cope with.
#pragma once

#include <string>

#include "report/finding.h"
#include "report/print.h"

namespace ameia::test {

report::Report sample_report();
// What a printer writes.
template <typename Print>
std::string printed(Print print) {
  std::string text;
  print([&](std::string_view piece) { text += piece; });
  return text;
}

}  // namespace ameia::test
