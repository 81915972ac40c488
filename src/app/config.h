// ameia.yaml: what the options of `ameia scan` would say on every run, kept beside the manifests. Each key stands for
// an option (one table, in config.cc; the option's own help, choices and kind count), an option on the command line
// wins, and paths are relative to the file's directory. The schema for editors is printed from the same table.
// Neighbours: app/command.h, app/cmd_scan.cc, app/cmd_config.cc.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/command.h"
#include "base/result.h"

namespace ameia::app {

struct ConfigKey {
  std::string_view name;  // "failOn"
  std::string_view flag;  // "--fail-on"
};
std::span<const ConfigKey> config_keys();

struct ConfigValue {
  const ConfigKey* key = nullptr;
  std::vector<std::string> values;  // "true" or "false" of a switch
  std::string where;                // "ameia.yaml:3:9"
};

struct Config {
  std::string file;
  std::vector<ConfigValue> values;  // in the order of the file
};

inline constexpr std::string_view kConfigName = "ameia.yaml";

// Every error of a text, with its place. `file` is its name; its directory is what paths are relative to. Of a file
// that was found, not named, outputs must stay below its directory: a scanned tree may belong to a stranger.
struct ConfigResult {
  Config config;
  std::vector<base::Error> errors;
};
ConfigResult parse_config(const std::string& file, std::string text, bool was_found);
// Fails when the file cannot be read, or with its first error.
base::Result<Config> read_config(const std::string& file, bool was_found);
// ameia.yaml in the directory of `path` ("-": the current one) or the nearest above; empty when there is none.
std::string find_config(const std::string& path);

// What `words` say, and for options that they do not give what the configuration says.
Words with_config(Words words, const Config& config);

// JSON Schema (draft-07) of the file.
std::string config_schema();

}  // namespace ameia::app
