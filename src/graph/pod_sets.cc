#include "graph/pod_sets.h"

#include <algorithm>
#include <array>

#include "graph/limits.h"

namespace ameia::graph {
namespace {

constexpr std::array<std::string_view, 10> kVolatile = {
    "pod-template-hash",
    "controller-revision-hash",
    "pod-template-generation",
    "controller-uid",
    "batch.kubernetes.io/controller-uid",
    "job-name",
    "batch.kubernetes.io/job-name",
    "batch.kubernetes.io/job-completion-index",
    "statefulset.kubernetes.io/pod-name",
    "apps.kubernetes.io/pod-index",
};
// What people name a workload by, the best first.
constexpr std::array<std::string_view, 7> kUsual = {
    "app.kubernetes.io/name", "app", "k8s-app", "app.kubernetes.io/component", "name", "component", "tier"};
// What says how or in which version it was installed: the last resort.
constexpr std::array<std::string_view, 8> kIncidental = {"version",
                                                         "app.kubernetes.io/version",
                                                         "helm.sh/chart",
                                                         "chart",
                                                         "heritage",
                                                         "app.kubernetes.io/managed-by",
                                                         "pod-security.kubernetes.io/policy",
                                                         "release-revision"};
constexpr int kIncidentalRank = 100;

}  // namespace

bool is_volatile_label(std::string_view key) {
  return std::find(kVolatile.begin(), kVolatile.end(), key) != kVolatile.end();
}

bool is_selectable(std::string_view key, std::string_view value) {
  return kube::check_label_key(key).empty() && kube::check_label_value(value).empty();
}

PodSets::PodSets(const Network& network) : network_(network) {
  for (Id id = 0; id < network.pods.size(); ++id) pods_of_[network.pods[id].ns].push_back(id);
}

int PodSets::rank(Id key) const {
  const std::string& text = network_.texts.text(key);
  if (std::find(kIncidental.begin(), kIncidental.end(), text) != kIncidental.end()) return kIncidentalRank;
  return static_cast<int>(std::find(kUsual.begin(), kUsual.end(), text) - kUsual.begin());
}

const PodSets::Space& PodSets::space(Id ns) {
  const auto [at, added] = spaces_.try_emplace(ns);
  if (!added) return at->second;
  std::map<std::vector<Label>, std::set<Id>> shapes;
  for (const Id id : pods_of_[ns]) {
    std::vector<Label> labels;
    for (const Label label : network_.pods[id].labels) {
      const std::string& key = network_.texts.text(label.key);
      if (!is_volatile_label(key) && is_selectable(key, network_.texts.text(label.value))) labels.push_back(label);
    }
    shapes[std::move(labels)].insert(network_.pods[id].workload);
  }
  for (auto& [labels, workloads] : shapes) {
    for (const Label label : labels) ++at->second.shapes_with[label];
    at->second.shapes.push_back({labels, std::move(workloads)});
  }
  return at->second;
}

base::Result<PodSets::Choice> PodSets::choose(Id ns, const std::set<Id>& workloads, bool whole) {
  const Space& all = space(ns);
  if (all.shapes.size() > kLabelShapesMax) {
    return base::fail(base::Code::kLimit, "namespace " + network_.namespaces[ns].name + " has more than " +
                                              std::to_string(kLabelShapesMax) + " different sets of labels");
  }
  Choice out;
  std::vector<const Shape*> wanted, others;
  for (const Shape& shape : all.shapes) {
    const auto is_in = [&](Id id) { return workloads.contains(id); };
    if (std::all_of(shape.workloads.begin(), shape.workloads.end(), is_in)) {
      wanted.push_back(&shape);
      continue;
    }
    others.push_back(&shape);
    const auto mine = std::find_if(shape.workloads.begin(), shape.workloads.end(), is_in);
    if (mine == shape.workloads.end()) continue;
    const auto other = std::find_if_not(shape.workloads.begin(), shape.workloads.end(), is_in);
    out.untold.push_back(to_string(network_, network_.workloads[*mine]) + " has the same labels as " +
                         to_string(network_, network_.workloads[*other]));
  }
  if (wanted.empty()) return out;
  if (whole && others.empty()) {
    out.selectors.emplace_back();
    return out;
  }
  // Labels that only wanted pods have, the one with most of those left first.
  std::map<Label, std::vector<size_t>> shapes_with;
  for (size_t i = 0; i < wanted.size(); ++i) {
    for (const Label label : wanted[i]->labels) shapes_with[label].push_back(i);
  }
  const auto better = [this](Label a, Label b) {
    const int x = rank(a.key), y = rank(b.key);
    if (x != y) return x < y;
    return std::tie(network_.texts.text(a.key), network_.texts.text(a.value)) <
           std::tie(network_.texts.text(b.key), network_.texts.text(b.value));
  };
  std::vector<bool> covered(wanted.size());
  std::map<Id, std::vector<std::string>> by_key;
  while (true) {
    Label best{kNone, kNone};
    size_t gain = 0;
    for (const auto& [label, shapes] : shapes_with) {
      if (shapes.size() != all.shapes_with.at(label) || rank(label.key) == kIncidentalRank) continue;
      const auto left = static_cast<size_t>(
          std::count_if(shapes.begin(), shapes.end(), [&](size_t shape) { return !covered[shape]; }));
      if (left > gain || (left == gain && gain > 0 && better(label, best))) {
        best = label;
        gain = left;
      }
    }
    if (gain == 0) break;
    for (const size_t shape : shapes_with[best]) covered[shape] = true;
    by_key[best.key].push_back(network_.texts.text(best.value));
  }
  for (auto& [key, values] : by_key) {
    std::sort(values.begin(), values.end());
    out.selectors.push_back({{{network_.texts.text(key), std::move(values)}}});
  }
  // The rest by several labels at once: all of theirs, without those that are not needed.
  const auto matched = [](const Shape& shape, const std::vector<Label>& labels) {
    return std::all_of(labels.begin(), labels.end(), [&shape](Label label) {
      return std::binary_search(shape.labels.begin(), shape.labels.end(), label);
    });
  };
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (covered[i]) continue;
    std::vector<Label> labels = wanted[i]->labels;
    std::sort(labels.begin(), labels.end(), better);
    const auto lets_others_in = [&](const std::vector<Label>& by) {
      return std::any_of(others.begin(), others.end(), [&](const Shape* shape) { return matched(*shape, by); });
    };
    if ((labels.empty() && !others.empty()) || lets_others_in(labels)) {
      const std::string name = to_string(network_, network_.workloads[*wanted[i]->workloads.begin()]);
      out.untold.push_back(name + (labels.empty() ? " has no lasting label" : " has no label that others lack"));
      continue;
    }
    for (size_t k = labels.size(); k-- > 0 && labels.size() > 1;) {
      std::vector<Label> fewer = labels;
      fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(k));
      if (!lets_others_in(fewer)) labels = std::move(fewer);
    }
    ChosenSelector selector;
    for (const Label label : labels) {
      selector.requirements.push_back({network_.texts.text(label.key), {network_.texts.text(label.value)}});
    }
    for (size_t j = i; j < wanted.size(); ++j) covered[j] = covered[j] || matched(*wanted[j], labels);
    out.selectors.push_back(std::move(selector));
  }
  return out;
}

}  // namespace ameia::graph
