// Files: the door of this room to the file system. Reads whole files within a limit, writes whole files or none.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ameia::app {

// The bytes of a regular file, FIFO or device; "-" is standard input. Fails: kNotFound, kInvalidInput (unreadable, a
// directory), kLimit (longer than `bytes_max`, found out without reading all of it). `where` is the path.
base::Result<std::string> read_file(const std::string& path, size_t bytes_max);

// At most the first `bytes` of a file; empty when it cannot be read.
std::string read_beginning(const std::string& path, size_t bytes);

// An output file: written beside its name and renamed when whole, so that a reader never sees half of it. A path that
// is no regular file (/dev/stdout, a FIFO) is written directly. Threads: one. Fails: kUnavailable. An OutputFile that
// is not committed leaves nothing.
class OutputFile {
 public:
  static base::Result<OutputFile> create(const std::string& path);
  // To take the place of a regular file, with its mode and owner. Fails where the name is a symbolic link, where the
  // file has other names (they would keep the old text) or may not be written.
  static base::Result<OutputFile> replacing(const std::string& path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();
  void write(std::string_view bytes);
  base::Status commit();

 private:
  OutputFile(std::string path, std::string temporary, int fd)
      : path_(std::move(path)), temporary_(std::move(temporary)), fd_(fd) {}
  std::string path_, temporary_;  // temporary_ empty: written directly
  int fd_ = -1;
  int failed_errno_ = 0;
  bool durable_ = false;  // on the disk before it takes its name
};

// Writes everything; 0, or the errno of what failed.
int write_all(int fd, std::string_view bytes);
std::string error_text(int error_number);
// Safe in a signal handler: removes the temporary file that is being written.
void remove_unfinished_output();

}  // namespace ameia::app
