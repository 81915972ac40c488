#include "doc/document.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "doc/internal/text.h"

namespace ameia::doc {

struct Source::Lines {
  std::once_flag once;
  std::vector<uint32_t> begins;  // the offset of each line's first byte
};

Source::Source(std::string name, std::string bytes)
    : name_(std::move(name)), bytes_(std::move(bytes)), lines_(std::make_unique<Lines>()) {}
Source::~Source() = default;

Position Source::position(uint32_t offset) const {
  std::call_once(lines_->once, [this] {
    lines_->begins.push_back(0);
    for (size_t i = bytes_.find('\n'); i != std::string::npos; i = bytes_.find('\n', i + 1)) {
      lines_->begins.push_back(static_cast<uint32_t>(i + 1));
    }
  });
  const size_t at = std::min<size_t>(offset, bytes_.size());
  const auto next = std::upper_bound(lines_->begins.begin(), lines_->begins.end(), at);
  return {static_cast<uint32_t>(next - lines_->begins.begin()), internal::column_of(bytes_, *(next - 1), at)};
}

std::string Source::where(uint32_t offset) const {
  const Position at = position(offset);
  return name_ + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

std::string Source::snippet(uint32_t offset) const {
  return internal::snippet_of(bytes_, offset);
}

struct Keys::Crowd {
  std::map<std::string_view, const Key*> keys;
};

Keys::Keys() {
  clear();
}
Keys::~Keys() = default;

void Keys::clear() {
  constexpr size_t kSlots = 256;
  arena_ = base::Arena();
  slots_.assign(kSlots, Slot{});
  mask_ = kSlots - 1;
  used_ = 0;
  crowd_.reset();
}

bool Keys::place(const Key* key) {
  size_t at = key->hash & mask_;
  for (size_t step = 0; step < kProbeMax; ++step, at = (at + 1) & mask_) {
    if (slots_[at].key == nullptr) {
      slots_[at] = {key, key->hash};
      return true;
    }
  }
  return false;
}

const Key* Keys::intern_slow(std::string_view text, uint32_t hash) {
  if (crowd_ != nullptr) {
    const auto found = crowd_->keys.find(text);
    if (found != crowd_->keys.end()) return found->second;
  }
  Key* key = arena_.make<Key>();
  key->hash = hash;
  key->size = static_cast<uint32_t>(text.size());
  key->text = arena_.copy(text).data();
  if (++used_ * 2 > slots_.size()) grow();
  if (!place(key)) {
    if (crowd_ == nullptr) crowd_ = std::make_unique<Crowd>();
    crowd_->keys.emplace(key->view(), key);
  }
  return key;
}

void Keys::grow() {
  std::vector<Slot> old = std::move(slots_);
  slots_.assign(old.size() * 2, Slot{});
  mask_ = slots_.size() - 1;
  std::vector<const Key*> crowded;
  if (crowd_ != nullptr) {
    for (const auto& [text, key] : crowd_->keys) crowded.push_back(key);
    crowd_->keys.clear();
  }
  for (const Slot& slot : old) {
    if (slot.key != nullptr) crowded.push_back(slot.key);
  }
  for (const Key* key : crowded) {
    if (place(key)) continue;
    if (crowd_ == nullptr) crowd_ = std::make_unique<Crowd>();
    crowd_->keys.emplace(key->view(), key);
  }
}

}  // namespace ameia::doc
