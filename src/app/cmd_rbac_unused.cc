// ameia rbac unused | review: what is granted and not used, read from audit logs; a list of grants for people to sign.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "app/audit_log.h"
#include "app/cmd.h"
#include "app/exit.h"
#include "app/files.h"
#include "app/limits.h"
#include "app/rbac_estate.h"
#include "graph/usage.h"
#include "report/text.h"

namespace ameia::app {
namespace {

using graph::AuditTime;
using graph::GrantUsage;
using graph::PermissionPhrase;
using graph::Use;

std::string time_text(const AuditTime& time) {
  return time[0] == '\0' ? "never" : std::string(time.data(), time.size()) + "Z";
}

// 2026-11-25 as a day's number; nullopt: no such day.
std::optional<int64_t> day_number(std::string_view text) {
  int year = 0;
  unsigned month = 0, day = 0;
  const auto number = [&](size_t at, size_t size, auto& out) {
    const auto [end, bad] = std::from_chars(text.data() + at, text.data() + at + size, out);
    return bad == std::errc() && end == text.data() + at + size;
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' || !number(0, 4, year) || !number(5, 2, month) ||
      !number(8, 2, day))
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

bool is_date(std::string_view text) {
  return day_number(text).has_value();
}

int64_t days_between(std::string_view from, std::string_view to) {
  return day_number(to).value_or(0) - day_number(from).value_or(0);
}

std::string scope_text(const std::string& ns) {
  return ns.empty() ? "in the whole cluster" : "in namespace " + ns;
}

// All logs, by as many readers as there are processors; each takes the next block of lines.
base::Result<std::unique_ptr<graph::UsageReader>> read_logs(const graph::Access& access,
                                                            const std::vector<std::string>& paths, unsigned jobs) {
  const unsigned workers = jobs != 0 ? jobs : std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::unique_ptr<graph::UsageReader>> readers;
  for (unsigned i = 0; i < workers; ++i) readers.push_back(std::make_unique<graph::UsageReader>(access));
  for (const std::string& path : paths) {
    AuditLog log = TRY(AuditLog::open(path));
    std::mutex mutex;
    base::Status failed;  // under the mutex; the first error stops everybody
    const auto work = [&](graph::UsageReader& reader) {
      std::string block;
      for (;;) {
        {
          const std::lock_guard lock(mutex);
          if (!failed) return;
          if (auto status = log.next(block); !status) failed = std::move(status);
          if (!failed || block.empty()) return;
        }
        if (auto status = reader.read(block); !status) {
          const std::lock_guard lock(mutex);
          failed = std::move(status);
          return;
        }
      }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < workers; ++i) threads.emplace_back([&, i] { work(*readers[i]); });
    work(*readers[0]);
    for (std::thread& thread : threads) thread.join();
    TRY_STATUS(failed);
  }
  for (unsigned i = 1; i < workers; ++i) TRY_STATUS(readers[0]->merge(*readers[i]));
  return std::move(readers[0]);
}

struct Read {
  RbacEstate estate;
  std::vector<GrantUsage> grants;
  graph::UsageCounts counts;
  AuditTime first{}, last{};

  // Without logs: the grants alone.
  static base::Result<Read> of(const std::vector<std::string>& paths, const std::vector<std::string>& logs,
                               unsigned jobs, Console& console) {
    Read out{TRY(RbacEstate::load(paths, console)), {}, {}, {}, {}};
    const std::unique_ptr<graph::UsageReader> usage = TRY(read_logs(*out.estate.access, logs, jobs));
    out.counts = usage->counts();
    out.first = usage->first();
    out.last = usage->last();
    out.grants = graph::usage_of_grants(*out.estate.access, usage->uses());
    if (out.counts.unread + out.counts.too_long > 0) {
      console.warn(std::to_string(out.counts.unread) + " lines are no audit events, " +
                   std::to_string(out.counts.too_long) + " are too long; what they tell is missing below");
    }
    if (!logs.empty() && out.counts.events == 0)
      return base::fail(base::Code::kInvalidInput,
                        "the logs hold no event of a request that was let through; unused would be everything");
    return out;
  }
  [[nodiscard]] int exit_code() const {
    return counts.unread + counts.too_long == 0 ? estate.exit_code() : static_cast<int>(kInput);
  }
  [[nodiscard]] const rbac::Binding& binding(const GrantUsage& usage) const {
    return estate.authorizer->bindings()[usage.grant.binding];
  }
  [[nodiscard]] std::string subject(const GrantUsage& usage) const {
    return to_string(estate.access->subjects()[usage.grant.subject]);
  }
  // Kubernetes' own grants are not for people to cut.
  [[nodiscard]] bool is_default(const GrantUsage& usage) const {
    const rbac::Binding& of_grant = binding(usage);
    return of_grant.source != nullptr &&
           (*of_grant.source)["metadata"]["labels"]["kubernetes.io/bootstrapping"].str() == "rbac-defaults";
  }
};

std::vector<std::string> texts_of(const std::vector<PermissionPhrase>& phrases) {
  std::vector<std::string> out;
  for (const PermissionPhrase& phrase : phrases) out.push_back(to_string(phrase));
  return out;
}

std::vector<std::string> texts_of(const std::vector<Use>& uses) {
  std::vector<std::string> out;
  for (const Use& use : uses) {
    rbac::Request request = use.what;
    request.name = use.name;
    std::string text = to_string(request);
    if (std::find(out.begin(), out.end(), text) == out.end()) out.push_back(std::move(text));
  }
  return out;
}

// ---- unused

// A name for the new role that says whose it is: "shop-web", "ops".
std::string role_name(const graph::AccessSubject& subject) {
  std::string name = (subject.ns.empty() ? "" : subject.ns + "-") + subject.name;
  for (char& c : name) {
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (!fits) c = '-';
  }
  return name + "-used";
}

// One document a grant that was used and gives more than was used. Cluster-wide grants that were only used in a few
// namespaces become a Role in each.
std::string role_documents(const Read& read) {
  std::string out;
  for (const GrantUsage& usage : read.grants) {
    if (usage.used.empty() || usage.unused.empty() || read.is_default(usage)) continue;
    const rbac::Binding& binding = read.binding(usage);
    const graph::AccessSubject& subject = read.estate.access->subjects()[usage.grant.subject];
    std::map<std::string, std::vector<Use>> by_namespace;
    for (const Use& use : usage.used) by_namespace[use.ns].push_back(use);
    const bool narrow = binding.ns.empty() && !by_namespace.contains("") &&
                        by_namespace.size() <= kNarrowNamespacesMax && usage.untraced.empty();
    const auto document = [&](const std::string& ns, const std::vector<Use>& uses) {
      out += "---\n# " + report::clean(to_string(subject)) + ": instead of what " + report::clean(to_string(binding)) +
             " gives it\napiVersion: rbac.authorization.k8s.io/v1\nkind: " + (ns.empty() ? "ClusterRole" : "Role") +
             "\nmetadata:\n  name: " + quoted(role_name(subject)) + "\n";
      if (!ns.empty()) out += "  namespace: " + quoted(ns) + "\n";
      out += "rules:\n" + graph::minimal_rules(uses, usage.untraced);
    };
    if (narrow) {
      for (const auto& [ns, uses] : by_namespace) document(ns, uses);
    } else {
      document(binding.ns, usage.used);
    }
  }
  return out;
}

base::Result<int> run_unused(const std::vector<std::string>& paths, const std::vector<std::string>& logs, unsigned jobs,
                             const std::string& format, Console& console) {
  const Read read = TRY(Read::of(paths, logs, jobs, console));
  size_t never = 0, partly = 0;
  std::string json = "{\"from\":" + quoted(time_text(read.first)) + ",\"to\":" + quoted(time_text(read.last)) +
                     ",\"events\":" + std::to_string(read.counts.events) + ",\"grants\":[";
  bool first = true;
  for (const GrantUsage& usage : read.grants) {
    if (read.is_default(usage)) continue;
    const rbac::Binding& binding = read.binding(usage);
    never += usage.used.empty() ? 1 : 0;
    partly += !usage.used.empty() && !usage.unused.empty() ? 1 : 0;
    if (format == "json") {
      json += std::string(first ? "\n" : ",\n") + "{\"subject\":" + quoted(read.subject(usage)) +
              ",\"namespace\":" + quoted(binding.ns) + ",\"binding\":" + quoted(to_string(binding)) +
              ",\"role\":" + quoted(role_text(binding)) + ",\"last_used\":" + quoted(time_text(usage.last)) +
              ",\"unused\":" + quoted_list(texts_of(usage.unused)) + ",\"used\":" + quoted_list(texts_of(usage.used)) +
              ",\"untraced\":" + quoted_list(texts_of(usage.untraced)) + "}";
      first = false;
    } else if (format == "text" && !usage.unused.empty()) {
      console.out(report::clean(read.subject(usage)) + " " + scope_text(report::clean(binding.ns)) + "\n  by " +
                  report::clean(to_string(binding)) + " to " + report::clean(role_text(binding)) + " (" +
                  report::clean(read.estate.where(binding.source)) + "), last used " + time_text(usage.last) + "\n");
      for (const std::string& text : texts_of(usage.unused)) console.out("    unused: " + report::clean(text) + "\n");
      for (const std::string& text : texts_of(usage.used)) console.out("    used:   " + report::clean(text) + "\n");
      for (const std::string& text : texts_of(usage.untraced))
        console.out("    leaves no trace: " + report::clean(text) + "\n");
    }
  }
  if (format == "json") console.out(json + "\n]}\n");
  if (format == "yaml") console.out(role_documents(read));
  console.err(std::to_string(read.counts.events) + " events from " + time_text(read.first) + " to " +
              time_text(read.last) + ": " + report::count(never, "grant", "grants") + " never used, " +
              std::to_string(partly) + " more than used\n");
  return read.exit_code();
}

// ---- review

// What a person said of a grant, in the review file of before.
struct Signature {
  std::string decision, by, date;
};

// A line of a review is the same while who, what and everything it gives are.
std::string fingerprint(const Read& read, const GrantUsage& usage, const std::vector<std::string>& can) {
  const rbac::Binding& binding = read.binding(usage);
  std::string text = read.subject(usage) + "\n" + to_string(binding) + "\n" + role_text(binding);
  for (const std::string& phrase : can) text += "\n" + phrase;
  return text;
}

base::Result<std::map<std::string, Signature>> read_review(const std::string& path) {
  std::map<std::string, Signature> out;
  for (const auto& document : TRY(load_documents(path))) {
    if (document->root()["kind"].str() != "AccessReview") {
      return base::fail(base::Code::kInvalidInput,
                        "is no access review; write one with `ameia rbac review` and sign its lines", path);
    }
    for (const doc::Node& entry : document->root()["entries"].list()) {
      std::string key = std::string(entry["who"].str()) + "\n" + std::string(entry["binding"].str()) + "\n" +
                        std::string(entry["role"].str());
      for (const doc::Node& phrase : entry["can"].list()) key += "\n" + std::string(phrase.str());
      const std::string_view decision = entry["decision"].str();
      if (decision.empty()) continue;
      if (decision != "keep" && decision != "remove")
        return base::fail(base::Code::kInvalidInput,
                          "decision is keep or remove, not \"" + std::string(decision) + "\"",
                          document->source().where(entry["decision"].begin));
      if (entry["by"].str().empty() || !is_date(entry["date"].str()))
        return base::fail(base::Code::kInvalidInput, "a decision needs by: (who signs) and date: (2026-11-25)",
                          document->source().where(entry.begin));
      out[key] = {std::string(decision), std::string(entry["by"].str()), std::string(entry["date"].str())};
    }
  }
  return out;
}

struct ReviewChoice {
  std::vector<std::string> paths, logs;
  std::string previous;
  unsigned days = 0;
};

base::Result<int> run_review(const ReviewChoice& choice, Console& console) {
  const Read read = TRY(Read::of(choice.paths, choice.logs, 0, console));
  std::map<std::string, Signature> signatures;
  if (!choice.previous.empty()) signatures = TRY(read_review(choice.previous));
  const std::string date = today();
  size_t unsigned_lines = 0, overdue = 0, still_there = 0;
  std::string out =
      "apiVersion: ameia.io/v1alpha1\nkind: AccessReview\n# Sign every line: decision: keep or remove, by: a "
      "name, date: a day. A signature holds for " +
      std::to_string(choice.days) + " days.\nmetadata: {name: \"access-" + date + "\"}\n";
  out += "log: " +
         (choice.logs.empty()
              ? std::string("none")
              : "{from: " + quoted(time_text(read.first)) + ", to: " + quoted(time_text(read.last)) + "}") +
         "\nentries:\n";
  for (const GrantUsage& usage : read.grants) {
    if (read.is_default(usage)) continue;
    const rbac::Binding& binding = read.binding(usage);
    const std::vector<std::string> can =
        texts_of(read.estate.access->phrases(read.estate.access->permissions_of_role(usage.grant.role)));
    const doc::Node* source = binding.source;
    const std::string since(source == nullptr ? std::string_view() : (*source)["metadata"]["creationTimestamp"].str());
    const auto signature = signatures.find(fingerprint(read, usage, can));
    std::string decision, by, date_signed;
    if (signature == signatures.end()) {
      ++unsigned_lines;
    } else if (days_between(signature->second.date, date) > static_cast<int64_t>(choice.days)) {
      ++overdue;
      console.warn("overdue: " + report::clean(read.subject(usage)) + " by " + report::clean(to_string(binding)) +
                   " was last signed on " + signature->second.date);
    } else {
      decision = signature->second.decision;
      by = signature->second.by;
      date_signed = signature->second.date;
      if (decision == "remove") {
        ++still_there;
        console.warn("to be removed, and still there: " + report::clean(to_string(binding)) + " (" +
                     report::clean(read.estate.where(source)) + ")");
      }
    }
    out += "- who: " + quoted(read.subject(usage)) + "\n  binding: " + quoted(to_string(binding)) +
           "\n  role: " + quoted(role_text(binding)) + "\n  can: " + quoted_list(can) +
           "\n  since: " + quoted(since.empty() ? "not said" : since) +
           "\n  last_used: " + quoted(choice.logs.empty() ? "not known" : time_text(usage.last)) +
           "\n  decision: " + quoted(decision) + "\n  by: " + quoted(by) + "\n  date: " + quoted(date_signed) + "\n";
  }
  console.out(out);
  console.err(report::count(unsigned_lines, "line", "lines") + " to sign, " + std::to_string(overdue) + " overdue, " +
              std::to_string(still_there) + " to be removed and still there\n");
  return read.exit_code();
}

}  // namespace

base::Result<Action> parse_rbac_review(const Words& words) {
  ReviewChoice choice;
  choice.paths = words.operands();
  if (choice.paths.empty()) choice.paths.emplace_back(".");
  choice.logs = words.all("--audit-log");
  choice.previous = words.get("--previous");
  choice.days = TRY(parse_number("--days", words.get("--days", "90"), 1, kReviewDaysMax));
  return Action([choice](Console& console) { return finish(run_review(choice, console), console); });
}

base::Result<Action> parse_rbac_unused(const Words& words) {
  const std::vector<std::string> logs = words.all("--audit-log");
  if (logs.empty()) return std::unexpected(usage_error("--audit-log FILE is needed: what was used is read from it"));
  const std::string text = words.get("--jobs", "0");
  const unsigned jobs = words.has("--jobs") ? TRY(parse_number("--jobs", text, 1, kJobsMax)) : 0;
  std::vector<std::string> paths = words.operands();
  if (paths.empty()) paths.emplace_back(".");
  return Action([paths, logs, jobs, format = words.get("--output", "text")](Console& console) {
    return finish(run_unused(paths, logs, jobs, format, console), console);
  });
}

}  // namespace ameia::app
