// Archives: the manifests of a tar, a gzip-compressed tar or a zip, read in memory and never unpacked to disk, so that
// no name in them can touch the file system. libarchive lives behind this header. What is not read is a note that says
// why: links, paths that leave the archive, devices, archives within, what crosses a limit. Neighbours: app/walk.h
// asks, app/limits.h bounds.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ameia::app {

struct ArchiveMember {
  std::string path;  // "." and doubled slashes taken out: "deploy/web.yaml"
  std::shared_ptr<const std::string> bytes;
};

struct ArchiveNote {
  std::string path;  // empty: about the archive as a whole
  std::string what;
  bool is_error = false;  // otherwise not evaluated
};

struct Archive {
  std::vector<ArchiveMember> members;  // sorted by path; of two with one path the later, as unpacking would have it
  std::vector<ArchiveNote> notes;
};

// By the first bytes; a plain gzip file counts too.
bool is_archive(std::string_view first_bytes);
// As many bytes as is_archive() wants to see.
inline constexpr size_t kArchiveProbeBytes = 512;

// The members that may be manifests. `wanted` says so by name. Fails: never; a broken archive is a note beside what
// could be read of it. Limits: kArchive….
Archive read_archive(std::string_view bytes, bool (*wanted)(std::string_view path));

}  // namespace ameia::app
