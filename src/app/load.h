// Load: one file read and parsed into documents and objects, or the rows that say why not. Used by scan, policy eval,
// pss.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/walk.h"
#include "base/arena.h"
#include "base/result.h"
#include "doc/document.h"
#include "doc/edit.h"
#include "report/finding.h"

namespace ameia::app {

struct LoadedObject {
  std::shared_ptr<const doc::Document> document;
  const doc::Node* node = nullptr;    // in the document, or in `made`
  std::shared_ptr<base::Arena> made;  // when null fields were dropped (app/nulls.h), or a kind was given to a configz
};

struct Loaded {
  std::vector<std::shared_ptr<const doc::Document>> documents;
  std::vector<LoadedObject> objects;  // in source order, Lists expanded
  std::vector<report::Finding> rows;  // what could not be judged, or does not apply; ids of app/scan.h
  size_t source_bytes = 0;
};

// Fails: never; problems are rows.
Loaded load(const InputFile& file);

// A text as documents; a broken one is an error and leaves the others.
struct ParsedText {
  std::vector<std::shared_ptr<doc::Document>> documents;
  std::vector<base::Error> errors;
  doc::Syntax syntax = doc::Syntax::kYaml;
};
ParsedText parse_text(const std::shared_ptr<const doc::Source>& source);
// The limits it keeps.
const doc::Limits& text_limits();

// For commands that take a few files and want none of them broken: the objects, or the first error.
base::Result<std::vector<LoadedObject>> load_objects(const std::string& path);
// The documents of a YAML or JSON file.
base::Result<std::vector<std::shared_ptr<const doc::Document>>> load_documents(const std::string& path);

}  // namespace ameia::app
