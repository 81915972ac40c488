// Kyverno's image references, cut as go-containerregistry cuts them (weak validation), and image.GetMetadata.
#include <algorithm>

#include "expr/internal/lib_util.h"
#include "expr/lib_kyverno.h"

namespace ameia::expr {
namespace internal {
namespace {

#define IMAGE "image.Reference"
#define CONTEXT "imagedata.Context"

constexpr std::string_view kDefaultRegistry = "index.docker.io";
constexpr size_t kTagBytesMax = 128;
constexpr size_t kRepositoryBytesMin = 2, kRepositoryBytesMax = 255;
constexpr size_t kSha256HexBytes = 64;

struct Parts {
  std::string_view registry, repository, tag, digest;
  bool is_library = false;  // an official image: its repository is library/<repository>
};

bool is_lower(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}
bool is_alphanumeric(char c) {
  return is_lower(c) || (c >= 'A' && c <= 'Z');
}
bool consists_of(std::string_view text, bool (*is_letter)(char), std::string_view others) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_letter(c) || others.find(c) != std::string_view::npos; });
}

// "name:tag" cut at the colon that is no port's.
void cut_tag(std::string_view& name, std::string_view& tag) {
  const size_t colon = name.rfind(':');
  if (colon == std::string_view::npos || name.find('/', colon) != std::string_view::npos) return;
  tag = name.substr(colon + 1);
  name = name.substr(0, colon);
}

bool parse_image(std::string_view text, Parts& out) {
  std::string_view name = text;
  if (const size_t at = text.find('@'); at != std::string_view::npos) {
    name = text.substr(0, at);
    out.digest = text.substr(at + 1);
    if (!out.digest.starts_with("sha256:")) return false;
    std::string_view hex = out.digest.substr(7);
    const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (hex.size() != kSha256HexBytes || !consists_of(hex, is_hex, {})) return false;
    cut_tag(name, out.tag);
  } else {
    cut_tag(name, out.tag);
    if (out.tag.empty()) out.tag = "latest";
  }
  if (out.tag.size() > kTagBytesMax || !consists_of(out.tag, is_alphanumeric, "_-.")) return false;
  out.registry = kDefaultRegistry;
  out.repository = name;
  if (const size_t slash = name.find('/'); slash != std::string_view::npos) {
    std::string_view first = name.substr(0, slash);
    if (first.find_first_of(".:") != std::string_view::npos || first == "localhost") {
      out.registry = first == "docker.io" ? kDefaultRegistry : first;
      out.repository = name.substr(slash + 1);
    }
  }
  out.is_library = out.registry == kDefaultRegistry && out.repository.find('/') == std::string_view::npos;
  return consists_of(out.registry, is_alphanumeric, ".-:[]") && out.repository.size() >= kRepositoryBytesMin &&
         out.repository.size() <= kRepositoryBytesMax && consists_of(out.repository, is_lower, "_-./");
}

class Image final : public Opaque {
 public:
  Image(std::string_view text, const Parts& parts) : text_(text), parts_(parts) {}
  [[nodiscard]] std::string_view type_name() const override { return IMAGE; }
  [[nodiscard]] bool equals(const Opaque& other) const override { return text_ == other.text(); }
  [[nodiscard]] std::string_view text() const override { return text_; }
  [[nodiscard]] const Parts& parts() const { return parts_; }

 private:
  std::string_view text_;
  Parts parts_;
};

const Parts& parts_of(const Value& value) {
  return static_cast<const Image*>(value.opaque)->parts();
}

Value image(CallContext& context, const Value* args, uint32_t) {
  Parts parts;
  if (!parse_image(args[0].str(), parts))
    return context.error("could not parse reference: " + std::string(args[0].str()));
  return Value::of_opaque(context.arena.make<Image>(args[0].str(), parts));
}
Value is_image(CallContext&, const Value* args, uint32_t) {
  Parts parts;
  return Value::of(parse_image(args[0].str(), parts));
}
Value contains_digest(CallContext&, const Value* args, uint32_t) {
  return Value::of(!parts_of(args[0]).digest.empty());
}
Value registry(CallContext& context, const Value* args, uint32_t) {
  return context.string(parts_of(args[0]).registry);
}
Value repository(CallContext& context, const Value* args, uint32_t) {
  const Parts& parts = parts_of(args[0]);
  return context.string((parts.is_library ? "library/" : "") + std::string(parts.repository));
}
Value identifier(CallContext& context, const Value* args, uint32_t) {
  const Parts& parts = parts_of(args[0]);
  if (parts.digest.empty()) return context.string(parts.tag);
  return context.string((parts.tag.empty() ? std::string() : std::string(parts.tag) + "@") + std::string(parts.digest));
}
Value tag(CallContext& context, const Value* args, uint32_t) {
  return context.string(parts_of(args[0]).tag);
}
Value digest(CallContext& context, const Value* args, uint32_t) {
  return context.string(parts_of(args[0]).digest);
}

Value metadata(CallContext& context, const Value* args, uint32_t) {
  const ImageReader* images = context.host == nullptr ? nullptr : context.host->images;
  const doc::Node* found = images == nullptr ? nullptr : images->metadata(args[1].str());
  if (found != nullptr) return Value::of_node(*found);
  return context.error("the metadata of " + std::string(args[1].str()) + " " + std::string(kNotKnownOffline));
}

constexpr Overload kImage[] = {
    {"string_to_image", "parseImageReference(string) -> " IMAGE, image},
    {"string_to_image_deprecated", "image(string) -> " IMAGE, image},
    {"is_image_string", "isImage(string) -> bool", is_image},
    {"image_contains_digest", IMAGE ".containsDigest() -> bool", contains_digest},
    {"image_registry", IMAGE ".registry() -> string", registry},
    {"image_repository", IMAGE ".repository() -> string", repository},
    {"image_identifier", IMAGE ".identifier() -> string", identifier},
    {"image_tag", IMAGE ".tag() -> string", tag},
    {"image_digest", IMAGE ".digest() -> string", digest},
    {"imagedata_get_string_pascal", CONTEXT ".GetMetadata(string) -> dyn", metadata},
    {"imagedata_get_string_camel", CONTEXT ".getMetadata(string) -> dyn", metadata},
};
#undef CONTEXT
#undef IMAGE

}  // namespace
}  // namespace internal

Library kyverno_image_library() {
  return {"kyverno.image", 0, internal::kImage};
}

}  // namespace ameia::expr
