// ameia policy lint | eval | pss.
#include <algorithm>

#include "app/cmd.h"
#include "app/exit.h"
#include "app/load.h"
#include "app/policies.h"
#include "doc/build.h"
#include "doc/json.h"
#include "doc/patch.h"
#include "doc/yaml.h"
#include "kube/admission.h"
#include "kube/object.h"
#include "kube/pod.h"
#include "policy/object_store.h"
#include "policy/policy.h"
#include "policy/pss.h"
#include "policy/structure.h"
#include "report/text.h"
#include "report/unified_diff.h"

namespace ameia::app {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  doc::append_json_string(out, text);
  return out;
}

std::string name_of(const kube::ObjectView& object) {
  return report::resource_name({std::string(object.api_version()),
                                std::string(object.kind()),
                                std::string(object.ns()),
                                std::string(object.name().empty() ? object.generate_name() : object.name()),
                                {}});
}

// lint

base::Result<int> run_lint(const std::vector<std::string>& paths, bool json, Console& console) {
  policy::LoadResult loaded = TRY(compile_policies(paths));
  if (json) {
    console.out("{\"errors\":" + std::to_string(loaded.errors) + ",\"warnings\":" + std::to_string(loaded.warnings) +
                ",\"diagnostics\":[");
    bool first = true;
    for (const policy::Diagnostic& d : loaded.diagnostics) {
      console.out(std::string(first ? "\n" : ",\n") +
                  "{\"level\":" + (d.level == policy::Diagnostic::Level::kError ? "\"error\"" : "\"warning\"") +
                  ",\"file\":" + quoted(d.file) + ",\"line\":" + std::to_string(d.line) +
                  ",\"column\":" + std::to_string(d.column) + ",\"object\":" + quoted(d.object) +
                  ",\"field\":" + quoted(d.field) + ",\"message\":" + quoted(d.message) + "}");
      first = false;
    }
    console.out("]}\n");
  } else {
    for (const policy::Diagnostic& diagnostic : loaded.diagnostics) console.out(policy::to_string(diagnostic) + "\n");
    size_t told = loaded.diagnostics.size();
    if (loaded.errors + loaded.warnings > told)
      console.out("and " + std::to_string(loaded.errors + loaded.warnings - told) + " more\n");
    console.out(report::count(loaded.set->policies(), "policy", "policies") + ", " +
                report::count(loaded.set->bindings(), "binding", "bindings") + ": " +
                report::count(loaded.errors, "error", "errors") + ", " +
                report::count(loaded.warnings, "warning", "warnings") + "\n");
  }
  if (loaded.set->policies() + loaded.set->bindings() == 0 && loaded.errors == 0) {
    return base::fail(base::Code::kInvalidInput, "no policy and no binding was found");
  }
  return static_cast<int>(loaded.errors == 0 ? kOk : kInput);
}

// eval

struct EvalOptions {
  std::vector<std::string> policies, resources, old, groups;
  std::string user;
  bool trace = false, json = false;
};

std::string_view to_word(policy::Evaluation evaluation) {
  return evaluation == policy::Evaluation::kAdmit  ? "admit"
         : evaluation == policy::Evaluation::kDeny ? "deny"
                                                   : "error";
}

void print_traced_json(const policy::TracedPolicy& traced, Console& console) {
  console.out("{\"policy\":" + quoted(traced.policy) + ",\"binding\":" + quoted(traced.binding) +
              ",\"param\":" + quoted(traced.param) + ",\"matched\":" + (traced.matched ? "true" : "false") +
              ",\"why_not\":" + quoted(traced.why_not) + ",\"decisions\":[");
  bool first = true;
  for (const policy::Decision& decision : traced.decisions) {
    console.out(std::string(first ? "" : ",") + "{\"evaluation\":" + quoted(to_word(decision.evaluation)) +
                ",\"action\":" + (decision.action == policy::Action::kDeny ? "\"deny\"" : "\"admit\"") +
                ",\"message\":" + quoted(decision.message) + ",\"reason\":" + quoted(decision.reason) +
                ",\"validation\":" + std::to_string(decision.expression_index) + "}");
    first = false;
  }
  console.out("],\"expressions\":[");
  first = true;
  for (const policy::TracedExpression& e : traced.expressions) {
    console.out(std::string(first ? "" : ",") + "{\"role\":" + quoted(e.role) + ",\"name\":" + quoted(e.name) +
                ",\"expression\":" + quoted(e.expression) + (e.is_error ? ",\"error\":" : ",\"value\":") +
                quoted(e.value) + ",\"cost\":" + std::to_string(e.cost));
    if (!e.steps.empty()) {
      console.out(",\"steps\":[");
      for (size_t i = 0; i < e.steps.size(); ++i) {
        const policy::TracedStep& step = e.steps[i];
        console.out(std::string(i == 0 ? "" : ",") + "{\"expression\":" + quoted(step.source) +
                    ",\"value\":" + quoted(step.value) + ",\"bindings\":" + quoted(step.bindings) +
                    ",\"decisive\":" + (step.decisive ? "true" : "false") + "}");
      }
      console.out("]");
    }
    console.out("}");
    first = false;
  }
  console.out("]}");
}

