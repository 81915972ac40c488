#include "graph/picture.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "graph/limits.h"
#include "report/text.h"

namespace ameia::graph {
namespace {

constexpr std::string_view kOutside = "outside the cluster";
constexpr int kBoxWidth = 210, kRowHeight = 26, kBoxHead = 30, kBoxFoot = 10;
constexpr int kColumnGap = 190, kRowGap = 34, kMargin = 24, kTop = 64;
constexpr int kOpenHeight = 18;
constexpr size_t kOpenMin = 4;  // that reach a namespace on all ports, before it is called open
constexpr size_t kColumnsMax = 5;
constexpr size_t kNameMax = 30, kPortsMax = 26;  // characters
constexpr std::array<std::string_view, 8> kColours = {"#1f5fa8", "#a8441f", "#2c7a4b", "#7a2c6f",
                                                      "#8a6d00", "#0f7c86", "#b0305c", "#4a4fb0"};

std::string escaped(std::string_view text) {
  std::string out;
  report::append_html(out, text);
  return out;
}

std::string ports_text(const PortSet& ports) {
  return ports.is_all() ? "all" : to_string(ports);
}

struct Edge {
  std::string from, to;  // nodes
  PortSet ports;
  size_t connections = 1;
  bool both = false;
};

// "shop/front[Deployment]" is in shop; addresses and the ingress controller are outside.
std::string space_of(const std::string& node) {
  const size_t slash = node.find('/');
  return slash == std::string::npos || node.ends_with("[External]") ? std::string(kOutside) : node.substr(0, slash);
}

// Edges between the names that `name_of` gives, one a pair.
template <typename NameOf>
std::vector<Edge> united(const std::vector<Connection>& connections, NameOf name_of) {
  std::map<std::pair<std::string, std::string>, Edge> pairs;
  for (const Connection& connection : connections) {
    std::string from = name_of(connection.from), to = name_of(connection.to);
    const auto [at, added] = pairs.try_emplace({from, to});
    if (added) {
      at->second = {std::move(from), std::move(to), connection.ports};
    } else {
      at->second.ports.unite(connection.ports);
      ++at->second.connections;
    }
  }
  std::vector<Edge> out;
  for (auto& [names, edge] : pairs) {
    if (names.first < names.second) {
      const auto back = pairs.find({names.second, names.first});
      edge.both = back != pairs.end() && back->second.ports == edge.ports;
    } else if (names.first != names.second) {
      const auto there = pairs.find({names.second, names.first});
      if (there != pairs.end() && there->second.both) continue;
    }
    out.push_back(edge);
  }
  return out;
}

class Picture {
 public:
  std::string draw(const std::vector<Connection>& connections) {
    std::set<std::string> names;
    for (const Connection& connection : connections) names.insert({connection.from, connection.to});
    for (const std::string& name : names) {
      if (space_of(name) != kOutside) ++workloads_[space_of(name)];
    }
    const auto workload = [](const std::string& name) {
      return space_of(name) == kOutside ? std::string(kOutside) : name;
    };
    edges_ = united(connections, workload);
    const size_t all = edges_.size();
    if (all > kPictureEdgesMax) {
      by_space_ = true;
      edges_ = united(without_open(connections), space_of);
      note_ = std::to_string(all) +
              " connections between workloads are too many to draw: namespaces are drawn instead, "
              "with all their workloads' ports together.";
      if (!open_.empty()) note_ += " A box that many reach on all ports says so and has no arrows for them.";
      const size_t spaces = edges_.size();
      if (spaces > kPictureEdgesMax) {
        std::stable_sort(edges_.begin(), edges_.end(),
                         [](const Edge& a, const Edge& b) { return a.connections > b.connections; });
        edges_.resize(kPictureEdgesMax);
        note_ += " Of " + std::to_string(spaces) + " arrows, the " + std::to_string(kPictureEdgesMax) +
                 " with the most connections are shown.";
      }
    }
    place();
    return svg();
  }

