// Addresses and networks: Kubernetes' ip and cidr libraries, and cel-spec's network extension, which has the same
// functions but reads hexadecimal IPv4-mapped addresses as IPv4 and has error texts of its own.
#include <algorithm>

#include "expr/internal/ip_address.h"
#include "expr/internal/lib_util.h"
#include "expr/libraries.h"

namespace ameia::expr {
namespace internal {
namespace {

class Ip final : public Opaque {
 public:
  Ip(const IpAddress& address, std::string_view text) : address_(address), text_(text) {}
  [[nodiscard]] std::string_view type_name() const override { return "net.IP"; }
  [[nodiscard]] bool equals(const Opaque& other) const override {
    return address_ == static_cast<const Ip&>(other).address_;
  }
  [[nodiscard]] std::string_view text() const override { return text_; }
  [[nodiscard]] uint64_t cost_size() const override { return address_.is_v4 ? 4 : 16; }
  [[nodiscard]] const IpAddress& address() const { return address_; }

 private:
  IpAddress address_;
  std::string_view text_;
};

class Cidr final : public Opaque {
 public:
  Cidr(const IpNetwork& network, std::string_view text) : network_(network), text_(text) {}
  [[nodiscard]] std::string_view type_name() const override { return "net.CIDR"; }
  [[nodiscard]] bool equals(const Opaque& other) const override {
    const IpNetwork& theirs = static_cast<const Cidr&>(other).network_;
    return network_.address == theirs.address && network_.prefix == theirs.prefix;
  }
  [[nodiscard]] std::string_view text() const override { return text_; }
  [[nodiscard]] uint64_t cost_size() const override { return (static_cast<uint64_t>(network_.prefix) + 7) / 8; }
  [[nodiscard]] const IpNetwork& network() const { return network_; }

