// --render: charts and kustomizations become what they would install, by `helm template` and `kubectl kustomize` where
// these are on the PATH, without network and within limits (app/child.h). What was rendered takes the place of the
// files it was made from; what could not be is a note, and its files stay as they are. Neighbour: app/walk.h.
#pragma once

#include "app/walk.h"

namespace ameia::app {

// The outcome of a chart or kustomization in DIR is the file "DIR!rendered.yaml".
void render(Walk& walk);

}  // namespace ameia::app
