// Pod Security: fixtures LEVEL/VERSION/{pass,fail}/*.yaml, and tables with the exact reason and detail of each check.
#include <algorithm>
#include <cctype>

#include "go_table.h"
#include "kube/pod.h"
#include "policy/pss.h"
#include "suite.h"

namespace ameia::conformance {
namespace {

using doc::Node;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

void run_fixture(SuiteResult& result, const std::string& path, const std::string& name, policy::Level level,
                 policy::PssVersion version, bool expect_allowed) {
  auto document = read_yaml(path);
  if (!document) return result.fail(name, document.error().text());
  auto pod = kube::find_pod((*document)->root());
  if (!pod) return result.fail(name, "holds no pod");
  policy::PssResult got = policy::evaluate(level, version, *pod->metadata, *pod->spec);
  if (got.allowed == expect_allowed) return result.pass();
  result.fail(name, got.allowed ? "was allowed" : "was denied: " + got.detail());
}

void run_fixtures(SuiteResult& result, const std::string& folder, policy::Level level) {
  std::string level_name(policy::to_string(level));
  for (const std::string& version_name : list_folder(folder + '/' + level_name)) {
    for (const char* verdict : {"pass", "fail"}) {
      std::string under = level_name + '/' + version_name + '/' + verdict;
      for (const std::string& file : list_folder(folder + '/' + under)) {
        auto version = policy::parse_pss_version(version_name);
        if (!version) {
          result.skip(under + '/' + file, "no version: " + version_name);
          continue;
        }
        run_fixture(result, folder + '/' + under + '/' + file, under + '/' + file, level, *version,
                    std::string_view(verdict) == "pass");
      }
    }
  }
}

// "check_procMount_baseline_test.json" names the check procMount; file names and ids differ in case and suffix.
const policy::PssCheckInfo* find_check(const std::vector<policy::PssCheckInfo>& checks, std::string file) {
  for (std::string_view cut : {"_test.json", "_baseline", "_restricted", ""}) {
    std::string wanted = lower(file.substr(file.starts_with("check_") ? 6 : 0));
    for (const policy::PssCheckInfo& check : checks) {
      if (lower(check.id) == wanted) return &check;
    }
    if (file.ends_with(cut)) file.erase(file.size() - cut.size());
  }
  return nullptr;
}

// "TestSysctls_1_27" → 27.
std::optional<uint32_t> minor_of(std::string_view test) {
  size_t at = test.rfind("_1_");
  if (at == std::string_view::npos) return std::nullopt;
  auto version = policy::parse_pss_version("v1." + std::string(test.substr(at + 3)));
  return version ? std::optional(version->minor) : std::nullopt;
}

// A name without a version means the first revision where its file has tests of later ones by name, else the newest.
uint32_t minor_for(std::string_view test, const Node& tests, const policy::PssCheckInfo& check) {
  if (auto minor = minor_of(test)) return *minor;
  bool others_named = std::any_of(tests.map().begin(), tests.map().end(),
                                  [](const doc::Member& other) { return minor_of(other.key->view()).has_value(); });
  return others_named ? check.minors.front() : check.minors.back();
}

void define_proc_mounts(GoTable& table) {
  table.define("defaultValue", "Default");
  table.define("unmaskedValue", "Unmasked");
  table.define("otherValue", "other");
  // API versions as text, which is how policies name them.
  table.define_function("api.MajorMinorVersion", [](GoTable& self, const GoTable::Args& args) -> base::Result<Node> {
    if (args.size() != 2) return base::fail(base::Code::kInvalidInput, "a version needs two numbers");
    return self.make().string("v" + std::to_string(args[0].integer_or(0)) + '.' +
                              std::to_string(args[1].integer_or(0)));
  });
}

struct Expected {
  bool allowed = false;
  std::string reason, detail;
};

void judge(SuiteResult& result, const std::string& name, const policy::PssResult& got, const Expected& expected) {
  std::string reason, detail;
  if (!got.allowed) {
    reason = got.violations[0].reason;
    detail = got.violations[0].detail;
  }
  if (got.allowed != expected.allowed)
    return result.fail(name, got.allowed ? "was allowed" : "was denied: " + got.detail());
  if (reason != expected.reason) return result.fail(name, "reason is " + reason + ", expected " + expected.reason);
  if (detail != expected.detail) return result.fail(name, "detail is " + detail + ", expected " + expected.detail);
  result.pass();
}

// Rows that say what an API server of an older version judges: a probe with a host, baseline, at three versions.
void run_emulation(SuiteResult& result, GoTable& table, const std::string& name, const Node& fields) {
  auto emulated = table.value(fields["emulateVersion"]);
  if (!emulated) return result.skip(name, "not resolved: " + emulated.error().what);
  bool active = fields["hostCheckActive"].boolean_or(false);
  uint32_t newest = policy::kPssNewestMinor;
  if (auto version = policy::parse_pss_version(emulated->str())) newest = std::min(newest, version->minor);
  auto pod = parse_yaml_text("spec: {containers: [{startupProbe: {httpGet: {host: localhost}}}]}", "pod");
  if (!pod) return result.fail(name, pod.error().text());
  struct {
    policy::PssVersion version;
    bool denied;
  } const probes[] = {
      {policy::PssVersion{}, active}, {policy::PssVersion{34}, active}, {policy::PssVersion{33}, false}};
  for (const auto& probe : probes) {
    auto got =
        policy::evaluate(policy::Level::kBaseline, probe.version, doc::kNullNode, (*pod)->root()["spec"], newest);
    if (got.allowed == probe.denied)
      return result.fail(name, "at " + policy::to_string(probe.version) + ": " + got.detail());
  }
  result.pass();
}

void run_row(SuiteResult& result, GoTable& table, const std::string& name, const Node& fields,
             const policy::PssCheckInfo& check, uint32_t minor) {
  if (fields.find("hostCheckActive") != nullptr) return run_emulation(result, table, name, fields);
  Expected expected;
  Node metadata, spec;
  auto resolve = [&]() -> base::Status {
    if (const Node* pod = fields.find("pod")) {
      Node value = TRY(table.value(*pod));
      metadata = value["metadata"];
      spec = value["spec"];
    } else {
      metadata = TRY(table.value(fields["metaData"]));
      spec = TRY(table.value(fields["podSpec"]));
    }
    Node reason = TRY(table.value(fields["expectReason"])), detail = TRY(table.value(fields["expectDetail"]));
    expected.reason = reason.str();
    expected.detail = detail.str();
    // Without a reason the pod is expected to be allowed; some tables say so as well.
    expected.allowed = expected.reason.empty();
    return {};
  };
  if (base::Status resolved = resolve(); !resolved) return result.skip(name, "not resolved: " + resolved.error().what);
  auto got = policy::evaluate_check(check.id, policy::PssVersion{minor}, metadata, spec);
  if (!got) return result.fail(name, "the check does not exist at 1." + std::to_string(minor));
  judge(result, name, *got, expected);
}

void run_tables(SuiteResult& result, const std::string& folder) {
  std::vector<policy::PssCheckInfo> checks = policy::pss_checks();
  for (const std::string& file : list_folder(folder)) {
    auto document = read_json(folder + '/' + file);
    if (!document) {
      result.fail(file, document.error().text());
      continue;
    }
    const policy::PssCheckInfo* check = find_check(checks, file);
    for (const doc::Member& test : (*document)->root().map()) {
      GoTable table;
      define_proc_mounts(table);
      for (const Node& rows : test.value.list()) {
        for (const Node& row : rows["l"].list()) {
          const Node& fields = row["f"];
          std::string name = "tables/" + std::string(test.key->view()) + '/' + std::string(fields["name"].str());
          if (check == nullptr) {
            result.skip(name, "no check is named by " + file);
            continue;
          }
          run_row(result, table, name, fields, *check, minor_for(test.key->view(), (*document)->root(), *check));
        }
      }
    }
  }
}

}  // namespace

SuiteResult run_pod_security(const std::string& folder) {
  SuiteResult result;
  for (policy::Level level : {policy::Level::kPrivileged, policy::Level::kBaseline, policy::Level::kRestricted}) {
    run_fixtures(result, folder, level);
  }
  run_tables(result, folder + "/tables");
  return result;
}

}  // namespace ameia::conformance