void print_traced(const policy::TracedPolicy& traced, bool steps, Console& console) {
  std::string head = "  " + report::clean(traced.policy);
  if (!traced.binding.empty()) head += " by " + report::clean(traced.binding);
  if (!traced.param.empty()) head += " with " + report::clean(traced.param);
  if (!traced.matched) {
    console.out(head + ": does not apply" + (traced.why_not.empty() ? "" : " (" + report::clean(traced.why_not) + ")") +
                "\n");
    return;
  }
  bool mutating = traced.kind == policy::PolicyKind::kMutating;
  if (mutating && !steps) return;  // its mutations have been told
  bool denied = std::any_of(traced.decisions.begin(), traced.decisions.end(),
                            [](const auto& d) { return d.action == policy::Action::kDeny; });
  console.out(head + ": " + (mutating ? "applies" : denied ? "DENY" : "admit") + "\n");
  for (const policy::Decision& decision : traced.decisions) {
    if (decision.evaluation == policy::Evaluation::kAdmit) continue;
    console.out("    " + std::string(to_word(decision.evaluation)) + ": " + report::clean(decision.message) + "\n");
  }
  for (const policy::AuditAnnotation& annotation : traced.audit_annotations) {
    if (annotation.action == policy::AuditAnnotation::Action::kPublish) {
      console.out("    audit " + report::clean(annotation.key) + ": " + report::clean(annotation.value) + "\n");
    }
  }
  if (!steps) return;
  for (const policy::TracedExpression& e : traced.expressions) {
    console.out("    " + e.role + " " + report::clean(e.name) + ": " + report::clean(e.expression) + "\n      => " +
                (e.is_error ? "error: " : "") + report::clean(e.value) + "   (cost " + std::to_string(e.cost) + ")\n");
    for (const policy::TracedStep& step : e.steps) {
      console.out(std::string("      ") + (step.decisive ? "* " : "  ") + report::clean(step.source) + "  =>  " +
                  report::clean(step.value) + (step.bindings.empty() ? "" : "   with " + report::clean(step.bindings)) +
                  "\n");
    }
  }
}

// What the mutating policies did to one object: each mutation, the JSON Patch from before to after, and a diff.
struct MutationReport {
  const policy::MutationOutcome& outcome;
  const doc::Node& before;

  [[nodiscard]] std::string patch() const {
    base::Arena arena;
    return doc::to_json(doc::diff(before, *outcome.object, arena));
  }
  static std::string_view result_of(const policy::MutationStep& step) {
    if (!step.error.empty()) return "error";
    if (step.test_failed) return "test failed";
    return doc::equal(step.before, step.after) ? "unchanged" : "changed";
  }
};

void print_mutations(const MutationReport& report, std::string_view name, Console& console) {
  for (const policy::MutationStep& step : report.outcome.steps) {
    std::string line = "  " + report::clean(step.policy);
    if (!step.binding.empty()) line += " by " + report::clean(step.binding);
    if (!step.param.empty()) line += " with " + report::clean(step.param);
    line += ": mutation " + std::to_string(step.mutation) + (step.pass == 2 ? ", again" : "") + ": ";
    console.out(
        line +
        (step.error.empty() ? std::string(MutationReport::result_of(step)) : "error: " + report::clean(step.error)) +
        "\n");
  }
  if (!report.outcome.changed) return;
  console.out("  patch: " + report::clean(report.patch()) + "\n");
  std::string diff = report::unified_diff(doc::to_yaml(report.before), doc::to_yaml(*report.outcome.object),
                                          std::string(name) + " before", std::string(name) + " after");
  for (std::string_view rest = diff; !rest.empty();) {
    size_t end = rest.find('\n');
    console.out("  " + report::clean(rest.substr(0, end)) + "\n");
    rest.remove_prefix(end + 1);
  }
}

