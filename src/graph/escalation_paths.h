// Paths of an Escalation: who reaches what, by the shortest way; what lies on every way; what removing one binding
// cuts. Neighbours: escalation.h (the graph), app/cmd_rbac_paths.cc (prints).
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "graph/escalation.h"

namespace ameia::graph {

// Edges in order, from the source to the sink.
struct EscalationPath {
  std::vector<EscalationEdge> edges;
  [[nodiscard]] bool certain() const;
};

// From every vertex to every kind of sink. Certain ways are preferred to shorter ones that hang on a condition.
// Threads: immutable after construction. Borrows the Escalation.
class Reach {
 public:
  explicit Reach(const Escalation& escalation);
  // nullopt: there is no way. A source that is the sink has a path of no edges.
  [[nodiscard]] std::optional<EscalationPath> path(Id source, Sink sink) const;
  [[nodiscard]] bool reaches(Id source, Sink sink, bool certainly) const;

 private:
  // By vertex, the edge to go on with; kNone: there is no way, or this is the sink (distance 0).
  struct Way {
    std::vector<Id> next;
    std::vector<uint32_t> distance;  // kNone: no way
  };
  static Way search(const Escalation& escalation, Sink sink, bool certain_only);
  const Escalation* escalation_;
  std::array<Way, static_cast<size_t>(Sink::kSinks)> certain_, possible_;
};

// The shortest path from `source` to a vertex that `is_end` likes, without the vertices of `avoided`.
std::optional<EscalationPath> shortest(const Escalation& escalation, Id source, const std::vector<bool>& ends,
                                       bool certain_only, const std::vector<bool>& avoided);

// The shortest path, then what is left of ways when each binding on it is taken away: at most `most`, all different.
std::vector<EscalationPath> alternatives(const Escalation& escalation, Id source, Sink sink, size_t most);

// Everything that a source reaches with certainty, nearest first, without the source.
std::vector<Id> blast_radius(const Escalation& escalation, Id source);

// A binding (or a subject's combination of bindings) and how many sources reach the sink only through it.
struct Cut {
  Id vertex;
  size_t sources;
};
// By dominators of the graph turned round: exact for certain ways. Most first.
std::vector<Cut> cuts(const Escalation& escalation, Sink sink);
// The bindings that lie on every certain way from the source to the sink; removing any one closes it.
std::vector<Id> on_every_path(const Escalation& escalation, Id source, Sink sink);

}  // namespace ameia::graph
