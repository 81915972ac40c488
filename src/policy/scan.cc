#include <algorithm>

#include "doc/build.h"
#include "doc/patch.h"
#include "expr/lib_kyverno.h"
#include "kube/object.h"
#include "kube/pod.h"
#include "policy/blame.h"
#include "policy/evaluator.h"
#include "policy/limits.h"
#include "policy/object_store.h"

namespace ameia::policy {
namespace {

// What only a live request knows: who asks.
bool needs_a_request(std::string_view error, std::string_view expression) {
  return error.find("no such key") != std::string_view::npos && expression.find("userInfo") != std::string_view::npos;
}

// How a check ended for an object, over all its bindings, params and validations; the worst counts.
enum class End : uint8_t { kNotApplicable, kPass, kNotEvaluated, kError, kFail };

// Judges one object against the candidates of one request.
class Scan {
 public:
  Scan(Evaluator::State& state, const Judged& judged, const ScanFacts& facts, ScanResult& out)
      : s_(state), judged_(judged), facts_(facts), equivalents_(facts.resources()), out_(out) {}

  void run(const kube::AdmissionRequest& request, const doc::Node* namespace_object, bool autogen) {
    MatchFacts facts{namespace_object, &equivalents_};
    bool is_namespace = request.kind == kube::Gvk{"", "v1", "Namespace"};
    s_.set().index.find(request.resource.resource, request.operation, s_.candidates);
    bool begun = false;
    for (uint32_t candidate : s_.candidates) {
      const Policy& policy = s_.set().policies[candidate];
      if (autogen && (!policy.autogen || was_judged(candidate))) continue;
      if (!policy.passes_over(request).empty()) continue;
      if (!policy.match) {
        finish(policy, error(policy, judged_, "policy contained no match constraints, a required field", {}, {}));
        continue;
      }
      Match match = policy.match->matches(request, facts);
      if (!match.error.empty()) finish(policy, error(policy, judged_, match.error, {}, {}));
      if (!match.matches) continue;
      if (!autogen) done_.push_back(candidate);
      if (!begun) {
        expr::Host host;  // no time and no numbers: a scan of the same files gives the same findings
        host.resources = &facts_.objects();
        s_.begin(request, is_namespace || request.ns.empty() ? nullptr : namespace_object, host, facts_.authorizer());
      }
      begun = true;
      s_.begin_policy(request, match);
      finish(policy, judge(policy, request, facts));
    }
  }
  void set_judged(const Judged& judged) { judged_ = judged; }

 private:
  bool was_judged(uint32_t policy) const { return std::find(done_.begin(), done_.end(), policy) != done_.end(); }

  End judge(const Policy& policy, const kube::AdmissionRequest& request, const MatchFacts& facts) {
    End end = End::kNotApplicable;
    first_ = out_.findings.size();
    for (const Binding& binding : policy.bindings) {
      if (binding.match) {
        Match bound = binding.match->matches(request, facts);
        if (!bound.error.empty()) end = std::max(end, error(policy, judged_, bound.error, {}, {}));
        if (!bound.matches) continue;
      }
      const ParamList* params = nullptr;
      std::string wrong;
      if (!s_.params_of(policy, binding, request.ns, params, wrong)) {
        end = std::max(end, error(policy, judged_, "failed to configure binding: " + wrong, {}, {}));
        continue;
      }
      for (const Param* param : *params) {
        s_.validate(policy, param == nullptr ? nullptr : param->node, s_.verdict);
        if (!s_.verdict.applies) continue;
        end = std::max(end, End::kPass);
        if (s_.verdict.decisions.empty()) continue;
        // A failure that the set is too small for is not explained: the explanation is what costs.
        if (const std::string missing = missing_need(policy, request.ns); !missing.empty()) {
          return not_evaluated(policy, missing);
        }
        for (const Decision& decision : s_.verdict.decisions) end = std::max(end, report_decision(policy, decision));
      }
    }
    return end;
  }

  // What the scanned set must hold before the policy's failure is believed, and does not; empty when it does.
  std::string missing_need(const Policy& policy, std::string_view ns) const {
    static const ResourceName kNamespaces{"", "namespaces"};
    const ObjectStore& objects = facts_.objects();
    for (const Need& need : policy.needs) {
      std::string missing;
      for (const ResourceName& name : need) {
        bool held = name == kNamespaces && !ns.empty() ? objects.get("v1", "namespaces", {}, ns) != nullptr
                                                       : objects.holds(name, ns);
        if (held) {
          missing.clear();
          break;
        }
        missing += (missing.empty() ? "" : " or ") + name.text();
      }
      if (missing.empty()) continue;
      return "the scanned set holds no " + missing + (ns.empty() ? "" : " of the namespace " + std::string(ns));
    }
    if (policy.asked.any() && !objects.is_complete())
      return "the objects it asks for take more than " + std::to_string(kKeptObjectsBytesMax >> 20) + " MiB";
    return {};
  }

  // Instead of what was found: an answer needs objects that are not there.
  End not_evaluated(const Policy& policy, const std::string& missing) {
    out_.findings.resize(std::min(first_, out_.findings.size()));
    report::Finding finding = make_finding(s_.set().rules[policy.rule], judged_, {judged_.object, {}, {}, {}, {}},
                                           "could not be decided: " + missing + "; scan what belongs together");
    finding.status = report::FindingStatus::kNotEvaluated;
    add(std::move(finding));
    return End::kNotEvaluated;
  }

