#include "expr/lib_kyverno.h"

#include "expr/libraries.h"

namespace ameia::expr {
namespace {

// The value of a door: it says nothing but what it is, its functions do the rest.
class Door final : public Opaque {
 public:
  explicit constexpr Door(std::string_view type) : type_(type) {}
  [[nodiscard]] std::string_view type_name() const override { return type_; }
  [[nodiscard]] bool equals(const Opaque&) const override { return true; }
  [[nodiscard]] std::string_view text() const override { return type_; }

 private:
  std::string_view type_;
};

}  // namespace

std::span<const DoorVariable> kyverno_doors() {
  static const Door kResource("resource.Context");
  static const Door kImage("imagedata.Context"), kJson("json.Json"), kYaml("yaml.Yaml"), kHttp("http.Context");
  static const Door kGlobalContext("globalContext.Context");
  static const DoorVariable kDoors[] = {
      {"resource", kResource.type_name(), Value::of_opaque(&kResource)},
      {"image", kImage.type_name(), Value::of_opaque(&kImage)},
      {"json", kJson.type_name(), Value::of_opaque(&kJson)},
      {"yaml", kYaml.type_name(), Value::of_opaque(&kYaml)},
      {"http", kHttp.type_name(), Value::of_opaque(&kHttp)},
      {"globalContext", kGlobalContext.type_name(), Value::of_opaque(&kGlobalContext)}};
  return kDoors;
}

std::vector<Library> kyverno_libraries() {
  return {math_library(2),         encoders_library(),       regex_ext_library(),     kyverno_resource_library(),
          kyverno_image_library(), kyverno_values_library(), kyverno_bytes_library(), kyverno_x509_library(),
          kyverno_time_library()};
}

Syntax kyverno_syntax(Version version) {
  Syntax syntax = syntax_of(version);
  syntax.bind = true;
  syntax.math_macros = true;
  return syntax;
}

}  // namespace ameia::expr
