// Host: what an evaluation may ask beyond the values it was given. Whoever runs a Machine fills it in; a door that is
// shut is a guest error that says so. Neighbours: lib_authz.h, lib_kyverno.h (the doors), Machine::set_host.
#pragma once

namespace ameia::expr {

class Authorizer;
class ImageReader;
class ResourceReader;

// Borrows all of it, for as long as the Machine runs.
struct Host {
  Authorizer* authorizer = nullptr;
  const ResourceReader* resources = nullptr;
  const ImageReader* images = nullptr;
};

}  // namespace ameia::expr
