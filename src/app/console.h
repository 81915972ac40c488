// Console: standard output for data, standard error for messages, and what is known about the terminal.
// A write that fails is remembered: a command that could not say its result never ends well.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ameia::app {

// Threads: one. Owns: the buffer of standard output. Fails: finish() says whether everything was written.
class Console {
 public:
  Console();
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  void out(std::string_view text);  // buffered
  void err(std::string_view text);  // at once, after what out() holds
  void error(const base::Error& error);
  void warn(std::string_view text);
  // Writes what is left. kUnavailable when standard output could not take everything.
  base::Status finish();

  [[nodiscard]] bool out_is_terminal() const { return out_is_terminal_; }
  [[nodiscard]] bool err_is_terminal() const { return err_is_terminal_; }
  // Colour on standard output: a terminal, no NO_COLOR, no TERM=dumb, not switched off.
  [[nodiscard]] bool color() const { return color_; }
  void no_color() { color_ = false; }
  // Columns of the terminal, or of $COLUMNS, else 100.
  [[nodiscard]] size_t width() const { return width_; }

 private:
  void flush();

  std::string buffer_;
  int failed_errno_ = 0;
  bool out_is_terminal_ = false, err_is_terminal_ = false, color_ = false;
  size_t width_ = 100;
};

}  // namespace ameia::app
