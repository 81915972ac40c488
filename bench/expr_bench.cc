// pss19_pod: one 3.4 kB pod parsed and the 19 expressions of 16 Pod Security policies evaluated on it, positions and
// cost accounting on. compile_small: one 80-character expression parsed, checked and planned.
// Usage: expr_bench POD.json POLICIES.json (shared/suites/policy-bench). One JSON row a measurement; the best of
// rounds.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "doc/json.h"
#include "expr/check.h"
#include "expr/env.h"
#include "expr/program.h"

// Every allocation of this program is counted, also those of libraries below.
static unsigned long long allocations = 0;
void* operator new(size_t size) {
  ++allocations;
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  std::abort();
}
void* operator new[](size_t size) {
  return operator new(size);
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete[](void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, size_t) noexcept {
  std::free(p);
}
void operator delete[](void* p, size_t) noexcept {
  std::free(p);
}

namespace {

using namespace ameia;
using Clock = std::chrono::steady_clock;

std::string read(const char* path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Microseconds a run, of the fastest of seven rounds of at least 0.1 s.
template <typename Run>
double best_us(Run run) {
  double best = 1e9;
  for (int round = 0; round < 7; ++round) {
    size_t times = 0;
    auto start = Clock::now();
    std::chrono::duration<double> taken{};
    do {
      for (int i = 0; i < 100; ++i) run();
      times += 100;
      taken = Clock::now() - start;
    } while (taken.count() < 0.1);
    best = std::min(best, taken.count() / static_cast<double>(times) * 1e6);
  }
  return best;
}

struct Policies {
  std::shared_ptr<const expr::ProgramSet> set;
  std::vector<expr::ProgramId> validations;
};

bool load(const doc::Node& list, const std::shared_ptr<const expr::Env>& env, Policies& out) {
  expr::ProgramSetBuilder builder(env);
  uint32_t scope = 0;
  auto add = [&](std::string_view source, expr::ProgramId& id) {
    auto checked = expr::compile(source, *env);
    if (!checked) {
      std::fprintf(stderr, "%s\n", expr::format_issues(source, checked.error()).c_str());
      return false;
    }
    auto added = builder.add(std::move(*checked), scope);
    if (added) id = *added;
    return added.has_value();
  };
  for (const doc::Node& policy : list.list()) {
    if (policy["set"].str() != "vpol-pss-baseline") continue;
    ++scope;
    expr::ProgramId id = 0;
    for (const doc::Node& variable : policy["vars"].list()) {
      if (!add(variable.list()[1].str(), id)) return false;
      builder.composite_field(scope, "variables", variable.list()[0].str(), id);
    }
    for (const doc::Node& validation : policy["vals"].list()) {
      if (!add(validation.str(), id)) return false;
      out.validations.push_back(id);
    }
  }
  auto built = builder.build();
  if (built) out.set = *built;
  return built.has_value();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: expr_bench POD.json POLICIES.json\n", stderr);
    return 2;
  }
  std::string pod = read(argv[1]);
  auto policies = doc::parse_json(std::make_shared<doc::Source>(argv[2], read(argv[2])), std::make_shared<doc::Keys>());
  expr::EnvBuilder env_builder(expr::Version::latest());
  env_builder.variable("object", "dyn").composite("variables");
  auto built = env_builder.build();
  if (!policies || !built) {
    std::fputs("expr_bench: the input does not load\n", stderr);
    return 1;
  }
  auto env = std::make_shared<const expr::Env>(std::move(*built));
  Policies loaded;
  if (!load((*policies)->root(), env, loaded)) return 1;

  expr::Machine machine(loaded.set);
  int object = loaded.set->variable_slot("object");
  doc::JsonReader reader;
  uint64_t cost = 0;
  unsigned passed = 0;
  bool ok = true;
  const doc::Node* root = nullptr;
  auto evaluate = [&] {
    machine.reset();
    machine.set(object, expr::Value::of_node(*root));
    cost = 0;
    passed = 0;
    for (expr::ProgramId id : loaded.validations) {
      expr::Outcome outcome = machine.run(id);
      cost += outcome.cost;
      passed += outcome.value.is_true();
    }
    cost += machine.take_composite_cost();
  };
  auto parse = [&] {
    auto read_root = reader.read(pod);
    ok = ok && read_root.has_value();
    if (ok) root = *read_root;
  };
  auto both = [&] {
    parse();
    if (ok) evaluate();
  };
  both();
  both();
  if (!ok) return 1;
  unsigned long long before = allocations;
  for (int i = 0; i < 1000; ++i) both();
  double allocated = static_cast<double>(allocations - before) / 1000;
  double total = best_us(both), parsing = best_us(parse), evaluating = best_us(evaluate);
  std::printf(
      "{\"name\":\"pss19_pod\",\"value\":%.2f,\"unit\":\"us\",\"parse_us\":%.2f,\"eval_us\":%.2f,\"allocations\":%.2f,"
      "\"expressions\":%zu,\"passed\":%u,\"cost\":%llu}\n",
      total, parsing, evaluating, allocated, loaded.validations.size(), passed, static_cast<unsigned long long>(cost));

  constexpr std::string_view kSmall =
      "object.spec.replicas <= 5 && object.metadata.labels['app'].startsWith('payments')";
  double compiling = best_us([&] {
    auto checked = expr::compile(kSmall, *env);
    if (!checked) std::abort();
    expr::ProgramSetBuilder builder(env);
    if (!builder.add(std::move(*checked)) || !builder.build()) std::abort();
  });
  std::printf("{\"name\":\"compile_small\",\"value\":%.2f,\"unit\":\"us\",\"characters\":%zu}\n", compiling,
              kSmall.size());
  return 0;
}
