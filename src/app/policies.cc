#include "app/policies.h"

#include <algorithm>

#include "app/command.h"
#include "app/files.h"
#include "app/limits.h"
#include "app/load.h"
#include "app/walk.h"
#include "doc/json.h"
#include "doc/yaml.h"
#include "policy/builtin.h"
#include "report/text.h"

namespace ameia::app {
namespace {

base::Status add_built_in(policy::PolicySetBuilder& builder) {
  for (const policy::BuiltinFile& file : policy::builtin_files()) {
    auto source = std::make_shared<doc::Source>(std::string(file.name), std::string(file.text));
    doc::YamlStream stream = doc::parse_yaml(source, std::make_shared<doc::Keys>());
    if (!stream.errors.empty())
      return base::fail(base::Code::kInternal, stream.errors.front().what, stream.errors.front().where);
    for (auto& document : stream.documents) builder.add(document, policy::Origin::kBuiltIn);
  }
  return {};
}

// The ConfigMap that AM-IMG-003 asks, as a user would write it.
base::Status add_registries(policy::PolicySetBuilder& builder, const std::vector<std::string>& registries) {
  if (registries.empty()) return {};
  std::string lines, text;
  for (const std::string& registry : registries) {
    if (registry.find_first_of(" \t\r\n") != std::string::npos)
      return std::unexpected(usage_error("--allow-registry: \"" + report::clean(registry) + "\" holds a blank"));
    lines += registry + "\n";
  }
  doc::append_json_string(text, lines);
  auto source = std::make_shared<doc::Source>(
      "--allow-registry",
      "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"ameia-allowed-registries\",\"namespace\":"
      "\"ameia-system\"},\"data\":{\"registries\":" +
          text + "}}");
  builder.add(TRY(doc::parse_json(source, std::make_shared<doc::Keys>())), policy::Origin::kUser);
  return {};
}

base::Status add_user(policy::PolicySetBuilder& builder, const std::vector<std::string>& paths) {
  Walk found = walk(paths);
  for (const WalkNote& note : found.notes) {
    if (note.is_error) return base::fail(base::Code::kInvalidInput, note.what, note.name);
  }
  for (const InputFile& file : found.files) {
    for (auto& document : TRY(load_documents(file.name))) builder.add(document, policy::Origin::kUser);
  }
  return {};
}

}  // namespace

base::Result<report::Framework> load_framework(const std::string& name_or_path) {
  size_t hash = name_or_path.find('#');
  std::string path = name_or_path.substr(0, hash);
  if (path.find('/') != std::string::npos || path.ends_with(".yaml") || path.ends_with(".yml")) {
    auto source = std::make_shared<const doc::Source>(path, TRY(read_file(path, kNotedFileBytesMax)));
    report::Framework framework = TRY(report::Framework::parse(source));
    if (hash == std::string::npos) return framework;
    std::string variant = name_or_path.substr(hash + 1);
    if (auto found = framework.named(variant)) return std::move(*found);
    return std::unexpected(usage_error("--framework: " + path + " has no variant \"" + report::clean(variant) + "\""));
  }
  if (auto framework = report::find_framework(name_or_path)) return std::move(*framework);
  std::vector<std::string> names = report::framework_names();
  std::string what = "--framework: there is no \"" + report::clean(name_or_path) + "\"";
  std::vector<std::string_view> known(names.begin(), names.end());
  std::string_view near = nearest(name_or_path, known);
  if (!near.empty()) what += "; did you mean " + std::string(near) + "?";
  what += "; there are ";
  for (size_t i = 0; i < names.size(); ++i) what.append(i == 0 ? "" : ", ").append(names[i]);
  return std::unexpected(usage_error(what + ", or a file of your own"));
}

base::Result<policy::LoadResult> compile_policies(const std::vector<std::string>& paths) {
  policy::PolicySetBuilder builder;
  TRY_STATUS(add_user(builder, paths));
  return builder.build();
}

base::Result<std::shared_ptr<const policy::PolicySet>> load_policies(const PolicyChoice& choice, Console& console) {
  policy::PolicySetBuilder builder;
  if (choice.built_in) TRY_STATUS(add_built_in(builder));
  TRY_STATUS(add_user(builder, choice.paths));
  TRY_STATUS(add_registries(builder, choice.allowed_registries));
  builder.keep([&](const report::Rule& rule) {
    bool wanted = choice.frameworks.empty() || std::any_of(choice.frameworks.begin(), choice.frameworks.end(),
                                                           [&](const auto& f) { return f.wants(rule); });
    return wanted && (!choice.least || rule.severity >= *choice.least);
  });
  policy::LoadResult loaded = builder.build();
  for (const policy::Diagnostic& diagnostic : loaded.diagnostics) {
    console.err(policy::to_string(diagnostic) + "\n");
  }
  if (loaded.errors != 0) {
    bool ours = choice.paths.empty();
    return base::fail(ours ? base::Code::kInternal : base::Code::kInvalidInput,
                      report::count(loaded.errors, "error", "errors") + " in " +
                          (ours ? "the built-in checks" : "the policies; nothing was judged"));
  }
  if (loaded.set->mutates()) {
    console.err(
        "warning: the MutatingAdmissionPolicies among the policies are not applied: objects are judged as they are "
        "written; ameia policy eval applies them\n");
  }
  return loaded.set;
}

}  // namespace ameia::app
