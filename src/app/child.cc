#include "app/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>

#include "app/files.h"

namespace ameia::app {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  int read = -1, write = -1;
  ~Pipe() {
    close_read();
    close_write();
  }
  bool open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    return true;
  }
  void close_read() {
    if (read >= 0) ::close(std::exchange(read, -1));
  }
  void close_write() {
    if (write >= 0) ::close(std::exchange(write, -1));
  }
};

std::vector<std::string> child_environment() {
  std::vector<std::string> environment = {"http_proxy=http://127.0.0.1:9", "https_proxy=http://127.0.0.1:9",
                                          "HTTP_PROXY=http://127.0.0.1:9", "HTTPS_PROXY=http://127.0.0.1:9",
                                          "ALL_PROXY=http://127.0.0.1:9",  "KUBECONFIG=/dev/null"};
  for (const char* name : {"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL"}) {
    if (const char* value = std::getenv(name)) environment.push_back(std::string(name) + "=" + value);
  }
  return environment;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// After fork: only what is safe there.
[[noreturn]] void become(char* const* words, char* const* environment, int out, int err) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::signal(SIGPIPE, SIG_DFL);
  // As root a network namespace is enough; others need a user namespace around it, where the machine lets them.
  if (::unshare(CLONE_NEWNET) != 0) [[maybe_unused]]
    int ignored = ::unshare(CLONE_NEWUSER | CLONE_NEWNET);
  int nothing = ::open("/dev/null", O_RDONLY);
  if (nothing < 0 || ::dup2(nothing, STDIN_FILENO) < 0 || ::dup2(out, STDOUT_FILENO) < 0 ||
      ::dup2(err, STDERR_FILENO) < 0)
    ::_exit(126);
  ::execve(words[0], words, environment);
  ::_exit(127);
}

// Reads what is there. False at the end of the pipe.
bool take(int fd, std::string& text) {
  char piece[size_t{16} << 10];
  ssize_t n = ::read(fd, piece, sizeof piece);
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  text.append(piece, static_cast<size_t>(n));
  return n > 0;
}

}  // namespace

std::string find_program(std::string_view name) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "";
  while (!rest.empty()) {
    std::string_view directory = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(directory.size() + 1, rest.size()));
    if (!directory.starts_with('/')) continue;
    std::string file = std::string(directory) + "/" + std::string(name);
    struct stat status{};
    if (::stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode) && ::access(file.c_str(), X_OK) == 0) return file;
  }
  return {};
}

base::Result<ChildOutput> run_child(const std::vector<std::string>& words, const ChildLimits& limits) {
  Pipe out, err;
  if (!out.open() || !err.open()) return base::fail(base::Code::kUnavailable, error_text(errno), words.front());
  std::vector<std::string> word_texts = words, environment_texts = child_environment();
  std::vector<char*> word_pointers = pointers(word_texts), environment = pointers(environment_texts);
  pid_t child = ::fork();
  if (child < 0) return base::fail(base::Code::kUnavailable, error_text(errno), words.front());
  if (child == 0) become(word_pointers.data(), environment.data(), out.write, err.write);
  ::setpgid(child, child);  // whichever of the two is first
  out.close_write();
  err.close_write();

  ChildOutput output;
  std::string what;
  Clock::time_point end = Clock::now() + std::chrono::seconds(limits.seconds_max);
  while ((out.read >= 0 || err.read >= 0) && what.empty()) {
    auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd ends[] = {{out.read, POLLIN, 0}, {err.read, POLLIN, 0}};
    int ready = left <= 0 ? 0 : ::poll(ends, 2, static_cast<int>(left));
    if (ready == 0) what = "took longer than " + std::to_string(limits.seconds_max) + " s";
    if (ready < 0 && errno != EINTR) what = error_text(errno);
    if (ready <= 0) continue;
    if (ends[0].revents != 0 && !take(out.read, output.out)) out.close_read();
    if (ends[1].revents != 0 && !take(err.read, output.err)) err.close_read();
    if (output.out.size() > limits.output_bytes_max)
      what = "wrote more than " + std::to_string(limits.output_bytes_max >> 20) + " MiB";
    output.err.resize(std::min(output.err.size(), limits.message_bytes_max));
  }
  // It closed its outputs, but may not have ended; and it may have children of its own.
  int status = 0;
  pid_t ended = 0;
  while (what.empty() && (ended = ::waitpid(child, &status, WNOHANG)) == 0) {
    if (Clock::now() >= end) what = "took longer than " + std::to_string(limits.seconds_max) + " s";
    ::poll(nullptr, 0, 5);
  }
  ::kill(-child, SIGKILL);
  while (ended != child && ::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!what.empty()) return base::fail(base::Code::kLimit, std::move(what), words.front());
  output.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return output;
}

}  // namespace ameia::app
