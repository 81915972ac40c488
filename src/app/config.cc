#include "app/config.h"

#include <sys/stat.h>

#include <algorithm>

#include "app/files.h"
#include "app/json_text.h"
#include "app/limits.h"
#include "app/walk.h"
#include "doc/yaml.h"
#include "report/text.h"

namespace ameia::app {
namespace {

constexpr ConfigKey kKeys[] = {
    {"policies", "--policy"},   {"frameworks", "--framework"},
    {"severity", "--severity"}, {"failOn", "--fail-on"},
    {"outputs", "--output"},    {"baseline", "--baseline"},
    {"waivers", "--waivers"},   {"allowedRegistries", "--allow-registry"},
    {"ignore", "--ignore"},     {"language", "--lang"},
    {"render", "--render"},     {"requireCoverage", "--require-coverage"},
    {"jobs", "--jobs"},         {"noColor", "--no-color"},
    {"quiet", "--quiet"},
};

const Option& option_of(const ConfigKey& key) {
  const Command* scan = find_command("scan");
  return *std::find_if(scan->options.begin(), scan->options.end(), [&](const Option& o) { return o.name == key.flag; });
}

bool is_switch(const Option& option) {
  return option.value.empty();
}
bool is_number(const Option& option) {
  return option.value == "N";
}

std::string directory_of(const std::string& file) {
  size_t slash = file.rfind('/');
  return slash == std::string::npos ? "" : file.substr(0, slash + 1);
}

// The option that starts helm and kubectl: a stranger's tree must not switch it on.
constexpr std::string_view kRunsPrograms = "--render";

class ConfigParser {
 public:
  ConfigParser(const std::string& file, bool was_found) : directory_(directory_of(file)), was_found_(was_found) {
    out_.config.file = file;
  }

  ConfigResult parse(std::string text) {
    source_ = std::make_shared<doc::Source>(out_.config.file, std::move(text));
    doc::Limits limits;
    limits.depth_max = kYamlDepthMax;
    limits.alias_nodes_max = kAliasNodesMax;
    doc::YamlStream stream = doc::parse_yaml(source_, std::make_shared<doc::Keys>(), limits);
    out_.errors = std::move(stream.errors);
    if (stream.documents.size() > 1)
      out_.errors.push_back({base::Code::kInvalidInput, "a configuration is one document", out_.config.file});
    if (stream.documents.empty() || !out_.errors.empty()) return std::move(out_);
    const doc::Document& document = *stream.documents.front();
    for (const doc::DuplicateKey& twice : document.duplicates())
      fail("the key is written twice", source_->where(twice.second_begin));
    const doc::Node& root = document.root();
    if (root.is_null()) return std::move(out_);  // nothing but comments
    if (!root.is_map()) fail("a configuration is a map of keys", source_->where(root.begin));
    for (const doc::Member& member : root.map()) take(member);
    return std::move(out_);
  }

 private:
  void fail(std::string what, std::string where) {
    out_.errors.push_back({base::Code::kInvalidInput, std::move(what), std::move(where)});
  }

  void take(const doc::Member& member) {
    std::string_view name = member.key->view();
    std::string where = source_->where(member.value.begin);
    const auto* key =
        std::find_if(std::begin(kKeys), std::end(kKeys), [&](const ConfigKey& k) { return k.name == name; });
    if (key == std::end(kKeys)) {
      std::vector<std::string_view> known;
      for (const ConfigKey& k : kKeys) known.push_back(k.name);
      std::string what = "unknown key \"" + report::clean(name) + "\"";
      if (std::string_view near = nearest(name, known); !near.empty())
        what.append("; did you mean ").append(near).append("?");
      return fail(std::move(what), source_->where(member.key_begin));
    }
    const Option& option = option_of(*key);
    ConfigValue value{key, {}, where};
    size_t errors_before = out_.errors.size();
    if (option.repeats) {
      if (!member.value.is_list()) return fail(std::string(name) + " wants a list", where);
      for (const doc::Node& item : member.value.list()) take_scalar(*key, option, item, value);
    } else {
      take_scalar(*key, option, member.value, value);
    }
    if (out_.errors.size() == errors_before) out_.config.values.push_back(std::move(value));
  }

  void take_scalar(const ConfigKey& key, const Option& option, const doc::Node& node, ConfigValue& out) {
    std::string where = source_->where(node.begin), name(key.name);
    if (is_switch(option)) {
      if (!node.is_bool()) return fail(name + " wants true or false", where);
      if (option.name == kRunsPrograms && node.boolean && was_found_) {
        return fail(name +
                        " runs programs over the tree, which this file, found and not named, may not ask for; write " +
                        std::string(option.name) + ", or name the file with --config",
                    where);
      }
      out.values.emplace_back(node.boolean ? "true" : "false");
      return;
    }
    if (is_number(option)) {
      if (!node.is_int()) return fail(name + " wants a number", where);
      out.values.push_back(std::to_string(node.integer));
      return;
    }
    if (!node.is_string() || node.str().empty()) return fail(name + " wants a text", where);
    std::string text(node.str());
    if (auto fits = check_choice(option, text); !fits) {
      std::string what = fits.error().what;
      return fail(name + what.substr(std::min(what.size(), option.name.size())), where);
    }
    if (option.is_file) {
      auto path = local_path(option, text);
      if (!path) return fail(path.error().what, where);
      text = *path;
    }
    out.values.push_back(std::move(text));
  }

