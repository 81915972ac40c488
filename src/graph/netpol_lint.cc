#include "graph/netpol_lint.h"

#include <algorithm>

namespace ameia::graph {
namespace {

constexpr std::string_view kSelectsNothing = "AM-NET-101";
constexpr std::string_view kPeerSelectsNothing = "AM-NET-102";
constexpr std::string_view kShadowed = "AM-NET-103";
constexpr std::string_view kAllowsAll = "AM-NET-104";
constexpr std::string_view kNoDns = "AM-NET-105";
constexpr std::string_view kMetadata = "AM-NET-106";
constexpr std::string_view kHostNetwork = "AM-NET-107";
constexpr std::string_view kUnknownPeer = "AM-NET-108";

constexpr uint16_t kDnsPort = 53;
constexpr uint16_t kHttpPort = 80;
constexpr std::string_view kMetadataAddress = "169.254.169.254";

bool is_subset(const PeerSet& a, const PeerSet& b) {
  PeerSet rest = a;
  rest.subtract(b);
  return rest.empty();
}

// The ports that the terms state by number; named ports are left out, so a rule with some is never called covered.
bool ports_covered(const Rule& inner, const Rule& outer) {
  if (outer.any_port) return true;
  if (inner.any_port) return false;
  PortSet a, b;
  for (const PortTerm& term : inner.ports) {
    if (term.name != kNone || !term.protocol) return false;
    a.add(*term.protocol, term.range);
  }
  for (const PortTerm& term : outer.ports) {
    if (term.name == kNone && term.protocol) b.add(*term.protocol, term.range);
  }
  a.subtract(b);
  return a.empty();
}

class Linter {
 public:
  Linter(const Network& network, const Reachability& reachability) : network_(network), reachability_(reachability) {}

  std::vector<NetpolProblem> run() {
    for (size_t i = 0; i < network_.policies.size(); ++i) {
      const Policy& policy = network_.policies[i];
      const PeerSet& subjects = reachability_.subjects(i);
      if (subjects.empty()) {
        add(kSelectsNothing, "The policy selects no pod", policy,
            "no pod of the objects read has the labels it asks for",
            field(policy, policy.tier == Tier::kNetworkPolicy ? "podSelector" : "subject"));
        continue;
      }
      rules(i, Direction::kIngress, policy.ingress_rules);
      rules(i, Direction::kEgress, policy.egress_rules);
    }
    workloads();
    return std::move(problems_);
  }

 private:
  static const doc::Node* field(const Policy& policy, std::string_view name) {
    return policy.source == nullptr ? nullptr : policy.source->find("spec", doc::KeyRef(name));
  }
  static const doc::Node* rule_node(const Policy& policy, Direction direction, size_t rule) {
    const doc::Node* list = field(policy, direction == Direction::kIngress ? "ingress" : "egress");
    return list != nullptr && list->is_list() && rule < list->size ? &list->items[rule] : list;
  }
  void add(std::string_view id, std::string_view title, const Policy& policy, std::string message,
           const doc::Node* place) {
    problems_.push_back({id, title, &policy, kNone, std::move(message), place});
  }

