// Walk: from the paths of a command line to the files of a scan, in a fixed order, whatever the tree looks like.
// In directories *.yaml, *.yml and *.json count; a file named outright always does. Symbolic links that leave the named
// tree are not followed, no file is taken twice, and .ameiaignore is obeyed.
// Neighbours: app/ignore.h, app/scan.h.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "report/finding.h"

namespace ameia::app {

struct InputFile {
  std::string name;           // as shown: the named path and what is below it; "-" is standard input
  std::string chart;          // the directory of the Helm chart whose template this is, or empty
  std::string kustomization;  // the directory of the kustomization that uses this file as a patch, or empty
  bool explicitly = false;    // named on the command line
};

// A place of the tree that was not looked at, and why.
struct WalkNote {
  std::string name;
  std::string what;
  bool is_error = false;  // otherwise not evaluated, or nothing lost
  bool not_applicable = false;
  bool explicitly = false;
};

struct Walk {
  std::vector<InputFile> files;
  std::vector<WalkNote> notes;
};

// Threads: none. Limits: kFilesMax, kDirectoryDepthMax; crossing one is a note.
Walk walk(const std::vector<std::string>& paths);

// The names of the patch files of a kustomization (patches, patchesStrategicMerge, patchesJson6902), as written.
std::vector<std::string> kustomization_patches(std::string_view text);
bool is_kustomization_name(std::string_view file_name);

}  // namespace ameia::app
