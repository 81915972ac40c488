#include "app/render.h"

#include <algorithm>
#include <map>
#include <set>

#include "app/child.h"
#include "app/limits.h"
#include "report/text.h"

namespace ameia::app {
namespace {

// A directory that looks like an option is no option.
std::string operand(const std::string& path) {
  return path.starts_with('-') ? "./" + path : path;
}

// What a tool says about its failure. Errors nest: the beginning says where, the end says why.
std::string first_and_last_words(const std::string& err) {
  constexpr size_t kShown = 300;
  auto shown = [](std::string_view part) {
    std::string text = report::clean(part);
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return text;
  };
  if (err.size() > 2 * kShown)
    return shown(std::string_view(err).substr(0, kShown)) + " … " +
           shown(std::string_view(err).substr(err.size() - kShown));
  std::string text = shown(err);
  return text.empty() ? "it says nothing" : text;
}

class Renderer {
 public:
  explicit Renderer(Walk& walk) : walk_(walk) {}

  void run() {
    for (const std::string& chart : walk_.charts) {
      if (!render_one("helm", {"template", operand(chart)}, chart)) continue;
      gone_charts_.insert(chart);
    }
    for (const Kustomization* root : roots()) {
      if (render_one("kubectl", {"kustomize", operand(root->directory)}, root->directory)) consume(*root);
    }
    std::erase_if(walk_.files, [&](const InputFile& file) {
      return (!file.chart.empty() && gone_charts_.contains(file.chart)) || gone_files_.contains(normal_path(file.name));
    });
    walk_.files.insert(walk_.files.end(), std::make_move_iterator(rendered_.begin()),
                       std::make_move_iterator(rendered_.end()));
  }

 private:
  // Kustomizations that no other one is built from. Their order is the walk's.
  std::vector<const Kustomization*> roots() {
    std::set<std::string> used;
    for (const Kustomization& k : walk_.kustomizations) {
      by_directory_.emplace(normal_path(k.directory), &k);
      used.insert(k.uses.begin(), k.uses.end());
    }
    std::vector<const Kustomization*> out;
    for (const Kustomization& k : walk_.kustomizations) {
      if (!k.is_component && !used.contains(normal_path(k.directory))) out.push_back(&k);
    }
    return out;
  }

  void consume(const Kustomization& kustomization) {
    if (!gone_files_.insert(normal_path(kustomization.file)).second) return;
    for (const std::string& path : kustomization.uses) {
      auto base = by_directory_.find(path);
      if (base != by_directory_.end()) {
        consume(*base->second);
      } else {
        gone_files_.insert(path);
      }
    }
  }

  bool render_one(const std::string& tool, std::vector<std::string> words, const std::string& directory) {
    std::string command = tool;
    for (const std::string& word : words) command += " " + word;
    std::string program = find_program(tool);
    if (program.empty())
      return note(directory, tool + " is not on the PATH; elsewhere: " + command + " | ameia scan -", false);
    if (++renders_ > kRendersMax)
      return note(directory, "more than " + std::to_string(kRendersMax) + " charts and kustomizations; run: " + command,
                  false);
    words.insert(words.begin(), program);
    auto output = run_child(words, {kRenderBytesMax, kRenderMessageBytesMax, kRenderSecondsMax});
    if (!output) return note(directory, command + ": " + output.error().what, true);
    if (output->exit_code != 0)
      return note(directory,
                  command + " failed with exit code " + std::to_string(output->exit_code) + ": " +
                      first_and_last_words(output->err),
                  true);
    rendered_.push_back({.name = directory + "!rendered.yaml",
                         .chart = {},
                         .kustomization = {},
                         .explicitly = false,
                         .bytes = std::make_shared<const std::string>(std::move(output->out))});
    return true;
  }

  bool note(const std::string& name, std::string what, bool is_error) {
    walk_.notes.push_back({name, std::move(what), is_error, false, false});
    return false;
  }

  Walk& walk_;
  std::map<std::string, const Kustomization*> by_directory_;
  std::set<std::string> gone_charts_, gone_files_;
  std::vector<InputFile> rendered_;
  size_t renders_ = 0;
};

}  // namespace

void render(Walk& walk) {
  Renderer(walk).run();
}

}  // namespace ameia::app
