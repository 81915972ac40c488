// ameia policy eval: what the API server and Kyverno would decide, and why.
#include <algorithm>
#include <chrono>
#include <climits>

#include "app/cmd.h"
#include "app/exit.h"
#include "app/json_text.h"
#include "app/load.h"
#include "app/policies.h"
#include "doc/build.h"
#include "doc/json.h"
#include "doc/patch.h"
#include "doc/yaml.h"
#include "kube/admission.h"
#include "policy/object_store.h"
#include "policy/policy.h"
#include "policy/structure.h"
#include "report/text.h"
#include "report/unified_diff.h"

namespace ameia::app {
namespace {

struct EvalOptions {
  std::vector<std::string> policies, resources, old, groups, payloads;
  std::string user;
  expr::Instant now;
  uint64_t seed = 0;
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

std::string_view verdict_word(const policy::AdmissionOutcome& outcome) {
  if (!outcome.allowed) return "denied";
  return outcome.not_evaluated.empty() ? "allowed" : "not evaluated";
}

// What the policies with evaluation.mode JSON say of documents of any kind.
base::Result<int> run_payloads(const EvalOptions& options, const std::shared_ptr<const policy::PolicySet>& set,
                               Console& console) {
  policy::Evaluator evaluator(set);
  policy::AdmissionOutcome outcome;
  bool first = true;
  if (options.json) console.out("[");
  for (const std::string& path : options.payloads) {
    for (const auto& document : TRY(load_documents(path))) {
      kube::AdmissionRequest request;
      request.object = &document->root();
      const policy::AdmissionFacts about{.now = &options.now, .random_seed = options.seed, .is_payload = true};
      evaluator.admit(request, about, outcome);
      std::vector<policy::TracedPolicy> traced = evaluator.trace(request, about, options.trace);
      const std::string place = document->source().where(document->root().begin);
      if (options.json) {
        console.out(std::string(first ? "\n" : ",\n") + "{\"payload\":" + quoted(path) +
                    ",\"location\":" + quoted(place) + ",\"allowed\":" + (outcome.allowed ? "true" : "false") +
                    ",\"not_evaluated\":" + json_list(outcome.not_evaluated) +
                    ",\"message\":" + quoted(outcome.message) + ",\"policies\":[");
        for (size_t t = 0; t < traced.size(); ++t) {
          if (t != 0) console.out(",");
          print_traced_json(traced[t], console);
        }
        console.out("]}");
      } else {
        console.out(report::clean(place) + ": " + std::string(verdict_word(outcome)) + "\n");
        if (!outcome.message.empty()) console.out("  " + report::clean(outcome.message) + "\n");
        for (const std::string& why : outcome.not_evaluated)
          console.out("  not evaluated: " + report::clean(why) + "\n");
        for (const std::string& warning : outcome.warnings) console.out("  warning: " + report::clean(warning) + "\n");
        for (const policy::TracedPolicy& one : traced) print_traced(one, options.trace, console);
      }
      first = false;
    }
  }
  if (options.json) console.out("]\n");
  return static_cast<int>(kOk);
}

base::Result<int> run_eval(const EvalOptions& options, Console& console) {
  policy::LoadResult loaded = TRY(compile_policies(options.policies));
  for (const policy::Diagnostic& diagnostic : loaded.diagnostics) console.err(policy::to_string(diagnostic) + "\n");
  if (loaded.errors != 0)
    return base::fail(base::Code::kInvalidInput, report::count(loaded.errors, "error", "errors") + " in the policies");
  if (loaded.set->policies() == 0)
    return base::fail(base::Code::kInvalidInput,
                      "no ValidatingAdmissionPolicy, MutatingAdmissionPolicy or ValidatingPolicy was found");
  if (!options.payloads.empty()) return run_payloads(options, loaded.set, console);
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
                                 .types = &types,
                                 .now = &options.now,
                                 .random_seed = options.seed};
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
                report::clean(objects[i].document->source().where(objects[i].node->begin)) +
                "): " + std::string(verdict_word(outcome)) + (mutation.changed ? ", mutated" : "") + "\n");
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

// What --now says, or the clock.
base::Result<expr::Instant> now_of(const Words& words) {
  if (!words.has("--now")) {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
    return expr::Instant{seconds.count(), static_cast<uint32_t>(std::chrono::nanoseconds(since - seconds).count())};
  }
  const std::optional<expr::Instant> given = expr::parse_instant(words.get("--now"));
  if (given) return *given;
  return std::unexpected(
      usage_error("--now: \"" + report::clean(words.get("--now")) + "\" is no time like 2026-11-25T12:00:00Z"));
}

}  // namespace

base::Result<Action> parse_policy_eval(const Words& words) {
  TRY_STATUS(check_operands(words, 0, 0, ""));
  EvalOptions options;
  options.policies = words.all("--policy");
  options.resources = words.all("--resource");
  options.old = words.all("--old");
  options.payloads = words.all("--payload");
  options.user = words.get("--as");
  options.groups = words.all("--as-group");
  options.trace = words.has("--trace");
  options.json = words.get("--output") == "json";
  options.now = TRY(now_of(words));
  if (words.has("--seed")) options.seed = TRY(parse_number("--seed", words.get("--seed"), 0, UINT_MAX));
  if (options.user.empty() && !options.groups.empty()) return std::unexpected(usage_error("--as-group needs --as"));
  if (options.policies.empty()) return std::unexpected(usage_error("needs -f POLICY"));
  if (options.resources.empty() && options.payloads.empty())
    return std::unexpected(usage_error("needs -r RESOURCE or --payload FILE"));
  if (!options.resources.empty() && !options.payloads.empty())
    return std::unexpected(usage_error("-r and --payload exclude each other"));
  return Action(
      [options = std::move(options)](Console& console) { return finish(run_eval(options, console), console); });
}

}  // namespace ameia::app
