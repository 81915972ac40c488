#include "app/walk.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <set>
#include <unordered_map>

#include "app/archive.h"
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

constexpr std::string_view kLibraryChart =
    "a Helm library chart: it lends its templates to other charts and has no objects of its own";

// What is noted beside manifests: kustomizations and charts.
doc::YamlStream parse_noted(std::string_view text) {
  doc::Limits limits;
  limits.depth_max = kYamlDepthMax;
  limits.alias_nodes_max = kAliasNodesMax;
  return doc::parse_yaml(std::make_shared<doc::Source>("noted", std::string(text)), std::make_shared<doc::Keys>(),
                         limits);
}

bool is_library_chart(std::string_view chart_yaml) {
  doc::YamlStream stream = parse_noted(chart_yaml);
  return !stream.documents.empty() && stream.documents[0]->root()["type"].str() == "library";
}

// A Chart.yaml that cannot be read is no library; what is wrong with it is said when the file itself is read.
bool holds_library_chart(const std::string& directory) {
  auto text = read_file(join(directory, "Chart.yaml"), kNotedFileBytesMax);
  return text && is_library_chart(*text);
}

// The path with every link resolved; empty when it does not exist or loops (errno says).
std::string real_path(const std::string& path) {
  char* resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) return {};
  std::string text = resolved;
  std::free(resolved);
  return text;
}

}  // namespace

