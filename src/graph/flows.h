// Flows: connections that were seen, read from what tools write, whatever the tool. Neighbours: observed.h (which
// workloads they were), policy_writer.h (policies that allow them).
//
//   JSON lines   {"src":"shop/front","dst":"shop/api","protocol":"TCP","port":8080,"count":3}
//                an end is "namespace/name" of a workload or pod, "namespace/name[Kind]", or an address;
//                protocol (TCP) and count (1) may be left out
//   Hubble       hubble observe -o json, with or without the {"flow":…} around it
//   conntrack    conntrack -L, conntrack -E, /proc/net/nf_conntrack
//   VPC          AWS VPC flow logs: the default fields, or any with a header line
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "graph/address.h"
#include "graph/ports.h"

namespace ameia::graph {

enum class FlowFormat : uint8_t { kJsonLines, kHubble, kConntrack, kVpc };
std::string_view name_of(FlowFormat format);

struct FlowEnd {
  std::string ns, name, kind;  // name: of a pod or of a workload; kind empty unless written
  std::optional<Address> address;
  auto operator<=>(const FlowEnd&) const = default;
};

// From whom the connection was opened, to the port that it was opened to.
struct Flow {
  FlowEnd from, to;
  Protocol protocol = Protocol::kTcp;
  uint16_t port = 0;
  uint64_t count = 1;  // lines that said the same
  uint32_t line = 0;   // the first of them
};

struct FlowFile {
  FlowFormat format = FlowFormat::kJsonLines;
  std::vector<Flow> flows;  // each once, in the order of their first lines
  size_t lines = 0;
  // Lines that say nothing about what is to be allowed: answers, refused or unanswered attempts, protocols without
  // ports.
  size_t replies = 0, refused = 0, other = 0;
  size_t broken = 0;
  std::vector<std::string> problems;  // the first broken lines, each with its number and the reason
};

// `name` is for messages. Fails: kInvalidInput where no line can be read; kLimit.
base::Result<FlowFile> read_flows(std::string_view bytes, std::string_view name);

}  // namespace ameia::graph
