// The binary run as a user runs it, in a folder of its own. What the tests of the room app share.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "doc/json.h"

namespace ameia::app {

namespace fs = std::filesystem;

struct Ran {
  int code = -1;
  std::string out, err;
};

inline std::string slurp(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void spit(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

// A folder of its own for every test; commands run inside it.
class Cli : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "ameia-test-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    dir_ = name;
    out_ = name + ".out";
    err_ = name + ".err";
  }
  void TearDown() override {
    std::error_code ignored;
    fs::permissions(dir_ / "locked", fs::perms::owner_all, ignored);
    fs::remove_all(dir_, ignored);
    fs::remove(out_, ignored);
    fs::remove(err_, ignored);
  }

  // `line` is what a user types after "ameia"; a shell reads it.
  Ran ameia(const std::string& line, const std::string& before = "") {
    std::string command = "cd '" + dir_.string() + "' && LC_ALL=C " + before + " '" AMEIA_BINARY "' " + line + " >'" +
                          out_.string() + "' 2>'" + err_.string() + "'";
    int status = std::system(command.c_str());
    Ran run{WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status), slurp(out_), slurp(err_)};
    EXPECT_LT(run.code, 128) << line << "\n" << run.err;
    return run;
  }
  std::shared_ptr<doc::Document> json(const std::string& text) {
    auto document = doc::parse_json(std::make_shared<doc::Source>("stdout", text), std::make_shared<doc::Keys>());
    EXPECT_TRUE(document.has_value()) << document.error().text() << "\n" << text;
    return document ? *document : std::make_shared<doc::Document>(nullptr, nullptr);
  }

  fs::path dir_, out_, err_;
};

inline constexpr std::string_view kBadPod =
    "apiVersion: v1\n"
    "kind: Pod\n"
    "metadata:\n"
    "  name: shop\n"
    "  namespace: web\n"
    "spec:\n"
    "  hostNetwork: true\n"
    "  containers:\n"
    "    - name: main\n"
    "      image: nginx\n"
    "      securityContext:\n"
    "        privileged: true\n";

}  // namespace ameia::app
