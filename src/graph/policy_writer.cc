#include "graph/policy_writer.h"

#include <algorithm>
#include <map>
#include <set>

#include "doc/json.h"
#include "graph/limits.h"
#include "graph/pod_sets.h"

namespace ameia::graph {
namespace {

constexpr std::string_view kNameLabel = "kubernetes.io/metadata.name";
constexpr size_t kNameBytesMax = 240;  // of 253, with room for a number

std::string quoted(std::string_view text) {
  std::string out;
  doc::append_json_string(out, text);
  return out;
}

// "{matchLabels: {…}, matchExpressions: […]}" or "{}"
std::string yaml_of(const ChosenSelector& selector) {
  std::string labels, expressions;
  for (const auto& [key, values] : selector.requirements) {
    if (values.size() == 1) {
      labels += (labels.empty() ? "" : ", ") + quoted(key) + ": " + quoted(values[0]);
      continue;
    }
    expressions +=
        (expressions.empty() ? "" : ", ") + std::string("{key: ") + quoted(key) + ", operator: In, values: [";
    for (size_t i = 0; i < values.size(); ++i) expressions += (i == 0 ? "" : ", ") + quoted(values[i]);
    expressions += "]}";
  }
  if (!labels.empty()) labels = "matchLabels: {" + labels + "}";
  if (!expressions.empty()) expressions = "matchExpressions: [" + expressions + "]";
  return "{" + labels + (labels.empty() || expressions.empty() ? "" : ", ") + expressions + "}";
}

std::string yaml_of(const PortSet& ports) {
  std::string out;
  for (const Protocol protocol : kProtocols) {
    for (const PortRange range : ports.of(protocol)) {
      out += "    - {protocol: " + std::string(name_of(protocol)) + ", port: " + std::to_string(range.first);
      if (range.last != range.first) out += ", endPort: " + std::to_string(range.last);
      out += "}\n";
    }
  }
  return out;
}

// Of what one workload was seen to do in one direction: those at the other ends, with their ports.
struct Seen {
  std::map<Id, PortSet> workloads;
  std::map<Address, PortSet> addresses;
};

struct PortOrder {
  bool operator()(const PortSet& a, const PortSet& b) const { return to_string(a) < to_string(b); }
};
// Those that may use the same ports.
struct Group {
  std::map<Id, std::set<Id>> workloads;  // by namespace
  std::vector<Address> addresses;
};

class Writer {
 public:
  explicit Writer(const Network& network) : network_(network), sets_(network) {
    for (const Policy& policy : network.policies) {
      if (policy.kind == "NetworkPolicy") taken_.insert({policy.ns, policy.name});
    }
  }

  base::Result<WrittenPolicies> write(const std::vector<ObservedFlow>& flows) {
    for (const ObservedFlow& flow : flows) {
      for (const auto& [end, other, direction] :
           {std::tuple{&flow.to, &flow.from, Direction::kIngress}, {&flow.from, &flow.to, Direction::kEgress}}) {
        if (end->workload == kNone) continue;
        Seen& seen = seen_[network_.workloads[end->workload].ns][end->workload][static_cast<size_t>(direction)];
        PortSet& ports = other->workload != kNone ? seen.workloads[other->workload] : seen.addresses[other->address];
        ports.add(flow.protocol, {flow.port, flow.port});
      }
    }
    std::vector<std::pair<std::string, Id>> spaces;
    for (const auto& [ns, workloads] : seen_) spaces.emplace_back(network_.namespaces[ns].name, ns);
    std::sort(spaces.begin(), spaces.end());
    const std::string dns = dns_rule();
    for (const auto& [name, ns] : spaces) {
      if (!has_a_name(ns)) continue;
      add(name, "default-deny", "  podSelector: {}\n  policyTypes: [Ingress, Egress]\n");
      add(name, "allow-dns", "  podSelector: {}\n  policyTypes: [Egress]\n  egress:\n" + dns);
      for (const auto& [workload, directions] : seen_[ns]) {
        TRY_STATUS(write_workload(ns, workload, directions));
      }
    }
    return std::move(out_);
  }

