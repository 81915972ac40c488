// Value: what a CEL expression computes with, 16 bytes, trivially copyable.
// Neighbours: doc::Node trees are wrapped without copying; expr/function.h passes Values to library functions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "doc/node.h"
#include "expr/type.h"

namespace ameia::expr {

enum class ValueKind : uint8_t {
  kError,
  kNull,
  kBool,
  kInt,
  kUint,
  kDouble,
  kString,
  kBytes,
  kDuration,
  kTimestamp,
  kDocList,   // node is a list of a document
  kDocMap,    // node is a map of a document
  kList,      // list: Values in an arena
  kMap,       // map: entries in an arena
  kOptional,  // optional: nullptr is optional.none()
  kType,
  kOpaque,
};

struct Value;
class Opaque;
struct ErrorValue;

// How Kubernetes compares and adds a list that a schema describes (x-kubernetes-list-type); nullptr = an ordinary list.
struct ListSemantics {
  bool is_set = false;                         // "set"; otherwise "map"
  std::span<const std::string_view> map_keys;  // "map": the escaped names of the fields that make the key
};
// Which texts a list holds: entry number + 1 by doc::key_hash, open addressing.
struct TextIndex {
  uint32_t mask = 0;
  const uint32_t* slots = nullptr;
};
struct ListValue {
  uint32_t size = 0;
  const Value* items = nullptr;
  const ListSemantics* semantics = nullptr;
  const TextIndex* texts = nullptr;  // of a long list of nothing but texts that is asked more than once
};
struct MapEntryValue;
struct MapValue {
  uint32_t size = 0;
  const MapEntryValue* entries = nullptr;  // insertion order
  uint32_t hidden = 0;  // entries after these that no expression sees: undeclared fields, for equality and cost
  uint32_t index_mask = 0;
  const uint32_t* index = nullptr;  // made by make_map for more than kScanMax entries: entry number + 1 by key hash
  static constexpr uint32_t kScanMax = 16;
};

struct Value {
  ValueKind kind = ValueKind::kNull;
  bool ascii = false;  // kString: every byte < 0x80
  int16_t east = 0;    // kTimestamp: minutes east of UTC that it was written with; only its text shows them
  uint32_t size = 0;   // kString, kBytes: bytes; kTimestamp: nanoseconds in the second
  union {
    bool boolean;
    int64_t integer;  // kInt; kDuration: nanoseconds; kTimestamp: seconds since 1970
    uint64_t uinteger;
    double number;
    const char* chars;
    const doc::Node* node;
    const ListValue* list;
    const MapValue* map;
    const Value* optional;
    const Type* type;
    const Opaque* opaque;
    const ErrorValue* error;
  };
  constexpr Value() : integer(0) {}

  static Value null() { return {}; }
  static Value of(bool b) {
    Value v;
    v.kind = ValueKind::kBool;
    v.boolean = b;
    return v;
  }
  static Value of_int(int64_t i) {
    Value v;
    v.kind = ValueKind::kInt;
    v.integer = i;
    return v;
  }
  static Value of_uint(uint64_t u) {
    Value v;
    v.kind = ValueKind::kUint;
    v.uinteger = u;
    return v;
  }
  static Value of_double(double d) {
    Value v;
    v.kind = ValueKind::kDouble;
    v.number = d;
    return v;
  }
  // Borrow: the bytes live in a document, a program or the evaluation's arena.
  static Value of_string(std::string_view s, bool ascii) {
    Value v;
    v.kind = ValueKind::kString;
    v.ascii = ascii;
    v.size = static_cast<uint32_t>(s.size());
    v.chars = s.data();
    return v;
  }
  static Value of_bytes(std::string_view s) {
    Value v;
    v.kind = ValueKind::kBytes;
    v.size = static_cast<uint32_t>(s.size());
    v.chars = s.data();
    return v;
  }
  static Value of_duration(int64_t ns) {
    Value v;
    v.kind = ValueKind::kDuration;
    v.integer = ns;
    return v;
  }
  static Value of_timestamp(int64_t s, uint32_t ns, int16_t minutes_east = 0) {
    Value v;
    v.kind = ValueKind::kTimestamp;
    v.integer = s;
    v.size = ns;
    v.east = minutes_east;
    return v;
  }
  static Value of_opaque(const Opaque* o) {
    Value v;
    v.kind = ValueKind::kOpaque;
    v.opaque = o;
    return v;
  }
  static Value of_type(const Type* t) {
    Value v;
    v.kind = ValueKind::kType;
    v.type = t;
    return v;
  }
  static Value of_list(const ListValue* l) {
    Value v;
    v.kind = ValueKind::kList;
    v.list = l;
    return v;
  }
  static Value of_map(const MapValue* m) {
    Value v;
    v.kind = ValueKind::kMap;
    v.map = m;
    return v;
  }
  static Value of_optional(const Value* inner) {
    Value v;
    v.kind = ValueKind::kOptional;
    v.optional = inner;
    return v;
  }
  // Scalars become scalars, lists and maps stay views of the document.
  static Value of_node(const doc::Node& n);

  [[nodiscard]] bool is(ValueKind k) const { return kind == k; }
  [[nodiscard]] bool is_error() const { return kind == ValueKind::kError; }
  [[nodiscard]] bool is_true() const { return kind == ValueKind::kBool && boolean; }
  [[nodiscard]] bool is_list() const { return kind == ValueKind::kList || kind == ValueKind::kDocList; }
  [[nodiscard]] bool is_map() const { return kind == ValueKind::kMap || kind == ValueKind::kDocMap; }
  [[nodiscard]] std::string_view str() const { return {chars, size}; }  // kString, kBytes only
};
static_assert(sizeof(Value) == 16);

struct MapEntryValue {
  Value key;
  Value value;
};

// A guest error: a value that travels through the program (and is absorbed by && and ||), never a host Error.
struct ErrorValue {
  std::string_view message;  // in cel-go's words: "no such key: x", "division by zero", "no such overload"
  uint32_t expr_id = 0;      // the node that raised it; 0 = not yet known (the Machine fills it in)
};

// A library's own value (quantity, ip, cidr, url, semver, format, authorizer, …). Lives in the evaluation's arena, so
// subclasses are trivially destructible and hold only views into that arena.
class Opaque {
 public:
  [[nodiscard]] virtual std::string_view type_name() const = 0;      // "kubernetes.Quantity"
  [[nodiscard]] virtual bool equals(const Opaque& other) const = 0;  // same type_name guaranteed by the caller
  // What a traced or printed value shows.
  [[nodiscard]] virtual std::string_view text() const = 0;
  // Size for cost accounting; 1 unless the value is as long as its text.
  [[nodiscard]] virtual uint64_t cost_size() const { return 1; }

 protected:
  ~Opaque() = default;
};

}  // namespace ameia::expr
