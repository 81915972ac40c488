#include "graph/flows.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "doc/json.h"
#include "graph/limits.h"

namespace ameia::graph {
namespace {

constexpr std::string_view kBlank = " \t\r";
constexpr size_t kProblemsShown = 5;

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  for (size_t at = line.find_first_not_of(kBlank); at != std::string_view::npos;) {
    const size_t end = std::min(line.find_first_of(kBlank, at), line.size());
    words.push_back(line.substr(at, end - at));
    at = line.find_first_not_of(kBlank, end);
  }
  return words;
}

template <typename Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// By IANA number.
std::optional<Protocol> protocol_of_number(std::string_view text) {
  if (text == "6") return Protocol::kTcp;
  if (text == "17") return Protocol::kUdp;
  if (text == "132") return Protocol::kSctp;
  return std::nullopt;
}

std::optional<Protocol> protocol_of_any_case(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return protocol_of(upper);
}

// What a line is: a flow, or why it is none.
enum class Line : uint8_t { kFlow, kReply, kRefused, kOther, kBroken };
struct Read {
  Line what = Line::kBroken;
  std::string problem;
};
Read broken(std::string problem) {
  return {Line::kBroken, std::move(problem)};
}

// "shop/front", "shop/front[Deployment]", "10.0.0.1"
std::optional<FlowEnd> end_of_text(std::string_view text) {
  FlowEnd end;
  if (const auto address = parse_address(text)) {
    end.address = address;
    return end;
  }
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  end.ns = text.substr(0, slash);
  end.name = text.substr(slash + 1);
  if (const size_t bracket = end.name.find('['); bracket != std::string::npos && end.name.ends_with(']')) {
    end.kind = end.name.substr(bracket + 1, end.name.size() - bracket - 2);
    end.name.resize(bracket);
  }
  if (end.name.empty()) return std::nullopt;
  return end;
}

Read read_json_line(const doc::Node& root, Flow& flow) {
  for (const auto& [key, end] : {std::pair{"src", &flow.from}, std::pair{"dst", &flow.to}}) {
    const auto read = end_of_text(root[key].str());
    if (!read) return broken("\"" + std::string(key) + "\" is \"namespace/name\" or an address");
    *end = *read;
  }
  const auto protocol = protocol_of_any_case(root["protocol"].str("TCP"));
  if (!protocol) return broken("\"protocol\" is TCP, UDP or SCTP");
  flow.protocol = *protocol;
  const int64_t port = root["port"].integer_or(0);
  if (port < 1 || port > 65535) return broken("\"port\" is a number from 1 to 65535");
  flow.port = static_cast<uint16_t>(port);
  const int64_t count = root["count"].integer_or(1);
  if (count < 1) return broken("\"count\" is a positive number");
  flow.count = static_cast<uint64_t>(count);
  return {Line::kFlow, {}};
}

Read read_hubble(const doc::Node& flow_node, Flow& flow) {
  const std::string_view verdict = flow_node["verdict"].str("FORWARDED");
  if (verdict == "DROPPED" || verdict == "ERROR") return {Line::kRefused, {}};
  if (verdict != "FORWARDED" && verdict != "AUDIT" && verdict != "REDIRECTED") return {Line::kOther, {}};
  if (flow_node["is_reply"].boolean_or(flow_node["reply"].boolean_or(false))) return {Line::kReply, {}};
  const doc::Node& l4 = flow_node["l4"];
  bool found = false;
  for (const Protocol protocol : kProtocols) {
    const doc::Node* part = l4.find(name_of(protocol));
    if (part == nullptr) continue;
    const doc::Node& flags = (*part)["flags"];
    if (flags["SYN"].boolean_or(false) && flags["ACK"].boolean_or(false)) return {Line::kReply, {}};
    const int64_t port = (*part)["destination_port"].integer_or(0);
    if (port < 1 || port > 65535) return broken("l4." + std::string(name_of(protocol)) + " has no destination_port");
    flow.protocol = protocol;
    flow.port = static_cast<uint16_t>(port);
    found = true;
  }
  if (!found) return {Line::kOther, {}};
  for (const auto& [key, end] : {std::pair{"source", &flow.from}, std::pair{"destination", &flow.to}}) {
    const doc::Node& node = flow_node[key];
    end->ns = node["namespace"].str();
    end->name = node["pod_name"].str();
    if (end->name.empty() && node["workloads"].size > 0 && node["workloads"].is_list()) {
      end->name = node["workloads"].list()[0]["name"].str();
      end->kind = node["workloads"].list()[0]["kind"].str();
    }
    if (end->ns.empty() || end->name.empty()) *end = FlowEnd{};
    end->address = parse_address(flow_node["IP"][key].str());
    if (end->name.empty() && !end->address) return broken("the " + std::string(key) + " has neither pod nor address");
  }
  return {Line::kFlow, {}};
}

// The second tuple is the answer's: its source is who really answered, behind whatever address was asked for.
Read read_conntrack(std::string_view line, Flow& flow) {
  std::optional<Protocol> protocol;
  std::vector<std::string_view> src, dst, sport;
  bool any_protocol = false, unreplied = false;
  for (const std::string_view word : words_of(line)) {
    if (word.starts_with("src=")) src.push_back(word.substr(4));
    if (word.starts_with("dst=")) dst.push_back(word.substr(4));
    if (word.starts_with("sport=")) sport.push_back(word.substr(6));
    unreplied |= word == "[UNREPLIED]";
    if (src.empty() && !protocol) protocol = protocol_of_any_case(word);
    any_protocol |= word == "icmp" || word == "icmpv6" || word == "gre" || word == "unknown";
  }
  if (!protocol) return any_protocol ? Read{Line::kOther, {}} : broken("no protocol (tcp, udp or sctp)");
  if (src.size() < 2 || dst.size() < 2 || sport.size() < 2) {
    return line.find("[DESTROY]") != std::string_view::npos ? Read{Line::kOther, {}}
                                                            : broken("no pair of src=, dst=, sport= and dport=");
  }
  if (unreplied && *protocol == Protocol::kTcp) return {Line::kRefused, {}};
  flow.protocol = *protocol;
  flow.from.address = parse_address(src[0]);
  flow.to.address = parse_address(src[1]);
  const auto port = number<uint16_t>(sport[1]);
  if (!flow.from.address || !flow.to.address || !port || *port == 0) return broken("an address or a port is none");
  flow.port = *port;
  return {Line::kFlow, {}};
}

// Which column is which; of the default format unless a header says otherwise.
struct VpcColumns {
  std::map<std::string, size_t, std::less<>> at = {{"srcaddr", 3},  {"dstaddr", 4}, {"srcport", 5},    {"dstport", 6},
                                                   {"protocol", 7}, {"action", 12}, {"log-status", 13}};
  void header(const std::vector<std::string_view>& names) {
    at.clear();
    for (size_t i = 0; i < names.size(); ++i) at.emplace(names[i], i);
  }
  [[nodiscard]] std::string_view get(const std::vector<std::string_view>& words, std::string_view name) const {
    const auto found = at.find(name);
    return found == at.end() || found->second >= words.size() ? std::string_view() : words[found->second];
  }
};

// A record is one direction of a connection. Which one opened it: the SYN where flags are logged; else the one that
// goes to the lower port, for servers listen below the ports that clients are given.
Read read_vpc(std::string_view line, const VpcColumns& columns, Flow& flow) {
  const std::vector<std::string_view> words = words_of(line);
  const auto get = [&](std::string_view name) { return columns.get(words, name); };
  if (const std::string_view status = get("log-status"); status == "NODATA" || status == "SKIPDATA") {
    return {Line::kOther, {}};
  }
  if (get("action") == "REJECT") return {Line::kRefused, {}};
  if (!get("action").empty() && get("action") != "ACCEPT") return broken("the action is neither ACCEPT nor REJECT");
  const auto address = [&](std::string_view packet, std::string_view interface) {
    const auto inner = parse_address(get(packet));
    return inner ? inner : parse_address(get(interface));
  };
  flow.from.address = address("pkt-srcaddr", "srcaddr");
  flow.to.address = address("pkt-dstaddr", "dstaddr");
  if (!flow.from.address || !flow.to.address) return broken("srcaddr or dstaddr is no address");
  if (get("protocol").empty()) return broken("no protocol");
  const auto protocol = protocol_of_number(get("protocol"));
  if (!protocol)
    return number<unsigned>(get("protocol")) ? Read{Line::kOther, {}} : broken("the protocol is no number");
  const auto from = number<uint16_t>(get("srcport")), to = number<uint16_t>(get("dstport"));
  if (!from || !to || *to == 0) return broken("srcport or dstport is no port");
  flow.protocol = *protocol;
  flow.port = *to;
  constexpr unsigned kSyn = 2, kAck = 16;
  const auto flags = number<unsigned>(get("tcp-flags"));
  if (flags && *protocol == Protocol::kTcp && (*flags & kSyn) != 0) {
    return {(*flags & kAck) != 0 ? Line::kReply : Line::kFlow, {}};
  }
  return {*from < *to ? Line::kReply : Line::kFlow, {}};
}

bool is_vpc(const std::vector<std::string_view>& words) {
  if (std::find(words.begin(), words.end(), "srcaddr") != words.end()) return true;
  return words.size() >= 14 && number<unsigned>(words[0]) &&
         (words[12] == "ACCEPT" || words[12] == "REJECT" || words[12] == "-");
}

class Reader {
 public:
  explicit Reader(std::string_view name) : name_(name) {
    doc::Limits limits;
    limits.depth_max = kFlowJsonDepthMax;
    json_.emplace(limits);
  }

