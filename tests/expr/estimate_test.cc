// The estimator's arithmetic and what no schema bounds. Its figures on schemas are Kubernetes' own tables
// (tests/conformance); here stands what those do not ask.
#include "expr/estimate.h"

#include <gtest/gtest.h>

#include <limits>

#include "doc/yaml.h"
#include "expr/schema.h"

namespace ameia::expr {
namespace {

constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();

// `self` of a schema written in YAML; its estimate is of `text`.
Range estimate(const std::string& schema, const std::string& text) {
  auto source = std::make_shared<const doc::Source>("schema.yaml", schema);
  doc::YamlStream stream = doc::parse_yaml(source, std::make_shared<doc::Keys>());
  EXPECT_EQ(stream.documents.size(), 1u);
  auto schemas = std::make_shared<Schemas>();
  const uint16_t root = schemas->add(stream.documents[0]->root());
  EnvBuilder builder(Version::latest());
  builder.provider(schemas);
  if (schemas->is_object(root))
    builder.object_variable("self", schemas->type_text(root));
  else
    builder.variable("self", schemas->type_text(root));
  Env env = std::move(*builder.build());
  auto checked = compile(text, env);
  EXPECT_TRUE(checked) << text;
  return checked ? estimate_cost(*checked, schemas.get(), root) : Range{};
}

TEST(Estimate, ShortCircuitsCostAtLeastTheirFirstArm) {
  const std::string schema = "{type: object, properties: {a: {type: integer}, b: {type: integer}}}";
  EXPECT_EQ(estimate(schema, "self.a > 1"), (Range{3, 3}));
  EXPECT_EQ(estimate(schema, "self.a > 1 && self.b > 1"), (Range{3, 6}));
  EXPECT_EQ(estimate(schema, "self.a > 1 ? self.b > 1 : true"), (Range{3, 6}));
}

TEST(Estimate, LoopsCostTheLargestListTheSchemaAllows) {
  EXPECT_EQ(estimate("{type: array, maxItems: 7, items: {type: integer}}", "self.all(x, x > 1)").max,
            // the list, its result, and for each item: the accumulator, the comparison and its reading
            1 + 1 + 7 * (2 + 3));
  EXPECT_EQ(estimate("{type: array, maxItems: 0, items: {type: integer}}", "self.all(x, x > 1)").max, 2u);
  EXPECT_EQ(estimate("{type: array, maxItems: -3, items: {type: integer}}", "self.all(x, x > 1)").max, 2u);
}

TEST(Estimate, TextsAreBoundedByTheirFormatsAndEnumerations) {
  EXPECT_EQ(estimate("{type: string, maxLength: 10}", "self.contains('x')").max, 1u + 4);  // 40 bytes
  EXPECT_EQ(estimate("{type: string, enum: [a, bcdefghijkl]}", "self.contains('x')").max, 1u + 2);
  EXPECT_EQ(estimate("{type: string}", "self.contains('x')").max, 1u + 314573);
}

TEST(Estimate, WhatNothingBoundsIsCappedNotWrapped) {
  auto checked = [](const std::string& text) {
    static const Env env = std::move(*EnvBuilder(Version::latest()).variable("x", "list(list(string))").build());
    auto out = compile(text, env);
    EXPECT_TRUE(out) << text;
    return estimate_cost(*out);
  };
  EXPECT_EQ(checked("x.all(a, a.all(b, b == 'c'))").max, kMost);
  EXPECT_EQ(checked("x.map(a, a.map(b, b + b)).size() == 1").max, kMost);
  EXPECT_EQ(checked("'abc'.replace('', 'xyz') == ''").max, 1u);
}

}  // namespace
}  // namespace ameia::expr
