// Host: what an evaluation may ask beyond the values it was given. Whoever runs a Machine fills it in; a door that is
// shut is a guest error that says so. Neighbours: lib_authz.h, lib_kyverno.h (the doors), Machine::set_host.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ameia::expr {

class Authorizer;
class ImageReader;
class ResourceReader;

// A moment, in seconds and nanoseconds since 1970.
struct Instant {
  int64_t seconds = 0;
  uint32_t nanos = 0;
};
// RFC 3339: "2026-11-25T12:00:00Z".
std::optional<Instant> parse_instant(std::string_view text);

// Numbers without a pattern that follow from a seed alone (SplitMix64). Threads: none.
class RandomNumbers {
 public:
  explicit RandomNumbers(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15ULL;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
  uint64_t below(uint64_t end) { return end == 0 ? 0 : next() % end; }

 private:
  uint64_t state_;
};

// Borrows all of it, for as long as the Machine runs.
struct Host {
  Authorizer* authorizer = nullptr;
  const ResourceReader* resources = nullptr;
  const ImageReader* images = nullptr;
  const Instant* now = nullptr;     // what time.now() answers
  RandomNumbers* random = nullptr;  // what random() draws from
};

}  // namespace ameia::expr