void print_mutations_json(const MutationReport& report, Console& console) {
  console.out(",\"mutations\":[");
  bool first = true;
  for (const policy::MutationStep& step : report.outcome.steps) {
    console.out(std::string(first ? "" : ",") + "{\"policy\":" + quoted(step.policy) +
                ",\"binding\":" + quoted(step.binding) + ",\"param\":" + quoted(step.param) +
                ",\"mutation\":" + std::to_string(step.mutation) + ",\"pass\":" + std::to_string(step.pass) +
                ",\"result\":" + quoted(MutationReport::result_of(step)) + ",\"error\":" + quoted(step.error) +
                ",\"cost\":" + std::to_string(step.cost) + "}");
    first = false;
  }
  console.out("],\"patch\":" + report.patch() + ",\"object\":" + doc::to_json(*report.outcome.object));
}

// The object of `objects` with the same identity, or nullptr.
const doc::Node* find_same(const std::vector<LoadedObject>& objects, const kube::ObjectView& wanted) {
  for (const LoadedObject& candidate : objects) {
    const kube::ObjectView object(*candidate.node);
    if (object.api_version() == wanted.api_version() && object.kind() == wanted.kind() && object.ns() == wanted.ns() &&
        object.name() == wanted.name() && !wanted.name().empty())
      return candidate.node;
  }
  return nullptr;
}

// {username, groups} as the API server would fill it in for a logged-in user; nullptr when nobody was named.
const doc::Node* user_info(const EvalOptions& options, base::Arena& arena) {
  if (options.user.empty()) return nullptr;
  doc::Builder build(arena);
  std::vector<doc::Node> groups;
  for (const std::string& group : options.groups) groups.push_back(build.string(group));
  groups.push_back(build.string("system:authenticated"));
  return arena.make<doc::Node>(build.map({{"username", build.string(options.user)}, {"groups", build.list(groups)}}));
}

// What the definition of a custom resource says of it, told like a policy.
void tell_definition(const policy::StructureCheck::Verdict& verdict, Console& console) {
  if (!verdict.is_custom) return;
  console.out(std::string("  its CustomResourceDefinition: ") + (verdict.refusals.empty() ? "admit" : "DENY") + "\n");
  for (const std::string& refusal : verdict.refusals) console.out("    deny: " + report::clean(refusal) + "\n");
  for (const std::string& warning : verdict.warnings) console.out("    warning: " + report::clean(warning) + "\n");
}

std::string json_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (size_t i = 0; i < texts.size(); ++i) out += (i == 0 ? "" : ",") + quoted(texts[i]);
  return out + "]";
}

