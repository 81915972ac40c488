#include "report/framework.h"

#include <algorithm>
#include <set>

#include "doc/yaml.h"
#include "report/finding.h"
#include "report/limits.h"
#include "report/text.h"

namespace ameia::report {
namespace {

// Reads one framework file; the first thing that is wrong ends it.
class Reader {
 public:
  explicit Reader(const doc::Document& document) : document_(document) {}

  base::Result<Framework> read() {
    Framework out;
    const doc::Node& root = document_.root();
    TRY_STATUS(check_keys(
        root, {"framework", "title", "title.pt", "reference", "tag", "needs", "needs.pt", "variants", "groups"}));
    out.name = TRY(text(root, "framework", true));
    out.title = TRY(text(root, "title", true));
    out.title_pt = TRY(text(root, "title.pt", false));
    out.reference = TRY(text(root, "reference", false));
    out.tag = TRY(text(root, "tag", false));
    out.needs = needs(root["needs"]);
    out.needs_pt = needs(root["needs.pt"]);
    for (const auto& [key, _] : out.needs_pt) {
      if (!out.needs.contains(key)) return wrong(root["needs.pt"], "needs has no entry \"" + clean(key) + "\"");
    }
    for (const doc::Node& node : TRY(list(root, "variants", false))) out.variants.push_back(TRY(variant(node)));
    for (const doc::Node& node : TRY(list(root, "groups", true))) out.groups.push_back(TRY(group(node, out)));
    return out;
  }

 private:
  std::unexpected<base::Error> wrong(const doc::Node& node, std::string what) const {
    return base::fail(base::Code::kInvalidInput, "framework: " + std::move(what), document_.source().where(node.begin));
  }

  static std::map<std::string, std::string, std::less<>> needs(const doc::Node& node) {
    std::map<std::string, std::string, std::less<>> out;
    for (const doc::Member& member : node.map()) out.emplace(member.key->view(), member.value.str());
    return out;
  }

  base::Status check_keys(const doc::Node& node, std::initializer_list<std::string_view> known) const {
    if (!node.is_map()) return wrong(node, "a map is expected here");
    for (const doc::Member& member : node.map()) {
      if (std::find(known.begin(), known.end(), member.key->view()) != known.end()) continue;
      std::string what = "unknown key \"" + clean(member.key->view()) + "\"; there are";
      for (std::string_view key : known) what.append(" ").append(key);
      return wrong(member.value, what);
    }
    return {};
  }

  base::Result<std::string> text(const doc::Node& node, std::string_view key, bool required) const {
    const doc::Node* value = node.find(key);
    if (value != nullptr && value->is_string() && value->size != 0) return std::string(value->str());
    if (value != nullptr) return wrong(*value, std::string(key) + " must be a text (put a number in quotes)");
    if (required) return wrong(node, std::string(key) + " is missing");
    return std::string();
  }

  base::Result<std::span<const doc::Node>> list(const doc::Node& node, std::string_view key, bool required) const {
    const doc::Node* value = node.find(key);
    if (value != nullptr && value->is_list()) return value->list();
    if (value != nullptr || required)
      return wrong(value != nullptr ? *value : node, std::string(key) + " must be a list");
    return std::span<const doc::Node>();
  }

  base::Result<std::vector<std::string>> texts(const doc::Node& node, std::string_view key) const {
    std::vector<std::string> out;
    for (const doc::Node& item : TRY(list(node, key, false))) {
      if (!item.is_string()) return wrong(item, std::string(key) + " must hold texts");
      out.emplace_back(item.str());
    }
    return out;
  }

  base::Result<FrameworkVariant> variant(const doc::Node& node) const {
    TRY_STATUS(check_keys(node, {"name", "title", "title.pt", "levels"}));
    FrameworkVariant out;
    out.name = TRY(text(node, "name", true));
    out.title = TRY(text(node, "title", false));
    out.title_pt = TRY(text(node, "title.pt", false));
    out.levels = TRY(texts(node, "levels"));
    return out;
  }

  base::Result<FrameworkGroup> group(const doc::Node& node, const Framework& framework) {
    TRY_STATUS(check_keys(node, {"id", "title", "title.pt", "sections"}));
    FrameworkGroup out;
    out.id = TRY(text(node, "id", true));
    out.title = TRY(text(node, "title", true));
    out.title_pt = TRY(text(node, "title.pt", false));
    for (const doc::Node& item : TRY(list(node, "sections", true))) {
      out.sections.push_back(TRY(section(item, framework)));
    }
    return out;
  }

