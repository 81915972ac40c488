#include "graph/escalation_paths.h"

#include <algorithm>
#include <queue>
#include <set>

namespace ameia::graph {
namespace {

bool is_cuttable(const Vertex& vertex) {
  return vertex.kind == VertexKind::kBinding || vertex.kind == VertexKind::kCombination;
}

std::vector<bool> ends_of(const Escalation& escalation, Sink sink) {
  std::vector<bool> ends(escalation.nodes().size());
  for (const Id vertex : escalation.sinks(sink)) ends[vertex] = true;
  return ends;
}

// Dominators of the certain edges turned round, from all ends of a sink: the vertices that every way must pass.
// Cooper, Harvey, Kennedy: "A Simple, Fast Dominance Algorithm".
class Dominators {
 public:
  Dominators(const Escalation& escalation, Sink sink) : escalation_(escalation), n_(escalation.nodes().size()) {
    number_.assign(n_ + 1, kNone);
    walk(escalation.sinks(sink));
    parent_.assign(n_ + 1, kNone);
    parent_[root()] = root();
    // Rounds end when nothing changes; a graph without irreducible loops needs two.
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t i = order_.size() - 1; i-- > 0;) {  // reverse postorder, the root left out
        const Id vertex = order_[i];
        Id best = ends_[vertex] ? root() : kNone;
        for (const EscalationEdge& edge : escalation_.out(vertex)) {
          if (!edge.certain || parent_[edge.to] == kNone) continue;
          best = best == kNone ? edge.to : meet(best, edge.to);
        }
        if (best == parent_[vertex]) continue;
        parent_[vertex] = best;
        changed = true;
      }
    }
  }

  [[nodiscard]] Id root() const { return static_cast<Id>(n_); }
  [[nodiscard]] Id parent(Id vertex) const { return parent_[vertex]; }
  // Vertices that reach the sink, the root last; a vertex comes before what dominates it.
  [[nodiscard]] const std::vector<Id>& order() const { return order_; }

 private:
  // Postorder over edges turned round.
  void walk(const std::vector<Id>& sinks) {
    ends_.assign(n_, false);
    for (const Id sink : sinks) ends_[sink] = true;
    std::vector<bool> seen(n_);
    std::vector<std::pair<Id, size_t>> stack;
    for (const Id sink : sinks) {
      if (seen[sink]) continue;
      seen[sink] = true;
      stack.emplace_back(sink, 0);
      while (!stack.empty()) {
        const Id vertex = stack.back().first;
        const auto in = escalation_.in(vertex);
        size_t& at = stack.back().second;
        while (at < in.size()) {
          const EscalationEdge& edge = escalation_.edges()[in[at]];
          if (edge.certain && !seen[edge.from]) break;
          ++at;
        }
        if (at == in.size()) {
          number_[vertex] = static_cast<Id>(order_.size());
          order_.push_back(vertex);
          stack.pop_back();
          continue;
        }
        const Id next = escalation_.edges()[in[at++]].from;
        seen[next] = true;
        stack.emplace_back(next, 0);
      }
    }
    number_[root()] = static_cast<Id>(order_.size());
    order_.push_back(root());
  }
  [[nodiscard]] Id meet(Id a, Id b) const {
    while (a != b) {
      while (number_[a] < number_[b]) a = parent_[a];
      while (number_[b] < number_[a]) b = parent_[b];
    }
    return a;
  }

  const Escalation& escalation_;
  size_t n_;
  std::vector<bool> ends_;
  std::vector<Id> number_, order_, parent_;
};

}  // namespace

bool EscalationPath::certain() const {
  return std::all_of(edges.begin(), edges.end(), [](const EscalationEdge& edge) { return edge.certain; });
}

Reach::Reach(const Escalation& escalation) : escalation_(&escalation) {
  for (size_t i = 0; i < certain_.size(); ++i) {
    certain_[i] = search(escalation, static_cast<Sink>(i), true);
    possible_[i] = search(escalation, static_cast<Sink>(i), false);
  }
}

Reach::Way Reach::search(const Escalation& escalation, Sink sink, bool certain_only) {
  Way way;
  way.next.assign(escalation.nodes().size(), kNone);
  way.distance.assign(escalation.nodes().size(), kNone);
  std::vector<Id> queue = escalation.sinks(sink);
  for (const Id end : queue) way.distance[end] = 0;
  for (size_t at = 0; at < queue.size(); ++at) {
    for (const Id index : escalation.in(queue[at])) {
      const EscalationEdge& edge = escalation.edges()[index];
      if ((certain_only && !edge.certain) || way.distance[edge.from] != kNone) continue;
      way.distance[edge.from] = way.distance[edge.to] + 1;
      way.next[edge.from] = index;
      queue.push_back(edge.from);
    }
  }
  return way;
}

bool Reach::reaches(Id source, Sink sink, bool certainly) const {
  const auto& ways = certainly ? certain_ : possible_;
  return ways[static_cast<size_t>(sink)].distance[source] != kNone;
}

