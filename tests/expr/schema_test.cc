#include "expr/schema.h"

#include "expr/support.h"

namespace ameia::expr::test {
namespace {

constexpr const char* kSchema = R"({"type": "object", "properties": {
  "size": {"type": "integer"}, "ratio": {"type": "number"}, "port": {"x-kubernetes-int-or-string": true},
  "when": {"type": "string", "format": "date-time"}, "day": {"type": "string", "format": "date"},
  "wait": {"type": "string", "format": "duration"}, "raw": {"type": "string", "format": "byte"},
  "a-b": {"type": "string"}, "namespace": {"type": "string"}, "gone": {"type": "string"},
  "tags": {"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
  "ports": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
            "items": {"type": "object", "properties": {"name": {"type": "string"}, "number": {"type": "integer"}}}},
  "labels": {"type": "object", "additionalProperties": {"type": "string"}},
  "any": {"x-kubernetes-preserve-unknown-fields": true},
  "template": {"type": "object", "x-kubernetes-embedded-resource": true, "x-kubernetes-preserve-unknown-fields": true}}})";

constexpr const char* kObject =
    R"({"size": 3, "ratio": 2, "port": "http", "when": "2020-01-02T03:04:05Z", "day": "2020-01-02",
  "wait": "90s", "raw": "aGk=", "a-b": "dash", "namespace": "keyword", "gone": null, "undeclared": 1,
  "tags": ["x", "y"], "ports": [{"name": "a", "number": 1}, {"name": "b", "number": 2}], "labels": {"k/1": "v"},
  "template": {"kind": "Pod", "metadata": {"name": "n"}}})";

struct Typed {
  Typed() : schema(json(kSchema)), object(json(kObject)), schemas(std::make_shared<Schemas>()) {
    index = schemas->add(schema->root());
    EnvBuilder builder(Version::all());
    builder.provider(schemas).object_variable("self", schemas->type_text(index));
    auto built = builder.build();
    EXPECT_TRUE(built.has_value()) << (built ? "" : built.error().text());
    with = std::make_shared<const Env>(std::move(*built));
  }
  std::string run(const std::string& source) {
    auto compiled = compile(source, *with);
    if (!compiled) return format_issues(source, compiled.error());
    ProgramSetBuilder builder(with);
    ProgramId id = *builder.add(std::move(*compiled));
    Machine machine(*builder.build());
    machine.set_schemas(schemas.get());
    machine.set("self", object->root(), index);
    return shown(machine.run(id).value);
  }
  std::shared_ptr<doc::Document> schema, object;
  std::shared_ptr<Schemas> schemas;
  std::shared_ptr<const Env> with;
  uint16_t index = 0;
};

TEST(SchemaTest, FieldsHaveTheirDeclaredKinds) {
  Typed typed;
  EXPECT_NE(typed.index, 0);
  EXPECT_EQ(typed.run("self.size + 1"), "4");
  EXPECT_EQ(typed.run("self.ratio + 0.5"), "2.5");
  EXPECT_EQ(typed.run("type(self.port) == string"), "true");
  EXPECT_EQ(typed.run("self.when.getFullYear()"), "2020");
  EXPECT_EQ(typed.run("self.when - self.day == duration('3h4m5s')"), "true");
  EXPECT_EQ(typed.run("self.wait.getSeconds()"), "90");
  EXPECT_EQ(typed.run("self.raw == b'hi'"), "true");
  EXPECT_EQ(typed.run("self.labels['k/1']"), "\"v\"");
  EXPECT_EQ(typed.run("self.template.kind + self.template.metadata.name"), "\"Podn\"");
}

TEST(SchemaTest, NamesAreEscapedAndOthersHidden) {
  Typed typed;
  EXPECT_EQ(typed.run("self.a__dash__b"), "\"dash\"");
  EXPECT_EQ(typed.run("self.__namespace__"), "\"keyword\"");
  EXPECT_EQ(typed.run("has(self.gone)"), "false");
  EXPECT_NE(typed.run("self.undeclared").find("undefined field 'undeclared'"), std::string::npos);
  EXPECT_NE(typed.run("self.any").find("undefined field 'any'"), std::string::npos);
}

TEST(SchemaTest, ListTypesDecideEqualityAndAddition) {
  Typed typed;
  EXPECT_EQ(typed.run("self.tags == ['y', 'x']"), "true");
  EXPECT_EQ(typed.run("self.tags == ['y', 'z']"), "false");
  EXPECT_EQ(typed.run("self.tags + ['y', 'z']"), "[\"x\", \"y\", \"z\"]");
  EXPECT_EQ(typed.run("(self.ports + self.ports).size()"), "2");
  EXPECT_EQ(typed.run("self.ports == self.ports"), "true");
}

TEST(SchemaTest, DataThatDoesNotFitIsAnErrorWhereItIsRead) {
  Typed typed;
  typed.object = json(R"({"size": "three", "ratio": 1.5, "wait": "soon"})");
  EXPECT_EQ(typed.run("self.size == 1"), "error: invalid data, expected int, got string");
  EXPECT_EQ(typed.run("self.ratio"), "1.5");
  EXPECT_EQ(typed.run("self.wait.getSeconds() == 1"), "error: Invalid duration soon");
}

}  // namespace
}  // namespace ameia::expr::test