 private:
  // Notes the namespaces that several others reach on all ports, and leaves those connections out: without policies
  // everyone reaches everyone, and arrows would hide the rest.
  std::vector<Connection> without_open(const std::vector<Connection>& connections) {
    std::map<std::pair<std::string, std::string>, PortSet> ports;
    for (const Connection& connection : connections) {
      const std::string from = space_of(connection.from), to = space_of(connection.to);
      if (from != to) ports[{from, to}].unite(connection.ports);
    }
    std::map<std::string, size_t> reached_by;
    for (const auto& [ends, set] : ports) reached_by[ends.second] += set.is_all() ? 1 : 0;
    for (const auto& [name, others] : reached_by) {
      if (others >= kOpenMin) open_[name] = others;
    }
    std::vector<Connection> out;
    for (const Connection& connection : connections) {
      const auto found = ports.find({space_of(connection.from), space_of(connection.to)});
      if (found != ports.end() && found->second.is_all() && open_.contains(found->first.second)) {
        alone_.insert({found->first.first, found->first.second});
      } else {
        out.push_back(connection);
      }
    }
    return out;
  }

  struct Node {
    int x = 0, y = 0;  // of its middle left
  };
  struct Box {
    std::string name;
    std::vector<std::string> rows;  // nodes; none: the box is the node
    int x = 0, y = 0, height = 0;
    size_t column = 0;
  };

  [[nodiscard]] std::string space(const std::string& node) const {
    return by_space_ || node == kOutside ? node : space_of(node);
  }

  void place() {
    std::map<std::string, std::set<std::string>> rows;
    std::map<std::string, std::set<std::string>> next;
    for (const Edge& edge : edges_) {
      for (const std::string* node : {&edge.from, &edge.to}) {
        std::set<std::string>& own = rows[space(*node)];
        if (!by_space_ && *node != kOutside) own.insert(*node);
      }
      next[space(edge.from)].insert(space(edge.to));
    }
    for (const std::string& name : alone_) rows[name];
    // Columns by distance from the outside, or else from the first namespace that nobody of another reaches.
    std::map<std::string, size_t> column;
    std::vector<std::string> wave;
    const auto reach = [&](const std::string& name, size_t distance) {
      if (rows.contains(name) && column.try_emplace(name, std::min(distance, kColumnsMax - 1)).second)
        wave.push_back(name);
    };
    const auto walk = [&] {
      for (size_t i = 0; i < wave.size(); ++i) {
        const std::string name = wave[i];
        for (const std::string& other : next[name]) reach(other, column[name] + 1);
      }
      wave.clear();
    };
    reach(std::string(kOutside), 0);
    walk();
    for (const auto& [name, own] : rows) {
      const bool reached = std::any_of(
          next.begin(), next.end(), [&](const auto& from) { return from.first != name && from.second.contains(name); });
      if (!reached) {
        reach(name, column.empty() ? 0 : 1);
        walk();
      }
    }
    for (const auto& [name, own] : rows) {
      reach(name, column.empty() ? 0 : 1);
      walk();
    }
    std::array<std::vector<Box>, kColumnsMax> columns;
    for (auto& [name, own] : rows) {
      Box box{name, {own.begin(), own.end()}};
      box.column = column[name];
      box.height = kBoxHead + static_cast<int>(box.rows.size()) * kRowHeight + kBoxFoot;
      if (open_.contains(name)) box.height += kOpenHeight;
      columns[box.column].push_back(std::move(box));
    }
    // A column that would be much taller than the others is cut into several beside each other.
    int total = 0;
    for (const auto& boxes : columns) {
      for (const Box& box : boxes) total += box.height + kRowGap;
    }
    const int tall = std::max(700, total / static_cast<int>(kColumnsMax) + 200);
    int x = kMargin;
    size_t drawn_column = 0;
    for (auto& boxes : columns) {
      if (boxes.empty()) continue;
      int y = kTop;
      for (Box& box : boxes) {
        if (y > kTop && y + box.height > tall) {
          y = kTop;
          x += kBoxWidth + kColumnGap;
          ++drawn_column;
        }
        box.x = x;
        box.y = y;
        box.column = drawn_column;
        y += box.height + kRowGap;
        height_ = std::max(height_, y);
        nodes_[box.name] = {box.x, box.y + kBoxHead / 2};
        for (size_t i = 0; i < box.rows.size(); ++i) {
          nodes_[box.rows[i]] = {box.x, box.y + kBoxHead + static_cast<int>(i) * kRowHeight + kRowHeight / 2};
        }
        boxes_.push_back(box);
      }
      x += kBoxWidth + kColumnGap;
      ++drawn_column;
    }
    width_ = std::max(x - kColumnGap + kMargin + 110, 640);
  }

