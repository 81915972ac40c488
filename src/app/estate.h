// Estate: every object of some paths at once, for the commands whose answers are about all of them together.
// Neighbours: app/load.h (one file), app/walk.h; app/cmd_netpol.cc asks.
#pragma once

#include <string>
#include <vector>

#include "app/console.h"
#include "app/load.h"
#include "base/result.h"

namespace ameia::app {

struct Estate {
  std::vector<LoadedObject> objects;
  size_t files = 0;
  size_t unread = 0;  // files or documents that could not be read; each was told on the console
};

// Fails: kInvalidInput when nothing could be read at all.
base::Result<Estate> load_estate(const std::vector<std::string>& paths, Console& console);

}  // namespace ameia::app
