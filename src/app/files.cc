#include "app/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>

namespace ameia::app {
namespace {

// What a signal handler may remove. Written only while no output is open, so the handler reads a whole name or none.
char unfinished_output[4096];
volatile sig_atomic_t output_is_unfinished = 0;

base::Code code_of(int error_number) {
  return error_number == ENOENT || error_number == ENOTDIR ? base::Code::kNotFound : base::Code::kInvalidInput;
}

}  // namespace

std::string error_text(int error_number) {
  char text[256];
  return strerror_r(error_number, text, sizeof text);  // the GNU form: returns the text
}

int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return 0;
}

base::Result<std::string> read_file(const std::string& path, size_t bytes_max) {
  bool is_stdin = path == "-";
  int fd = is_stdin ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return base::fail(code_of(errno), error_text(errno), path);
  struct Closer {
    int fd;
    ~Closer() {
      if (fd != STDIN_FILENO) ::close(fd);
    }
  } closer{fd};
  struct stat status{};
  if (::fstat(fd, &status) != 0) return base::fail(code_of(errno), error_text(errno), path);
  if (S_ISDIR(status.st_mode)) return base::fail(base::Code::kInvalidInput, "this is a directory", path);
  auto too_long = [&] {
    return base::fail(base::Code::kLimit,
                      "longer than the limit of " + std::to_string(bytes_max >> 20) + " MiB; cut it in smaller files",
                      path);
  };
  constexpr size_t kPiece = size_t{256} << 10;
  std::string bytes;
  if (S_ISREG(status.st_mode)) {
    if (static_cast<uint64_t>(status.st_size) > bytes_max) return too_long();
    bytes.reserve(static_cast<size_t>(status.st_size) + 1);  // one more, to see the end without growing
  } else {
    bytes.reserve(std::min(kPiece, bytes_max + 1));
  }
  for (;;) {
    size_t had = bytes.size();
    const size_t want = bytes.capacity() > had ? bytes.capacity() - had : kPiece;
    bytes.resize(had + std::min(want, bytes_max + 1 - had));
    ssize_t n = ::read(fd, bytes.data() + had, bytes.size() - had);
    if (n < 0) {
      bytes.resize(had);
      if (errno == EINTR) continue;
      return base::fail(code_of(errno), error_text(errno), path);
    }
    bytes.resize(had + static_cast<size_t>(n));
    if (n == 0) return bytes;
    if (bytes.size() > bytes_max) return too_long();
  }
}

std::string read_beginning(const std::string& path, size_t bytes) {
  std::string text;
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return text;
  text.resize(bytes);
  ssize_t n = ::read(fd, text.data(), text.size());
  text.resize(n > 0 ? static_cast<size_t>(n) : 0);
  ::close(fd);
  return text;
}

base::Result<OutputFile> OutputFile::create(const std::string& path) {
  struct stat status{};
  bool direct = ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  std::string temporary = direct ? std::string() : path + "." + std::to_string(::getpid()) + ".tmp";
  if (!direct && temporary.size() < sizeof unfinished_output) {
    output_is_unfinished = 0;
    std::memcpy(unfinished_output, temporary.c_str(), temporary.size() + 1);
    output_is_unfinished = 1;
  }
  int fd = ::open((direct ? path : temporary).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) {
    int error_number = errno;
    output_is_unfinished = 0;
    return base::fail(base::Code::kUnavailable, "cannot be written: " + error_text(error_number), path);
  }
  return OutputFile(path, std::move(temporary), fd);
}

base::Result<OutputFile> OutputFile::replacing(const std::string& path) {
  auto refuse = [&](const std::string& what) { return base::fail(base::Code::kUnavailable, what, path); };
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return refuse("cannot be written: " + error_text(errno));
  if (S_ISLNK(status.st_mode)) return refuse("is a symbolic link; name the file itself");
  if (!S_ISREG(status.st_mode)) return refuse("is no regular file");
  if (status.st_nlink > 1) return refuse("has other names (hard links), which would keep the old text");
  if (::access(path.c_str(), W_OK) != 0) return refuse("cannot be written: " + error_text(errno));
  std::string temporary = path + "." + std::to_string(::getpid()) + ".tmp";
  if (temporary.size() < sizeof unfinished_output) {
    output_is_unfinished = 0;
    std::memcpy(unfinished_output, temporary.c_str(), temporary.size() + 1);
    output_is_unfinished = 1;
  }
  int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) {
    int error_number = errno;
    output_is_unfinished = 0;
    return refuse("cannot be written: " + error_text(error_number));
  }
  OutputFile file(path, std::move(temporary), fd);
  file.durable_ = true;
  struct stat made{};
  bool owned = ::fstat(fd, &made) == 0 && ((made.st_uid == status.st_uid && made.st_gid == status.st_gid) ||
                                           ::fchown(fd, status.st_uid, status.st_gid) == 0);
  if (!owned || ::fchmod(fd, status.st_mode & 07777) != 0)
    return refuse("cannot be written with the owner and mode that it has: " + error_text(errno));
  return file;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)),
      temporary_(std::move(other.temporary_)),
      fd_(std::exchange(other.fd_, -1)),
      failed_errno_(other.failed_errno_),
      durable_(other.durable_) {}

OutputFile::~OutputFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  output_is_unfinished = 0;
}

void OutputFile::write(std::string_view bytes) {
  if (failed_errno_ == 0) failed_errno_ = write_all(fd_, bytes);
}

base::Status OutputFile::commit() {
  if (durable_ && failed_errno_ == 0 && ::fsync(fd_) != 0) failed_errno_ = errno;
  // Network and quota file systems say only at close that a write was lost.
  if (::close(std::exchange(fd_, -1)) != 0 && failed_errno_ == 0) failed_errno_ = errno;
  if (failed_errno_ == 0 && !temporary_.empty() && ::rename(temporary_.c_str(), path_.c_str()) != 0)
    failed_errno_ = errno;
  if (failed_errno_ != 0 && !temporary_.empty()) ::unlink(temporary_.c_str());
  output_is_unfinished = 0;
  if (failed_errno_ == 0) return {};
  return base::fail(base::Code::kUnavailable, "cannot be written: " + error_text(failed_errno_), path_);
}

void remove_unfinished_output() {
  if (output_is_unfinished != 0) ::unlink(unfinished_output);
}

}  // namespace ameia::app