  base::Result<FrameworkSection> section(const doc::Node& node, const Framework& framework) {
    TRY_STATUS(check_keys(node, {"id", "title", "title.pt", "level", "needs", "checks", "manual"}));
    if (ids_.size() == kFrameworkSectionsMax)
      return wrong(node, "more than " + std::to_string(kFrameworkSectionsMax) + " sections");
    FrameworkSection out;
    out.id = TRY(text(node, "id", true));
    out.title = TRY(text(node, "title", true));
    out.title_pt = TRY(text(node, "title.pt", false));
    out.level = TRY(text(node, "level", false));
    out.needs = TRY(text(node, "needs", false));
    out.checks = TRY(texts(node, "checks"));
    out.manual = node["manual"].boolean_or(false);
    if (!ids_.insert(out.id).second) return wrong(node, "the section " + clean(out.id) + " is there twice");
    if (out.needs.empty() && !out.manual)
      return wrong(node, "the section " + clean(out.id) + " does not say what it needs");
    if (!out.needs.empty() && !framework.needs.contains(out.needs))
      return wrong(node["needs"], "needs has no entry \"" + clean(out.needs) + "\"");
    return out;
  }

  const doc::Document& document_;
  std::set<std::string, std::less<>> ids_;
};

void add_tagged(const Framework& framework, const Report& report, SectionResult& section) {
  if (framework.tag.empty()) return;
  std::string tag = framework.tag + ":" + section.id;
  for (const Rule& rule : report.rules) {
    bool known = std::find(section.checks.begin(), section.checks.end(), rule.id) != section.checks.end();
    if (!known && std::find(rule.tags.begin(), rule.tags.end(), tag) != rule.tags.end())
      section.checks.push_back(rule.id);
  }
}

// The translation, or the text where there is none.
const std::string& said(Language language, const std::string& english, const std::string& portuguese) {
  return language == Language::kPortuguese && !portuguese.empty() ? portuguese : english;
}

void decide(const FrameworkReport& framework, const FrameworkSection& from, Language language, SectionResult& section) {
  const CheckTally& t = section.tally;
  const Say say{language};
  const auto objects = [&say](uint64_t n) {
    return report::count(n, say("answer", "resposta"), say("answers", "respostas"));
  };
  const std::string of(say(" of ", " de ")), needs(say("needs ", "precisa de: "));
  auto need = [&] {
    section.needs = from.needs;
    auto found = framework.needs.find(from.needs);
    return found == framework.needs.end() ? std::string() : found->second;
  };
  if (t.failed != 0) {
    section.status = FindingStatus::kFail;
    section.reason =
        std::to_string(t.failed) + of + objects(t.failed + t.passed) + std::string(say(" fail", " falham"));
    if (section.waived != 0)
      section.reason += ", " + std::to_string(section.waived) + std::string(say(" waived", " dispensadas"));
  } else if (t.errors != 0) {
    section.status = FindingStatus::kError;
    section.reason = report::count(t.errors, say("check", "verificação"), say("checks", "verificações")) +
                     std::string(say(" ended in an error", " terminaram em erro"));
  } else if (t.not_evaluated != 0) {
    section.status = FindingStatus::kNotEvaluated;
    section.reason = std::to_string(t.not_evaluated) + of + objects(t.not_evaluated + t.passed) +
                     std::string(say(" could not be given; ", " não puderam ser dadas; ")) + needs + need();
  } else if (t.passed != 0) {
    section.status = FindingStatus::kPass;
    section.reason = objects(t.passed);
  } else if (from.manual) {
    section.status = FindingStatus::kManual;
    section.reason = need();
    if (section.reason.empty()) section.reason = say("only a person can say", "só uma pessoa pode dizer");
  } else {
    section.status = FindingStatus::kNotEvaluated;
    section.reason = needs + need();
  }
}

}  // namespace

base::Result<Framework> Framework::parse(const std::shared_ptr<const doc::Source>& source) {
  doc::YamlStream stream = doc::parse_yaml(source, std::make_shared<doc::Keys>());
  if (!stream.errors.empty()) return std::unexpected(stream.errors.front());
  if (stream.documents.size() != 1)
    return base::fail(base::Code::kInvalidInput, "a framework file holds one document", source->name());
  return Reader(*stream.documents.front()).read();
}

bool Framework::wants(const Rule& rule) const {
  for (const FrameworkGroup& group : groups) {
    for (const FrameworkSection& section : group.sections) {
      if (std::find(section.checks.begin(), section.checks.end(), rule.id) != section.checks.end()) return true;
      if (tag.empty()) continue;
      if (std::find(rule.tags.begin(), rule.tags.end(), tag + ":" + section.id) != rule.tags.end()) return true;
    }
  }
  return false;
}

std::optional<Framework> Framework::named(std::string_view wanted) const {
  if (wanted == name) return *this;
  auto variant = std::find_if(variants.begin(), variants.end(), [&](const auto& v) { return v.name == wanted; });
  if (variant == variants.end()) return std::nullopt;
  Framework out = *this;
  out.name = variant->name;
  if (!variant->title.empty()) {
    out.title = variant->title;
    out.title_pt = variant->title_pt;
  }
  if (variant->levels.empty()) return out;
  for (FrameworkGroup& group : out.groups) {
    std::erase_if(group.sections, [&](const FrameworkSection& section) {
      return std::find(variant->levels.begin(), variant->levels.end(), section.level) == variant->levels.end();
    });
  }
  std::erase_if(out.groups, [](const FrameworkGroup& group) { return group.sections.empty(); });
  return out;
}

void CheckTally::add(const CheckTally& other) {
  passed += other.passed;
  failed += other.failed;
  not_evaluated += other.not_evaluated;
  errors += other.errors;
}

uint64_t FrameworkReport::count(FindingStatus status) const {
  return static_cast<uint64_t>(
      std::count_if(sections.begin(), sections.end(), [&](const auto& s) { return s.status == status; }));
}

std::optional<double> FrameworkReport::score() const {
  uint64_t passed = count(FindingStatus::kPass), answered = passed + count(FindingStatus::kFail);
  if (answered == 0) return std::nullopt;
  return 100.0 * static_cast<double>(passed) / static_cast<double>(answered);
}

double FrameworkReport::coverage() const {
  uint64_t asked = sections.size() - count(FindingStatus::kNotApplicable);
  if (asked == 0) return 0;
  uint64_t answered = count(FindingStatus::kPass) + count(FindingStatus::kFail);
  return 100.0 * static_cast<double>(answered) / static_cast<double>(asked);
}

FrameworkReport judge_framework(const Framework& framework, const Report& report, Language language) {
  FrameworkReport out{framework.name,      said(language, framework.title, framework.title_pt),
                      framework.reference, {},
                      framework.needs,     {}};
  if (language == Language::kPortuguese) {
    for (const auto& [key, text] : framework.needs_pt) out.needs[key] = text;
  }
  struct Places {
    uint64_t all = 0, waived = 0;
  };
  std::map<std::string_view, Places> places;
  for (const Finding& finding : report.findings) {
    if (finding.status != FindingStatus::kFail) continue;
    Places& of = places[finding.id];
    ++of.all;
    of.waived += finding.suppressed_by.empty() ? 0 : 1;
  }
  for (const FrameworkGroup& group : framework.groups) {
    out.groups.emplace_back(group.id, said(language, group.title, group.title_pt));
    for (const FrameworkSection& from : group.sections) {
      SectionResult section{
          from.id, said(language, from.title, from.title_pt), from.level, group.id, {}, {}, {}, from.checks, {}, 0, 0};
      add_tagged(framework, report, section);
      for (const std::string& check : section.checks) {
        if (auto found = report.by_check.find(check); found != report.by_check.end()) section.tally.add(found->second);
        if (auto found = places.find(check); found != places.end()) {
          section.findings += found->second.all;
          section.waived += found->second.waived;
        }
      }
      decide(out, from, language, section);
      out.sections.push_back(std::move(section));
    }
  }
  return out;
}

namespace {

// The built-in files are parsed once; a broken one is a defect of the build, which the tests catch.
const std::vector<Framework>& built_in() {
  static const std::vector<Framework> kAll = [] {
    std::vector<Framework> all;
    for (const FrameworkFile& file : framework_files()) {
      auto parsed = Framework::parse(std::make_shared<doc::Source>(std::string(file.name), std::string(file.text)));
      if (parsed) all.push_back(std::move(*parsed));
    }
    return all;
  }();
  return kAll;
}

}  // namespace

std::optional<Framework> find_framework(std::string_view name) {
  for (const Framework& framework : built_in()) {
    if (auto found = framework.named(name)) return found;
  }
  return std::nullopt;
}

std::vector<std::string> framework_names() {
  std::vector<std::string> names;
  for (const Framework& framework : built_in()) {
    names.push_back(framework.name);
    for (const FrameworkVariant& variant : framework.variants) names.push_back(variant.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace ameia::report
