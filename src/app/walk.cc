#include "app/walk.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <set>
#include <unordered_map>

#include "app/files.h"
#include "app/ignore.h"
#include "app/limits.h"
#include "doc/yaml.h"

namespace ameia::app {
namespace {

constexpr std::string_view kIgnoreFile = ".ameiaignore";

bool is_manifest_name(std::string_view name) {
  return name.ends_with(".yaml") || name.ends_with(".yml") || name.ends_with(".json");
}

// Version control and package caches hold no manifests of the estate.
bool is_foreign_directory(std::string_view name) {
  return name == ".git" || name == ".hg" || name == ".svn" || name == "node_modules" || name == ".terraform";
}

std::string join(std::string_view directory, std::string_view name) {
  if (directory.empty() || directory == ".") return std::string(name);
  std::string path(directory);
  if (path.back() != '/') path += '/';
  return path.append(name);
}

// The path with every link resolved; empty when it does not exist or loops (errno says).
std::string real_path(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return {};
  std::string text = resolved;
  std::free(resolved);
  return text;
}

// "a/./b/../c" → "a/c", without asking the file system.
std::string normal(std::string_view path) {
  std::vector<std::string_view> parts;
  bool absolute = path.starts_with('/');
  while (!path.empty()) {
    size_t end = std::min(path.find('/'), path.size());
    std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part.empty() || part == ".") continue;
    if (part == ".." && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (part != ".." || !absolute) {
      parts.push_back(part);
    }
  }
  std::string out = absolute ? "/" : "";
  for (size_t i = 0; i < parts.size(); ++i) out.append(i == 0 ? "" : "/").append(parts[i]);
  return out;
}

class Walker {
 public:
  Walk take(const std::vector<std::string>& paths) {
    for (const std::string& path : paths) take_root(path);
    mark_patches();
    return std::move(out_);
  }

 private:
  void note(std::string name, std::string what, bool is_error, bool explicitly = false, bool not_applicable = false) {
    out_.notes.push_back({std::move(name), std::move(what), is_error, not_applicable, explicitly});
  }

  void take_root(const std::string& path) {
    if (path == "-") {
      if (std::none_of(out_.files.begin(), out_.files.end(), [](const InputFile& f) { return f.name == "-"; })) {
        out_.files.push_back({.name = "-", .chart = {}, .kustomization = {}, .explicitly = true});
      }
      return;
    }
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
      note(path, error_text(errno), true, true);
      return;
    }
    if (!S_ISDIR(status.st_mode)) {
      add_file(path, status, {}, true);
      return;
    }
    root_ = path;
    real_root_ = real_path(path);
    rules_ = {};
    read_directory(path, "", chart_above(path), 0, status);
  }

  // The chart that a path inside a chart belongs to: scanning chart/templates must know that they are templates.
  static std::string chart_above(const std::string& path) {
    std::string real = real_path(path);
    size_t slash = real.rfind('/');
    if (slash == std::string::npos || real.substr(slash + 1) != "templates") return {};
    struct stat status{};
    std::string above = join(path, "..");
    return ::stat(join(above, "Chart.yaml").c_str(), &status) == 0 ? normal(above) : std::string();
  }

  void add_file(const std::string& name, const struct stat& status, const std::string& chart, bool explicitly) {
    // Two names of one file give one result. Pipes and devices have no identity worth keeping.
    if (S_ISREG(status.st_mode) && !files_seen_.emplace(status.st_dev, status.st_ino).second) return;
    if (out_.files.size() == kFilesMax) {
      if (!full_)
        note(name, "more than " + std::to_string(kFilesMax) + " files: this and later ones are not read", true);
      full_ = true;
      return;
    }
    out_.files.push_back({.name = name, .chart = chart, .kustomization = {}, .explicitly = explicitly});
  }

  // `inside` is the path below the root, "" for the root itself.
  void read_directory(const std::string& path, const std::string& inside, const std::string& templates_of, size_t depth,
                      const struct stat& status) {
    if (!directories_seen_.emplace(status.st_dev, status.st_ino).second) {
      note(path, "this directory is already scanned under another name", false, false, true);
      return;
    }
    if (depth > kDirectoryDepthMax) {
      note(path, "directories are nested deeper than " + std::to_string(kDirectoryDepthMax), true);
      return;
    }
    DIR* directory = ::opendir(path.c_str());
    if (directory == nullptr) {
      note(path, "this directory cannot be read: " + error_text(errno), true, depth == 0);
      return;
    }
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(directory)) {
      std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    if (errno != 0) note(path, "this directory cannot be read to its end: " + error_text(errno), true);
    ::closedir(directory);
    std::sort(names.begin(), names.end());

    size_t rules_before = rules_.size();
    if (std::binary_search(names.begin(), names.end(), kIgnoreFile)) read_ignore_file(join(path, kIgnoreFile), inside);
    bool is_chart = std::binary_search(names.begin(), names.end(), "Chart.yaml");
    for (const std::string& name : names) take_entry(path, inside, name, templates_of, is_chart, depth);
    rules_.resize(rules_before);
  }

