// NetworkPolicy, AdminNetworkPolicy, BaselineAdminNetworkPolicy and ClusterNetworkPolicy documents to one shape of
// rules.
#include "graph/internal/policy_reader.h"

#include <algorithm>

#include "base/result.h"
#include "graph/limits.h"
#include "kube/object.h"

namespace ameia::graph {
namespace {

using base::Result;

class Reader {
 public:
  Reader(const kube::ObjectView& object, Interner& texts, Network& network)
      : object_(object), texts_(texts), network_(network) {}

  Result<Policy> network_policy() {
    Policy policy = start(Tier::kNetworkPolicy);
    policy.ns = object_.ns().empty() ? "default" : object_.ns();
    policy.subject.ns = own_ns_ = internal::namespace_id(network_, policy.ns);
    const doc::Node& spec = object_.root()["spec"];
    policy.subject.pods = TRY(selector(spec["podSelector"], "spec.podSelector"));
    policy.ingress = true;
    policy.egress = spec["egress"].is_list() && spec["egress"].size > 0;
    if (spec["policyTypes"].is_list() && spec["policyTypes"].size > 0) {
      policy.ingress = policy.egress = false;
      for (const doc::Node& type : spec["policyTypes"].list()) {
        if (type.str() != "Ingress" && type.str() != "Egress")
          return refuse("spec.policyTypes", "is Ingress or Egress");
        (type.str() == "Ingress" ? policy.ingress : policy.egress) = true;
      }
    }
    for (const doc::Node& node : spec["ingress"].list()) {
      policy.ingress_rules.push_back(TRY(plain_rule(node, node["from"], "spec.ingress.from")));
    }
    for (const doc::Node& node : spec["egress"].list()) {
      policy.egress_rules.push_back(TRY(plain_rule(node, node["to"], "spec.egress.to")));
    }
    return policy;
  }

  Result<Policy> tiered_policy(Tier tier) {
    Policy policy = start(tier);
    const doc::Node& spec = object_.root()["spec"];
    if (policy.kind == "ClusterNetworkPolicy") {
      const std::string_view name = spec["tier"].str();
      if (name != "Admin" && name != "Baseline") return refuse("spec.tier", "is Admin or Baseline");
      policy.tier = name == "Admin" ? Tier::kAdmin : Tier::kBaseline;
    }
    if (policy.kind != "BaselineAdminNetworkPolicy") {
      const int64_t priority = spec["priority"].integer_or(-1);
      constexpr int64_t kPriorityMax = 1000;
      if (priority < 0 || priority > kPriorityMax) return refuse("spec.priority", "is a number from 0 to 1000");
      policy.priority = static_cast<int>(priority);
    }
    const doc::Node& subject = spec["subject"];
    if (subject["namespaces"].is_null() == subject["pods"].is_null()) {
      return refuse("spec.subject", "has exactly one of namespaces and pods");
    }
    policy.subject = TRY(tiered_pods(subject, "spec.subject"));
    // Rules decide; a direction without rules is left alone.
    for (const doc::Node& node : spec["ingress"].list()) {
      policy.ingress_rules.push_back(TRY(tiered_rule(node, node["from"], "spec.ingress")));
    }
    for (const doc::Node& node : spec["egress"].list()) {
      policy.egress_rules.push_back(TRY(tiered_rule(node, node["to"], "spec.egress")));
    }
    policy.ingress = !policy.ingress_rules.empty();
    policy.egress = !policy.egress_rules.empty();
    return policy;
  }

 private:
  std::unexpected<base::Error> refuse(std::string_view field, std::string_view what) {
    const std::string ns = object_.ns().empty() ? "" : std::string(object_.ns()) + "/";
    return base::fail(base::Code::kInvalidInput, std::string(object_.kind()) + " " + ns + std::string(object_.name()) +
                                                     ": " + std::string(field) + " " + std::string(what));
  }

  Policy start(Tier tier) {
    Policy policy;
    policy.tier = tier;
    policy.kind = object_.kind();
    policy.name = object_.name();
    policy.source = &object_.root();
    return policy;
  }

