#include "app/estate.h"

#include "app/walk.h"
#include "report/text.h"

namespace ameia::app {

base::Result<Estate> load_estate(const std::vector<std::string>& paths, Console& console) {
  Estate estate;
  const Walk found = walk(paths);
  for (const WalkNote& note : found.notes) {
    if (note.not_applicable) continue;
    console.warn(note.name + ": " + note.what);
    if (note.is_error) ++estate.unread;
  }
  for (const InputFile& file : found.files) {
    Loaded loaded = load(file);
    ++estate.files;
    for (const report::Finding& row : loaded.rows) {
      if (row.status == report::FindingStatus::kNotApplicable || row.status == report::FindingStatus::kFail) continue;
      console.warn(row.location.file + ": " + row.message);
      ++estate.unread;
    }
    for (LoadedObject& object : loaded.objects) estate.objects.push_back(std::move(object));
  }
  if (estate.objects.empty()) {
    return base::fail(base::Code::kInvalidInput,
                      "no Kubernetes object was found in " + report::count(estate.files, "file", "files"));
  }
  return estate;
}

}  // namespace ameia::app
