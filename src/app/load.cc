#include "app/load.h"

#include <algorithm>
#include <charconv>

#include "app/files.h"
#include "app/limits.h"
#include "app/nulls.h"
#include "app/scan.h"
#include "doc/build.h"
#include "doc/json.h"
#include "doc/yaml.h"
#include "kube/object.h"
#include "kube/resource.h"
#include "report/text.h"

namespace ameia::app {
namespace {

using report::FindingStatus;

constexpr doc::Limits kLimits{
    .bytes_max = kFileBytesMax, .depth_max = kYamlDepthMax, .nodes_max = kNodesMax, .alias_nodes_max = kAliasNodesMax};

report::Finding row(std::string_view id, FindingStatus status, const std::string& file, std::string message) {
  report::Finding finding;
  finding.id = id;
  finding.status = status;
  for (const report::Rule& rule : document_rules()) {
    if (rule.id == id) finding.severity = rule.severity;
  }
  finding.location.file = file;
  finding.message = std::move(message);
  return finding;
}

// "file:12:3" of an Error, read back into a place.
void place(report::Finding& finding, const std::string& where) {
  std::string_view text = where;
  if (!text.starts_with(finding.location.file)) return;
  text.remove_prefix(finding.location.file.size());
  uint32_t line = 0, column = 0;
  const char* end = text.data() + text.size();
  if (text.size() < 2 || text[0] != ':') return;
  const auto [colon, bad_line] = std::from_chars(text.data() + 1, end, line);
  if (bad_line != std::errc() || colon == end || *colon != ':') return;
  if (std::from_chars(colon + 1, end, column).ec != std::errc()) return;
  finding.location.line = line;
  finding.location.column = column;
}

bool has_braces(std::string_view text) {
  return text.find("{{") != std::string_view::npos;
}

// Why these bytes are no text at all; empty when they may be.
std::string_view why_binary(std::string_view bytes) {
  if (bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF"))
    return "this is UTF-16; Kubernetes reads UTF-8, convert it: iconv -f UTF-16 -t UTF-8";
  if (bytes.starts_with("\x1F\x8B")) return "this is gzip, not text; save it as a file and name that";
  if (bytes.substr(0, kBinaryProbeBytes).find('\0') != std::string_view::npos)
    return "this is a binary file, not YAML or JSON";
  return {};
}

}  // namespace

const doc::Limits& text_limits() {
  return kLimits;
}

ParsedText parse_text(const std::shared_ptr<const doc::Source>& source) {
  auto keys = std::make_shared<doc::Keys>();
  std::string_view text = source->bytes();
  size_t first = text.find_first_not_of(" \t\r\n");
  bool is_json_file = source->name().ends_with(".json");
  if (first != std::string_view::npos && (is_json_file || text[first] == '{')) {
    auto document = doc::parse_json(source, keys, kLimits);
    if (document) return {{std::move(*document)}, {}, doc::Syntax::kJson};
    if (is_json_file) return {{}, {document.error()}, doc::Syntax::kJson};
    // Flow YAML begins with a brace too.
  }
  doc::YamlStream stream = doc::parse_yaml(source, keys, kLimits);
  return {std::move(stream.documents), std::move(stream.errors), doc::Syntax::kYaml};
}

namespace {

report::Resource resource_of(const kube::ObjectView& object) {
  std::string_view name = object.name().empty() ? object.generate_name() : object.name();
  return {std::string(object.api_version()), std::string(object.kind()), std::string(object.ns()), std::string(name),
          std::string(object.uid())};
}

void add_duplicates(const doc::Document& document, const std::vector<LoadedObject>& objects, Loaded& out) {
  size_t told = 0;
  for (const doc::DuplicateKey& duplicate : document.duplicates()) {
    if (told++ == kRowsPerFileMax) break;
    const doc::Source& source = document.source();
    doc::Position first = source.position(duplicate.first_begin), second = source.position(duplicate.second_begin);
    std::string key = duplicate.path.substr(duplicate.path.rfind('/') + 1);
    report::Finding finding =
        row(kDuplicateKeyId, FindingStatus::kFail, source.name(),
            "the key \"" + report::clean(key) + "\" is written twice, at line " + std::to_string(first.line) +
                " column " + std::to_string(first.column) + " and at line " + std::to_string(second.line) + " column " +
                std::to_string(second.column) + "; the last one counts");
    finding.value = key;
    finding.location.line = second.line;
    finding.location.column = second.column;
    finding.location.begin = duplicate.second_begin;
    finding.location.end = duplicate.second_begin + static_cast<uint32_t>(key.size());
    finding.location.pointer = duplicate.path;
    for (const LoadedObject& object : objects) {
      if (object.document.get() == &document && object.node->begin <= duplicate.second_begin &&
          duplicate.second_begin < object.node->end) {
        finding.resource = resource_of(kube::ObjectView(*object.node));
      }
    }
    out.rows.push_back(std::move(finding));
  }
}

// The object as the API server would see it.
LoadedObject object_of(const std::shared_ptr<const doc::Document>& document, const doc::Node& node) {
  static const kube::ResourceTable kBuiltIn;
  LoadedObject object{document, &node, nullptr};
  kube::ObjectView view(node);
  if (kBuiltIn.find(view.group_version().group, view.kind()).guessed) return object;
  auto arena = std::make_shared<base::Arena>();
  doc::Node pruned;
  if (!drop_nulls(node, *arena, pruned)) return object;
  object.node = arena->make<doc::Node>(pruned);
  object.made = std::move(arena);
  return object;
}

// What a kubelet says of itself (GET /api/v1/nodes/NODE/proxy/configz): its configuration without apiVersion and kind.
std::optional<LoadedObject> configz_of(const std::shared_ptr<const doc::Document>& document, const doc::Node& node) {
  const doc::Node* config = node.find("kubeletconfig");
  if (config == nullptr || !config->is_map() || node.find("kind") != nullptr) return std::nullopt;
  auto arena = std::make_shared<base::Arena>();
  doc::Builder build(*arena);
  doc::Node object = build.with_member(*config, "apiVersion", build.string("kubelet.config.k8s.io/v1beta1"));
  object = build.with_member(object, "kind", build.string("KubeletConfiguration"));
  object = build.with_member(object, "metadata", build.map({{"name", build.string("configz")}}));
  return LoadedObject{document, arena->make<doc::Node>(object), std::move(arena)};
}

// Takes the objects of one document; says what is none.
void add_objects(const std::shared_ptr<const doc::Document>& document, const InputFile& file, bool& said_no_object,
                 Loaded& out) {
  std::vector<const doc::Node*> nodes;
  kube::expand_list(document->root(), nodes);
  for (const doc::Node* node : nodes) {
    kube::ObjectView object(*node);
    std::string_view base = std::string_view(file.name).substr(file.name.rfind('/') + 1);
    bool is_kustomize = object.group_version().group == "kustomize.config.k8s.io" || is_kustomization_name(base);
    if (object.is_object() && !is_kustomize) {
      out.objects.push_back(object_of(document, *node));
      continue;
    }
    if (auto configz = configz_of(document, *node)) {
      out.objects.push_back(std::move(*configz));
      continue;
    }
    if (out.rows.size() >= kRowsPerFileMax) return;
    doc::Position position = document->position(*node);
    if (node->is_map() && !is_kustomize && object.api_version().empty() != object.kind().empty() &&
        object.metadata().is_map()) {
      report::Finding finding = row(kNoObjectId, FindingStatus::kNotEvaluated, file.name,
                                    object.kind().empty() ? "this looks like an object, but its kind is missing"
                                                          : "this looks like an object, but its apiVersion is missing");
      finding.location.line = position.line;
      finding.location.column = position.column;
      out.rows.push_back(std::move(finding));
    } else if (!said_no_object) {
      said_no_object = true;
      std::string directory =
          file.name.find('/') == std::string::npos ? "." : file.name.substr(0, file.name.rfind('/'));
      out.rows.push_back(row(kNoObjectId, FindingStatus::kNotApplicable, file.name,
                             is_kustomize ? "a kustomization: its resources are judged as they are written; for what "
                                            "it builds: kubectl kustomize " +
                                                directory + " | ameia scan -"
                                          : "holds no Kubernetes object (no apiVersion and kind)"));
    }
  }
}

}  // namespace

// A row has its place beside it; the snippet and caret of a parse error are for one error on a terminal.
static std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

Loaded load(const InputFile& file) {
  Loaded out;
  if (!file.kustomization.empty()) {
    out.rows.push_back(row(kPatchId, FindingStatus::kNotEvaluated, file.name,
                           "a patch of the kustomization in " + file.kustomization +
                               ", no whole object; render it first: kubectl kustomize " +
                               (file.bytes != nullptr ? "DIR" : file.kustomization) + " | ameia scan -"));
    return out;
  }
  auto bytes = read_input(file);
  if (!bytes) {
    out.rows.push_back(row(kUnreadableId, FindingStatus::kError, file.name, bytes.error().what));
    return out;
  }
  if (std::string_view why = why_binary(*bytes); !why.empty()) {
    out.rows.push_back(row(kUnparsableId, FindingStatus::kError, file.name, std::string(why)));
    return out;
  }
  if (!file.chart.empty() && has_braces(*bytes)) {
    bool is_packed = file.chart.find('!') != std::string::npos;
    out.rows.push_back(row(kTemplateId, FindingStatus::kNotEvaluated, file.name,
                           "a template of the Helm chart " + file.chart +
                               (is_packed ? "; unpack it and render it: helm template CHART | ameia scan -"
                                          : "; render it first: helm template " + file.chart + " | ameia scan -")));
    return out;
  }
  out.source_bytes = bytes->size();
  auto source = std::make_shared<doc::Source>(file.name, std::move(*bytes));
  ParsedText parsed = parse_text(source);
  bool said_no_object = false;
  for (auto& document : parsed.documents) {
    out.documents.push_back(document);
    add_objects(document, file, said_no_object, out);
  }
  for (const auto& document : parsed.documents) add_duplicates(*document, out.objects, out);
  for (const base::Error& error : parsed.errors) {
    bool is_template = error.code == base::Code::kInvalidInput && has_braces(source->bytes());
    report::Finding finding =
        is_template
            ? row(kTemplateId, FindingStatus::kNotEvaluated, file.name,
                  "this looks like a template ({{ … }}), not a manifest; render it first: " + first_line(error.what))
            : row(kUnparsableId, FindingStatus::kError, file.name, first_line(error.what));
    place(finding, error.where);
    out.rows.push_back(std::move(finding));
  }
  if (parsed.documents.empty() && parsed.errors.empty()) {
    out.rows.push_back(row(kNoObjectId, FindingStatus::kNotApplicable, file.name, "holds no document"));
  }
  return out;
}

base::Result<std::vector<std::shared_ptr<const doc::Document>>> load_documents(const std::string& path) {
  std::string bytes = TRY(read_file(path, kFileBytesMax));
  if (std::string_view why = why_binary(bytes); !why.empty())
    return base::fail(base::Code::kInvalidInput, std::string(why), path);
  ParsedText parsed = parse_text(std::make_shared<doc::Source>(path, std::move(bytes)));
  if (!parsed.errors.empty()) return std::unexpected(parsed.errors.front());
  return std::vector<std::shared_ptr<const doc::Document>>(parsed.documents.begin(), parsed.documents.end());
}

base::Result<std::vector<LoadedObject>> load_objects(const std::string& path) {
  std::vector<LoadedObject> objects;
  auto documents = TRY(load_documents(path));
  for (const auto& document : documents) {
    std::vector<const doc::Node*> nodes;
    kube::expand_list(document->root(), nodes);
    for (const doc::Node* node : nodes) {
      if (!kube::ObjectView(*node).is_object()) {
        return base::fail(base::Code::kInvalidInput, "this is no Kubernetes object: it needs apiVersion and kind",
                          document->source().where(node->begin));
      }
      objects.push_back(object_of(document, *node));
    }
  }
  if (objects.empty()) return base::fail(base::Code::kInvalidInput, "holds no Kubernetes object", path);
  return objects;
}

}  // namespace ameia::app