  // FILE, or the FILE of FORMAT=FILE, seen from the current directory.
  base::Result<std::string> local_path(const Option& option, const std::string& text) const {
    size_t equals = option.choices.empty() ? 0 : text.find('=');
    if (equals == std::string::npos) return text;
    std::string format = option.choices.empty() ? std::string() : text.substr(0, equals + 1);
    std::string file = text.substr(format.size());
    if (file == "-") return text;
    bool leaves = file.starts_with('/') || normal_path(file).starts_with("..");
    if (!format.empty() && leaves && was_found_) {
      return base::fail(base::Code::kInvalidInput,
                        "outputs: \"" + report::clean(file) +
                            "\" leaves the directory of this file, which was found, not named; name it with --config");
    }
    return format + (file.starts_with('/') ? file : directory_ + file);
  }

  std::string directory_;
  bool was_found_;
  std::shared_ptr<const doc::Source> source_;
  ConfigResult out_;
};

}  // namespace

std::span<const ConfigKey> config_keys() {
  return kKeys;
}

ConfigResult parse_config(const std::string& file, std::string text, bool was_found) {
  return ConfigParser(file, was_found).parse(std::move(text));
}

base::Result<Config> read_config(const std::string& file, bool was_found) {
  ConfigResult result = parse_config(file, TRY(read_file(file, kNotedFileBytesMax)), was_found);
  if (!result.errors.empty()) return std::unexpected(result.errors.front());
  return std::move(result.config);
}

std::string find_config(const std::string& path) {
  struct stat status{};
  bool is_directory = path == "-" || (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode));
  std::string directory = path == "-" ? "." : is_directory ? path : directory_of(path);
  if (directory.empty()) directory = ".";
  if (!directory.ends_with('/')) directory += '/';
  // "./../../ameia.yaml": every step up is one more "..", until the root is its own parent.
  for (size_t depth = 0; depth <= kDirectoryDepthMax; ++depth) {
    std::string file = directory + std::string(kConfigName);
    if (::stat(file.c_str(), &status) == 0 && S_ISREG(status.st_mode)) {
      // The short name, unless a symbolic link on the way makes it another file.
      struct stat same{};
      std::string tidy = normal_path(file);
      bool is_same = ::stat(tidy.c_str(), &same) == 0 && same.st_dev == status.st_dev && same.st_ino == status.st_ino;
      return is_same ? tidy : file;
    }
    struct stat here{}, above{};
    if (::stat(directory.c_str(), &here) != 0 || ::stat((directory + "../").c_str(), &above) != 0 ||
        (here.st_dev == above.st_dev && here.st_ino == above.st_ino))
      break;
    directory += "../";
  }
  return {};
}

Words with_config(Words words, const Config& config) {
  for (const ConfigValue& value : config.values) {
    const Option& option = option_of(*value.key);
    if (words.has(option.name)) continue;
    for (const std::string& text : value.values) {
      if (!is_switch(option)) words.add(option, text);
      if (is_switch(option) && text == "true") words.add(option, {});
    }
  }
  return words;
}

std::string config_schema() {
  std::string out =
      "{\n  \"$schema\": \"http://json-schema.org/draft-07/schema#\",\n  \"title\": \"ameia.yaml\",\n"
      "  \"description\": \"Configuration of ameia scan. An option on the command line wins.\",\n"
      "  \"type\": \"object\",\n  \"additionalProperties\": false,\n  \"properties\": {";
  bool first = true;
  for (const ConfigKey& key : kKeys) {
    const Option& option = option_of(key);
    std::string help = std::string(option.help) + " (" + std::string(option.name) + ")", value;
    if (is_switch(option)) {
      value = "\"type\": \"boolean\"";
    } else if (is_number(option)) {
      value = "\"type\": \"integer\", \"minimum\": 1, \"maximum\": " + std::to_string(kJobsMax);
    } else if (!option.choices.empty() && option.value.find('=') != std::string_view::npos) {
      value = "\"type\": \"string\", \"pattern\": \"^(" + std::string(option.choices) + ")(=.+)?$\"";
    } else if (!option.choices.empty()) {
      value = "\"type\": \"string\", \"enum\": [";
      std::string_view rest = option.choices;
      for (bool next = true; next;) {
        std::string_view choice = rest.substr(0, rest.find('|'));
        next = choice.size() < rest.size();
        value += quoted(choice) + (next ? ", " : "]");
        if (next) rest.remove_prefix(choice.size() + 1);
      }
    } else {
      value = R"("type": "string", "minLength": 1)";
    }
    if (option.repeats) value = "\"type\": \"array\", \"items\": {" + value + "}";
    out += (first ? "\n" : ",\n") + ("    " + quoted(key.name)) + ": {\"description\": " + quoted(help) + ", " + value +
           "}";
    first = false;
  }
  return out + "\n  }\n}\n";
}

}  // namespace ameia::app
