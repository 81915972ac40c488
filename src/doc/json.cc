#include "doc/json.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "doc/internal/json_parser.h"
#include "doc/internal/number.h"
#include "doc/internal/text.h"

namespace ameia::doc {
namespace {

std::unexpected<base::Error> failure(const internal::JsonParser& parser, std::string_view name, std::string_view text) {
  return std::unexpected(internal::error_at(parser.code(), parser.message(), name, text, parser.offset()));
}

}  // namespace

base::Result<std::shared_ptr<Document>> parse_json(std::shared_ptr<const Source> source, std::shared_ptr<Keys> keys,
                                                   const Limits& limits) {
  Keys& table = *keys;
  auto document = std::make_shared<Document>(std::move(source), std::move(keys));
  internal::JsonParser parser;
  const std::string_view text = document->source().bytes();
  const Node* root = parser.parse(text, document->arena(), table, document->mutable_duplicates(), limits);
  if (root == nullptr) return failure(parser, document->source().name(), text);
  document->set_root(root);
  return document;
}

struct JsonReader::State {
  Limits limits;
  internal::JsonParser parser;
  base::Arena arena{size_t{64} << 10};
  Keys keys;
  std::vector<DuplicateKey> duplicates;
};

JsonReader::JsonReader(Limits limits) : state_(std::make_unique<State>()) {
  state_->limits = limits;
}
JsonReader::~JsonReader() = default;

base::Result<const Node*> JsonReader::read(std::string_view bytes, std::string_view name) {
  State& state = *state_;
  state.arena.reset();
  state.duplicates.clear();
  if (state.keys.count() > kReaderKeysMax || state.keys.reserved_bytes() > kReaderKeyBytesMax) state.keys.clear();
  const Node* root = state.parser.parse(bytes, state.arena, state.keys, state.duplicates, state.limits);
  if (root == nullptr) return failure(state.parser, name, bytes);
  return root;
}

const std::vector<DuplicateKey>& JsonReader::duplicates() const {
  return state_->duplicates;
}

void append_json_string(std::string& out, std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  const char* end = text.data() + text.size();
  const char* copied = text.data();  // [copied, p) needs no change
  for (const char* p = copied; p != end;) {
    const auto byte = static_cast<unsigned char>(*p);
    if (byte >= 0x20 && byte < 0x7F && byte != '"' && byte != '\\') {
      ++p;
      continue;
    }
    uint32_t code_point = 0;
    const size_t length = byte < 0x80 ? 0 : internal::utf8_length(p, end, code_point);
    if (length > 0) {
      p += length;
      continue;
    }
    out.append(copied, p);
    copied = ++p;
    switch (byte) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (byte >= 0x80) {
          out += internal::kReplacement;
        } else {
          out += "\\u00";
          out += kHex[byte >> 4];
          out += kHex[byte & 15];
        }
    }
  }
  out.append(copied, end);
  out += '"';
}

namespace {

// JSON has no words for these; ProtoJSON's strings are what other tools read.
void append_number(std::string& out, double value) {
  if (value == 0 && std::signbit(value)) {
    out += "-0.0";  // -0 would be read back as the integer
  } else if (std::isfinite(value)) {
    internal::append_double(out, value);
  } else {
    out += std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  }
}

class Printer {
 public:
  Printer(std::string& out, KeyOrder order, bool pretty) : out_(out), order_(order), pretty_(pretty) {}

  void print(const Node& node, size_t depth) {
    switch (node.kind) {
      case Kind::kNull: out_ += "null"; break;
      case Kind::kBool: out_ += node.boolean ? "true" : "false"; break;
      case Kind::kInt: out_ += std::to_string(node.integer); break;
      case Kind::kDouble: append_number(out_, node.number); break;
      case Kind::kString: append_json_string(out_, node.str()); break;
      case Kind::kList:
        out_ += '[';
        for (const Node& item : node.list()) {
          next(&item == node.items, depth + 1);
          print(item, depth + 1);
        }
        close(node, ']', depth);
        break;
      case Kind::kMap: print_map(node, depth); break;
    }
  }

 private:
  void print_map(const Node& node, size_t depth) {
    out_ += '{';
    if (order_ == KeyOrder::kSource) {
      for (const Member& member : node.map()) print_member(member, &member == node.members, depth + 1);
    } else {
      std::vector<const Member*> sorted;
      sorted.reserve(node.size);
      for (const Member& member : node.map()) sorted.push_back(&member);
      std::sort(sorted.begin(), sorted.end(),
                [](const Member* a, const Member* b) { return a->key->view() < b->key->view(); });
      for (size_t i = 0; i < sorted.size(); ++i) print_member(*sorted[i], i == 0, depth + 1);
    }
    close(node, '}', depth);
  }
  void print_member(const Member& member, bool first, size_t depth) {
    next(first, depth);
    append_json_string(out_, member.key->view());
    out_ += pretty_ ? ": " : ":";
    print(member.value, depth);
  }
  void next(bool first, size_t depth) {
    if (!first) out_ += ',';
    line(depth);
  }
  void close(const Node& node, char bracket, size_t depth) {
    if (node.size > 0) line(depth);
    out_ += bracket;
  }
  void line(size_t depth) {
    if (!pretty_) return;
    out_ += '\n';
    out_.append(depth * 2, ' ');
  }

  std::string& out_;
  KeyOrder order_;
  bool pretty_;
};

}  // namespace

std::string to_json(const Node& node, KeyOrder order) {
  std::string out;
  Printer(out, order, false).print(node, 0);
  return out;
}

std::string to_pretty_json(const Node& node) {
  std::string out;
  Printer(out, KeyOrder::kSource, true).print(node, 0);
  return out;
}

}  // namespace ameia::doc
