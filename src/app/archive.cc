#include "app/archive.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <map>
#include <optional>

#include "app/limits.h"
#include "report/text.h"

namespace ameia::app {
namespace {

using Reader = std::unique_ptr<archive, decltype(&archive_read_free)>;

constexpr std::string_view kArchiveEnds[] = {".tar", ".tgz", ".tar.gz", ".zip", ".tar.xz", ".tar.bz2", ".tar.zst"};

// "./a//b" → "a/b"; nullopt for what no unpacking inside a directory would give: "/a", "../a", "C:\a", "".
std::optional<std::string> inside_path(std::string_view path) {
  if (path.starts_with('/') || path.find('\\') != std::string_view::npos || path.find('\0') != std::string_view::npos)
    return std::nullopt;
  std::string out;
  size_t depth = 0;
  while (!path.empty()) {
    std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (part == ".." || ++depth > kDirectoryDepthMax) return std::nullopt;
    out.append(out.empty() ? "" : "/").append(part);
  }
  if (out.empty()) return std::nullopt;
  return out;
}

std::string mebibytes(uint64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

class ArchiveReader {
 public:
  ArchiveReader(std::string_view bytes, bool (*wanted)(std::string_view))
      : bytes_(bytes), wanted_(wanted), reader_(archive_read_new(), &archive_read_free) {}

  Archive read() {
    archive* a = reader_.get();
    if (a == nullptr) {
      stop("not enough memory");
      return std::move(out_);
    }
    // Few formats, so that little of the library is open to strangers.
    archive_read_support_filter_gzip(a);
    archive_read_support_format_tar(a);
    archive_read_support_format_zip(a);
    if (archive_read_open_memory(a, bytes_.data(), bytes_.size()) != ARCHIVE_OK) {
      stop("no archive that can be read: " + error());
      return std::move(out_);
    }
    while (next()) {
    }
    for (auto& [path, bytes] : members_) out_.members.push_back({path, std::move(bytes)});
    return std::move(out_);
  }

 private:
  void note(std::string path, std::string what) {
    if (out_.notes.size() < kRowsPerFileMax) out_.notes.push_back({std::move(path), std::move(what), false});
  }
  // The rest of the archive is not read.
  bool stop(std::string what) {
    out_.notes.push_back({{}, std::move(what), true});
    return false;
  }
  std::string error() const {
    const char* text = archive_error_string(reader_.get());
    return text != nullptr ? report::clean(text) : "unknown format";
  }

  // Whether another entry may follow.
  bool next() {
    archive_entry* entry = nullptr;
    int status = archive_read_next_header(reader_.get(), &entry);
    if (status == ARCHIVE_EOF) {
      if (entries_ == 0) stop("holds no file");
      return false;
    }
    if (status < ARCHIVE_WARN) {
      if (status == ARCHIVE_RETRY) return count_entry();
      return stop("broken after " + report::count(entries_, "entry", "entries") + ": " + error());
    }
    if (!count_entry()) return false;
    // What is skipped must be decompressed too in a compressed tar, so the promised size counts.
    int64_t promised = archive_entry_size_is_set(entry) != 0 ? std::max<int64_t>(0, archive_entry_size(entry)) : 0;
    if (static_cast<uint64_t>(promised) > kArchiveUnpackedBytesMax - std::min(unpacked_, kArchiveUnpackedBytesMax))
      return too_large();
    const char* name = archive_entry_pathname(entry);
    std::string_view raw = name != nullptr ? name : "";
    bool is_interesting = wanted_(raw);
    bool is_nested = std::any_of(std::begin(kArchiveEnds), std::end(kArchiveEnds),
                                 [&](std::string_view end) { return raw.ends_with(end); });
    if (is_interesting || is_nested) {
      std::optional<std::string> path = inside_path(raw);
      if (!path) {
        note(report::clean(raw), "a path that leaves the archive, or is too deep, is not read");
      } else if (archive_entry_hardlink(entry) != nullptr || archive_entry_filetype(entry) == AE_IFLNK) {
        note(*path, "a link in an archive is not followed");
      } else if (archive_entry_filetype(entry) != AE_IFREG) {
        if (archive_entry_filetype(entry) != AE_IFDIR) note(*path, "no regular file");
      } else if (archive_entry_is_data_encrypted(entry) != 0) {
        note(*path, "encrypted");
      } else if (is_nested) {
        note(*path, "an archive within an archive is not opened; unpack it and name it");
      } else {
        return take(*path, promised);
      }
    }
    unpacked_ += static_cast<uint64_t>(promised);
    return within_ratio();
  }

  bool count_entry() {
    if (++entries_ <= kArchiveEntriesMax) return true;
    return stop("more than " + std::to_string(kArchiveEntriesMax) + " entries: the rest is not read");
  }
  bool too_large() {
    return stop("unpacks to more than " + mebibytes(kArchiveUnpackedBytesMax) + ": the rest is not read");
  }
  bool within_ratio() {
    if (unpacked_ <= kArchiveRatioFromBytes || unpacked_ / kArchiveRatioMax <= bytes_.size()) return true;
    return stop("unpacks to more than " + std::to_string(kArchiveRatioMax) +
                " times its size, as archives made to harm do: the rest is not read");
  }

  bool take(const std::string& path, int64_t promised) {
    std::string bytes;
    bytes.reserve(std::min<size_t>(static_cast<size_t>(promised), kPieceBytes));
    for (;;) {
      size_t had = bytes.size();
      bytes.resize(had + kPieceBytes);
      la_ssize_t n = archive_read_data(reader_.get(), bytes.data() + had, kPieceBytes);
      bytes.resize(had + static_cast<size_t>(std::max<la_ssize_t>(0, n)));
      if (n < 0) {
        note(path, "cannot be unpacked: " + error());
        return n != ARCHIVE_FATAL || stop("broken at " + path + ": " + error());
      }
      if (n == 0) break;
      unpacked_ += static_cast<uint64_t>(n);
      if (unpacked_ > kArchiveUnpackedBytesMax) return too_large();
      if (!within_ratio()) return false;
    }
    members_[path] = std::make_shared<const std::string>(std::move(bytes));
    return true;
  }

  static constexpr size_t kPieceBytes = size_t{64} << 10;
  std::string_view bytes_;
  bool (*wanted_)(std::string_view);
  Reader reader_;
  std::map<std::string, std::shared_ptr<const std::string>> members_;
  size_t entries_ = 0;
  uint64_t unpacked_ = 0;
  Archive out_;
};

}  // namespace

bool is_archive(std::string_view first_bytes) {
  constexpr size_t kUstarAt = 257;
  return first_bytes.starts_with("\x1F\x8B") || first_bytes.starts_with("PK\x03\x04") ||
         first_bytes.starts_with("PK\x05\x06") ||
         (first_bytes.size() > kUstarAt && first_bytes.substr(kUstarAt).starts_with("ustar"));
}

Archive read_archive(std::string_view bytes, bool (*wanted)(std::string_view path)) {
  return ArchiveReader(bytes, wanted).read();
}

}  // namespace ameia::app
