#include "doc/internal/yaml_libyaml.h"

#include <yaml.h>

#include <algorithm>
#include <cstring>

#include "doc/internal/text.h"

namespace ameia::doc::internal {
namespace {

// libyaml's marks count characters; spans count bytes. Marks grow almost monotonically, so a cursor that walks both
// ways costs one pass over the text, and nothing at all when every byte is ASCII.
class ByteCursor {
 public:
  explicit ByteCursor(std::string_view text) : text_(text), ascii_(all_ascii(text)) {
    if (text.starts_with(kUtf8Bom)) first_ = byte_ = kUtf8Bom.size();
  }
  size_t operator()(size_t characters) {
    if (ascii_) return std::min(characters, text_.size());
    while (character_ < characters && byte_ < text_.size()) {
      do ++byte_;
      while (byte_ < text_.size() && is_continuation(byte_));
      ++character_;
    }
    while (character_ > characters && byte_ > first_) {
      do --byte_;
      while (byte_ > first_ && is_continuation(byte_));
      --character_;
    }
    return byte_;
  }

 private:
  [[nodiscard]] bool is_continuation(size_t i) const { return (static_cast<unsigned char>(text_[i]) & 0xC0) == 0x80; }
  std::string_view text_;
  bool ascii_;
  size_t first_ = 0;
  size_t byte_ = 0;
  size_t character_ = 0;
};

std::string_view text_of(const yaml_char_t* chars, size_t size) {
  return {reinterpret_cast<const char*>(chars), size};
}
std::string_view text_of(const yaml_char_t* chars) {
  return chars == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(chars));
}

Style style_of(yaml_scalar_style_t style) {
  switch (style) {
    case YAML_SINGLE_QUOTED_SCALAR_STYLE: return Style::kSingleQuoted;
    case YAML_DOUBLE_QUOTED_SCALAR_STYLE: return Style::kDoubleQuoted;
    case YAML_LITERAL_SCALAR_STYLE: return Style::kLiteral;
    case YAML_FOLDED_SCALAR_STYLE: return Style::kFolded;
    default: return Style::kPlain;
  }
}

class Reader {
 public:
  Reader(const Source& source, uint32_t begin, uint32_t end, const Limits& limits, YamlTree& tree)
      : source_(source),
        base_(begin),
        text_(source.bytes().substr(begin, end - begin)),
        cursor_(text_),
        limits_(limits),
        tree_(tree) {
    ready_ = yaml_parser_initialize(&parser_) != 0;
    if (ready_) yaml_parser_set_input(&parser_, &Reader::feed, this);
  }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() {
    if (!ready_) return;
    yaml_event_delete(&event_);
    yaml_parser_delete(&parser_);
  }

  // Whether another document begins.
  base::Result<bool> next_document() {
    if (!ready_) return base::fail(base::Code::kInternal, "libyaml could not start");
    while (true) {
      TRY_STATUS(next());
      if (event_.type == YAML_STREAM_END_EVENT) return false;
      if (event_.type == YAML_DOCUMENT_START_EVENT) return true;
    }
  }

  base::Status read_document() {
    while (true) {
      TRY_STATUS(next());
      if (event_.type == YAML_DOCUMENT_END_EVENT) return {};
      if (!send()) return std::unexpected(error(tree_.code(), tree_.problem(), tree_.problem_offset()));
    }
  }

 private:
  // libyaml asks for input in small pieces; one that asks for too much without finishing an event holds a huge scalar.
  static int feed(void* self, unsigned char* buffer, size_t size, size_t* size_read) {
    Reader& reader = *static_cast<Reader*>(self);
    const size_t n = std::min(size, reader.text_.size() - reader.fed_);
    if (n > 0 && reader.fed_ - reader.fed_at_event_ > reader.limits_.scalar_bytes_max) {
      reader.scalar_too_long_ = true;
      return 0;
    }
    if (n > 0) std::memcpy(buffer, reader.text_.data() + reader.fed_, n);
    reader.fed_ += n;
    *size_read = n;
    return 1;
  }

  [[nodiscard]] base::Error error(base::Code code, std::string_view what, size_t offset) const {
    return {code, std::string(what) + "\n" + source_.snippet(static_cast<uint32_t>(offset)),
            source_.where(static_cast<uint32_t>(offset))};
  }

