// ameia cel: one expression, evaluated by the engine that the checks use.
#include <algorithm>
#include <unordered_map>

#include "app/cmd.h"
#include "app/exit.h"
#include "app/json_text.h"
#include "app/load.h"
#include "expr/check.h"
#include "expr/program.h"
#include "report/text.h"

namespace ameia::app {
namespace {

struct CelOptions {
  std::string expression, input;
  bool trace = false, json = false;
};

// What a variable may be called; other keys of the input are reached through `object`.
bool is_identifier(std::string_view text) {
  constexpr std::string_view kReserved[] = {"true",     "false",   "null",      "in",       "as",  "break",  "const",
                                            "continue", "else",    "for",       "function", "if",  "import", "let",
                                            "loop",     "package", "namespace", "return",   "var", "void",   "while"};
  if (text.empty() || std::find(std::begin(kReserved), std::end(kReserved), text) != std::end(kReserved)) return false;
  auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return letter(text[0]) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

// The text of every node of a program by its id.
class Spans {
 public:
  explicit Spans(const expr::Ast& ast) : source_(ast.source) { add(ast.root); }
  [[nodiscard]] std::string_view text(uint32_t id) const {
    auto found = spans_.find(id);
    return found == spans_.end() ? std::string_view() : found->second;
  }

 private:
  // The parser limits depth, so recursion is bounded.
  void add(const expr::Expr* e) {
    if (e == nullptr) return;
    if (e->begin < e->end && e->end <= source_.size())
      spans_.emplace(e->id, std::string_view(source_).substr(e->begin, e->end - e->begin));
    add(e->operand);
    for (const expr::Expr* arg : e->args) add(arg);
    for (const expr::MapEntry& entry : e->entries) {
      add(entry.key);
      add(entry.value);
    }
    if (e->loop == nullptr) return;
    for (const expr::Expr* part :
         {e->loop->iter_range, e->loop->accu_init, e->loop->loop_condition, e->loop->loop_step, e->loop->result})
      add(part);
  }

  const std::string& source_;
  std::unordered_map<uint32_t, std::string_view> spans_;
};

void print_json(Console& console, std::string_view field, std::string_view json, uint64_t cost,
                const std::vector<std::string>& steps) {
  console.out("{\"" + std::string(field) + "\":" + std::string(json) + ",\"cost\":" + std::to_string(cost));
  if (!steps.empty()) {
    console.out(",\"trace\":[");
    for (size_t i = 0; i < steps.size(); ++i) console.out((i == 0 ? "" : ",") + steps[i]);
    console.out("]");
  }
  console.out("}\n");
}

base::Result<int> run_cel(const CelOptions& options, Console& console) {
  std::shared_ptr<const doc::Document> input;
  if (!options.input.empty()) {
    auto documents = TRY(load_documents(options.input));
    if (documents.size() != 1) {
      return base::fail(base::Code::kInvalidInput,
                        "holds " + report::count(documents.size(), "document", "documents") + "; --input takes one",
                        options.input);
    }
    input = documents.front();
  }
  expr::EnvBuilder builder(expr::Version::all());
  std::vector<std::string_view> variables;
  if (input) {
    for (const doc::Member& member : input->root().map()) {
      if (is_identifier(member.key->view())) variables.push_back(member.key->view());
    }
    for (std::string_view variable : variables) builder.variable(variable, "dyn");
    if (input->root().find("object") == nullptr) builder.variable("object", "dyn");
  }
  auto env = std::make_shared<expr::Env>(TRY(builder.build()));

  auto failed = [&](std::string_view text, std::string_view shown, uint64_t cost,
                    const std::vector<std::string>& steps) {
    if (options.json) {
      print_json(console, "error", quoted(text), cost, steps);
    } else {
      console.err(std::string(shown) + "\n");
    }
    return kInput;
  };
  auto checked = expr::compile(options.expression, *env);
  if (!checked) {
    std::string text = expr::format_issues(options.expression, checked.error());
    return failed(text, text, 0, {});
  }
  Spans spans(*checked->ast);
  expr::ProgramSetBuilder programs(env);
  expr::ProgramId id = TRY(programs.add(std::move(*checked)));
  auto set = TRY(programs.build());
  expr::Machine machine(set);
  if (input) {
    for (std::string_view variable : variables) machine.set(variable, input->root()[variable]);
    if (input->root().find("object") == nullptr) machine.set("object", input->root());
  }
  std::vector<expr::TraceStep> trace;
  expr::Outcome outcome = options.trace ? machine.explain(id, trace) : machine.run(id);
  std::vector<std::string> steps;
  for (const expr::TraceStep& step : trace) {
    std::string_view text = spans.text(step.expr_id);
    if (text.empty()) continue;
    std::string value = expr::to_text(step.value, 200);
    if (options.json) {
      steps.push_back("{\"expression\":" + quoted(text) + ",\"value\":" + quoted(value) + ",\"bindings\":" +
                      quoted(step.bindings) + ",\"decisive\":" + (step.decisive ? "true" : "false") + "}");
    } else {
      console.out(std::string(step.decisive ? "* " : "  ") + report::clean(text) + "  =>  " + report::clean(value) +
                  (step.bindings.empty() ? "" : "   with " + report::clean(step.bindings)) + "\n");
    }
  }
  if (outcome.over_budget || outcome.interrupted) {
    std::string text = "operation cancelled: actual cost limit exceeded";
    return failed(text, "ameia: " + text, outcome.cost, steps);
  }
  if (outcome.value.is_error()) {
    std::string text(outcome.value.error->message);
    return failed(text, "ameia: " + report::clean(text), outcome.cost, steps);
  }
  if (options.json) {
    print_json(console, "value", expr::to_json(outcome.value), outcome.cost, steps);
  } else {
    console.out(report::clean(expr::to_text(outcome.value, size_t{1} << 20)) + "\n");
  }
  return static_cast<int>(kOk);
}

}  // namespace

base::Result<Action> parse_cel(const Words& words) {
  TRY_STATUS(check_operands(words, 1, 1, "one expression, in quotes"));
  CelOptions options{words.operands()[0], words.get("--input"), words.has("--trace"), words.get("--output") == "json"};
  return Action(
      [options = std::move(options)](Console& console) { return finish(run_cel(options, console), console); });
}

}  // namespace ameia::app
