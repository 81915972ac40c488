// Kyverno's `resource`: other objects of the cluster, as far as whoever evaluates has them.
#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "expr/internal/lib_util.h"
#include "expr/lib_kyverno.h"
#include "expr/libraries.h"

namespace ameia::expr {
namespace internal {
namespace {

#define CONTEXT "resource.Context"
#define GVR "resource.GroupVersionResource"

// resource.ToGVR's answer.
class Gvr final : public Opaque {
 public:
  Gvr(std::string_view api_version, std::string_view resource, std::string_view text)
      : api_version_(api_version), resource_(resource), text_(text) {}
  [[nodiscard]] std::string_view type_name() const override { return GVR; }
  [[nodiscard]] bool equals(const Opaque& other) const override { return text_ == other.text(); }
  [[nodiscard]] std::string_view text() const override { return text_; }
  [[nodiscard]] std::string_view api_version() const { return api_version_; }
  [[nodiscard]] std::string_view resource() const { return resource_; }

 private:
  std::string_view api_version_, resource_, text_;
};

const Gvr& gvr_of(const Value& value) {
  return *static_cast<const Gvr*>(value.opaque);
}

const ResourceReader* reader_of(const CallContext& context) {
  return context.host == nullptr ? nullptr : context.host->resources;
}
Value no_reader(CallContext& context) {
  return context.error("no other objects are at hand here: resource cannot answer");
}

struct WantedLabel {
  doc::KeyRef key;
  std::string_view value;
  bool is_text;  // a label is a text: anything else is never one
};

bool has_labels(const doc::Node& object, const std::vector<WantedLabel>& wanted) {
  const doc::Node& labels = object["metadata"]["labels"];
  return std::all_of(wanted.begin(), wanted.end(), [&labels](const WantedLabel& want) {
    const doc::Node* label = labels.find(want.key);
    return want.is_text && label != nullptr && label->is_string() && label->str() == want.value;
  });
}

// What a call of List names.
struct Asked {
  std::string_view api_version, resource, ns;
};

// The positions to look at: those of the rarest label.
std::optional<std::span<const uint32_t>> candidates(const ResourceReader& reader, const Asked& asked,
                                                    const std::vector<WantedLabel>& wanted) {
  std::optional<std::span<const uint32_t>> fewest;
  for (const WantedLabel& want : wanted) {
    const auto some = reader.labelled(asked.api_version, asked.resource, asked.ns, want.key.text, want.value);
    if (some && (!fewest || some->size() < fewest->size())) fewest = some;
  }
  return fewest;
}

// The list with those of its items that carry all of the labels.
Value with_labels(CallContext& context, const ResourceReader& reader, const Asked& asked, const Value& labels) {
  const doc::Node& list = reader.list(asked.api_version, asked.resource, asked.ns);
  std::vector<WantedLabel> wanted;
  for (uint32_t i = 0; i < map_size(labels); ++i) {
    const MapEntryValue entry = map_at(labels, i);
    const bool is_text = entry.value.is(ValueKind::kString);
    wanted.push_back({entry.key.str(), is_text ? entry.value.str() : std::string_view(), is_text});
  }
  const std::span<const doc::Node> all = list["items"].list();
  const auto some = candidates(reader, asked, wanted);
  const size_t size_max = some ? some->size() : all.size();
  if (!context.room_for(size_max * sizeof(Value))) return context.no_room();
  Value* items = context.arena.array<Value>(size_max);
  size_t size = 0;
  for (size_t i = 0; i < size_max; ++i) {
    const doc::Node& item = all[some ? (*some)[i] : i];
    if (has_labels(item, wanted)) items[size++] = Value::of_node(item);
  }
  const std::array<MapEntryValue, 3> entries{{
      {context.string("apiVersion"), Value::of_node(list["apiVersion"])},
      {context.string("kind"), Value::of_node(list["kind"])},
      {context.string("items"), context.list({items, size})},
  }};
  return context.map(entries);
}

Value list_of(CallContext& context, const Asked& asked, const Value* labels) {
  const ResourceReader* reader = reader_of(context);
  if (reader == nullptr) return no_reader(context);
  if (labels != nullptr) return with_labels(context, *reader, asked, *labels);
  return Value::of_node(reader->list(asked.api_version, asked.resource, asked.ns));
}

Value get_of(CallContext& context, std::string_view api_version, std::string_view resource, std::string_view ns,
             std::string_view name) {
  const ResourceReader* reader = reader_of(context);
  if (reader == nullptr) return no_reader(context);
  const doc::Node* object = reader->get(api_version, resource, ns, name);
  return object == nullptr ? Value::null() : Value::of_node(*object);
}

Value list(CallContext& context, const Value* args, uint32_t count) {
  return list_of(context, {args[1].str(), args[2].str(), args[3].str()}, count > 4 ? &args[4] : nullptr);
}
Value list_gvr(CallContext& context, const Value* args, uint32_t count) {
  const Gvr& gvr = gvr_of(args[1]);
  return list_of(context, {gvr.api_version(), gvr.resource(), args[2].str()}, count > 3 ? &args[3] : nullptr);
}
Value get(CallContext& context, const Value* args, uint32_t) {
  return get_of(context, args[1].str(), args[2].str(), args[3].str(), args[4].str());
}
Value get_gvr(CallContext& context, const Value* args, uint32_t) {
  const Gvr& gvr = gvr_of(args[1]);
  return get_of(context, gvr.api_version(), gvr.resource(), args[2].str(), args[3].str());
}
Value post(CallContext& context, const Value*, uint32_t) {
  return context.error("failed to create resource: an evaluation changes nothing");
}

Value to_gvr(CallContext& context, const Value* args, uint32_t) {
  const ResourceReader* reader = reader_of(context);
  if (reader == nullptr) return no_reader(context);
  const std::string_view resource = context.arena.copy(reader->resource_of(args[1].str(), args[2].str()));
  const std::string_view text = context.arena.copy(std::string(args[1].str()) + "/" + std::string(resource));
  return Value::of_opaque(context.arena.make<Gvr>(args[1].str(), resource, text));
}

constexpr Overload kResource[] = {
    {"resource_list_string_string_string_pascal", CONTEXT ".List(string, string, string) -> map(string, dyn)", list},
    {"resource_list_string_string_string_map_pascal",
     CONTEXT ".List(string, string, string, map(string, string)) -> map(string, dyn)", list},
    {"list_resources_gvr_string_pascal", CONTEXT ".List(" GVR ", string) -> map(string, dyn)", list_gvr},
    {"list_resources_gvr_string_map_pascal", CONTEXT ".List(" GVR ", string, map(string, string)) -> map(string, dyn)",
     list_gvr},
    {"resource_list_string_string_string_camel", CONTEXT ".list(string, string, string) -> map(string, dyn)", list},
    {"resource_list_string_string_string_map_camel",
     CONTEXT ".list(string, string, string, map(string, string)) -> map(string, dyn)", list},
    {"list_resources_gvr_string_camel", CONTEXT ".list(" GVR ", string) -> map(string, dyn)", list_gvr},
    {"list_resources_gvr_string_map_camel", CONTEXT ".list(" GVR ", string, map(string, string)) -> map(string, dyn)",
     list_gvr},
    {"resource_get_string_string_string_string_pascal",
     CONTEXT ".Get(string, string, string, string) -> map(string, dyn)", get},
    {"resource_get_gvr_string_string_pascal", CONTEXT ".Get(" GVR ", string, string) -> map(string, dyn)", get_gvr},
    {"resource_get_string_string_string_string_camel",
     CONTEXT ".get(string, string, string, string) -> map(string, dyn)", get},
    {"resource_get_gvr_string_string_camel", CONTEXT ".get(" GVR ", string, string) -> map(string, dyn)", get_gvr},
    {"resource_post_string_string_string_map_pascal",
     CONTEXT ".Post(string, string, string, map(string, dyn)) -> map(string, dyn)", post},
    {"resource_post_string_string_map_pascal", CONTEXT ".Post(string, string, map(string, dyn)) -> map(string, dyn)",
     post},
    {"resource_post_string_string_string_map_camel",
     CONTEXT ".post(string, string, string, map(string, dyn)) -> map(string, dyn)", post},
    {"resource_post_string_string_map_camel", CONTEXT ".post(string, string, map(string, dyn)) -> map(string, dyn)",
     post},
    {"convert_to_gvr_string_string_pascal", CONTEXT ".ToGVR(string, string) -> " GVR, to_gvr},
    {"convert_to_gvr_string_string_camel", CONTEXT ".toGVR(string, string) -> " GVR, to_gvr},
};

#undef GVR
#undef CONTEXT

}  // namespace
}  // namespace internal

Library kyverno_resource_library() {
  return {"kyverno.resource", 0, internal::kResource};
}

}  // namespace ameia::expr
