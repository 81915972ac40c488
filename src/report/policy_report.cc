// Reports as Kubernetes objects: openreports.io/v1alpha1 and its elder, wgpolicyk8s.io/v1alpha2. One report a namespace
// and one of the cluster, each small enough for etcd: the worst findings stay, the summary counts all of them, and an
// annotation says how many are left out. Only what was found is listed; what passed is in the scan's own report.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>

#include "doc/json.h"
#include "report/limits.h"
#include "report/print.h"
#include "report/text.h"

namespace ameia::report {
namespace {

struct Dialect {
  std::string_view api_version, kind, cluster_kind;
  bool report_has_source;
};
constexpr Dialect kOpenReports{"openreports.io/v1alpha1", "Report", "ClusterReport", true};
constexpr Dialect kWgPolicy{"wgpolicyk8s.io/v1alpha2", "PolicyReport", "ClusterPolicyReport", false};

std::string quoted(std::string_view text) {
  std::string out;
  doc::append_json_string(out, text);
  return out;
}

// A name the API server takes (RFC 1123 label). A report cannot live in a namespace that cannot exist.
bool is_namespace_name(std::string_view name) {
  constexpr size_t kLabelMax = 63;
  if (name.empty() || name.size() > kLabelMax || name.front() == '-' || name.back() == '-') return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

std::string_view result_of(const Finding& f) {
  if (!f.suppressed_by.empty()) return "skip";
  if (f.status == FindingStatus::kFail) return "fail";
  return f.status == FindingStatus::kError ? "error" : "skip";
}

// Seconds since 1970 of "2026-11-25T12:00:00Z"; nullopt when it is something else.
std::optional<int64_t> unix_seconds(std::string_view text) {
  constexpr std::string_view kLayout = "0000-00-00T00:00:00Z";
  auto fits = [](char layout, char c) { return layout == '0' ? c >= '0' && c <= '9' : c == layout; };
  if (!std::equal(kLayout.begin(), kLayout.end(), text.begin(), text.end(), fits)) return {};
  auto number = [&](size_t at, size_t digits) {
    unsigned value = 0;
    std::from_chars(text.data() + at, text.data() + at + digits, value);
    return value;
  };
  std::chrono::year_month_day date{std::chrono::year(static_cast<int>(number(0, 4))), std::chrono::month(number(5, 2)),
                                   std::chrono::day(number(8, 2))};
  if (!date.ok()) return {};
  return std::chrono::sys_days(date).time_since_epoch().count() * int64_t{86'400} + number(11, 2) * 3'600 +
         number(14, 2) * 60 + number(17, 2);
}

class PolicyReports {
 public:
  PolicyReports(const Report& report, const Dialect& dialect, const Sink& sink)
      : report_(report), dialect_(dialect), out_(sink) {
    if (std::optional<int64_t> seconds = unix_seconds(report.started_at))
      timestamp_ = ",\"timestamp\":{\"seconds\":" + std::to_string(*seconds) + ",\"nanos\":0}";
    for (const Finding& f : report.findings) {
      if (f.status == FindingStatus::kNotApplicable) continue;
      by_namespace_[is_namespace_name(f.resource.ns) ? std::string_view(f.resource.ns) : std::string_view()].push_back(
          &f);
    }
    by_namespace_[{}];  // the cluster has a report even when nothing was found: it says that a scan took place
  }

  void print() {
    out_ << "{\"apiVersion\":\"v1\",\"kind\":\"List\",\"items\":[";
    bool first = true;
    for (const auto& [ns, findings] : by_namespace_) {
      out_ << (first ? "\n" : ",\n");
      first = false;
      print_report(ns, findings);
    }
    out_ << "]}\n";
  }

 private:
  void print_report(std::string_view ns, const std::vector<const Finding*>& findings) {
    size_t fail = 0, error = 0, skip = 0, left_out = 0;
    std::string results;
    for (const Finding* f : findings) {
      std::string_view result = result_of(*f);
      ++(result == "fail" ? fail : result == "error" ? error : skip);
      std::string text = result_json(*f, result);
      if (left_out != 0 || results.size() + text.size() > kPolicyReportBytesMax) {
        ++left_out;
        continue;
      }
      if (!results.empty()) results += ",\n";
      results += text;
    }
    out_ << "{\"apiVersion\":\"" << dialect_.api_version << "\",\"kind\":\""
         << (ns.empty() ? dialect_.cluster_kind : dialect_.kind) << "\",\"metadata\":{\"name\":\"ameia-scan\"";
    if (!ns.empty()) out_ << ",\"namespace\":" << quoted(ns);
    out_ << ",\"labels\":{\"app.kubernetes.io/managed-by\":\"ameia\"},\"annotations\":{\"ameia.io/results-left-out\":\""
         << std::to_string(left_out) << "\"}}";
    if (dialect_.report_has_source) out_ << ",\"source\":\"ameia\"";
    out_ << ",\"summary\":{\"fail\":" << std::to_string(fail) << ",\"error\":" << std::to_string(error)
         << ",\"skip\":" << std::to_string(skip) << "},\"results\":[" << (results.empty() ? "" : "\n") << results
         << "]}";
  }

  std::string result_json(const Finding& f, std::string_view result) const {
    TextsView texts = texts_of(report_, f);
    std::string out = "{\"source\":\"ameia\",\"policy\":" + quoted(f.id) + ",\"category\":" + quoted(texts.title) +
                      ",\"severity\":\"" + std::string(to_string(f.severity)) + "\",\"result\":\"" +
                      std::string(result) + "\",\"scored\":" + (f.suppressed_by.empty() ? "true" : "false") +
                      ",\"message\":" + quoted(f.message.empty() ? texts.title : std::string_view(f.message)) +
                      timestamp_;
    if (!f.resource.kind.empty()) {
      out += ",\"resources\":[{\"apiVersion\":" + quoted(f.resource.api_version) +
             ",\"kind\":" + quoted(f.resource.kind) + ",\"name\":" + quoted(f.resource.name);
      if (!f.resource.ns.empty()) out += ",\"namespace\":" + quoted(f.resource.ns);
      if (!f.resource.uid.empty()) out += ",\"uid\":" + quoted(f.resource.uid);
      out += "}]";
    }
    out += ",\"properties\":{\"status\":\"" + std::string(to_string(f.status)) +
           "\",\"fingerprint\":" + quoted(f.fingerprint) + ",\"location\":" + quoted(location_text(f.location));
    if (!f.location.pointer.empty()) out += ",\"pointer\":" + quoted(f.location.pointer);
    if (!texts.remediation.empty()) out += ",\"remediation\":" + quoted(texts.remediation);
    if (!f.suppressed_by.empty()) out += ",\"suppressed_by\":" + quoted(f.suppressed_by);
    return out + "}}";
  }

  const Report& report_;
  const Dialect& dialect_;
  std::string timestamp_;
  std::map<std::string_view, std::vector<const Finding*>> by_namespace_;  // "": the cluster's
  Chunks out_;
};

}  // namespace

void print_openreports(const Report& report, const Sink& sink) {
  PolicyReports(report, kOpenReports, sink).print();
}

void print_wgpolicy(const Report& report, const Sink& sink) {
  PolicyReports(report, kWgPolicy, sink).print();
}

}  // namespace ameia::report
