// Walk: from the paths of a command line to the files of a scan, in a fixed order, whatever the tree looks like.
// In directories *.yaml, *.yml and *.json count; a file named outright always does, and an archive named outright is
// looked into. Symbolic links that leave the named tree are not followed, no file is taken twice, and .ameiaignore is
// obeyed. Neighbours: app/ignore.h, app/archive.h, app/render.h (charts and kustomizations), app/scan.h.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "report/finding.h"

namespace ameia::app {

struct InputFile {
  std::string name;           // as shown: the named path and what is below it; "-" is standard input; "a.tgz!web.yaml"
  std::string chart;          // the directory of the Helm chart whose template this is, or empty
  std::string kustomization;  // the directory of the kustomization that uses this file as a patch, or empty
  bool explicitly = false;    // named on the command line
  std::shared_ptr<const std::string> bytes;  // of an archive, a rendering, or a fix in the making; else in the file
};
// The file's bytes, wherever they are. Fails as read_file().
base::Result<std::string> read_input(const InputFile& file);

// A place of the tree that was not looked at, and why.
struct WalkNote {
  std::string name;
  std::string what;
  bool is_error = false;  // otherwise not evaluated, or nothing lost
  bool not_applicable = false;
  bool explicitly = false;
};

struct Kustomization {
  std::string directory, file;
  std::vector<std::string> uses;  // files and directories it is built from: resources, bases, components, patches
  bool is_component = false;      // only part of another
};

struct Walk {
  std::vector<InputFile> files;
  std::vector<WalkNote> notes;
  std::vector<std::string> charts;  // directories with Chart.yaml that are no part of another chart, or packed charts
  std::vector<Kustomization> kustomizations;
};

// Threads: none. Limits: kFilesMax, kDirectoryDepthMax; crossing one is a note.
// `ignored` is said by the caller, as if it stood in an .ameiaignore at the root of every named directory. A pattern
// that is none is a note.
Walk walk(const std::vector<std::string>& paths, const std::vector<std::string>& ignored = {});

// What a kustomization is built from, as written: patch files (patches, patchesStrategicMerge, patchesJson6902) and the
// rest (resources, bases, components).
struct KustomizationParts {
  std::vector<std::string> patches, resources;
  bool is_component = false;
};
KustomizationParts kustomization_parts(std::string_view text);
// "a/./b/../c" → "a/c", without asking the file system.
std::string normal_path(std::string_view path);
bool is_kustomization_name(std::string_view file_name);

}  // namespace ameia::app
