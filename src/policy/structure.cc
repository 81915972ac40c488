#include "policy/structure.h"

#include "kube/object.h"
#include "kube/openapi.h"
#include "policy/blame.h"
#include "policy/secrets.h"
#include "report/fingerprint.h"

namespace ameia::policy {
namespace {

using doc::Node;
using report::Finding;

constexpr std::string_view kValidationUrl =
    "https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation";
constexpr std::string_view kCrdUrl =
    "https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation";

const report::Rule& rule_of(std::string_view id) {
  for (const report::Rule& rule : structure_rules()) {
    if (rule.id == id) return rule;
  }
  return structure_rules().front();
}

// A field of the status is the cluster's to write; a create drops it.
bool is_status(std::string_view pointer) {
  return pointer == "/status" || pointer.starts_with("/status/");
}

// Compile errors show their place on further lines; a finding is one line.
std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

Finding finding_at(std::string_view id, const doc::Document& document, const Node& object, const Node& node,
                   uint32_t begin, std::string pointer, const std::string& message) {
  Finding out = make_finding(rule_of(id), {&document, &object, nullptr, nullptr}, {&node, {}, {}, {}}, message);
  const doc::Position position = document.source().position(begin);
  out.location.line = position.line;
  out.location.column = position.column;
  out.location.begin = begin;
  out.location.pointer = std::move(pointer);
  report::set_fingerprint(out, &object);
  return out;
}

Finding finding_of(const StructureProblem& problem, const doc::Document& document, const Node& object) {
  return finding_at(problem.unknown_field ? kUnknownFieldId : kRefusedValueId, document, object, *problem.node,
                    problem.begin, problem.pointer, problem.message);
}

std::vector<StructureProblem> built_in_problems(const Node& object) {
  std::vector<StructureProblem> out;
  for (const kube::FieldProblem& problem : kube::field_problems(object)) {
    if (is_status(problem.pointer)) continue;
    out.push_back({problem.kind == kube::FieldProblem::Kind::kUnknownField, problem.node, problem.begin,
                   problem.pointer, kube::to_string(problem)});
  }
  return out;
}

// The error at the place it is about; secrets are hidden as everywhere.
Finding finding_of(CrdError error, const doc::Document& document, const Node& object) {
  const Judged judged{&document, &object, nullptr, nullptr};
  expr::Blame blame;
  blame.node = error.node;
  BlamedPlace place = blamed_places(judged, {blame}).front();
  if (place.value.find(kHidden) != std::string::npos) error.value = kHidden;
  place.detail.clear();
  Finding out = make_finding(rule_of(kBrokenRuleId), judged, place, first_line(error.text()));
  if (error.could_not_run) {
    out.status = report::FindingStatus::kNotEvaluated;
    out.message = "could not be evaluated: " + out.message;
  }
  return out;
}

}  // namespace

const std::vector<report::Rule>& structure_rules() {
  using report::Severity;
  static const std::vector<report::Rule> kRules = {
      {std::string(kBrokenRuleId),
       "A custom resource breaks a rule of its definition",
       "The API server refuses it: the definition's x-kubernetes-validations do not hold.",
       "Change the value as the message says.",
       Severity::kHigh,
       {},
       {std::string(kCrdUrl)},
       {"Um recurso personalizado viola uma regra da sua definição",
        "O servidor da API o recusa: as x-kubernetes-validations da definição não valem.",
        "Mude o valor como a mensagem diz."}},
      {std::string(kBadDefinitionId),
       "A CustomResourceDefinition has rules that the API server refuses",
       "A rule that does not compile, or that may cost more than its budget, keeps the whole definition out.",
       "Mend the rule; bound lists, maps and texts with maxItems, maxProperties and maxLength.",
       Severity::kHigh,
       {},
       {std::string(kCrdUrl)},
       {"Uma CustomResourceDefinition tem regras que o servidor da API recusa",
        "Uma regra que não compila, ou que pode custar mais do que o seu orçamento, deixa a definição inteira de fora.",
        "Corrija a regra; limite listas, mapas e textos com maxItems, maxProperties e maxLength."}},
      {std::string(kUnknownFieldId),
       "A field is not known",
       "The API server drops it without a word, or refuses it when asked to be strict: what it was to do is not done.",
       "Correct the name, move it to where it belongs, or delete it.",
       Severity::kMedium,
       {},
       {std::string(kValidationUrl)},
       {"Um campo não é conhecido",
        "O servidor da API o descarta sem avisar, ou o recusa quando deve ser rigoroso: o que ele faria não é feito.",
        "Corrija o nome, leve-o ao seu lugar ou apague-o."}},
      {std::string(kRefusedValueId),
       "A value is missing or cannot be what it is",
       "The API server refuses the object.",
       "Write a value as the message asks.",
       Severity::kHigh,
       {},
       {std::string(kValidationUrl)},
       {"Um valor falta ou não pode ser o que é", "O servidor da API recusa o objeto.",
        "Escreva um valor como a mensagem pede."}},
  };
  return kRules;
}

StructureCheck::~StructureCheck() = default;

const CrdRules& StructureCheck::rules_of(const CrdVersion& version) {
  std::unique_ptr<CrdRules>& rules = rules_[version.schema];
  if (rules == nullptr) rules = std::make_unique<CrdRules>(*version.schema, CrdRules::Options{});
  return *rules;
}

void StructureCheck::check(const doc::Document& document, const Node& object, std::vector<Finding>& out) {
  const kube::ObjectView view(object);
  if (!view.is_object()) return;
  for (const StructureProblem& problem : built_in_problems(object))
    out.push_back(finding_of(problem, document, object));
  for (const CrdProblem& problem : lint_crd(object)) {
    expr::Blame blame;
    blame.node = problem.node;
    const std::string pointer = blamed_places({&document, &object, nullptr, nullptr}, {blame}).front().pointer;
    out.push_back(finding_at(kBadDefinitionId, document, object, *problem.node, problem.node->begin, pointer,
                             problem.field + ": " + first_line(problem.message)));
  }
  const CrdVersion* version = crds_.find(view.api_version(), view.kind());
  if (version == nullptr) return;
  const size_t before = out.size();
  for (const StructureProblem& problem : schemas_.run(object, *version->schema, version->keeps_unknown_fields))
    out.push_back(finding_of(problem, document, object));
  // The API server runs rules only on what fits its schema.
  for (size_t i = before; i < out.size(); ++i) {
    if (out[i].id == kRefusedValueId) return;
  }
  for (CrdError& error : rules_of(*version).run(object, nullptr, {.root = ""}).errors)
    out.push_back(finding_of(std::move(error), document, object));
}

StructureCheck::Verdict StructureCheck::judge(const Node& object, const Node* old_object) {
  Verdict out;
  const kube::ObjectView view(object);
  const CrdVersion* version = crds_.find(view.api_version(), view.kind());
  if (version == nullptr) return out;
  out.is_custom = true;
  for (StructureProblem& problem : schemas_.run(object, *version->schema, version->keeps_unknown_fields))
    (problem.unknown_field ? out.warnings : out.refusals).push_back(std::move(problem.message));
  if (!out.refusals.empty()) return out;
  CrdRunOptions options{.root = ""};
  options.ratcheting = old_object != nullptr;
  CrdOutcome outcome = rules_of(*version).run(object, old_object, options);
  for (const CrdError& error : outcome.errors) out.refusals.push_back(error.text());
  for (const CrdError& error : outcome.ratcheted) out.warnings.push_back(error.text());
  return out;
}

}  // namespace ameia::policy