  base::Result<FlowFile> read(std::string_view bytes) {
    while (!bytes.empty()) {
      const size_t end = std::min(bytes.find('\n'), bytes.size());
      std::string_view line = bytes.substr(0, end);
      bytes.remove_prefix(std::min(end + 1, bytes.size()));
      ++out_.lines;
      const size_t first = line.find_first_not_of(kBlank);
      if (first == std::string_view::npos || line[first] == '#') continue;
      line = line.substr(first, line.find_last_not_of(kBlank) + 1 - first);
      Flow flow;
      const Read read = line.size() > kFlowLineBytesMax
                            ? broken("is longer than " + std::to_string(kFlowLineBytesMax) + " bytes")
                            : one(line, flow);
      TRY_STATUS(take(read, std::move(flow)));
    }
    if (out_.flows.empty() && out_.replies + out_.refused + out_.other == 0) {
      return base::fail(base::Code::kInvalidInput,
                        std::string(name_) + ": no line is a flow" +
                            (out_.problems.empty() ? "" : "; " + out_.problems.front()) +
                            ". Known are JSON lines, Hubble's JSON, conntrack's text and VPC flow logs");
    }
    return std::move(out_);
  }

 private:
  Read one(std::string_view line, Flow& flow) {
    if (!format_) {
      if (line.starts_with('{')) {
        format_ = FlowFormat::kJsonLines;
      } else if (line.find("src=") != std::string_view::npos) {
        format_ = FlowFormat::kConntrack;
      } else if (is_vpc(words_of(line))) {
        format_ = FlowFormat::kVpc;
      } else {
        return broken("is of no known kind");
      }
      out_.format = *format_;
    }
    if (*format_ == FlowFormat::kConntrack) return read_conntrack(line, flow);
    if (*format_ == FlowFormat::kVpc) {
      const auto words = words_of(line);
      if (std::find(words.begin(), words.end(), "srcaddr") != words.end()) {
        columns_.header(words);
        return {Line::kOther, {}};
      }
      return read_vpc(line, columns_, flow);
    }
    const auto root = json_->read(line, name_);
    if (!root) return broken(root.error().what);
    const doc::Node& node = (**root)["flow"].is_map() ? (**root)["flow"] : **root;
    if (node["l4"].is_map() || node["IP"].is_map()) {
      out_.format = FlowFormat::kHubble;
      return read_hubble(node, flow);
    }
    return read_json_line(node, flow);
  }