  [[nodiscard]] std::string colour(const std::string& node) const {
    size_t i = 0;
    for (const Box& box : boxes_) {
      if (box.name == space(node)) return std::string(kColours[i % kColours.size()]);
      ++i;
    }
    return std::string(kColours[0]);
  }

  void arrow(const Edge& edge, size_t number, std::string& lines, std::string& labels) const {
    const Node a = nodes_.at(edge.from), b = nodes_.at(edge.to);
    const std::string colour_of = colour(edge.from);
    int x1 = a.x + kBoxWidth, x2 = b.x, bend = (x2 - x1) / 2;
    std::string path;
    double t = 0.35 + 0.1 * static_cast<double>(number % 4);  // labels of a bundle stand at different places
    int c1 = 0, c2 = 0;
    if (edge.from == edge.to || a.x == b.x) {  // around the right side
      x2 = b.x + kBoxWidth;
      bend = 40 + static_cast<int>(number % 4) * 14;
      c1 = x1 + bend;
      c2 = x2 + bend;
    } else if (b.x > a.x) {
      bend = std::max(bend, 40);
      c1 = x1 + bend;
      c2 = x2 - bend;
    } else {  // back
      x1 = a.x;
      x2 = b.x + kBoxWidth;
      bend = std::max((x1 - x2) / 2, 40);
      c1 = x1 - bend;
      c2 = x2 + bend;
    }
    const int y1 = a.y, y2 = edge.from == edge.to ? b.y + 8 : b.y;
    path = "M" + std::to_string(x1) + " " + std::to_string(y1) + "C" + std::to_string(c1) + " " + std::to_string(y1) +
           " " + std::to_string(c2) + " " + std::to_string(y2) + " " + std::to_string(x2) + " " + std::to_string(y2);
    const std::string words = ports_text(edge.ports);
    lines += "<path class=\"e\" d=\"" + path + "\" stroke=\"" + colour_of + "\" marker-end=\"url(#h" +
             colour_of.substr(1) + ")\"" + (edge.both ? " marker-start=\"url(#h" + colour_of.substr(1) + ")\"" : "") +
             "><title>" +
             escaped(edge.from + (edge.both ? " <=> " : " => ") + edge.to + " : " + to_string(edge.ports)) +
             "</title></path>\n";
    const auto at = [t](int p, int q, int r, int s) {
      const double u = 1 - t;
      return static_cast<int>(u * u * u * p + 3 * u * u * t * q + 3 * u * t * t * r + t * t * t * s);
    };
    labels += "<text class=\"p\" x=\"" + std::to_string(at(x1, c1, c2, x2)) + "\" y=\"" +
              std::to_string(at(y1, y1, y2, y2) + 4) + "\" fill=\"" + colour_of + "\">" +
              escaped(report::cut(words, kPortsMax)) + "</text>\n";
  }

