// Fingerprints: the identity of a finding over time. Baselines, waivers and SARIF consumers recognise findings by them.
// SHA-256 over check id, API group, kind, namespace, name and the path of the offending field, where a list element is
// called by its name (containers[name=web]) rather than its index. So a finding keeps its fingerprint when lines move,
// files are renamed, containers are reordered, the API version or the offending value changes; and, where a check asks
// for a field of a map that is missing as well, when the map appears without the field.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/finding.h"

namespace ameia::report {

// `pointer` with list indices replaced by names where the elements have them: "/spec/containers/[name=web]/image".
std::string stable_path(const doc::Node& object, std::string_view pointer);
// Sets the fingerprint. `beyond`: a JSON Pointer from the missing field that location.pointer names to the one that the
// check asks for. `object` is what location.pointer points into, nullptr when there is none (a broken file: then
// the file's name stands for it).
void set_fingerprint(Finding& finding, const doc::Node* object, std::string_view beyond = {});
// Findings that would share a fingerprint (the same object in two files) get theirs made distinct, in the order given:
// the first keeps it. Call it on the sorted list.
void separate_twins(std::vector<Finding>& findings);

}  // namespace ameia::report