  base::Status take(const Read& read, Flow flow) {
    switch (read.what) {
      case Line::kReply: ++out_.replies; return {};
      case Line::kRefused: ++out_.refused; return {};
      case Line::kOther: ++out_.other; return {};
      case Line::kBroken:
        ++out_.broken;
        if (out_.problems.size() < kProblemsShown) {
          out_.problems.push_back("line " + std::to_string(out_.lines) + ": " + read.problem);
        }
        return {};
      case Line::kFlow: break;
    }
    const auto [at, added] =
        known_.try_emplace(std::make_tuple(flow.from, flow.to, flow.protocol, flow.port), out_.flows.size());
    if (!added) {
      out_.flows[at->second].count += flow.count;
      return {};
    }
    if (out_.flows.size() >= kFlowsMax) {
      return base::fail(base::Code::kLimit, std::string(name_) + ": more than " + std::to_string(kFlowsMax) +
                                                " different flows; split the file by time or by namespace");
    }
    flow.line = static_cast<uint32_t>(out_.lines);
    out_.flows.push_back(std::move(flow));
    return {};
  }

  std::string_view name_;
  FlowFile out_;
  std::optional<FlowFormat> format_;
  VpcColumns columns_;
  std::optional<doc::JsonReader> json_;
  std::map<std::tuple<FlowEnd, FlowEnd, Protocol, uint16_t>, size_t> known_;
};

}  // namespace

std::string_view name_of(FlowFormat format) {
  switch (format) {
    case FlowFormat::kJsonLines: return "JSON lines";
    case FlowFormat::kHubble: return "Hubble";
    case FlowFormat::kConntrack: return "conntrack";
    case FlowFormat::kVpc: return "VPC flow log";
  }
  return {};
}

base::Result<FlowFile> read_flows(std::string_view bytes, std::string_view name) {
  return Reader(name).read(bytes);
}

}  // namespace ameia::graph
