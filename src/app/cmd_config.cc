// ameia config: is the configuration right, what does it amount to, and how do editors know it.
#include "app/cmd.h"
#include "app/config.h"
#include "app/exit.h"
#include "app/files.h"
#include "app/limits.h"
#include "doc/json.h"
#include "report/text.h"

namespace ameia::app {
namespace {

base::Result<int> run_validate(std::string file, Console& console) {
  if (file.empty()) file = find_config(".");
  if (file.empty())
    return base::fail(base::Code::kNotFound, "there is no " + std::string(kConfigName) + " here or above");
  ConfigResult result = parse_config(file, TRY(read_file(file, kNotedFileBytesMax)), false);
  for (const base::Error& error : result.errors) console.error(error);
  if (!result.errors.empty()) return static_cast<int>(kInput);
  console.out(report::clean(file) + ": valid\n");
  return static_cast<int>(kOk);
}

// As YAML, so that it can be copied: value, then where it comes from.
base::Result<int> run_show(const Words& words, Console& console) {
  ConfigChoice choice = config_choice(words);
  Config config;
  if (!choice.file.empty()) config = TRY(read_config(choice.file, choice.was_found));
  console.out("# " + (choice.file.empty() ? "no " + std::string(kConfigName) : report::clean(choice.file)) + "\n");
  for (const ConfigKey& key : config_keys()) {
    std::vector<std::string> values = words.all(key.flag);
    std::string where = words.has(key.flag) ? std::string(key.flag) : "default";
    bool is_list = false, is_switch = false, is_number = false;
    for (const Option& option : find_command("scan")->options) {
      if (option.name != key.flag) continue;
      is_list = option.repeats;
      is_switch = option.value.empty();
      is_number = option.value == "N";
    }
    if (where == "default") {
      for (const ConfigValue& value : config.values) {
        if (value.key->name != key.name) continue;
        values = value.values;
        where = value.where;
      }
    } else if (is_switch) {
      values = {"true"};
    }
    if (values.empty() && is_switch) values = {"false"};
    std::string text = is_list ? "[" : "";
    for (size_t i = 0; i < values.size(); ++i) {
      if (i != 0) text += ", ";
      if (is_switch || is_number) {
        text += values[i];
      } else {
        doc::append_json_string(text, values[i]);
      }
    }
    if (is_list) text += "]";
    bool unset = values.empty() && !is_list;
    console.out((unset ? "# " : "") + std::string(key.name) + ":" + (text.empty() ? "" : " " + text) + "  # " +
                report::clean(where) + "\n");
  }
  return static_cast<int>(kOk);
}

}  // namespace

ConfigChoice config_choice(const Words& words) {
  if (words.has("--no-config")) return {};
  if (words.has("--config")) return {words.get("--config"), false};
  return {find_config(words.operands().empty() ? "." : words.operands().front()), true};
}

base::Result<Action> parse_config_validate(const Words& words) {
  TRY_STATUS(check_operands(words, 0, 1, "one file"));
  return Action([file = words.operands().empty() ? std::string() : words.operands().front()](Console& console) {
    return finish(run_validate(file, console), console);
  });
}

base::Result<Action> parse_config_show(const Words& words) {
  return Action([words](Console& console) { return finish(run_show(words, console), console); });
}

base::Result<Action> parse_config_schema(const Words& words) {
  TRY_STATUS(check_operands(words, 0, 0, ""));
  return Action([](Console& console) {
    console.out(config_schema());
    return static_cast<int>(kOk);
  });
}

}  // namespace ameia::app
