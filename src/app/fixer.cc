#include "app/fixer.h"

#include <algorithm>
#include <span>
#include <unordered_map>

#include "app/limits.h"
#include "app/load.h"
#include "doc/patch.h"
#include "kube/object.h"

namespace ameia::app {
namespace {

using doc::Node;
using report::Finding;
using report::FindingStatus;

// One fix to be written into one object.
struct Task {
  const Finding* finding = nullptr;
  const policy::Fix* fix = nullptr;
  size_t document = 0;
  const Node* object = nullptr;
};

// Whether `a` stands behind `b` in the object: elements are taken out from the last one on.
bool stands_behind(const Task& a, const Task& b) {
  auto left = doc::parse_pointer(a.finding->location.pointer), right = doc::parse_pointer(b.finding->location.pointer);
  if (!left || !right) return false;
  for (size_t i = 0; i < std::min(left->size(), right->size()); ++i) {
    const std::string &x = (*left)[i], &y = (*right)[i];
    if (x == y) continue;
    return x.size() != y.size() ? x.size() > y.size() : x > y;  // as numbers; the order of names is of no matter
  }
  return left->size() > right->size();
}

// `root` with the objects of `changed` (itself, or items of a List) in their new form.
Node rebuilt(const Node& root, const std::map<const Node*, Node>& changed, base::Arena& arena) {
  if (auto found = changed.find(&root); found != changed.end()) return found->second;
  Node out = root;
  for (uint32_t m = 0; m < root.map().size(); ++m) {
    const Node& list = root.members[m].value;
    if (root.members[m].key->view() != "items" || !list.is_list()) continue;
    auto* items = arena.array<Node>(list.size);
    bool any = false;
    for (uint32_t i = 0; i < list.size; ++i) {
      items[i] = rebuilt(list.items[i], changed, arena);
      any = any || items[i].members != list.items[i].members;
    }
    if (!any) continue;
    auto* members = arena.array<doc::Member>(root.size);
    std::copy(root.members, root.members + root.size, members);
    members[m].value.items = items;
    out.members = members;
  }
  return out;
}

// The fixes of one file in one round.
class FileRound {
 public:
  FileRound(const std::string& name, const std::string& text)
      : source_(std::make_shared<const doc::Source>(name, text)), parsed_(parse_text(source_)), text_(text) {
    for (size_t i = 0; i < parsed_.documents.size(); ++i) {
      std::vector<const Node*> nodes;
      kube::expand_list(parsed_.documents[i]->root(), nodes);
      for (const Node* node : nodes) objects_.push_back({i, node});
    }
  }

  // Why nothing of the file can be written; empty when it can.
  [[nodiscard]] std::string why_not() const {
    if (!parsed_.errors.empty()) return "the file holds a document that does not parse; mend that first";
    if (source_->bytes() != text_) return "the file is no UTF-8; convert it first";
    return {};
  }

  // Takes a task for the finding; false when its object is not there.
  bool add(const Finding& finding, const policy::Fix& fix) {
    for (const auto& [document, node] : objects_) {
      if (!is_about(finding, *node)) continue;
      tasks_.push_back({&finding, &fix, document, node});
      return true;
    }
    return false;
  }

  // What one fix alone would write.
  [[nodiscard]] base::Result<report::ProposedFix> proposal(const Finding& finding, const policy::FixList& fixes) const {
    for (const auto& [document, node] : objects_) {
      if (!is_about(finding, *node)) continue;
      const policy::Fix* fix = policy::fix_for(fixes, *node, finding.location.pointer);
      if (fix == nullptr) break;
      base::Arena arena;
      const std::map<const Node*, Node> changed{
          {node, TRY(policy::apply_fix(*fix, *node, finding.location.pointer, arena))}};
      report::ProposedFix out{{fix->describe(), fix->decision}, {}};
      for (const doc::TextEdit& edit : TRY(edited_text(changed, arena)).edits) {
        const doc::Position begin = source_->position(edit.begin), end = source_->position(edit.end);
        out.replacements.push_back({begin.line, begin.column, end.line, end.column, edit.text});
      }
      return out;
    }
    return base::fail(base::Code::kNotFound, "no fix fits the finding");
  }

