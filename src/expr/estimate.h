// Estimated cost: the range of Kubernetes cost units that evaluating a checked expression may take, found without data.
// The API server refuses a custom resource's rules by it, so sizes come from the schema: maxLength, maxItems,
// maxProperties, formats and enumerations; what the schema does not bound, the size of a request does.
// Neighbours: expr/schema.h knows the sizes, policy/crd_rules.h applies the limits. Figures: cel-go checker/cost.go and
// k8s.io/apiserver pkg/cel/library/cost.go.
#pragma once

#include <cstdint>

#include "expr/check.h"

namespace ameia::expr {

class Schemas;  // expr/schema.h

// From min to max units, or elements of a value. Arithmetic stops at the largest number.
struct Range {
  uint64_t min = 0, max = 0;
  bool operator==(const Range&) const = default;
};

// `root` is the schema of the variables (self, oldSelf); without `schemas` no size is known beforehand.
Range estimate_cost(const Checked& checked, const Schemas* schemas = nullptr, uint16_t root = 0);

}  // namespace ameia::expr
