#include "doc/yaml.h"

#include <yaml.h>

#include <unordered_map>

#include "doc/internal/tree_stack.h"
#include "doc/yaml_scalar.h"

namespace ameia::doc {
namespace {

// libyaml's marks count characters; spans count bytes. Marks grow almost monotonically, so a cursor that walks both ways
// costs one pass over the text, and nothing at all when every byte is ASCII.
class ByteCursor {
 public:
  explicit ByteCursor(std::string_view text) : text_(text) {
    unsigned char seen = 0;
    for (char c : text) seen |= static_cast<unsigned char>(c);
    ascii_ = seen < 0x80;
    if (text.starts_with("\xEF\xBB\xBF")) bom_ = byte_ = 3;
  }
  uint32_t operator()(size_t characters) {
    if (ascii_) return static_cast<uint32_t>(characters);
    while (character_ < characters && byte_ < text_.size()) {
      do ++byte_;
      while (byte_ < text_.size() && continuation(byte_));
      ++character_;
    }
    while (character_ > characters && byte_ > bom_) {
      do --byte_;
      while (byte_ > bom_ && continuation(byte_));
      --character_;
    }
    return static_cast<uint32_t>(byte_);
  }

 private:
  [[nodiscard]] bool continuation(size_t i) const { return (static_cast<unsigned char>(text_[i]) & 0xC0) == 0x80; }
  std::string_view text_;
  bool ascii_ = true;
  size_t bom_ = 0, byte_ = 0, character_ = 0;
};

struct Event {
  yaml_event_t raw{};
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&raw); }
};

std::string_view text_of(const yaml_char_t* chars, size_t size) { return {reinterpret_cast<const char*>(chars), size}; }
std::string_view text_of(const yaml_char_t* chars) { return chars == nullptr ? std::string_view() : reinterpret_cast<const char*>(chars); }

Style style_of(yaml_scalar_style_t style) {
  switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE: return Style::kSingleQuoted;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE: return Style::kDoubleQuoted;
    case YAML_LITERAL_SCALAR_STYLE: return Style::kLiteral;
    case YAML_FOLDED_SCALAR_STYLE: return Style::kFolded;
    default: return Style::kPlain;
  }
}

