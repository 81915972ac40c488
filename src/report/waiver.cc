#include "report/waiver.h"

#include <algorithm>

#include "doc/yaml.h"
#include "report/fingerprint.h"
#include "report/limits.h"
#include "report/text.h"

namespace ameia::report {
namespace {

base::Result<Waiver> parse_waiver(const doc::Node& node, const doc::Source& source) {
  constexpr std::string_view kFields[] = {"id", "resource", "fingerprint", "owner", "reason", "expires"};
  if (!node.is_map())
    return base::fail(base::Code::kInvalidInput, "a waiver is a map with id, owner, reason, expires",
                      source.where(node.begin));
  for (const doc::Member& member : node.map()) {
    std::string_view key = member.key->view();
    if (std::find(std::begin(kFields), std::end(kFields), key) == std::end(kFields)) {
      return base::fail(
          base::Code::kInvalidInput,
          "a waiver has no field \"" + clean(key) + "\"; it has id, resource, fingerprint, owner, reason, expires",
          source.where(member.key_begin));
    }
    if (!member.value.is_string() || member.value.str().empty()) {
      return base::fail(base::Code::kInvalidInput, clean(key) + " must be a text", source.where(member.value.begin));
    }
    if (member.value.size > kPatternBytesMax) {
      return base::fail(base::Code::kLimit,
                        clean(key) + " is longer than " + std::to_string(kPatternBytesMax) + " bytes",
                        source.where(member.value.begin));
    }
  }
  Waiver waiver{std::string(node["id"].str()),
                std::string(node["resource"].str()),
                std::string(node["fingerprint"].str()),
                std::string(node["owner"].str()),
                std::string(node["reason"].str()),
                std::string(node["expires"].str()),
                {}};
  if (waiver.id.empty() && waiver.resource.empty() && waiver.fingerprint.empty()) {
    return base::fail(base::Code::kInvalidInput, "a waiver needs an id, a resource or a fingerprint",
                      source.where(node.begin));
  }
  for (std::string_view required : {"owner", "reason", "expires"}) {
    if (node.find(required) == nullptr) {
      return base::fail(base::Code::kInvalidInput, "a waiver needs " + std::string(required), source.where(node.begin));
    }
  }
  if (!is_date(waiver.expires)) {
    return base::fail(base::Code::kInvalidInput, "expires must be a day, YYYY-MM-DD",
                      source.where(node["expires"].begin));
  }
  doc::Position position = source.position(node.begin);
  waiver.location = {source.name(), position.line, position.column, node.begin, node.end, {}};
  return waiver;
}

bool waives(const Waiver& waiver, const Finding& finding, std::string_view resource) {
  return (waiver.fingerprint.empty() || waiver.fingerprint == finding.fingerprint ||
          waiver.fingerprint == finding.earlier_fingerprint) &&
         (waiver.id.empty() || matches_pattern(waiver.id, finding.id)) &&
         (waiver.resource.empty() || matches_pattern(waiver.resource, resource));
}

std::string describe(const Waiver& waiver) {
  std::string text;
  for (const std::string* part : {&waiver.id, &waiver.resource, &waiver.fingerprint}) {
    if (part->empty()) continue;
    text += (text.empty() ? "" : " ") + *part;
  }
  return text;
}

Finding finding_about(const Waiver& waiver, std::string_view id, Severity severity, std::string message) {
  Finding finding;
  finding.id = id;
  finding.severity = severity;
  finding.location = waiver.location;
  finding.message = std::move(message);
  finding.value = describe(waiver);
  // The place in the file is no identity; what the waiver says is.
  Finding identity = finding;
  identity.location.pointer = finding.value;
  set_fingerprint(identity, nullptr);
  finding.fingerprint = std::move(identity.fingerprint);
  return finding;
}

}  // namespace

std::vector<Rule> waiver_rules() {
  return {{.id = std::string(kWaiverExpiredId),
           .title = "A waiver has expired",
           .why = "What was accepted for a while is no longer accepted; the findings it held back count again.",
           .remediation = "Mend what it held back and delete the waiver, or let its owner decide on a new date.",
           .severity = Severity::kMedium,
           .tags = {},
           .references = {},
           .portuguese = {"Uma exceção venceu",
                          "O que foi aceito por um tempo já não é aceito; os achados que ela retinha voltam a contar.",
                          "Corrija o que ela retinha e apague a exceção, ou peça ao responsável uma nova data."}},
          {.id = std::string(kWaiverUnusedId),
           .title = "A waiver matches nothing",
           .why = "It will silently accept the next finding that happens to match.",
           .remediation = "Delete it, or correct its id and resource.",
           .severity = Severity::kLow,
           .tags = {},
           .references = {},
           .portuguese = {"Uma exceção não corresponde a nada",
                          "Ela aceitará em silêncio o próximo achado que por acaso corresponder.",
                          "Apague-a, ou corrija o id e o recurso."}}};
}

base::Result<Waivers> Waivers::parse(const std::shared_ptr<const doc::Source>& source) {
  doc::YamlStream stream = doc::parse_yaml(source, std::make_shared<doc::Keys>());
  if (!stream.errors.empty()) return std::unexpected(stream.errors.front());
  Waivers waivers;
  for (const auto& document : stream.documents) {
    const doc::Node& root = document->root();
    const doc::Node* list = root.find("waivers");
    if (list == nullptr || !list->is_list()) {
      return base::fail(base::Code::kInvalidInput, "a waiver file holds a list called \"waivers\"",
                        source->where(root.begin));
    }
    for (const doc::Node& node : list->list()) {
      if (waivers.waivers_.size() == kWaiversMax) {
        return base::fail(base::Code::kLimit, "more than " + std::to_string(kWaiversMax) + " waivers",
                          source->where(node.begin));
      }
      waivers.waivers_.push_back(TRY(parse_waiver(node, *source)));
    }
  }
  return waivers;
}

void Waivers::apply(std::vector<Finding>& findings, std::string_view today) const {
  std::vector<bool> met(waivers_.size(), false);
  auto expired = [&](const Waiver& waiver) { return waiver.expires < today; };
  for (Finding& finding : findings) {
    if (finding.status != FindingStatus::kFail) continue;
    std::string resource = resource_name(finding.resource);
    for (size_t i = 0; i < waivers_.size(); ++i) {
      const Waiver& waiver = waivers_[i];
      if (!waives(waiver, finding, resource)) continue;
      met[i] = true;
      if (expired(waiver)) continue;
      finding.suppressed_by = "waiver of " + waiver.owner + " until " + waiver.expires + ": " + waiver.reason;
      break;
    }
  }
  for (size_t i = 0; i < waivers_.size(); ++i) {
    const Waiver& waiver = waivers_[i];
    if (expired(waiver)) {
      findings.push_back(finding_about(
          waiver, kWaiverExpiredId, Severity::kMedium,
          "the waiver for " + describe(waiver) + " by " + waiver.owner + " expired on " + waiver.expires));
    } else if (!met[i]) {
      findings.push_back(
          finding_about(waiver, kWaiverUnusedId, Severity::kLow,
                        "the waiver for " + describe(waiver) + " by " + waiver.owner + " matches no finding"));
    }
  }
}

bool matches_pattern(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool is_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  auto number = [&](size_t at, size_t digits) {
    int n = 0;
    for (size_t i = at; i < at + digits; ++i) {
      if (text[i] < '0' || text[i] > '9') return -1;
      n = n * 10 + (text[i] - '0');
    }
    return n;
  };
  int year = number(0, 4), month = number(5, 2), day = number(8, 2);
  if (year < 1 || month < 1 || month > 12 || day < 1) return false;
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return day <= kDays[month - 1] + (month == 2 && leap ? 1 : 0);
}

}  // namespace ameia::report
