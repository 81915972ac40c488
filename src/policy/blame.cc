#include "policy/blame.h"

#include <algorithm>

#include "doc/json.h"
#include "doc/patch.h"
#include "kube/object.h"
#include "policy/limits.h"
#include "policy/secrets.h"
#include "report/fingerprint.h"

namespace ameia::policy {
namespace {

using doc::Node;

// One step down from an object's root.
struct Step {
  const Node* node;      // what the step leads to
  std::string_view key;  // empty: an element of a list
  size_t index = 0;
};
using Path = std::vector<Step>;

// Whether two nodes are the same place: trees made by code share their children with the document by value.
bool same(const Node& a, const Node& b) {
  if (&a == &b) return true;
  if (a.kind != b.kind || a.begin != b.begin || a.end != b.end || a.size != b.size) return false;
  return (a.is_map() || a.is_list() || a.is_string()) ? a.chars == b.chars : a.integer == b.integer;
}

// Depth first; a subtree whose bytes do not enclose the target's is passed over. Depth is the document's (Limits).
bool find_path(const Node& at, const Node& target, Path& path) {
  if (same(at, target)) return true;
  auto may_hold = [&](const Node& child) {
    return child.from_alias || at.from_alias || (child.begin <= target.begin && target.end <= child.end) ||
           child.end == 0;
  };
  size_t i = 0;
  for (const Node& item : at.list()) {
    path.push_back({&item, {}, i++});
    if (may_hold(item) && find_path(item, target, path)) return true;
    path.pop_back();
  }
  for (const doc::Member& member : at.map()) {
    path.push_back({&member.value, member.key->view(), 0});
    if (may_hold(member.value) && find_path(member.value, target, path)) return true;
    path.pop_back();
  }
  return false;
}

std::string pointer_of(const Path& path, size_t steps) {
  std::string out;
  for (size_t i = 0; i < steps; ++i) {
    out += '/';
    out += path[i].key.empty() && path[i].node != nullptr && i > 0 ? std::to_string(path[i].index)
                                                                   : doc::escape_pointer_token(path[i].key);
  }
  return out;
}

// "securityContext.capabilities.add[0]" from step `from` on.
std::string dotted(const Path& path, size_t from) {
  std::string out;
  for (size_t i = from; i < path.size(); ++i) {
    if (path[i].key.empty()) {
      out += "[" + std::to_string(path[i].index) + "]";
    } else {
      if (!out.empty()) out += ".";
      out += path[i].key;
    }
  }
  return out;
}

bool is_scalar(const Node& node) {
  return !node.is_map() && !node.is_list();
}

// Whether what stands at the path's end must not be shown.
bool is_hidden(const Node& object, const Path& path, const Node& node) {
  std::string_view kind = object["kind"].str();
  std::string_view top = path.empty() ? std::string_view() : path.front().key;
  bool data = top == "data" || top == "stringData" || top == "binaryData";
  if (data && (kind == "Secret" || kind == "ConfigMap")) return true;
  if (node.is_string() && !path.empty() && path.back().key != "secretName" && is_secret_name(path.back().key))
    return true;
  // {name: DB_PASSWORD, value: …}
  if (path.size() >= 2 && path.back().key == "value" && is_secret_name((*path[path.size() - 2].node)["name"].str()))
    return true;
  return node.is_string() && is_secret_text(node.str());
}

std::string shown(const Node& object, const Path& path, const Node& node) {
  if (is_scalar(node)) {
    if (is_hidden(object, path, node)) return std::string(kHidden);
  } else {
    bool plain = node.list().size() + node.map().size() <= 16;
    for (const Node& item : node.list()) plain = plain && is_scalar(item) && !is_hidden(object, path, item);
    for (const doc::Member& member : node.map()) {
      plain = plain && is_scalar(member.value) && !is_secret_name(member.key->view()) &&
              !is_hidden(object, path, member.value);
    }
    if (!plain) return {};
  }
  std::string text = doc::to_json(node);
  if (text.size() > kValueBytesMax) {
    size_t cut = kValueBytesMax;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) --cut;  // not inside a character
    text.resize(cut);
    text += "…";
  }
  return text;
}

constexpr std::string_view kContainerLists[] = {"containers", "initContainers", "ephemeralContainers"};

// How a person calls the list element that step `at` leads to: `container "web"`, `volumes "data"`, `rules[2]`.
std::string element_name(const Path& path, size_t at) {
  std::string_view list = at == 0 ? std::string_view() : path[at - 1].key;
  std::string_view name = (*path[at].node)["name"].str();
  bool container = std::find(std::begin(kContainerLists), std::end(kContainerLists), list) != std::end(kContainerLists);
  std::string noun = container ? (list == "containers"       ? "container"
                                  : list == "initContainers" ? "init container"
                                                             : "ephemeral container")
                               : std::string(list);
  if (name.empty()) return noun + (container ? " " : "") + "[" + std::to_string(path[at].index) + "]";
  return noun + " \"" + std::string(name) + "\"";
}

struct Found {
  Path path;
  const Node* node;
  std::string missing, beyond;
  size_t element;  // steps up to and with the innermost list element that is a map; 0 = none
};

// The blamed nodes that lie in the object, each with its path.
std::vector<Found> locate(const Judged& judged, const std::vector<expr::Blame>& blames) {
  std::vector<Found> out;
  for (const expr::Blame& blame : blames) {
    if (blame.node == nullptr) continue;
    const Node* target = blame.node;
    if (judged.pod != nullptr) {
      const Node* metadata = judged.pod->find("metadata");
      if (same(*target, *judged.pod)) {
        target = judged.pod_template;
      } else if (metadata != nullptr && same(*target, *metadata)) {
        const Node* written = judged.pod_template->find("metadata");
        target = written == nullptr ? judged.pod_template : written;
      }
    }
    Found found{{}, target, blame.missing, blame.beyond, 0};
    if (!find_path(*judged.object, *target, found.path)) continue;
    for (size_t i = found.path.size(); i > 0 && found.element == 0; --i) {
      if (found.path[i - 1].key.empty() && found.path[i - 1].node->is_map()) found.element = i;
    }
    out.push_back(std::move(found));
    if (out.size() >= kBlamesMax * 4) break;
  }
  return out;
}

// `!has(c.env) || c.env.all(…)` blames the list and the element in it: the inner one is the finding.
void drop_enclosing(std::vector<Found>& found) {
  auto encloses = [](const Found& outer, const Found& inner) {
    if (!outer.missing.empty() || outer.path.size() >= inner.path.size()) return false;
    return outer.path.empty() || outer.path.back().node == inner.path[outer.path.size() - 1].node;
  };
  std::erase_if(found, [&, all = found](const Found& f) {
    return std::any_of(all.begin(), all.end(), [&](const Found& other) { return encloses(f, other); });
  });
}

std::string described(const Found& found, const std::string& value) {
  std::string what = dotted(found.path, found.element);
  if (!found.missing.empty()) return what + (what.empty() ? "" : ".") + found.missing + " is not set";
  if (value.empty()) return what;
  return what.empty() ? value : what + " = " + value;
}

BlamedPlace place_of(const Judged& judged, const Found& found) {
  BlamedPlace place;
  place.node = found.node;
  place.pointer = pointer_of(found.path, found.path.size());
  if (!found.missing.empty()) {
    place.pointer += "/" + doc::escape_pointer_token(found.missing);
    place.beyond = found.beyond;
  } else {
    place.value = shown(*judged.object, found.path, *found.node);
  }
  std::string what = described(found, place.value);
  if (found.element > 0) {
    for (size_t at = 0; at < found.element; ++at) {  // container "web", env "DB_PASSWORD"
      if (!found.path[at].key.empty() || !found.path[at].node->is_map()) continue;
      place.detail += (place.detail.empty() ? "" : ", ") + element_name(found.path, at);
    }
    if (!what.empty()) place.detail += ": " + what;
  } else {
    place.detail = what;
  }
  return place;
}

// Another blame of an element that already has a place: its value is added, a few at most.
void join(const Judged& judged, const Found& found, BlamedPlace& place) {
  if (!found.missing.empty() || place.value.empty()) return;
  std::string value = shown(*judged.object, found.path, *found.node);
  if (value.empty() || place.value.find(value) != std::string::npos ||
      place.value.size() + value.size() > kValueBytesMax)
    return;
  place.value += ", " + value;
  place.detail += ", " + described(found, value);
}

}  // namespace

