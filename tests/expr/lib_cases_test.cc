// tests/cases/expr/kubernetes.case: library calls as Kubernetes 1.37 evaluates them, one a line: expression => value @
// cost.
#include <algorithm>
#include <fstream>

#include "expr/internal/lib_util.h"
#include "expr/internal/number.h"
#include "expr/support.h"

namespace ameia::expr::test {
namespace {

// Values as the case file writes them: texts in Go's quotes, optionals as some(…) and none, opaque values by their
// type.
std::string written(const Value& v) {
  using internal::go_quote;
  switch (v.kind) {
    case ValueKind::kError: return "error: " + std::string(v.error->message);
    case ValueKind::kString: return go_quote(v.str());
    case ValueKind::kBytes: return "b" + go_quote(v.str());
    case ValueKind::kUint: return std::to_string(v.uinteger) + "u";
    case ValueKind::kDouble: return "double " + internal::go_double(v.number);
    case ValueKind::kOptional: return v.optional == nullptr ? "none" : "some(" + written(*v.optional) + ")";
    case ValueKind::kOpaque: return std::string(v.opaque->type_name());
    case ValueKind::kList:
    case ValueKind::kDocList: {
      std::string out = "[";
      for (uint32_t i = 0; i < list_size(v); ++i) out += (i == 0 ? "" : ", ") + written(list_at(v, i));
      return out + "]";
    }
    case ValueKind::kMap:
    case ValueKind::kDocMap: {
      std::vector<std::string> entries;
      for (uint32_t i = 0; i < map_size(v); ++i)
        entries.push_back(written(map_at(v, i).key) + ": " + written(map_at(v, i).value));
      std::sort(entries.begin(), entries.end());
      std::string out = "{";
      for (size_t i = 0; i < entries.size(); ++i) out += (i == 0 ? "" : ", ") + entries[i];
      return out + "}";
    }
    default: return to_text(v);
  }
}

TEST(Libraries, AsKubernetesEvaluatesThem) {
  std::ifstream in(std::string(AMEIA_SOURCE_DIR) + "/tests/cases/expr/kubernetes.case");
  ASSERT_TRUE(in.good());
  const auto with = env(Version::latest());
  const auto object = json(R"({"spec": {"a": 1}})");
  size_t count = 0;
  std::string line;
  while (std::getline(in, line)) {
    if (line.empty() || line[0] == '#') continue;
    const size_t arrow = line.find(" => ");
    ASSERT_NE(arrow, std::string::npos) << line;
    SCOPED_TRACE(line);
    Bench alone({line.substr(0, arrow)}, with);
    if (alone.set->size() != 1) continue;
    alone.machine->set("object", object->root());
    RunLimits limits;
    limits.cost_max = UINT64_MAX;
    const Outcome outcome = alone.machine->run(0, limits);
    EXPECT_EQ(written(outcome.value) + " @ " + std::to_string(outcome.cost), line.substr(arrow + 4));
    ++count;
  }
  EXPECT_GT(count, 300u);
}

}  // namespace
}  // namespace ameia::expr::test
