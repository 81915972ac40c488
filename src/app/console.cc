#include "app/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>

#include "app/files.h"

namespace ameia::app {
namespace {

constexpr size_t kBufferBytes = size_t{64} << 10;

size_t columns() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  size_t columns = 0;
  if (const char* text = std::getenv("COLUMNS")) {
    std::string_view view = text;
    std::from_chars(view.data(), view.data() + view.size(), columns);
  }
  return columns > 0 ? columns : 100;
}

}  // namespace

Console::Console()
    : out_is_terminal_(isatty(STDOUT_FILENO) == 1), err_is_terminal_(isatty(STDERR_FILENO) == 1), width_(columns()) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  color_ = out_is_terminal_ && (no_color == nullptr || *no_color == '\0') &&
           (term == nullptr || std::string_view(term) != "dumb");
}

Console::~Console() {
  flush();
}

void Console::flush() {
  if (failed_errno_ == 0) failed_errno_ = write_all(STDOUT_FILENO, buffer_);
  buffer_.clear();
}

void Console::out(std::string_view text) {
  buffer_ += text;
  if (buffer_.size() >= kBufferBytes) flush();
}

void Console::err(std::string_view text) {
  flush();
  write_all(STDERR_FILENO, text);  // nowhere is left to say that this failed
}

void Console::error(const base::Error& error) {
  err("ameia: " + error.text() + "\n");
}

void Console::warn(std::string_view text) {
  err("ameia: warning: " + std::string(text) + "\n");
}

base::Status Console::finish() {
  flush();
  if (failed_errno_ == 0) return {};
  return base::fail(base::Code::kUnavailable, std::string("standard output: ") + error_text(failed_errno_));
}

}  // namespace ameia::app
