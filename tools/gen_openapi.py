#!/usr/bin/env python3
"""Writes src/kube/gen/openapi.cc, the compact schema table of the built-in kinds, from the Kubernetes OpenAPI v2 document.

The result is checked in, so that a build needs no such file. Usage: gen_openapi.py SWAGGER.json > src/kube/gen/openapi.cc
"""
import json
import sys

# Scalars come first in the type table; their order is kube::ScalarType's.
SCALARS = ["any", "string", "bytes", "time", "int32", "int64", "double", "bool", "quantity", "int_or_string"]
NAMED = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": "quantity",
    "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime": "time",
    "io.k8s.apimachinery.pkg.apis.meta.v1.Time": "time",
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": "int_or_string",
}
PREFIX = "#/definitions/"
# Kinds every group serves for its own machinery; they are not objects a user writes.
MACHINERY = {"DeleteOptions", "WatchEvent", "APIGroup", "APIGroupList", "APIResourceList", "APIVersions", "Status"}


def scalar_of(schema):
    kind, form = schema.get("type"), schema.get("format")
    if kind == "string":
        return {"byte": "bytes", "date-time": "time", "int-or-string": "int_or_string"}.get(form, "string")
    if kind == "integer":
        return "int64" if form == "int64" else "int32"
    return {"number": "double", "boolean": "bool"}.get(kind, "any")


class Table:
    def __init__(self, definitions):
        self.definitions = definitions
        self.index = {name: i for i, name in enumerate(SCALARS)}
        self.structs = []
        for name in sorted(definitions):
            if name not in NAMED and "properties" in definitions[name]:
                self.index[name] = len(SCALARS) + len(self.structs)
                self.structs.append(name)

    def leaf(self, schema):
        if "$ref" in schema:
            name = schema["$ref"].removeprefix(PREFIX)
            return self.index[NAMED.get(name, name if name in self.index else "any")]
        return self.index[scalar_of(schema)]

    def shape(self, schema):
        """(shape, type index): a field is one value, a list, a map, or a map of lists."""
        if schema.get("type") == "array":
            items = schema["items"]
            assert items.get("type") != "array" and "additionalProperties" not in items, schema
            return "kList", self.leaf(items)
        if "additionalProperties" in schema:
            values = schema["additionalProperties"]
            if values.get("type") == "array":
                return "kMapOfLists", self.leaf(values["items"])
            assert "additionalProperties" not in values, schema
            return "kMap", self.leaf(values)
        return "kOne", self.leaf(schema)


def quoted(text):
    return json.dumps(text) if text else "nullptr"


def main():
    definitions = json.load(open(sys.argv[1], encoding="utf-8"))["definitions"]
    table = Table(definitions)
    fields, structs, kinds = [], [], []
    for name in table.structs:
        definition = definitions[name]
        required = set(definition.get("required", []))
        first = len(fields)
        for field, schema in sorted(definition["properties"].items()):
            shape, leaf = table.shape(schema)
            list_type = {"set": "kSet", "map": "kKeyed", "atomic": "kAtomic"}.get(schema.get("x-kubernetes-list-type"), "kUnset")
            if schema.get("x-kubernetes-map-type") == "atomic":
                list_type = "kAtomic"
            keys = ",".join(schema.get("x-kubernetes-list-map-keys", []))
            fields.append(f'{{"{field}", {leaf}, Shape::{shape}, ListType::{list_type}, {str(field in required).lower()}, '
                          f'{quoted(keys)}, {quoted(schema.get("x-kubernetes-patch-merge-key"))}}}')
        short = name.rsplit(".", 1)[1]
        atomic = definition.get("x-kubernetes-map-type") == "atomic"
        structs.append(f'{{"{short}", {first}, {len(fields) - first}, {str(atomic).lower()}}}')
        for gvk in definition.get("x-kubernetes-group-version-kind", []):
            if gvk["kind"] in MACHINERY or gvk["kind"].endswith("Options"):
                continue
            api_version = f'{gvk["group"]}/{gvk["version"]}' if gvk["group"] else gvk["version"]
            kinds.append((api_version, gvk["kind"], table.index[name]))
    kinds = sorted(set(kinds))
    print("// Made by tools/gen_openapi.py from the Kubernetes OpenAPI document. Do not edit.")
    print('#include "kube/gen/openapi_rows.h"\n\nnamespace ameia::kube::gen {\n')
    print("// clang-format off")
    for kind, name, rows in (("FieldRow", "kFields", fields), ("StructRow", "kStructs", structs)):
        print(f"const {kind} {name}[] = {{")
        print("".join(f"{row},\n" for row in rows) + "};")
    print("const KindRow kKinds[] = {")
    print("".join(f'{{"{v}", "{k}", {i}}},\n' for v, k, i in kinds) + "};")
    print(f"const uint32_t kStructCount = {len(structs)};\nconst uint32_t kKindCount = {len(kinds)};")
    print("\n}  // namespace ameia::kube::gen")


if __name__ == "__main__":
    main()
