// Limits of the room app: what one command reads and holds.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ameia::app {

inline constexpr size_t kFileBytesMax = size_t{128} << 20;      // of one manifest, policy, or of standard input
inline constexpr size_t kNotedFileBytesMax = size_t{64} << 20;  // of a baseline, a waiver file, an ignore file
inline constexpr size_t kFilesMax = 1'000'000;                  // of one scan
inline constexpr size_t kDirectoryDepthMax = 128;
inline constexpr size_t kIgnoreRulesMax = 10'000;  // of all .ameiaignore files above one file
inline constexpr size_t kIgnorePatternBytesMax = 1'000;
inline constexpr size_t kKustomizationPatchesMax = 10'000;  // of one kustomization
// An archive, which is held in memory: of all its entries, whether they are read or skipped.
inline constexpr size_t kArchiveEntriesMax = 100'000;
inline constexpr uint64_t kArchiveUnpackedBytesMax = uint64_t{256} << 20;
inline constexpr uint64_t kArchiveRatioMax = 200;  // unpacked bytes a packed byte; manifests have 20
inline constexpr uint64_t kArchiveRatioFromBytes = uint64_t{16} << 20;  // small archives may have any ratio
// A chart or kustomization that is rendered.
inline constexpr size_t kRenderBytesMax = size_t{64} << 20;
inline constexpr size_t kRenderMessageBytesMax = size_t{64} << 10;  // of what the tool says on standard error
inline constexpr unsigned kRenderSecondsMax = 60;
inline constexpr size_t kRendersMax = 1'000;                  // of one scan
inline constexpr size_t kKustomizationResourcesMax = 10'000;  // of one kustomization
inline constexpr uint32_t kYamlDepthMax = 256;     // deeper than any Kubernetes object, shallow for any stack
inline constexpr size_t kNodesMax = 8'000'000;     // of one document
inline constexpr size_t kAliasNodesMax = 200'000;  // of one document
// Parsed files kept between the two passes of a scan, by estimate; what does not fit is read again.
inline constexpr size_t kKeptBytesMax = size_t{384} << 20;
// Of text read for the fixes that a report shows: a file counts once a finding.
inline constexpr size_t kProposalBytesMax = size_t{64} << 20;
inline constexpr size_t kFixRoundsMax = 64;  // scans of one fix; each but the last wrote something
inline constexpr unsigned kJobsMax = 256;
inline constexpr size_t kBinaryProbeBytes = 8192;               // looked at for NUL bytes
inline constexpr size_t kRowsPerFileMax = 200;                  // rows about what could not be judged in one file
inline constexpr size_t kFlowFileBytesMax = size_t{512} << 20;  // of netpol generate and dry-run
inline constexpr size_t kPolicyFilesMax = 10'000;               // of netpol dry-run
inline constexpr size_t kWordsMax = 100'000;                    // of a command line
// What rbac paths shows to people; -o json has all of it but the ways.
inline constexpr size_t kWaysShown = 4;    // of one source to one goal
inline constexpr size_t kCutsShown = 3;    // bindings to take away, of one goal
inline constexpr size_t kBlastShown = 12;  // names of one kind
// An audit log is read in blocks; each reader holds one.
inline constexpr size_t kAuditBlockBytes = size_t{4} << 20;
inline constexpr size_t kAuditUnpackBytes = size_t{256} << 10;  // of a compressed log, at a time
inline constexpr size_t kNarrowNamespacesMax = 5;  // a grant used in no more of them is proposed as a Role in each
inline constexpr unsigned kReviewDaysMax = 3'650;  // that a signature may hold

}  // namespace ameia::app