// Reads documents from one libyaml parser. Its offsets are relative to `base` in the source, because after a broken document
// the reading goes on at the next "---".
class Reader {
 public:
  Reader(std::shared_ptr<const Source> source, std::shared_ptr<Keys> keys, const Limits& limits, size_t base)
      : source_(std::move(source)), keys_(std::move(keys)), limits_(limits), base_(base),
        text_(source_->bytes().substr(base)), cursor_(text_) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text_.data()), text_.size());
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() { yaml_parser_delete(&parser_); }

  // Appends documents until the end (true) or an error (false; `error` and `error_offset` say what and where).
  bool read(std::vector<std::shared_ptr<Document>>& documents) {
    while (true) {
      Event event;
      if (!next(event)) return false;
      if (event.raw.type == YAML_STREAM_END_EVENT) return true;
      if (event.raw.type != YAML_DOCUMENT_START_EVENT) continue;
      auto document = std::make_shared<Document>(source_, keys_);
      document_ = document.get();
      anchors_.clear();
      stack_.clear();
      nodes_ = alias_nodes_ = 0;
      Node* root = document->arena().make<Node>();
      Event first;
      if (!next(first) || !node(first, *root, 0)) return false;
      document->set_root(root);
      bool empty = root->is_null() && root->begin == root->end;
      if (!empty) documents.push_back(std::move(document));
    }
  }

  base::Error error;
  size_t error_offset = 0;  // in the source

 private:
  struct Anchor {
    Node node;
    size_t nodes = 0;  // what one alias of it adds
    bool open = true;  // still being read: an alias here would contain itself
  };

  bool fail_at(size_t offset, std::string what, base::Code code = base::Code::kInvalidInput) {
    error_offset = offset;
    auto at = static_cast<uint32_t>(offset);
    error = {code, std::move(what) + "\n" + source_->snippet(at), source_->where(at)};
    return false;
  }
  bool fail(const yaml_mark_t& mark, std::string what, base::Code code = base::Code::kInvalidInput) {
    return fail_at(at(mark), std::move(what), code);
  }
  uint32_t at(const yaml_mark_t& mark) { return static_cast<uint32_t>(base_) + cursor_(mark.index); }

  bool next(Event& event) {
    if (yaml_parser_parse(&parser_, &event.raw) != 0) return true;
    if (parser_.error == YAML_READER_ERROR) {
      return fail_at(base_ + std::min(parser_.problem_offset, text_.size()), std::string("this is not YAML text: ") + parser_.problem);
    }
    std::string what = parser_.problem == nullptr ? "libyaml ran out of memory" : parser_.problem;
    if (parser_.context != nullptr) what += std::string(" ") + parser_.context;
    return fail(parser_.problem_mark, std::move(what));
  }

  bool node(Event& event, Node& out, uint32_t depth) {
    const yaml_event_t& e = event.raw;
    out.begin = at(e.start_mark);
    out.end = at(e.end_mark);
    if (++nodes_ > limits_.nodes_max) {
      return fail(e.start_mark, "more than " + std::to_string(limits_.nodes_max) + " values in one document", base::Code::kLimit);
    }
    switch (e.type) {
      case YAML_ALIAS_EVENT: return alias(e, out);
      case YAML_SCALAR_EVENT: return scalar(e, out);
      case YAML_SEQUENCE_START_EVENT:
      case YAML_MAPPING_START_EVENT: break;
      default: return fail(e.start_mark, "a value is expected");
    }
    if (depth >= limits_.depth_max) {
      return fail(e.start_mark, "nested deeper than " + std::to_string(limits_.depth_max) + " levels", base::Code::kLimit);
    }
    bool is_list = e.type == YAML_SEQUENCE_START_EVENT;
    std::string anchor(text_of(is_list ? e.data.sequence_start.anchor : e.data.mapping_start.anchor));
    if (!anchor.empty()) anchors_[anchor] = Anchor{};
    size_t before = nodes_ + alias_nodes_;
    if (!(is_list ? list(e, out, depth) : map(e, out, depth))) return false;
    if (!anchor.empty()) anchors_[anchor] = {out, nodes_ + alias_nodes_ - before + 1, false};
    return true;
  }

  bool alias(const yaml_event_t& e, Node& out) {
    std::string name(text_of(e.data.alias.anchor));
    auto found = anchors_.find(name);
    if (found == anchors_.end()) return fail(e.start_mark, "alias *" + name + " names no anchor before it");
    if (found->second.open) return fail(e.start_mark, "anchor &" + name + " contains itself");
    alias_nodes_ += found->second.nodes;
    if (alias_nodes_ > limits_.alias_nodes_max) {
      return fail(e.start_mark, "aliases expand to more than " + std::to_string(limits_.alias_nodes_max) + " values", base::Code::kLimit);
    }
    Node copy = found->second.node;
    copy.begin = out.begin;
    copy.end = out.end;
    copy.from_alias = true;
    out = copy;
    return true;
  }

  bool scalar(const yaml_event_t& e, Node& out) {
    const auto& data = e.data.scalar;
    std::string_view value = text_of(data.value, data.length);
    out.style = style_of(data.style);
    bool plain = data.style == YAML_PLAIN_SCALAR_STYLE;
    if (data.anchor != nullptr || data.tag != nullptr) skip_properties(out);
    // A plain or simply quoted scalar stands in the source as it is: point there instead of copying.
    std::string_view written = source_->bytes().substr(out.begin, out.end - out.begin);
    if (!plain && written.size() >= 2 && (written[0] == '"' || written[0] == '\'')) written = written.substr(1, written.size() - 2);
    value = written == value ? written : document_->arena().copy(value);
    std::string problem = internal::resolve_scalar(value, text_of(data.tag), plain, document_->arena(), out);
    if (!problem.empty()) return fail(e.start_mark, std::move(problem));
    if (data.anchor != nullptr) anchors_[std::string(text_of(data.anchor))] = {out, 1, false};
    return true;
  }

  // libyaml starts a scalar's span at its anchor or tag; the span of a value starts at the value.
  void skip_properties(Node& out) {
    std::string_view bytes = source_->bytes();
    while (out.begin < out.end && (bytes[out.begin] == '&' || bytes[out.begin] == '!')) {
      while (out.begin < out.end && !is_blank(bytes[out.begin])) ++out.begin;
      while (out.begin < out.end && is_blank(bytes[out.begin])) ++out.begin;
    }
  }
  static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

  bool list(const yaml_event_t& start, Node& out, uint32_t depth) {
    out.kind = Kind::kList;
    out.style = start.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE ? Style::kFlow : Style::kBlock;
    size_t first = stack_.open_list();
    while (true) {
      Event event;
      if (!next(event)) return false;
      if (event.raw.type == YAML_SEQUENCE_END_EVENT) {
        if (out.style == Style::kFlow) out.end = at(event.raw.end_mark);
        break;
      }
      Node item;
      if (!node(event, item, depth + 1)) return false;
      out.end = std::max(out.end, item.end);
      stack_.push(item);
    }
    stack_.close_list(first, out, document_->arena());
    return true;
  }

  bool map(const yaml_event_t& start, Node& out, uint32_t depth) {
    out.kind = Kind::kMap;
    out.style = start.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE ? Style::kFlow : Style::kBlock;
    size_t first = stack_.open_map();
    while (true) {
      Event event;
      if (!next(event)) return false;
      if (event.raw.type == YAML_MAPPING_END_EVENT) {
        if (out.style == Style::kFlow) out.end = at(event.raw.end_mark);
        break;
      }
      const yaml_event_t& k = event.raw;
      bool merge = k.type == YAML_SCALAR_EVENT && k.data.scalar.plain_implicit != 0 && k.data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                   text_of(k.data.scalar.value, k.data.scalar.length) == "<<";
      Node key;
      if (!node(event, key, depth + 1)) return false;
      const Key* name = nullptr;
      if (!merge && (name = key_of(key)) == nullptr) return fail(k.start_mark, "a map key must be a string, number or boolean");
      Event value_event;
      if (!next(value_event)) return false;
      Node value;
      if (name != nullptr) stack_.enter(name);
      if (!node(value_event, value, depth + 1)) return false;
      if (name != nullptr) stack_.leave();
      out.end = std::max(out.end, std::max(key.end, value.end));
      if (!merge) {
        stack_.push(Member{name, name->hash, key.begin, value});
      } else if (!merge_in(value, key.begin)) {
        return fail(value_event.raw.start_mark, "a merge key (<<) takes a map or a list of maps");
      }
    }
    stack_.close_map(first, out, document_->arena(), document_->mutable_duplicates());
    return true;
  }

  const Key* key_of(const Node& key) {
    if (key.is_string()) return keys_->intern(key.str());
    std::string text;
    return internal::key_text(key, text) ? keys_->intern(text) : nullptr;
  }

  // sigs.k8s.io/yaml merges where the key stands, so later members win over it and it wins over earlier ones; of a list, the
  // first map wins.
  bool merge_in(const Node& value, uint32_t key_begin) {
    if (value.is_map()) {
      for (Member member : value.map()) {
        member.key_begin = key_begin;
        member.value.from_alias = true;
        stack_.push(member, true);
      }
      return true;
    }
    if (!value.is_list()) return false;
    for (size_t i = value.size; i > 0; --i) {
      if (!value.items[i - 1].is_map() || !merge_in(value.items[i - 1], key_begin)) return false;
    }
    return true;
  }

  std::shared_ptr<const Source> source_;
  std::shared_ptr<Keys> keys_;
  const Limits& limits_;
  size_t base_;
  std::string_view text_;
  ByteCursor cursor_;
  yaml_parser_t parser_{};
  Document* document_ = nullptr;
  internal::TreeStack stack_;
  std::unordered_map<std::string, Anchor> anchors_;
  size_t nodes_ = 0;
  size_t alias_nodes_ = 0;
};