base::Result<int> run_eval(const EvalOptions& options, Console& console) {
  policy::LoadResult loaded = TRY(compile_policies(options.policies));
  for (const policy::Diagnostic& diagnostic : loaded.diagnostics) console.err(policy::to_string(diagnostic) + "\n");
  if (loaded.errors != 0)
    return base::fail(base::Code::kInvalidInput, report::count(loaded.errors, "error", "errors") + " in the policies");
  if (loaded.set->policies() == 0)
    return base::fail(base::Code::kInvalidInput,
                      "no ValidatingAdmissionPolicy, MutatingAdmissionPolicy or ValidatingPolicy was found");
  std::vector<LoadedObject> objects;
  policy::ScanFacts facts(*loaded.set);
  kube::MergeTypes types;
  for (const std::string& path : options.resources) {
    for (LoadedObject& object : TRY(load_objects(path))) {
      facts.learn(*object.node);
      types.learn(*object.node);
      objects.push_back(std::move(object));
    }
  }
  facts.seal();
  std::vector<LoadedObject> old_objects;
  for (const std::string& path : options.old) {
    for (LoadedObject& object : TRY(load_objects(path))) old_objects.push_back(std::move(object));
  }
  base::Arena arena;
  const doc::Node* user = user_info(options, arena);
  policy::StructureCheck definitions(facts.definitions());
  policy::Evaluator evaluator(loaded.set);
  policy::AdmissionOutcome outcome;
  policy::MutationOutcome mutation;
  if (options.json) console.out("[");
  for (size_t i = 0; i < objects.size(); ++i) {
    kube::ObjectView object(*objects[i].node);
    kube::ResourceInfo info = facts.resources().find(object.group_version().group, object.kind());
    kube::AdmissionRequest request = kube::creation_of(object, info);
    request.user_info = user;
    if (const doc::Node* old = find_same(old_objects, object)) {
      request.operation = kube::Operation::kUpdate;
      request.old_object = old;
    }
    policy::AdmissionFacts about{.namespace_object = facts.find_namespace(request.ns),
                                 .resources = &facts.resources(),
                                 .objects = &facts.objects(),
                                 .authorizer = facts.authorizer(),
                                 .types = &types};
    std::vector<policy::TracedPolicy> traced;
    MutationReport mutations{mutation, *objects[i].node};
    if (loaded.set->mutates()) traced = evaluator.trace(request, about, options.trace, policy::PolicyKind::kMutating);
    evaluator.mutate(request, about, mutation);
    request.object = mutation.object;
    if (mutation.allowed) {
      evaluator.admit(request, about, outcome);
      for (policy::TracedPolicy& one : evaluator.trace(request, about, options.trace)) traced.push_back(std::move(one));
    } else {
      outcome.clear();
      outcome.allowed = false;
      outcome.message = mutation.message;
      outcome.reason = mutation.reason;
      outcome.code = mutation.code;
    }
    const policy::StructureCheck::Verdict definition = definitions.judge(*request.object, request.old_object);
    outcome.allowed = outcome.allowed && definition.refusals.empty();
    if (options.json) {
      console.out(std::string(i == 0 ? "\n" : ",\n") + "{\"resource\":" + quoted(name_of(object)) +
                  ",\"location\":" + quoted(objects[i].document->source().where(objects[i].node->begin)) +
                  ",\"allowed\":" + (outcome.allowed ? "true" : "false") + ",\"not_evaluated\":" +
                  json_list(outcome.not_evaluated) + ",\"refusals\":" + json_list(definition.refusals) +
                  ",\"message\":" + quoted(outcome.message) + ",\"reason\":" + quoted(outcome.reason) +
                  ",\"code\":" + std::to_string(outcome.code) + ",\"warnings\":[");
      for (size_t w = 0; w < outcome.warnings.size(); ++w)
        console.out((w == 0 ? "" : ",") + quoted(outcome.warnings[w]));
      console.out("]");
      if (loaded.set->mutates()) print_mutations_json(mutations, console);
      console.out(",\"policies\":[");
      for (size_t t = 0; t < traced.size(); ++t) {
        if (t != 0) console.out(",");
        print_traced_json(traced[t], console);
      }
      console.out("]}");
      continue;
    }
    console.out(report::clean(name_of(object)) + " (" +
                report::clean(objects[i].document->source().where(objects[i].node->begin)) + "): " +
                (!outcome.allowed                ? "denied"
                 : outcome.not_evaluated.empty() ? "allowed"
                                                 : "not evaluated") +
                (mutation.changed ? ", mutated" : "") + "\n");
    if (!outcome.message.empty()) console.out("  " + report::clean(outcome.message) + "\n");
    for (const std::string& why : outcome.not_evaluated) console.out("  not evaluated: " + report::clean(why) + "\n");
    for (const std::string& warning : outcome.warnings) console.out("  warning: " + report::clean(warning) + "\n");
    tell_definition(definition, console);
    print_mutations(mutations, name_of(object), console);
    for (const policy::TracedPolicy& one : traced) print_traced(one, options.trace, console);
  }
  if (options.json) console.out("]\n");
  return static_cast<int>(kOk);
}

// pss

struct PssOptions {
  policy::Level level = policy::Level::kRestricted;
  policy::PssVersion version;
  std::vector<std::string> files;
  bool json = false;
};