  Result<Selector> selector(const doc::Node& node, std::string_view field) {
    const auto parsed = kube::LabelSelector::parse(node);
    if (!parsed) return refuse(field, parsed.error().what);
    Selector out;
    for (const auto& requirement : parsed->requirements()) {
      Selector::Requirement wanted{texts_.intern(requirement.key), requirement.op, {}};
      for (const std::string& value : requirement.values) wanted.values.push_back(texts_.intern(value));
      std::sort(wanted.values.begin(), wanted.values.end());
      out.requirements.push_back(std::move(wanted));
    }
    std::sort(out.requirements.begin(), out.requirements.end());
    return out;
  }

  Result<PortRange> range(const doc::Node& first, const doc::Node& last, std::string_view field) {
    const int64_t from = first.integer_or(0);
    const int64_t to = last.is_null() ? from : last.integer_or(0);
    if (from < 1 || to < from || to > 65535) return refuse(field, "is a port, or a range of ports, from 1 to 65535");
    return PortRange{static_cast<uint16_t>(from), static_cast<uint16_t>(to)};
  }

  base::Status ports(const doc::Node& list, Rule& rule) {
    rule.any_port = !list.is_list() || list.size == 0;
    for (const doc::Node& entry : list.list()) {
      PortTerm term;
      term.protocol = protocol_of(entry["protocol"].str("TCP"));
      if (!term.protocol) return refuse("ports.protocol", "is TCP, UDP or SCTP");
      const doc::Node& port = entry["port"];
      if (port.is_string()) {
        term.name = texts_.intern(port.str());
      } else if (!port.is_null()) {
        term.range = TRY(range(port, entry["endPort"], "ports.port"));
      }
      rule.ports.push_back(term);
    }
    return {};
  }

  Result<Rule> plain_rule(const doc::Node& node, const doc::Node& peers, std::string_view field) {
    Rule rule;
    TRY_STATUS(ports(node["ports"], rule));
    rule.any_peer = !peers.is_list() || peers.size == 0;
    if (peers.is_list() && peers.size > kRulePeersMax) return refuse(field, "has too many peers");
    for (const doc::Node& peer : peers.list()) {
      const doc::Node& block = peer["ipBlock"];
      const bool by_label = !peer["podSelector"].is_null() || !peer["namespaceSelector"].is_null();
      if (block.is_null() == !by_label) return refuse(field, "has peers of one kind each: ipBlock or selectors");
      if (by_label) {
        PodPeer pods;
        pods.pods = TRY(selector(peer["podSelector"], field));
        if (peer["namespaceSelector"].is_null()) {
          pods.ns = own_ns_;
        } else {
          pods.namespaces = TRY(selector(peer["namespaceSelector"], field));
        }
        rule.pods.push_back(std::move(pods));
        continue;
      }
      const auto cidr = parse_cidr(block["cidr"].str());
      if (!cidr) return refuse(field, "has an ipBlock whose cidr is no CIDR: " + std::string(block["cidr"].str()));
      std::vector<AddressRange> holes;
      for (const doc::Node& except : block["except"].list()) {
        const auto hole = parse_cidr(except.str());
        if (!hole) return refuse(field, "has an ipBlock.except that is no CIDR: " + std::string(except.str()));
        holes.push_back(*hole);
      }
      for (const AddressRange& piece : without({*cidr}, holes)) rule.addresses.push_back(piece);
    }
    return rule;
  }

  Result<PodPeer> tiered_pods(const doc::Node& node, std::string_view field) {
    PodPeer pods;
    if (!node["namespaces"].is_null()) {
      pods.namespaces = TRY(selector(node["namespaces"], field));
    } else {
      pods.namespaces = TRY(selector(node["pods"]["namespaceSelector"], field));
      pods.pods = TRY(selector(node["pods"]["podSelector"], field));
    }
    return pods;
  }

