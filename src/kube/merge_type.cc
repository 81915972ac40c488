#include "kube/merge_type.h"

#include <algorithm>

#include "kube/limits.h"

namespace ameia::kube {
namespace {

doc::Node text_node(std::string_view text) {
  doc::Node node;
  node.kind = doc::Kind::kString;
  node.ascii = true;
  node.size = static_cast<uint32_t>(text.size());
  node.chars = text.data();
  return node;
}

// The defaults among the keys of built-in lists: the protocol of ports, the name of imagePullSecrets.
const doc::Node* key_default(std::string_view type, std::string_view key) {
  static const doc::Node kTcp = text_node("TCP"), kEmpty = text_node("");
  if (key == "protocol" && (type == "ContainerPort" || type == "ServicePort")) return &kTcp;
  return key == "name" && type == "LocalObjectReference" ? &kEmpty : nullptr;
}

// Members that are structs in Go, beside metadata, spec and status of whole objects (k8s.io/api types.go).
struct Written {
  std::string_view type, member;
};
constexpr Written kWritten[] = {
    {"Container", "resources"},
    {"ContainerStatus", "lastState"},
    {"ContainerStatus", "state"},
    {"ContainerResourceMetricSource", "target"},
    {"CronJobSpec", "jobTemplate"},
    {"CustomResourceDefinitionSpec", "names"},
    {"CustomResourceDefinitionStatus", "acceptedNames"},
    {"DaemonSetSpec", "template"},
    {"DaemonSetSpec", "updateStrategy"},
    {"DeploymentSpec", "strategy"},
    {"DeploymentSpec", "template"},
    {"EphemeralContainer", "resources"},
    {"ExternalMetricSource", "metric"},
    {"ExternalMetricSource", "target"},
    {"HTTPIngressPath", "backend"},
    {"HorizontalPodAutoscalerSpec", "scaleTargetRef"},
    {"IngressServiceBackend", "port"},
    {"IngressStatus", "loadBalancer"},
    {"JobSpec", "template"},
    {"JobTemplateSpec", "metadata"},
    {"JobTemplateSpec", "spec"},
    {"MutatingWebhook", "clientConfig"},
    {"NetworkPolicySpec", "podSelector"},
    {"NodeStatus", "daemonEndpoints"},
    {"NodeStatus", "nodeInfo"},
    {"ObjectMetricSource", "describedObject"},
    {"ObjectMetricSource", "metric"},
    {"ObjectMetricSource", "target"},
    {"PersistentVolumeClaimSpec", "resources"},
    {"PersistentVolumeClaimTemplate", "metadata"},
    {"PersistentVolumeClaimTemplate", "spec"},
    {"PodTemplateSpec", "metadata"},
    {"PodTemplateSpec", "spec"},
    {"PodsMetricSource", "metric"},
    {"PodsMetricSource", "target"},
    {"ReplicaSetSpec", "template"},
    {"ResourceClaimSpec", "devices"},
    {"ResourceClaimTemplateSpec", "metadata"},
    {"ResourceClaimTemplateSpec", "spec"},
    {"ResourceMetricSource", "target"},
    {"ServiceStatus", "loadBalancer"},
    {"StatefulSetSpec", "template"},
    {"StatefulSetSpec", "updateStrategy"},
    {"ValidatingWebhook", "clientConfig"},
    {"VolumeAttachmentSpec", "source"},
    {"WeightedPodAffinityTerm", "podAffinityTerm"},
    {"PreferredSchedulingTerm", "preference"},
};

MergeType::Scalar scalar_of(ScalarType type) {
  switch (type) {
    case ScalarType::kString:
    case ScalarType::kBytes: return MergeType::Scalar::kString;
    case ScalarType::kInt32:
    case ScalarType::kInt64:
    case ScalarType::kDouble: return MergeType::Scalar::kNumeric;
    case ScalarType::kBool: return MergeType::Scalar::kBoolean;
    default: return MergeType::Scalar::kUntyped;
  }
}

bool is_true(const doc::Node& node) {
  return node.boolean_or(false);
}

const StructType& object_meta() {
  static const StructType kType = StructType::of(*StructType::of_kind("v1", "Pod")->field("metadata"));
  return kType;
}

}  // namespace

MergeType MergeType::of(const Field& field) {
  MergeType out;
  if (field.shape == Shape::kOne && !field.scalar) return of(StructType::of(field));
  if (field.shape == Shape::kOne && *field.scalar == ScalarType::kAny) return out;
  out.from_ = From::kField;
  out.field_ = field;
  return out;
}

MergeType MergeType::of(const StructType& type) {
  MergeType out;
  out.from_ = From::kStruct;
  out.struct_ = type;
  return out;
}

MergeType MergeType::of_schema(const doc::Node& schema, bool resource_root) {
  MergeType out;
  out.from_ = From::kSchema;
  out.schema_ = &schema;
  out.resource_root_ = resource_root || is_true(schema["x-kubernetes-embedded-resource"]);
  return out;
}

MergeType::Kind MergeType::kind() const {
  switch (from_) {
    case From::kAny: return Kind::kAny;
    case From::kStruct: return Kind::kMap;
    case From::kField:
      return field_.shape == Shape::kOne ? Kind::kScalar : field_.shape == Shape::kList ? Kind::kList : Kind::kMap;
    case From::kSchema: break;
  }
  const doc::Node& schema = *schema_;
  if (is_true(schema["x-kubernetes-int-or-string"])) return Kind::kScalar;
  std::string_view type = schema["type"].str();
  if (type == "array") return Kind::kList;
  if (type == "object" || resource_root_) {
    bool open = !schema["properties"].is_map() && !schema["additionalProperties"].is_map() && !resource_root_;
    return open ? Kind::kAny : Kind::kMap;
  }
  return type.empty() ? Kind::kAny : Kind::kScalar;
}

MergeType::Scalar MergeType::scalar() const {
  if (from_ == From::kField) return scalar_of(*field_.scalar);
  std::string_view type = (*schema_)["type"].str(), format = (*schema_)["format"].str();
  if (is_true((*schema_)["x-kubernetes-int-or-string"])) return Scalar::kUntyped;
  if (type == "integer" || type == "number") return Scalar::kNumeric;
  if (type == "boolean") return Scalar::kBoolean;
  return format.empty() || format == "byte" ? Scalar::kString : Scalar::kUntyped;
}

ListType MergeType::list_type() const {
  if (from_ == From::kField) return field_.list_type == ListType::kUnset ? ListType::kAtomic : field_.list_type;
  std::string_view type = (*schema_)["x-kubernetes-list-type"].str();
  return type == "map" ? ListType::kKeyed : type == "set" ? ListType::kSet : ListType::kAtomic;
}

std::vector<std::string_view> MergeType::keys() const {
  std::vector<std::string_view> out;
  if (from_ == From::kSchema) {
    for (const doc::Node& key : (*schema_)["x-kubernetes-list-map-keys"].list()) out.push_back(key.str());
    return out;
  }
  for (std::string_view rest = field_.map_keys; !rest.empty();) {
    size_t comma = rest.find(',');
    out.push_back(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return out;
}

MergeType MergeType::element() const {
  if (from_ == From::kSchema) {
    const doc::Node* items = schema_->find("items");
    return items == nullptr ? any() : of_schema(*items, false);
  }
  Field one = field_;
  one.shape = Shape::kOne;
  return of(one);
}

bool MergeType::atomic_map() const {
  if (from_ == From::kStruct) return struct_->atomic();
  if (from_ == From::kField) return field_.list_type == ListType::kAtomic && field_.shape == Shape::kMap;
  return from_ == From::kSchema && (*schema_)["x-kubernetes-map-type"].str() == "atomic";
}

std::optional<MergeType> MergeType::member(std::string_view name, bool* declared) const {
  if (declared != nullptr) *declared = from_ == From::kStruct || from_ == From::kSchema;
  switch (from_) {
    case From::kAny: return any();
    case From::kStruct: {
      std::optional<Field> field = struct_->field(name);
      return field ? std::optional(of(*field)) : std::nullopt;
    }
    case From::kField: {
      Field inner = field_;
      inner.shape = field_.shape == Shape::kMapOfLists ? Shape::kList : Shape::kOne;
      if (field_.shape == Shape::kMapOfLists) inner.list_type = ListType::kUnset;
      return of(inner);
    }
    case From::kSchema: break;
  }
  if (const doc::Node* property = (*schema_)["properties"].find(name); property != nullptr) {
    if (!(resource_root_ && name == "metadata")) return of_schema(*property, false);
  }
  if (resource_root_) {
    if (name == "metadata") return of(object_meta());
    if (name == "apiVersion" || name == "kind") return of(*StructType::of_kind("v1", "Pod")->field(name));
  }
  if (declared != nullptr) *declared = false;
  const doc::Node& others = (*schema_)["additionalProperties"];
  if (others.is_map()) return of_schema(others, false);
  if (is_true(others) || is_true((*schema_)["x-kubernetes-preserve-unknown-fields"])) return any();
  return std::nullopt;
}

const doc::Node* MergeType::default_of(std::string_view key) const {
  if (from_ == From::kStruct) return key_default(struct_->name(), key);
  if (from_ != From::kSchema) return nullptr;
  const doc::Node* value = (*schema_)["properties"][key].find("default");
  return value == nullptr || value->is_null() ? nullptr : value;
}

bool MergeType::always_written(std::string_view name) const {
  if (from_ == From::kSchema) return resource_root_ && name == "metadata";
  if (from_ != From::kStruct) return false;
  std::optional<Field> field = struct_->field(name);
  if (!field || field->scalar || field->shape != Shape::kOne) return false;
  bool whole = struct_->field("apiVersion") && struct_->field("kind") && struct_->field("metadata");
  if (whole && (name == "metadata" || name == "spec" || name == "status")) return true;
  return std::any_of(std::begin(kWritten), std::end(kWritten),
                     [&](const Written& written) { return written.type == struct_->name() && written.member == name; });
}

void MergeTypes::learn(const doc::Node& object) {
  if (object["kind"].str() != "CustomResourceDefinition") return;
  const doc::Node& spec = object["spec"];
  std::string kind(spec["names"]["kind"].str());
  for (const doc::Node& version : spec["versions"].list()) {
    const doc::Node* schema = version.find("schema", "openAPIV3Schema");
    if (schema == nullptr) schema = spec.find("validation", "openAPIV3Schema");
    if (schema == nullptr || custom_.size() >= kCustomResourcesMax) continue;
    custom_.try_emplace({std::string(spec["group"].str()) + "/" + std::string(version["name"].str()), kind}, schema);
  }
}

std::optional<MergeType> MergeTypes::find(std::string_view api_version, std::string_view kind) const {
  if (std::optional<StructType> type = StructType::of_kind(api_version, kind)) return MergeType::of(*type);
  auto custom = custom_.find({std::string(api_version), std::string(kind)});
  if (custom == custom_.end()) return std::nullopt;
  return MergeType::of_schema(*custom->second, true);
}

}  // namespace ameia::kube
