// Edit: changes the text of a YAML or JSON source so that it reads as other trees, and touches nothing else: comments,
// key order, quotes, indentation, line ends and flow or block style stay as the author wrote them.
// Neighbours: doc/patch.h makes the tree that a document shall become, doc/yaml.h and doc/json.h read texts.
//
//   before tree ─┐                      a map or list that differs is followed down to what differs; a member or item
//   after tree  ─┴▶ TextEdits ─▶ text   is set, added after the last one, or taken out with its line
//                                  └─ parsed again: what does not read as the after tree is never returned
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "doc/document.h"

namespace ameia::doc {

enum class Syntax : uint8_t { kJson, kYaml };

// [begin, end) of the source is replaced by `text`. In order, and no two overlap.
struct TextEdit {
  uint32_t begin = 0, end = 0;
  std::string text;
};

struct EditedText {
  std::vector<TextEdit> edits;
  std::string text;
};

// What one document of a source shall become. `target` shares what did not change with the document's root, as
// apply_json_patch makes it; what is new in it has no place in the source.
struct Change {
  std::shared_ptr<const Document> document;
  Node target;
};

// `changes` has one entry for every document of the source, in order; an unchanged one has its own root as target.
// What an alias brings is edited at its anchor, and only when all its places change alike.
// Fails: kUnsupported when no edit of this kind reads as the targets (a value shared through an anchor changes in one
// place only, a comment stands in the way …); kLimit. `where` is the first place that would change.
base::Result<EditedText> edit(const std::shared_ptr<const Source>& source, Syntax syntax,
                              std::span<const Change> changes, const Limits& limits = {});

}  // namespace ameia::doc