  Result<Rule> tiered_rule(const doc::Node& node, const doc::Node& peers, std::string_view field) {
    Rule rule;
    rule.name = node["name"].str();
    const std::string_view action = node["action"].str();
    const bool cluster = object_.kind() == "ClusterNetworkPolicy";
    if (action == (cluster ? "Accept" : "Allow")) {
      rule.verdict = Verdict::kAllow;
    } else if (action == "Deny") {
      rule.verdict = Verdict::kDeny;
    } else if (action == "Pass" && object_.kind() != "BaselineAdminNetworkPolicy") {
      rule.verdict = Verdict::kPass;
    } else {
      return refuse(std::string(field) + ".action", cluster ? "is Accept, Deny or Pass" : "is Allow, Deny or Pass");
    }
    if (!peers.is_list() || peers.size == 0) return refuse(field, "needs at least one peer");
    if (peers.size > kRulePeersMax) return refuse(field, "has too many peers");
    for (const doc::Node& peer : peers.list()) {
      if (!peer["namespaces"].is_null() || !peer["pods"].is_null()) {
        rule.pods.push_back(TRY(tiered_pods(peer, field)));
      } else if (peer["networks"].is_list()) {
        for (const doc::Node& network : peer["networks"].list()) {
          const auto cidr = parse_cidr(network.str());
          if (!cidr) return refuse(field, "has a network that is no CIDR: " + std::string(network.str()));
          rule.addresses.push_back(*cidr);
        }
      } else {
        // Nodes and domain names are no objects of the set: what such a rule matches is not known here.
        rule.unknown = peer.is_map() && peer.size > 0 ? peer.map()[0].key->view() : std::string_view("an empty peer");
      }
    }
    TRY_STATUS(cluster ? tiered_protocols(node["protocols"], rule) : tiered_ports(node["ports"], rule));
    return rule;
  }

  base::Status tiered_ports(const doc::Node& list, Rule& rule) {  // v1alpha1
    rule.any_port = !list.is_list() || list.size == 0;
    for (const doc::Node& entry : list.list()) {
      PortTerm term;
      if (entry["namedPort"].is_string()) {
        term.name = texts_.intern(entry["namedPort"].str());
      } else {
        const bool is_range = !entry["portRange"].is_null();
        const doc::Node& port = is_range ? entry["portRange"] : entry["portNumber"];
        term.protocol = protocol_of(port["protocol"].str("TCP"));
        if (!term.protocol) return refuse("ports.protocol", "is TCP, UDP or SCTP");
        term.range = TRY(is_range ? range(port["start"], port["end"], "ports.portRange")
                                  : range(port["port"], doc::kNullNode, "ports.portNumber"));
      }
      rule.ports.push_back(term);
    }
    return {};
  }

  base::Status tiered_protocols(const doc::Node& list, Rule& rule) {  // v1alpha2
    rule.any_port = !list.is_list() || list.size == 0;
    for (const doc::Node& entry : list.list()) {
      PortTerm term;
      if (entry["destinationNamedPort"].is_string()) {
        term.name = texts_.intern(entry["destinationNamedPort"].str());
        rule.ports.push_back(term);
        continue;
      }
      bool known = false;
      for (const auto& [field, protocol] :
           {std::pair{"tcp", Protocol::kTcp}, std::pair{"udp", Protocol::kUdp}, std::pair{"sctp", Protocol::kSctp}}) {
        const doc::Node* part = entry.find(field);
        if (part == nullptr) continue;
        known = true;
        term.protocol = protocol;
        const doc::Node& port = (*part)["destinationPort"];
        if (port["range"].is_map()) {
          term.range = TRY(range(port["range"]["start"], port["range"]["end"], "protocols.destinationPort.range"));
        } else if (!port["number"].is_null()) {
          term.range = TRY(range(port["number"], doc::kNullNode, "protocols.destinationPort.number"));
        }
      }
      if (!known) return refuse("protocols", "has entries with tcp, udp, sctp or destinationNamedPort");
      rule.ports.push_back(term);
    }
    return {};
  }

  const kube::ObjectView& object_;
  Interner& texts_;
  Network& network_;
  Id own_ns_ = kNone;
};

}  // namespace

base::Result<std::optional<Policy>> read_policy(const doc::Node& root, Interner& texts, Network& network) {
  const kube::ObjectView object(root);
  const std::string_view group = object.group_version().group;
  Reader reader(object, texts, network);
  if (object.kind() == "NetworkPolicy" && (group == "networking.k8s.io" || group == "extensions")) {
    return std::optional<Policy>(TRY(reader.network_policy()));
  }
  if (group != "policy.networking.k8s.io") return std::optional<Policy>();
  if (object.kind() == "AdminNetworkPolicy") return std::optional<Policy>(TRY(reader.tiered_policy(Tier::kAdmin)));
  if (object.kind() == "BaselineAdminNetworkPolicy") {
    return std::optional<Policy>(TRY(reader.tiered_policy(Tier::kBaseline)));
  }
  if (object.kind() == "ClusterNetworkPolicy") return std::optional<Policy>(TRY(reader.tiered_policy(Tier::kAdmin)));
  return std::optional<Policy>();
}

}  // namespace ameia::graph
