#include "app/scan.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <exception>
#include <new>
#include <thread>

#include "app/files.h"
#include "app/limits.h"
#include "app/load.h"
#include "app/version.h"
#include "kube/object.h"
#include "policy/structure.h"
#include "report/fingerprint.h"

namespace ameia::app {
namespace {

using report::Finding;
using report::FindingStatus;

// Calls work(worker, index) for every index below `n` on `workers` threads, this one among them.
template <typename Work>
void for_each_parallel(size_t n, unsigned workers, const Progress& progress, size_t progress_from, size_t progress_all,
                       const Work& work) {
  std::atomic<size_t> next{0}, done{0};
  auto run = [&](unsigned worker) {
    for (size_t i = next.fetch_add(1); i < n; i = next.fetch_add(1)) {
      work(worker, i);
      size_t finished = done.fetch_add(1) + 1;
      if (worker == 0 && progress) progress(progress_from + finished, progress_all);
    }
  };
  std::vector<std::thread> threads;
  threads.reserve(workers);
  for (unsigned worker = 1; worker < workers; ++worker) threads.emplace_back(run, worker);
  run(0);
  for (std::thread& thread : threads) thread.join();
}

std::string utc_now() {
  std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

// A kind that Kubernetes itself does not have.
bool is_custom(std::string_view group, const kube::ResourceInfo& info) {
  return info.guessed || (group.find('.') != std::string_view::npos && !group.ends_with(".k8s.io"));
}

void clear_if_same(std::string& text, const std::string& rule_text) {
  if (text == rule_text) std::string().swap(text);
}

// Texts that the rule says too are kept there only.
void slim(Finding& finding, const report::Rule& rule) {
  clear_if_same(finding.title, rule.title);
  clear_if_same(finding.why, rule.why);
  clear_if_same(finding.remediation, rule.remediation);
  if (finding.tags == rule.tags) std::vector<std::string>().swap(finding.tags);
  if (finding.references == rule.references) std::vector<std::string>().swap(finding.references);
}

class Scan {
 public:
  Scan(const Walk& walk, std::shared_ptr<const policy::PolicySet> policies, unsigned jobs, const Progress& progress)
      : files_(walk.files),
        walk_(walk),
        policies_(std::move(policies)),
        progress_(progress),
        workers_(worker_count(jobs, walk.files.size())) {}

  ScanResult run() {
    auto begin = std::chrono::steady_clock::now();
    report_.started_at = utc_now();
    report_.tool_version = kVersion;
    report_.rules = policies_->rules();
    report_.rules.insert(report_.rules.end(), document_rules().begin(), document_rules().end());
    std::stable_sort(report_.rules.begin(), report_.rules.end(),
                     [](const auto& a, const auto& b) { return a.id < b.id; });
    report_.checks = policies_->policies();
    report_.files = files_.size();
    learn();
    for (const policy::Diagnostic& warning : policy::type_warnings(*policies_, facts_))
      warnings_.push_back(policy::to_string(warning));
    judge();
    facts_ = policy::ScanFacts();  // the findings need the room
    add_walk_notes();
    gather();
    report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    ScanResult result;
    result.named_input_failed = named_input_failed_;
    result.any_error = report_.coverage.errors != 0;
    result.report = std::move(report_);
    result.warnings = std::move(warnings_);
    return result;
  }

 private:
  // First pass. Facts are taken over in the order of the files, so that the outcome does not hang on which worker was
  // fast. What cannot be kept for the second pass is parsed here only when its text may hold a fact: any object is one
  // when some policy looks at others.
  void learn() {
    std::vector<std::optional<policy::ScanFacts>> facts(files_.size());
    std::vector<char> deferred(files_.size(), 0);  // holds controllers at most: they matter once something has an owner
    kept_.resize(files_.size());
    std::atomic<size_t> kept_bytes{0};
    std::atomic<bool> any_owner{false};
    std::vector<std::shared_ptr<policy::KeptMemory>> memories(workers_);
    for (auto& memory : memories) memory = policy::ScanFacts::make_memory();
    auto learn_from = [&](const Loaded& loaded, size_t i, const std::shared_ptr<policy::KeptMemory>& memory) {
      for (const LoadedObject& object : loaded.objects) {
        if (!facts[i]) facts[i].emplace(*policies_, memory);
        facts[i]->learn(*object.node);
        if (kube::ObjectView(*object.node).controller() != nullptr) any_owner = true;
      }
    };
    for_each_parallel(files_.size(), workers_, progress_, 0, 2 * files_.size(), [&](unsigned worker, size_t i) {
      if (!policies_->asks_about_others() && files_[i].name != "-" && kept_bytes.load() >= kKeptBytesMax) {
        Probe probe = probe_text(files_[i]);
        if (probe.owners) any_owner = true;
        deferred[i] = !probe.facts;
        if (!probe.facts) return;
      }
      Loaded loaded = load_guarded(files_[i]);
      learn_from(loaded, i, memories[worker]);
      // A tree is several times as large as its text.
      constexpr size_t kTreeFactor = 4;
      size_t bytes = loaded.source_bytes * kTreeFactor;
      if (files_[i].name == "-" || kept_bytes.fetch_add(bytes) < kKeptBytesMax) {
        kept_[i] = std::make_unique<Loaded>(std::move(loaded));
      }
    });
    if (any_owner) {
      for_each_parallel(files_.size(), workers_, progress_, files_.size(), 2 * files_.size(),
                        [&](unsigned worker, size_t i) {
                          if (deferred[i] != 0) learn_from(load_guarded(files_[i]), i, memories[worker]);
                        });
    }
    for (auto& learnt : facts) {
      if (learnt) facts_.absorb(std::move(*learnt));
    }
    facts_.seal();
  }

  // Whether the text of a file may define a namespace, a custom resource or a role, or an object with an owner. A
  // backslash may hide any letter of these words.
  struct Probe {
    bool facts = false, owners = false;
  };
  static Probe probe_text(const InputFile& file) {
    auto bytes = read_input(file);
    if (!bytes) return {};  // the second pass says so
    std::string_view text = *bytes;
    auto has = [&](std::string_view word) { return text.find(word) != std::string_view::npos; };
    bool hidden = has("\\");
    return {hidden || has("Namespace") || has("CustomResourceDefinition") || has("rbac.authorization.k8s.io"),
            hidden || has("ownerReferences")};
  }

  static Loaded load_guarded(const InputFile& file) {
    std::string what;
    try {
      return load(file);
    } catch (const std::bad_alloc&) {
      what = "not enough memory for this file";
    } catch (const std::exception& e) {
      what = std::string("a defect of Ameia: ") + e.what();
    }
    return failed(file, what);
  }

  static Loaded failed(const InputFile& file, std::string what) {
    Loaded loaded;
    Finding finding;
    finding.id = kUnreadableId;
    finding.status = FindingStatus::kError;
    finding.severity = report::Severity::kHigh;
    finding.location.file = file.name;
    finding.message = std::move(what);
    loaded.rows.push_back(std::move(finding));
    return loaded;
  }

  void judge() {
    results_.resize(files_.size());
    std::vector<std::unique_ptr<policy::Evaluator>> evaluators(workers_);
    std::vector<std::vector<report::CheckTally>> lost(workers_);  // what discarded evaluators had counted
    std::vector<std::unique_ptr<policy::StructureCheck>> structures(workers_);
    for_each_parallel(files_.size(), workers_, progress_, files_.size(), 2 * files_.size(),
                      [&](unsigned worker, size_t i) {
                        std::unique_ptr<Loaded> loaded =
                            kept_[i] ? std::move(kept_[i]) : std::make_unique<Loaded>(load_guarded(files_[i]));
                        if (!evaluators[worker]) {
                          evaluators[worker] = std::make_unique<policy::Evaluator>(policies_);
                          evaluators[worker]->assume_one_estate();
                        }
                        if (!structures[worker])
                          structures[worker] = std::make_unique<policy::StructureCheck>(facts_.definitions());
                        try {
                          judge_file(*evaluators[worker], *structures[worker], *loaded, results_[i]);
                        } catch (const std::exception& e) {
                          add_tallies(evaluators[worker]->tallies(), lost[worker]);
                          evaluators[worker].reset();  // its scratch memory may be in any state
                          structures[worker].reset();
                          Loaded broken = failed(files_[i], dynamic_cast<const std::bad_alloc*>(&e) != nullptr
                                                                ? "not enough memory to judge this file"
                                                                : std::string("a defect of Ameia: ") + e.what());
                          take_rows(broken, results_[i]);
                        }
                      });
    std::vector<report::CheckTally> all;
    for (const auto& evaluator : evaluators) {
      if (evaluator) add_tallies(evaluator->tallies(), all);
    }
    for (const auto& tallies : lost) add_tallies(tallies, all);
    for (size_t i = 0; i < all.size(); ++i) report_.by_check[policies_->rules()[i].id].add(all[i]);
  }

  static void add_tallies(const std::vector<report::CheckTally>& from, std::vector<report::CheckTally>& to) {
    if (to.size() < from.size()) to.resize(from.size());
    for (size_t i = 0; i < from.size(); ++i) to[i].add(from[i]);
  }

  struct FileResult {
    policy::ScanResult judged;
    uint64_t objects = 0;
  };

  void judge_file(policy::Evaluator& evaluator, policy::StructureCheck& structure, Loaded& loaded,
                  FileResult& out) const {
    for (const LoadedObject& object : loaded.objects) {
      size_t findings_before = out.judged.findings.size();
      uint64_t asked_before = asked(out.judged.coverage), objects_before = out.judged.objects;
      evaluator.scan(*object.document, *object.node, facts_, out.judged);
      ++out.objects;
      report::Coverage structure_coverage;
      const size_t structure_before = out.judged.findings.size();
      structure.check(*object.document, *object.node, out.judged.findings);
      for (size_t i = structure_before; i < out.judged.findings.size(); ++i)
        count(out.judged.findings[i].status, structure_coverage);
      for (size_t i = findings_before; i < out.judged.findings.size(); ++i) {
        Finding& finding = out.judged.findings[i];
        if (const report::Rule* rule = report_.find_rule(finding.id)) slim(finding, *rule);
      }
      bool was_judged = out.judged.objects != objects_before;
      if (was_judged && asked(out.judged.coverage) == asked_before) note_unknown_kind(object, out);
      out.judged.coverage.not_evaluated += structure_coverage.not_evaluated;
      out.judged.coverage.errors += structure_coverage.errors;
    }
    take_rows(loaded, out);
  }

  static uint64_t asked(const report::Coverage& c) { return c.evaluated + c.not_evaluated + c.errors; }

  // An object that no check is about is no evidence of anything when Ameia does not know what it is.
  void note_unknown_kind(const LoadedObject& object, FileResult& out) const {
    kube::ObjectView view(*object.node);
    kube::GroupVersion version = view.group_version();
    if (!is_custom(version.group, facts_.resources().find(version.group, view.kind()))) return;
    Finding finding;
    finding.id = kUnknownKindId;
    finding.status = FindingStatus::kNotEvaluated;
    finding.resource = {std::string(view.api_version()),
                        std::string(view.kind()),
                        std::string(view.ns()),
                        std::string(view.name()),
                        {}};
    doc::Position position = object.document->position(*object.node);
    finding.location = {
        object.document->source().name(), position.line, position.column, object.node->begin, object.node->end, {}};
    finding.message = "no check is about the kind " + finding.resource.kind + " of " + finding.resource.api_version;
    report::set_fingerprint(finding, object.node);
    ++out.judged.coverage.not_evaluated;
    out.judged.findings.push_back(std::move(finding));
  }

  static void count(FindingStatus status, report::Coverage& coverage) {
    if (status == FindingStatus::kError) ++coverage.errors;
    if (status == FindingStatus::kNotEvaluated) ++coverage.not_evaluated;
  }

  static void take_rows(Loaded& loaded, FileResult& out) {
    for (Finding& finding : loaded.rows) {
      count(finding.status, out.judged.coverage);
      const doc::Node* root = finding.status == FindingStatus::kFail && !loaded.documents.empty()
                                  ? &loaded.documents.front()->root()
                                  : nullptr;
      report::set_fingerprint(finding, finding.resource.kind.empty() ? nullptr : root);
      out.judged.findings.push_back(std::move(finding));
    }
    loaded.rows.clear();
  }

  void add_walk_notes() {
    for (const WalkNote& note : walk_.notes) {
      Finding finding;
      finding.id = kUnreadableId;
      finding.severity = report::Severity::kHigh;
      finding.status = note.is_error         ? FindingStatus::kError
                       : note.not_applicable ? FindingStatus::kNotApplicable
                                             : FindingStatus::kNotEvaluated;
      finding.location.file = note.name;
      finding.message = note.what;
      report::set_fingerprint(finding, nullptr);
      count(finding.status, report_.coverage);
      named_input_failed_ = named_input_failed_ || (note.explicitly && note.is_error);
      report_.findings.push_back(std::move(finding));
    }
  }

  void gather() {
    size_t all = report_.findings.size();
    for (const FileResult& result : results_) all += result.judged.findings.size();
    report_.findings.reserve(all);
    for (size_t i = 0; i < results_.size(); ++i) {
      FileResult& result = results_[i];
      report_.objects += result.objects;
      report_.coverage.evaluated += result.judged.coverage.evaluated;
      report_.coverage.not_evaluated += result.judged.coverage.not_evaluated;
      report_.coverage.errors += result.judged.coverage.errors;
      report_.tally.add(result.judged.tally);
      for (Finding& finding : result.judged.findings) {
        bool unreadable = finding.id == kUnreadableId && finding.status == FindingStatus::kError;
        named_input_failed_ = named_input_failed_ || (unreadable && files_[i].explicitly);
        report_.findings.push_back(std::move(finding));
      }
      std::vector<Finding>().swap(result.judged.findings);
    }
    report::sort_findings(report_.findings);
    report::separate_twins(report_.findings);
  }

  const std::vector<InputFile>& files_;
  const Walk& walk_;
  std::shared_ptr<const policy::PolicySet> policies_;
  const Progress& progress_;
  unsigned workers_;
  policy::ScanFacts facts_;
  std::vector<std::unique_ptr<Loaded>> kept_;
  std::vector<FileResult> results_;
  report::Report report_;
  std::vector<std::string> warnings_;
  bool named_input_failed_ = false;
};

}  // namespace

unsigned worker_count(unsigned jobs, size_t files) {
  unsigned wanted = jobs != 0 ? jobs : std::max(1U, std::thread::hardware_concurrency());
  return static_cast<unsigned>(std::clamp<size_t>(files, 1, std::min(wanted, kJobsMax)));
}

const std::vector<report::Rule>& document_rules() {
  using report::Severity;
  static const std::vector<report::Rule> kOwn = {
      {std::string(kDuplicateKeyId),
       "A key is written twice",
       "The API server keeps the last one and drops the first without a word: what a reviewer sees at the top is not "
       "what runs.",
       "Delete one of the two.",
       Severity::kMedium,
       {},
       {"https://kubernetes.io/docs/reference/using-api/api-concepts/#field-validation"},
       {"Uma chave está escrita duas vezes",
        "O servidor da API fica com a última e descarta a primeira sem avisar: o que o revisor vê no alto não é o que "
        "roda.",
        "Apague uma das duas."}},
      {std::string(kUnreadableId),
       "A file or directory could not be read",
       "What is not read is not judged.",
       "Mend the permissions or the link, or leave it out with .ameiaignore.",
       Severity::kHigh,
       {},
       {},
       {"Um arquivo ou diretório não pôde ser lido", "O que não é lido não é avaliado.",
        "Corrija as permissões ou o link, ou deixe-o de fora com .ameiaignore."}},
      {std::string(kUnparsableId),
       "A file is not valid YAML or JSON",
       "Kubernetes would refuse it, and nothing in it could be judged.",
       "Mend the place that the message points at, or leave the file out with .ameiaignore.",
       Severity::kHigh,
       {},
       {},
       {"Um arquivo não é YAML nem JSON válido", "O Kubernetes o recusaria, e nada nele pôde ser avaliado.",
        "Corrija o lugar que a mensagem aponta, ou deixe o arquivo de fora com .ameiaignore."}},
      {std::string(kTemplateId),
       "A template must be rendered before it can be judged",
       "Its values decide what it becomes.",
       "Render it and scan the result: helm template CHART | ameia scan -",
       Severity::kInfo,
       {},
       {},
       {"Um modelo precisa ser gerado antes de ser avaliado", "Os valores decidem o que ele será.",
        "Gere-o e analise o resultado: helm template CHART | ameia scan -"}},
      {std::string(kPatchId),
       "A kustomize patch is part of an object",
       "Judged alone, it would seem to lack what its base has.",
       "Render it and scan the result: kubectl kustomize DIR | ameia scan -",
       Severity::kInfo,
       {},
       {},
       {"Um patch do kustomize é parte de um objeto", "Avaliado sozinho, pareceria faltar o que a base tem.",
        "Gere-o e analise o resultado: kubectl kustomize DIR | ameia scan -"}},
      {std::string(kUnknownKindId),
       "No check is about this kind",
       "A custom resource may do anything; no check here knows what.",
       "Write a ValidatingAdmissionPolicy about it and name it with --policy.",
       Severity::kInfo,
       {},
       {},
       {"Nenhuma verificação trata deste tipo",
        "Um recurso personalizado pode fazer qualquer coisa; nenhuma verificação daqui sabe o quê.",
        "Escreva uma ValidatingAdmissionPolicy sobre ele e indique-a com --policy."}},
      {std::string(kNoObjectId),
       "This is not a Kubernetes object",
       "Only objects are judged.",
       "Add apiVersion and kind when it should be one; otherwise nothing is to be done.",
       Severity::kInfo,
       {},
       {},
       {"Isto não é um objeto do Kubernetes", "Só objetos são avaliados.",
        "Acrescente apiVersion e kind se deveria ser um; senão, não há o que fazer."}},
  };
  static const std::vector<report::Rule> kRules = [] {
    std::vector<report::Rule> all = kOwn;
    all.insert(all.end(), policy::structure_rules().begin(), policy::structure_rules().end());
    return all;
  }();
  return kRules;
}

ScanResult scan(const Walk& walk, const std::shared_ptr<const policy::PolicySet>& policies, unsigned jobs,
                const Progress& progress) {
  return Scan(walk, policies, jobs, progress).run();
}

}  // namespace ameia::app
