// Limits of the room kube. Crossing one is an ordinary Error or a clear "no", never a crash.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ameia::kube {

inline constexpr size_t kSelectorRequirementsMax = 1000;             // of one label selector
inline constexpr size_t kSelectorValuesMax = 10'000;                 // of one requirement
inline constexpr size_t kListDepthMax = 8;                           // a List inside a List inside …
inline constexpr size_t kCustomResourcesMax = 50'000;                // versions of custom resources one table learns
inline constexpr size_t kTypeErrorsMax = 100;                        // told of one value that is not of its type
inline constexpr size_t kPrintedValueBytesMax = 256;                 // of a wrong value in such an error
inline constexpr size_t kAdmissionReviewBytesMax = size_t{3} << 20;  // Kubernetes MaxRequestSizeBytes

}  // namespace ameia::kube
