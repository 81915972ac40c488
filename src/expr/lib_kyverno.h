// What Kyverno's CEL policies (policies.kyverno.io) may use beyond Kubernetes: libraries, and the variables that open
// their doors. Answers about other objects come through a ResourceReader; nothing here reaches a network or a clock.
// Neighbours: lib_kyverno_*.cc (the tables), expr/host.h (the doors), policy/condition.h (builds the environment).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "doc/node.h"
#include "expr/env.h"
#include "expr/function.h"

namespace ameia::expr {

// Who answers resource.List and resource.Get. Nodes live as long as the reader. Threads: reading is free to share.
class ResourceReader {
 public:
  virtual ~ResourceReader() = default;
  // A List object {apiVersion, kind, items}; `ns` empty: of all namespaces. Never null: nothing there is an empty list.
  [[nodiscard]] virtual const doc::Node& list(std::string_view api_version, std::string_view resource,
                                              std::string_view ns) const = 0;
  // Where in list()'s items to look for objects that carry a label: every position that has it, ascending, and perhaps
  // others. nullopt: no index, all may.
  [[nodiscard]] virtual std::optional<std::span<const uint32_t>> labelled(std::string_view /*api_version*/,
                                                                          std::string_view /*resource*/,
                                                                          std::string_view /*ns*/,
                                                                          std::string_view /*key*/,
                                                                          std::string_view /*value*/) const {
    return std::nullopt;
  }
  // nullptr: there is no such object.
  [[nodiscard]] virtual const doc::Node* get(std::string_view api_version, std::string_view resource,
                                             std::string_view ns, std::string_view name) const = 0;
  // The plural name of a kind.
  [[nodiscard]] virtual std::string resource_of(std::string_view api_version, std::string_view kind) const = 0;
};

// Who answers image.GetMetadata. Nodes live as long as the reader. Threads: reading is free to share.
class ImageReader {
 public:
  virtual ~ImageReader() = default;
  // nullptr: it is not known.
  [[nodiscard]] virtual const doc::Node* metadata(std::string_view image) const = 0;
};

// Ends the error of a call whose answer would have to be fetched.
inline constexpr std::string_view kNotKnownOffline = "is not known offline";

// A variable that stands for a door: `resource` of type resource.Context.
struct DoorVariable {
  std::string_view name, type;
  Value value;
};
std::span<const DoorVariable> kyverno_doors();

// resource.List, Get, ToGVR; Post is always an error, for nothing is changed here.
Library kyverno_resource_library();
Library kyverno_image_library();  // image("…").registry() …, image.GetMetadata
Library
kyverno_values_library();  // parseServiceAccount, math.round, listObjToMap, json, yaml; http and globalContext fail
Library kyverno_bytes_library();  // md5, sha1, sha256; gzip.compress, gzip.decompress
Library kyverno_x509_library();   // x509.decode
Library kyverno_time_library();   // time.now, truncate, toCron; random

// All of the above and CEL's extensions that Kyverno's environment has; Kubernetes' own come with the version.
std::vector<Library> kyverno_libraries();
Syntax kyverno_syntax(Version version);

}  // namespace ameia::expr
