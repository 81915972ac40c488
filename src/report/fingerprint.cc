#include "report/fingerprint.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "crypt/hash.h"
#include "doc/patch.h"

namespace ameia::report {
namespace {

constexpr size_t kFingerprintHexDigits = 32;  // 128 bits: no chance meeting among a billion findings

// One step down; nullptr where nothing is.
const doc::Node* child_of(const doc::Node& parent, const std::string& token) {
  if (parent.is_map()) return parent.find(std::string_view(token));
  size_t index = 0;
  auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), index);
  if (error != std::errc() || end != token.data() + token.size() || index >= parent.list().size()) return nullptr;
  return &parent.list()[index];
}

std::string hash_of(const Finding& finding, std::string_view path) {
  std::string_view group = finding.resource.api_version;
  size_t slash = group.find('/');
  group = slash == std::string_view::npos ? std::string_view() : group.substr(0, slash);
  std::string text = "ameia/1";
  for (std::string_view part : {std::string_view(finding.id), group, std::string_view(finding.resource.kind),
                                std::string_view(finding.resource.ns), std::string_view(finding.resource.name), path}) {
    text += '\0';  // no field may hold it, so that no two sets of fields give one text
    std::replace_copy(part.begin(), part.end(), std::back_inserter(text), '\0', ' ');
  }
  return crypt::sha256_hex(text).substr(0, kFingerprintHexDigits);
}

}  // namespace

std::string stable_path(const doc::Node& object, std::string_view pointer) {
  auto tokens = doc::parse_pointer(pointer);
  if (!tokens) return std::string(pointer);
  std::string path;
  const doc::Node* at = &object;
  for (const std::string& token : *tokens) {
    const doc::Node* next = at == nullptr ? nullptr : child_of(*at, token);
    std::string_view name =
        at != nullptr && at->is_list() && next != nullptr ? (*next)["name"].str() : std::string_view();
    path += '/';
    if (name.empty()) {
      path += doc::escape_pointer_token(token);
    } else {
      path.append("[name=").append(doc::escape_pointer_token(name)).append("]");
    }
    at = next;
  }
  return path;
}

void set_fingerprint(Finding& finding, const doc::Node* object, std::string_view beyond) {
  std::string path = object == nullptr ? finding.location.file + '#' + finding.location.pointer
                                       : stable_path(*object, finding.location.pointer);
  if (!beyond.empty()) {
    finding.earlier_fingerprint = hash_of(finding, path);
    path += beyond;
  }
  finding.fingerprint = hash_of(finding, path);
}

void separate_twins(std::vector<Finding>& findings) {
  std::unordered_map<std::string_view, size_t> seen;  // into the first finding of each, which keeps its own
  seen.reserve(findings.size());
  for (Finding& finding : findings) {
    const size_t twin = seen[finding.fingerprint]++;
    if (twin != 0)
      finding.fingerprint =
          crypt::sha256_hex(finding.fingerprint + '#' + std::to_string(twin)).substr(0, kFingerprintHexDigits);
  }
}

}  // namespace ameia::report