// One row an object that has a pod; a file without any gives an error, never a green row.
base::Result<int> run_pss(const PssOptions& options, Console& console) {
  int code = kOk;
  bool first = true;
  if (options.json) console.out("[");
  for (const std::string& file : options.files) {
    auto objects = load_objects(file);
    if (!objects) {
      console.error(objects.error());
      code = worse(code, exit_code_of(objects.error().code));
      continue;
    }
    bool any = false;
    for (const LoadedObject& loaded : *objects) {
      std::optional<kube::PodView> pod = kube::find_pod(*loaded.node);
      if (!pod) continue;
      any = true;
      policy::PssResult result = policy::evaluate(options.level, options.version, *pod->metadata, *pod->spec);
      std::string name = name_of(kube::ObjectView(*loaded.node));
      if (options.json) {
        console.out(std::string(first ? "\n" : ",\n") + "{\"file\":" + quoted(file) + ",\"resource\":" + quoted(name) +
                    ",\"allowed\":" + (result.allowed ? "true" : "false") + ",\"violations\":[");
        for (size_t i = 0; i < result.violations.size(); ++i) {
          const policy::PssViolation& violation = result.violations[i];
          console.out(std::string(i == 0 ? "" : ",") + "{\"id\":" + quoted(violation.id) +
                      ",\"reason\":" + quoted(violation.reason) + ",\"detail\":" + quoted(violation.detail) + "}");
        }
        console.out("]}");
      } else {
        console.out(report::clean(file) + ": " + report::clean(name) + ": " +
                    (result.allowed ? "allowed" : "violates") + " " + std::string(policy::to_string(options.level)) +
                    ":" + policy::to_string(options.version) + "\n");
        for (const policy::PssViolation& violation : result.violations) {
          console.out("  " + report::clean(violation.reason) +
                      (violation.detail.empty() ? "" : " (" + report::clean(violation.detail) + ")") + "\n");
        }
      }
      first = false;
    }
    if (!any) {
      console.error({base::Code::kInvalidInput, "holds no pod and no pod template", file});
      code = worse(code, kInput);
    }
  }
  if (options.json) console.out("]\n");
  return code;
}

}  // namespace

base::Result<Action> parse_policy_lint(const Words& words) {
  TRY_STATUS(check_operands(words, 1, SIZE_MAX, "a policy file or directory"));
  return Action([paths = words.operands(), json = words.get("--output") == "json"](Console& console) {
    return finish(run_lint(paths, json, console), console);
  });
}

base::Result<Action> parse_policy_eval(const Words& words) {
  TRY_STATUS(check_operands(words, 0, 0, ""));
  EvalOptions options;
  options.policies = words.all("--policy");
  options.resources = words.all("--resource");
  options.old = words.all("--old");
  options.user = words.get("--as");
  options.groups = words.all("--as-group");
  options.trace = words.has("--trace");
  options.json = words.get("--output") == "json";
  if (options.user.empty() && !options.groups.empty()) return std::unexpected(usage_error("--as-group needs --as"));
  if (options.policies.empty()) return std::unexpected(usage_error("needs -f POLICY"));
  if (options.resources.empty()) return std::unexpected(usage_error("needs -r RESOURCE"));
  return Action(
      [options = std::move(options)](Console& console) { return finish(run_eval(options, console), console); });
}

base::Result<Action> parse_policy_pss(const Words& words) {
  TRY_STATUS(check_operands(words, 1, SIZE_MAX, "a file"));
  PssOptions options;
  options.files = words.operands();
  options.json = words.get("--output") == "json";
  auto level = policy::parse_level(words.get("--level", "restricted"));
  auto version = policy::parse_pss_version(words.get("--version", "latest"));
  if (!level)
    return std::unexpected(usage_error("--level: \"" + report::clean(words.get("--level")) +
                                       "\" is not one of privileged, baseline, restricted"));
  if (!version)
    return std::unexpected(
        usage_error("--version: \"" + report::clean(words.get("--version")) + "\" is neither latest nor v1.N"));
  options.level = *level;
  options.version = *version;
  return Action(
      [options = std::move(options)](Console& console) { return finish(run_pss(options, console), console); });
}

}  // namespace ameia::app
