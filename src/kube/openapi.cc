#include "kube/openapi.h"

#include <algorithm>

#include "doc/patch.h"
#include "kube/gen/openapi_rows.h"

namespace ameia::kube {
namespace {

Field field_of(const gen::FieldRow& row) {
  auto text = [](const char* t) { return t == nullptr ? std::string_view() : std::string_view(t); };
  std::optional<ScalarType> scalar;
  if (row.type < kScalarTypes) scalar = static_cast<ScalarType>(row.type);
  return {row.name, row.shape, row.list_type, row.required, text(row.map_keys), text(row.merge_key), scalar, row.type};
}

std::string_view expected_name(ScalarType type) {
  switch (type) {
    case ScalarType::kAny: return "any value";
    case ScalarType::kString: return "string";
    case ScalarType::kBytes: return "base64 string";
    case ScalarType::kTime: return "RFC 3339 time";
    case ScalarType::kInt32:
    case ScalarType::kInt64: return "integer";
    case ScalarType::kDouble: return "number";
    case ScalarType::kBool: return "boolean";
    case ScalarType::kQuantity: return "quantity (string or number)";
    case ScalarType::kIntOrString: return "integer or string";
  }
  return "value";
}

bool scalar_fits(ScalarType type, const doc::Node& value) {
  using doc::Kind;
  switch (type) {
    case ScalarType::kAny: return true;
    case ScalarType::kString:
    case ScalarType::kBytes:
    case ScalarType::kTime: return value.kind == Kind::kString;
    case ScalarType::kInt32:
      return value.kind == Kind::kInt && value.integer >= INT32_MIN && value.integer <= INT32_MAX;
    case ScalarType::kInt64: return value.kind == Kind::kInt;
    case ScalarType::kDouble: return value.kind == Kind::kInt || value.kind == Kind::kDouble;
    case ScalarType::kBool: return value.kind == Kind::kBool;
    case ScalarType::kQuantity:
      return value.kind == Kind::kString || value.kind == Kind::kInt || value.kind == Kind::kDouble;
    case ScalarType::kIntOrString: return value.kind == Kind::kString || value.kind == Kind::kInt;
  }
  return false;
}

// Edits (insert, delete, replace, swap of neighbours) between two short names, at most `limit` + 1.
size_t edits(std::string_view a, std::string_view b, size_t limit) {
  if (a.size() > b.size() + limit || b.size() > a.size() + limit) return limit + 1;
  std::vector<size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

std::string nearest(const StructType& type, std::string_view name) {
  std::vector<std::string_view> names;
  for (const Field& field : type.fields()) names.push_back(field.name);
  return nearest_name(names, name);
}

std::string_view kind_name(const doc::Node& node) {
  switch (node.kind) {
    case doc::Kind::kNull: return "null";
    case doc::Kind::kBool: return "a boolean";
    case doc::Kind::kInt: return "an integer";
    case doc::Kind::kDouble: return "a number";
    case doc::Kind::kString: return "a string";
    case doc::Kind::kList: return "a list";
    case doc::Kind::kMap: return "an object";
  }
  return "null";
}

// "/spec/containers/0/name" → "spec.containers[0].name".
std::string dotted(std::string_view pointer) {
  std::string out;
  for (const std::string& token : doc::parse_pointer(pointer).value_or(std::vector<std::string>())) {
    if (!token.empty() && token.find_first_not_of("0123456789") == std::string::npos)
      out.append("[").append(token).append("]");
    else
      out.append(out.empty() ? "" : ".").append(token);
  }
  return out;
}

// How the walk came to a value; a pointer is written only where there is a problem.
struct Step {
  const Step* before = nullptr;
  std::string_view name;  // of a member, or
  size_t index = 0;       // of an item
  bool is_item = false;
};

std::string pointer_of(const Step* step, const std::string& start) {
  if (step == nullptr) return start;
  return pointer_of(step->before, start) + "/" +
         (step->is_item ? std::to_string(step->index) : doc::escape_pointer_token(step->name));
}

// Walks an object beside its type. Depth is bounded by the document's own depth limit.
class Walker {
 public:
  Walker(const FieldLimits& limits, std::vector<FieldProblem>& problems, std::string start = {})
      : limits_(limits), problems_(problems), start_(std::move(start)) {}

  void object(const doc::Node& node, const StructType& type, const Step* at = nullptr) {
    for (const doc::Member& member : node.map()) {
      if (full()) return;
      const std::string_view name = member.key->view();
      const Step step{at, name};
      std::optional<Field> field = type.field(name);
      if (!field) {
        add(FieldProblem::Kind::kUnknownField, member.value, member.key_begin, &step, name, nearest(type, name));
        continue;
      }
      if (!member.value.is_null()) shaped(member.value, *field, &step);  // null is "not set" to the API server
    }
    for (const Field& field : type.required_fields()) {
      if (node.find(field.name) != nullptr || full()) continue;
      const Step step{at, field.name};
      add(FieldProblem::Kind::kMissingRequired, node, node.begin, &step, field.name, {});
    }
  }

 private:
  [[nodiscard]] bool full() const { return problems_.size() >= limits_.problems_max; }

  void add(FieldProblem::Kind kind, const doc::Node& node, uint32_t begin, const Step* at, std::string_view field,
           std::string_view expected) {
    if (!full())
      problems_.push_back({kind, &node, begin, pointer_of(at, start_), std::string(field), std::string(expected)});
  }

  void wrong(const doc::Node& node, const Step* at, const Field& field, std::string_view expected) {
    add(FieldProblem::Kind::kWrongType, node, node.begin, at, field.name, expected);
  }

  void shaped(const doc::Node& value, const Field& field, const Step* at) {
    switch (field.shape) {
      case Shape::kOne: one(value, field, at); break;
      case Shape::kList: list(value, field, at); break;
      case Shape::kMap:
      case Shape::kMapOfLists:
        if (!value.is_map()) return wrong(value, at, field, "map");
        for (const doc::Member& member : value.map()) {
          const Step step{at, member.key->view()};
          if (field.shape == Shape::kMapOfLists)
            list(member.value, field, &step);
          else if (!member.value.is_null())
            one(member.value, field, &step);
        }
    }
  }

  void list(const doc::Node& value, const Field& field, const Step* at) {
    if (!value.is_list()) return wrong(value, at, field, "list");
    size_t index = 0;
    for (const doc::Node& item : value.list()) {
      const Step step{at, {}, index++, true};
      one(item, field, &step);
    }
  }

  void one(const doc::Node& value, const Field& field, const Step* at) {
    if (field.scalar) {
      if (!scalar_fits(*field.scalar, value)) wrong(value, at, field, expected_name(*field.scalar));
    } else if (!value.is_map()) {
      wrong(value, at, field, "object");
    } else {
      object(value, StructType::of(field), at);
    }
  }

  const FieldLimits& limits_;
  std::vector<FieldProblem>& problems_;
  std::string start_;
};

}  // namespace

std::optional<StructType> StructType::of_kind(std::string_view api_version, std::string_view kind) {
  const gen::KindRow* last = gen::kKinds + gen::kKindCount;
  const gen::KindRow* found = std::lower_bound(
      gen::kKinds, last, std::pair(api_version, kind), [](const gen::KindRow& row, const auto& wanted) {
        return std::pair(std::string_view(row.api_version), std::string_view(row.kind)) < wanted;
      });
  if (found == last || found->api_version != api_version || found->kind != kind) return std::nullopt;
  return StructType(static_cast<uint16_t>(found->type - kScalarTypes));
}

std::string_view StructType::name() const {
  return gen::kStructs[index_].name;
}
bool StructType::atomic() const {
  return gen::kStructs[index_].atomic;
}

std::optional<Field> StructType::field(std::string_view name) const {
  const gen::StructRow& row = gen::kStructs[index_];
  const gen::FieldRow* first = gen::kFields + row.first_field;
  const gen::FieldRow* last = first + row.fields;
  const gen::FieldRow* found = std::lower_bound(
      first, last, name, [](const gen::FieldRow& r, std::string_view wanted) { return r.name < wanted; });
  if (found == last || found->name != name) return std::nullopt;
  return field_of(*found);
}

std::vector<Field> StructType::fields() const {
  const gen::StructRow& row = gen::kStructs[index_];
  std::vector<Field> result;
  result.reserve(row.fields);
  for (uint16_t i = 0; i < row.fields; ++i) result.push_back(field_of(gen::kFields[row.first_field + i]));
  return result;
}

std::vector<Field> StructType::required_fields() const {
  const gen::StructRow& row = gen::kStructs[index_];
  std::vector<Field> result;
  for (uint16_t i = 0; i < row.fields; ++i) {
    if (gen::kFields[row.first_field + i].required) result.push_back(field_of(gen::kFields[row.first_field + i]));
  }
  return result;
}

std::string nearest_name(std::span<const std::string_view> names, std::string_view written) {
  constexpr size_t kNameBytesMax = 128;  // a longer "name" is no misspelling of a field
  if (written.size() > kNameBytesMax) return {};
  size_t limit = written.size() <= 4 ? 1 : 2;
  std::string best;
  for (std::string_view name : names) {
    size_t distance = edits(written, name, limit);
    if (distance <= limit) {
      best = name;
      limit = distance == 0 ? 0 : distance - 1;
      if (distance == 1) break;
    }
  }
  return best;
}

std::string to_string(const FieldProblem& problem) {
  const std::string field = dotted(problem.pointer);
  switch (problem.kind) {
    case FieldProblem::Kind::kUnknownField: {
      std::string out = "unknown field \"" + field + '"';
      return problem.expected.empty() ? out : out + "; did you mean \"" + problem.expected + "\"?";
    }
    case FieldProblem::Kind::kWrongType: {
      const std::string_view vowels = "aeiou";
      const bool vowel = !problem.expected.empty() && vowels.find(problem.expected[0]) != std::string_view::npos;
      return field + ": must be " +
             (problem.expected.starts_with("any") ? ""
              : vowel                             ? "an "
                                                  : "a ") +
             problem.expected + ", is " + std::string(kind_name(*problem.node));
    }
    case FieldProblem::Kind::kMissingRequired: break;
  }
  return field + ": Required value";
}

std::vector<FieldProblem> metadata_problems(const doc::Node& metadata, const std::string& pointer,
                                            const FieldLimits& limits) {
  std::vector<FieldProblem> problems;
  const std::optional<StructType> any = StructType::of_kind("v1", "ConfigMap");
  const std::optional<Field> field = any ? any->field("metadata") : std::nullopt;
  if (field && !field->scalar && metadata.is_map())
    Walker(limits, problems, pointer).object(metadata, StructType::of(*field));
  return problems;
}

std::vector<FieldProblem> field_problems(const doc::Node& object, const FieldLimits& limits) {
  std::vector<FieldProblem> problems;
  std::optional<StructType> type = StructType::of_kind(object["apiVersion"].str(), object["kind"].str());
  if (type) Walker(limits, problems).object(object, *type);
  return problems;
}

}  // namespace ameia::kube