  void rules(size_t index, Direction direction, const std::vector<Rule>& rules) {
    const Policy& policy = network_.policies[index];
    const std::string word = direction == Direction::kIngress ? "ingress" : "egress";
    for (size_t i = 0; i < rules.size(); ++i) {
      const Rule& rule = rules[i];
      const doc::Node* place = rule_node(policy, direction, i);
      const std::string name = word + " rule " + std::to_string(i + 1);
      const PeerSet& peers = reachability_.rule_peers(index, direction, i);
      if (!rule.unknown.empty()) {
        add(kUnknownPeer, "The effect of a rule is not known", policy,
            name + " has a peer of kind " + rule.unknown + ", which files do not resolve", place);
      } else if (peers.empty()) {
        add(kPeerSelectsNothing, "A rule allows nobody", policy, name + " selects no pod and no address", place);
        continue;
      }
      if (policy.tier == Tier::kNetworkPolicy && rule.any_peer && rule.any_port) {
        add(kAllowsAll, "A rule allows everything", policy,
            name + " has neither peers nor ports: it allows " +
                (direction == Direction::kIngress ? "every source" : "every destination"),
            place);
      }
      metadata(policy, direction, rule, name, place);
      for (size_t j = 0; j < rules.size(); ++j) {
        // In a tier the first match wins; in a NetworkPolicy all rules are united, and of two equal ones the later is
        // told.
        if (j == i || (policy.tier != Tier::kNetworkPolicy && j > i)) continue;
        const PeerSet& others = reachability_.rule_peers(index, direction, j);
        if (!is_subset(peers, others) || !ports_covered(rule, rules[j])) continue;
        const bool equal = is_subset(others, peers) && ports_covered(rules[j], rule);
        if (equal && j > i) continue;
        add(kShadowed, "A rule changes nothing", policy,
            name + (policy.tier == Tier::kNetworkPolicy ? " allows only what rule " : " is never reached: rule ") +
                std::to_string(j + 1) + (policy.tier == Tier::kNetworkPolicy ? " allows" : " decides all of it"),
            place);
        break;
      }
    }
  }

  void metadata(const Policy& policy, Direction direction, const Rule& rule, const std::string& name,
                const doc::Node* place) {
    if (direction != Direction::kEgress || rule.verdict != Verdict::kAllow || rule.any_peer) return;
    const auto address = parse_address(kMetadataAddress);
    const bool port = rule.any_port || std::any_of(rule.ports.begin(), rule.ports.end(), [](const PortTerm& term) {
                        return term.name == kNone && term.protocol == Protocol::kTcp && term.range.first <= kHttpPort &&
                               kHttpPort <= term.range.last;
                      });
    if (!port || !contains(rule.addresses, *address)) return;
    add(kMetadata, "The cloud's metadata service is reachable", policy,
        name + " covers " + std::string(kMetadataAddress) + ", which hands out the node's credentials", place);
  }

  void workloads() {
    for (Id id = 0; id < network_.workloads.size(); ++id) {
      for (const Reachability::Peer pod : reachability_.workload_peers(id)) {
        if (!reachability_.isolated(Direction::kEgress, pod)) continue;
        if (dns_allowed(pod)) continue;
        problems_.push_back({kNoDns, "A workload cannot ask DNS", nullptr, id,
                             "its egress is isolated and no rule has port 53: names will not resolve", nullptr});
        break;
      }
    }
    for (const Pod& pod : network_.pods) {
      if (!pod.host_network) continue;
      const auto id = static_cast<Id>(&pod - network_.pods.data());
      const Reachability::Peer peer = reachability_.pod_peer(id);
      if (!reachability_.isolated(Direction::kIngress, peer) && !reachability_.isolated(Direction::kEgress, peer)) {
        continue;
      }
      problems_.push_back({kHostNetwork, "A policy selects a pod of the host's network", nullptr, pod.workload,
                           "most plug-ins do not enforce policies on pods with hostNetwork: true", nullptr});
    }
  }

  // Whether some rule has port 53 in it, whoever its peers are: the cluster's DNS is not always among the objects.
  [[nodiscard]] bool dns_allowed(Reachability::Peer pod) const {
    const auto covers_dns = [](const Rule& rule) {
      return rule.verdict == Verdict::kAllow &&
             (rule.any_port || std::any_of(rule.ports.begin(), rule.ports.end(), [](const PortTerm& term) {
                return term.name != kNone || (term.range.first <= kDnsPort && kDnsPort <= term.range.last);
              }));
    };
    for (size_t i = 0; i < network_.policies.size(); ++i) {
      const std::vector<Rule>& rules = network_.policies[i].egress_rules;
      if (reachability_.subjects(i).contains(pod) && std::any_of(rules.begin(), rules.end(), covers_dns)) return true;
    }
    return false;
  }

  const Network& network_;
  const Reachability& reachability_;
  std::vector<NetpolProblem> problems_;
};

}  // namespace

std::vector<NetpolProblem> lint(const Network& network, const Reachability& reachability) {
  return Linter(network, reachability).run();
}

}  // namespace ameia::graph