 private:
  IpNetwork network_;
  std::string_view text_;
};

const IpAddress& ip_of(const Value& v) {
  return static_cast<const Ip*>(v.opaque)->address();
}
const IpNetwork& network_of(const Value& v) {
  return static_cast<const Cidr*>(v.opaque)->network();
}

Value make_ip(CallContext& context, IpAddress address) {
  address.zone = {};
  return Value::of_opaque(context.arena.make<Ip>(address, context.arena.copy(std::string_view(address.text()))));
}
Value make_cidr(CallContext& context, const IpNetwork& network) {
  return Value::of_opaque(context.arena.make<Cidr>(network, context.arena.copy(std::string_view(network.text()))));
}

// ---- what is accepted, and why not: "" when it is

struct Kubernetes {
  static constexpr bool kNamesBadIp = false;  // in containsIP() Kubernetes loses the reason
  static std::string ip(std::string_view text, IpAddress& out) {
    if (std::string why = parse_ip(text, out); !why.empty()) {
      return "IP Address " + go_quote(text) + " parse error during conversion from string: " + why;
    }
    if (!out.zone.empty()) return "IP address " + go_quote(text) + " with zone value is not allowed";
    if (out.is_mapped_v4()) return "IPv4-mapped IPv6 address " + go_quote(text) + " is not allowed";
    return {};
  }
  static std::string cidr(std::string_view text, IpNetwork& out) {
    const std::string prefix = "network address parse error during conversion from string: ";
    if (std::string why = parse_network(text, out); !why.empty()) return prefix + prefix + why;
    if (out.address.is_mapped_v4()) return prefix + "IPv4-mapped IPv6 address " + go_quote(text) + " is not allowed";
    return {};
  }
};

struct CelSpec {
  static constexpr bool kNamesBadIp = true;
  static std::string ip(std::string_view text, IpAddress& out) {
    const std::string why = parse_ip(text, out);
    if (!why.empty()) return "IP Address '" + std::string(text) + "' parse error during conversion from string: " + why;
    if (!out.zone.empty()) return "IP Address with zone value is not allowed";
    if (out.is_mapped_v4()) {
      if (text.find('.') != std::string_view::npos) return "IPv4-mapped IPv6 address is not allowed";
      IpAddress plain;
      plain.is_v4 = true;
      std::copy_n(out.bytes.begin() + 12, 4, plain.bytes.begin());
      out = plain;
    }
    return {};
  }
  static std::string cidr(std::string_view text, IpNetwork& out) {
    if (text.find('%') != std::string_view::npos) return "CIDR with zone value is not allowed";
    const std::string why = parse_network(text, out);
    if (!why.empty()) return "network address parse error during conversion from string: " + why;
    if (out.address.is_mapped_v4()) return "IPv4-mapped IPv6 address is not allowed";
    return {};
  }
};

// ---- bodies

template <typename Reader>
Value string_to_ip(CallContext& context, const Value* args, uint32_t) {
  IpAddress address;
  const std::string why = Reader::ip(args[0].str(), address);
  return why.empty() ? make_ip(context, address) : context.error(why);
}
template <typename Reader>
Value is_ip(CallContext&, const Value* args, uint32_t) {
  IpAddress address;
  return Value::of(Reader::ip(args[0].str(), address).empty());
}
template <typename Reader>
Value is_canonical(CallContext& context, const Value* args, uint32_t) {
  IpAddress address;
  const std::string why = Reader::ip(args[0].str(), address);
  return why.empty() ? Value::of(address.text() == args[0].str()) : context.error(why);
}
template <typename Reader>
Value string_to_cidr(CallContext& context, const Value* args, uint32_t) {
  IpNetwork network;
  const std::string why = Reader::cidr(args[0].str(), network);
  return why.empty() ? make_cidr(context, network) : context.error(why);
}
template <typename Reader>
Value is_cidr(CallContext&, const Value* args, uint32_t) {
  IpNetwork network;
  return Value::of(Reader::cidr(args[0].str(), network).empty());
}

Value to_text(CallContext&, const Value* args, uint32_t) {
  return Value::of_string(args[0].opaque->text(), true);
}
Value family(CallContext&, const Value* args, uint32_t) {
  return Value::of_int(ip_of(args[0]).is_v4 ? 4 : 6);
}
template <bool (IpAddress::*test)() const>
Value test_ip(CallContext&, const Value* args, uint32_t) {
  return Value::of((ip_of(args[0]).*test)());
}

template <typename Reader>
Value contains_ip(CallContext& context, const Value* args, uint32_t) {
  if (args[1].kind == ValueKind::kOpaque) return Value::of(network_of(args[0]).contains(ip_of(args[1])));
  IpAddress address;
  const std::string why = Reader::ip(args[1].str(), address);
  if (!why.empty()) return Reader::kNamesBadIp ? context.error(why) : no_such_overload(context);
  return Value::of(network_of(args[0]).contains(address));
}
template <typename Reader>
Value contains_cidr(CallContext& context, const Value* args, uint32_t) {
  IpNetwork inner;
  if (args[1].kind == ValueKind::kOpaque) {
    inner = network_of(args[1]);
  } else if (const std::string why = Reader::cidr(args[1].str(), inner); !why.empty()) {
    return context.error(why);
  }
  const IpNetwork& outer = network_of(args[0]);
  return Value::of(outer.overlaps(inner) && outer.prefix <= inner.prefix);
}
Value cidr_ip(CallContext& context, const Value* args, uint32_t) {
  return make_ip(context, network_of(args[0]).address);
}
Value prefix_length(CallContext&, const Value* args, uint32_t) {
  return Value::of_int(network_of(args[0]).prefix);
}
Value masked(CallContext& context, const Value* args, uint32_t) {
  const IpNetwork& network = network_of(args[0]);
  return make_cidr(context, {network.address.masked(network.prefix), network.prefix});
}
Value is_mask(CallContext&, const Value* args, uint32_t) {
  const IpNetwork& network = network_of(args[0]);
  return Value::of(network.address == network.address.masked(network.prefix));
}

uint64_t cost_contains_ip(const Value* args, uint32_t, const Value&) {
  const uint64_t compared = tenths(cost_size(args[0]) * 2);
  return args[1].kind == ValueKind::kString ? compared + tenths(cost_size(args[1])) : compared;
}
uint64_t cost_contains_cidr(const Value* args, uint32_t count, const Value& result) {
  return cost_contains_ip(args, count, result) + tenths(cost_size(args[0])) + 1;
}

#define AMEIA_IP(Reader)                                                                                               \
  {"string_to_ip", "ip(string) -> net.IP", string_to_ip<Reader>, cost_of_first},                                       \
      {"ip_family", "net.IP.family() -> int", family},                                                                 \
      {"ip_is_canonical", "ip.isCanonical(string) -> bool", is_canonical<Reader>, cost_twice_first, true},             \
      {"ip_is_unspecified", "net.IP.isUnspecified() -> bool", test_ip<&IpAddress::is_unspecified>},                    \
      {"ip_is_loopback", "net.IP.isLoopback() -> bool", test_ip<&IpAddress::is_loopback>},                             \
      {"ip_is_link_local_multicast", "net.IP.isLinkLocalMulticast() -> bool",                                          \
       test_ip<&IpAddress::is_link_local_multicast>},                                                                  \
      {"ip_is_link_local_unicast", "net.IP.isLinkLocalUnicast() -> bool", test_ip<&IpAddress::is_link_local_unicast>}, \
      {"ip_is_global_unicast", "net.IP.isGlobalUnicast() -> bool", test_ip<&IpAddress::is_global_unicast>},            \
      {"is_ip", "isIP(string) -> bool", is_ip<Reader>, cost_of_first}, {                                               \
    "ip_to_string", "string(net.IP) -> string", to_text                                                                \
  }
#define AMEIA_CIDR(Reader)                                                                                          \
  {"string_to_cidr", "cidr(string) -> net.CIDR", string_to_cidr<Reader>, cost_of_first},                            \
      {"cidr_contains_ip_string", "net.CIDR.containsIP(string) -> bool", contains_ip<Reader>, cost_contains_ip},    \
      {"cidr_contains_ip_ip", "net.CIDR.containsIP(net.IP) -> bool", contains_ip<Reader>, cost_contains_ip},        \
      {"cidr_contains_cidr_string", "net.CIDR.containsCIDR(string) -> bool", contains_cidr<Reader>,                 \
       cost_contains_cidr},                                                                                         \
      {"cidr_contains_cidr", "net.CIDR.containsCIDR(net.CIDR) -> bool", contains_cidr<Reader>, cost_contains_cidr}, \
      {"cidr_ip", "net.CIDR.ip() -> net.IP", cidr_ip},                                                              \
      {"cidr_prefix_length", "net.CIDR.prefixLength() -> int", prefix_length},                                      \
      {"cidr_masked", "net.CIDR.masked() -> net.CIDR", masked},                                                     \
      {"is_cidr", "isCIDR(string) -> bool", is_cidr<Reader>, cost_of_first}, {                                      \
    "cidr_to_string", "string(net.CIDR) -> string", to_text                                                         \
  }

constexpr Overload kIp[] = {AMEIA_IP(Kubernetes)};
constexpr Overload kCidr[] = {AMEIA_CIDR(Kubernetes)};
constexpr Overload kNetwork[] = {
    AMEIA_IP(CelSpec), AMEIA_CIDR(CelSpec), {"cidr_is_mask", "net.CIDR.isMask() -> bool", is_mask}};
#undef AMEIA_IP
#undef AMEIA_CIDR

}  // namespace
}  // namespace internal

Library k8s_ip() {
  return {"kubernetes.ip", 0, internal::kIp};
}
Library k8s_cidr() {
  return {"kubernetes.cidr", 0, internal::kCidr};
}
Library network_ext_library() {
  return {"network", 0, internal::kNetwork};
}

}  // namespace ameia::expr