std::optional<EscalationPath> Reach::path(Id source, Sink sink) const {
  for (const auto* ways : {&certain_, &possible_}) {
    const Way& way = (*ways)[static_cast<size_t>(sink)];
    if (way.distance[source] == kNone) continue;
    EscalationPath path;
    for (Id at = source; way.next[at] != kNone; at = path.edges.back().to)
      path.edges.push_back(escalation_->edges()[way.next[at]]);
    return path;
  }
  return std::nullopt;
}

std::optional<EscalationPath> shortest(const Escalation& escalation, Id source, const std::vector<bool>& ends,
                                       bool certain_only, const std::vector<bool>& avoided) {
  std::vector<Id> came(escalation.nodes().size(), kNone);  // index of an edge
  std::vector<bool> seen(escalation.nodes().size());
  std::vector<Id> queue = {source};
  seen[source] = true;
  for (size_t at = 0; at < queue.size(); ++at) {
    const Id vertex = queue[at];
    if (ends[vertex]) {
      EscalationPath path;
      for (Id v = vertex; came[v] != kNone; v = path.edges.back().from)
        path.edges.push_back(escalation.edges()[came[v]]);
      std::reverse(path.edges.begin(), path.edges.end());
      return path;
    }
    for (const EscalationEdge& edge : escalation.out(vertex)) {
      if ((certain_only && !edge.certain) || seen[edge.to] || avoided[edge.to]) continue;
      seen[edge.to] = true;
      came[edge.to] = static_cast<Id>(&edge - escalation.edges().data());
      queue.push_back(edge.to);
    }
  }
  return std::nullopt;
}

std::vector<EscalationPath> alternatives(const Escalation& escalation, Id source, Sink sink, size_t most) {
  const std::vector<bool> ends = ends_of(escalation, sink);
  std::vector<bool> avoided(escalation.nodes().size());
  std::vector<EscalationPath> out;
  bool certain = true;
  auto first = shortest(escalation, source, ends, certain, avoided);
  if (!first) {
    certain = false;
    first = shortest(escalation, source, ends, certain, avoided);
  }
  if (!first) return out;
  const auto vertices_of = [](const EscalationPath& path) {
    std::vector<Id> vertices;
    for (const EscalationEdge& edge : path.edges) vertices.push_back(edge.to);
    return vertices;
  };
  std::set<std::vector<Id>> known = {vertices_of(*first)};
  out.push_back(std::move(*first));
  // Each path found is tried in turn, until nothing new comes.
  for (size_t i = 0; i < out.size() && out.size() < most; ++i) {
    for (const Id vertex : vertices_of(out[i])) {
      if (!is_cuttable(escalation.nodes()[vertex]) || out.size() == most) continue;
      avoided[vertex] = true;
      auto other = shortest(escalation, source, ends, certain, avoided);
      avoided[vertex] = false;
      if (other && known.insert(vertices_of(*other)).second) out.push_back(std::move(*other));
    }
  }
  return out;
}

std::vector<Id> blast_radius(const Escalation& escalation, Id source) {
  std::vector<bool> seen(escalation.nodes().size());
  std::vector<Id> queue = {source};
  seen[source] = true;
  for (size_t at = 0; at < queue.size(); ++at) {
    for (const EscalationEdge& edge : escalation.out(queue[at])) {
      if (!edge.certain || seen[edge.to]) continue;
      seen[edge.to] = true;
      queue.push_back(edge.to);
    }
  }
  queue.erase(queue.begin());
  return queue;
}

std::vector<Cut> cuts(const Escalation& escalation, Sink sink) {
  const Dominators dominators(escalation, sink);
  std::vector<size_t> below(escalation.nodes().size() + 1);
  for (const Id source : escalation.sources()) {
    if (dominators.parent(source) != kNone) ++below[source];
  }
  std::vector<Cut> out;
  for (const Id vertex : dominators.order()) {  // a vertex before what dominates it
    if (vertex == dominators.root()) break;
    below[dominators.parent(vertex)] += below[vertex];
    if (is_cuttable(escalation.nodes()[vertex]) && below[vertex] > 0) out.push_back({vertex, below[vertex]});
  }
  std::stable_sort(out.begin(), out.end(), [](const Cut& a, const Cut& b) {
    return a.sources != b.sources ? a.sources > b.sources : a.vertex < b.vertex;
  });
  return out;
}

std::vector<Id> on_every_path(const Escalation& escalation, Id source, Sink sink) {
  const Dominators dominators(escalation, sink);
  std::vector<Id> out;
  if (dominators.parent(source) == kNone) return out;
  for (Id at = dominators.parent(source); at != dominators.root(); at = dominators.parent(at)) {
    if (is_cuttable(escalation.nodes()[at])) out.push_back(at);
  }
  return out;
}

}  // namespace ameia::graph