std::string normal_path(std::string_view path) {
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

namespace {

bool is_manifest_path(std::string_view path) {
  return is_manifest_name(path) || path.substr(path.rfind('/') + 1) == "Kustomization";
}

std::string parent_of(std::string_view path) {
  size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "." : std::string(path.substr(0, slash));
}

class Walker {
 public:
  Walk take(const std::vector<std::string>& paths, const std::vector<std::string>& ignored) {
    for (const std::string& pattern : ignored) ignored_ += pattern + "\n";
    for (const std::string& path : paths) take_root(path);
    read_kustomizations();
    return std::move(out_);
  }

 private:
  void note(std::string name, std::string what, bool is_error, bool explicitly = false, bool not_applicable = false) {
    out_.notes.push_back({std::move(name), std::move(what), is_error, not_applicable, explicitly});
  }

  void take_root(const std::string& path) {
    if (path == "-") {
      if (!input_seen_) take_input();
      input_seen_ = true;
      return;
    }
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
      note(path, error_text(errno), true, true);
      return;
    }
    if (!S_ISDIR(status.st_mode)) {
      if (S_ISREG(status.st_mode) && is_archive(read_beginning(path, kArchiveProbeBytes))) {
        take_archive(path);
      } else {
        add_file(path, status, {}, true);
      }
      return;
    }
    root_ = path;
    real_root_ = real_path(path);
    rules_ = {};
    if (auto added = rules_.add(ignored_, "", "--ignore"); !added) note(path, added.error().text(), true, true);
    std::string chart = chart_above(path);
    if (!chart.empty() && holds_library_chart(chart)) {
      note(path, std::string(kLibraryChart), false, true, true);
      return;
    }
    if (!chart.empty()) out_.charts.push_back(chart);
    read_directory(path, "", {.of = chart, .in_templates = !chart.empty()}, 0, status);
  }

  // Standard input can be read once only: its bytes stay.
  void take_input() {
    auto bytes = read_file("-", kFileBytesMax);
    if (!bytes) return note("-", bytes.error().what, true, true);
    if (is_archive(*bytes)) return take_archive("-", *bytes);
    out_.files.push_back({.name = "-",
                          .chart = {},
                          .kustomization = {},
                          .explicitly = true,
                          .bytes = std::make_shared<const std::string>(std::move(*bytes))});
  }

  void take_archive(const std::string& path) {
    auto bytes = read_file(path, kFileBytesMax);
    bytes ? take_archive(path, *bytes) : note(path, bytes.error().what, true, true);
  }

  // Every manifest in an archive is a file "archive!path".
  void take_archive(const std::string& path, std::string_view bytes) {
    Archive archive = read_archive(bytes, is_manifest_path);
    std::set<std::string> charts, libraries;  // directories within the archive
    for (const ArchiveMember& member : archive.members) {
      if (!member.path.ends_with("/Chart.yaml")) continue;
      std::string directory = parent_of(member.path);
      if (is_library_chart(*member.bytes)) {
        note(path + "!" + directory, std::string(kLibraryChart), false, false, true);
        libraries.insert(std::move(directory));
      } else {
        charts.insert(std::move(directory));
      }
    }
    bool is_packed_chart = std::any_of(charts.begin(), charts.end(),
                                       [](const std::string& chart) { return chart.find('/') == std::string::npos; });
    if (is_packed_chart && path != "-") out_.charts.push_back(path);  // Helm reads no standard input
    for (const ArchiveMember& member : archive.members) {
      auto is_template_of = [&](const std::string& directory) {
        return member.path.starts_with(directory + "/templates/");
      };
      if (std::any_of(libraries.begin(), libraries.end(), is_template_of)) continue;
      auto chart = std::find_if(charts.begin(), charts.end(), is_template_of);
      std::string chart_name = chart == charts.end() ? std::string() : is_packed_chart ? path : path + "!" + *chart;
      std::string name = path + "!" + member.path;
      if (is_kustomization_name(member.path.substr(member.path.rfind('/') + 1)))
        kustomizations_.push_back({name, member.bytes});
      out_.files.push_back({.name = name,
                            .chart = std::move(chart_name),
                            .kustomization = {},
                            .explicitly = false,
                            .bytes = member.bytes});
    }
    for (const ArchiveNote& what : archive.notes)
      note(what.path.empty() ? path : path + "!" + what.path, what.what, what.is_error, what.path.empty());
    if (archive.members.empty() && archive.notes.empty())
      note(path, "this archive holds no *.yaml, *.yml or *.json", false, false, true);
  }

  // Where in a chart a directory is.
  struct ChartPlace {
    std::string of;  // the outermost chart's directory, or empty
    bool in_templates = false;
    bool is_library = false;
  };

  // The chart that a path inside a chart belongs to: scanning chart/templates must know that they are templates.
  static std::string chart_above(const std::string& path) {
    std::string real = real_path(path);
    size_t slash = real.rfind('/');
    if (slash == std::string::npos || real.substr(slash + 1) != "templates") return {};
    struct stat status{};
    std::string above = join(path, "..");
    return ::stat(join(above, "Chart.yaml").c_str(), &status) == 0 ? normal_path(above) : std::string();
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
    out_.files.push_back(
        {.name = name, .chart = chart, .kustomization = {}, .explicitly = explicitly, .bytes = nullptr});
  }

  // `inside` is the path below the root, "" for the root itself.
  void read_directory(const std::string& path, const std::string& inside, const ChartPlace& place, size_t depth,
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
    ChartPlace here = place;
    if (is_chart && here.of.empty()) {
      here = {.of = path, .in_templates = false, .is_library = holds_library_chart(path)};
      if (here.is_library) {
        note(path, std::string(kLibraryChart), false, false, true);
      } else {
        out_.charts.push_back(path);
      }
    }
    for (const std::string& name : names) take_entry(path, inside, name, here, is_chart, depth);
    rules_.resize(rules_before);
  }

  void read_ignore_file(const std::string& file, const std::string& inside) {
    auto text = read_file(file, kNotedFileBytesMax);
    auto status = text ? rules_.add(*text, inside, file) : base::Status(std::unexpected(text.error()));
    if (!status) note(file, status.error().text(), true);
  }

  void take_entry(const std::string& directory, const std::string& inside, const std::string& name,
                  const ChartPlace& place, bool is_chart, size_t depth) {
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
      ChartPlace next = place;
      if (is_chart) {
        next.in_templates = name == "templates";
        if (next.in_templates && place.is_library) return;
        // Only below charts/ is a chart part of another.
        if (!next.in_templates && name != "charts") next.of.clear();
        next.is_library = false;
      }
      read_directory(path, below, next, depth + 1, status);
      return;
    }
    if (!S_ISREG(status.st_mode)) return;
    if (is_kustomization_name(name)) kustomizations_.push_back({path, nullptr});
    if (is_manifest_path(name)) add_file(path, status, place.in_templates ? place.of : std::string(), false);
  }

  [[nodiscard]] bool is_inside_root(const std::string& target) const {
    return target == real_root_ ||
           (target.starts_with(real_root_) && (real_root_ == "/" || target[real_root_.size()] == '/'));
  }

  // Files that a kustomization uses as patches are parts of objects, not objects.
  void read_kustomizations() {
    if (kustomizations_.empty()) return;
    std::unordered_map<std::string, std::string> patches;  // path → the kustomization's directory
    for (const auto& [file, bytes] : kustomizations_) {
      auto text = bytes != nullptr ? base::Result<std::string>(*bytes) : read_file(file, kNotedFileBytesMax);
      if (!text) continue;  // said when the file itself is read
      size_t mark = bytes != nullptr ? file.rfind('!') : std::string::npos;
      std::string archive = mark == std::string::npos ? std::string() : file.substr(0, mark + 1);
      std::string inside = parent_of(std::string_view(file).substr(archive.size()));
      std::string directory = archive.empty() ? parent_of(file) : archive + inside;
      KustomizationParts parts = kustomization_parts(*text);
      Kustomization kustomization{directory, file, {}, parts.is_component};
      for (const std::string& patch : parts.patches) {
        std::string path = archive + normal_path(join(inside, patch));
        patches.emplace(path, directory);
        kustomization.uses.push_back(std::move(path));
      }
      for (const std::string& resource : parts.resources)
        kustomization.uses.push_back(archive + normal_path(join(inside, resource)));
      if (archive.empty()) out_.kustomizations.push_back(std::move(kustomization));
    }
    for (InputFile& file : out_.files) {
      if (auto found = patches.find(file.bytes != nullptr ? file.name : normal_path(file.name));
          found != patches.end() && !file.explicitly)
        file.kustomization = found->second;
    }
  }

  Walk out_;
  std::string root_, real_root_;
  IgnoreRules rules_;
  std::string ignored_;
  struct KustomizationFile {
    std::string name;
    std::shared_ptr<const std::string> bytes;  // in an archive
  };
  std::vector<KustomizationFile> kustomizations_;
  std::set<std::pair<dev_t, ino_t>> files_seen_, directories_seen_;
  bool input_seen_ = false;
  bool full_ = false;
};

}  // namespace