std::vector<BlamedPlace> blamed_places(const Judged& judged, const std::vector<expr::Blame>& blames) {
  std::vector<Found> found = locate(judged, blames);
  drop_enclosing(found);
  bool in_elements = std::any_of(found.begin(), found.end(), [](const Found& f) { return f.element > 0; });
  bool has_values =
      std::any_of(found.begin(), found.end(), [](const Found& f) { return f.element == 0 && f.missing.empty(); });
  std::vector<BlamedPlace> places;
  std::vector<std::string> keys;  // of each place: the element's pointer, or its own
  bool missing_reported = false;
  for (const Found& f : found) {
    if (f.element == 0 && !f.missing.empty()) {
      // A field that would have helped, beside something that is wrong: the wrong thing is the finding.
      if (in_elements || has_values || missing_reported) continue;
      missing_reported = true;
    }
    std::string key = pointer_of(f.path, f.element > 0 ? f.element : f.path.size());
    auto known = std::find(keys.begin(), keys.end(), key);
    if (known != keys.end()) {
      join(judged, f, places[static_cast<size_t>(known - keys.begin())]);
      continue;
    }
    if (places.size() >= kBlamesMax) break;
    places.push_back(place_of(judged, f));
    keys.push_back(std::move(key));
  }
  if (places.empty()) places.push_back({judged.object, {}, {}, {}, {}});
  return places;
}

report::Finding make_finding(const report::Rule& rule, const Judged& judged, const BlamedPlace& place,
                             std::string_view message) {
  kube::ObjectView view(*judged.object);
  report::Finding finding;
  finding.id = rule.id;
  finding.severity = rule.severity;
  finding.resource = {std::string(view.api_version()), std::string(view.kind()), std::string(view.ns()),
                      std::string(view.name()), std::string(view.uid())};
  if (finding.resource.name.empty()) finding.resource.name = view.generate_name();
  const doc::Source& source = judged.document->source();
  doc::Position position = source.position(place.node->begin);
  finding.location = {source.name(), position.line, position.column, place.node->begin, place.node->end, place.pointer};
  finding.message = message;
  if (!place.detail.empty()) finding.message += " (" + place.detail + ")";
  finding.value = place.value;
  report::set_fingerprint(finding, judged.object, place.beyond);
  return finding;
}

}  // namespace ameia::policy
