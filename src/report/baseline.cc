#include "report/baseline.h"

#include "doc/json.h"
#include "report/limits.h"
#include "report/text.h"

namespace ameia::report {

base::Result<Baseline> Baseline::parse(const std::shared_ptr<const doc::Source>& source) {
  auto document = TRY(doc::parse_json(source, std::make_shared<doc::Keys>()));
  const doc::Node& root = document->root();
  if (root["version"].integer_or(0) != 1 || !root["findings"].is_list()) {
    return base::fail(
        base::Code::kInvalidInput,
        "this is no baseline: it needs \"version\": 1 and a list \"findings\"; write one with --write-baseline FILE",
        source->where(root.begin));
  }
  Baseline baseline;
  if (root["findings"].list().size() > kBaselineFingerprintsMax) {
    return base::fail(base::Code::kLimit, "more than " + std::to_string(kBaselineFingerprintsMax) + " findings",
                      source->name());
  }
  for (const doc::Node& row : root["findings"].list()) {
    std::string_view fingerprint = row["fingerprint"].str();
    if (fingerprint.empty()) {
      return base::fail(base::Code::kInvalidInput, "this finding has no \"fingerprint\"", source->where(row.begin));
    }
    baseline.fingerprints_.emplace(fingerprint);
  }
  return baseline;
}

size_t Baseline::apply(std::vector<Finding>& findings) const {
  size_t met = 0;
  for (Finding& finding : findings) {
    if (finding.status != FindingStatus::kFail) continue;
    if (!fingerprints_.contains(finding.fingerprint) && !fingerprints_.contains(finding.earlier_fingerprint)) continue;
    ++met;  // fingerprints of one report are distinct
    if (finding.suppressed_by.empty()) finding.suppressed_by = "baseline";
  }
  return fingerprints_.size() - std::min(met, fingerprints_.size());
}

void print_baseline(const Report& report, const Sink& sink) {
  Chunks out(sink);
  out << "{\"version\": 1, \"tool\": \"ameia\", \"findings\": [";
  bool first = true;
  for (const Finding& finding : report.findings) {
    if (finding.status != FindingStatus::kFail) continue;
    out << (first ? "\n" : ",\n") << "  {\"fingerprint\": ";
    first = false;
    doc::append_json_string(out.buffer(), finding.fingerprint);
    out << ", \"id\": ";
    doc::append_json_string(out.buffer(), finding.id);
    out << ", \"resource\": ";
    doc::append_json_string(out.buffer(), resource_name(finding.resource));
    out << "}";
  }
  out << "\n]}\n";
}

}  // namespace ameia::report