 private:
  void add(const std::string& ns, std::string name, const std::string& spec) {
    if (name.size() > kNameBytesMax) name.resize(kNameBytesMax);
    std::string free = name;
    for (size_t i = 2; !taken_.insert({ns, free}).second; ++i) free = name + "-" + std::to_string(i);
    out_.policies.push_back({ns, free,
                             "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata:\n  name: " +
                                 quoted(free) + "\n  namespace: " + quoted(ns) + "\nspec:\n" + spec});
  }
  bool has_a_name(Id ns) {
    const std::string& name = network_.namespaces[ns].name;
    if (is_selectable(kNameLabel, name)) return true;
    note("namespace " + name + ": no namespace can be called so; nothing is written for it");
    return false;
  }
  void note(std::string text) {
    if (noted_.insert(text).second) out_.notes.push_back(std::move(text));
  }

  base::Status write_workload(Id ns, Id id, const std::array<Seen, 2>& directions) {
    const Workload& workload = network_.workloads[id];
    const PodSets::Choice subject = TRY(sets_.choose(ns, {id}, false));
    for (const std::string& untold : subject.untold) {
      note(untold + ": no policy can be for it alone, so what it was seen to do is denied; give its pods a label");
    }
    std::string rules;
    for (const Direction direction : {Direction::kIngress, Direction::kEgress}) {
      rules += TRY(write_rules(ns, direction, directions[static_cast<size_t>(direction)]));
    }
    if (rules.empty()) return {};
    for (const ChosenSelector& selector : subject.selectors) {
      add(network_.namespaces[ns].name, "allow-" + workload.name,
          "  podSelector: " + yaml_of(selector) + "\n  policyTypes: [Ingress, Egress]\n" + rules);
    }
    return {};
  }

  base::Result<std::string> write_rules(Id ns, Direction direction, const Seen& seen) {
    std::map<PortSet, Group, PortOrder> groups;
    for (const auto& [workload, ports] : seen.workloads) {
      groups[ports].workloads[network_.workloads[workload].ns].insert(workload);
    }
    for (const auto& [address, ports] : seen.addresses) groups[ports].addresses.push_back(address);
    const std::string_view peers = direction == Direction::kIngress ? "from" : "to";
    std::string out;
    for (const auto& [ports, group] : groups) {
      std::string list;
      for (const auto& [other_ns, workloads] : group.workloads) {
        if (!has_a_name(other_ns)) continue;
        const PodSets::Choice choice = TRY(sets_.choose(other_ns, workloads, workloads.size() > 1));
        for (const std::string& untold : choice.untold) {
          note(untold + ": no rule can be for it alone, so what it was seen to do is denied; give its pods a label");
        }
        for (const ChosenSelector& selector : choice.selectors) list += peer(ns, other_ns, selector);
      }
      list += addresses(group.addresses, direction);
      if (list.empty()) continue;
      out += "  - " + std::string(peers) + ":\n" + list + "    ports:\n" + yaml_of(ports);
    }
    if (out.empty()) return out;
    return (direction == Direction::kIngress ? "  ingress:\n" : "  egress:\n") + out;
  }

  [[nodiscard]] std::string peer(Id own_ns, Id ns, const ChosenSelector& selector) const {
    const std::string pods = "podSelector: " + yaml_of(selector);
    if (ns == own_ns) return "    - " + pods + "\n";
    std::string out = "    - namespaceSelector: {matchLabels: {" + quoted(kNameLabel) + ": " +
                      quoted(network_.namespaces[ns].name) + "}}\n";
    return selector.requirements.empty() ? out : out + "      " + pods + "\n";
  }

