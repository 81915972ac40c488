// .ameiaignore: which files of a tree a scan leaves out, in the syntax of .gitignore (gitignore(5)): one pattern a
// line,
// '#' comments, '!' takes back, a trailing '/' means directories only, a '/' elsewhere anchors the pattern to the
// file's own directory, '*' '?' '[a-z]' within one name, '**' across names. The last pattern that matches decides.
// Neighbour: app/walk.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ameia::app {

// Threads: immutable once read. Limits: kIgnoreRulesMax, kIgnorePatternBytesMax.
class IgnoreRules {
 public:
  // Adds the patterns of a file that stands in `directory`, a path relative to the scanned root ("" = the root).
  base::Status add(std::string_view text, std::string_view directory, std::string_view file_name);
  // Whether `path`, relative to the root, is left out. Its parents were asked before and are not.
  [[nodiscard]] bool ignores(std::string_view path, bool is_directory) const;
  [[nodiscard]] size_t size() const { return rules_.size(); }
  // Forgets the rules after the first `size`: leaving a directory.
  void resize(size_t size) { rules_.resize(size); }

 private:
  struct Rule {
    std::string directory;  // with a trailing '/', or empty
    std::string pattern;
    bool negated = false, directories_only = false, anchored = false;
  };
  std::vector<Rule> rules_;
};

// gitignore's wildcard match of one pattern with a path.
bool matches_glob(std::string_view pattern, std::string_view path);

}  // namespace ameia::app
