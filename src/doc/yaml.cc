#include "doc/yaml.h"

#include <algorithm>

#include "doc/internal/text.h"
#include "doc/internal/yaml_block.h"
#include "doc/internal/yaml_libyaml.h"
#include "doc/internal/yaml_stream.h"
#include "doc/internal/yaml_tree.h"

namespace ameia::doc {
namespace {

bool is_line_end(std::string_view text, size_t i) {
  return i >= text.size() || text[i] == '\n' || text[i] == '\r';
}

// Does the line at `begin` start a document, and not merely continue one that directives (%YAML, %TAG) began?
bool starts_document(std::string_view text, size_t begin) {
  if (text.substr(begin, 3) != "---") return false;
  if (!is_line_end(text, begin + 3) && text[begin + 3] != ' ' && text[begin + 3] != '\t') return false;
  while (begin > 0) {
    const size_t end = begin - 1;  // of the line before
    const size_t last_break = end == 0 ? std::string_view::npos : text.rfind('\n', end - 1);
    begin = last_break == std::string_view::npos ? 0 : last_break + 1;
    if (is_line_end(text, begin) || text[begin] == '#') continue;
    return text[begin] != '%';
  }
  return true;
}

// The offset of the next line after `from` that starts a document, or the end of the text.
size_t next_document(std::string_view text, size_t from) {
  for (size_t i = text.find("\n---", from); i != std::string_view::npos; i = text.find("\n---", i + 1)) {
    if (starts_document(text, i + 1)) return i + 1;
  }
  return text.size();
}

// UTF-16 with a byte order mark, as YAML allows it; what is no code point becomes U+FFFD.
std::string utf8_of_utf16(std::string_view text) {
  const bool big = text.starts_with("\xFE\xFF");
  std::string out;
  const auto unit = [&](size_t i) {
    const auto first = static_cast<unsigned char>(text[i]);
    const auto second = static_cast<unsigned char>(text[i + 1]);
    return static_cast<uint32_t>(big ? first << 8 | second : second << 8 | first);
  };
  for (size_t i = 2; i + 1 < text.size(); i += 2) {
    uint32_t code_point = unit(i);
    if (code_point >= 0xD800 && code_point < 0xDC00 && i + 3 < text.size() && unit(i + 2) >= 0xDC00 &&
        unit(i + 2) < 0xE000) {
      code_point = 0x10000 + ((code_point - 0xD800) << 10) + (unit(i + 2) - 0xDC00);
      i += 2;
    } else if (code_point >= 0xD800 && code_point < 0xE000) {
      code_point = 0xFFFD;
    }
    char bytes[4];
    out.append(bytes, internal::utf8_encode(code_point, bytes));
  }
  return out;
}

}  // namespace

YamlStream internal::read_yaml_stream(std::shared_ptr<const Source> source, const std::shared_ptr<Keys>& keys,
                                      const Limits& limits, YamlReaders readers) {
  YamlStream stream;
  const size_t bytes_max = std::min<size_t>(limits.bytes_max, UINT32_MAX);
  if (source->bytes().size() > bytes_max) {
    stream.errors.push_back({base::Code::kLimit, "more than " + std::to_string(bytes_max) + " bytes", source->name()});
    return stream;
  }
  if (source->bytes().starts_with("\xFF\xFE") || source->bytes().starts_with("\xFE\xFF")) {
    source = std::make_shared<Source>(source->name(), utf8_of_utf16(source->bytes()));
  }
  const std::string_view text = source->bytes();
  YamlTree tree(*keys, limits);
  YamlBlockReader blocks(tree, limits);
  for (size_t begin = 0; begin < text.size();) {
    const auto first = static_cast<uint32_t>(begin);
    begin = next_document(text, begin);
    const auto last = static_cast<uint32_t>(begin);
    if (readers == YamlReaders::kBoth) {
      auto document = std::make_shared<Document>(source, keys);
      tree.start(*document);
      if (blocks.read(text, first, last)) {
        if (!is_absent(tree.root())) stream.documents.push_back(std::move(document));
        continue;
      }
    }
    const base::Status read = read_with_libyaml(source, first, last, keys, limits, tree, stream.documents);
    if (!read) {
      stream.errors.push_back(read.error());
      if (stream.errors.size() >= YamlStream::kErrorsMax) break;
    }
  }
  return stream;
}

YamlStream parse_yaml(std::shared_ptr<const Source> source, const std::shared_ptr<Keys>& keys, const Limits& limits) {
  return internal::read_yaml_stream(std::move(source), keys, limits, internal::YamlReaders::kBoth);
}

}  // namespace ameia::doc