  // One by one, or once they are many, anyone outside the private ranges.
  std::string addresses(const std::vector<Address>& all, Direction direction) {
    static const std::vector<std::string> kPrivate = {"10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12",
                                                      "192.168.0.0/16"};
    const auto is_public = [](Address address) {
      return address.is_v4() && std::none_of(kPrivate.begin(), kPrivate.end(), [&](const std::string& cidr) {
               return contains({*parse_cidr(cidr)}, address);
             });
    };
    const bool anyone = static_cast<size_t>(std::count_if(all.begin(), all.end(), is_public)) > kSingleAddressesMax;
    std::string out;
    for (const Address address : all) {
      if (anyone && is_public(address)) continue;
      out += "    - ipBlock: {cidr: " + quoted(to_string(address) + (address.is_v4() ? "/32" : "/128")) + "}\n";
    }
    if (!anyone) return out;
    out += "    - ipBlock: {cidr: \"0.0.0.0/0\", except: [";
    for (size_t i = 0; i < kPrivate.size(); ++i) out += (i == 0 ? "" : ", ") + quoted(kPrivate[i]);
    note("more than " + std::to_string(kSingleAddressesMax) + " public addresses " +
         (direction == Direction::kIngress ? "reach one port" : "are reached on one port") +
         ": the rule is for every public address");
    return out + "]}\n";
  }

  [[nodiscard]] bool is_dns_selectable(const Service& service) const {
    const auto& requirements = service.selector->requirements;
    return is_selectable(kNameLabel, network_.namespaces[service.ns].name) &&
           std::all_of(requirements.begin(), requirements.end(), [this](const Selector::Requirement& one) {
             return is_selectable(network_.texts.text(one.key), network_.texts.text(one.values.front()));
           });
  }

  // To the pods behind the cluster's DNS Service; where the objects have none, to where most clusters have it.
  std::string dns_rule() {
    constexpr uint16_t kDnsPort = 53;
    for (const Service& service : network_.services) {
      if (service.name != "kube-dns" && service.name != "coredns" && service.name != "dns-default") continue;
      if (!service.selector || !is_dns_selectable(service)) continue;
      PortSet ports;
      for (const ServicePort& port : service.ports) {
        if (port.port != kDnsPort) continue;
        std::set<uint16_t> targets;
        if (port.target != 0) targets.insert(port.target);
        for (const Pod& pod : network_.pods) {
          if (pod.ns != service.ns || !service.selector->matches(pod.labels)) continue;
          for (const NamedPort& named : pod.ports) {
            if (named.name == port.target_name && named.protocol == port.protocol) targets.insert(named.port);
          }
        }
        if (targets.empty()) targets.insert(kDnsPort);
        for (const uint16_t target : targets) ports.add(port.protocol, {target, target});
      }
      if (ports.empty()) continue;
      ChosenSelector selector;
      for (const auto& requirement : service.selector->requirements) {
        selector.requirements.push_back(
            {network_.texts.text(requirement.key), {network_.texts.text(requirement.values.front())}});
      }
      return "  - to:\n" + peer(kNone, service.ns, selector) + "    ports:\n" + yaml_of(ports);
    }
    note("no DNS Service is among the objects: DNS is allowed to pods with k8s-app: kube-dns in kube-system");
    return "  - to:\n    - namespaceSelector: {matchLabels: {" + quoted(kNameLabel) +
           ": \"kube-system\"}}\n      podSelector: {matchLabels: {\"k8s-app\": \"kube-dns\"}}\n    ports:\n"
           "    - {protocol: TCP, port: 53}\n    - {protocol: UDP, port: 53}\n";
  }

  const Network& network_;
  PodSets sets_;
  std::set<std::pair<std::string, std::string>> taken_;
  std::map<Id, std::map<Id, std::array<Seen, 2>>> seen_;  // by namespace and workload
  std::set<std::string> noted_;
  WrittenPolicies out_;
};

}  // namespace

base::Result<WrittenPolicies> write_policies(const Network& network, const std::vector<ObservedFlow>& flows) {
  return Writer(network).write(flows);
}

}  // namespace ameia::graph
