// Limits of the room report, with their reasons.
#pragma once

#include <cstddef>

namespace ameia::report {

inline constexpr size_t kSarifResultsPerRunMax = 25'000;       // GitHub refuses longer runs
inline constexpr size_t kSarifRunsMax = 20;                    // and files with more runs; what is beyond is counted
inline constexpr size_t kMarkdownBytesMax = 60'000;            // a GitHub comment takes 65,536 characters
inline constexpr size_t kMarkdownPlacesPerCheckMax = 20;       // so that every check is seen
inline constexpr size_t kPolicyReportBytesMax = 1'000'000;     // of one report object; etcd takes 1.5 MiB
inline constexpr size_t kHtmlRowsMax = 10'000;                 // a browser on a phone still scrolls
inline constexpr size_t kHtmlRowsPerCheckMax = 500;            // so that every check is seen
inline constexpr size_t kHtmlNamespacesMax = 12;               // bars of the chart; the rest is one bar
inline constexpr size_t kTableOtherRowsMax = 40;               // checks listed below the top risks
inline constexpr size_t kTableUnjudgedRowsMax = 8;             // files and objects that could not be judged
inline constexpr size_t kComparisonRowsMax = 500;              // of one section of `ameia diff -o md`
inline constexpr size_t kWaiversMax = 10'000;                  // of one file
inline constexpr size_t kPatternBytesMax = 1'000;              // of one waiver's glob
inline constexpr size_t kFrameworkSectionsMax = 5'000;         // of one file
inline constexpr size_t kBaselineFingerprintsMax = 5'000'000;  // of one file

}  // namespace ameia::report