bool is_kustomization_name(std::string_view file_name) {
  return file_name == "kustomization.yaml" || file_name == "kustomization.yml" || file_name == "Kustomization";
}

KustomizationParts kustomization_parts(std::string_view text) {
  KustomizationParts parts;
  doc::YamlStream stream = parse_noted(text);
  for (const auto& document : stream.documents) {
    const doc::Node& root = document->root();
    parts.is_component = parts.is_component || root["kind"].str() == "Component";
    for (std::string_view field : {"patches", "patchesJson6902", "patchesStrategicMerge"}) {
      for (const doc::Node& patch : root[field].list()) {
        std::string_view name = patch.is_string() ? patch.str() : patch["path"].str();
        // An inline patch is a text of several lines, no name.
        if (name.empty() || name.find('\n') != std::string_view::npos ||
            parts.patches.size() == kKustomizationPatchesMax)
          continue;
        parts.patches.emplace_back(name);
      }
    }
    for (std::string_view field : {"resources", "bases", "components"}) {
      for (const doc::Node& resource : root[field].list()) {
        if (!resource.str().empty() && parts.resources.size() < kKustomizationResourcesMax)
          parts.resources.emplace_back(resource.str());
      }
    }
  }
  return parts;
}

base::Result<std::string> read_input(const InputFile& file) {
  if (file.bytes != nullptr) return *file.bytes;
  return read_file(file.name, kFileBytesMax);
}

Walk walk(const std::vector<std::string>& paths, const std::vector<std::string>& ignored) {
  return Walker().take(paths, ignored);
}

}  // namespace ameia::app
