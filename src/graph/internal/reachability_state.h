// What a Reachability is made of: classes, atoms, compiled policies, rows. Built once (reachability_build.cc, rows.cc)
// and then changed a policy at a time (refine.cc makes classes and atoms finer; live_network.cc says when).
//
//   peers   [0, class_count) classes · spare numbers · controller · atoms, in no order once some were cut later
#pragma once

#include <array>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "graph/reachability.h"

namespace ameia::graph {

namespace internal {

struct Cell {
  PortRange ports;
  PeerSet peers;
};
struct Row {
  bool everything = false;
  std::array<std::vector<Cell>, 3> cells;      // by protocol; sorted and disjoint, ports outside have no peer
  std::vector<Id> policies;                    // that decide it, as tiers and priorities order them
  uint32_t users = 0;                          // classes; a row without any is free for another
  const std::vector<uint32_t>* key = nullptr;  // in row_ids
};

// A rule's part for one set of ports.
struct Entry {
  Verdict verdict;
  PortSet ports;
  const PeerSet* peers;
};

struct VectorHash {
  size_t operator()(const std::vector<uint32_t>& values) const {
    uint64_t h = values.size();
    for (const uint32_t value : values) {
      h = (h ^ value) * 0x9E3779B97F4A7C15u;
      h ^= h >> 29;
    }
    return static_cast<size_t>(h);
  }
};

}  // namespace internal

// Threads: none. Borrows the Network, which LiveNetwork changes in step with it.
struct Reachability::State {
  using Row = internal::Row;
  using Entry = internal::Entry;
  // What one class has become: `from` was cut, `made` is the new piece.
  using Split = std::pair<Peer, Peer>;

  State(const Network& network, const ReachabilityOptions& options);

  const Network& network;
  ReachabilityOptions options;

  struct Atom {
    AddressRange range;
    Peer peer;
  };
  std::vector<Atom> atoms;     // by range
  bool atoms_in_order = true;  // their peers are neighbours, ascending
  // By direction: where ranges of its rules begin, or have just ended, and how many do so there.
  std::array<std::map<Address, uint32_t>, 2> cuts;
  size_t v6_ranges = 0;
  bool too_many_cuts = false;

  Peer class_count = 0;
  Peer controller = 0;  // the ingress controller; classes have the numbers below it
  Peer peer_end = 0;
  PeerSet all;
  PeerSet gone;                                      // classes of namespaces that were removed
  std::vector<bool> key_is_used, port_name_is_used;  // by policies
  std::vector<Peer> class_of_pod;
  std::vector<uint32_t> pods_of_class;  // how many
  std::vector<Id> ns_of_class;
  std::vector<std::vector<NamedPort>> ports_of_class;  // those that policies name
  std::vector<std::pair<Peer, Peer>> classes_of_ns;    // [first, last), as first built
  std::vector<Peer> late_classes;                      // made later, whatever their namespace; ascending
  std::vector<std::vector<Peer>> peers_of_workload;

  std::unordered_map<uint64_t, PeerSet> by_label;
  std::unordered_map<Id, PeerSet> by_key;
  std::map<uint32_t, PeerSet> by_atom;  // by index of the atom: classes whose pods have an address in it
  std::map<Selector, PeerSet> pod_selectors;
  std::map<Selector, std::vector<Id>> namespace_selectors;

  struct Compiled {
    PeerSet subjects;
    std::vector<PeerSet> ingress_peers, egress_peers;  // by rule
    bool ingress_names_ports = false;
    uint32_t serial = 0;  // another one whenever the policy changes: rows are known by it
  };
  std::vector<Compiled> compiled;  // by policy
  uint32_t next_serial = 0;
  std::vector<Id> order;       // policies, as tiers and priorities order them
  std::vector<uint32_t> rank;  // of each policy in `order`
  std::array<std::vector<Id>, 2> row_of_class;
  std::vector<Row> rows;
  std::vector<Id> free_rows;
  std::unordered_map<std::vector<uint32_t>, Id, internal::VectorHash> row_ids;

  // ---- building (reachability_build.cc)
  void count_cuts(const Policy& policy, int by);
  void make_atoms();
  [[nodiscard]] size_t atom_of(Address address) const;
  void make_classes();
  const PeerSet& select_pods(const Selector& selector);
  const std::vector<Id>& select_namespaces(const Selector& selector);
  PeerSet select(const PodPeer& peer);
  PeerSet peers_of(const Rule& rule);
  void compile(Id policy);
  void sort_policies();
  [[nodiscard]] bool is_class(Peer peer) const { return peer < controller; }
  [[nodiscard]] static bool is_used(const std::vector<bool>& used, Id id) { return id < used.size() && used[id]; }

  // ---- rows (rows.cc)
  void make_rows(Direction direction);
  void set_row(Direction direction, Peer peer, std::vector<Id> policies);
  void leave_row(Direction direction, Peer peer);
  void entries_of(Direction direction, Peer peer, const Rule& rule, const PeerSet& peers, std::vector<Entry>& out,
                  std::vector<std::unique_ptr<PeerSet>>& owned) const;
  [[nodiscard]] Row make_row(Direction direction, Peer peer, const std::vector<Id>& policies) const;
  [[nodiscard]] PeerSet peers_at(const std::array<std::vector<Entry>, 3>& tiers, bool isolated, Protocol protocol,
                                 uint16_t port) const;
  [[nodiscard]] const Row& row(Direction direction, Peer peer) const {
    return rows[row_of_class[static_cast<size_t>(direction)][peer]];
  }
  // The rows of these classes, which `changed` policies selected or select.
  void refresh(const PeerSet& classes, const std::vector<Id>& changed);

  // ---- changing (refine.cc)
  // Classes and atoms as fine as the policy needs them; its cuts are counted. False: there is no room for it, build
  // anew.
  bool refine_for(const Policy& policy);
  bool split_classes(const std::vector<Id>& keys, const std::vector<Id>& names);
  void cut_atom(Address start, std::vector<Split>& splits);
  void extend_sets(std::vector<Split> splits);
  template <typename Visit>
  void visit_sets(Visit visit) {
    visit(all);
    for (Compiled& policy : compiled) {
      visit(policy.subjects);
      for (PeerSet& peers : policy.ingress_peers) visit(peers);
      for (PeerSet& peers : policy.egress_peers) visit(peers);
    }
    for (Row& row : rows) {
      for (auto& cells : row.cells) {
        for (internal::Cell& cell : cells) visit(cell.peers);
      }
    }
  }
  // Takes the policy out; those behind it move up. No class may be selected by it any more.
  void forget_policy(Id policy);
  // Takes the pods of a namespace out, and workloads that have no pod elsewhere; the flags are by the ids of before.
  void forget_pods(Id ns, const std::vector<bool>& gone_pods, const std::vector<bool>& gone_workloads);
};

}  // namespace ameia::graph