  // The text with as many of the tasks as can be written together; the others get a reason.
  std::string write(std::vector<const Task*>& written, std::vector<std::pair<const Task*, std::string>>& refused) {
    std::stable_sort(tasks_.begin(), tasks_.end(), [](const Task& a, const Task& b) {
      bool a_moves = policy::moves_elements(*a.fix), b_moves = policy::moves_elements(*b.fix);
      return a_moves != b_moves ? b_moves : a_moves && stands_behind(a, b);
    });
    std::vector<const Task*> all;
    for (const Task& task : tasks_) all.push_back(&task);
    out_ = text_;
    settle(all, refused);
    for (const Task* task : accepted_) written.push_back(task);
    return out_;
  }

 private:
  static bool is_about(const Finding& finding, const Node& node) {
    kube::ObjectView object(node);
    return node.begin <= finding.location.begin && finding.location.end <= node.end &&
           object.kind() == finding.resource.kind && object.api_version() == finding.resource.api_version;
  }

  // Adds the tasks that an edit can write; halves them until the ones that it cannot stand alone.
  void settle(std::span<const Task* const> tasks, std::vector<std::pair<const Task*, std::string>>& refused) {
    if (tasks.empty()) return;
    std::vector<const Task*> attempt = accepted_;
    attempt.insert(attempt.end(), tasks.begin(), tasks.end());
    base::Result<std::string> text = edited(attempt);
    if (text) {
      if (tasks.size() == 1 && *text == out_) {
        // Already written by another finding's fix, or nothing to write here.
        if (out_ == text_) refused.emplace_back(tasks[0], "its fix finds nothing to change here");
        return;
      }
      accepted_ = std::move(attempt);
      out_ = std::move(*text);
      return;
    }
    if (tasks.size() == 1) {
      refused.emplace_back(tasks[0], text.error().what);
      return;
    }
    size_t half = tasks.size() / 2;
    settle(tasks.first(half), refused);
    settle(tasks.subspan(half), refused);
  }

  base::Result<std::string> edited(const std::vector<const Task*>& tasks) const {
    base::Arena arena;
    std::map<const Node*, Node> changed;
    for (const Task* task : tasks) {
      auto known = changed.find(task->object);
      const Node now = known == changed.end() ? *task->object : known->second;
      changed[task->object] = TRY(policy::apply_fix(*task->fix, now, task->finding->location.pointer, arena));
    }
    return TRY(edited_text(changed, arena)).text;
  }

  base::Result<doc::EditedText> edited_text(const std::map<const Node*, Node>& changed, base::Arena& arena) const {
    std::vector<doc::Change> changes;
    for (const auto& document : parsed_.documents) {
      changes.push_back({document, rebuilt(document->root(), changed, arena)});
    }
    return doc::edit(source_, parsed_.syntax, changes, text_limits());
  }

  std::shared_ptr<const doc::Source> source_;
  ParsedText parsed_;
  const std::string& text_;
  std::vector<std::pair<size_t, const Node*>> objects_;
  std::vector<Task> tasks_;
  std::vector<const Task*> accepted_;
  std::string out_;
};

class Fixer {
 public:
  Fixer(Walk walk, std::shared_ptr<const policy::PolicySet> policies, const FixChoice& choice, unsigned jobs,
        const Progress& progress)
      : walk_(std::move(walk)), policies_(std::move(policies)), choice_(choice), jobs_(jobs), progress_(progress) {
    for (size_t i = 0; i < walk_.files.size(); ++i) files_.emplace(walk_.files[i].name, i);
  }

