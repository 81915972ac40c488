#include "app/audit_log.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "app/files.h"
#include "app/limits.h"
#include "graph/limits.h"

namespace ameia::app {

struct AuditLog::State {
  std::string path;
  int fd = -1;
  archive* unpacker = nullptr;  // of a compressed file
  std::string rest;             // the beginning of a line whose end has not been read
  bool at_end = false;
  bool skipping = false;  // within a line that was too long

  ~State() {
    if (unpacker != nullptr) archive_read_free(unpacker);
    if (fd > STDIN_FILENO) ::close(fd);
  }

  base::Result<size_t> read(char* into, size_t most) {
    if (unpacker != nullptr) {
      const la_ssize_t n = archive_read_data(unpacker, into, most);
      if (n < 0) {
        const char* why = archive_error_string(unpacker);
        return base::fail(base::Code::kInvalidInput,
                          std::string("cannot be unpacked to its end: ") + (why == nullptr ? "broken" : why), path);
      }
      return static_cast<size_t>(n);
    }
    for (;;) {
      const ssize_t n = ::read(fd, into, most);
      if (n >= 0) return static_cast<size_t>(n);
      if (errno != EINTR) return base::fail(base::Code::kInvalidInput, "cannot be read: " + error_text(errno), path);
    }
  }
};

AuditLog::AuditLog(std::unique_ptr<State> state) : state_(std::move(state)) {}
AuditLog::AuditLog(AuditLog&&) noexcept = default;
AuditLog& AuditLog::operator=(AuditLog&&) noexcept = default;
AuditLog::~AuditLog() = default;

base::Result<AuditLog> AuditLog::open(const std::string& path) {
  auto state = std::make_unique<State>();
  state->path = path;
  state->fd = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (state->fd < 0) {
    return base::fail(errno == ENOENT ? base::Code::kNotFound : base::Code::kInvalidInput,
                      "cannot be opened: " + error_text(errno), path);
  }
  const std::string begin = path == "-" ? std::string() : read_beginning(path, 2);
  if (begin == "\x1F\x8B") {
    state->unpacker = archive_read_new();
    archive_read_support_filter_gzip(state->unpacker);
    archive_read_support_format_raw(state->unpacker);
    archive_entry* entry = nullptr;
    if (archive_read_open_fd(state->unpacker, state->fd, kAuditUnpackBytes) != ARCHIVE_OK ||
        archive_read_next_header(state->unpacker, &entry) != ARCHIVE_OK) {
      return base::fail(base::Code::kInvalidInput, "cannot be unpacked", path);
    }
  }
  return AuditLog(std::move(state));
}

base::Status AuditLog::next(std::string& block) {
  State& s = *state_;
  block.clear();
  while (!s.at_end) {
    block.swap(s.rest);
    s.rest.clear();
    const size_t had = block.size();
    block.resize(had + kAuditBlockBytes);
    size_t got = 0;
    while (got < kAuditBlockBytes) {  // pipes give little at a time
      const size_t n = TRY(s.read(block.data() + had + got, kAuditBlockBytes - got));
      if (n == 0) {
        s.at_end = true;
        break;
      }
      got += n;
    }
    block.resize(had + got);
    if (s.skipping) {
      const size_t end = block.find('\n');
      if (end == std::string::npos) {
        block.clear();
        continue;
      }
      block.erase(0, end + 1);
      s.skipping = false;
    }
    if (s.at_end) break;
    const size_t last = block.rfind('\n');
    if (last == std::string::npos) {
      // Not one whole line in what was read: go on, up to the limit.
      if (block.size() <= graph::kAuditLineBytesMax) {
        s.rest.swap(block);
        block.clear();
        continue;
      }
      s.skipping = true;
      return {};  // its reader says that it is too long
    }
    s.rest.assign(block, last + 1);
    block.resize(last + 1);
    if (!block.empty()) break;
  }
  return {};
}

}  // namespace ameia::app
