// Archive border: any bytes end in members and notes within the limits; no member has a path that leaves the archive.
#include <cstdint>
#include <cstdlib>

#include "app/archive.h"
#include "app/limits.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace ameia::app;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  is_archive(bytes);
  Archive archive = read_archive(bytes, [](std::string_view path) { return !path.ends_with(".txt"); });
  uint64_t unpacked = 0;
  std::string_view last;
  for (const ArchiveMember& member : archive.members) {
    unpacked += member.bytes->size();
    if (member.path.empty() || member.path.starts_with('/') || member.path.starts_with("../") ||
        member.path.find("/../") != std::string::npos || member.path <= last)
      std::abort();
    last = member.path;
  }
  if (unpacked > kArchiveUnpackedBytesMax || archive.notes.size() > kRowsPerFileMax + 1) std::abort();
  return 0;
}