  void read_ignore_file(const std::string& file, const std::string& inside) {
    auto text = read_file(file, kNotedFileBytesMax);
    auto status = text ? rules_.add(*text, inside, file) : base::Status(std::unexpected(text.error()));
    if (!status) note(file, status.error().text(), true);
  }

  void take_entry(const std::string& directory, const std::string& inside, const std::string& name,
                  const std::string& templates_of, bool is_chart, size_t depth) {
    std::string path = join(directory, name), below = join(inside, name);
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
      note(path, error_text(errno), true);
      return;
    }
    bool is_link = S_ISLNK(status.st_mode);
    if (is_link) {
      bool interesting = is_manifest_name(name);
      std::string target = real_path(path);
      if (target.empty()) {
        if (interesting || errno == ELOOP) {
          note(path,
               errno == ELOOP ? std::string("a loop of symbolic links")
                              : "a symbolic link to nothing: " + error_text(errno),
               false);
        }
        return;
      }
      if (::stat(path.c_str(), &status) != 0) return;
      if (!is_inside_root(target)) {
        if (interesting || S_ISDIR(status.st_mode)) {
          note(path, "a symbolic link that leaves the scanned tree is not followed; name its target to scan it", false);
        }
        return;
      }
    }
    bool is_directory = S_ISDIR(status.st_mode);
    if (rules_.ignores(below, is_directory)) return;
    if (is_directory) {
      if (is_foreign_directory(name)) return;
      read_directory(path, below, is_chart && name == "templates" ? directory : templates_of, depth + 1, status);
      return;
    }
    if (!S_ISREG(status.st_mode)) return;
    if (is_kustomization_name(name)) kustomizations_.push_back(path);
    if (is_manifest_name(name) || name == "Kustomization") add_file(path, status, templates_of, false);
  }

  [[nodiscard]] bool is_inside_root(const std::string& target) const {
    return target == real_root_ ||
           (target.starts_with(real_root_) && (real_root_ == "/" || target[real_root_.size()] == '/'));
  }

  // Files that a kustomization uses as patches are parts of objects, not objects.
  void mark_patches() {
    if (kustomizations_.empty()) return;
    std::unordered_map<std::string, std::string> patches;  // path → the kustomization's directory
    for (const std::string& file : kustomizations_) {
      auto text = read_file(file, kNotedFileBytesMax);
      if (!text) continue;  // said when the file itself is read
      size_t slash = file.rfind('/');
      std::string directory = slash == std::string::npos ? "." : file.substr(0, slash);
      for (const std::string& patch : kustomization_patches(*text))
        patches.emplace(normal(join(directory, patch)), directory);
    }
    for (InputFile& file : out_.files) {
      if (auto found = patches.find(normal(file.name)); found != patches.end() && !file.explicitly)
        file.kustomization = found->second;
    }
  }

  Walk out_;
  std::string root_, real_root_;
  IgnoreRules rules_;
  std::vector<std::string> kustomizations_;
  std::set<std::pair<dev_t, ino_t>> files_seen_, directories_seen_;
  bool full_ = false;
};

}  // namespace

bool is_kustomization_name(std::string_view file_name) {
  return file_name == "kustomization.yaml" || file_name == "kustomization.yml" || file_name == "Kustomization";
}

std::vector<std::string> kustomization_patches(std::string_view text) {
  std::vector<std::string> names;
  auto source = std::make_shared<doc::Source>("kustomization", std::string(text));
  doc::Limits limits;
  limits.depth_max = kYamlDepthMax;
  limits.alias_nodes_max = kAliasNodesMax;
  doc::YamlStream stream = doc::parse_yaml(source, std::make_shared<doc::Keys>(), limits);
  for (const auto& document : stream.documents) {
    for (std::string_view field : {"patches", "patchesJson6902", "patchesStrategicMerge"}) {
      for (const doc::Node& patch : document->root()[field].list()) {
        std::string_view name = patch.is_string() ? patch.str() : patch["path"].str();
        // An inline patch is a text of several lines, no name.
        if (name.empty() || name.find('\n') != std::string_view::npos || names.size() == kKustomizationPatchesMax)
          continue;
        names.emplace_back(name);
      }
    }
  }
  return names;
}

Walk walk(const std::vector<std::string>& paths) {
  return Walker().take(paths);
}

}  // namespace ameia::app
