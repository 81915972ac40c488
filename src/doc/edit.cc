#include "doc/edit.h"

#include <algorithm>

#include "doc/build.h"
#include "doc/internal/tree_editor.h"
#include "doc/json.h"
#include "doc/yaml.h"

namespace ameia::doc {
namespace {

base::Result<std::string> applied(std::string_view text, const std::vector<TextEdit>& edits) {
  std::string out;
  out.reserve(text.size() + edits.size() * 64);
  uint32_t done = 0;
  for (const TextEdit& edit : edits) {
    if (edit.begin < done || edit.end < edit.begin)
      return base::fail(base::Code::kUnsupported, "two changes touch the same text; edit it by hand");
    out.append(text, done, edit.begin - done);
    out.append(edit.text);
    done = edit.end;
  }
  out.append(text, done);
  return out;
}

// Whether `text` reads as the targets.
bool reads_as(const std::string& text, Syntax syntax, std::span<const Change> changes, const Limits& limits) {
  auto source = std::make_shared<Source>("edited", text);
  auto keys = std::make_shared<Keys>();
  if (syntax == Syntax::kJson) {
    auto document = parse_json(source, keys, limits);
    return document && changes.size() == 1 && equal((*document)->root(), changes[0].target);
  }
  YamlStream stream = parse_yaml(source, keys, limits);
  if (!stream.errors.empty() || stream.documents.size() != changes.size()) return false;
  for (size_t i = 0; i < changes.size(); ++i) {
    if (!equal(stream.documents[i]->root(), changes[i].target)) return false;
  }
  return true;
}

}  // namespace

base::Result<EditedText> edit(const std::shared_ptr<const Source>& source, Syntax syntax,
                              std::span<const Change> changes, const Limits& limits) {
  EditedText out;
  const Node* first_shared = nullptr;
  for (const Change& change : changes) {
    internal::TreeEditor editor(source->bytes(), syntax, out.edits);
    editor.document(change.document->root(), change.target);
    if (first_shared == nullptr) first_shared = editor.shared();
  }
  // What is put in at a place goes before what is taken out from there on; inner collections come first.
  std::stable_sort(out.edits.begin(), out.edits.end(), [](const TextEdit& a, const TextEdit& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end && a.begin == a.end;
  });
  uint32_t place = first_shared != nullptr ? first_shared->begin : out.edits.empty() ? 0 : out.edits.front().begin;
  base::Result<std::string> text = applied(source->bytes(), out.edits);
  if (!text) return base::fail(text.error().code, text.error().what, source->where(place));
  if (text->size() > limits.bytes_max)
    return base::fail(base::Code::kLimit, "the edited text is longer than the limit", source->where(place));
  if (!reads_as(*text, syntax, changes, limits)) {
    return base::fail(base::Code::kUnsupported,
                      first_shared != nullptr
                          ? "an anchor shares this value with places that would not change alike; edit it by hand"
                          : "this text is written in a way that cannot be changed safely; edit it by hand",
                      source->where(place));
  }
  out.text = std::move(*text);
  return out;
}

}  // namespace ameia::doc
