#include "doc/document.h"

#include <algorithm>
#include <mutex>

namespace ameia::doc {

struct Source::Lines {
  std::once_flag once;
  std::vector<uint32_t> starts;  // offset of the first byte of each line
};

Source::Source(std::string name, std::string bytes)
    : name_(std::move(name)), bytes_(std::move(bytes)), lines_(std::make_unique<Lines>()) {}
Source::~Source() = default;

Position Source::position(uint32_t offset) const {
  std::call_once(lines_->once, [this] {
    lines_->starts.push_back(0);
    for (size_t i = 0; i < bytes_.size(); ++i) {
      if (bytes_[i] == '\n' || (bytes_[i] == '\r' && (i + 1 == bytes_.size() || bytes_[i + 1] != '\n'))) {
        lines_->starts.push_back(static_cast<uint32_t>(i + 1));
      }
    }
  });
  offset = static_cast<uint32_t>(std::min<size_t>(offset, bytes_.size()));
  auto line = std::upper_bound(lines_->starts.begin(), lines_->starts.end(), offset) - 1;
  uint32_t begin = *line;
  if (begin == 0 && bytes_.starts_with("\xEF\xBB\xBF") && offset >= 3) begin = 3;  // a BOM is no column
  uint32_t column = 1;
  for (uint32_t i = begin; i < offset; ++i) column += (static_cast<unsigned char>(bytes_[i]) & 0xC0) != 0x80 ? 1 : 0;
  return {static_cast<uint32_t>(line - lines_->starts.begin()) + 1, column};
}

std::string Source::where(uint32_t offset) const {
  Position at = position(offset);
  return name_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::string Source::snippet(uint32_t offset) const {
  constexpr size_t kBefore = 60, kAfter = 60;  // bytes shown on either side of the caret
  offset = static_cast<uint32_t>(std::min<size_t>(offset, bytes_.size()));
  size_t begin = offset, end = offset;
  auto is_break = [](char c) { return c == '\n' || c == '\r'; };
  while (begin > 0 && offset - begin < kBefore && !is_break(bytes_[begin - 1])) --begin;
  while (end < bytes_.size() && end - offset < kAfter && !is_break(bytes_[end])) ++end;
  while (begin < offset && (static_cast<unsigned char>(bytes_[begin]) & 0xC0) == 0x80) ++begin;
  while (end > offset && end < bytes_.size() && (static_cast<unsigned char>(bytes_[end]) & 0xC0) == 0x80) --end;
  std::string line, caret;
  for (size_t i = begin; i < end; ++i) {
    auto c = static_cast<unsigned char>(bytes_[i]);
    line += c < 0x20 || c == 0x7f ? ' ' : bytes_[i];
    if (i < offset && (c & 0xC0) != 0x80) caret += ' ';
  }
  return line + "\n" + caret + "^";
}

Keys::Keys() : slots_(256) {}
Keys::~Keys() = default;

const Key* Keys::intern(std::string_view text) { return intern(text, key_hash(text)); }

const Key* Keys::intern(std::string_view text, uint32_t hash) {
  size_t mask = slots_.size() - 1;
  size_t i = hash & mask;
  for (; slots_[i].key != nullptr; i = (i + 1) & mask) {
    if (slots_[i].key->hash == hash && slots_[i].key->view() == text) return slots_[i].key;
  }
  std::string_view copy = arena_.copy(text);
  const Key* key = arena_.make<Key>(Key{hash, static_cast<uint32_t>(text.size()), copy.data()});
  slots_[i].key = key;
  if (++used_ * 2 > slots_.size()) grow();
  return key;
}

void Keys::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.key == nullptr) continue;
    size_t i = slot.key->hash & mask;
    while (slots_[i].key != nullptr) i = (i + 1) & mask;
    slots_[i] = slot;
  }
}

}  // namespace ameia::doc
