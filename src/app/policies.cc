#include "app/policies.h"

#include <algorithm>
#include <set>

#include "app/command.h"
#include "app/load.h"
#include "app/walk.h"
#include "doc/json.h"
#include "doc/yaml.h"
#include "policy/builtin.h"
#include "report/text.h"

namespace ameia::app {
namespace {

// "cis-1.12:5.2.2" → "cis-1.12"; "pss:baseline" → "pss-baseline", because its parts are frameworks of their own.
std::string framework_of(std::string_view tag) {
  size_t colon = tag.find(':');
  std::string_view family = tag.substr(0, colon);
  if (family == "pss" && colon != std::string_view::npos) return "pss-" + std::string(tag.substr(colon + 1));
  if (family == "nsa") return "nsa-cisa";
  return std::string(family);
}

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

bool belongs_to(const report::Rule& rule, std::string_view framework) {
  return std::any_of(rule.tags.begin(), rule.tags.end(), [&](const std::string& tag) {
    std::string name = framework_of(tag);
    return name == framework || (framework == "pss-restricted" && name == "pss-baseline");
  });
}

std::vector<std::string> frameworks_of(const std::vector<report::Rule>& rules) {
  std::set<std::string> names;
  for (const report::Rule& rule : rules) {
    for (const std::string& tag : rule.tags) {
      if (tag.find(':') != std::string::npos) names.insert(framework_of(tag));
    }
  }
  return {names.begin(), names.end()};
}

base::Result<policy::LoadResult> compile_policies(const std::vector<std::string>& paths) {
  policy::PolicySetBuilder builder;
  TRY_STATUS(add_user(builder, paths));
  return builder.build();
}

base::Result<std::shared_ptr<const policy::PolicySet>> load_policies(const PolicyChoice& choice, Console& console) {
  policy::PolicySetBuilder builder;
  std::vector<report::Rule> seen;  // every built-in rule, also those not wanted
  if (choice.built_in) TRY_STATUS(add_built_in(builder));
  TRY_STATUS(add_user(builder, choice.paths));
  TRY_STATUS(add_registries(builder, choice.allowed_registries));
  builder.keep([&](const report::Rule& rule) {
    seen.push_back(rule);
    bool wanted = choice.frameworks.empty() || std::any_of(choice.frameworks.begin(), choice.frameworks.end(),
                                                           [&](const std::string& f) { return belongs_to(rule, f); });
    return wanted && (!choice.least || rule.severity >= *choice.least);
  });
  policy::LoadResult loaded = builder.build();
  std::vector<std::string> known = frameworks_of(seen);
  for (const std::string& framework : choice.frameworks) {
    if (std::find(known.begin(), known.end(), framework) != known.end()) continue;
    std::string what = "--framework: no check belongs to \"" + report::clean(framework) + "\"; there are ";
    for (size_t i = 0; i < known.size(); ++i) what.append(i == 0 ? "" : ", ").append(known[i]);
    return std::unexpected(usage_error(std::move(what)));
  }
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
