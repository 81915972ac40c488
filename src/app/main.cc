// The door: signals, then the command line.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "app/command.h"
#include "app/console.h"
#include "app/exit.h"
#include "app/files.h"

namespace {

extern "C" void interrupted(int) {
  ameia::app::remove_unfinished_output();
  constexpr std::string_view kText = "\nameia: interrupted\n";
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, kText.data(), kText.size());
  ::_exit(ameia::app::kInterrupted);
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of the write, not a death
  std::signal(SIGINT, interrupted);
  std::vector<std::string_view> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  try {
    ameia::app::Console console;
    int code = ameia::app::run_command_line(words, console);
    if (auto status = console.finish(); !status) {
      console.error(status.error());
      code = ameia::app::worse(code, ameia::app::exit_code_of(status.error().code));
    }
    return code;
  } catch (const std::bad_alloc&) {
    std::fputs("ameia: not enough memory\n", stderr);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ameia: a defect of Ameia: %s\n", e.what());
  }
  return ameia::app::kInternal;
}