  [[nodiscard]] std::string svg() const {
    const auto number = [](int n) { return std::to_string(n); };
    std::string out =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + number(width_) + "\" height=\"" + number(height_ + 20) +
        "\" viewBox=\"0 0 " + number(width_) + " " + number(height_ + 20) +
        "\" font-family=\"Helvetica,Arial,sans-serif\">\n<style>.b{fill:#f4f6f9;stroke:#9aa5b4}"
        ".w{fill:#fff;stroke:#c3cbd6}.n{font-size:13px;font-weight:bold;fill:#1d2733}"
        ".t{font-size:12px;fill:#1d2733}.e{fill:none;stroke-width:1.4;opacity:.8}.e:hover{stroke-width:4;opacity:1}"
        ".p{font-size:11px;text-anchor:middle;stroke:#fff;stroke-width:4px;paint-order:stroke;"
        "stroke-linejoin:round}.h{font-size:16px;font-weight:bold;fill:#1d2733}"
        ".s{font-size:12px;fill:#4a5563}.o{font-size:12px;font-weight:bold;fill:#b3261e}</style>\n<defs>\n";
    for (const std::string_view colour_of : kColours) {
      out += "<marker id=\"h" + std::string(colour_of.substr(1)) +
             "\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" "
             "orient=\"auto-start-reverse\"><path d=\"M0 0.5L8 4L0 7.5z\" fill=\"" +
             std::string(colour_of) + "\"/></marker>\n";
    }
    out +=
        "</defs>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<text class=\"h\" x=\"24\" y=\"28\">Allowed "
        "connections</text>\n<text class=\"s\" x=\"24\" y=\"46\">" +
        escaped(note_.empty() ? "An arrow goes from who may connect to where, with the ports. Assumes a network "
                                "plug-in that enforces the policies."
                              : note_) +
        "</text>\n";
    const std::string head = std::move(out);  // lines go behind the boxes, labels before them
    out.clear();
    std::string lines, labels;
    for (size_t i = 0; i < edges_.size(); ++i) arrow(edges_[i], i, lines, labels);
    for (const Box& box : boxes_) {
      out += "<rect class=\"b\" x=\"" + number(box.x) + "\" y=\"" + number(box.y) + "\" width=\"" + number(kBoxWidth) +
             "\" height=\"" + number(box.height) + "\" rx=\"6\"/>\n<text class=\"n\" x=\"" + number(box.x + 10) +
             "\" y=\"" + number(box.y + 20) + "\">" + escaped(report::cut(box.name, kNameMax)) + "</text>\n";
      if (by_space_ && box.name != kOutside) {
        const auto found = workloads_.find(box.name);
        const size_t count = found == workloads_.end() ? 0 : found->second;
        out += "<text class=\"s\" x=\"" + number(box.x + 10) + "\" y=\"" + number(box.y + 35) + "\">" +
               report::count(count, "workload", "workloads") + "</text>\n";
      }
      if (const auto open = open_.find(box.name); open != open_.end()) {
        out += "<text class=\"o\" x=\"" + number(box.x + 10) + "\" y=\"" + number(box.y + box.height - 8) +
               "\">open to " + report::count(open->second, "other", "others") + " on all ports</text>\n";
      }
      for (size_t i = 0; i < box.rows.size(); ++i) {
        const int y = box.y + kBoxHead + static_cast<int>(i) * kRowHeight;
        out += "<rect class=\"w\" x=\"" + number(box.x + 6) + "\" y=\"" + number(y + 1) + "\" width=\"" +
               number(kBoxWidth - 12) + "\" height=\"" + number(kRowHeight - 4) +
               "\" rx=\"4\"/>\n<text class=\"t\" x=\"" + number(box.x + 14) + "\" y=\"" + number(y + 16) + "\">" +
               escaped(report::cut(box.rows[i].substr(box.name.size() + 1), kNameMax)) + "</text>\n";
      }
    }
    return head + lines + out + labels + "</svg>\n";
  }

  std::map<std::string, size_t> workloads_;
  std::map<std::string, size_t> open_;  // by how many others
  std::set<std::string> alone_;         // ends of connections that are left out for it
  std::vector<Edge> edges_;
  bool by_space_ = false;
  std::string note_;
  std::map<std::string, Node> nodes_;
  std::vector<Box> boxes_;
  int width_ = 0, height_ = 0;
};

}  // namespace

std::string to_svg(const std::vector<Connection>& connections) {
  return Picture().draw(connections);
}

}  // namespace ameia::graph
