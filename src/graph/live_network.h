// LiveNetwork: an estate whose policies and namespaces change one at a time, with its reachability kept true at the
// price of the change, not of the estate. Every answer is the one that building anew from the same objects would give.
// Neighbours: network.h, reachability.h.
//
//   a policy        its rule's sets, and the rows of the classes that it selects or did select
//   a label key, named port or CIDR that no policy had    classes or atoms are cut finer in all sets, once
//   a namespace's labels    the policies whose namespaceSelector tells the old labels from the new, as above
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "graph/reachability.h"

namespace ameia::graph {

// Threads: none; readers between changes. Owns: the Network and its rows; Policy::source borrows from the object that
// was given. References from network() and reachability() end with the next change.
class LiveNetwork {
 public:
  LiveNetwork(Network network, const ReachabilityOptions& options);
  ~LiveNetwork();

  [[nodiscard]] const Network& network() const { return *network_; }
  [[nodiscard]] const Reachability& reachability() const { return reachability_; }

  // A policy of any known kind, or a Namespace: new, or in the place of the one of its kind, namespace and name.
  // Fails: kInvalidInput where an API server would refuse it, or the kind is another; nothing has changed then.
  base::Status put(const doc::Node& object);
  // Takes it out; a Namespace with everything that is in it. False: there was none.
  bool remove(std::string_view kind, std::string_view ns, std::string_view name);

  // Changes that were too large to be made in place since the start.
  [[nodiscard]] size_t rebuilds() const { return rebuilds_; }

 private:
  [[nodiscard]] Id find_policy(std::string_view kind, std::string_view ns, std::string_view name) const;
  void put_policy(Policy policy);
  void remove_policy(Id id);
  void set_labels(Id ns, std::vector<Label> labels, bool declared);
  void remove_namespace(Id ns);
  void rebuild();

  std::unique_ptr<Network> network_;
  ReachabilityOptions options_;
  Reachability reachability_;
  size_t rebuilds_ = 0;
};

}  // namespace ameia::graph