// The next line that starts a document, after `from`; npos when there is none.
size_t next_document(std::string_view bytes, size_t from) {
  for (size_t at = bytes.find("\n---", from); at != std::string_view::npos; at = bytes.find("\n---", at + 1)) {
    size_t after = at + 4;
    if (after == bytes.size() || bytes[after] == '\n' || bytes[after] == '\r' || bytes[after] == ' ' || bytes[after] == '\t') return at + 1;
  }
  return std::string_view::npos;
}

}  // namespace

YamlStream parse_yaml(std::shared_ptr<const Source> source, std::shared_ptr<Keys> keys, const Limits& limits) {
  YamlStream stream;
  std::string_view bytes = source->bytes();
  size_t bytes_max = std::min<size_t>(limits.bytes_max, UINT32_MAX);
  if (bytes.size() > bytes_max) {
    stream.errors.push_back({base::Code::kLimit, "larger than " + std::to_string(bytes_max) + " bytes", source->name()});
    return stream;
  }
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF")) {
    stream.errors.push_back({base::Code::kUnsupported, "the text is UTF-16; save it as UTF-8", source->name()});
    return stream;
  }
  for (size_t base = 0; base != std::string_view::npos;) {
    Reader reader(source, keys, limits, base);
    if (reader.read(stream.documents)) break;
    stream.errors.push_back(reader.error);
    if (stream.errors.size() >= YamlStream::kErrorsMax) break;
    // An unclosed flow collection is found out at the next document's own "---".
    base = next_document(bytes, std::max(reader.error_offset, base + 1) - 1);
  }
  return stream;
}

}  // namespace ameia::doc
