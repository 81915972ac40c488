#include "report/sample.h"

#include "report/fingerprint.h"

namespace ameia::test {

using namespace report;

report::Report sample_report() {
  Report report;
  report.rules = {
      {"AM-IMG-001",
       "An image has no fixed version",
       "The same manifest runs another program tomorrow.",
       "Name a version and its digest: image: name:1.2.3@sha256:…",
       Severity::kMedium,
       {"cis-1.12:5.5.1", "nsa-cisa:images"},
       {"https://kubernetes.io/docs/concepts/containers/images/"}},
      {"AM-POD-001",
       "A container is privileged",
       "Whoever takes over the container has taken over the node.",
       "Remove securityContext.privileged, and add only the capabilities that are needed.",
       Severity::kCritical,
       {"pss:baseline", "mitre:T1611", "cis-1.12:5.2.2"},
       {"https://kubernetes.io/docs/concepts/security/pod-security-standards/"}},
      {"AM-RES-001",
       "A container has no memory limit",
       "One container can starve the node.",
       "Set resources.limits.memory.",
       Severity::kLow,
       {},
       {}},
  };
  auto add = [&](std::string id, Severity severity, FindingStatus status, std::string ns, std::string name,
                 uint32_t line, std::string message, std::string value) {
    Finding f;
    f.id = std::move(id);
    f.severity = severity;
    f.status = status;
    if (!name.empty()) f.resource = {"apps/v1", "Deployment", std::move(ns), std::move(name), {}};
    f.location = {"deploy/web app.yaml", line, line == 0 ? 0U : 7U, 10, 20, "/spec/template/spec/containers/0/image"};
    f.message = std::move(message);
    f.value = std::move(value);
    set_fingerprint(f, nullptr);
    report.findings.push_back(std::move(f));
  };
  add("AM-POD-001", Severity::kCritical, FindingStatus::kFail, "payments", "gateway", 31,
      "container \"gateway\" is privileged: true", "true");
  add("AM-IMG-001", Severity::kMedium, FindingStatus::kFail, "web", "shop", 12,
      "image nginx:latest has no fixed version", "nginx:latest");
  add("AM-IMG-001", Severity::kMedium, FindingStatus::kFail, "", "<script>alert(1)</script>", 12,
      "image \x1b[31mred\x1b[0m \xE2\x80\xAE evil", "\x1b[31mred");
  add("AM-RES-001", Severity::kLow, FindingStatus::kFail, "web", "shop", 9, "container \"shop\" has no memory limit",
      "");
  add("AM-RES-001", Severity::kLow, FindingStatus::kFail, "web", "known", 9, "container \"known\" has no memory limit",
      "");
  report.findings.back().suppressed_by = "baseline";
  add("AM-DOC-003", Severity::kHigh, FindingStatus::kError, "", "", 3, "did not find expected key", "");
  add("AM-DOC-004", Severity::kInfo, FindingStatus::kNotEvaluated, "", "", 0, "a template; render it first", "");
  report.coverage = {97, 2, 1};
  report.tally.passed = {0, 10, 30, 20, 33};
  report.tally.failed = {0, 2, 2, 0, 1};
  report.files = 3;
  report.objects = 12;
  report.checks = 3;
  report.tool_version = "0.1.0";
  report.started_at = "2026-11-25T12:00:00Z";
  report.seconds = 0.125;
  sort_findings(report.findings);
  separate_twins(report.findings);
  return report;
}

}  // namespace ameia::test
