// PodSets: label selectors that match exactly some workloads' pods of a namespace and no other pod there.
// Neighbours: policy_writer.h asks.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "graph/network.h"

namespace ameia::graph {

// Requirements that hold together; none: every pod of the namespace. Several values: any of them.
struct ChosenSelector {
  std::vector<std::pair<std::string, std::vector<std::string>>> requirements;
};

// Labels that a controller gives to a pod, a revision or an index, which the next roll-out changes.
bool is_volatile_label(std::string_view key);
// Whether an API server takes it in a selector; files may hold anything.
bool is_selectable(std::string_view key, std::string_view value);

// Threads: none. Borrows the Network. Limits: kLabelShapesMax.
class PodSets {
 public:
  explicit PodSets(const Network& network);

  struct Choice {
    std::vector<ChosenSelector> selectors;  // the pods of any
    // Workloads whose pods no selector tells from others, each with the reason; they are in no selector.
    std::vector<std::string> untold;
  };
  // Few selectors first, then few and usual labels. `whole`: all pods of the namespace may be one selector without
  // requirements. Fails: kLimit.
  base::Result<Choice> choose(Id ns, const std::set<Id>& workloads, bool whole);

 private:
  // Pods with the same lasting labels.
  struct Shape {
    std::vector<Label> labels;
    std::set<Id> workloads;
  };
  struct Space {
    std::vector<Shape> shapes;
    std::map<Label, size_t> shapes_with;
  };
  const Space& space(Id ns);
  [[nodiscard]] int rank(Id key) const;

  const Network& network_;
  std::map<Id, std::vector<Id>> pods_of_;
  std::map<Id, Space> spaces_;
};

}  // namespace ameia::graph