  base::Result<FixOutcome> run() {
    for (InputFile& file : walk_.files) {  // standard input is read once
      if (file.name == "-") {
        before_["-"] = TRY(read_input(file));
        file.bytes = std::make_shared<const std::string>(before_["-"]);
      } else if (file.bytes != nullptr) {
        inside_.insert(file.name);
      }
    }
    for (size_t round = 0; round <= kFixRoundsMax; ++round) {
      outcome_.last = scan(walk_, policies_, jobs_, progress_);
      if (choice_.hold_back) choice_.hold_back(outcome_.last.report.findings);
      if (round == kFixRoundsMax || !write_round()) break;
    }
    note_what_is_left();
    for (const InputFile& file : walk_.files) {
      if (file.name == "-" && file.bytes != nullptr) outcome_.input = *file.bytes;
      auto before = before_.find(file.name);
      if (before == before_.end() || file.bytes == nullptr || *file.bytes == before->second) continue;
      outcome_.files.push_back({file.name, before->second, *file.bytes});
    }
    return std::move(outcome_);
  }

 private:
  [[nodiscard]] bool is_asked(const Finding& finding) const {
    return finding.status == FindingStatus::kFail && finding.suppressed_by.empty() && choice_.wanted(finding);
  }
  const policy::FixList* fixes_of(const std::string& id) {
    auto [known, fresh] = fixes_.try_emplace(id, nullptr);
    if (fresh) known->second = policies_->fixes(id);
    return known->second;
  }
  [[nodiscard]] bool is_written(const Finding& finding, const policy::Fix& fix) const {
    return fix.is_safe() || choice_.accepted.contains(finding.id);
  }

  // The object that a finding is about, in its file as it is now, is needed to know which fix fits.
  const policy::Fix* fix_of(const Finding& finding, const Loaded& loaded) {
    const policy::FixList* fixes = fixes_of(finding.id);
    if (fixes == nullptr) return nullptr;
    for (const LoadedObject& object : loaded.objects) {
      const Node& node = *object.node;
      if (node.begin > finding.location.begin || finding.location.end > node.end) continue;
      if (kube::ObjectView(node).kind() != finding.resource.kind) continue;
      return policy::fix_for(*fixes, node, finding.location.pointer);
    }
    return nullptr;
  }

  // Whether any text changed.
  bool write_round() {
    std::map<size_t, std::vector<const Finding*>> by_file;
    for (const Finding& finding : outcome_.last.report.findings) {
      if (!is_asked(finding) || fixes_of(finding.id) == nullptr) continue;
      auto file = files_.find(finding.location.file);
      if (file != files_.end()) by_file[file->second].push_back(&finding);
    }
    bool any = false;
    for (const auto& [index, findings] : by_file) any = write_file(walk_.files[index], findings) || any;
    return any;
  }

  bool write_file(InputFile& file, const std::vector<const Finding*>& findings) {
    base::Result<std::string> text = read_input(file);
    if (!text) return false;  // it was readable a moment ago; the last scan says what it is now
    InputFile frozen = file;
    frozen.bytes = std::make_shared<const std::string>(*text);
    Loaded loaded = load(frozen);
    FileRound round(file.name, *text);
    std::string why_not = inside_.contains(file.name) ? "it is inside an archive; unpack that first" : round.why_not();
    for (const Finding* finding : findings) {
      const policy::Fix* fix = fix_of(*finding, loaded);
      if (fix == nullptr || !is_written(*finding, *fix)) continue;
      if (!why_not.empty()) {
        refusals_[finding->fingerprint] = why_not;
      } else if (!round.add(*finding, *fix)) {
        refusals_[finding->fingerprint] = "the object was not found again in the file";
      }
    }
    std::vector<const Task*> written;
    std::vector<std::pair<const Task*, std::string>> refused;
    std::string after = round.write(written, refused);
    for (const auto& [task, why] : refused) refusals_[task->finding->fingerprint] = why;
    if (after == *text) return false;
    for (const Task* task : written) outcome_.written.push_back({*task->finding, task->fix->describe(), {}});
    before_.try_emplace(file.name, std::move(*text));
    file.bytes = std::make_shared<const std::string>(std::move(after));
    return true;
  }

