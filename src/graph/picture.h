// Connections as a drawing: namespaces as boxes, workloads in them, arrows with ports. One SVG without anything around
// it. Neighbours: connlist.h.
#pragma once

#include <string>
#include <vector>

#include "graph/connlist.h"

namespace ameia::graph {

// Columns go from the outside inwards: what it reaches first, then what that reaches. Two arrows with the same ports
// there and back are one with two heads. Too many arrows: namespaces are drawn instead of workloads, then only those
// with the most connections; the drawing says so.
std::string to_svg(const std::vector<Connection>& connections);

}  // namespace ameia::graph
