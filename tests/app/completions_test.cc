// Completions, asked of the shells themselves: what they offer behind a line.
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "app/cli.h"

namespace ameia::app {
namespace {

bool is_here(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null").c_str()) == 0;
}

// A zsh in a terminal of its own, with `_ameia` in its $fpath as an installation puts it there. Prints the line that
// one Tab makes of $2; $1 is the folder to work in.
constexpr std::string_view kZshDriver = R"zsh(
zmodload zsh/zpty || exit 9
dir=$1
print -r -- '
PS1= ; setopt no_beep
fpath=('$dir' $fpath); autoload -Uz compinit; compinit -u -d '$dir'/dump
begin() { print > '$dir'/ready }; zle -N zle-line-init begin
tell() { print -r -- "$BUFFER" > '$dir'/line.new; mv '$dir'/line.new '$dir'/line }; zle -N tell
bindkey "^I" complete-word; bindkey "^X" tell' > $dir/setup
wait_for() {
  repeat 600; do [[ -e $1 ]] && return; zpty -r -t shell drained; sleep 0.05; done
  print "no $1"; exit 8
}
zpty shell 'zsh -f -i'
zpty -w shell ". $dir/setup"
wait_for $dir/ready
zpty -w -n shell "$2"$'\t\x18'
wait_for $dir/line
zpty -d shell
cat $dir/line
)zsh";

class Completions : public Cli {
 protected:
  std::string run(const std::string& command) {
    EXPECT_EQ(std::system(("cd '" + dir_.string() + "' && " + command + " > offered 2> complaints").c_str()), 0)
        << command << "\n"
        << slurp(dir_ / "offered") << slurp(dir_ / "complaints");
    EXPECT_EQ(slurp(dir_ / "complaints"), "") << command;
    return slurp(dir_ / "offered");
  }
  std::string bash(const std::string& words, int at) {
    return run("bash -c '. ./c.bash; COMP_WORDS=(" + words + "); COMP_CWORD=" + std::to_string(at) +
               "; _ameia; echo \"${COMPREPLY[*]}\"'");
  }
  std::string zsh(const std::string& line) {
    fs::remove(dir_ / "line");
    fs::remove(dir_ / "ready");
    return run("zsh -f driver.zsh '" + dir_.string() + "' '" + line + "'");
  }
  // Words only, without what fish says about them.
  std::string fish(const std::string& line) {
    return run("fish --no-config -c 'source c.fish; complete -C \"" + line + "\"' | cut -f 1");
  }
};

TEST_F(Completions, Bash) {
  ASSERT_EQ(ameia("completions bash > c.bash; bash -n c.bash").code, 0);
  EXPECT_EQ(bash("ameia sc", 1), "scan\n");
  EXPECT_EQ(bash("ameia scan --fail", 2), "--fail-on\n");
  EXPECT_EQ(bash("ameia scan --fail-on hi", 3), "high\n");
  EXPECT_EQ(bash("ameia config s", 2), "show schema\n");
  EXPECT_EQ(bash("ameia policy pss --le", 3), "--level\n");
  EXPECT_EQ(bash("ameia man net", 2), "netpol\n");
  EXPECT_EQ(bash("ameia completions z", 2), "zsh\n");
}

TEST_F(Completions, Zsh) {
  if (!is_here("zsh")) GTEST_SKIP() << "no zsh is here";
  ASSERT_EQ(ameia("completions zsh > _ameia; zsh -f -n _ameia").code, 0);
  spit(dir_ / "driver.zsh", kZshDriver);
  spit(dir_ / "estate.yaml", kBadPod);
  EXPECT_EQ(zsh("ameia sc"), "ameia scan \n");
  EXPECT_EQ(zsh("ameia scan --fail"), "ameia scan --fail-on \n");
  EXPECT_EQ(zsh("ameia scan --fail-on hi"), "ameia scan --fail-on high \n");
  EXPECT_EQ(zsh("ameia scan est"), "ameia scan estate.yaml \n");
  EXPECT_EQ(zsh("ameia config sc"), "ameia config schema \n");
  EXPECT_EQ(zsh("ameia policy pss --le"), "ameia policy pss --level \n");
  EXPECT_EQ(zsh("ameia policy pss --level restricted est"), "ameia policy pss --level restricted estate.yaml \n");
  EXPECT_EQ(zsh("ameia man net"), "ameia man netpol \n");
  EXPECT_EQ(zsh("ameia completions z"), "ameia completions zsh \n");
  // Sourced from a start-up file it does the same.
  EXPECT_EQ(run("zsh -f -c 'autoload -Uz compinit; compinit -u -d dump; . ./_ameia; print $_comps[ameia]'"),
            "_ameia\n");
}

TEST_F(Completions, Fish) {
  if (!is_here("fish")) GTEST_SKIP() << "no fish is here";
  ASSERT_EQ(ameia("completions fish > c.fish; fish --no-config -n c.fish").code, 0);
  spit(dir_ / "estate.yaml", kBadPod);
  EXPECT_EQ(fish("ameia sc"), "scan\n");
  EXPECT_EQ(fish("ameia scan --fail"), "--fail-on\n");
  EXPECT_EQ(fish("ameia scan --fail-on hi"), "high\n");
  EXPECT_EQ(fish("ameia scan est"), "estate.yaml\n");
  EXPECT_EQ(fish("ameia policy "), "eval\nlint\npss\n");
  EXPECT_EQ(fish("ameia policy lint est"), "estate.yaml\n");
  EXPECT_EQ(fish("ameia policy lint ev"), "") << "a command's word stands once";
  EXPECT_EQ(fish("ameia policy pss --le"), "--level\n");
  EXPECT_EQ(fish("ameia explain scan --fail"), "") << "scan is an operand here";
  EXPECT_EQ(fish("ameia man net"), "netpol\n");
  EXPECT_EQ(fish("ameia completions z"), "zsh\n");
}

}  // namespace
}  // namespace ameia::app