  End report_decision(const Policy& policy, const Decision& decision) {
    const ValidationRule* rule = decision.expression_index < policy.validations.size()
                                     ? &policy.validations[decision.expression_index]
                                     : nullptr;
    std::vector<expr::Blame> blames;
    bool runs = rule != nullptr && rule->condition.ok() && s_.runner;
    if (runs) blames = s_.runner->machine().blame(rule->condition.program);
    if (decision.evaluation == Evaluation::kError) {
      return error(policy, judged_, decision.message,
                   runs ? std::string_view(rule->condition.text) : std::string_view(), blames,
                   s_.authorizer.unanswered());
    }
    for (const BlamedPlace& place : blamed_places(judged_, blames)) {
      add(make_finding(s_.set().rules[policy.rule], judged_, place, decision.message));
    }
    return End::kFail;
  }

  End error(const Policy& policy, const Judged& judged, const std::string& message, std::string_view expression,
            const std::vector<expr::Blame>& blames, bool unanswered = false) {
    bool offline = message.find(expr::kNotKnownOffline) != std::string::npos;
    bool only_live = needs_a_request(message, expression);
    unanswered = unanswered || offline || only_live;
    report::Finding finding = make_finding(s_.set().rules[policy.rule], judged, blamed_places(judged, blames).front(),
                                           "could not be evaluated: " + message);
    finding.status = unanswered ? report::FindingStatus::kNotEvaluated : report::FindingStatus::kError;
    if (only_live) finding.message += "; only the API server knows who asks";
    add(std::move(finding));
    return unanswered ? End::kNotEvaluated : End::kError;
  }

  // Several bindings or params may fail the same place: it is one finding.
  void add(report::Finding finding) {
    for (size_t i = std::min(first_, out_.findings.size()); i < out_.findings.size(); ++i) {
      const report::Finding& known = out_.findings[i];
      if (known.id == finding.id && known.fingerprint == finding.fingerprint && known.message == finding.message)
        return;
    }
    out_.findings.push_back(std::move(finding));
  }

  void finish(const Policy& policy, End end) {
    auto severity = static_cast<size_t>(s_.set().rules[policy.rule].severity);
    report::CheckTally& check = s_.tallies[policy.rule];
    switch (end) {
      case End::kNotApplicable: break;
      case End::kPass:
        ++out_.coverage.evaluated;
        ++out_.tally.passed[severity];
        ++check.passed;
        break;
      case End::kFail:
        ++out_.coverage.evaluated;
        ++out_.tally.failed[severity];
        ++check.failed;
        break;
      case End::kNotEvaluated:
        ++out_.coverage.not_evaluated;
        ++check.not_evaluated;
        break;
      case End::kError:
        ++out_.coverage.errors;
        ++check.errors;
        break;
    }
  }

  Evaluator::State& s_;
  Judged judged_;
  const ScanFacts& facts_;
  TableEquivalents equivalents_;
  ScanResult& out_;
  std::vector<uint32_t> done_;  // policies that judged the object itself
  size_t first_ = 0;            // the first finding of the policy in hand
};

}  // namespace

const doc::Node* template_pod(const doc::Node& object, base::Arena& arena) {
  std::optional<kube::PodView> pod = kube::find_pod(object);
  if (!pod || !pod->is_template) return nullptr;
  kube::ObjectView owner(object);
  doc::Builder build(arena);
  doc::Node metadata = pod->metadata->is_map() ? *pod->metadata : build.map({});
  metadata =
      build.with_member(metadata, "name", build.string(owner.name().empty() ? owner.generate_name() : owner.name()));
  metadata = build.with_member(metadata, "namespace", build.string(owner.ns().empty() ? "default" : owner.ns()));
  return arena.make<doc::Node>(build.map({{"apiVersion", build.string("v1")},
                                          {"kind", build.string("Pod")},
                                          {"metadata", metadata},
                                          {"spec", *pod->spec}}));
}

const std::vector<report::CheckTally>& Evaluator::tallies() const {
  return state_->tallies;
}

void Evaluator::assume_one_estate() {
  state_->one_estate = true;
}

void Evaluator::scan(const doc::Document& document, const doc::Node& object, const ScanFacts& facts, ScanResult& out) {
  kube::ObjectView view(object);
  if (!view.is_object() || facts.is_owned(object)) return;
  State& s = *state_;
  s.arena.reset();
  ++out.objects;
  kube::ResourceInfo info = facts.resources().find(view.group_version().group, view.kind());
  kube::AdmissionRequest request = kube::creation_of(view, info);
  const doc::Node* ns = facts.find_namespace(request.ns);
  if (s.one_estate && s.runner) s.runner->machine().set_steady_key(request.ns);
  Judged judged{&document, &object, nullptr, nullptr};
  Scan scan(s, judged, facts, out);
  scan.run(request, ns, false);
  std::optional<kube::PodView> pod = kube::find_pod(object);
  judged.pod = template_pod(object, s.arena);
  if (judged.pod == nullptr) return;
  judged.pod_template = doc::resolve_pointer(object, pod->pointer);
  if (judged.pod_template == nullptr) return;
  scan.set_judged(judged);
  static const kube::ResourceInfo kPods{"pods", kube::Scope::kNamespaced, false};
  scan.run(kube::creation_of(kube::ObjectView(*judged.pod), kPods), ns, true);
}

}  // namespace ameia::policy
