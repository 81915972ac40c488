// ameia explain, ameia list checks: what the checks are, without judging anything.
#include <algorithm>

#include "app/cmd.h"
#include "app/exit.h"
#include "app/json_text.h"
#include "app/outputs.h"
#include "app/policies.h"
#include "app/scan.h"
#include "report/text.h"
#include "report/waiver.h"

namespace ameia::app {
namespace {

void append_list(std::string& out, std::string_view name, const std::vector<std::string>& texts) {
  out += ",\"" + std::string(name) + "\":[";
  for (size_t i = 0; i < texts.size(); ++i) out += (i == 0 ? "" : ",") + quoted(texts[i]);
  out += "]";
}

std::string to_json(const report::Rule& rule, report::Language language) {
  report::TextsView texts = report::texts_of(rule, language);
  std::string out = "{\"id\":" + quoted(rule.id) + ",\"title\":" + quoted(texts.title) +
                    ",\"severity\":" + quoted(report::to_string(rule.severity)) + ",\"why\":" + quoted(texts.why) +
                    ",\"remediation\":" + quoted(texts.remediation);
  append_list(out, "tags", rule.tags);
  append_list(out, "references", rule.references);
  out += ",\"fixes\":[";
  for (size_t i = 0; i < rule.fixes.size(); ++i) {
    const report::RuleFix& fix = rule.fixes[i];
    out += std::string(i == 0 ? "" : ",") + "{\"writes\":" + quoted(fix.writes) +
           ",\"safe\":" + (fix.decision.empty() ? "true" : "false");
    if (!fix.decision.empty()) out += ",\"decision\":" + quoted(fix.decision);
    out += "}";
  }
  return out + "]}";
}

// The built-in checks and the user's, and what scan says about documents and waivers; by id.
base::Result<std::vector<report::Rule>> all_rules(const PolicyChoice& choice, Console& console) {
  auto set = TRY(load_policies(choice, console));
  std::vector<report::Rule> rules = set->rules();
  if (choice.frameworks.empty()) {
    rules.insert(rules.end(), document_rules().begin(), document_rules().end());
    for (report::Rule& rule : report::waiver_rules()) rules.push_back(std::move(rule));
  }
  std::erase_if(rules, [&](const report::Rule& rule) { return choice.least && rule.severity < *choice.least; });
  std::stable_sort(rules.begin(), rules.end(), [](const auto& a, const auto& b) { return a.id < b.id; });
  return rules;
}

void print_block(std::string_view label, std::string_view text, Console& console) {
  if (text.empty()) return;
  size_t width = std::clamp<size_t>(console.width(), 40, 100);
  console.out("\n" + std::string(label) + "\n");
  for (const std::string& line : report::wrap(text, width - 2)) console.out("  " + line + "\n");
}

// What `ameia fix` writes for the check; a choice of several goes by the finding.
void print_fixes(const std::vector<report::RuleFix>& fixes, const report::Say& say, Console& console) {
  if (fixes.empty()) {
    return print_block("ameia fix", say("has no fix for it", "não tem correção para isto"), console);
  }
  console.out("\nameia fix\n");
  size_t width = std::clamp<size_t>(console.width(), 40, 100);
  for (const report::RuleFix& fix : fixes) {
    for (const std::string& line : report::wrap(report::text_of(fix, say.language), width - 2))
      console.out("  " + line + "\n");
  }
}

// How to print: JSON is in English unless a language is asked for, text as the environment says.
struct Style {
  bool json = false;
  report::Language language = report::Language::kEnglish;
};

base::Result<int> run_explain(const std::vector<std::string>& ids, const PolicyChoice& choice, Style style,
                              Console& console) {
  std::vector<report::Rule> rules = TRY(all_rules(choice, console));
  std::vector<const report::Rule*> wanted;
  for (const std::string& id : ids) {
    auto same = [&](const report::Rule& rule) {
      return std::equal(rule.id.begin(), rule.id.end(), id.begin(), id.end(), [](char a, char b) {
        return std::toupper(static_cast<unsigned char>(a)) == std::toupper(static_cast<unsigned char>(b));
      });
    };
    auto found = std::find_if(rules.begin(), rules.end(), same);
    if (found == rules.end()) {
      std::vector<std::string_view> known;
      for (const report::Rule& rule : rules) known.push_back(rule.id);
      std::string what = "no check is called \"" + report::clean(id) + "\"";
      if (std::string_view near = nearest(id, known); !near.empty())
        what += "; did you mean " + std::string(near) + "?";
      return std::unexpected(usage_error(what + " `ameia list checks` lists them"));
    }
    wanted.push_back(&*found);
  }
  const bool json = style.json;
  const report::Say say{style.language};
  if (json) console.out("[");
  for (size_t i = 0; i < wanted.size(); ++i) {
    const report::Rule& rule = *wanted[i];
    if (json) {
      console.out((i == 0 ? "\n" : ",\n") + to_json(rule, style.language));
      continue;
    }
    if (i != 0) console.out("\n");
    report::TextsView texts = report::texts_of(rule, style.language);
    console.out(report::clean(rule.id) + "  " + report::clean(texts.title) + "\n" +
                std::string(report::severity_word(rule.severity, style.language)) + "\n");
    print_block(say("Why it matters", "Por que importa"), texts.why, console);
    print_block(say("How to mend it", "Como corrigir"), texts.remediation, console);
    print_fixes(rule.fixes, say, console);
    std::string tags;
    for (const std::string& tag : rule.tags) tags += (tags.empty() ? "" : " ") + tag;
    print_block(say("Tags", "Marcas"), tags, console);
    if (!rule.references.empty()) {
      console.out("\n" + std::string(say("Read more", "Leia mais")) + "\n");
      for (const std::string& reference : rule.references) console.out("  " + report::clean(reference) + "\n");
    }
  }
  if (json) console.out("]\n");
  return static_cast<int>(kOk);
}

base::Result<int> run_list(const PolicyChoice& choice, Style style, Console& console) {
  std::vector<report::Rule> rules = TRY(all_rules(choice, console));
  if (style.json) {
    console.out("[");
    for (size_t i = 0; i < rules.size(); ++i) console.out((i == 0 ? "\n" : ",\n") + to_json(rules[i], style.language));
    console.out("]\n");
    return static_cast<int>(kOk);
  }
  size_t id_width = 0;
  for (const report::Rule& rule : rules) id_width = std::max(id_width, report::width_of(rule.id));
  for (const report::Rule& rule : rules) {
    std::string severity(report::severity_word(rule.severity, style.language));
    constexpr size_t kSeverityColumns = 13;
    console.out(report::clean(rule.id) + std::string(id_width - report::width_of(rule.id) + 2, ' ') + severity +
                std::string(kSeverityColumns - report::width_of(severity), ' ') +
                report::clean(report::texts_of(rule, style.language).title) + "\n");
  }
  if (console.out_is_terminal()) {
    const report::Say say{style.language};
    console.err(report::count(rules.size(), say("check", "verificação"), say("checks", "verificações")) +
                std::string(say("; `ameia explain ID` says why and how to mend it\n",
                                "; `ameia explain ID` diz por quê e como corrigir\n")));
  }
  return static_cast<int>(kOk);
}

base::Result<PolicyChoice> choice_of(const Words& words) {
  PolicyChoice choice;
  choice.paths = words.all("--policy");
  for (const std::string& name : words.all("--framework")) choice.frameworks.push_back(TRY(load_framework(name)));
  choice.least = report::parse_severity(words.get("--severity"));
  return choice;
}

Style style_of(const Words& words) {
  bool json = words.get("--output") == "json";
  std::optional<report::Language> asked = report::parse_language(words.get("--lang"));
  return {json, asked ? *asked : json ? report::Language::kEnglish : language_of_environment()};
}

}  // namespace

base::Result<Action> parse_explain(const Words& words) {
  TRY_STATUS(check_operands(words, 1, SIZE_MAX, "the id of a check, such as AM-POD-001"));
  PolicyChoice chosen = TRY(choice_of(words));
  return Action([ids = words.operands(), choice = std::move(chosen), style = style_of(words)](Console& console) {
    return finish(run_explain(ids, choice, style, console), console);
  });
}

base::Result<Action> parse_list_checks(const Words& words) {
  TRY_STATUS(check_operands(words, 0, 0, ""));
  PolicyChoice chosen = TRY(choice_of(words));
  return Action([choice = std::move(chosen), style = style_of(words)](Console& console) {
    return finish(run_list(choice, style, console), console);
  });
}

}  // namespace ameia::app
