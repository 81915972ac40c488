// tests/cases/expr/kubernetes.case: library calls as Kubernetes 1.37 evaluates them, one a line: expression => value @
// cost. kyverno.case: those of Kyverno's libraries, without costs.
#include <algorithm>
#include <fstream>

#include "expr/internal/lib_util.h"
#include "expr/internal/number.h"
#include "expr/lib_kyverno.h"
#include "expr/limits.h"
#include "expr/random_text.h"
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

std::shared_ptr<const Env> kyverno_env() {
  EnvBuilder builder(Version::latest());
  builder.variable("object", "dyn").syntax(kyverno_syntax(Version::latest()));
  for (const Library& library : kyverno_libraries()) builder.library(library);
  for (const DoorVariable& door : kyverno_doors()) builder.variable(door.name, door.type);
  auto built = builder.build();
  EXPECT_TRUE(built.has_value()) << (built ? "" : built.error().text());
  return std::make_shared<const Env>(std::move(*built));
}

void set_doors(Machine& machine) {
  for (const DoorVariable& door : kyverno_doors()) machine.set(door.name, door.value);
}

TEST(Libraries, AsKyvernoEvaluatesThem) {
  const std::string folder = std::string(AMEIA_SOURCE_DIR) + "/tests/cases/expr/";
  std::ifstream in(folder + "kyverno.case"), given(folder + "kyverno.json");
  ASSERT_TRUE(in.good() && given.good());
  const auto with = kyverno_env();
  const auto object = json(std::string(std::istreambuf_iterator<char>(given), {}));
  const Instant now = parse_instant("2026-11-25T12:34:56.789Z").value();
  RandomNumbers numbers(1);
  Host host;
  host.now = &now;
  host.random = &numbers;
  size_t count = 0;
  std::string line;
  while (std::getline(in, line)) {
    if (line.empty() || line[0] == '#') continue;
    const size_t arrow = line.find(" => ");
    ASSERT_NE(arrow, std::string::npos) << line;
    SCOPED_TRACE(line.substr(0, 300));
    Bench alone({line.substr(0, arrow)}, with);
    if (alone.set->size() != 1) continue;
    alone.machine->set("object", object->root());
    set_doors(*alone.machine);
    alone.machine->set_host(&host);
    RunLimits limits;
    limits.cost_max = UINT64_MAX;
    EXPECT_EQ(written(alone.machine->run(0, limits).value), line.substr(arrow + 4));
    ++count;
  }
  EXPECT_GT(count, 90u);
}

// Nothing is made up where the host does not say: neither when planned nor when run.
TEST(Libraries, WithoutAHostTimeAndRandomAreNotKnown) {
  const auto with = kyverno_env();
  for (const char* call : {"time.now() > timestamp('2020-01-01T00:00:00Z')", "random() == 'x'", "random('a') == 'a'"}) {
    Bench alone({call}, with);
    EXPECT_NE(shown(alone.machine->run(0).value).find(kNotKnownOffline), std::string::npos) << call;
  }
}

// The same seed gives the same texts; what is drawn is not shared between equal expressions.
TEST(Libraries, RandomFollowsFromItsSeed) {
  const auto with = kyverno_env();
  const std::string pair = "[random('[a-z]{20}') + random('[0-9]{20}') + random('[A-Z]{20}')]";
  const auto texts = [&](uint64_t seed) {
    RandomNumbers numbers(seed);
    Host host;
    host.random = &numbers;
    Bench bench({pair, pair}, with);
    bench.machine->set_host(&host);
    return std::pair{shown(bench.machine->run(0).value), shown(bench.machine->run(1).value)};
  };
  EXPECT_EQ(texts(7), texts(7));
  EXPECT_NE(texts(7), texts(8));
  EXPECT_NE(texts(7).first, texts(7).second);
}

TEST(Libraries, RandomPatternsHaveALimit) {
  RandomNumbers numbers(1);
  EXPECT_FALSE(random_text(std::string(kRandomPatternBytesMax + 1, 'a'), numbers).has_value());
  EXPECT_FALSE(random_text(std::string(kRandomDepthMax + 1, '('), numbers).has_value());
  EXPECT_EQ(random_text(std::string(kRandomPatternBytesMax, 'a'), numbers).value(),
            std::string(kRandomPatternBytesMax, 'a'));
}

}  // namespace
}  // namespace ameia::expr::test
