#include <algorithm>

#include "doc/build.h"
#include "doc/json.h"
#include "doc/patch.h"
#include "doc/yaml.h"
#include "policy/fix.h"
#include "policy/limits.h"

namespace ameia::policy {
namespace {

using doc::Node;

std::unexpected<base::Error> invalid(std::string what) {
  return base::fail(base::Code::kInvalidInput, std::move(what));
}

base::Status only_fields(const Node& map, std::initializer_list<std::string_view> known, const std::string& of) {
  if (!map.is_map()) return invalid(of + " must be a map");
  for (const doc::Member& member : map.map()) {
    if (std::find(known.begin(), known.end(), member.key->view()) == known.end())
      return invalid(of + " has an unknown field \"" + std::string(member.key->view()) + "\"");
  }
  return {};
}

base::Result<FixPath> path_of(const Node& node, const std::string& of) {
  if (!node.is_string()) return invalid(of + " must be a JSON Pointer");
  auto path = doc::parse_pointer(node.str());
  if (!path) return invalid(of + ": " + path.error().what);
  if (path->size() > kFixPathMax) return invalid(of + " has more than " + std::to_string(kFixPathMax) + " steps");
  return path;
}

base::Result<FixStep> parse_step(const Node& node, doc::Builder& build, const std::string& of) {
  std::string_view op = node["op"].str();
  FixStep step;
  const Node* value = node.find("value");
  if (op == "remove") {
    TRY_STATUS(only_fields(node, {"op", "path"}, of));
    step.op = FixStep::Op::kRemove;
  } else if (op == "set" || op == "append") {
    TRY_STATUS(only_fields(node, {"op", "path", "value"}, of));
    step.op = op == "set" ? FixStep::Op::kSet : FixStep::Op::kAppend;
    if (value == nullptr) return invalid(of + " needs a value");
    step.value = build.copy(*value);
  } else if (op == "prefix") {
    TRY_STATUS(only_fields(node, {"op", "path", "from", "value"}, of));
    step.op = FixStep::Op::kPrefix;
    step.from = node["from"].str();
    step.text = node["value"].str();
    if (step.from.empty() || step.text.empty()) return invalid(of + " needs the texts from and value");
  } else if (op == "flag") {
    TRY_STATUS(only_fields(node, {"op", "path", "program", "value"}, of));
    step.op = FixStep::Op::kFlag;
    step.program = node["program"].str();
    step.text = node["value"].str();
    if (step.program.empty() || !step.text.starts_with("--") || step.text.find('=') == std::string::npos)
      return invalid(of + " needs a program, and a value --name=value");
  } else {
    return invalid(of + ".op must be set, remove, append, prefix or flag");
  }
  step.path = TRY(path_of(node["path"], of + ".path"));
  return step;
}

base::Result<Fix> parse_fix(const Node& node, doc::Builder& build, const std::string& of) {
  TRY_STATUS(only_fields(node, {"in", "for", "when", "unless", "safe", "decision", "patch"}, of));
  Fix fix;
  constexpr std::pair<std::string_view, Fix::In> kBases[] = {{"field", Fix::In::kField},
                                                             {"element", Fix::In::kElement},
                                                             {"container", Fix::In::kContainer},
                                                             {"pod", Fix::In::kPod},
                                                             {"object", Fix::In::kObject}};
  const auto* base = std::find_if(std::begin(kBases), std::end(kBases),
                                  [&](const auto& known) { return known.first == node["in"].str(); });
  if (base == std::end(kBases)) return invalid(of + ".in must be field, element, container, pod or object");
  fix.in = base->second;
  if (node.find("for") != nullptr) fix.place_end = TRY(path_of(node["for"], of + ".for"));
  for (const doc::Member& member : node["when"].map()) {
    auto path = doc::parse_pointer(member.key->view());
    if (!path) return invalid(of + ".when: " + path.error().what);
    fix.when.emplace_back(std::move(*path), build.copy(member.value));
  }
  for (const Node& item : node["unless"].list()) fix.unless.push_back(TRY(path_of(item, of + ".unless")));
  fix.decision = node["decision"].str();
  bool safe = node["safe"].boolean_or(false);
  if (safe == !fix.decision.empty()) return invalid(of + " needs either safe: true or a decision");
  if (node["patch"].list().empty() || node["patch"].size > kFixStepsMax)
    return invalid(of + ".patch must have 1 to " + std::to_string(kFixStepsMax) + " steps");
  size_t i = 0;
  for (const Node& step : node["patch"].list()) {
    fix.steps.push_back(TRY(parse_step(step, build, of + ".patch[" + std::to_string(i++) + "]")));
  }
  return fix;
}

std::string dotted(const FixPath& path) {
  std::string out;
  for (const std::string& token : path) out += (out.empty() ? "" : ".") + token;
  return out;
}

}  // namespace

base::Result<FixList> parse_fixes(std::string_view text) {
  doc::YamlStream stream =
      doc::parse_yaml(std::make_shared<doc::Source>("fix", std::string(text)), std::make_shared<doc::Keys>());
  if (!stream.errors.empty()) return std::unexpected(stream.errors.front());
  if (stream.documents.size() != 1) return invalid("one YAML document is expected");
  const Node& root = stream.documents[0]->root();
  FixList list;
  list.arena = std::make_shared<base::Arena>();
  doc::Builder build(*list.arena);
  if (root.is_map()) {
    list.fixes.push_back(TRY(parse_fix(root, build, "fix")));
    return list;
  }
  if (root.list().empty() || root.size > kFixesMax)
    return invalid("a fix is a map, or a list of 1 to " + std::to_string(kFixesMax) + " maps");
  for (uint32_t i = 0; i < root.size; ++i) {
    list.fixes.push_back(TRY(parse_fix(root.items[i], build, "fix[" + std::to_string(i) + "]")));
  }
  return list;
}

std::string Fix::describe() const {
  std::string out;
  for (const FixStep& step : steps) {
    std::string path = dotted(step.path);
    if (!out.empty()) out += ", ";
    switch (step.op) {
      case FixStep::Op::kSet: out += (path.empty() ? "set to" : path + ":") + " " + doc::to_json(step.value); break;
      case FixStep::Op::kRemove: out += (path.empty() ? "" : path + " ") + "removed"; break;
      case FixStep::Op::kAppend: out += doc::to_json(step.value) + " added to " + path; break;
      case FixStep::Op::kPrefix: out += (path.empty() ? "" : path + ": ") + step.from + "… → " + step.text + "…"; break;
      case FixStep::Op::kFlag: out += step.text; break;
    }
  }
  return out;
}

bool moves_elements(const Fix& fix) {
  return std::any_of(fix.steps.begin(), fix.steps.end(), [&](const FixStep& step) {
    bool whole_element = step.path.empty() && (fix.in == Fix::In::kElement || fix.in == Fix::In::kField);
    return step.op == FixStep::Op::kRemove && whole_element;
  });
}

}  // namespace ameia::policy