  // Sorts what the last scan still finds: proposed, refused, without a fix.
  void note_what_is_left() {
    std::map<size_t, std::vector<const Finding*>> by_file;
    std::set<std::string> left;
    for (const Finding& finding : outcome_.last.report.findings) {
      if (!is_asked(finding)) continue;
      left.insert(finding.fingerprint);
      auto file = files_.find(finding.location.file);
      if (file == files_.end() || fixes_of(finding.id) == nullptr) {
        outcome_.unfixable.push_back(finding);
      } else {
        by_file[file->second].push_back(&finding);
      }
    }
    for (const auto& [index, findings] : by_file) {
      Loaded loaded = load(walk_.files[index]);
      for (const Finding* finding : findings) {
        const policy::Fix* fix = fix_of(*finding, loaded);
        if (fix == nullptr) {
          outcome_.unfixable.push_back(*finding);
        } else if (is_written(*finding, *fix)) {
          auto why = refusals_.find(finding->fingerprint);
          outcome_.refused.push_back(
              {*finding, fix->describe(), why == refusals_.end() ? "it is still found after its fix" : why->second});
        } else {
          outcome_.proposed.push_back({*finding, fix->describe(), fix->decision});
        }
      }
    }
    std::erase_if(outcome_.written, [&](const FixNote& note) { return left.contains(note.finding.fingerprint); });
  }

  Walk walk_;
  std::shared_ptr<const policy::PolicySet> policies_;
  const FixChoice& choice_;
  unsigned jobs_;
  const Progress& progress_;
  std::unordered_map<std::string, size_t> files_;
  std::unordered_map<std::string, const policy::FixList*> fixes_;
  std::set<std::string> inside_;                           // files that are none on the disk
  std::unordered_map<std::string, std::string> before_;    // texts of the files that were looked at
  std::unordered_map<std::string, std::string> refusals_;  // by fingerprint
  FixOutcome outcome_;
};

}  // namespace

void propose_fixes(const Walk& walk, const policy::PolicySet& policies, report::Report& report) {
  std::unordered_map<std::string_view, const InputFile*> files;
  for (const InputFile& file : walk.files) files.emplace(file.name, &file);
  std::unordered_map<std::string_view, const policy::FixList*> fixes;
  std::map<std::string_view, std::vector<const Finding*>> by_file;
  for (const Finding& finding : report.findings) {
    if (finding.status != FindingStatus::kFail) continue;
    const auto [known, is_new] = fixes.try_emplace(finding.id, nullptr);
    if (is_new) known->second = policies.fixes(finding.id);
    const auto file = files.find(finding.location.file);
    // What is no file of its own (of an archive, rendered, standard input) has no text that a reader could edit.
    if (known->second == nullptr || file == files.end() || file->second->bytes != nullptr) continue;
    by_file[finding.location.file].push_back(&finding);
  }
  size_t bytes = 0;
  for (const auto& [name, findings] : by_file) {
    base::Result<std::string> text = read_input(*files[name]);
    if (!text) continue;
    const FileRound round(std::string(name), *text);
    if (!round.why_not().empty()) continue;
    for (const Finding* finding : findings) {
      bytes += text->size();
      if (bytes > kProposalBytesMax) {
        ++report.fixes_left_out;
        continue;
      }
      base::Result<report::ProposedFix> proposal = round.proposal(*finding, *fixes[finding->id]);
      if (proposal && !proposal->replacements.empty()) report.fixes.emplace(finding->fingerprint, std::move(*proposal));
    }
  }
}

base::Result<FixOutcome> fix_texts(Walk walk, const std::shared_ptr<const policy::PolicySet>& policies,
                                   const FixChoice& choice, unsigned jobs, const Progress& progress) {
  return Fixer(std::move(walk), policies, choice, jobs, progress).run();
}

}  // namespace ameia::app