  base::Status next() {
    yaml_event_delete(&event_);
    if (yaml_parser_parse(&parser_, &event_) != 0) {
      fed_at_event_ = fed_;
      return {};
    }
    event_ = yaml_event_t{};
    if (scalar_too_long_) {
      return std::unexpected(error(
          base::Code::kLimit,
          "a scalar, or what stands between two, is longer than " + std::to_string(limits_.scalar_bytes_max) + " bytes",
          at(parser_.mark)));
    }
    if (parser_.error == YAML_READER_ERROR) {
      return std::unexpected(error(base::Code::kInvalidInput, "this is not YAML text: " + std::string(parser_.problem),
                                   base_ + std::min(parser_.problem_offset, text_.size())));
    }
    std::string what = parser_.problem == nullptr ? "libyaml ran out of memory" : parser_.problem;
    if (parser_.context != nullptr) what += std::string(" ") + parser_.context;
    return std::unexpected(error(base::Code::kInvalidInput, what, at(parser_.problem_mark)));
  }

  uint32_t at(const yaml_mark_t& mark) { return base_ + static_cast<uint32_t>(cursor_(mark.index)); }

  bool send() {
    const uint32_t begin = at(event_.start_mark);
    switch (event_.type) {
      case YAML_SCALAR_EVENT: return send_scalar(begin);
      case YAML_ALIAS_EVENT: return tree_.alias(text_of(event_.data.alias.anchor), begin, at(event_.end_mark));
      case YAML_MAPPING_START_EVENT: {
        const auto& map = event_.data.mapping_start;
        return tree_.open(true, map.style == YAML_FLOW_MAPPING_STYLE ? Style::kFlow : Style::kBlock,
                          after_properties(begin, at(event_.end_mark)), text_of(map.anchor));
      }
      case YAML_SEQUENCE_START_EVENT: {
        const auto& list = event_.data.sequence_start;
        const bool flow = list.style == YAML_FLOW_SEQUENCE_STYLE;
        // A block list's event ends before its first '-', or after it where the list is not indented.
        uint32_t first = at(event_.end_mark);
        const std::string_view bytes = source_.bytes();
        if (!flow && first > base_ && (first >= bytes.size() || bytes[first] != '-')) --first;
        return tree_.open(false, flow ? Style::kFlow : Style::kBlock, flow ? after_properties(begin, first) : first,
                          text_of(list.anchor));
      }
      case YAML_MAPPING_END_EVENT:
      case YAML_SEQUENCE_END_EVENT: return tree_.close(at(event_.end_mark));
      default: return true;
    }
  }

  bool send_scalar(uint32_t begin) {
    const auto& data = event_.data.scalar;
    YamlScalar scalar;
    scalar.text = text_of(data.value, data.length);
    scalar.tag = text_of(data.tag);
    scalar.anchor = text_of(data.anchor);
    scalar.plain = scalar.tag.empty() && data.plain_implicit != 0;
    scalar.style = style_of(data.style);
    scalar.end = at(event_.end_mark);
    scalar.begin = after_properties(begin, scalar.end);
    // A plain or simply quoted scalar stands in the source as it is: point there instead of copying.
    std::string_view written = source_.bytes().substr(scalar.begin, scalar.end - scalar.begin);
    if (scalar.style != Style::kPlain && written.size() >= 2) written = written.substr(1, written.size() - 2);
    if (written == scalar.text) {
      scalar.text = written;
      scalar.permanent = true;
    }
    return tree_.scalar(scalar);
  }

  // libyaml starts a value's span at its anchor or tag; ours starts at the value.
  [[nodiscard]] uint32_t after_properties(uint32_t begin, uint32_t end) const {
    const std::string_view bytes = source_.bytes();
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    while (begin < end && (bytes[begin] == '&' || bytes[begin] == '!')) {
      while (begin < end && !blank(bytes[begin])) ++begin;
      while (begin < end && (blank(bytes[begin]) || bytes[begin] == '#')) {
        if (bytes[begin] == '#')
          begin = static_cast<uint32_t>(std::min<size_t>(bytes.find('\n', begin), end));
        else
          ++begin;
      }
    }
    return begin;
  }

  const Source& source_;
  uint32_t base_;
  std::string_view text_;
  ByteCursor cursor_;
  const Limits& limits_;
  YamlTree& tree_;
  yaml_parser_t parser_{};
  yaml_event_t event_{};
  bool ready_ = false;
  bool scalar_too_long_ = false;
  size_t fed_ = 0;
  size_t fed_at_event_ = 0;
};

}  // namespace

base::Status read_with_libyaml(const std::shared_ptr<const Source>& source, uint32_t begin, uint32_t end,
                               const std::shared_ptr<Keys>& keys, const Limits& limits, YamlTree& tree,
                               std::vector<std::shared_ptr<Document>>& documents) {
  Reader reader(*source, begin, end, limits, tree);
  while (TRY(reader.next_document())) {
    auto document = std::make_shared<Document>(source, keys);
    tree.start(*document);
    TRY_STATUS(reader.read_document());
    if (!is_absent(tree.root())) documents.push_back(std::move(document));
  }
  return {};
}

}  // namespace ameia::doc::internal
